//! The shedder in virtual time.

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
