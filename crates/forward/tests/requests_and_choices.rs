//! Keyframe requests, wanted layers, the layer for a tile, the allocator.

mod support;

use forward::{KeyframeRequests, LINGER, LayerSet, WantedLayers};
use std::time::{Duration, Instant};
use support::{layer, ms, origin};

fn set(indices: &[u8]) -> LayerSet {
    let mut set = LayerSet::EMPTY;
    indices.iter().for_each(|index| set.insert(layer(*index)));
    set
}

#[test]
fn many_subscribers_make_one_request_per_layer() {
    let t0 = origin();
    let mut requests = KeyframeRequests::new();
    for _ in 0..50 {
        requests.request(t0, layer(2));
        requests.request(t0, layer(0));
    }
    assert_eq!(requests.poll_timeout(), Some(t0));
    assert_eq!(
        (requests.poll(t0), requests.poll(t0), requests.poll(t0)),
        (Some(layer(0)), Some(layer(2)), None)
    );
}

#[test]
fn a_request_is_repeated_every_500_ms_until_the_keyframe_comes() {
    let t0 = origin();
    let mut requests = KeyframeRequests::new();
    requests.request(t0, layer(1));
    let mut asked = Vec::new();
    for step in 0..200u32 {
        let now = t0 + ms(10) * step;
        asked.extend(requests.poll(now).map(|_| step * 10));
        requests.request(now, layer(1));
    }
    assert_eq!(asked, [0, 500, 1000, 1500]);
    requests.handle_keyframe(layer(1));
    assert!(!requests.is_pending(layer(1)));
    assert_eq!(
        (requests.poll(t0 + ms(9000)), requests.poll_timeout()),
        (None, None)
    );
}

#[test]
fn a_request_right_after_a_keyframe_waits_its_turn() {
    let t0 = origin();
    let mut requests = KeyframeRequests::new();
    requests.request(t0, layer(0));
    assert_eq!(requests.poll(t0), Some(layer(0)));
    requests.handle_keyframe(layer(0));
    requests.request(t0 + ms(100), layer(0));
    assert_eq!(requests.poll(t0 + ms(499)), None);
    assert_eq!(requests.poll_timeout(), Some(t0 + ms(500)));
    assert_eq!(requests.poll(t0 + ms(500)), Some(layer(0)));
}

#[test]
fn a_request_nobody_needs_any_longer_is_not_repeated() {
    let t0 = origin();
    let mut requests = KeyframeRequests::new();
    requests.request(t0, layer(0));
    requests.request(t0, layer(200));
    requests.cancel(layer(0));
    assert_eq!((requests.poll(t0), requests.poll_timeout()), (None, None));
}

#[test]
fn a_layer_is_wanted_at_once_and_for_five_seconds_after() {
    let t0 = origin();
    let mut wanted = WantedLayers::new(t0, 3);
    wanted.set_watched(t0, set(&[1]));
    assert_eq!(wanted.poll(t0), None, "the publisher starts with all of them");
    assert_eq!(wanted.poll_timeout(), Some(t0 + LINGER));
    assert_eq!(wanted.poll(t0 + LINGER), Some(set(&[1])));
    let later = t0 + Duration::from_secs(60);
    wanted.set_watched(later, set(&[2]));
    assert_eq!(wanted.poll(later), Some(set(&[1, 2])));
    assert_eq!(wanted.poll(later + ms(4999)), None);
    assert_eq!(wanted.poll_timeout(), Some(later + LINGER));
    assert_eq!(wanted.poll(later + LINGER), Some(set(&[2])));
    assert_eq!((wanted.poll(later + LINGER), wanted.poll_timeout()), (None, None));
}

#[test]
fn paging_back_within_five_seconds_tells_the_publisher_nothing() {
    let t0 = origin();
    let mut wanted = WantedLayers::new(t0, 1);
    let mut told: Vec<Instant> = Vec::new();
    for second in 0..60u32 {
        let now = t0 + ms(1000) * second;
        wanted.set_watched(
            now,
            if second % 4 == 0 {
                set(&[0])
            } else {
                LayerSet::EMPTY
            },
        );
        told.extend(wanted.poll(now).map(|_| now));
    }
    assert!(told.is_empty());
}

#[test]
fn a_set_holds_only_layers_that_exist() {
    let mut all = LayerSet::all(9);
    all.insert(layer(7));
    assert_eq!(all.iter().collect::<Vec<_>>(), [layer(0), layer(1), layer(2)]);
    assert!(!all.contains(layer(7)));
}
