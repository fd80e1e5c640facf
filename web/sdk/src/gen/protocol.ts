// Generated from crates/signaling/src by `PLENUM_WRITE=1 cargo test -p signaling typescript`. Do not edit.

/** WebSocket subprotocol and version of the protocol. */
export const SUBPROTOCOL = 'plenum.v1';

/** One person or program in a room: `p_` and eight hexadecimal digits. */
export type ParticipantId = string;

/** One published track: `t_` and eight hexadecimal digits, which are its CSRC. */
export type TrackId = string;

/** What a track is. A participant has at most one track of each. */
export type Source = 'camera' | 'microphone' | 'screen' | 'screen_audio';

/** Connection state of a participant. */
export type ParticipantState = "connecting" | "connected" | "reconnecting";

/** A track as others see it. */
export type TrackInfo = {
  /** Id on the wire. */
  id: TrackId,
  /** The same as a number: the CSRC of every packet of this track (RFC 3550 §5.1). */
  csrc: number,
  /** What it is. */
  source: Source,
  /** Whether the publisher muted it. */
  muted: boolean,
};

/** A participant as others see it. */
export type ParticipantInfo = {
  /** Id, unique on the node. */
  id: ParticipantId,
  /** Who it is, from its access token; absent without one. */
  identity?: string,
  /** Display name, 1 to 64 characters. */
  name: string,
  /** Application data, at most 1,024 bytes; not interpreted. */
  metadata?: string,
  /** `connecting` until media flows, then `connected`; `reconnecting` while nothing is heard of it. */
  state: ParticipantState,
  /** What it publishes. */
  tracks: Array<TrackInfo>,
};

/** A section of the client's offer that can publish. */
export type OfferedTrack = {
  /** The section's mid. */
  mid: string,
  /** What will flow through it. */
  source: Source,
};

/** One simulcast layer, as the publisher announces it. */
export type LayerDescription = {
  /** Simulcast rid; empty without simulcast. */
  rid?: string,
  /** Picture height in pixels. */
  height: number,
  /** Highest bitrate in bits per second; 0 when unknown. */
  max_bitrate?: number,
};

/** One tile of a view: a participant's camera (with its microphone) or screen (with its sound). */
export type Tile = {
  /** Whose. */
  participant: ParticipantId,
  /** `camera` or `screen`; the sound belonging to it comes along. */
  source: Source,
  /** Height in pixels at which it is shown (CSS pixels times device pixel ratio); 0: not visible now. */
  height: number,
  /** 0 is the most important. Default 0. */
  priority?: number,
};

/** How a slot is doing. */
export type SlotStateName = "empty" | "live" | "switching" | "paused";

/** Why a slot is paused. */
export type PauseReasonName = "muted" | "hidden" | "no_layer" | "bandwidth" | "codec" | "overload";

/** What a slot carries. */
export type SlotInfo = {
  /** Mid of the receive m-line. */
  mid: string,
  /** The track, or null when empty. */
  track: TrackId | null,
  /** The track's CSRC; 0 when empty. */
  csrc: number,
  /** How it is doing. */
  state: SlotStateName,
  /** With `paused`: why. */
  reason?: PauseReasonName,
};

/** A video codec. */
export type CodecName = "vp8" | "vp9" | "av1" | "h264";

/** What is worst about a participant's connection. */
export type QualityReasonName = "downlink_bandwidth" | "downlink_loss" | "downlink_delay" | "uplink_bandwidth" | "uplink_loss" | "silent";

/** How good the call is for one participant. */
export type QualityInfo = {
  /** Whose. */
  participant: ParticipantId,
  /** 0 (nothing gets through) to 100 (everything asked for arrives). */
  score: number,
  /** What holds the score down most; absent at 100. */
  reason?: QualityReasonName,
};

/** Someone audible, loudest first in lists. */
export type Speaker = {
  /** Who. */
  participant: ParticipantId,
  /** Smoothed level, 0 (silent) to 127 (loudest). */
  level: number,
  /** Whether this is the active speaker (at most one). */
  active: boolean,
};

/** An ICE server for the client's `RTCConfiguration`. */
export type IceServer = {
  /** STUN or TURN URLs. */
  urls: Array<string>,
  /** TURN user name. */
  username?: string,
  /** TURN password. */
  credential?: string,
};

/** What a participant may do. */
export type PermissionsInfo = {
  /** Sources it may publish. */
  publish: Array<Source>,
  /** Whether it receives the tracks of others. */
  subscribe: boolean,
  /** Whether it may send data messages. */
  data: boolean,
  /** Whether others do not see it; then it neither publishes nor sends data. */
  hidden: boolean,
  /** Whether it sees those who are hidden. */
  see_hidden: boolean,
  /** Whether it may act on others. */
  admin: boolean,
};

/** Limits the client must keep. */
export type Limits = {
  /** Participants in the room. */
  participants: number,
  /** Bytes of one signaling frame. */
  frame_bytes: number,
  /** Bytes of one data message. */
  data_message_bytes: number,
  /** Data messages a second, each channel. */
  data_messages_per_second: number,
  /** Video slots a client may offer. */
  video_slots: number,
  /** Audio slots a client may offer. */
  audio_slots: number,
};

/** What went wrong, for programs; the message beside it is for people. */
export type ErrorCode = "malformed" | "unknown_message" | "frame_too_large" | "rate_limited" | "wrong_order" | "invalid_value" | "room_full" | "too_many_rooms" | "node_full" | "offer_rejected" | "not_found" | "resume_expired" | "replaced" | "media_failed" | "handshake_failed" | "token_missing" | "token_malformed" | "token_invalid" | "token_expired" | "token_not_yet_valid" | "token_wrong_room" | "token_wrong_identity" | "not_allowed" | "no_such_room" | "duplicate_identity" | "shutting_down" | "internal";

/** What a client asks for. On the wire an object with the field `type` (see `tagged`). */
export type ClientMessage = { "type": "join",
  /** Room name: 1 to 64 characters of letters, digits, `-`, `_`, `.`. */
  room: string,
  /** Display name, 1 to 64 characters. A name in the access token takes its place. */
  name: string,
  /** Access token; needed unless the server takes everybody. */
  token?: string,
  /** Application data, at most 1,024 bytes. */
  metadata?: string,
  /** Token of an earlier `welcome`: take that participant's place. */
  resume?: string,
  /** Offer every SRTP profile; set after a handshake that failed with a DTLS alert. */
  compat?: boolean,
}
  | { "type": "offer",
  /** SDP. */
  sdp: string,
  /** What the sendonly sections are for. Sections not named publish nothing. */
  tracks: Array<OfferedTrack>,
}
  | { "type": "publish",
  /** The section's mid, as named in `offer.tracks`. */
  mid: string,
  /** Layers of a video track, lowest quality first. */
  layers?: Array<LayerDescription>,
  /** Whether it starts muted. */
  muted?: boolean,
}
  | { "type": "unpublish",
  /** The section's mid. */
  mid: string,
}
  | { "type": "view",
  /** Tiles in order of importance, at most 64. As many as there are video slots are filled. */
  tiles: Array<Tile>,
  /** Fill the video slots that the tiles leave free by the default view (screens first, then recent
   * speakers), at this height in pixels; absent: leave them empty. */
  auto_height?: number,
}
  | { "type": "mute",
  /** Which. */
  track: TrackId,
  /** On or off. */
  muted: boolean,
}
  | { "type": "update",
  /** New display name. */
  name?: string,
  /** New metadata. */
  metadata?: string,
}
  | { "type": "renew",
  /** The new one. */
  token: string,
}
  | { "type": "participants",
  /** First to return, counted from 0 among the others in order of joining. */
  offset: number,
  /** How many, 1 to 100. */
  limit: number,
}
  | { "type": "leave",
}
  | { "type": "ping",
};

/** A frame from the client. The server echoes `id` in the answer or error; repeating an id is harmless. */
export type ClientFrame = { id: number } & ClientMessage;

/** What the server says. */
export type ServerMessage = { "type": "welcome",
  /** The client's own id. */
  participant: ParticipantId,
  /** The client's own identity, from its access token; absent without one. */
  identity?: string,
  /** The client's own name, as others see it. */
  name: string,
  /** Room name. */
  room: string,
  /** Revision of the room's state that `participants` shows. */
  revision: number,
  /** Everybody else who is here (the first 100 in order of joining). */
  participants: Array<ParticipantInfo>,
  /** How many are here, the client included. */
  count: number,
  /** The client's own tracks; not empty only after a resume. */
  tracks: Array<TrackInfo>,
  /** What the client's slots carry; not empty only after a resume. */
  slots: Array<SlotInfo>,
  /** What the client may do; later changes come as `permissions`. */
  permissions: PermissionsInfo,
  /** For `RTCConfiguration.iceServers`. */
  ice_servers: Array<IceServer>,
  /** Limits. */
  limits: Limits,
  /** Token for `join.resume`, valid 30 s after the socket is lost. */
  resume: string,
  /** Whether this took up an existing participant: its peer connection goes on, no offer is needed. */
  resumed: boolean,
}
  | { "type": "answer",
  /** SDP. */
  sdp: string,
}
  | { "type": "published_ok",
  /** The track, also announced to the others. */
  track: TrackInfo,
}
  | { "type": "ok",
}
  | { "type": "pong",
}
  | { "type": "participants",
  /** How many are here in all. */
  count: number,
  /** The page. */
  participants: Array<ParticipantInfo>,
}
  | { "type": "joined",
  /** State after it. */
  revision: number,
  /** How many are here now. */
  count: number,
  /** Who came. */
  participants: Array<ParticipantInfo>,
}
  | { "type": "left",
  /** State after it. */
  revision: number,
  /** How many are here now. */
  count: number,
  /** Who went. */
  participants: Array<ParticipantId>,
}
  | { "type": "updated",
  /** State after it. */
  revision: number,
  /** As they are now. */
  participants: Array<ParticipantInfo>,
}
  | { "type": "slots",
  /** As they are now. */
  slots: Array<SlotInfo>,
}
  | { "type": "speakers",
  /** Loudest first. */
  speakers: Array<Speaker>,
}
  | { "type": "layers",
  /** The publisher's own track. */
  track: TrackId,
  /** Rids wanted. */
  wanted: Array<string>,
}
  | { "type": "codec",
  /** The publisher's own track. */
  track: TrackId,
  /** What to send. */
  codec: CodecName,
}
  | { "type": "quality",
  /** Whose, and how good. */
  participants: Array<QualityInfo>,
}
  | { "type": "permissions",
  /** State of the room after it. */
  revision: number,
  /** As they are now. */
  permissions: PermissionsInfo,
}
  | { "type": "token_expiring",
  /** Seconds until then. */
  seconds: number,
}
  | { "type": "draining",
  /** Wait before joining again. */
  retry_after_ms: number,
}
  | { "type": "error",
  /** For programs. */
  code: ErrorCode,
  /** For people; says what to do. */
  message: string,
};

/** A frame from the server: an answer with the request's id, or a notice without one. */
export type ServerFrame = { id?: number } & ServerMessage;
