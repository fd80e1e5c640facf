//! Tiles go into slot pairs, stay where they are, and change as little as possible.

mod common;
use common::{Person, World, camera, screen, track_in};
use media::plane::{MediaEvent, PauseReason, SlotState};
use media::{MLineIndex, TrackId};
use room::{Notice, RoomError, SlotShown, Tile, View};

/// A viewer, and people who publish camera and microphone.
fn people(count: usize) -> (World, Person, Vec<(Person, TrackId, TrackId)>) {
    let mut world = World::new();
    let viewer = world.connect("daily", "Viewer");
    world.view(&viewer, &[], None);
    let mut people = Vec::new();
    for i in 0..count {
        let person = world.connect("daily", &format!("P{i}"));
        let (cam, mic) = (world.publish(&person, "cam").id, world.publish(&person, "mic").id);
        people.push((person, cam, mic));
    }
    world.settle();
    (world, viewer, people)
}

#[test]
fn a_tile_takes_the_video_slot_and_its_sound_the_audio_slot_beside_it_in_one_command() {
    let (mut world, viewer, people) = people(2);
    world.view(
        &viewer,
        &[camera(&people[0].0, 720), camera(&people[1].0, 180)],
        None,
    );
    let commands = world.assigned(&viewer);
    let [changes] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    let flat: Vec<_> = changes.iter().map(|c| (c.slot.0, c.track, c.height)).collect();
    let (p, q) = (&people[0], &people[1]);
    assert_eq!(
        flat,
        [
            (10, Some(p.1), 720),
            (40, Some(p.2), 0),
            (11, Some(q.1), 180),
            (41, Some(q.2), 0)
        ]
    );
    assert_eq!(
        world.told(&viewer).len(),
        1,
        "one atomic message: {:?}",
        world.told(&viewer)
    );
}

#[test]
fn what_stays_in_the_view_stays_in_its_slot() {
    let (mut world, viewer, people) = people(4);
    let tiles: Vec<Tile> = people.iter().map(|(person, ..)| camera(person, 360)).collect();
    world.view(&viewer, &tiles[..3], None);
    world.commands.clear();
    world.view(&viewer, &[tiles[3], tiles[2], tiles[0]], None);
    let slots = world.slots(&viewer);
    assert_eq!(track_in(&slots, "v0"), Some(people[0].1));
    assert_eq!(track_in(&slots, "v1"), Some(people[3].1));
    assert_eq!(track_in(&slots, "v2"), Some(people[2].1));
    let changed: Vec<u16> = world
        .assigned(&viewer)
        .concat()
        .iter()
        .map(|change| change.slot.0)
        .collect();
    assert_eq!(changed, [11, 41], "only what changed is sent");
}

#[test]
fn the_same_view_again_sends_nothing() {
    let (mut world, viewer, people) = people(2);
    world.view(&viewer, &[camera(&people[0].0, 360)], None);
    world.commands.clear();
    world.notices.clear();
    world.view(&viewer, &[camera(&people[0].0, 360)], None);
    assert!(world.assigned(&viewer).is_empty() && world.told(&viewer).is_empty());
}

#[test]
fn a_new_height_is_for_the_media_plane_only() {
    let (mut world, viewer, people) = people(1);
    world.view(&viewer, &[camera(&people[0].0, 360)], None);
    world.commands.clear();
    world.notices.clear();
    world.view(&viewer, &[camera(&people[0].0, 720)], None);
    let changes = world.assigned(&viewer).concat();
    assert_eq!(
        changes.iter().map(|c| (c.slot.0, c.height)).collect::<Vec<_>>(),
        [(10, 720)]
    );
    assert!(world.told(&viewer).is_empty());
}

#[test]
fn height_0_pauses_the_picture_and_keeps_the_sound() {
    let (mut world, viewer, people) = people(1);
    world.view(&viewer, &[camera(&people[0].0, 0)], None);
    let slots = world.slots(&viewer);
    let hidden = SlotState::Paused(PauseReason::Hidden);
    assert_eq!(
        slots.get("v0"),
        Some(&SlotShown::Track {
            track: people[0].1,
            state: hidden
        })
    );
    assert_eq!(
        slots.get("a0"),
        Some(&SlotShown::Track {
            track: people[0].2,
            state: SlotState::Live
        })
    );
    world.view(&viewer, &[camera(&people[0].0, 180)], None);
    let shown = SlotShown::Track {
        track: people[0].1,
        state: SlotState::Switching,
    };
    assert_eq!(world.slots(&viewer).get("v0"), Some(&shown));
}

#[test]
fn someone_without_a_camera_gets_the_pair_for_the_voice() {
    let (mut world, viewer, people) = people(1);
    let (person, _, mic) = &people[0];
    world
        .rooms
        .handle_unpublish(world.now, person.socket, "cam")
        .expect("the mid was offered");
    world.view(&viewer, &[camera(person, 360)], None);
    let slots = world.slots(&viewer);
    assert_eq!(
        (track_in(&slots, "v0"), track_in(&slots, "a0")),
        (None, Some(*mic))
    );
    let cam = world.publish(person, "cam");
    world.pass_secs(1);
    assert_eq!(
        track_in(&world.slots(&viewer), "v0"),
        Some(cam.id),
        "the picture comes beside the voice"
    );
}

#[test]
fn a_screen_brings_its_sound() {
    let (mut world, viewer, people) = people(1);
    let person = &people[0].0;
    let (scr, snd) = (world.publish(person, "scr").id, world.publish(person, "snd").id);
    world.view(&viewer, &[screen(person, 1_080), camera(person, 180)], None);
    let slots = world.slots(&viewer);
    let tracks = ["v0", "a0", "v1", "a1"].map(|mid| track_in(&slots, mid));
    assert_eq!(
        tracks,
        [Some(scr), Some(snd), Some(people[0].1), Some(people[0].2)]
    );
}

#[test]
fn more_tiles_than_slots_fill_the_slots_in_order_of_importance() {
    let (mut world, viewer, people) = people(5);
    let tiles: Vec<Tile> = people
        .iter()
        .rev()
        .map(|(person, ..)| camera(person, 360))
        .collect();
    world.view(&viewer, &tiles, None);
    let slots = world.slots(&viewer);
    assert_eq!(
        ["v0", "v1", "v2"].map(|mid| track_in(&slots, mid)),
        [4, 3, 2].map(|i: usize| Some(people[i].1))
    );
}

#[test]
fn oneself_strangers_and_repetitions_are_skipped() {
    let (mut world, viewer, people) = people(1);
    let own = world.publish(&viewer, "cam").id;
    let stranger = world.connect("other", "Eve");
    world.publish(&stranger, "cam");
    let tile = camera(&people[0].0, 360);
    world.view(
        &viewer,
        &[camera(&viewer, 360), camera(&stranger, 360), tile, tile],
        None,
    );
    let tracks: Vec<_> = world
        .assigned(&viewer)
        .concat()
        .iter()
        .filter_map(|change| change.track)
        .collect();
    assert_eq!(tracks, [people[0].1, people[0].2]);
    assert!(!tracks.contains(&own));
}

#[test]
fn a_tile_of_a_microphone_or_too_many_tiles_are_refused() {
    let (mut world, viewer, people) = people(1);
    let mic = Tile {
        source: media::Source::Microphone,
        ..camera(&people[0].0, 360)
    };
    let many = vec![camera(&people[0].0, 360); 65];
    for tiles in [vec![mic], many] {
        let view = View {
            tiles,
            auto_height: None,
        };
        let refused = world.rooms.handle_view(world.now, viewer.socket, view);
        assert!(matches!(refused, Err(RoomError::InvalidValue(_))), "{refused:?}");
    }
}

#[test]
fn what_the_media_plane_reports_is_merged_and_told() {
    let (mut world, viewer, people) = people(2);
    let (p, q) = (&people[0], &people[1]);
    world.view(&viewer, &[camera(&p.0, 360)], None);
    world.notices.clear();
    let report = |track: TrackId, state| MediaEvent::SlotState {
        participant: viewer.id,
        slot: MLineIndex(10),
        track: Some(track),
        state,
    };
    world.event(report(p.1, SlotState::Live));
    let live = SlotShown::Track {
        track: p.1,
        state: SlotState::Live,
    };
    assert_eq!(world.slots(&viewer).get("v0"), Some(&live));
    world.notices.clear();
    world.event(report(q.1, SlotState::Paused(PauseReason::NoLayer)));
    assert!(world.told(&viewer).is_empty(), "about a former assignment");
}

#[test]
fn a_muted_track_is_paused_for_that_reason_whatever_flows() {
    let (mut world, viewer, people) = people(1);
    let (person, cam, _) = &people[0];
    world.view(&viewer, &[camera(person, 360)], None);
    world.mute(person, *cam, true);
    let muted = SlotState::Paused(PauseReason::Muted);
    assert_eq!(
        world.slots(&viewer).get("v0"),
        Some(&SlotShown::Track {
            track: *cam,
            state: muted
        })
    );
    world.mute(person, *cam, false);
    let back = SlotShown::Track {
        track: *cam,
        state: SlotState::Switching,
    };
    assert_eq!(world.slots(&viewer).get("v0"), Some(&back));
}

#[test]
fn who_leaves_empties_its_slots_at_once() {
    let (mut world, viewer, people) = people(1);
    world.view(&viewer, &[camera(&people[0].0, 360)], None);
    world.leave(&people[0].0);
    let slots = world.slots(&viewer);
    assert_eq!(
        (slots.get("v0"), slots.get("a0")),
        (Some(&SlotShown::Empty), Some(&SlotShown::Empty))
    );
}

#[test]
fn more_slots_by_a_later_offer_keep_what_flows() {
    let (mut world, viewer, people) = people(5);
    let tiles: Vec<Tile> = people.iter().map(|(person, ..)| camera(person, 360)).collect();
    world.view(&viewer, &tiles, None);
    world.settle();
    let step = world
        .rooms
        .handle_offer(world.now, viewer.socket, 9, "v=0".into(), vec![]);
    assert_eq!(step, Ok(room::OfferStep::Forwarded));
    world.drain();
    world.commands.clear();
    world.event(MediaEvent::Answer {
        participant: viewer.id,
        request: 9,
        result: Ok(("answer".into(), common::sections(6, 6))),
    });
    let changed: Vec<u16> = world
        .assigned(&viewer)
        .concat()
        .iter()
        .map(|change| change.slot.0)
        .collect();
    assert_eq!(changed, [13, 43, 14, 44]);
    let [
        Notice::Answer {
            request: 9,
            result: Ok(_),
        },
        Notice::Slots { .. },
    ] = world.told(&viewer)
    else {
        panic!("the answer comes first: {:?}", world.told(&viewer))
    };
}

#[test]
fn hidden_and_shown_again_before_the_media_plane_noticed_is_as_before() {
    let (mut world, viewer, people) = people(1);
    let (person, cam, _) = &people[0];
    world.view(&viewer, &[camera(person, 360)], None);
    world.event(MediaEvent::SlotState {
        participant: viewer.id,
        slot: MLineIndex(10),
        track: Some(*cam),
        state: SlotState::Live,
    });
    world.view(&viewer, &[camera(person, 0)], None);
    world.view(&viewer, &[camera(person, 360)], None);
    let live = SlotShown::Track {
        track: *cam,
        state: SlotState::Live,
    };
    assert_eq!(
        world.slots(&viewer).get("v0"),
        Some(&live),
        "no report will come, because nothing changed there"
    );
}

#[test]
fn somebody_in_two_slots_is_introduced_once() {
    let (mut world, viewer, _) = people(0);
    let star = world.connect("daily", "Star");
    for mid in ["cam", "scr"] {
        world.publish(&star, mid);
    }
    world.notices.clear();
    // Before the batch that tells of the newcomer.
    world.view(&viewer, &[camera(&star, 360), screen(&star, 1_080)], None);
    let introduced: usize = world
        .told(&viewer)
        .iter()
        .map(|notice| match notice {
            Notice::Joined { participants, .. } => participants.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(introduced, 1, "{:?}", world.told(&viewer));
}
