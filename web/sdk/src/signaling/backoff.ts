/** First wait between two attempts, in milliseconds. Lower: more load on a server that just came back. */
const FIRST_MS = 300;
/** Longest wait. Higher: a call stays away longer than needed. */
const LONGEST_MS = 5_000;

/**
 * Waits that double, each cut to a random 50–100 %, so that a thousand clients of a restarted server do not come back
 * in the same instant.
 */
export class Backoff {
  #attempt = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** How long to wait before the next attempt, in milliseconds. */
  next(): number {
    const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    return full * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#attempt = 0;
  }
}
