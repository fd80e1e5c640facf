import type { Call, ConnectOptions } from './api.ts';
import { PlenumCall } from './call.ts';
import { CallError } from './errors.ts';

/** Joins a room and resolves when media is connected; rejects with a `CallError`. */
export async function connect(options: ConnectOptions): Promise<Call> {
  if (typeof RTCPeerConnection === 'undefined' || typeof WebSocket === 'undefined') {
    throw new CallError('unsupported_browser', 'This browser cannot hold a call: it has no WebRTC.');
  }
  const call = new PlenumCall(options);
  await call.start();
  return call;
}
