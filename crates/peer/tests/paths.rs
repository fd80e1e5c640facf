//! The client's address is what it nominates; it may move; silence is noticed and ends sending.

mod support;

use bytes::{Bytes, BytesMut};
use media::packet::SlotPacket;
use media::{Codec, Extensions, MLineIndex, RtpTime, SeqNo, TrackId};
use peer::{Path, Peer, PeerEvent, Protocol};
use rtc::crypto::{self};
use rtc::ice::attributes::control::AttrControlling;
use rtc::ice::attributes::priority::PriorityAttr;
use rtc::ice::attributes::use_candidate::UseCandidateAttr;
use rtc::sansio::Protocol as _;
use rtc::stun::attributes::ATTR_USERNAME;
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId};
use rtc::stun::textattrs::Username;
use rtc::stun::xoraddr::XorMappedAddress;
use std::time::Duration;
use support::*;

fn credential(sdp: &str, key: &str) -> String {
    sdp.lines()
        .find_map(|line| line.strip_prefix(key))
        .unwrap()
        .to_owned()
}

/// A check as a browser's agent sends it on a path that `rtc`'s client does not know.
fn check(world: &World, nominate: bool, password: Option<&str>) -> BytesMut {
    let server = &world.first_answer.sdp;
    let client = world.client.pc.local_description().unwrap().sdp;
    let username = format!(
        "{}:{}",
        credential(server, "a=ice-ufrag:"),
        credential(&client, "a=ice-ufrag:")
    );
    let password = password.map_or_else(|| credential(server, "a=ice-pwd:"), str::to_owned);
    let provider = crypto::default_provider().unwrap();
    let mut setters: Vec<Box<dyn Setter>> = vec![
        Box::new(BINDING_REQUEST),
        Box::new(TransactionId::new()),
        Box::new(Username::new(ATTR_USERNAME, username)),
        Box::new(AttrControlling(1)),
        Box::new(PriorityAttr(1)),
    ];
    if nominate {
        setters.push(Box::<UseCandidateAttr>::default());
    }
    setters.push(Box::new(
        MessageIntegrity::new_short_term_integrity_with_provider(password, provider.crypto()),
    ));
    setters.push(Box::new(FINGERPRINT));
    let mut message = Message::new();
    message.build(&setters).unwrap();
    BytesMut::from(&message.raw[..])
}

/// Answer the server's own checks on the paths the client's agent does not know.
fn answer_checks(world: &mut World) {
    let password = credential(&world.client.pc.local_description().unwrap().sdp, "a=ice-pwd:");
    let provider = crypto::default_provider().unwrap();
    for (path, datagram) in std::mem::take(&mut world.stray_stun) {
        if datagram[..2] != [0, 1] {
            continue;
        }
        let mut request = Message::new();
        request.raw = datagram.to_vec();
        request.decode().unwrap();
        let mut answer = Message::new();
        answer
            .build(&[
                Box::new(request),
                Box::new(BINDING_SUCCESS),
                Box::new(XorMappedAddress {
                    ip: path.local.ip(),
                    port: path.local.port(),
                }),
                Box::new(MessageIntegrity::new_short_term_integrity_with_provider(
                    password.clone(),
                    provider.crypto(),
                )),
                Box::new(FINGERPRINT),
            ])
            .unwrap();
        world
            .server
            .handle_datagram(world.now, path, BytesMut::from(&answer.raw[..]));
    }
    world.exchange();
}

/// The client's agent checks a path and nominates it, as browsers do with an ICE-lite server.
fn nominate(world: &mut World, path: Path) {
    for nominated in [false, true] {
        let datagram = check(world, nominated, None);
        world.server.handle_datagram(world.now, path, datagram);
        world.exchange();
        answer_checks(world);
    }
    world.client.path = path;
}

fn sent_to(world: &mut World, seq: u16) -> Vec<Path> {
    world.sent.clear();
    let packet = SlotPacket {
        seq: SeqNo(seq),
        timestamp: RtpTime(0),
        marker: false,
        codec: Codec::Vp8,
        csrc: TrackId(1),
        extensions: Extensions::default(),
        payload: Bytes::from(vec![0; 1000]).into(),
    };
    world.server.send_rtp(world.now, MLineIndex(3), packet);
    world.exchange();
    world
        .sent
        .iter()
        .filter(|(_, bytes)| *bytes >= 1000)
        .map(|(path, _)| *path)
        .collect()
}

#[test]
fn the_call_moves_from_udp_to_tcp_and_back() {
    let mut world = World::connected(&usual_sections());
    assert_eq!(sent_to(&mut world, 1), [udp_path()]);

    world.dead = vec![udp_path()];
    world.run(Duration::from_millis(1_100));
    nominate(&mut world, tcp_path());
    assert_eq!(sent_to(&mut world, 2), [tcp_path()]);
    assert_eq!(
        world
            .client
            .rtp
            .last()
            .map(|packet| packet.header.sequence_number),
        Some(2)
    );
    world
        .client
        .send_rtp(world.now, packet(1, OPUS, 1, &[(MID_EXT, b"mic")], b"over tcp"));
    world.exchange();
    assert!(
        matches!(world.events.last(), Some(PeerEvent::Rtp { .. })),
        "{:?}",
        world.events.last()
    );
    world
        .server
        .send_data(
            world.now,
            peer::DataChannel::Reliable,
            Bytes::from_static(b"hello"),
        )
        .unwrap();
    world.run(Duration::from_secs(2));
    assert_eq!(world.client.messages.len(), 1, "data channels move along");

    world.dead = vec![tcp_path()];
    let back = Path {
        remote: "198.51.100.8:41000".parse().unwrap(),
        ..udp_path()
    };
    nominate(&mut world, back);
    assert_eq!(sent_to(&mut world, 3), [back]);
    assert_eq!(
        world
            .client
            .rtp
            .last()
            .map(|packet| packet.header.sequence_number),
        Some(3)
    );
}

#[test]
fn tcp_nominated_beside_living_udp_does_not_take_over() {
    let mut world = World::connected(&usual_sections());
    nominate(&mut world, tcp_path());
    assert_eq!(
        sent_to(&mut world, 1),
        [udp_path()],
        "Firefox nominates every pair and uses the best"
    );
}

/// The client sends a packet of sound.
fn speak(world: &mut World, seq: u16, path: Path) {
    world.client.path = path;
    world
        .client
        .send_rtp(world.now, packet(1, OPUS, seq, &[(MID_EXT, b"mic")], b"sound"));
    world.exchange();
}

#[test]
fn the_call_follows_the_media() {
    let mut world = World::connected(&usual_sections());
    nominate(&mut world, tcp_path());
    speak(&mut world, 1, tcp_path());
    speak(&mut world, 2, tcp_path());
    assert_eq!(sent_to(&mut world, 1), [tcp_path()]);
}

#[test]
fn a_late_packet_of_the_path_left_behind_does_not_move_the_call_back() {
    let mut world = World::connected(&usual_sections());
    nominate(&mut world, tcp_path());
    for (seq, path) in [(1, tcp_path()), (3, tcp_path()), (2, udp_path())] {
        speak(&mut world, seq, path);
    }
    assert_eq!(sent_to(&mut world, 1), [tcp_path()]);
    // Nor do several that come one by one between those of the path in use.
    for (seq, path) in [(6, tcp_path()), (4, udp_path()), (7, tcp_path()), (5, udp_path())] {
        speak(&mut world, seq, path);
    }
    assert_eq!(sent_to(&mut world, 2), [tcp_path()]);
}

#[test]
fn a_closed_connection_is_left_for_the_path_heard_last() {
    let mut world = World::connected(&usual_sections());
    nominate(&mut world, tcp_path());
    speak(&mut world, 1, tcp_path());
    speak(&mut world, 2, tcp_path());
    world.server.handle_path_closed(world.now, tcp_path());
    assert_eq!(sent_to(&mut world, 1), [udp_path()]);
    world.exchange();
    assert!(
        world
            .events
            .iter()
            .any(|event| matches!(event, PeerEvent::PathForgotten(path) if *path == tcp_path())),
        "the router forgets the address"
    );
}

#[test]
fn checking_a_path_does_not_move_the_call() {
    let mut world = World::connected(&usual_sections());
    let datagram = check(&world, false, None);
    world.server.handle_datagram(world.now, tcp_path(), datagram);
    world.exchange();
    assert!(
        world
            .events
            .iter()
            .any(|event| matches!(event, PeerEvent::PathValidated(path) if *path == tcp_path()))
    );
    assert_eq!(sent_to(&mut world, 1), [udp_path()]);
}

#[test]
fn a_first_check_that_nominates_already_counts_and_moves_the_call_once_it_is_answered() {
    let mut world = World::connected(&usual_sections());
    world.dead = vec![udp_path()];
    world.run(Duration::from_millis(1_100));
    let datagram = check(&world, true, None);
    world.server.handle_datagram(world.now, tcp_path(), datagram);
    world.exchange();
    assert!(
        world
            .events
            .iter()
            .any(|event| matches!(event, PeerEvent::PathValidated(path) if *path == tcp_path())),
        "or the response to the server's own check finds nobody"
    );
    assert_eq!(sent_to(&mut world, 1), [udp_path()], "not moved before an answer");
    // Over TCP the client does not repeat its check: the one it sent is answered now.
    answer_checks(&mut world);
    world.client.path = tcp_path();
    assert_eq!(sent_to(&mut world, 2), [tcp_path()]);
}

#[test]
fn a_forged_check_neither_validates_nor_moves() {
    let mut world = World::connected(&usual_sections());
    for nominated in [false, true] {
        let datagram = check(&world, nominated, Some("not the right password"));
        world.server.handle_datagram(world.now, tcp_path(), datagram);
        world.exchange();
    }
    assert!(
        !world
            .events
            .iter()
            .any(|event| matches!(event, PeerEvent::PathValidated(path) if *path == tcp_path()))
    );
    assert_eq!(sent_to(&mut world, 1), [udp_path()]);
    assert!(world.stray_stun.is_empty(), "and nothing is reflected");
}

#[test]
fn only_validated_addresses_may_speak() {
    let mut world = World::connected(&usual_sections());
    world.client.path = Path {
        remote: "203.0.113.66:1234".parse().unwrap(),
        ..udp_path()
    };
    let dropped = world.server.stats().dropped_in;
    world.take_events();
    world.client.send_rtp(
        world.now,
        packet(1, OPUS, 1, &[(MID_EXT, b"mic")], b"authentic, but from nowhere"),
    );
    world.exchange();
    assert!(world.events.is_empty(), "{:?}", world.events);
    assert_eq!(world.server.stats().dropped_in, dropped + 1);
}

#[test]
fn a_handshake_goes_on_where_it_began() {
    let mut world = World::new(&usual_sections(), ClientOptions::default(), false);
    world.loses_dtls_over = Some(200);
    world.run(Duration::from_millis(900));
    let nominates = false;
    let datagram = check(&world, nominates, None);
    world.server.handle_datagram(world.now, tcp_path(), datagram);
    world.now += Duration::from_millis(600);
    world.client.pc.handle_timeout(world.now).unwrap();
    let out: Vec<_> = std::iter::from_fn(|| world.client.pc.poll_write()).collect();
    let repeated = out.iter().find(|out| out.message.first() == Some(&22)).unwrap();
    let mut answers = |path| {
        world
            .server
            .handle_datagram(world.now, path, repeated.message.clone());
        let sent = std::iter::from_fn(|| world.server.poll_transmit());
        sent.filter(|sent| sent.datagram.first() == Some(&22)).count()
    };
    assert_eq!(answers(tcp_path()), 0, "a path that is not the current one");
    assert!(answers(udp_path()) > 0);
}

#[test]
fn the_number_of_paths_is_bounded_and_the_current_one_stays() {
    let mut world = World::connected(&usual_sections());
    world.take_events();
    for port in 1..=20u16 {
        let path = Path {
            protocol: Protocol::Udp,
            local: server_addr(),
            remote: ([203, 0, 113, 1], port).into(),
        };
        let datagram = check(&world, false, None);
        world.server.handle_datagram(world.now, path, datagram);
        world.exchange();
    }
    let validated = world
        .events
        .iter()
        .filter(|event| matches!(event, PeerEvent::PathValidated(_)))
        .count();
    let forgotten = world
        .events
        .iter()
        .filter(|event| matches!(event, PeerEvent::PathForgotten(_)))
        .count();
    assert_eq!((validated, forgotten), (20, 20 + 1 - 8));
    assert_eq!(sent_to(&mut world, 1), [udp_path()]);
}

#[test]
fn addresses_are_not_remembered_without_limit() {
    let mut world = World::connected(&usual_sections());
    world.take_events();
    for port in 1..=400u16 {
        let path = Path {
            protocol: Protocol::Udp,
            local: server_addr(),
            remote: ([203, 0, 113, 1], port).into(),
        };
        let datagram = check(&world, false, None);
        world.server.handle_datagram(world.now, path, datagram);
        world.exchange();
    }
    let validated = world
        .events
        .iter()
        .filter(|event| matches!(event, PeerEvent::PathValidated(_)))
        .count();
    assert_eq!(validated, 255);
}

#[test]
fn an_unused_path_is_forgotten() {
    let mut world = World::connected(&usual_sections());
    nominate(&mut world, tcp_path());
    world.take_events();
    for _ in 0..40 {
        world.run(Duration::from_secs(1));
        let datagram = check(&world, true, None);
        world.server.handle_datagram(world.now, tcp_path(), datagram);
    }
    world.dead = vec![udp_path()];
    for _ in 0..40 {
        world.run(Duration::from_secs(1));
        let datagram = check(&world, true, None);
        world.server.handle_datagram(world.now, tcp_path(), datagram);
    }
    let forgotten: Vec<_> = world
        .events
        .iter()
        .filter(|event| matches!(event, PeerEvent::PathForgotten(path) if *path == udp_path()))
        .collect();
    assert_eq!(forgotten.len(), 1, "{:?}", world.events);
}

#[test]
fn silence_is_told_after_3_and_15_seconds_and_stops_sending_until_the_client_is_back() {
    let mut world = World::connected(&usual_sections());
    world.run(Duration::from_secs(5));
    world.take_events();
    world.dead = vec![udp_path()];
    let silent = |world: &mut World| -> Vec<u32> {
        let told = world.take_events();
        told.iter()
            .filter_map(|event| match event {
                PeerEvent::Silent { seconds } => Some(*seconds),
                _ => None,
            })
            .collect()
    };
    world.run(Duration::from_secs(6));
    assert_eq!(silent(&mut world), [3]);
    assert_eq!(
        sent_to(&mut world, 1).len(),
        1,
        "media goes on for a while: the network may only hiccup"
    );
    world.run(Duration::from_secs(12));
    assert_eq!(silent(&mut world), [15]);
    assert_eq!(sent_to(&mut world, 2).len(), 0);
    world.dead.clear();
    world.run(Duration::from_secs(3));
    assert_eq!(silent(&mut world), [0]);
    assert_eq!(sent_to(&mut world, 3).len(), 1);
    assert_eq!(
        world
            .client
            .rtp
            .last()
            .map(|packet| packet.header.sequence_number),
        Some(3)
    );
}

#[test]
fn a_quiet_client_is_asked_and_does_not_count_as_silent() {
    let options = ClientOptions {
        consent: Some(Duration::from_secs(5)),
        ..Default::default()
    };
    let mut world = World::new(&usual_sections(), options, false);
    world.run(Duration::from_secs(60));
    assert!(world.is_connected());
    assert!(
        !world
            .events
            .iter()
            .any(|event| matches!(event, PeerEvent::Silent { .. })),
        "{:?}",
        world.events
    );
}

#[test]
fn answers_that_take_long_count_all_the_same() {
    const ROUND_TRIP: Duration = Duration::from_millis(700);
    let mut world = World::connected(&usual_sections());
    // Nothing of the client comes through but answers to the server's questions.
    let nowhere = Path {
        remote: "198.51.100.9:1".parse().unwrap(),
        ..udp_path()
    };
    world.client.path = nowhere;
    world.client.agent_path = nowhere;
    world.dead = vec![nowhere];
    world.take_events();
    let mut on_the_way = Vec::new();
    let mut answered = 0;
    for _ in 0..300 {
        world.run(Duration::from_millis(100));
        let due = world.now + ROUND_TRIP;
        on_the_way.extend(world.stray_stun.drain(..).map(|question| (due, question)));
        while on_the_way.first().is_some_and(|(due, _)| *due <= world.now) {
            world.stray_stun.push(on_the_way.remove(0).1);
            answered += 1;
        }
        answer_checks(&mut world);
    }
    assert!(answered > 10, "{answered}");
    assert!(
        !world
            .events
            .iter()
            .any(|event| matches!(event, PeerEvent::Silent { .. })),
        "{:?}",
        world.events
    );
}
