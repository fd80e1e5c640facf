/** Networks without UDP, and networks that change. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inChromium, type Person } from './support/person.ts';
import { Server } from './support/server.ts';

let server: Server;
let anna: Person;
let ben: Person;

beforeAll(async () => {
  server = await Server.start('transport');
  [anna, ben] = await Promise.all([inChromium('Anna'), inChromium('Ben')]);
  await anna.join(server, 'transport');
  await ben.join(server, 'transport', { query: 'transport=tcp' });
});

afterAll(async () => {
  await Promise.all([anna, ben].map((person) => person?.close()));
  await server?.stop();
});

const protocol = (person: Person): Promise<string | null> =>
  person.tab.evaluate(async () => (await window.plenum?.call?.stats())?.protocol ?? null, null);

test('a call over TCP only works', async () => {
  await ben.watches('Anna');
  await anna.watches('Ben');
  await ben.hears('Anna');
  await anna.hears('Ben');
  expect(await protocol(ben)).toBe('tcp');
  expect(await protocol(anna)).toBe('udp');
});

test('it moves from TCP to UDP, and the call lives', async () => {
  const before = await ben.tab.evaluate(() => window.connections.length, null);
  await ben.tab.evaluate(() => window.plenum?.call?.setTransport('all'), null);
  await ben.tab.until('path over UDP', async () => (await window.plenum?.call?.stats())?.protocol === 'udp', null);
  await ben.hears('Anna');
  await anna.hears('Ben');
  await ben.watches('Anna');
  // The same PeerConnection, and frames go on.
  expect(await ben.tab.evaluate(() => window.connections.length, null)).toBe(before);
  const frames = () =>
    ben.tab.evaluate(
      () =>
        document.querySelector<HTMLVideoElement>('[data-name="Anna"] video')?.getVideoPlaybackQuality()
          .totalVideoFrames ?? 0,
      null,
    );
  const first = await frames();
  await ben.tab.until(
    'more frames',
    (least) =>
      (document.querySelector<HTMLVideoElement>('[data-name="Anna"] video')?.getVideoPlaybackQuality()
        .totalVideoFrames ?? 0) >
      least + 30,
    first,
  );
});
