import { useEffect, useRef } from 'react';
import type { Words } from '../i18n';
import type { Problem } from '../media/capture';
import type { MediaState } from '../media/LocalMedia';
import { problemText } from '../prejoin/DeviceProblem';

/** Says what is wrong when a device fails during the call; what was wrong before is known already. */
export function useDeviceNotices(
  { camera, microphone }: MediaState,
  words: Words,
  say: (text: string, tone: 'problem') => void,
): void {
  useNotice(camera.wanted ? camera.problem : null, words.devices.camera, words, say);
  useNotice(microphone.wanted ? microphone.problem : null, words.devices.microphone, words, say);
}

function useNotice(
  problem: Problem | null,
  device: string,
  words: Words,
  say: (text: string, tone: 'problem') => void,
): void {
  const known = useRef(problem);
  useEffect(() => {
    if (problem !== null && problem !== known.current) {
      const [title, text] = problemText(words, device, problem);
      say(`${title}. ${text}`, 'problem');
    }
    known.current = problem;
  }, [problem, device, words, say]);
}
