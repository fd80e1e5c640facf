//! Which steps of a track the allocator chooses among: spatial and temporal layers in one order.

use forward::{LayerTarget, Step, ladder};
use media::{Bitrate, LayerIndex, Source};
use proptest::prelude::*;

const ALL: u8 = LayerTarget::ALL;
/// What each of three temporal layers costs with those below, per mille.
const L1T3: [(u8, u16, u64); 3] = [(0, 250, 400), (1, 500, 600), (ALL, 1_000, 1_000)];

fn encoding(layer: u8, height: u16, bitrate: u64) -> impl Iterator<Item = Step> {
    L1T3.into_iter()
        .map(move |(temporal, rate_permille, share)| Step {
            target: LayerTarget {
                layer: LayerIndex(layer),
                spatial: ALL,
                temporal,
            },
            height,
            rate_permille,
            bitrate: Bitrate(bitrate * share / 1_000),
        })
}

/// Encoding, temporal layer and cost in kb/s of each.
fn of(steps: &[Step]) -> Vec<(u8, u8, u64)> {
    let shown = |step: &Step| (step.target.layer.0, step.target.temporal, step.bitrate.0 / 1_000);
    steps.iter().map(shown).collect()
}

fn camera() -> Vec<Step> {
    let lower = encoding(0, 180, 165_000).chain(encoding(1, 360, 540_000));
    lower.chain(encoding(2, 720, 1_830_000)).collect()
}

#[test]
fn a_camera_is_large_before_it_is_smooth_but_never_slow() {
    let full = ladder(Source::Camera, 720, &camera());
    let expected = [
        (0, 0, 66),
        (0, 1, 99),
        (0, ALL, 165),
        (1, 1, 324),
        (1, ALL, 540),
        (2, 1, 1_098),
        (2, ALL, 1_830),
    ];
    assert_eq!(of(&full), expected);
    assert_eq!(of(&ladder(Source::Camera, 360, &camera())), expected[..5]);
    assert_eq!(ladder(Source::Camera, 0, &camera()), []);
    // Also where nothing lies between 180 and 720 pixels, 7.5 frames a second are not what a camera stays at.
    let two: Vec<Step> = encoding(0, 180, 165_000)
        .chain(encoding(2, 720, 1_830_000))
        .collect();
    let two = of(&ladder(Source::Camera, 720, &two));
    assert!(!two.contains(&(2, 0, 732)), "{two:?}");
    // But as the only encoding there is it is more than nothing.
    let one: Vec<Step> = encoding(2, 720, 1_830_000).collect();
    assert_eq!(ladder(Source::Camera, 720, &one).len(), 3);
}

#[test]
fn a_screen_can_be_read_before_it_is_smooth() {
    let screen: Vec<Step> = encoding(0, 540, 1_200_000)
        .chain(encoding(1, 1_080, 2_500_000))
        .collect();
    let expected = [
        (0, 0, 480),
        (0, 1, 720),
        // Not 540 pixels at the full rate, for 1,200.
        (1, 0, 1_000),
        (1, 1, 1_500),
        (1, ALL, 2_500),
    ];
    assert_eq!(of(&ladder(Source::Screen, 1_080, &screen)), expected);
}

#[test]
fn without_costs_there_is_what_the_tile_asks_for() {
    let unknown: Vec<Step> = camera()
        .into_iter()
        .map(|step| Step {
            bitrate: Bitrate(0),
            ..step
        })
        .collect();
    assert_eq!(of(&ladder(Source::Camera, 360, &unknown)), [(1, ALL, 0)]);
}

proptest! {
    #[test]
    fn each_step_costs_more_and_is_worth_more(
        layers in prop::collection::vec((1u64..3_000_000, prop_oneof![Just(0u16), 90u16..1_200]), 0..4),
        height in 1u16..1_200,
        source in prop::sample::select(vec![Source::Camera, Source::Screen]),
    ) {
        let steps: Vec<Step> = (0u8..)
            .zip(layers)
            .flat_map(|(layer, (bitrate, height))| encoding(layer, height, bitrate))
            .collect();
        let ladder = ladder(source, height, &steps);
        prop_assert_eq!(ladder.is_empty(), steps.is_empty());
        for pair in ladder.windows(2) {
            prop_assert!(pair[0].bitrate < pair[1].bitrate);
            let worth = |step: &Step| (step.worth(source), step.target.layer);
            prop_assert!(worth(&pair[0]) < worth(&pair[1]));
        }
        // The last is what the tile asks for, in full.
        let wish = forward::select_step(height, &steps).map(|index| steps[index]);
        prop_assert_eq!(ladder.last().copied(), wish);
    }
}
