//! What a participant may not do is refused, and what it may not do any more ends at once.

mod common;
use common::{World, camera, track_in, with};
use media::plane::{MediaCommand, MediaEvent};
use media::{MLineIndex, Source, Sources};
use room::{CloseReason, Notice, Permissions, RoomError};

const NOTHING: Permissions = Permissions {
    join: true,
    create: true,
    publish: Sources::NONE,
    subscribe: false,
    data: false,
    hidden: false,
    see_hidden: false,
    admin: false,
};

fn words(error: &RoomError) -> String {
    match error {
        RoomError::NotAllowed(words) => words.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_may_not_join_does_not() {
    let mut world = World::new();
    let credentials = with(Permissions {
        join: false,
        ..Permissions::CALL
    });
    let error = world
        .try_enter("daily", "Eve", credentials)
        .expect_err("not allowed");
    assert!(words(&error).contains("`join`"), "{error}");
    assert_eq!(world.rooms.held(), 0);
}

#[test]
fn a_room_is_created_only_by_who_may() {
    let mut world = World::new();
    let guest = Permissions {
        create: false,
        ..Permissions::CALL
    };
    assert_eq!(
        world.try_enter("daily", "Guest", with(guest)).map(drop),
        Err(RoomError::NoSuchRoom)
    );
    assert_eq!(world.rooms.held(), 0);
    let host = world.join("daily", "Host");
    let guest = world.enter("daily", "Guest", with(guest));
    assert_eq!(guest.room, host.room);
}

#[test]
fn who_was_alone_in_a_room_it_could_not_create_may_come_back() {
    let mut world = World::new();
    let host = world.join("daily", "Host");
    let may_not_create = Permissions {
        create: false,
        ..Permissions::CALL
    };
    let guest = world.connect_as("daily", "Guest", may_not_create);
    world.leave(&host);
    world.event(MediaEvent::Disconnected {
        participant: guest.id,
        reason: "broke",
        dtls_alert: false,
    });
    let join = room::Join {
        room: "daily".into(),
        name: "Guest".into(),
        metadata: None,
        credentials: with(may_not_create),
    };
    let again = world.rooms.handle_join(world.now, guest.socket, join);
    assert!(again.is_ok(), "{again:?}");
}

#[test]
fn each_source_is_published_only_by_who_may() {
    for (mid, source) in [
        ("mic", Source::Microphone),
        ("cam", Source::Camera),
        ("scr", Source::Screen),
        ("snd", Source::ScreenAudio),
    ] {
        let mut world = World::new();
        let all_but_this = Permissions {
            publish: Sources::ALL.without(source),
            ..Permissions::CALL
        };
        let ada = world.connect_as("daily", "Ada", all_but_this);
        let result = world
            .rooms
            .handle_publish(world.now, ada.socket, mid, vec![], false);
        let error = result.expect_err("not allowed");
        assert!(
            words(&error).contains(&format!("`publish:{}`", source.name())),
            "{error}"
        );
        assert_eq!(world.rooms.track_count(), 0);
        for other in ["mic", "cam", "scr", "snd"]
            .into_iter()
            .filter(|other| *other != mid)
        {
            world.publish(&ada, other);
        }
        assert_eq!(world.rooms.track_count(), 3);
        // It may ask for it again as soon as it is allowed: no SDP is in the way.
        world.permit(&ada, Permissions::CALL);
        world.publish(&ada, mid);
    }
}

#[test]
fn what_may_not_be_published_any_more_ends_at_once() {
    let mut world = World::new();
    let (ada, bob) = (world.connect("daily", "Ada"), world.connect("daily", "Bob"));
    let (voice, picture) = (world.publish(&ada, "mic"), world.publish(&ada, "cam"));
    world.levels(ada.room, &[(voice.id, 90)]);
    world.settle();
    let muted_by_rule = Permissions {
        publish: Sources::ALL.without(Source::Microphone),
        ..Permissions::CALL
    };
    world.permit(&ada, muted_by_rule);
    let unpublish = MediaCommand::Unpublish { track: voice.id };
    assert!(world.commands.contains(&(ada.room, unpublish)));
    assert_eq!(world.told_permissions(&ada), Some(muted_by_rule));
    let slots = world.slots(&bob);
    assert!(
        slots.values().all(|shown| *shown == room::SlotShown::Empty),
        "{slots:?}"
    );
    assert!(world.told(&bob).contains(&Notice::Speakers { speakers: vec![] }));
    world.pass_secs(1);
    let seen = world.told(&bob).iter().find_map(|notice| match notice {
        Notice::Updated { participants, .. } => Some(participants[0].tracks.clone()),
        _ => None,
    });
    assert_eq!(seen, Some(vec![picture]));
}

#[test]
fn who_may_not_subscribe_gets_no_tracks() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let (voice, _) = (world.publish(&ada, "mic"), world.publish(&ada, "cam"));
    let deaf = Permissions {
        subscribe: false,
        ..Permissions::CALL
    };
    let bob = world.connect_as("daily", "Bob", deaf);
    world.view(&bob, &[camera(&ada, 720)], Some(360));
    world.event(MediaEvent::TalkerSlot {
        participant: bob.id,
        slot: MLineIndex(43),
        track: Some(voice.id),
    });
    world.levels(ada.room, &[(voice.id, 90)]);
    world.pass_secs(1);
    assert_eq!(world.assigned(&bob), Vec::<Vec<_>>::new());
    assert!(world.slots(&bob).is_empty());
    assert_eq!(world.media_permits(&bob), Some((true, false)));
}

#[test]
fn who_may_not_subscribe_any_more_loses_its_tracks_at_once_and_may_get_them_back() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let picture = world.publish(&ada, "cam");
    let talker = world.connect("daily", "Talker");
    let voice = world.publish(&talker, "mic");
    let bob = world.connect_as("daily", "Bob", Permissions::CALL);
    world.view(&bob, &[camera(&ada, 720)], None);
    world.event(MediaEvent::TalkerSlot {
        participant: bob.id,
        slot: MLineIndex(43),
        track: Some(voice.id),
    });
    assert_eq!(track_in(&world.slots(&bob), "v0"), Some(picture.id));
    assert_eq!(track_in(&world.slots(&bob), "a3"), Some(voice.id));
    let deaf = Permissions {
        subscribe: false,
        ..Permissions::CALL
    };
    world.permit(&bob, deaf);
    assert_eq!(world.media_permits(&bob), Some((true, false)));
    for mid in ["v0", "a3"] {
        assert_eq!(track_in(&world.slots(&bob), mid), None, "{mid}");
    }
    let last = world.assigned(&bob).pop().expect("an assignment");
    assert!(last.iter().all(|slot| slot.track.is_none()), "{last:?}");
    world.permit(&bob, Permissions::CALL);
    assert_eq!(track_in(&world.slots(&bob), "v0"), Some(picture.id));
    assert_eq!(world.media_permits(&bob), Some((true, true)));
}

#[test]
fn the_media_plane_knows_who_may_send_data() {
    let mut world = World::new();
    let free = world.connect_as("daily", "Ada", Permissions::CALL);
    assert_eq!(world.media_permits(&free), None);
    let mute = Permissions {
        data: false,
        ..Permissions::CALL
    };
    let bob = world.connect_as("daily", "Bob", mute);
    assert_eq!(world.media_permits(&bob), Some((false, true)));
    // A later peer of the same participant is bound as well.
    world.event(MediaEvent::Disconnected {
        participant: bob.id,
        reason: "broke",
        dtls_alert: false,
    });
    world.commands.clear();
    world.bring_up(&bob, 3, 4);
    assert_eq!(world.media_permits(&bob), Some((false, true)));
    world.permit(&bob, Permissions::CALL);
    assert_eq!(world.media_permits(&bob), Some((true, true)));
    // Without a peer there is nothing to bind.
    let carol = world.join("daily", "Carol");
    world.permit(&carol, mute);
    assert_eq!(world.media_permits(&carol), None);
}

#[test]
fn a_change_is_told_once_with_a_new_state_of_the_room() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    world.settle();
    world.permit(&ada, Permissions::CALL);
    assert_eq!(world.told_permissions(&ada), None);
    let mut revisions = Vec::new();
    for permissions in [NOTHING, Permissions::CALL, NOTHING] {
        world.permit(&ada, permissions);
        assert_eq!(world.told_permissions(&ada), Some(permissions));
    }
    for notice in world.told(&ada) {
        if let Notice::Permissions { revision, .. } = notice {
            revisions.push(*revision);
        }
    }
    assert!(
        revisions.len() == 3 && revisions.is_sorted_by(|a, b| a < b),
        "{revisions:?}"
    );
}

#[test]
fn who_may_not_be_there_any_more_leaves() {
    let mut world = World::new();
    let (ada, bob) = (world.connect("daily", "Ada"), world.join("daily", "Bob"));
    world.permit(
        &ada,
        Permissions {
            join: false,
            ..Permissions::CALL
        },
    );
    assert_eq!(world.closed_for(&ada), Some(CloseReason::NotAllowed));
    assert_eq!(world.rooms.participant_count(), 1);
    assert!(
        world
            .rooms
            .handle_permissions(world.now, ada.id, NOTHING)
            .is_err()
    );
    world.leave(&bob);
    assert_eq!(world.rooms.held(), 0);
}

#[test]
fn the_welcome_tells_what_is_allowed() {
    let mut world = World::new();
    let (welcome, _) = world.try_enter("daily", "Ada", with(NOTHING)).expect("allowed");
    assert_eq!(welcome.permissions, NOTHING);
    let token = welcome.token;
    let socket = world.socket();
    let resumed = world
        .rooms
        .handle_resume(world.now, socket, &token)
        .expect("the seat is kept");
    assert_eq!(resumed.permissions, NOTHING);
}

#[test]
fn a_name_that_was_vouched_for_stays() {
    let mut world = World::new();
    let credentials = room::Credentials {
        fixed_name: true,
        ..common::of("ada")
    };
    let ada = world.enter("daily", "Ada", credentials);
    let mut update = |name, metadata| world.rooms.handle_update(world.now, ada.socket, name, metadata);
    let error = update(Some("Grace"), Some("{}")).expect_err("not allowed");
    assert!(words(&error).contains("name"), "{error}");
    assert_eq!(update(Some("Ada"), Some("{}")), Ok(()));
}
