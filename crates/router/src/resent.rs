//! When packets of a slot were last sent again.

use media::SeqNo;
use std::time::{Duration, Instant};

/// Packets remembered per slot: most that a client misses within a round trip. More costs memory, fewer lets a
/// client that misses more be sent some twice.
const REMEMBERED: usize = 256;
/// Shortest and longest time within which a packet is not sent again. The shortest covers clients of which no
/// round trip is known, the longest keeps a wrong round trip from starving them.
const SHORTEST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_millis(200);

/// Remembers retransmissions, so that a client that asks again before the first can have arrived is not sent
/// a second. A newer packet in the same place makes the older one forgotten.
#[derive(Debug, Default)]
pub(crate) struct Resent {
    /// Empty until the first retransmission: most slots never have one.
    places: Vec<Option<(SeqNo, Instant)>>,
}

impl Resent {
    /// Whether the packet may go out now; if so, that is remembered.
    pub(crate) fn allow(&mut self, now: Instant, seq: SeqNo, rtt_ms: Option<u32>) -> bool {
        if self.places.is_empty() {
            self.places = vec![None; REMEMBERED];
        }
        let again_after = Duration::from_millis(rtt_ms.unwrap_or(0).into()).clamp(SHORTEST, LONGEST);
        let place = &mut self.places[usize::from(seq.0) % REMEMBERED];
        if place.is_some_and(|(last, at)| last == seq && now.saturating_duration_since(at) < again_after) {
            return false;
        }
        *place = Some((seq, now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_goes_out_once_in_a_round_trip() {
        #[allow(clippy::disallowed_methods)] // the origin of virtual time
        let t0 = Instant::now();
        let at = |ms| t0 + Duration::from_millis(ms);
        let mut resent = Resent::default();
        assert!(resent.allow(at(0), SeqNo(7), None));
        assert!(!resent.allow(at(19), SeqNo(7), None));
        assert!(resent.allow(at(20), SeqNo(7), None));
        assert!(!resent.allow(at(80), SeqNo(7), Some(100)));
        assert!(resent.allow(at(120), SeqNo(7), Some(100)));
        assert!(resent.allow(at(320), SeqNo(7), Some(60_000)));
        assert!(resent.allow(at(320), SeqNo(8), None));
    }
}
