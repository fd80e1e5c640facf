//! What a participant may not do, the media plane does not do for it.

use crate::common::{MIC, Member, Stage};
use media::data::ToServer;
use media::plane::{MediaCommand, MediaEvent};
use media::{MLineIndex, Source, TrackId};
use peer::{DataChannel, PeerEvent};
use router::DropReason;

const LOUD: u8 = 100;

fn permit(stage: &mut Stage, member: &Member, data: bool, subscribe: bool) {
    stage.command(MediaCommand::Permit {
        participant: member.id,
        data,
        subscribe,
    });
}

fn say(stage: &mut Stage, from: &Member) {
    let message = ToServer {
        recipients: vec![],
        topic: "chat",
        payload: b"hello",
    };
    let message = message.encode().expect("within limits");
    let channel = DataChannel::Reliable;
    stage.tell(from, PeerEvent::Data { channel, message });
}

fn talker_events(stage: &mut Stage, listener: &Member) -> Vec<(MLineIndex, Option<TrackId>)> {
    let events = stage.take_events().into_iter();
    let of_listener = events.filter_map(|event| match event {
        MediaEvent::TalkerSlot {
            participant,
            slot,
            track,
        } if participant == listener.id => Some((slot, track)),
        _ => None,
    });
    of_listener.collect()
}

#[test]
fn who_may_not_send_data_is_not_heard_but_hears() {
    let mut stage = Stage::new();
    let (ada, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    permit(&mut stage, &ada, false, true);
    say(&mut stage, &ada);
    assert!(bob.script.borrow().data.is_empty());
    assert_eq!(stage.router.counters().dropped(DropReason::DataNotAllowed), 1);
    say(&mut stage, &bob);
    assert_eq!(ada.script.borrow().data.len(), 1);
    permit(&mut stage, &ada, true, true);
    say(&mut stage, &ada);
    assert_eq!(bob.script.borrow().data.len(), 1);
}

#[test]
fn who_may_not_subscribe_hears_no_talkers() {
    let mut stage = Stage::new();
    let (listener, talker) = (stage.join(1, 1, 1, 3), stage.join(1, 2, 1, 1));
    let voice = stage.publish(&talker, MIC, 100, Source::Microphone);
    let slot = listener.audio[1];
    permit(&mut stage, &listener, true, false);
    stage.take_events();
    stage.audio(&talker, MIC, LOUD);
    assert_eq!(talker_events(&mut stage, &listener), []);

    permit(&mut stage, &listener, true, true);
    stage.pass(1_000);
    stage.audio(&talker, MIC, LOUD);
    assert_eq!(talker_events(&mut stage, &listener), [(slot, Some(voice))]);

    // Taken away in the middle of a word: the slot is emptied at once.
    permit(&mut stage, &listener, true, false);
    assert_eq!(talker_events(&mut stage, &listener), [(slot, None)]);
    assert_eq!(listener.received(slot).len(), 1);
    stage.pass(1_000);
    stage.audio(&talker, MIC, LOUD);
    assert_eq!(listener.received(slot).len(), 0);
}

#[test]
fn a_command_for_somebody_who_has_gone_is_counted() {
    let mut stage = Stage::new();
    let ada = stage.join(1, 1, 1, 1);
    stage.command(MediaCommand::RemovePeer { participant: ada.id });
    permit(&mut stage, &ada, false, false);
    assert_eq!(stage.router.counters().dropped(DropReason::CommandInvalid), 1);
}
