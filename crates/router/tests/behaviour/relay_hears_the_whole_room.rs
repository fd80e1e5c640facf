//! Microphones of other workers count for the loudest, take talker slots and are told as speakers; and data messages
//! reach everybody.

use crate::common::{MIC, Member};
use crate::spread::{Spread, packets};
use bytes::Bytes;
use media::data::ToServer;
use media::plane::MediaEvent;
use media::{ParticipantId, Source, TrackId};
use peer::{DataChannel, PeerEvent};
use router::{DropReason, RelayMessage};

/// Two people with a microphone on each of so many workers, and a talker slot each.
fn people(workers: usize) -> (Spread, Vec<(usize, Member, TrackId)>) {
    let mut spread = Spread::new(workers);
    let members: Vec<(usize, Member)> = (0..workers * 2)
        .map(|n| (n % workers, spread.join(n % workers, 1, n as u32 + 1, (1, 2))))
        .collect();
    let publish = |(worker, member): (usize, Member)| {
        let track = spread.publish(1, &member, MIC, 100 + member.id.0, Source::Microphone);
        (worker, member, track)
    };
    let members = members.into_iter().map(publish).collect();
    (spread, members)
}

fn talk(spread: &mut Spread, who: &(usize, Member, TrackId), loudness: u8) {
    spread.stages[who.0].audio(&who.1, MIC, loudness);
    spread.settle();
}

#[test]
fn a_talker_is_put_into_talker_slots_everywhere() {
    let (mut spread, members) = people(3);
    let speaker = &members[0];
    for _ in 0..10 {
        talk(&mut spread, speaker, 110);
        spread.pass(20);
    }
    for (worker, member, _) in &members[1..] {
        let heard = member.received(member.audio[1]);
        // The first packet brings the slot about; on other workers the next is the first to be heard.
        assert_eq!(heard.len(), if *worker == 0 { 10 } else { 9 });
        assert!(heard.iter().all(|packet| packet.csrc == speaker.2));
    }
    let crossed = spread.take_crossed();
    assert_eq!((packets(&crossed, 0, 1), packets(&crossed, 0, 2)), (9, 9));
    let levels = crossed
        .iter()
        .filter(|(.., message)| matches!(message, RelayMessage::Level { .. }));
    assert_eq!(levels.count(), 2, "the rest is in the packets");
}

#[test]
fn silence_does_not_cross() {
    let (mut spread, members) = people(2);
    spread.take_crossed();
    for _ in 0..50 {
        talk(&mut spread, &members[0], 20);
        spread.pass(20);
    }
    assert!(spread.take_crossed().is_empty());
}

#[test]
fn the_loudest_are_those_of_the_room() {
    let (mut spread, members) = people(4);
    // Five of eight flow; all the loud ones are on two workers.
    let loud: Vec<_> = members.iter().filter(|(worker, ..)| *worker < 2).collect();
    let soft: Vec<_> = members.iter().filter(|(worker, ..)| *worker >= 2).collect();
    for _ in 0..150 {
        loud.iter().for_each(|who| talk(&mut spread, who, 115));
        soft.iter().for_each(|who| talk(&mut spread, who, 90));
        spread.pass(20);
    }
    let open = |spread: &Spread| -> Vec<u64> {
        let counters = spread.stages.iter().map(|stage| stage.router.counters());
        counters.map(|c| c.dropped(DropReason::NotLoudest)).collect()
    };
    let before = open(&spread);
    for _ in 0..50 {
        loud.iter().for_each(|who| talk(&mut spread, who, 115));
        soft.iter().for_each(|who| talk(&mut spread, who, 90));
        spread.pass(20);
    }
    let held_back: u64 = open(&spread)
        .iter()
        .zip(before)
        .map(|(now, before)| now - before)
        .sum();
    assert_eq!(held_back, 3 * 50, "three of the soft ones, on their own workers");
}

#[test]
fn speakers_of_all_workers_are_told_once() {
    let (mut spread, members) = people(2);
    spread.events.clear();
    for _ in 0..30 {
        talk(&mut spread, &members[0], 110);
        talk(&mut spread, &members[1], 100);
        spread.pass(20);
    }
    let reports: Vec<_> = spread
        .events
        .iter()
        .filter_map(|(worker, event)| match event {
            MediaEvent::AudioLevels { levels, .. } => Some((*worker, levels)),
            _ => None,
        })
        .collect();
    assert!(reports.len() <= 4, "every 200 ms: {}", reports.len());
    let (worker, last) = reports.last().expect("somebody speaks");
    let tracks: Vec<TrackId> = last.iter().map(|(track, _)| *track).collect();
    assert_eq!((*worker, tracks), (0, vec![members[0].2, members[1].2]));
}

fn send(spread: &mut Spread, from: &(usize, Member, TrackId), to: &[u32]) {
    let message = ToServer {
        recipients: to.iter().map(|id| ParticipantId(*id)).collect(),
        topic: "chat",
        payload: b"hello",
    };
    let message = message.encode().expect("it is short");
    let channel = DataChannel::Reliable;
    spread.stages[from.0].tell(&from.1, PeerEvent::Data { channel, message });
    spread.settle();
}

fn got(members: &[(usize, Member, TrackId)]) -> Vec<u32> {
    let data = |member: &Member| -> Vec<(DataChannel, Bytes)> {
        std::mem::take(&mut member.script.borrow_mut().data)
    };
    let got = members
        .iter()
        .flat_map(|(_, member, _)| vec![member.id.0; data(member).len()]);
    got.collect()
}

#[test]
fn data_reaches_the_room_and_those_it_names() {
    let (mut spread, members) = people(3);
    let other_room = spread.join(1, 2, 77, (1, 1));
    send(&mut spread, &members[0], &[]);
    assert_eq!(got(&members), [2, 3, 4, 5, 6]);
    send(&mut spread, &members[0], &[5, 4, 5, 77]);
    assert_eq!(got(&members), [4, 5]);
    assert!(other_room.script.borrow().data.is_empty());
}
