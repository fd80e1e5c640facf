//! Redundant audio (RFC 2198): several Opus frames in one packet, the newest last.
//!
//! ```text
//! |1| PT (7) | timestamp offset (14) | length (10) |   per redundant block
//! |0| PT (7) |                                         primary block, takes the rest
//! ```

use bytes::{Bytes, BytesMut};

const MORE: u8 = 0x80;
/// Bytes of a redundant block's header.
const BLOCK_HEADER: usize = 4;
/// Most redundant blocks accepted: libwebrtc sends at most nine.
const MAX_BLOCKS: usize = 16;

/// Where things are in a payload that has been checked.
struct Layout {
    /// Redundant blocks.
    blocks: usize,
    /// Where the primary block's data begins.
    primary: usize,
}

fn layout(payload: &[u8]) -> Option<Layout> {
    let mut redundant = 0;
    for blocks in 0..=MAX_BLOCKS {
        let at = blocks * BLOCK_HEADER;
        if payload.get(at)? & MORE == 0 {
            let primary = at + 1 + redundant;
            // A packet without any primary data says nothing to a decoder.
            return (primary < payload.len()).then_some(Layout { blocks, primary });
        }
        let length = [*payload.get(at + 2)?, *payload.get(at + 3)?];
        redundant += usize::from(u16::from_be_bytes(length) & 0x03ff);
    }
    None
}

/// The primary block of a RED payload, which is what a subscriber who did not negotiate RED gets; shares the
/// payload's memory. `None` when the payload is malformed or has no primary data.
pub fn primary(payload: &Bytes) -> Option<Bytes> {
    layout(payload).map(|layout| payload.slice(layout.primary..))
}

/// The payload with every block's payload type replaced: the types inside RED are those of the publisher's
/// connection and mean nothing on the subscriber's. Shares the payload's memory when nothing changes. `None`
/// when the payload is malformed.
pub fn with_payload_type(payload: &Bytes, payload_type: u8) -> Option<Bytes> {
    let blocks = layout(payload)?.blocks;
    let wanted = payload_type & !MORE;
    let headers = || (0..=blocks).map(|block| block * BLOCK_HEADER);
    if headers().all(|at| payload.get(at).is_some_and(|byte| byte & !MORE == wanted)) {
        return Some(payload.clone());
    }
    let mut out = BytesMut::from(&payload[..]);
    for at in headers() {
        if let Some(byte) = out.get_mut(at) {
            *byte = (*byte & MORE) | wanted;
        }
    }
    Some(out.freeze())
}
