//! What the far end says, joined with what was sent.

use crate::estimate::{Demand, Estimate};
use crate::trace::Change;
use media::Bitrate;
use std::time::{Duration, Instant};

/// Transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01), wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TransportSeq(pub u16);

/// One packet's line of a transport-cc message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Which.
    pub seq: TransportSeq,
    /// When it arrived, on the receiver's clock since whatever the receiver counts from (the message's reference
    /// time unwrapped, plus deltas); `None`: it had not.
    pub arrival: Option<Duration>,
}

/// Names a probe cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProbeId(pub u32);

/// The probe cluster a packet was sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Which.
    pub id: ProbeId,
    /// The rate it is sent at.
    pub rate: Bitrate,
    /// Bytes it was planned to have.
    pub bytes: u32,
}

/// A packet that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    /// When it left the pacer.
    pub sent: Instant,
    /// On the receiver's clock; only differences mean something.
    pub arrival: Duration,
    /// On the wire.
    pub bytes: u32,
    /// Of a probe cluster.
    pub probe: Option<Probe>,
}

/// A packet that did not arrive, as far as its receiver knows. It may still come, and be acknowledged later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// When it left the pacer.
    pub sent: Instant,
    /// On the wire.
    pub bytes: u32,
    /// Of a probe cluster.
    pub probe: Option<Probe>,
}

/// One transport-cc message, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct PathFeedback {
    /// When it came.
    pub at: Instant,
    /// From sending the newest acknowledged packet until now.
    pub round_trip: Duration,
    /// In order of sending.
    pub acknowledged: Vec<Acknowledged>,
    /// In order of sending. Each packet at most once.
    pub lost: Vec<Lost>,
    /// On the wire, not yet reported.
    pub in_flight_bytes: u64,
    /// Whether the application sent less than the target allows, since when. Such a path shows little of what it
    /// could carry.
    pub application_limited_since: Option<Instant>,
}

/// For a client without transport-cc: coarse, and better than nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fallback {
    /// Receiver-estimated maximum bitrate (draft-alvestrand-rmcat-remb).
    Remb(Bitrate),
    /// A receiver report's loss since the last one, 0.0 to 1.0, and the round trip if it is known.
    ReceiverReport {
        /// Share lost.
        loss: f64,
        /// Round trip.
        round_trip: Option<Duration>,
    },
}

/// A congestion controller: feedback in, estimate out. Told the time; holds no packets.
pub trait Estimator: std::fmt::Debug + Send {
    /// A transport-cc message.
    fn handle_feedback(&mut self, feedback: &PathFeedback);
    /// A report from a client without transport-cc.
    fn handle_fallback(&mut self, now: Instant, fallback: Fallback);
    /// What the allocator wants: estimates beyond its ceiling are of no use.
    fn set_demand(&mut self, now: Instant, demand: Demand);
    /// The time `poll_timeout` asked for has come.
    fn handle_timeout(&mut self, now: Instant);
    /// When to call `handle_timeout` next.
    fn poll_timeout(&self) -> Option<Instant>;
    /// What is known now.
    fn estimate(&self) -> Estimate;
    /// Whether the path shows a standing queue, so that probing would make it worse.
    fn is_overused(&self) -> bool;
    /// What the path carried when it was last seen full, as long as that means anything: a burst that leaves faster waits
    /// in the path's queue. `None`: its end was not seen.
    fn capacity(&self) -> Option<Bitrate>;
    /// The next decision, for a trace.
    fn poll_change(&mut self) -> Option<Change>;
}
