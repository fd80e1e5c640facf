//! What a worker tells about itself once a second.

use peer::PeerStats;
use router::{Health, RouterCounters};

/// Upper bounds of the loop-lag histogram's buckets, in microseconds; one more bucket takes the rest.
pub const LAG_BUCKETS_US: [u64; 10] = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000];

/// Counters since the worker started, and gauges of now.
#[derive(Debug, Clone, Default)]
pub struct WorkerSnapshot {
    /// Snapshots published before this one; 0 until the first.
    pub number: u64,
    /// The router's counters and gauges.
    pub router: RouterCounters,
    /// How viewers fare.
    pub health: Health,
    /// Counters of all its peers, those that left included.
    pub peers: PeerStats,
    /// Loop iterations by how long one batch of work took, per bucket (not cumulative).
    pub lag_buckets: [u64; LAG_BUCKETS_US.len() + 1],
    /// Sum of all batch durations in microseconds.
    pub lag_sum_us: u64,
    /// Commands waiting in the mailbox, the most seen since the last snapshot.
    pub mailbox_depth: u64,
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

impl WorkerSnapshot {
    pub(crate) fn record_lag(&mut self, micros: u64) {
        let bucket = LAG_BUCKETS_US.partition_point(|&bound| bound < micros);
        self.lag_buckets[bucket] += 1;
        self.lag_sum_us += micros;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_in_the_first_bucket_that_holds_it() {
        let mut snapshot = WorkerSnapshot::default();
        for micros in [0, 50, 51, 250_000, 250_001] {
            snapshot.record_lag(micros);
        }
        assert_eq!(snapshot.lag_buckets, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(snapshot.lag_sum_us, 500_102);
    }
}
