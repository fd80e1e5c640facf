//! One sender on one link: how much of it is found, and how long its queue is.

mod support;
use link::{LossModel, RateStep};
use std::time::Duration;
use support::{MS, Sample, World, mean, path, percentile};

const ROUND_TRIPS: [u32; 3] = [20, 50, 300];

fn run(config: link::LinkConfig, publishers: usize, seconds: f64) -> World {
    let mut world = World::new(config, &[publishers], 7);
    world.run(seconds);
    world
}

fn share(samples: &[Sample], rate: f64) -> f64 {
    mean(samples.iter().map(|sample| sample.target)) / rate
}

#[test]
fn a_constant_link_is_found_and_its_queue_stays_short() {
    for round_trip in ROUND_TRIPS {
        for (rate, publishers) in [(1_000_000, 1), (3_000_000, 4)] {
            let world = run(path(rate, round_trip), publishers, 40.0);
            let later = world.flows[0].between(10.0, 40.0);
            let found = share(&later, rate as f64);
            let queue = percentile(later.iter().map(|sample| sample.queue_ms), 0.95);
            let padding = mean(later.iter().map(|s| s.padding)) / mean(later.iter().map(|s| s.sent));
            assert!(
                (0.80..1.15).contains(&found),
                "{found} of {rate} at {round_trip} ms"
            );
            assert!(queue < 60.0, "{queue} ms at {round_trip} ms");
            assert!(padding < 0.05, "{padding} at {round_trip} ms");
        }
    }
}

#[test]
fn the_top_is_reached_at_once_and_a_thin_link_is_not_flooded() {
    for round_trip in ROUND_TRIPS {
        let world = run(path(10_000_000, round_trip), 1, 5.0);
        let top = world.flows[0].samples.iter().find(|sample| sample.chosen == 2);
        let limit = 2.0 + 3.0 * f64::from(round_trip) / 1_000.0;
        assert!(
            top.is_some_and(|sample| sample.at < limit),
            "{round_trip} ms: {top:?}"
        );
        let thin = run(path(300_000, round_trip), 1, 10.0);
        let longest = thin.flows[0]
            .samples
            .iter()
            .map(|s| s.queue_ms)
            .fold(0.0, f64::max);
        assert!(longest < 120.0, "{longest} ms at {round_trip} ms");
    }
}

#[test]
fn loss_that_has_nothing_to_do_with_us_costs_little() {
    let clean = mean(
        run(path(3_000_000, 50), 4, 40.0).flows[0]
            .between(10.0, 40.0)
            .iter()
            .map(|s| s.sent),
    );
    for loss in [
        LossModel::Random(0.05),
        LossModel::Random(0.1),
        LossModel::Bursts {
            share: 0.05,
            mean: 5.0,
        },
    ] {
        let mut config = path(3_000_000, 50);
        config.loss = loss;
        let sent = mean(
            run(config, 4, 40.0).flows[0]
                .between(10.0, 40.0)
                .iter()
                .map(|s| s.sent),
        );
        assert!(sent > 0.85 * clean, "{sent} of {clean} with {loss:?}");
    }
}

#[test]
fn jitter_is_no_queue() {
    let mut config = path(3_000_000, 50);
    config.jitter = MS * 60;
    config.reorder = false;
    let later = run(config, 4, 40.0).flows[0].between(10.0, 40.0);
    assert!(share(&later, 3e6) > 0.8, "{}", share(&later, 3e6));
}

#[test]
fn a_link_that_loses_most_of_its_rate_is_drained_and_one_that_comes_back_is_used() {
    let step = |at, rate| RateStep {
        at: Duration::from_secs(at),
        rate_bps: Some(rate),
    };
    let mut config = path(3_000_000, 50);
    config.schedule = vec![step(15, 800_000), step(30, 3_000_000)];
    let world = run(config, 1, 40.0);
    let flow = &world.flows[0];
    let calm = flow
        .between(17.0, 30.0)
        .iter()
        .map(|s| s.queue_ms)
        .fold(0.0, f64::max);
    assert!(calm < 100.0, "{calm} ms");
    assert!(flow.between(35.0, 40.0).iter().all(|sample| sample.chosen == 2));
}

#[test]
fn after_an_outage_the_former_rate_is_back() {
    let step = |at, rate| RateStep {
        at: Duration::from_secs(at),
        rate_bps: Some(rate),
    };
    let mut config = path(3_000_000, 50);
    config.schedule = vec![step(15, 0), step(18, 3_000_000)];
    let world = run(config, 1, 30.0);
    let flow = &world.flows[0];
    assert!(
        flow.between(17.5, 18.0)
            .iter()
            .all(|sample| sample.target < 200_000.0)
    );
    assert!(flow.between(20.0, 30.0).iter().all(|sample| sample.chosen == 2));
}

#[test]
fn two_flows_share_a_link() {
    let mut world = World::new(path(4_000_000, 50), &[4, 4], 7);
    world.run(60.0);
    let sent = |flow: usize| mean(world.flows[flow].between(20.0, 60.0).iter().map(|s| s.sent));
    let share = sent(0) / (sent(0) + sent(1));
    assert!((0.3..0.7).contains(&share), "{share}");
}
