/** Turns counters that only grow into rates between two readings of one reader. */
export class Rates {
  readonly #last = new Map<string, { at: number; value: number }>();

  /** Growth per second since the last call with this key; 0 the first time. `at` in milliseconds. */
  perSecond(key: string, value: number, at: number): number {
    const last = this.#last.get(key);
    this.#last.set(key, { at, value });
    if (!last || at <= last.at || value < last.value) return 0;
    return ((value - last.value) * 1000) / (at - last.at);
  }

  /** Share of `part` in `part + rest` since the last call with this key, 0 to 1. */
  share(key: string, part: number, rest: number): number {
    const parts = this.#growth(`${key}/part`, part);
    const total = parts + this.#growth(`${key}/rest`, rest);
    return total > 0 ? parts / total : 0;
  }

  #growth(key: string, value: number): number {
    const last = this.#last.get(key)?.value ?? 0;
    this.#last.set(key, { at: 0, value });
    return Math.max(0, value - last);
  }
}
