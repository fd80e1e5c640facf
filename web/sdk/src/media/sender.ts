import type { Source, VideoCodec } from '../api.ts';
import type { DebugLog } from '../debug.ts';
import { codecNamed } from './codecs.ts';
import { applyLayers, type Layer, planLayers } from './layers.ts';

/** One publish section: what flows through it, and which of its layers. All changes one after the other. */
export class PublishSection {
  readonly source: Source;
  readonly transceiver: RTCRtpTransceiver;
  readonly #log: DebugLog;
  #queue: Promise<unknown> = Promise.resolve();
  #layers: Layer[];
  #wanted: ReadonlySet<string> | null = null;
  #codec: VideoCodec;
  #height = 0;

  constructor(source: Source, transceiver: RTCRtpTransceiver, log: DebugLog, codec: VideoCodec = 'vp8') {
    this.#codec = codec;
    this.source = source;
    this.transceiver = transceiver;
    this.#layers = planLayers(source, 0);
    this.#log = log;
  }

  /** Known once the offer was set. */
  get mid(): string | null {
    return this.transceiver.mid;
  }

  get layers(): readonly Layer[] {
    return this.#layers;
  }

  /** Lets this track flow; null: nothing. Needs no negotiation. Returns the height it has now, 0 when not known. */
  setTrack(track: MediaStreamTrack | null): Promise<number> {
    return this.#serialised(async () => {
      if (this.transceiver.sender.track !== track) await this.transceiver.sender.replaceTrack(track);
      const height = heightOf(track);
      if (track === null) this.#wanted = null;
      this.#height = height;
      this.#plan();
      await this.#apply();
      return height;
    });
  }

  /** Sends another codec from now on, in the same layers. */
  setCodec(codec: VideoCodec): Promise<void> {
    return this.#serialised(async () => {
      this.#codec = codec;
      this.#plan();
      this.#log.add('media', `${this.source}: codec ${codec}`);
      await this.#apply();
    });
  }

  /** The layers of the codec that can really be sent: VP8 where this browser has not negotiated or cannot be told. */
  #plan(): void {
    const possible = this.#codec === 'vp8' || codecNamed(this.transceiver.sender.getParameters(), this.#codec) !== null;
    this.#layers = planLayers(this.source, this.#height, possible ? this.#codec : 'vp8');
  }

  /** The layers somebody watches; the browser stops encoding the others. */
  setWanted(rids: readonly string[]): Promise<void> {
    return this.#serialised(async () => {
      this.#wanted = new Set(rids);
      this.#log.add('media', `${this.source}: wanted layers [${rids.join(' ')}]`);
      await this.#apply();
    });
  }

  async #apply(): Promise<void> {
    if (this.transceiver.receiver.track.kind !== 'video') return;
    const { sender } = this.transceiver;
    const parameters = sender.getParameters();
    // Firefox has no encodings before the first negotiation.
    if (!parameters.encodings?.length) return;
    const layersChanged = applyLayers(parameters.encodings, this.#layers, this.#wanted);
    const codecChanged = this.#applyCodec(parameters);
    if (!layersChanged && !codecChanged) return;
    try {
      await sender.setParameters(parameters);
    } catch (error) {
      // The picture goes on with the layers it had; only bandwidth is wasted.
      this.#log.add('media', `${this.source}: layers not set: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Names the codec in each encoding; the first negotiated one needs no name. */
  #applyCodec(parameters: RTCRtpSendParameters): boolean {
    // Parameters are good for one `setParameters`, and only until they are read again.
    const encodings: (RTCRtpEncodingParameters & { codec?: RTCRtpCodec })[] = parameters.encodings;
    const wanted = codecNamed(parameters, this.#codec);
    const named = encodings.some(({ codec }) => codec !== undefined);
    if (!wanted || (!named && wanted.mimeType === parameters.codecs[0]?.mimeType)) return false;
    const differs = ({ codec }: { codec?: RTCRtpCodec }): boolean => codec?.mimeType !== wanted.mimeType;
    if (!encodings.some(differs)) return false;
    for (const encoding of encodings) encoding.codec = wanted;
    return true;
  }

  #serialised<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work, work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}

/** Height of the pictures of a track in pixels, 0 for sound or when the browser does not say. */
export function heightOf(track: MediaStreamTrack | null): number {
  return track?.kind === 'video' ? (track.getSettings().height ?? 0) : 0;
}
