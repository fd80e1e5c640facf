//! What the router keeps for each peer, slot, track and room.

use crate::claims::{Claim, Newest};
use crate::codec_wish::CodecWish;
use crate::demux::Registration;
use crate::layer_rate::LayerRate;
use crate::pace::Pace;
use crate::quality::QualityMeter;
use crate::rate::Rate;
use crate::relay::{Export, Import};
use crate::resent::Resent;
use crate::router::less_stats;
use crate::spatial_rates::SpatialRates;
use crate::speakers::{MicrophoneKey, Speakers};
use crate::table::Key;
use crate::temporal_rates::TemporalRates;
use crate::timers::Armed;
use forward::{Forwarder, KeyframeRequests, LayerClock, PacketRing, PublisherClock, WantedLayers};
use media::id::MAX_LAYERS;
use media::plane::SlotState;
use media::{
    Bitrate, Codec, Kind, LayerIndex, LayerInfo, MLineIndex, ParticipantId, RoomId, RtpTime, SeqNo, Source,
    TrackId, WorkerId,
};
use peer::{Peer, PeerStats};
use std::time::Instant;

/// Most m-lines of one participant that the router keeps a place for. The peer accepts fewer.
pub(crate) const MAX_MLINES: usize = 256;

/// Keys of peers, whatever their type.
#[derive(Debug)]
pub(crate) enum PeerTag {}
pub(crate) type PeerKey = Key<PeerTag>;
pub(crate) type TrackKey = Key<Track>;
pub(crate) type RoomKey = Key<Room>;

/// One participant's connection and all that hangs on it.
#[derive(Debug)]
pub(crate) struct PeerEntry<P> {
    pub(crate) peer: P,
    pub(crate) participant: ParticipantId,
    pub(crate) room: RoomKey,
    pub(crate) registration: Registration,
    /// By m-line.
    pub(crate) sections: Vec<Option<Section>>,
    /// By m-line.
    pub(crate) slots: Vec<Option<Slot>>,
    /// Audio slots past the last video slot, which the router fills itself.
    pub(crate) talker_slots: Vec<MLineIndex>,
    pub(crate) clock: PublisherClock,
    /// Seconds of silence the peer last told, 0 while it is heard.
    pub(crate) silent_seconds: u32,
    /// Of the height that the view asks for and publishers send, the share that bandwidth allows.
    pub(crate) view_share: f64,
    /// The worker whose port its client sends to, when that is another: it came over from there.
    pub(crate) home: Option<WorkerId>,
    /// What the peer had counted when it came over.
    pub(crate) elsewhere: PeerStats,
    /// Packets that its slots had carried when last looked at; wraps.
    pub(crate) carried: u32,
    /// RTP packets of all it publishes, since it came.
    pub(crate) packets_in: u64,
    pub(crate) quality: QualityMeter,
    /// Whether its data messages are passed on.
    pub(crate) may_send_data: bool,
    /// Whether talkers come into its talker slots.
    pub(crate) may_hear: bool,
    pub(crate) data_messages: Rate,
    pub(crate) data_bytes: Rate,
    pub(crate) retransmissions: Rate,
    pub(crate) timer: Armed,
    pub(crate) reports: Armed,
    /// In the list of peers with events or a new deadline.
    pub(crate) dirty: bool,
    /// In the list of peers with datagrams to send.
    pub(crate) sending: bool,
}

impl<P: Peer> PeerEntry<P> {
    pub(crate) fn slot(&self, slot: MLineIndex) -> Option<&Slot> {
        self.slots.get(usize::from(slot.0))?.as_ref()
    }

    pub(crate) fn slot_mut(&mut self, slot: MLineIndex) -> Option<&mut Slot> {
        self.slots.get_mut(usize::from(slot.0))?.as_mut()
    }

    pub(crate) fn section(&self, section: MLineIndex) -> Option<&Section> {
        self.sections.get(usize::from(section.0))?.as_ref()
    }

    pub(crate) fn section_mut(&mut self, section: MLineIndex) -> Option<&mut Section> {
        self.sections.get_mut(usize::from(section.0))?.as_mut()
    }

    /// What it has counted on this worker.
    pub(crate) fn stats_here(&self) -> PeerStats {
        less_stats(self.peer.stats(), self.elsewhere)
    }

    /// What it publishes, by section.
    pub(crate) fn all_published(&self) -> impl Iterator<Item = (MLineIndex, TrackKey)> + '_ {
        let numbered = self.sections.iter().enumerate();
        // At most MAX_MLINES places exist.
        numbered.filter_map(|(index, section)| Some((MLineIndex(index as u16), section.as_ref()?.track?)))
    }

    /// Its slots with their m-lines.
    pub(crate) fn all_slots(&self) -> impl Iterator<Item = (MLineIndex, &Slot)> {
        let numbered = self.slots.iter().enumerate();
        // At most MAX_MLINES places exist.
        numbered.filter_map(|(index, slot)| Some((MLineIndex(index as u16), slot.as_ref()?)))
    }

    /// Notes that the peer has been given something and must be polled.
    pub(crate) fn touch(&mut self, key: PeerKey, dirty: &mut Vec<PeerKey>) {
        if !self.dirty {
            self.dirty = true;
            dirty.push(key);
        }
    }
}

/// A publish section.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) kind: Kind,
    /// In the order in which the peer numbers layers.
    pub(crate) rids: Vec<String>,
    pub(crate) track: Option<TrackKey>,
}

/// A receive m-line.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) kind: Kind,
    pub(crate) forwarder: Forwarder,
    pub(crate) track: Option<TrackKey>,
    pub(crate) height: u16,
    pub(crate) priority: u8,
    /// When the track was assigned.
    pub(crate) since: Instant,
    /// When it was last to turn to another encoding, or to none.
    pub(crate) turned: Instant,
    /// What the control plane was last told.
    pub(crate) told: Option<(TrackId, SlotState)>,
    /// A first sender report has gone out.
    pub(crate) reported: bool,
    /// [`Forwarder::switches`] when last looked at.
    pub(crate) switches: u64,
    pub(crate) resent: Resent,
    /// Round trip to the subscriber, once it told.
    pub(crate) rtt_ms: Option<u32>,
}

/// One slot of one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotRef {
    pub(crate) peer: PeerKey,
    pub(crate) slot: MLineIndex,
}

/// Where a track's packets come from, and where to ask for more.
#[derive(Debug)]
pub(crate) enum Origin {
    /// From a publish section of a peer.
    Peer { key: PeerKey, section: MLineIndex },
    /// From another worker.
    Relay(Import),
}

/// What somebody publishes.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) id: TrackId,
    pub(crate) room: RoomKey,
    pub(crate) origin: Origin,
    pub(crate) source: Source,
    pub(crate) muted: bool,
    /// Paused on this worker because there is too much to do.
    pub(crate) shed: bool,
    /// Codec of the last packet, Opus for RED.
    pub(crate) codec: Option<Codec>,
    pub(crate) codec_wish: CodecWish,
    pub(crate) layers: Vec<Layer>,
    /// Height and activity of `layers`, in the form the allocator wants.
    pub(crate) status: Vec<LayerStatus>,
    /// By the peer's numbering of the section's layers.
    pub(crate) by_section_layer: [Option<LayerIndex>; MAX_LAYERS],
    pub(crate) subscribers: Vec<SlotRef>,
    /// Other workers that watch.
    pub(crate) exports: Vec<Export>,
    /// Where the numbers of the next export begin.
    pub(crate) next_number: u64,
    /// Microphones: among the room's speakers.
    pub(crate) microphone: Option<MicrophoneKey>,
    /// Microphones: let through the gate. Always so for everything else.
    pub(crate) open: bool,
    /// Microphones: when listeners without it were last looked for, and the room's epoch then.
    pub(crate) listeners_checked: Option<(u64, Instant)>,
    pub(crate) keyframes: KeyframeRequests,
    pub(crate) wanted: WantedLayers,
    pub(crate) timer: Armed,
    /// How often its viewers' layers are chosen anew.
    pub(crate) retargets: Pace,
    /// When it was last looked at in full.
    pub(crate) looked_at: Option<Instant>,
    /// The newest of its publisher's allocations.
    pub(crate) claimed: Option<Newest>,
}

/// One layer of a track, as far as choosing among layers is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LayerStatus {
    /// Picture height in pixels; 0 when the publisher did not say.
    pub(crate) height: u16,
    /// Whether packets came within [`forward::LAYER_SILENCE`].
    pub(crate) active: bool,
}

/// One layer of a track.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) rid: String,
    /// The peer's number for it.
    pub(crate) section_layer: LayerIndex,
    pub(crate) ring: PacketRing,
    pub(crate) clock: LayerClock,
    pub(crate) heard: Option<Instant>,
    pub(crate) rate: LayerRate,
    pub(crate) spatial: SpatialRates,
    pub(crate) temporal: TemporalRates,
    /// When the publisher was last asked to send it again.
    pub(crate) asked: Option<Instant>,
    /// It was asked for and did not come: until something of it is heard, nobody waits for it again.
    pub(crate) absent: bool,
    /// Highest bitrate the publisher named; 0 when it did not.
    pub(crate) announced: Bitrate,
    /// What the publisher says of it while it sends.
    pub(crate) claim: Claim,
    /// What it costs by the measurement of the publisher's worker, when that is another.
    pub(crate) reported: Option<Bitrate>,
}

impl Layer {
    /// How much later than a timestamp a packet of the ring is, in ticks; 0 when it is not there any more.
    pub(crate) fn ticks_after(&self, timestamp: RtpTime, seq: SeqNo) -> i32 {
        let kept = self.ring.get(seq);
        kept.map_or(0, |kept| kept.packet.timestamp.distance(timestamp))
    }

    /// A layer nothing was heard of; `ring` is how many packets it keeps.
    pub(crate) fn new(
        now: Instant,
        info: &LayerInfo,
        section_layer: LayerIndex,
        codec: Codec,
        ring: usize,
    ) -> Self {
        Self {
            rid: info.rid.clone(),
            section_layer,
            ring: PacketRing::new(ring),
            clock: LayerClock::new(codec.clock_rate()),
            heard: None,
            rate: LayerRate::new(now),
            spatial: SpatialRates::default(),
            temporal: TemporalRates::default(),
            asked: None,
            absent: false,
            announced: info.max_bitrate,
            claim: Claim::default(),
            reported: None,
        }
    }

    /// What it costs on the wire to a subscriber.
    pub(crate) fn cost(&self) -> Bitrate {
        self.reported.unwrap_or_else(|| self.rate.cost(self.aimed_at()))
    }
}

/// Who is together.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) peers: Vec<PeerKey>,
    /// Other workers with peers of this room.
    pub(crate) neighbours: Vec<WorkerId>,
    /// Tracks of theirs that are known here.
    pub(crate) imports: usize,
    pub(crate) speakers: Speakers,
    /// Goes up whenever a listener may have lost a microphone or gained a free slot.
    pub(crate) epoch: u64,
    pub(crate) timer: Armed,
}
