/** A later offer for more slots, and a camera off and on, leave everybody decoding everybody, in both browsers. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bots, botName, devicesOf } from './support/bots.ts';
import { inChromium, inFirefox, type Person } from './support/person.ts';
import { Server } from './support/server.ts';
import { showOnWall } from './support/wall.ts';
import { startWatch } from './support/watch.ts';

const ROOM = 'more-slots';
const codes: Record<string, number> = { Anna: 9, Fiona: 12, [botName(1)]: 1, [botName(2)]: 2, [botName(3)]: 3 };

let server: Server;
let bots: Bots;
let anna: Person;
let fiona: Person;

beforeAll(async () => {
  server = await Server.start('more-slots');
  [anna, fiona] = await Promise.all([inChromium('Anna', devicesOf(9)), inFirefox('Fiona', 12)]);
  bots = Bots.start(server, ROOM, 1, 3);
  for (const person of [anna, fiona]) await person.join(server, ROOM, { query: 'videoSlots=2&audioSlots=2' });
  for (const person of [anna, fiona]) {
    for (const name of Object.keys(codes)) if (name !== person.name) await person.sees(name);
    await startWatch(person.tab, codes);
  }
});

afterAll(async () => {
  await Promise.all([anna, fiona].map((person) => person?.close()));
  await bots?.quit();
  await server?.stop();
});

const others = (person: Person): string[] => Object.keys(codes).filter((name) => name !== person.name);

test('two slots show two people, and after a later offer four', async () => {
  for (const person of [anna, fiona]) {
    await showOnWall(person, others(person).slice(0, 2));
    await person.tab.evaluate(() => window.plenum?.call?.addSlots(2, 2), null);
    await showOnWall(person, others(person));
    expect(await person.tab.evaluate(() => window.connections.length, null), 'the same PeerConnection').toBe(1);
  }
});

test('who made a later offer is still seen by everybody', async () => {
  await showOnWall(fiona, []);
  await showOnWall(fiona, ['Anna']);
  await showOnWall(anna, []);
  await showOnWall(anna, ['Fiona']);
});

test('after camera off and on, everybody decodes everybody', async () => {
  for (const [person, watcher] of [
    [anna, fiona],
    [fiona, anna],
  ] as const) {
    await person.tab.evaluate(
      () => document.querySelector<HTMLButtonElement>('[data-testid="toggle-camera"]')?.click(),
      null,
    );
    await watcher.tab.until(
      `no camera of ${person.name}`,
      (name) =>
        ![...(window.plenum?.call?.participants.values() ?? [])].find((one) => one.name === name)?.tracks.has('camera'),
      person.name,
    );
    await person.tab.evaluate(
      () => document.querySelector<HTMLButtonElement>('[data-testid="toggle-camera"]')?.click(),
      null,
    );
    await watcher.tab.until(
      `camera of ${person.name}`,
      (name) =>
        [...(window.plenum?.call?.participants.values() ?? [])]
          .find((one) => one.name === name)
          ?.tracks.has('camera') === true,
      person.name,
    );
    await showOnWall(watcher, []);
    await showOnWall(watcher, others(watcher));
  }
});
