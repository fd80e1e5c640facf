//! RTCP compounds (RFC 3550 §6.1), packet by packet.

use bytes::Bytes;
use rtc::rtcp;

/// Most packets read of one compound: a browser's have four or five.
const MAX_PACKETS: usize = 32;
/// Version, count, type and length.
const HEAD_BYTES: usize = 4;

/// The packets of a compound, and whether they are all of it. The list is short and mostly of one.
pub(crate) fn split(compound: &[u8]) -> (Vec<&[u8]>, bool) {
    let (mut packets, mut rest) = (Vec::with_capacity(2), compound);
    while let Some(packet) = first(rest) {
        if packets.len() == MAX_PACKETS {
            break;
        }
        packets.push(packet);
        rest = rest.get(packet.len()..).unwrap_or_default();
    }
    (packets, rest.is_empty())
}

fn first(compound: &[u8]) -> Option<&[u8]> {
    let [first, _, high, low] = *compound.first_chunk::<HEAD_BYTES>()?;
    // In words, the head not counted.
    let bytes = HEAD_BYTES + 4 * usize::from(u16::from_be_bytes([high, low]));
    compound.get(..bytes).filter(|_| first >> 6 == 2)
}

/// One packet, as `rtc` reads it.
pub(crate) fn read(packet: &[u8]) -> Option<Box<dyn rtcp::Packet>> {
    let packets = rtcp::packet::unmarshal(&mut Bytes::copy_from_slice(packet));
    packets.ok()?.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compound_is_split_where_its_packets_say() {
        let report = [0x80, 201, 0, 1, 1, 2, 3, 4];
        let goodbye = [0x81, 203, 0, 1, 5, 6, 7, 8];
        let compound = [report, goodbye].concat();
        assert_eq!(split(&compound), (vec![&report[..], &goodbye[..]], true));
        assert_eq!(split(&compound[..15]), (vec![&report[..]], false), "cut short");
        let strange = [report, [0; 8]].concat();
        assert_eq!(split(&strange), (vec![&report[..]], false), "not of version 2");
        assert_eq!(split(&[]), (vec![], true));
    }

    #[test]
    fn a_compound_of_too_many_packets_is_read_so_far() {
        let compound = [0x80, 201, 0, 0].repeat(MAX_PACKETS + 1);
        let (packets, whole) = split(&compound);
        assert_eq!((packets.len(), whole), (MAX_PACKETS, false));
    }
}
