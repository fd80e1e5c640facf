import { CallError } from '../errors.ts';

/** Version byte of the envelope. */
const VERSION = 1;

/** A message as the server delivers it. */
export interface Envelope {
  /** Sender's participant id. */
  from: string;
  topic: string;
  payload: Uint8Array;
}

/** The number in an id: the eight hexadecimal digits behind its prefix. */
export function idNumber(id: string): number {
  const match = /^[pt]_([0-9a-f]{8})$/.exec(id);
  if (!match?.[1]) throw new CallError('invalid_value', `Not an id: ${id}`);
  return Number.parseInt(match[1], 16);
}

/** A participant's id from its number. */
export function participantId(number: number): string {
  return `p_${number.toString(16).padStart(8, '0')}`;
}

/**
 * Client → server: version u8 · number of recipients u8 (0: the whole room) · that many participant numbers u32 ·
 * length of the topic u8 · topic UTF-8 · payload. Big-endian.
 */
export function encodeEnvelope(to: readonly string[], topic: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const topicBytes = new TextEncoder().encode(topic);
  if (topicBytes.length > 255) throw new CallError('invalid_value', 'A topic has at most 255 bytes.');
  if (to.length > 255) throw new CallError('invalid_value', 'A message goes to at most 255 named participants.');
  const message = new Uint8Array(3 + 4 * to.length + topicBytes.length + payload.length);
  const view = new DataView(message.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, to.length);
  let at = 2;
  for (const id of to) {
    view.setUint32(at, idNumber(id));
    at += 4;
  }
  view.setUint8(at, topicBytes.length);
  message.set(topicBytes, at + 1);
  message.set(payload, at + 1 + topicBytes.length);
  return message;
}

/** Server → client: version u8 · sender's number u32 · length of the topic u8 · topic · payload. Null when broken. */
export function decodeEnvelope(message: ArrayBuffer): Envelope | null {
  const bytes = new Uint8Array(message);
  const view = new DataView(message);
  if (bytes.length < 6 || bytes[0] !== VERSION) return null;
  const payloadAt = 6 + view.getUint8(5);
  if (payloadAt > bytes.length) return null;
  return {
    from: participantId(view.getUint32(1)),
    topic: new TextDecoder().decode(bytes.subarray(6, payloadAt)),
    payload: bytes.slice(payloadAt),
  };
}
