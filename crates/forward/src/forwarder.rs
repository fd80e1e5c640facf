//! One track's packets into one slot.

use crate::clock::CaptureTime;
use media::packet::SlotPacket;
use media::{Kind, LayerIndex, NtpTime, Packet, RtpTime, SeqNo, TrackId};
use std::time::Instant;

/// The track a slot carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForwardedTrack {
    /// Which; the CSRC of every packet.
    pub id: TrackId,
    /// Send RED (RFC 2198) as its primary Opus block, because the subscriber did not negotiate RED.
    /// Without effect on other codecs.
    pub unwrap_red: bool,
}

/// What a forwarder is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForwarderState {
    /// The track assigned.
    pub track: Option<TrackId>,
    /// The layer that flows now. `None`: nothing flows.
    pub layer: Option<LayerIndex>,
    /// The layer that should flow. `None`: paused.
    pub target: Option<LayerIndex>,
}

impl ForwarderState {
    /// Whether the forwarder waits for a keyframe to switch at.
    pub fn is_switching(&self) -> bool {
        self.track.is_some() && self.target.is_some() && self.layer != self.target
    }
}

/// What a sender report of a slot says (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotReport {
    /// Server wall clock.
    pub ntp: NtpTime,
    /// The same instant on the slot's RTP clock.
    pub rtp: RtpTime,
    /// Packets sent through the slot, without retransmissions; wraps.
    pub packets: u32,
    /// Payload bytes sent through the slot, without retransmissions; wraps.
    pub octets: u32,
}

/// Rewrites packets of whatever track is assigned into one slot, whose numbering, timestamps and picture ids
/// go on without a break for the slot's whole life.
#[derive(Debug)]
pub struct Forwarder {
    track: Option<ForwardedTrack>,
    target: Option<LayerIndex>,
    switches: u64,
}

impl Forwarder {
    /// The forwarder of a slot. Its timestamps lie for ever on the line through (`now`, `start_timestamp`)
    /// with slope `clock_rate` Hz.
    pub fn new(_kind: Kind, _clock_rate: u32, _now: Instant, _start_seq: SeqNo, _start_timestamp: RtpTime) -> Forwarder {
        Forwarder { track: None, target: None, switches: 0 }
    }

    /// Assign a track, or none. Nothing of the former track is forwarded from here on, and the target is
    /// `None` until set anew. Naming the track that is already assigned keeps it flowing.
    pub fn set_track(&mut self, _now: Instant, track: Option<ForwardedTrack>) {
        self.track = track;
    }

    /// The layer that should flow; `None` pauses at once. Video goes on with the former layer until a
    /// keyframe of the target arrives. For audio, layer 0 opens the gate.
    pub fn set_target(&mut self, _now: Instant, target: Option<LayerIndex>) {
        self.target = target;
    }

    /// The highest temporal layer to pass; `None` passes all. Going up takes effect where the codec allows it.
    pub fn set_max_temporal_id(&mut self, _max: Option<u8>) {}

    /// A packet of the assigned track arrived (in any order, duplicates included): the packet to send
    /// through the slot, or `None` when it is not for this slot now.
    pub fn handle_packet(&mut self, _now: Instant, _layer: LayerIndex, _packet: &Packet, _capture: CaptureTime) -> Option<SlotPacket> {
        None
    }

    /// The layer of which a keyframe is needed before the slot can show what it should.
    pub fn wants_keyframe(&self) -> Option<LayerIndex> {
        None
    }

    /// The layer to ask for a keyframe when the subscriber sends PLI or FIR: the one to switch to, else the
    /// one that flows.
    pub fn keyframe_layer(&self) -> Option<LayerIndex> {
        None
    }

    /// What flows, and what should.
    pub fn state(&self) -> ForwarderState {
        ForwarderState { track: self.track.map(|t| t.id), layer: None, target: self.target }
    }

    /// How often the slot began to carry another layer or track, since its start.
    pub fn switches(&self) -> u64 {
        self.switches
    }

    /// The subscriber misses a packet of the slot: the same packet again, byte for byte, taken from the
    /// assigned track's rings through `lookup`. `None` when it is too old, of a former track, asked for too
    /// often, or never arrived.
    pub fn retransmit<'a>(&mut self, _seq: SeqNo, _lookup: impl Fn(LayerIndex, SeqNo) -> Option<&'a Packet>) -> Option<SlotPacket> {
        None
    }

    /// The slot's sender report for this moment; `None` while nothing has been sent.
    pub fn report(&self, _now: Instant, _server_ntp_now: NtpTime) -> Option<SlotReport> {
        None
    }
}
