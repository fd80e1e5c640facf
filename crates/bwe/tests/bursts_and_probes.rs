//! How fast a keyframe leaves, and what becomes of probes whose packets are lost.

mod known;

use bwe::{Demand, Outgoing, Priority, Release, Report, TransportSeq};
use known::Known;
use media::Bitrate;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// How many milliseconds forty packets of a keyframe take.
fn keyframe_ms(known: Known) -> u128 {
    let (t0, mut downlink) = known.downlink();
    for packet in 0..40 {
        downlink.push(
            t0,
            Outgoing {
                packet,
                bytes: 1_000,
                priority: Priority::Video,
                reported: true,
            },
        );
    }
    let (mut now, mut last) = (t0, t0);
    loop {
        while downlink.poll_release(now).is_some() {
            last = now;
        }
        let Some(at) = downlink.poll_timeout() else { break };
        now = now.max(at);
        downlink.handle_timeout(now);
    }
    last.duration_since(t0).as_millis()
}

#[test]
fn a_keyframe_leaves_no_faster_than_a_path_whose_end_was_seen_carries() {
    // 320 kb at 1.25 and at 1.05 times 800 kb/s, less what may leave at once.
    let unseen = keyframe_ms(Known::carrying(800_000));
    let mut known = Known::carrying(800_000);
    known.capacity = Some(Bitrate(800_000));
    let seen = keyframe_ms(known);
    assert!((270..310).contains(&unseen), "{unseen} ms");
    assert!((320..360).contains(&seen), "{seen} ms");
}

/// How many packets of a picture's frame, 30 a second at 2.6 Mb/s, leave at once.
fn at_once(known: Known) -> usize {
    let (t0, mut downlink) = known.downlink();
    let now = t0 + MS * 100;
    for packet in 0..10 {
        downlink.push(
            now,
            Outgoing {
                packet,
                bytes: 1_083,
                priority: Priority::Video,
                reported: true,
            },
        );
    }
    std::iter::from_fn(|| downlink.poll_release(now)).count()
}

#[test]
fn a_frame_leaves_at_once_where_no_end_of_the_path_was_seen() {
    // What probes raise the estimate to where 2.6 Mb/s are wanted.
    let known = || Known::carrying(3_380_000);
    assert_eq!(at_once(known()), 10);
    let mut seen = known();
    seen.capacity = Some(Bitrate(3_380_000));
    assert_eq!(at_once(seen), 7);
    let mut overused = known();
    overused.overused = true;
    assert_eq!(at_once(overused), 7);
}

/// Probes for eight seconds; of each cluster this share of the packets is reported as lost. Where the demand `flips`, each half
/// second nothing better is wanted for a moment. When they began, in
/// milliseconds, and the packets of the first.
fn probes(known: Known, lost_of_ten: u16, flips: bool) -> (Vec<u128>, usize) {
    let (t0, mut downlink) = known.downlink();
    let demand = Demand {
        allocated: Bitrate(300_000),
        next_step: Some(Bitrate(700_000)),
        ceiling: Bitrate(2_000_000),
    };
    downlink.set_demand(t0, demand);
    let nothing = Demand {
        next_step: None,
        ..demand
    };
    let (mut now, mut begun, mut packets) = (t0, Vec::new(), 0);
    while now < t0 + MS * 8_000 {
        let mut reports = Vec::new();
        while let Some(Release::Padding { bytes, seq }) = downlink.poll_release(now) {
            downlink.padding_sent(now, seq, bytes);
            reports.push(report(seq, now.duration_since(t0), lost_of_ten));
            packets += usize::from(begun.len() <= 1);
        }
        if downlink.stats().probes > begun.len() as u64 {
            begun.push(now.duration_since(t0).as_millis());
        }
        if !reports.is_empty() {
            downlink.handle_feedback(now, &reports);
        }
        now += MS;
        if flips && now.duration_since(t0).as_millis().is_multiple_of(500) {
            downlink.set_demand(now, nothing);
            downlink.set_demand(now, demand);
        }
        downlink.handle_timeout(now);
    }
    (begun, packets)
}

/// Whole seconds from the end of a cluster to the next.
fn waits(begun: &[u128]) -> Vec<u128> {
    begun
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).saturating_sub(350) / 1_000)
        .collect()
}

fn report(seq: TransportSeq, at: Duration, lost_of_ten: u16) -> Report {
    Report {
        seq,
        arrival: (seq.0 % 10 >= lost_of_ten).then_some(at),
    }
}

#[test]
fn a_cluster_that_was_lost_says_nothing_and_is_soon_sent_again() {
    // What arrives in full and finds nothing waits for longer each time: 1, 2, 3.5 s.
    let told = waits(&probes(Known::carrying(300_000), 0, false).0);
    assert_eq!(told, [0, 0, 0, 1, 2], "after the first few");
    let untold = waits(&probes(Known::carrying(300_000), 5, false).0);
    assert_eq!(untold, [0, 0, 0, 1, 1, 1, 1]);
}

#[test]
fn on_a_lossy_path_a_cluster_has_more_packets() {
    let clean = probes(Known::carrying(300_000), 0, false).1;
    let mut known = Known::carrying(300_000);
    known.estimate.loss = 0.1;
    let lossy = probes(known, 0, false).1;
    assert!(lossy * 4 >= clean * 5, "{lossy} after {clean}");
}

#[test]
fn a_wish_that_comes_and_goes_is_not_probed_for_more_often() {
    let steady = probes(Known::carrying(300_000), 0, false).0.len();
    let flipping = probes(Known::carrying(300_000), 0, true).0.len();
    assert_eq!(flipping, steady);
}
