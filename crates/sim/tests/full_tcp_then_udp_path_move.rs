//! UDP is dead for two seconds, so the client starts on TCP; it moves to UDP, closes TCP, and the call lives.

mod support;

use media::Source;
use sim::client::{ClientConfig, Via};
use sim::full::{Link, World};
use std::time::Duration;
use support::world;

fn frames(world: &World, viewer: usize, publisher: usize) -> u64 {
    let track = world.people[publisher].tracks[&Source::Camera];
    let slot = world.people[viewer].slot_of(track).expect("a slot");
    world.people[viewer].client.slots()[slot].stats.frames
}

#[test]
fn tcp_then_udp_path_move() {
    let mut world = world(6);
    let ann = world.join_with_media("ann");
    let tcp = Some("10.0.0.2:6000".parse().unwrap());
    let config = ClientConfig {
        udp: None,
        tcp,
        ..world.next_config()
    };
    let bob = world.join(
        "bob",
        config,
        Link {
            udp: false,
            ..Link::default()
        },
        false,
    );
    world.publish(bob, Source::Camera);
    world.people[bob]
        .client
        .move_to(world.now, Via::Udp)
        .expect("the server offers UDP");
    world.run(Duration::from_secs(2));
    assert!(world.people[bob].client.is_connected(), "connected over TCP");
    assert_eq!(world.people[bob].client.moved_to(), None, "UDP is dead");
    assert!(
        frames(&world, ann, bob) > 30 && frames(&world, bob, ann) > 30,
        "media flows over TCP"
    );

    world.people[bob].link.udp = true;
    assert!(
        world.run_until(Duration::from_secs(2), |w| w.people[bob].client.moved_to()
            == Some(Via::Udp))
    );
    world.people[bob].link.tcp = false;
    let (before_ann, before_bob) = (frames(&world, ann, bob), frames(&world, bob, ann));
    world.run(Duration::from_secs(30));
    let (ann_got, bob_got) = (
        frames(&world, ann, bob) - before_ann,
        frames(&world, bob, ann) - before_bob,
    );
    assert!(
        ann_got > 890,
        "{ann_got} of 900 frames came from the client that moved"
    );
    assert!(
        bob_got > 890,
        "{bob_got} of 900 frames came to the client that moved"
    );
    assert!(world.people[bob].client.is_connected());
    assert_eq!(world.complaints(), Vec::<String>::new());
}

#[test]
fn a_call_over_tcp_only() {
    let mut world = world(7);
    let ann = world.join_with_media("ann");
    let tcp = Some("10.0.0.2:6000".parse().unwrap());
    let config = ClientConfig {
        udp: None,
        tcp,
        ..world.next_config()
    };
    let bob = world.join(
        "bob",
        config,
        Link {
            udp: false,
            ..Link::default()
        },
        false,
    );
    world.publish(bob, Source::Camera);
    world.run(Duration::from_secs(30));
    assert_eq!(
        world.connections[1],
        (world.people[bob].id, world.connections[0].1, "tcp")
    );
    assert!(frames(&world, ann, bob) > 800 && frames(&world, bob, ann) > 800);
    assert_eq!(world.complaints(), Vec::<String>::new());
}
