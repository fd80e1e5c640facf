import { useEffect } from 'react';
import type { Words } from '../i18n';
import { changes, isAllowed } from '../logic/permissions';
import type { LocalMedia } from '../media/LocalMedia';
import type { Call } from '../sdk';
import type { Notices } from './useNotices';

/** Switches off what may not be sent (the recording light goes out), and says what changed. */
export function usePermissions(call: Call, media: LocalMedia, words: Words, say: Notices['say']): void {
  useEffect(() => {
    let before = call.permissions;
    switchOff(call, media);
    return call.on('permissions', (after) => {
      const { lost, gained } = changes(before, after);
      before = after;
      switchOff(call, media);
      for (const act of lost) say(words.notAllowed[act], 'problem');
      for (const act of gained) say(words.allowed[act]);
    });
  }, [call, media, words, say]);
}

function switchOff(call: Call, media: LocalMedia): void {
  for (const kind of ['camera', 'microphone'] as const) {
    if (!isAllowed(call.permissions, kind)) media.forbid(kind);
    else media.permit(kind);
  }
  if (!isAllowed(call.permissions, 'screen')) media.stopScreen();
}
