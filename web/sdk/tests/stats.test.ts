import { describe, expect, it } from 'vitest';
import { toDeviceError } from '../src/devices/errors.ts';
import { levelOf } from '../src/devices/meter.ts';
import { QualityJudge, readingOf } from '../src/stats/quality.ts';
import { Rates } from '../src/stats/rates.ts';
import type { Report, Reports } from '../src/stats/reports.ts';
import { welcome } from './fakes/server.ts';
import { useWorld } from './fakes/world.ts';

function reports(...list: (Partial<Report> & { id: string; type: string })[]): Reports {
  return new Map(list.map((report) => [report.id, { timestamp: 0, ...report }]));
}

describe('quality', () => {
  const GOOD = { loss: 0, rttMs: 30 };
  const LOSSY = { loss: 0.2, rttMs: 30 };

  it('needs two bad readings in a row to be poor, and four good ones to be good again', () => {
    const judge = new QualityJudge();
    expect([judge.take(LOSSY), judge.take(GOOD), judge.take(LOSSY), judge.take(LOSSY)]).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(judge.quality).toBe('poor');
    expect([GOOD, GOOD, GOOD, LOSSY, GOOD, GOOD, GOOD, GOOD].map((reading) => judge.take(reading))).toEqual([
      ...Array(7).fill(false),
      true,
    ]);
    expect(judge.quality).toBe('good');
  });

  it('counts a slow network as bad too', () => {
    const judge = new QualityJudge();
    const slow = { loss: 0, rttMs: 900 };
    expect([judge.take(slow), judge.take(slow)]).toEqual([false, true]);
  });

  it('reads losses both ways since the last reading, and the round trip of the pair in use', () => {
    const rates = new Rates();
    const at = (packetsLost: number, packetsReceived: number, fractionLost: number): Reports =>
      reports(
        { id: 'i', type: 'inbound-rtp', packetsLost, packetsReceived },
        { id: 'r', type: 'remote-inbound-rtp', fractionLost },
        { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
        { id: 'p', type: 'candidate-pair', currentRoundTripTime: 0.05 },
      );
    expect(readingOf(at(100, 900, 0), rates).loss).toBeCloseTo(0.1);
    expect(readingOf(at(100, 1_900, 0), rates)).toEqual({ loss: 0, rttMs: 50 });
    expect(readingOf(at(100, 2_900, 0.3), rates).loss).toBeCloseTo(0.3);
  });
});

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

  it('make the call poor while the network is, and say when it is good again', async () => {
    const call = await world.join();
    const told: string[] = [];
    call.on('quality', (quality) => told.push(quality));
    const rtt = (seconds: number): void => {
      world.pc().stats = new Map(
        reports({ id: 'p', type: 'candidate-pair', selected: true, currentRoundTripTime: seconds }),
      );
    };
    rtt(1);
    await world.pass(4_500);
    expect([told, call.quality]).toEqual([['poor'], 'poor']);
    rtt(0.02);
    await world.pass(8_500);
    expect([told, call.quality]).toEqual([['poor', 'good'], 'good']);
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
