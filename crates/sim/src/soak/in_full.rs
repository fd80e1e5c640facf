//! Random calls in full mode, with the same media as in plain mode.

use super::call::Call;
use crate::client::{ClientConfig, LayerSpec};
use crate::full::{Arrival, Link, World};
use crate::plain::{Sample, Workers};
use link::LinkConfig;
use media::{Source, TrackId};
use room::SlotShown;
use std::time::{Duration, Instant};

/// Receive m-lines; the audio slots past the video slots carry talkers.
const SLOTS: (usize, usize) = (3, 5);
/// The camera's encodings, lowest first.
const CAMERA: [LayerSpec; 3] = [
    layer("q", 320, 180, 150_000),
    layer("h", 640, 360, 500_000),
    layer("f", 1_280, 720, 1_700_000),
];

const fn layer(rid: &'static str, width: u16, height: u16, bitrate: u32) -> LayerSpec {
    LayerSpec {
        rid,
        width,
        height,
        bitrate,
    }
}

impl Call for World {
    fn begin(seed: u64, _: Workers) -> Self {
        // Instants cannot be made up; all that is used of this one are distances to it.
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let origin = Instant::now();
        World::new(origin, seed)
    }

    fn now(&self) -> Instant {
        self.now
    }

    fn run(&mut self, duration: Duration) {
        self.run(duration);
    }

    fn comes(&mut self, up: LinkConfig, down: LinkConfig) -> usize {
        let config = ClientConfig {
            camera: CAMERA,
            video_slots: SLOTS.0,
            audio_slots: SLOTS.1,
            frame_events: true,
            ..self.next_config()
        };
        let link = Link {
            up,
            down,
            ..Link::default()
        };
        let who = self.join("somebody", config, link, false);
        self.publish(who, Source::Camera);
        self.publish(who, Source::Microphone);
        self.speak(who, 0);
        who
    }

    fn leaves(&mut self, who: usize) {
        self.leave(who);
    }

    fn is_killed(&mut self, who: usize) {
        self.kill(who);
    }

    fn set_camera(&mut self, who: usize, on: bool) {
        match on {
            true => drop(self.publish(who, Source::Camera)),
            false => self.unpublish(who, Source::Camera),
        }
    }

    fn mute(&mut self, who: usize, muted: bool) {
        self.mute(who, muted);
    }

    fn speak(&mut self, who: usize, loudness: u8) {
        self.speak(who, loudness);
    }

    fn show(&mut self, who: usize, tiles: &[(usize, u16)]) {
        let tiles: Vec<_> = tiles
            .iter()
            .map(|&(of, height)| (self.people[of].id, height))
            .collect();
        self.view(who, &tiles);
    }

    /// There is no other.
    fn moves(&mut self, _who: usize, _to: usize) {}

    fn knows(&self, who: usize) -> bool {
        self.router.peer(self.people[who].id).is_some()
    }

    fn track(&self, who: usize, source: Source) -> Option<TrackId> {
        self.people[who].tracks.get(&source).copied()
    }

    fn frames(&self, who: usize) -> Vec<Arrival> {
        let seen = self.people[who].observation.as_ref();
        seen.map(|seen| seen.frames.clone()).unwrap_or_default()
    }

    fn sound(&self, who: usize) -> Vec<Arrival> {
        let seen = self.people[who].observation.as_ref();
        seen.map(|seen| seen.audio.clone()).unwrap_or_default()
    }

    fn samples(&self, who: usize) -> &[Sample] {
        let seen = self.people[who].observation.as_ref();
        seen.map_or(&[], |seen| &seen.samples)
    }

    fn slots(&self, who: usize) -> Vec<(&str, SlotShown)> {
        let slots = self.people[who].slots.iter();
        let mut slots: Vec<_> = slots.map(|(mid, shown)| (mid.as_str(), *shown)).collect();
        slots.sort_by_key(|(mid, _)| *mid);
        slots
    }

    fn violations(&self) -> Vec<String> {
        self.complaints()
    }

    fn left_over(&self) -> Vec<(&'static str, u64)> {
        let counters = self.router.counters();
        let all = [
            ("peers", counters.peers),
            ("rooms on the worker", counters.rooms),
            ("tracks", counters.tracks),
            ("slots", counters.slots),
            ("assigned slots", counters.slots_assigned),
            ("addresses", counters.addresses),
            ("usernames", counters.usernames),
            ("participants", self.rooms.participant_count() as u64),
            ("rooms", self.rooms.room_count() as u64),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}
