/** A publisher's uplink gets thin: the browser sends fewer layers, and whoever watches goes on with what comes. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lifelikeCamera } from './support/lifelike.ts';
import { inChromium, type Person } from './support/person.ts';
import { detour, Relay } from './support/relay.ts';
import { report } from './support/report.ts';
import { type Recording, startRecording, stopRecording } from './support/samples.ts';
import { Server } from './support/server.ts';

const PICTURE_OF_ANNA = '[data-name="Anna"][data-source="camera"] video';
const PATH = 'delay=25ms,queue=300ms';
const WIDE = `rate=5M,${PATH}`;
const THIN = `rate=0.6M,${PATH}`;
/** How long the wide and the thin uplink are looked at. */
const SECONDS = 12;

let server: Server;
let relay: Relay;
let anna: Person;
let ben: Person;

/** Keeps the page from choosing what it watches by the size of its window. */
const show = async (person: Person, height: number): Promise<void> => {
  const participant = await person.sees('Anna');
  await person.tab.evaluate(
    async (argument) => {
      const call = window.plenum?.call;
      if (!call) return;
      const setView = call.setView.bind(call);
      const view = {
        tiles: [{ participant: argument.participant, source: 'camera' as const, height: argument.height }],
      };
      call.setView = () => setView(view);
      await setView(view);
    },
    { participant, height },
  );
};

const untilHeight = (least: number, most: number): Promise<void> =>
  ben.tab.until(
    `a picture of ${least} to ${most} lines`,
    (wanted) => {
      const video = document.querySelector<HTMLVideoElement>(wanted.picture);
      return video !== null && video.videoHeight >= wanted.least && video.videoHeight <= wanted.most;
    },
    { picture: PICTURE_OF_ANNA, least, most },
    60_000,
  );

/** The longest time without a picture, in seconds. */
const longestGap = ({ gaps }: Recording): number =>
  gaps.reduce((longest, [from, to]) => Math.max(longest, to - from), 0);

beforeAll(async () => {
  server = await Server.start('thin-uplink');
  relay = await Relay.start('thin-uplink', server.mediaPort, { up: WIDE, down: PATH });
  anna = await inChromium('Anna', { camera: lifelikeCamera(), scripts: [detour(relay.address)] });
  ben = await inChromium('Ben');
  await anna.join(server, 'thin-uplink');
  await ben.join(server, 'thin-uplink', { without: ['camera', 'microphone'] });
  await show(ben, 720);
});

afterAll(async () => {
  await Promise.all([anna, ben].map((person) => person?.close()));
  await relay?.stop();
  await server?.stop();
});

const thinAndWideAgain = async (who: string): Promise<void> => {
  relay.tell(`up ${WIDE}`);
  await untilHeight(700, 720);
  await delay(SECONDS * 1000);
  await startRecording(ben.tab, PICTURE_OF_ANNA);
  relay.tell(`up ${THIN}`);
  // Another layer, or the same that the browser has made smaller.
  await untilHeight(100, 560);
  await delay(SECONDS * 1000);
  const recording = await stopRecording(ben.tab);
  const frames = recording.samples.filter(({ at }) => at > (recording.samples.at(-1)?.at ?? 0) - 4);
  const shown = (frames.at(-1)?.framesDecoded ?? 0) - (frames[0]?.framesDecoded ?? 0);
  const height = frames.at(-1)?.frameHeight ?? 0;
  report(`${who}: longest gap ${longestGap(recording).toFixed(2)} s, then ${shown} frames of ${height}p in 4 s`);
  expect(longestGap(recording)).toBeLessThan(2.5);
  expect(shown).toBeGreaterThan(30);
  relay.tell(`up ${WIDE}`);
  await untilHeight(700, 720);
};

test('where the top layer alone is watched', () => thinAndWideAgain('top layer alone'));

test('where somebody else watches a lower layer', async () => {
  const cora = await inChromium('Cora');
  await cora.join(server, 'thin-uplink', { without: ['camera', 'microphone'] });
  await show(cora, 360);
  await thinAndWideAgain('two layers');
  await cora.close();
});
