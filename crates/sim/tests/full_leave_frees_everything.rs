//! People come, talk and go; the server holds nothing of them afterwards.

mod support;

use std::time::Duration;
use support::world;

#[test]
fn leave_frees_everything() {
    let mut world = world(12);
    for round in 0..3 {
        let people: Vec<usize> = (0..4)
            .map(|i| world.join_with_media(&format!("{round}-{i}")))
            .collect();
        world.run(Duration::from_secs(2));
        assert_eq!(world.router.counters().peers, 4);
        assert_eq!(
            (world.rooms.participant_count(), world.rooms.track_count()),
            (4, 8)
        );
        for person in people {
            world.leave(person);
            world.run(Duration::from_millis(300));
        }
        world.run(Duration::from_secs(1));
        let counters = world.router.counters();
        assert_eq!(
            (counters.peers, counters.rooms, counters.tracks),
            (0, 0, 0),
            "round {round}"
        );
        assert_eq!((counters.addresses, counters.usernames), (0, 0), "round {round}");
        assert_eq!(world.rooms.held(), 0, "round {round}");
    }
    assert_eq!(world.complaints(), Vec::<String>::new());
}

#[test]
fn somebody_who_vanishes_is_marked_and_then_leaves() {
    use room::{Notice, ParticipantState};
    let mut world = world(13);
    let ann = world.join_with_media("ann");
    let bob = world.join_with_media("bob");
    world.run(Duration::from_secs(3));
    let gone_at = world.now;
    world.people[bob].link.udp = false;
    let socket = world.people[bob].socket;
    world.rooms.handle_socket_closed(world.now, socket);
    let bob_id = world.people[bob].id;
    let reconnecting = |w: &sim::full::World| {
        w.people[ann].notices.iter().any(|(_, n)| {
            matches!(n, Notice::Updated { participants, .. }
                if participants.iter().any(|p| p.id == bob_id && p.state == ParticipantState::Reconnecting))
        })
    };
    assert!(
        world.run_until(Duration::from_secs(5), reconnecting),
        "marked within 5 s"
    );
    let left = |w: &sim::full::World| {
        w.people[ann]
            .notices
            .iter()
            .any(|(_, n)| matches!(n, Notice::Left { participants, .. } if participants.contains(&bob_id)))
    };
    assert!(world.run_until(Duration::from_secs(20), left), "left within 20 s");
    let after = world.now.saturating_duration_since(gone_at);
    assert!(
        after > Duration::from_secs(10),
        "but not before it could have come back: {after:?}"
    );
    assert_eq!(world.router.counters().peers, 1);
}
