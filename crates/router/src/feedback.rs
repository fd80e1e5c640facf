//! What subscribers report and miss, and what they are told of time.

use crate::counters::DropReason;
use crate::peers::REPORT_INTERVAL;
use crate::router::Router;
use crate::state::PeerKey;
use crate::timers::Timer;
use media::{MLineIndex, SeqNo};
use peer::Peer;
use std::time::Instant;

/// Most packets one NACK may ask for, as [`peer::PeerEvent::Nack`] says.
const MAX_MISSING: usize = 17 * 32;

impl<P: Peer> Router<P> {
    /// A subscriber misses packets: each is sent again from the track's ring, unless it was just sent.
    pub(crate) fn handle_nack(&mut self, key: PeerKey, mline: MLineIndex, missing: &[SeqNo]) {
        let now = self.now;
        let Some(entry) = self.peers.get_mut(key) else {
            return;
        };
        let Some(Some(slot)) = entry.slots.get_mut(usize::from(mline.0)) else {
            return;
        };
        let Some(track) = slot.track.and_then(|track| self.tracks.get(track)) else {
            return;
        };
        for seq in missing.iter().take(MAX_MISSING) {
            self.counters.nacked_packets += 1;
            if !slot.resent.allow(now, *seq, slot.rtt_ms) || !entry.retransmissions.take(now, 1) {
                self.counters.drop(DropReason::RetransmissionRate);
                continue;
            }
            let packet = slot.forwarder.retransmit(*seq, |layer, seq| {
                track
                    .layers
                    .get(usize::from(layer.0))
                    .and_then(|layer| layer.ring.get(seq))
            });
            let Some(packet) = packet else {
                self.counters.drop(DropReason::RetransmissionGone);
                continue;
            };
            self.counters.retransmissions_out.add(packet.payload.len());
            entry.peer.send_retransmission(now, mline, packet);
        }
        entry.touch(key, &mut self.dirty);
    }

    /// A subscriber cannot decode.
    pub(crate) fn handle_keyframe_request(&mut self, key: PeerKey, mline: MLineIndex) {
        self.counters.keyframe_requests_in += 1;
        let Some(slot) = self.peers.get(key).and_then(|entry| entry.slot(mline)) else {
            return;
        };
        let (Some(layer), Some(key)) = (slot.forwarder.keyframe_layer(), slot.track) else {
            return;
        };
        if let Some(track) = self.tracks.get_mut(key) {
            track.keyframes.request(self.now, layer);
            self.service_track(key);
        }
    }

    pub(crate) fn handle_receiver_report(&mut self, key: PeerKey, mline: MLineIndex, rtt_ms: Option<u32>) {
        if let (Some(slot), Some(_)) = (
            self.peers.get_mut(key).and_then(|entry| entry.slot_mut(mline)),
            rtt_ms,
        ) {
            slot.rtt_ms = rtt_ms;
        }
    }

    /// Once a second: what flows is chosen anew, so that nothing stays as it is by oversight; and where each slot's timestamps are on the server's clock (RFC 3550 §6.4.1).
    pub(crate) fn handle_report_timer(&mut self, key: PeerKey, at: Instant) {
        let (now, ntp) = (self.now, self.ntp());
        let Some(entry) = self.peers.get_mut(key) else {
            return;
        };
        if !entry.reports.fires(at) {
            return;
        }
        for (index, slot) in entry.slots.iter_mut().enumerate() {
            let Some(slot) = slot.as_mut().filter(|slot| slot.track.is_some()) else {
                continue;
            };
            let Some(report) = slot.forwarder.report(now, ntp) else {
                continue;
            };
            slot.reported = true;
            self.counters.reports_out += 1;
            entry
                .peer
                .send_report(now, MLineIndex(index as u16), to_peer(report));
        }
        self.trace_changes(key);
        self.trace_downlink(key);
        self.retarget_and_serve(key);
        self.measure_quality(key);
        let Some(entry) = self.peers.get_mut(key) else {
            return;
        };
        // From the deadline and not from now, so that peers stay spread over the second; but no catching up.
        let next = Some(at + REPORT_INTERVAL)
            .filter(|next| *next > now)
            .unwrap_or(now + REPORT_INTERVAL);
        self.timers.arm(&mut entry.reports, next, Timer::Reports(key));
        entry.touch(key, &mut self.dirty);
    }
}

pub(crate) fn to_peer(report: forward::SlotReport) -> peer::SlotReport {
    let forward::SlotReport {
        ntp,
        rtp,
        packets,
        octets,
    } = report;
    peer::SlotReport {
        ntp,
        rtp,
        packets,
        octets,
    }
}
