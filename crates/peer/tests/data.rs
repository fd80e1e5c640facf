//! Data channels: opened by the client, both ways, and a slow reader harms only itself.

mod support;

use bytes::Bytes;
use peer::{DataChannel, DataError, Peer, PeerEvent};
use std::time::Duration;
use support::*;

fn opened(world: &World) -> Vec<DataChannel> {
    world
        .events
        .iter()
        .filter_map(|event| match event {
            PeerEvent::ChannelOpen(channel) => Some(*channel),
            _ => None,
        })
        .collect()
}

fn closed(world: &World) -> bool {
    world
        .events
        .iter()
        .any(|event| matches!(event, PeerEvent::ChannelClosed(DataChannel::Reliable)))
}

#[test]
fn messages_flow_both_ways_on_both_channels() {
    let mut world = World::connected(&usual_sections());
    let mut channels = opened(&world);
    channels.sort_by_key(|channel| *channel == DataChannel::Lossy);
    assert_eq!(channels, [DataChannel::Reliable, DataChannel::Lossy]);

    let ids = world.client.open_channels.clone();
    assert_eq!(ids.len(), 2);
    for id in ids {
        let label = world.client.pc.data_channel(id).unwrap().label().to_owned();
        world.client.send_data(world.now, id, label.as_bytes());
    }
    world.run(Duration::from_millis(300));
    let mut got: Vec<(DataChannel, Bytes)> = world
        .events
        .iter()
        .filter_map(|event| match event {
            PeerEvent::Data { channel, message } => Some((*channel, message.clone())),
            _ => None,
        })
        .collect();
    got.sort_by_key(|(channel, _)| *channel == DataChannel::Lossy);
    assert_eq!(
        got,
        [
            (DataChannel::Reliable, Bytes::from("reliable")),
            (DataChannel::Lossy, Bytes::from("lossy"))
        ]
    );

    world
        .server
        .send_data(world.now, DataChannel::Reliable, Bytes::from_static(b"to you"))
        .unwrap();
    world
        .server
        .send_data(world.now, DataChannel::Lossy, Bytes::from_static(b"and you"))
        .unwrap();
    world.run(Duration::from_millis(300));
    let mut got: Vec<&[u8]> = world
        .client
        .messages
        .iter()
        .map(|(_, message)| &message[..])
        .collect();
    got.sort_unstable();
    assert_eq!(got, [&b"and you"[..], b"to you"]);
}

#[test]
fn a_channel_with_another_name_is_closed_and_ignored() {
    let mut world = World::connected(&usual_sections());
    let id = world.client.create_channel("torrent");
    world.run(Duration::from_millis(500));
    assert_eq!(opened(&world).len(), 2);
    assert!(world.client.closed_channels.contains(&id), "the client is told");
    assert!(
        world
            .server
            .send_data(world.now, DataChannel::Reliable, Bytes::from_static(b"x"))
            .is_ok()
    );
}

#[test]
fn a_client_that_opens_channels_without_end_is_shown_out() {
    let mut world = World::connected(&usual_sections());
    for i in 0..40 {
        world.client.create_channel(&format!("torrent {i}"));
        world.run(Duration::from_millis(100));
    }
    assert!(
        matches!(world.events.last(), Some(PeerEvent::Closed { .. })),
        "{:?}",
        world.events.last()
    );
}

#[test]
fn nothing_is_sent_before_the_client_opens_a_channel() {
    let mut world = World::new(&usual_sections(), ClientOptions::default(), false);
    let result = world
        .server
        .send_data(world.now, DataChannel::Lossy, Bytes::from_static(b"x"));
    assert_eq!(result, Err(DataError::NotOpen));
}

#[test]
fn messages_over_the_limit_are_dropped() {
    let mut world = World::connected(&usual_sections());
    let id = world.client.open_channels[0];
    let before = world.server.stats().dropped_in;
    // The limit is announced in the answer, but nothing stops a client of its own making.
    let mut data = bytes::BytesMut::new();
    data.resize(16 * 1024 + 1, 1);
    let too_large = world
        .client
        .pc
        .data_channel(id)
        .unwrap()
        .send(world.now, data.clone());
    assert!(
        too_large.is_err(),
        "a client that heeds the answer refuses by itself"
    );
    data.truncate(16 * 1024);
    world
        .client
        .pc
        .data_channel(id)
        .unwrap()
        .send(world.now, data)
        .unwrap();
    world.run(Duration::from_millis(500));
    let sizes: Vec<usize> = world
        .events
        .iter()
        .filter_map(|event| match event {
            PeerEvent::Data { message, .. } => Some(message.len()),
            _ => None,
        })
        .collect();
    assert_eq!(sizes, [16 * 1024]);
    assert_eq!(world.server.stats().dropped_in, before);
}

#[test]
fn a_large_backlog_arrives_when_the_reader_is_merely_busy() {
    let mut world = World::connected(&usual_sections());
    for i in 0..50u8 {
        world
            .server
            .send_data(world.now, DataChannel::Reliable, Bytes::from(vec![i; 16 * 1024]))
            .unwrap();
    }
    world.run(Duration::from_secs(5));
    let order: Vec<u8> = world
        .client
        .messages
        .iter()
        .map(|(_, message)| message[0])
        .collect();
    assert_eq!(order, (0..50).collect::<Vec<u8>>());
    assert!(!closed(&world));
}

#[test]
fn a_reliable_reader_too_far_behind_loses_its_channel_and_nothing_else() {
    let mut world = World::connected(&usual_sections());
    world.dead = vec![udp_path()];
    let message = Bytes::from(vec![7; 16 * 1024]);
    let mut sent = 0;
    let refused = loop {
        match world
            .server
            .send_data(world.now, DataChannel::Reliable, message.clone())
        {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
        assert!(sent < 100, "unbounded");
    };
    world.exchange();
    assert_eq!(refused, DataError::Full);
    assert!(sent * 16 >= 1000, "1 MiB is allowed: {sent} KiB x 16");
    assert!(closed(&world));
    assert_eq!(
        world
            .server
            .send_data(world.now, DataChannel::Reliable, message.clone()),
        Err(DataError::NotOpen),
        "until the client opens it again"
    );
    assert!(
        world
            .server
            .send_data(world.now, DataChannel::Lossy, message)
            .is_ok()
    );

    // The client is back, learns of it, and opens the channel again.
    world.dead.clear();
    world.run(Duration::from_secs(20));
    assert!(
        !world.client.closed_channels.is_empty(),
        "the client sees its channel closed"
    );
    world.client.create_channel("reliable");
    world.take_events();
    world.run(Duration::from_secs(2));
    assert_eq!(opened(&world), [DataChannel::Reliable]);
    world.client.messages.clear();
    world
        .server
        .send_data(world.now, DataChannel::Reliable, Bytes::from_static(b"again"))
        .unwrap();
    world.run(Duration::from_secs(1));
    assert_eq!(
        world
            .client
            .messages
            .iter()
            .filter(|(_, message)| &message[..] == b"again")
            .count(),
        1
    );
}

#[test]
fn a_reliable_reader_that_stalls_for_ten_seconds_loses_its_channel() {
    let mut world = World::connected(&usual_sections());
    world.dead = vec![udp_path()];
    world
        .server
        .send_data(world.now, DataChannel::Reliable, Bytes::from_static(b"one"))
        .unwrap();
    world.run(Duration::from_secs(9));
    assert!(!closed(&world));
    world.run(Duration::from_secs(2));
    assert!(closed(&world));
}

#[test]
fn a_lossy_reader_far_behind_gets_the_newest() {
    let mut world = World::connected(&usual_sections());
    world.dead = vec![udp_path()];
    for i in 0..1000u16 {
        let mut message = i.to_be_bytes().to_vec();
        message.resize(1000, 0);
        world
            .server
            .send_data(world.now, DataChannel::Lossy, Bytes::from(message))
            .unwrap();
    }
    world.dead.clear();
    world.run(Duration::from_secs(10));
    let numbers: Vec<u16> = world
        .client
        .messages
        .iter()
        .map(|(_, m)| u16::from_be_bytes([m[0], m[1]]))
        .collect();
    assert!(numbers.len() < 250, "{} of 1000 were kept", numbers.len());
    assert_eq!(numbers.last(), Some(&999));
    assert!(!closed(&world));
}
