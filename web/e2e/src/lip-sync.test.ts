/**
 * Sound and picture at synthetic receivers, over more than 20 switches between publishers whose clocks differ by
 * minutes: the receivers measure the skew from sender reports, as a browser does, and judge it themselves.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Bots } from './support/bots.ts';
import { report } from './support/report.ts';
import { Server } from './support/server.ts';

test('lips stay in sync within 40 ms over 20 switches', async () => {
  const server = await Server.start('lip-sync');
  try {
    const extra = ['--talk', 'round-robin:1500ms', '--fail-if-skew-above', '40', '--expect-media'];
    const bots = Bots.start(server, 'lip-sync', 1, 8, extra);
    await delay(40_000);
    const switches = await server.metric('plenum_layer_switches_total');
    report(`lip sync: ${switches} switches at 8 receivers`);
    expect(switches).toBeGreaterThan(8 * 20);
    expect(await bots.quit(), 'a receiver saw more than 40 ms, or no media; see bots-lip-sync.log').toBe(0);
  } finally {
    await server.stop();
  }
});
