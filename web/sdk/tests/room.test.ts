import { describe, expect, it } from 'vitest';
import type { ParticipantInfo } from '../src/gen/protocol.ts';
import { welcome } from './fakes/server.ts';
import { useWorld } from './fakes/world.ts';

function info(id: string, name: string, fields: Partial<ParticipantInfo> = {}): ParticipantInfo {
  return { id, name, state: 'connected', tracks: [], ...fields };
}
const ANN = info('p_0000000a', 'Ann');
const BOB = info('p_0000000b', 'Bob');

describe('the room', () => {
  const world = useWorld();

  it('shows who comes, changes and goes, in order of joining', async () => {
    world.server.welcome = welcome({ participants: [BOB], count: 2, revision: 4 });
    const call = await world.join();
    const events: string[] = [];
    call.on('joined', ({ name }) => events.push(`+${name}`));
    call.on('left', ({ name }) => events.push(`-${name}`));
    const bob = call.participants.get('p_0000000b');
    world.socket().say({ type: 'joined', revision: 5, count: 3, participants: [ANN] });
    world.socket().say({
      type: 'updated',
      revision: 6,
      participants: [
        info('p_0000000b', 'Bobby', {
          state: 'reconnecting',
          metadata: 'm',
          tracks: [{ id: 't_00000001', csrc: 1, source: 'microphone', muted: true }],
        }),
      ],
    });
    expect([...call.participants.values()].map(({ name }) => name)).toEqual(['Bobby', 'Ann']);
    expect(call.participants.get('p_0000000b')).toBe(bob);
    expect(bob).toMatchObject({ state: 'reconnecting', metadata: 'm' });
    expect(bob?.tracks.get('microphone')).toMatchObject({ muted: true, state: 'off', csrc: 1 });
    expect(call.count).toBe(3);
    world.socket().say({ type: 'left', revision: 7, count: 2, participants: ['p_0000000b', 'p_00000099'] });
    expect([...call.participants.keys()]).toEqual(['p_0000000a']);
    expect([call.count, events]).toEqual([2, ['+Ann', '-Bobby']]);
  });

  it('ignores what is older than its state', async () => {
    world.server.welcome = welcome({ participants: [ANN], count: 2, revision: 9 });
    const call = await world.join();
    world.socket().say({ type: 'left', revision: 8, count: 1, participants: ['p_0000000a'] });
    expect(call.count).toBe(2);
    expect(call.participants.size).toBe(1);
  });

  it('keeps a track while its id is the same, and makes a new one with a new id', async () => {
    const camera = (id: string, muted: boolean): ParticipantInfo =>
      info('p_0000000a', 'Ann', { tracks: [{ id, csrc: Number.parseInt(id.slice(2), 16), source: 'camera', muted }] });
    world.server.welcome = welcome({ participants: [camera('t_00000001', false)], count: 2 });
    const call = await world.join();
    const track = () => call.participants.get('p_0000000a')?.tracks.get('camera');
    const first = track();
    world.socket().say({ type: 'updated', revision: 2, participants: [camera('t_00000001', true)] });
    expect(track()).toBe(first);
    expect(first?.muted).toBe(true);
    world.socket().say({ type: 'updated', revision: 3, participants: [camera('t_00000002', false)] });
    expect(track()).not.toBe(first);
    expect(track()?.csrc).toBe(2);
  });

  it('knows who speaks, and who is the active speaker', async () => {
    world.server.welcome = welcome({ participants: [ANN, BOB], count: 3 });
    const call = await world.join();
    const speakers = [
      { participant: 'p_0000000b', level: 90, active: true },
      { participant: 'p_00000001', level: 60, active: false },
    ];
    world.socket().say({ type: 'speakers', speakers });
    expect(call.activeSpeaker).toBe('p_0000000b');
    expect(call.participants.get('p_0000000b')).toMatchObject({ speaking: true, level: 90 });
    expect(call.participants.get('p_0000000a')).toMatchObject({ speaking: false, level: 0 });
    expect(call.self.speaking).toBe(true);
    world.socket().say({ type: 'speakers', speakers: [] });
    expect([call.activeSpeaker, call.self.speaking]).toEqual([null, false]);
    expect(call.participants.get('p_0000000b')?.speaking).toBe(false);
  });

  it('ignores messages of the future and frames that are none', async () => {
    const call = await world.join();
    world.socket().text('{"type":"of_the_future","x":1}');
    world.socket().text('{broken');
    world.socket().text(new ArrayBuffer(3));
    expect(call.state).toBe('connected');
  });

  it('survives a listener that throws', async () => {
    const call = await world.join();
    const heard: string[] = [];
    const thrown: unknown[] = [];
    const catcher = (error: unknown): void => {
      thrown.push(error);
    };
    process.once('uncaughtException', catcher);
    call.on('joined', () => {
      throw new Error('the page is at fault');
    });
    call.on('joined', ({ name }) => heard.push(name));
    world.socket().say({ type: 'joined', revision: 5, count: 2, participants: [ANN] });
    await world.pass(1);
    expect(heard).toEqual(['Ann']);
    process.removeListener('uncaughtException', catcher);
    expect(thrown).toHaveLength(1);
  });
});

describe('the view', () => {
  const world = useWorld();
  const tile = (participant: string, height: number) => ({ participant, source: 'camera' as const, height });

  async function room() {
    world.server.welcome = welcome({ participants: [ANN, BOB], count: 3 });
    return await world.join();
  }

  it('is sent in whole pixels, without those who are gone', async () => {
    const call = await room();
    const set = call.setView({ tiles: [tile('p_0000000a', 359.6), tile('p_00000099', 100)], autoHeight: 180.2 });
    await world.pass(10);
    await set;
    expect(world.server.of('view')).toMatchObject([
      { tiles: [{ participant: 'p_0000000a', source: 'camera', height: 360, priority: 0 }], auto_height: 180 },
    ]);
  });

  it('is sent once when it does not change, and only the newest of many', async () => {
    const call = await room();
    const all = Array.from({ length: 50 }, (_, i) => call.setView({ tiles: [tile('p_0000000a', 100 + i)] }));
    await world.pass(50);
    await Promise.all(all);
    expect(world.server.of('view').map(({ tiles }) => tiles[0]?.height)).toEqual([100, 149]);
    const first = call.setView({ tiles: [tile('p_0000000a', 200)] });
    await Promise.resolve();
    const others = [201, 202, 203].map((height) => call.setView({ tiles: [tile('p_0000000a', height)] }));
    await world.pass(50);
    await Promise.all([first, ...others]);
    await call.setView({ tiles: [tile('p_0000000a', 203)] });
    expect(world.server.of('view').map(({ tiles }) => tiles[0]?.height)).toEqual([100, 149, 200, 203]);
  });

  it('that the server refuses is told, and the next one is sent all the same', async () => {
    const call = await room();
    world.server.special.view = () => ({ type: 'error', code: 'invalid_value', message: 'Too many tiles.' });
    const refused = call.setView({ tiles: [tile('p_0000000a', 1)] });
    refused.catch(() => undefined);
    await world.pass(10);
    await expect(refused).rejects.toMatchObject({ code: 'invalid_value' });
    delete world.server.special.view;
    const next = call.setView({ tiles: [tile('p_0000000a', 2)] });
    await world.pass(10);
    await next;
    expect(world.server.of('view')).toHaveLength(2);
  });
});
