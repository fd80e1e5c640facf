import { useEffect, useRef, useState } from 'react';
import type { Placed } from '../logic/arrange';
import { computeView, sameView } from '../logic/view';
import type { Call, View } from '../sdk';

/** Sizes settle for this long before the server hears of them: longer saves messages, shorter sharpens sooner. */
const SETTLE_MS = 150;
/** A view the server did not take is told again after this long. */
const RETRY_MS = 1_000;

function useHidden(): boolean {
  const [hidden, setHidden] = useState(document.hidden);
  useEffect(() => {
    const changed = () => setHidden(document.hidden);
    document.addEventListener('visibilitychange', changed);
    return () => document.removeEventListener('visibilitychange', changed);
  }, []);
  return hidden;
}

/** Tells the server what is on screen and how large. */
export function useView(call: Call, placed: readonly Placed[]): void {
  const hidden = useHidden();
  const sent = useRef<View | null>(null);
  const [attempt, setAttempt] = useState(0);
  const tiles = placed
    .filter(({ tile }) => !tile.self)
    .map(({ tile, height, role }) => ({
      participant: tile.participant,
      source: tile.source,
      height,
      large: role === 'stage',
    }));
  const view = computeView(tiles, window.devicePixelRatio, hidden, call.videoSlots);
  const key = JSON.stringify(view);
  const { state } = call;
  useEffect(() => {
    if (state !== 'connected') {
      // After a reconnection the server may have forgotten: tell it again.
      sent.current = null;
      return;
    }
    // A new attempt is a reason to run this again, nothing more.
    void attempt;
    const next = JSON.parse(key) as View;
    const timer = setTimeout(() => {
      if (sameView(sent.current, next)) return;
      sent.current = next;
      call.setView(next).catch(() => {
        sent.current = null;
        setTimeout(() => setAttempt((attempts) => attempts + 1), RETRY_MS);
      });
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [call, key, state, attempt]);
}
