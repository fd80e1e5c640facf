//! What receiver reports say of the path, for clients that say nothing better.

use crate::send::Sender;
use rtc::rtcp::reception_report::ReceptionReport;

impl Sender {
    /// Share lost since the slots' last receiver reports, each slot counted by the packets it expected; `None` when
    /// the blocks say nothing new about any.
    pub(crate) fn loss(&mut self, blocks: &[ReceptionReport]) -> Option<f64> {
        let (mut expected, mut lost) = (0.0, 0.0);
        for block in blocks {
            let Some(slot) = self
                .slots
                .iter_mut()
                .flatten()
                .find(|slot| slot.ssrc == block.ssrc)
            else {
                continue;
            };
            let highest = slot.reported_highest.replace(block.last_sequence_number);
            let Some(highest) = highest else { continue };
            let new = f64::from(
                block
                    .last_sequence_number
                    .wrapping_sub(highest)
                    .cast_signed()
                    .max(0),
            );
            expected += new;
            lost += new * f64::from(block.fraction_lost) / 256.0;
        }
        (expected > 0.0).then(|| lost / expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{MAX_OFFER_BYTES, PeerConfig};
    use crate::sdp::offer::Offer;
    use crate::sdp::session::Session;

    #[test]
    fn each_slot_counts_by_the_packets_it_expected_since_its_last_report() {
        let offer = include_str!("../tests/offers/chromium-slots-offer.sdp");
        let offer = Offer::parse(offer, MAX_OFFER_BYTES).unwrap();
        let config = PeerConfig::new(vec!["192.0.2.1:1".parse().unwrap()]);
        let mut sender = Sender::new(&Session::first(offer, &config).unwrap());
        let ssrcs: Vec<u32> = sender.slots.iter().flatten().map(|slot| slot.ssrc).collect();
        let block = |slot: usize, highest: u32, fraction_lost: u8| ReceptionReport {
            ssrc: ssrcs[slot],
            last_sequence_number: highest,
            fraction_lost,
            ..ReceptionReport::default()
        };
        let first = [block(0, 1_000, 255), block(1, 5_000, 255)];
        assert_eq!(sender.loss(&first), None, "nobody knows since when");
        let second = [block(0, 1_300, 64), block(1, 5_100, 0)];
        assert_eq!(sender.loss(&second), Some(0.1875), "a quarter of 300 of 400");
        assert_eq!(sender.loss(&second), None, "nothing new");
        assert_eq!(sender.loss(&[block(0, 10, 255)]), None, "a number that went back");
        let nobody = ReceptionReport {
            ssrc: 1,
            ..ReceptionReport::default()
        };
        assert_eq!(sender.loss(&[nobody]), None);
    }
}
