//! First offers, as text.

use super::answer;
use crate::offers::CONFIG;
use peer::fuzzing::Negotiation;
use peer::{OfferError, config};

/// Any text.
pub fn sdp_offer(data: &[u8]) {
    let Ok(offer) = std::str::from_utf8(data) else { return };
    let accepted = Negotiation::first(offer, &CONFIG);
    let accepted = match accepted {
        Ok(accepted) => accepted,
        Err(error) => {
            let too_long = matches!(error, OfferError::TooLarge { what: "the SDP in bytes", .. });
            assert_eq!(too_long, offer.len() > config::MAX_OFFER_BYTES);
            // It is sent back.
            assert!(error.to_string().len() <= 1_024 + 2 * offer.len());
            return;
        }
    };
    answer::check(offer, &accepted, false);
    if offer.len() <= config::MAX_REOFFER_BYTES {
        let again = accepted.next(offer, &CONFIG).expect("what was accepted once is accepted again");
        assert_eq!(again.sections(), accepted.sections());
        assert_eq!(again.answer(&CONFIG), accepted.answer(&CONFIG), "nothing changes");
    }
}
