//! What a worker tells about itself once a second.

use crate::histogram::Histogram;
use media::ParticipantId;
use peer::PeerStats;
use router::{Health, RouterCounters};
use std::time::Duration;

/// Upper bounds of the loop-lag histogram's buckets, in microseconds.
pub const LAG_BUCKETS_US: [u64; 10] = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000];
/// Upper bounds of the histograms of datagrams that move together.
pub const BATCH_BUCKETS: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1_024];

/// Counters since the worker started, and gauges of now.
#[derive(Debug, Clone)]
pub struct WorkerSnapshot {
    /// Snapshots published before this one; 0 until the first.
    pub number: u64,
    /// The router's counters and gauges.
    pub router: RouterCounters,
    /// How viewers fare.
    pub health: Health,
    /// Counters of all its peers, those that left included.
    pub peers: PeerStats,
    /// The participants that cost it most and can be moved; only named while it has much to do.
    pub heaviest: Vec<ParticipantId>,
    /// Share of the last second that it worked instead of waiting, in thousandths. With [`cpu`](Self::cpu) much lower,
    /// something else had its core.
    pub busy_permille: u32,
    /// CPU time of its thread.
    pub cpu: Duration,
    /// Loop iterations by how long one batch of work took, in microseconds.
    pub lag_us: Histogram,
    /// Loop iterations in which datagrams came, by how many.
    pub received_batches: Histogram,
    /// Loop iterations in which datagrams were sent, by how many.
    pub sent_batches: Histogram,
    /// The longest batch of work since the last snapshot, in microseconds.
    pub longest_lag_us: u64,
    /// Commands waiting in the mailbox, the most seen since the last snapshot.
    pub mailbox_depth: u64,
    /// Messages of other workers waiting, the most seen since the last snapshot.
    pub relay_depth: u64,
    /// Events held back because the control plane's queue was full.
    pub events_deferred: u64,
    /// Datagrams received, UDP and TCP.
    pub datagrams_in: u64,
    /// Datagrams handed to the kernel, UDP and TCP.
    pub datagrams_out: u64,
    /// Send calls for those over UDP; fewer than datagrams where segmentation offload worked.
    pub send_calls: u64,
    /// Datagrams lost because the socket refused them (buffer full, unreachable).
    pub send_drops: u64,
    /// ICE-TCP connections open now.
    pub tcp_connections: u64,
    /// ICE-TCP connections refused or ended by a limit.
    pub tcp_refused: u64,
}

impl Default for WorkerSnapshot {
    fn default() -> Self {
        Self {
            number: 0,
            router: RouterCounters::default(),
            health: Health::default(),
            peers: PeerStats::default(),
            heaviest: Vec::new(),
            busy_permille: 0,
            cpu: Duration::ZERO,
            lag_us: Histogram::new(&LAG_BUCKETS_US),
            received_batches: Histogram::new(&BATCH_BUCKETS),
            sent_batches: Histogram::new(&BATCH_BUCKETS),
            longest_lag_us: 0,
            mailbox_depth: 0,
            relay_depth: 0,
            events_deferred: 0,
            datagrams_in: 0,
            datagrams_out: 0,
            send_calls: 0,
            send_drops: 0,
            tcp_connections: 0,
            tcp_refused: 0,
        }
    }
}

impl WorkerSnapshot {
    /// One batch of work: how long it took, and how many datagrams it received and sent.
    pub(crate) fn record_batch(&mut self, took: Duration, received: u64, sent: u64) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.lag_us.record(micros);
        self.longest_lag_us = self.longest_lag_us.max(micros);
        if received > 0 {
            self.received_batches.record(received);
        }
        if sent > 0 {
            self.sent_batches.record(sent);
        }
    }
}
