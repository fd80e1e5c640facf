//! VP8 payload descriptors: what is rewritten is the numbers, and nothing else.

use bytes::Bytes;
use media::vp8 as format;

/// A picture id and TL0PICIDX to write, then a payload.
pub fn vp8(data: &[u8]) {
    let Some((&[high, low, tl0], payload)) = data.split_first_chunk() else { return };
    let picture_id = u16::from_be_bytes([high, low]);
    let before = format::Descriptor::parse(payload);
    let rewritten = format::rewrite(&Bytes::copy_from_slice(payload), picture_id, tl0);
    assert_eq!(before.is_some(), rewritten.is_some());
    let (Some(before), Some(rewritten)) = (before, rewritten) else { return };
    assert!(before.len <= payload.len());
    let after = rewritten.to_bytes();
    assert!(after.len() <= payload.len() + 1, "a short id becomes a long one");
    let read = format::Descriptor::parse(&after).expect("what is written can be read");
    assert_eq!(after[read.len..], payload[before.len..], "the picture is untouched");
    assert_eq!(read.picture_id.map(|id| (id.value, id.long)), before.picture_id.map(|_| (picture_id & 0x7fff, true)));
    assert_eq!(read.tl0_picture_index, before.tl0_picture_index.map(|_| tl0));
    let rest = |of: format::Descriptor| format::Descriptor {
        picture_id: None,
        tl0_picture_index: None,
        len: 0,
        ..of
    };
    assert_eq!(rest(read), rest(before));
}
