import type { VideoCodec } from '../api.ts';

type Kind = 'audio' | 'video';

/**
 * The codecs the server forwards, in order of preference. Few, because SDP and the server's work grow with codecs
 * times sections. RED (RFC 2198) first: it repairs single losses without a round trip. VP8 first: everybody has it.
 */
const WANTED: Readonly<Record<Kind, readonly string[]>> = {
  audio: ['audio/red', 'audio/opus'],
  video: ['video/vp8', 'video/vp9', 'video/av1', 'video/h264', 'video/rtx'],
};

/** One format of each codec is enough: 8 bits of VP9, and constrained baseline H.264 in fragments. */
function isUsualFormat({ mimeType, sdpFmtpLine = '' }: { mimeType: string; sdpFmtpLine?: string }): boolean {
  switch (mimeType.toLowerCase()) {
    case 'video/vp9':
      return !/profile-id=[1-9]/.test(sdpFmtpLine);
    case 'video/av1':
      return !/profile=[1-9]/.test(sdpFmtpLine);
    case 'video/h264':
      return /packetization-mode=1/.test(sdpFmtpLine) && /profile-level-id=42e0/i.test(sdpFmtpLine);
    default:
      return true;
  }
}

/** What this browser can do of what we want, best first, each codec once. */
export function preferredCodecs<C extends { mimeType: string; sdpFmtpLine?: string }>(
  kind: Kind,
  capable: readonly C[],
): C[] {
  const wanted = WANTED[kind];
  const rank = (codec: C): number => wanted.indexOf(codec.mimeType.toLowerCase());
  const seen = new Set<number>();
  const first = (codec: C): boolean => rank(codec) >= 0 && !seen.has(rank(codec)) && seen.add(rank(codec)).size > 0;
  return capable
    .filter(isUsualFormat)
    .filter(first)
    .sort((a, b) => rank(a) - rank(b));
}

/**
 * Limits a section to our codecs, of video only to `video` when given: a slot takes whatever is published, one's own
 * camera needs VP8 and perhaps one more. Browsers that cannot be told keep their whole list, which works too.
 *
 * `first`: `video` comes before VP8. The server asks for dependency descriptors where AV1 does, and only with them it
 * can tell AV1's layers apart.
 */
export function limitCodecs(
  transceiver: RTCRtpTransceiver,
  kind: Kind,
  direction: 'sendonly' | 'recvonly',
  video?: VideoCodec,
  first = false,
): void {
  const source = direction === 'sendonly' ? RTCRtpSender : RTCRtpReceiver;
  const capable = source.getCapabilities?.(kind)?.codecs ?? [];
  const names = [video, 'vp8', 'rtx'].map((name) => `video/${name}`);
  const sent = ({ mimeType }: { mimeType: string }): boolean =>
    kind === 'audio' || video === undefined || names.includes(mimeType.toLowerCase());
  const leads = ({ mimeType }: { mimeType: string }): boolean => first && mimeType.toLowerCase() === `video/${video}`;
  const codecs = preferredCodecs(kind, capable)
    .filter(sent)
    .sort((a, b) => Number(leads(b)) - Number(leads(a)));
  if (codecs.length === 0 || typeof transceiver.setCodecPreferences !== 'function') return;
  transceiver.setCodecPreferences(codecs);
}

/** The codec of this name among the negotiated, to be written into `encodings[].codec`; null where it is not. */
export function codecNamed({ codecs = [] }: Pick<RTCRtpParameters, 'codecs'>, codec: VideoCodec): RTCRtpCodec | null {
  return codecs.find(({ mimeType }) => mimeType.toLowerCase() === `video/${codec}`) ?? null;
}
