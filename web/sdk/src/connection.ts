import type { CallState, ConnectOptions, VideoCodec } from './api.ts';
import type { ChannelLabel } from './data/channel.ts';
import type { DebugLog } from './debug.ts';
import { CallError, toCallError } from './errors.ts';
import type { ClientMessage, ServerMessage } from './gen/protocol.ts';
import { rememberCompat, rememberedCompat } from './media/compat.ts';
import { Peer } from './media/peer.ts';
import type { Slot } from './media/slots.ts';
import { MediaWatch } from './media/watch.ts';
import { Session } from './signaling/session.ts';
import type { Answers, Request, Server } from './signaling/wire.ts';

/** A lost socket is only shown when it stays lost this long, in milliseconds: media goes on without it. */
const SOCKET_GRACE_MS = 1_500;
/** Peer connections tried in a row before the call is given up. */
const PEER_ATTEMPTS = 3;
const DEFAULT_VIDEO_SLOTS = 9;
/** The server gave up the seat, and taking another would end the same way. */
const OVER: ReadonlySet<string> = new Set(['replaced', 'duplicate_identity', 'token_expired', 'not_allowed']);

export interface ConnectionListener {
  state(state: CallState): void;
  notice(message: ServerMessage): void;
  /** In the room; `fresh`: as a new participant, with a new peer. */
  welcome(welcome: Server<'welcome'>, fresh: boolean): void;
  /** A new peer took the old one's place; nothing is negotiated yet. */
  peer(peer: Peer, former: Peer | null): void;
  slots(added: readonly Slot[]): void;
  /** Media flows on a new peer: publish, view and so on have to be sent. */
  ready(): Promise<void>;
  message(label: ChannelLabel, data: ArrayBuffer): void;
  gap(): void;
  closed(error: CallError | null): void;
}

/** Seat and peer together: joins, offers, and comes back from whatever breaks. */
export class Connection {
  readonly session: Session;
  readonly #listener: ConnectionListener;
  readonly #log: DebugLog;
  #peer: Peer | null = null;
  #watch: MediaWatch | null = null;
  #welcome: Server<'welcome'> | null = null;
  #state: CallState = 'connecting';
  #mediaHealthy = false;
  #socketTimer: ReturnType<typeof setTimeout> | null = null;
  /** Lost for longer than the grace. */
  #socketMissed = false;
  #peerFailures = 0;
  #everReady = false;
  #transport: 'all' | 'tcp';
  readonly #videoCodec: VideoCodec;
  #videoSlots: number;
  #audioSlots: number;
  #ready = deferred();

  constructor(options: ConnectOptions, listener: ConnectionListener, log: DebugLog) {
    this.#listener = listener;
    this.#log = log;
    this.#transport = options.transport ?? 'all';
    this.#videoCodec = options.videoCodec ?? 'vp8';
    this.#videoSlots = options.videoSlots ?? DEFAULT_VIDEO_SLOTS;
    this.#audioSlots = options.audioSlots ?? this.#videoSlots + 2;
    this.session = new Session(
      {
        url: options.url ?? defaultUrl(),
        room: options.room,
        name: options.name,
        metadata: options.metadata,
        compat: rememberedCompat(),
        token: options.token,
      },
      {
        notice: (message) => this.#notice(message),
        lost: () => this.#socketLost(),
        resumed: (welcome) => this.#resumed(welcome),
        joined: (welcome) => {
          this.#joined(welcome).catch((error: unknown) => this.#close(toCallError(error)));
        },
        failed: (error) => this.#close(error),
      },
      log,
    );
  }

  get state(): CallState {
    return this.#state;
  }

  get peer(): Peer | null {
    return this.#peer;
  }

  /** Video slots offered. */
  get videoSlots(): number {
    return this.#videoSlots;
  }

  get limits(): Server<'welcome'>['limits'] | null {
    return this.#welcome?.limits ?? null;
  }

  /** Resolves when media flows for the first time; rejects when the call is over before. */
  async start(): Promise<void> {
    const ready = this.#ready.promise;
    globalThis.addEventListener?.('online', this.#online);
    globalThis.addEventListener?.('pagehide', this.#pageHide);
    try {
      await this.#joined(await this.session.join());
    } catch (error) {
      this.#close(toCallError(error));
    }
    return ready;
  }

  /** Resolves when media flows, at once when it does; rejects when the call is over. */
  whenReady(): Promise<void> {
    return this.#ready.promise;
  }

  request<T extends ClientMessage['type']>(message: Request<T>): Promise<Answers[T]> {
    return this.session.request<T>(message);
  }

  async addSlots(video: number, audio: number): Promise<void> {
    const { video_slots, audio_slots } = this.limits ?? { video_slots: 0, audio_slots: 0 };
    if (this.#videoSlots + video > video_slots || this.#audioSlots + audio > audio_slots) {
      throw new CallError('invalid_value', `The server allows ${video_slots} video and ${audio_slots} audio slots.`);
    }
    this.#videoSlots += video;
    this.#audioSlots += audio;
    this.#peer?.addSlots(video, audio);
    await this.#offer(false);
  }

  /** `all` also moves a call that started on TCP to UDP, by an ICE restart. */
  async setTransport(transport: 'all' | 'tcp'): Promise<void> {
    this.#transport = transport;
    if (this.#peer) this.#peer.transport = transport;
    await this.#offer(true);
  }

  leave(): void {
    this.#close(null);
  }

  readonly #online = (): void => this.session.hurry();
  readonly #pageHide = (): void => this.#close(null);

  async #offer(iceRestart: boolean): Promise<void> {
    const peer = this.#peer;
    if (!peer) return;
    await peer.negotiate(async (sdp, tracks) => (await this.request<'offer'>({ type: 'offer', sdp, tracks })).sdp, {
      iceRestart,
    });
  }

  /** A new participant: a new peer, with everything on it. */
  async #joined(welcome: Server<'welcome'>): Promise<void> {
    this.#welcome = welcome;
    this.#socketFound();
    this.#renewReady();
    const former = this.#dropPeer();
    const { limits } = welcome;
    this.#videoSlots = Math.min(this.#videoSlots, limits.video_slots);
    this.#audioSlots = Math.min(this.#audioSlots, limits.audio_slots);
    const peer = new Peer(
      {
        iceServers: welcome.ice_servers,
        videoSlots: this.#videoSlots,
        audioSlots: this.#audioSlots,
        transport: this.#transport,
        videoCodec: this.#videoCodec,
      },
      {
        connection: (state) => this.#watch?.state(state),
        slots: (added) => this.#listener.slots(added),
        message: (label, data) => this.#listener.message(label, data),
        reopened: (label) => {
          if (label === 'reliable') this.#listener.gap();
        },
      },
      this.#log,
    );
    this.#peer = peer;
    this.#listener.welcome(welcome, true);
    this.#listener.peer(peer, former);
    // The channels are new ones: what was said meanwhile is lost.
    if (former) this.#listener.gap();
    this.#watchMedia(peer);
    try {
      await this.#offer(false);
    } catch (error) {
      this.#offerFailed(peer, toCallError(error));
    }
  }

  #offerFailed(peer: Peer, error: CallError): void {
    if (peer !== this.#peer || error.code === 'session_reset' || error.code === 'closed') return;
    if (error.code === 'offer_rejected') this.#close(error);
    else this.#peerBroke(peer, error.message);
  }

  #watchMedia(peer: Peer): void {
    this.#watch = new MediaWatch({
      reachable: () => this.session.open,
      restart: () => {
        this.#log.add('ice', 'restarting');
        // Without a socket the offer waits for the next one; a failure shows as no connection.
        this.#offer(true).catch(() => undefined);
      },
      giveUp: (reason) => this.#peerBroke(peer, reason),
      healthy: (healthy) => void this.#mediaChanged(peer, healthy),
    });
  }

  async #mediaChanged(peer: Peer, healthy: boolean): Promise<void> {
    if (peer !== this.#peer) return;
    this.#mediaHealthy = healthy;
    if (healthy && !this.#ready.done) {
      this.#peerFailures = 0;
      try {
        await this.#listener.ready();
      } catch (error) {
        this.#log.add('call', `after joining: ${toCallError(error).message}`);
      }
      if (peer !== this.#peer) return;
      this.#everReady = true;
      this.#ready.resolve();
    }
    this.#showState();
  }

  /** This peer connection is beyond repair: take a new seat with a new one, or give up. */
  #peerBroke(peer: Peer, reason: string, dtlsAlert = false): void {
    if (peer !== this.#peer || this.#state === 'closed') return;
    this.#mediaHealthy = false;
    const handshake = dtlsAlert || (!peer.wasConnected && peer.handshakeFailed);
    if (handshake && !this.session.options.compat) {
      this.#log.add('dtls', 'handshake failed: offering every SRTP profile');
      this.session.options.compat = true;
      rememberCompat();
    } else if (!peer.wasConnected) {
      this.#peerFailures += 1;
    }
    const attempts = this.#everReady ? PEER_ATTEMPTS : 2;
    if (this.#peerFailures >= attempts) {
      this.#close(new CallError('media_failed', `No media connection to the server: ${reason}.`));
      return;
    }
    this.#showState();
    this.session.rejoin(reason);
  }

  #resumed(welcome: Server<'welcome'>): void {
    this.#welcome = welcome;
    this.#socketFound();
    this.#peer?.slots.replaceAll(welcome.slots);
    this.#listener.welcome(welcome, false);
    this.#watch?.retry();
    this.#showState();
  }

  #notice(message: ServerMessage): void {
    if (message.type === 'error') this.#errorNotice(message);
    else if (message.type === 'draining') this.#draining(message.retry_after_ms);
    else this.#listener.notice(message);
  }

  #errorNotice({ code, message }: Server<'error'>): void {
    this.#log.add('signaling', `error ${code}: ${message}`);
    if (code === 'media_failed' && this.#peer) this.#peerBroke(this.#peer, message);
    else if (code === 'handshake_failed' && this.#peer) this.#peerBroke(this.#peer, message, true);
    else if (code === 'token_expired' && this.session.renewable) this.session.rejoin('the access token expired');
    else if (OVER.has(code)) this.#close(new CallError(code, message));
  }

  #draining(retryAfterMs: number): void {
    this.#log.add('signaling', `server is draining; joining anew in ${retryAfterMs} ms`);
    const peer = this.#peer;
    setTimeout(() => {
      if (peer === this.#peer) this.session.rejoin('the server was draining');
    }, retryAfterMs);
  }

  #socketLost(): void {
    this.#socketTimer ??= setTimeout(() => {
      this.#socketMissed = true;
      this.#showState();
    }, SOCKET_GRACE_MS);
  }

  #socketFound(): void {
    if (this.#socketTimer !== null) clearTimeout(this.#socketTimer);
    this.#socketTimer = null;
    this.#socketMissed = false;
  }

  /** The state people see: of media at once, of the socket when it stays lost. */
  #showState(): void {
    if (this.#state === 'closed') return;
    const fine = this.#mediaHealthy && this.#ready.done && !this.#socketMissed;
    const broken = this.#everReady ? 'reconnecting' : 'connecting';
    this.#setState(fine ? 'connected' : broken);
  }

  #setState(state: CallState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#log.add('call', state);
    this.#listener.state(state);
  }

  #renewReady(): void {
    if (this.#ready.done) this.#ready = deferred();
  }

  #dropPeer(): Peer | null {
    const former = this.#peer;
    this.#watch?.stop();
    this.#watch = null;
    former?.close();
    this.#peer = null;
    this.#mediaHealthy = false;
    this.#showState();
    return former;
  }

  #close(error: CallError | null): void {
    if (this.#state === 'closed') return;
    globalThis.removeEventListener?.('online', this.#online);
    globalThis.removeEventListener?.('pagehide', this.#pageHide);
    this.session.close();
    this.#socketFound();
    this.#dropPeer();
    this.#setState('closed');
    this.#ready.reject(error ?? new CallError('closed', 'The call is over.'));
    this.#listener.closed(error);
  }
}

interface Deferred {
  promise: Promise<void>;
  done: boolean;
  resolve(): void;
  reject(error: CallError): void;
}

function deferred(): Deferred {
  const made = { done: false } as Deferred;
  made.promise = new Promise((resolve, reject) => {
    made.resolve = () => {
      made.done = true;
      resolve();
    };
    made.reject = reject;
  });
  // Nobody may be waiting: a rejection is not an error of its own.
  made.promise.catch(() => undefined);
  return made;
}

function defaultUrl(): string {
  const { protocol, host } = globalThis.location;
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/signal`;
}
