import type { Source, VideoCodec } from '../api.ts';
import type { DebugLog } from '../debug.ts';
import { limitCodecs } from './codecs.ts';
import { CAMERA_LAYERS, SCREEN_LAYERS } from './layers.ts';
import { PublishSection } from './sender.ts';

/** The publish sections in the order of the offer. */
const PUBLISH: readonly { source: Source; kind: 'audio' | 'video' }[] = [
  { source: 'microphone', kind: 'audio' },
  { source: 'camera', kind: 'video' },
  { source: 'screen', kind: 'video' },
  { source: 'screen_audio', kind: 'audio' },
];

/**
 * Adds a sendonly section for everything that may ever be published, without tracks. Directions never change after
 * the first offer: publishing is `replaceTrack` and a message.
 */
export function addPublishSections(
  pc: RTCPeerConnection,
  log: DebugLog,
  cameraCodec: VideoCodec,
): Map<Source, PublishSection> {
  const sections = new Map<Source, PublishSection>();
  for (const { source, kind } of PUBLISH) {
    const init: RTCRtpTransceiverInit = { direction: 'sendonly' };
    const encodings = encodingsOf(source);
    if (encodings) init.sendEncodings = encodings;
    const namesCodecs = watchCodec(encodings ?? []);
    const transceiver = pc.addTransceiver(kind, init);
    const codec = source === 'camera' ? cameraCodec : 'vp8';
    limitCodecs(transceiver, kind, 'sendonly', codec, codec === 'av1' && namesCodecs());
    sections.set(source, new PublishSection(source, transceiver, log, codec));
  }
  return sections;
}

/**
 * Whether the browser looked for the codec of an encoding (webrtc-extensions). One that does not sends the section's
 * first codec whatever it is told, so that must be the one everybody decodes.
 */
function watchCodec(encodings: readonly RTCRtpEncodingParameters[]): () => boolean {
  let looked = false;
  const get = (): undefined => {
    looked = true;
  };
  for (const encoding of encodings) Object.defineProperty(encoding, 'codec', { get });
  return () => looked;
}

function encodingsOf(source: Source): RTCRtpEncodingParameters[] | null {
  if (source === 'camera') {
    return CAMERA_LAYERS.map(({ rid, scale, maxBitrate }) => ({
      rid,
      active: true,
      scaleResolutionDownBy: scale,
      maxBitrate,
    }));
  }
  if (source === 'screen') return SCREEN_LAYERS.map(({ maxBitrate }) => ({ active: true, maxBitrate }));
  return null;
}

/** Adds recvonly sections, the slots: first all of video, then all of audio. */
export function addSlotSections(pc: RTCPeerConnection, video: number, audio: number): RTCRtpTransceiver[] {
  const add = (kind: 'audio' | 'video'): RTCRtpTransceiver => {
    const transceiver = pc.addTransceiver(kind, { direction: 'recvonly' });
    limitCodecs(transceiver, kind, 'recvonly');
    return transceiver;
  };
  return [...Array.from({ length: video }, () => add('video')), ...Array.from({ length: audio }, () => add('audio'))];
}
