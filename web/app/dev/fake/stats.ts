import type { CallStats, RemoteParticipant } from '../../../sdk/src/api';

/** Numbers as of a call over a fair network. */
export function fakeStats(participants: Iterable<RemoteParticipant>): CallStats {
  const wave = (base: number, swing: number) => base + swing * (Math.random() - 0.5);
  const slots: CallStats['slots'] = [];
  for (const { id, tracks } of participants) {
    for (const source of ['camera', 'screen', 'microphone'] as const) {
      if (!tracks.has(source)) continue;
      const video = source !== 'microphone';
      slots.push({
        mid: String(4 + slots.length),
        kind: video ? 'video' : 'audio',
        participant: id,
        source,
        state: 'live',
        width: video ? 640 : 0,
        height: video ? 360 : 0,
        framesPerSecond: video ? wave(29.5, 1) : 0,
        bitrate: video ? wave(620_000, 160_000) : wave(34_000, 6_000),
        loss: slots.length === 2 ? 0.041 : 0.002,
        jitterMs: wave(6, 4),
        freezeCount: slots.length === 2 ? 3 : 0,
        framesDecoded: 1000,
      });
    }
  }
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
