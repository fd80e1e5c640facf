//! In a big room only the loudest microphones flow, and they do not flap.

use crate::common::{MIC, Member, SCREEN_AUDIO, Stage};
use media::plane::MediaCommand;
use media::{Source, TrackId};
use router::{DropReason, RouterConfig};

/// A listener with a slot for each of so many microphones, of which `loudest` flow.
fn room(microphones: u32, loudest: usize) -> (Stage, Member, Vec<Member>) {
    let mut stage = Stage::with(RouterConfig {
        loudest,
        ..RouterConfig::default()
    });
    let listener = stage.join(1, 1, microphones as u16, microphones as u16);
    let mut members = Vec::new();
    for n in 0..microphones {
        let member = stage.join(1, 10 + n, 1, 1);
        let track = stage.publish(&member, MIC, 100 + n, Source::Microphone);
        stage.assign(&listener, listener.audio[n as usize], Some(track), 0);
        members.push(member);
    }
    (stage, listener, members)
}

/// Lets all speak for a while at these levels; returns who was heard, per packet.
fn speak(stage: &mut Stage, listener: &Member, members: &[Member], levels: &[u8], ms: u64) -> Vec<TrackId> {
    listener.script.borrow_mut().sent.clear();
    for _ in 0..ms / 20 {
        for (member, level) in members.iter().zip(levels) {
            stage.audio(member, MIC, *level);
        }
        stage.pass(20);
    }
    listener
        .script
        .borrow_mut()
        .sent
        .drain(..)
        .map(|(_, packet)| packet.csrc)
        .collect()
}

fn distinct(mut heard: Vec<TrackId>) -> Vec<u32> {
    heard.sort();
    heard.dedup();
    heard.into_iter().map(|track| track.0 - 100).collect()
}

#[test]
fn a_room_with_no_more_microphones_than_that_is_never_gated() {
    let (mut stage, listener, members) = room(3, 3);
    let heard = speak(&mut stage, &listener, &members, &[0, 60, 120], 400);
    assert_eq!(heard.len(), 60);
}

#[test]
fn who_speaks_takes_the_place_of_who_is_silent() {
    let (mut stage, listener, members) = room(5, 2);
    speak(&mut stage, &listener, &members, &[10, 10, 10, 10, 10], 2_000);
    // The first round still holds those who have to give way.
    let heard = speak(&mut stage, &listener, &members, &[10, 10, 10, 100, 90], 1_000);
    assert_eq!(distinct(heard[4..].to_vec()), [3, 4]);
    assert_eq!(heard.len(), 102);
    assert!(stage.router.counters().dropped(DropReason::NotLoudest) > 0);
}

#[test]
fn people_of_equal_loudness_do_not_push_each_other_out() {
    let (mut stage, listener, members) = room(4, 2);
    speak(&mut stage, &listener, &members, &[100, 100, 10, 10], 2_000);
    let mut wobbling = Vec::new();
    for round in 0..50u8 {
        let wobble = round % 5;
        let levels = [100 - wobble, 96 + wobble, 100, 98 + wobble];
        wobbling.extend(speak(&mut stage, &listener, &members, &levels, 200));
    }
    assert_eq!(distinct(wobbling), [0, 1]);
}

#[test]
fn someone_much_louder_gets_through() {
    let (mut stage, listener, members) = room(3, 2);
    speak(&mut stage, &listener, &members, &[90, 100, 10], 2_000);
    let heard = speak(&mut stage, &listener, &members, &[90, 100, 110], 1_000);
    assert!(heard.contains(&TrackId(102)));
    let heard = speak(&mut stage, &listener, &members, &[90, 100, 110], 1_000);
    assert_eq!(distinct(heard), [1, 2]);
}

#[test]
fn muted_microphones_do_not_count() {
    let (mut stage, listener, members) = room(3, 2);
    stage.command(MediaCommand::Mute {
        track: TrackId(100),
        muted: true,
    });
    let heard = speak(&mut stage, &listener, &members, &[100, 10, 10], 200);
    assert_eq!(distinct(heard), [1, 2]);
}

#[test]
fn screen_audio_is_never_gated() {
    let (mut stage, listener, members) = room(3, 1);
    let track = stage.publish(&members[0], SCREEN_AUDIO, 500, Source::ScreenAudio);
    stage.assign(&listener, listener.audio[0], Some(track), 0);
    speak(&mut stage, &listener, &members, &[10, 100, 100], 400);
    listener.script.borrow_mut().sent.clear();
    stage.audio(&members[0], SCREEN_AUDIO, 5);
    assert_eq!(listener.received(listener.audio[0])[0].csrc, track);
}

#[test]
fn a_reopened_microphone_goes_on_without_a_gap_in_numbers() {
    let (mut stage, listener, members) = room(3, 2);
    let mut last = None;
    for levels in [
        [100, 100, 10],
        [10, 10, 100],
        [100, 10, 10],
        [10, 100, 100],
        [100, 10, 100],
    ] {
        for _ in 0..100 {
            for (member, level) in members.iter().zip(levels) {
                stage.audio(member, MIC, level);
            }
            stage.pass(20);
        }
        for packet in listener.received(listener.audio[0]) {
            assert!(last.is_none_or(|last: media::SeqNo| packet.seq.distance(last) == 1));
            last = Some(packet.seq);
        }
    }
    assert!(last.is_some());
}
