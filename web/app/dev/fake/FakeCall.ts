import type {
  Call,
  CallEvents,
  CallState,
  ConnectOptions,
  LocalTrack,
  Permissions,
  PublishOptions,
  Quality,
  Source,
  View,
} from '../../../sdk/src/api';
import { type FakeParticipant, fakeParticipant, shareScreen } from './room';
import { fakeStats } from './stats';

type Listeners = { [E in keyof CallEvents]: Set<CallEvents[E]> };

const LINES = [
  'Hello everyone!',
  '大家好，很高兴见到你们',
  'The agenda is at https://example.org/agenda – two points today.',
  'Can you hear me well?',
];

const SOURCES: readonly Source[] = ['camera', 'microphone', 'screen', 'screen_audio'];

const nothing = () => Promise.resolve();

/** A call with made-up people and no server: for looking at the page. */
export class FakeCall implements Call {
  state: CallState = 'connected';
  readonly participants = new Map<string, FakeParticipant>();
  activeSpeaker: string | null = null;
  quality: Quality | null = null;
  audioBlocked: boolean;
  permissions: Permissions;
  readonly videoSlots: number;
  /** The newest view, to look at. */
  view: View | null = null;
  readonly room: string;
  readonly self;
  private readonly listeners: Listeners;
  private readonly timers: ReturnType<typeof setInterval>[] = [];

  constructor(options: ConnectOptions, query: URLSearchParams) {
    this.room = options.room;
    this.videoSlots = options.videoSlots ?? 9;
    this.self = {
      id: 'p_000000ff',
      identity: null,
      name: options.name,
      tracks: new Map<Source, LocalTrack>(),
      speaking: false,
    };
    const denied = query.get('denied')?.split(',') ?? [];
    this.permissions = {
      publish: new Set(SOURCES.filter((source) => !denied.includes(source))),
      subscribe: true,
      data: !denied.includes('data'),
      hidden: false,
      seeHidden: false,
      admin: false,
    };
    this.audioBlocked = query.has('blocked');
    if (query.has('poor')) this.quality = { score: 30, reason: 'downlink_bandwidth' };
    if (query.has('lost')) this.state = 'reconnecting';
    const names = [
      'state',
      'participants',
      'joined',
      'left',
      'speakers',
      'data',
      'gap',
      'audioBlocked',
      'quality',
      'permissions',
      'tokenExpiring',
      'closed',
    ];
    this.listeners = Object.fromEntries(names.map((name) => [name, new Set()])) as unknown as Listeners;
    const people = Number(query.get('people') ?? 3);
    for (let n = 1; n <= people; n += 1) this.add(n);
    const first = [...this.participants.values()][1] ?? [...this.participants.values()][0];
    if (query.has('screen') && first) shareScreen(first, 2);
    this.timers.push(setInterval(() => this.talk(), 1_800));
    if (!query.has('quiet')) setTimeout(() => this.chat(), 700);
  }

  get count(): number {
    return this.participants.size + 1;
  }

  on<E extends keyof CallEvents>(event: E, listener: CallEvents[E]): () => void {
    this.listeners[event].add(listener);
    return () => void this.listeners[event].delete(listener);
  }

  emit<E extends keyof CallEvents>(event: E, ...values: Parameters<CallEvents[E]>): void {
    for (const listener of this.listeners[event]) (listener as (...all: Parameters<CallEvents[E]>) => void)(...values);
  }

  add(n: number): void {
    const participant = fakeParticipant(n);
    this.participants.set(participant.id, participant);
    this.emit('joined', participant);
    this.emit('participants');
  }

  private talk(): void {
    const able = [...this.participants.values()].filter((one) => one.tracks.get('microphone')?.muted === false);
    const chosen = able[Math.floor(Math.random() * able.length)];
    for (const one of this.participants.values()) one.speaking = one === chosen;
    this.activeSpeaker = chosen?.id ?? null;
    this.emit('speakers', chosen ? [{ participant: chosen.id, level: 90, active: true }] : []);
    this.emit('participants');
  }

  private chat(): void {
    const senders = [...this.participants.keys()];
    for (const [index, line] of LINES.entries()) {
      const from = senders[index % Math.max(1, senders.length)];
      if (from)
        this.emit('data', { from, topic: 'chat', payload: new TextEncoder().encode(line), channel: 'reliable' });
    }
    if (senders.length > 0) this.emit('gap');
  }

  async publish(mediaTrack: MediaStreamTrack, source: Source, options?: PublishOptions): Promise<LocalTrack> {
    const track = { id: 't_000000ff', source, muted: options?.muted ?? false, mediaTrack };
    this.self.tracks.set(source, track);
    this.emit('participants');
    return track;
  }

  async replaceTrack(source: Source, mediaTrack: MediaStreamTrack): Promise<void> {
    await this.publish(mediaTrack, source);
  }

  async unpublish(source: Source): Promise<void> {
    this.self.tracks.delete(source);
    this.emit('participants');
  }

  async setMuted(source: Source, muted: boolean): Promise<void> {
    const track = this.self.tracks.get(source);
    if (track) this.self.tracks.set(source, { ...track, muted });
    this.emit('participants');
  }

  async setView(view: View): Promise<void> {
    this.view = view;
  }

  readonly setToken = nothing;
  readonly setName = nothing;
  readonly setMetadata = nothing;
  readonly addSlots = nothing;
  readonly sendData = nothing;
  readonly setSpeaker = nothing;
  readonly setTransport = nothing;

  async listParticipants() {
    return { count: this.count, participants: [...this.participants.values()] };
  }

  async startAudio(): Promise<void> {
    this.audioBlocked = false;
    this.emit('audioBlocked', false);
  }

  async stats() {
    return fakeStats(this.participants.values());
  }

  debug(): readonly string[] {
    return [
      '+0 ms socket open',
      '+38 ms welcome p_000000ff',
      '+96 ms answer',
      '+180 ms ice connected, udp',
      '+240 ms dtls connected',
    ];
  }

  async leave(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.state = 'closed';
    this.emit('closed', null);
  }
}
