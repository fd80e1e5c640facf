//! Where log lines go. Control level only: nothing logs per packet, and addresses and SDP only from debug on.

use crate::config::{Config, LogFormat, LogLevel};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Crates whose words are ours; everything else is heard from `warn` on, unless all is asked for.
const OURS: [&str; 8] = [
    "server",
    "plenum",
    "node",
    "router",
    "peer",
    "room",
    "forward",
    "signaling",
];

/// Prefix of the WebRTC stack's crates. It warns of what any datagram can hold, addresses included, and counters tell of
/// that: silent unless details are asked for.
const STACK: &str = "rtc";

/// Starts logging to standard error. Once per process; a second call is ignored (tests).
pub fn start(config: &Config) {
    let level = match config.log_level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let others = if level == LevelFilter::TRACE {
        level
    } else {
        level.min(LevelFilter::WARN)
    };
    let stack = match config.log_level {
        LogLevel::Trace => LevelFilter::TRACE,
        LogLevel::Debug => LevelFilter::WARN,
        LogLevel::Info | LogLevel::Warn | LogLevel::Error => LevelFilter::OFF,
    };
    let targets = Targets::new()
        .with_default(others)
        .with_target(STACK, stack)
        .with_targets(OURS.map(|name| (name, level)));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(targets);
    let _ = match config.log_format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            registry.with(lines.with_ansi(colours)).try_init()
        }
    };
}
