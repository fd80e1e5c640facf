//! Who goes to which worker, and whether the node takes them at all.

use super::Control;
use super::admission::{Admission, AdmissionLimits, Held, Refusal, file_limit, open_files};
use crate::config::Config;
use media::{ParticipantId, RoomId, WorkerId};
use node::WorkerSnapshot;
use router::{Balance, Figures, Placement, RouterConfig, Spread};
use std::collections::HashMap;
use std::time::Instant;

/// What a worker with everything to do is set to: thousandths of its time.
const ALL: u32 = 1_000;

pub(super) struct Places {
    balance: Balance,
    /// The worker that each room began on.
    homes: HashMap<RoomId, WorkerId>,
    spread: Spread,
    admission: Admission,
    held: Held,
}

impl Places {
    pub(super) fn new(workers: usize, config: &Config, router: &RouterConfig) -> Self {
        let below = u64::from(config.admit_below_percent) * 10;
        let limits = AdmissionLimits {
            below_permille: Some(below).filter(|below| *below < u64::from(ALL)),
            peers: router.max_peers as u64,
            tracks: router.max_tracks as u64,
            files: file_limit(),
        };
        Self {
            balance: Balance::new(workers),
            homes: HashMap::new(),
            spread: Spread {
                above_permille: u32::from(config.spread_above_percent) * 10,
                most_of_a_room: config.room_participants_per_worker as usize,
            },
            admission: Admission::new(limits),
            held: Held::default(),
        }
    }

    /// What workers tell of themselves, once a second.
    pub(super) fn handle_snapshots(&mut self, now: Instant, snapshots: &[WorkerSnapshot]) {
        for (worker, snapshot) in self.balance.workers().zip(snapshots).collect::<Vec<_>>() {
            let figures = Figures {
                // One that pauses tracks has as much to do as it can; that it has less now comes of that.
                busy_permille: if snapshot.router.shed > 0 {
                    ALL
                } else {
                    snapshot.busy_permille
                },
                peers: snapshot.router.peers,
            };
            self.balance.handle_figures(worker, figures);
        }
        self.held = Held {
            tracks: snapshots.iter().map(|snapshot| snapshot.router.tracks).collect(),
            files: open_files(),
        };
        self.balance.handle_timeout(now);
    }

    /// Why nobody more is taken now, if that is so.
    pub(super) fn refusal(&mut self) -> Option<Refusal> {
        self.admission.refusal(&self.balance, &self.held)
    }

    /// The worker for a participant of this room, kept for it.
    pub(super) fn reserve(
        &mut self,
        now: Instant,
        placement: &Placement,
        room: RoomId,
        participant: ParticipantId,
    ) -> WorkerId {
        if let Some(worker) = self.balance.reserved(participant) {
            return worker;
        }
        let least = self.balance.least_loaded();
        let home = *self.homes.entry(room).or_insert(least);
        let counts = placement.counts(room);
        let worker = self.balance.choose(room, home, &counts, self.spread);
        self.balance.reserve(now, room, participant, worker);
        worker
    }

    /// The participant's peer is being built.
    pub(super) fn build(&mut self, participant: ParticipantId) {
        self.balance.build(participant);
    }

    /// The worker has it.
    pub(super) fn settle(&mut self, now: Instant, participant: ParticipantId) {
        self.balance.settle(now, participant);
    }

    /// It does not come, or has gone.
    pub(super) fn release(&mut self, participant: ParticipantId) {
        self.balance.release(participant);
    }

    /// Peers that a worker has or will have.
    #[cfg(test)]
    pub(super) fn peers(&self, worker: WorkerId) -> u64 {
        self.balance.peers(worker)
    }

    pub(super) fn forget_room(&mut self, room: RoomId) {
        self.homes.remove(&room);
    }
}

impl Control {
    /// Looks whether somebody more can be taken, and tells who asks for readiness.
    pub(super) fn update_full(&mut self) -> Option<Refusal> {
        let refusal = self.places.refusal();
        let changed = self.full.send_if_modified(|told| {
            let changed = *told != refusal;
            *told = refusal;
            changed
        });
        match refusal {
            Some(why) if changed => tracing::warn!(why = why.name(), "this node is full"),
            None if changed => tracing::info!("this node takes participants again"),
            _ => {}
        }
        self.metrics.full.set(i64::from(refusal.is_some()));
        refusal
    }
}
