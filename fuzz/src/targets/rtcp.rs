//! Compounds: split where their packets say, and each packet read alone.

use peer::fuzzing::{is_feedback, read_control, split_compound};
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;

/// Most packets read of one compound.
const MAX_PACKETS: usize = 32;

/// Any compound.
pub fn rtcp(data: &[u8]) {
    let (packets, whole) = split_compound(data);
    let joined = packets.concat();
    assert!(packets.len() <= MAX_PACKETS && data.starts_with(&joined));
    assert_eq!(whole, joined.len() == data.len());
    for packet in packets {
        assert!(packet.len() >= 4 && packet.len().is_multiple_of(4) && packet[0] >> 6 == 2);
        let alone = (vec![packet], true);
        assert_eq!(split_compound(packet), alone, "a packet is a compound of one");
        if is_feedback(packet) {
            continue;
        }
        let Some(read) = read_control(packet) else { continue };
        if let Some(nack) = read.as_any().downcast_ref::<TransportLayerNack>() {
            assert!(4 * nack.nacks.len() <= packet.len(), "no more than was sent");
        }
        // What is kept of a packet is of its size.
        assert!(read.marshal_size() <= 4 * packet.len() + 64, "{} of {}", read.marshal_size(), packet.len());
    }
}
