//! A scenario as it is written: TOML.

use crate::options::{TalkPlan, parse_duration, parse_talk};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::time::Duration;

/// A whole scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in a sentence.
    pub description: String,
    /// Rooms, each with all groups.
    #[serde(default = "one")]
    pub rooms: u32,
    /// Joins a second over all rooms, for groups that say nothing else.
    #[serde(default = "usual_joins")]
    pub joins_per_second: f64,
    /// From the last join until figures count.
    #[serde(default = "usual_warmup", deserialize_with = "time")]
    pub warmup: Duration,
    /// How long figures count; the end of it is the end of the run.
    #[serde(default = "usual_duration", deserialize_with = "time")]
    pub duration: Duration,
    /// Of everything random.
    #[serde(default = "seed")]
    pub seed: u64,
    /// What each subscriber should get.
    #[serde(default)]
    pub expect: Expect,
    /// Groups of equal participants; they join in this order.
    pub group: Vec<Group>,
}

/// What each subscriber should get.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// That depends: on layers, on who is loudest, on the view.
    #[default]
    Unknown,
    /// Every packet that the others in its room send.
    Everything,
}

/// Equal participants.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name; flags of the same name change how many there are.
    pub name: String,
    /// How many in each room; with `churn` they come on top of it.
    #[serde(default)]
    pub participants: u32,
    /// Joins a second over all rooms; absent: the scenario's.
    pub joins_per_second: Option<f64>,
    /// Receive m-lines of kind video; our SDK's default.
    #[serde(default = "nine")]
    pub video_slots: u32,
    /// Receive m-lines of kind audio; our SDK's default.
    #[serde(default = "eleven")]
    pub audio_slots: u32,
    /// Height that pictures are asked for at; absent: no view is sent.
    pub view_height: Option<u16>,
    /// Publishes a camera.
    pub camera: Option<Picture>,
    /// Publishes a microphone.
    pub microphone: Option<Microphone>,
    /// Publishes a screen.
    pub screen: Option<Picture>,
    /// Comes and goes.
    pub churn: Option<Churn>,
}

/// A camera or a screen: by layers, or by packets.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Simulcast layers of a camera.
    pub layers: Option<u32>,
    /// Frames a second.
    #[serde(default = "thirty")]
    pub fps: u32,
    /// Packets a second, in one layer; instead of `layers`.
    pub packets_per_second: Option<u32>,
    /// RTP payload of each in bytes.
    pub packet_bytes: Option<u16>,
    /// When the packets of a frame leave.
    pub pacing: Option<PacingName>,
}

/// When the packets of a frame leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PacingName {
    /// All at once.
    Burst,
    /// Evenly over the time to the next frame.
    Even,
}

/// A microphone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Microphone {
    /// RTP payload of each packet in bytes; absent: 60 to 140.
    pub packet_bytes: Option<u16>,
    /// Who talks: `none`, `all` or `round-robin:TIME`.
    #[serde(default = "all", deserialize_with = "talk")]
    pub talk: TalkPlan,
    /// One redundant block in each packet (RFC 2198).
    #[serde(default)]
    pub red: bool,
}

/// Comes and goes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Churn {
    /// Joins a second over all rooms.
    pub joins_per_second: f64,
    /// Shortest and longest stay.
    #[serde(deserialize_with = "two_times")]
    pub stay: [Duration; 2],
    /// Share of them that share a screen: 0 to 1.
    #[serde(default)]
    pub share: f64,
}

fn one() -> u32 {
    1
}

fn nine() -> u32 {
    9
}

fn eleven() -> u32 {
    11
}

fn thirty() -> u32 {
    30
}

fn seed() -> u64 {
    1
}

fn usual_joins() -> f64 {
    20.0
}

fn usual_warmup() -> Duration {
    Duration::from_secs(5)
}

fn usual_duration() -> Duration {
    Duration::from_secs(20)
}

fn all() -> TalkPlan {
    TalkPlan::All
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse_duration(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn two_times<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[Duration; 2], D::Error> {
    let [from, to] = <[String; 2]>::deserialize(deserializer)?;
    let read = |text: String| parse_duration(&text).map_err(D::Error::custom);
    Ok([read(from)?, read(to)?])
}

fn talk<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TalkPlan, D::Error> {
    parse_talk(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}
