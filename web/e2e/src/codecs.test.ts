/** Cameras in every codec, from a real encoder to a real decoder, at every size; and back to VP8 for who needs it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inChromium, inFirefox, type Person } from './support/person.ts';
import { Server } from './support/server.ts';

let server: Server;

beforeAll(async () => {
  server = await Server.start('codecs');
});

afterAll(async () => {
  await server?.stop();
});

const show = (person: Person, participant: string, height: number): Promise<void> =>
  person.tab.evaluate(
    async (argument) => {
      await window.plenum?.call?.setView({
        tiles: [{ participant: argument.participant, source: 'camera', height: argument.height }],
      });
    },
    { participant, height },
  );

interface Decoding {
  codec: string;
  height: number;
  frames: number;
}

/** Of the slot that decoded most: codec and height now, and frames so far. */
const decoding = (person: Person): Promise<Decoding> =>
  person.tab.evaluate(async () => {
    const all: Decoding[] = [];
    for (const connection of window.connections) {
      const stats = await connection.getStats();
      const inbound = [...stats.values()].filter((one) => one.type === 'inbound-rtp' && one.kind === 'video');
      for (const { codecId, frameHeight, framesDecoded } of inbound) {
        const codec = String(stats.get(codecId)?.mimeType);
        all.push({ codec, height: Number(frameHeight ?? 0), frames: Number(framesDecoded ?? 0) });
      }
    }
    all.sort((one, other) => other.frames - one.frames);
    return all[0] ?? { codec: '', height: 0, frames: 0 };
  }, null);

const untilDecoding = async (person: Person, codec: string, least: number, most: number): Promise<void> => {
  const deadline = Date.now() + 30_000;
  let seen = await decoding(person);
  let since = -1;
  while (Date.now() < deadline) {
    seen = await decoding(person);
    const fits = seen.codec.toLowerCase() === `video/${codec}` && seen.height >= least && seen.height <= most;
    if (!fits) since = -1;
    else if (since < 0) since = seen.frames;
    // Not a last frame that stands still: twenty more of them.
    else if (seen.frames > since + 20) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${person.name}: no ${codec} ${least}–${most} high, but ${JSON.stringify(seen)}`);
};

/** Waits until packets of another track than this come, by the CSRC they carry; returns that. */
const untilAnother = async (person: Person, former: number): Promise<number> => {
  const newest = (): Promise<number> =>
    person.tab.evaluate(() => {
      const receivers = window.connections.flatMap((connection) => connection.getReceivers());
      const video = receivers.filter(({ track }) => track.kind === 'video');
      const sources = video.flatMap((receiver) => receiver.getContributingSources());
      return sources.sort((one, other) => other.timestamp - one.timestamp)[0]?.source ?? 0;
    }, null);
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const source = await newest();
    if (source !== 0 && source !== former) return source;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${person.name}: still packets of ${former}`);
};

describe.each(['vp9', 'av1', 'h264'])('%s', (codec) => {
  test('reaches a viewer in the size of its tile', async () => {
    const [anna, ben] = await Promise.all([inChromium('Anna'), inChromium('Ben')]);
    try {
      await anna.join(server, codec, { query: `codec=${codec}` });
      await ben.join(server, codec, { without: ['camera'] });
      const participant = await ben.sees('Anna');
      await show(ben, participant, 720);
      await untilDecoding(ben, codec, 700, 1_080);
      await show(ben, participant, 90);
      await untilDecoding(ben, codec, 1, 200);
      await show(ben, participant, 330);
      await untilDecoding(ben, codec, 300, 400);
    } finally {
      await Promise.all([anna, ben].map((person) => person.close()));
    }
  });
});

test('somebody who cannot decode it makes the publisher fall back to VP8', async () => {
  const [anna, ben] = await Promise.all([inChromium('Anna'), inChromium('Ben')]);
  const fiona = await inFirefox('Fiona', 9);
  try {
    await anna.join(server, 'mixed', { query: 'codec=h264' });
    await ben.join(server, 'mixed', { without: ['camera'] });
    await ben.watches('Anna');
    expect((await decoding(ben)).codec.toLowerCase()).toBe('video/h264');
    await fiona.join(server, 'mixed', { without: ['camera'] });
    await fiona.watches('Anna');
    await untilDecoding(ben, 'vp8', 1, 1_080);
  } finally {
    await Promise.all([anna, ben, fiona].map((person) => person.close()));
  }
});

test('from AV1 with dependency descriptors to VP8, for somebody in Firefox and somebody without AV1', async () => {
  const [anna, ben, cora] = await Promise.all([inChromium('Anna'), inChromium('Ben'), inChromium('Cora')]);
  const fiona = await inFirefox('Fiona', 9);
  try {
    await anna.join(server, 'descriptors', { query: 'codec=av1' });
    // One slot: all that he sees is one stream.
    await ben.join(server, 'descriptors', { without: ['camera'], query: 'videoSlots=1&audioSlots=1' });
    await fiona.join(server, 'descriptors', { without: ['camera'] });
    await untilDecoding(ben, 'av1', 1, 1_080);
    await untilDecoding(fiona, 'av1', 1, 1_080);
    await cora.tab.driver.goto(`${server.url}/r/descriptors`);
    await cora.tab.evaluate(() => {
      const { getCapabilities } = RTCRtpReceiver;
      RTCRtpReceiver.getCapabilities = (kind) => {
        const all = getCapabilities.call(RTCRtpReceiver, kind);
        return all && { ...all, codecs: all.codecs.filter(({ mimeType }) => mimeType !== 'video/AV1') };
      };
    }, null);
    await cora.tab.fill('name-input', 'Cora');
    await cora.tab.click('join');
    await cora.connected();
    // Now Anna's has no picture ids: those who take descriptors read them, and Firefox goes by sequence numbers.
    for (const person of [cora, fiona]) await untilDecoding(person, 'vp8', 1, 1_080);
    let former = 0;
    for (const name of ['Anna', 'Cora', 'Anna']) {
      await show(ben, await ben.sees(name), 720);
      former = await untilAnother(ben, former);
      await untilDecoding(ben, 'vp8', 1, 1_080);
    }
  } finally {
    await Promise.all([anna, ben, cora, fiona].map((person) => person.close()));
  }
});
