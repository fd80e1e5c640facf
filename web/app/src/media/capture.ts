/** Opening devices, and why it failed. */

export type DeviceKind = 'camera' | 'microphone';
export type Problem = 'denied' | 'missing' | 'busy' | 'failed' | 'insecure';

/** The browser's own error names, sorted into what a person can do about them. */
export function problemOf(error: unknown): Problem {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'failed';
}

/** Whether this page may ask for devices at all: browsers hide them from http:// pages other than localhost. */
export function captureAllowed(): boolean {
  return window.isSecureContext && navigator.mediaDevices !== undefined;
}

function withDevice(deviceId: string): MediaTrackConstraints {
  return deviceId === '' ? {} : { deviceId: { exact: deviceId } };
}

/** 720p: three simulcast layers of 180, 360 and 720 lines fit into it. */
export function cameraConstraints(deviceId: string): MediaTrackConstraints {
  return { ...withDevice(deviceId), width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
}

export function microphoneConstraints(deviceId: string): MediaTrackConstraints {
  return { ...withDevice(deviceId), echoCancellation: true, noiseSuppression: true, autoGainControl: true };
}

async function openExactly(kind: DeviceKind, deviceId: string): Promise<MediaStreamTrack> {
  const stream = await navigator.mediaDevices.getUserMedia(
    kind === 'camera' ? { video: cameraConstraints(deviceId) } : { audio: microphoneConstraints(deviceId) },
  );
  const track = stream.getTracks()[0];
  if (!track) throw new DOMException('no track', 'NotFoundError');
  return track;
}

/** Opens one device; when the chosen one is gone, any. */
export async function openDevice(kind: DeviceKind, deviceId: string): Promise<MediaStreamTrack> {
  try {
    return await openExactly(kind, deviceId);
  } catch (error) {
    if (deviceId !== '' && problemOf(error) === 'missing') return openExactly(kind, '');
    throw error;
  }
}

export interface Opened {
  camera: MediaStreamTrack | null;
  microphone: MediaStreamTrack | null;
}

/** Opens both with one question to the person; null when that is not possible for both together. */
export async function openBoth(cameraId: string, microphoneId: string): Promise<Opened | null> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: cameraConstraints(cameraId),
      audio: microphoneConstraints(microphoneId),
    });
    return { camera: stream.getVideoTracks()[0] ?? null, microphone: stream.getAudioTracks()[0] ?? null };
  } catch {
    return null;
  }
}

export interface SharedScreen {
  video: MediaStreamTrack;
  audio: MediaStreamTrack | null;
}

export function canShareScreen(): boolean {
  return captureAllowed() && typeof navigator.mediaDevices.getDisplayMedia === 'function';
}

/** Asks for a screen with its sound; null when the person changed their mind. */
export async function openScreen(): Promise<SharedScreen | null> {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 30 } }, audio: true });
    const video = stream.getVideoTracks()[0];
    if (!video) return null;
    // Text must stay sharp: rather fewer frames than fewer pixels.
    video.contentHint = 'detail';
    return { video, audio: stream.getAudioTracks()[0] ?? null };
  } catch (error) {
    if (problemOf(error) === 'denied') return null;
    throw error;
  }
}
