//! Which addresses clients are told to send media to.

use crate::config::Config;
use std::net::{IpAddr, Ipv4Addr};

/// Most addresses advertised: each is two candidates in every answer, and every client checks them all.
const MAX_ADVERTISED: usize = 8;

/// An interface's address, as far as the choice depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The address.
    pub ip: IpAddr,
    /// Whether its interface is up.
    pub up: bool,
}

/// The addresses to advertise. Asks the kernel only: never the network, never a name server, so that start-up
/// cannot hang.
pub fn advertised(config: &Config) -> Vec<IpAddr> {
    choose(config, &found())
}

/// Every address of this machine, whether its interface is up or not.
pub(crate) fn of_this_machine() -> Vec<IpAddr> {
    found().iter().map(|found| found.ip).collect()
}

fn found() -> Vec<Found> {
    let found = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!(%error, "the machine's interfaces cannot be read; set external_ips");
        Vec::new()
    });
    found
        .iter()
        .map(|i| Found {
            ip: i.ip(),
            up: i.is_oper_up() || i.is_loopback(),
        })
        .collect()
}

/// The rule: what the operator gave; else the address media is bound to; else all of the interfaces' that the
/// sockets receive on, loopback only by request or when there is nothing else.
pub fn choose(config: &Config, found: &[Found]) -> Vec<IpAddr> {
    let mut chosen: Vec<IpAddr> = Vec::new();
    if !config.external_ips.is_empty() {
        chosen.extend(&config.external_ips);
    } else if !config.media_bind.is_unspecified() {
        chosen.push(config.media_bind);
    } else {
        let usable =
            |f: &&Found| f.up && !is_link_local(f.ip) && !f.ip.is_loopback() && received(config, f.ip);
        chosen.extend(found.iter().filter(usable).map(|f| f.ip));
        // IPv4 first: with a bound on their number, the addresses that most clients can reach must be in.
        chosen.sort_by_key(IpAddr::is_ipv6);
    }
    if config.include_loopback || chosen.is_empty() {
        let loopback = |f: &&Found| f.ip.is_loopback() && received(config, f.ip);
        chosen.extend(found.iter().filter(loopback).map(|f| f.ip));
    }
    let mut seen = Vec::new();
    chosen.retain(|ip| {
        !seen.contains(ip) && {
            seen.push(*ip);
            true
        }
    });
    chosen.truncate(MAX_ADVERTISED);
    if chosen.is_empty() {
        chosen.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    chosen
}

/// Whether a socket bound to `media_bind` receives what is sent to this address.
fn received(config: &Config, ip: IpAddr) -> bool {
    match config.media_bind {
        IpAddr::V4(bind) => ip.is_ipv4() && (bind.is_unspecified() || ip == IpAddr::V4(bind)),
        // An unspecified IPv6 socket takes IPv4 as well.
        IpAddr::V6(bind) => bind.is_unspecified() || ip == IpAddr::V6(bind),
    }
}

/// Link-local addresses need a scope, which a candidate cannot carry (RFC 8445 §5.1.1.1).
fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(ips: &[&str]) -> Vec<Found> {
        ips.iter()
            .filter_map(|ip| ip.parse().ok())
            .map(|ip| Found { ip, up: true })
            .collect()
    }

    fn chosen(config: &Config, ips: &[&str]) -> Vec<String> {
        choose(config, &found(ips))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn loopback_is_offered_only_when_there_is_nothing_else_or_on_request() {
        let mut config = Config::default();
        assert_eq!(chosen(&config, &["127.0.0.1", "192.0.2.7", "::1"]), ["192.0.2.7"]);
        assert_eq!(chosen(&config, &["127.0.0.1", "::1"]), ["127.0.0.1"]);
        assert_eq!(chosen(&config, &[]), ["127.0.0.1"]);
        config.include_loopback = true;
        assert_eq!(
            chosen(&config, &["127.0.0.1", "192.0.2.7"]),
            ["192.0.2.7", "127.0.0.1"]
        );
    }

    #[test]
    fn given_addresses_replace_the_found_ones() {
        let config = Config {
            external_ips: vec!["203.0.113.5".parse().unwrap()],
            ..Config::default()
        };
        assert_eq!(chosen(&config, &["192.0.2.7"]), ["203.0.113.5"]);
    }

    #[test]
    fn only_addresses_the_socket_receives_on_are_offered() {
        let mut config = Config::default();
        let ips = ["2001:db8::1", "fe80::1", "169.254.1.1", "192.0.2.7"];
        assert_eq!(chosen(&config, &ips), ["192.0.2.7"]);
        config.media_bind = "::".parse().unwrap();
        assert_eq!(chosen(&config, &ips), ["192.0.2.7", "2001:db8::1"]);
        config.media_bind = "127.0.0.1".parse().unwrap();
        assert_eq!(chosen(&config, &ips), ["127.0.0.1"]);
    }

    #[test]
    fn an_interface_that_is_down_and_a_repeated_address_are_left_out() {
        let mut addresses = found(&["192.0.2.7", "192.0.2.7", "192.0.2.8"]);
        addresses[2].up = false;
        assert_eq!(
            choose(&Config::default(), &addresses),
            ["192.0.2.7".parse::<IpAddr>().unwrap()]
        );
    }
}
