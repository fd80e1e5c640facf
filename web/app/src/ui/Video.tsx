import { type ReactNode, useEffect, useRef, useState } from 'react';
import './Video.css';

/**
 * Shows one track, always without sound (the SDK plays sound). `onReady` tells when its own first picture is there:
 * until then the element may still hold nothing, or a picture of before.
 */
function useVideo(track: MediaStreamTrack | null) {
  const element = useRef<HTMLVideoElement>(null);
  const [readyTrack, setReadyTrack] = useState<MediaStreamTrack | null>(null);
  const [upright, setUpright] = useState(false);
  useEffect(() => {
    const video = element.current;
    if (!video || !track) return;
    const ready = () => setReadyTrack(track);
    const resized = () => setUpright(video.videoHeight > video.videoWidth);
    video.addEventListener('loadeddata', ready);
    video.addEventListener('resize', resized);
    video.srcObject = new MediaStream([track]);
    // Muted video may always play; a refusal only means that the element went away meanwhile.
    video.play().catch(() => undefined);
    return () => {
      video.removeEventListener('loadeddata', ready);
      video.removeEventListener('resize', resized);
      video.srcObject = null;
      setReadyTrack(null);
    };
  }, [track]);
  return { element, ready: track !== null && readyTrack === track, upright };
}

interface Props {
  track: MediaStreamTrack;
  mirror?: boolean;
  contain?: boolean;
  /** Drawn until the first picture is there. */
  children?: ReactNode;
}

export function Video({ track, mirror = false, contain = false, children }: Props) {
  const { element, ready, upright } = useVideo(track);
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
