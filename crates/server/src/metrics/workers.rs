//! The workers' counters as metrics: one table, read from the snapshots when somebody asks.

use super::rows::{ROWS, Row};
use node::WorkerSnapshot;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Where the snapshots come from, one per worker.
#[derive(Clone)]
pub struct SnapshotSource(pub Arc<dyn Fn() -> Vec<WorkerSnapshot> + Send + Sync>);

impl fmt::Debug for SnapshotSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SnapshotSource")
    }
}

/// A histogram of every worker's.
struct Distribution {
    name: &'static str,
    help: &'static str,
    read: fn(&WorkerSnapshot) -> &node::Histogram,
    /// How many of the sizes make one of the metric's unit.
    per: f64,
}

static DISTRIBUTIONS: [Distribution; 3] = [
    Distribution {
        name: "plenum_worker_loop_lag_seconds",
        help: "Time one batch of a worker's loop took, which everything behind it waited, in seconds.",
        read: |s| &s.lag_us,
        per: 1e6,
    },
    Distribution {
        name: "plenum_worker_received_batch_datagrams",
        help: "Datagrams that came in one batch of a worker's loop, of batches in which any came.",
        read: |s| &s.received_batches,
        per: 1.0,
    },
    Distribution {
        name: "plenum_worker_sent_batch_datagrams",
        help: "Datagrams that went out in one flush of a worker's loop, of flushes in which any went.",
        read: |s| &s.sent_batches,
        per: 1.0,
    },
];

/// Reads all workers' snapshots.
pub(super) struct WorkerCollector {
    source: SnapshotSource,
    descs: Vec<Desc>,
}

impl WorkerCollector {
    pub(super) fn new(source: SnapshotSource) -> prometheus::Result<Self> {
        let rows = ROWS
            .iter()
            .map(|row| (row.name, row.help))
            .chain(DISTRIBUTIONS.iter().map(|row| (row.name, row.help)));
        let descs = rows
            .map(|(name, help)| Desc::new(name.into(), help.into(), vec!["worker".into()], HashMap::new()))
            .collect::<prometheus::Result<_>>()?;
        Ok(Self { source, descs })
    }
}

impl Collector for WorkerCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let snapshots = (self.source.0)();
        let mut families: Vec<MetricFamily> = ROWS.iter().map(|row| family(row, &snapshots)).collect();
        families.extend(DISTRIBUTIONS.iter().map(|row| {
            let metrics = snapshots.iter().enumerate().map(|(worker, snapshot)| {
                let mut metric = Metric::from_label(labels(worker, &[]));
                metric.set_histogram(histogram((row.read)(snapshot), row.per));
                metric
            });
            named(row.name, row.help, MetricType::HISTOGRAM, metrics.collect())
        }));
        families
    }
}

fn family(row: &Row, snapshots: &[WorkerSnapshot]) -> MetricFamily {
    let metrics = snapshots.iter().enumerate().flat_map(|(worker, snapshot)| {
        (row.read)(snapshot).into_iter().map(move |(further, value)| {
            let mut metric = Metric::from_label(labels(worker, &further));
            if row.kind == MetricType::GAUGE {
                let mut gauge = Gauge::default();
                gauge.set_value(value as f64 / row.per);
                metric.set_gauge(gauge);
            } else {
                let mut counter = Counter::default();
                counter.set_value(value as f64 / row.per);
                metric.set_counter(counter);
            }
            metric
        })
    });
    named(row.name, row.help, row.kind, metrics.collect())
}

fn named(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.into());
    family.set_help(help.into());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

fn labels(worker: usize, further: &[(&'static str, &'static str)]) -> Vec<LabelPair> {
    let worker = [("worker", worker.to_string())];
    let further = further.iter().map(|(name, value)| (*name, (*value).to_owned()));
    // In the order of their names, as the text format wants them.
    let mut all: Vec<(&str, String)> = worker.into_iter().chain(further).collect();
    all.sort();
    let pair = |(name, value): (&str, String)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.into());
        pair.set_value(value);
        pair
    };
    all.into_iter().map(pair).collect()
}

fn histogram(seen: &node::Histogram, per: f64) -> Histogram {
    let buckets = seen.cumulative().map(|(bound, count)| {
        let mut bucket = Bucket::default();
        bucket.set_cumulative_count(count);
        bucket.set_upper_bound(bound as f64 / per);
        bucket
    });
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(seen.count());
    histogram.set_sample_sum(seen.sum() as f64 / per);
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_has_its_own_line_and_buckets_are_cumulative() {
        let mut busy = WorkerSnapshot::default();
        busy.router.video_out.packets = 7;
        busy.peers = peer::PeerStats {
            nacks_sent: 11,
            rtx_received: 12,
            dropped_in: 13,
            dropped_out: 14,
            padding_bytes: 15,
            probes: 16,
            pacer_drops: 17,
            repairs_copied: 18,
        };
        busy.health = router::Health {
            paused: [0, 0, 0, 3, 0, 0],
            quality: [0, 0, 4],
            estimates: 5,
            estimated_bits: 6_000,
        };
        for micros in [20, 30, 75, 75, 100] {
            busy.lag_us.record(micros);
        }
        busy.received_batches.record(33);
        busy.sent_batches.record(5);
        (busy.busy_permille, busy.cpu) = (250, std::time::Duration::from_millis(1_500));
        (busy.relay_depth, busy.router.panics) = (21, 22);
        (busy.router.imports, busy.router.exports, busy.router.shed) = (23, 24, 25);
        (busy.router.detours, busy.router.handed_over) = (26, 27);
        let source = SnapshotSource(Arc::new(move || vec![WorkerSnapshot::default(), busy.clone()]));
        let registry = prometheus::Registry::new();
        registry
            .register(Box::new(WorkerCollector::new(source).unwrap()))
            .unwrap();
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap();
        for line in [
            "plenum_forwarded_packets_total{kind=\"video\",worker=\"0\"} 0",
            "plenum_forwarded_packets_total{kind=\"video\",worker=\"1\"} 7",
            "plenum_worker_loop_lag_seconds_bucket{worker=\"1\",le=\"0.0001\"} 5",
            "plenum_worker_loop_lag_seconds_count{worker=\"1\"} 5",
            "plenum_worker_loop_lag_seconds_sum{worker=\"1\"} 0.0003",
            "plenum_worker_received_batch_datagrams_bucket{worker=\"1\",le=\"32\"} 0",
            "plenum_worker_received_batch_datagrams_bucket{worker=\"1\",le=\"64\"} 1",
            "plenum_worker_sent_batch_datagrams_sum{worker=\"1\"} 5",
            "plenum_worker_busy_ratio{worker=\"1\"} 0.25",
            "plenum_worker_cpu_seconds_total{worker=\"1\"} 1.5",
            "plenum_worker_relay_queue_depth{worker=\"1\"} 21",
            "plenum_peer_panics_total{worker=\"1\"} 22",
            "plenum_worker_imports{worker=\"1\"} 23",
            "plenum_worker_exports{worker=\"1\"} 24",
            "plenum_worker_shed_tracks{worker=\"1\"} 25",
            "plenum_worker_detours{worker=\"1\"} 26",
            "plenum_handed_over_datagrams_total{worker=\"1\"} 27",
            "plenum_publisher_nacked_packets_total{worker=\"1\"} 11",
            "plenum_publisher_retransmitted_packets_total{worker=\"1\"} 12",
            "plenum_peer_drops_total{direction=\"in\",worker=\"1\"} 13",
            "plenum_peer_drops_total{direction=\"out\",worker=\"1\"} 14",
            "plenum_drops_total{reason=\"no_track\",worker=\"1\"} 0",
            "plenum_padding_bytes_total{worker=\"1\"} 15",
            "plenum_probes_total{worker=\"1\"} 16",
            "plenum_pacer_drops_total{worker=\"1\"} 17",
            "plenum_copied_retransmissions_total{worker=\"1\"} 18",
            "plenum_slots_paused{reason=\"bandwidth\",worker=\"1\"} 3",
            "plenum_quality_participants{quality=\"poor\",worker=\"1\"} 4",
            "plenum_downlink_estimates{worker=\"1\"} 5",
            "plenum_downlink_estimated_bits_per_second{worker=\"1\"} 6000",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
