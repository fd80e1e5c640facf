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

#[cfg(test)]
mod tests {
    use super::*;
    use SymbolTypeTcc::{
        PacketNotReceived as No, PacketReceivedLargeDelta as Large, PacketReceivedSmallDelta as Small,
        PacketReceivedWithoutDelta as Untimed,
    };
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
        RunLengthChunk, StatusVectorChunk, SymbolSizeTypeTcc,
    };

    fn message(
        base: u16,
        count: u16,
        reference: u32,
        chunks: Vec<PacketStatusChunk>,
        deltas: &[i64],
    ) -> TransportLayerCc {
        TransportLayerCc {
            base_sequence_number: base,
            packet_status_count: count,
            reference_time: reference,
            packet_chunks: chunks,
            recv_deltas: deltas
                .iter()
                .map(|delta| RecvDelta {
                    delta: *delta,
                    ..RecvDelta::default()
                })
                .collect(),
            ..TransportLayerCc::default()
        }
    }

    fn run(symbol: SymbolTypeTcc, length: u16) -> PacketStatusChunk {
        PacketStatusChunk::RunLengthChunk(RunLengthChunk {
            packet_status_symbol: symbol,
            run_length: length,
            ..RunLengthChunk::default()
        })
    }

    fn vector(symbols: &[SymbolTypeTcc]) -> PacketStatusChunk {
        PacketStatusChunk::StatusVectorChunk(StatusVectorChunk {
            symbol_size: SymbolSizeTypeTcc::TwoBit,
            symbol_list: symbols.to_vec(),
            ..StatusVectorChunk::default()
        })
    }

    fn read(reader: &mut Reader, message: &TransportLayerCc) -> Vec<(u16, Option<i64>)> {
        let mut reports = Vec::new();
        reader.read(message, &mut reports);
        let start = i64::from(1 << REFERENCE_BITS) * REFERENCE_TICK_US;
        let line = |report: &Report| {
            let arrival = report
                .arrival
                .map(|at| i64::try_from(at.as_micros()).unwrap() - start);
            (report.seq.0, arrival)
        };
        reports.iter().map(line).collect()
    }

    #[test]
    fn deltas_add_up_from_the_reference_time() {
        let chunks = vec![run(Small, 2), vector(&[No, Large, Small, No, No, No, No])];
        let message = message(65_534, 5, 2, chunks, &[250, 1_000, -500, 750]);
        assert_eq!(
            read(&mut Reader::default(), &message),
            [
                (65_534, Some(128_250)),
                (65_535, Some(129_250)),
                (0, None),
                (1, Some(128_750)),
                (2, Some(129_500)),
            ],
            "symbols past the count are no packets"
        );
    }

    #[test]
    fn reference_times_go_on_past_their_wrap_and_back() {
        let mut reader = Reader::default();
        let at = |reader: &mut Reader, reference| {
            read(reader, &message(0, 1, reference, vec![run(Small, 1)], &[0]))[0].1
        };
        let last = (1 << REFERENCE_BITS) - 1;
        assert_eq!(at(&mut reader, last), Some(i64::from(last) * 64_000));
        assert_eq!(at(&mut reader, 1), Some((i64::from(last) + 2) * 64_000));
        assert_eq!(
            at(&mut reader, last),
            Some(i64::from(last) * 64_000),
            "a late message"
        );
    }

    #[test]
    fn a_packet_that_came_without_a_time_is_neither_lost_nor_reported() {
        let message = message(7, 3, 0, vec![vector(&[Small, Untimed, Small])], &[0, 250]);
        assert_eq!(
            read(&mut Reader::default(), &message),
            [(7, Some(0)), (9, Some(250))]
        );
    }

    #[test]
    fn a_message_that_claims_more_than_it_holds_gives_what_it_holds() {
        let short = message(0, 10, 0, vec![run(Small, 10)], &[0, 0]);
        assert_eq!(read(&mut Reader::default(), &short).len(), 2);
        let claims = message(0, u16::MAX, 0, vec![run(No, 8_191); 8], &[]);
        assert_eq!(read(&mut Reader::default(), &claims).len(), MAX_REPORTS);
        let back = message(0, 1, 0, vec![run(Large, 1)], &[-8_000_000]);
        assert_eq!(read(&mut Reader::default(), &back).len(), 1);
    }
}
