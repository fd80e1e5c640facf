import { DeviceError, requireDevices, toDeviceError } from './errors.ts';

export interface ScreenOptions {
  /** Ask for the sound of what is shared too. Default true; not every browser gives it. */
  audio?: boolean;
  frameRate?: number;
}

export interface ScreenCapture {
  video: MediaStreamTrack;
  /** Null when the browser or the person gave no sound. */
  audio: MediaStreamTrack | null;
}

/** Whether the page can share a screen here. */
export function canShareScreen(): boolean {
  return typeof navigator !== 'undefined' && 'getDisplayMedia' in (navigator.mediaDevices ?? {});
}

/**
 * Opens the browser's picker for a screen, window or tab. Needs a user gesture.
 *
 * @throws {DeviceError} `cancelled` when the person closed the picker.
 */
export async function captureScreen(options: ScreenOptions = {}): Promise<ScreenCapture> {
  const devices = requireDevices();
  if (!canShareScreen()) throw new DeviceError('unsupported', 'This browser cannot share a screen.');
  try {
    const stream = await devices.getDisplayMedia({
      video: { frameRate: { max: options.frameRate ?? 30 } },
      // Processing made for voices ruins music.
      audio:
        (options.audio ?? true) ? { echoCancellation: false, noiseSuppression: false, autoGainControl: false } : false,
    });
    const [video] = stream.getVideoTracks();
    if (!video) throw new DeviceError('no_device', 'The browser gave no picture of the screen.');
    // Text stays sharp when the network is short; frames go first.
    video.contentHint = 'detail';
    return { video, audio: stream.getAudioTracks()[0] ?? null };
  } catch (error) {
    throw screenError(error);
  }
}

function screenError(error: unknown): DeviceError {
  const known = toDeviceError(error);
  // For getDisplayMedia the same exception stands for closing the picker; only the system's refusal names it.
  if (known.code !== 'permission_refused' || /system/i.test(known.message)) return known;
  return new DeviceError('cancelled', 'Sharing was cancelled.');
}
