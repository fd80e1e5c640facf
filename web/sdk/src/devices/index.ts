export {
  type CameraOptions,
  type MicrophoneOptions,
  openCamera,
  openMicrophone,
} from './capture.ts';
export { DeviceError, type DeviceErrorCode } from './errors.ts';
export { canChooseSpeaker, type Device, type DeviceKind, listDevices, onDeviceChange } from './list.ts';
export { meterLevel } from './meter.ts';
export { canShareScreen, captureScreen, type ScreenCapture, type ScreenOptions } from './screen.ts';
