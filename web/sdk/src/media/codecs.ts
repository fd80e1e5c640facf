type Kind = 'audio' | 'video';

/**
 * The codecs the server forwards, in order of preference. Few, because SDP and the server's work grow with codecs
 * times sections. RED (RFC 2198) first: it repairs single losses without a round trip.
 */
const WANTED: Readonly<Record<Kind, readonly string[]>> = {
  audio: ['audio/red', 'audio/opus'],
  video: ['video/vp8', 'video/rtx'],
};

/** What this browser can do of what we want, best first. */
export function preferredCodecs<C extends { mimeType: string }>(kind: Kind, capable: readonly C[]): C[] {
  const wanted = WANTED[kind];
  const rank = (codec: C): number => wanted.indexOf(codec.mimeType.toLowerCase());
  return capable.filter((codec) => rank(codec) >= 0).sort((a, b) => rank(a) - rank(b));
}

/** Limits a section to our codecs. Browsers that cannot be told keep their whole list, which works too. */
export function limitCodecs(transceiver: RTCRtpTransceiver, kind: Kind, direction: 'sendonly' | 'recvonly'): void {
  const source = direction === 'sendonly' ? RTCRtpSender : RTCRtpReceiver;
  const capable = source.getCapabilities?.(kind)?.codecs ?? [];
  const codecs = preferredCodecs(kind, capable);
  if (codecs.length === 0 || typeof transceiver.setCodecPreferences !== 'function') return;
  transceiver.setCodecPreferences(codecs);
}
