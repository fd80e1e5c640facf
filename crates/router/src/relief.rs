//! Who moves from a worker that has too much to do to one that has time.
//!
//! Places are chosen when people come; what they send and look at changes afterwards. A worker that stays busy gives one
//! participant at a time to the one with least to do: the one whose slots carry most, because that is what costs. Pure: told
//! loads, it names a participant and a worker.

use crate::balance::Balance;
use media::{ParticipantId, WorkerId};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A worker has to be busy for so long. Shorter: bursts of joins, which cost handshakes, move people who need not; longer:
/// it pauses pictures first.
const BUSY_FOR: Duration = Duration::from_secs(10);
/// Between two moves: the last one has to show in the loads. Longer: a worker stays busy for longer.
const BETWEEN: Duration = Duration::from_secs(10);
/// The other worker has so much less to do, in thousandths. Less: the two become as busy as each other, and people move in
/// turns; more: a worker stays busy beside one that has time.
const WORTH_IT: u64 = 300;
/// Nobody is moved twice within this.
const REST: Duration = Duration::from_secs(60);

/// Names who is to move. Asked about once a second.
#[derive(Debug)]
pub struct Relief {
    /// In thousandths; `None`: nobody is moved.
    above_permille: Option<u64>,
    /// By worker.
    busy_since: Vec<Option<Instant>>,
    last: Option<Instant>,
    /// Who was moved within [`REST`]: no more than fit [`BETWEEN`] apart.
    rests: BTreeMap<ParticipantId, Instant>,
}

impl Relief {
    /// For so many workers; those with this much to do or more, in thousandths, give people away.
    pub fn new(workers: usize, above_permille: Option<u32>) -> Self {
        Self {
            above_permille: above_permille.map(u64::from),
            busy_since: vec![None; workers],
            last: None,
            rests: BTreeMap::new(),
        }
    }

    /// Who is to move now, and where to. `heaviest` names the participants of a worker whose slots carry most.
    pub fn choose<'a>(
        &mut self,
        now: Instant,
        balance: &Balance,
        heaviest: impl Fn(WorkerId) -> &'a [ParticipantId],
    ) -> Option<(ParticipantId, WorkerId)> {
        let above = self.above_permille?;
        let is_past = |since: Instant, time: Duration| now.saturating_duration_since(since) >= time;
        for (since, worker) in self.busy_since.iter_mut().zip(balance.workers()) {
            let busy = balance.load(worker) >= above;
            *since = busy.then(|| since.unwrap_or(now));
        }
        self.rests.retain(|_, since| !is_past(*since, REST));
        if self.last.is_some_and(|last| !is_past(last, BETWEEN)) {
            return None;
        }
        let to = balance.least_loaded();
        let busy = self.busy_since.iter().zip(balance.workers());
        let busy = busy.filter(|(since, _)| since.is_some_and(|since| is_past(since, BUSY_FOR)));
        let from = busy
            .map(|(_, worker)| worker)
            .max_by_key(|worker| balance.load(*worker))
            .filter(|from| balance.load(to) + WORTH_IT <= balance.load(*from))?;
        let mut candidates = heaviest(from).iter();
        let who = candidates.find(|who| !self.rests.contains_key(who)).copied()?;
        self.last = Some(now);
        self.rests.insert(who, now);
        Some((who, to))
    }
}
