//! Flags of `impair`.

use super::{parse_link, parse_schedule};
use crate::options::parse_duration;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use link::{LinkConfig, RateStep};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const LINKS: &str = "\
LINK is a list with commas, any part left out:
  rate=1M           bits per second (800k, 1.5M, 1G, 0: nothing passes, none: no limit), IP and UDP included
  delay=25ms        one way
  queue=300ms       longest queue in front of the rate; what would wait longer is dropped
  loss=5%           lost at random; with burst=5 in bursts of five on average
  jitter=30ms       up to this much more delay, anew for each datagram
  keep-order        jitter does not reorder

A call over 1 Mb/s with a round trip of 50 ms, to a server whose media port is 10000:
  plenum-loadtest impair --listen 10.0.0.2:20000 --to 10.0.0.2:10000 \\
    --up delay=25ms --down rate=1M,delay=25ms,queue=300ms

Clients must be told the relay's address and port instead of the server's, and no TCP candidates.
With --control a line on stdin changes the links: `up LINK`, `down LINK`, `schedule STEPS`; its end ends the relay.";

/// What `impair` does.
#[derive(Debug, Clone)]
pub struct ImpairOptions {
    /// Where clients send to.
    pub listen: SocketAddr,
    /// Where their datagrams go.
    pub to: SocketAddr,
    /// From the clients.
    pub up: LinkConfig,
    /// To the clients.
    pub down: LinkConfig,
    /// Of loss and jitter.
    pub seed: u64,
    /// JSON lines for plots.
    pub stats: Option<PathBuf>,
    /// How long; `None`: until it is ended.
    pub duration: Option<Duration>,
    /// Read commands from stdin.
    pub control: bool,
}

/// The subcommand.
pub fn impair_command() -> Command {
    let value = |name: &'static str, form: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(form).help(help)
    };
    Command::new("impair")
        .about("Relay UDP between clients and a server as a bad network would")
        .after_help(LINKS)
        .arg(
            value("listen", "ADDRESS:PORT", "Where clients send to")
                .default_value("127.0.0.1:20000")
                .value_parser(value_parser!(SocketAddr)),
        )
        .arg(
            value("to", "ADDRESS:PORT", "Where their datagrams go")
                .required(true)
                .value_parser(value_parser!(SocketAddr)),
        )
        .arg(
            value("up", "LINK", "From the clients")
                .default_value("")
                .hide_default_value(true)
                .value_parser(parse_link),
        )
        .arg(
            value("down", "LINK", "To the clients")
                .default_value("")
                .hide_default_value(true)
                .value_parser(parse_link),
        )
        .arg(
            value(
                "schedule",
                "STEPS",
                "Rates of both directions over time: 0s:3M,20s:0.8M,40s:3M",
            )
            .value_parser(steps),
        )
        .arg(
            value("seed", "N", "Of loss and jitter")
                .default_value("1")
                .value_parser(value_parser!(u64)),
        )
        .arg(
            value(
                "stats",
                "FILE",
                "Write what both directions carried and dropped, a JSON object every 100 ms",
            )
            .value_parser(value_parser!(PathBuf)),
        )
        .arg(value("duration", "TIME", "How long; without: until it is ended").value_parser(parse_duration))
        .arg(
            Arg::new("control")
                .long("control")
                .action(ArgAction::SetTrue)
                .help("Read commands from stdin, one a line"),
        )
}

/// A schedule as one value; clap would take a `Vec` for several.
#[derive(Debug, Clone)]
struct Steps(Vec<RateStep>);

fn steps(text: &str) -> Result<Steps, String> {
    parse_schedule(text).map(Steps)
}

impl ImpairOptions {
    /// Reads the matches of `impair`.
    ///
    /// # Errors
    /// When an address is missing, which the command line does not let happen.
    pub fn from_matches(matches: &ArgMatches) -> anyhow::Result<Self> {
        let address = |name: &str| {
            let found = matches.get_one::<SocketAddr>(name).copied();
            found.ok_or_else(|| anyhow::anyhow!("--{name} is missing"))
        };
        let schedule = matches.get_one::<Steps>("schedule").cloned();
        let link = |name: &str| {
            let mut link = matches.get_one::<LinkConfig>(name).cloned().unwrap_or_default();
            if let Some(Steps(steps)) = &schedule {
                link.schedule.clone_from(steps);
            }
            link
        };
        Ok(Self {
            listen: address("listen")?,
            to: address("to")?,
            up: link("up"),
            down: link("down"),
            seed: matches.get_one("seed").copied().unwrap_or(1),
            stats: matches.get_one("stats").cloned(),
            duration: matches.get_one("duration").copied(),
            control: matches.get_flag("control"),
        })
    }
}
