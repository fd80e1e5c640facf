//! Pacer, probes, history and estimator of one participant's downlink.

mod history;
mod limited;
mod pacer;
mod probes;

use crate::estimate::{Demand, Estimate};
use crate::feedback::{Estimator, Fallback, Report, TransportSeq};
use crate::trace::Change;
use history::History;
use limited::ApplicationLimited;
use media::Bitrate;
use pacer::Pacer;
use probes::Probes;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The pace as a multiple of the estimate (libwebrtc: 2.5, because its estimate has to leave room). Higher: keyframes
/// fill the path's queue, and look like overuse. Lower: frames arrive late.
const PACE: f64 = 1.25;
/// The pace on a path whose end was seen, as a multiple of what it carried then. Higher: a keyframe waits in the path's
/// queue, and sound behind it; lower: a burst takes longer than it has to.
const FULL_PACE: f64 = 1.05;
/// The pace while the path shows a queue.
const CALM_PACE: f64 = 1.05;
/// Until anything is known of the path, and for ever where no estimate comes: faster than any view.
const UNKNOWN_PACE: f64 = 50_000_000.0;

/// In what order things leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Sound: at once, whatever waits.
    Audio,
    /// Video sent again.
    Retransmission,
    /// Video.
    Video,
}

/// A packet on its way out.
#[derive(Debug, Clone)]
pub struct Outgoing<P> {
    /// The packet; opaque here.
    pub packet: P,
    /// On the wire: see [`crate::DATAGRAM_OVERHEAD`].
    pub bytes: u32,
    /// In what order.
    pub priority: Priority,
    /// Whether the receiver will report on it: its section negotiated transport-cc (Firefox negotiates none for
    /// audio).
    pub reported: bool,
}

/// What to put on the wire now.
#[derive(Debug, Clone, PartialEq)]
pub enum Release<P> {
    /// A packet that was pushed; with the number to write into its header extension, if it is reported.
    Packet {
        /// As pushed.
        packet: P,
        /// Its transport-wide number.
        seq: Option<TransportSeq>,
    },
    /// Padding: a recent packet once more as RTX, or a packet of padding alone, of about so many bytes on the wire.
    /// Always tell [`Downlink::padding_sent`] how many it was.
    Padding {
        /// Asked for.
        bytes: u32,
        /// Its transport-wide number.
        seq: TransportSeq,
    },
}

/// Counters of one downlink since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DownlinkStats {
    /// Bytes on the wire of sound.
    pub audio_bytes: u64,
    /// Of video.
    pub video_bytes: u64,
    /// Of video sent again because it was missed.
    pub retransmission_bytes: u64,
    /// Of padding, for probes.
    pub padding_bytes: u64,
    /// Probe clusters started.
    pub probes: u64,
    /// Of these, found that the path carries more.
    pub probes_succeeded: u64,
    /// Packets that were pushed out of a full pacer, and repairs for which it had no room.
    pub pacer_drops: u64,
    /// Repairs that were queued a second time.
    pub repairs_copied: u64,
}

/// Where a lost repair costs another long round trip, each repair is sent twice: from this loss and this round trip on.
/// Lower: bandwidth for repairs that would have come in time anyway.
const COPIED: (f64, Duration) = (0.02, Duration::from_millis(150));
/// The second so much after the first: a burst of losses is over by then. Longer: the copy is hardly sooner than the
/// next request; shorter: the same burst takes both.
const COPY_AFTER: Duration = Duration::from_millis(60);
/// Copies that may wait. When full there are no more until some have left.
const MAX_COPIES: usize = 256;

/// One participant's downlink.
#[derive(Debug)]
pub struct Downlink<P> {
    pacer: Pacer<P>,
    /// Repairs to be sent a second time, and when.
    copies: VecDeque<(Instant, Outgoing<P>)>,
    probes: Probes,
    history: History,
    limited: ApplicationLimited,
    estimator: Box<dyn Estimator>,
    /// What it says, as of the last time it was told something: asked for with every packet.
    known: Known,
    /// The far end can report.
    reports: bool,
    /// It has.
    reported: bool,
    /// Something was sent that it could report on.
    numbered: bool,
    /// REMB or receiver reports came, and no transport-cc.
    fallback: bool,
    stats: DownlinkStats,
}

impl<P: Clone> Downlink<P> {
    /// A downlink of which nothing is known, under this estimator.
    pub fn new(now: Instant, estimator: Box<dyn Estimator>) -> Self {
        Self {
            pacer: Pacer::new(now, UNKNOWN_PACE),
            copies: VecDeque::new(),
            probes: Probes::default(),
            history: History::default(),
            limited: ApplicationLimited::new(now),
            known: Known::of(estimator.as_ref()),
            estimator,
            reports: false,
            reported: false,
            numbered: false,
            fallback: false,
            stats: DownlinkStats::default(),
        }
    }

    /// A packet to send.
    pub fn push(&mut self, now: Instant, outgoing: Outgoing<P>) {
        if self.pacer.is_empty() {
            self.pacer.refill(now);
        }
        if outgoing.priority == Priority::Retransmission && self.copies_repairs() {
            self.copies.push_back((now + COPY_AFTER, outgoing.clone()));
            self.stats.repairs_copied += 1;
        }
        self.pacer.push(outgoing);
    }

    /// Whether repairs are sent twice at present.
    fn copies_repairs(&self) -> bool {
        is_copied(&self.known.estimate) && !self.known.overused && self.copies.len() < MAX_COPIES
    }

    /// Copies whose time has come join the queue.
    fn queue_copies(&mut self, now: Instant) {
        while self.copies.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, copy)) = self.copies.pop_front() else {
                break;
            };
            self.pacer.push(copy);
        }
    }

    /// The next packet that may leave now.
    pub fn poll_release(&mut self, now: Instant) -> Option<Release<P>> {
        self.plan(now);
        self.queue_copies(now);
        let due = self.probes.due(now);
        if let Some(outgoing) = self.pacer.pop(now, due.is_some()) {
            // Whatever leaves meanwhile takes its share of the path.
            let probe = self.probes.current();
            return Some(self.release(now, outgoing, probe));
        }
        let probe = due?;
        let bytes = self.probes.padding();
        let seq = self.history.add(now, bytes, Some(probe));
        Some(Release::Padding { bytes, seq })
    }

    fn release(&mut self, now: Instant, outgoing: Outgoing<P>, probe: Option<crate::Probe>) -> Release<P> {
        let bytes = outgoing.bytes;
        let class = match outgoing.priority {
            Priority::Audio => &mut self.stats.audio_bytes,
            Priority::Retransmission => &mut self.stats.retransmission_bytes,
            Priority::Video => &mut self.stats.video_bytes,
        };
        *class += u64::from(bytes);
        let numbered = outgoing.reported && self.reports;
        self.numbered |= numbered;
        let probe = probe.filter(|_| numbered);
        let seq = numbered.then(|| self.history.add(now, bytes, probe));
        self.left(now, bytes, probe.is_some());
        Release::Packet {
            packet: outgoing.packet,
            seq,
        }
    }

    fn left(&mut self, now: Instant, bytes: u32, of_probe: bool) {
        self.pacer.spend(bytes);
        self.limited.sent(now, bytes);
        if of_probe {
            self.probes.sent(now, bytes, &self.known.estimate);
        }
    }

    /// How large the padding packet with this number was; 0 when none could be sent.
    pub fn padding_sent(&mut self, now: Instant, seq: TransportSeq, bytes: u32) {
        self.history.correct(seq, bytes);
        if bytes == 0 {
            return self.probes.give_up(now);
        }
        self.left(now, bytes, true);
        self.stats.padding_bytes += u64::from(bytes);
    }

    /// Whether the far end can report at all: transport-cc was negotiated on some section. Without, nothing is
    /// numbered, padded or probed, and the fallback decides.
    pub fn set_reports(&mut self, reports: bool) {
        self.reports = reports;
        self.repace(self.pacer.updated());
    }

    /// A transport-cc message, in ascending order of sequence number.
    pub fn handle_feedback(&mut self, now: Instant, reports: &[Report]) {
        if !self.reports {
            return;
        }
        self.reported = true;
        let target = self.known.estimate.target;
        let limited = self.limited.since(now, target, self.pacer.is_empty());
        let feedback = self.history.resolve(now, reports, limited);
        for lost in &feedback.lost {
            if let Some(probe) = lost.probe {
                self.probes.lost(probe.id, lost.bytes);
            }
        }
        self.estimator.handle_feedback(&feedback);
        self.repace(now);
    }

    /// REMB or a receiver report; without effect while transport-cc reports come.
    pub fn handle_fallback(&mut self, now: Instant, fallback: Fallback) {
        if self.reported {
            return;
        }
        self.fallback = true;
        self.estimator.handle_fallback(now, fallback);
        self.repace(now);
    }

    /// What the allocator wants.
    pub fn set_demand(&mut self, now: Instant, demand: Demand) {
        self.estimator.set_demand(now, demand);
        self.probes.set_demand(now, demand);
        self.known = Known::of(self.estimator.as_ref());
    }

    /// Whether there is anything to judge the path by: transport-cc was negotiated, or REMB or receiver reports came.
    pub fn is_measured(&self) -> bool {
        self.reports || self.fallback
    }

    /// What the path carries.
    pub fn estimate(&self) -> Estimate {
        self.known.estimate
    }

    /// Whether padding may be asked for before long: otherwise nothing needs to be kept for it.
    pub fn may_pad(&self) -> bool {
        self.may_probe() && self.probes.are_wanted()
    }

    /// Counters.
    pub fn stats(&self) -> DownlinkStats {
        DownlinkStats {
            probes: self.probes.started,
            probes_succeeded: self.probes.succeeded,
            pacer_drops: self.pacer.dropped,
            ..self.stats
        }
    }

    /// How long what waits in the pacer will take.
    pub fn queue_time(&self) -> Duration {
        self.pacer.queue_time()
    }

    /// The time [`Self::poll_timeout`] asked for has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.known.timeout.is_some_and(|at| at <= now) {
            self.estimator.handle_timeout(now);
            self.repace(now);
        }
        self.plan(now);
    }

    /// When to call [`Self::handle_timeout`], and then [`Self::poll_release`], next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let probes = self.probes.poll_timeout().filter(|_| self.may_probe());
        let copies = self.copies.front().map(|(at, _)| *at);
        [self.known.timeout, self.pacer.poll_timeout(), probes, copies]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next decision, for a trace. Kept only while somebody reads them: at most 256, the oldest goes.
    pub fn poll_change(&mut self) -> Option<Change> {
        self.estimator.poll_change()
    }

    /// Whether to probe: where reports can come, which the first report shows. As long as nothing is sent that could be
    /// reported, padding must: whoever watches only a screen that costs more than the start would never see it. (Sound may
    /// flow all the while: Firefox reports none.)
    fn may_probe(&self) -> bool {
        self.reports && (self.reported || (!self.numbered && self.pacer.is_empty()))
    }

    fn plan(&mut self, now: Instant) {
        if self.may_probe() {
            let known = &self.known;
            self.probes
                .plan(now, &known.estimate, known.capacity, known.overused);
        }
    }

    /// The estimator was told something.
    fn repace(&mut self, now: Instant) {
        self.known = Known::of(self.estimator.as_ref());
        let known = self.is_measured();
        let calm = known && self.known.overused;
        let factor = if calm { CALM_PACE } else { PACE };
        let most = (self.known.capacity).map_or(f64::INFINITY, |capacity| capacity.0 as f64 * FULL_PACE);
        let rate = if known {
            (self.known.estimate.target.0 as f64 * factor).min(most)
        } else {
            UNKNOWN_PACE
        };
        let free = !calm && self.known.capacity.is_none();
        self.pacer.set_rate(now, rate, calm, free);
    }
}

/// What an estimator says.
#[derive(Debug)]
struct Known {
    estimate: Estimate,
    overused: bool,
    capacity: Option<Bitrate>,
    timeout: Option<Instant>,
}

impl Known {
    fn of(estimator: &dyn Estimator) -> Self {
        Self {
            estimate: estimator.estimate(),
            overused: estimator.is_overused(),
            capacity: estimator.capacity(),
            timeout: estimator.poll_timeout(),
        }
    }
}

/// Whether repairs are worth sending twice.
fn is_copied(estimate: &Estimate) -> bool {
    estimate.repairs >= COPIED.0 && estimate.round_trip >= COPIED.1
}
