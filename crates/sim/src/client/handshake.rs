//! Keeps from `rtc` what of the DTLS handshake it has answered before.
//!
//! `rtc` 0.21.1 gives up its retransmission timer at any handshake packet, even one that leads nowhere: the server's
//! flight that came twice would keep the client from ever sending its own again. Browsers are not like that.

/// Handshake message number of the first message in a datagram, when that is in the clear (RFC 6347 §4.1, §4.2.2).
fn first_message(datagram: &[u8]) -> Option<u16> {
    const HANDSHAKE: u8 = 22;
    let &[HANDSHAKE, _, _, 0, 0, ..] = datagram else {
        return None;
    };
    Some(u16::from_be_bytes(*datagram.get(17..)?.first_chunk::<2>()?))
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// The first message of the last flight that was answered.
    flight: Option<u16>,
}

impl Answered {
    /// Whether this datagram of the server's was answered before.
    pub(super) fn has(&self, datagram: &[u8]) -> bool {
        match (self.flight, first_message(datagram)) {
            (Some(answered), Some(first)) => first <= answered,
            _ => false,
        }
    }

    /// This datagram of the server's is answered now.
    pub(super) fn add(&mut self, datagram: &[u8]) {
        self.flight = first_message(datagram).max(self.flight);
    }
}
