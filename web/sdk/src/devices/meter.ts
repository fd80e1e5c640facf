/** How often the level is told, in milliseconds. */
const INTERVAL_MS = 50;
/** Decibels below full scale that count as silence. */
const FLOOR_DB = -60;

/**
 * Tells the level of a microphone track, 0 (silent) to 1 (loudest), some twenty times a second.
 * Returns how to stop it. Where the page may not start audio yet, it starts with the first gesture.
 */
export function meterLevel(track: MediaStreamTrack, listener: (level: number) => void): () => void {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    listener(track.enabled ? levelOf(samples) : 0);
  }, INTERVAL_MS);
  const wake = (): void => {
    if (context.state === 'suspended') context.resume().catch(() => undefined);
  };
  wake();
  addEventListener('pointerdown', wake);
  addEventListener('keydown', wake);
  return () => {
    clearInterval(timer);
    removeEventListener('pointerdown', wake);
    removeEventListener('keydown', wake);
    source.disconnect();
    context.close().catch(() => undefined);
  };
}

/** Root mean square of the samples on a decibel scale, mapped to 0..1. */
export function levelOf(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i += 1) {
    const sample = samples[i] ?? 0;
    sum += sample * sample;
  }
  if (sum === 0) return 0;
  const decibels = 10 * Math.log10(sum / samples.length);
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
}
