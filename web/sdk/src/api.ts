/**
 * The public surface of the SDK: what a page needs to hold a call. Slots, SDP and CSRCs stay behind it.
 */

export type Source = 'camera' | 'microphone' | 'screen' | 'screen_audio';

/** State of the call as the person in it should see it. */
export type CallState = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** State of another participant. */
export type ParticipantState = 'connecting' | 'connected' | 'reconnecting';

export type PauseReason = 'muted' | 'hidden' | 'no_layer' | 'bandwidth' | 'codec' | 'overload';

export type VideoCodec = 'vp8' | 'vp9' | 'av1' | 'h264';

/** What is worst about a participant's connection. */
export type QualityReason =
  | 'downlink_bandwidth'
  | 'downlink_loss'
  | 'downlink_delay'
  | 'uplink_bandwidth'
  | 'uplink_loss'
  | 'silent';

/** How good the call is for one participant, as the server measures it. */
export interface Quality {
  /** 0 (nothing gets through) to 100 (everything asked for arrives). Below 50 people notice. */
  readonly score: number;
  /** What holds the score down most; null at 100. */
  readonly reason: QualityReason | null;
}

/**
 * An access token, or a function that gets one. The function is asked before each join, and again whenever the token is
 * about to expire: so a call outlives its tokens.
 */
export type TokenSource = string | (() => string | Promise<string>);

/** What somebody may do in the room. */
export interface Permissions {
  readonly publish: ReadonlySet<Source>;
  /** Receive the tracks of others. */
  readonly subscribe: boolean;
  /** Send data messages. */
  readonly data: boolean;
  /** Not seen by others; then nothing is published and no data sent. */
  readonly hidden: boolean;
  readonly seeHidden: boolean;
  readonly admin: boolean;
}

export interface ConnectOptions {
  /** WebSocket URL; default: `/signal` on the page's own host. */
  url?: string;
  /** Room name: 1 to 64 characters of letters, digits, `-`, `_`, `.`. */
  room: string;
  /** Display name, 1 to 64 characters. A name in the access token takes its place. */
  name: string;
  /** Needed unless the server takes everybody. */
  token?: TokenSource;
  metadata?: string;
  /** Video slots to offer. Default 9. */
  videoSlots?: number;
  /** Audio slots to offer. Default: video slots + 2. */
  audioSlots?: number;
  /** `tcp` ignores the server's UDP candidates (for tests and for networks that break UDP). Default `all`. */
  transport?: 'all' | 'tcp';
  /**
   * Codec of one's own camera. Another one than VP8 is used where the server takes it and the browser can be told, and
   * only while all who watch decode it: else the server asks for VP8. Default `vp8`.
   */
  videoCodec?: VideoCodec;
  /** Gives up joining; `connect` then rejects with code `aborted`. */
  signal?: AbortSignal;
}

/**
 * Why connecting or a call failed; `code` is the server's error code or one of the client's own:
 * `token_unavailable` (the function in `ConnectOptions.token` failed), `unreachable` (no WebSocket to the server), `media_failed` (no media path came up), `unsupported_browser`, `aborted`.
 */
export interface CallErrorShape {
  code: string;
  message: string;
  /** With a failed `connect`: the connection's log, as `Call.debug()` gives it. */
  log?: readonly string[];
}

/** Something another participant publishes. */
export interface RemoteTrack {
  readonly id: string;
  readonly csrc: number;
  readonly participant: string;
  readonly source: Source;
  readonly muted: boolean;
  /** `off`: in no slot; `switching`: in a slot, first picture awaited; `live`: `mediaTrack` carries it now. */
  readonly state: 'off' | 'switching' | 'live' | 'paused';
  readonly pauseReason: PauseReason | null;
  /** The browser's track, only while the packets arriving in its slot carry this track's CSRC. */
  readonly mediaTrack: MediaStreamTrack | null;
  /**
   * RTP timestamp of the first picture known to be this track's, for `attachPicture`: Firefox tells of a packet before
   * its picture is drawn. Null when the browser does not tell.
   */
  readonly startsAt: number | null;
}

export interface RemoteParticipant {
  readonly id: string;
  /** Who it is, from its access token; null without one. */
  readonly identity: string | null;
  readonly name: string;
  readonly metadata: string | null;
  readonly state: ParticipantState;
  readonly tracks: ReadonlyMap<Source, RemoteTrack>;
  /** Whether it is audible now, and how loud (0 to 127). */
  readonly speaking: boolean;
  readonly level: number;
  /** Null until the server has told. */
  readonly quality: Quality | null;
}

export interface LocalTrack {
  readonly id: string;
  readonly source: Source;
  readonly muted: boolean;
  readonly mediaTrack: MediaStreamTrack;
}

export interface LocalParticipant {
  readonly id: string;
  readonly identity: string | null;
  readonly name: string;
  readonly tracks: ReadonlyMap<Source, LocalTrack>;
  readonly speaking: boolean;
}

export interface ViewTile {
  participant: string;
  source: 'camera' | 'screen';
  /** Height in physical pixels at which it is shown; 0: not visible now. */
  height: number;
  /** 0 is the most important. */
  priority?: number;
}

export interface View {
  tiles: ViewTile[];
  /** Fill the remaining slots by the server's default (screens, then recent speakers) at this height. */
  autoHeight?: number;
}

export interface DataMessage {
  from: string;
  topic: string;
  payload: Uint8Array;
  channel: 'reliable' | 'lossy';
}

/** One row of the details panel. */
export interface SlotStats {
  mid: string;
  kind: 'audio' | 'video';
  /** Participant and source in the slot, null when empty. */
  participant: string | null;
  source: Source | null;
  state: string;
  width: number;
  height: number;
  framesPerSecond: number;
  bitrate: number;
  /** Share of packets lost since the last reading, 0 to 1. */
  loss: number;
  jitterMs: number;
  freezeCount: number;
  framesDecoded: number;
}

export interface SendLayerStats {
  source: Source;
  rid: string;
  width: number;
  height: number;
  framesPerSecond: number;
  bitrate: number;
  active: boolean;
  limitation: string;
}

export interface CallStats {
  rttMs: number | null;
  /** `udp` or `tcp`. */
  protocol: string | null;
  localAddress: string | null;
  remoteAddress: string | null;
  availableOutgoingBitrate: number | null;
  sending: SendLayerStats[];
  slots: SlotStats[];
}

export interface CallEvents {
  state: (state: CallState) => void;
  /** Anything about participants changed (joined, left, name, tracks, mute, slot, speaking): read `call.participants`. */
  participants: () => void;
  joined: (participant: RemoteParticipant) => void;
  left: (participant: RemoteParticipant) => void;
  speakers: (speakers: { participant: string; level: number; active: boolean }[]) => void;
  data: (message: DataMessage) => void;
  /** Messages to us were lost: the reliable channel had to be reopened. */
  gap: () => void;
  /** The browser refused to play sound without a gesture (`true`), or plays it now (`false`). */
  audioBlocked: (blocked: boolean) => void;
  /** An own track ended by itself (unplugged, or sharing stopped in the browser's bar); it is unpublished already. */
  trackEnded: (source: Source) => void;
  /** How good the call is for oneself changed. For others `participants` is emitted. */
  quality: (quality: Quality) => void;
  /** What oneself may do changed. What is not allowed any more has ended: it is not published any more, nothing comes. */
  permissions: (permissions: Permissions) => void;
  /**
   * The access token expires in so many seconds, and no function in `ConnectOptions.token` renews it: give another by
   * `setToken`, or the call ends then.
   */
  tokenExpiring: (seconds: number) => void;
  /** The call is over; null after `leave()`. */
  closed: (error: CallErrorShape | null) => void;
}

/** A page of the list of a big room, where only those on screen are in `Call.participants`. */
export interface ParticipantPage {
  /** In the room in all. */
  count: number;
  participants: { id: string; name: string; state: ParticipantState }[];
}

export interface PublishOptions {
  muted?: boolean;
}

export interface Call {
  readonly state: CallState;
  readonly room: string;
  readonly self: LocalParticipant;
  /** Everybody else, in order of joining. */
  readonly participants: ReadonlyMap<string, RemoteParticipant>;
  /** Participants including oneself. */
  readonly count: number;
  /** The active speaker's id, null when nobody speaks. */
  readonly activeSpeaker: string | null;
  readonly videoSlots: number;
  /** How good the call is for oneself, as last told by the `quality` event; null before. */
  readonly quality: Quality | null;
  /** What oneself may do; see the `permissions` event. */
  readonly permissions: Permissions;
  /** Whether sound waits for a gesture: call `startAudio()` from a click. */
  readonly audioBlocked: boolean;

  on<E extends keyof CallEvents>(event: E, listener: CallEvents[E]): () => void;

  publish(track: MediaStreamTrack, source: Source, options?: PublishOptions): Promise<LocalTrack>;
  /** Replace the device behind a published source without a gap for the others. */
  replaceTrack(source: Source, track: MediaStreamTrack): Promise<void>;
  unpublish(source: Source): Promise<void>;
  setMuted(source: Source, muted: boolean): Promise<void>;
  setView(view: View): Promise<void>;
  setName(name: string): Promise<void>;
  /** What others see as `RemoteParticipant.metadata`; at most 1,024 bytes. */
  setMetadata(metadata: string): Promise<void>;
  /** Goes on with another access token, for the same room and identity; its permissions count from now on. */
  setToken(token: TokenSource): Promise<void>;
  /** Plays the sound the browser refused; resolves when it plays. Call it from a user gesture. */
  startAudio(): Promise<void>;
  /** Plays all sound on this output (`deviceId` of an `audiooutput`; '' is the default). Rejects where unsupported. */
  setSpeaker(deviceId: string): Promise<void>;
  /** Offer more slots (a re-offer on the same PeerConnection). */
  addSlots(video: number, audio: number): Promise<void>;
  /** `all` moves a call that started with `tcp` to UDP (an ICE restart on the same PeerConnection). */
  setTransport(transport: 'all' | 'tcp'): Promise<void>;
  /** A page of everybody in the room, oneself included, in order of joining; for rooms above 100. */
  listParticipants(offset: number, limit: number): Promise<ParticipantPage>;
  sendData(
    payload: Uint8Array | string,
    options?: { topic?: string; to?: string[]; channel?: 'reliable' | 'lossy' },
  ): Promise<void>;
  stats(): Promise<CallStats>;
  /** The connection's log, oldest first, bounded: for whoever debugs a call. */
  debug(): readonly string[];
  leave(): Promise<void>;
}

/** `connect(options)` resolves when the room was joined and media is connected. */
export type Connect = (options: ConnectOptions) => Promise<Call>;
