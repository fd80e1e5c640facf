import type { Call, Source } from '../sdk';

export interface Wanted {
  track: MediaStreamTrack;
  muted: boolean;
}

type Publishing = Pick<Call, 'publish' | 'replaceTrack' | 'unpublish' | 'setMuted'>;

/**
 * Keeps what is published equal to what is wanted. Wishes may change faster than the server answers: per source one
 * request runs at a time, and only the newest wish counts after it.
 */
export class Publisher {
  private readonly wanted = new Map<Source, Wanted | null>();
  private readonly applied = new Map<Source, Wanted | null>();
  private readonly busy = new Set<Source>();

  constructor(
    private readonly call: Publishing,
    private readonly onError: (source: Source, error: unknown) => void,
  ) {}

  set(source: Source, wanted: Wanted | null): void {
    this.wanted.set(source, wanted);
    if (!this.busy.has(source)) void this.settle(source);
  }

  private async settle(source: Source): Promise<void> {
    this.busy.add(source);
    try {
      for (;;) {
        const next = this.wanted.get(source) ?? null;
        const now = this.applied.get(source) ?? null;
        if (same(now, next)) break;
        this.applied.set(source, await this.step(source, now, next));
      }
    } catch (error) {
      // The next wish tries again from what is known to be applied.
      this.onError(source, error);
    } finally {
      this.busy.delete(source);
    }
  }

  /** One request towards `next`; returns what is published after it. */
  private async step(source: Source, now: Wanted | null, next: Wanted | null): Promise<Wanted | null> {
    if (!next) {
      await this.call.unpublish(source);
      return null;
    }
    if (!now) {
      await this.call.publish(next.track, source, { muted: next.muted });
      return next;
    }
    if (now.track !== next.track) {
      await this.call.replaceTrack(source, next.track);
      return { track: next.track, muted: now.muted };
    }
    await this.call.setMuted(source, next.muted);
    return next;
  }
}

function same(a: Wanted | null, b: Wanted | null): boolean {
  return a === b || (a !== null && b !== null && a.track === b.track && a.muted === b.muted);
}
