/**
 * The fields we read of the browsers' statistics (W3C identifiers for WebRTC's statistics API). TypeScript's own
 * types lack some, and browsers leave out others: everything is optional.
 */
export interface Report {
  id: string;
  type: string;
  timestamp: number;
  kind?: string;
  mid?: string;
  rid?: string;
  bytesReceived?: number;
  bytesSent?: number;
  packetsReceived?: number;
  packetsLost?: number;
  jitter?: number;
  frameWidth?: number;
  frameHeight?: number;
  framesPerSecond?: number;
  framesDecoded?: number;
  freezeCount?: number;
  active?: boolean;
  qualityLimitationReason?: string;
  fractionLost?: number;
  roundTripTime?: number;
  localId?: string;
  selectedCandidatePairId?: string;
  localCandidateId?: string;
  remoteCandidateId?: string;
  currentRoundTripTime?: number;
  availableOutgoingBitrate?: number;
  nominated?: boolean;
  selected?: boolean;
  state?: string;
  protocol?: string;
  address?: string;
  port?: number;
}

/** All reports of one reading, by id. */
export type Reports = ReadonlyMap<string, Report>;

export async function readReports(pc: RTCPeerConnection): Promise<Reports> {
  const reports = new Map<string, Report>();
  // `RTCStatsReport` is map-like, and Firefox's has no iterator of values.
  (await pc.getStats()).forEach((report: Report, id: string) => {
    reports.set(id, report);
  });
  return reports;
}

export function ofType(reports: Reports, type: string): Report[] {
  return [...reports.values()].filter((report) => report.type === type);
}

/** The candidate pair in use. Chromium names it in `transport`, Firefox marks the pair itself. */
export function selectedPair(reports: Reports): Report | null {
  for (const { selectedCandidatePairId } of ofType(reports, 'transport')) {
    const pair = selectedCandidatePairId && reports.get(selectedCandidatePairId);
    if (pair) return pair;
  }
  const pairs = ofType(reports, 'candidate-pair');
  return (
    pairs.find(({ selected }) => selected) ??
    pairs.find(({ nominated, state }) => nominated && state === 'succeeded') ??
    null
  );
}
