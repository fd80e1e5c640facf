//! What padding is made of: packets sent a moment ago, once more, because they repair a loss nobody has noticed yet;
//! else nothing but zeros.

use crate::send::Sender;
use media::packet::SlotPacket;
use media::{Kind, MLineIndex};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Packets kept: more than one probe cluster takes. Each holds a share of a payload; what is pushed out was forwarded.
const MAX_RECENT: usize = 16;
/// What is older repairs nothing any more: its frame is shown, or asked for again.
const MAX_AGE: Duration = Duration::from_millis(500);
/// A packet stands in for padding when it is at least so large a share of it, and at most as large.
const SMALLEST_SHARE: f64 = 0.5;
/// RTP header, CSRC, extensions, repair header, tag and datagram, about: to compare payloads with sizes on the wire.
const OVERHEAD_BYTES: usize = 80;

/// What to send as padding.
#[derive(Debug)]
pub(crate) enum Filler {
    /// This packet once more, as RTX.
    Again(MLineIndex, SlotPacket),
    /// Zeros.
    Padding,
}

/// Packets sent a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// The newest last.
    packets: VecDeque<(Instant, MLineIndex, SlotPacket)>,
}

impl Recent {
    /// A packet leaves.
    pub(crate) fn keep(&mut self, now: Instant, sender: &Sender, slot: MLineIndex, packet: &SlotPacket) {
        if packet.codec.kind() != Kind::Video || !sender.pads(slot, packet.codec) {
            return;
        }
        if self.packets.len() >= MAX_RECENT {
            self.packets.pop_front();
        }
        self.packets.push_back((now, slot, packet.clone()));
    }

    /// What to fill so many bytes on the wire with. No packet fills twice.
    pub(crate) fn filler(&mut self, now: Instant, bytes: u32) -> Filler {
        while self
            .packets
            .front()
            .is_some_and(|(at, ..)| now.saturating_duration_since(*at) > MAX_AGE)
        {
            self.packets.pop_front();
        }
        let fits = |packet: &SlotPacket| {
            let size = (packet.payload.len() + OVERHEAD_BYTES) as f64;
            size <= f64::from(bytes) && size >= SMALLEST_SHARE * f64::from(bytes)
        };
        let newest = self.packets.iter().rposition(|(_, _, packet)| fits(packet));
        match newest.and_then(|index| self.packets.remove(index)) {
            Some((_, slot, packet)) => Filler::Again(slot, packet),
            None => Filler::Padding,
        }
    }
}
