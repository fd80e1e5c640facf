//! Plays a call, and looks at everybody in it.

use super::Failure;
use super::call::Call;
use super::oracles::Watched;
use super::scenario::{Action, Guest, Scenario};
use super::timeline::Timeline;
use media::{Source, TrackId};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Everybody goes at the end, and whoever was killed is given up this long after.
const AFTER: Duration = Duration::from_secs(60);

/// Somebody who came.
#[derive(Debug)]
pub(super) struct Present {
    /// The world's number of them.
    pub(super) id: usize,
    pub(super) here: bool,
    pub(super) camera: Option<TrackId>,
    pub(super) muted: bool,
    pub(super) loudness: u8,
    /// What they look at.
    pub(super) tiles: Vec<(usize, u16)>,
}

/// A call while it is played, and what is to be remembered of it.
pub(super) struct Stage<'a, C> {
    pub(super) scenario: &'a Scenario,
    pub(super) world: C,
    pub(super) began: Instant,
    pub(super) people: BTreeMap<usize, Present>,
    /// Every track there ever was: whose, and of which source.
    pub(super) owners: BTreeMap<TrackId, (usize, Source)>,
    /// By viewer and track: since when, among how many pictures.
    watching: BTreeMap<(usize, TrackId), (Duration, u64)>,
    pub(super) watched: Vec<(usize, TrackId, Watched)>,
    /// When somebody last came, went, spoke up or fell silent.
    pub(super) voices_changed: Duration,
    /// By viewer: when their view or the people in it changed.
    pub(super) changes: BTreeMap<usize, Vec<Duration>>,
    /// Guests that the server gave up although they were there, and since when.
    pub(super) thrown_out: Vec<(usize, Duration)>,
    timeline: Option<Timeline<'a>>,
}

enum Step<'a> {
    Comes(usize),
    Goes(usize),
    Does(&'a Action),
}

/// What goes wrong in this call; nothing, if all is well.
pub(super) fn play<'a, C: Call>(
    world: C,
    scenario: &'a Scenario,
    timeline: Option<Timeline<'a>>,
) -> Vec<Failure> {
    let mut stage = Stage {
        scenario,
        began: world.now(),
        world,
        people: BTreeMap::new(),
        owners: BTreeMap::new(),
        watching: BTreeMap::new(),
        watched: Vec::new(),
        voices_changed: Duration::ZERO,
        changes: BTreeMap::new(),
        thrown_out: Vec::new(),
        timeline,
    };
    for (at_ms, step) in steps(scenario) {
        let at = Duration::from_millis(at_ms);
        stage.run_to(at);
        stage.note_thrown_out();
        if !matches!(step, Step::Does(Action::Show { .. } | Action::Move { .. })) {
            stage.voices_changed = at;
        }
        match step {
            Step::Comes(index) => stage.comes(index),
            Step::Goes(index) => stage.goes(index),
            Step::Does(action) => stage.does(action),
        }
        stage.note_watching();
    }
    stage.run_to(Duration::from_secs(scenario.seconds));
    stage.note_thrown_out();
    stage.note_watching();
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

impl<C: Call> Stage<'_, C> {
    pub(super) fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.began)
    }

    /// Lets time pass up to this time since the beginning.
    fn run_to(&mut self, at: Duration) {
        let Some(mut timeline) = self.timeline.take() else {
            let left = (self.began + at).saturating_duration_since(self.world.now());
            return self.world.run(left);
        };
        loop {
            let now = self.since(self.world.now());
            let next = at.min(timeline.next());
            self.world.run(next.saturating_sub(now));
            if next < timeline.next() {
                break;
            }
            timeline.tell(self, next);
        }
        self.timeline = Some(timeline);
    }

    pub(super) fn guest(&self, index: usize) -> &Guest {
        &self.scenario.guests[index]
    }

    fn comes(&mut self, index: usize) {
        let Guest { up, down, .. } = self.guest(index).clone();
        let id = self.world.comes(up, down);
        let present = Present {
            id,
            here: true,
            camera: self.world.track(id, Source::Camera),
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
            true => self.world.is_killed(person.id),
            false => self.world.leaves(person.id),
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
                if *on != person.camera.is_some() {
                    world.set_camera(person.id, *on);
                }
                person.camera = world.track(person.id, Source::Camera);
            }),
            Action::Move { who, to } => self.on(*who, |world, person| world.moves(person.id, *to)),
            Action::Speak { who, loudness } => self.on(*who, |world, person| {
                world.speak(person.id, *loudness);
                person.loudness = *loudness;
            }),
        }
    }

    fn on(&mut self, who: usize, act: impl FnOnce(&mut C, &mut Present)) {
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
        let wanted = visible
            .iter()
            .filter_map(|(of, height)| Some((here(of)?.id, *height)));
        let wanted: Vec<(usize, u16)> = wanted.collect();
        self.world.show(viewer, &wanted);
        if let Some(person) = self.people.get_mut(&who) {
            person.tiles = visible;
        }
    }

    /// Whoever the server does not know any more is not here any more.
    fn note_thrown_out(&mut self) {
        let now = self.since(self.world.now());
        for (index, person) in self.people.iter_mut().filter(|(_, person)| person.here) {
            if !self.world.knows(person.id) {
                person.here = false;
                person.camera = None;
                self.thrown_out.push((*index, now));
            }
        }
    }

    /// Ends what is not watched any more, and begins what is.
    fn note_watching(&mut self) {
        let now = self.since(self.world.now());
        let mut watching = BTreeMap::new();
        for (index, person) in &self.people {
            for source in [Source::Camera, Source::Microphone] {
                let track = self.world.track(person.id, source);
                self.owners.extend(track.map(|track| (track, (*index, source))));
            }
        }
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
        failures.extend(self.given_up());
        for index in 0..self.scenario.guests.len() {
            self.goes(index);
        }
        self.world.run(AFTER);
        failures.extend(self.left_over());
        failures.extend(self.forbidden());
        failures
    }
}
