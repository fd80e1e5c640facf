//! What probe clusters tell.

use crate::feedback::{Acknowledged, Probe, ProbeId};
use media::Bitrate;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Clusters followed at once; the pacer sends one after the other.
const MAX_CLUSTERS: usize = 8;
/// Share of a cluster's planned bytes that must have come before it is judged (libwebrtc's probe estimator).
const ENOUGH_BYTES: f64 = 0.8;
/// Packets a rate can be told from.
const LEAST_PACKETS: u32 = 4;
/// Arrivals slower than this share of sending show where the path ends. Nearer 1: jitter looks like a limit.
const LIMITED: f64 = 0.9;

/// The verdict on a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// What the path carried.
    pub(super) rate: Bitrate,
    /// It was less than was sent: the path carries no more.
    pub(super) limited: bool,
}

#[derive(Debug)]
struct Cluster {
    id: ProbeId,
    planned: u32,
    packets: u32,
    bytes: u32,
    /// When the packet that was seen first left and came: where the lines begin.
    first: (Instant, Duration),
    sent: (Instant, Instant),
    arrived: (Duration, Duration),
    first_arrived_bytes: u32,
    last_sent_bytes: u32,
    /// Of leaving, and of arriving.
    lines: (Line, Line),
    judged: bool,
}

/// Times of packets over the bytes that had come until then (least squares). Jitter moves single packets, and first and
/// last always apart; all together hardly.
#[derive(Debug, Default)]
struct Line {
    count: f64,
    bytes: f64,
    seconds: f64,
    bytes_bytes: f64,
    bytes_seconds: f64,
}

impl Line {
    fn add(&mut self, bytes: f64, seconds: f64) {
        self.count += 1.0;
        self.bytes += bytes;
        self.seconds += seconds;
        self.bytes_bytes += bytes * bytes;
        self.bytes_seconds += bytes * seconds;
    }

    /// Bits per second along the line; `None` where it does not rise.
    fn rate(&self) -> Option<f64> {
        let spread = self.count * self.bytes_bytes - self.bytes * self.bytes;
        let rise = self.count * self.bytes_seconds - self.bytes * self.seconds;
        (rise > 0.0 && spread > 0.0).then(|| 8.0 * spread / rise)
    }
}

#[derive(Debug, Default)]
pub(super) struct Probes {
    clusters: VecDeque<Cluster>,
}

impl Probes {
    /// A packet of a cluster arrived; the cluster's verdict, once it can be given. `jittery`: single arrivals mean little.
    pub(super) fn add(&mut self, packet: &Acknowledged, probe: Probe, jittery: bool) -> Option<Verdict> {
        let position = self.clusters.iter().position(|cluster| cluster.id == probe.id);
        let index = position.unwrap_or_else(|| {
            if self.clusters.len() >= MAX_CLUSTERS {
                self.clusters.pop_front();
            }
            self.clusters.push_back(Cluster {
                id: probe.id,
                planned: probe.bytes,
                packets: 0,
                bytes: 0,
                first: (packet.sent, packet.arrival),
                sent: (packet.sent, packet.sent),
                arrived: (packet.arrival, packet.arrival),
                first_arrived_bytes: packet.bytes,
                last_sent_bytes: packet.bytes,
                lines: (Line::default(), Line::default()),
                judged: false,
            });
            self.clusters.len() - 1
        });
        let cluster = self.clusters.get_mut(index)?;
        cluster.add(packet);
        cluster.judge(jittery)
    }
}

impl Cluster {
    fn add(&mut self, packet: &Acknowledged) {
        self.packets += 1;
        self.bytes += packet.bytes;
        let sent = packet.sent.saturating_duration_since(self.first.0).as_secs_f64();
        let arrived = packet.arrival.as_secs_f64() - self.first.1.as_secs_f64();
        self.lines.0.add(f64::from(self.bytes), sent);
        self.lines.1.add(f64::from(self.bytes), arrived);
        self.sent.0 = self.sent.0.min(packet.sent);
        if packet.sent >= self.sent.1 {
            self.sent.1 = packet.sent;
            self.last_sent_bytes = packet.bytes;
        }
        if packet.arrival < self.arrived.0 {
            self.arrived.0 = packet.arrival;
            self.first_arrived_bytes = packet.bytes;
        }
        self.arrived.1 = self.arrived.1.max(packet.arrival);
    }

    fn judge(&mut self, jittery: bool) -> Option<Verdict> {
        let enough =
            self.packets >= LEAST_PACKETS && f64::from(self.bytes) >= ENOUGH_BYTES * f64::from(self.planned);
        if self.judged || !enough {
            return None;
        }
        self.judged = true;
        let sent = self.sent.1.saturating_duration_since(self.sent.0).as_secs_f64();
        let arrived = self.arrived.1.saturating_sub(self.arrived.0).as_secs_f64();
        if sent <= 0.0 || arrived <= 0.0 || sent > 1.0 || arrived > 1.0 {
            return None;
        }
        let fitted = self.lines.0.rate().zip(self.lines.1.rate());
        let (sent, arrived) = fitted.filter(|_| jittery).unwrap_or_else(|| {
            // n packets have n − 1 distances; the packet left out is the one that none belongs to.
            (
                f64::from(self.bytes - self.last_sent_bytes) * 8.0 / sent,
                f64::from(self.bytes - self.first_arrived_bytes) * 8.0 / arrived,
            )
        });
        Some(Verdict {
            rate: Bitrate(sent.min(arrived) as u64),
            limited: arrived < LIMITED * sent,
        })
    }
}
