//! The bare loop of a plan's sends, and the command of its own.

use super::{Bare, USUAL_TIME};
use crate::options::parse_duration;
use crate::plan::{Plan, SoundSource, Video};
use anyhow::Result;
use clap::{Arg, ArgMatches, Command, value_parser};
use sim::client::Pacing;
use std::time::Duration;

impl Bare {
    /// The sends of a plan in which one publisher's packets are counted and sized; `None` for others.
    pub fn of(plan: &Plan) -> Option<Self> {
        let mut publishers = plan.seats.iter().filter(|seat| seat.publishes());
        let publisher = publishers.next().filter(|_| publishers.next().is_none())?;
        let destinations = plan.seats.iter().filter(|seat| seat.subscribes()).count();
        let (burst, bytes) = match (&publisher.camera, &publisher.microphone) {
            (Some(Video::Rate(rate)), None) => match rate.pacing {
                Pacing::Burst => (rate.packets_per_second / rate.fps.max(1), rate.packet_bytes),
                Pacing::Even => (1, rate.packet_bytes),
            },
            (None, Some(sound)) => match sound.source {
                SoundSource::Sized(bytes) => (1, bytes),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self {
            destinations,
            burst: burst.max(1) as usize,
            payload_bytes: bytes.into(),
        })
    }
}

/// The command `bare`.
pub fn bare_command() -> Command {
    let number = |name: &'static str, default: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .default_value(default)
            .value_parser(value_parser!(u16).range(1..))
            .help(help)
    };
    Command::new("bare")
        .about("Encrypt and send packets and do nothing else: what a forwarded packet costs at least on this machine")
        .arg(number("destinations", "100", "Sockets to send to"))
        .arg(number("burst", "10", "Packets to each in a row"))
        .arg(number("bytes", "1100", "RTP payload of each packet in bytes"))
        .arg(
            Arg::new("time")
                .long("time")
                .value_name("TIME")
                .value_parser(parse_duration)
                .help("CPU time to use; half a second without"),
        )
}

/// Runs the command; what it found, as a line.
///
/// # Errors
/// When sockets cannot be opened, or nothing can be sent.
pub fn bare(matches: &ArgMatches) -> Result<String> {
    let number = |name| matches.get_one::<u16>(name).copied().map_or(1, usize::from);
    let bare = Bare {
        destinations: number("destinations"),
        burst: number("burst"),
        payload_bytes: number("bytes"),
    };
    let time = matches.get_one::<Duration>("time").copied().unwrap_or(USUAL_TIME);
    let cost = bare.measure(time)?;
    Ok(format!(
        "{} destinations, bursts of {} packets of {} bytes: {:.2} µs a packet ({} packets)",
        bare.destinations,
        bare.burst,
        bare.payload_bytes,
        cost.us_per_packet(),
        cost.packets
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{self, file::PacingName};

    fn of(name: &str, even: bool) -> Option<Bare> {
        let mut scenario = scenario::load(name).unwrap();
        if let (true, Some(camera)) = (even, &mut scenario.group[0].camera) {
            camera.pacing = Some(PacingName::Even);
        }
        Bare::of(&Plan::from_scenario(name, "r", &scenario).unwrap())
    }

    #[test]
    fn the_bare_loop_sends_what_the_scenario_sends() {
        let bare = |burst, payload_bytes| {
            let destinations = 100;
            Some(Bare {
                destinations,
                burst,
                payload_bytes,
            })
        };
        assert_eq!(of("webinar", false), bare(10, 1_100));
        assert_eq!(of("webinar", true), bare(1, 1_100));
        assert_eq!(of("voice", false), bare(1, 120));
        assert_eq!(of("meeting", false), None, "nobody knows what is forwarded there");
    }
}
