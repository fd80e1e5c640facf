import { type ReactNode, useEffect, useRef, useState } from 'react';
import { attachPicture } from '../sdk';
import './Video.css';

/**
 * Shows one track, always without sound (the SDK plays sound). `onReady` tells when its own first picture is there:
 * until then the element may still hold nothing, or a picture of before.
 */
function useVideo(track: MediaStreamTrack | null, startsAt: number | null) {
  const element = useRef<HTMLVideoElement>(null);
  const [readyTrack, setReadyTrack] = useState<MediaStreamTrack | null>(null);
  const [upright, setUpright] = useState(false);
  useEffect(() => {
    const video = element.current;
    if (!video || !track) return;
    const resized = () => setUpright(video.videoHeight > video.videoWidth);
    video.addEventListener('resize', resized);
    const detach = attachPicture(video, track, startsAt, () => setReadyTrack(track));
    return () => {
      video.removeEventListener('resize', resized);
      detach();
      setReadyTrack(null);
    };
  }, [track, startsAt]);
  return { element, ready: track !== null && readyTrack === track, upright };
}

interface Props {
  track: MediaStreamTrack;
  /** `RemoteTrack.startsAt`; null for own pictures. */
  startsAt?: number | null;
  mirror?: boolean;
  contain?: boolean;
  /** Drawn until the first picture is there. */
  children?: ReactNode;
}

export function Video({ track, startsAt = null, mirror = false, contain = false, children }: Props) {
  const { element, ready, upright } = useVideo(track, startsAt);
  return (
    <>
      <video
        ref={element}
        className={`video${mirror ? ' mirror' : ''}${contain ? ' contain' : ''}`}
        data-ready={ready}
        data-upright={upright}
        autoPlay
        playsInline
        muted
        disablePictureInPicture
      />
      {!ready && children}
    </>
  );
}
