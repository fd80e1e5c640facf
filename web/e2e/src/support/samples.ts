/** What a viewer receives, five times a second, and every time its picture stood still. */
import type { Tab } from './tab.ts';

export interface Sample {
  /** Seconds since the first frame. */
  at: number;
  framesDecoded: number;
  freezeCount: number;
  totalFreezesDuration: number;
  frameHeight: number;
  /** Of video, with RTP headers and retransmissions. */
  bytes: number;
  keyFramesDecoded: number;
  nackCount: number;
  pliCount: number;
}

export interface Recording {
  samples: Sample[];
  /** From one frame drawn to the next where that took longer than `GAP_S`; seconds since the first frame. */
  gaps: [number, number][];
}

interface Recorder extends Recording {
  stop(): Recording;
}

declare global {
  interface Window {
    recorder?: Recorder;
  }
}

/** Shorter gaps are not noted: at 15 frames a second one lost frame makes 0.13 s. */
export const GAP_S = 0.25;
const EVERY_MS = 200;

/** Runs in the page; starts with the next frame of an element that `selector` finds, even one made later. */
function record(argument: { selector: string; gap: number; every: number }): Promise<void> {
  const followed = new WeakSet<HTMLVideoElement>();
  const samples: Sample[] = [];
  const gaps: [number, number][] = [];
  let started = 0;
  let last = 0;
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const seconds = (): number => (performance.now() - started) / 1000;
  const note = (now: number): void => {
    if (now - last > argument.gap) gaps.push([last, now]);
    last = now;
  };
  const follow = (video: HTMLVideoElement): void => {
    video.requestVideoFrameCallback(() => {
      if (started === 0) {
        started = performance.now();
        begin();
      }
      note(seconds());
      follow(video);
    });
  };
  const inbound = async (): Promise<RTCInboundRtpStreamStats[]> => {
    const found: RTCInboundRtpStreamStats[] = [];
    for (const connection of window.connections) {
      for (const one of (await connection.getStats()).values()) {
        if (one.type === 'inbound-rtp' && one.kind === 'video') found.push(one as RTCInboundRtpStreamStats);
      }
    }
    return found;
  };
  const sample = async (): Promise<void> => {
    const streams = await inbound();
    const sum = (of: string): number =>
      streams.reduce((total, one) => total + Number((one as unknown as Record<string, number>)[of] ?? 0), 0);
    const most = streams.sort((a, b) => (b.framesDecoded ?? 0) - (a.framesDecoded ?? 0))[0];
    samples.push({
      at: seconds(),
      framesDecoded: sum('framesDecoded'),
      freezeCount: sum('freezeCount'),
      totalFreezesDuration: sum('totalFreezesDuration'),
      frameHeight: most?.frameHeight ?? 0,
      bytes: sum('bytesReceived') + sum('headerBytesReceived'),
      keyFramesDecoded: sum('keyFramesDecoded'),
      nackCount: sum('nackCount'),
      pliCount: sum('pliCount'),
    });
  };
  const timer = setInterval(() => {
    for (const video of document.querySelectorAll<HTMLVideoElement>(argument.selector)) {
      if (followed.has(video)) continue;
      followed.add(video);
      follow(video);
    }
    if (started !== 0) void sample();
  }, argument.every);
  window.recorder = {
    samples,
    gaps,
    stop: () => {
      clearInterval(timer);
      // A picture that stands still to the end is a gap as well.
      note(seconds());
      return { samples, gaps };
    },
  };
  return begun;
}

/** Starts recording, and waits for the first frame. */
export async function startRecording(tab: Tab, selector: string): Promise<void> {
  await tab.evaluate(record, { selector, gap: GAP_S, every: EVERY_MS });
}

export async function stopRecording(tab: Tab): Promise<Recording> {
  return tab.evaluate(() => {
    if (!window.recorder) throw new Error('startRecording was not called on this page');
    const { samples, gaps } = window.recorder.stop();
    return { samples, gaps };
  }, null);
}

/** One encoding of the publisher's, at the end. */
export interface Sent {
  rid: string;
  frameHeight: number;
  keyFramesEncoded: number;
  /** Seconds for which the browser held the quality down, by its reason: `none`, `cpu`, `bandwidth`, `other`. */
  limited: Record<string, number>;
}

/** Whether the publisher's browser was held back by its network or by the machine. */
export async function readSent(tab: Tab): Promise<Sent[]> {
  return tab.evaluate(async () => {
    const sent: Sent[] = [];
    for (const connection of window.connections) {
      for (const one of (await connection.getStats()).values()) {
        if (one.type !== 'outbound-rtp' || one.kind !== 'video') continue;
        const { rid = '', frameHeight = 0, keyFramesEncoded = 0, qualityLimitationDurations = {} } = one;
        sent.push({ rid, frameHeight, keyFramesEncoded, limited: { ...qualityLimitationDurations } });
      }
    }
    return sent;
  }, null);
}

export interface Summary {
  freezeSeconds: number;
  freezes: number;
  longestGap: number;
  medianHeight: number;
  meanKbps: number;
  framesPerSecond: number;
}

export function summarize({ samples, gaps }: Recording): Summary {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at <= first.at) throw new Error('no samples');
  const heights = samples.map((sample) => sample.frameHeight).sort((a, b) => a - b);
  const span = last.at - first.at;
  return {
    freezeSeconds: last.totalFreezesDuration,
    freezes: last.freezeCount,
    longestGap: gaps.reduce((longest, [from, to]) => Math.max(longest, to - from), 0),
    medianHeight: heights[Math.floor(heights.length / 2)] ?? 0,
    meanKbps: ((last.bytes - first.bytes) * 8) / span / 1000,
    framesPerSecond: (last.framesDecoded - first.framesDecoded) / span,
  };
}
