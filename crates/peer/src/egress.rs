//! Media on its way out: through the downlink's pacer to the wire, and what the client says of it back in.

use crate::api::PeerEvent;
use crate::padding::{Filler, Recent};
use crate::send::Sender;
use crate::slot::Plain;
use crate::transport_cc;
use bwe::{Controller, Demand, Downlink, Estimate, Fallback, Priority, Release, Report};
use media::packet::SlotPacket;
use media::{Kind, MLineIndex};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Shortest time between two [`PeerEvent::Bandwidth`]. Shorter: an allocation per feedback message; longer: layers
/// follow a falling path later.
const EVENT_INTERVAL: Duration = Duration::from_millis(50);
/// A change of the estimate worth telling, as a share: layers are tens of percent apart.
const EVENT_CHANGE: f64 = 0.03;

/// Releases in a row that lead to no packet, before the pacer is left until its next turn: a client without RTX takes no
/// padding, however often it is asked for.
const MAX_FRUITLESS: usize = 4;

/// A packet in the pacer.
#[derive(Debug, Clone)]
struct Queued {
    slot: MLineIndex,
    packet: SlotPacket,
    again: bool,
}

/// The downlink of a peer.
#[derive(Debug)]
pub(crate) struct Egress {
    downlink: Downlink<Queued>,
    recent: Recent,
    feedback: transport_cc::Reader,
    /// Reused from message to message.
    reports: Vec<Report>,
    demand: Demand,
    /// What the router was told last, and when.
    told: Option<(Instant, Estimate)>,
    /// When to tell it what has changed since.
    due: Option<Instant>,
}

impl Egress {
    pub(crate) fn new(now: Instant, sender: &Sender) -> Self {
        let mut egress = Self {
            downlink: Downlink::new(now, Box::new(Controller::new(now))),
            recent: Recent::default(),
            feedback: transport_cc::Reader::default(),
            reports: Vec::new(),
            demand: Demand::default(),
            told: None,
            due: None,
        };
        egress.update(sender);
        egress
    }

    /// A later offer was accepted.
    pub(crate) fn update(&mut self, sender: &Sender) {
        self.downlink.set_reports(sender.reports());
    }

    /// Queue a packet; `false` when its slot cannot carry it.
    pub(crate) fn push(
        &mut self,
        now: Instant,
        sender: &Sender,
        slot: MLineIndex,
        packet: SlotPacket,
        again: bool,
    ) -> bool {
        let Some((packet, planned)) = sender.plan(slot, packet, again) else {
            return false;
        };
        let priority = match (packet.codec.kind(), again) {
            (Kind::Audio, _) => Priority::Audio,
            (Kind::Video, true) => Priority::Retransmission,
            (Kind::Video, false) => Priority::Video,
        };
        self.downlink.push(
            now,
            bwe::Outgoing {
                packet: Queued { slot, packet, again },
                bytes: planned.bytes,
                priority,
                reported: planned.reported,
            },
        );
        true
    }

    /// The next packet that may leave now, appended to `buffer`.
    pub(crate) fn poll(&mut self, now: Instant, sender: &mut Sender, buffer: &mut Vec<u8>) -> Option<Plain> {
        let mut fruitless = 0;
        while fruitless < MAX_FRUITLESS {
            match self.downlink.poll_release(now)? {
                Release::Packet { packet, seq } => {
                    let Queued { slot, packet, again } = packet;
                    let built = if again {
                        sender.retransmission(slot, &packet, seq, buffer)
                    } else {
                        let built = sender.packet(slot, &packet, seq, buffer);
                        if self.downlink.may_pad() {
                            self.recent.keep(now, sender, slot, packet);
                        }
                        built
                    };
                    // What was planned can be built: negotiated slots and codecs never go away, and a number is used
                    // once.
                    if built.is_some() {
                        return built;
                    }
                }
                Release::Padding { bytes, seq } => {
                    let filler = self.recent.filler(now, bytes);
                    let built = match filler {
                        Filler::Again(slot, packet) => {
                            sender.retransmission(slot, &packet, Some(seq), buffer)
                        }
                        Filler::Padding => sender.padding(bytes, seq, buffer),
                    };
                    let sent = built.as_ref().map_or(0, |packet| sender.wire_bytes(packet));
                    self.downlink.padding_sent(now, seq, sent);
                    if built.is_some() {
                        return built;
                    }
                }
            }
            fruitless += 1;
        }
        None
    }

    /// Throw away what may leave now, because it would reach nobody; how many packets that were.
    pub(crate) fn discard(&mut self, now: Instant) -> u64 {
        let mut packets = 0;
        loop {
            match self.downlink.poll_release(now) {
                Some(Release::Packet { .. }) => packets += 1,
                // Nothing behind it that was not there because of the silence.
                Some(Release::Padding { seq, .. }) => {
                    self.downlink.padding_sent(now, seq, 0);
                    return packets;
                }
                None => return packets,
            }
        }
    }

    /// The transport-cc messages of one datagram.
    pub(crate) fn handle_feedback<'a>(&mut self, now: Instant, messages: impl Iterator<Item = &'a [u8]>) {
        let mut reports = std::mem::take(&mut self.reports);
        let mut taken = 0;
        for message in messages {
            if taken >= transport_cc::MAX_REPORTS {
                break;
            }
            reports.clear();
            self.feedback.read(message, &mut reports);
            taken += reports.len().max(1);
            self.downlink.handle_feedback(now, &reports);
        }
        self.reports = reports;
    }

    pub(crate) fn handle_fallback(&mut self, now: Instant, fallback: Fallback) {
        self.downlink.handle_fallback(now, fallback);
    }

    pub(crate) fn set_demand(&mut self, now: Instant, demand: Demand) {
        self.demand = demand;
        self.downlink.set_demand(now, demand);
    }

    /// `None` while the client says nothing by which the path could be judged.
    pub(crate) fn estimate(&self) -> Option<Estimate> {
        self.downlink.is_measured().then(|| self.downlink.estimate())
    }

    /// Counters since its start.
    pub(crate) fn stats(&self) -> bwe::DownlinkStats {
        self.downlink.stats()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.downlink.poll_timeout().is_some_and(|at| at <= now) {
            self.downlink.handle_timeout(now);
        }
    }

    /// The next decision of the controller, for a trace.
    pub(crate) fn poll_change(&mut self) -> Option<bwe::Change> {
        self.downlink.poll_change()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.downlink.poll_timeout(), self.due]
            .into_iter()
            .flatten()
            .min()
    }

    /// Tell the router when the estimate has changed by so much that layers may have to.
    pub(crate) fn tell(&mut self, now: Instant, events: &mut VecDeque<PeerEvent>) {
        let estimate = self.downlink.estimate();
        if let Some((at, told)) = self.told {
            if !self.matters(told, estimate) {
                self.due = None;
                return;
            }
            if now < at + EVENT_INTERVAL {
                self.due = Some(at + EVENT_INTERVAL);
                return;
            }
        }
        self.due = None;
        self.told = Some((now, estimate));
        events.push_back(PeerEvent::Bandwidth);
    }

    fn matters(&self, before: Estimate, after: Estimate) -> bool {
        let pairs = [(before.target, after.target), (before.stable, after.stable)];
        pairs.into_iter().any(|(before, after)| {
            let (before, after) = (before.0, after.0);
            let change = before.abs_diff(after) as f64;
            // The step that the allocator waits for counts, however small.
            let step = self.demand.next_step.map_or(0, |step| step.0);
            change > EVENT_CHANGE * before as f64 || (before < step) != (after < step)
        })
    }
}
