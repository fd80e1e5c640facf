//! A client that takes its media past the connection feeds back, asks again and reports as one that does not: the server
//! cannot tell, and the picture is as good.

mod support;

use media::Source;
use sim::client::{ClientConfig, SDK_LAYERS, Srtp};
use sim::full::{Link, World};
use sim::plain::LossModel;
use std::time::Duration;
use support::world;

/// The client joins a call of two over a link of 1 Mb/s that loses one packet in fifty.
fn joined(past_connection: bool) -> (World, usize) {
    let mut world = world(50);
    let others = ["ann", "eve"].map(|name| world.join_with_media(name));
    world.run(Duration::from_secs(3));
    let mut link = Link::default();
    link.down.rate_bps = Some(1_000_000);
    link.down.loss = LossModel::Random(0.02);
    let config = ClientConfig {
        srtp: Srtp::Gcm,
        past_connection,
        timer_grid: Duration::from_millis(10),
        ..world.next_config()
    };
    let bob = world.join("bob", config, link, false);
    assert!(world.run_until(Duration::from_secs(3), |w| w.people[bob].client.is_connected()));
    let tiles = others.map(|other| (world.people[other].id, 180));
    world.view(bob, &tiles);
    world.run(Duration::from_secs(20));
    (world, bob)
}

#[test]
fn media_past_the_connection_is_the_same() {
    for past_connection in [false, true] {
        let (world, bob) = joined(past_connection);
        let peer = world.router.peer(world.people[bob].id).expect("a peer");
        let estimate = peer::Peer::bandwidth(peer).expect("connected").target.0;
        assert!(
            (600_000..1_100_000).contains(&estimate),
            "{past_connection}: {estimate}"
        );
        let client = &world.people[bob].client;
        assert!(
            client.nacked() > 20,
            "{past_connection}: {} asked for again",
            client.nacked()
        );
        let (mut frames, mut undecodable, mut repaired) = (0, 0, 0);
        for slot in client.slots() {
            frames += slot.stats.frames;
            undecodable += slot.stats.undecodable;
            repaired += slot.stats.repaired;
        }
        assert!(frames > 900, "{past_connection}: {frames} of 1,200 frames");
        assert!(
            repaired > 20 && undecodable < 20,
            "{past_connection}: {repaired} {undecodable}"
        );
        assert_eq!(world.complaints(), Vec::<String>::new());
    }
}

/// Padding comes first then, on a stream of retransmissions: unless it is fed back, nobody finds out that the path carries
/// more, and no picture ever comes.
#[test]
fn a_picture_above_the_first_estimate_comes_once_padding_has_shown_the_way() {
    let mut world = world(51);
    let camera = SDK_LAYERS.map(|layer| sim::client::LayerSpec {
        bitrate: 2_500_000,
        ..layer
    });
    let config = ClientConfig {
        camera,
        ..world.next_config()
    };
    let ann = world.join("ann", config, Link::default(), false);
    world.publish(ann, Source::Camera);
    let config = ClientConfig {
        srtp: Srtp::Gcm,
        past_connection: true,
        ..world.next_config()
    };
    let bob = world.join("bob", config, Link::default(), false);
    world.run(Duration::from_secs(10));
    let frames: u64 = world.people[bob]
        .client
        .slots()
        .iter()
        .map(|slot| slot.stats.frames)
        .sum();
    assert!(frames > 150, "{frames} frames in ten seconds");
}
