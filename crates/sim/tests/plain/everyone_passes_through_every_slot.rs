//! Hundreds of forced switches over reordering and loss: no frame under a wrong name, no number out of place.

use sim::plain::{LinkConfig, LossModel, PersonConfig, PersonId, Rng, Tile, World};
use std::time::Duration;

#[test]
fn everyone_passes_through_every_slot() {
    let mut world = World::new(11);
    let link = LinkConfig {
        jitter: Duration::from_millis(10),
        loss: LossModel::Random(0.02),
        ..LinkConfig::default()
    };
    let config = PersonConfig {
        up: link.clone(),
        down: link,
        video_slots: 3,
        audio_slots: 3,
        ..PersonConfig::default()
    };
    let people: Vec<PersonId> = (0..6).map(|_| world.join("tea", config.clone())).collect();
    let mut rng = Rng::new(12);
    world.run_ms(2_000);
    for round in 0..44 {
        for who in &people {
            let mut others: Vec<PersonId> = people.iter().copied().filter(|other| other != who).collect();
            for place in 0..3 {
                let other = place + rng.below((others.len() - place) as u64) as usize;
                others.swap(place, other);
            }
            let tiles: Vec<Tile> = others[..3]
                .iter()
                .map(|of| Tile {
                    of: *of,
                    height: [90, 180, 360, 720][rng.below(4) as usize],
                })
                .collect();
            // Every other time all slots are emptied first, or whoever stays in view would stay in the same slot.
            if round % 2 == 0 {
                world.show(*who, &[]);
            }
            world.show(*who, &tiles);
        }
        world.run_ms(500);
    }
    assert!(
        world.router().counters().switches > 300,
        "{}",
        world.router().counters().switches
    );
    for who in &people {
        for slot in 0..3 {
            assert_eq!(
                world.person(*who).video(slot).frames.len(),
                5,
                "each of the others was in slot {slot}"
            );
        }
    }
    assert_eq!(world.violations(), &[] as &[String]);
}
