/** What people share: chat and screens. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inChromium, type Person } from './support/person.ts';
import { Server } from './support/server.ts';

let server: Server;
let anna: Person;
let ben: Person;

beforeAll(async () => {
  server = await Server.start('sharing');
  [anna, ben] = await Promise.all([inChromium('Anna'), inChromium('Ben')]);
  await anna.join(server, 'sharing');
  await ben.join(server, 'sharing');
  await anna.sees('Ben');
  await ben.sees('Anna');
});

afterAll(async () => {
  await Promise.all([anna, ben].map((person) => person?.close()));
  await server?.stop();
});

test('chat arrives, in both directions and in every script', async () => {
  await anna.say('Good morning, 早上好 👋');
  await ben.reads('Good morning, 早上好 👋');
  await ben.say('Hello Anna');
  await anna.reads('Hello Anna');
});

test('a shared screen shows with its sound, and goes when sharing stops', async () => {
  await anna.tab.click('toggle-share');
  await ben.watches('Anna', 'screen');
  await ben.hears('Anna', 'screen_audio');
  // The camera goes on beside it.
  await ben.watches('Anna', 'camera');
  await ben.tab.screenshot('screen-share');
  await anna.tab.click('toggle-share');
  await ben.tab.until(
    'no screen any more',
    () => document.querySelector('[data-testid="tile"][data-source="screen"]') === null,
    null,
  );
  expect(await ben.receivedHeight('Anna')).toBeGreaterThan(0);
});
