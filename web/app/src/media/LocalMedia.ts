import { recall, remember } from '../logic/remember';
import { captureScreen, type Device, DeviceError, listDevices, onDeviceChange, type ScreenCapture } from '../sdk';
import { askForBoth, type CaptureKind, captureAllowed, openDevice, type Problem, problemOf } from './capture';

export interface DeviceState {
  /** What the person chose: on or off. */
  wanted: boolean;
  /** The open device; a microphone stays open while muted, so that unmuting is instant. */
  track: MediaStreamTrack | null;
  starting: boolean;
  problem: Problem | null;
  /** '' is the browser's default. */
  deviceId: string;
}

export interface DeviceLists {
  camera: Device[];
  microphone: Device[];
  speaker: Device[];
}

export interface MediaState {
  camera: DeviceState;
  microphone: DeviceState;
  screen: ScreenCapture | null;
  devices: DeviceLists;
  speakerId: string;
}

function initial(wanted: boolean, deviceId: string): DeviceState {
  return { wanted, track: null, starting: false, problem: null, deviceId };
}

/** The person's own camera, microphone and screen, before and during a call. A store: `subscribe`, `state`. */
export class LocalMedia {
  state: MediaState;
  private readonly listeners = new Set<() => void>();
  /** Counts openings per device: an opening that was overtaken by another throws its result away. */
  private readonly turn: Record<CaptureKind, number> = { camera: 0, microphone: 0 };
  /** May not be used in this call. */
  private readonly forbidden = new Set<CaptureKind>();
  private running = false;
  private unfollow: () => void = () => undefined;

  constructor() {
    const { cameraOn, microphoneOn, cameraId, microphoneId, speakerId } = recall();
    this.state = {
      camera: initial(cameraOn, cameraId),
      microphone: initial(microphoneOn, microphoneId),
      screen: null,
      devices: { camera: [], microphone: [], speaker: [] },
      speakerId,
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): MediaState => this.state;

  /** Opens what is wanted and follows devices that come and go. Harmless when already running. */
  async start(): Promise<void> {
    if (this.running) return;
    this.running = true;
    if (!captureAllowed()) {
      this.device('camera', { problem: 'insecure' });
      this.device('microphone', { problem: 'insecure' });
      return;
    }
    this.unfollow = onDeviceChange((devices) => void this.devicesChanged(devices));
    if (this.state.camera.wanted && this.state.microphone.wanted) {
      this.device('camera', { starting: true });
      this.device('microphone', { starting: true });
      await askForBoth();
      if (!this.running) return;
    }
    await Promise.all([this.open('camera'), this.open('microphone')]);
    this.list(await listDevices());
  }

  /** Closes everything: the browser's recording light goes out. */
  stop(): void {
    this.running = false;
    this.forbidden.clear();
    this.unfollow();
    this.stopScreen();
    this.close('camera');
    this.close('microphone');
  }

  async setWanted(kind: CaptureKind, wanted: boolean): Promise<void> {
    remember(kind === 'camera' ? { cameraOn: wanted } : { microphoneOn: wanted });
    this.device(kind, { wanted, ...(wanted ? {} : { problem: null }) });
    const { track } = this.state[kind];
    if (kind === 'microphone' && track) track.enabled = wanted;
    else if (wanted) await this.open(kind);
    else this.close(kind);
  }

  /** Closes a device that may not be used in this call, without forgetting whether the person wants it. */
  forbid(kind: CaptureKind): void {
    this.forbidden.add(kind);
    this.close(kind);
  }

  /** It may be used again, and is opened when it is wanted. */
  permit(kind: CaptureKind): void {
    if (this.forbidden.delete(kind) && this.running) void this.open(kind);
  }

  toggle(kind: CaptureKind): Promise<void> {
    const { wanted, track, starting } = this.state[kind];
    // Wanted, but nothing open: the click means "try again".
    return this.setWanted(kind, !(wanted && (track !== null || starting)));
  }

  async choose(kind: CaptureKind, deviceId: string): Promise<void> {
    remember(kind === 'camera' ? { cameraId: deviceId } : { microphoneId: deviceId });
    this.device(kind, { deviceId });
    if (this.state[kind].track || this.state[kind].wanted) await this.open(kind);
  }

  chooseSpeaker(speakerId: string): void {
    remember({ speakerId });
    this.update({ speakerId });
  }

  /** Shares a screen; nothing happens when the person changes their mind. */
  async startScreen(): Promise<void> {
    try {
      const screen = await captureScreen();
      this.stopScreen();
      screen.video.addEventListener('ended', () => {
        if (this.state.screen === screen) this.stopScreen();
      });
      this.update({ screen });
    } catch (error) {
      if (!(error instanceof DeviceError && error.code === 'cancelled')) throw error;
    }
  }

  stopScreen(): void {
    this.state.screen?.video.stop();
    this.state.screen?.audio?.stop();
    if (this.state.screen) this.update({ screen: null });
  }

  private async open(kind: CaptureKind): Promise<void> {
    const unwanted = !this.state[kind].wanted && !this.state[kind].track;
    if (unwanted || this.forbidden.has(kind)) return this.device(kind, { starting: false });
    const turn = ++this.turn[kind];
    this.device(kind, { starting: true, problem: null });
    try {
      const track = await openDevice(kind, this.state[kind].deviceId);
      this.adopt(kind, track, turn);
      // Labels are there only after permission.
      this.list(await listDevices());
    } catch (error) {
      if (turn !== this.turn[kind]) return;
      this.state[kind].track?.stop();
      this.device(kind, { starting: false, track: null, problem: problemOf(error) });
    }
  }

  /** Takes a freshly opened track, unless the person meanwhile chose otherwise. */
  private adopt(kind: CaptureKind, track: MediaStreamTrack, turn: number): void {
    const { wanted, track: before } = this.state[kind];
    if (turn !== this.turn[kind] || !this.running || (kind === 'camera' && !wanted)) {
      track.stop();
      return;
    }
    before?.stop();
    track.enabled = wanted;
    track.addEventListener('ended', () => {
      // Unplugged: stop() by ourselves fires no event.
      if (this.state[kind].track === track) this.device(kind, { track: null, problem: 'missing' });
    });
    this.device(kind, { track, starting: false, problem: null });
  }

  private close(kind: CaptureKind): void {
    this.turn[kind] += 1;
    this.state[kind].track?.stop();
    this.device(kind, { track: null, starting: false });
  }

  private async devicesChanged(devices: Device[]): Promise<void> {
    this.list(devices);
    for (const kind of ['camera', 'microphone'] as const) {
      const { wanted, track, starting, problem } = this.state[kind];
      const worthTrying = problem === 'missing' || problem === 'busy' || problem === 'failed';
      if (wanted && !track && !starting && worthTrying && this.state.devices[kind].length > 0) await this.open(kind);
    }
  }

  private list(devices: Device[]): void {
    const of = (kind: Device['kind']) => devices.filter((device) => device.kind === kind && device.id !== '');
    this.update({ devices: { camera: of('camera'), microphone: of('microphone'), speaker: of('speaker') } });
  }

  private device(kind: CaptureKind, change: Partial<DeviceState>): void {
    this.update({ [kind]: { ...this.state[kind], ...change } });
  }

  private update(change: Partial<MediaState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}
