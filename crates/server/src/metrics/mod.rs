//! What operators watch. Every metric has a help text with its unit and labels from closed lists; docs/metrics.md
//! is written from what is registered here.

mod rows;
mod workers;

pub use workers::SnapshotSource;

use crate::control::{MOVE_OUTCOMES, Refusal};
use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};
use signaling::{ClientMessage, ErrorCode, ServerMessage};

/// Upper bounds in seconds for what a person waits for.
const JOIN_BUCKETS: [f64; 11] = [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0];
/// Upper bounds in seconds for what one core computes.
const OFFER_BUCKETS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0];

/// Why a WebSocket was not opened.
pub(crate) const REFUSALS: [&str; 4] = ["draining", "origin", "protocol", "too_many"];
/// Why a session ended.
pub(crate) const SESSION_ENDS: [&str; 14] = [
    "client",
    "leave",
    "idle",
    "join_timeout",
    "slow",
    "flood",
    "frame_too_large",
    "replaced",
    "media_silent",
    "token_expired",
    "not_allowed",
    "duplicate_identity",
    "draining",
    "fault",
];
/// What became of an offer.
pub(crate) const OFFER_RESULTS: [&str; 4] = ["accepted", "rejected", "busy", "gone"];

/// Every metric of the control plane; those of the workers are read from their snapshots when asked for.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    pub(crate) rooms: IntGauge,
    pub(crate) participants: IntGauge,
    pub(crate) tracks: IntGauge,
    pub(crate) sessions: IntGauge,
    pub(crate) session_ends: IntCounterVec,
    pub(crate) refusals: IntCounterVec,
    pub(crate) messages_in: IntCounterVec,
    pub(crate) messages_out: IntCounterVec,
    pub(crate) errors: IntCounterVec,
    pub(crate) connections: IntCounterVec,
    pub(crate) disconnections: IntCounterVec,
    pub(crate) join_seconds: Histogram,
    pub(crate) offers: IntCounterVec,
    pub(crate) offer_seconds: Histogram,
    pub(crate) control_queue: IntGauge,
    pub(crate) event_queue: IntGauge,
    pub(crate) joins_refused: IntCounterVec,
    pub(crate) full: IntGauge,
    pub(crate) moves: IntCounterVec,
    pub(crate) commands_refused: IntCounter,
    pub(crate) trace_lines_lost: IntCounter,
}

struct Builder {
    registry: Registry,
}

impl Builder {
    fn add<C: Collector + Clone + 'static>(&self, metric: prometheus::Result<C>) -> prometheus::Result<C> {
        let metric = metric?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        self.add(IntGauge::new(name, help))
    }

    fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        self.add(IntCounter::new(name, help))
    }

    /// One label, whose values are all known: they show as 0 from the start, so that rates work from the first.
    fn counters(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: &[&str],
    ) -> prometheus::Result<IntCounterVec> {
        let counters = self.add(IntCounterVec::new(Opts::new(name, help), &[label]))?;
        for value in values {
            counters.get_metric_with_label_values(&[value])?;
        }
        Ok(counters)
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> prometheus::Result<Histogram> {
        self.add(Histogram::with_opts(
            HistogramOpts::new(name, help).buckets(buckets.to_vec()),
        ))
    }
}

impl Metrics {
    /// Registers everything in a registry of its own.
    ///
    /// # Errors
    /// When two metrics share a name: a fault of this program.
    pub fn new(workers: SnapshotSource) -> prometheus::Result<Self> {
        let b = Builder {
            registry: Registry::new(),
        };
        let metrics = Self {
            rooms: b.gauge("plenum_rooms", "Rooms now.")?,
            participants: b.gauge("plenum_participants", "Participants in all rooms now.")?,
            tracks: b.gauge("plenum_tracks", "Published tracks now.")?,
            sessions: b.gauge("plenum_sessions", "Signaling connections (WebSockets) open now.")?,
            session_ends: b.counters("plenum_session_ends_total", "Signaling connections that ended, by reason.", "reason", &SESSION_ENDS)?,
            refusals: b.counters("plenum_session_refusals_total", "Signaling connections refused before they opened, by reason.", "reason", &REFUSALS)?,
            messages_in: b.counters("plenum_signaling_messages_received_total", "Signaling messages from clients, by type.", "type", &ClientMessage::TYPES)?,
            messages_out: b.counters("plenum_signaling_messages_sent_total", "Signaling messages to clients, by type.", "type", &ServerMessage::TYPES)?,
            errors: b.counters("plenum_signaling_errors_total", "Errors told to clients, by code.", "code", &ErrorCode::ALL.map(ErrorCode::name))?,
            connections: b.add(IntCounterVec::new(
                Opts::new("plenum_connections_total", "Peer connections established, by negotiated SRTP profile and transport of the first path."),
                &["srtp_profile", "transport"],
            ))?,
            disconnections: b.counters("plenum_disconnections_total", "Peer connections that ended without a leave, by whether a DTLS handshake ended with an alert.", "dtls_alert", &["false", "true"])?,
            join_seconds: b.histogram("plenum_join_duration_seconds", "Time from join to media connected, in seconds.", &JOIN_BUCKETS)?,
            offers: b.counters("plenum_offers_total", "First offers of participants, by result.", "result", &OFFER_RESULTS)?,
            offer_seconds: b.histogram("plenum_offer_duration_seconds", "Time to build a peer and its answer from a first offer, waiting for a free core included, in seconds.", &OFFER_BUCKETS)?,
            control_queue: b.gauge("plenum_control_queue_depth", "Messages waiting for the control plane now.")?,
            event_queue: b.gauge("plenum_event_queue_depth", "Events of all workers waiting for the control plane now.")?,
            joins_refused: b.counters("plenum_joins_refused_total", "Joins refused because this node is full, by what it has too much of.", "reason", &Refusal::NAMES)?,
            full: b.gauge("plenum_node_full", "1 while nobody more is taken, 0 otherwise.")?,
            moves: b.counters("plenum_moves_total", "Participants who were to move from a busy worker to one that has time, by what became of it.", "outcome", &MOVE_OUTCOMES)?,
            commands_refused: b.counter("plenum_worker_commands_refused_total", "Commands a worker's full mailbox did not take.")?,
            trace_lines_lost: b.counter("plenum_trace_lines_lost_total", "Lines of bandwidth_trace that did not get to the disk: it is full, or slower than the trace.")?,
            registry: b.registry.clone(),
        };
        let build = b.add(IntGaugeVec::new(
            Opts::new("plenum_build_info", "Always 1; the version is the label."),
            &["version"],
        ))?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        b.registry
            .register(Box::new(workers::WorkerCollector::new(workers)?))?;
        b.registry.register(Box::new(
            prometheus::process_collector::ProcessCollector::for_self(),
        ))?;
        Ok(metrics)
    }

    /// Everything as it is now.
    pub fn gather(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }

    /// Everything as text (Prometheus exposition format 0.0.4).
    ///
    /// # Errors
    /// When a metric cannot be written: a fault of this program.
    pub fn text(&self) -> prometheus::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(32 * 1024);
        TextEncoder::new().encode(&self.gather(), &mut text)?;
        Ok(text)
    }
}

/// docs/metrics.md.
pub fn markdown(families: &[MetricFamily]) -> String {
    let mut text = String::from(
        "# Metrics\n\n`GET /metrics` answers in the Prometheus text format. Counters of workers are copied once a second. \
         The values of every label come from closed lists: their number never grows with rooms or participants.\n\n\
         | metric | type | labels | |\n|---|---|---|---|\n",
    );
    for family in families {
        let labels = family.get_metric().first().map_or(String::new(), |metric| {
            let names = metric
                .get_label()
                .iter()
                .map(|label| format!("`{}`", label.name()));
            names.collect::<Vec<_>>().join(", ")
        });
        let kind = format!("{:?}", family.get_field_type()).to_lowercase();
        text.push_str(&format!(
            "| `{}` | {kind} | {labels} | {} |\n",
            family.name(),
            family.help()
        ));
    }
    text.push_str("\n<!-- Written from what the program registers; `PLENUM_WRITE_DOCS=1 cargo test -p server --test documents` writes it anew. -->\n");
    text
}
