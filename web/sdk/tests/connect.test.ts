import { describe, expect, it } from 'vitest';
import { connect } from '../src/connect.ts';
import { FakePeerConnection } from './fakes/peer.ts';
import { FakeWebSocket } from './fakes/websocket.ts';
import { useWorld } from './fakes/world.ts';

describe('connect', () => {
  const world = useWorld();

  it('joins, offers once, and resolves when media is connected', async () => {
    const call = await world.join({ metadata: 'm' });
    expect(world.server.frames.map(({ type }) => type)).toEqual(['join', 'offer']);
    expect(world.server.of('join')[0]).toMatchObject({ room: 'demo', name: 'Ada', metadata: 'm' });
    expect(world.server.of('join')[0]).not.toHaveProperty('compat');
    expect(world.socket().protocol).toBe('plenum.v1');
    expect(call.state).toBe('connected');
    expect(call.self.id).toBe('p_00000001');
  });

  it('offers publish sections first, then video slots, then audio slots, with few codecs', async () => {
    await world.join();
    const sections = world.pc().transceivers;
    expect(sections.map(({ kind, direction }) => `${kind} ${direction}`)).toEqual([
      ...['audio sendonly', 'video sendonly', 'video sendonly', 'audio sendonly'],
      ...Array(3).fill('video recvonly'),
      ...Array(3).fill('audio recvonly'),
    ]);
    expect(sections[1]?.sender.encodings.map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy])).toEqual(
      [
        ['q', 4],
        ['h', 2],
        ['f', 1],
      ],
    );
    for (const { kind, direction, codecs } of sections) {
      const names = codecs.map(({ mimeType }) => mimeType);
      const video =
        direction === 'sendonly'
          ? ['video/VP8', 'video/rtx']
          : ['video/VP8', 'video/VP9', 'video/AV1', 'video/H264', 'video/rtx'];
      expect(names).toEqual(kind === 'audio' ? ['audio/red', 'audio/opus'] : video);
    }
    expect(world.server.of('offer')[0]?.tracks).toEqual([
      { mid: '0', source: 'microphone' },
      { mid: '1', source: 'camera' },
      { mid: '2', source: 'screen' },
      { mid: '3', source: 'screen_audio' },
    ]);
    expect(world.pc().channels.map(({ label, options }) => [label, options])).toEqual([
      ['reliable', { ordered: true }],
      ['lossy', { ordered: false, maxRetransmits: 0 }],
    ]);
  });

  it('rejects with the code and words of the server', async () => {
    world.server.special.join = () => ({ type: 'error', code: 'room_full', message: 'The room is full.' });
    await expect(world.join()).rejects.toMatchObject({ code: 'room_full', message: 'The room is full.' });
    expect(FakeWebSocket.all).toHaveLength(1);
  });

  it('says that the server cannot be reached, after some attempts', async () => {
    FakeWebSocket.down = true;
    const joining = connect({ url: 'ws://test/signal', room: 'demo', name: 'Ada' });
    joining.catch(() => undefined);
    await world.pass(15_000);
    await expect(joining).rejects.toMatchObject({ code: 'unreachable' });
    expect(FakeWebSocket.all.length).toBeGreaterThan(2);
  });

  it('gives up when told to', async () => {
    FakePeerConnection.connects = false;
    const controller = new AbortController();
    const joining = connect({ url: 'ws://test/signal', room: 'demo', name: 'Ada', signal: controller.signal });
    joining.catch(() => undefined);
    await world.pass(100);
    controller.abort();
    await expect(joining).rejects.toMatchObject({ code: 'aborted' });
    await world.pass(100);
    expect(world.pc().connectionState).toBe('closed');
  });

  it('drops UDP candidates with transport tcp, and offers again to move to UDP', async () => {
    const udp = 'a=candidate:1 1 udp 2113937151 192.0.2.1 10000 typ host';
    const tcp = 'a=candidate:2 1 tcp 1518214911 192.0.2.1 10000 typ host tcptype passive';
    world.server.special.offer = () => ({ type: 'answer', sdp: `v=0\r\n${udp}\r\n${tcp}\r\n` });
    const call = await world.join({ transport: 'tcp' });
    expect(world.pc().answers).toEqual([`v=0\r\n${tcp}\r\n`]);
    const moving = call.setTransport('all');
    await world.pass(10);
    await moving;
    expect(world.pc().offers.at(-1)).toEqual({ iceRestart: true });
    expect(world.pc().answers.at(-1)).toContain(udp);
  });

  it('tries again with every SRTP profile when the handshake failed, and remembers it', async () => {
    FakePeerConnection.connects = false;
    const joining = connect({ url: 'ws://test/signal', room: 'demo', name: 'Ada' });
    await world.pass(50);
    FakePeerConnection.connects = true;
    world.socket().say({ type: 'error', code: 'handshake_failed', message: 'The DTLS handshake failed.' });
    await world.pass(1_000);
    await joining;
    expect(world.server.of('join').map(({ compat }) => compat)).toEqual([undefined, true]);
    expect(FakePeerConnection.all).toHaveLength(2);
    expect([...world.storage.values()]).toEqual(['1']);
    const again = await world.join();
    expect(again.state).toBe('connected');
    expect(world.server.of('join').at(-1)?.compat).toBe(true);
  });

  it('gives up with media_failed when no media path ever comes up', async () => {
    FakePeerConnection.connects = false;
    const joining = connect({ url: 'ws://test/signal', room: 'demo', name: 'Ada' });
    joining.catch(() => undefined);
    await world.pass(40_000);
    await expect(joining).rejects.toMatchObject({
      code: 'media_failed',
      log: expect.arrayContaining([expect.any(String)]),
    });
    expect(world.server.of('join').some(({ compat }) => compat)).toBe(false);
  });

  it('adds slots by a second offer on the same connection, within the limits', async () => {
    const call = await world.join();
    const adding = call.addSlots(2, 1);
    await world.pass(10);
    await adding;
    expect(FakePeerConnection.all).toHaveLength(1);
    expect(world.pc().offers).toEqual([{ iceRestart: false }, { iceRestart: false }]);
    expect(
      world
        .pc()
        .transceivers.slice(10)
        .map(({ kind }) => kind),
    ).toEqual(['video', 'video', 'audio']);
    expect(call.videoSlots).toBe(5);
    await expect(call.addSlots(100, 0)).rejects.toMatchObject({ code: 'invalid_value' });
  });

  it('leaves: says so, closes, and takes no more requests', async () => {
    const call = await world.join();
    const closed: unknown[] = [];
    call.on('closed', (error) => closed.push(error));
    const { sent } = world.socket();
    await call.leave();
    expect(sent.at(-1)?.type).toBe('leave');
    expect(closed).toEqual([null]);
    expect(call.state).toBe('closed');
    expect(world.pc().connectionState).toBe('closed');
    await expect(call.setName('Bob')).rejects.toMatchObject({ code: 'closed' });
  });

  it('keeps a log of the connection without SDP', async () => {
    const call = await world.join();
    const log = call.debug().join('\n');
    expect(log).toMatch(/negotiation: offer 1: answered/);
    expect(log).toMatch(/dtls: connection connected/);
    expect(log).not.toContain('answer to offer');
  });
});
