/** Notes every frame that leaves a video encoder of the page. These functions run in the page. */

/** One encoded frame. */
export interface EncodedFrame {
  /** Milliseconds, by the clock of the worker that sees the frames. */
  atMs: number;
  ssrc: number;
  width: number;
  height: number;
  /** Temporal id; 0 without temporal layers. */
  temporal: number;
  key: boolean;
  bytes: number;
}

interface Tap {
  frames: EncodedFrame[];
  /** Asks every encoder for a keyframe, as a viewer who joins does. */
  keyframe(): void;
}

declare global {
  interface Window {
    tap?: Tap;
  }
}

/** In the worker: passes frames on as they are, and tells the page what they were. */
function worker(): void {
  interface Frame {
    type: string;
    data: ArrayBuffer;
    getMetadata(): Record<string, number | undefined>;
  }
  const scope = self as unknown as {
    onrtctransform: (event: { transformer: Transformer }) => void;
    onmessage: () => void;
    postMessage(frame: EncodedFrame): void;
  };
  interface Transformer {
    readable: ReadableStream<Frame>;
    writable: WritableStream<Frame>;
    generateKeyFrame(rid?: string): Promise<unknown>;
  }
  const transformers: Transformer[] = [];
  scope.onmessage = () => {
    for (const one of transformers) one.generateKeyFrame().catch(() => undefined);
  };
  scope.onrtctransform = ({ transformer }) => {
    transformers.push(transformer);
    const note = new TransformStream<Frame, Frame>({
      transform(frame, controller) {
        const about = frame.getMetadata();
        scope.postMessage({
          atMs: performance.now(),
          ssrc: about.synchronizationSource ?? 0,
          width: about.width ?? 0,
          height: about.height ?? 0,
          temporal: about.temporalIndex ?? 0,
          key: frame.type === 'key',
          bytes: frame.data.byteLength,
        });
        controller.enqueue(frame);
      },
    });
    transformer.readable.pipeThrough(note).pipeTo(transformer.writable);
  };
}

/** Runs in the page before its scripts. All layers stay active, also those that nobody watches. */
function tapEncoders(source: string): void {
  const code = new Worker(URL.createObjectURL(new Blob([`(${source})()`], { type: 'text/javascript' })));
  const tap: Tap = { frames: [], keyframe: () => code.postMessage(null) };
  window.tap = tap;
  code.onmessage = ({ data }: MessageEvent<EncodedFrame>) => tap.frames.push(data);
  const Transform = (window as unknown as { RTCRtpScriptTransform: new (worker: Worker) => unknown })
    .RTCRtpScriptTransform;
  const add = RTCPeerConnection.prototype.addTransceiver;
  RTCPeerConnection.prototype.addTransceiver = function (kind, init) {
    const transceiver = add.call(this, kind, init);
    const sends = kind === 'video' && init?.direction === 'sendonly';
    if (sends) (transceiver.sender as unknown as { transform: unknown }).transform = new Transform(code);
    return transceiver;
  };
  const set = RTCRtpSender.prototype.setParameters;
  RTCRtpSender.prototype.setParameters = function (parameters) {
    for (const encoding of parameters.encodings) encoding.active = true;
    return set.call(this, parameters);
  };
}

/** The script to put into a page before its own. */
export const encoderTap = `(${tapEncoders.toString()})(${JSON.stringify(worker.toString())})`;
