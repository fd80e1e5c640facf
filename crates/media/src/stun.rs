//! As much of STUN (RFC 8489) as finding a datagram's peer takes.

/// Bytes of a STUN header (RFC 8489 §5).
const HEADER: usize = 20;
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const USERNAME: u16 = 0x0006;
/// Longest ICE username fragment (RFC 8445 §5.3).
const MAX_UFRAG: usize = 256;

/// The receiver's own username fragment in a binding request: what USERNAME says before the colon
/// (RFC 8445 §7.2.2). `None` for any other datagram, and for a malformed request.
///
/// Nothing is authenticated here: the fragment says which peer to ask, no more.
pub fn local_ufrag(datagram: &[u8]) -> Option<&str> {
    let (header, mut attributes) = datagram.split_at_checked(HEADER)?;
    let length = usize::from(u16::from_be_bytes([*header.get(2)?, *header.get(3)?]));
    if !header.starts_with(&BINDING_REQUEST)
        || header.get(4..8)? != MAGIC_COOKIE
        || length != attributes.len()
        || !length.is_multiple_of(4)
    {
        return None;
    }
    while let Some((&[kind_high, kind_low, length_high, length_low], rest)) = attributes.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([length_high, length_low]));
        let value = rest.get(..length)?;
        if u16::from_be_bytes([kind_high, kind_low]) == USERNAME {
            return ufrag_of(value);
        }
        // Values are padded to four bytes (RFC 8489 §14).
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}

fn ufrag_of(username: &[u8]) -> Option<&str> {
    let colon = username
        .iter()
        .take(MAX_UFRAG + 1)
        .position(|&byte| byte == b':')?;
    let ufrag = username.get(..colon).filter(|ufrag| !ufrag.is_empty())?;
    std::str::from_utf8(ufrag).ok()
}
