import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attachPicture, isFrom } from '../src/media/picture.ts';

type Look = (now: number, frame: { rtpTimestamp?: number }) => void;

/** A video element as far as a picture needs one. */
class FakeVideo extends EventTarget {
  srcObject: unknown = null;
  looks: Look[] = [];
  play = (): Promise<void> => Promise.resolve();
  requestVideoFrameCallback(look: Look): number {
    return this.looks.push(look);
  }
  frame(rtpTimestamp?: number): void {
    const due = this.looks.splice(0);
    for (const look of due) look(0, rtpTimestamp === undefined ? {} : { rtpTimestamp });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('MediaStream', class {});
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function attach(startsAt: number | null): { video: FakeVideo; ready: ReturnType<typeof vi.fn>; detach: () => void } {
  const video = new FakeVideo();
  const ready = vi.fn();
  const track = {} as MediaStreamTrack;
  return { video, ready, detach: attachPicture(video as unknown as HTMLVideoElement, track, startsAt, ready) };
}

describe('a picture in a slot that carried somebody else', () => {
  it('is ready with the first frame of its own, not with one of before', () => {
    const { video, ready } = attach(5_000);
    video.frame(2_000);
    video.dispatchEvent(new Event('loadeddata'));
    expect(ready).not.toHaveBeenCalled();
    video.frame(5_000);
    expect(ready).toHaveBeenCalledOnce();
    video.frame(8_000);
    expect(ready).toHaveBeenCalledOnce();
  });

  it('is ready after a second where frames cannot be told apart by then', () => {
    const { video, ready } = attach(5_000);
    video.dispatchEvent(new Event('loadeddata'));
    vi.advanceTimersByTime(999);
    expect(ready).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(ready).toHaveBeenCalledOnce();
  });

  it('is never ready once it was taken away', () => {
    const { video, ready, detach } = attach(5_000);
    video.dispatchEvent(new Event('loadeddata'));
    detach();
    video.frame(6_000);
    vi.advanceTimersByTime(2_000);
    expect(ready).not.toHaveBeenCalled();
    expect(video.srcObject).toBeNull();
  });
});

it('an own picture is ready with its first frame', () => {
  const { video, ready } = attach(null);
  video.dispatchEvent(new Event('loadeddata'));
  expect(ready).toHaveBeenCalledOnce();
});

it('a frame counts from its start on, also over the wrap of 32 bits', () => {
  expect(isFrom(0xffff_fff0, { rtpTimestamp: 0x10 })).toBe(true);
  expect(isFrom(0x10, { rtpTimestamp: 0xffff_fff0 })).toBe(false);
  expect(isFrom(7, {})).toBe(true);
});
