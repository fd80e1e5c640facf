import { useEffect } from 'react';

/** Keeps the screen of a phone on during the call, where the browser can. The lock ends whenever the page is hidden. */
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | null = null;
    let done = false;
    const take = async () => {
      if (document.hidden || !('wakeLock' in navigator)) return;
      // Refused when the battery is low: then the screen does what it always does.
      lock = await navigator.wakeLock.request('screen').catch(() => null);
      if (done) await lock?.release();
    };
    const shown = () => void take();
    shown();
    document.addEventListener('visibilitychange', shown);
    return () => {
      done = true;
      document.removeEventListener('visibilitychange', shown);
      void lock?.release();
    };
  }, []);
}
