//! Messages over both channels reach the room, or only those who are named, with the sender's number on them.

mod support;

use media::ParticipantId;
use media::data::{ToClient, ToServer};
use sim::client::{Channel, ClientEvent};
use sim::full::World;
use std::time::Duration;
use support::world;

fn send(world: &mut World, from: usize, channel: Channel, recipients: Vec<ParticipantId>, text: &str) {
    let message = ToServer {
        recipients,
        topic: "chat",
        payload: text.as_bytes(),
    }
    .encode()
    .unwrap();
    let now = world.now;
    world.people[from]
        .client
        .send_data(now, channel, &message)
        .unwrap();
    world.run(Duration::from_millis(500));
}

/// Sender, topic and text of every message, in order.
fn inbox(world: &World, person: usize) -> Vec<(ParticipantId, String, String)> {
    let messages = world.people[person]
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            ClientEvent::Data { message, .. } => Some(message),
            _ => None,
        });
    messages
        .map(|m| ToClient::decode(m).unwrap())
        .map(|m| {
            (
                m.sender,
                m.topic.to_owned(),
                String::from_utf8_lossy(m.payload).into_owned(),
            )
        })
        .collect()
}

#[test]
fn data_reaches_room_and_named() {
    let mut world = world(14);
    for name in ["ann", "bob", "eve"] {
        world.join(name, world.next_config(), sim::full::Link::default(), false);
    }
    world.run(Duration::from_secs(2));
    let ids: Vec<ParticipantId> = world.people.iter().map(|p| p.id).collect();
    send(&mut world, 0, Channel::Reliable, vec![], "to all");
    send(&mut world, 1, Channel::Lossy, vec![], "lossy to all");
    send(&mut world, 0, Channel::Reliable, vec![ids[2]], "to eve only");
    send(&mut world, 2, Channel::Reliable, vec![ids[0], ids[1]], "to both");

    let got = |from: usize, text: &str| (ids[from], "chat".to_owned(), text.to_owned());
    assert_eq!(inbox(&world, 0), [got(1, "lossy to all"), got(2, "to both")]);
    assert_eq!(inbox(&world, 1), [got(0, "to all"), got(2, "to both")]);
    assert_eq!(
        inbox(&world, 2),
        [got(0, "to all"), got(1, "lossy to all"), got(0, "to eve only")]
    );
}
