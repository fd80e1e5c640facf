import { describe, expect, it } from 'vitest';
import type { Call, Source } from '../src/api.ts';
import { fakeTrack } from './fakes/media.ts';
import { useWorld } from './fakes/world.ts';

type Encoding = RTCRtpEncodingParameters & { codec?: RTCRtpCodec; scalabilityMode?: string };

describe('publishing', () => {
  const world = useWorld();
  const CAMERA = '1';

  async function publish(call: Call, source: Source, track: MediaStreamTrack, muted = false) {
    const publishing = call.publish(track, source, { muted });
    publishing.catch(() => undefined);
    await world.pass(50);
    return await publishing;
  }

  async function done(promise: Promise<unknown>): Promise<void> {
    await world.pass(50);
    await promise;
  }

  it('lets the track flow and tells the layers, lowest first, without an offer', async () => {
    const call = await world.join();
    const track = fakeTrack('video', 720);
    const local = await publish(call, 'camera', track);
    expect(world.pc().section(CAMERA).sender.track).toBe(track);
    expect(world.server.of('publish')).toMatchObject([
      {
        mid: CAMERA,
        muted: false,
        layers: [
          { rid: 'q', height: 180, max_bitrate: 150_000 },
          { rid: 'h', height: 360, max_bitrate: 500_000 },
          { rid: 'f', height: 720, max_bitrate: 1_700_000 },
        ],
      },
    ]);
    expect(local).toMatchObject({ id: 't_000000a1', source: 'camera', muted: false });
    expect(call.self.tracks.get('camera')).toBe(local);
    expect(world.server.of('offer')).toHaveLength(1);
  });

  it('uses fewer layers for a small camera: the full picture is on the highest that is sent', async () => {
    const call = await world.join();
    await publish(call, 'camera', fakeTrack('video', 360));
    expect(world.server.of('publish')[0]?.layers?.map(({ rid, height }) => [rid, height])).toEqual([
      ['q', 180],
      ['h', 360],
    ]);
    const [q, h, f] = world.pc().section(CAMERA).sender.encodings;
    expect([q?.scaleResolutionDownBy, h?.scaleResolutionDownBy, f?.active]).toEqual([2, 1, false]);
  });

  it('sends the codec it is told', async () => {
    const call = await world.join({ videoCodec: 'vp9' });
    const { sender } = world.pc().section(CAMERA);
    const vp9 = { mimeType: 'video/VP9', clockRate: 90_000 };
    sender.codecs.push(vp9);
    await publish(call, 'camera', fakeTrack('video', 720));
    const layersTold = () => world.server.of('publish').map(({ layers }) => layers?.map(({ rid }) => rid).join());
    expect(layersTold()).toEqual(['q,h,f']);
    const sent = () =>
      sender.encodings.map(({ rid, active, codec, scalabilityMode }: Encoding) => [
        rid,
        active,
        codec?.mimeType,
        scalabilityMode,
      ]);
    expect(sent()).toEqual([
      ['q', true, 'video/VP9', 'L1T3'],
      ['h', true, 'video/VP9', 'L1T3'],
      ['f', true, 'video/VP9', 'L1T3'],
    ]);
    world.socket().say({ type: 'codec', track: 't_000000a1', codec: 'vp8' });
    await world.pass(50);
    expect(layersTold()).toEqual(['q,h,f']);
    expect(sent()).toEqual([
      ['q', true, 'video/VP8', 'L1T3'],
      ['h', true, 'video/VP8', 'L1T3'],
      ['f', true, 'video/VP8', 'L1T3'],
    ]);
  });

  it('prefers AV1 to VP8 in the offer, so that the server asks for its descriptors', async () => {
    const offered = async (videoCodec: 'av1' | 'vp9') => {
      await world.join({ videoCodec });
      return world
        .pc()
        .section(CAMERA)
        .codecs.map(({ mimeType }) => mimeType.toLowerCase());
    };
    expect(await offered('av1')).toEqual(['video/av1', 'video/vp8', 'video/rtx']);
    expect(await offered('vp9')).toEqual(['video/vp8', 'video/vp9', 'video/rtx']);
  });

  it('names VP8 where AV1 comes first', async () => {
    const call = await world.join({ videoCodec: 'av1' });
    const { sender } = world.pc().section(CAMERA);
    sender.codecs.unshift({ mimeType: 'video/AV1', clockRate: 90_000 });
    const names = () => sender.encodings.map(({ codec }: Encoding) => codec?.mimeType);
    await publish(call, 'camera', fakeTrack('video', 720));
    expect(names()).toEqual([undefined, undefined, undefined]);
    world.socket().say({ type: 'codec', track: 't_000000a1', codec: 'vp8' });
    await world.pass(50);
    expect(names()).toEqual(['video/VP8', 'video/VP8', 'video/VP8']);
  });

  it('stays with VP8 where the wanted codec was not negotiated', async () => {
    const call = await world.join({ videoCodec: 'av1' });
    await publish(call, 'camera', fakeTrack('video', 720));
    expect(world.server.of('publish')[0]?.layers).toHaveLength(3);
    expect(
      world
        .pc()
        .section(CAMERA)
        .sender.encodings.map(({ codec }: Encoding) => codec),
    ).toEqual([undefined, undefined, undefined]);
  });

  it('of sound and screens has no simulcast', async () => {
    const call = await world.join();
    await publish(call, 'microphone', fakeTrack('audio'));
    await publish(call, 'screen', fakeTrack('video', 1080));
    await publish(call, 'screen_audio', fakeTrack('audio'));
    expect(world.server.of('publish').map(({ mid, layers }) => [mid, layers])).toEqual([
      ['0', []],
      ['2', [{ rid: '', height: 1080, max_bitrate: 2_500_000 }]],
      ['3', []],
    ]);
  });

  it('stops encoding the layers nobody watches, one change after the other', async () => {
    const call = await world.join();
    const { id } = await publish(call, 'camera', fakeTrack('video', 720));
    const { sender } = world.pc().section(CAMERA);
    for (const wanted of [['q', 'h'], ['q'], [], ['q', 'f']]) world.socket().say({ type: 'layers', track: id, wanted });
    await world.pass(100);
    expect(sender.history).toEqual(['q:1 h:1 f:0', 'q:1 h:0 f:0', 'q:0 h:0 f:0', 'q:1 h:0 f:1']);
    expect(sender.mostAtOnce).toBe(1);
    world.socket().say({ type: 'layers', track: 't_00009999', wanted: [] });
    await world.pass(100);
    expect(sender.history).toHaveLength(4);
  });

  it('goes on when the browser refuses the parameters', async () => {
    const call = await world.join();
    const { id } = await publish(call, 'camera', fakeTrack('video', 720));
    const { sender } = world.pc().section(CAMERA);
    const works = sender.setParameters;
    sender.setParameters = () => Promise.reject(new DOMException('busy', 'InvalidModificationError'));
    world.socket().say({ type: 'layers', track: id, wanted: ['q'] });
    await world.pass(100);
    sender.setParameters = works;
    world.socket().say({ type: 'layers', track: id, wanted: ['h'] });
    await world.pass(100);
    expect(sender.history).toEqual(['q:0 h:1 f:0']);
    expect(call.debug().join('\n')).toContain('layers not set: busy');
  });

  it('switches a screen off when nobody watches, and on again', async () => {
    const call = await world.join();
    const { id } = await publish(call, 'screen', fakeTrack('video', 1080));
    world.socket().say({ type: 'layers', track: id, wanted: [] });
    world.socket().say({ type: 'layers', track: id, wanted: [''] });
    await world.pass(100);
    expect(world.pc().section('2').sender.history.slice(-2)).toEqual([':0', ':1']);
  });

  it('replaces a device without unpublishing, and tells new heights', async () => {
    const call = await world.join();
    const local = await publish(call, 'camera', fakeTrack('video', 720));
    const other = fakeTrack('video', 1080);
    await done(call.replaceTrack('camera', other));
    expect(call.self.tracks.get('camera')).toBe(local);
    expect(local.mediaTrack).toBe(other);
    expect(world.server.of('publish').at(-1)?.layers?.at(-1)?.height).toBe(1080);
    expect(world.server.of('unpublish')).toEqual([]);
  });

  it('tells new heights when a phone is turned', async () => {
    const call = await world.join();
    const track = fakeTrack('video', 720);
    await publish(call, 'camera', track);
    track.height = 1280;
    await world.pass(2_500);
    expect(world.server.of('publish').at(-1)?.layers?.at(-1)?.height).toBe(1280);
    expect(world.server.of('publish')).toHaveLength(2);
  });

  it('taken back while its answer is under way is taken back from the server too', async () => {
    const call = await world.join();
    const publishing = call.publish(fakeTrack('video', 720), 'camera');
    publishing.catch(() => undefined);
    const taking = call.unpublish('camera');
    await world.pass(50);
    await Promise.all([publishing, taking]);
    const published = world.server.of('publish').length;
    expect(world.server.of('unpublish')).toHaveLength(published);
    expect(world.pc().section(CAMERA).sender.track).toBeNull();
    expect(call.self.tracks.has('camera')).toBe(false);
  });

  it('ends with unpublish, and may start again on the same section', async () => {
    const call = await world.join();
    const track = fakeTrack('video');
    await publish(call, 'camera', track);
    await done(call.unpublish('camera'));
    expect(world.server.of('unpublish').map(({ mid }) => mid)).toEqual([CAMERA]);
    expect(world.pc().section(CAMERA).sender.track).toBeNull();
    expect(call.self.tracks.has('camera')).toBe(false);
    await publish(call, 'camera', track);
    expect(world.pc().section(CAMERA).sender.track).toBe(track);
    expect(world.server.of('offer')).toHaveLength(1);
    await done(call.unpublish('screen'));
    expect(world.server.of('unpublish')).toHaveLength(1);
  });

  it('ends by itself when the device does', async () => {
    const call = await world.join();
    const track = fakeTrack('video');
    const ended: Source[] = [];
    call.on('trackEnded', (source) => ended.push(source));
    await publish(call, 'screen', track);
    track.end();
    await world.pass(50);
    expect(ended).toEqual(['screen']);
    expect(call.self.tracks.size).toBe(0);
    expect(world.server.of('unpublish')).toHaveLength(1);
  });

  it('mutes first the track, then tells', async () => {
    const call = await world.join();
    const track = fakeTrack('audio');
    const { id } = await publish(call, 'microphone', track, true);
    expect(track.enabled).toBe(false);
    expect(world.server.of('publish')[0]?.muted).toBe(true);
    const unmuting = call.setMuted('microphone', false);
    expect(track.enabled).toBe(true);
    await done(unmuting);
    expect(world.server.of('mute')).toMatchObject([{ track: id, muted: false }]);
    expect(call.self.tracks.get('microphone')?.muted).toBe(false);
  });

  it('tells a mute that came while the publishing was under way', async () => {
    const call = await world.join();
    const track = fakeTrack('audio');
    const publishing = call.publish(track, 'microphone');
    const muting = call.setMuted('microphone', true);
    await world.pass(50);
    await Promise.all([publishing, muting]);
    expect(track.enabled).toBe(false);
    const told = [world.server.of('publish').at(-1)?.muted, world.server.of('mute').at(-1)?.muted];
    expect(told).toContain(true);
  });

  it('refuses a wrong kind, an unknown source, and takes back what the server refused', async () => {
    const call = await world.join();
    await expect(call.publish(fakeTrack('audio'), 'camera')).rejects.toMatchObject({ code: 'invalid_value' });
    await expect(call.setMuted('camera', true)).rejects.toMatchObject({ code: 'not_found' });
    world.server.special.publish = () => ({ type: 'error', code: 'invalid_value', message: 'No.' });
    await expect(publish(call, 'camera', fakeTrack('video'))).rejects.toMatchObject({ message: 'No.' });
    expect(call.self.tracks.size).toBe(0);
    expect(world.pc().section(CAMERA).sender.track).toBeNull();
  });
});
