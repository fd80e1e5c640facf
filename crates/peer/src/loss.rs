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
