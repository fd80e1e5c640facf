import { useCallback, useSyncExternalStore } from 'react';

/** Below this the control bar keeps only what is used most. The same width as in Controls.css. */
export const NARROW_QUERY = '(width < 860px)';

export function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (changed: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', changed);
      return () => list.removeEventListener('change', changed);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
