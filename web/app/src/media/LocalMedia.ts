import { recall, remember } from '../logic/remember';
import {
  captureAllowed,
  type DeviceKind,
  openBoth,
  openDevice,
  openScreen,
  type Problem,
  problemOf,
  type SharedScreen,
} from './capture';

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
  camera: MediaDeviceInfo[];
  microphone: MediaDeviceInfo[];
  speaker: MediaDeviceInfo[];
}

export interface MediaState {
  camera: DeviceState;
  microphone: DeviceState;
  screen: SharedScreen | null;
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
  private readonly turn: Record<DeviceKind, number> = { camera: 0, microphone: 0 };
  private running = false;

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
    navigator.mediaDevices.addEventListener('devicechange', this.handleDeviceChange);
    const { camera, microphone } = this.state;
    const both = camera.wanted && microphone.wanted && !camera.track && !microphone.track;
    if (!both || !(await this.startBoth())) await Promise.all([this.open('camera'), this.open('microphone')]);
    await this.refresh();
  }

  /** Closes everything: the browser's recording light goes out. */
  stop(): void {
    this.running = false;
    navigator.mediaDevices?.removeEventListener('devicechange', this.handleDeviceChange);
    this.stopScreen();
    this.close('camera');
    this.close('microphone');
  }

  async setWanted(kind: DeviceKind, wanted: boolean): Promise<void> {
    remember(kind === 'camera' ? { cameraOn: wanted } : { microphoneOn: wanted });
    this.device(kind, { wanted, ...(wanted ? {} : { problem: null }) });
    const { track } = this.state[kind];
    if (kind === 'microphone' && track) track.enabled = wanted;
    else if (wanted) await this.open(kind);
    else this.close(kind);
  }

  toggle(kind: DeviceKind): Promise<void> {
    const { wanted, track, starting } = this.state[kind];
    // Wanted, but nothing open: the click means "try again".
    return this.setWanted(kind, !(wanted && (track !== null || starting)));
  }

  async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    remember(kind === 'camera' ? { cameraId: deviceId } : { microphoneId: deviceId });
    this.device(kind, { deviceId });
    if (this.state[kind].track || this.state[kind].wanted) await this.open(kind);
  }

  chooseSpeaker(speakerId: string): void {
    remember({ speakerId });
    this.update({ speakerId });
  }

  async startScreen(): Promise<void> {
    const screen = await openScreen();
    if (!screen) return;
    this.stopScreen();
    screen.video.addEventListener('ended', () => {
      if (this.state.screen === screen) this.stopScreen();
    });
    this.update({ screen });
  }

  stopScreen(): void {
    this.state.screen?.video.stop();
    this.state.screen?.audio?.stop();
    if (this.state.screen) this.update({ screen: null });
  }

  private async startBoth(): Promise<boolean> {
    const { camera, microphone } = this.state;
    const turns = { camera: ++this.turn.camera, microphone: ++this.turn.microphone };
    this.device('camera', { starting: true });
    this.device('microphone', { starting: true });
    const opened = await openBoth(camera.deviceId, microphone.deviceId);
    if (opened?.camera) this.adopt('camera', opened.camera, turns.camera);
    if (opened?.microphone) this.adopt('microphone', opened.microphone, turns.microphone);
    return opened !== null;
  }

  private async open(kind: DeviceKind): Promise<void> {
    if (!this.state[kind].wanted && !this.state[kind].track) return;
    if (!captureAllowed()) return this.device(kind, { problem: 'insecure' });
    const turn = ++this.turn[kind];
    this.device(kind, { starting: true, problem: null });
    try {
      const track = await openDevice(kind, this.state[kind].deviceId);
      this.adopt(kind, track, turn);
      await this.refresh();
    } catch (error) {
      if (turn !== this.turn[kind]) return;
      this.state[kind].track?.stop();
      this.device(kind, { starting: false, track: null, problem: problemOf(error) });
    }
  }

  /** Takes a freshly opened track, unless the person meanwhile chose otherwise. */
  private adopt(kind: DeviceKind, track: MediaStreamTrack, turn: number): void {
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

  private close(kind: DeviceKind): void {
    this.turn[kind] += 1;
    this.state[kind].track?.stop();
    this.device(kind, { track: null, starting: false });
  }

  private readonly handleDeviceChange = async (): Promise<void> => {
    await this.refresh();
    for (const kind of ['camera', 'microphone'] as const) {
      const { wanted, track, starting, problem } = this.state[kind];
      const worthTrying = problem === 'missing' || problem === 'busy' || problem === 'failed';
      if (wanted && !track && !starting && worthTrying && this.state.devices[kind].length > 0) await this.open(kind);
    }
  };

  private async refresh(): Promise<void> {
    const found = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    // Before permission is given, browsers list devices without id and label.
    const of = (kind: MediaDeviceKind) => found.filter((device) => device.kind === kind && device.deviceId !== '');
    this.update({ devices: { camera: of('videoinput'), microphone: of('audioinput'), speaker: of('audiooutput') } });
  }

  private device(kind: DeviceKind, change: Partial<DeviceState>): void {
    this.update({ [kind]: { ...this.state[kind], ...change } });
  }

  private update(change: Partial<MediaState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}
