//! What bandwidth is spent on first.

use forward::{Allocation, Budget, Demand, LayerTarget, Step, Target, allocate, ladder};
use media::{Bitrate, Kind, LayerIndex, Source};

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
fn equal_tracks_do_not_swap_when_one_becomes_a_little_cheaper() {
    // Room for one in the middle layer. What they cost goes up and down by a tenth.
    let (dear, cheap) = (
        steps(&[(0, 180, 165_000), (1, 360, 560_000)]),
        steps(&[(0, 180, 165_000), (1, 360, 510_000)]),
    );
    let flowing = |layer, steps| Demand {
        current: Some(LayerIndex(layer).into()),
        ..demand(Source::Camera, 360, 0, steps)
    };
    let demands = [flowing(0, &cheap), flowing(1, &dear)];
    assert_eq!(layers(&allocate(of(800_000), &demands)), [Some(0), Some(1)]);
    // Half as dear is worth the keyframes.
    let half = steps(&[(0, 180, 165_000), (1, 360, 330_000)]);
    let demands = [flowing(0, &half), flowing(1, &dear)];
    assert_eq!(layers(&allocate(of(800_000), &demands)), [Some(1), Some(0)]);
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

mod any_demands {
    use super::*;
    use proptest::prelude::*;

    /// The steps of an encoding with so many temporal layers, of which each doubles the frames.
    fn temporal_steps(layer: u8, height: u16, bitrate: u64, temporal: u8) -> Vec<Step> {
        let step = |id: u8| {
            let above = temporal - 1 - id;
            let full = Step {
                bitrate: Bitrate(bitrate * 3 / (3 + 2 * u64::from(above))),
                rate_permille: 1_000 >> above,
                ..steps(&[(layer, height, 0)])[0]
            };
            let temporal = if above == 0 { LayerTarget::ALL } else { id };
            Step {
                target: LayerTarget {
                    temporal,
                    ..full.target
                },
                ..full
            }
        };
        (0..temporal).map(step).collect()
    }

    /// Source, height, priority, steps, and what flows.
    type Wish = (Source, u16, u8, Vec<Step>, Option<u8>);

    fn arbitrary() -> impl Strategy<Value = Vec<Wish>> {
        let source = prop_oneof![
            Just(Source::Camera),
            Just(Source::Screen),
            Just(Source::Microphone)
        ];
        let layers = proptest::collection::vec((10_000u64..2_000_000, 50u16..400, 1u8..4), 0..4);
        let one = (source, 0u16..1_100, 0u8..3, layers, proptest::option::of(0u8..3));
        proptest::collection::vec(
            one.prop_map(|(source, height, priority, layers, current)| {
                let (mut bitrate, mut top, mut out) = (0, 0, Vec::new());
                for (index, (more, higher, temporal)) in layers.into_iter().enumerate() {
                    bitrate += more;
                    top += higher;
                    out.extend(temporal_steps(index as u8, top, bitrate, temporal));
                }
                let out = match source.kind() {
                    Kind::Audio => out.split_off(out.len().saturating_sub(1)),
                    Kind::Video => ladder(source, height, &out),
                };
                (source, height, priority, out, current)
            }),
            0..12,
        )
    }

    fn demands(people: &[Wish]) -> Vec<Demand<'_>> {
        let mut out = Vec::new();
        for (source, height, priority, steps, current) in people {
            out.push(Demand {
                current: current.map(|layer| LayerIndex(layer).into()),
                ..demand(*source, *height, *priority, steps)
            });
        }
        out
    }

    proptest! {
        #[test]
        fn never_more_than_the_budget_but_for_sound(people in arbitrary(), estimate in 0u64..20_000_000, stable in 0u64..20_000_000) {
            let demands = demands(&people);
            let budget = Budget::Measured { estimate: Bitrate(estimate), stable: Bitrate(stable) };
            let allocation = allocate(budget, &demands);
            let sound: u64 = demands
                .iter()
                .filter(|demand| demand.source == Source::Microphone)
                .filter_map(|demand| demand.steps.first())
                .map(|step| step.bitrate.0)
                .sum();
            prop_assert!(allocation.allocated.0 <= estimate.max(sound));
            prop_assert!(allocation.allocated <= allocation.ceiling);
        }

        /// Of what flows already this cannot be said: with more bandwidth somebody's first picture may displace
        /// somebody else's better one.
        #[test]
        fn more_bandwidth_makes_nobody_worse(people in arbitrary(), rate in 0u64..10_000_000, more in 0u64..10_000_000) {
            let mut demands = demands(&people);
            demands.iter_mut().for_each(|demand| demand.current = None);
            let (less, more) = (allocate(of(rate), &demands), allocate(of(rate + more), &demands));
            for (index, (less, more)) in less.targets.iter().zip(&more.targets).enumerate() {
                let place = |target: &Target| {
                    demands[index].steps.iter().position(|step| Some(step.target) == target.layer)
                };
                prop_assert!(place(less) <= place(more), "slot {index}");
            }
        }

        #[test]
        fn reaching_the_next_step_gives_somebody_more(people in arbitrary(), rate in 0u64..10_000_000) {
            let mut demands = demands(&people);
            demands.iter_mut().for_each(|demand| demand.current = None);
            let before = allocate(of(rate), &demands);
            if let Some(next) = before.next_step {
                let after = allocate(of(next.0 + 1), &demands);
                prop_assert!(after.allocated > before.allocated, "{before:?} {after:?}");
            }
        }

        /// An estimate that is off by two per cent either way changes nothing, once both extremes were seen.
        #[test]
        fn noise_changes_nothing(people in arbitrary(), rate in 100_000u64..10_000_000, noise in proptest::collection::vec(0u64..=40, 40)) {
            let mut demands = demands(&people);
            let lowest = rate * 98 / 100;
            let mut changes = Vec::new();
            let settles = [0, 40].repeat(8);
            for (round, noise) in settles.iter().chain(&noise).enumerate() {
                let estimate = rate * (980 + noise) / 1_000;
                let budget = Budget::Measured { estimate: Bitrate(estimate), stable: Bitrate(lowest) };
                let allocation = allocate(budget, &demands);
                for (demand, target) in demands.iter_mut().zip(&allocation.targets) {
                    if demand.current != target.layer && demand.source != Source::Microphone {
                        changes.push((round, demand.current, target.layer));
                    }
                    demand.current = target.layer;
                }
            }
            changes.retain(|(round, ..)| *round >= settles.len());
            prop_assert_eq!(changes, []);
        }
    }
}
