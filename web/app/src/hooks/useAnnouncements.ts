import { useEffect } from 'react';
import type { Words } from '../i18n';
import type { Call, RemoteParticipant } from '../sdk';

/** People who come or go together are told together. */
const GATHER_MS = 400;

function gather(tell: (names: string[]) => void): { add: (participant: RemoteParticipant) => void; stop: () => void } {
  let names: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    add: ({ name }) => {
      names.push(name);
      timer ??= setTimeout(() => {
        timer = undefined;
        const told = names;
        names = [];
        tell(told);
      }, GATHER_MS);
    },
    stop: () => clearTimeout(timer),
  };
}

/** Says who joins, leaves and shares, and when the connection is back. */
export function useAnnouncements(call: Call, words: Words, say: (text: string) => void): void {
  useEffect(() => {
    const { joined, joinedMany, left, leftMany, reconnected, sharing } = words.call;
    const joins = gather(([name = '', ...more]) => say(more.length > 0 ? joinedMany(name, more.length) : joined(name)));
    const leaves = gather(([name = '', ...more]) => say(more.length > 0 ? leftMany(name, more.length) : left(name)));
    let before = call.state;
    let screens = sharingIds(call);
    const stops = [
      call.on('joined', joins.add),
      call.on('left', leaves.add),
      call.on('state', (state) => {
        if (before === 'reconnecting' && state === 'connected') say(reconnected);
        before = state;
      }),
      call.on('participants', () => {
        const now = sharingIds(call);
        for (const id of now) if (!screens.has(id)) say(sharing(call.participants.get(id)?.name ?? ''));
        screens = now;
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      joins.stop();
      leaves.stop();
    };
  }, [call, words, say]);
}

function sharingIds(call: Call): Set<string> {
  return new Set(
    [...call.participants.values()].filter((other) => other.tracks.has('screen')).map((other) => other.id),
  );
}
