//! Video layers allocations, as libwebrtc writes them.

use media::Bitrate;
use media::layers_allocation::{AllocatedLayer, AllocatedPicture, LayersAllocation};
use proptest::prelude::*;

fn kbps(values: &[u64]) -> Vec<Bitrate> {
    values.iter().map(|kbps| Bitrate(kbps * 1_000)).collect()
}

/// Stream 1's packet; three streams of one spatial layer with 1, 2 and 3 temporal layers.
const THREE_STREAMS: [u8; 13] = [
    0b0110_0001,
    0b0001_1000,
    // 150; 200, 500; 680, 1,020, 1,700
    0x96,
    0x01,
    0xC8,
    0x01,
    0xF4,
    0x03,
    0xA8,
    0x05,
    0xFC,
    0x07,
    0xA4,
];

#[test]
fn simulcast_of_three_streams() {
    let mut wire = THREE_STREAMS.to_vec();
    assert_eq!(LayersAllocation::parse(&wire), None, "cut");
    wire.push(0x0D);
    let allocation = LayersAllocation::parse(&wire).expect("well formed");
    assert_eq!(allocation.stream, 1);
    let layers: Vec<_> = allocation
        .layers
        .iter()
        .map(|layer| (layer.stream, layer.spatial))
        .collect();
    assert_eq!(layers, [(0, 0), (1, 0), (2, 0)]);
    assert_eq!(allocation.layers[2].targets(), kbps(&[680, 1_020, 1_700]));
    assert_eq!(allocation.target(0), Some(Bitrate(150_000)));
    assert_eq!(allocation.target(2), Some(Bitrate(1_700_000)));
    assert_eq!(allocation.target(3), None);
    assert_eq!(allocation.to_wire(), wire);
}

#[test]
fn a_stream_in_between_that_is_not_sent() {
    // Streams 0 and 2 of three, at 150 and 600 kb/s.
    let wire = [0b0010_0000, 0x10, 0x10, 0, 0x96, 0x01, 0xD8, 0x04];
    let allocation = LayersAllocation::parse(&wire).expect("well formed");
    assert_eq!(allocation.target(0), Some(Bitrate(150_000)));
    assert_eq!(allocation.target(1), None);
    assert_eq!(allocation.target(2), Some(Bitrate(600_000)));
    assert_eq!(allocation.to_wire(), &wire[..]);
}

#[test]
fn pictures_are_read_when_the_length_says_so() {
    // A browser's camera of 320x240 at 15 frames and 279 kb/s.
    let wire = [0x01, 0x00, 0x97, 0x02, 0x01, 0x3F, 0x00, 0xEF, 0x0F];
    let allocation = LayersAllocation::parse(&wire).expect("well formed");
    let picture = AllocatedPicture {
        width: 320,
        height: 240,
        fps: 15,
    };
    assert_eq!(allocation.layers[0].picture, Some(picture));
    assert_eq!((allocation.height(0), allocation.height(1)), (Some(240), None));
    assert_eq!(allocation.layers[0].targets(), kbps(&[279]));
    assert_eq!(allocation.to_wire(), &wire[..]);
}

#[test]
fn nothing_is_sent() {
    let allocation = LayersAllocation::parse(&[0]).expect("a byte of zero");
    assert!(allocation.layers.is_empty());
    assert_eq!(allocation.to_wire(), &[0][..]);
    // No layer, but said at length.
    assert_eq!(LayersAllocation::parse(&[0, 0]), None);
    assert_eq!(LayersAllocation::parse(&[]), None);
}

#[test]
fn rates_beyond_reason_are_refused() {
    // 1,000,000 kb/s, and one more.
    assert!(LayersAllocation::parse(&[1, 0, 0xC0, 0x84, 0x3D]).is_some());
    assert_eq!(LayersAllocation::parse(&[1, 0, 0xC1, 0x84, 0x3D]), None);
    assert_eq!(
        LayersAllocation::parse(&[1, 0, 0x80, 0x80, 0x80, 0x80, 0x00]),
        None
    );
}

#[test]
fn what_is_cut_is_not_read() {
    let mut wire = THREE_STREAMS.to_vec();
    wire.push(0x0D);
    for length in 0..wire.len() {
        assert_eq!(LayersAllocation::parse(&wire[..length]), None, "{length} bytes");
    }
}

fn layer() -> impl Strategy<Value = AllocatedLayer> {
    let picture = (1..=65_536u32, 1..=65_536u32, any::<u8>());
    let targets = prop::collection::vec(0..=1_000_000u64, 1..=4);
    (0..4u8, 0..4u8, targets, picture).prop_map(|(stream, spatial, targets, (width, height, fps))| {
        let mut layer = AllocatedLayer::new(stream, spatial, &kbps(&targets));
        layer.picture = Some(AllocatedPicture { width, height, fps });
        layer
    })
}

proptest! {
    #[test]
    fn anything_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..=255)) {
        if let Some(allocation) = LayersAllocation::parse(&bytes) {
            prop_assert!(allocation.layers.len() <= 16);
            let again = LayersAllocation::parse(&allocation.to_wire());
            prop_assert_eq!(again, Some(allocation));
        }
    }

    #[test]
    fn what_is_written_is_read(stream in 0..4u8, mut layers in prop::collection::vec(layer(), 1..=16), sized: bool) {
        layers.sort_by_key(|layer| (layer.stream, layer.spatial));
        layers.dedup_by_key(|layer| (layer.stream, layer.spatial));
        if !sized {
            layers.iter_mut().for_each(|layer| layer.picture = None);
        }
        let allocation = LayersAllocation { stream, layers };
        let wire = allocation.to_wire();
        prop_assert!(wire.len() <= 255);
        prop_assert_eq!(LayersAllocation::parse(&wire), Some(allocation));
    }
}
