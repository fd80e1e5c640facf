import { useCallback, useRef, useSyncExternalStore } from 'react';
import type { Call, CallEvents } from '../sdk';

const EVENTS = [
  'state',
  'participants',
  'speakers',
  'quality',
  'permissions',
  'audioBlocked',
] as const satisfies readonly (keyof CallEvents)[];

/** Renders again whenever anything of the call changed; read the call itself while rendering. Returns a revision. */
export function useCallState(call: Call): number {
  const revision = useRef(0);
  const subscribe = useCallback(
    (notify: () => void) => {
      const changed = () => {
        revision.current += 1;
        notify();
      };
      const stops = EVENTS.map((event) => call.on(event, changed));
      return () => {
        for (const stop of stops) stop();
      };
    },
    [call],
  );
  return useSyncExternalStore(subscribe, () => revision.current);
}
