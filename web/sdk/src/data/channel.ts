import type { DebugLog } from '../debug.ts';
import { CallError } from '../errors.ts';

/** Bytes waiting in the browser past which `lossy` drops and `reliable` waits. Higher: more delay, fewer stalls. */
const HIGH_WATER: Readonly<Record<ChannelLabel, number>> = { reliable: 256 * 1024, lossy: 32 * 1024 };
/** How long a reliable message waits for the channel to open or drain, in milliseconds. */
const SEND_TIMEOUT_MS = 10_000;
/** Before a closed channel is opened again, in milliseconds: keeps a server that refuses it from being flooded. */
const REOPEN_MS = 250;

export type ChannelLabel = 'reliable' | 'lossy';

const OPTIONS: Readonly<Record<ChannelLabel, RTCDataChannelInit>> = {
  reliable: { ordered: true },
  lossy: { ordered: false, maxRetransmits: 0 },
};

export interface ChannelListener {
  message(label: ChannelLabel, data: ArrayBuffer): void;
  /** The channel was closed under us and is open again: messages were lost between. */
  reopened(label: ChannelLabel): void;
}

/** One of the two data channels, opened again whenever the server closes it on a slow reader. */
export class DataChannel {
  readonly label: ChannelLabel;
  readonly #pc: RTCPeerConnection;
  readonly #listener: ChannelListener;
  readonly #log: DebugLog;
  #channel: RTCDataChannel;
  #waiting: (() => void)[] = [];
  #reopen: ReturnType<typeof setTimeout> | null = null;
  #over = false;

  constructor(pc: RTCPeerConnection, label: ChannelLabel, listener: ChannelListener, log: DebugLog) {
    this.label = label;
    this.#pc = pc;
    this.#listener = listener;
    this.#log = log;
    this.#channel = this.#create(false);
  }

  /** Resolves when the browser took the message. Lossy messages are dropped when they cannot go at once. */
  async send(message: Uint8Array<ArrayBuffer>): Promise<void> {
    const deadline = performance.now() + SEND_TIMEOUT_MS;
    while (!this.#ready()) {
      if (this.label === 'lossy') return;
      const left = deadline - performance.now();
      if (this.#over) throw new CallError('closed', 'The call is over.');
      if (left <= 0) throw new CallError('timeout', 'The message could not be sent in time.');
      await this.#change(left);
    }
    this.#channel.send(message);
  }

  close(): void {
    this.#over = true;
    if (this.#reopen !== null) clearTimeout(this.#reopen);
    this.#channel.close();
    this.#wake();
  }

  #ready(): boolean {
    return this.#channel.readyState === 'open' && this.#channel.bufferedAmount <= HIGH_WATER[this.label];
  }

  #create(again: boolean): RTCDataChannel {
    const channel = this.#pc.createDataChannel(this.label, OPTIONS[this.label]);
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = HIGH_WATER[this.label] / 2;
    channel.onopen = () => {
      this.#log.add('data', `${this.label} open`);
      if (again) this.#listener.reopened(this.label);
      this.#wake();
    };
    channel.onbufferedamountlow = () => this.#wake();
    channel.onmessage = (event: MessageEvent<unknown>) => {
      if (event.data instanceof ArrayBuffer) this.#listener.message(this.label, event.data);
    };
    channel.onclose = () => this.#closed();
    return channel;
  }

  #closed(): void {
    if (this.#over) return;
    this.#log.add('data', `${this.label} closed`);
    this.#reopenSoon();
  }

  #reopenSoon(): void {
    this.#reopen = setTimeout(() => {
      const state = this.#pc.connectionState;
      if (this.#over || state === 'closed') return;
      // An ICE restart may bring it back; a rejoin makes new channels.
      if (state === 'failed') this.#reopenSoon();
      else this.#channel = this.#create(true);
    }, REOPEN_MS);
  }

  /** Waits for the channel's next change, at most `ms`. */
  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
