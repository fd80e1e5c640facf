//! A client connects: over UDP, over TCP, with either set of SRTP profiles.

mod support;

use bytes::BytesMut;
use peer::{Path, Peer, PeerEvent, Protocol};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::sansio::Protocol as _;
use std::time::Duration;
use support::*;

#[test]
fn over_udp_with_gcm() {
    let mut world = World::new(&usual_sections(), ClientOptions::default(), false);
    world.run(Duration::from_secs(2));
    let connected = world.events.iter().find_map(|event| match event {
        PeerEvent::Connected {
            srtp_profile,
            protocol,
        } => Some((*srtp_profile, *protocol)),
        _ => None,
    });
    assert_eq!(connected, Some(("SRTP_AEAD_AES_128_GCM", Protocol::Udp)));
    let validated = world
        .events
        .iter()
        .position(|event| matches!(event, PeerEvent::PathValidated(p) if *p == udp_path()));
    let connected = world
        .events
        .iter()
        .position(|event| matches!(event, PeerEvent::Connected { .. }));
    assert!(
        validated < connected,
        "the demultiplexer must know the path before DTLS comes over it"
    );
}

#[test]
fn a_client_that_prefers_aes_256_gets_aes_128() {
    use SrtpProtectionProfile as Profile;
    let chromium = ClientOptions {
        profiles: vec![Profile::Srtp_Aead_Aes_256_Gcm, Profile::Srtp_Aead_Aes_128_Gcm],
        ..Default::default()
    };
    let mut world = World::new(&usual_sections(), chromium, false);
    world.run(Duration::from_secs(2));
    assert!(
        world.events.iter().any(|event| matches!(
            event,
            PeerEvent::Connected {
                srtp_profile: "SRTP_AEAD_AES_128_GCM",
                ..
            }
        )),
        "{:?}",
        world.events
    );
}

#[test]
fn over_tcp() {
    let options = ClientOptions {
        tcp: true,
        ..Default::default()
    };
    let mut world = World::new(&usual_sections(), options, false);
    world.run(Duration::from_secs(2));
    assert!(
        world.events.iter().any(|event| matches!(
            event,
            PeerEvent::Connected {
                protocol: Protocol::Tcp,
                ..
            }
        )),
        "{:?}",
        world.events
    );
    assert!(world.sent.iter().all(|(path, _)| *path == tcp_path()));
}

#[test]
fn a_client_without_gcm_is_told_so_and_connects_with_compat() {
    let old = ClientOptions {
        profiles: vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80],
        ..Default::default()
    };
    let mut world = World::new(&usual_sections(), old.clone(), false);
    world.run(Duration::from_secs(5));
    assert!(
        world
            .events
            .iter()
            .any(|event| matches!(event, PeerEvent::Closed { dtls_alert: true, .. })),
        "{:?}",
        world.events
    );
    assert!(!world.is_connected());

    let mut world = World::new(&usual_sections(), old, true);
    world.run(Duration::from_secs(2));
    assert!(
        world.events.iter().any(|event| matches!(
            event,
            PeerEvent::Connected {
                srtp_profile: "SRTP_AES128_CM_HMAC_SHA1_80",
                ..
            }
        )),
        "{:?}",
        world.events
    );
}

#[test]
fn a_client_that_never_comes_is_given_up() {
    let mut world = World::new(&usual_sections(), ClientOptions::default(), false);
    world.dead = vec![udp_path()];
    world.run(Duration::from_secs(29));
    assert!(world.events.is_empty(), "{:?}", world.events);
    world.run(Duration::from_secs(2));
    assert!(
        matches!(
            world.events.as_slice(),
            [PeerEvent::Closed {
                dtls_alert: false,
                ..
            }]
        ),
        "{:?}",
        world.events
    );
}

#[test]
fn both_ends_can_say_goodbye() {
    let mut world = World::connected(&usual_sections());
    world.client.pc.close().unwrap();
    world.exchange();
    assert!(
        matches!(
            world.events.last(),
            Some(PeerEvent::Closed {
                dtls_alert: false,
                ..
            })
        ),
        "{:?}",
        world.events
    );

    let mut world = World::connected(&usual_sections());
    world.server.close(world.now);
    let farewell = std::iter::from_fn(|| world.server.poll_transmit()).count();
    assert!(farewell > 0, "the client is told");
}

/// A handshake whose server's flight was lost, and whose client is the first to lose patience.
fn waiting() -> World {
    let mut world = World::new(&usual_sections(), ClientOptions::default(), false);
    // ServerHello, Certificate and ServerKeyExchange are lost; the answer with the cookie is short.
    world.loses_dtls_over = Some(200);
    world.run(Duration::from_millis(900));
    assert!(!world.is_connected());
    world.loses_dtls_over = None;
    world.now += Duration::from_millis(600);
    world.client.pc.handle_timeout(world.now).unwrap();
    world
}

/// What the client says once more.
fn repeated(world: &mut World) -> Vec<BytesMut> {
    let out = std::iter::from_fn(|| world.client.pc.poll_write());
    let dtls = out.filter(|out| out.message.first() == Some(&22));
    dtls.map(|out| out.message).collect()
}

/// How many datagrams of the handshake the server answers these with, a while after what was before.
fn answers(world: &mut World, path: Path, datagrams: &[BytesMut]) -> usize {
    world.now += Duration::from_millis(60);
    for datagram in datagrams {
        world.server.handle_datagram(world.now, path, datagram.clone());
    }
    let sent = std::iter::from_fn(|| world.server.poll_transmit());
    sent.filter(|sent| sent.datagram.first() == Some(&22)).count()
}

#[test]
fn only_a_repeated_message_has_a_flight_sent_again() {
    let mut world = waiting();
    let repeated = repeated(&mut world);
    // Record types that there are not. (Of those that there are, some end the handshake here.)
    for first in 24..64 {
        let mut nonsense = repeated[0].clone();
        nonsense[0] = first;
        assert_eq!(answers(&mut world, udp_path(), &[nonsense]), 0, "{first}");
    }
    assert!(answers(&mut world, udp_path(), &repeated) > 0);
}

#[test]
fn a_flight_is_not_sent_again_for_ever() {
    let mut world = waiting();
    let repeated = repeated(&mut world);
    let answered = (0..100).filter(|_| answers(&mut world, udp_path(), &repeated) > 0);
    assert_eq!(answered.count(), 16);
}

#[test]
fn a_lost_flight_is_sent_again_when_the_client_asks_again() {
    let mut world = waiting();
    world.exchange();
    world.run(Duration::from_secs(5));
    assert!(world.is_connected(), "{:?}", world.events);
}
