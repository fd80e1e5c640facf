//! A client that offers VP9, AV1 and H.264 before VP8, and sends VP8, is seen like any other.

mod support;

use media::{Codec, Source};
use peer::Peer;
use sim::client::ClientConfig;
use sim::full::Link;
use std::time::Duration;
use support::world;

#[test]
fn codecs_beside_vp8_change_nothing() {
    let mut world = world(41);
    let config = ClientConfig {
        video_codecs: vec![Codec::Vp9, Codec::Av1, Codec::Vp8, Codec::H264],
        ..world.next_config()
    };
    let ann = world.join("ann", config, Link::default(), false);
    world.publish(ann, Source::Camera);
    let bob = world.join_with_media("bob");
    world.run(Duration::from_secs(4));
    for (me, other) in [(ann, bob), (bob, ann)] {
        let camera = world.people[other].tracks[&Source::Camera];
        let slot = world.people[me].slot_of(camera).expect("a slot");
        let stats = &world.people[me].client.slots()[slot].stats;
        assert!(stats.frames > 60, "{} frames in 4 s", stats.frames);
        assert_eq!(stats.undecodable, 0);
    }
    let slot = |peer: &peer::RtcPeer, codec| (0..12).any(|i| peer.accepts(media::MLineIndex(i), codec));
    for codec in [Codec::Vp9, Codec::Av1, Codec::H264] {
        let takes = |person: usize| {
            let peer = world.router.peer(world.people[person].id).expect("a peer");
            slot(peer, codec)
        };
        assert!(takes(ann) && !takes(bob), "{codec:?}");
    }
    assert_eq!(world.complaints(), Vec::<String>::new());
}
