//! One seed of one cell.

use super::measure::{Measured, measure, thin_uplink};
use super::rows::{Column, Row};
use crate::estimators::{Flaw, Flawed, RtcGcc, Traced, TrueRate};
use crate::plain::{Estimators, Observation, PersonConfig, PersonId, SlotStats, Tile, World};
use bwe::{Change, Controller};
use link::LinkConfig;
use media::Source;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// What came of it.
#[derive(Debug, Clone)]
pub struct Run {
    /// Figures.
    pub measured: Measured,
    /// The first viewer's record.
    pub observation: Observation,
    /// When the viewer joined.
    pub began: Instant,
    /// What our controller decided, and when.
    pub changes: Vec<Change>,
    /// What must not happen, and did.
    pub violations: Vec<String>,
}

/// Everybody else is there for this long before the viewer comes.
pub(super) const BEFORE: Duration = Duration::from_secs(2);

/// Plays a row under a controller.
pub fn run(row: &Row, column: Column, round_trip_ms: u32, seed: u64) -> Run {
    play(row, Under::Column(column), round_trip_ms, seed)
}

/// Plays a row with something broken in the first viewer's controller; others have a sound one of ours.
pub fn run_flawed(row: &Row, flaw: Flaw, round_trip_ms: u32, seed: u64) -> Run {
    play(row, Under::Flaw(flaw), round_trip_ms, seed)
}

/// What the first viewer's estimates come from.
#[derive(Debug, Clone, Copy)]
enum Under {
    Column(Column),
    Flaw(Flaw),
}

fn play(row: &Row, under: Under, round_trip_ms: u32, seed: u64) -> Run {
    let mut world = World::new(
        seed.wrapping_mul(0x9E37_79B9)
            .wrapping_add(u64::from(round_trip_ms)),
    );
    let delay = Duration::from_millis(u64::from(round_trip_ms)) / 2;
    let publishers: Vec<PersonId> = (0..row.publishers)
        .map(|index| {
            let up = row.up.clone().filter(|_| index == 0).unwrap_or_default();
            let config = PersonConfig {
                video_slots: 1,
                audio_slots: 1,
                content: row.content,
                replay: row.replay,
                up,
                ..PersonConfig::default()
            };
            world.join("board", config)
        })
        .collect();
    for publisher in &publishers {
        // Nobody but the viewer decides what is encoded.
        world.show(*publisher, &[]);
        world.speak(*publisher, 60);
    }
    if let Some(first) = publishers.first().filter(|_| row.screen) {
        world.publish(*first, Source::Screen);
    }
    if let Some(first) = publishers.first().filter(|_| row.small_tiles) {
        for height in [180, 360] {
            let config = PersonConfig {
                camera_fps: 0,
                microphone: false,
                ..PersonConfig::default()
            };
            let watcher = world.join("board", config);
            world.show(watcher, &[Tile { of: *first, height }]);
        }
    }
    world.run(BEFORE);
    let down = LinkConfig {
        delay,
        ..row.down.clone()
    };
    let began = world.now();
    let (told, changes) = std::sync::mpsc::channel();
    let viewer = join(&mut world, row, under, &down, &publishers, &told);
    world.observe(viewer);
    let second = row.second_viewer.then(|| {
        // Of two viewers the first's decisions are of interest.
        let (nobody, _) = std::sync::mpsc::channel();
        let under = match under {
            Under::Column(column) => column,
            Under::Flaw(_) => Column::Ours,
        };
        let under = Under::Column(under);
        let second = join(&mut world, row, under, &down, &publishers, &nobody);
        world.share_down(second, viewer);
        world.observe(second);
        second
    });
    if row.download {
        world.run(Duration::from_secs(5));
        world.start_download(viewer);
        world.run(Duration::from_secs(u64::from(row.seconds) - 5));
    } else {
        world.run(Duration::from_secs(u64::from(row.seconds)));
    }
    let observation = world.observation(viewer).cloned().unwrap_or_default();
    let others = match second {
        Some(second) => world.observation(second).map_or(0, sent),
        None => world.downloaded(viewer),
    };
    let mut measured = measure(row, &observation, began, round_trip_ms, others);
    pictures(&world, viewer, &mut measured);
    if let (Some(up), Some(first)) = (&row.up, publishers.first()) {
        thin_uplink(
            &up.schedule,
            world.person(*first).layer_changes(),
            &observation,
            began,
            &mut measured,
        );
    }
    Run {
        measured,
        observation,
        began,
        changes: changes.try_iter().collect(),
        violations: world.violations().to_vec(),
    }
}

/// Freezes as the viewer's statistics count them, and how long frames waited to be shown.
fn pictures(world: &World, viewer: PersonId, out: &mut Measured) {
    let slots: Vec<_> = (0..4).map(|slot| world.person(viewer).video(slot)).collect();
    let sum = |of: fn(&SlotStats) -> f64| slots.iter().map(of).sum::<f64>();
    out.insert("freezes", sum(|slot| slot.freezes as f64));
    out.insert("frozen_s", sum(|slot| slot.frozen.as_secs_f64()));
    let buffered = sum(|slot| slot.buffered.as_secs_f64());
    let frames = sum(|slot| slot.layers.iter().sum::<u64>() as f64);
    out.insert("buffer_ms", 1_000.0 * buffered / frames.max(1.0));
}

fn sent(observation: &Observation) -> u64 {
    let last = observation.samples.last().map(|sample| sample.sent);
    last.map_or(0, |sent| {
        sent.audio_bytes + sent.video_bytes + sent.retransmission_bytes + sent.padding_bytes
    })
}

fn join(
    world: &mut World,
    row: &Row,
    under: Under,
    down: &LinkConfig,
    publishers: &[PersonId],
    told: &Sender<Change>,
) -> PersonId {
    let (started, link) = (world.now(), down.clone());
    let share = if row.second_viewer || row.download {
        0.5
    } else {
        1.0
    };
    let round_trip = down.delay * 2;
    let estimator = match under {
        Under::Column(Column::Ours) => {
            let told = told.clone();
            Estimators::new(move |now| Box::new(Traced::new(Box::new(Controller::new(now)), told.clone())))
        }
        Under::Column(Column::Gcc) => Estimators::new(|_| Box::new(RtcGcc::default())),
        Under::Flaw(flaw) => Estimators::new(move |now| Box::new(Flawed::new(now, flaw))),
        Under::Column(Column::Oracle) => {
            Estimators::new(move |now| Box::new(TrueRate::new(started, now, link.clone(), share, round_trip)))
        }
    };
    let config = PersonConfig {
        video_slots: 4,
        audio_slots: 4,
        camera_fps: 0,
        microphone: false,
        up: LinkConfig {
            delay: down.delay,
            ..LinkConfig::default()
        },
        down: down.clone(),
        estimator,
        ..PersonConfig::default()
    };
    let viewer = world.join("board", config);
    let tile = |of: &PersonId, height| Tile { of: *of, height };
    let (cameras, screens) = if row.screen { (180, 1) } else { (720, 0) };
    let cameras: Vec<Tile> = publishers.iter().map(|of| tile(of, cameras)).collect();
    let screens: Vec<Tile> = publishers
        .iter()
        .take(screens)
        .map(|of| tile(of, 1_080))
        .collect();
    world.show_sources(viewer, &cameras, &screens);
    viewer
}
