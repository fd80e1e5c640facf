//! A client that knows no AES-GCM fails with a DTLS alert, is told so, and joins again with `compat`.

mod support;

use media::Source;
use sim::client::{ClientConfig, Srtp};
use sim::full::Link;
use std::time::Duration;
use support::world;

#[test]
fn srtp_compat() {
    let mut world = world(10);
    let ann = world.join_with_media("ann");
    let old = ClientConfig {
        srtp: Srtp::AesCm,
        ..world.next_config()
    };
    let refused = world.join("old client", old, Link::default(), false);
    world.run(Duration::from_secs(3));
    assert!(!world.people[refused].client.is_connected());
    let (reason, dtls_alert) = world.people[refused].media_failed().expect("the client is told");
    assert!(dtls_alert, "and that a DTLS alert was the cause: {reason}");
    world.leave(refused);

    let old = ClientConfig {
        srtp: Srtp::AesCm,
        ..world.next_config()
    };
    let again = world.join("old client", old, Link::default(), true);
    world.publish(again, Source::Camera);
    world.run(Duration::from_secs(3));
    assert!(world.people[again].client.is_connected());
    let (_, profile, _) = world.connections[1];
    assert!(profile.contains("AES128_CM"), "{profile}");
    let track = world.people[again].tracks[&Source::Camera];
    let slot = world.people[ann].slot_of(track).expect("a slot");
    assert!(
        world.people[ann].client.slots()[slot].stats.frames > 50,
        "the old client is seen"
    );
    assert_eq!(world.complaints(), Vec::<String>::new());
}

#[test]
fn a_client_that_lists_both_gets_gcm() {
    let mut world = world(11);
    for srtp in [Srtp::Both, Srtp::Gcm] {
        world.join(
            "ann",
            ClientConfig {
                srtp,
                ..world.next_config()
            },
            Link::default(),
            false,
        );
    }
    world.run(Duration::from_secs(2));
    let profiles: Vec<&str> = world.connections.iter().map(|(_, profile, _)| *profile).collect();
    assert_eq!(profiles.len(), 2, "both connect");
    assert!(
        profiles.iter().all(|profile| profile.contains("GCM")),
        "{profiles:?}"
    );
}
