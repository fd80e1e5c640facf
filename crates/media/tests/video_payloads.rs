//! VP9 (RFC 9628 §4.2), H.264 (RFC 6184 §5) and AV1 (its payload specification §4.4), byte by byte.

use bytes::Bytes;
use media::{Codec, PayloadInfo, PictureId, vp9};
use proptest::prelude::*;

fn info(codec: Codec, payload: &[u8]) -> PayloadInfo {
    PayloadInfo::of(codec, payload).expect("readable")
}

#[test]
fn vp9_as_chromium_sends_it() {
    // I, L, B: picture 0x1234, T2 S1 switching up, depends on the layer below, TL0PICIDX 9.
    let payload = [0xa8, 0x92, 0x34, 0b0101_0011, 9, 1, 2, 3];
    let read = vp9::Descriptor::parse(&payload).expect("complete");
    let long = PictureId {
        value: 0x1234,
        long: true,
    };
    assert_eq!(read.picture_id, Some(long));
    assert_eq!((read.temporal_id, read.spatial_id), (2, 1));
    assert_eq!(read.tl0_picture_index, Some(9));
    assert!(read.switching_up_point && read.starts_layer_frame && !read.ends_layer_frame);
    assert!(!read.starts_keyframe(), "an upper layer starts nothing");
    let rewritten = vp9::rewrite(&Bytes::copy_from_slice(&payload), 0x7fff, 200).expect("rewritten");
    assert_eq!(
        rewritten.to_bytes()[..],
        [0xa8, 0xff, 0xff, 0b0101_0011, 200, 1, 2, 3]
    );
}

#[test]
fn vp9_keyframes_and_pictures() {
    let base = [0xa8, 0x80, 0x01, 0, 9, 1];
    assert!(info(Codec::Vp9, &base).keyframe);
    assert!(info(Codec::Vp9, &base).starts_frame);
    let predicted = [0xe8, 0x80, 0x01, 0, 9, 1];
    assert!(!info(Codec::Vp9, &predicted).keyframe && info(Codec::Vp9, &predicted).starts_frame);
    let middle = [0xa0, 0x80, 0x01, 0, 9, 1];
    assert!(!info(Codec::Vp9, &middle).keyframe && !info(Codec::Vp9, &middle).starts_frame);
    let ends = [0xa4, 0x80, 0x01, 0x02, 9, 1];
    assert_eq!(
        (
            info(Codec::Vp9, &ends).spatial_id,
            info(Codec::Vp9, &ends).ends_layer_frame
        ),
        (1, true)
    );
}

#[test]
fn vp9_short_ids_grow_and_flexible_mode_has_no_tl0() {
    // I, L, F, B with 7 bits; then reference differences that stay.
    let payload = [0xb8, 0x05, 0x20, 0x42, 7];
    let read = vp9::Descriptor::parse(&payload).expect("complete");
    assert_eq!(read.tl0_picture_index, None);
    let rewritten = vp9::rewrite(&Bytes::copy_from_slice(&payload), 300, 1).expect("rewritten");
    assert_eq!(rewritten.to_bytes()[..], [0xb8, 0x81, 0x2c, 0x20, 0x42, 7]);
    assert_eq!(vp9::Descriptor::parse(&[0xa8, 0x80]), None);
    assert_eq!(
        vp9::Descriptor::parse(&[0xa8, 0x80, 1, 0, 9]),
        None,
        "no data behind it"
    );
    let bare = [0x08, 1];
    assert_eq!(
        vp9::rewrite(&Bytes::copy_from_slice(&bare), 5, 5)
            .expect("nothing to rewrite")
            .to_bytes()[..],
        bare
    );
}

#[test]
fn h264_frames_begin_with_parameter_sets_or_a_first_slice() {
    let start = |payload: &[u8]| {
        (
            info(Codec::H264, payload).keyframe,
            info(Codec::H264, payload).starts_frame,
        )
    };
    // STAP-A of SPS (4 bytes) and PPS, as libwebrtc sends them before an IDR picture.
    assert_eq!(
        start(&[24, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 2, 0x68, 0xce]),
        (true, true)
    );
    assert_eq!(start(&[0x67, 0x42, 0xe0, 0x1f]), (true, true));
    // The IDR picture behind them is part of the same frame, whole or in fragments.
    assert_eq!(start(&[0x65, 0x88]), (false, false));
    assert_eq!(start(&[0x7c, 0x85, 0x88]), (false, false));
    // A picture's first slice, and a further one.
    assert_eq!(start(&[0x41, 0x9a]), (false, true));
    assert_eq!(start(&[0x41, 0x1a]), (false, false));
    // A FU-A: first fragment of a first slice, then the next fragment.
    assert_eq!(start(&[0x5c, 0x81, 0x9a]), (false, true));
    assert_eq!(start(&[0x5c, 0x01, 0x9a]), (false, false));
    for cut in [&[][..], &[24, 0, 4], &[0x7c]] {
        assert_eq!(PayloadInfo::of(Codec::H264, cut), None);
    }
}

#[test]
fn av1_sequences_and_units() {
    let start = |payload: &[u8]| {
        (
            info(Codec::Av1, payload).keyframe,
            info(Codec::Av1, payload).starts_frame,
        )
    };
    // W 2, N: sequence header, then the frame, which goes on in the next packet.
    assert_eq!(start(&[0x68, 0x0a, 0x0b]), (true, true));
    assert_eq!(start(&[0x10, 0x32]), (false, true));
    assert_eq!(start(&[0x90, 0x32]), (false, false));
    assert_eq!(PayloadInfo::of(Codec::Av1, &[0x68]), None);
}

proptest! {
    #[test]
    fn what_is_rewritten_reads_as_written(payload in prop::collection::vec(any::<u8>(), 0..40), id in 0u16..1 << 15, tl0: u8) {
        let before = vp9::Descriptor::parse(&payload);
        let written = vp9::rewrite(&Bytes::copy_from_slice(&payload), id, tl0);
        prop_assert_eq!(before.is_some(), written.is_some());
        let (Some(before), Some(written)) = (before, written) else { return Ok(()) };
        let after = vp9::Descriptor::parse(&written.to_bytes()).expect("as long as before");
        prop_assert_eq!(after.picture_id.map(|id| id.value), before.picture_id.map(|_| id));
        prop_assert_eq!(after.tl0_picture_index, before.tl0_picture_index.map(|_| tl0));
        prop_assert_eq!((after.temporal_id, after.spatial_id), (before.temporal_id, before.spatial_id));


    }

    #[test]
    fn nothing_panics(payload in prop::collection::vec(any::<u8>(), 0..40)) {
        for codec in [Codec::Vp9, Codec::H264, Codec::Av1] {
            let _ = PayloadInfo::of(codec, &payload);
        }
    }
}
