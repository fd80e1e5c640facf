//! VP9 payload descriptors: what is rewritten is the numbers, and nothing else.

use bytes::Bytes;
use media::vp9 as format;

/// A picture id and TL0PICIDX to write, then a payload.
pub fn vp9(data: &[u8]) {
    let Some((&[high, low, tl0], payload)) = data.split_first_chunk() else { return };
    let picture_id = u16::from_be_bytes([high, low]);
    let before = format::Descriptor::parse(payload);
    let rewritten = format::rewrite(&Bytes::copy_from_slice(payload), picture_id, tl0);
    assert_eq!(before.is_some(), rewritten.is_some());
    let (Some(before), Some(rewritten)) = (before, rewritten) else { return };
    let after = rewritten.to_bytes();
    assert!(after.len() <= payload.len() + 1, "a short id becomes a long one");
    let read = format::Descriptor::parse(&after).expect("what is written can be read");
    assert_eq!(read.picture_id.map(|id| (id.value, id.long)), before.picture_id.map(|_| (picture_id & 0x7fff, true)));
    assert_eq!(read.tl0_picture_index, before.tl0_picture_index.map(|_| tl0));
    let rest = |of: format::Descriptor| {
        let layers = (of.spatial_id, of.temporal_id, of.switching_up_point);
        (of.inter_picture_predicted, of.starts_layer_frame, of.ends_layer_frame, layers)
    };
    assert_eq!(rest(read), rest(before));
    // The same numbers once more change nothing.
    let again = format::rewrite(&after, picture_id, tl0).expect("as before");
    assert_eq!(again.to_bytes(), after);
}
