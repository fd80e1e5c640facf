//! RED, STUN usernames, the first byte, the data envelope, ids: one example each of what is accepted and what
//! is not.

use bytes::Bytes;
use media::data::{EnvelopeError, MAX_MESSAGE, MAX_RELAYED, ToClient, ToServer};
use media::{DatagramKind, ParticipantId, TrackId, red, stun};

#[test]
fn red_with_two_redundant_blocks() {
    // RFC 2198 §3: F, payload type, 14 bits of offset, 10 bits of length.
    let payload = [
        0x80 | 111,
        0x1e,
        0x00,
        2,
        0x80 | 111,
        0x0f,
        0x00,
        1,
        111,
        10,
        11,
        20,
        30,
        31,
        32,
    ];
    let payload = Bytes::copy_from_slice(&payload);
    assert_eq!(red::primary(&payload).expect("well formed")[..], [30, 31, 32]);
    let retyped = red::with_payload_type(&payload, 96).expect("well formed");
    assert_eq!((retyped[0], retyped[4], retyped[8]), (0x80 | 96, 0x80 | 96, 96));
    assert_eq!(retyped[9..], payload[9..]);
    let same = red::with_payload_type(&payload, 111).expect("well formed");
    assert_eq!(same.as_ptr(), payload.as_ptr(), "nothing to copy");
}

#[test]
fn red_without_redundancy() {
    assert_eq!(
        red::primary(&Bytes::from_static(&[111, 1, 2])).expect("well formed")[..],
        [1, 2]
    );
}

#[test]
fn red_that_is_cut_or_empty() {
    for payload in [
        &[][..],
        &[111],
        &[0xef],
        &[0xef, 0, 0],
        &[0xef, 0, 0, 3],
        &[0xef, 0, 0, 3, 111, 1, 2, 3],
    ] {
        assert_eq!(
            red::primary(&Bytes::copy_from_slice(payload)),
            None,
            "{payload:?}"
        );
    }
    assert_eq!(
        red::primary(&Bytes::from(vec![0x80; 1000])),
        None,
        "headers without end"
    );
}

#[test]
fn the_first_byte_tells_the_protocol() {
    for (bytes, expected) in [
        (&[0u8, 1][..], Some(DatagramKind::Stun)),
        (&[3], Some(DatagramKind::Stun)),
        (&[4], None),
        (&[16], None),
        (&[19], None),
        (&[20], Some(DatagramKind::Dtls)),
        (&[63], Some(DatagramKind::Dtls)),
        (&[64], None),
        (&[127], None),
        (&[128, 0], Some(DatagramKind::Rtp)),
        (&[191, 127], Some(DatagramKind::Rtp)),
        (&[192, 96], None),
        (&[128], None),
        (&[], None),
        // Payload types 35 and 63, with and without marker, are media; sender reports and feedback are not.
        (&[128, 35], Some(DatagramKind::Rtp)),
        (&[128, 63 | 0x80], Some(DatagramKind::Rtp)),
        (&[128, 96], Some(DatagramKind::Rtp)),
        (&[128, 127 | 0x80], Some(DatagramKind::Rtp)),
        (&[128, 192], Some(DatagramKind::Rtcp)),
        (&[129, 200], Some(DatagramKind::Rtcp)),
        (&[143, 205], Some(DatagramKind::Rtcp)),
        (&[128, 223], Some(DatagramKind::Rtcp)),
    ] {
        assert_eq!(DatagramKind::of(bytes), expected, "{bytes:?}");
    }
}

/// A binding request with these attributes.
fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (kind, value) in attributes {
        body.extend(kind.to_be_bytes());
        body.extend((value.len() as u16).to_be_bytes());
        body.extend_from_slice(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let mut datagram = vec![0, 1];
    datagram.extend((body.len() as u16).to_be_bytes());
    datagram.extend([0x21, 0x12, 0xa4, 0x42]);
    datagram.extend([7; 12]);
    datagram.extend(body);
    datagram
}

#[test]
fn the_local_ufrag_of_a_binding_request() {
    // SOFTWARE (padded), PRIORITY and ICE-CONTROLLING before, USE-CANDIDATE after.
    let attributes: [(u16, &[u8]); 5] = [
        (0x8022, b"chrome"),
        (0x0024, &[1, 2, 3, 4]),
        (0x802a, &[0; 8]),
        (0x0006, b"Srv+/1:cli"),
        (0x0025, &[]),
    ];
    let datagram = request(&attributes);
    assert_eq!(stun::local_ufrag(&datagram), Some("Srv+/1"));
    for length in 0..datagram.len() {
        assert_eq!(stun::local_ufrag(&datagram[..length]), None, "cut at {length}");
    }
}

#[test]
fn no_ufrag_where_there_is_none() {
    let good = request(&[(0x0006, b"abcd:efgh")]);
    let with = |at: usize, byte: u8| {
        let mut datagram = good.clone();
        datagram[at] = byte;
        datagram
    };
    assert_eq!(stun::local_ufrag(&good), Some("abcd"));
    assert_eq!(stun::local_ufrag(&with(0, 1)), None, "a response");
    assert_eq!(stun::local_ufrag(&with(1, 0x11)), None, "an indication");
    assert_eq!(stun::local_ufrag(&with(4, 0)), None, "no magic cookie");
    assert_eq!(stun::local_ufrag(&with(3, 8)), None, "longer than it says");
    assert_eq!(
        stun::local_ufrag(&with(23, 200)),
        None,
        "an attribute past the end"
    );
    assert_eq!(stun::local_ufrag(&request(&[])), None);
    for username in [&b":efgh"[..], b"abcdefgh", b"\xff\xfe:x", &[b'a'; 400]] {
        assert_eq!(
            stun::local_ufrag(&request(&[(0x0006, username)])),
            None,
            "{username:?}"
        );
    }
}

#[test]
fn the_envelope_byte_by_byte() {
    let wire = [
        1, 2, 0x0a, 0x1b, 0x2c, 0x3d, 0, 0, 0, 5, 4, b'c', b'h', b'a', b't', b'h', b'i',
    ];
    let read = ToServer::decode(&wire).expect("well formed");
    assert_eq!(read.recipients, [ParticipantId(0x0a1b_2c3d), ParticipantId(5)]);
    assert_eq!((read.topic, read.payload), ("chat", &b"hi"[..]));
    let relayed = ToClient {
        sender: ParticipantId(9),
        topic: read.topic,
        payload: read.payload,
    };
    let relayed = relayed.encode().expect("it fits");
    assert_eq!(
        relayed[..],
        [1, 0, 0, 0, 9, 4, b'c', b'h', b'a', b't', b'h', b'i']
    );
    assert_eq!(
        ToClient::decode(&relayed).expect("our own").sender,
        ParticipantId(9)
    );
}

#[test]
fn malformed_envelopes_say_what_is_wrong() {
    for (wire, expected) in [
        (&[][..], EnvelopeError::Version),
        (&[2, 0, 0], EnvelopeError::Version),
        (&[1], EnvelopeError::Truncated),
        (&[1, 0], EnvelopeError::Truncated),
        (&[1, 1, 0, 0, 0], EnvelopeError::Truncated),
        (&[1, 255, 0], EnvelopeError::Truncated),
        (&[1, 0, 3, b'a', b'b'], EnvelopeError::Truncated),
        (&[1, 0, 1, 0xff], EnvelopeError::Topic),
    ] {
        assert_eq!(ToServer::decode(wire), Err(expected), "{wire:?}");
    }
    assert_eq!(ToClient::decode(&[1, 0, 0, 0]), Err(EnvelopeError::Truncated));
}

#[test]
fn the_largest_message_can_be_relayed() {
    let payload = vec![7; MAX_MESSAGE - 3];
    let sent = ToServer {
        recipients: Vec::new(),
        topic: "",
        payload: &payload,
    };
    let wire = sent.encode().expect("it fits");
    assert_eq!(wire.len(), MAX_MESSAGE);
    let relayed = ToClient {
        sender: ParticipantId(1),
        topic: "",
        payload: sent.payload,
    };
    let relayed = relayed.encode().expect("it fits");
    assert_eq!(relayed.len(), MAX_RELAYED);
    assert!(ToClient::decode(&relayed).is_ok());

    let payload = vec![7; MAX_MESSAGE - 2];
    let sent = ToServer {
        recipients: Vec::new(),
        topic: "",
        payload: &payload,
    };
    assert_eq!(sent.encode(), Err(EnvelopeError::TooLarge(MAX_MESSAGE + 1)));
    let topic = "x".repeat(256);
    let sent = ToServer {
        recipients: Vec::new(),
        topic: &topic,
        payload: &[],
    };
    assert_eq!(sent.encode(), Err(EnvelopeError::Field));
    let sent = ToServer {
        recipients: vec![ParticipantId(1); 256],
        topic: "",
        payload: &[],
    };
    assert_eq!(sent.encode(), Err(EnvelopeError::Field));
}

#[test]
fn ids_are_words_on_the_wire() {
    let id = TrackId(0x0a1b_2c3d);
    let wire = serde_json::to_string(&id).expect("plain data");
    assert_eq!(wire, "\"t_0a1b2c3d\"");
    assert_eq!(serde_json::from_str::<TrackId>(&wire).expect("our own"), id);
    for wrong in [
        "t_0a1b2c3",
        "p_0a1b2c3d",
        "t_0A1B2C3D",
        "t_+a1b2c3d",
        "",
        "t_0a1b2c3d4",
    ] {
        assert!(wrong.parse::<TrackId>().is_err(), "{wrong}");
    }
}
