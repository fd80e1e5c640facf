//! Transport-wide feedback messages, read into one line per packet.

use bwe::{Report, TransportSeq};
use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, SymbolTypeTcc, TransportLayerCc,
};
use std::time::Duration;

/// Most lines taken from one datagram, all its messages together. A message can claim 65,535 packets in a few bytes;
/// 5 s of 10 Mb/s, reported at once after an outage, are 5,200.
pub(crate) const MAX_REPORTS: usize = 8_192;

/// The unit of a reference time (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
const REFERENCE_TICK_US: i64 = 64_000;
/// Reference times have 24 bits: they wrap after 12 days.
const REFERENCE_BITS: u32 = 24;

/// Counts reference times on, past their wrap.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    last: Option<i64>,
}

impl Reader {
    /// Add the lines of a message to `reports`, up to [`MAX_REPORTS`] in all.
    pub(crate) fn read(&mut self, message: &TransportLayerCc, reports: &mut Vec<Report>) {
        let mut arrival_us = self.unwrap(message.reference_time) * REFERENCE_TICK_US;
        let mut deltas = message.recv_deltas.iter();
        let mut seq = message.base_sequence_number;
        let mut left = usize::from(message.packet_status_count);
        let room = MAX_REPORTS.saturating_sub(reports.len());
        let end = reports.len() + left.min(room);
        for symbol in message.packet_chunks.iter().flat_map(symbols) {
            if left == 0 || reports.len() >= end {
                break;
            }
            left -= 1;
            let arrival = match symbol {
                SymbolTypeTcc::PacketNotReceived => Some(None),
                SymbolTypeTcc::PacketReceivedSmallDelta | SymbolTypeTcc::PacketReceivedLargeDelta => {
                    let Some(RecvDelta { delta, .. }) = deltas.next() else {
                        return; // cut short
                    };
                    arrival_us = arrival_us.saturating_add(*delta);
                    Some(u64::try_from(arrival_us).ok().map(Duration::from_micros))
                }
                // Arrived, nobody says when: neither lost nor of use.
                SymbolTypeTcc::PacketReceivedWithoutDelta => None,
            };
            if let Some(arrival) = arrival {
                reports.push(Report {
                    seq: TransportSeq(seq),
                    arrival,
                });
            }
            seq = seq.wrapping_add(1);
        }
    }

    /// The reference time nearest to the last one. Starts a whole cycle above 0, so that what is older has a time too.
    fn unwrap(&mut self, reference: u32) -> i64 {
        const CYCLE: i64 = 1 << REFERENCE_BITS;
        let reference = i64::from(reference) & (CYCLE - 1);
        let unwrapped = match self.last {
            None => CYCLE + reference,
            Some(last) => {
                let step = (reference - last).rem_euclid(CYCLE);
                let step = if step >= CYCLE / 2 { step - CYCLE } else { step };
                (last + step).max(0)
            }
        };
        self.last = Some(unwrapped);
        unwrapped
    }
}

/// The symbols of a chunk, one a packet; of the last chunk there may be more than packets.
fn symbols(chunk: &PacketStatusChunk) -> impl Iterator<Item = SymbolTypeTcc> + '_ {
    let (run, list) = match chunk {
        PacketStatusChunk::RunLengthChunk(run) => (
            Some(std::iter::repeat_n(
                run.packet_status_symbol,
                usize::from(run.run_length),
            )),
            None,
        ),
        PacketStatusChunk::StatusVectorChunk(vector) => (None, Some(vector.symbol_list.iter().copied())),
    };
    run.into_iter().flatten().chain(list.into_iter().flatten())
}
