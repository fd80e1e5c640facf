//! Someone stops reading data: that reader's channel closes, the call and everybody else's data go on, and a new
//! channel works.

mod support;

use media::Source;
use media::data::ToServer;
use sim::client::{Channel, ClientEvent};
use sim::full::World;
use std::time::Duration;
use support::world;

fn messages(world: &World, person: usize) -> usize {
    world.people[person]
        .events
        .iter()
        .filter(|(_, e)| matches!(e, ClientEvent::Data { .. }))
        .count()
}

fn closed(world: &World, person: usize) -> bool {
    let is_close = |e: &ClientEvent| matches!(e, ClientEvent::ChannelClosed(Channel::Reliable));
    world.people[person].events.iter().any(|(_, e)| is_close(e))
}

fn chat(world: &mut World, from: usize, bytes: usize) {
    let payload = vec![7; bytes];
    let message = ToServer {
        recipients: vec![],
        topic: "file",
        payload: &payload,
    }
    .encode()
    .unwrap();
    let now = world.now;
    world.people[from]
        .client
        .send_data(now, Channel::Reliable, &message)
        .unwrap();
}

#[test]
fn slow_reader_loses_only_its_channel() {
    let mut world = world(15);
    let ann = world.join_with_media("ann");
    let slow = world.join_with_media("slow");
    let eve = world.join_with_media("eve");
    world.run(Duration::from_secs(2));

    let now = world.now;
    world.people[slow].client.pause_data(now, true);
    let mut sent = 0;
    for _ in 0..900 {
        chat(&mut world, ann, 12_000);
        sent += 1;
        world.run(Duration::from_millis(50));
        // Its stack takes a few megabytes before the server notices.
        if world.router.counters().dropped(router::DropReason::DataReader) > 0 {
            break;
        }
    }
    world.run(Duration::from_secs(1));
    assert_eq!(messages(&world, eve), sent, "eve reads everything");
    assert!(!closed(&world, eve) && !closed(&world, ann));

    let now = world.now;
    world.people[slow].client.pause_data(now, false);
    // SCTP probes a closed window less and less often: the news takes a while.
    let told = world.run_until(Duration::from_secs(20), |w| closed(w, slow));
    assert!(told, "the slow reader's channel was closed");
    let camera = world.people[ann].tracks[&Source::Camera];
    let slot = world.people[slow].slot_of(camera).expect("a slot");
    let last = world.people[slow].client.slots()[slot]
        .stats
        .last_frame
        .expect("frames came");
    assert!(
        world.now.saturating_duration_since(last) < Duration::from_millis(200),
        "its call goes on"
    );

    // `rtc` reports the close before both directions are reset (RFC 8831 §6.7) and would reuse the stream's number.
    world.run(Duration::from_secs(1));
    world.people[slow].client.open_channel(Channel::Reliable).unwrap();
    world.run(Duration::from_secs(1));
    let before = messages(&world, slow);
    chat(&mut world, ann, 100);
    world.run(Duration::from_secs(1));
    assert_eq!(messages(&world, slow), before + 1, "a new channel works");
    assert_eq!(world.complaints(), Vec::<String>::new());
}
