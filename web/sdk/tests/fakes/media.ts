/** A track of the given kind; only what the SDK touches. */
export class FakeTrack extends EventTarget {
  enabled = true;
  readonly kind: 'audio' | 'video';
  height: number;

  constructor(kind: 'audio' | 'video', height = 720) {
    super();
    this.kind = kind;
    this.height = height;
  }

  getSettings(): MediaTrackSettings {
    return this.kind === 'video' ? { height: this.height, width: (this.height * 16) / 9 } : {};
  }

  /** Unplugged, or stopped in the browser's own bar. */
  end(): void {
    this.dispatchEvent(new Event('ended'));
  }
}

export function fakeTrack(kind: 'audio' | 'video', height?: number): MediaStreamTrack & FakeTrack {
  return new FakeTrack(kind, height) as unknown as MediaStreamTrack & FakeTrack;
}

export class FakeSender {
  track: MediaStreamTrack | null = null;
  readonly transport = null;
  encodings: RTCRtpEncodingParameters[];
  /** Every state that `setParameters` was asked for, as `rid:active`. */
  readonly history: string[] = [];
  /** Calls of `setParameters` under way at once, at most. */
  mostAtOnce = 0;
  #running = 0;

  constructor(encodings: RTCRtpEncodingParameters[]) {
    this.encodings = encodings;
  }

  async replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    this.track = track;
  }

  /** As negotiated. */
  codecs: { mimeType: string; clockRate: number }[] = [{ mimeType: 'video/VP8', clockRate: 90_000 }];

  getParameters(): { encodings: RTCRtpEncodingParameters[]; codecs: { mimeType: string; clockRate: number }[] } {
    return { encodings: this.encodings.map((encoding) => ({ ...encoding })), codecs: this.codecs };
  }

  async setParameters({ encodings }: { encodings: RTCRtpEncodingParameters[] }): Promise<void> {
    this.#running += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.#running -= 1;
    this.encodings = encodings;
    this.history.push(encodings.map(({ rid, active }) => `${rid ?? ''}:${active ? 1 : 0}`).join(' '));
  }
}

export class FakeReceiver {
  readonly track: MediaStreamTrack;
  sources: { source: number; timestamp: number; rtpTimestamp: number }[] = [];

  constructor(kind: 'audio' | 'video') {
    this.track = fakeTrack(kind);
  }

  getContributingSources(): typeof this.sources {
    return this.sources;
  }

  /** Packets of this CSRC are played from now on; older sources stay listed, as in browsers. */
  play(csrc: number): void {
    const timestamp = performance.now();
    this.sources = [
      { source: csrc, timestamp, rtpTimestamp: Math.round(timestamp * 90) },
      ...this.sources.filter(({ source }) => source !== csrc),
    ];
  }
}

export class FakeTransceiver {
  mid: string | null = null;
  readonly kind: 'audio' | 'video';
  readonly direction: string;
  readonly sender: FakeSender;
  readonly receiver: FakeReceiver;
  codecs: { mimeType: string }[] = [];

  constructor(kind: 'audio' | 'video', init: RTCRtpTransceiverInit) {
    this.kind = kind;
    this.direction = init.direction ?? 'sendrecv';
    // As a browser does that can be told the codec of an encoding.
    for (const encoding of init.sendEncodings ?? []) Reflect.get(encoding, 'codec');
    this.sender = new FakeSender(init.sendEncodings ?? [{ active: true }]);
    this.receiver = new FakeReceiver(kind);
  }

  setCodecPreferences(codecs: { mimeType: string }[]): void {
    this.codecs = codecs;
  }
}
