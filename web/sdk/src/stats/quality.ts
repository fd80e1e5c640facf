import type { Rates } from './rates.ts';
import { ofType, type Reports, selectedPair } from './reports.ts';

/** Beyond one of these a reading is bad. Lower: the mark shows more often, also for what nobody notices. */
const BAD_LOSS = 0.05;
const BAD_RTT_MS = 400;
/** Bad readings in a row until `poor`, good ones until `good` again: leaving is slower, so that the mark is calm. */
const TO_POOR = 2;
const TO_GOOD = 4;

export type Quality = 'good' | 'poor';

/** One reading of the own network. */
export interface Reading {
  /** Larger of the shares lost on the way in and out, 0 to 1. */
  loss: number;
  rttMs: number | null;
}

/** Good or poor, with hysteresis. */
export class QualityJudge {
  quality: Quality = 'good';
  #against = 0;

  /** Takes a reading; true when the quality changed. */
  take({ loss, rttMs }: Reading): boolean {
    const bad = loss > BAD_LOSS || (rttMs ?? 0) > BAD_RTT_MS;
    if (bad === (this.quality === 'poor')) {
      this.#against = 0;
      return false;
    }
    this.#against += 1;
    if (this.#against < (bad ? TO_POOR : TO_GOOD)) return false;
    this.quality = bad ? 'poor' : 'good';
    this.#against = 0;
    return true;
  }
}

/** The reading that statistics amount to. */
export function readingOf(reports: Reports, rates: Rates): Reading {
  let lost = 0;
  let received = 0;
  for (const report of ofType(reports, 'inbound-rtp')) {
    lost += report.packetsLost ?? 0;
    received += report.packetsReceived ?? 0;
  }
  // What the server reports about our packets; it already is a share.
  const outgoing = ofType(reports, 'remote-inbound-rtp').map(({ fractionLost }) => fractionLost ?? 0);
  const rtt = selectedPair(reports)?.currentRoundTripTime;
  return {
    loss: Math.max(rates.share('in', lost, received), ...outgoing, 0),
    rttMs: rtt === undefined ? null : rtt * 1000,
  };
}
