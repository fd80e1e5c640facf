/** How loud a microphone is, for meters. */

/** Levels below this many dBFS show as nothing: the noise of a quiet room. */
const FLOOR_DB = -58;
const CEILING_DB = -12;

/** One audio context for all meters: browsers allow only a few. */
let shared: AudioContext | null = null;

function context(): AudioContext {
  shared ??= new AudioContext();
  return shared;
}

/** From samples around 128 (`getByteTimeDomainData`) to 0…1. */
export function levelOf(samples: Uint8Array): number {
  let sum = 0;
  for (const sample of samples) sum += ((sample - 128) / 128) ** 2;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  const db = 20 * Math.log10(Math.max(rms, 1e-5));
  return Math.max(0, Math.min(1, (db - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
}

/** Calls `report` with the level, about 20 times a second, until the returned function is called. */
export function watchLevel(track: MediaStreamTrack, report: (level: number) => void): () => void {
  const audio = context();
  // Before the first gesture on the page the context sleeps; meters then stay empty until it wakes.
  if (audio.state === 'suspended') void audio.resume().catch(() => undefined);
  const source = audio.createMediaStreamSource(new MediaStream([track]));
  const analyser = audio.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Uint8Array(analyser.fftSize);
  let shown = 0;
  const timer = setInterval(() => {
    analyser.getByteTimeDomainData(samples);
    const level = track.enabled ? levelOf(samples) : 0;
    // Up at once, down gently: easier on the eye.
    shown = level > shown ? level : shown * 0.8;
    report(shown);
  }, 50);
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}

/** Whether sound can be sent to a chosen output. */
export function canChooseSpeaker(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

/** Two soft notes on an output, to hear whether it is the right one. */
export async function playTestSound(speakerId: string): Promise<void> {
  const audio = new AudioContext();
  const out = audio.createMediaStreamDestination();
  for (const [index, frequency] of [523.25, 783.99].entries()) {
    const at = audio.currentTime + 0.05 + index * 0.22;
    const note = audio.createOscillator();
    const volume = audio.createGain();
    note.frequency.value = frequency;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.22, at + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.5);
    note.connect(volume).connect(out);
    note.start(at);
    note.stop(at + 0.55);
  }
  const element = new Audio();
  element.srcObject = out.stream;
  if (speakerId !== '' && canChooseSpeaker()) await element.setSinkId(speakerId).catch(() => undefined);
  await element.play().catch(() => undefined);
  setTimeout(() => {
    element.srcObject = null;
    void audio.close();
  }, 1500);
}
