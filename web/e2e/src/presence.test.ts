/** Who is here: mute, leave, reload, a killed browser, and rooms that never mix. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { devicesOf } from './support/bots.ts';
import { inChromium, type Person } from './support/person.ts';
import { report } from './support/report.ts';
import { Server } from './support/server.ts';
import { byTestId } from './support/tab.ts';

let server: Server;
let anna: Person;
let ben: Person;
let carl: Person;
let stranger: Person;

beforeAll(async () => {
  server = await Server.start('presence');
  [anna, ben, carl, stranger] = await Promise.all([
    inChromium('Anna', devicesOf(1)),
    inChromium('Ben', devicesOf(2)),
    inChromium('Carl', devicesOf(3)),
    inChromium('Stranger', devicesOf(4)),
  ]);
  await anna.join(server, 'presence');
  await ben.join(server, 'presence');
  await carl.join(server, 'presence');
  await stranger.join(server, 'elsewhere');
});

afterAll(async () => {
  await Promise.all([anna, ben, carl, stranger].map((person) => person?.close()));
  await server?.stop();
});

test('everybody sees everybody of the room, and nobody of another room', async () => {
  await anna.watches('Ben');
  await anna.watches('Carl');
  await ben.watches('Anna');
  await carl.watches('Anna');
  const others = await stranger.tab.evaluate(() => window.plenum?.call?.participants.size ?? -1, null);
  expect(others).toBe(0);
  expect(await anna.idOf('Stranger')).toBe('');
});

test('mute is seen by all, and silences', async () => {
  await ben.hears('Anna');
  await anna.tab.click('toggle-mic');
  for (const other of [ben, carl]) {
    await other.tab.until(
      'mute mark of Anna',
      () => document.querySelector<HTMLElement>('[data-testid="tile"][data-name="Anna"]')?.dataset.muted === 'true',
      null,
    );
  }
  const sound = async (): Promise<number> => (await ben.energy('Anna'))?.energy ?? 0;
  const before = await sound();
  await delay(2_000);
  expect((await sound()) - before, 'sound while muted').toBeLessThan(1e-5);
  await anna.tab.click('toggle-mic');
  await ben.tab.until(
    'no mute mark of Anna',
    () => document.querySelector<HTMLElement>('[data-testid="tile"][data-name="Anna"]')?.dataset.muted === 'false',
    null,
  );
  await ben.hears('Anna');
});

test('camera off shows the avatar, and on again the picture', async () => {
  await anna.tab.click('toggle-camera');
  await ben.tab.until(
    'tile of Anna without a picture',
    () => document.querySelector('[data-name="Anna"][data-source="camera"] video') === null,
    null,
  );
  await anna.tab.click('toggle-camera');
  await ben.watches('Anna');
  await carl.watches('Anna');
});

test('a page that reloads comes back, without a ghost', async () => {
  await carl.tab.evaluate(() => location.reload(), null).catch(() => undefined);
  await anna.misses('Carl');
  await carl.tab.click('join');
  await carl.connected();
  await anna.watches('Carl');
  const carls = await anna.tab.evaluate(
    () => [...(window.plenum?.call?.participants.values() ?? [])].filter((one) => one.name === 'Carl').length,
    null,
  );
  expect(carls).toBe(1);
});

test('who leaves is gone at once', async () => {
  await ben.tab.click('leave');
  await anna.misses('Ben', 3_000);
  await ben.tab.until('goodbye', (selector) => document.querySelector(selector) !== null, byTestId('left'));
  await ben.tab.click('rejoin');
  await ben.tab.click('join');
  await ben.connected();
  await anna.watches('Ben');
});

test('a killed browser is reconnecting within 5 s and gone within 20 s, and nothing else changes', async () => {
  await anna.watches('Carl');
  const before = await anna.tab.evaluate(async () => (await window.plenum?.call?.stats())?.slots ?? [], null);
  carl.tab.driver.kill();
  const killed = Date.now();
  await anna.tab.until(
    'reconnecting tile of Carl',
    () =>
      document.querySelector<HTMLElement>('[data-testid="tile"][data-name="Carl"]')?.dataset.state === 'reconnecting',
    null,
    5_000,
  );
  const marked = Date.now() - killed;
  await anna.tab.screenshot('reconnecting');
  await anna.misses('Carl', 20_000 - marked);
  const gone = Date.now() - killed;
  report(`killed: reconnecting after ${marked} ms, left after ${gone} ms`);
  expect(gone).toBeLessThan(20_000);

  const benId = await anna.idOf('Ben');
  const after = await anna.tab.evaluate(async () => (await window.plenum?.call?.stats())?.slots ?? [], null);
  const slotOf = (slots: typeof after) => slots.find((slot) => slot.participant === benId && slot.kind === 'video');
  expect(slotOf(after)?.mid).toBe(slotOf(before)?.mid);
  expect(await anna.tileState('Ben')).toBe('connected');
  const frames = (slotOf(after)?.framesDecoded ?? 0) - (slotOf(before)?.framesDecoded ?? 0);
  report(
    `meanwhile: ${frames} frames of another participant, ${(slotOf(after)?.freezeCount ?? 0) - (slotOf(before)?.freezeCount ?? 0)} freezes`,
  );
  // 15 a second, and as much again for a machine that is busy with four browsers.
  expect(frames).toBeGreaterThan((gone / 1000) * 7);
});

test('SIGTERM ends the server cleanly', async () => {
  expect(await server.stop()).toBe(0);
});
