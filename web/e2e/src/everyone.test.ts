/**
 * Twelve in a room (three Chromium, one Firefox, eight synthetic), pages with three slots: everybody passes through
 * every slot, and no decoded frame ever stands under a wrong name.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bots, botName, devicesOf } from './support/bots.ts';
import { inChromium, inFirefox, type Person } from './support/person.ts';
import { report } from './support/report.ts';
import { Server } from './support/server.ts';
import { showOnWall } from './support/wall.ts';
import { readWatch, startWatch } from './support/watch.ts';

const ROOM = 'everyone';
const SLOTS = 'videoSlots=3&audioSlots=3';
const codes: Record<string, number> = { Anna: 9, Ben: 10, Carl: 11, Fiona: 12 };
for (let bot = 1; bot <= 8; bot++) codes[botName(bot)] = bot;
const names = Object.keys(codes);

let server: Server;
let bots: Bots;
let people: Person[] = [];

beforeAll(async () => {
  server = await Server.start('everyone');
  people = await Promise.all([
    inChromium('Anna', devicesOf(9)),
    inChromium('Ben', devicesOf(10)),
    inChromium('Carl', devicesOf(11)),
    inFirefox('Fiona', 12),
  ]);
  bots = Bots.start(server, ROOM, 1, 8);
  for (const person of people) await person.join(server, ROOM, { query: SLOTS });
  for (const person of people) {
    for (const name of names) if (name !== person.name) await person.sees(name);
    await startWatch(person.tab, codes);
  }
});

afterAll(async () => {
  await Promise.all(people.map((person) => person.close()));
  await bots?.quit();
  await server?.stop();
});

test('who speaks is seen and heard, Firefox and Chromium alike', async () => {
  // Their microphones play a tone all the time: nobody else would be the speaker.
  for (const person of people) await person.tab.click('toggle-mic');
  for (const bot of [2, 5, 8]) {
    bots.tell({ participant: bot, speak: true });
    for (const person of people) {
      await person.watches(botName(bot));
      await person.hears(botName(bot));
    }
    bots.tell({ participant: bot, speak: false });
  }
});

test('who is pinned on another page stays when the page turns back', async () => {
  const ben = people[1] as Person;
  await ben.tab.click('page-next');
  const shown = await ben.tab.evaluate(
    () => document.querySelector<HTMLElement>('[data-testid="tile"]')?.dataset.name ?? '',
    null,
  );
  await ben.pin(shown);
  const onStage = (name: string) => document.querySelector(`[data-name="${name}"][data-role="stage"] video`) !== null;
  await ben.tab.until(`${shown} on the stage`, onStage, shown);
  await ben.tab.evaluate(() => {
    document.querySelector<HTMLButtonElement>('[data-testid="page-previous"]')?.click();
  }, null);
  await ben.watches(shown);
  await ben.tab.until(`${shown} still on the stage`, onStage, shown);
  await ben.tab.screenshot('pinned');
  await ben.pin(shown);
});

test('paging shows everybody', async () => {
  const carl = people[2] as Person;
  const seen = new Set<string>();
  for (let page = 0; page < names.length && seen.size < names.length - 1; page++) {
    const onPage = await carl.tab.evaluate(
      () => [...document.querySelectorAll<HTMLElement>('[data-testid="tile"]')].map((tile) => tile.dataset.name ?? ''),
      null,
    );
    for (const name of onPage) {
      await carl.watches(name);
      seen.add(name);
    }
    await carl.tab.evaluate(() => {
      const next = document.querySelector<HTMLButtonElement>('[data-testid="page-next"]');
      const previous = document.querySelector<HTMLButtonElement>('[data-testid="page-previous"]');
      (next && !next.disabled ? next : previous)?.click();
    }, null);
  }
  expect([...seen].sort()).toEqual(names.filter((name) => name !== 'Carl').sort());
});

test('everybody passes through every slot of every page, over more than 100 switches', async () => {
  const switched = await server.metric('plenum_layer_switches_total');
  for (const person of people) {
    const others = names.filter((name) => name !== person.name);
    // Whoever the page showed would keep the slot.
    await showOnWall(person, []);
    // Three neighbours at a time, one further each step: at each step all three are new, so the i-th goes into
    // the i-th slot, and after a round everybody has been in each.
    for (let step = 0; step < others.length; step++) {
      const at = (place: number): string => others[(step * 4 + place) % others.length] ?? '';
      await showOnWall(person, [at(0), at(1), at(2)]).catch(async (error: Error) => {
        const fiona = await people[3]?.slots();
        throw new Error(`${error.message}\nFiona ${fiona}`);
      });
    }
    const { slots } = await readWatch(person.tab);
    for (const name of others) expect(slots[name]?.length, `${person.name}: slots of ${name}`).toBe(3);
  }
  expect((await server.metric('plenum_layer_switches_total')) - switched).toBeGreaterThan(100);
}, 600_000);

test('no frame ever stood under a wrong name', async () => {
  for (const person of people) {
    const seen = await readWatch(person.tab);
    const tiles = Object.values(seen.tiles);
    const sum = (of: 'frames' | 'right' | 'csrcChecked'): number => tiles.reduce((total, tile) => total + tile[of], 0);
    report(`${person.name}: ${sum('frames')} frames, ${sum('right')} right, ${sum('csrcChecked')} by CSRC`);
    expect(seen.wrong, person.name).toEqual([]);
    expect(sum('right') / sum('frames'), `${person.name}: readable frames`).toBeGreaterThan(0.95);
    expect(sum('csrcChecked'), `${person.name}: frames checked by CSRC`).toBeGreaterThan(50);
  }
});
