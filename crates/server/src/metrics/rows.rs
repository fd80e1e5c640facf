//! The workers' counters and gauges, one row each.

use node::WorkerSnapshot;
use prometheus::proto::MetricType;
use router::{DROP_NAMES, PAUSE_NAMES, QUALITY_NAMES};

/// Values of one metric on one worker, with their further labels.
pub(super) type Read = fn(&WorkerSnapshot) -> Vec<(Vec<(&'static str, &'static str)>, u64)>;

/// One row of the table.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) kind: MetricType,
    pub(super) help: &'static str,
    pub(super) read: Read,
    /// How many of the values make one of the metric's unit.
    pub(super) per: f64,
}

impl Row {
    const fn per(mut self, unit: f64) -> Self {
        self.per = unit;
        self
    }
}

const fn gauge(name: &'static str, help: &'static str, read: Read) -> Row {
    Row {
        name,
        kind: MetricType::GAUGE,
        help,
        read,
        per: 1.0,
    }
}

const fn counter(name: &'static str, help: &'static str, read: Read) -> Row {
    Row {
        name,
        kind: MetricType::COUNTER,
        help,
        read,
        per: 1.0,
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

pub(super) static ROWS: &[Row] = &[
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
        "plenum_worker_busy_ratio",
        "Share of the last second that this worker worked instead of waiting, 0 to 1.",
        |s| plain(s.busy_permille.into()),
    )
    .per(1e3),
    counter(
        "plenum_worker_cpu_seconds_total",
        "CPU time of this worker's thread, in seconds.",
        |s| plain(u64::try_from(s.cpu.as_micros()).unwrap_or(u64::MAX)),
    )
    .per(1e6),
    gauge(
        "plenum_worker_shed_tracks",
        "Tracks paused on this worker because it has too much to do, now.",
        |s| plain(s.router.shed),
    ),
    gauge(
        "plenum_worker_imports",
        "Tracks of other workers that can be assigned on this one now.",
        |s| plain(s.router.imports),
    ),
    gauge(
        "plenum_worker_exports",
        "Tracks of this worker that others watch now; each counts once for every worker that does.",
        |s| plain(s.router.exports),
    ),
    gauge(
        "plenum_worker_detours",
        "Participants who have moved from this worker to another and whose clients go on to send to its port, now.",
        |s| plain(s.router.detours),
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
    gauge(
        "plenum_worker_relay_queue_depth",
        "Messages of other workers waiting for this one, the most seen in the last second.",
        |s| plain(s.relay_depth),
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
        "plenum_peer_panics_total",
        "Peer connections ended because something panicked in them: each is a fault of this program, and standard error says where.",
        |s| plain(s.router.panics),
    ),
    counter(
        "plenum_handed_over_datagrams_total",
        "Datagrams passed on to the workers that participants have moved to.",
        |s| plain(s.router.handed_over),
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
