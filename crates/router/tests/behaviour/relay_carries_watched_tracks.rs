//! A track crosses to another worker once, and only while somebody there watches it.

use crate::common::{CAMERA, Member};
use crate::spread::{Spread, packets};
use media::{Source, TrackId};
use router::RelayMessage;

fn call(viewers: u32) -> (Spread, Member, Vec<Member>, TrackId) {
    let mut spread = Spread::new(2);
    let alice = spread.join(0, 1, 1, (1, 1));
    let viewers: Vec<_> = (0..viewers).map(|n| spread.join(1, 1, 10 + n, (1, 1))).collect();
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    (spread, alice, viewers, camera)
}

#[test]
fn once_however_many_watch() {
    let (mut spread, alice, viewers, camera) = call(20);
    for viewer in &viewers {
        spread.assign(1, viewer, viewer.video[0], Some(camera), 180);
    }
    spread.frame(0, &alice, 0, true);
    assert_eq!(packets(&spread.take_crossed(), 0, 1), 1);
    for viewer in &viewers {
        let received = viewer.received(viewer.video[0]);
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].csrc, camera);
    }
}

#[test]
fn only_the_layers_that_are_watched() {
    let (mut spread, alice, viewers, camera) = call(2);
    spread.assign(1, &viewers[0], viewers[0].video[0], Some(camera), 180);
    spread.take_crossed();
    (0..3).for_each(|layer| spread.frame(0, &alice, layer, true));
    assert_eq!(packets(&spread.take_crossed(), 0, 1), 1);
    spread.assign(1, &viewers[1], viewers[1].video[0], Some(camera), 720);
    spread.take_crossed();
    (0..3).for_each(|layer| spread.frame(0, &alice, layer, true));
    assert_eq!(packets(&spread.take_crossed(), 0, 1), 2);
    assert_eq!(viewers[1].received(viewers[1].video[0]).len(), 1);
}

#[test]
fn not_while_nobody_watches() {
    let (mut spread, alice, viewers, camera) = call(1);
    spread.film(0, &alice, 2_000);
    assert!(spread.take_crossed().is_empty(), "neither packets nor words");
    let slot = viewers[0].video[0];
    spread.assign(1, &viewers[0], slot, Some(camera), 180);
    spread.film(0, &alice, 2_000);
    assert!(packets(&spread.take_crossed(), 0, 1) >= 19);
    spread.assign(1, &viewers[0], slot, None, 0);
    spread.film(0, &alice, 1_500);
    let crossed = spread.take_crossed();
    assert!((1..15).contains(&packets(&crossed, 0, 1)), "for a while");
    let unwatched =
        |(.., message): &(usize, usize, RelayMessage)| matches!(message, RelayMessage::Unwatch { .. });
    assert_eq!(crossed.iter().filter(|message| unwatched(message)).count(), 1);
    spread.film(0, &alice, 2_000);
    assert!(spread.take_crossed().is_empty());
    assert_eq!(spread.held()[2], 0, "no export is left");
}

#[test]
fn two_workers_are_served_apart() {
    let mut spread = Spread::new(3);
    let alice = spread.join(0, 1, 1, (1, 1));
    let (bob, carol) = (spread.join(1, 1, 2, (1, 1)), spread.join(2, 1, 3, (1, 1)));
    let camera = spread.publish(1, &alice, CAMERA, 10, Source::Camera);
    spread.assign(1, &bob, bob.video[0], Some(camera), 180);
    spread.assign(1, &carol, carol.video[0], Some(camera), 360);
    spread.take_crossed();
    (0..3).for_each(|layer| spread.frame(0, &alice, layer, true));
    let crossed = spread.take_crossed();
    assert_eq!((packets(&crossed, 0, 1), packets(&crossed, 0, 2)), (1, 1));
    assert_eq!((packets(&crossed, 1, 2), packets(&crossed, 2, 1)), (0, 0));
}
