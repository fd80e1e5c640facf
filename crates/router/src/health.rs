//! How viewers fare, over all peers: for operators.

use crate::router::Router;
use media::plane::{PauseReason, SlotState};
use peer::Peer;

/// One word per reason to pause, in the order of [`Health::paused`].
pub const PAUSE_NAMES: [&str; 6] = ["muted", "hidden", "no_layer", "bandwidth", "codec", "overload"];
/// One word per class of quality, in the order of [`Health::quality`].
pub const QUALITY_NAMES: [&str; 3] = ["good", "fair", "poor"];

/// From this score on a call is good; [`FAIR`] and above is fair, and below that poor.
const GOOD: u8 = 80;
const FAIR: u8 = 50;

/// Gauges of one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Slots that are paused, by the reason that was told; names in [`PAUSE_NAMES`].
    pub paused: [u64; PAUSE_NAMES.len()],
    /// Participants by quality; names in [`QUALITY_NAMES`].
    pub quality: [u64; QUALITY_NAMES.len()],
    /// Participants whose downlink is measured.
    pub estimates: u64,
    /// Sum of these estimates, bits a second.
    pub estimated_bits: u64,
}

fn index_of(reason: PauseReason) -> usize {
    match reason {
        PauseReason::Muted => 0,
        PauseReason::Hidden => 1,
        PauseReason::NoLayer => 2,
        PauseReason::Bandwidth => 3,
        PauseReason::Codec => 4,
        PauseReason::Overload => 5,
    }
}

impl<P: Peer> Router<P> {
    /// How viewers fare now. Walks all peers and their slots: for once a second.
    pub fn health(&self) -> Health {
        let mut health = Health::default();
        for entry in self.peers.values() {
            for (_, slot) in entry.all_slots() {
                if let Some((_, SlotState::Paused(reason))) = slot.told {
                    health.paused[index_of(reason)] += 1;
                }
            }
            let class = match entry.quality.told().score {
                GOOD.. => 0,
                FAIR.. => 1,
                _ => 2,
            };
            health.quality[class] += 1;
            if let Some(estimate) = entry.peer.bandwidth() {
                health.estimates += 1;
                health.estimated_bits += estimate.target.0;
            }
        }
        health
    }
}
