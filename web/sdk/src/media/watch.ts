/** A `disconnected` connection often comes back by itself within this time, in milliseconds. */
const DISCONNECTED_GRACE_MS = 1_500;
/** How long the first connection may take, in milliseconds: on bad networks DTLS flights are sent again at 1, 2, 4 s. */
const CONNECT_MS = 15_000;
/** How long an ICE restart may take, in milliseconds; and between looks for signaling while it is away. */
const RESTART_MS = 8_000;
/** ICE restarts before the peer connection is given up and made anew. */
const RESTARTS = 2;

export interface WatchListener {
  /** Whether the server can be asked now. Without signaling nothing can be repaired: attempts do not count. */
  reachable(): boolean;
  /** Media is broken: try an ICE restart. */
  restart(): void;
  /** Restarts did not help, or the first connection never came up. */
  giveUp(reason: string): void;
  /** Media flows, or not: for the state that people see. */
  healthy(healthy: boolean): void;
}

/** Decides from the connection's states when to restart ICE and when to start over. */
export class MediaWatch {
  readonly #listener: WatchListener;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #restarts = 0;
  #wasConnected = false;
  #broken = false;
  #over = false;

  constructor(listener: WatchListener) {
    this.#listener = listener;
    this.#after(CONNECT_MS, () => this.#failed('no media path came up in time'));
  }

  state(state: RTCPeerConnectionState): void {
    if (this.#over) return;
    this.#broken = state !== 'connected';
    if (state === 'connected') {
      this.#clear();
      this.#restarts = 0;
      this.#wasConnected = true;
      this.#listener.healthy(true);
    } else if (state === 'disconnected') {
      this.#listener.healthy(false);
      this.#after(DISCONNECTED_GRACE_MS, () => this.#failed('the media path went silent'));
    } else if (state === 'failed') {
      this.#listener.healthy(false);
      this.#failed('the media path failed');
    }
  }

  /** Signaling is back: what could not be repaired without it is tried now. */
  retry(): void {
    if (!this.#over && this.#broken && this.#wasConnected) this.#failed('the media path was silent');
  }

  stop(): void {
    this.#over = true;
    this.#clear();
  }

  #failed(reason: string): void {
    if (this.#over) return;
    if (!this.#listener.reachable()) {
      this.#after(RESTART_MS, () => this.#failed(reason));
      return;
    }
    // A connection that never came up gains nothing from a restart: same candidates, same handshake.
    if (!this.#wasConnected || this.#restarts >= RESTARTS) {
      this.stop();
      this.#listener.giveUp(reason);
      return;
    }
    this.#restarts += 1;
    this.#after(RESTART_MS, () => this.#failed('an ICE restart did not help'));
    this.#listener.restart();
  }

  #after(ms: number, then: () => void): void {
    this.#clear();
    this.#timer = setTimeout(then, ms);
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
