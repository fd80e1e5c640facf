//! What a slot has sent, so that a packet can be sent again exactly as it was.

use crate::rewrite::Numbers;
use media::{LayerIndex, RtpTime, SeqNo};

/// Times one packet is sent again. Higher: a subscriber can make the server send more than the publisher did;
/// lower: a packet may never get through a bad network.
const MAX_RESENDS: u8 = 8;

/// One packet that was sent: where it came from, and everything the forwarder wrote into it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// The slot's sequence number, extended.
    pub(crate) output: u64,
    pub(crate) layer: LayerIndex,
    /// The publisher's sequence number.
    pub(crate) source: SeqNo,
    pub(crate) timestamp: RtpTime,
    pub(crate) marker: bool,
    pub(crate) numbers: Numbers,
    /// For the dependency descriptor, where there is one.
    pub(crate) frame: Option<u16>,
    /// How often it was sent again.
    pub(crate) resends: u8,
}

/// The last packets a slot sent. When full, the oldest makes room.
#[derive(Debug)]
pub(crate) struct History {
    capacity: u64,
    /// Empty before the first packet; a packet's place is its extended number modulo the capacity.
    places: Vec<Option<Sent>>,
}

impl History {
    pub(crate) fn new(capacity: u64) -> History {
        History {
            capacity,
            places: Vec::new(),
        }
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }

    pub(crate) fn insert(&mut self, sent: Sent) {
        if self.places.is_empty() {
            self.places.resize(self.capacity as usize, None);
        }
        let index = (sent.output % self.capacity) as usize;
        if let Some(place) = self.places.get_mut(index) {
            *place = Some(sent);
        }
    }

    pub(crate) fn contains(&self, output: u64) -> bool {
        let place = self.places.get((output % self.capacity) as usize);
        place.is_some_and(|place| place.is_some_and(|sent| sent.output == output))
    }

    /// The packet with this number, to be sent again; `None` when it is not here or was sent too often.
    pub(crate) fn resend(&mut self, output: u64) -> Option<Sent> {
        let place = self.places.get_mut((output % self.capacity) as usize)?;
        let sent = place
            .as_mut()
            .filter(|sent| sent.output == output && sent.resends < MAX_RESENDS)?;
        sent.resends += 1;
        Some(*sent)
    }
}
