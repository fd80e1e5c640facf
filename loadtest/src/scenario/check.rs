//! What may be written into a scenario, and what is wrong with one.

use super::file::{Group, Microphone, Picture, Scenario};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

const ROOMS: RangeInclusive<u32> = 1..=1_000;
const PARTICIPANTS: RangeInclusive<u32> = 0..=10_000;
const JOINS_PER_SECOND: RangeInclusive<f64> = 0.1..=1_000.0;
const SLOTS: RangeInclusive<u32> = 0..=59;
const VIEW_HEIGHT: RangeInclusive<u16> = 1..=4_320;
const LAYERS: RangeInclusive<u32> = 1..=3;
const FPS: RangeInclusive<u32> = 1..=120;
const PACKETS_PER_SECOND: RangeInclusive<u32> = 1..=10_000;
const VIDEO_BYTES: RangeInclusive<u16> = 64..=1_160;
const AUDIO_BYTES: RangeInclusive<u16> = 24..=1_160;
const SHARE: RangeInclusive<f64> = 0.0..=1.0;
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Collects everything that is wrong, each with the key and what it may be.
struct Problems(Vec<String>);

impl Problems {
    fn range<T: PartialOrd + Display + Copy>(&mut self, key: &str, value: T, allowed: &RangeInclusive<T>) {
        if !allowed.contains(&value) {
            let (from, to) = (allowed.start(), allowed.end());
            self.0.push(format!("{key} = {value}: allowed is {from} to {to}"));
        }
    }

    fn when(&mut self, wrong: bool, text: String) {
        if wrong {
            self.0.push(text);
        }
    }
}

/// Everything that is wrong; empty when nothing is.
pub(super) fn problems(scenario: &Scenario) -> Vec<String> {
    let mut problems = Problems(Vec::new());
    problems.range("rooms", scenario.rooms, &ROOMS);
    problems.range("joins_per_second", scenario.joins_per_second, &JOINS_PER_SECOND);
    for (key, time) in [("warmup", scenario.warmup), ("duration", scenario.duration)] {
        problems.when(time > DAY, format!("{key}: allowed is up to 1440m"));
    }
    problems.when(
        scenario.group.is_empty(),
        "group: there must be at least one [[group]]".to_owned(),
    );
    for (index, group) in scenario.group.iter().enumerate() {
        let name = &group.name;
        let twice = scenario.group.iter().take(index).any(|other| other.name == *name);
        problems.when(
            twice,
            format!("group.name = {name:?}: another group has this name"),
        );
        check_group(group, &mut problems);
    }
    problems.0
}

fn check_group(group: &Group, problems: &mut Problems) {
    let key = |key: &str| format!("group {:?}: {key}", group.name);
    problems.range(&key("participants"), group.participants, &PARTICIPANTS);
    problems.range(&key("video_slots"), group.video_slots, &SLOTS);
    problems.range(&key("audio_slots"), group.audio_slots, &SLOTS);
    if let Some(joins) = group.joins_per_second {
        problems.range(&key("joins_per_second"), joins, &JOINS_PER_SECOND);
    }
    if let Some(height) = group.view_height {
        problems.range(&key("view_height"), height, &VIEW_HEIGHT);
    }
    if let Some(camera) = &group.camera {
        check_picture(&key("camera"), camera, problems);
    }
    if let Some(screen) = &group.screen {
        check_picture(&key("screen"), screen, problems);
        let several = screen.layers.is_some_and(|layers| layers != 1);
        problems.when(
            several,
            format!(
                "{}: allowed is 1, a screen has no simulcast",
                key("screen.layers")
            ),
        );
    }
    if let Some(Microphone {
        packet_bytes: Some(bytes),
        ..
    }) = group.microphone
    {
        problems.range(&key("microphone.packet_bytes"), bytes, &AUDIO_BYTES);
    }
    if let Some(churn) = &group.churn {
        problems.range(
            &key("churn.joins_per_second"),
            churn.joins_per_second,
            &JOINS_PER_SECOND,
        );
        problems.range(&key("churn.share"), churn.share, &SHARE);
        let [from, to] = churn.stay;
        let wrong = from > to || to > DAY;
        problems.when(
            wrong,
            format!("{}: the shorter time comes first, up to 1440m", key("churn.stay")),
        );
    }
}

fn check_picture(key: &str, picture: &Picture, problems: &mut Problems) {
    problems.range(&format!("{key}.fps"), picture.fps, &FPS);
    if let Some(layers) = picture.layers {
        problems.range(&format!("{key}.layers"), layers, &LAYERS);
    }
    if let Some(rate) = picture.packets_per_second {
        problems.range(&format!("{key}.packets_per_second"), rate, &PACKETS_PER_SECOND);
    }
    if let Some(bytes) = picture.packet_bytes {
        problems.range(&format!("{key}.packet_bytes"), bytes, &VIDEO_BYTES);
    }
    let by_packets = picture.packets_per_second.is_some();
    problems.when(
        by_packets && picture.layers.is_some(),
        format!("{key}: write layers or packets_per_second, not both"),
    );
    let alone = !by_packets && (picture.packet_bytes.is_some() || picture.pacing.is_some());
    problems.when(
        alone,
        format!("{key}: packet_bytes and pacing need packets_per_second"),
    );
}
