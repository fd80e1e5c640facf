import { describe, expect, it, vi } from 'vitest';
import type { Permissions } from '../src/api.ts';
import type { ErrorCode, PermissionsInfo } from '../src/gen/protocol.ts';
import { fakeTrack } from './fakes/media.ts';
import { FakeWebSocket } from './fakes/websocket.ts';
import { useWorld, type World } from './fakes/world.ts';

const ALL: PermissionsInfo = {
  publish: ['camera', 'microphone', 'screen', 'screen_audio'],
  subscribe: true,
  data: true,
  hidden: false,
  see_hidden: false,
  admin: false,
};

/** Lets the fake server answer. */
async function done<T>(world: World, promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await world.pass(50);
  return await promise;
}

function refusal(code: ErrorCode) {
  return () => ({ type: 'error' as const, code, message: code });
}

describe('an access token', () => {
  const world = useWorld();

  it("is sent with the join, and its name and identity are one's own", async () => {
    world.server.welcome.identity = 'ada';
    world.server.welcome.name = 'Ada Lovelace';
    const call = await world.join({ token: 'secret-1' });
    expect(world.server.of('join')[0]?.token).toBe('secret-1');
    expect([call.self.identity, call.self.name]).toEqual(['ada', 'Ada Lovelace']);
    expect(call.debug().join()).not.toContain('secret-1');
  });

  it('is left out when there is none', async () => {
    const call = await world.join();
    expect(world.server.of('join')[0]).not.toHaveProperty('token');
    expect(call.self.identity).toBeNull();
  });

  it('comes from a function, anew for each join but not for a resume', async () => {
    let asked = 0;
    const token = () => `secret-${++asked}`;
    await world.join({ token });
    world.server.welcome.resumed = true;
    world.socket().drop();
    await world.pass(5_000);
    expect(world.server.of('join')).toHaveLength(2);
    expect(asked).toBe(1);
    world.server.welcome.resumed = false;
    world.server.special.join = (frame) =>
      'resume' in frame ? { type: 'error', code: 'resume_expired', message: '' } : world.server.welcome;
    world.socket().drop();
    await world.pass(10_000);
    expect(world.server.of('join').at(-1)?.token).toBe('secret-2');
  });

  it.each([
    'token_missing',
    'token_malformed',
    'token_invalid',
    'token_expired',
    'token_not_yet_valid',
    'token_wrong_room',
    'not_allowed',
    'no_such_room',
  ] as const)('that is refused with %s ends joining at once', async (code) => {
    world.server.special.join = refusal(code);
    await expect(world.join({ token: 'secret' })).rejects.toMatchObject({ code });
    expect(FakeWebSocket.all).toHaveLength(1);
  });

  it('that came too late is asked for again', async () => {
    const tokens = ['old', 'fresh'];
    world.server.special.join = (frame) =>
      'token' in frame && frame.token === 'fresh'
        ? world.server.welcome
        : { type: 'error', code: 'token_expired', message: '' };
    const joining = world.join({ token: () => tokens.shift() ?? '' });
    joining.catch(() => undefined);
    await world.pass(5_000);
    expect((await joining).state).toBe('connected');
  });

  it('that the page cannot get is said to be unavailable', async () => {
    const joining = world.join({ token: () => Promise.reject(new Error('HTTP 500')) });
    joining.catch(() => undefined);
    await world.pass(20_000);
    await expect(joining).rejects.toMatchObject({
      code: 'token_unavailable',
      message: expect.stringContaining('HTTP 500'),
    });
    expect(FakeWebSocket.all).toHaveLength(0);
  });

  it('that does not come in time is given up', async () => {
    const joining = world.join({ token: () => new Promise<string>(() => undefined) });
    joining.catch(() => undefined);
    await world.pass(60_000);
    await expect(joining).rejects.toMatchObject({ code: 'token_unavailable' });
  });

  it('is renewed by the function before it expires, and tried again when that fails', async () => {
    const answers = ['first', new Error('offline'), 'second'];
    const call = await world.join({
      token: () => {
        const next = answers.shift();
        if (next instanceof Error) throw next;
        return next ?? 'more';
      },
    });
    world.socket().say({ type: 'token_expiring', seconds: 60 });
    // A resume tells again meanwhile.
    world.socket().say({ type: 'token_expiring', seconds: 60 });
    await world.pass(5_000);
    expect(world.server.of('renew').map(({ token }) => token)).toEqual(['second']);
    expect(call.debug().join()).not.toContain('second');
  });

  it('is not renewed for ever', async () => {
    let asked = 0;
    await world.join({ token: () => (asked++ === 0 ? 'first' : Promise.reject(new Error('offline'))) });
    world.socket().say({ type: 'token_expiring', seconds: 10 });
    await world.pass(60_000);
    expect(asked).toBeLessThan(7);
  });

  it('without a function: the page is told, and may give another', async () => {
    const call = await world.join({ token: 'first' });
    const expiring = vi.fn();
    call.on('tokenExpiring', expiring);
    world.socket().say({ type: 'token_expiring', seconds: 60 });
    expect(expiring).toHaveBeenCalledWith(60);
    expect(world.server.of('renew')).toHaveLength(0);
    await done(world, call.setToken('second'));
    expect(world.server.of('renew').map(({ token }) => token)).toEqual(['second']);
    world.server.special.renew = refusal('token_wrong_identity');
    await expect(done(world, call.setToken('third'))).rejects.toMatchObject({ code: 'token_wrong_identity' });
  });

  it.each(['token_expired', 'not_allowed', 'duplicate_identity'] as const)('ends the call by %s', async (code) => {
    const call = await world.join({ token: 'first' });
    const closed = vi.fn();
    call.on('closed', closed);
    world.socket().say({ type: 'error', code, message: code });
    await world.pass(10_000);
    expect(closed).toHaveBeenCalledWith(expect.objectContaining({ code }));
    expect(world.server.of('join')).toHaveLength(1);
  });

  it('that expired all the same is replaced when the page has a function', async () => {
    let asked = 0;
    const call = await world.join({ token: () => `secret-${++asked}` });
    world.socket().say({ type: 'error', code: 'token_expired', message: '' });
    await world.pass(5_000);
    expect(world.server.of('join').at(-1)).toMatchObject({ token: 'secret-2' });
    expect(call.state).toBe('connected');
  });
});

describe('permissions', () => {
  const world = useWorld();

  function permit(change: Partial<PermissionsInfo>): void {
    world.socket().say({ type: 'permissions', revision: 5, permissions: { ...ALL, ...change } });
  }

  it('are those of the welcome, and later those that are told', async () => {
    world.server.welcome.permissions = { ...ALL, publish: ['microphone'], see_hidden: true };
    const call = await world.join();
    expect([...call.permissions.publish]).toEqual(['microphone']);
    expect(call.permissions.seeHidden).toBe(true);
    const told: Permissions[] = [];
    call.on('permissions', (permissions) => told.push(permissions));
    permit({ data: false });
    expect(told).toHaveLength(1);
    expect(call.permissions).toBe(told[0]);
    expect(call.permissions).toMatchObject({ data: false, subscribe: true, seeHidden: false });
  });

  it('end what may not be published any more, without a word to the server', async () => {
    const call = await world.join();
    const camera = fakeTrack('video');
    await done(world, call.publish(fakeTrack('audio'), 'microphone'));
    await done(world, call.publish(camera, 'camera'));
    const before = world.server.frames.length;
    permit({ publish: ['microphone'] });
    await world.pass(10);
    expect([...call.self.tracks.keys()]).toEqual(['microphone']);
    expect(world.pc().transceivers[1]?.sender.track).toBeNull();
    expect(world.server.frames).toHaveLength(before);
    await expect(done(world, call.publish(camera, 'camera'))).rejects.toMatchObject({ code: 'not_allowed' });
    expect(world.server.frames).toHaveLength(before);
    permit({});
    await done(world, call.publish(camera, 'camera'));
    expect(call.self.tracks.has('camera')).toBe(true);
  });

  it('decide whether messages are sent', async () => {
    const call = await world.join();
    permit({ data: false });
    await expect(call.sendData('hello')).rejects.toMatchObject({ code: 'not_allowed' });
  });

  it('that changed while the socket was away are told as well', async () => {
    const call = await world.join();
    const told = vi.fn();
    call.on('permissions', told);
    world.server.welcome = { ...world.server.welcome, resumed: true };
    world.socket().drop();
    await world.pass(5_000);
    expect(told).not.toHaveBeenCalled();
    world.server.welcome = { ...world.server.welcome, resumed: true, permissions: { ...ALL, publish: [] } };
    world.socket().drop();
    await world.pass(5_000);
    expect(told).toHaveBeenCalledOnce();
    expect(call.permissions.publish.size).toBe(0);
  });
});
