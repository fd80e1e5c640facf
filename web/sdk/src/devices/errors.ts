/** What stands between the person and their camera, microphone or screen. */
export type DeviceErrorCode =
  /** The person or the browser's policy refused. */
  | 'permission_refused'
  /** No such device is plugged in. */
  | 'no_device'
  /** Another program holds it, or the system failed to start it. */
  | 'in_use'
  /** Devices need HTTPS or localhost. */
  | 'insecure_context'
  /** The person closed the browser's screen picker. */
  | 'cancelled'
  /** The browser cannot do this at all. */
  | 'unsupported'
  | 'unknown';

export class DeviceError extends Error {
  readonly code: DeviceErrorCode;

  constructor(code: DeviceErrorCode, message: string) {
    super(message);
    this.name = 'DeviceError';
    this.code = code;
  }
}

const CODES: Readonly<Record<string, DeviceErrorCode>> = {
  NotAllowedError: 'permission_refused',
  SecurityError: 'permission_refused',
  NotFoundError: 'no_device',
  DevicesNotFoundError: 'no_device',
  OverconstrainedError: 'no_device',
  NotReadableError: 'in_use',
  AbortError: 'in_use',
  TypeError: 'unsupported',
  NotSupportedError: 'unsupported',
};

/** The browser's exception as one of our codes (names from Media Capture and Streams §10.2). */
export function toDeviceError(error: unknown): DeviceError {
  if (error instanceof DeviceError) return error;
  const name = error instanceof Error ? error.name : '';
  const message = error instanceof Error ? error.message : String(error);
  return new DeviceError(CODES[name] ?? 'unknown', message);
}

/** Throws when this page may not use devices at all. */
export function requireDevices(): MediaDevices {
  if (typeof isSecureContext !== 'undefined' && !isSecureContext) {
    throw new DeviceError('insecure_context', 'Camera and microphone need a secure page (https, or localhost).');
  }
  const devices = typeof navigator === 'undefined' ? undefined : navigator.mediaDevices;
  if (!devices) throw new DeviceError('unsupported', 'This browser gives no access to camera and microphone.');
  return devices;
}
