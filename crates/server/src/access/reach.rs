//! Whether a listening address can be reached from the internet, as far as this machine can tell.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A public address at which a socket bound to `bind` is reached, when there is one.
pub(super) fn public_address(bind: IpAddr, of_this_machine: &[IpAddr]) -> Option<IpAddr> {
    let is_public = |ip: &IpAddr| !is_local(*ip);
    if !bind.is_unspecified() {
        return Some(bind).filter(is_public);
    }
    // A socket bound to :: takes IPv4 as well.
    let received = |ip: &IpAddr| bind.is_ipv6() || ip.is_ipv4();
    of_this_machine.iter().copied().filter(received).find(is_public)
}

/// Loopback, link-local, and the ranges of private networks (RFC 1918, RFC 6598, RFC 4193).
fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_local_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_local_v4(ip),
            None => is_local_v6(ip),
        },
    }
}

fn is_local_v4(ip: Ipv4Addr) -> bool {
    let shared = ip.octets()[0] == 100 && ip.octets()[1] & 0b1100_0000 == 64;
    ip.is_loopback() || ip.is_private() || ip.is_link_local() || shared || ip.is_unspecified()
}

fn is_local_v6(ip: Ipv6Addr) -> bool {
    ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unique_local() || ip.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(bind: &str, machine: &[&str]) -> Option<String> {
        let machine: Vec<IpAddr> = machine.iter().filter_map(|ip| ip.parse().ok()).collect();
        public_address(bind.parse().unwrap(), &machine).map(|ip| ip.to_string())
    }

    #[test]
    fn this_machine_and_private_networks_are_not_public() {
        for bind in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.5",
            "169.254.3.4",
            "100.64.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(public(bind, &["203.0.113.9"]), None, "{bind}");
        }
        for bind in [
            "203.0.113.9",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "2001:db8::1",
            "::ffff:8.8.8.8",
        ] {
            assert_eq!(public(bind, &[]).as_deref(), Some(bind));
        }
    }

    #[test]
    fn all_addresses_are_as_public_as_those_of_the_machine() {
        let home = ["127.0.0.1", "192.168.1.5", "2001:db8::5"];
        assert_eq!(public("0.0.0.0", &home), None);
        assert_eq!(public("::", &home).as_deref(), Some("2001:db8::5"));
        let cloud = ["127.0.0.1", "10.0.0.4", "203.0.113.9"];
        for bind in ["0.0.0.0", "::"] {
            assert_eq!(public(bind, &cloud).as_deref(), Some("203.0.113.9"));
        }
    }
}
