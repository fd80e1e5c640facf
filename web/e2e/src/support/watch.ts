/**
 * Looks at every decoded frame of every remote tile and compares three things: the number in the picture, the CSRC
 * the frame came with, and the name under it.
 */
import { readCode } from './colour-code.ts';
import type { Tab } from './tab.ts';

/** A frame that did not agree with the name under it. */
export interface WrongFrame {
  atMs: number;
  name: string;
  expectedCode: number;
  code: number;
  expectedCsrc: number;
  csrc: number | null;
}

export interface TileReport {
  name: string;
  frames: number;
  right: number;
  /** The checksum did not fit (a frame between two pictures, heavy compression). */
  unreadable: number;
  /** Frames whose CSRC the browser told for exactly this frame. */
  csrcChecked: number;
}

export interface WatchReport {
  tiles: Record<string, TileReport>;
  wrong: WrongFrame[];
  /** `participant name` → receive m-lines (mid) its pictures came through. */
  slots: Record<string, string[]>;
}

interface Watched {
  report: WatchReport;
  stop(): void;
}

declare global {
  interface Window {
    connections: RTCPeerConnection[];
    watched?: Watched;
  }
}

/** Runs in the page before its scripts: keeps every PeerConnection for the tests to look at. */
export function keepConnections(): void {
  const Original = window.RTCPeerConnection;
  window.connections = [];
  window.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      window.connections.push(this);
    }
  };
}

/** Runs in the page. `codes`: number of each participant's camera by its name. */
function watch(argument: { codes: Record<string, number>; readCodeSource: string }): void {
  const read = new Function(`return (${argument.readCodeSource})`)() as typeof readCode;
  const canvas = document.createElement('canvas');
  canvas.width = 32;
  canvas.height = 24;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('no 2d context');
  const followed = new WeakSet<HTMLVideoElement>();
  const report: WatchReport = { tiles: {}, wrong: [], slots: {} };
  let running = true;

  const transceiverOf = (video: HTMLVideoElement): RTCRtpTransceiver | undefined => {
    const track = video.srcObject instanceof MediaStream ? video.srcObject.getVideoTracks()[0] : undefined;
    for (const connection of window.connections) {
      const found = connection.getTransceivers().find((transceiver) => transceiver.receiver.track === track);
      if (found) return found;
    }
    return undefined;
  };
  const csrcOf = (transceiver: RTCRtpTransceiver | undefined, rtpTimestamp: number | undefined): number | null => {
    const sources = transceiver?.receiver.getContributingSources() ?? [];
    return sources.find((source) => source.rtpTimestamp === rtpTimestamp)?.source ?? null;
  };
  const expectedCsrc = (participant: string): number => {
    const call = (window as unknown as { plenum?: { call?: import('@plenum/sdk').Call } }).plenum?.call;
    return call?.participants.get(participant)?.tracks.get('camera')?.csrc ?? 0;
  };

  /** Tile under judgement, or null for one whose picture has no number. */
  const subjectOf = (video: HTMLVideoElement): { name: string; code: number; csrc: number } | null => {
    const data = video.closest<HTMLElement>('[data-participant]')?.dataset;
    const code = argument.codes[data?.name ?? ''];
    if (data?.source !== 'camera' || code === undefined) return null;
    return { name: data.name ?? '', code, csrc: expectedCsrc(data.participant ?? '') };
  };
  const noteSlot = (name: string, mid: string | null | undefined): void => {
    report.slots[name] ??= [];
    if (mid && !report.slots[name].includes(mid)) report.slots[name].push(mid);
  };
  const judge = (video: HTMLVideoElement, metadata: VideoFrameCallbackMetadata): void => {
    const subject = subjectOf(video);
    if (!subject) return;
    const { name } = subject;
    report.tiles[name] ??= { name, frames: 0, right: 0, unreadable: 0, csrcChecked: 0 };
    const entry = report.tiles[name];
    const transceiver = transceiverOf(video);
    const csrc = csrcOf(transceiver, metadata.rtpTimestamp);
    const code = read(video, context);
    entry.frames++;
    if (csrc !== null) entry.csrcChecked++;
    if (code === null) {
      entry.unreadable++;
    } else if (code === subject.code && (csrc === null || csrc === subject.csrc)) {
      entry.right++;
      video.dataset.right = String(Number(video.dataset.right ?? 0) + 1);
      noteSlot(name, transceiver?.mid);
    } else if (report.wrong.length < 100) {
      const expected = { expectedCode: subject.code, expectedCsrc: subject.csrc };
      report.wrong.push({ atMs: performance.now(), name, code, csrc, ...expected });
    }
  };
  const follow = (video: HTMLVideoElement): void => {
    video.requestVideoFrameCallback((_now, metadata) => {
      if (!running) return;
      // Until it is ready something covers the element: nobody sees what it draws.
      const seen = video.isConnected && video.checkVisibility() && video.dataset.ready !== 'false';
      if (seen) judge(video, metadata);
      follow(video);
    });
  };
  const timer = setInterval(() => {
    for (const video of document.querySelectorAll<HTMLVideoElement>('[data-participant] video')) {
      if (followed.has(video)) continue;
      followed.add(video);
      follow(video);
    }
  }, 20);
  window.watched = {
    report,
    stop: () => {
      running = false;
      clearInterval(timer);
    },
  };
}

export async function startWatch(tab: Tab, codes: Record<string, number>): Promise<void> {
  await tab.evaluate(watch, { codes, readCodeSource: readCode.toString() });
}

/** What was seen since the watch began. */
export async function readWatch(tab: Tab): Promise<WatchReport> {
  return tab.evaluate(() => {
    if (!window.watched) throw new Error('startWatch was not called on this page');
    return window.watched.report;
  }, null);
}
