//! Flags of `compare`.

use super::load::Load;
use crate::options::{parse_duration, required};
use anyhow::Result;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What `compare janus` does.
#[derive(Debug, Clone)]
pub struct CompareOptions {
    /// Plenum's WebSocket.
    pub plenum_url: String,
    /// Plenum's process.
    pub plenum_pid: u32,
    /// Janus' WebSocket.
    pub janus_url: String,
    /// Janus' process.
    pub janus_pid: u32,
    /// Address of this machine that media is sent from.
    pub local: IpAddr,
    /// Kinds of load, one after the other.
    pub(super) loads: Vec<Load>,
    /// Numbers of subscribers, one after the other.
    pub subscribers: Vec<usize>,
    /// Runs of each server, for each load and number.
    pub pairs: usize,
    /// Between the first packets and the measurement.
    pub warm_up: Duration,
    /// Length of the measurement.
    pub hold: Duration,
    /// Where everything goes as JSON.
    pub json: Option<PathBuf>,
}

/// The command line.
pub fn compare_command() -> Command {
    let janus = Command::new("janus")
        .about("CPU per forwarded packet, Plenum and a Janus VideoRoom in turn; loadtest/compare-janus sets both up")
        .arg(value("plenum-url", "URL", "Plenum's WebSocket").default_value("ws://127.0.0.1:8080/signal"))
        .arg(value("plenum-pid", "PID", "Plenum's process").required(true).value_parser(value_parser!(u32)))
        .arg(value("janus-url", "URL", "Janus' WebSocket").default_value("ws://127.0.0.1:8188"))
        .arg(value("janus-pid", "PID", "Janus' process").required(true).value_parser(value_parser!(u32)))
        .arg(
            value("local", "ADDRESS", "Address that media is sent from; Janus takes none of loopback")
                .required(true)
                .value_parser(value_parser!(IpAddr)),
        )
        .arg(
            value("load", "KINDS", "bursts, even, audio, or several with commas")
                .default_value("bursts,even,audio")
                .value_delimiter(',')
                .value_parser(parse_load),
        )
        .arg(
            value("subscribers", "N", "Subscribers of the one publisher, or several numbers with commas")
                .default_value("10,50")
                .value_delimiter(',')
                .value_parser(parse_subscribers),
        )
        .arg(value("pairs", "N", "Runs of each server").default_value("3").value_parser(value_parser!(usize)))
        .arg(value("warm-up", "TIME", "Before each measurement").default_value("4s").value_parser(parse_duration))
        .arg(value("hold", "TIME", "Length of each measurement").default_value("10s").value_parser(parse_duration))
        .arg(value("json", "FILE", "Write the figures as JSON").value_parser(value_parser!(PathBuf)));
    Command::new("compare")
        .about("Measure Plenum beside another server")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(janus)
}

fn value(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn parse_load(text: &str) -> Result<Load, String> {
    let found = Load::ALL.into_iter().find(|load| load.name() == text);
    found.ok_or_else(|| format!("{text:?} is not a load; write bursts, even or audio"))
}

fn parse_subscribers(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=2_000).contains(number));
    number.ok_or_else(|| format!("{text:?} is not a number from 1 to 2000"))
}

impl CompareOptions {
    /// Reads the matches of `compare janus`.
    ///
    /// # Errors
    /// When a required flag is missing.
    pub fn from_matches(matches: &ArgMatches) -> Result<Self> {
        Ok(Self {
            plenum_url: required(matches, "plenum-url")?,
            plenum_pid: required(matches, "plenum-pid")?,
            janus_url: required(matches, "janus-url")?,
            janus_pid: required(matches, "janus-pid")?,
            local: required(matches, "local")?,
            loads: matches.get_many("load").into_iter().flatten().copied().collect(),
            subscribers: matches
                .get_many("subscribers")
                .into_iter()
                .flatten()
                .copied()
                .collect(),
            pairs: required(matches, "pairs")?,
            warm_up: required(matches, "warm-up")?,
            hold: required(matches, "hold")?,
            json: matches.get_one("json").cloned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<CompareOptions, String> {
        let matches = compare_command().try_get_matches_from(line.split_whitespace());
        let matches = matches.map_err(|error| error.to_string())?;
        CompareOptions::from_matches(matches.subcommand().unwrap().1).map_err(|error| error.to_string())
    }

    #[test]
    fn loads_and_numbers_are_lists() {
        let required = "compare janus --plenum-pid 1 --janus-pid 2 --local 10.77.0.1";
        let options = read(&format!(
            "{required} --load even,audio --subscribers 10,200 --hold 5s"
        ))
        .unwrap();
        assert_eq!(options.loads, [Load::Even, Load::Audio]);
        assert_eq!(
            (options.subscribers, options.hold),
            (vec![10, 200], Duration::from_secs(5))
        );
        assert!(
            read(&format!("{required} --load loud"))
                .unwrap_err()
                .contains("bursts, even or audio")
        );
        assert!(read(&format!("{required} --subscribers 0")).is_err());
        assert!(read("compare janus").unwrap_err().contains("--janus-pid"));
    }
}
