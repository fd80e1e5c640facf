import type { LocalTrack, Permissions, Source, VideoCodec } from './api.ts';
import type { Connection } from './connection.ts';
import { CallError, toCallError } from './errors.ts';
import type { TrackInfo } from './gen/protocol.ts';
import { describeLayers } from './media/layers.ts';
import type { PublishSection } from './media/sender.ts';
import { heightOf } from './media/sender.ts';

/** What oneself publishes; outlives peer connections. */
export class Publication implements LocalTrack {
  id = '';
  readonly source: Source;
  mediaTrack: MediaStreamTrack;
  muted: boolean;
  /** Height as the server was last told. */
  height = 0;

  constructor(source: Source, mediaTrack: MediaStreamTrack, muted: boolean) {
    this.source = source;
    this.mediaTrack = mediaTrack;
    this.muted = muted;
  }
}

const KIND: Readonly<Record<Source, 'audio' | 'video'>> = {
  camera: 'video',
  screen: 'video',
  microphone: 'audio',
  screen_audio: 'audio',
};

/** Keeps what the server and the sections have in step with what the page wants to publish. */
export class Publications {
  readonly tracks = new Map<Source, Publication>();
  readonly #connection: Connection;
  readonly #changed: () => void;
  readonly #ended: (source: Source) => void;
  readonly #permissions: () => Permissions;

  constructor(
    connection: Connection,
    changed: () => void,
    ended: (source: Source) => void,
    permissions: () => Permissions,
  ) {
    this.#connection = connection;
    this.#permissions = permissions;
    this.#changed = changed;
    this.#ended = ended;
  }

  async publish(track: MediaStreamTrack, source: Source, muted: boolean): Promise<Publication> {
    requireKind(track, source);
    this.#requireAllowed(source);
    const known = this.tracks.get(source);
    if (known) {
      await this.replace(source, track);
      if (known.muted !== muted) await this.mute(source, muted);
      return known;
    }
    const publication = new Publication(source, track, muted);
    this.tracks.set(source, publication);
    this.#adopt(publication);
    try {
      await this.#sync(publication);
    } catch (error) {
      if (this.tracks.get(source) === publication) this.tracks.delete(source);
      await this.#section(source)?.setTrack(null);
      throw error;
    } finally {
      this.#changed();
    }
    return publication;
  }

  async replace(source: Source, track: MediaStreamTrack): Promise<void> {
    requireKind(track, source);
    const publication = this.#get(source);
    publication.mediaTrack = track;
    this.#adopt(publication);
    await this.#sync(publication);
    this.#changed();
  }

  async unpublish(source: Source): Promise<void> {
    const publication = this.tracks.get(source);
    if (!publication) return;
    this.tracks.delete(source);
    this.#changed();
    const section = this.#section(source);
    const mid = section?.mid;
    await section?.setTrack(null);
    if (mid == null || publication.id === '') return;
    await this.#request(() => this.#connection.request<'unpublish'>({ type: 'unpublish', mid }));
  }

  async mute(source: Source, muted: boolean): Promise<void> {
    const publication = this.#get(source);
    publication.muted = muted;
    // Silence first, words later: a microphone must be off when the button says so.
    publication.mediaTrack.enabled = !muted;
    this.#changed();
    if (publication.id === '') return;
    await this.#request(() =>
      this.#connection.request<'mute'>({ type: 'mute', track: publication.id, muted: publication.muted }),
    );
  }

  /** What may not be published any more ends here as it has on the server. */
  restrict(): void {
    const { publish } = this.#permissions();
    for (const source of this.tracks.keys()) {
      if (publish.has(source)) continue;
      this.tracks.delete(source);
      void this.#section(source)?.setTrack(null);
    }
  }

  /** On a new peer, or a new participant: everything again. */
  async publishAll(): Promise<void> {
    for (const publication of this.tracks.values()) publication.id = '';
    const results = await Promise.allSettled(
      [...this.tracks.values()].map((publication) => this.#announce(publication)),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    this.#changed();
  }

  /** After a resume: the ids the server knows, and what it missed while the socket was away. */
  resumed(tracks: readonly TrackInfo[]): void {
    for (const publication of this.tracks.values()) {
      const known = tracks.find(({ id }) => id === publication.id);
      if (!known) continue;
      if (known.muted !== publication.muted) this.mute(publication.source, publication.muted).catch(() => undefined);
    }
  }

  setWanted(trackId: string, rids: readonly string[]): void {
    for (const { id, source } of this.tracks.values()) {
      if (id === trackId) void this.#section(source)?.setWanted(rids);
    }
  }

  /** The server asks for another codec. */
  setCodec(trackId: string, codec: VideoCodec): void {
    for (const publication of this.tracks.values()) {
      if (publication.id !== trackId) continue;
      void this.#section(publication.source)?.setCodec(codec);
    }
  }

  /** A camera that turned (a phone) has other heights: tell. */
  refreshHeights(): void {
    for (const publication of this.tracks.values()) {
      const height = heightOf(publication.mediaTrack);
      if (publication.id !== '' && height !== 0 && height !== publication.height) {
        this.#sync(publication).catch(() => undefined);
      }
    }
  }

  async #sync(publication: Publication): Promise<void> {
    await this.#connection.whenReady();
    await this.#request(() => this.#announce(publication));
  }

  async #announce(publication: Publication): Promise<void> {
    const section = this.#section(publication.source);
    const { mediaTrack, source, muted } = publication;
    // Unpublished before its turn came.
    if (this.tracks.get(source) !== publication) return;
    if (!section) throw new CallError('session_reset', 'The peer connection is being replaced.');
    mediaTrack.enabled = !muted;
    const height = await section.setTrack(mediaTrack);
    const { mid } = section;
    if (mid === null) throw new CallError('media_failed', `The section for ${source} was not negotiated.`);
    const answer = await this.#connection.request<'publish'>({
      type: 'publish',
      mid,
      layers: describeLayers(section.layers, height),
      muted,
    });
    publication.id = answer.track.id;
    publication.height = height;
    if (!this.tracks.has(source)) {
      // Unpublished while the answer was under way: the server is to forget it too.
      await section.setTrack(null);
      await this.#connection.request<'unpublish'>({ type: 'unpublish', mid });
      return;
    }
    // Muted while the answer was under way.
    if (publication.muted !== muted) await this.mute(source, publication.muted);
  }

  /** A request that a rejoin overtook needs no repetition: rejoining publishes everything as it is by then. */
  async #request(send: () => Promise<unknown>): Promise<void> {
    try {
      await send();
    } catch (error) {
      if (toCallError(error).code !== 'session_reset') throw error;
      await this.#connection.whenReady();
    }
  }

  #adopt({ source, mediaTrack }: Publication): void {
    mediaTrack.addEventListener(
      'ended',
      () => {
        if (this.tracks.get(source)?.mediaTrack !== mediaTrack) return;
        this.unpublish(source).catch(() => undefined);
        this.#ended(source);
      },
      { once: true },
    );
  }

  #get(source: Source): Publication {
    const publication = this.tracks.get(source);
    if (!publication) throw new CallError('not_found', `Nothing is published as ${source}.`);
    return publication;
  }

  #requireAllowed(source: Source): void {
    if (this.#permissions().publish.has(source)) return;
    throw new CallError('not_allowed', `Publishing as ${source} is not allowed in this call.`);
  }

  #section(source: Source): PublishSection | null {
    return this.#connection.peer?.section(source) ?? null;
  }
}

function requireKind(track: MediaStreamTrack, source: Source): void {
  if (track.kind === KIND[source]) return;
  throw new CallError('invalid_value', `${source} needs a track of kind ${KIND[source]}, not ${track.kind}.`);
}
