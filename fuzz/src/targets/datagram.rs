//! Telling protocols apart, and finding the username that a datagram's peer is found by.

use media::{DatagramKind, stun};
use rtc::stun::attributes::ATTR_USERNAME;
use rtc::stun::message::Message;

/// Any datagram.
pub fn datagram(data: &[u8]) {
    let kind = DatagramKind::of(data);
    let ufrag = stun::local_ufrag(data);
    let binding = peer::fuzzing::binding(data);
    if ufrag.is_some() || binding.is_some() {
        assert_eq!(kind, Some(DatagramKind::Stun), "what the router takes for STUN the peer does too");
    }
    if let Some((_, transaction, _)) = binding {
        assert_eq!(&data[8..20], &transaction);
    }
    let Some(ufrag) = ufrag else { return };
    assert!((1..=256).contains(&ufrag.len()) && !ufrag.contains(':'));
    // Another implementation reads the same.
    let mut message = Message {
        raw: data.to_vec(),
        ..Message::default()
    };
    if message.decode().is_ok()
        && let Ok(username) = message.get(ATTR_USERNAME)
    {
        let theirs = username.split(|byte| *byte == b':').next();
        assert_eq!(theirs, Some(ufrag.as_bytes()));
    }
}
