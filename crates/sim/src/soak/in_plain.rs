//! Random calls in plain mode.

use super::call::Call;
use crate::full::Arrival;
use crate::plain::{Observation, PersonConfig, PersonId, Received, Sabotage, Sample, Tile, Workers, World};
use link::LinkConfig;
use media::{Source, TrackId};
use room::SlotShown;
use router::RouterConfig;
use std::time::{Duration, Instant};

fn observed(world: &World, who: usize, of: impl Fn(&Observation) -> &[Received]) -> Vec<Arrival> {
    let arrival = |one: &Received| Arrival {
        at: one.at,
        slot: one.slot,
        track: one.track,
        layer: one.layer,
    };
    let seen = world.observation(PersonId(who));
    seen.map(|seen| of(seen).iter().map(arrival).collect())
        .unwrap_or_default()
}

impl Call for World {
    fn begin(seed: u64, workers: Workers) -> Self {
        World::over(seed, RouterConfig::default(), workers)
    }

    fn now(&self) -> Instant {
        self.now()
    }

    fn run(&mut self, duration: Duration) {
        self.run(duration);
    }

    fn comes(&mut self, up: LinkConfig, down: LinkConfig) -> usize {
        let config = PersonConfig {
            up,
            down,
            estimator: self.sabotage.map(Sabotage::estimators).unwrap_or_default(),
            ..PersonConfig::default()
        };
        let who = self.join("soak", config);
        self.observe(who);
        who.0
    }

    fn leaves(&mut self, who: usize) {
        self.leave(PersonId(who));
    }

    fn is_killed(&mut self, who: usize) {
        self.kill(PersonId(who));
    }

    fn set_camera(&mut self, who: usize, on: bool) {
        match on {
            true => self.publish(PersonId(who), Source::Camera),
            false => self.unpublish(PersonId(who), Source::Camera),
        }
    }

    fn mute(&mut self, who: usize, muted: bool) {
        self.mute(PersonId(who), muted);
    }

    fn speak(&mut self, who: usize, loudness: u8) {
        self.speak(PersonId(who), loudness);
    }

    fn show(&mut self, who: usize, tiles: &[(usize, u16)]) {
        let tile = |&(of, height): &(usize, u16)| Tile {
            of: PersonId(of),
            height,
        };
        let tiles: Vec<Tile> = tiles.iter().map(tile).collect();
        self.show(PersonId(who), &tiles);
    }

    fn moves(&mut self, who: usize, to: usize) {
        self.move_peer(PersonId(who), to);
    }

    fn knows(&self, who: usize) -> bool {
        let participant = self.person(PersonId(who)).participant;
        let mut routers = self.routers().iter();
        routers.any(|router| router.peer(participant).is_some()) || self.is_on_the_way(participant)
    }

    fn track(&self, who: usize, source: Source) -> Option<TrackId> {
        let person = self.person(PersonId(who));
        match source {
            Source::Camera => person.camera,
            Source::Microphone => person.microphone,
            Source::Screen | Source::ScreenAudio => None,
        }
    }

    fn frames(&self, who: usize) -> Vec<Arrival> {
        observed(self, who, |seen| &seen.frames)
    }

    fn sound(&self, who: usize) -> Vec<Arrival> {
        observed(self, who, |seen| &seen.audio)
    }

    fn samples(&self, who: usize) -> &[Sample] {
        self.observation(PersonId(who)).map_or(&[], |seen| &seen.samples)
    }

    fn slots(&self, who: usize) -> Vec<(&str, SlotShown)> {
        let slots = self.person(PersonId(who)).slots.iter();
        slots.map(|(mid, shown)| (mid.as_str(), *shown)).collect()
    }

    fn violations(&self) -> Vec<String> {
        self.violations().to_vec()
    }

    fn left_over(&self) -> Vec<(&'static str, u64)> {
        self.left_over()
    }
}
