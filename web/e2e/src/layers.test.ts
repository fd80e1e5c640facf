/** The picture follows the size of its tile, and nobody encodes what nobody watches. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inChromium, type Person } from './support/person.ts';
import { Server } from './support/server.ts';

let server: Server;
let anna: Person;
let ben: Person;

const show = (person: Person, participant: string, height: number): Promise<void> =>
  person.tab.evaluate(
    async (argument) => {
      await window.plenum?.call?.setView({
        tiles: [{ participant: argument.participant, source: 'camera', height: argument.height }],
      });
    },
    { participant, height },
  );

const untilHeight = (person: Person, name: string, least: number, most: number): Promise<void> =>
  person.tab.until(
    `picture of ${name} ${least}–${most} high`,
    (wanted) => {
      const video = document.querySelector<HTMLVideoElement>(
        `[data-name="${wanted.name}"][data-source="camera"] video`,
      );
      return video !== null && video.videoHeight >= wanted.least && video.videoHeight <= wanted.most;
    },
    { name, least, most },
    40_000,
  );

/** Rids that Anna's browser encodes now. */
const encoding = (person: Person): Promise<string[]> =>
  person.tab.evaluate(
    () =>
      window.connections
        .flatMap((connection) => connection.getSenders())
        .filter((sender) => sender.track?.kind === 'video')
        .flatMap((sender) => sender.getParameters().encodings)
        .filter((one) => one.active !== false && one.rid !== undefined)
        .map((one) => one.rid ?? ''),
    null,
  );

beforeAll(async () => {
  server = await Server.start('layers');
  [anna, ben] = await Promise.all([inChromium('Anna'), inChromium('Ben')]);
  await anna.join(server, 'layers');
  await ben.join(server, 'layers', { without: ['camera'] });
  await ben.watches('Anna');
});

afterAll(async () => {
  await Promise.all([anna, ben].map((person) => person?.close()));
  await server?.stop();
});

test('a small tile gets a low layer, a big tile the top layer', async () => {
  const participant = await ben.sees('Anna');
  await show(ben, participant, 720);
  await untilHeight(ben, 'Anna', 700, 1_080);
  await show(ben, participant, 90);
  await untilHeight(ben, 'Anna', 1, 200);
  await show(ben, participant, 330);
  await untilHeight(ben, 'Anna', 300, 400);
});

test('layers that nobody watches are not encoded, and come back when somebody does', async () => {
  const participant = await ben.sees('Anna');
  await show(ben, participant, 90);
  await anna.tab.until(
    'one active encoding',
    () => {
      const active = window.connections
        .flatMap((connection) => connection.getSenders())
        .filter((sender) => sender.track?.kind === 'video')
        .flatMap((sender) => sender.getParameters().encodings)
        .filter((one) => one.active !== false && one.rid !== undefined);
      return active.length === 1 && active[0]?.rid === 'q';
    },
    null,
    20_000,
  );
  await show(ben, participant, 720);
  await untilHeight(ben, 'Anna', 700, 1_080);
  expect(await encoding(anna)).toContain('f');
});
