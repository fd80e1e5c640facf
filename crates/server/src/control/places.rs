//! Who goes to which worker, and whether the node takes them at all.

use super::Control;
use super::admission::{Admission, AdmissionLimits, Held, Refusal, file_limit, open_files};
use crate::config::Config;
use media::plane::MediaEvent;
use media::{ParticipantId, RoomId, WorkerId};
use node::WorkerSnapshot;
use router::{Balance, Figures, Placement, Relief, RouterConfig, Spread};
use std::collections::HashMap;
use std::time::Instant;

/// What a worker with everything to do is set to: thousandths of its time.
const ALL: u32 = 1_000;

pub(super) struct Places {
    balance: Balance,
    /// The worker that each room began on.
    homes: HashMap<RoomId, WorkerId>,
    spread: Spread,
    relief: Relief,
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
            relief: Relief::new(
                workers,
                Some(u32::from(config.move_above_percent) * 10).filter(|above| *above < ALL),
            ),
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

    /// Who is to move to which worker now, because theirs has too much to do.
    pub(super) fn relieve(
        &mut self,
        now: Instant,
        snapshots: &[WorkerSnapshot],
    ) -> Option<(ParticipantId, WorkerId)> {
        self.relief.choose(now, &self.balance, |worker| {
            let snapshot = snapshots.get(usize::from(worker.0));
            snapshot.map_or(&[], |snapshot| &snapshot.heaviest)
        })
    }

    /// Somebody is about to come to a worker from another: they count there before its figures show them.
    pub(super) fn moves(&mut self, now: Instant, room: RoomId, participant: ParticipantId, to: WorkerId) {
        self.balance.reserve(now, room, participant, to);
        self.balance.settle(now, participant);
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

/// What became of somebody who was to move, one word each for the metric's label.
pub(crate) const MOVE_OUTCOMES: [&str; 3] = ["moved", "stayed", "lost"];

impl Control {
    /// Moves somebody from a worker that has too much to do, if there is one and another has time.
    pub(super) fn relieve(&mut self, now: Instant, snapshots: &[WorkerSnapshot]) {
        let Some((participant, to)) = self.places.relieve(now, snapshots) else {
            return;
        };
        let Some(room) = self.placement.room_of(participant) else {
            return;
        };
        if self.placement.move_peer(room, participant, to) {
            tracing::info!(%participant, worker = to.0, "moves to a worker that has time");
            self.places.moves(now, room, participant, to);
            self.send_commands();
        }
    }

    /// Counts how moves end.
    pub(super) fn note_move(&self, event: &MediaEvent) {
        let outcome = match event {
            MediaEvent::Moved { .. } => "moved",
            MediaEvent::Stays { participant, reason } => {
                tracing::info!(%participant, reason, "was not moved");
                "stayed"
            }
            MediaEvent::Disconnected { participant, .. } if self.placement.is_moving(*participant) => "lost",
            _ => return,
        };
        self.metrics.moves.with_label_values(&[outcome]).inc();
    }

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
