/** What a person may not do in a call, in terms of the page's buttons. */
import type { Permissions } from '../sdk';

export const ACTS = ['microphone', 'camera', 'screen', 'chat', 'watch'] as const;
export type Act = (typeof ACTS)[number];

export function isAllowed({ publish, data, subscribe }: Permissions, act: Act): boolean {
  if (act === 'chat') return data;
  if (act === 'watch') return subscribe;
  return publish.has(act);
}

/** What changed from one to the other. */
export function changes(before: Permissions, after: Permissions): { lost: Act[]; gained: Act[] } {
  const lost = ACTS.filter((act) => isAllowed(before, act) && !isAllowed(after, act));
  const gained = ACTS.filter((act) => !isAllowed(before, act) && isAllowed(after, act));
  return { lost, gained };
}
