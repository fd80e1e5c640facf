//! How often what a track's publisher does may make all its viewers' layers be chosen anew.
//!
//! One choice costs an allocation for each viewer. Whoever publishes decides when layers begin, stop and change their
//! codec, and could do so with every packet; what comes too soon after the last choices is done once, later.

use crate::router::Router;
use crate::state::{PeerKey, TrackKey};
use crate::timers::Timer;
use peer::Peer;
use std::time::{Duration, Instant};

/// Least time between choices, on average. Longer: viewers stay longer with a layer that has stopped; shorter: one
/// publisher can make a worker that has many viewers compute for longer.
pub(crate) const RETARGET_INTERVAL: Duration = Duration::from_millis(50);
/// So many may come at once after a rest: the layers of a camera begin within one picture, and a mute or a new codec may
/// come with them. Fewer: the best layer comes a little later; more: a longer burst of work.
pub(crate) const RETARGET_BURST: u32 = 4;

/// Paces the choices of one track, and remembers one that is to be made up for.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// When all that was done would have been due at the least interval.
    paid_until: Option<Instant>,
    waits: bool,
}

impl Pace {
    /// Something changed: whether to choose now. If not, it is owed at [`Self::due`].
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        self.waits = now < self.free_at(now);
        if !self.waits {
            self.paid_until = Some(self.paid_until.map_or(now, |paid| paid.max(now)) + RETARGET_INTERVAL);
        }
        !self.waits
    }

    /// Whether a choice is owed and may be made now; then it counts as made.
    pub(crate) fn take_owed(&mut self, now: Instant) -> bool {
        self.waits && self.take(now)
    }

    /// When the choice that is owed may be made.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        self.waits.then(|| self.free_at(now))
    }

    fn free_at(&self, now: Instant) -> Instant {
        let ahead = RETARGET_INTERVAL * (RETARGET_BURST - 1);
        let free = self.paid_until.and_then(|paid| paid.checked_sub(ahead));
        free.unwrap_or(now)
    }
}

impl<P: Peer> Router<P> {
    /// Something about the track changed: looks at all its viewers' layers again, now or, when that was just done, a little
    /// later. Then it returns `false`, and the track is served with it.
    pub(crate) fn retarget_subscribers(&mut self, key: TrackKey) -> bool {
        let now = self.now;
        let Some(track) = self.tracks.get_mut(key) else {
            return false;
        };
        if track.retargets.take(now) {
            self.retarget_now(key);
            return true;
        }
        if let Some(at) = track.retargets.due(now) {
            self.timers.arm(&mut track.timer, at, Timer::Track(key));
        }
        false
    }

    /// Looks at all viewers' layers at once.
    pub(crate) fn retarget_now(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.get(key) else { return };
        let mut viewers: Vec<PeerKey> = track
            .subscribers
            .iter()
            .map(|subscriber| subscriber.peer)
            .collect();
        viewers.sort_unstable_by_key(|viewer| viewer.order());
        viewers.dedup();
        for viewer in viewers {
            self.retarget_peer(viewer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_one_each_interval() {
        #[allow(clippy::disallowed_methods)] // the origin of virtual time
        let t0 = Instant::now() + Duration::from_secs(10);
        let at = |ms| t0 + Duration::from_millis(ms);
        let mut pace = Pace::default();
        let made = (0..1_000).filter(|ms| pace.take(at(*ms))).count();
        assert_eq!(made, 3 + 20);
        assert_eq!(pace.due(at(1_000)), Some(at(1_000)));
        assert!(pace.take_owed(at(1_000)));
        assert!(!pace.take_owed(at(2_000)), "nothing is owed any more");
        let after_a_rest = (5_000..5_010).filter(|ms| pace.take(at(*ms))).count();
        assert_eq!(after_a_rest, 4);
    }
}
