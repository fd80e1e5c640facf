//! More slots, another username, and the old ones go on.

use crate::common::{CAMERA, MIC, Stage, path_of, sections, slots, stun};
use media::plane::{MediaCommand, MediaEvent};
use media::{MLineIndex, Source};
use peer::{Answer, OfferError};

#[test]
fn new_slots_work_and_old_ones_keep_flowing() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 2));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    let microphone = stage.publish(&alice, MIC, 11, Source::Microphone);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.frame(&alice, 0, true);
    stage.audio(&alice, MIC, 100);
    let first = bob.received(bob.video[0])[0].seq;
    stage.take_events();

    let mut sections = sections(1, 2);
    sections.video_slots.extend(slots(7, 1));
    sections.audio_slots.extend(slots(8, 1));
    let answer = Answer {
        sdp: "answer".to_owned(),
        sections: sections.clone(),
        ufrag: "restarted".to_owned(),
    };
    bob.script.borrow_mut().next_answer = Some(Ok(answer));
    let offer = MediaCommand::Offer {
        participant: bob.id,
        request: 7,
        sdp: "offer".to_owned(),
    };
    stage.command(offer.clone());
    // The audio slot that belongs to the new video slot is no longer for talkers.
    let expected = [
        MediaEvent::TalkerSlot {
            participant: bob.id,
            slot: bob.audio[1],
            track: None,
        },
        MediaEvent::Answer {
            participant: bob.id,
            request: 7,
            result: Ok(("answer".to_owned(), sections)),
        },
    ];
    assert_eq!(stage.take_events(), expected);
    stage.audio(&alice, MIC, 100);
    assert_eq!(bob.received(MLineIndex(8))[0].csrc, microphone);

    stage.frame(&alice, 0, false);
    assert_eq!(bob.received(bob.video[0])[0].seq, first.advance(1));
    stage.assign(&bob, MLineIndex(7), Some(camera), 180);
    stage.frame(&alice, 0, true);
    assert_eq!(bob.received(MLineIndex(7)).len(), 1);

    let before = bob.script.borrow().datagrams;
    stage
        .router
        .handle_datagram(stage.now, path_of(77), stun("restarted"));
    stage
        .router
        .handle_datagram(stage.now, path_of(78), stun("ufrag2"));
    assert_eq!(bob.script.borrow().datagrams, before + 2);

    bob.script.borrow_mut().next_answer = Some(Err(OfferError::Unsupported("no".to_owned())));
    stage.command(offer);
    let refused = MediaEvent::Answer {
        participant: bob.id,
        request: 7,
        result: Err("no".to_owned()),
    };
    assert!(stage.take_events().contains(&refused));
}

#[test]
fn an_offer_of_someone_without_a_peer_is_answered_too() {
    let mut stage = Stage::new();
    let participant = media::ParticipantId(5);
    stage.command(MediaCommand::Offer {
        participant,
        request: 1,
        sdp: String::new(),
    });
    assert!(matches!(
        &stage.take_events()[..],
        [MediaEvent::Answer { result: Err(_), .. }]
    ));
}
