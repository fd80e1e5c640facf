/** A call between two browsers with nothing but a relay in between; the test carries its signaling. */
import { openChromium } from './chromium.ts';
import { onlyThrough, Relay } from './relay.ts';
import type { Server } from './server.ts';
import type { Tab } from './tab.ts';

/** What the SDK allows its top layer, so that both calls may send the same picture. */
const MAX_BITRATE = 1_700_000;

/** Runs in the publisher's page; returns its offer with all candidates. */
async function offer(maxBitrate: number): Promise<string> {
  const video = { width: 1280, height: 720, frameRate: 30 };
  const stream = await navigator.mediaDevices.getUserMedia({ video, audio: true });
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  for (const track of stream.getTracks()) {
    const sendEncodings = track.kind === 'video' ? [{ maxBitrate }] : [];
    connection.addTransceiver(track, { direction: 'sendonly', streams: [stream], sendEncodings });
  }
  await connection.setLocalDescription();
  while (connection.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20));
  return connection.localDescription?.sdp ?? '';
}

/** Runs in the viewer's page; returns its answer, which says nothing of where the viewer is. */
async function answer(sdp: string): Promise<string> {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true });
  video.style.cssText = 'position:fixed;inset:0;width:100%;height:100%;object-fit:contain';
  video.className = 'remote';
  document.body.append(video);
  connection.ontrack = ({ streams }) => {
    video.srcObject = streams[0] ?? null;
  };
  await connection.setRemoteDescription({ type: 'offer', sdp });
  await connection.setLocalDescription();
  return (connection.localDescription?.sdp ?? '').replace(/^a=candidate:.*\r\n/gm, '');
}

/** Both people and the relay between them. */
export interface DirectCall {
  publisher: Tab;
  viewer: Tab;
  relay: Relay;
}

/** Opens the call on pages of this server, for want of another secure origin. */
export async function callDirectly(
  label: string,
  server: Server,
  links: { up: string; down: string },
  devices: { camera: string },
  size: { width: number; height: number },
): Promise<DirectCall> {
  const publisher = await openChromium(`${label} publisher`, devices);
  const viewer = await openChromium(`${label} viewer`, { ...size, noDevices: true });
  for (const tab of [publisher, viewer]) await tab.driver.goto(`${server.url}/readyz`);
  const sdp = await publisher.evaluate(offer, MAX_BITRATE);
  const port = /^a=candidate:\S+ 1 udp \d+ \S+ (\d+) typ host/im.exec(sdp)?.[1];
  if (!port) throw new Error(`the offer has no UDP candidate:\n${sdp}`);
  const relay = await Relay.start(label, Number(port), links);
  const answered = await viewer.evaluate(answer, onlyThrough(sdp, relay.address));
  await publisher.evaluate(async (text) => {
    await window.connections[0]?.setRemoteDescription({ type: 'answer', sdp: text });
  }, answered);
  return { publisher, viewer, relay };
}
