//! Flags.

use clap::{Arg, ArgAction, ArgMatches, value_parser};
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
    /// Join with `compat`, and offer AES-CM only.
    pub compat: bool,
    /// Where the report goes as JSON.
    pub json: Option<PathBuf>,
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

fn parse_talk(text: &str) -> Result<TalkPlan, String> {
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

/// The command line.
pub fn command() -> clap::Command {
    clap::Command::new("plenum-loadtest")
        .about("Synthetic participants and bad networks for a Plenum server")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(run_command())
        .subcommand(crate::impair::impair_command())
        .subcommand(
            clap::Command::new("make-media")
                .about("Write test media with ffmpeg: a camera that shows its number and a tone, for each number")
                .arg(Arg::new("out").long("out").value_name("DIR").required(true).value_parser(value_parser!(PathBuf)).help("Folder to write to"))
                .arg(number("participants", "8", "How many numbers").value_parser(value_parser!(u8).range(1..=99)))
                .arg(number("first", "1", "The first number").value_parser(value_parser!(u8).range(1..=99))),
        )
}

fn run_command() -> clap::Command {
    clap::Command::new("run")
        .about("Join a room with many participants, and report what they received")
        .arg(text(
            "url",
            "ws://127.0.0.1:8080/signal",
            "The server's WebSocket",
        ))
        .arg(text("room", "demo", "Room to join"))
        .arg(number("participants", "12", "How many").value_parser(value_parser!(usize)))
        .arg(
            number(
                "first",
                "1",
                "Number of the first one: names are bot-NN, media files NN-*",
            )
            .value_parser(value_parser!(usize)),
        )
        .arg(text(
            "publish",
            "camera,microphone",
            "camera, microphone, both with a comma, or none",
        ))
        .arg(number("video-slots", "3", "Receive m-lines of kind video").value_parser(value_parser!(usize)))
        .arg(number("audio-slots", "3", "Receive m-lines of kind audio").value_parser(value_parser!(usize)))
        .arg(
            optional("view-height", "PIXELS", "Ask for the default view at this height")
                .value_parser(value_parser!(u16)),
        )
        .arg(
            optional(
                "duration",
                "TIME",
                "How long to stay, from the last join; without: until told to quit",
            )
            .value_parser(parse_duration),
        )
        .arg(text("join-interval", "100ms", "Time between two joins").value_parser(parse_duration))
        .arg(
            optional(
                "video-dir",
                "DIR",
                "Recorded media (see make-media); made up without",
            )
            .value_parser(value_parser!(PathBuf)),
        )
        .arg(text("talk", "round-robin:3s", "none, all, or round-robin:TIME").value_parser(parse_talk))
        .arg(flag("tcp", "ICE over TCP only"))
        .arg(
            optional(
                "move-to-udp",
                "TIME",
                "Start on TCP, move to UDP after this time, then close TCP",
            )
            .value_parser(parse_duration),
        )
        .arg(flag("compat", "Join with compat and offer only AES-CM for SRTP"))
        .arg(optional("json", "FILE", "Write the report as JSON").value_parser(value_parser!(PathBuf)))
        .arg(flag(
            "control",
            "Read commands from stdin, one JSON object a line",
        ))
        .arg(flag(
            "json-lines",
            "Print progress, chat and events as JSON lines",
        ))
        .arg(flag(
            "expect-media",
            "Fail when somebody received no media, also when none of these publish",
        ))
        .arg(
            optional(
                "fail-if-skew-above",
                "MS",
                "Fail when sound and picture were further apart",
            )
            .value_parser(value_parser!(f64)),
        )
        .arg(
            optional(
                "fail-if-loss-above",
                "PERCENT",
                "Fail when more packets were lost",
            )
            .value_parser(value_parser!(f64)),
        )
}

fn text(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).default_value(default).help(help)
}

fn number(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    text(name, default, help).value_name("N")
}

fn optional(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

impl RunOptions {
    /// Reads the matches of `run`.
    ///
    /// # Errors
    /// When `--publish` names something else.
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
            compat: matches.get_flag("compat"),
            json: get(matches, "json"),
            control: matches.get_flag("control"),
            json_lines: matches.get_flag("json-lines"),
            expect_media: matches.get_flag("expect-media"),
            fail_skew_ms: get(matches, "fail-if-skew-above"),
            fail_loss_percent: get(matches, "fail-if-loss-above"),
        })
    }
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
        assert_eq!(options.talk, TalkPlan::RoundRobin(Duration::from_secs(2)));
        assert!(
            command()
                .try_get_matches_from(["x", "run", "--talk", "loud"])
                .is_err()
        );
    }
}
