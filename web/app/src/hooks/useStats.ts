import { useEffect, useState } from 'react';
import type { Call, CallStats } from '../sdk';

const EVERY_MS = 1_000;
/** Seconds a sparkline shows. */
const HISTORY = 60;

export interface StatsHistory {
  now: CallStats | null;
  /** Bits per second of each slot, oldest first; by mid. */
  slotBitrate: ReadonlyMap<string, readonly number[]>;
  /** By `source/rid`. */
  sendBitrate: ReadonlyMap<string, readonly number[]>;
  rtt: readonly number[];
}

const none: StatsHistory = { now: null, slotBitrate: new Map(), sendBitrate: new Map(), rtt: [] };

function extend(
  before: ReadonlyMap<string, readonly number[]>,
  values: [string, number][],
): Map<string, readonly number[]> {
  return new Map(values.map(([key, value]) => [key, [...(before.get(key) ?? []), value].slice(-HISTORY)]));
}

/** Reads the call's statistics each second while mounted. */
export function useStats(call: Call): StatsHistory {
  const [history, setHistory] = useState(none);
  useEffect(() => {
    let stopped = false;
    const read = async () => {
      const now = await call.stats().catch(() => null);
      if (stopped || !now) return;
      setHistory((before) => ({
        now,
        slotBitrate: extend(
          before.slotBitrate,
          now.slots.map((slot) => [slot.mid, slot.bitrate]),
        ),
        sendBitrate: extend(
          before.sendBitrate,
          now.sending.map((layer) => [`${layer.source}/${layer.rid}`, layer.bitrate]),
        ),
        rtt: now.rttMs === null ? before.rtt : [...before.rtt, now.rttMs].slice(-HISTORY),
      }));
    };
    void read();
    const timer = setInterval(() => void read(), EVERY_MS);
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  }, [call]);
  return history;
}
