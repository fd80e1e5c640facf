//! A call, as a list of who comes when over which network, and what they do.

use crate::plain::Workers;
use link::{LinkConfig, LossModel, RateStep, Rng};
use std::time::Duration;

/// People in a call.
const PEOPLE: usize = 6;
/// Heights that tiles have on pages.
const HEIGHTS: [u16; 6] = [0, 90, 180, 330, 540, 1_080];

/// Somebody, before they come.
#[derive(Debug, Clone, PartialEq)]
pub struct Guest {
    /// Milliseconds since the beginning; `None`: never comes.
    pub comes_ms: Option<u64>,
    /// Milliseconds since the beginning; `None`: stays to the end.
    pub goes_ms: Option<u64>,
    /// Goes without a word.
    pub killed: bool,
    /// To the server.
    pub up: LinkConfig,
    /// From the server.
    pub down: LinkConfig,
}

/// What somebody does; people are named by their position, and actions of or on somebody who is not there do nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Looks at these people, at these heights in pixels, and at nobody else.
    Show {
        /// Who looks.
        who: usize,
        /// Whom they see, how high.
        tiles: Vec<(usize, u16)>,
    },
    /// Mutes or unmutes the microphone.
    Mute {
        /// Who.
        who: usize,
        /// From now on.
        muted: bool,
    },
    /// Turns the camera on or off.
    Camera {
        /// Who.
        who: usize,
        /// From now on.
        on: bool,
    },
    /// Is moved to another worker, and should not notice.
    Move {
        /// Who.
        who: usize,
        /// Where to; of so many workers as there are.
        to: usize,
    },
    /// Speaks this loud: 0 silent, 127 loudest.
    Speak {
        /// Who.
        who: usize,
        /// From now on.
        loudness: u8,
    },
}

/// A whole call.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Of everything random while it is played.
    pub seed: u64,
    /// The server's.
    pub workers: Workers,
    /// How long it lasts.
    pub seconds: u64,
    /// Who takes part.
    pub guests: Vec<Guest>,
    /// What they do, by milliseconds since the beginning, in order.
    pub actions: Vec<(u64, Action)>,
}

impl Scenario {
    /// The same call with its people on so many workers, between which a packet in a hundred is lost.
    #[must_use]
    pub fn over(self, count: usize) -> Self {
        let loss = if count > 1 { 0.01 } else { 0.0 };
        let workers = Workers {
            count,
            loss,
            ..Workers::default()
        };
        Self { workers, ..self }
    }

    /// The same call, in which people are moved between the workers at random times: on average each of them every four
    /// seconds.
    #[must_use]
    pub fn moving(mut self) -> Self {
        let mut rng = Rng::new(self.seed ^ 0x30FE);
        let count = self.workers.count.max(1) as u64;
        for _ in 0..self.seconds * PEOPLE as u64 / 4 {
            let action = Action::Move {
                who: rng.below(PEOPLE as u64) as usize,
                to: rng.below(count) as usize,
            };
            self.actions.push((rng.below(self.seconds * 1_000), action));
        }
        self.actions.sort_by_key(|(at, _)| *at);
        self
    }

    /// The call of this seed, on one worker.
    pub fn random(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x50AC);
        let seconds = 20 + rng.below(21);
        let guests = (0..PEOPLE)
            .map(|index| guest(&mut rng, index, seconds * 1_000))
            .collect();
        let mut actions: Vec<(u64, Action)> = (0..PEOPLE).map(|who| (4_100, look(&mut rng, who))).collect();
        for _ in 0..10 + rng.below(30) {
            let at = 4_200 + rng.below(seconds * 1_000 - 4_200);
            actions.push((at, action(&mut rng)));
        }
        actions.sort_by_key(|(at, _)| *at);
        Self {
            seed,
            workers: Workers::default(),
            seconds,
            guests,
            actions,
        }
    }
}

fn guest(rng: &mut Rng, index: usize, end_ms: u64) -> Guest {
    // The first two are there from the beginning, and stay.
    let stays = index < 2;
    let comes_ms = if stays || rng.chance(0.5) {
        rng.below(4_000)
    } else {
        rng.below(end_ms / 2)
    };
    let goes = !stays && rng.chance(0.4);
    Guest {
        comes_ms: Some(comes_ms),
        goes_ms: goes.then(|| comes_ms + 5_000 + rng.below(end_ms)),
        killed: rng.chance(0.3),
        up: LinkConfig {
            delay: Duration::from_millis(5 + rng.below(146)),
            loss: loss(rng, 0.05),
            ..LinkConfig::default()
        },
        down: downlink(rng, end_ms),
    }
}

fn downlink(rng: &mut Rng, end_ms: u64) -> LinkConfig {
    let first = rate(rng);
    let mut schedule = Vec::new();
    for _ in 0..rng.below(4) {
        let at = Duration::from_millis(2_000 + rng.below(end_ms));
        if rng.chance(0.25) {
            let back = at + Duration::from_millis(200 + rng.below(2_800));
            schedule.push(RateStep {
                at,
                rate_bps: Some(0),
            });
            schedule.push(RateStep {
                at: back,
                rate_bps: Some(rate(rng)),
            });
        } else {
            schedule.push(RateStep {
                at,
                rate_bps: Some(rate(rng)),
            });
        }
    }
    schedule.sort_by_key(|step| step.at);
    // An outage whose end was overtaken by another step's must end all the same.
    if schedule.last().is_some_and(|step| step.rate_bps == Some(0)) {
        schedule.pop();
    }
    LinkConfig {
        rate_bps: Some(first),
        schedule,
        delay: Duration::from_millis(5 + rng.below(146)),
        jitter: Duration::from_millis(if rng.chance(0.5) { 0 } else { rng.below(31) }),
        reorder: rng.chance(0.3),
        loss: loss(rng, 0.10),
        queue: Duration::from_millis(50 + rng.below(451)),
    }
}

/// 0.2 to 20 Mb/s, evenly by order of magnitude.
fn rate(rng: &mut Rng) -> u64 {
    (200_000.0 * 100f64.powf(rng.unit())) as u64
}

fn loss(rng: &mut Rng, most: f64) -> LossModel {
    let share = rng.unit() * most;
    match rng.below(3) {
        0 => LossModel::None,
        1 => LossModel::Random(share),
        _ => LossModel::Bursts {
            share,
            mean: 2.0 + rng.unit() * 4.0,
        },
    }
}

fn action(rng: &mut Rng) -> Action {
    let who = rng.below(PEOPLE as u64) as usize;
    match rng.below(8) {
        0 => Action::Mute {
            who,
            muted: rng.chance(0.5),
        },
        1 => Action::Camera {
            who,
            on: rng.chance(0.5),
        },
        2 | 3 => Action::Speak {
            who,
            loudness: rng.below(128) as u8,
        },
        _ => look(rng, who),
    }
}

fn look(rng: &mut Rng, who: usize) -> Action {
    let mut tiles = Vec::new();
    for of in (0..PEOPLE).filter(|of| *of != who) {
        if tiles.len() < 3 && rng.chance(0.6) {
            tiles.push((of, HEIGHTS[rng.below(HEIGHTS.len() as u64) as usize]));
        }
    }
    Action::Show { who, tiles }
}
