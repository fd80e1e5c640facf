//! Figures of single flows, printed: `cargo test -p bwe --test controller_table -- --nocapture`.

mod support;
use link::{LossModel, RateStep};
use std::time::Duration;
use support::{MS, World, mean, path, percentile};

fn line(name: &str, world: &World, link: f64, from: f64, to: f64) {
    let flow = &world.flows[0];
    let all = flow.between(from, to);
    let share = mean(all.iter().map(|s| s.target)) / link;
    let sent = mean(all.iter().map(|s| s.sent)) / 1e6;
    let padding = mean(all.iter().map(|s| s.padding)) / mean(all.iter().map(|s| s.sent)).max(1.0);
    let queue = percentile(all.iter().map(|s| s.queue_ms), 0.95);
    let most = all.iter().map(|s| s.queue_ms).fold(0.0, f64::max);
    let top = flow.samples.iter().map(|s| s.chosen).max().unwrap_or(0);
    let joined = flow
        .samples
        .iter()
        .find(|s| s.chosen == top)
        .map_or(0.0, |s| s.at);
    let rung = mean(all.iter().map(|s| s.chosen as f64));
    println!(
        "{name:24} share {share:5.2} sent {sent:5.2} pad {padding:5.3} queue95 {queue:4.0} max {most:4.0} rung {rung:4.1}/{top} at {joined:4.1}"
    );
}

fn trace(world: &mut World) {
    if std::env::var_os("TRACE").is_some() {
        let t0 = world.t0;
        while let Some(change) = world.flows[0].downlink.poll_change() {
            if change.reason != bwe::Reason::Increase {
                println!("   {}", change.to_json_line(t0));
            }
        }
    }
}

#[test]
fn table() {
    for rtt in [50, 20, 100, 300] {
        println!("rtt {rtt}");
        for (name, rate, publishers) in [
            ("join 10M", 10_000_000, 1),
            ("0.3M", 300_000, 1),
            ("1M", 1_000_000, 1),
            ("3M x4", 3_000_000, 4),
        ] {
            let mut world = World::new(path(rate, rtt), &[publishers], 1);
            world.run(40.0);
            line(name, &world, rate as f64, 10.0, 40.0);
            trace(&mut world);
        }
        for share in [0.02, 0.05, 0.1] {
            for (rate, publishers) in [(10_000_000, 4), (3_000_000, 4)] {
                for (kind, loss) in [
                    ("random", LossModel::Random(share)),
                    ("bursts", LossModel::Bursts { share, mean: 5.0 }),
                ] {
                    let mut config = path(rate, rtt);
                    config.loss = loss;
                    let mut world = World::new(config, &[publishers], 1);
                    world.run(40.0);
                    line(
                        &format!("{kind} {share} {}M", rate / 1_000_000),
                        &world,
                        rate as f64,
                        10.0,
                        40.0,
                    );
                    trace(&mut world);
                }
            }
        }
        let mut config = path(3_000_000, rtt);
        config.jitter = MS * 60;
        config.reorder = false;
        let mut world = World::new(config, &[4], 1);
        world.run(40.0);
        line("jitter 3M", &world, 3e6, 10.0, 40.0);
        trace(&mut world);
        let step = |at, rate| RateStep {
            at: Duration::from_secs(at),
            rate_bps: Some(rate),
        };
        let mut config = path(3_000_000, rtt);
        config.schedule = vec![step(20, 800_000), step(40, 3_000_000)];
        let mut world = World::new(config, &[1], 1);
        world.run(60.0);
        line("3M", &world, 3e6, 10.0, 20.0);
        line("  down 0-2 s", &world, 0.8e6, 20.0, 22.0);
        line("  down 2-20 s", &world, 0.8e6, 22.0, 40.0);
        line("  up 5 s", &world, 3e6, 45.0, 60.0);
        trace(&mut world);
        let mut config = path(3_000_000, rtt);
        config.schedule = vec![step(20, 0), step(23, 3_000_000)];
        let mut world = World::new(config, &[1], 1);
        world.run(40.0);
        line("outage, 5 s after", &world, 3e6, 28.0, 40.0);
        trace(&mut world);
        let mut world = World::new(path(3_000_000, rtt), &[4, 4], 1);
        world.run(60.0);
        let share = |f: usize| mean(world.flows[f].between(20.0, 60.0).iter().map(|s| s.sent));
        println!("two flows: {:.2}", share(0) / (share(0) + share(1)));
    }
}
