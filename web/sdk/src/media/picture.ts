/** Pictures of before are gone after this time, in milliseconds, even where frames cannot be told apart. */
const OLD_PICTURES_MS = 1_000;

/** The part of `VideoFrameCallbackMetadata` that is needed. */
interface FrameMetadata {
  rtpTimestamp?: number;
}

/** Whether a frame is the one that begins at `startsAt`, or one after it, on the circle of 32 bits. */
export function isFrom(startsAt: number | null, frame: FrameMetadata): boolean {
  if (startsAt === null || frame.rtpTimestamp === undefined) return true;
  return ((frame.rtpTimestamp - startsAt) | 0) >= 0;
}

/**
 * Plays a track in a video element and calls `ready` with the first frame that is surely of it: cover the element
 * until then, because a slot's element may still draw what the slot carried before. Returns what ends it.
 */
export function attachPicture(
  video: HTMLVideoElement,
  track: MediaStreamTrack,
  startsAt: number | null,
  ready: () => void,
): () => void {
  let over = false;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const finish = (): void => {
    if (over) return;
    stop();
    ready();
  };
  const look = (_now: number, frame: FrameMetadata): void => {
    if (over) return;
    if (isFrom(startsAt, frame)) finish();
    else video.requestVideoFrameCallback(look);
  };
  const loaded = (): void => {
    if (startsAt === null || !('requestVideoFrameCallback' in video)) finish();
    else timer = setTimeout(finish, OLD_PICTURES_MS);
  };
  const stop = (): void => {
    over = true;
    if (timer !== null) clearTimeout(timer);
    video.removeEventListener('loadeddata', loaded);
  };
  video.addEventListener('loadeddata', loaded);
  if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(look);
  video.srcObject = new MediaStream([track]);
  // Muted video may always play; a refusal only means that the element went away meanwhile.
  video.play().catch(() => undefined);
  return () => {
    stop();
    video.srcObject = null;
  };
}
