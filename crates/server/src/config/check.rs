//! Values that are fine alone and contradict each other.

use super::Config;
use super::value::Setting;
use std::net::IpAddr;

/// Sections of one offer that are not slots: microphone, camera, screen, screen audio, data channels.
const OTHER_SECTIONS: u32 = 5;
/// Most m-lines in one offer, by the policy of `peer`.
const MAX_SECTIONS: u32 = 64;
/// Most external addresses: each is two candidates in every answer.
const MAX_EXTERNAL_IPS: usize = 8;

/// A contradiction and the fields it is between.
pub(super) type Finding = (&'static [&'static str], String);

/// Every contradiction of this configuration.
pub(super) fn contradictions(config: &Config) -> Vec<Finding> {
    [
        ports(config),
        port_collision(config),
        slots(config),
        timeouts(config),
        access(config),
        rates(config),
    ]
    .into_iter()
    .flatten()
    .chain(external_ips(config))
    .chain(origins(config))
    .collect()
}

/// Workers in fact: 0 means one per core.
pub(crate) fn worker_count(config: &Config) -> usize {
    match config.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => usize::from(n),
    }
}

fn last_port(config: &Config) -> usize {
    usize::from(config.media_port) + worker_count(config) - 1
}

fn ports(config: &Config) -> Option<Finding> {
    (last_port(config) > usize::from(u16::MAX)).then(|| {
        let (count, first) = (worker_count(config), config.media_port);
        let text = format!(
            "{count} workers from media_port {first} on need ports up to {}, past 65535; lower media_port",
            last_port(config)
        );
        (["media_port", "workers"].as_slice(), text)
    })
}

fn port_collision(config: &Config) -> Option<Finding> {
    let http = usize::from(config.http_bind.port());
    let media = usize::from(config.media_port)..=last_port(config);
    (http != 0 && config.media_port != 0 && media.contains(&http)).then(|| {
        let text = format!(
            "http_bind uses TCP port {http}, which worker {} needs for media over TCP; move one of them",
            http - media.start()
        );
        (["http_bind", "media_port", "workers"].as_slice(), text)
    })
}

fn slots(config: &Config) -> Option<Finding> {
    let sections = u32::from(config.max_video_slots) + u32::from(config.max_audio_slots) + OTHER_SECTIONS;
    (sections > MAX_SECTIONS).then(|| {
        let text = format!(
            "max_video_slots + max_audio_slots + {OTHER_SECTIONS} other sections are {sections} m-lines, \
             and an offer has at most {MAX_SECTIONS}"
        );
        (["max_video_slots", "max_audio_slots"].as_slice(), text)
    })
}

fn access(config: &Config) -> Option<Finding> {
    (config.dev && !config.key_file.0.is_empty()).then(|| {
        let text = "dev lets everybody in, and key_file only those with a token: choose one".into();
        (["dev", "key_file"].as_slice(), text)
    })
}

fn timeouts(config: &Config) -> Option<Finding> {
    (config.idle_timeout_ms < 2 * config.ping_interval_ms).then(|| {
        let text = format!(
            "idle_timeout_ms ({}) must be at least twice ping_interval_ms ({}), or one late pong closes a socket",
            config.idle_timeout_ms, config.ping_interval_ms
        );
        (["idle_timeout_ms", "ping_interval_ms"].as_slice(), text)
    })
}

fn rates(config: &Config) -> Option<Finding> {
    (config.data_bytes_per_second < config.data_message_bytes).then(|| {
        let text = format!(
            "data_bytes_per_second ({}) is less than one message of data_message_bytes ({})",
            config.data_bytes_per_second, config.data_message_bytes
        );
        (["data_bytes_per_second", "data_message_bytes"].as_slice(), text)
    })
}

fn external_ips(config: &Config) -> Vec<Finding> {
    let only: &[&str] = &["external_ips"];
    let mut findings = Vec::new();
    if config.external_ips.len() > MAX_EXTERNAL_IPS {
        let count = config.external_ips.len();
        findings.push((
            only,
            format!("{count} addresses are too many: at most {MAX_EXTERNAL_IPS}"),
        ));
    }
    for ip in config
        .external_ips
        .iter()
        .filter(|ip| ip.is_unspecified() || ip.is_multicast())
    {
        findings.push((only, format!("{ip} is not an address that clients can reach")));
    }
    // A socket bound to an IPv4 address receives nothing sent to an IPv6 one, and the other way round
    // (an unspecified IPv6 address takes both).
    let family = |ip: &&IpAddr| match config.media_bind {
        IpAddr::V4(_) => ip.is_ipv6(),
        IpAddr::V6(bind) => ip.is_ipv4() && !bind.is_unspecified(),
    };
    for ip in config.external_ips.iter().filter(family) {
        let text = format!(
            "{ip} cannot reach a socket bound to media_bind {}",
            config.media_bind
        );
        findings.push((&["external_ips", "media_bind"], text));
    }
    findings
}

fn origins(config: &Config) -> Vec<Finding> {
    let bad = |origin: &&String| {
        let host = origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"));
        origin.as_str() != "*" && host.is_none_or(|host| host.is_empty() || host.contains('/'))
    };
    let text = |origin: &String| {
        let shown = origin.item();
        (
            ["allowed_origins"].as_slice(),
            format!("{shown} is not an origin; write it as \"https://host\" or \"https://host:port\""),
        )
    };
    config.allowed_origins.iter().filter(bad).map(text).collect()
}

/// A text as it stands in the file.
trait Shown {
    fn item(&self) -> String;
}

impl Shown for String {
    fn item(&self) -> String {
        vec![self.clone()]
            .show(super::Secrets::Shown)
            .trim_matches(['[', ']'])
            .to_owned()
    }
}
