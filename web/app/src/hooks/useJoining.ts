import { useCallback, useEffect, useRef, useState } from 'react';
import { errorCode } from '../logic/errors';
import { tokenFromHash } from '../logic/invitation';
import { attachPicture, type Call, connect, type VideoCodec } from '../sdk';

const CODECS: readonly VideoCodec[] = ['vp8', 'vp9', 'av1', 'h264'];

export type Phase =
  | { name: 'ready'; error: string | null }
  | { name: 'joining' }
  | { name: 'call'; call: Call }
  | { name: 'left'; error: string | null };

/**
 * Options in the address for whoever tests or debugs a call: `?videoSlots=3&audioSlots=3` offers fewer slots,
 * `?transport=tcp` uses no UDP, `?codec=vp9` (or `av1`, `h264`) sends the camera in that codec.
 */
function addressOptions(search: string) {
  const query = new URLSearchParams(search);
  const count = (name: string) => {
    const value = Number(query.get(name));
    return Number.isInteger(value) && value > 0 ? value : undefined;
  };
  const videoSlots = count('videoSlots');
  const audioSlots = count('audioSlots');
  const videoCodec = CODECS.find((codec) => codec === query.get('codec'));
  return {
    ...(videoSlots === undefined ? {} : { videoSlots }),
    ...(audioSlots === undefined ? {} : { audioSlots }),
    ...(videoCodec === undefined ? {} : { videoCodec }),
    ...(query.get('transport') === 'tcp' ? { transport: 'tcp' as const } : {}),
  };
}

declare global {
  interface Window {
    /** The running call, for the browser's console and for end-to-end tests. */
    plenum?: { call: Call | null; attachPicture: typeof attachPicture };
  }
}

export interface Joining {
  phase: Phase;
  join: (room: string, name: string) => void;
  /** Gives up joining, or leaves the call. */
  leave: () => void;
  reset: () => void;
}

/** From "ready" through the call to "left". */
export function useJoining(): Joining {
  const [phase, setPhase] = useState<Phase>({ name: 'ready', error: null });
  const attempt = useRef<AbortController | null>(null);
  const call = useRef<Call | null>(null);

  const join = useCallback(async (room: string, name: string) => {
    const controller = new AbortController();
    attempt.current = controller;
    const { signal } = controller;
    setPhase({ name: 'joining' });
    const token = tokenFromHash(window.location.hash);
    try {
      const joined = await connect({
        room,
        name,
        ...addressOptions(window.location.search),
        ...(token === null ? {} : { token }),
        signal,
      });
      if (signal.aborted) return void joined.leave();
      call.current = joined;
      window.plenum = { call: joined, attachPicture };
      joined.on('closed', (error) => {
        if (call.current !== joined) return;
        call.current = null;
        window.plenum = { call: null, attachPicture };
        setPhase({ name: 'left', error: error?.code ?? null });
      });
      setPhase({ name: 'call', call: joined });
    } catch (error) {
      if (!signal.aborted) setPhase({ name: 'ready', error: errorCode(error) });
    }
  }, []);

  const leave = useCallback(() => {
    attempt.current?.abort();
    const leaving = call.current;
    call.current = null;
    window.plenum = { call: null, attachPicture };
    setPhase(leaving ? { name: 'left', error: null } : { name: 'ready', error: null });
    void leaving?.leave().catch(() => undefined);
  }, []);

  const reset = useCallback(() => setPhase({ name: 'ready', error: null }), []);
  useEffect(() => () => attempt.current?.abort(), []);
  return { phase, join, leave, reset };
}
