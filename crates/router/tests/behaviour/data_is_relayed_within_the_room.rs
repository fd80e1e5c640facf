//! Messages go to the room or to named participants of it, within size and rate.

use crate::common::{Member, Stage};
use bytes::Bytes;
use media::ParticipantId;
use media::data::{ToClient, ToServer};
use peer::{DataChannel, DataError, PeerEvent};
use router::{DropReason, RouterConfig};

fn send(stage: &mut Stage, from: &Member, channel: DataChannel, message: Bytes) {
    stage.tell(from, PeerEvent::Data { channel, message });
}

fn message(to: &[u32], payload: &[u8]) -> Bytes {
    let recipients = to.iter().map(|id| ParticipantId(*id)).collect();
    ToServer {
        recipients,
        topic: "chat",
        payload,
    }
    .encode()
    .expect("within limits")
}

fn inbox(member: &Member) -> Vec<(DataChannel, u32, Vec<u8>)> {
    let data = std::mem::take(&mut member.script.borrow_mut().data);
    let open = |(channel, message): (DataChannel, Bytes)| {
        let envelope = ToClient::decode(&message).expect("an envelope");
        assert_eq!(envelope.topic, "chat");
        (channel, envelope.sender.0, envelope.payload.to_vec())
    };
    data.into_iter().map(open).collect()
}

#[test]
fn to_the_room_but_not_to_oneself_nor_to_other_rooms() {
    let mut stage = Stage::new();
    let members: Vec<_> = (1..=3).map(|id| stage.join(1, id, 1, 1)).collect();
    let stranger = stage.join(2, 9, 1, 1);
    send(
        &mut stage,
        &members[0],
        DataChannel::Reliable,
        message(&[], b"hello"),
    );
    let expected = [(DataChannel::Reliable, 1, b"hello".to_vec())];
    assert_eq!(inbox(&members[1]), expected);
    assert_eq!(inbox(&members[2]), expected);
    assert!(inbox(&members[0]).is_empty() && inbox(&stranger).is_empty());
}

#[test]
fn to_named_participants_of_the_room_only() {
    let mut stage = Stage::new();
    let members: Vec<_> = (1..=3).map(|id| stage.join(1, id, 1, 1)).collect();
    let stranger = stage.join(2, 9, 1, 1);
    send(
        &mut stage,
        &members[0],
        DataChannel::Lossy,
        message(&[3, 3, 9, 77], b"psst"),
    );
    assert_eq!(inbox(&members[2]), [(DataChannel::Lossy, 1, b"psst".to_vec())]);
    assert!(inbox(&members[1]).is_empty() && inbox(&stranger).is_empty());
    assert_eq!(stage.router.counters().dropped(DropReason::DataNoRecipient), 2);
}

#[test]
fn size_and_rate_are_limited_per_sender() {
    let config = RouterConfig {
        data_message_bytes: 1_000,
        data_messages_per_second: 10,
        data_bytes_per_second: 1_000,
        ..RouterConfig::default()
    };
    let mut stage = Stage::with(config);
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    send(
        &mut stage,
        &alice,
        DataChannel::Reliable,
        message(&[], &[0; 1_000]),
    );
    assert_eq!(stage.router.counters().dropped(DropReason::DataTooLarge), 1);
    for _ in 0..3 {
        send(&mut stage, &alice, DataChannel::Reliable, message(&[], &[0; 900]));
    }
    assert_eq!(inbox(&bob).len(), 2);
    stage.pass(10_000);
    for _ in 0..100 {
        send(&mut stage, &alice, DataChannel::Reliable, message(&[], b"x"));
    }
    assert_eq!(inbox(&bob).len(), 20);
    // Another sender has its own allowance.
    send(&mut stage, &bob, DataChannel::Reliable, message(&[], b"y"));
    assert_eq!(inbox(&alice).len(), 1);
    assert_eq!(stage.router.counters().dropped(DropReason::DataRate), 81);
}

#[test]
fn what_is_no_envelope_or_finds_a_slow_reader_is_counted() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    send(
        &mut stage,
        &alice,
        DataChannel::Reliable,
        Bytes::from_static(&[9, 9, 9]),
    );
    assert_eq!(stage.router.counters().dropped(DropReason::DataMalformed), 1);
    bob.script.borrow_mut().data_error = Some(DataError::Full);
    send(&mut stage, &alice, DataChannel::Reliable, message(&[], b"x"));
    assert_eq!(stage.router.counters().dropped(DropReason::DataReader), 1);
}
