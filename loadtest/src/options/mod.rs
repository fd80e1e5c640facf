//! Flags.

mod command;

pub use command::command;

use crate::access::Access;
use anyhow::{Context, Result};
use clap::ArgMatches;
use link::LinkConfig;
use sim::client::Talk;
use std::path::PathBuf;
use std::time::Duration;

/// What `run` does.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// WebSocket of the server.
    pub url: String,
    /// Room name.
    pub room: String,
    /// How many participants.
    pub participants: usize,
    /// Number of the first one, in its name and its media files.
    pub first: usize,
    /// Publish a camera.
    pub camera: bool,
    /// Publish a microphone.
    pub microphone: bool,
    /// Receive m-lines of kind video.
    pub video_slots: usize,
    /// Receive m-lines of kind audio.
    pub audio_slots: usize,
    /// Height asked for in the view; `None`: no view is sent.
    pub view_height: Option<u16>,
    /// How long; `None`: until `quit` or the end of stdin.
    pub duration: Option<Duration>,
    /// Time between two joins.
    pub join_interval: Duration,
    /// Recorded media; made up without.
    pub video_dir: Option<PathBuf>,
    /// When microphones talk.
    pub talk: TalkPlan,
    /// ICE over TCP only.
    pub tcp: bool,
    /// Start on TCP and move to UDP after this time.
    pub move_to_udp: Option<Duration>,
    /// Makes each participant's access token; `None`: nobody has one.
    pub access: Option<Access>,
    /// Join with `compat`, and offer AES-CM only.
    pub compat: bool,
    /// Threads of participants.
    pub threads: usize,
    /// What arrives waits for the next multiple of this, without getting later by it; zero: is taken at once.
    pub rest: Duration,
    /// The server's process, on this machine.
    pub server_pid: Option<u32>,
    /// The server's metrics; `None`: `/metrics` of its HTTP port; `none`: nowhere.
    pub metrics_url: Option<String>,
    /// Each participant's line to the server.
    pub impair_up: Option<LinkConfig>,
    /// Each participant's line from the server.
    pub impair_down: Option<LinkConfig>,
    /// Measure a bare loop of the same sends too.
    pub bare: bool,
    /// Read commands from stdin.
    pub control: bool,
    /// Print progress and chat as JSON lines.
    pub json_lines: bool,
    /// Fail when a participant received no media, also when none of these publish.
    pub expect_media: bool,
    /// Fail when a participant's worst skew is above this, in milliseconds.
    pub fail_skew_ms: Option<f64>,
    /// Fail when a participant lost more of its packets than this percentage.
    pub fail_loss_percent: Option<f64>,
}

/// When the microphones of a run talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TalkPlan {
    /// Nobody, until told.
    None,
    /// Everybody, all the time.
    All,
    /// One after the other, each for this long.
    RoundRobin(Duration),
}

impl TalkPlan {
    /// The pattern of the `index`-th of `count`.
    pub fn of(self, index: usize, count: usize) -> Talk {
        match self {
            TalkPlan::None => Talk::Never,
            TalkPlan::All => Talk::Always,
            TalkPlan::RoundRobin(on) => {
                let others = u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX);
                let before = u32::try_from(index).unwrap_or(u32::MAX);
                Talk::Pattern {
                    after: on * before,
                    on,
                    off: on * others,
                }
            }
        }
    }
}

/// Reads `10`, `10s`, `500ms`, `5m` as a time; a bare number is seconds.
///
/// # Errors
/// With the forms that are understood.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number
        .parse()
        .map_err(|_| format!("{text:?} is not a time; write 10s, 500ms or 5m"))?;
    let seconds = match unit {
        "" | "s" => number,
        "ms" => number / 1_000.0,
        "m" => number * 60.0,
        _ => return Err(format!("{unit:?} is not a unit of time; write 10s, 500ms or 5m")),
    };
    Duration::try_from_secs_f64(seconds).map_err(|e| e.to_string())
}

/// Reads `none`, `all` or `round-robin:2s`.
///
/// # Errors
/// With the forms that are understood.
pub(crate) fn parse_talk(text: &str) -> Result<TalkPlan, String> {
    match text.split_once(':') {
        None if text == "none" => Ok(TalkPlan::None),
        None if text == "all" => Ok(TalkPlan::All),
        Some(("round-robin", time)) => {
            let on = parse_duration(time)?;
            if on.is_zero() {
                Err("a turn needs a time above 0".to_owned())
            } else {
                Ok(TalkPlan::RoundRobin(on))
            }
        }
        _ => Err(format!("{text:?}: write none, all or round-robin:2s")),
    }
}

impl RunOptions {
    /// Reads the matches of `run`.
    ///
    /// # Errors
    /// When `--publish` names something else, or the secret of `--api-key` cannot be read.
    pub fn from_matches(matches: &ArgMatches) -> anyhow::Result<Self> {
        let publish: String = get(matches, "publish").unwrap_or_default();
        let publish: Vec<&str> = publish.split(',').collect();
        if let Some(unknown) = publish
            .iter()
            .find(|p| !["camera", "microphone", "none"].contains(p))
        {
            anyhow::bail!("--publish {unknown}: write camera, microphone, camera,microphone or none");
        }
        Ok(Self {
            url: get(matches, "url").unwrap_or_default(),
            room: get(matches, "room").unwrap_or_default(),
            participants: get(matches, "participants").unwrap_or(1),
            first: get(matches, "first").unwrap_or(1),
            camera: publish.contains(&"camera"),
            microphone: publish.contains(&"microphone"),
            video_slots: get(matches, "video-slots").unwrap_or(3),
            audio_slots: get(matches, "audio-slots").unwrap_or(3),
            view_height: get(matches, "view-height"),
            duration: get(matches, "duration"),
            join_interval: get(matches, "join-interval").unwrap_or_default(),
            video_dir: get(matches, "video-dir"),
            talk: get(matches, "talk").unwrap_or(TalkPlan::None),
            tcp: matches.get_flag("tcp"),
            move_to_udp: get(matches, "move-to-udp"),
            access: Access::from_matches(matches)?,
            compat: matches.get_flag("compat"),
            threads: get::<u16>(matches, "threads").map_or_else(cores, usize::from),
            rest: get(matches, "rest").unwrap_or_default(),
            server_pid: get(matches, "server-pid"),
            metrics_url: get(matches, "metrics-url"),
            impair_up: get(matches, "impair-up"),
            impair_down: get(matches, "impair-down"),
            bare: matches.get_flag("bare"),
            control: matches.get_flag("control"),
            json_lines: matches.get_flag("json-lines"),
            expect_media: matches.get_flag("expect-media"),
            fail_skew_ms: get(matches, "fail-if-skew-above"),
            fail_loss_percent: get(matches, "fail-if-loss-above"),
        })
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// A flag that has a default or must be given.
///
/// # Errors
/// When it is missing all the same.
pub(crate) fn required<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Result<T> {
    get(matches, name).with_context(|| format!("--{name} is missing"))
}

fn get<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
    matches.get_one::<T>(name).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("10"), Ok(Duration::from_secs(10)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
        assert!(parse_duration("2h").is_err() && parse_duration("soon").is_err());
    }

    #[test]
    fn the_command_line_of_the_readme_is_accepted() {
        let line = "x run --url ws://h:1/signal --room demo --participants 12 --publish camera,microphone --video-slots 3 \
                    --audio-slots 3 --duration 60s --talk round-robin:2s --tcp --control";
        let matches = command().try_get_matches_from(line.split_whitespace()).unwrap();
        let (_, run) = matches.subcommand().unwrap();
        let options = RunOptions::from_matches(run).unwrap();
        assert_eq!(
            (options.participants, options.tcp, options.camera),
            (12, true, true)
        );
        assert!(options.access.is_none());
        assert_eq!(options.talk, TalkPlan::RoundRobin(Duration::from_secs(2)));
        assert!(
            command()
                .try_get_matches_from(["x", "run", "--talk", "loud"])
                .is_err()
        );
    }
}
