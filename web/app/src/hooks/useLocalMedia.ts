import { useSyncExternalStore } from 'react';
import type { LocalMedia, MediaState } from '../media/LocalMedia';

export function useLocalMedia(media: LocalMedia): MediaState {
  return useSyncExternalStore(media.subscribe, media.snapshot);
}
