//! Rate, delay, queue, loss and schedules hold.

use link::{Drop, Fate, Link, LinkConfig, LossModel, RateStep};
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

fn origin() -> Instant {
    #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
    Instant::now()
}

fn arrival(fate: Fate, t0: Instant) -> Option<Duration> {
    match fate {
        Fate::Arrives(at) => Some(at - t0),
        Fate::Dropped(_) => None,
    }
}

#[test]
fn rate_delay_and_queue_hold() {
    let t0 = origin();
    let config = LinkConfig {
        rate_bps: Some(1_000_000),
        ..LinkConfig::default()
    };
    let mut link = Link::new(config, t0, 1);
    // 1,250 bytes at 1 Mb/s take 10 ms.
    let arrivals: Vec<_> = (0..100)
        .map_while(|_| arrival(link.send(t0, 1_222), t0))
        .collect();
    assert_eq!(arrivals[0], 30 * MS);
    assert_eq!(arrivals[9], 120 * MS);
    assert_eq!(arrivals.len(), 31);
    assert_eq!(link.send(t0, 1_222), Fate::Dropped(Drop::Queue));
    assert_eq!(link.queue_delay(t0), 310 * MS);
}

#[test]
fn a_schedule_changes_the_rate_in_the_middle_of_a_datagram() {
    let t0 = origin();
    let step = |at, rate_bps| RateStep { at, rate_bps };
    let config = LinkConfig {
        rate_bps: Some(1_000_000),
        schedule: vec![
            step(5 * MS, Some(0)),
            step(1_000 * MS, Some(500_000)),
            step(2_000 * MS, None),
        ],
        delay: Duration::ZERO,
        ..LinkConfig::default()
    };
    let mut link = Link::new(config, t0, 1);
    // Half of it in 5 ms, then a second of nothing, then the other half at half the rate.
    assert_eq!(arrival(link.send(t0, 1_222), t0), Some(1_010 * MS));
    let later = t0 + 3_000 * MS;
    assert_eq!(link.send(later, 1_222), Fate::Arrives(later));
}

#[test]
fn loss_has_its_share_and_its_bursts() {
    let t0 = origin();
    let run = |loss| {
        let config = LinkConfig {
            loss,
            ..LinkConfig::default()
        };
        let mut link = Link::new(config, t0, 2);
        let lost: Vec<bool> = (0..100_000)
            .map(|_| link.send(t0, 100) == Fate::Dropped(Drop::Loss))
            .collect();
        let count = lost.iter().filter(|lost| **lost).count();
        let bursts = lost.windows(2).filter(|pair| !pair[0] && pair[1]).count();
        (count as f64 / 100_000.0, count as f64 / bursts as f64)
    };
    let (share, mean) = run(LossModel::Random(0.1));
    assert!((0.095..0.105).contains(&share), "{share}");
    assert!((1.05..1.2).contains(&mean), "{mean}");
    let (share, mean) = run(LossModel::Bursts {
        share: 0.1,
        mean: 5.0,
    });
    assert!((0.09..0.11).contains(&share), "{share}");
    assert!((4.5..5.5).contains(&mean), "{mean}");
}

#[test]
fn only_a_link_that_may_reorder_does() {
    let t0 = origin();
    let disordered = |reorder| {
        let config = LinkConfig {
            jitter: 30 * MS,
            reorder,
            ..LinkConfig::default()
        };
        let mut link = Link::new(config, t0, 3);
        let arrivals: Vec<_> = (0..1_000)
            .filter_map(|i| arrival(link.send(t0 + i * MS, 100), t0))
            .collect();
        arrivals.windows(2).filter(|pair| pair[0] > pair[1]).count()
    };
    assert!(disordered(true) > 100);
    assert_eq!(disordered(false), 0);
}
