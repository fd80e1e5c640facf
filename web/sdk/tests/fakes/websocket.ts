import type { ClientFrame, ServerMessage } from '../../src/gen/protocol.ts';

/** A WebSocket whose server end is the test. Opens by itself unless the network is down. */
export class FakeWebSocket {
  static readonly OPEN = 1;
  static all: FakeWebSocket[] = [];
  /** Connections are refused while true. */
  static down = false;
  /** What the server does with each frame. */
  static server: (socket: FakeWebSocket, frame: ClientFrame) => void = () => undefined;

  readonly url: string;
  readonly protocol: string;
  readonly sent: ClientFrame[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(url: string, protocol: string) {
    this.url = url;
    this.protocol = protocol;
    FakeWebSocket.all.push(this);
    const down = FakeWebSocket.down;
    setTimeout(() => (down ? this.drop() : this.#open()), 0);
  }

  static get last(): FakeWebSocket {
    const last = FakeWebSocket.all.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  }

  #open(): void {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.onopen?.();
  }

  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    this.sent.push(frame);
    // As a real server, it answers in a later task.
    setTimeout(() => {
      if (this.readyState === 1) FakeWebSocket.server(this, frame);
    }, 0);
  }

  close(): void {
    this.readyState = 3;
  }

  /** The server, or the network, ends it. */
  drop(code = 1006): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code, reason: '' });
  }

  /** A notice, or an answer when `id` is given. */
  say(message: ServerMessage, id?: number): void {
    this.text(JSON.stringify(id === undefined ? message : { id, ...message }));
  }

  text(data: unknown): void {
    if (this.readyState === 1) this.onmessage?.({ data });
  }
}
