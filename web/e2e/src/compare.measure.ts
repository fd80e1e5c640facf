/**
 * The same picture through the same bad network twice: from Chromium through the server to Chromium, and from Chromium
 * to Chromium directly. The relay is before the viewer in both. Run by `make compare`; JSON, plots and a table go to
 * artifacts/compare/. SECONDS (default 60) shortens it for a try,
 * QUIET (default 180) is how many seconds each call waits at most for the machine to be idle.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callDirectly } from './support/direct-call.ts';
import { lifelikeCamera } from './support/lifelike.ts';
import { inChromium } from './support/person.ts';
import { plot } from './support/plot.ts';
import { detour, Relay } from './support/relay.ts';
import { report } from './support/report.ts';
import {
  type Recording,
  readSent,
  type Sent,
  type Summary,
  startRecording,
  stopRecording,
  summarize,
} from './support/samples.ts';
import { ARTIFACTS, Server } from './support/server.ts';
import type { Tab } from './support/tab.ts';

const SECONDS = Number(process.env.SECONDS ?? 60);
const FOLDER = join(ARTIFACTS, 'compare');
/** Large enough that the viewer wants 720p. */
const WINDOW = { width: 1600, height: 900 };
/** How long to wait, before each call, for a machine that others leave alone. */
const QUIET_MS = Number(process.env.QUIET ?? 180) * 1000;
const PICTURE_OF_ANNA = '[data-name="Anna"][data-source="camera"] video';
const UP = 'delay=25ms,queue=300ms';

interface Scenario {
  id: string;
  title: string;
  down: string;
  /** Rates of both directions from the first frame on, as the relay reads them. */
  schedule?: string;
  /** The same for the plot: second and kb/s. */
  link: [number, number][];
}

const SCENARIOS: Scenario[] = [
  { id: 'narrow', title: '1 Mb/s', down: `rate=1M,${UP}`, link: [[0, 1000]] },
  {
    id: 'dip',
    title: '3 → 0.8 → 3 Mb/s',
    down: `rate=3M,${UP}`,
    schedule: '0s:3M,20s:0.8M,40s:3M',
    link: [
      [0, 3000],
      [20, 800],
      [40, 3000],
    ],
  },
  { id: 'loss', title: '5 % loss at 10 Mb/s', down: `rate=10M,loss=5%,${UP}`, link: [] },
  {
    id: 'outage',
    title: '3 s outage at 3 Mb/s',
    down: `rate=3M,${UP}`,
    schedule: '0s:3M,20s:0,23s:3M',
    link: [
      [0, 3000],
      [20, 0],
      [23, 3000],
    ],
  },
];

let server: Server;
const camera = lifelikeCamera();
const table: string[] = [];

/** Time the processors of the machine worked and waited, in ticks. */
function processors(): { busy: number; all: number } {
  const times = readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/).slice(1, 9).map(Number) ?? [];
  const all = times.reduce((sum, time) => sum + time, 0);
  return { busy: all - (times[3] ?? 0) - (times[4] ?? 0), all };
}

interface Measured extends Recording {
  /** Share of the machine's processors that worked, 0 to 1: near 1 the figures are about the machine. */
  load: number;
  sent: Sent[];
}

/** Two browsers need the machine: waits until others leave most of it, but not for ever. */
async function quiet(): Promise<void> {
  for (const deadline = Date.now() + QUIET_MS; Date.now() < deadline; ) {
    const before = processors();
    await delay(3000);
    const after = processors();
    if (after.busy - before.busy < 0.15 * (after.all - before.all)) return;
  }
  report('the machine did not become quiet; see the column CPU');
}

interface Calling {
  publisher: Tab;
  viewer: Tab;
  relay: Relay;
}

async function measure(call: Calling, selector: string, scenario: Scenario): Promise<Measured> {
  const { publisher, viewer, relay } = call;
  await startRecording(viewer, selector);
  if (scenario.schedule) relay.tell(`schedule ${scenario.schedule}`);
  const before = processors();
  await delay(SECONDS * 1000);
  const recording = await stopRecording(viewer);
  const after = processors();
  await viewer.screenshot(`compare-${scenario.id}-${viewer.name}`);
  const sent = await readSent(publisher);
  return { ...recording, sent, load: (after.busy - before.busy) / (after.all - before.all) };
}

async function throughPlenum(scenario: Scenario): Promise<Measured> {
  const room = `compare-${scenario.id}`;
  const relay = await Relay.start(`${scenario.id}-plenum`, server.mediaPort, { up: UP, down: scenario.down });
  const anna = await inChromium('Anna', { camera });
  const ben = await inChromium('Ben', { ...WINDOW, scripts: [detour(relay.address)] });
  try {
    await anna.join(server, room);
    await ben.join(server, room, { without: ['camera', 'microphone'] });
    const participant = await ben.sees('Anna');
    // The page asks for as much as its tile shows; the direct call has no such wish.
    await ben.tab.evaluate(async (id) => {
      const call = window.plenum?.call;
      if (!call) return;
      const setView = call.setView.bind(call);
      const view = { tiles: [{ participant: id, source: 'camera' as const, height: 720 }] };
      call.setView = () => setView(view);
      await setView(view);
    }, participant);
    return await measure({ publisher: anna.tab, viewer: ben.tab, relay }, PICTURE_OF_ANNA, scenario);
  } finally {
    await Promise.all([anna.close(), ben.close()]);
    await relay.stop();
  }
}

async function directly(scenario: Scenario): Promise<Measured> {
  const links = { up: UP, down: scenario.down };
  const call = await callDirectly(`${scenario.id}-direct`, server, links, { camera }, WINDOW);
  try {
    return await measure(call, 'video.remote', scenario);
  } finally {
    await Promise.all([call.publisher.driver.close(), call.viewer.driver.close()]);
    await call.relay.stop();
  }
}

function row(scenario: Scenario, call: string, summary: Summary, load: number): void {
  const { freezeSeconds, freezes, longestGap, medianHeight, meanKbps, framesPerSecond } = summary;
  const cells = [
    ...[scenario.title, call, freezeSeconds.toFixed(1), freezes, longestGap.toFixed(2), `${medianHeight}p`],
    ...[Math.round(meanKbps), framesPerSecond.toFixed(1), `${Math.round(100 * load)} %`],
  ];
  table.push(`| ${cells.join(' | ')} |`);
}

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  // What the server decided, beside what came of it.
  server = await Server.start('compare', [`bandwidth_trace = "${join(FOLDER, 'bandwidth.jsonl')}"`]);
});

afterAll(async () => {
  await server?.stop();
  const head =
    '| link | call | freezes, s | freezes | longest gap, s | median height | mean kb/s | frames/s | CPU |\n|---|---|--:|--:|--:|--:|--:|--:|--:|';
  const text = `${head}\n${table.join('\n')}\n`;
  writeFileSync(join(FOLDER, 'table.md'), text);
  for (const line of text.trimEnd().split('\n')) report(line);
});

for (const scenario of SCENARIOS) {
  test(
    scenario.title,
    async () => {
      await quiet();
      const plenum = await throughPlenum(scenario);
      await quiet();
      const direct = await directly(scenario);
      const panels = [
        { name: 'Plenum', recording: plenum },
        { name: 'direct', recording: direct },
      ];
      writeFileSync(join(FOLDER, `${scenario.id}.json`), JSON.stringify({ scenario, plenum, direct }));
      const title = `${scenario.title}, round trip 50 ms, queue 300 ms`;
      writeFileSync(join(FOLDER, `${scenario.id}.svg`), plot(title, SECONDS, scenario.link, panels));
      row(scenario, 'Plenum', summarize(plenum), plenum.load);
      row(scenario, 'direct', summarize(direct), direct.load);
      // A measurement, not a judgement: it fails only when there is nothing to compare.
      for (const { recording } of panels) expect(summarize(recording).framesPerSecond).toBeGreaterThan(1);
    },
    2 * (SECONDS * 1000 + QUIET_MS) + 180_000,
  );
}
