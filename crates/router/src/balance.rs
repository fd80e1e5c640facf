//! How much each worker has to do, and which one takes the next participant.
//!
//! A room lives on the worker of its first participant, because a track costs nothing more there than its packets. Its
//! joins go elsewhere when that worker has enough to do. What workers tell of themselves is a second old, and somebody who
//! joins costs little before media flows; so whoever comes is counted as well, from the moment a place is chosen until the
//! worker's own figures have had time to show it.

use media::{ParticipantId, RoomId, WorkerId};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// For so long after a peer was handed over it is counted apart. Shorter: a burst of joins is placed by figures that do
/// not show it; longer: it is counted twice for longer.
pub const SETTLING: Duration = Duration::from_secs(5);
/// Who was given a place and does not offer within this is not counted any more. As long as a join may take.
pub const RESERVED_FOR: Duration = Duration::from_secs(15);
/// Most who are counted apart. When full, whoever comes more is placed and not counted.
pub const MAX_COMING: usize = 4_096;
/// What somebody who comes will cost, in thousandths of a worker, where too few are there to tell: a handshake, and then
/// some hundred packets a second.
const UNKNOWN_COST: u64 = 2;
/// So many peers tell what one costs.
const TELLING_PEERS: u64 = 8;
/// Limits of what is believed of that, in thousandths of a worker.
const LEAST_COST: u64 = 1;
const MOST_COST: u64 = 20;
/// A room goes to one more worker only when that has so much less to do than those it is on, in thousandths: each of them
/// is sent every track that is watched there.
const WORTH_A_RELAY: u64 = 100;

/// When rooms are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// A worker with this much to do or more, in thousandths, takes no more participants of a room while others have less.
    pub above_permille: u32,
    /// Nor does one with so many participants of it. 0: no such limit.
    pub most_of_a_room: usize,
}

/// What one worker has told of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Share of its time that it works, in thousandths.
    pub busy_permille: u32,
    /// Peers it has.
    pub peers: u64,
}

#[derive(Debug)]
struct Coming {
    room: RoomId,
    worker: WorkerId,
    /// `None` while its peer is being built.
    until: Option<Instant>,
    /// Whether the room's placement knows it.
    placed: bool,
}

/// The loads of a node's workers.
#[derive(Debug)]
pub struct Balance {
    figures: Vec<Figures>,
    coming: BTreeMap<ParticipantId, Coming>,
    /// By worker, how many of `coming`.
    counts: Vec<u64>,
}

impl Balance {
    /// For so many workers, at least one, of which nothing is known.
    pub fn new(workers: usize) -> Self {
        let workers = workers.clamp(1, usize::from(u16::MAX));
        Self {
            figures: vec![Figures::default(); workers],
            coming: BTreeMap::new(),
            counts: vec![0; workers],
        }
    }

    /// A worker told of itself.
    pub fn handle_figures(&mut self, worker: WorkerId, figures: Figures) {
        if let Some(known) = self.figures.get_mut(usize::from(worker.0)) {
            *known = figures;
        }
    }

    /// Time has passed: who has settled is not counted apart any more.
    pub fn handle_timeout(&mut self, now: Instant) {
        let over = |coming: &Coming| coming.until.is_some_and(|until| until <= now);
        let over: Vec<ParticipantId> = (self.coming.iter())
            .filter_map(|(participant, coming)| over(coming).then_some(*participant))
            .collect();
        for participant in over {
            self.release(participant);
        }
    }

    /// Somebody was given a place on a worker, and will offer.
    pub fn reserve(&mut self, now: Instant, room: RoomId, participant: ParticipantId, worker: WorkerId) {
        if self.coming.len() >= MAX_COMING {
            self.handle_timeout(now);
        }
        self.release(participant);
        let Some(count) = self.counts.get_mut(usize::from(worker.0)) else {
            return;
        };
        if self.coming.len() < MAX_COMING {
            *count += 1;
            let coming = Coming {
                room,
                worker,
                until: Some(now + RESERVED_FOR),
                placed: false,
            };
            self.coming.insert(participant, coming);
        }
    }

    /// The place somebody was given and has not taken yet.
    pub fn reserved(&self, participant: ParticipantId) -> Option<WorkerId> {
        let coming = self.coming.get(&participant)?;
        (!coming.placed).then_some(coming.worker)
    }

    /// The peer is being built; this ends with [`settle`](Self::settle) or [`release`](Self::release).
    pub fn build(&mut self, participant: ParticipantId) {
        if let Some(coming) = self.coming.get_mut(&participant) {
            coming.until = None;
        }
    }

    /// The worker has the peer.
    pub fn settle(&mut self, now: Instant, participant: ParticipantId) {
        if let Some(coming) = self.coming.get_mut(&participant) {
            (coming.until, coming.placed) = (Some(now + SETTLING), true);
        }
    }

    /// It does not come, or has gone.
    pub fn release(&mut self, participant: ParticipantId) {
        if let Some(coming) = self.coming.remove(&participant)
            && let Some(count) = self.counts.get_mut(usize::from(coming.worker.0))
        {
            *count -= 1;
        }
    }

    /// Peers of a worker, those that come included; some may be counted twice for [`SETTLING`].
    pub fn peers(&self, worker: WorkerId) -> u64 {
        self.figures_of(worker).peers + self.coming_to(worker)
    }

    /// What a worker has to do with all who come, in thousandths of its time; may be above 1,000.
    pub fn load(&self, worker: WorkerId) -> u64 {
        let Figures { busy_permille, peers } = self.figures_of(worker);
        let busy = u64::from(busy_permille);
        let each = if peers < TELLING_PEERS {
            UNKNOWN_COST
        } else {
            (busy / peers).clamp(LEAST_COST, MOST_COST)
        };
        busy + each * self.coming_to(worker)
    }

    /// All workers.
    pub fn workers(&self) -> impl Iterator<Item = WorkerId> + '_ {
        // Clamped when made.
        (0..self.figures.len()).map(|index| WorkerId(index as u16))
    }

    /// The worker with the least to do; of several the first.
    pub fn least_loaded(&self) -> WorkerId {
        let all = self.workers();
        all.min_by_key(|worker| (self.load(*worker), self.peers(*worker)))
            .unwrap_or(WorkerId(0))
    }

    /// The worker for a further participant of a room that lives on `home` and has so many `placed` on each worker.
    pub fn choose(
        &self,
        room: RoomId,
        home: WorkerId,
        placed: &BTreeMap<WorkerId, usize>,
        spread: Spread,
    ) -> WorkerId {
        let mut counts = placed.clone();
        counts.entry(home).or_default();
        let unplaced = self.coming.values().filter(|coming| coming.room == room);
        for coming in unplaced.filter(|coming| !coming.placed) {
            *counts.entry(coming.worker).or_default() += 1;
        }
        let takes = |worker: WorkerId| {
            let count = counts.get(&worker).copied().unwrap_or(0);
            let has_room = spread.most_of_a_room == 0 || count < spread.most_of_a_room;
            has_room && self.load(worker) < u64::from(spread.above_permille)
        };
        if takes(home) {
            return home;
        }
        let by_load = |worker: &WorkerId| (self.load(*worker), counts.get(worker).copied());
        let known = counts.keys().copied().filter(|worker| takes(*worker));
        if let Some(worker) = known.min_by_key(by_load) {
            return worker;
        }
        // Nobody the room is on takes more.
        let anew = self.workers().filter(|worker| !counts.contains_key(worker));
        let anew = anew.min_by_key(by_load);
        let known = counts.keys().copied().min_by_key(|worker| {
            let over = spread.most_of_a_room > 0 && counts.get(worker) >= Some(&spread.most_of_a_room);
            (over, by_load(worker))
        });
        let known = known.unwrap_or(home);
        match anew {
            Some(anew) if takes(anew) || self.load(anew) + WORTH_A_RELAY <= self.load(known) => anew,
            _ => known,
        }
    }

    fn figures_of(&self, worker: WorkerId) -> Figures {
        self.figures
            .get(usize::from(worker.0))
            .copied()
            .unwrap_or_default()
    }

    fn coming_to(&self, worker: WorkerId) -> u64 {
        self.counts.get(usize::from(worker.0)).copied().unwrap_or(0)
    }
}
