/** Records the encoders of a camera (three layers) and a screen; see scripts/record-traces. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChromium } from '../support/chromium.ts';
import { Person } from '../support/person.ts';
import { ARTIFACTS, Server } from '../support/server.ts';
import { which } from '../support/which.ts';
import { type EncodedFrame, encoderTap } from './encoder-tap.ts';
import { screenPage, video } from './videos.ts';

const TRACES = process.env.TRACES ?? join(ARTIFACTS, 'traces');
const SECONDS = Number(process.env.SECONDS ?? 60);
/** The sender's own estimate has reached all layers' sum by then. */
const WARM_UP = 12_000;
/** Keyframes are asked for at these seconds of the recording. */
const KEYFRAMES = [20, 40];

const BITRATES = {
  camera: 'VP8, rid q/h/f = 180p/360p/720p at most 150/500/1700 kb/s, contentHint motion',
  screen: 'VP8, 1080p at most 2500 kb/s, contentHint detail',
};

let server: Server;

beforeAll(async () => {
  server = await Server.start('traces');
});

afterAll(async () => {
  await server?.stop();
});

/** Lines of the trace: layers counted from the smallest picture up, time from the first frame. */
function csv(frames: EncodedFrame[], input: string, about: string): string {
  const tallest = new Map<number, number>();
  for (const frame of frames) tallest.set(frame.ssrc, Math.max(tallest.get(frame.ssrc) ?? 0, frame.height));
  const order = [...tallest.keys()].sort((a, b) => (tallest.get(a) ?? 0) - (tallest.get(b) ?? 0));
  const start = frames[0]?.atMs ?? 0;
  const version = spawnSync(which('chromium'), ['--version'], { encoding: 'utf8' }).stdout.trim();
  const sizes = order.map((ssrc) => {
    const own = frames.filter((frame) => frame.ssrc === ssrc);
    const kbps = (own.reduce((sum, frame) => sum + frame.bytes, 0) * 8) / SECONDS / 1000;
    const seen = [...new Set(own.map((frame) => frame.height))].sort((a, b) => a - b).join('/');
    return `${order.indexOf(ssrc)}: ${seen}p ${(own.length / SECONDS).toFixed(1)} frames/s ${kbps.toFixed(0)} kb/s`;
  });
  const rows = frames.map((frame) =>
    [(frame.atMs - start).toFixed(0), order.indexOf(frame.ssrc), frame.temporal, frame.key ? 1 : 0, frame.bytes].join(),
  );
  return [
    `# What an encoder of ${version} gave out, recorded ${new Date().toISOString().slice(0, 10)} by web/e2e/scripts/record-traces`,
    `# input: ${input} (web/e2e/src/record/videos.ts), no impairment; ${about}`,
    `# keyframes were asked for at ${KEYFRAMES.join(' and ')} s; bytes are of the encoded frame, without RTP`,
    `# layers: ${sizes.join('; ')}`,
    'time_ms,layer,temporal,keyframe,bytes',
    ...rows,
    '',
  ].join('\n');
}

async function record(name: 'talking_head' | 'motion' | 'screen'): Promise<EncodedFrame[]> {
  const screen = name === 'screen';
  const scripts = screen ? [encoderTap, screenPage] : [encoderTap];
  const camera = screen ? {} : { camera: video(name, SECONDS) };
  const person = new Person('Recorded', await openChromium('recorded', { ...camera, scripts }));
  try {
    await person.join(server, name, { without: screen ? ['camera'] : [] });
    if (screen) await person.tab.click('toggle-share');
    await delay(WARM_UP);
    await person.tab.evaluate(() => {
      if (window.tap) window.tap.frames.length = 0;
    }, null);
    const started = Date.now();
    for (const second of KEYFRAMES.filter((one) => one < SECONDS)) {
      await delay(started + second * 1000 - Date.now());
      await person.tab.evaluate(() => window.tap?.keyframe(), null);
    }
    await delay(started + SECONDS * 1000 - Date.now());
    return await person.tab.evaluate(() => window.tap?.frames ?? [], null);
  } finally {
    await person.close();
  }
}

test.each(['talking_head', 'motion', 'screen'] as const)('%s', async (name) => {
  const frames = await record(name);
  const trace = csv(frames, name, name === 'screen' ? BITRATES.screen : BITRATES.camera);
  mkdirSync(TRACES, { recursive: true });
  writeFileSync(join(TRACES, `${name}.csv`), trace);
  process.stdout.write(`${trace.split('\n').slice(0, 5).join('\n')}\n`);
  expect(new Set(frames.map((frame) => frame.ssrc)).size).toBe(name === 'screen' ? 1 : 3);
});
