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
    pub(crate) fn keep(&mut self, now: Instant, sender: &Sender, slot: MLineIndex, packet: SlotPacket) {
        if packet.codec.kind() != Kind::Video || !sender.pads(slot, packet.codec) {
            return;
        }
        if self.packets.len() >= MAX_RECENT {
            self.packets.pop_front();
        }
        self.packets.push_back((now, slot, packet));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{MAX_OFFER_BYTES, PeerConfig};
    use crate::sdp::offer::Offer;
    use crate::sdp::session::Session;
    use crate::slot::Plain;
    use bwe::TransportSeq;
    use bytes::Bytes;
    use media::{Codec, Extensions, RtpTime, SeqNo, TrackId};
    use rtc::rtp;
    use rtc::shared::marshal::Unmarshal;

    /// First video slot of the recorded offer.
    const SLOT: MLineIndex = MLineIndex(5);
    const TRANSPORT_CC_ID: u8 = 3;

    fn sender() -> Sender {
        let offer = include_str!("../tests/offers/chromium-slots-offer.sdp");
        let offer = Offer::parse(offer, MAX_OFFER_BYTES).unwrap();
        let config = PeerConfig::new(vec!["192.0.2.1:1".parse().unwrap()]);
        Sender::new(&Session::first(offer, &config).unwrap())
    }

    fn packet(seq: u16, bytes: usize) -> SlotPacket {
        SlotPacket {
            seq: SeqNo(seq),
            timestamp: RtpTime(77),
            marker: false,
            codec: Codec::Vp8,
            csrc: TrackId(1),
            extensions: Extensions::default(),
            payload: Bytes::from(vec![1; bytes]).into(),
        }
    }

    /// What is written, its size on the wire, and how another implementation reads it.
    fn built(write: impl FnOnce(&mut Vec<u8>) -> Option<Plain>) -> (Plain, rtp::Packet) {
        let mut buffer = Vec::new();
        let plain = write(&mut buffer).unwrap();
        assert_eq!(buffer.len(), plain.bytes);
        (plain, rtp::Packet::unmarshal(&mut Bytes::from(buffer)).unwrap())
    }

    #[allow(clippy::disallowed_methods)]
    fn origin() -> Instant {
        Instant::now()
    }

    #[test]
    fn zeros_are_about_as_many_as_asked_for_and_parse_as_nothing() {
        let mut sender = sender();
        let (_, first) = built(|buffer| sender.padding(100, TransportSeq(8), buffer));
        for (i, asked) in [(1u16, 200), (2, 400), (3, 800), (4, 1_200), (5, 5_000)] {
            let (sent, parsed) = built(|buffer| sender.padding(asked, TransportSeq(9), buffer));
            let bytes = sender.wire_bytes(&sent);
            let least = asked.min(1_150).saturating_sub(4);
            assert!(
                (least..=asked.max(100)).contains(&bytes) && bytes <= 1_200,
                "{asked}: {bytes}"
            );
            assert!(parsed.payload.is_empty());
            assert_eq!(
                parsed.header.get_extension(TRANSPORT_CC_ID).as_deref(),
                Some(&[0, 9][..])
            );
            assert_eq!(parsed.header.extensions.len(), 2, "number and mid");
            assert_eq!(
                parsed.header.sequence_number,
                first.header.sequence_number.wrapping_add(i),
                "one numbering for all that goes there"
            );
        }
    }

    #[test]
    fn padding_and_retransmissions_share_one_numbering() {
        let mut sender = sender();
        built(|buffer| sender.packet(SLOT, &packet(5, 100), None, buffer));
        let (_, zeros) = built(|buffer| sender.padding(300, TransportSeq(0), buffer));
        let seq = Some(TransportSeq(1));
        let (_, again) = built(|buffer| sender.retransmission(SLOT, &packet(5, 100), seq, buffer));
        assert_eq!(zeros.header.ssrc, again.header.ssrc);
        assert_eq!(
            again.header.sequence_number,
            zeros.header.sequence_number.wrapping_add(1)
        );
        assert_eq!(zeros.header.timestamp, 77);
    }

    #[test]
    fn the_newest_packet_that_fits_fills_once() {
        let (now, sender) = (origin(), sender());
        let mut recent = Recent::default();
        for (seq, bytes) in [(1, 900), (2, 1_000), (3, 200), (4, 1_190)] {
            recent.keep(now, &sender, SLOT, packet(seq, bytes));
        }
        let mut next = |bytes| match recent.filler(now, bytes) {
            Filler::Again(SLOT, packet) => Some(packet.seq.0),
            _ => None,
        };
        assert_eq!(next(1_200), Some(2), "4 is too large, 3 too small");
        assert_eq!(next(1_200), Some(1));
        assert_eq!(next(1_200), None);
        assert_eq!(next(300), Some(3));
    }

    #[test]
    fn old_packets_and_sound_do_not_fill() {
        let (now, sender) = (origin(), sender());
        let mut recent = Recent::default();
        recent.keep(now, &sender, SLOT, packet(1, 1_000));
        let sound = SlotPacket {
            codec: Codec::Opus,
            ..packet(2, 1_000)
        };
        recent.keep(now, &sender, MLineIndex(2), sound);
        let later = now + MAX_AGE + Duration::from_millis(1);
        assert!(matches!(recent.filler(later, 1_200), Filler::Padding));
        for seq in 0..100 {
            recent.keep(now, &sender, SLOT, packet(seq, 1_000));
        }
        assert_eq!(recent.packets.len(), MAX_RECENT);
    }
}
