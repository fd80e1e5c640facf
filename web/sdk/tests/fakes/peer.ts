import { FakeTransceiver } from './media.ts';

export class FakeDataChannel {
  readonly label: string;
  readonly options: RTCDataChannelInit;
  readyState = 'connecting';
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  binaryType = '';
  readonly sent: Uint8Array[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onbufferedamountlow: (() => void) | null = null;

  constructor(label: string, options: RTCDataChannelInit) {
    this.label = label;
    this.options = options;
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }

  open(): void {
    this.readyState = 'open';
    this.onopen?.();
  }

  close(): void {
    this.readyState = 'closed';
  }

  /** The server closed it. */
  drop(): void {
    this.readyState = 'closed';
    this.onclose?.();
  }
}

/** The browser's PeerConnection, as far as the SDK can tell the difference. */
export class FakePeerConnection {
  static all: FakePeerConnection[] = [];
  /** Connects by itself after the answer, unless a test wants otherwise. */
  static connects = true;

  readonly transceivers: FakeTransceiver[] = [];
  readonly channels: FakeDataChannel[] = [];
  readonly offers: { iceRestart: boolean }[] = [];
  readonly answers: string[] = [];
  connectionState: RTCPeerConnectionState = 'new';
  signalingState = 'stable';
  iceConnectionState = 'new';
  iceGatheringState = 'new';
  stats = new Map<string, object>();
  onconnectionstatechange: (() => void) | null = null;
  onsignalingstatechange: (() => void) | null = null;
  oniceconnectionstatechange: (() => void) | null = null;
  onicegatheringstatechange: (() => void) | null = null;
  onicecandidateerror: (() => void) | null = null;

  constructor() {
    FakePeerConnection.all.push(this);
  }

  static get last(): FakePeerConnection {
    const last = FakePeerConnection.all.at(-1);
    if (!last) throw new Error('no peer connection was made');
    return last;
  }

  addTransceiver(kind: 'audio' | 'video', init: RTCRtpTransceiverInit): FakeTransceiver {
    const transceiver = new FakeTransceiver(kind, init);
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }

  createDataChannel(label: string, options: RTCDataChannelInit): FakeDataChannel {
    const channel = new FakeDataChannel(label, options);
    this.channels.push(channel);
    return channel;
  }

  async createOffer(options: { iceRestart?: boolean } = {}): Promise<{ type: string; sdp: string }> {
    this.offers.push({ iceRestart: options.iceRestart ?? false });
    return { type: 'offer', sdp: `offer ${this.offers.length}` };
  }

  async setLocalDescription(): Promise<void> {
    this.transceivers.forEach((transceiver, index) => {
      transceiver.mid ??= String(index);
    });
    this.signalingState = 'have-local-offer';
  }

  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.answers.push(sdp);
    this.signalingState = 'stable';
    if (FakePeerConnection.connects) setTimeout(() => this.become('connected'), 0);
  }

  become(state: RTCPeerConnectionState): void {
    if (this.connectionState === 'closed') return;
    this.connectionState = state;
    if (state === 'connected')
      for (const channel of this.channels) if (channel.readyState === 'connecting') channel.open();
    this.onconnectionstatechange?.();
  }

  async getStats(): Promise<Map<string, object>> {
    return this.stats;
  }

  close(): void {
    this.connectionState = 'closed';
  }

  /** The section with this mid. */
  section(mid: string): FakeTransceiver {
    const found = this.transceivers.find((transceiver) => transceiver.mid === mid);
    if (!found) throw new Error(`no section ${mid}`);
    return found;
  }
}
