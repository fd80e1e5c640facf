/** Opening camera and microphone, and why it failed. */
import { DeviceError, type DeviceKind, openCamera, openMicrophone } from '../sdk';

export type CaptureKind = Exclude<DeviceKind, 'speaker'>;

/** What a person can do something about. */
export type Problem = 'denied' | 'missing' | 'busy' | 'failed' | 'insecure';

export function problemOf(error: unknown): Problem {
  switch (error instanceof DeviceError ? error.code : 'unknown') {
    case 'permission_refused':
      return 'denied';
    case 'no_device':
      return 'missing';
    case 'in_use':
      return 'busy';
    case 'insecure_context':
      return 'insecure';
    default:
      return 'failed';
  }
}

/** Whether this page may ask for devices at all: browsers hide them from http:// pages other than localhost. */
export function captureAllowed(): boolean {
  return window.isSecureContext && navigator.mediaDevices !== undefined;
}

function openExactly(kind: CaptureKind, deviceId: string): Promise<MediaStreamTrack> {
  const options = deviceId === '' ? {} : { deviceId };
  return kind === 'camera' ? openCamera(options) : openMicrophone(options);
}

/** Opens one device; when the chosen one is gone, any. */
export async function openDevice(kind: CaptureKind, deviceId: string): Promise<MediaStreamTrack> {
  try {
    return await openExactly(kind, deviceId);
  } catch (error) {
    if (deviceId !== '' && problemOf(error) === 'missing') return openExactly(kind, '');
    throw error;
  }
}

/** Asks once for both permissions, so that the person sees one question instead of two. Opens nothing for long. */
export async function askForBoth(): Promise<void> {
  try {
    const states = await Promise.all([
      navigator.permissions.query({ name: 'camera' }),
      navigator.permissions.query({ name: 'microphone' }),
    ]);
    if (states.some(({ state }) => state !== 'prompt')) return;
    const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
    for (const track of stream.getTracks()) track.stop();
  } catch {
    // Opening each by itself finds out what is wrong with which.
  }
}
