import { describe, expect, it } from 'vitest';
import { fakeTrack } from './fakes/media.ts';
import { FakePeerConnection } from './fakes/peer.ts';
import { welcome } from './fakes/server.ts';
import { FakeWebSocket } from './fakes/websocket.ts';
import { useWorld } from './fakes/world.ts';

const BOB = { id: 'p_00000002', name: 'Bob', state: 'connected' as const, tracks: [] };
const EVE = { id: 'p_00000003', name: 'Eve', state: 'connected' as const, tracks: [] };

describe('a lost socket', () => {
  const world = useWorld();

  it('is taken up again with the token, without a new offer, and with the state as it is now', async () => {
    world.server.welcome = welcome({ participants: [BOB], count: 2 });
    const call = await world.join();
    const left: string[] = [];
    const joined: string[] = [];
    call.on('left', ({ id }) => left.push(id));
    call.on('joined', ({ id }) => joined.push(id));
    world.server.welcome = welcome({ resumed: true, resume: 'token-2', revision: 9, participants: [EVE], count: 2 });
    world.socket().drop();
    await world.pass(1_000);
    expect(world.server.of('join').at(-1)).toMatchObject({ resume: 'token-1', name: 'Ada' });
    expect(world.server.of('offer')).toHaveLength(1);
    expect(FakePeerConnection.all).toHaveLength(1);
    expect([left, joined]).toEqual([['p_00000002'], ['p_00000003']]);
    world.socket().drop();
    await world.pass(1_000);
    expect(world.server.of('join').at(-1)).toMatchObject({ resume: 'token-2' });
  });

  it('is not shown when it is back at once, and shown when it stays away', async () => {
    const call = await world.join();
    const states: string[] = [];
    call.on('state', (state) => states.push(state));
    world.server.welcome = welcome({ resumed: true });
    world.socket().drop();
    await world.pass(1_000);
    expect(states).toEqual([]);
    FakeWebSocket.down = true;
    world.socket().drop();
    await world.pass(3_000);
    expect(states).toEqual(['reconnecting']);
    FakeWebSocket.down = false;
    await world.pass(6_000);
    expect(states).toEqual(['reconnecting', 'connected']);
  });

  it('repeats requests without an answer with their old ids', async () => {
    const call = await world.join();
    world.server.special.update = () => null;
    const renamed = call.setName('Ada L.');
    await world.pass(10);
    delete world.server.special.update;
    world.server.welcome = welcome({ resumed: true });
    world.socket().drop();
    await world.pass(1_000);
    await renamed;
    const [first, second] = world.server.of('update');
    expect(second).toEqual(first);
    expect(call.self.name).toBe('Ada L.');
  });

  it('leads to a new peer with everything published and shown again when the token is too old', async () => {
    world.server.welcome = welcome({ participants: [BOB], count: 2 });
    const call = await world.join();
    const publishing = call.publish(fakeTrack('video'), 'camera');
    await world.pass(50);
    const camera = await publishing;
    const viewing = call.setView({ tiles: [{ participant: 'p_00000002', source: 'camera', height: 360 }] });
    await world.pass(50);
    await viewing;
    const before = FakePeerConnection.last;
    world.server.special.join = (frame) =>
      'resume' in frame
        ? { type: 'error', code: 'resume_expired', message: 'Join anew.' }
        : welcome({ participant: 'p_00000007', participants: [BOB], count: 2 });
    world.socket().drop();
    await world.pass(2_000);
    expect(before.connectionState).toBe('closed');
    expect(FakePeerConnection.all).toHaveLength(2);
    expect(call.state).toBe('connected');
    expect(call.self.id).toBe('p_00000007');
    expect(call.self.tracks.get('camera')).toBe(camera);
    expect(world.pc().section('1').sender.track).toBe(camera.mediaTrack);
    expect(world.server.of('publish')).toHaveLength(2);
    expect(world.server.of('view')).toHaveLength(2);
  });

  it('is noticed by a ping without answer', async () => {
    await world.join();
    world.server.special.ping = () => null;
    await world.pass(16_000);
    expect(FakeWebSocket.all.length).toBeGreaterThan(1);
    expect(world.server.of('join').at(-1)).toMatchObject({ resume: 'token-1' });
  });

  it('ends the call when the server does not come back', async () => {
    const call = await world.join();
    const closed: unknown[] = [];
    call.on('closed', (error) => closed.push(error));
    FakeWebSocket.down = true;
    world.socket().drop();
    await world.pass(60_000);
    expect(call.state).toBe('reconnecting');
    await world.pass(120_000);
    expect(closed).toMatchObject([{ code: 'unreachable' }]);
    expect(call.state).toBe('closed');
  });

  it('ends the call when the same participant came from elsewhere', async () => {
    const call = await world.join();
    const closed: unknown[] = [];
    call.on('closed', (error) => closed.push(error));
    world.socket().say({ type: 'error', code: 'replaced', message: 'Connected elsewhere.' });
    expect(closed).toMatchObject([{ code: 'replaced' }]);
    await world.pass(10_000);
    expect(FakeWebSocket.all).toHaveLength(1);
  });

  it('of a draining server is left after the time it names', async () => {
    const call = await world.join();
    world.socket().say({ type: 'draining', retry_after_ms: 3_000 });
    await world.pass(2_900);
    expect(FakeWebSocket.all).toHaveLength(1);
    await world.pass(2_000);
    expect(world.server.of('leave')).toHaveLength(0); // the socket was closed behind it
    expect(world.server.of('join').at(-1)).not.toHaveProperty('resume');
    expect(FakePeerConnection.all).toHaveLength(2);
    expect(call.state).toBe('connected');
  });
});

describe('broken media', () => {
  const world = useWorld();

  it('is repaired by an ICE restart on the same peer connection', async () => {
    const call = await world.join();
    const states: string[] = [];
    call.on('state', (state) => states.push(state));
    world.pc().become('disconnected');
    await world.pass(1_000);
    expect(world.pc().offers).toHaveLength(1);
    await world.pass(1_000);
    expect(world.pc().offers.at(-1)).toEqual({ iceRestart: true });
    expect(FakePeerConnection.all).toHaveLength(1);
    expect(states).toEqual(['reconnecting', 'connected']);
  });

  it('needs no restart when it comes back by itself', async () => {
    await world.join();
    world.pc().become('disconnected');
    await world.pass(500);
    world.pc().become('connected');
    await world.pass(20_000);
    expect(world.pc().offers).toHaveLength(1);
  });

  it('is made anew when restarts do not help', async () => {
    const call = await world.join();
    FakePeerConnection.connects = false;
    world.pc().become('failed');
    await world.pass(10_000);
    expect(world.pc().offers.map(({ iceRestart }) => iceRestart)).toEqual([false, true, true]);
    FakePeerConnection.connects = true;
    await world.pass(9_000);
    expect(FakePeerConnection.all).toHaveLength(2);
    expect(call.state).toBe('connected');
  });

  it('is made anew at once when the server says that it broke', async () => {
    const call = await world.join();
    world.socket().say({ type: 'error', code: 'media_failed', message: 'The peer broke.' });
    expect(call.state).toBe('reconnecting');
    await world.pass(1_000);
    expect(FakePeerConnection.all).toHaveLength(2);
    expect(call.state).toBe('connected');
  });

  it('waits for the socket before it is repaired', async () => {
    const call = await world.join();
    FakeWebSocket.down = true;
    world.server.welcome = welcome({ resumed: true });
    world.socket().drop();
    world.pc().become('failed');
    await world.pass(20_000);
    expect(world.pc().offers).toHaveLength(1);
    FakeWebSocket.down = false;
    await world.pass(6_000);
    expect(world.pc().offers.at(-1)).toEqual({ iceRestart: true });
    expect(FakePeerConnection.all).toHaveLength(1);
    expect(call.state).toBe('connected');
  });
});
