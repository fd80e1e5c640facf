import { useEffect, useRef } from 'react';
import type { MediaState } from '../media/LocalMedia';
import { Publisher } from '../media/Publisher';
import type { Call } from '../sdk';

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
  useEffect(() => {
    publisher.current?.set('camera', camera.track && { track: camera.track, muted: false });
  }, [camera.track]);
  useEffect(() => {
    publisher.current?.set('microphone', microphone.track && { track: microphone.track, muted: !microphone.wanted });
  }, [microphone.track, microphone.wanted]);
  useEffect(() => {
    publisher.current?.set('screen', screen && { track: screen.video, muted: false });
    publisher.current?.set('screen_audio', screen?.audio ? { track: screen.audio, muted: false } : null);
  }, [screen]);
}
