//! A panic costs the participant in whose name it happened, not the worker.
//!
//! Nothing that the network can reach may panic, and where it does all the same the rest of the worker's calls should
//! not pay. [`Router::contain`] is put around a batch of calls. Whoever works for a peer says so first
//! ([`Router::serve`]): that is one store, also for each packet forwarded, and no landing pad.
//!
//! Why it is safe to go on, after the stack was unwound in the middle of something:
//! - Memory is safe anyway: this code has no `unsafe`.
//! - The peer that broke, and all that hangs on it, is removed and never called again, so it does not matter in what
//!   state it is. What it published goes with it.
//! - Forwarding to a subscriber reads its publisher's track and writes only the subscriber. Subscribers whose turn had not
//!   come miss a packet that is in the track's ring: for them a loss, which they ask for.
//! - Tables refer to each other by keys that go stale; references of which only one end was written are taken back
//!   (`unlink`), and gauges are counted anew.
//! - Work that was taken from a list and not done is put back: all peers are polled, all timers set (`wake_all`).
//! - What is decided (layers, requests, states of slots) is decided anew once a second from what is known, and what is
//!   told to other workers is said again once a second.
//!
//! A panic in nobody's name is passed on, and the worker ends: what is broken then is not known.

use crate::router::Router;
use crate::state::{PeerKey, SlotRef, TrackKey};
use crate::timers::Timer;
use media::plane::MediaEvent;
use peer::Peer;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What the client and the log are told.
const REASON: &str = "a fault of the server in this connection";

impl<P: Peer> Router<P> {
    /// Runs calls of this router; `None` after a panic, which cost the participant it happened for, if that is known.
    /// [`MediaEvent::Disconnected`] tells of it. Then the calls were not finished: poll again.
    ///
    /// # Panics
    /// When the work panics and it was for no participant.
    pub fn contain<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.serving = None;
        // The module's documentation says why what the work leaves behind can be used.
        match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(done) => Some(done),
            Err(panic) => {
                match self.serving.take() {
                    Some(key) => self.bury(key),
                    None => resume_unwind(panic),
                }
                None
            }
        }
    }

    /// From here on the work is for this peer; returns whom it was for before, to go back to.
    pub(crate) fn serve(&mut self, key: PeerKey) -> Option<PeerKey> {
        self.serving.replace(key)
    }

    /// Says goodbye for a peer that is none of this router's. When it breaks, it is gone all the same.
    pub(crate) fn bid_farewell(&mut self, mut peer: P) {
        let (now, farewells) = (self.now, &mut self.farewells);
        // Whatever it leaves behind is a datagram more or less.
        let done = catch_unwind(AssertUnwindSafe(|| {
            peer.close(now);
            farewells.extend(std::iter::from_fn(|| peer.poll_transmit()));
            drop(peer);
        }));
        self.counters.panics += u64::from(done.is_err());
    }

    /// Removes a peer that broke.
    fn bury(&mut self, key: PeerKey) {
        self.counters.panics += 1;
        if let Some(entry) = self.take_out(key) {
            self.emit(MediaEvent::Disconnected {
                participant: entry.participant,
                reason: REASON,
                dtls_alert: false,
            });
            // It may be broken in a way that shows when it is dropped; then the rest of it leaks.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(entry)));
        }
        self.unlink();
        self.count_again();
        self.wake_all();
    }

    /// Takes back references of which only one end was written.
    fn unlink(&mut self) {
        let Self { tracks, peers, .. } = self;
        for (key, track) in tracks.iter_mut() {
            track.subscribers.retain(|SlotRef { peer, slot }| {
                let entry = peers.get(*peer);
                let slot = entry.and_then(|entry| entry.slot(*slot));
                slot.is_some_and(|slot| slot.track == Some(key))
            });
        }
        let mut loose = Vec::new();
        for (peer, entry) in peers.iter_mut() {
            let slots = entry
                .all_slots()
                .filter_map(|(slot, held)| Some((slot, held.track?)));
            loose.extend(slots.filter_map(|(slot, track)| {
                let linked = tracks
                    .get(track)
                    .is_some_and(|track| track.subscribers.contains(&SlotRef { peer, slot }));
                (!linked).then_some((peer, slot))
            }));
            for section in entry.sections.iter_mut().flatten() {
                section.track = section.track.filter(|track| tracks.get(*track).is_some());
            }
        }
        for (peer, slot) in loose {
            self.clear_slot(peer, slot);
        }
        let Self {
            tracks, peers, rooms, ..
        } = self;
        self.by_track.retain(|_, key| tracks.get(*key).is_some());
        self.by_participant.retain(|_, key| peers.get(*key).is_some());
        self.by_room.retain(|_, key| rooms.get(*key).is_some());
        for (_, room) in rooms.iter_mut() {
            room.peers.retain(|key| peers.get(*key).is_some());
        }
    }

    /// Gauges that are kept by adding and taking away.
    fn count_again(&mut self) {
        let (mut slots, mut assigned) = (0, 0);
        for entry in self.peers.values() {
            slots += entry.all_slots().count() as u64;
            assigned += entry.all_slots().filter(|(_, slot)| slot.track.is_some()).count() as u64;
        }
        (self.counters.slots, self.counters.slots_assigned) = (slots, assigned);
        self.counters.imports = self.tracks.values().filter(|track| track.is_imported()).count() as u64;
        let exports = self.tracks.values().map(|track| track.exports.len() as u64);
        self.counters.exports = exports.sum();
        for (key, room) in self.rooms.iter_mut() {
            let of_room = self.tracks.values().filter(|track| track.room == key);
            room.imports = of_room.filter(|track| track.is_imported()).count();
        }
        self.count_shed();
        self.update_gauges();
    }

    /// Nothing that was to be done is forgotten because it was taken from its list already.
    fn wake_all(&mut self) {
        self.dirty.clear();
        self.sending.clear();
        let Self {
            peers,
            rooms,
            timers,
            dirty,
            ..
        } = self;
        for (key, entry) in peers.iter_mut() {
            (entry.dirty, entry.sending) = (false, false);
            entry.touch(key, dirty);
            timers.arm(&mut entry.reports, self.now, Timer::Reports(key));
        }
        for (key, room) in rooms.iter_mut() {
            if let Some(at) = room.speakers.poll_timeout(self.now) {
                timers.arm(&mut room.timer, at, Timer::Room(key));
            }
        }
        let tracks: Vec<TrackKey> = self.tracks.iter_mut().map(|(key, _)| key).collect();
        for track in tracks {
            self.arm_track(track);
        }
    }
}
