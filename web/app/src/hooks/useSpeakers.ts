import { useEffect, useState } from 'react';
import type { SpokenAt } from '../logic/order';
import type { Call } from '../sdk';

export interface Speakers {
  /** Who among the others spoke last; stays when they fall silent. */
  last: string | null;
  spokenAt: SpokenAt;
}

/** Remembers who spoke when. */
export function useSpeakers(call: Call): Speakers {
  const [speakers, setSpeakers] = useState<Speakers>({ last: null, spokenAt: new Map() });
  useEffect(() => {
    let turn = 0;
    const follow = () => {
      const active = call.activeSpeaker;
      if (active === null || !call.participants.has(active)) return;
      setSpeakers((before) => {
        if (before.last === active) return before;
        turn += 1;
        // Only people who are still here: the map stays as small as the room.
        const spokenAt = new Map([...before.spokenAt].filter(([id]) => call.participants.has(id)));
        return { last: active, spokenAt: spokenAt.set(active, turn) };
      });
    };
    follow();
    const stops = [call.on('speakers', follow), call.on('participants', follow)];
    return () => {
      for (const stop of stops) stop();
    };
  }, [call]);
  return speakers;
}
