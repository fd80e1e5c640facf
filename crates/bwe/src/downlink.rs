//! Pacer, probes, history and estimator of one participant's downlink.

use crate::estimate::{Demand, Estimate};
use crate::feedback::{Estimator, Fallback, Report, TransportSeq};
use crate::trace::Change;
use std::collections::VecDeque;
use std::time::Instant;

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
    /// Tell [`Downlink::padding_sent`] how many it was.
    Padding {
        /// Asked for.
        bytes: u32,
        /// Its transport-wide number.
        seq: TransportSeq,
    },
}

/// One participant's downlink.
#[derive(Debug)]
pub struct Downlink<P> {
    queue: VecDeque<Outgoing<P>>,
    next_seq: u16,
    estimator: Box<dyn Estimator>,
}

impl<P> Downlink<P> {
    /// A downlink of which nothing is known, under this estimator.
    pub fn new(_now: Instant, estimator: Box<dyn Estimator>) -> Self {
        Self {
            queue: VecDeque::new(),
            next_seq: 0,
            estimator,
        }
    }

    /// A packet to send.
    pub fn push(&mut self, _now: Instant, outgoing: Outgoing<P>) {
        self.queue.push_back(outgoing);
    }

    /// The next packet that may leave now.
    pub fn poll_release(&mut self, _now: Instant) -> Option<Release<P>> {
        let outgoing = self.queue.pop_front()?;
        let seq = outgoing.reported.then_some(TransportSeq(self.next_seq));
        self.next_seq = self.next_seq.wrapping_add(u16::from(seq.is_some()));
        Some(Release::Packet {
            packet: outgoing.packet,
            seq,
        })
    }

    /// How large the padding packet with this number was; 0 when none could be sent.
    pub fn padding_sent(&mut self, _seq: TransportSeq, _bytes: u32) {}

    /// Whether the far end can report at all: transport-cc was negotiated on some section. Without, nothing is
    /// numbered, padded or probed, and the fallback decides.
    pub fn set_reports(&mut self, _reports: bool) {}

    /// A transport-cc message, in ascending order of sequence number.
    pub fn handle_feedback(&mut self, _now: Instant, _reports: &[Report]) {}

    /// REMB or a receiver report; without effect while transport-cc reports come.
    pub fn handle_fallback(&mut self, now: Instant, fallback: Fallback) {
        self.estimator.handle_fallback(now, fallback);
    }

    /// What the allocator wants.
    pub fn set_demand(&mut self, now: Instant, demand: Demand) {
        self.estimator.set_demand(now, demand);
    }

    /// What the path carries.
    pub fn estimate(&self) -> Estimate {
        self.estimator.estimate()
    }

    /// The time [`Self::poll_timeout`] asked for has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.estimator.handle_timeout(now);
    }

    /// When to call [`Self::handle_timeout`], and then [`Self::poll_release`], next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.estimator.poll_timeout()
    }

    /// The next decision, for a trace. Kept only while somebody reads them: at most 256, the oldest goes.
    pub fn poll_change(&mut self) -> Option<Change> {
        self.estimator.poll_change()
    }
}
