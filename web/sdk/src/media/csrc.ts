import type { Slot } from './slots.ts';

/** Pictures are checked with every frame the page draws; sound, and everything while the page is hidden, at this rate. */
const SLOW_INTERVAL_MS = 200;

/** The part of `RTCRtpContributingSource` that is needed. */
export interface ContributingSource {
  source: number;
  timestamp: number;
  rtpTimestamp?: number;
}

/**
 * The CSRC of the newest packet played (RFC 3550 §5.1); null when the browser tells none. Browsers keep sources for
 * ten seconds after their last packet, so at a switch both are listed.
 */
export function newestSource(sources: readonly ContributingSource[]): ContributingSource | null {
  let newest: ContributingSource | null = null;
  for (const source of sources) if (newest === null || isNewer(source, newest)) newest = source;
  return newest;
}

function isNewer(a: ContributingSource, b: ContributingSource): boolean {
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  // Played in the same instant: the later on the slot's own RTP clock, on the circle of 32 bits.
  return (((a.rtpTimestamp ?? 0) - (b.rtpTimestamp ?? 0)) | 0) > 0;
}

/** Watches whose packets each slot plays, and tells when that changes. */
export class CsrcWatcher {
  readonly #slots: Iterable<Slot>;
  readonly #changed: (slot: Slot) => void;
  #frame: number | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(slots: () => Iterable<Slot>, changed: (slot: Slot) => void) {
    this.#slots = { [Symbol.iterator]: () => slots()[Symbol.iterator]() };
    this.#changed = changed;
  }

  start(): void {
    this.stop();
    this.#timer = setInterval(() => this.poll(), SLOW_INTERVAL_MS);
    if (typeof requestAnimationFrame !== 'function') return;
    const tick = (): void => {
      this.poll('video');
      this.#frame = requestAnimationFrame(tick);
    };
    this.#frame = requestAnimationFrame(tick);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#timer = null;
    this.#frame = null;
  }

  /** Reads all slots that have, or had, something in them. */
  poll(kind?: 'audio' | 'video'): void {
    for (const slot of this.#slots) {
      if ((kind !== undefined && slot.kind !== kind) || (slot.info.track === null && slot.csrc === null)) continue;
      const newest = newestSource(slot.receiver.getContributingSources());
      // Nothing within ten seconds (a still screen, a pause): the last one holds.
      if (newest === null || newest.source === slot.csrc) continue;
      slot.csrc = newest.source;
      slot.startsAt = newest.rtpTimestamp ?? null;
      this.#changed(slot);
    }
  }
}
