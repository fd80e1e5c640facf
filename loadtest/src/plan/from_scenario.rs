//! The plan of a scenario.

use super::churn::visitors;
use super::{MAX_SEATS, Plan, Seat, Sound, SoundSource, Video};
use crate::scenario::Scenario;
use crate::scenario::file::{Expect, Group, PacingName, Picture};
use anyhow::{Result, bail};
use sim::client::{Pacing, PacketRate};
use std::time::Duration;

/// Payload of a packet of video when the scenario does not say.
const VIDEO_BYTES: u16 = 1_100;

impl Plan {
    /// Works out a scenario. `room` is the rooms' name, with a number behind it when there are several.
    ///
    /// # Errors
    /// When it has more participants than a run can have.
    pub fn from_scenario(name: &str, room: &str, scenario: &Scenario) -> Result<Self> {
        let mut seats = Vec::new();
        let mut next_join = Duration::ZERO;
        for group in &scenario.group {
            next_join = add_group(scenario, group, room, next_join, &mut seats);
        }
        let steady_from = next_join + scenario.warmup;
        let end = steady_from + scenario.duration;
        for group in &scenario.group {
            seats.extend(visitors(scenario, group, room, next_join, end, seats.len()));
        }
        if seats.len() > MAX_SEATS {
            bail!("{} participants; a run can have {MAX_SEATS}", seats.len());
        }
        seats.sort_by_key(|seat| seat.join_at);
        Ok(Self {
            name: name.to_owned(),
            description: scenario.description.clone(),
            parameters: parameters(scenario),
            seats,
            steady_from,
            end: Some(end),
            everything_expected: scenario.expect == Expect::Everything,
        })
    }
}

/// Those of a group who stay, one after the other, to each room in turn; when the next one could join.
fn add_group(
    scenario: &Scenario,
    group: &Group,
    room: &str,
    from: Duration,
    seats: &mut Vec<Seat>,
) -> Duration {
    let joins = group.joins_per_second.unwrap_or(scenario.joins_per_second);
    let count = group
        .participants
        .saturating_mul(scenario.rooms)
        .min(MAX_SEATS as u32 + 1);
    let at = |index: u32| from + Duration::from_secs_f64(f64::from(index) / joins);
    for index in 0..count {
        let (in_room, position) = (index % scenario.rooms, index / scenario.rooms);
        let mut seat = seat(
            scenario,
            group,
            &room_name(scenario, room, in_room),
            seats.len() + 1,
            position,
        );
        seat.join_at = at(index);
        seats.push(seat);
    }
    at(count)
}

pub(super) fn room_name(scenario: &Scenario, room: &str, index: u32) -> String {
    match scenario.rooms {
        1 => room.to_owned(),
        _ => format!("{room}-{}", index + 1),
    }
}

/// One of a group, the `position`-th in its room.
pub(super) fn seat(scenario: &Scenario, group: &Group, room: &str, number: usize, position: u32) -> Seat {
    let microphone = group.microphone.as_ref().map(|microphone| Sound {
        source: microphone
            .packet_bytes
            .map_or(SoundSource::Usual, SoundSource::Sized),
        talk: microphone.talk.of(position as usize, group.participants as usize),
        red: microphone.red,
    });
    Seat {
        number,
        room: room.to_owned(),
        join_at: Duration::ZERO,
        leave_at: None,
        camera: group.camera.as_ref().map(|camera| video(camera, 3)),
        microphone,
        screen: group.screen.as_ref().map(|screen| video(screen, 1)),
        video_slots: group.video_slots as usize,
        audio_slots: group.audio_slots as usize,
        view_height: group.view_height,
        like_sdk: true,
        seed: scenario.seed << 24 | number as u64,
    }
}

fn video(picture: &Picture, layers: usize) -> Video {
    let Some(packets_per_second) = picture.packets_per_second else {
        return Video::Layers {
            layers: picture.layers.map_or(layers, |layers| layers as usize),
            fps: picture.fps,
        };
    };
    Video::Rate(PacketRate {
        packets_per_second,
        packet_bytes: picture.packet_bytes.unwrap_or(VIDEO_BYTES),
        fps: picture.fps,
        pacing: match picture.pacing {
            Some(PacingName::Even) => Pacing::Even,
            _ => Pacing::Burst,
        },
    })
}

fn parameters(scenario: &Scenario) -> std::collections::BTreeMap<String, String> {
    let seconds = |time: Duration| format!("{} s", time.as_secs_f64());
    let mut all = vec![
        ("rooms".to_owned(), scenario.rooms.to_string()),
        ("warmup".to_owned(), seconds(scenario.warmup)),
        ("duration".to_owned(), seconds(scenario.duration)),
        (
            "joins per second".to_owned(),
            scenario.joins_per_second.to_string(),
        ),
        ("seed".to_owned(), scenario.seed.to_string()),
    ];
    for group in &scenario.group {
        all.push((group.name.clone(), group.participants.to_string()));
        all.push((
            format!("{}: slots", group.name),
            format!("{} video, {} audio", group.video_slots, group.audio_slots),
        ));
        for (what, picture) in [("camera", &group.camera), ("screen", &group.screen)] {
            if let Some(picture) = picture {
                all.push((format!("{}: {what}", group.name), describe(&video(picture, 3))));
            }
        }
        if let Some(churn) = &group.churn {
            all.push((
                format!("{}: joins per second", group.name),
                churn.joins_per_second.to_string(),
            ));
        }
    }
    all.into_iter().collect()
}

fn describe(video: &Video) -> String {
    match video {
        Video::Rate(rate) => format!(
            "{} packets/s of {} bytes, {} frames/s, {}",
            rate.packets_per_second,
            rate.packet_bytes,
            rate.fps,
            match rate.pacing {
                Pacing::Burst => "in bursts",
                Pacing::Even => "evenly",
            }
        ),
        Video::Layers { layers, fps } => format!("{layers} layers, {fps} frames/s"),
        Video::Small { .. } | Video::Recorded(_) => "files or small".to_owned(),
    }
}
