//! Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1), written as bytes: it is most of what a
//! receiver sends.

use bytes::{BufMut, Bytes, BytesMut};
use std::time::Instant;

/// Who sends RTCP; nobody tells one receiver's SSRCs apart.
pub(super) const SENDER_SSRC: u32 = 1;
/// The unit of a reference time.
const REFERENCE_TICK_US: i64 = 64_000;
/// The unit of a delta.
const DELTA_US: i64 = 250;
/// The longest run of packets that one chunk can tell.
const MAX_RUN: usize = 0x1fff;
/// Packets that a chunk of two bits each tells.
const VECTOR: usize = 7;
/// A message with so many bytes of deltas is full: it has to fit into a datagram with reports and NACKs.
const MAX_DELTA_BYTES: usize = 800;
/// Most packets in a message, those that did not come included.
const MAX_PACKETS: i64 = 8_000;

/// What has arrived since the last message.
#[derive(Debug, Default)]
pub(super) struct Feedback {
    start: Option<Instant>,
    media_ssrc: u32,
    last: Option<i64>,
    /// The first number that no message was about.
    next: Option<i64>,
    /// Numbers and arrival in microseconds since the start.
    arrived: Vec<(i64, i64)>,
    messages: u8,
}

impl Feedback {
    /// A packet came.
    pub(super) fn record(&mut self, now: Instant, ssrc: u32, seq: u16) {
        let start = *self.start.get_or_insert(now);
        let since = now.saturating_duration_since(start).as_micros();
        let number = match self.last {
            Some(last) => last + i64::from(seq.wrapping_sub(last as u16).cast_signed()),
            None => i64::from(seq),
        };
        self.last = self.last.max(Some(number));
        self.media_ssrc = ssrc;
        self.arrived.push((number, i64::try_from(since).unwrap_or(0)));
    }

    /// Messages about all that has arrived since the last ones.
    pub(super) fn take(&mut self) -> Vec<Bytes> {
        let mut arrived = std::mem::take(&mut self.arrived);
        arrived.sort_unstable();
        let mut messages = Vec::new();
        let mut rest = &arrived[..];
        while let Some(&(first, _)) = rest.first() {
            // What comes late is told by itself: the packets around it were told before.
            let base = self
                .next
                .filter(|next| *next <= first && first - next < MAX_PACKETS)
                .unwrap_or(first);
            let mut message = Message::new(base, rest);
            let told = rest
                .iter()
                .take_while(|(number, at)| message.add(*number, *at, self.next))
                .count();
            self.next = self.next.max(Some(message.end));
            messages.push(message.write(self.media_ssrc, self.messages));
            self.messages = self.messages.wrapping_add(1);
            rest = rest.get(told.max(1)..).unwrap_or_default();
        }
        arrived.clear();
        self.arrived = arrived;
        messages
    }
}

struct Message {
    base: i64,
    end: i64,
    reference: i64,
    /// The last arrival told, in units of a delta.
    at: i64,
    symbols: Vec<u8>,
    deltas: BytesMut,
}

impl Message {
    fn new(base: i64, arrived: &[(i64, i64)]) -> Self {
        let reference = arrived.first().map_or(0, |(_, at)| at / REFERENCE_TICK_US);
        Self {
            base,
            end: base,
            reference,
            at: reference * REFERENCE_TICK_US / DELTA_US,
            symbols: Vec::new(),
            deltas: BytesMut::new(),
        }
    }

    /// Adds a packet and those before it that did not come; `false` when it belongs into another message. Up to `told` all were
    /// told before.
    fn add(&mut self, number: i64, at: i64, told: Option<i64>) -> bool {
        if number < self.end {
            return !self.symbols.is_empty(); // came twice
        }
        let gap = number - self.end;
        let behind = told.is_some_and(|told| self.end < told);
        let delta = at / DELTA_US - self.at;
        let full = self.deltas.len() >= MAX_DELTA_BYTES || number - self.base >= MAX_PACKETS;
        let Ok(long) = i16::try_from(delta) else {
            return false;
        };
        if full || (behind && gap > 0) {
            return false;
        }
        self.symbols.extend((0..gap).map(|_| 0));
        match u8::try_from(delta) {
            Ok(short) => {
                self.symbols.push(1);
                self.deltas.put_u8(short);
            }
            Err(_) => {
                self.symbols.push(2);
                self.deltas.put_i16(long);
            }
        }
        self.at += delta;
        self.end = number + 1;
        true
    }

    fn write(&self, media_ssrc: u32, number: u8) -> Bytes {
        let mut out = BytesMut::with_capacity(64 + self.deltas.len());
        out.put_slice(&[0x8f, 205, 0, 0]);
        out.put_u32(SENDER_SSRC);
        out.put_u32(media_ssrc);
        // All three are the low bits of what is counted on.
        out.put_u16(self.base as u16);
        out.put_u16(self.symbols.len() as u16);
        out.put_u32((self.reference as u32) << 8 | u32::from(number));
        let mut rest = &self.symbols[..];
        while let Some(first) = rest.first() {
            let run = rest
                .iter()
                .take(MAX_RUN)
                .take_while(|symbol| *symbol == first)
                .count();
            let told = if run >= VECTOR || run == rest.len() {
                out.put_u16(u16::from(*first) << 13 | run as u16);
                run
            } else {
                let vector = rest.iter().chain(std::iter::repeat(&0)).take(VECTOR);
                out.put_u16(3 << 14 | vector.fold(0, |bits, symbol| bits << 2 | u16::from(*symbol)));
                VECTOR
            };
            rest = rest.get(told..).unwrap_or_default();
        }
        out.put_slice(&self.deltas);
        let padding = out.len().wrapping_neg() % 4;
        if padding > 0 {
            out.put_bytes(0, padding - 1);
            out.put_u8(padding as u8);
        }
        let words = (out.len() / 4 - 1) as u16;
        if let Some(head) = out.first_chunk_mut::<4>() {
            let [high, low] = words.to_be_bytes();
            *head = [0x8f | u8::from(padding > 0) << 5, 205, high, low];
        }
        out.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::{PacketStatusChunk, TransportLayerCc};
    use rtc::shared::marshal::Unmarshal as _;
    use std::time::Duration;

    /// Numbers that came, and when, in microseconds from the reference time on.
    fn read(message: &Bytes) -> (u16, Vec<(u16, i64)>) {
        let read = TransportLayerCc::unmarshal(&mut message.clone()).unwrap();
        let mut symbols = Vec::new();
        for chunk in &read.packet_chunks {
            match chunk {
                PacketStatusChunk::RunLengthChunk(run) => {
                    symbols.extend((0..run.run_length).map(|_| run.packet_status_symbol as u8));
                }
                PacketStatusChunk::StatusVectorChunk(vector) => {
                    symbols.extend(vector.symbol_list.iter().map(|symbol| *symbol as u8));
                }
            }
        }
        let mut at = i64::from(read.reference_time) * REFERENCE_TICK_US;
        let mut deltas = read.recv_deltas.iter();
        let symbols = symbols.into_iter().take(read.packet_status_count.into());
        let numbered = (0..)
            .map(|n| read.base_sequence_number.wrapping_add(n))
            .zip(symbols);
        let came = numbered.filter(|(_, symbol)| *symbol != 0).map(|(number, _)| {
            at += deltas.next().unwrap().delta;
            (number, at)
        });
        let came = came.collect();
        assert!(deltas.next().is_none());
        (read.packet_status_count, came)
    }

    fn told(feedback: &mut Feedback) -> Vec<(u16, Vec<(u16, i64)>)> {
        feedback.take().iter().map(read).collect()
    }

    #[test]
    fn what_came_is_told_with_its_time_and_gaps_are_told_once() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let start = Instant::now();
        let ms = |ms| start + Duration::from_millis(ms);
        let mut feedback = Feedback::default();
        assert!(feedback.take().is_empty());
        for (at, seq) in [(0, 65_534), (1, 65_535), (2, 0), (400, 3)] {
            feedback.record(ms(at), 9, seq);
        }
        let came = vec![(65_534, 0), (65_535, 1_000), (0, 2_000), (3, 400_000)];
        assert_eq!(told(&mut feedback), [(6, came)]);
        // From where the last ended: 4 is missing. 2 is late, and told alone.
        feedback.record(ms(450), 9, 5);
        feedback.record(ms(451), 9, 2);
        assert_eq!(
            told(&mut feedback),
            [(1, vec![(2, 451_000)]), (2, vec![(5, 450_000)])]
        );
        assert!(feedback.take().is_empty());
    }

    #[test]
    fn any_loss_any_order_and_any_pause_is_told_exactly() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let start = Instant::now();
        let mut feedback = Feedback::default();
        let (mut random, mut now) = (1u64, start);
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random >> 40
        };
        let mut seq = 65_000u16;
        for _ in 0..300 {
            let mut sent = Vec::new();
            for _ in 0..next() % 60 {
                now += Duration::from_micros(250 * (next() % 40));
                if next() % 50 == 0 {
                    now += Duration::from_secs(next() % 12);
                    seq = seq.wrapping_add((next() % 3_000) as u16);
                }
                seq = seq.wrapping_add(1 + u16::from(next() % 9 == 0));
                sent.push((seq, now));
            }
            for i in 1..sent.len() {
                if next() % 10 == 0 {
                    let (a, b) = (sent[i - 1].0, sent[i].0);
                    (sent[i - 1].0, sent[i].0) = (b, a);
                }
            }
            for (seq, at) in &sent {
                feedback.record(*at, 1, *seq);
            }
            let mut told: Vec<_> = told(&mut feedback)
                .into_iter()
                .flat_map(|(_, came)| came)
                .collect();
            let mut sent: Vec<_> = sent
                .into_iter()
                .map(|(seq, at)| (seq, (at - start).as_micros() as i64))
                .collect();
            let zero = sent.first().map_or(0, |(_, at)| *at);
            told.sort_unstable();
            sent.sort_unstable();
            // The clock of the messages starts with the first packet.
            let first = told.iter().zip(&sent).map(|(told, sent)| sent.1 - told.1).next();
            let sent: Vec<_> = sent
                .into_iter()
                .map(|(seq, at)| (seq, at - first.unwrap_or(zero)))
                .collect();
            assert_eq!(told, sent);
        }
    }
}
