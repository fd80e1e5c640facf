import type {
  Call,
  CallEvents,
  CallState,
  CallStats,
  ConnectOptions,
  LocalParticipant,
  LocalTrack,
  ParticipantPage,
  Permissions,
  PublishOptions,
  Quality,
  RemoteParticipant,
  Source,
  TokenSource,
  View,
} from './api.ts';
import { Connection } from './connection.ts';
import type { ChannelLabel } from './data/channel.ts';
import { decodeEnvelope, encodeEnvelope } from './data/envelope.ts';
import { RateLimit } from './data/rate.ts';
import { DebugLog } from './debug.ts';
import { Emitter } from './emitter.ts';
import { CallError, toCallError } from './errors.ts';
import type { ServerMessage } from './gen/protocol.ts';
import { AudioOutput } from './media/audio.ts';
import { CsrcWatcher } from './media/csrc.ts';
import type { Slot } from './media/slots.ts';
import { Publications } from './publications.ts';
import type { Server } from './signaling/wire.ts';
import { NO_PERMISSIONS, readPermissions, samePermissions } from './state/permissions.ts';
import { Roster, type RosterChange } from './state/roster.ts';
import { ViewSender } from './state/view.ts';
import { StatsReader } from './stats/reader.ts';

/** How often the height of one's own pictures is looked at, in milliseconds: phones turn. */
const HEIGHT_INTERVAL_MS = 2_000;

/** A call: the connection, and what the page sees of it. */
export class PlenumCall implements Call {
  readonly #options: ConnectOptions;
  readonly #emitter = new Emitter<CallEvents>();
  readonly #log = new DebugLog();
  readonly #connection: Connection;
  readonly #roster: Roster;
  readonly #publications: Publications;
  readonly #view: ViewSender;
  readonly #audio: AudioOutput;
  readonly #csrc: CsrcWatcher;
  readonly #stats = new StatsReader();
  #quality: Quality | null = null;
  #permissions: Permissions = NO_PERMISSIONS;
  #heightTimer: ReturnType<typeof setInterval> | null = null;
  #id = '';
  #identity: string | null = null;
  #name: string;
  #dataRates: Record<ChannelLabel, RateLimit> | null = null;

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#name = options.name;
    this.#roster = new Roster((trackId) => this.#connection.peer?.slots.of(trackId) ?? null);
    this.#audio = new AudioOutput((blocked) => this.#emitter.emit('audioBlocked', blocked));
    this.#csrc = new CsrcWatcher(
      () => this.#connection.peer?.slots.all ?? [],
      (slot) => this.#csrcChanged(slot),
    );
    this.#connection = new Connection(
      options,
      {
        state: (state) => this.#emitter.emit('state', state),
        notice: (message) => this.#notice(message),
        welcome: (welcome, fresh) => this.#welcome(welcome, fresh),
        peer: () => this.#newPeer(),
        slots: (added) => this.#slotsAdded(added),
        ready: () => this.#ready(),
        message: (label, data) => this.#message(label, data),
        gap: () => this.#emitter.emit('gap'),
        closed: (error) => this.#closed(error),
      },
      this.#log,
    );
    this.#publications = new Publications(
      this.#connection,
      () => this.#emitter.emit('participants'),
      (source) => this.#emitter.emit('trackEnded', source),
      () => this.#permissions,
    );
    this.#view = new ViewSender(
      (message) => this.#connection.request<'view'>(message),
      (participant) => this.#roster.participants.has(participant),
    );
  }

  /** Joins; resolves when media is connected. */
  async start(): Promise<void> {
    const { signal } = this.#options;
    const aborted = (): void => this.#connection.leave();
    if (signal?.aborted) throw new CallError('aborted', 'Joining was given up.');
    signal?.addEventListener('abort', aborted, { once: true });
    try {
      await this.#connection.start();
    } catch (error) {
      const shown = signal?.aborted ? new CallError('aborted', 'Joining was given up.') : toCallError(error);
      shown.log = this.debug();
      throw shown;
    } finally {
      signal?.removeEventListener('abort', aborted);
    }
  }

  get state(): CallState {
    return this.#connection.state;
  }

  get room(): string {
    return this.#options.room;
  }

  get self(): LocalParticipant {
    const roster = this.#roster;
    return {
      id: this.#id,
      identity: this.#identity,
      name: this.#name,
      tracks: this.#publications.tracks,
      speaking: roster.speakers.some(({ participant }) => participant === this.#id),
    };
  }

  get participants(): ReadonlyMap<string, RemoteParticipant> {
    return this.#roster.participants;
  }

  get count(): number {
    return this.#roster.count;
  }

  get activeSpeaker(): string | null {
    return this.#roster.activeSpeaker;
  }

  get videoSlots(): number {
    return this.#connection.videoSlots;
  }

  get quality(): Quality | null {
    return this.#quality;
  }

  get permissions(): Permissions {
    return this.#permissions;
  }

  get audioBlocked(): boolean {
    return this.#audio.blocked;
  }

  on<E extends keyof CallEvents>(event: E, listener: CallEvents[E]): () => void {
    return this.#emitter.on(event, listener);
  }

  publish(track: MediaStreamTrack, source: Source, options: PublishOptions = {}): Promise<LocalTrack> {
    return this.#publications.publish(track, source, options.muted ?? false);
  }

  replaceTrack(source: Source, track: MediaStreamTrack): Promise<void> {
    return this.#publications.replace(source, track);
  }

  unpublish(source: Source): Promise<void> {
    return this.#publications.unpublish(source);
  }

  setMuted(source: Source, muted: boolean): Promise<void> {
    return this.#publications.mute(source, muted);
  }

  setView(view: View): Promise<void> {
    return this.#view.set(view);
  }

  async setName(name: string): Promise<void> {
    await this.#connection.request<'update'>({ type: 'update', name });
    // A later join uses it too.
    this.#connection.session.options.name = name;
    this.#name = name;
    this.#emitter.emit('participants');
  }

  async setMetadata(metadata: string): Promise<void> {
    await this.#connection.request<'update'>({ type: 'update', metadata });
    this.#connection.session.options.metadata = metadata;
  }

  setToken(token: TokenSource): Promise<void> {
    return this.#connection.session.setToken(token);
  }

  startAudio(): Promise<void> {
    return this.#audio.start();
  }

  setSpeaker(deviceId: string): Promise<void> {
    return this.#audio.setSpeaker(deviceId);
  }

  addSlots(video: number, audio: number): Promise<void> {
    return this.#connection.addSlots(video, audio);
  }

  setTransport(transport: 'all' | 'tcp'): Promise<void> {
    return this.#connection.setTransport(transport);
  }

  async listParticipants(offset: number, limit: number): Promise<ParticipantPage> {
    const { count, participants } = await this.#connection.request<'participants'>({
      type: 'participants',
      offset,
      limit,
    });
    return { count, participants: participants.map(({ id, name, state }) => ({ id, name, state })) };
  }

  async sendData(
    payload: Uint8Array | string,
    options: { topic?: string; to?: string[]; channel?: ChannelLabel } = {},
  ): Promise<void> {
    const channel = options.channel ?? 'reliable';
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
    const message = encodeEnvelope(options.to ?? [], options.topic ?? '', bytes);
    await this.#connection.whenReady();
    if (!this.#permissions.data) throw new CallError('not_allowed', 'Sending messages is not allowed in this call.');
    const most = this.#connection.limits?.data_message_bytes ?? 0;
    if (message.length > most) throw new CallError('invalid_value', `A message has at most ${most} bytes.`);
    if (this.#dataRates?.[channel].take(performance.now()) === false) {
      throw new CallError('rate_limited', 'Too many messages a second: wait a moment.');
    }
    await this.#connection.peer?.channels[channel].send(message);
  }

  async stats(): Promise<CallStats> {
    const { peer } = this.#connection;
    if (!peer) throw new CallError('closed', 'There is no connection to read.');
    return await this.#stats.read(peer, (trackId) => this.#ownerOf(trackId));
  }

  debug(): readonly string[] {
    return this.#log.lines();
  }

  async leave(): Promise<void> {
    this.#connection.leave();
  }

  #notice(message: ServerMessage): void {
    switch (message.type) {
      case 'joined':
        this.#rosterChanged(this.#roster.joined(message));
        break;
      case 'left':
        this.#rosterChanged(this.#roster.left(message));
        break;
      case 'updated':
        this.#rosterChanged(this.#roster.updated(message));
        break;
      case 'slots':
        this.#connection.peer?.slots.apply(message.slots);
        this.#emitter.emit('participants');
        break;
      case 'speakers':
        this.#speakers(message);
        break;
      case 'layers':
        this.#publications.setWanted(message.track, message.wanted);
        break;
      case 'codec':
        this.#publications.setCodec(message.track, message.codec);
        break;
      case 'quality':
        this.#rated(message);
        break;
      case 'permissions':
        this.#permit(readPermissions(message.permissions));
        break;
      case 'token_expiring':
        this.#tokenExpiring(message.seconds);
        break;
      default:
        // Answers are not notices, and types of a newer server do not concern this version.
        this.#log.add('signaling', `ignored notice ${message.type}`);
    }
  }

  #welcome(welcome: Server<'welcome'>, fresh: boolean): void {
    this.#id = welcome.participant;
    this.#identity = welcome.identity ?? null;
    this.#name = welcome.name;
    this.#permit(readPermissions(welcome.permissions));
    const perSecond = welcome.limits.data_messages_per_second;
    const now = performance.now();
    this.#dataRates = { reliable: new RateLimit(perSecond, now), lossy: new RateLimit(perSecond, now) };
    if (!fresh) this.#publications.resumed(welcome.tracks);
    this.#rosterChanged(this.#roster.welcome(welcome));
  }

  #permit(permissions: Permissions): void {
    // A resume tells them again.
    if (samePermissions(this.#permissions, permissions)) return;
    this.#permissions = permissions;
    this.#publications.restrict();
    this.#emitter.emit('permissions', permissions);
    this.#emitter.emit('participants');
  }

  #tokenExpiring(seconds: number): void {
    const { session } = this.#connection;
    if (session.renewable) void session.renewToken(seconds);
    else this.#emitter.emit('tokenExpiring', seconds);
  }

  #newPeer(): void {
    this.#audio.clear();
    this.#csrc.start();
    this.#heightTimer ??= setInterval(() => this.#publications.refreshHeights(), HEIGHT_INTERVAL_MS);
  }

  #slotsAdded(added: readonly Slot[]): void {
    for (const { kind, mid, receiver } of added) if (kind === 'audio') this.#audio.add(mid, receiver.track);
  }

  async #ready(): Promise<void> {
    const results = await Promise.allSettled([this.#publications.publishAll(), this.#view.again()]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  #rosterChanged({ joined, left }: RosterChange): void {
    for (const participant of joined) this.#emitter.emit('joined', participant);
    for (const participant of left) this.#emitter.emit('left', participant);
    this.#emitter.emit('participants');
  }

  #speakers({ speakers }: Server<'speakers'>): void {
    this.#roster.speak(speakers);
    this.#emitter.emit('speakers', [...speakers]);
    this.#emitter.emit('participants');
  }

  #rated({ participants }: Server<'quality'>): void {
    for (const { participant, score, reason } of participants) {
      const quality = { score, reason: reason ?? null };
      if (participant !== this.#id) {
        this.#roster.rate(participant, quality);
        continue;
      }
      this.#quality = quality;
      this.#log.add('media', `quality ${score}${reason ? ` (${reason})` : ''}`);
      this.#emitter.emit('quality', quality);
    }
    this.#emitter.emit('participants');
  }

  #csrcChanged(slot: Slot): void {
    this.#log.add('media', `slot ${slot.mid} (${slot.kind}): packets of ${slot.csrc}, assigned ${slot.info.csrc}`);
    this.#emitter.emit('participants');
  }

  #message(channel: ChannelLabel, data: ArrayBuffer): void {
    const envelope = decodeEnvelope(data);
    if (envelope) this.#emitter.emit('data', { ...envelope, channel });
    else this.#log.add('data', `${channel}: message of ${data.byteLength} bytes that is no envelope`);
  }

  #ownerOf(trackId: string): { participant: string; source: Source } | null {
    for (const participant of this.#roster.participants.values()) {
      for (const track of participant.tracks.values()) {
        if (track.id === trackId) return { participant: participant.id, source: track.source };
      }
    }
    return null;
  }

  #closed(error: CallError | null): void {
    this.#csrc.stop();
    this.#audio.clear();
    if (this.#heightTimer !== null) clearInterval(this.#heightTimer);
    this.#emitter.emit('closed', error);
  }
}
