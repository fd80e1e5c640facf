//! Redundant audio.

use bytes::Bytes;
use media::red as format;

/// A payload type to write, then a payload.
pub fn red(data: &[u8]) {
    let Some((&payload_type, payload)) = data.split_first() else { return };
    let payload = Bytes::copy_from_slice(payload);
    let primary = format::primary(&payload);
    let retyped = format::with_payload_type(&payload, payload_type);
    assert_eq!(primary.is_some(), retyped.is_some());
    let (Some(primary), Some(retyped)) = (primary, retyped) else { return };
    assert!(!primary.is_empty() && payload.ends_with(&primary));
    assert_eq!(retyped.len(), payload.len());
    assert_eq!(format::primary(&retyped), Some(primary));
    let headers = (0..).step_by(4).take_while(|at| at == &0 || retyped[at - 4] & 0x80 != 0);
    for at in headers.collect::<Vec<usize>>() {
        assert_eq!(retyped[at] & 0x7f, payload_type & 0x7f);
    }
    let back = format::with_payload_type(&retyped, payload_type);
    assert_eq!(back.as_deref(), Some(&retyped[..]));
}
