//! As much of STUN (RFC 8489) as choosing an address needs: `rtc` does the checking and the answering.

/// Message class (RFC 8489 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Request,
    Success,
    Other,
}

/// What we look at in a Binding message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) class: Class,
    pub(crate) transaction: [u8; 12],
    /// The client nominates the path it came over (RFC 8445 §8.1.1).
    pub(crate) use_candidate: bool,
}

const HEADER_BYTES: usize = 20;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
/// RFC 8445 §16.1.
const USE_CANDIDATE: u16 = 0x0025;

impl Binding {
    /// `None` when it is not a well-formed Binding message.
    pub(crate) fn parse(datagram: &[u8]) -> Option<Self> {
        let (header, mut attributes) = datagram.split_at_checked(HEADER_BYTES)?;
        let class = match u16::from_be_bytes([*header.first()?, *header.get(1)?]) {
            0x0001 => Class::Request,
            0x0101 => Class::Success,
            0x0011 | 0x0111 => Class::Other,
            _ => return None,
        };
        let length = usize::from(u16::from_be_bytes([*header.get(2)?, *header.get(3)?]));
        if header.get(4..8)? != MAGIC_COOKIE || length != attributes.len() {
            return None;
        }
        let transaction = header.get(8..20)?.try_into().ok()?;
        let mut use_candidate = false;
        while let Some((head, rest)) = attributes.split_at_checked(4) {
            let kind = u16::from_be_bytes([*head.first()?, *head.get(1)?]);
            let size = usize::from(u16::from_be_bytes([*head.get(2)?, *head.get(3)?]));
            use_candidate |= kind == USE_CANDIDATE;
            attributes = rest.get(size.next_multiple_of(4)..)?;
        }
        Some(Self {
            class,
            transaction,
            use_candidate,
        })
    }
}
