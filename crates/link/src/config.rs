//! What a link does to datagrams.

use std::time::Duration;

/// One direction of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkConfig {
    /// Bits per second on the wire, headers of IP and UDP included; `None`: no limit.
    pub rate_bps: Option<u64>,
    /// Changes of the rate, in order of time, counted from the link's start. Until the first, `rate_bps` holds.
    pub schedule: Vec<RateStep>,
    /// One way.
    pub delay: Duration,
    /// Up to this much more, anew for each datagram (uniform).
    pub jitter: Duration,
    /// Jitter may reorder datagrams; otherwise a late one holds up those behind it, as a queue or Wi-Fi does.
    pub reorder: bool,
    /// Datagrams lost on the way, behind the queue.
    pub loss: LossModel,
    /// Longest queue in front of the rate (drop-tail): what would wait longer is dropped.
    pub queue: Duration,
}

/// From this time on the link has this rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateStep {
    /// Since the link's start.
    pub at: Duration,
    /// Bits per second; `None`: no limit; `Some(0)`: nothing passes, the queue stands still.
    pub rate_bps: Option<u64>,
}

/// How datagrams are lost at random.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum LossModel {
    /// None.
    #[default]
    None,
    /// Each by itself with this probability, 0.0 to 1.0.
    Random(f64),
    /// Gilbert's model: in bursts of this mean length (≥ 1.0 datagrams), this share in all.
    Bursts {
        /// Share lost in all, 0.0 to below 1.0.
        share: f64,
        /// Mean length of a burst in datagrams.
        mean: f64,
    },
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            rate_bps: None,
            schedule: Vec::new(),
            delay: Duration::from_millis(20),
            jitter: Duration::ZERO,
            reorder: true,
            loss: LossModel::None,
            queue: Duration::from_millis(300),
        }
    }
}
