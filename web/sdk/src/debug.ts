/** Entries kept; older ones fall out. */
const CAPACITY = 400;

/** What a line of the log is about. */
export type DebugTopic = 'call' | 'signaling' | 'negotiation' | 'ice' | 'dtls' | 'media' | 'data';

/** A bounded log of the connection's state changes, for whoever debugs a call. Never holds SDP or tokens. */
export class DebugLog {
  readonly #lines: string[] = [];
  readonly #start = performance.now();

  add(topic: DebugTopic, text: string): void {
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(3);
    if (this.#lines.length === CAPACITY) this.#lines.shift();
    this.#lines.push(`${seconds.padStart(8)} ${topic}: ${text}`);
  }

  lines(): readonly string[] {
    return [...this.#lines];
  }
}
