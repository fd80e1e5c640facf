//! The command line.

use super::{parse_duration, parse_talk};
use crate::impair::parse_link;
use crate::report::outputs::Outputs;
use crate::scenario::override_args;
use clap::{Arg, ArgAction, value_parser};
use std::path::PathBuf;

/// The command line.
pub fn command() -> clap::Command {
    clap::Command::new("plenum-loadtest")
        .about("Synthetic participants and bad networks for a Plenum server")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(run_command())
        .subcommand(crate::impair::impair_command())
        .subcommand(crate::capacity::capacity_command())
        .subcommand(crate::compare::compare_command())
        .subcommand(crate::bare::bare_command())
        .subcommand(crate::summary::summary_command())
        .subcommand(clap::Command::new("scenarios").about("List the scenarios that come with the program"))
        .subcommand(
            clap::Command::new("make-media")
                .about("Write test media with ffmpeg: a camera that shows its number and a tone, for each number")
                .arg(Arg::new("out").long("out").value_name("DIR").required(true).value_parser(value_parser!(PathBuf)).help("Folder to write to"))
                .arg(number("participants", "8", "How many numbers").value_parser(value_parser!(u8).range(1..=99)))
                .arg(number("first", "1", "The first number").value_parser(value_parser!(u8).range(1..=99))),
        )
}

fn run_command() -> clap::Command {
    let scenario =
        "What to play: a name (see `scenarios`) or a .toml file; without: equal participants, by the flags";
    let command = Outputs::arguments(clap::Command::new("run"));
    add_flags(command)
        .about("Join with many participants, and report what they received")
        .arg(Arg::new("scenario").value_name("SCENARIO").help(scenario))
        .args(override_args())
        .args(engine_args())
        .args(crate::access::arguments())
}

/// Flags about the harness and what it looks at.
fn engine_args() -> [Arg; 7] {
    [
        optional(
            "threads",
            "N",
            "Threads of participants; without: one for each core",
        )
        .value_parser(value_parser!(u16).range(1..=256)),
        text(
            "rest",
            "10ms",
            "Threads rest to the next multiple of this between looking at participants; what arrives has the kernel's time",
        )
        .value_name("TIME")
        .value_parser(parse_duration),
        optional(
            "server-pid",
            "PID",
            "Read the server's CPU time and memory from /proc",
        )
        .value_parser(value_parser!(u32)),
        optional(
            "metrics-url",
            "URL",
            "The server's metrics; without: /metrics of its HTTP port; none: do not ask",
        ),
        optional(
            "impair-up",
            "LINK",
            "Each participant has a bad line to the server: rate=1M,delay=25ms,loss=2% (see impair)",
        )
        .value_parser(parse_link),
        optional("impair-down", "LINK", "The same from the server").value_parser(parse_link),
        flag(
            "bare",
            "Measure a bare loop of the same sends after it, and print the ratio",
        ),
    ]
}

fn add_flags(command: clap::Command) -> clap::Command {
    command
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
