//! The last packets of one layer, read once, for forwarding and for retransmission to every subscriber.

use crate::source::{Place, SourceSeq};
use media::{Packet, PacketReader, ReadPacket, SeqNo};

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
    /// Older than anything the ring can hold, do not forward it. A second one in a row means that the
    /// publisher started its numbering anew: the ring empties and takes it as `New`.
    TooOld,
}

/// The most recent packets of one layer of a track, by the publisher's sequence number.
///
/// When full, the oldest packet makes room.
#[derive(Debug, Clone)]
pub struct PacketRing {
    capacity: usize,
    /// Empty before the first packet, then `capacity` places; a packet's is its extended number modulo that.
    places: Vec<Option<Kept>>,
    source: SourceSeq,
    reader: PacketReader,
    /// Some packets here could not be read, because a keyframe's first packet had not arrived.
    unread: bool,
    /// Which of them can be read since it has.
    readable: Vec<SeqNo>,
}

#[derive(Debug, Clone)]
struct Kept {
    extended: u64,
    packet: ReadPacket,
}

impl PacketRing {
    /// A ring for at most `capacity` packets (at least one); memory is taken with the first packet.
    pub fn new(capacity: usize) -> PacketRing {
        PacketRing {
            capacity: capacity.max(1),
            places: Vec::new(),
            source: SourceSeq::default(),
            reader: PacketReader::default(),
            unread: false,
            readable: Vec::new(),
        }
    }

    /// Forget all packets, and where their numbers stood: the next one is `New` whatever its number.
    pub fn clear(&mut self) {
        *self = PacketRing::new(self.capacity);
    }

    /// Read a packet and keep it. The payload is shared, not copied.
    pub fn insert(&mut self, packet: Packet) -> Inserted {
        let (extended, inserted) = match self.source.place(packet.seq, self.capacity as u64) {
            Place::Newest(extended) => (extended, Inserted::New),
            Place::Older(extended) if self.kept(extended).is_some() => return Inserted::Duplicate,
            Place::Older(extended) => (extended, Inserted::Late),
            Place::Stray => return Inserted::TooOld,
            Place::Restart(extended) => {
                self.places.clear();
                self.reader = PacketReader::default();
                self.unread = false;
                (extended, Inserted::New)
            }
        };
        if self.places.is_empty() {
            self.places.resize_with(self.capacity, || None);
        }
        let info = self.reader.read(extended, &packet);
        let packet = ReadPacket { packet, info };
        self.unread |= packet.lacks_structure();
        let index = self.index(extended);
        if let Some(place) = self.places.get_mut(index) {
            *place = Some(Kept { extended, packet });
        }
        if self.unread && self.reader.structure_since() == Some(extended) {
            self.read_again(extended);
        }
        inserted
    }

    /// The packet with this sequence number, if it is still here.
    pub fn get(&self, seq: SeqNo) -> Option<&ReadPacket> {
        self.kept(self.source.extend(seq))
    }

    /// The newest packet's number; `None` before the first.
    pub fn newest(&self) -> Option<SeqNo> {
        self.source.highest().map(|highest| SeqNo(highest as u16))
    }

    /// Packets here that are newer than this one, ascending; as many as are within reach of the ring.
    pub fn since(&self, seq: SeqNo) -> impl Iterator<Item = SeqNo> + '_ {
        let newest = self.source.highest().unwrap_or(0);
        let oldest = newest.saturating_sub(self.capacity as u64);
        let from = self.source.extend(seq).clamp(oldest, newest);
        let kept = (from + 1..=newest).filter_map(|extended| self.kept(extended));
        kept.map(|kept| kept.packet.seq)
    }

    /// Packets that the last one [inserted](Self::insert) has made readable, ascending: forward them as if they had just
    /// arrived. A dependency descriptor says nothing without the structure in its keyframe's first packet.
    pub fn take_readable(&mut self) -> Vec<SeqNo> {
        std::mem::take(&mut self.readable)
    }

    /// The newest structure has come, with packet `since`, behind packets that belong to it.
    fn read_again(&mut self, since: u64) {
        self.unread = false;
        let newest = self.source.highest().unwrap_or(since);
        for extended in since + 1..=newest {
            let index = self.index(extended);
            let Some(Some(kept)) = self.places.get_mut(index) else {
                continue;
            };
            if kept.extended == extended && kept.packet.lacks_structure() {
                kept.packet.info = self.reader.read(extended, &kept.packet.packet);
                if kept.packet.lacks_structure() {
                    // It belongs to another keyframe, which is missing too.
                    self.unread = true;
                } else {
                    self.readable.push(kept.packet.packet.seq);
                }
            }
        }
    }

    fn kept(&self, extended: u64) -> Option<&ReadPacket> {
        let kept = self.places.get(self.index(extended))?.as_ref()?;
        // The place may still hold a packet from rounds ago when newer ones were lost.
        (kept.extended == extended).then_some(&kept.packet)
    }

    fn index(&self, extended: u64) -> usize {
        (extended % self.capacity as u64) as usize
    }
}
