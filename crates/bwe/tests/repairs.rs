//! Video that is sent again: how much of it may wait, and when it goes out twice.

mod known;

use bwe::{Downlink, Outgoing, Priority, Release};
use known::Known;
use std::time::{Duration, Instant};

fn path(round_trip_ms: u64, loss: f64, overused: bool) -> (Instant, Downlink<u32>) {
    let mut known = Known::carrying(800_000);
    known.estimate.round_trip = Duration::from_millis(round_trip_ms);
    (known.estimate.loss, known.estimate.repairs) = (loss, loss);
    known.overused = overused;
    known.downlink()
}

fn repair(packet: u32) -> Outgoing<u32> {
    Outgoing {
        packet,
        bytes: 1_000,
        priority: Priority::Retransmission,
        reported: true,
    }
}

/// What leaves, and how many milliseconds after the beginning, until nothing waits.
fn all(t0: Instant, downlink: &mut Downlink<u32>) -> Vec<(u32, u64)> {
    let (mut now, mut left) = (t0, Vec::new());
    loop {
        while let Some(release) = downlink.poll_release(now) {
            if let Release::Packet { packet, .. } = release {
                left.push((packet, now.duration_since(t0).as_millis() as u64));
            }
        }
        let Some(at) = downlink.poll_timeout() else {
            return left;
        };
        now = now.max(at);
        downlink.handle_timeout(now);
    }
}

#[test]
fn half_a_second_of_repairs_may_wait_and_what_is_more_is_asked_for_again() {
    let (t0, mut downlink) = path(50, 0.0, true);
    (0..200).for_each(|packet| downlink.push(t0, repair(packet)));
    let left = all(t0, &mut downlink);
    assert_eq!(downlink.stats().pacer_drops + left.len() as u64, 200);
    // Half a second at 1.05 times 800 kb/s.
    assert_eq!(left.len(), 52);
    let last = left.last().map_or(0, |(_, at)| *at);
    assert!((350..550).contains(&last), "all gone after {last} ms");
}

#[test]
fn on_a_long_lossy_way_a_repair_goes_out_twice_some_time_apart() {
    let (t0, mut downlink) = path(200, 0.05, false);
    downlink.push(t0, repair(7));
    assert_eq!(all(t0, &mut downlink), [(7, 0), (7, 60)]);
    assert_eq!(downlink.stats().repairs_copied, 1);
}

#[test]
fn a_repair_goes_out_once_where_asking_again_is_quick_or_losses_are_rare_or_the_path_is_full() {
    for (round_trip_ms, loss, overused) in [(100, 0.05, false), (200, 0.01, false), (200, 0.05, true)] {
        let (t0, mut downlink) = path(round_trip_ms, loss, overused);
        downlink.push(t0, repair(7));
        assert_eq!(all(t0, &mut downlink), [(7, 0)]);
    }
}
