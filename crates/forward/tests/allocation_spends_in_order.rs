//! What bandwidth is spent on first.

use forward::{Allocation, Budget, Demand, LayerTarget, Step, allocate};
use media::{Bitrate, LayerIndex, Source};

/// A camera's layers: index, height, cost.
const CAMERA: [(u8, u16, u64); 3] = [(0, 180, 165_000), (1, 360, 540_000), (2, 720, 1_830_000)];
const MICROPHONE: u64 = 48_000;

fn steps(layers: &[(u8, u16, u64)]) -> Vec<Step> {
    let step = |(layer, height, bitrate): &(u8, u16, u64)| Step {
        target: LayerIndex(*layer).into(),
        height: *height,
        rate_permille: 1_000,
        bitrate: Bitrate(*bitrate),
    };
    layers.iter().map(step).collect()
}

fn demand(source: Source, height: u16, priority: u8, steps: &[Step]) -> Demand<'_> {
    Demand {
        source,
        height,
        priority,
        current: None,
        steps,
    }
}

fn of(rate: u64) -> Budget {
    Budget::Measured {
        estimate: Bitrate(rate),
        stable: Bitrate(rate),
    }
}

fn layers(allocation: &Allocation) -> Vec<Option<u8>> {
    let layer = |target: LayerTarget| target.layer.0;
    allocation
        .targets
        .iter()
        .map(|target| target.layer.map(layer))
        .collect()
}

#[test]
fn everyone_gets_the_middle_before_anyone_the_top() {
    let camera = steps(&CAMERA);
    let demands = [demand(Source::Camera, 720, 0, &camera); 4];
    for (rate, expected) in [
        (420_000, [Some(0), Some(0), None, None]),
        (700_000, [Some(0); 4]),
        (1_100_000, [Some(1), Some(0), Some(0), Some(0)]),
        (2_300_000, [Some(1); 4]),
        (3_500_000, [Some(1); 4]),
        (3_700_000, [Some(2), Some(1), Some(1), Some(1)]),
        (10_000_000, [Some(2); 4]),
    ] {
        assert_eq!(layers(&allocate(of(rate), &demands)), expected, "{rate}");
    }
}

#[test]
fn sound_is_never_starved() {
    let (camera, microphone) = (steps(&CAMERA), steps(&[(0, 0, MICROPHONE)]));
    let demands = [
        demand(Source::Camera, 720, 0, &camera),
        demand(Source::Microphone, 0, 0, &microphone),
        demand(Source::Microphone, 0, 0, &microphone),
    ];
    let allocation = allocate(of(50_000), &demands);
    assert_eq!(layers(&allocation), [None, Some(0), Some(0)]);
    assert!(allocation.targets[0].limited);
    assert_eq!(allocation.allocated, Bitrate(2 * MICROPHONE));
    // A twentieth is kept free.
    assert_eq!(allocation.next_step, Some(Bitrate(274_737)));
}

#[test]
fn screens_come_before_cameras_and_pinned_before_others() {
    let camera = steps(&CAMERA);
    let screen = steps(&[(0, 1_080, 1_000_000)]);
    let demands = [
        demand(Source::Camera, 720, 1, &camera),
        demand(Source::Camera, 180, 0, &camera),
        demand(Source::Screen, 1_080, 1, &screen),
    ];
    assert_eq!(layers(&allocate(of(1_100_000), &demands)), [None, None, Some(0)]);
    assert_eq!(
        layers(&allocate(of(1_300_000), &demands)),
        [None, Some(0), Some(0)]
    );
    assert_eq!(
        layers(&allocate(of(1_500_000), &demands)),
        [Some(0), Some(0), Some(0)]
    );
    assert_eq!(
        layers(&allocate(of(1_900_000), &demands)),
        [Some(1), Some(0), Some(0)]
    );
}

#[test]
fn what_flows_needs_the_estimate_and_what_is_better_the_recent_minimum() {
    let camera = steps(&CAMERA);
    let budget = Budget::Measured {
        estimate: Bitrate(600_000),
        stable: Bitrate(500_000),
    };
    let flowing = |layer| Demand {
        current: Some(LayerIndex(layer).into()),
        ..demand(Source::Camera, 720, 0, &camera)
    };
    assert_eq!(layers(&allocate(budget, &[flowing(1)])), [Some(1)]);
    assert_eq!(layers(&allocate(budget, &[flowing(0)])), [Some(0)]);
}

#[test]
fn without_a_limit_everyone_gets_what_their_height_asks_for() {
    let camera = steps(&CAMERA);
    let heights = [720, 361, 360, 100, 0];
    let demands = heights.map(|height| demand(Source::Camera, height, 0, &camera));
    let allocation = allocate(Budget::Unlimited, &demands);
    assert_eq!(layers(&allocation), [Some(2), Some(2), Some(1), Some(0), None]);
    assert!(allocation.targets.iter().all(|target| !target.limited));
    assert_eq!(
        (allocation.next_step, allocation.allocated),
        (None, allocation.ceiling)
    );
}
