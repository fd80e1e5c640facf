import { useEffect } from 'react';
import { encodeMetadata } from '../logic/tiles';
import type { Call } from '../sdk';

/** Tells the others when our network is poor, so that they see a mark instead of wondering. */
export function useQualityMark(call: Call): void {
  useEffect(
    () => call.on('quality', (quality) => void call.setMetadata(encodeMetadata(quality)).catch(() => undefined)),
    [call],
  );
}
