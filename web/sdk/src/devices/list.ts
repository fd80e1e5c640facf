import { requireDevices } from './errors.ts';

export type DeviceKind = 'camera' | 'microphone' | 'speaker';

export interface Device {
  /** For `deviceId` of the `open` functions and `Call.setSpeaker`. */
  id: string;
  kind: DeviceKind;
  /** Empty until permission was given once. */
  label: string;
}

const KINDS: Readonly<Record<MediaDeviceKind, DeviceKind>> = {
  videoinput: 'camera',
  audioinput: 'microphone',
  audiooutput: 'speaker',
};

/** All devices the browser tells of. Without permission there is at most one nameless entry a kind. */
export async function listDevices(): Promise<Device[]> {
  const found = await requireDevices().enumerateDevices();
  return found
    .filter((device) => device.deviceId !== '' || device.label !== '')
    .map((device) => ({ id: device.deviceId, kind: KINDS[device.kind], label: device.label }));
}

/** Calls `listener` with the new list when something is plugged in or out. Returns how to stop it. */
export function onDeviceChange(listener: (devices: Device[]) => void): () => void {
  const devices = requireDevices();
  const changed = (): void => {
    listDevices().then(listener, () => listener([]));
  };
  devices.addEventListener('devicechange', changed);
  return () => devices.removeEventListener('devicechange', changed);
}

/** Whether `Call.setSpeaker` works in this browser. */
export function canChooseSpeaker(): boolean {
  return typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype;
}
