//! Above 100 participants: people on screen, talkers and counts are pushed, the rest is asked for by page.

mod common;
use common::{Person, World, camera};
use room::{Notice, RoomError};

fn hall(count: usize) -> (World, Person, Vec<Person>) {
    let mut world = World::new();
    let viewer = world.connect("hall", "Viewer");
    world.view(&viewer, &[], None);
    let mut people = Vec::new();
    for i in 1..count {
        people.push(world.join("hall", &format!("P{i}")));
        if i == 99 {
            // The first 100 come early: they know each other.
            world.settle();
        }
    }
    world.settle();
    (world, viewer, people)
}

fn listed(world: &World, person: &Person) -> usize {
    let lists = world.told(person).iter().map(|notice| match notice {
        Notice::Joined { participants, .. } | Notice::Updated { participants, .. } => participants.len(),
        _ => 0,
    });
    lists.sum()
}

#[test]
fn the_welcome_lists_100_and_counts_all() {
    let (mut world, ..) = hall(150);
    let (welcome, _) = world.try_join("hall", "Late").expect("there is room");
    assert_eq!((welcome.participants.len(), welcome.count), (100, 151));
}

#[test]
fn who_joins_is_counted_not_listed() {
    let (mut world, viewer, _) = hall(150);
    world.join("hall", "Late");
    world.pass_secs(1);
    assert!(
        matches!(world.told(&viewer), [Notice::Joined { count: 151, participants, .. }] if participants.is_empty()),
        "{:?}",
        world.told(&viewer)
    );
}

#[test]
fn who_leaves_is_told_to_those_who_know_it() {
    let (mut world, viewer, people) = hall(150);
    let (known, unknown) = (&people[0], &people[140]);
    world.leave(known);
    world.leave(unknown);
    world.pass_secs(1);
    let told = world.told(&viewer);
    let left: Vec<_> = told
        .iter()
        .filter_map(|notice| match notice {
            Notice::Left { participants, .. } => Some(participants.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(left.concat(), [known.id]);
    assert!(
        matches!(told.last(), Some(Notice::Left { count: 148, .. })),
        "{told:?}"
    );
}

#[test]
fn a_change_of_somebody_off_screen_is_not_pushed() {
    let (mut world, viewer, people) = hall(150);
    world
        .rooms
        .handle_update(world.now, people[0].socket, Some("New"), None)
        .expect("a good name");
    world.pass_secs(1);
    assert!(world.told(&viewer).is_empty());
}

#[test]
fn a_page_lists_the_others_in_order_and_makes_them_known() {
    let (mut world, viewer, people) = hall(150);
    let page = world
        .rooms
        .handle_participants(viewer.socket, 100, 100)
        .expect("a good page");
    assert_eq!((page.count, page.participants.len()), (150, 49));
    assert_eq!(
        page.participants.first().map(|info| info.id),
        Some(people[100].id)
    );
    world.leave(&people[140]);
    world.pass_secs(1);
    assert!(
        matches!(world.told(&viewer), [Notice::Left { participants, .. }] if *participants == [people[140].id])
    );
}

#[test]
fn a_page_has_a_limit() {
    let (mut world, viewer, _) = hall(3);
    for limit in [0, 101, u32::MAX] {
        let refused = world.rooms.handle_participants(viewer.socket, 0, limit);
        assert!(matches!(refused, Err(RoomError::InvalidValue(_))), "{refused:?}");
    }
    let beyond = world
        .rooms
        .handle_participants(viewer.socket, u32::MAX, 1)
        .expect("an empty page");
    assert!(beyond.participants.is_empty());
}

#[test]
fn who_comes_on_screen_is_introduced_before_the_slots_name_it() {
    let (mut world, viewer, _) = hall(150);
    let star = world.connect("hall", "Star");
    world.publish(&star, "cam");
    world.pass_secs(1);
    assert_eq!(listed(&world, &viewer), 0, "{:?}", world.told(&viewer));
    world.notices.clear();
    world.view(&viewer, &[camera(&star, 360)], None);
    let [Notice::Joined { participants, .. }, Notice::Slots { .. }] = world.told(&viewer) else {
        panic!("{:?}", world.told(&viewer))
    };
    assert_eq!((participants[0].id, participants[0].tracks.len()), (star.id, 1));
    // From now on changes of it are pushed.
    world.notices.clear();
    world
        .rooms
        .handle_update(world.now, star.socket, Some("Superstar"), None)
        .expect("a good name");
    world.pass_secs(1);
    assert_eq!(listed(&world, &viewer), 1);
}

#[test]
fn a_talker_is_introduced_before_the_speakers_name_it() {
    let (mut world, viewer, _) = hall(150);
    let talker = world.connect("hall", "Talker");
    let mic = world.publish(&talker, "mic").id;
    world.settle();
    world.levels(viewer.room, &[(mic, 90)]);
    assert!(
        matches!(
            world.told(&viewer),
            [Notice::Joined { .. }, Notice::Speakers { .. }]
        ),
        "{:?}",
        world.told(&viewer)
    );
}

#[test]
fn a_room_that_shrinks_lists_everybody_again() {
    let (mut world, viewer, people) = hall(130);
    for person in &people[..40] {
        world.leave(person);
    }
    world.pass_secs(1);
    assert_eq!(listed(&world, &viewer), 30, "those whom the batches had left out");
}
