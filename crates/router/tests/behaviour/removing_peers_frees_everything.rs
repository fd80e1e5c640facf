//! After the last peer left, nothing remains.

use crate::common::{CAMERA, MIC, Stage};
use media::Source;
use media::plane::MediaCommand;
use peer::PeerEvent;
use router::RouterCounters;

fn gauges(counters: &RouterCounters) -> [u64; 7] {
    let c = counters;
    [
        c.peers,
        c.rooms,
        c.tracks,
        c.slots,
        c.slots_assigned,
        c.addresses,
        c.usernames,
    ]
}

#[test]
fn all_tables_are_empty_at_the_end() {
    let mut stage = Stage::new();
    let members: Vec<_> = (1..=6).map(|id| stage.join(id % 2, id, 3, 5)).collect();
    for (n, member) in members.iter().enumerate() {
        stage.publish(member, CAMERA, 10 + n as u32, Source::Camera);
        stage.publish(member, MIC, 20 + n as u32, Source::Microphone);
    }
    for (n, member) in members.iter().enumerate() {
        let other = &members[(n + 2) % 6];
        let track = media::TrackId(10 + ((n + 2) % 6) as u32);
        stage.assign(member, member.video[1], Some(track), 360);
        stage.frame(other, 0, true);
        stage.audio(other, MIC, 100);
    }
    assert_eq!(gauges(stage.router.counters()), [6, 2, 12, 48, 18, 6, 6]);
    for member in &members {
        stage.command(MediaCommand::RemovePeer {
            participant: member.id,
        });
        assert!(member.script.borrow().closed);
    }
    assert_eq!(gauges(stage.router.counters()), [0; 7]);
    // Each one's goodbye left.
    assert!(stage.transmits >= 6);
    assert_eq!(stage.router.peer_stats().nacks_sent, 6);
    stage.pass(10_000);
    assert_eq!(stage.router.poll_timeout(), None);
}

#[test]
fn a_peer_that_closes_itself_is_removed_and_told() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.take_events();
    stage.tell(
        &alice,
        PeerEvent::Closed {
            reason: "DTLS closed",
            dtls_alert: false,
        },
    );
    let events = stage.take_events();
    assert!(
        matches!(events[0], media::plane::MediaEvent::Disconnected { participant, .. } if participant == alice.id)
    );
    assert_eq!(gauges(stage.router.counters()), [1, 1, 0, 2, 0, 1, 1]);
    // Commands that crossed with the departure are harmless.
    stage.command(MediaCommand::Unpublish { track: camera });
    stage.command(MediaCommand::RemovePeer {
        participant: alice.id,
    });
    stage.command(MediaCommand::Mute {
        track: camera,
        muted: true,
    });
    stage.assign(&bob, bob.video[0], Some(camera), 180);
}

#[test]
fn a_participant_that_comes_again_replaces_itself() {
    let mut stage = Stage::new();
    let first = stage.join(1, 1, 1, 1);
    stage.publish(&first, CAMERA, 10, Source::Camera);
    let second = stage.join(1, 1, 1, 1);
    assert!(first.script.borrow().closed && !second.script.borrow().closed);
    assert_eq!(gauges(stage.router.counters()), [1, 1, 0, 2, 0, 1, 1]);
}
