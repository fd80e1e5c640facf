//! The server's last flight of the DTLS handshake, to be sent again.
//!
//! `rtc` 0.21.1 gives up its retransmission timer at any handshake packet, even one that leads nowhere, as a repeated
//! ClientHello does: a flight that is lost once would never be sent again, and the client would call for it until it
//! gives up. So what the client repeats, and `rtc` has no answer to, is answered with the flight before it (RFC 6347
//! §4.2.4: whoever gets a retransmitted flight sends its own again). All that can be told of a sender here is that it
//! knows an address of the client's: what it gets out of us has bounds.

use bytes::BytesMut;
use std::time::{Duration, Instant};

/// Datagrams of a flight; a certificate chain takes a few. When full the others are left to `rtc`.
const MAX_DATAGRAMS: usize = 16;
/// A flight leaves again at most this often. Shorter: a client that splits its flight over datagrams gets the former of
/// ours after each; longer: a lost handshake waits.
const INTERVAL: Duration = Duration::from_millis(50);

/// Times that a flight leaves again. A client that asks again after 50 ms, and then waits twice as long each time, does so
/// nine times in the 30 s that connecting may take. Higher: whoever speaks in its name keeps us sending for longer.
const MAX_TIMES: u32 = 16;

/// What was sent last.
#[derive(Debug, Default)]
pub(crate) struct LastFlight {
    datagrams: Vec<BytesMut>,
    left: Option<Instant>,
    /// Times it has left again.
    times: u32,
    /// The highest number of the client's messages.
    heard: Option<u16>,
    /// Nothing has been added since [`begin`](Self::begin).
    old: bool,
}

impl LastFlight {
    /// Whatever leaves from now on is another flight.
    pub(crate) fn begin(&mut self) {
        self.old = true;
    }

    /// A datagram of the handshake leaves.
    pub(crate) fn leaves(&mut self, now: Instant, datagram: &BytesMut) {
        if std::mem::take(&mut self.old) {
            self.datagrams.clear();
            self.times = 0;
        }
        if self.datagrams.len() < MAX_DATAGRAMS {
            self.datagrams.push(datagram.clone());
        }
        self.left = Some(now);
    }

    /// A datagram of the client's comes: whether it repeats a message.
    pub(crate) fn hears(&mut self, datagram: &[u8]) -> bool {
        let before = self.heard;
        let mut repeats = false;
        for message in messages(datagram) {
            repeats |= before.is_some_and(|before| message <= before);
            self.heard = self.heard.max(Some(message));
        }
        repeats
    }

    /// A datagram that repeats a message of the client's handshake led to nothing new: what to send again.
    pub(crate) fn again(&mut self, now: Instant) -> &[BytesMut] {
        let since = self.left.map(|left| now.saturating_duration_since(left));
        let too_soon = since.is_none_or(|since| since < INTERVAL);
        if !self.old || too_soon || self.times >= MAX_TIMES {
            return &[];
        }
        self.times += 1;
        self.left = Some(now);
        &self.datagrams
    }
}

/// Numbers of the handshake messages in a datagram that are in the clear, the first of each record (RFC 6347 §4.1, §4.2.2).
fn messages(datagram: &[u8]) -> impl Iterator<Item = u16> {
    const HANDSHAKE: u8 = 22;
    records(datagram).filter_map(|(header, body)| match (header, body) {
        ([HANDSHAKE, _, _, 0, 0, ..], [_, _, _, _, high, low, ..]) => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    })
}

/// Whether one of the datagram's DTLS records is an alert (content type 21, RFC 6347 §4.1).
pub(crate) fn holds_alert(datagram: &[u8]) -> bool {
    records(datagram).any(|(header, _)| header.first() == Some(&21))
}

/// Header and body of each DTLS record in a datagram; the last body may be cut short.
fn records(mut datagram: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    const HEADER_BYTES: usize = 13;
    std::iter::from_fn(move || {
        let (header, rest) = datagram.split_at_checked(HEADER_BYTES)?;
        let length = usize::from(u16::from_be_bytes(*header.last_chunk()?));
        datagram = rest.get(length..).unwrap_or_default();
        Some((header, rest.get(..length).unwrap_or(rest)))
    })
}

#[cfg(test)]
mod tests {
    use super::LastFlight;

    /// A record with the beginning of a handshake message.
    fn record(epoch: u8, number: u8) -> Vec<u8> {
        let header = [22, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0, 0, 6];
        [&header[..], &[1, 0, 0, 0, 0, number]].concat()
    }

    #[test]
    fn a_message_heard_before_is_repeated() {
        let mut flight = LastFlight::default();
        let flights = [
            vec![record(0, 0)],
            vec![record(0, 1)],
            vec![record(0, 2), record(0, 3), record(1, 4)],
        ];
        for datagram in flights.map(|records| records.concat()) {
            assert!(!flight.hears(&datagram), "{datagram:?}");
            assert!(flight.hears(&datagram), "{datagram:?}");
        }
        assert!(!flight.hears(&record(1, 2)), "encrypted");
        assert!(!flight.hears(&record(0, 2)[..18]), "cut short");
        assert!(!flight.hears(&record(0, 4)), "what was encrypted is not known");
    }
}
