//! How good the call is reaches those who see the participant, and itself; a codec change reaches its publisher only.

mod common;
use common::World;
use media::plane::{MediaEvent, Quality, QualityReason};
use media::{Codec, ParticipantId};
use room::Notice;

const POOR: Quality = Quality {
    score: 40,
    reason: Some(QualityReason::DownlinkBandwidth),
};

fn rate(participant: ParticipantId, quality: Quality) -> MediaEvent {
    MediaEvent::Quality { participant, quality }
}

fn told(participants: &[(ParticipantId, Quality)]) -> Notice {
    Notice::Quality {
        participants: participants.to_vec(),
    }
}

#[test]
fn quality_is_told_to_the_room_in_batches_and_once() {
    let mut world = World::new();
    let (ada, ben) = (world.connect("daily", "Ada"), world.connect("daily", "Ben"));
    let eve = world.connect("elsewhere", "Eve");
    world.settle();
    let better = Quality {
        score: 90,
        reason: Some(QualityReason::DownlinkLoss),
    };
    world.event(rate(ada.id, POOR));
    world.event(rate(ada.id, better));
    world.event(rate(ben.id, POOR));
    world.pass_secs(1);
    world.event(rate(ada.id, better));
    world.pass_secs(1);
    let all: Vec<_> = [(ada.id, better), (ben.id, POOR)].into();
    for person in [&ada, &ben] {
        let Some(Notice::Quality { participants }) = world.told(person).first() else {
            panic!("{:?}", world.told(person))
        };
        let mut participants = participants.clone();
        participants.sort_by_key(|(id, _)| *id != ada.id);
        assert_eq!((participants, world.told(person).len()), (all.clone(), 1));
    }
    assert!(world.told(&eve).is_empty());
}

#[test]
fn in_a_big_room_only_those_on_screen_hear_of_somebodys_quality() {
    let mut world = World::new();
    let ada = world.connect_with("town", "Ada", 1, 1);
    world.publish(&ada, "cam");
    let sees = world.connect_with("town", "Ben", 1, 1);
    world.view(&sees, &[common::camera(&ada, 360)], None);
    let blind = world.connect_with("town", "Carl", 1, 1);
    world.view(&blind, &[], None);
    for i in 0..100 {
        world.join("town", &format!("P{i}"));
    }
    world.settle();
    world.event(rate(ada.id, POOR));
    world.pass_secs(1);
    assert_eq!(world.told(&sees), [told(&[(ada.id, POOR)])]);
    assert_eq!(world.told(&ada), [told(&[(ada.id, POOR)])]);
    assert!(world.told(&blind).is_empty(), "{:?}", world.told(&blind));
}

#[test]
fn a_codec_is_told_to_its_publisher_and_again_after_a_resume() {
    let mut world = World::new();
    let (ada, ben) = (world.connect("daily", "Ada"), world.connect("daily", "Ben"));
    let track = world.publish(&ada, "cam").id;
    world.settle();
    let codec = Codec::Vp8;
    world.event(MediaEvent::Codec { track, codec });
    world.pass_secs(1);
    assert_eq!(world.told(&ada), [Notice::Codec { track, codec }]);
    assert!(world.told(&ben).is_empty());
    let socket = world.socket();
    let resumed = world.rooms.handle_resume(world.now, socket, &ada.token);
    resumed.expect("the participant lives");
    world.drain();
    assert_eq!(
        world.notices.get(&socket),
        Some(&vec![Notice::Codec { track, codec }])
    );
}
