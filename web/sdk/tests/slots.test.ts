import { describe, expect, it } from 'vitest';
import type { Call, RemoteTrack, Source } from '../src/api.ts';
import type { SlotInfo, SlotStateName } from '../src/gen/protocol.ts';
import { newestSource } from '../src/media/csrc.ts';
import { welcome } from './fakes/server.ts';
import { useWorld } from './fakes/world.ts';

const ANN = 0x11;
const BOB = 0x22;
const NAMES = new Map([
  [ANN, 'Ann'],
  [BOB, 'Bob'],
]);

function person(id: string, name: string, csrc: number) {
  const track = (number: number, source: Source) => ({
    id: `t_${number.toString(16).padStart(8, '0')}`,
    csrc: number,
    source,
    muted: false,
  });
  return {
    id,
    name,
    state: 'connected' as const,
    tracks: [track(csrc, 'camera'), track(csrc + 0x100, 'microphone')],
  };
}

function slot(mid: string, csrc: number, state: SlotStateName = 'live'): SlotInfo {
  if (csrc === 0) return { mid, track: null, csrc: 0, state: 'empty' };
  return { mid, track: `t_${csrc.toString(16).padStart(8, '0')}`, csrc, state };
}

describe('the name under a picture', () => {
  const world = useWorld();
  /** First video slot: behind four publish sections. */
  const MID = '4';

  async function room(): Promise<Call> {
    world.server.welcome = welcome({
      participants: [person('p_0000000a', 'Ann', ANN), person('p_0000000b', 'Bob', BOB)],
      count: 3,
    });
    return await world.join();
  }

  function camera(call: Call, id: string): RemoteTrack {
    const track = call.participants.get(id)?.tracks.get('camera');
    if (!track) throw new Error('no camera');
    return track;
  }

  /** What stands under the slot's picture now. */
  function nameOnSlot(call: Call): string | null {
    const picture = world.pc().section(MID).receiver.track;
    const shown = [...call.participants.values()].filter(({ tracks }) => tracks.get('camera')?.mediaTrack === picture);
    expect(shown.length).toBeLessThan(2);
    return shown[0]?.name ?? null;
  }

  const say = (...slots: SlotInfo[]): void => world.socket().say({ type: 'slots', slots });
  const play = (csrc: number): void => world.pc().section(MID).receiver.play(csrc);

  it('comes when message and packets agree, whichever is first', async () => {
    const call = await room();
    expect(camera(call, 'p_0000000a').state).toBe('off');
    say(slot(MID, ANN, 'switching'));
    expect(camera(call, 'p_0000000a').state).toBe('switching');
    expect(nameOnSlot(call)).toBeNull();
    play(ANN);
    await world.pass(250);
    expect(nameOnSlot(call)).toBe('Ann');
    expect(camera(call, 'p_0000000a').state).toBe('live');
    play(BOB);
    await world.pass(250);
    expect(nameOnSlot(call)).toBeNull();
    say(slot(MID, BOB));
    expect(nameOnSlot(call)).toBe('Bob');
  });

  it('goes at once when the message comes first, and never returns on the old packets', async () => {
    const call = await room();
    say(slot(MID, ANN));
    play(ANN);
    await world.pass(250);
    expect(nameOnSlot(call)).toBe('Ann');
    say(slot(MID, BOB, 'switching'));
    expect(nameOnSlot(call)).toBeNull();
    play(ANN);
    await world.pass(250);
    expect(nameOnSlot(call)).toBeNull();
    play(BOB);
    await world.pass(250);
    expect(nameOnSlot(call)).toBe('Bob');
  });

  it('is right over a hundred switches in any order of messages and packets', async () => {
    const call = await room();
    let assigned = 0;
    let played = 0;
    for (let i = 0; i < 400; i += 1) {
      // A small linear congruence: every run takes the same way.
      const dice = (i * 1_103_515_245 + 12_345) >>> 16;
      if (dice % 2 === 0) {
        assigned = [ANN, BOB, 0][dice % 3] ?? 0;
        say(slot(MID, assigned, dice % 5 === 0 ? 'switching' : 'live'));
      } else {
        played = [ANN, BOB][dice % 3] ?? ANN;
        await world.pass(1);
        play(played);
        await world.pass(250);
      }
      expect(nameOnSlot(call)).toBe(assigned === played ? (NAMES.get(played) ?? null) : null);
    }
  });

  it('holds over a still picture, whose source the browser forgets', async () => {
    const call = await room();
    say(slot(MID, ANN));
    play(ANN);
    await world.pass(250);
    world.pc().section(MID).receiver.sources = [];
    await world.pass(60_000);
    expect(nameOnSlot(call)).toBe('Ann');
  });

  it('is without a picture while paused, with the reason', async () => {
    const call = await room();
    play(ANN);
    say({ ...slot(MID, ANN, 'paused'), reason: 'bandwidth' });
    await world.pass(250);
    expect(camera(call, 'p_0000000a')).toMatchObject({ state: 'paused', pauseReason: 'bandwidth', mediaTrack: null });
  });

  it('is told in one piece when two slots swap', async () => {
    const call = await room();
    const seen: (string | null)[] = [];
    say(slot('4', ANN), slot('5', BOB));
    world.pc().section('4').receiver.play(ANN);
    world.pc().section('5').receiver.play(BOB);
    await world.pass(250);
    call.on('participants', () => seen.push(nameOnSlot(call)));
    say(slot('4', BOB), slot('5', ANN));
    expect(seen).toEqual([null]);
    expect(camera(call, 'p_0000000a').mediaTrack).toBeNull();
  });

  it('survives slots of tracks and sections that nobody knows', async () => {
    const call = await room();
    say(slot('99', ANN), slot(MID, 0x77));
    play(0x77);
    await world.pass(250);
    expect(nameOnSlot(call)).toBeNull();
    expect((await call.stats()).slots[0]).toMatchObject({ participant: null, source: null, state: 'live' });
  });

  it('follows after a resume what the server says then', async () => {
    const call = await room();
    say(slot(MID, ANN));
    play(ANN);
    await world.pass(250);
    world.server.welcome = { ...world.server.welcome, resumed: true, slots: [slot('5', BOB)] };
    world.socket().drop();
    await world.pass(1_000);
    expect(nameOnSlot(call)).toBeNull();
    expect(camera(call, 'p_0000000a').state).toBe('off');
    expect(camera(call, 'p_0000000b').state).toBe('switching');
  });
});

describe('the newest source', () => {
  it('is the one played last, and at the same instant the later on the RTP clock, also over its wrap', () => {
    expect(newestSource([])).toBeNull();
    expect(newestSource([{ source: 1, timestamp: 5 }])?.source).toBe(1);
    expect(
      newestSource([
        { source: 1, timestamp: 5, rtpTimestamp: 900 },
        { source: 2, timestamp: 6, rtpTimestamp: 100 },
      ])?.source,
    ).toBe(2);
    expect(
      newestSource([
        { source: 1, timestamp: 5, rtpTimestamp: 0xffff_ff00 },
        { source: 2, timestamp: 5, rtpTimestamp: 0x10 },
      ])?.source,
    ).toBe(2);
  });
});
