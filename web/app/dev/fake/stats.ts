import type { CallStats, RemoteParticipant, SlotStats, Source } from '../../../sdk/src/api';

const wave = (base: number, swing: number) => base + swing * (Math.random() - 0.5);

function slot(mid: number, participant: string, source: Source): SlotStats {
  const bad = mid === 6;
  const video = source === 'camera' || source === 'screen';
  const picture = video
    ? { width: 640, height: 360, framesPerSecond: wave(29.5, 1), bitrate: wave(620_000, 160_000) }
    : { width: 0, height: 0, framesPerSecond: 0, bitrate: wave(34_000, 6_000) };
  return {
    ...picture,
    mid: String(mid),
    kind: video ? 'video' : 'audio',
    participant,
    source,
    state: 'live',
    loss: bad ? 0.041 : 0.002,
    jitterMs: wave(6, 4),
    freezeCount: bad ? 3 : 0,
    framesDecoded: 1000,
  };
}

/** Numbers as of a call over a fair network. */
export function fakeStats(participants: Iterable<RemoteParticipant>): CallStats {
  const sources = [...participants].flatMap(({ id, tracks }) => [...tracks.keys()].map((source) => ({ id, source })));
  const slots = sources.map(({ id, source }, index) => slot(4 + index, id, source));
  const layer = (rid: string, width: number, height: number, bitrate: number, active = true) => ({
    source: 'camera' as const,
    rid,
    width,
    height,
    framesPerSecond: active ? 30 : 0,
    bitrate: active ? wave(bitrate, bitrate / 6) : 0,
    active,
    limitation: 'none',
  });
  return {
    rttMs: wave(34, 6),
    protocol: 'udp',
    localAddress: '192.168.1.20:51734',
    remoteAddress: '203.0.113.7:10000',
    availableOutgoingBitrate: wave(2_600_000, 200_000),
    sending: [layer('q', 320, 180, 150_000), layer('h', 640, 360, 520_000), layer('f', 1280, 720, 1_700_000, false)],
    slots,
  };
}
