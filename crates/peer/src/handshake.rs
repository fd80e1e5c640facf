//! The server's last flight of the DTLS handshake, to be sent again.
//!
//! `rtc` 0.21.1 gives up its retransmission timer at any handshake packet, even one that leads nowhere, as a repeated
//! ClientHello does: a flight that is lost once would never be sent again, and the client would call for it until it
//! gives up. So what `rtc` has no answer to is answered with the flight before it (RFC 6347 §4.2.4: whoever gets a
//! retransmitted flight sends its own again).

use bytes::BytesMut;
use std::time::{Duration, Instant};

/// Datagrams of a flight; a certificate chain takes a few. When full the others are left to `rtc`.
const MAX_DATAGRAMS: usize = 16;
/// A flight leaves again at most this often. Shorter: a client that splits its flight over datagrams gets the former of
/// ours after each; longer: a lost handshake waits.
const INTERVAL: Duration = Duration::from_millis(50);

/// What was sent last.
#[derive(Debug, Default)]
pub(crate) struct LastFlight {
    datagrams: Vec<BytesMut>,
    left: Option<Instant>,
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
        }
        if self.datagrams.len() < MAX_DATAGRAMS {
            self.datagrams.push(datagram.clone());
        }
        self.left = Some(now);
    }

    /// A datagram of the client's handshake led to nothing new: what to send again.
    pub(crate) fn again(&mut self, now: Instant) -> &[BytesMut] {
        let since = self.left.map(|left| now.saturating_duration_since(left));
        if !self.old || since.is_none_or(|since| since < INTERVAL) {
            return &[];
        }
        self.left = Some(now);
        &self.datagrams
    }
}
