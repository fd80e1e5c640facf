//! The vocabulary between the control plane (rooms, sessions) and the media plane (routers): values that
//! travel through bounded queues. A room emits [`MediaCommand`]s and consumes [`MediaEvent`]s; it never sees
//! a peer. Adding a peer is the router's own command, because only the router knows what a peer is.

use crate::id::{MLineIndex, ParticipantId, RoomId, TrackId, WorkerId};
use crate::track::{Kind, LayerInfo, Source};

/// What a participant's offer contains, by m-line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sections {
    /// Sections on which the participant can publish, in the order of the offer.
    pub publish: Vec<PublishSection>,
    /// Receive m-lines of kind video, in the order of the offer.
    pub video_slots: Vec<Slot>,
    /// Receive m-lines of kind audio, in the order of the offer. The i-th belongs to the i-th video slot;
    /// those past the last video slot carry talkers who are off screen.
    pub audio_slots: Vec<Slot>,
}

/// A sendonly m-line of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishSection {
    /// Position in the SDP.
    pub mline: MLineIndex,
    /// The section's mid (RFC 9143).
    pub mid: String,
    /// Audio or video.
    pub kind: Kind,
    /// Simulcast rids in the order of the offer, lowest quality first; empty without simulcast.
    pub rids: Vec<String>,
}

/// A recvonly m-line of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Position in the SDP.
    pub mline: MLineIndex,
    /// The section's mid.
    pub mid: String,
}

/// What the control plane asks of the media plane of one room's participants.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaCommand {
    /// Close the participant's peer; everything it published and received ends.
    RemovePeer {
        /// Who.
        participant: ParticipantId,
    },
    /// A later offer of a participant that has a peer (more slots, ICE restart).
    Offer {
        /// Who.
        participant: ParticipantId,
        /// Comes back in [`MediaEvent::Answer`].
        request: u64,
        /// The whole SDP; at most 64 KiB.
        sdp: String,
    },
    /// Packets of this section are this track from now on.
    Publish {
        /// Publisher.
        participant: ParticipantId,
        /// Section the track flows through.
        mline: MLineIndex,
        /// Id and CSRC of the track.
        track: TrackId,
        /// What it is.
        source: Source,
        /// Layers of a video track, lowest quality first; one entry with an empty rid without simulcast;
        /// empty for audio. Sending `Publish` again for the same track updates them.
        layers: Vec<LayerInfo>,
    },
    /// The track is over: its slots fall silent until assigned anew.
    Unpublish {
        /// Which.
        track: TrackId,
    },
    /// The publisher muted or unmuted: a muted track does not count for loudest-N and is not asked for
    /// keyframes.
    Mute {
        /// Which.
        track: TrackId,
        /// On or off.
        muted: bool,
    },
    /// What the media plane lets a participant do by itself. Until it is told, everything.
    Permit {
        /// Who.
        participant: ParticipantId,
        /// Send data messages.
        data: bool,
        /// Have talkers in its talker slots; what is in its other slots, `Assign` says.
        subscribe: bool,
    },
    /// Put tracks into slots of one participant, all at once. Slots not named stay as they are.
    Assign {
        /// Subscriber.
        participant: ParticipantId,
        /// Changes.
        slots: Vec<SlotAssignment>,
    },
    /// Hand the participant's peer over to another worker, which tells of it by [`MediaEvent::Moved`]; or keep it, and
    /// tell so by [`MediaEvent::Stays`]. What the client sends here from then on is passed on to that worker.
    Release {
        /// Who.
        participant: ParticipantId,
        /// Where to; another worker than this.
        to: WorkerId,
    },
    /// A participant whose peer was handed over has moved on: what the client sends here goes to that worker.
    Redirect {
        /// Who.
        participant: ParticipantId,
        /// Where the peer is now.
        to: WorkerId,
    },
    /// A room on several workers: the others, to each of them whenever that changes. The worker forgets them with its
    /// last peer of the room.
    Neighbours {
        /// Which room; a peer of it must be here.
        room: RoomId,
        /// All other workers with peers of this room.
        workers: Vec<WorkerId>,
    },
    /// A track of the room is published on another worker, and can be assigned here. Ends with
    /// [`Unpublish`](Self::Unpublish), and with the room's last peer here.
    Import {
        /// Id and CSRC of the track.
        track: TrackId,
        /// Its room; a peer of it must be here.
        room: RoomId,
        /// Where its publisher's peer is.
        worker: WorkerId,
        /// What it is.
        source: Source,
        /// As in [`Publish`](Self::Publish). Sending `Import` again for the same track updates them.
        layers: Vec<LayerInfo>,
        /// Whether its publisher has muted it; later changes come as [`Mute`](Self::Mute).
        muted: bool,
    },
}

/// One slot's new content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotAssignment {
    /// The slot.
    pub slot: MLineIndex,
    /// What flows through it; `None` empties it.
    pub track: Option<TrackId>,
    /// Height in pixels at which it is shown; decides the layer. 0 for audio, and for video that is
    /// not visible now (paused by the view).
    pub height: u16,
    /// 0 is the most important; used when bandwidth is short.
    pub priority: u8,
}

/// What happened in the media plane.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaEvent {
    /// ICE and DTLS are done; media flows.
    Connected {
        /// Who.
        participant: ParticipantId,
        /// Name of the negotiated SRTP profile.
        srtp_profile: &'static str,
        /// `udp` or `tcp`.
        transport: &'static str,
    },
    /// The peer is gone without `RemovePeer`: DTLS closed or failed, or the peer broke.
    Disconnected {
        /// Who.
        participant: ParticipantId,
        /// Why, in words for logs and the client.
        reason: &'static str,
        /// Whether a DTLS handshake ended with an alert, the case `compat` exists for.
        dtls_alert: bool,
    },
    /// Nothing authenticated has come from the participant for a while, or it has come back.
    Silent {
        /// Who.
        participant: ParticipantId,
        /// Seconds of silence: 0 when it is back, then 3 and 15 (RFC 7675 consent lost).
        seconds: u32,
    },
    /// Answer to a [`MediaCommand::Offer`].
    Answer {
        /// Who.
        participant: ParticipantId,
        /// The command's.
        request: u64,
        /// The answer and the sections as they are now, or why the offer cannot be met.
        result: Result<(String, Sections), String>,
    },
    /// The participant's peer has come over from another worker, and goes on here.
    Moved {
        /// Who.
        participant: ParticipantId,
    },
    /// The participant's peer was not handed over, or not taken.
    Stays {
        /// Who.
        participant: ParticipantId,
        /// Why, in words for logs.
        reason: &'static str,
    },
    /// What a slot carries changed.
    SlotState {
        /// Subscriber.
        participant: ParticipantId,
        /// Which slot.
        slot: MLineIndex,
        /// What flows through it.
        track: Option<TrackId>,
        /// How.
        state: SlotState,
    },
    /// The router put an off-screen talker into one of the free audio slots (those past the last video
    /// slot), or took one out.
    TalkerSlot {
        /// Subscriber.
        participant: ParticipantId,
        /// Which slot.
        slot: MLineIndex,
        /// The microphone.
        track: Option<TrackId>,
    },
    /// Layers somebody watches; the publisher may stop encoding the others.
    WantedLayers {
        /// Which track.
        track: TrackId,
        /// Indices into the track's layers, ascending; empty when nobody watches.
        layers: Vec<crate::id::LayerIndex>,
    },
    /// How good the call is for a participant, when it changed noticeably; at most once a second.
    Quality {
        /// Who.
        participant: ParticipantId,
        /// How good.
        quality: Quality,
    },
    /// The publisher of a video track should send this codec from now on: somebody who watches cannot decode the
    /// one it sends, or (with another codec than VP8) everybody can.
    Codec {
        /// Which track.
        track: TrackId,
        /// What to send.
        codec: crate::codec::Codec,
    },
    /// A decision about how much a participant's downlink carries. Only where the router is told to trace.
    Estimate {
        /// Who.
        participant: ParticipantId,
        /// When it was made.
        at: std::time::Instant,
        /// Why, in a word (`bwe::Reason::name`).
        reason: &'static str,
        /// Bits per second before it.
        before: crate::unit::Bitrate,
        /// Bits per second after it.
        after: crate::unit::Bitrate,
    },
    /// What is known of a participant's downlink, once a second. Only where the router is told to trace.
    Downlink {
        /// Who.
        participant: ParticipantId,
        /// The estimate in bits per second.
        target: crate::unit::Bitrate,
        /// Its recent minimum.
        stable: crate::unit::Bitrate,
        /// Share lost, 0.0 to 1.0.
        loss: f64,
        /// Round trip.
        round_trip: std::time::Duration,
        /// What waits in the path's queue.
        queue: std::time::Duration,
    },
    /// Microphones above the speech threshold, every 200 ms while any is, and once when the last falls silent.
    AudioLevels {
        /// Of one room: track and smoothed level, 0 (silent) to 127 (loudest: 127 + dBov), loudest first;
        /// at most 16.
        levels: Vec<(TrackId, u8)>,
        /// The room.
        room: RoomId,
    },
}

/// How a slot is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotState {
    /// Packets of the assigned track flow.
    Live,
    /// Assigned; waiting for the keyframe to switch at.
    Switching,
    /// Assigned, and nothing flows for this reason.
    Paused(PauseReason),
}

/// Why an assigned slot carries nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseReason {
    /// The publisher muted it.
    Muted,
    /// The view shows it at height 0.
    Hidden,
    /// The publisher sends no layer of it.
    NoLayer,
    /// The subscriber's network cannot carry it.
    Bandwidth,
    /// The subscriber did not negotiate its codec.
    Codec,
    /// The server has too much to do, and fewest people watch this.
    Overload,
}

/// How good the call is for one participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quality {
    /// 0 (nothing gets through) to 100 (everything asked for arrives); the router documents how it is computed.
    pub score: u8,
    /// What holds the score down most; `None` at 100.
    pub reason: Option<QualityReason>,
}

/// What is worst about a participant's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QualityReason {
    /// Their downlink cannot carry all that their view asks for.
    DownlinkBandwidth,
    /// Packets are lost on the way to them.
    DownlinkLoss,
    /// Packets take long to reach them, or wait in a queue.
    DownlinkDelay,
    /// Their uplink cannot carry all that others would watch.
    UplinkBandwidth,
    /// Packets are lost on the way from them.
    UplinkLoss,
    /// Nothing is heard of them.
    Silent,
}
