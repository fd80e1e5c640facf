import { useCallback, useEffect, useState } from 'react';
import { roomFromPath, roomPath } from '../logic/room';

/** The room in the address, null on `/`. Follows the browser's back and forward. */
export function useRoute(): { room: string | null; go: (room: string | null, hash?: string) => void } {
  const [room, setRoom] = useState(() => roomFromPath(window.location.pathname));
  useEffect(() => {
    const moved = () => setRoom(roomFromPath(window.location.pathname));
    window.addEventListener('popstate', moved);
    return () => window.removeEventListener('popstate', moved);
  }, []);
  const go = useCallback((next: string | null, hash = '') => {
    window.history.pushState(null, '', next === null ? '/' : `${roomPath(next)}${hash}`);
    setRoom(next);
  }, []);
  return { room, go };
}
