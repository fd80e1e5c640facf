import { describe, expect, it } from 'vitest';
import { toDeviceError } from '../src/devices/errors.ts';
import { levelOf } from '../src/devices/meter.ts';
import type { Report, Reports } from '../src/stats/reports.ts';
import { welcome } from './fakes/server.ts';
import { useWorld } from './fakes/world.ts';

function reports(...list: (Partial<Report> & { id: string; type: string })[]): Reports {
  return new Map(list.map((report) => [report.id, { timestamp: 0, ...report }]));
}

describe('statistics', () => {
  const world = useWorld();

  it('show each slot, each layer sent, and the path', async () => {
    world.server.welcome = welcome({
      count: 2,
      participants: [
        {
          id: 'p_0000000a',
          name: 'Ann',
          state: 'connected',
          tracks: [{ id: 't_00000011', csrc: 0x11, source: 'camera', muted: false }],
        },
      ],
    });
    const call = await world.join();
    world.socket().say({ type: 'slots', slots: [{ mid: '4', track: 't_00000011', csrc: 0x11, state: 'live' }] });
    const at = (seconds: number): Reports =>
      reports(
        { id: 'p', type: 'candidate-pair', selected: true, currentRoundTripTime: 0.02, localCandidateId: 'l' },
        { id: 'l', type: 'local-candidate', protocol: 'udp', address: '192.0.2.7', port: 4000 },
        {
          ...{ id: 'i', type: 'inbound-rtp', kind: 'video', mid: '4', timestamp: seconds * 1_000 },
          ...{ bytesReceived: 125_000 * seconds, packetsReceived: 95 * seconds, packetsLost: 5 * seconds },
          ...{ frameWidth: 640, frameHeight: 360, framesPerSecond: 30, framesDecoded: 30 * seconds, jitter: 0.003 },
        },
        {
          ...{ id: 'o', type: 'outbound-rtp', mid: '1', rid: 'h', timestamp: seconds * 1_000 },
          ...{ bytesSent: 50_000 * seconds, frameHeight: 360, active: true, qualityLimitationReason: 'cpu' },
        },
      );
    world.pc().stats = new Map(at(1));
    await call.stats();
    world.pc().stats = new Map(at(2));
    const stats = await call.stats();
    expect(stats).toMatchObject({ rttMs: 20, protocol: 'udp', localAddress: '192.0.2.7:4000', remoteAddress: null });
    expect(stats.sending).toMatchObject([
      { source: 'camera', rid: 'h', height: 360, bitrate: 400_000, active: true, limitation: 'cpu' },
    ]);
    expect(stats.slots).toHaveLength(6);
    expect(stats.slots[0]).toMatchObject({
      ...{ mid: '4', kind: 'video', participant: 'p_0000000a', source: 'camera', state: 'live' },
      ...{ width: 640, height: 360, bitrate: 1_000_000, jitterMs: 3, framesDecoded: 60 },
    });
    expect(stats.slots[0]?.loss).toBeCloseTo(0.05);
    expect(stats.slots[1]).toMatchObject({ mid: '5', state: 'empty', participant: null, bitrate: 0 });
  });
});

describe('quality', () => {
  const world = useWorld();

  it('is the server’s word: of oneself by an event, of others on the participant', async () => {
    const ann = { id: 'p_0000000a', name: 'Ann', state: 'connected' as const, tracks: [] };
    world.server.welcome = welcome({ count: 2, participants: [ann] });
    const call = await world.join();
    expect([call.quality, call.participants.get(ann.id)?.quality]).toEqual([null, null]);
    const told: unknown[] = [];
    call.on('quality', (quality) => told.push(quality));
    world.socket().say({
      type: 'quality',
      participants: [
        { participant: call.self.id, score: 40, reason: 'downlink_loss' },
        { participant: ann.id, score: 100 },
        { participant: 'p_000000ee', score: 3, reason: 'silent' },
      ],
    });
    expect(told).toEqual([{ score: 40, reason: 'downlink_loss' }]);
    expect(call.quality).toEqual({ score: 40, reason: 'downlink_loss' });
    expect(call.participants.get(ann.id)?.quality).toEqual({ score: 100, reason: null });
  });
});

describe('devices', () => {
  it('that cannot be opened have a code that tells why', () => {
    const code = (name: string): string => toDeviceError(new DOMException('x', name)).code;
    expect(code('NotAllowedError')).toBe('permission_refused');
    expect(code('NotFoundError')).toBe('no_device');
    expect(code('OverconstrainedError')).toBe('no_device');
    expect(code('NotReadableError')).toBe('in_use');
    expect(code('SomethingNew')).toBe('unknown');
  });

  it('have a level on a decibel scale', () => {
    expect(levelOf([0, 0, 0])).toBe(0);
    expect(levelOf([1, -1, 1, -1])).toBe(1);
    expect(levelOf([0.0316, -0.0316])).toBeCloseTo(0.5, 2);
    expect(levelOf([0.0001])).toBe(0);
  });
});
