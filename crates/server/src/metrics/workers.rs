//! The workers' counters as metrics: one table, read from the snapshots when somebody asks.

use node::{LAG_BUCKETS_US, WorkerSnapshot};
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use router::{DROP_NAMES, PAUSE_NAMES, QUALITY_NAMES};
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

/// Values of one metric on one worker, with their further labels.
type Read = fn(&WorkerSnapshot) -> Vec<(Vec<(&'static str, &'static str)>, u64)>;

/// One row of the table.
struct Row {
    name: &'static str,
    kind: MetricType,
    help: &'static str,
    read: Read,
}

const fn gauge(name: &'static str, help: &'static str, read: Read) -> Row {
    Row {
        name,
        kind: MetricType::GAUGE,
        help,
        read,
    }
}

const fn counter(name: &'static str, help: &'static str, read: Read) -> Row {
    Row {
        name,
        kind: MetricType::COUNTER,
        help,
        read,
    }
}

fn plain(value: u64) -> Vec<(Vec<(&'static str, &'static str)>, u64)> {
    vec![(Vec::new(), value)]
}

fn by_kind(audio: u64, video: u64) -> Vec<(Vec<(&'static str, &'static str)>, u64)> {
    vec![(vec![("kind", "audio")], audio), (vec![("kind", "video")], video)]
}

fn drops(s: &WorkerSnapshot) -> Vec<(Vec<(&'static str, &'static str)>, u64)> {
    named_by("reason", &DROP_NAMES, &s.router.drops)
}

fn named_by(
    label: &'static str,
    names: &[&'static str],
    values: &[u64],
) -> Vec<(Vec<(&'static str, &'static str)>, u64)> {
    let values = names.iter().zip(values);
    values
        .map(|(name, value)| (vec![(label, *name)], *value))
        .collect()
}

fn peer_drops(s: &WorkerSnapshot) -> Vec<(Vec<(&'static str, &'static str)>, u64)> {
    vec![
        (vec![("direction", "in")], s.peers.dropped_in),
        (vec![("direction", "out")], s.peers.dropped_out),
    ]
}

static ROWS: &[Row] = &[
    gauge(
        "plenum_worker_peers",
        "Peer connections on this worker now.",
        |s| plain(s.router.peers),
    ),
    gauge(
        "plenum_worker_rooms",
        "Rooms with at least one peer connection on this worker now.",
        |s| plain(s.router.rooms),
    ),
    gauge(
        "plenum_worker_tracks",
        "Published tracks on this worker now.",
        |s| plain(s.router.tracks),
    ),
    gauge(
        "plenum_worker_slots",
        "Receive m-lines of all peer connections now.",
        |s| plain(s.router.slots),
    ),
    gauge(
        "plenum_worker_slots_assigned",
        "Slots with a track in them now.",
        |s| plain(s.router.slots_assigned),
    ),
    gauge(
        "plenum_slots_paused",
        "Slots with a track of which nothing flows now, by reason.",
        |s| named_by("reason", &PAUSE_NAMES, &s.health.paused),
    ),
    gauge(
        "plenum_quality_participants",
        "Participants now, by the quality of their call: good from a score of 80 on, fair from 50 on.",
        |s| named_by("quality", &QUALITY_NAMES, &s.health.quality),
    ),
    gauge(
        "plenum_downlink_estimates",
        "Participants whose downlink is measured now.",
        |s| plain(s.health.estimates),
    ),
    gauge(
        "plenum_downlink_estimated_bits_per_second",
        "Sum of what their downlinks are estimated to carry now.",
        |s| plain(s.health.estimated_bits),
    ),
    gauge(
        "plenum_worker_addresses",
        "Client addresses that ICE has validated now.",
        |s| plain(s.router.addresses),
    ),
    gauge(
        "plenum_worker_tcp_connections",
        "ICE-TCP connections open now.",
        |s| plain(s.tcp_connections),
    ),
    gauge(
        "plenum_worker_queue_depth",
        "Commands waiting in the worker's mailbox, the most seen in the last second.",
        |s| plain(s.mailbox_depth),
    ),
    counter(
        "plenum_worker_events_deferred_total",
        "Events held back because the control plane's queue was full.",
        |s| plain(s.events_deferred),
    ),
    counter(
        "plenum_received_datagrams_total",
        "Datagrams from clients over UDP and TCP.",
        |s| plain(s.datagrams_in),
    ),
    counter(
        "plenum_sent_datagrams_total",
        "Datagrams to clients over UDP and TCP.",
        |s| plain(s.datagrams_out),
    ),
    counter(
        "plenum_send_calls_total",
        "System calls that sent the UDP datagrams; fewer than datagrams where segmentation offload works.",
        |s| plain(s.send_calls),
    ),
    counter("plenum_send_drops_total", "Datagrams the socket refused.", |s| {
        plain(s.send_drops)
    }),
    counter(
        "plenum_tcp_refused_total",
        "ICE-TCP connections refused or ended by a limit.",
        |s| plain(s.tcp_refused),
    ),
    counter(
        "plenum_received_packets_total",
        "Media packets from publishers.",
        |s| by_kind(s.router.audio_in.packets, s.router.video_in.packets),
    ),
    counter(
        "plenum_received_bytes_total",
        "Payload bytes of media packets from publishers.",
        |s| by_kind(s.router.audio_in.bytes, s.router.video_in.bytes),
    ),
    counter(
        "plenum_forwarded_packets_total",
        "Media packets to subscribers, retransmissions not counted.",
        |s| by_kind(s.router.audio_out.packets, s.router.video_out.packets),
    ),
    counter(
        "plenum_forwarded_bytes_total",
        "Payload bytes of media packets to subscribers, retransmissions not counted.",
        |s| by_kind(s.router.audio_out.bytes, s.router.video_out.bytes),
    ),
    counter(
        "plenum_retransmitted_packets_total",
        "Packets sent again to subscribers that missed them.",
        |s| plain(s.router.retransmissions_out.packets),
    ),
    counter(
        "plenum_retransmitted_bytes_total",
        "Payload bytes sent again to subscribers.",
        |s| plain(s.router.retransmissions_out.bytes),
    ),
    counter(
        "plenum_nacked_packets_total",
        "Packets subscribers said were missing (NACK).",
        |s| plain(s.router.nacked_packets),
    ),
    counter(
        "plenum_keyframe_requests_received_total",
        "PLI and FIR from subscribers.",
        |s| plain(s.router.keyframe_requests_in),
    ),
    counter("plenum_keyframe_requests_sent_total", "PLI to publishers.", |s| {
        plain(s.router.keyframe_requests_out)
    }),
    counter(
        "plenum_publisher_nacked_packets_total",
        "Packets publishers were asked to send again (NACK).",
        |s| plain(s.peers.nacks_sent),
    ),
    counter(
        "plenum_publisher_retransmitted_packets_total",
        "Packets publishers sent again, unwrapped from RTX.",
        |s| plain(s.peers.rtx_received),
    ),
    counter(
        "plenum_peer_drops_total",
        "Packets dropped at peer connections: in, that could not be parsed, decrypted or attributed; out, for a slot or codec that was not negotiated.",
        peer_drops,
    ),
    counter(
        "plenum_relay_packets_sent_total",
        "Media packets to other workers, for viewers there.",
        |s| plain(s.router.relay_out.packets),
    ),
    counter(
        "plenum_relay_packets_received_total",
        "Media packets from other workers, repairs among them.",
        |s| plain(s.router.relay_in.packets),
    ),
    counter(
        "plenum_relay_missing_packets_total",
        "Packets of other workers that were missing, each as often as it was asked for.",
        |s| plain(s.router.relay_missing),
    ),
    counter(
        "plenum_relay_resent_packets_total",
        "Packets sent again to other workers.",
        |s| plain(s.router.relay_resent),
    ),
    counter(
        "plenum_layer_switches_total",
        "Changes of layer or track in a slot that reached their keyframe.",
        |s| plain(s.router.switches),
    ),
    counter(
        "plenum_padding_bytes_total",
        "Padding in bytes, sent to find out what downlinks carry, headers included.",
        |s| plain(s.peers.padding_bytes),
    ),
    counter(
        "plenum_probes_total",
        "Probe clusters sent to find out what downlinks carry.",
        |s| plain(s.peers.probes),
    ),
    counter(
        "plenum_pacer_drops_total",
        "Packets dropped because a downlink's pacer was full, or held enough retransmissions.",
        |s| plain(s.peers.pacer_drops),
    ),
    counter(
        "plenum_copied_retransmissions_total",
        "Retransmissions sent a second time, to subscribers far away whose packets get lost.",
        |s| plain(s.peers.repairs_copied),
    ),
    counter(
        "plenum_sender_reports_total",
        "Sender reports to subscribers.",
        |s| plain(s.router.reports_out),
    ),
    counter(
        "plenum_data_messages_received_total",
        "Data-channel messages from clients that were relayed.",
        |s| plain(s.router.data_in.packets),
    ),
    counter(
        "plenum_data_bytes_received_total",
        "Payload bytes of data-channel messages that were relayed.",
        |s| plain(s.router.data_in.bytes),
    ),
    counter(
        "plenum_data_messages_sent_total",
        "Data-channel messages handed to readers' channels.",
        |s| plain(s.router.data_out.packets),
    ),
    counter(
        "plenum_data_bytes_sent_total",
        "Payload bytes of data-channel messages handed to readers' channels.",
        |s| plain(s.router.data_out.bytes),
    ),
    counter(
        "plenum_drops_total",
        "Packets, messages and commands dropped, by reason.",
        drops,
    ),
];

const LAG_NAME: &str = "plenum_worker_loop_lag_seconds";
const LAG_HELP: &str =
    "Time one batch of a worker's loop took, which everything behind it waited, in seconds.";

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
            .chain([(LAG_NAME, LAG_HELP)]);
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
        let metrics = snapshots.iter().enumerate().map(|(worker, snapshot)| {
            let mut metric = Metric::from_label(labels(worker, &[]));
            metric.set_histogram(lag(snapshot));
            metric
        });
        families.push(named(
            LAG_NAME,
            LAG_HELP,
            MetricType::HISTOGRAM,
            metrics.collect(),
        ));
        families
    }
}

fn family(row: &Row, snapshots: &[WorkerSnapshot]) -> MetricFamily {
    let metrics = snapshots.iter().enumerate().flat_map(|(worker, snapshot)| {
        (row.read)(snapshot).into_iter().map(move |(further, value)| {
            let mut metric = Metric::from_label(labels(worker, &further));
            if row.kind == MetricType::GAUGE {
                let mut gauge = Gauge::default();
                gauge.set_value(value as f64);
                metric.set_gauge(gauge);
            } else {
                let mut counter = Counter::default();
                counter.set_value(value as f64);
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

fn lag(snapshot: &WorkerSnapshot) -> Histogram {
    let mut cumulative = 0;
    let buckets = LAG_BUCKETS_US
        .iter()
        .zip(snapshot.lag_buckets)
        .map(|(bound_us, count)| {
            cumulative += count;
            let mut bucket = Bucket::default();
            bucket.set_cumulative_count(cumulative);
            bucket.set_upper_bound(*bound_us as f64 / 1e6);
            bucket
        });
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(snapshot.lag_buckets.iter().sum());
    histogram.set_sample_sum(snapshot.lag_sum_us as f64 / 1e6);
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
            paused: [0, 0, 0, 3, 0],
            quality: [0, 0, 4],
            estimates: 5,
            estimated_bits: 6_000,
        };
        busy.lag_buckets[0] = 2;
        busy.lag_buckets[1] = 3;
        busy.lag_sum_us = 300;
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
