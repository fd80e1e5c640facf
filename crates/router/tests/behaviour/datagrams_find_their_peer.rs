//! STUN by username, the rest by validated address, nothing else.

use crate::common::{Stage, path_of, stun};
use bytes::BytesMut;
use peer::PeerEvent;
use router::{DropReason, MAX_ADDRESSES_PER_PEER};

fn datagram(bytes: &[u8]) -> BytesMut {
    BytesMut::from(bytes)
}

#[test]
fn stun_for_a_username_nobody_has_is_counted_and_dropped() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    let before = alice.script.borrow().datagrams;
    stage
        .router
        .handle_datagram(stage.now, path_of(9), stun("nobody"));
    assert_eq!(stage.router.counters().dropped(DropReason::StunUnknownUfrag), 1);
    assert_eq!(alice.script.borrow().datagrams, before);
}

#[test]
fn only_validated_addresses_may_speak_dtls_and_rtp() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    let before = alice.script.borrow().datagrams;
    for bytes in [&[22, 254][..], &[0x80, 96], &[0x80, 200], &[0x00, 0x01]] {
        stage
            .router
            .handle_datagram(stage.now, path_of(9), datagram(bytes));
    }
    assert_eq!(stage.router.counters().dropped(DropReason::UnvalidatedAddress), 3);
    assert_eq!(stage.router.counters().dropped(DropReason::StunMalformed), 1);
    assert_eq!(alice.script.borrow().datagrams, before);
    stage
        .router
        .handle_datagram(stage.now, alice.path, datagram(&[22, 254]));
    assert_eq!(alice.script.borrow().datagrams, before + 1);
}

#[test]
fn what_is_no_protocol_of_ours_is_dropped() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    for bytes in [&[][..], &[70, 1], &[255; 30], &[0x80]] {
        stage
            .router
            .handle_datagram(stage.now, alice.path, datagram(bytes));
    }
    assert_eq!(stage.router.counters().dropped(DropReason::NotOurs), 4);
}

#[test]
fn a_forgotten_address_is_a_stranger_again() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    stage.tell(&alice, PeerEvent::PathForgotten(alice.path));
    stage
        .router
        .handle_datagram(stage.now, alice.path, datagram(&[0x80, 96]));
    assert_eq!(stage.router.counters().dropped(DropReason::UnvalidatedAddress), 1);
    assert_eq!(stage.router.counters().addresses, 0);
}

#[test]
fn an_address_is_not_taken_from_a_peer_that_is_heard() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    let bob = stage.join(1, 2, 1, 1);
    stage
        .router
        .handle_datagram(stage.now, alice.path, stun("ufrag2"));
    let heard = alice.script.borrow().datagrams;
    stage
        .router
        .handle_datagram(stage.now, alice.path, datagram(&[0x80, 96]));
    assert_eq!(alice.script.borrow().datagrams, heard + 1);
    assert_eq!(stage.router.counters().dropped(DropReason::AddressTaken), 1);

    stage.tell(&alice, PeerEvent::Silent { seconds: 3 });
    stage
        .router
        .handle_datagram(stage.now, alice.path, stun("ufrag2"));
    let heard = bob.script.borrow().datagrams;
    stage
        .router
        .handle_datagram(stage.now, alice.path, datagram(&[0x80, 96]));
    assert_eq!(bob.script.borrow().datagrams, heard + 1);
}

#[test]
fn one_peer_keeps_a_bounded_number_of_addresses_and_the_one_in_use() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    for port in 0..100 {
        stage.pass(1);
        stage
            .router
            .handle_datagram(stage.now, path_of(30_000 + port), stun("ufrag1"));
        stage.pass(1);
        stage
            .router
            .handle_datagram(stage.now, alice.path, datagram(&[0x80, 96]));
    }
    assert_eq!(stage.router.counters().addresses as usize, MAX_ADDRESSES_PER_PEER);
    let before = alice.script.borrow().datagrams;
    stage
        .router
        .handle_datagram(stage.now, alice.path, datagram(&[0x80, 96]));
    assert_eq!(alice.script.borrow().datagrams, before + 1);
}

#[test]
fn a_closed_connection_is_told_to_its_peer_only() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    stage.router.handle_path_closed(stage.now, alice.path);
    stage.router.handle_path_closed(stage.now, path_of(9_999));
    assert_eq!(alice.script.borrow().paths_closed, [alice.path]);
    assert!(bob.script.borrow().paths_closed.is_empty());
}
