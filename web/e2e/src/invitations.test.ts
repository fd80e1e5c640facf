/** A server with keys: who has an invitation comes in, may do what it says, and is there once. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inChromium, type Person } from './support/person.ts';
import { program, Server } from './support/server.ts';
import { byTestId } from './support/tab.ts';

const keyFile = join(mkdtempSync(join(tmpdir(), 'plenum-keys-')), 'keys.toml');
let server: Server;
const people: Person[] = [];

function plenum(...parameters: string[]): string {
  const { status, stdout, stderr } = spawnSync(program('PLENUM'), [...parameters, '--key-file', keyFile]);
  expect(status, String(stderr)).toBe(0);
  return String(stdout).trim();
}

function token(identity: string, grants: string): string {
  return plenum('token', 'create', '--room', 'invited', '--identity', identity, '--grant', grants);
}

beforeAll(async () => {
  plenum('token', 'keygen');
  server = await Server.start('invitations', [`key_file = "${keyFile}"`]);
});

afterAll(async () => {
  await Promise.all(people.map((person) => person.close()));
  await server?.stop();
});

/** A button that does nothing, with the words that say why. */
async function forbids(person: Person, button: string, words: string): Promise<void> {
  await person.tab.until(
    `forbidden ${button}`,
    ({ selector, wanted }) => {
      const element = document.querySelector(selector);
      return (
        element?.getAttribute('aria-disabled') === 'true' && (element.getAttribute('title') ?? '').includes(wanted)
      );
    },
    { selector: byTestId(button), wanted: words },
  );
}

test('without an invitation the page says that one is needed', async () => {
  const eve = await inChromium('Eve');
  people.push(eve);
  await eve.tab.driver.goto(`${server.url}/r/invited`);
  await eve.tab.fill('name-input', 'Eve');
  await eve.tab.click('join');
  await eve.tab.until(
    'error about the invitation',
    (selector) => {
      const box = document.querySelector<HTMLElement>(selector);
      return box?.dataset.code === 'token_missing' && (box.textContent ?? '').includes('invitation');
    },
    byTestId('error'),
  );
  await eve.tab.screenshot('invitation-missing');
});

test('who is invited may do what the invitation says, and is there once', async () => {
  const [anna, ben] = [await inChromium('Anna'), await inChromium('Ben')];
  people.push(anna, ben);
  await anna.join(server, 'invited', { fragment: `#token=${token('anna', 'join,create,publish,subscribe,data')}` });
  await ben.join(server, 'invited', { fragment: `#token=${token('ben', 'join,publish:microphone,subscribe')}` });
  await ben.watches('Anna');
  await anna.hears('Ben');
  await forbids(ben, 'toggle-camera', 'camera');
  await forbids(ben, 'toggle-share', 'screen');
  await ben.tab.screenshot('invitation-without-camera');

  // Another invitation, in the middle of the call: the camera comes by itself, and goes again.
  const setToken = (person: Person, fresh: string) =>
    person.tab.evaluate((given) => window.plenum?.call?.setToken(given), fresh);
  await setToken(ben, token('ben', 'join,publish,subscribe,data'));
  await anna.watches('Ben');
  await ben.say('now I may');
  await anna.reads('now I may');
  await setToken(ben, token('ben', 'join,subscribe'));
  await forbids(ben, 'toggle-mic', 'microphone');
  await anna.tab.until(
    'Ben without tracks',
    () => [...(window.plenum?.call?.participants.values() ?? [])].every((other) => other.tracks.size === 0),
    null,
  );

  // Anna again, elsewhere.
  const again = await inChromium('Anna again');
  people.push(again);
  await again.join(server, 'invited', { fragment: `#token=${token('anna', 'join,publish,subscribe,data')}` });
  await anna.tab.until(
    'goodbye because of the other',
    (selector) => document.querySelector<HTMLElement>(selector)?.dataset.code === 'duplicate_identity',
    byTestId('left'),
  );
  await ben.watches('Anna again');
  await anna.tab.screenshot('invitation-used-elsewhere');
});
