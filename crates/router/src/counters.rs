//! What happened, as plain numbers: the worker copies them once a second.

use media::Kind;

/// Packets and payload bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets.
    pub packets: u64,
    /// Payload bytes, without headers.
    pub bytes: u64,
}

impl Traffic {
    pub(crate) fn add(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }
}

/// Why something was dropped. The list is closed, so that it can be a metric's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum DropReason {
    /// STUN for a username nobody has.
    StunUnknownUfrag,
    /// STUN without a username from an address nobody has validated, or STUN that cannot be read.
    StunMalformed,
    /// DTLS, RTP or RTCP from an address that ICE has not validated.
    UnvalidatedAddress,
    /// ICE validated an address that belongs to another living peer.
    AddressTaken,
    /// Neither STUN, DTLS, RTP nor RTCP (RFC 7983).
    NotOurs,
    /// Media on a section that carries no published track.
    NoTrack,
    /// A packet that was there already.
    Duplicate,
    /// A packet older than its ring.
    TooOld,
    /// A layer the track does not have.
    NoLayer,
    /// Media of a track its publisher has muted.
    Muted,
    /// A microphone that is not among the loudest, counted once per packet.
    NotLoudest,
    /// A retransmission asked for again within the bound, or one too many for the subscriber.
    RetransmissionRate,
    /// A retransmission of a packet that nobody has any more.
    RetransmissionGone,
    /// A data message whose envelope cannot be read.
    DataMalformed,
    /// A data message of somebody who may not send any.
    DataNotAllowed,
    /// A data message over the size limit.
    DataTooLarge,
    /// A data message over the sender's rate.
    DataRate,
    /// A data message that its reader's channel did not take.
    DataReader,
    /// A data message for someone who is not in the room.
    DataNoRecipient,
    /// A command that names an unknown participant, track or slot, or something of another room.
    CommandInvalid,
    /// A command or peer over a limit.
    LimitReached,
    /// An event for a control plane that does not take any.
    EventsFull,
    /// A packet, level or lossy message that had to make room for a newer one on its way to another worker.
    RelayFull,
    /// Any other message for another worker that takes none.
    RelayControlFull,
    /// A message of another worker about a track that is not known or not watched here.
    RelayUnknown,
    /// A datagram for a participant who has moved, when too many wait for that worker; or over TCP, which does not move.
    Handover,
}

/// One word per reason, in the order of [`DropReason`]'s variants.
pub const DROP_NAMES: [&str; 26] = [
    "stun_unknown_ufrag",
    "stun_malformed",
    "unvalidated_address",
    "address_taken",
    "not_ours",
    "no_track",
    "duplicate",
    "too_old",
    "no_layer",
    "muted",
    "not_loudest",
    "retransmission_rate",
    "retransmission_gone",
    "data_malformed",
    "data_not_allowed",
    "data_too_large",
    "data_rate",
    "data_reader",
    "data_no_recipient",
    "command_invalid",
    "limit_reached",
    "events_full",
    "relay_full",
    "relay_control_full",
    "relay_unknown",
    "handover",
];

/// Counters since the router's start, and gauges of now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RouterCounters {
    /// Peers now.
    pub peers: u64,
    /// Rooms with at least one peer now.
    pub rooms: u64,
    /// Published tracks now.
    pub tracks: u64,
    /// Tracks of other workers that can be assigned here, now.
    pub imports: u64,
    /// Other workers that watch tracks published here, now; a worker counts once for each track.
    pub exports: u64,
    /// Receive m-lines of all peers now.
    pub slots: u64,
    /// Slots with a track now.
    pub slots_assigned: u64,
    /// Addresses ICE has validated, now.
    pub addresses: u64,
    /// ICE usernames under which peers are found, now.
    pub usernames: u64,

    /// Datagrams from the network.
    pub datagrams_in: u64,
    /// Datagrams to the network.
    pub datagrams_out: u64,
    /// Audio from publishers.
    pub audio_in: Traffic,
    /// Video from publishers.
    pub video_in: Traffic,
    /// Audio to subscribers, retransmissions not counted.
    pub audio_out: Traffic,
    /// Video to subscribers, retransmissions not counted.
    pub video_out: Traffic,
    /// Retransmissions to subscribers.
    pub retransmissions_out: Traffic,
    /// Packets subscribers said were missing.
    pub nacked_packets: u64,
    /// PLI and FIR from subscribers.
    pub keyframe_requests_in: u64,
    /// PLI to publishers.
    pub keyframe_requests_out: u64,
    /// Layer or track changes that reached a keyframe.
    pub switches: u64,
    /// Sender reports to subscribers.
    pub reports_out: u64,
    /// Data messages from clients that were relayed.
    pub data_in: Traffic,
    /// Data messages handed to readers' channels.
    pub data_out: Traffic,
    /// Media packets to other workers, repairs not counted.
    pub relay_out: Traffic,
    /// Media packets from other workers, repairs counted.
    pub relay_in: Traffic,
    /// Packets of other workers that were missing, each as often as it was asked for.
    pub relay_missing: u64,
    /// Packets sent again to other workers.
    pub relay_resent: u64,
    /// Participants that were handed over to other workers and whose clients send here, now.
    pub detours: u64,
    /// Participants that came over from other workers.
    pub moves: u64,
    /// Datagrams passed on to the workers that participants have moved to.
    pub handed_over: u64,
    /// Tracks that are paused here because there is too much to do, now.
    pub shed: u64,
    /// Participants lost to a panic, see [`Router::contain`](crate::Router::contain).
    pub panics: u64,
    /// Drops by [`DropReason`]; names in [`DROP_NAMES`].
    pub drops: [u64; DROP_NAMES.len()],
}

impl RouterCounters {
    pub(crate) fn drop(&mut self, reason: DropReason) {
        self.drops[reason as usize] += 1;
    }

    /// How often something was dropped for this reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.drops[reason as usize]
    }

    pub(crate) fn incoming(&mut self, kind: Kind, bytes: usize) {
        match kind {
            Kind::Audio => self.audio_in.add(bytes),
            Kind::Video => self.video_in.add(bytes),
        }
    }

    pub(crate) fn outgoing(&mut self, kind: Kind, bytes: usize) {
        match kind {
            Kind::Audio => self.audio_out.add(bytes),
            Kind::Video => self.video_out.add(bytes),
        }
    }
}
