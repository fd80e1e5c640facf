/** Two people in Chromium meet by a link, see and hear each other. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inChromium, type Person } from './support/person.ts';
import { report } from './support/report.ts';
import { Server } from './support/server.ts';

let server: Server;
const people: Person[] = [];

beforeAll(async () => {
  server = await Server.start('first-call');
});

afterAll(async () => {
  await Promise.all(people.map((person) => person.close()));
  await server?.stop();
});

test('two people see and hear each other', async () => {
  const anna = await inChromium('Anna');
  people.push(anna);
  const ben = await inChromium('Ben');
  people.push(ben);
  await anna.join(server, 'first');
  await ben.join(server, 'first');
  await ben.watches('Anna');
  const untilFrame = Date.now() - ben.joinedAt;
  await anna.watches('Ben');
  await anna.hears('Ben');
  await ben.hears('Anna');
  await anna.tab.screenshot('two-people');
  report(`click to first remote frame: ${untilFrame} ms`);
  expect(untilFrame).toBeLessThan(10_000);
});
