//! Sequences of transport-wide feedback, from the bytes to the estimate.

use crate::input::{Short, each};
use crate::support::origin;
use arbitrary::Arbitrary;
use bwe::{Controller, Downlink, Outgoing, Priority, Release, Report};
use peer::fuzzing::{FeedbackReader, MAX_REPORTS, is_feedback};
use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, StatusVectorChunk, SymbolSizeTypeTcc, SymbolTypeTcc, TransportLayerCc,
};
use rtc::shared::marshal::Marshal;
use std::time::Duration;

#[derive(Debug, Arbitrary)]
enum Step {
    /// A message as it is.
    Raw(Short),
    /// A message with a head and a body of these bytes.
    Message { base: u16, count: u16, reference: u32, body: Short },
    /// What a client writes of these arrivals: none, or so many ticks after the one before.
    Arrivals { base: u16, reference: u16, lines: Vec<Option<i16>> },
    /// So many packets leave.
    Send(u8),
    /// Milliseconds.
    Wait(u8),
}

/// A sequence of messages, packets and pauses.
pub fn transport_cc(data: &[u8]) {
    let mut now = origin();
    let mut reader = FeedbackReader::default();
    let mut downlink: Downlink<()> = Downlink::new(now, Box::new(Controller::new(now)));
    for step in each::<Step>(data, 300) {
        let mut reports = Vec::new();
        match step {
            Step::Raw(Short(message)) => reader.read(&message, &mut reports),
            Step::Message { base, count, reference, body } => {
                let mut message = vec![0x8f, 205, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                message.extend(base.to_be_bytes());
                message.extend(count.to_be_bytes());
                message.extend(reference.to_be_bytes());
                message.extend(body.0);
                assert!(is_feedback(&message));
                reader.read(&message, &mut reports);
                assert!(reports.len() <= usize::from(count));
            }
            Step::Arrivals { base, reference, mut lines } => {
                lines.truncate(2_000);
                written(&mut reader, base, reference, &lines, &mut reports);
            }
            Step::Send(count) => {
                for _ in 0..count {
                    let priority = Priority::Video;
                    downlink.push(now, Outgoing { packet: (), bytes: 1_000, priority, reported: true });
                }
            }
            Step::Wait(ms) => now += Duration::from_millis(ms.into()),
        }
        assert!(reports.len() <= MAX_REPORTS);
        downlink.handle_feedback(now, &reports);
        downlink.handle_timeout(now);
        for _ in 0..1_000 {
            match downlink.poll_release(now) {
                Some(Release::Packet { .. }) => {}
                Some(Release::Padding { bytes, seq }) => downlink.padding_sent(now, seq, bytes),
                None => break,
            }
        }
        let estimate = downlink.estimate();
        assert!((50_000..=100_000_000).contains(&estimate.target.0), "{:?}", estimate.target);
    }
}

/// What another implementation wrote is what is read.
fn written(
    reader: &mut FeedbackReader,
    base: u16,
    reference: u16,
    lines: &[Option<i16>],
    reports: &mut Vec<Report>,
) {
    if lines.is_empty() {
        return;
    }
    let symbol = |line: &Option<i16>| match line {
        None => SymbolTypeTcc::PacketNotReceived,
        Some(0..=255) => SymbolTypeTcc::PacketReceivedSmallDelta,
        Some(_) => SymbolTypeTcc::PacketReceivedLargeDelta,
    };
    let chunk = |lines: &[Option<i16>]| {
        let mut symbol_list: Vec<_> = lines.iter().map(symbol).collect();
        symbol_list.resize(7, SymbolTypeTcc::PacketNotReceived);
        PacketStatusChunk::StatusVectorChunk(StatusVectorChunk {
            symbol_size: SymbolSizeTypeTcc::TwoBit,
            symbol_list,
            ..StatusVectorChunk::default()
        })
    };
    let delta = |line: &Option<i16>| {
        let type_tcc_packet = symbol(line);
        line.map(|ticks| RecvDelta { type_tcc_packet, delta: i64::from(ticks) * 250 })
    };
    let message = TransportLayerCc {
        base_sequence_number: base,
        packet_status_count: lines.len() as u16,
        reference_time: reference.into(),
        packet_chunks: lines.chunks(7).map(chunk).collect(),
        recv_deltas: lines.iter().filter_map(delta).collect(),
        ..TransportLayerCc::default()
    };
    let Ok(wire) = message.marshal() else { return };
    reader.read(&wire, reports);
    assert_eq!(reports.len(), lines.len());
    let mut last: Option<Duration> = None;
    let mut ticks = 0;
    for ((report, line), place) in reports.iter().zip(lines).zip(0u16..) {
        assert_eq!(report.seq.0, base.wrapping_add(place));
        ticks += i64::from(line.unwrap_or(0));
        // Before the beginning of time there is none to tell.
        assert!(report.arrival.is_none() || line.is_some());
        if let (Some(arrival), Some(_)) = (report.arrival, line) {
            if let Some(last) = last {
                let step = arrival.as_micros() as i64 - last.as_micros() as i64;
                assert_eq!(step, ticks * 250);
            }
            (last, ticks) = (Some(arrival), 0);
        }
    }
}
