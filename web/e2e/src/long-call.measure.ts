/**
 * Twelve synthetic participants and two browsers in one room for MINUTES (default 10): memory of the server must not
 * drift, pictures in the browsers must not freeze. Run by `make long-call`.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bots, devicesOf } from './support/bots.ts';
import { inChromium, type Person } from './support/person.ts';
import { report } from './support/report.ts';
import { Server } from './support/server.ts';

const MINUTES = Number(process.env.MINUTES ?? 10);
const ROOM = 'long-call';
/** Kernel ticks per second in /proc/PID/stat; 100 on every Linux that Debian builds. */
const TICKS = 100;

let server: Server;
let bots: Bots;
let people: Person[] = [];

/** Resident memory in MiB and CPU seconds of the server. */
function usage(pid: number): { memory: number; cpu: number } {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return { memory: (pages * 4096) / 2 ** 20, cpu: (Number(fields[11]) + Number(fields[12])) / TICKS };
}

async function freezes(person: Person): Promise<{ count: number; frames: number }> {
  const slots = await person.tab.evaluate(async () => (await window.plenum?.call?.stats())?.slots ?? [], null);
  const video = slots.filter((slot) => slot.kind === 'video');
  const sum = (of: 'freezeCount' | 'framesDecoded'): number => video.reduce((total, slot) => total + slot[of], 0);
  return { count: sum('freezeCount'), frames: sum('framesDecoded') };
}

beforeAll(async () => {
  server = await Server.start('long-call');
  bots = Bots.start(server, ROOM, 1, 12, ['--view-height', '180']);
  people = [await inChromium('Anna', devicesOf(9)), await inChromium('Ben', devicesOf(10))];
  for (const person of people) await person.join(server, ROOM);
  for (const person of people) await person.watches('bot-01');
});

afterAll(async () => {
  await Promise.all(people.map((person) => person.close()));
  await bots?.quit();
  await server?.stop();
});

test(
  `${MINUTES} minutes: memory does not drift, pictures do not freeze`,
  async () => {
    // Everything has started and every buffer has its size after a minute.
    await delay(60_000);
    const [anna, ben] = people as [Person, Person];
    const before = { usage: usage(server.pid), anna: await freezes(anna), ben: await freezes(ben) };
    const packets = await server.metric('plenum_forwarded_packets_total');
    const started = Date.now();
    for (let minute = 1; minute < MINUTES; minute++) {
      await delay(60_000);
      const now = usage(server.pid);
      report(
        `minute ${minute}: ${now.memory.toFixed(1)} MiB, ${((100 * (now.cpu - before.usage.cpu)) / ((Date.now() - started) / 1000)).toFixed(1)} % of a core`,
      );
    }
    const seconds = (Date.now() - started) / 1000;
    const after = { usage: usage(server.pid), anna: await freezes(anna), ben: await freezes(ben) };
    const forwarded = (await server.metric('plenum_forwarded_packets_total')) - packets;
    const cpu = after.usage.cpu - before.usage.cpu;
    report(`memory ${before.usage.memory.toFixed(1)} → ${after.usage.memory.toFixed(1)} MiB`);
    report(
      `server CPU ${((100 * cpu) / seconds).toFixed(1)} % of a core, ${Math.round(forwarded / seconds)} packets/s forwarded, ${((1e6 * cpu) / forwarded).toFixed(1)} µs each`,
    );
    for (const name of ['anna', 'ben'] as const) {
      const frozen = after[name].count - before[name].count;
      report(`${name}: ${frozen} freezes in ${after[name].frames - before[name].frames} frames`);
      expect(frozen, `freezes of ${name}`).toBe(0);
    }
    expect(after.usage.memory).toBeLessThan(before.usage.memory * 1.05 + 2);
    expect(await bots.quit()).toBe(0);
  },
  (MINUTES + 2) * 60_000,
);
