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
mod tests {
    use super::*;

    const CALM: Load = load(300, 1);
    const OVER: Load = load(960, 1);

    const fn load(busy_permille: u32, lag_ms: u64) -> Load {
        Load {
            busy_permille,
            longest_lag: Duration::from_millis(lag_ms),
        }
    }

    fn origin() -> Instant {
        #[allow(clippy::disallowed_methods)] // the origin of virtual time
        Instant::now()
    }

    /// A shedder that is told once a second.
    struct Clock {
        now: Instant,
        shedder: Shedder,
    }

    impl Clock {
        fn new() -> Self {
            Self {
                now: origin(),
                shedder: Shedder::new(Some(950)),
            }
        }

        /// What it says in each of so many seconds; what is to pause and begin again does.
        fn seconds(&mut self, count: u64, load: Load) -> Vec<Verdict> {
            (0..count)
                .map(|_| {
                    self.now += Duration::from_secs(1);
                    let verdict = self.shedder.handle_load(self.now, load);
                    match verdict {
                        Verdict::More => drop(self.shedder.shed(vec![watched(1, Source::Camera, 1)])),
                        Verdict::Less => drop(self.shedder.restore()),
                        Verdict::Stay => {}
                    }
                    verdict
                })
                .collect()
        }

        /// Seconds of calm until something begins again.
        fn calm_until_less(&mut self) -> u64 {
            (1..1_000)
                .find(|_| self.seconds(1, CALM) == [Verdict::Less])
                .expect("some time")
        }
    }

    fn watched(track: u32, source: Source, viewers: usize) -> Watched {
        Watched {
            track: TrackId(track),
            source,
            viewers,
        }
    }

    use Verdict::{More, Stay};

    #[test]
    fn a_burst_is_no_reason() {
        let mut clock = Clock::new();
        assert_eq!(clock.seconds(3, OVER), [Stay; 3]);
        assert_eq!(clock.seconds(1, CALM), [Stay]);
        assert_eq!(clock.seconds(3, OVER), [Stay; 3]);
    }

    #[test]
    fn work_or_lag_that_stays_is() {
        assert_eq!(Clock::new().seconds(4, OVER), [Stay, Stay, Stay, More]);
        assert_eq!(Clock::new().seconds(4, load(100, 100)), [Stay, Stay, Stay, More]);
        assert_eq!(Clock::new().seconds(9, load(949, 99)), [Stay; 9]);
    }

    #[test]
    fn more_goes_when_that_was_not_enough() {
        let verdicts = Clock::new().seconds(10, OVER);
        assert_eq!(
            verdicts,
            [Stay, Stay, Stay, More, Stay, Stay, More, Stay, Stay, More]
        );
    }

    #[test]
    fn it_begins_again_step_by_step_when_the_worker_keeps_up_well() {
        let mut clock = Clock::new();
        clock.seconds(7, OVER);
        assert_eq!(clock.seconds(60, load(760, 1)), [Stay; 60], "just keeping up");
        assert_eq!(clock.calm_until_less(), 11);
        assert_eq!(clock.calm_until_less(), 10);
        assert_eq!(clock.seconds(60, CALM), [Stay; 60], "nothing is paused any more");
    }

    #[test]
    fn a_try_that_was_too_early_doubles_the_wait() {
        let mut clock = Clock::new();
        clock.seconds(4, OVER);
        let waits: Vec<u64> = (0..6)
            .map(|_| {
                let wait = clock.calm_until_less();
                clock.seconds(4, OVER);
                wait
            })
            .collect();
        assert_eq!(waits, [11, 21, 41, 81, 161, 161]);
    }

    #[test]
    fn it_never_happens_where_it_is_off() {
        let mut shedder = Shedder::new(None);
        let verdict = shedder.handle_load(origin() + Duration::from_secs(60), load(1_000, 5_000));
        assert_eq!(verdict, Stay);
    }

    #[test]
    fn cameras_go_before_screens_and_sound_last() {
        let mut shedder = Shedder::new(Some(950));
        let mut left = vec![
            watched(1, Source::Microphone, 2),
            watched(2, Source::Camera, 90),
            watched(3, Source::Screen, 1),
            watched(4, Source::ScreenAudio, 1),
            watched(5, Source::Camera, 3),
            watched(6, Source::Microphone, 50),
        ];
        let mut order = Vec::new();
        while !left.is_empty() {
            let step = shedder.shed(left.clone());
            left.retain(|watched| !step.contains(&watched.track));
            order.extend(step.iter().map(|track| track.0));
        }
        assert_eq!(order, [5, 2, 3, 4, 1, 6]);
        assert_eq!(shedder.shed(Vec::new()), []);
    }

    #[test]
    fn a_step_is_an_eighth_of_those_that_fewest_watch() {
        let mut shedder = Shedder::new(Some(950));
        let many: Vec<Watched> = (0..80)
            .map(|n| watched(n, Source::Camera, 1 + (n as usize + 40) % 80))
            .collect();
        let step = shedder.shed(many.clone());
        let fewest: usize = (0..step.len()).map(|viewers| viewers + 2).sum();
        let cost = |step: &[TrackId]| -> usize {
            let of = many.iter().filter(|watched| step.contains(&watched.track));
            of.map(Watched::cost).sum()
        };
        let total: usize = many.iter().map(Watched::cost).sum();
        assert_eq!(cost(&step), fewest);
        assert!(cost(&step) * PARTS >= total && cost(&step[1..]) * PARTS < total + 80 * PARTS);
    }

    #[test]
    fn what_paused_last_begins_first_and_what_is_over_does_not() {
        let mut shedder = Shedder::new(Some(950));
        for track in 1..4 {
            shedder.shed(vec![watched(track, Source::Camera, 1)]);
        }
        shedder.forget(|track| track.0 != 3);
        assert_eq!(shedder.restore(), [TrackId(2)]);
        assert_eq!(shedder.restore(), [TrackId(1)]);
        assert_eq!(shedder.restore(), []);
    }
}
