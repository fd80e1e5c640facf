import type { CallStats, SendLayerStats, SlotStats, Source } from '../api.ts';
import type { Peer } from '../media/peer.ts';
import type { Slot } from '../media/slots.ts';
import { Rates } from './rates.ts';
import { ofType, type Report, type Reports, readReports, selectedPair } from './reports.ts';

/** Whose track is in a slot. */
export type TrackOwner = (trackId: string) => { participant: string; source: Source } | null;

/** Reads a peer's statistics; rates are between two readings of the same reader. */
export class StatsReader {
  readonly #rates = new Rates();

  async read(peer: Peer, ownerOf: TrackOwner): Promise<CallStats> {
    const reports = await readReports(peer.pc);
    const pair = selectedPair(reports);
    const local = pair?.localCandidateId ? reports.get(pair.localCandidateId) : undefined;
    const remote = pair?.remoteCandidateId ? reports.get(pair.remoteCandidateId) : undefined;
    const rtt = pair?.currentRoundTripTime ?? remoteRtt(reports);
    return {
      rttMs: rtt === undefined ? null : rtt * 1000,
      protocol: local?.protocol ?? null,
      localAddress: addressOf(local),
      remoteAddress: addressOf(remote),
      availableOutgoingBitrate: pair?.availableOutgoingBitrate ?? null,
      sending: this.#sending(peer, reports),
      slots: [...peer.slots.all].map((slot) => this.#slot(slot, reports, ownerOf)),
    };
  }

  #sending(peer: Peer, reports: Reports): SendLayerStats[] {
    const sources = new Map([...peer.publish.values()].map(({ mid, source }) => [mid, source]));
    return ofType(reports, 'outbound-rtp').flatMap((report) => {
      const source = sources.get(report.mid ?? null);
      if (!source) return [];
      return [
        {
          source,
          rid: report.rid ?? '',
          width: report.frameWidth ?? 0,
          height: report.frameHeight ?? 0,
          framesPerSecond: report.framesPerSecond ?? 0,
          bitrate: this.#rates.perSecond(report.id, report.bytesSent ?? 0, report.timestamp) * 8,
          active: report.active ?? isActive(peer, source, report.rid ?? ''),
          limitation: report.qualityLimitationReason ?? 'none',
        },
      ];
    });
  }

  #slot(slot: Slot, reports: Reports, ownerOf: TrackOwner): SlotStats {
    const report = inbound(slot, reports);
    const owner = slot.info.track === null ? null : ownerOf(slot.info.track);
    const reason = slot.info.reason ? `: ${slot.info.reason}` : '';
    return {
      mid: slot.mid,
      kind: slot.kind,
      participant: owner?.participant ?? null,
      source: owner?.source ?? null,
      state: `${slot.info.state}${reason}`,
      width: report?.frameWidth ?? 0,
      height: report?.frameHeight ?? 0,
      framesPerSecond: report?.framesPerSecond ?? 0,
      bitrate: report ? this.#rates.perSecond(report.id, report.bytesReceived ?? 0, report.timestamp) * 8 : 0,
      loss: report ? this.#rates.share(report.id, report.packetsLost ?? 0, report.packetsReceived ?? 0) : 0,
      jitterMs: (report?.jitter ?? 0) * 1000,
      freezeCount: report?.freezeCount ?? 0,
      framesDecoded: report?.framesDecoded ?? 0,
    };
  }
}

/** Firefox does not tell in its statistics. */
function isActive(peer: Peer, source: Source, rid: string): boolean {
  const { encodings } = peer.section(source).transceiver.sender.getParameters();
  return encodings?.find((encoding) => (encoding.rid ?? '') === rid)?.active ?? true;
}

function inbound(slot: Slot, reports: Reports): Report | undefined {
  return ofType(reports, 'inbound-rtp').find(({ mid }) => mid === slot.mid);
}

function remoteRtt(reports: Reports): number | undefined {
  return ofType(reports, 'remote-inbound-rtp').find(({ roundTripTime }) => roundTripTime !== undefined)?.roundTripTime;
}

function addressOf(candidate: Report | undefined): string | null {
  if (!candidate) return null;
  return `${candidate.address ?? '?'}:${candidate.port ?? '?'}`;
}
