//! What was on its way when a layer stopped does not bring it back for the viewers on other workers.

use crate::common::CAMERA;
use crate::spread::Spread;
use media::Source;

/// The longest time without a packet for a viewer on this worker, in frames of 33 ms, when the top layer is left out and
/// five frames of it were on their way; the encoder answers after three.
fn longest_gap(worker: usize) -> u32 {
    let mut spread = Spread::new(2);
    let alice = spread.join(0, 1, 1, (1, 1));
    let bob = spread.join(worker, 1, 2, (1, 1));
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    spread.assign(1, &bob, bob.video[0], Some(camera), 720);
    let all = [(0, 150_000), (1, 500_000), (2, 1_700_000)];
    for layer in 0..3 {
        spread.stages[0].frame_telling(&alice, layer, true, &all);
        spread.settle();
    }
    spread.film(0, &alice, 4_000);
    (0..3).for_each(|layer| spread.frame(0, &alice, layer, true));
    bob.received(bob.video[0]);
    spread.frame(0, &alice, 2, false);
    assert_eq!(bob.received(bob.video[0]).len(), 1, "the top layer flows");
    alice.keyframe_requests();
    let (mut due, mut gap, mut longest) = (Vec::new(), 0, 0);
    for round in 0..60u32 {
        let asked = alice.keyframe_requests();
        due.extend(asked.iter().map(|(_, layer)| (round + 3, layer.0)));
        spread.stages[0].frame_telling(&alice, 0, due.contains(&(round, 0)), &all[..2]);
        spread.settle();
        spread.frame(0, &alice, 1, due.contains(&(round, 1)));
        if (1..=5).contains(&round) {
            spread.frame(0, &alice, 2, false);
        }
        let came = !bob.received(bob.video[0]).is_empty();
        gap = if came { 0 } else { gap + 1 };
        longest = longest.max(gap);
        spread.pass(33);
    }
    longest
}

#[test]
fn with_the_publisher_and_elsewhere() {
    for worker in [0, 1] {
        let frames = longest_gap(worker);
        assert!(frames <= 6, "worker {worker}: {frames} frames");
    }
}
