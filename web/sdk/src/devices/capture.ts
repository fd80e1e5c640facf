import { DeviceError, requireDevices, toDeviceError } from './errors.ts';

export interface CameraOptions {
  deviceId?: string;
  /** Wanted height in pixels; the camera's nearest is taken. Default 720. */
  height?: number;
  frameRate?: number;
}

export interface MicrophoneOptions {
  deviceId?: string;
  /** Echo cancellation, noise suppression and gain control. Default true. */
  processing?: boolean;
}

function only(tracks: MediaStreamTrack[]): MediaStreamTrack {
  const [track, ...others] = tracks;
  for (const other of others) other.stop();
  if (!track) throw new DeviceError('no_device', 'The browser opened no such device.');
  return track;
}

/**
 * Opens the camera.
 *
 * @throws {DeviceError} with a code that says what stands in the way.
 */
export async function openCamera(options: CameraOptions = {}): Promise<MediaStreamTrack> {
  const height = options.height ?? 720;
  const video: MediaTrackConstraints = {
    height: { ideal: height },
    width: { ideal: Math.round((height * 16) / 9) },
    frameRate: { ideal: options.frameRate ?? 30 },
  };
  if (options.deviceId) video.deviceId = { exact: options.deviceId };
  try {
    const track = only((await requireDevices().getUserMedia({ video })).getVideoTracks());
    track.contentHint = 'motion';
    return track;
  } catch (error) {
    throw toDeviceError(error);
  }
}

/**
 * Opens the microphone.
 *
 * @throws {DeviceError} with a code that says what stands in the way.
 */
export async function openMicrophone(options: MicrophoneOptions = {}): Promise<MediaStreamTrack> {
  const processing = options.processing ?? true;
  const audio: MediaTrackConstraints = {
    echoCancellation: processing,
    noiseSuppression: processing,
    autoGainControl: processing,
  };
  if (options.deviceId) audio.deviceId = { exact: options.deviceId };
  try {
    return only((await requireDevices().getUserMedia({ audio })).getAudioTracks());
  } catch (error) {
    throw toDeviceError(error);
  }
}
