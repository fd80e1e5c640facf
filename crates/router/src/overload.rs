//! A worker that has too much to do: its tracks pause and begin again as `shed` says.

use crate::router::Router;
use crate::shed::{Load, Verdict, Watched};
use crate::state::{PeerKey, Track, TrackKey};
use media::{Kind, TrackId};
use peer::Peer;
use std::time::Instant;

impl<P: Peer> Router<P> {
    /// How the worker has done since the last call; about once a second. When that is not well, tracks pause on it.
    pub fn handle_load(&mut self, now: Instant, load: Load) {
        self.forward_waiting();
        self.advance(now);
        let known = &self.by_track;
        self.shedder.forget(|track| known.contains_key(&track));
        let (tracks, shed) = match self.shedder.handle_load(now, load) {
            Verdict::Stay => return,
            Verdict::More => {
                let watched = self.watched();
                (self.shedder.shed(watched), true)
            }
            Verdict::Less => (self.shedder.restore(), false),
        };
        self.set_shed(&tracks, shed);
    }

    /// What could pause.
    fn watched(&self) -> Vec<Watched> {
        let tracks = self.tracks.values().filter(|track| !track.shed);
        tracks
            .filter_map(|track| {
                let viewers = self.viewers(track);
                (viewers > 0).then_some(Watched {
                    track: track.id,
                    source: track.source,
                    viewers,
                })
            })
            .collect()
    }

    /// Slots here that it is to be seen or heard in.
    fn viewers(&self, track: &Track) -> usize {
        let shows = |subscriber: &&crate::state::SlotRef| {
            let entry = self.peers.get(subscriber.peer);
            let slot = entry.and_then(|entry| entry.slot(subscriber.slot));
            slot.is_some_and(|slot| slot.kind == Kind::Audio || slot.height > 0)
        };
        track.subscribers.iter().filter(shows).count()
    }

    /// Tracks pause here or go on. Each viewer's slots are looked at once, however many of these it has.
    fn set_shed(&mut self, ids: &[TrackId], shed: bool) {
        let mut viewers: Vec<PeerKey> = Vec::new();
        let mut keys: Vec<TrackKey> = Vec::new();
        for id in ids {
            let key = self.by_track.get(id).copied();
            let Some((key, track)) = key.and_then(|key| Some((key, self.tracks.get_mut(key)?))) else {
                continue;
            };
            track.shed = shed;
            keys.push(key);
            viewers.extend(track.subscribers.iter().map(|subscriber| subscriber.peer));
        }
        self.count_shed();
        viewers.sort_unstable_by_key(|viewer| viewer.order());
        viewers.dedup();
        for viewer in viewers {
            self.retarget_peer(viewer);
        }
        for key in keys {
            self.service_track(key);
        }
    }

    pub(crate) fn count_shed(&mut self) {
        self.counters.shed = self.tracks.values().filter(|track| track.shed).count() as u64;
    }
}
