//! What a worker with too much to do stops forwarding, and when it begins again.
//!
//! A worker that cannot keep up serves everybody late, and what is late is lost. So it stops some things for good reason
//! rather than all things at random: pictures that fewest people look at first, then more of them, then screens, and sound
//! only when no picture is left. A pure state machine: told how the worker does and what is watched, it says which tracks
//! pause. `overload` applies that.

use media::{Source, TrackId};
use std::time::{Duration, Instant};

/// A batch of work this long keeps everybody waiting for as long: what a jitter buffer just hides.
const LAG_OVER: Duration = Duration::from_millis(100);
/// Batches no longer than this show that the worker keeps up.
const LAG_CALM: Duration = Duration::from_millis(20);
/// For so long a worker must have too much to do before it stops something, and before it stops more. Shorter: a burst of
/// joins pauses pictures; longer: everybody's call is bad for longer.
pub(crate) const OVER_FOR: Duration = Duration::from_secs(3);
/// A worker keeps up well with so much less to do than is too much, in thousandths. Less: what begins again may be too
/// much at once.
const CALM_BELOW: u32 = 200;
/// For so long it must keep up before something begins again. Longer: paused for longer than need be.
pub(crate) const CALM_FOR: Duration = Duration::from_secs(10);
/// What begins again and is too much within so long was tried too early: the next try waits twice as long.
const TRIED_EARLY: Duration = Duration::from_secs(30);
/// The longest wait for a try.
const LONGEST_CALM: Duration = Duration::from_secs(160);
/// One step stops one part in so many of what is forwarded. More parts: more seconds until the worker keeps up; fewer:
/// more is stopped than need be.
const PARTS: usize = 8;

/// How a worker has done since it last told, about a second ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Share of its time that it worked, in thousandths.
    pub busy_permille: u32,
    /// Its longest batch of work.
    pub longest_lag: Duration,
}

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Stay,
    /// Ask [`Shedder::shed`].
    More,
    /// Ask [`Shedder::restore`].
    Less,
}

/// A track that somebody on this worker watches or hears, and that is not paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watched {
    pub(crate) track: TrackId,
    pub(crate) source: Source,
    pub(crate) viewers: usize,
}

#[derive(Debug)]
pub(crate) struct Shedder {
    /// `None`: never.
    above_permille: Option<u32>,
    over_since: Option<Instant>,
    calm_since: Option<Instant>,
    calm_for: Duration,
    restored: Option<Instant>,
    /// What each step stopped; there are no more than tracks.
    steps: Vec<Vec<TrackId>>,
}

impl Shedder {
    pub(crate) fn new(above_permille: Option<u32>) -> Self {
        Self {
            above_permille,
            over_since: None,
            calm_since: None,
            calm_for: CALM_FOR,
            restored: None,
            steps: Vec::new(),
        }
    }

    /// The worker tells how it does.
    pub(crate) fn handle_load(&mut self, now: Instant, load: Load) -> Verdict {
        let Some(above) = self.above_permille else {
            return Verdict::Stay;
        };
        let over = load.busy_permille >= above || load.longest_lag >= LAG_OVER;
        let calm = load.busy_permille + CALM_BELOW <= above && load.longest_lag <= LAG_CALM;
        if over {
            self.calm_since = None;
            let since = *self.over_since.get_or_insert(now);
            if now.saturating_duration_since(since) < OVER_FOR {
                return Verdict::Stay;
            }
            // The next step waits as long: this one has to show.
            self.over_since = Some(now);
            let recently = |at: Instant| now.saturating_duration_since(at) < TRIED_EARLY;
            self.calm_for = match self.restored.take() {
                Some(at) if recently(at) => (self.calm_for * 2).min(LONGEST_CALM),
                Some(_) => CALM_FOR,
                None => self.calm_for,
            };
            return Verdict::More;
        }
        self.over_since = None;
        if !calm || self.steps.is_empty() {
            self.calm_since = None;
            return Verdict::Stay;
        }
        let since = *self.calm_since.get_or_insert(now);
        if now.saturating_duration_since(since) < self.calm_for {
            return Verdict::Stay;
        }
        self.calm_since = Some(now);
        self.restored = Some(now);
        Verdict::Less
    }

    /// Tracks have ended, of which it need not think any more.
    pub(crate) fn forget(&mut self, alive: impl Fn(TrackId) -> bool) {
        for step in &mut self.steps {
            step.retain(|track| alive(*track));
        }
        self.steps.retain(|step| !step.is_empty());
    }

    /// Which of these pause now.
    pub(crate) fn shed(&mut self, mut watched: Vec<Watched>) -> Vec<TrackId> {
        watched.sort_by_key(|watched| (rank(watched.source), watched.viewers, watched.track.0));
        let total: usize = watched.iter().map(Watched::cost).sum();
        let first = watched.first().map(|watched| rank(watched.source));
        let mut cost = 0;
        let step: Vec<TrackId> = watched
            .iter()
            // Nothing of a better kind while there is one of this.
            .take_while(|watched| Some(rank(watched.source)) == first)
            .take_while(|watched| {
                let goes = cost * PARTS < total;
                cost += watched.cost();
                goes
            })
            .map(|watched| watched.track)
            .collect();
        if !step.is_empty() {
            self.steps.push(step.clone());
        }
        step
    }

    /// Which begin again: those that paused last.
    pub(crate) fn restore(&mut self) -> Vec<TrackId> {
        self.steps.pop().unwrap_or_default()
    }
}

impl Watched {
    /// Once in, and once out for each viewer.
    fn cost(&self) -> usize {
        self.viewers + 1
    }
}

/// Lower: pauses sooner.
fn rank(source: Source) -> u8 {
    match source {
        Source::Camera => 0,
        Source::Screen => 1,
        Source::ScreenAudio => 2,
        Source::Microphone => 3,
    }
}

#[cfg(test)]
mod tests;
