//! Levels of those who speak, five times a second, and once when the last falls silent.

use crate::common::{MIC, Stage};
use media::plane::MediaEvent;
use media::{Codec, RoomId, Source, TrackId};

fn reports(stage: &mut Stage) -> Vec<Vec<(TrackId, u8)>> {
    let events = stage.take_events().into_iter().filter_map(|event| match event {
        MediaEvent::AudioLevels {
            levels,
            room: RoomId(1),
        } => Some(levels),
        _ => None,
    });
    events.collect()
}

#[test]
fn silence_tells_nothing_speech_tells_five_times_a_second_the_end_once() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    stage.publish(&alice, MIC, 100, Source::Microphone);
    stage.publish(&bob, MIC, 101, Source::Microphone);
    let speak = |stage: &mut Stage, levels: [u8; 2], ms: u64| {
        for _ in 0..ms / 20 {
            stage.audio(&alice, MIC, levels[0]);
            stage.audio(&bob, MIC, levels[1]);
            stage.pass(20);
        }
    };
    speak(&mut stage, [10, 40], 2_000);
    assert_eq!(reports(&mut stage), Vec::<Vec<_>>::new());
    speak(&mut stage, [100, 90], 2_000);
    let told = reports(&mut stage);
    assert!(
        (9..=11).contains(&told.len()),
        "{} reports in two seconds",
        told.len()
    );
    let last = told.last().expect("some");
    assert_eq!(
        last.iter().map(|(track, _)| track.0).collect::<Vec<_>>(),
        [100, 101]
    );
    assert!((98..=100).contains(&last[0].1), "a steady level is told as it is");
    speak(&mut stage, [10, 10], 5_000);
    let told = reports(&mut stage);
    assert_eq!(told.iter().filter(|levels| levels.is_empty()).count(), 1);
    assert_eq!(told.last(), Some(&Vec::new()));
}

#[test]
fn a_microphone_that_stops_sending_stops_speaking() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    stage.publish(&alice, MIC, 100, Source::Microphone);
    for _ in 0..50 {
        stage.audio(&alice, MIC, 100);
        stage.pass(20);
    }
    stage.pass(3_000);
    assert_eq!(reports(&mut stage).last(), Some(&Vec::new()));
}

#[test]
fn a_pause_between_words_is_part_of_speech() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    stage.publish(&alice, MIC, 100, Source::Microphone);
    for n in 0..200 {
        let level = if n % 20 < 10 { 100 } else { 15 };
        stage.audio(&alice, MIC, level);
        stage.pass(20);
    }
    assert!(reports(&mut stage).iter().all(|levels| levels.len() == 1));
}

#[test]
fn packets_without_a_level_count_as_speech() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    stage.publish(&alice, MIC, 100, Source::Microphone);
    for _ in 0..50 {
        let packet = stage.packet(&alice, MIC, 0, Codec::Opus, bytes::Bytes::from_static(&[1, 2, 3]));
        stage.rtp(&alice, MIC, 0, packet);
        stage.pass(20);
    }
    assert!(!reports(&mut stage).is_empty());
}
