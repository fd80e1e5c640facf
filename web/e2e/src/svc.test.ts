/** Spatial layers of one VP9 encoding, as other clients than our page send them: they follow the size of the tile. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inChromium, type Person } from './support/person.ts';
import { Server } from './support/server.ts';

let server: Server;
let anna: Person;
let ben: Person;

/** Makes the page's camera one encoding of VP9 with three spatial layers, whatever the SDK asks for. */
const sendSvc = (person: Person): Promise<void> =>
  person.tab.evaluate(() => {
    const { addTransceiver } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.addTransceiver = function (track, init) {
      const simulcast = (init?.sendEncodings?.length ?? 0) > 1;
      const svc = [{ scalabilityMode: 'L3T3_KEY', maxBitrate: 2_000_000 } as RTCRtpEncodingParameters];
      const transceiver = addTransceiver.call(this, track, simulcast ? { ...init, sendEncodings: svc } : init);
      if (simulcast) {
        const prefer = transceiver.setCodecPreferences.bind(transceiver);
        const isVp9 = ({ mimeType }: RTCRtpCodec): boolean => mimeType === 'video/VP9';
        transceiver.setCodecPreferences = (wanted) => {
          const codecs = [...wanted];
          prefer([...codecs.filter(isVp9), ...codecs.filter((codec) => !isVp9(codec))]);
        };
        transceiver.sender.setParameters = () => Promise.resolve();
      }
      return transceiver;
    };
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (data) {
      const message = JSON.parse(String(data));
      if (message.layers) message.layers = [{ rid: '', height: 720, max_bitrate: 2_000_000 }];
      send.call(this, JSON.stringify(message));
    };
  }, null);

beforeAll(async () => {
  server = await Server.start('svc');
  [anna, ben] = await Promise.all([inChromium('Anna'), inChromium('Ben')]);
  await anna.tab.driver.goto(`${server.url}/r/svc?codec=vp9`);
  await sendSvc(anna);
  await anna.tab.fill('name-input', 'Anna');
  await anna.tab.click('join');
  await anna.connected();
  await ben.join(server, 'svc', { without: ['camera'] });
  await ben.watches('Anna');
});

afterAll(async () => {
  await Promise.all([anna, ben].map((person) => person?.close()));
  await server?.stop();
});

const show = (height: number): Promise<void> =>
  ben.sees('Anna').then((participant) =>
    ben.tab.evaluate(
      async (wanted) => {
        const tile = { participant: wanted.participant, source: 'camera' as const, height: wanted.height };
        await window.plenum?.call?.setView({ tiles: [tile] });
      },
      { participant, height },
    ),
  );

/** Waits until the picture is as high as this, and twenty more frames of it are decoded. */
const decodes = (height: number): Promise<void> =>
  ben.tab.until(
    `picture ${height} high`,
    async (wanted) => {
      const seen = window as { since?: number | undefined };
      const connections = await Promise.all(window.connections.map((connection) => connection.getStats()));
      const inbound = connections.flatMap((stats) => [...stats.values()]).filter((one) => one.type === 'inbound-rtp');
      const shown = inbound.find((one) => one.frameHeight === wanted);
      if (!shown) {
        seen.since = undefined;
        return false;
      }
      seen.since ??= Number(shown.framesDecoded);
      return shown.framesDecoded > seen.since + 20;
    },
    height,
    30_000,
  );

test('spatial layers follow the tile, down without a keyframe', async () => {
  const mode = await anna.tab.evaluate(async () => {
    const stats = await Promise.all(window.connections.map((connection) => connection.getStats()));
    const outbound = stats.flatMap((one) => [...one.values()]).find((one) => one.scalabilityMode);
    return String(outbound?.scalabilityMode);
  }, null);
  expect(mode).toBe('L3T3_KEY');
  await show(720);
  await decodes(720);
  await show(360);
  await decodes(360);
  await show(100);
  await decodes(180);
  await show(720);
  await decodes(720);
});
