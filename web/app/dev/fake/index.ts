/**
 * Stands in for the SDK in `npm run dev:fake`: a call without a server. The address chooses what it shows:
 * `?people=12&screen&blocked&poor&lost&error=room_full`.
 */
export * from '../../../sdk/src/devices/index';

import type { Call, ConnectOptions } from '../../../sdk/src/api';
import { FakeCall } from './FakeCall';

export async function connect(options: ConnectOptions): Promise<Call> {
  const query = new URLSearchParams(window.location.search);
  await new Promise((resolve) => setTimeout(resolve, 400));
  const code = query.get('error');
  if (code) throw Object.assign(new Error(code), { code });
  return new FakeCall(options, query);
}
