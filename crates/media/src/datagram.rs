//! What a datagram is, from its first bytes: STUN, DTLS, RTP and RTCP share one port.

/// The protocol of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatagramKind {
    /// STUN (RFC 8489).
    Stun,
    /// DTLS (RFC 9147, RFC 6347).
    Dtls,
    /// RTP or SRTP.
    Rtp,
    /// RTCP or SRTCP.
    Rtcp,
}

impl DatagramKind {
    /// Tell by the first byte (RFC 7983 §7), and RTP from RTCP by the second (RFC 5761 §4). `None` for
    /// anything else: ZRTP, TURN channels, QUIC, noise.
    pub fn of(datagram: &[u8]) -> Option<DatagramKind> {
        match *datagram.first()? {
            0..=3 => Some(DatagramKind::Stun),
            20..=63 => Some(DatagramKind::Dtls),
            // The low seven bits of the second byte are RTP's payload type, of which 64..=95 may not be
            // used when RTCP shares the port; the marker bit makes RTCP's 192..=223 of them.
            128..=191 => match *datagram.get(1)? & 0x7f {
                64..=95 => Some(DatagramKind::Rtcp),
                _ => Some(DatagramKind::Rtp),
            },
            _ => None,
        }
    }
}
