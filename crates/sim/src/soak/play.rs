//! Plays a call, and looks at everybody in it.

use super::oracles::{Watched, lowest_rate, standing_queue, stuck, stuck_sound, times};
use super::scenario::{Action, Guest, Scenario};
use super::{Failure, Oracle};
use crate::plain::{PersonConfig, PersonId, Tile, World};
use media::{Source, TrackId};
use router::RouterConfig;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Everybody goes at the end, and whoever was killed is given up this long after.
const AFTER: Duration = Duration::from_secs(60);

/// Somebody who came.
#[derive(Debug)]
struct Present {
    id: PersonId,
    here: bool,
    camera: Option<TrackId>,
    muted: bool,
    loudness: u8,
    /// What they look at.
    tiles: Vec<(usize, u16)>,
}

struct Stage<'a> {
    scenario: &'a Scenario,
    world: World,
    began: Instant,
    people: BTreeMap<usize, Present>,
    /// By viewer and track: since when, among how many pictures.
    watching: BTreeMap<(usize, TrackId), (Duration, u64)>,
    watched: Vec<(usize, TrackId, Watched)>,
    /// When somebody last came, went, spoke up or fell silent.
    voices_changed: Duration,
    /// By viewer: when their view or the people in it changed.
    changes: BTreeMap<usize, Vec<Duration>>,
}

enum Step<'a> {
    Comes(usize),
    Goes(usize),
    Does(&'a Action),
}

/// What goes wrong in this call; nothing, if all is well.
pub fn play(scenario: &Scenario) -> Vec<Failure> {
    let world = World::over(scenario.seed, RouterConfig::default(), scenario.workers);
    let mut stage = Stage {
        scenario,
        began: world.now(),
        world,
        people: BTreeMap::new(),
        watching: BTreeMap::new(),
        watched: Vec::new(),
        voices_changed: Duration::ZERO,
        changes: BTreeMap::new(),
    };
    for (at_ms, step) in steps(scenario) {
        let at = stage.began + Duration::from_millis(at_ms);
        stage.world.run(at.saturating_duration_since(stage.world.now()));
        if !matches!(step, Step::Does(Action::Show { .. })) {
            stage.voices_changed = stage.since(at);
        }
        match step {
            Step::Comes(index) => stage.comes(index),
            Step::Goes(index) => stage.goes(index),
            Step::Does(action) => stage.does(action),
        }
        stage.note_watching();
    }
    let end = stage.began + Duration::from_secs(scenario.seconds);
    stage.world.run(end.saturating_duration_since(stage.world.now()));
    stage.finish()
}

fn steps(scenario: &Scenario) -> Vec<(u64, Step<'_>)> {
    let end = scenario.seconds * 1_000;
    let guests = || scenario.guests.iter().enumerate();
    let comes = guests().filter_map(|(index, guest)| Some((guest.comes_ms?, Step::Comes(index))));
    let goes = guests().filter_map(|(index, guest)| Some((guest.goes_ms?, Step::Goes(index))));
    let does = scenario
        .actions
        .iter()
        .map(|(at, action)| (*at, Step::Does(action)));
    let mut steps: Vec<_> = comes
        .chain(does)
        .chain(goes)
        .filter(|(at, _)| *at < end)
        .collect();
    steps.sort_by_key(|(at, _)| *at);
    steps
}

impl Stage<'_> {
    fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.began)
    }

    fn guest(&self, index: usize) -> &Guest {
        &self.scenario.guests[index]
    }

    fn comes(&mut self, index: usize) {
        let Guest { up, down, .. } = self.guest(index).clone();
        let config = PersonConfig {
            up,
            down,
            ..PersonConfig::default()
        };
        let id = self.world.join("soak", config);
        self.world.observe(id);
        let present = Present {
            id,
            here: true,
            camera: self.world.person(id).camera,
            muted: false,
            loudness: 0,
            tiles: Vec::new(),
        };
        self.people.insert(index, present);
    }

    fn goes(&mut self, index: usize) {
        let killed = self.guest(index).killed;
        let Some(person) = self.people.get_mut(&index).filter(|person| person.here) else {
            return;
        };
        person.here = false;
        person.camera = None;
        match killed {
            true => self.world.kill(person.id),
            false => self.world.leave(person.id),
        }
    }

    fn does(&mut self, action: &Action) {
        match action {
            Action::Show { who, tiles } => self.show(*who, tiles),
            Action::Mute { who, muted } => self.on(*who, |world, person| {
                if person.muted != *muted {
                    world.mute(person.id, *muted);
                    person.muted = *muted;
                }
            }),
            Action::Camera { who, on } => self.on(*who, |world, person| {
                if *on && person.camera.is_none() {
                    world.publish(person.id, Source::Camera);
                } else if !*on && person.camera.is_some() {
                    world.unpublish(person.id, Source::Camera);
                }
                person.camera = world.person(person.id).camera;
            }),
            Action::Speak { who, loudness } => self.on(*who, |world, person| {
                world.speak(person.id, *loudness);
                person.loudness = *loudness;
            }),
        }
    }

    fn on(&mut self, who: usize, act: impl FnOnce(&mut World, &mut Present)) {
        if let Some(person) = self.people.get_mut(&who).filter(|person| person.here) {
            act(&mut self.world, person);
        }
    }

    fn show(&mut self, who: usize, tiles: &[(usize, u16)]) {
        let here = |index: &usize| self.people.get(index).filter(|person| person.here);
        let Some(viewer) = here(&who).map(|person| person.id) else {
            return;
        };
        let visible: Vec<(usize, u16)> = tiles
            .iter()
            .copied()
            .filter(|(of, _)| here(of).is_some())
            .collect();
        let wanted = visible.iter().filter_map(|(of, height)| {
            Some(Tile {
                of: here(of)?.id,
                height: *height,
            })
        });
        let wanted: Vec<Tile> = wanted.collect();
        self.world.show(viewer, &wanted);
        if let Some(person) = self.people.get_mut(&who) {
            person.tiles = visible;
        }
    }

    /// Ends what is not watched any more, and begins what is.
    fn note_watching(&mut self) {
        let now = self.since(self.world.now());
        let mut watching = BTreeMap::new();
        for (viewer, person) in self.people.iter().filter(|(_, person)| person.here) {
            let cameras = person.tiles.iter().filter(|(_, height)| *height > 0);
            let cameras: Vec<TrackId> = cameras
                .filter_map(|(of, _)| self.people.get(of)?.camera)
                .collect();
            for camera in &cameras {
                watching.insert((*viewer, *camera), (now, cameras.len() as u64));
            }
        }
        let before = std::mem::take(&mut self.watching);
        for (key, (from, tiles)) in &before {
            let goes_on = watching.get_mut(key).filter(|(_, now_tiles)| now_tiles == tiles);
            match goes_on {
                Some((since, _)) => *since = *from,
                None => self.end_watching(*key, (*from, *tiles), now),
            }
        }
        let views = |of: &BTreeMap<(usize, TrackId), (Duration, u64)>, viewer: usize| {
            let tracks = of.keys().filter(|(other, _)| *other == viewer);
            tracks.map(|(_, track)| *track).collect::<Vec<_>>()
        };
        for viewer in self.people.keys() {
            if views(&watching, *viewer) != views(&before, *viewer) {
                self.changes.entry(*viewer).or_default().push(now);
            }
        }
        self.watching = watching;
    }

    fn end_watching(
        &mut self,
        (viewer, track): (usize, TrackId),
        (from, tiles): (Duration, u64),
        to: Duration,
    ) {
        self.watched.push((viewer, track, Watched { from, to, tiles }));
    }

    fn finish(mut self) -> Vec<Failure> {
        let now = self.since(self.world.now());
        for (key, value) in std::mem::take(&mut self.watching) {
            self.end_watching(key, value, now);
        }
        let mut failures: Vec<Failure> = self.pictures().chain(self.queues()).collect();
        failures.extend(self.sound());
        for index in 0..self.scenario.guests.len() {
            self.goes(index);
        }
        self.world.run(AFTER);
        failures.extend(self.left_over());
        let violations = self.world.violations().iter();
        failures.extend(violations.map(|what| Failure {
            oracle: Oracle::Packets,
            what: what.clone(),
        }));
        failures
    }

    /// The lowest rate of somebody's downlink between two times.
    fn rate(&self, index: usize, from: Duration, to: Duration) -> u64 {
        let guest = self.guest(index);
        let began = Duration::from_millis(guest.comes_ms.unwrap_or(0));
        lowest_rate(&guest.down, began, from, to)
    }

    fn pictures(&self) -> impl Iterator<Item = Failure> {
        self.watched.iter().filter_map(|(viewer, track, watched)| {
            let seen = self.world.observation(self.people.get(viewer)?.id)?;
            let frames = times(&seen.frames, *track, |at| self.since(at));
            let (from, gap) = stuck(*watched, frames, |from, to| self.rate(*viewer, from, to))?;
            let what = format!(
                "person {viewer} saw nothing of {track:?} for {:.1} s from second {:.1} on",
                gap.as_secs_f64(),
                from.as_secs_f64()
            );
            Some(Failure {
                oracle: Oracle::StuckSlot,
                what,
            })
        })
    }

    /// Whoever looks at somebody hears them too, while they are the loudest of all.
    fn sound(&self) -> Vec<Failure> {
        let mut failures = Vec::new();
        for (viewer, person) in self.people.iter().filter(|(_, person)| person.here) {
            let Some(seen) = self.world.observation(person.id) else {
                continue;
            };
            let now = self.since(self.world.now());
            let speaks = |other: &&Present| other.here && !other.muted;
            let loudness = self.people.values().filter(speaks).map(|other| other.loudness);
            let loudest = loudness.max().filter(|loudness| *loudness >= 100);
            let others = self.people.iter().filter(|(index, _)| *index != viewer);
            let loudest = others.filter(|(_, other)| speaks(other) && Some(other.loudness) == loudest);
            let changes = self.changes.get(viewer).and_then(|changes| changes.last());
            let from = changes.copied().unwrap_or(now).max(self.voices_changed);
            for (index, other) in loudest {
                let Some(track) = self.world.person(other.id).microphone else {
                    continue;
                };
                let shown = person.tiles.iter().any(|(of, height)| of == index && *height > 0);
                let watched = Watched {
                    from,
                    to: now,
                    tiles: 0,
                };
                let packets = times(&seen.audio, track, |at| self.since(at));
                let gap = stuck_sound(watched, packets, |from, to| self.rate(*viewer, from, to));
                if let Some((from, gap)) = gap.filter(|_| shown) {
                    failures.push(Failure {
                        oracle: Oracle::StuckSound,
                        what: format!(
                            "person {viewer} heard nothing of person {index} for {:.1} s from second {:.1} on",
                            gap.as_secs_f64(),
                            from.as_secs_f64()
                        ),
                    });
                }
            }
        }
        failures
    }

    fn queues(&self) -> impl Iterator<Item = Failure> {
        self.people.iter().filter_map(|(viewer, person)| {
            let guest = self.guest(*viewer);
            let came = Duration::from_millis(guest.comes_ms?);
            let steps = guest.down.schedule.iter().map(|step| came + step.at);
            let views = self.changes.get(viewer).into_iter().flatten().copied();
            let changes: Vec<Duration> = steps.chain(views).chain([came]).collect();
            let samples = &self.world.observation(person.id)?.samples;
            let share = standing_queue(samples, |sample| self.since(sample.at), &changes)?;
            Some(Failure {
                oracle: Oracle::StandingQueue,
                what: format!(
                    "person {viewer} had a long queue {:.0} % of the calm time",
                    share * 100.0
                ),
            })
        })
    }

    fn left_over(&self) -> Option<Failure> {
        let left = self.world.left_over();
        (!left.is_empty()).then(|| Failure {
            oracle: Oracle::Freed,
            what: format!("left when all had gone: {left:?}"),
        })
    }
}
