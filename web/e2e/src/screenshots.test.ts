/** The page as people see it: pictures to look at, kept as artifacts. */
import { afterAll, beforeAll, test } from 'vitest';
import { Bots, botName, devicesOf } from './support/bots.ts';
import { openChromium } from './support/chromium.ts';
import { inChromium, Person } from './support/person.ts';
import { Server } from './support/server.ts';

const ROOM = 'design-review';

let server: Server;
let anna: Person;
let bots: Bots;

beforeAll(async () => {
  server = await Server.start('screenshots');
  anna = await inChromium('Anna', devicesOf(9));
  bots = Bots.start(server, ROOM, 1, 3);
});

afterAll(async () => {
  await anna?.close();
  await bots?.quit();
  await server?.stop();
});

test('start and pre-join', async () => {
  await anna.tab.driver.goto(server.url);
  await anna.tab.click('room-input');
  await anna.tab.screenshot('home');
  await anna.tab.driver.goto(`${server.url}/r/${ROOM}`);
  await anna.tab.fill('name-input', 'Anna');
  await anna.tab.until('camera preview', () => (document.querySelector('video')?.videoWidth ?? 0) > 0, null);
  await anna.tab.screenshot('pre-join');
});

test('four people in a grid, chat, people, details', async () => {
  await anna.join(server, ROOM);
  for (const bot of [1, 2, 3]) await anna.watches(botName(bot));
  await anna.tab.screenshot('grid');
  bots.tell({ participant: 1, say: 'Shall we start with the new onboarding?' });
  await anna.reads('Shall we start');
  await anna.say('Yes! I will share my screen in a minute.');
  await anna.tab.screenshot('chat');
  await anna.tab.click('toggle-people');
  await anna.tab.screenshot('people');
  await anna.tab.click('toggle-details');
  await anna.tab.until('figures', () => document.querySelectorAll('[data-testid="slot-row"]').length > 0, null);
  await anna.tab.screenshot('details');
  await anna.tab.click('close-panel');
});

test('speaker view with a shared screen', async () => {
  const ben = await inChromium('Ben', devicesOf(10));
  await ben.join(server, ROOM);
  await ben.tab.click('toggle-share');
  await anna.watches('Ben', 'screen');
  await anna.tab.screenshot('speaker-view');
  await ben.close();
  await anna.misses('Ben');
});

test('a phone, dark, in Chinese', async () => {
  const lin = new Person(
    '林晓',
    await openChromium('lin', { ...devicesOf(11), locale: 'zh-CN', colorScheme: 'dark', width: 375, height: 740 }),
  );
  await lin.tab.driver.goto(`${server.url}/r/${ROOM}`);
  await lin.tab.fill('name-input', lin.name);
  await lin.tab.until('camera preview', () => (document.querySelector('video')?.videoWidth ?? 0) > 0, null);
  await lin.tab.screenshot('phone-pre-join-zh-dark');
  await lin.join(server, ROOM);
  await lin.watches('Anna');
  await lin.tab.screenshot('phone-grid-zh-dark');
  await lin.say('大家好！');
  await lin.tab.screenshot('phone-chat-zh-dark');
  await lin.close();
});

test('clear words when the camera is refused', async () => {
  const max = new Person('Max', await openChromium('max', { refuseDevices: true, noDevices: true }));
  await max.tab.driver.goto(`${server.url}/r/${ROOM}`);
  await max.tab.until(
    'words about the missing camera',
    () => document.querySelector('[data-testid^="problem-"]') !== null,
    null,
  );
  await max.tab.screenshot('no-devices');
  await max.close();
});
