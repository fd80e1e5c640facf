import { canChooseSpeaker } from '../sdk';

/** Two soft notes (C5 and G5) on an output, to hear whether it is the right one. */
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
