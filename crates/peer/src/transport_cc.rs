//! Transport-wide feedback messages (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1), read into one line per
//! packet. From the bytes: they are most of what subscribers send, and `rtc` would make a list of each message's parts.

use bwe::{Report, TransportSeq};
use std::time::Duration;

/// Most lines taken from one datagram, all its messages together. A message can claim 65,535 packets in a few bytes;
/// 5 s of 10 Mb/s, reported at once after an outage, are 5,200.
pub(crate) const MAX_REPORTS: usize = 8_192;

/// The unit of a reference time.
const REFERENCE_TICK_US: i64 = 64_000;
/// Reference times have 24 bits: they wrap after 12 days.
const REFERENCE_BITS: u32 = 24;
/// The unit of a delta.
const DELTA_US: i64 = 250;
/// Transport layer feedback (RFC 4585 §6.2), and which of them is this.
const PACKET_TYPE: u8 = 205;
const FORMAT: u8 = 15;
/// Up to the first chunk.
const HEAD_BYTES: usize = 20;

/// Whether this RTCP packet is a transport-wide feedback message.
pub(crate) fn is_feedback(packet: &[u8]) -> bool {
    matches!(packet, [first, PACKET_TYPE, ..] if first & 0x1f == FORMAT)
}

/// Counts reference times on, past their wrap.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    last: Option<i64>,
}

impl Reader {
    /// Add the lines of a message to `reports`, up to [`MAX_REPORTS`] in all. Of one that is cut short, what is there.
    pub(crate) fn read(&mut self, message: &[u8], reports: &mut Vec<Report>) {
        let (Some(head), Some(body)) = (message.first_chunk::<HEAD_BYTES>(), message.get(HEAD_BYTES..))
        else {
            return;
        };
        let [
            ..,
            base_high,
            base_low,
            count_high,
            count_low,
            high,
            middle,
            low,
            _,
        ] = *head;
        let count = u16::from_be_bytes([count_high, count_low]);
        let reference = u32::from_be_bytes([0, high, middle, low]);
        let mut arrival_us = self.unwrap(reference).saturating_mul(REFERENCE_TICK_US);
        let mut seq = u16::from_be_bytes([base_high, base_low]);
        let mut deltas = deltas_of(body, count);
        let most = usize::from(count).min(MAX_REPORTS.saturating_sub(reports.len()));
        for symbol in symbols(body).take(most) {
            let delta = match symbol {
                Symbol::Missing => None,
                Symbol::Small => take::<1>(&mut deltas).map(|[delta]| i64::from(delta)),
                Symbol::Large => take::<2>(&mut deltas).map(|delta| i64::from(i16::from_be_bytes(delta))),
                // Arrived, nobody says when: neither lost nor of use.
                Symbol::Untimed => {
                    seq = seq.wrapping_add(1);
                    continue;
                }
            };
            if delta.is_none() && symbol != Symbol::Missing {
                return;
            }
            arrival_us = arrival_us.saturating_add(delta.unwrap_or(0) * DELTA_US);
            let arrival = delta.and_then(|_| u64::try_from(arrival_us).ok());
            reports.push(Report {
                seq: TransportSeq(seq),
                arrival: arrival.map(Duration::from_micros),
            });
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

/// What a message says of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symbol {
    Missing,
    Small,
    Large,
    Untimed,
}

impl Symbol {
    fn of(bits: u16) -> Self {
        match bits & 3 {
            0 => Symbol::Missing,
            1 => Symbol::Small,
            2 => Symbol::Large,
            _ => Symbol::Untimed,
        }
    }
}

/// The symbols of as many chunks as there may be, one a packet; of the last chunk there may be more than packets.
fn symbols(body: &[u8]) -> impl Iterator<Item = Symbol> {
    body.chunks_exact(2).flat_map(|chunk| {
        let chunk = chunk.iter().fold(0, |chunk, byte| chunk << 8 | u16::from(*byte));
        (0..chunk_packets(chunk)).map(move |packet| symbol(chunk, packet))
    })
}

/// How many packets a chunk speaks of.
fn chunk_packets(chunk: u16) -> u16 {
    match chunk >> 14 {
        // The same of a run of packets.
        0 | 1 => chunk & 0x1fff,
        // One bit each, or two.
        2 => 14,
        _ => 7,
    }
}

fn symbol(chunk: u16, packet: u16) -> Symbol {
    match chunk >> 14 {
        0 | 1 => Symbol::of(chunk >> 13),
        2 => Symbol::of(chunk >> (13 - packet) & 1),
        _ => Symbol::of(chunk >> (12 - 2 * packet)),
    }
}

/// What follows the chunks of so many packets.
fn deltas_of(body: &[u8], count: u16) -> &[u8] {
    let (mut left, mut rest) = (count, body);
    while left > 0
        && let Some((chunk, after)) = rest.split_first_chunk()
    {
        left = left.saturating_sub(chunk_packets(u16::from_be_bytes(*chunk)));
        rest = after;
    }
    rest
}

fn take<const BYTES: usize>(bytes: &mut &[u8]) -> Option<[u8; BYTES]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::SymbolTypeTcc::{
        PacketNotReceived as No, PacketReceivedLargeDelta as Large, PacketReceivedSmallDelta as Small,
        PacketReceivedWithoutDelta as Untimed,
    };
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
        PacketStatusChunk, RecvDelta, RunLengthChunk, StatusVectorChunk, SymbolSizeTypeTcc, SymbolTypeTcc,
        TransportLayerCc,
    };
    use rtc::shared::marshal::Marshal;

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
                    type_tcc_packet: if (0..64_000).contains(delta) { Small } else { Large },
                    delta: *delta,
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

    /// Written by `rtc`, read by us.
    fn read(reader: &mut Reader, message: &TransportLayerCc) -> Vec<(u16, Option<i64>)> {
        let mut reports = Vec::new();
        let wire = message.marshal().unwrap();
        assert!(is_feedback(&wire));
        reader.read(&wire, &mut reports);
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
