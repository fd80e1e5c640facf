//! A slot pair that goes from publisher to publisher, whose clocks are minutes apart, keeps picture and sound
//! together to 40 ms.

use router::RouterConfig;
use sim::plain::{LinkConfig, PersonConfig, Tile, Workers, World};
use std::time::Duration;

#[test]
fn switching_publishers_keeps_lips_in_sync() {
    switch_among_publishers(World::new(2));
}

#[test]
fn and_over_several_workers() {
    let workers = Workers {
        count: 3,
        loss: 0.01,
        // Not what crossing takes, but enough to show in the figures.
        delay: Duration::from_millis(60),
    };
    switch_among_publishers(World::over(2, RouterConfig::default(), workers));
}

fn switch_among_publishers(mut world: World) {
    let clocks = [-600, 0, 7, 3_600];
    let publishers: Vec<_> = (clocks.iter().zip([20, 5, 80, 40]))
        .map(|(clock_offset_s, delay)| {
            let up = LinkConfig {
                delay: Duration::from_millis(delay),
                jitter: Duration::from_millis(5),
                ..LinkConfig::default()
            };
            world.join(
                "tea",
                PersonConfig {
                    clock_offset_s: *clock_offset_s,
                    up,
                    ..PersonConfig::default()
                },
            )
        })
        .collect();
    let config = PersonConfig {
        video_slots: 1,
        audio_slots: 1,
        camera_fps: 0,
        microphone: false,
        ..PersonConfig::default()
    };
    let viewer = world.join("tea", config);
    // Before a publisher's first sender report nobody knows what belongs together; that is not what this is about.
    world.run_ms(3_000);
    let start = world.now();
    for n in 0..21 {
        world.show(
            viewer,
            &[Tile {
                of: publishers[n % publishers.len()],
                height: 360,
            }],
        );
        world.run_ms(2_000);
    }
    let viewer = world.person(viewer);
    let skews: Vec<_> = viewer.skews().iter().filter(|skew| skew.at >= start).collect();
    let worst = skews.iter().map(|skew| skew.ms.abs()).fold(0.0, f64::max);
    assert!(
        world
            .routers()
            .iter()
            .any(|router| router.counters().switches >= 40),
        "picture and sound switched 20 times each"
    );
    assert!(skews.len() > 900, "{} comparisons", skews.len());
    assert!(worst <= 40.0, "picture and sound were {worst:.1} ms apart");
    assert_eq!(world.violations(), &[] as &[String]);
}
