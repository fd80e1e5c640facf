//! RTCP from the client, about its slots.

use crate::api::PeerEvent;
use crate::egress::Egress;
use crate::send::Sender;
use bwe::Fallback;
use media::{Bitrate, SeqNo};
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Most lost packets taken from one NACK message: 32 entries of 17 (RFC 4585 §6.2.1).
const MAX_NACKED: usize = 17 * 32;

/// Highest bitrate a client can claim, in bits per second: more than any browser receives, and safe to compute with.
const MAX_REMB: u64 = 1_000_000_000;

/// Turn what concerns slots into events. A compound is read packet by packet: each names its own SSRC. Returns the round
/// trip, when a report tells one.
pub(crate) fn read(
    now: Instant,
    packets: &[Box<dyn rtcp::Packet>],
    sender: &mut Sender,
    egress: &mut Egress,
    events: &mut VecDeque<PeerEvent>,
) -> Option<Duration> {
    let mut round_trip = None;
    for packet in packets {
        let packet = packet.as_any();
        if let Some(nack) = packet.downcast_ref::<TransportLayerNack>() {
            read_nack(nack, sender, events);
        } else if let Some(pli) = packet.downcast_ref::<PictureLossIndication>() {
            keyframe(pli.media_ssrc, sender, events);
        } else if let Some(fir) = packet.downcast_ref::<FullIntraRequest>() {
            for entry in &fir.fir {
                keyframe(entry.ssrc, sender, events);
            }
        } else if let Some(report) = packet.downcast_ref::<ReceiverReport>() {
            round_trip = read_reports(now, &report.reports, sender, egress, events).or(round_trip);
        } else if let Some(report) = packet.downcast_ref::<SenderReport>() {
            round_trip = read_reports(now, &report.reports, sender, egress, events).or(round_trip);
        } else if let Some(remb) = packet.downcast_ref::<ReceiverEstimatedMaximumBitrate>() {
            read_remb(now, remb, egress);
        }
    }
    round_trip
}

fn read_nack(nack: &TransportLayerNack, sender: &Sender, events: &mut VecDeque<PeerEvent>) {
    let Some(slot) = sender.slot_of(nack.media_ssrc) else {
        return;
    };
    let missing: Vec<SeqNo> = nack
        .nacks
        .iter()
        .flat_map(|pair| pair.into_iter())
        .take(MAX_NACKED)
        .map(SeqNo)
        .collect();
    if !missing.is_empty() {
        events.push_back(PeerEvent::Nack { slot, missing });
    }
}

fn keyframe(ssrc: u32, sender: &Sender, events: &mut VecDeque<PeerEvent>) {
    if let Some(slot) = sender.slot_of(ssrc) {
        events.push_back(PeerEvent::KeyframeRequest { slot });
    }
}

fn read_reports(
    now: Instant,
    blocks: &[ReceptionReport],
    sender: &mut Sender,
    egress: &mut Egress,
    events: &mut VecDeque<PeerEvent>,
) -> Option<Duration> {
    let mut round_trip = None;
    for block in blocks {
        sender.reported(block.ssrc);
        let Some(slot) = sender.slot_of(block.ssrc) else {
            continue;
        };
        let rtt_ms = round_trip_ms(now, block, sender);
        round_trip = round_trip.or(rtt_ms);
        events.push_back(PeerEvent::ReceiverReport {
            slot,
            fraction_lost: block.fraction_lost,
            jitter: block.jitter,
            rtt_ms,
        });
    }
    let round_trip = round_trip.map(|ms| Duration::from_millis(ms.into()));
    if let Some(loss) = sender.loss(blocks) {
        egress.handle_fallback(now, Fallback::ReceiverReport { loss, round_trip });
    }
    round_trip
}

fn read_remb(now: Instant, remb: &ReceiverEstimatedMaximumBitrate, egress: &mut Egress) {
    // A client's number: infinity saturates, and not a number becomes 0, which says nothing.
    let bitrate = (remb.bitrate as u64).min(MAX_REMB);
    if bitrate > 0 {
        egress.handle_fallback(now, Fallback::Remb(Bitrate(bitrate)));
    }
}

/// RFC 3550 §6.4.1: now − LSR − DLSR, in 1/65536 s.
fn round_trip_ms(now: Instant, block: &ReceptionReport, sender: &Sender) -> Option<u32> {
    if block.last_sender_report == 0 {
        return None;
    }
    let round_trip = sender
        .compact_ntp(now)?
        .wrapping_sub(block.last_sender_report)
        .wrapping_sub(block.delay);
    // Clock granularity can make a loopback round trip negative; more than half the circle is nonsense.
    let round_trip = round_trip.cast_signed().max(0).cast_unsigned();
    u32::try_from((u64::from(round_trip) * 1000) >> 16).ok()
}
