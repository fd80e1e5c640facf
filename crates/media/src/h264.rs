//! H.264 payloads (RFC 6184 §5): as far as one packet tells where frames and keyframes begin.

/// Sequence parameter set: browsers send one in front of every IDR picture, and none elsewhere.
const SPS: u8 = 7;
const SLICE: u8 = 1;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;
/// Of the second byte of a FU-A: the unit's first fragment.
const FU_START: u8 = 0x80;

/// What a payload begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The packet carries the parameter sets of a keyframe, which comes behind them.
    pub keyframe: bool,
    /// A frame begins: parameter sets, or the first slice of another picture. The slices behind parameter sets belong
    /// to the frame these began.
    pub frame: bool,
}

/// Read the payload of a packet in packetization mode 0 or 1. `None` when it is empty, or ends within a header.
pub fn start_of(payload: &[u8]) -> Option<Start> {
    let &header = payload.first()?;
    let (kind, unit) = match header & 0x1f {
        FU_A => {
            let fragment = *payload.get(1)?;
            if fragment & FU_START == 0 {
                return Some(Start {
                    keyframe: false,
                    frame: false,
                });
            }
            (fragment & 0x1f, payload.get(2..)?)
        }
        // The size of the first unit in two bytes, then its header. Parameter sets come first.
        STAP_A => (payload.get(3)? & 0x1f, payload.get(4..)?),
        kind => (kind, payload.get(1..)?),
    };
    // `first_mb_in_slice` 0 is the one bit 1 in Exp-Golomb (ITU-T H.264 §7.3.3, §9.1).
    let first_slice = kind == SLICE && unit.first().is_some_and(|byte| byte & 0x80 != 0);
    Some(Start {
        keyframe: kind == SPS,
        frame: kind == SPS || first_slice,
    })
}
