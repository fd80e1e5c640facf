//! What can be published, when, and what repeating it does.

mod common;
use common::{World, layers, offered, sections};
use media::LayerInfo;
use media::plane::{MediaCommand, MediaEvent};
use media::{LayerIndex, Source, TrackId};
use room::{Notice, OfferedTrack, RoomError};
use std::collections::BTreeSet;

#[test]
fn nothing_before_the_join_and_nothing_before_the_offer() {
    let mut world = World::new();
    let stranger = world.socket();
    assert!(matches!(
        world
            .rooms
            .handle_publish(world.now, stranger, "cam", vec![], false),
        Err(RoomError::WrongOrder(_))
    ));
    let ada = world.join("daily", "Ada");
    for _ in 0..2 {
        assert!(matches!(
            world
                .rooms
                .handle_publish(world.now, ada.socket, "cam", vec![], false),
            Err(RoomError::WrongOrder(_))
        ));
    }
}

#[test]
fn a_track_gets_an_id_that_is_nobody_elses() {
    let mut world = World::new();
    let mut seen = BTreeSet::new();
    for i in 0..50 {
        let person = world.connect(&format!("room-{}", i % 5), "P");
        for mid in ["cam", "mic", "scr", "snd"] {
            let track = world.publish(&person, mid);
            assert!(track.id.0 != 0 && seen.insert(track.id));
        }
    }
    assert_eq!(world.rooms.track_count(), 200);
}

#[test]
fn the_media_plane_learns_section_source_and_layers() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    world.settle();
    let track = world.publish(&ada, "cam");
    assert_eq!(track.source, Source::Camera);
    let command = MediaCommand::Publish {
        participant: ada.id,
        mline: media::MLineIndex(1),
        track: track.id,
        source: Source::Camera,
        layers: layers(),
    };
    assert_eq!(world.commands, [(ada.room, command)]);
}

#[test]
fn publishing_again_updates_the_layers_of_the_same_track() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let first = world.publish(&ada, "cam");
    world.settle();
    assert_eq!(world.publish(&ada, "cam"), first);
    assert!(world.commands.is_empty(), "nothing changed");
    let two = layers()[..2].to_vec();
    let again = world
        .rooms
        .handle_publish(world.now, ada.socket, "cam", two, true)
        .expect("good layers");
    world.drain();
    assert_eq!((again.id, again.muted), (first.id, true));
    assert_eq!(world.commands.len(), 2, "layers and mute: {:?}", world.commands);
    assert_eq!(world.rooms.track_count(), 1);
}

#[test]
fn a_publisher_that_says_nothing_of_its_layers_gets_usual_ones() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    world.settle();
    world
        .rooms
        .handle_publish(world.now, ada.socket, "cam", vec![], false)
        .expect("layers are optional");
    world.drain();
    assert!(matches!(&world.commands[0].1, MediaCommand::Publish { layers: got, .. } if *got == layers()));
}

#[test]
fn layers_must_be_the_sections() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let layer = |rid: &str, height| LayerInfo {
        rid: rid.into(),
        height,
        max_bitrate: media::Bitrate(0),
    };
    let bad = [
        ("cam", vec![layer("x", 180)]),
        ("cam", vec![layer("q", 180), layer("q", 360)]),
        ("cam", vec![layer("q", 720), layer("h", 360)]),
        (
            "cam",
            vec![layer("q", 1), layer("h", 2), layer("f", 3), layer("g", 4)],
        ),
        ("mic", vec![layer("", 1)]),
        ("scr", vec![layer("q", 1)]),
    ];
    for (mid, layers) in bad {
        let refused = world
            .rooms
            .handle_publish(world.now, ada.socket, mid, layers.clone(), false);
        assert!(
            matches!(refused, Err(RoomError::InvalidValue(_))),
            "{mid} {layers:?}: {refused:?}"
        );
    }
    assert_eq!(world.rooms.track_count(), 0);
}

#[test]
fn a_mid_that_was_not_offered_or_is_a_slot_is_not_found() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    for mid in ["v0", "nonsense"] {
        let refused = world
            .rooms
            .handle_publish(world.now, ada.socket, mid, vec![], false);
        assert!(matches!(refused, Err(RoomError::NotFound(_))), "{refused:?}");
        assert!(world.rooms.handle_unpublish(world.now, ada.socket, mid).is_err());
    }
}

#[test]
fn unpublishing_twice_is_harmless() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let track = world.publish(&ada, "cam");
    world.settle();
    for _ in 0..2 {
        world
            .rooms
            .handle_unpublish(world.now, ada.socket, "cam")
            .expect("the mid was offered");
    }
    world.drain();
    assert_eq!(
        world.commands,
        [(ada.room, MediaCommand::Unpublish { track: track.id })]
    );
    assert_ne!(
        world.publish(&ada, "cam").id,
        track.id,
        "a new track has a new id"
    );
}

#[test]
fn only_own_tracks_can_be_muted_and_muting_twice_is_harmless() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let eve = world.connect("daily", "Eve");
    let track = world.publish(&ada, "mic").id;
    world.settle();
    for wrong in [track, TrackId(1)] {
        let refused = world.rooms.handle_mute(world.now, eve.socket, wrong, true);
        assert!(matches!(refused, Err(RoomError::NotFound(_))), "{refused:?}");
    }
    world.mute(&ada, track, true);
    world.mute(&ada, track, true);
    assert_eq!(
        world.commands,
        [(ada.room, MediaCommand::Mute { track, muted: true })]
    );
}

#[test]
fn an_offer_whose_tracks_contradict_each_other_is_refused() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    let track = |mid: &str, source| OfferedTrack {
        mid: mid.into(),
        source,
    };
    let bad = [
        vec![track("1", Source::Camera), track("1", Source::Screen)],
        vec![track("1", Source::Camera), track("2", Source::Camera)],
        vec![track("1", Source::Camera), track("1", Source::Camera)],
    ];
    for tracks in bad {
        let refused = world
            .rooms
            .handle_offer(world.now, ada.socket, 1, "v=0".into(), tracks);
        assert!(matches!(refused, Err(RoomError::OfferRejected(_))), "{refused:?}");
    }
}

#[test]
fn an_offer_whose_tracks_do_not_fit_its_sections_is_refused_and_may_be_mended() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    for (mid, source) in [
        ("v0", Source::Camera),
        ("mic", Source::Camera),
        ("cam", Source::Microphone),
    ] {
        let tracks = vec![OfferedTrack {
            mid: mid.into(),
            source,
        }];
        world
            .rooms
            .handle_offer(world.now, ada.socket, 1, "v=0".into(), tracks)
            .expect("not known yet");
        let refused = world.rooms.handle_peer_built(world.now, ada.id, sections(1, 1));
        assert!(matches!(refused, Err(RoomError::OfferRejected(_))), "{refused:?}");
    }
    world.offer(&ada);
    world.rooms.handle_peer_refused(world.now, ada.id);
    world.offer(&ada);
    world
        .rooms
        .handle_peer_built(world.now, ada.id, sections(1, 1))
        .expect("the sections fit");
    world.publish(&ada, "cam");
}

#[test]
fn one_offer_at_a_time() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    world.offer(&ada);
    let second = world
        .rooms
        .handle_offer(world.now, ada.socket, 2, "v=0".into(), offered());
    assert!(matches!(second, Err(RoomError::WrongOrder(_))), "{second:?}");
}

#[test]
fn a_peer_that_was_built_for_somebody_who_left_is_not_found() {
    let mut world = World::new();
    let ada = world.join("daily", "Ada");
    world.offer(&ada);
    world.leave(&ada);
    let late = world.rooms.handle_peer_built(world.now, ada.id, sections(1, 1));
    assert!(matches!(late, Err(RoomError::NotFound(_))), "{late:?}");
}

#[test]
fn a_later_offer_goes_to_the_peer_and_its_refusal_to_the_client() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    world.settle();
    world
        .rooms
        .handle_offer(world.now, ada.socket, 5, "v=0".into(), offered())
        .expect("joined");
    world.drain();
    let offer = MediaCommand::Offer {
        participant: ada.id,
        request: 5,
        sdp: "v=0".into(),
    };
    assert_eq!(world.commands, [(ada.room, offer)]);
    let answer = |request| MediaEvent::Answer {
        participant: ada.id,
        request,
        result: Err("m-line 3".into()),
    };
    world.event(answer(4));
    assert!(world.told(&ada).is_empty(), "not the one that is waited for");
    world.event(answer(5));
    assert_eq!(
        world.told(&ada),
        [Notice::Answer {
            request: 5,
            result: Err("m-line 3".into())
        }]
    );
    world.publish(&ada, "cam");
}

#[test]
fn the_publisher_hears_which_layers_are_watched_by_their_rids() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let track = world.publish(&ada, "cam").id;
    world.settle();
    let wanted = |layers: &[u8]| MediaEvent::WantedLayers {
        track,
        layers: layers.iter().copied().map(LayerIndex).collect(),
    };
    world.event(wanted(&[0, 2]));
    world.event(wanted(&[0, 2]));
    world.event(wanted(&[]));
    let layers = |wanted: &[&str]| Notice::Layers {
        track,
        wanted: wanted.iter().map(|r| (*r).into()).collect(),
    };
    assert_eq!(world.told(&ada), [layers(&["q", "f"]), layers(&[])]);
    // After a resume the client is told again.
    let socket = world.socket();
    world
        .rooms
        .handle_resume(world.now, socket, &ada.token)
        .expect("the participant lives");
    world.drain();
    assert_eq!(world.notices.get(&socket), Some(&vec![layers(&[])]));
}

#[test]
fn what_was_wanted_of_former_layers_is_forgotten_with_them() {
    let mut world = World::new();
    let ada = world.connect("daily", "Ada");
    let track = world.publish(&ada, "cam").id;
    let wanted = MediaEvent::WantedLayers {
        track,
        layers: vec![LayerIndex(0), LayerIndex(1)],
    };
    world.event(wanted.clone());
    let upper = layers().split_off(1);
    world
        .rooms
        .handle_publish(world.now, ada.socket, "cam", upper, false)
        .expect("the same track, with other layers");
    world.settle();
    world.event(wanted);
    let told = Notice::Layers {
        track,
        wanted: vec!["h".into(), "f".into()],
    };
    assert_eq!(world.told(&ada), [told]);
}
