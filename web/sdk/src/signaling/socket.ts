import { CallError } from '../errors.ts';
import { type ClientFrame, type ServerFrame, SUBPROTOCOL } from '../gen/protocol.ts';
import { parseServerFrame } from './wire.ts';

/** How long a WebSocket may take to open, in milliseconds. */
const OPEN_TIMEOUT_MS = 8_000;

export interface SocketListener {
  frame(frame: ServerFrame): void;
  /** The socket is gone; nothing follows. Not called after `close()`. */
  lost(reason: string): void;
}

/** One WebSocket: opens or fails once, then carries frames until it is lost. */
export class SignalingSocket {
  readonly #socket: WebSocket;
  readonly #listener: SocketListener;
  #over = false;

  private constructor(socket: WebSocket, listener: SocketListener) {
    this.#socket = socket;
    this.#listener = listener;
  }

  static open(url: string, listener: SocketListener): Promise<SignalingSocket> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, SUBPROTOCOL);
      const made = new SignalingSocket(socket, listener);
      const fail = (why: string): void => {
        clearTimeout(timer);
        made.#over = true;
        socket.close();
        reject(new CallError('unreachable', `The server at ${url} cannot be reached: ${why}.`));
      };
      const timer = setTimeout(() => fail('it did not answer in time'), OPEN_TIMEOUT_MS);
      socket.onclose = (event) => fail(event.reason || 'the connection was refused');
      socket.onopen = () => {
        clearTimeout(timer);
        made.#listen();
        resolve(made);
      };
    });
  }

  #listen(): void {
    this.#socket.onmessage = (event) => {
      const frame = typeof event.data === 'string' ? parseServerFrame(event.data) : null;
      if (frame && !this.#over) this.#listener.frame(frame);
    };
    this.#socket.onclose = (event) => this.#lose(event.reason || `closed with code ${event.code}`);
  }

  #lose(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.lost(reason);
  }

  /** Whether the frame could be handed to the browser. */
  send(frame: ClientFrame): boolean {
    if (this.#over || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Gives the socket up as dead: the listener hears `lost` at once, not when TCP notices. */
  abandon(reason: string): void {
    this.#socket.close();
    this.#lose(reason);
  }

  close(): void {
    this.#over = true;
    this.#socket.close(1000);
  }
}
