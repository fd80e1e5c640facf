//! Audio slots past the last video slot carry talkers who are off screen.

use crate::common::{MIC, Member, Stage};
use media::plane::{MediaCommand, MediaEvent, SlotAssignment};
use media::{MLineIndex, Source, TrackId};

const LOUD: u8 = 100;
const QUIET: u8 = 20;

struct Call {
    stage: Stage,
    listener: Member,
    talkers: Vec<(Member, TrackId)>,
}

/// A listener with one video slot and three audio slots, two of them for talkers.
fn call(talkers: u32) -> Call {
    let mut stage = Stage::new();
    let listener = stage.join(1, 1, 1, 3);
    let join = |n| {
        let member = stage.join(1, 10 + n, 1, 1);
        let track = stage.publish(&member, MIC, 100 + n, Source::Microphone);
        (member, track)
    };
    let talkers = (0..talkers).map(join).collect();
    stage.take_events();
    Call {
        stage,
        listener,
        talkers,
    }
}

impl Call {
    fn speak(&mut self, talker: usize, loudness: u8) {
        let member = self.talkers[talker].0.clone();
        self.stage.audio(&member, MIC, loudness);
        self.stage.pass(1);
    }

    fn heard(&self, slot: usize) -> Vec<TrackId> {
        self.listener
            .received(self.listener.audio[slot])
            .iter()
            .map(|packet| packet.csrc)
            .collect()
    }

    fn talker_events(&mut self) -> Vec<(MLineIndex, Option<TrackId>)> {
        let listener = self.listener.id;
        let events = self
            .stage
            .take_events()
            .into_iter()
            .filter_map(|event| match event {
                MediaEvent::TalkerSlot {
                    participant,
                    slot,
                    track,
                } if participant == listener => Some((slot, track)),
                _ => None,
            });
        events.collect()
    }
}

#[test]
fn the_first_loud_packet_already_flows() {
    let mut call = call(1);
    call.speak(0, QUIET);
    assert!(!call.listener.received_anything());
    call.speak(0, LOUD);
    assert_eq!(call.heard(1), [TrackId(100)]);
    assert_eq!(
        call.talker_events(),
        [(call.listener.audio[1], Some(TrackId(100)))]
    );
    // Softly spoken words between loud ones flow too.
    call.speak(0, QUIET);
    assert_eq!(call.heard(1), [TrackId(100)]);
}

#[test]
fn a_busy_slot_is_taken_only_from_someone_silent_for_two_seconds() {
    let mut call = call(3);
    call.speak(0, LOUD);
    call.speak(1, LOUD);
    call.talker_events();
    for ms in (0..2_000).step_by(20) {
        call.speak(2, LOUD);
        call.speak(1, LOUD);
        assert_eq!(call.talker_events(), [], "after {ms} ms");
        call.stage.pass(18);
    }
    call.heard(1);
    call.stage.pass(200);
    call.speak(2, LOUD);
    assert_eq!(
        call.talker_events(),
        [(call.listener.audio[1], Some(TrackId(102)))]
    );
    assert_eq!(call.heard(1), [TrackId(102)]);
}

#[test]
fn a_microphone_with_a_slot_of_its_own_takes_none() {
    let mut call = call(1);
    let (listener, track) = (call.listener.clone(), call.talkers[0].1);
    call.stage.assign(&listener, listener.audio[0], Some(track), 0);
    call.speak(0, LOUD);
    assert_eq!(call.heard(0), [track]);
    assert_eq!(call.talker_events(), []);
}

#[test]
fn it_leaves_the_talker_slot_when_it_gets_one_and_finds_one_again_when_it_loses_it() {
    let mut call = call(1);
    let (listener, track) = (call.listener.clone(), call.talkers[0].1);
    call.speak(0, LOUD);
    call.talker_events();
    call.stage.assign(&listener, listener.audio[0], Some(track), 0);
    assert_eq!(call.talker_events(), [(listener.audio[1], None)]);
    listener.script.borrow_mut().sent.clear();
    call.speak(0, LOUD);
    assert_eq!((call.heard(0), call.heard(1)), (vec![track], vec![]));
    call.stage.assign(&listener, listener.audio[0], None, 0);
    call.speak(0, LOUD);
    assert_eq!(call.talker_events(), [(listener.audio[1], Some(track))]);
    assert_eq!(call.heard(1), [track]);
}

#[test]
fn who_joins_while_somebody_talks_hears_the_next_packet() {
    let mut call = call(1);
    call.speak(0, LOUD);
    let late = call.stage.join(1, 2, 1, 2);
    call.speak(0, LOUD);
    assert_eq!(late.received(late.audio[1]).len(), 1);
}

#[test]
fn the_slot_is_free_when_the_track_ends() {
    let mut call = call(1);
    let track = call.talkers[0].1;
    call.speak(0, LOUD);
    call.talker_events();
    call.stage.command(MediaCommand::Unpublish { track });
    assert_eq!(call.talker_events(), [(call.listener.audio[1], None)]);
}

#[test]
fn talkers_do_not_hear_themselves() {
    let mut stage = Stage::new();
    let alone = stage.join(1, 1, 1, 3);
    stage.publish(&alone, MIC, 100, Source::Microphone);
    stage.audio(&alone, MIC, LOUD);
    assert!(!alone.received_anything());
}

#[test]
fn the_control_plane_does_not_fill_talker_slots() {
    let mut call = call(1);
    let (participant, track) = (call.listener.id, Some(call.talkers[0].1));
    let slots = vec![SlotAssignment {
        slot: call.listener.audio[2],
        track,
        height: 0,
        priority: 0,
    }];
    call.stage.command(MediaCommand::Assign { participant, slots });
    call.speak(0, QUIET);
    assert!(!call.listener.received_anything());
}
