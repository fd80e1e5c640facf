//! The descriptors of RFC 7741 §4.2, byte by byte.

use bytes::Bytes;
use media::vp8::{Descriptor, rewrite};
use media::{Codec, PayloadInfo, PictureId};

/// First byte of VP8 data: P = 0 is a keyframe (RFC 6386 §9.1).
const KEY: u8 = 0x10;
const DELTA: u8 = 0x31;

#[test]
fn the_shortest_descriptor() {
    let read = Descriptor::parse(&[0x10, KEY]).expect("one byte is enough");
    assert_eq!((read.len, read.keyframe, read.starts_frame()), (1, true, true));
    assert_eq!(
        (
            read.picture_id,
            read.tl0_picture_index,
            read.temporal_id,
            read.key_index
        ),
        (None, None, None, None)
    );
}

#[test]
fn the_one_libwebrtc_sends() {
    let payload = [0x90, 0xe0, 0x81, 0x02, 7, 0b0110_0000, DELTA];
    let read = Descriptor::parse(&payload).expect("complete");
    assert_eq!(
        read.picture_id,
        Some(PictureId {
            value: 0x0102,
            long: true
        })
    );
    assert_eq!(
        (read.tl0_picture_index, read.temporal_id, read.layer_sync),
        (Some(7), Some(1), true)
    );
    assert_eq!((read.key_index, read.len, read.keyframe), (None, 6, false));
    let info = PayloadInfo::of(Codec::Vp8, &payload).expect("complete");
    assert_eq!(
        info,
        PayloadInfo {
            keyframe: false,
            starts_frame: true,
            ends_layer_frame: false,
            spatial_id: 0,
            temporal_id: 1,
            layer_sync: true,
            described: None,
        }
    );
}

#[test]
fn a_key_index_without_a_temporal_id() {
    let read = Descriptor::parse(&[0xb0, 0x10, 0b1110_0101, KEY]).expect("complete");
    assert_eq!(
        (read.temporal_id, read.layer_sync, read.key_index),
        (None, false, Some(5))
    );
    assert!(read.non_reference);
}

#[test]
fn a_descriptor_cut_anywhere_is_refused() {
    let payload = [0x90, 0xf0, 0x81, 0x02, 7, 0x65, KEY];
    for length in 0..6 {
        assert_eq!(Descriptor::parse(&payload[..length]), None, "{length}");
        assert_eq!(
            rewrite(&Bytes::copy_from_slice(&payload[..length]), 1, 1),
            None,
            "{length}"
        );
    }
    let read = Descriptor::parse(&payload[..6]).expect("complete");
    assert!(!read.keyframe, "nothing behind the descriptor says so");
}

#[test]
fn only_the_start_of_the_first_partition_is_a_keyframe() {
    for (first, expected) in [(0x10, true), (0x00, false), (0x11, false), (0x01, false)] {
        assert_eq!(
            Descriptor::parse(&[first, KEY]).map(|read| read.keyframe),
            Some(expected),
            "{first:#x}"
        );
    }
}

#[test]
fn a_short_picture_id_grows_to_15_bits() {
    let out = rewrite(
        &Bytes::copy_from_slice(&[0x90, 0xc0, 0x05, 9, DELTA, 1, 2]),
        0x7abc,
        200,
    )
    .expect("complete");
    assert_eq!(out.to_bytes()[..], [0x90, 0xc0, 0xfa, 0xbc, 200, DELTA, 1, 2]);
}

#[test]
fn what_is_absent_stays_absent() {
    assert_eq!(
        rewrite(&Bytes::copy_from_slice(&[0x10, KEY, 1]), 5, 5)
            .expect("complete")
            .to_bytes()[..],
        [0x10, KEY, 1]
    );
    assert_eq!(
        rewrite(&Bytes::copy_from_slice(&[0x90, 0x20, 0x40, KEY]), 5, 5)
            .expect("complete")
            .to_bytes()[..],
        [0x90, 0x20, 0x40, KEY]
    );
}
