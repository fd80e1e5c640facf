import { useEffect, useRef } from 'react';
import type { MediaState } from '../media/LocalMedia';
import { Publisher } from '../media/Publisher';
import type { Call, Source } from '../sdk';

/** Publishes what the person switched on, and takes back what was switched off. */
export function usePublishing(call: Call, { camera, microphone, screen }: MediaState, onError: () => void): void {
  const publisher = useRef<Publisher | null>(null);
  const report = useRef(onError);
  report.current = onError;
  useEffect(() => {
    publisher.current = new Publisher(call, () => {
      // While the connection is down the SDK remembers; an error in a healthy call is worth a word.
      if (call.state === 'connected') report.current();
    });
  }, [call]);
  // What may not be published is not wished for either: it comes back by itself when it is allowed again.
  const { publish } = call.permissions;
  const set = (source: Source, track: MediaStreamTrack | null, muted = false) =>
    publisher.current?.set(source, track && publish.has(source) ? { track, muted } : null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `set` is made anew each time
  useEffect(() => void set('camera', camera.track), [camera.track, publish]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  useEffect(
    () => void set('microphone', microphone.track, !microphone.wanted),
    [microphone.track, microphone.wanted, publish],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  useEffect(() => {
    set('screen', screen?.video ?? null);
    set('screen_audio', screen?.audio ?? null);
  }, [screen, publish]);
}
