//! Properties of the assignment, for any view and any former assignment.

use media::{ParticipantId, Source};
use proptest::prelude::*;
use room::Tile;
use room::assign::{AutoHeights, TileKey, Wanted, place, wanted};
use std::collections::BTreeSet;

fn key() -> impl Strategy<Value = TileKey> {
    (0..12u32, any::<bool>()).prop_map(|(p, screen)| TileKey {
        participant: ParticipantId(p),
        screen,
    })
}

fn tile() -> impl Strategy<Value = Tile> {
    (key(), 0..1_080u16, any::<u8>()).prop_map(|(key, height, priority)| Tile {
        participant: key.participant,
        source: if key.screen {
            Source::Screen
        } else {
            Source::Camera
        },
        height,
        priority,
    })
}

/// What is wanted, by any client, with so many pairs.
fn wish() -> impl Strategy<Value = (ParticipantId, Vec<Wanted>, usize)> {
    let tiles = prop::collection::vec(tile(), 0..16);
    let ranking = prop::collection::vec(key(), 0..24);
    let missing = prop::collection::btree_set(key(), 0..6);
    (0..12u32, tiles, ranking, any::<bool>(), missing, 0..10usize).prop_map(
        |(me, tiles, ranking, auto, missing, pairs)| {
            let me = ParticipantId(me);
            let auto = auto.then_some(AutoHeights {
                camera: 360,
                screen: 1_080,
            });
            (
                me,
                wanted(me, &tiles, auto, &ranking, |key| !missing.contains(&key), pairs),
                pairs,
            )
        },
    )
}

fn keys(placed: &[Option<Wanted>]) -> Vec<Option<TileKey>> {
    placed.iter().map(|tile| tile.map(|tile| tile.key)).collect()
}

proptest! {
    #[test]
    fn nothing_twice_nothing_own_and_within_the_slots((me, wish, pairs) in wish()) {
        let distinct: BTreeSet<TileKey> = wish.iter().map(|tile| tile.key).collect();
        prop_assert_eq!(distinct.len(), wish.len());
        prop_assert!(wish.iter().all(|tile| tile.key.participant != me));
        prop_assert!(wish.len() <= pairs);
    }

    #[test]
    fn everything_that_fits_is_placed_once_and_what_was_there_stays(
        first in wish(),
        second in wish(),
    ) {
        let pairs = first.2;
        let before = keys(&place(&vec![None; pairs], &first.1));
        let after = keys(&place(&before, &second.1));
        prop_assert_eq!(after.len(), pairs);
        let fitting: Vec<TileKey> = second.1.iter().take(pairs).map(|tile| tile.key).collect();
        let placed: Vec<TileKey> = after.iter().flatten().copied().collect();
        prop_assert_eq!(placed.len(), fitting.len());
        prop_assert!(fitting.iter().all(|key| placed.contains(key)));
        for (i, key) in before.iter().enumerate() {
            if key.is_some_and(|key| fitting.contains(&key)) {
                prop_assert_eq!(after[i], *key, "what stays wanted stays in its slot");
            }
        }
    }

    #[test]
    fn placing_again_changes_nothing(wish in wish()) {
        let once = place(&vec![None; wish.2], &wish.1);
        prop_assert_eq!(&place(&keys(&once), &wish.1), &once);
        prop_assert_eq!(place(&vec![None; wish.2], &wish.1), once, "the same question has the same answer");
    }
}
