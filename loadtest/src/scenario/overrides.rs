//! Flags that change a scenario.

use super::file::{Group, PacingName, Picture, Scenario};
use crate::options::parse_duration;
use anyhow::{Result, bail};
use clap::builder::PossibleValuesParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, value_parser};
use std::time::Duration;

/// Flags that say how many there are of the group of that name, in each room.
const GROUPS: [&str; 6] = [
    "participants",
    "publishers",
    "subscribers",
    "talkers",
    "listeners",
    "visitors",
];

/// What the command line changes; `None` leaves the scenario as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// How many in each room, by group.
    pub groups: Vec<(String, u32)>,
    /// Rooms.
    pub rooms: Option<u32>,
    /// Joins a second, of all groups.
    pub joins_per_second: Option<f64>,
    /// Length of the part that counts.
    pub duration: Option<Duration>,
    /// Time before it.
    pub warmup: Option<Duration>,
    /// Packets a second of each camera.
    pub packet_rate: Option<u32>,
    /// Payload of each of them.
    pub packet_bytes: Option<u16>,
    /// When they leave.
    pub pacing: Option<PacingName>,
    /// Frames a second of each camera.
    pub fps: Option<u32>,
    /// Layers of each camera.
    pub layers: Option<u32>,
    /// Slots of everybody who has any.
    pub video_slots: Option<u32>,
    /// Slots of everybody who has any.
    pub audio_slots: Option<u32>,
    /// Height of everybody's view.
    pub view_height: Option<u16>,
    /// Visitors a second.
    pub churn: Option<f64>,
    /// Of everything random.
    pub seed: Option<u64>,
}

/// The flags; those of the same name as a flag of a run without a scenario are left out.
pub fn override_args() -> Vec<Arg> {
    let optional = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .help(help)
            .help_heading("Scenario")
    };
    let count = |name: &'static str| {
        optional(name, "N", "How many of this group in each room").value_parser(value_parser!(u32))
    };
    let mut args: Vec<Arg> = GROUPS
        .iter()
        .filter(|name| **name != "participants")
        .map(|name| count(name))
        .collect();
    args.extend([
        optional("rooms", "N", "Rooms, each with all groups").value_parser(value_parser!(u32)),
        optional("joins-per-second", "N", "Joins a second of all groups").value_parser(value_parser!(f64)),
        optional("warmup", "TIME", "From the last join until figures count").value_parser(parse_duration),
        optional("packet-rate", "N", "Packets a second of each camera").value_parser(value_parser!(u32)),
        optional("packet-bytes", "BYTES", "RTP payload of each of them").value_parser(value_parser!(u16)),
        optional("pacing", "HOW", "When the packets of a frame leave")
            .value_parser(PossibleValuesParser::new(["burst", "even"])),
        optional("fps", "N", "Frames a second of each camera").value_parser(value_parser!(u32)),
        optional("layers", "N", "Layers of each camera").value_parser(value_parser!(u32)),
        optional("churn", "N", "Visitors a second").value_parser(value_parser!(f64)),
        optional("seed", "N", "Of everything random").value_parser(value_parser!(u64)),
    ]);
    args
}

impl Overrides {
    /// Reads the flags. Those that have a default without a scenario count only when they were written.
    pub fn from_matches(matches: &ArgMatches) -> Self {
        fn get<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
            let written = matches.value_source(name) == Some(ValueSource::CommandLine);
            matches.get_one::<T>(name).filter(|_| written).cloned()
        }
        let narrow = |name: &str| get::<usize>(matches, name).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        let count = |name: &&'static str| {
            let count = if **name == *"participants" {
                narrow(name)
            } else {
                get(matches, name)
            };
            Some(((*name).to_owned(), count?))
        };
        Self {
            groups: GROUPS.iter().filter_map(count).collect(),
            rooms: get(matches, "rooms"),
            joins_per_second: get(matches, "joins-per-second"),
            duration: get(matches, "duration"),
            warmup: get(matches, "warmup"),
            packet_rate: get(matches, "packet-rate"),
            packet_bytes: get(matches, "packet-bytes"),
            pacing: get::<String>(matches, "pacing").map(|name| match name.as_str() {
                "even" => PacingName::Even,
                _ => PacingName::Burst,
            }),
            fps: get(matches, "fps"),
            layers: get(matches, "layers"),
            video_slots: narrow("video-slots"),
            audio_slots: narrow("audio-slots"),
            view_height: get(matches, "view-height"),
            churn: get(matches, "churn"),
            seed: get(matches, "seed"),
        }
    }

    /// Changes a scenario.
    ///
    /// # Errors
    /// When it has no such group, or the result is not a scenario any more.
    pub fn apply(&self, scenario: &mut Scenario) -> Result<()> {
        for (name, count) in &self.groups {
            let known: Vec<String> = scenario.group.iter().map(|group| group.name.clone()).collect();
            let Some(group) = scenario.group.iter_mut().find(|group| group.name == *name) else {
                bail!(
                    "--{name}: the scenario has no such group; it has {}",
                    known.join(", ")
                );
            };
            group.participants = *count;
        }
        set(&mut scenario.rooms, self.rooms);
        set(&mut scenario.duration, self.duration);
        set(&mut scenario.warmup, self.warmup);
        set(&mut scenario.seed, self.seed);
        set(&mut scenario.joins_per_second, self.joins_per_second);
        for group in &mut scenario.group {
            if self.joins_per_second.is_some() {
                group.joins_per_second = None;
            }
            self.apply_to_group(group);
        }
        super::check(scenario)
    }

    fn apply_to_group(&self, group: &mut Group) {
        if group.video_slots + group.audio_slots > 0 {
            set(&mut group.video_slots, self.video_slots);
            set(&mut group.audio_slots, self.audio_slots);
            group.view_height = self.view_height.or(group.view_height);
        }
        if let Some(churn) = &mut group.churn {
            set(&mut churn.joins_per_second, self.churn);
        }
        if let Some(camera) = &mut group.camera {
            self.apply_to_camera(camera);
        }
    }

    fn apply_to_camera(&self, camera: &mut Picture) {
        set(&mut camera.fps, self.fps);
        if self.packet_rate.is_some() {
            camera.packets_per_second = self.packet_rate;
            camera.layers = None;
        }
        if self.layers.is_some() {
            camera.layers = self.layers;
            (camera.packets_per_second, camera.packet_bytes, camera.pacing) = (None, None, None);
        }
        camera.packet_bytes = self.packet_bytes.or(camera.packet_bytes);
        camera.pacing = self.pacing.or(camera.pacing);
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}
