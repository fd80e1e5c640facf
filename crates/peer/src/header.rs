//! The headers of outgoing packets: RTP (RFC 3550 §5.1) and its extensions (RFC 8285), written in place.

use crate::sdp::extensions::ExtensionIds;
use bwe::TransportSeq;
use bytes::BufMut;
use media::Extensions;

/// RTP header without CSRC.
pub(crate) const FIXED_BYTES: usize = 12;
/// One CSRC.
pub(crate) const CSRC_BYTES: usize = 4;
/// Longest value with a one-byte header (RFC 8285 §4.2).
const ONE_BYTE_MAX: usize = 16;
/// Longest value a two-byte header can state.
const TWO_BYTE_MAX: usize = 255;
/// Profiles of extension blocks (RFC 8285 §4.2, §4.3).
const ONE_BYTE_PROFILE: u16 = 0xbede;
const TWO_BYTE_PROFILE: u16 = 0x1000;
/// Profile and length in front of the values.
const BLOCK_HEAD_BYTES: usize = 4;

/// The fields of an RTP header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    pub(crate) payload_type: u8,
    pub(crate) marker: bool,
    /// The payload ends with padding.
    pub(crate) padding: bool,
    pub(crate) seq: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    pub(crate) csrc: Option<u32>,
}

/// What a packet's extensions are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) ids: &'a ExtensionIds,
    pub(crate) mid: Option<&'a [u8]>,
    pub(crate) carried: &'a Extensions,
    pub(crate) seq: Option<TransportSeq>,
    /// The ids or the mid need two-byte headers.
    pub(crate) two_byte: bool,
    /// Zeros behind the values, to be skipped (RFC 8285 §4.1.2): padding that may be as long as one likes.
    pub(crate) zeros: usize,
}

/// Whether a section's ids or its mid's length need two-byte headers: one-byte ones hold ids up to 14.
pub(crate) fn needs_two_bytes(ids: &ExtensionIds, mid_bytes: usize) -> bool {
    let written = [
        ids.mid,
        ids.audio_level,
        ids.transport_cc,
        ids.video_orientation,
        ids.playout_delay,
        ids.content_type,
        ids.dependency_descriptor,
    ];
    mid_bytes > ONE_BYTE_MAX || written.into_iter().any(|id| id > 14)
}

/// Writes the header, with room for so many bytes behind it; returns how long it is.
pub(crate) fn write(packet: &mut Vec<u8>, fields: &Fields, values: &Values<'_>, room: usize) -> usize {
    let before = packet.len();
    let block = values.block_bytes();
    packet.reserve(FIXED_BYTES + CSRC_BYTES + block + room);
    let flag = |flag: bool, bit: u8| u8::from(flag) << bit;
    // Version 2.
    packet.put_u8(0x80 | flag(fields.padding, 5) | flag(block > 0, 4) | flag(fields.csrc.is_some(), 0));
    packet.put_u8(flag(fields.marker, 7) | fields.payload_type);
    packet.put_u16(fields.seq);
    packet.put_u32(fields.timestamp);
    packet.put_u32(fields.ssrc);
    if let Some(csrc) = fields.csrc {
        packet.put_u32(csrc);
    }
    if block > 0 {
        values.write(packet, block);
    }
    packet.len() - before
}

impl Values<'_> {
    /// Bytes of the block that these values lead to; 0 without any.
    pub(crate) fn block_bytes(&self) -> usize {
        let head = self.value_head_bytes();
        let mut sum = self.zeros;
        self.each(|_, value| sum += head + value.len());
        if sum == 0 {
            0
        } else {
            BLOCK_HEAD_BYTES + sum.next_multiple_of(4)
        }
    }

    fn write(&self, packet: &mut Vec<u8>, block: usize) {
        let end = packet.len() + block;
        let two_byte = self.value_head_bytes() == 2;
        packet.put_u16(if two_byte {
            TWO_BYTE_PROFILE
        } else {
            ONE_BYTE_PROFILE
        });
        // A datagram's worth of words always fits.
        packet.put_u16(u16::try_from((block - BLOCK_HEAD_BYTES) / 4).unwrap_or(u16::MAX));
        self.each(|id, value| {
            // Lengths were checked by `each`.
            let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
            if two_byte {
                packet.put_u8(id);
                packet.put_u8(length);
            } else {
                packet.put_u8(id << 4 | length.wrapping_sub(1) & 0x0f);
            }
            packet.put_slice(value);
        });
        packet.resize(end, 0);
    }

    /// A dependency descriptor with its template structure is long; others beside it are not (`extmap-allow-mixed`).
    fn value_head_bytes(&self) -> usize {
        let long = self.ids.dependency_descriptor != 0
            && self.descriptor().is_some_and(|value| value.len() > ONE_BYTE_MAX);
        if self.two_byte || long { 2 } else { 1 }
    }

    /// A length no header can state comes from a publisher's nonsense.
    fn descriptor(&self) -> Option<&[u8]> {
        let descriptor = self.carried.dependency_descriptor.as_deref()?;
        (1..=TWO_BYTE_MAX)
            .contains(&descriptor.len())
            .then_some(descriptor)
    }

    /// Calls for each value to be written, with its id.
    fn each(&self, mut call: impl FnMut(u8, &[u8])) {
        let (ids, carried) = (self.ids, self.carried);
        let mut value = |id: u8, value: Option<&[u8]>| {
            if let Some(value) = value.filter(|value| id != 0 && !value.is_empty()) {
                call(id, value);
            }
        };
        value(
            ids.transport_cc,
            self.seq
                .map(|seq| seq.0.to_be_bytes())
                .as_ref()
                .map(|bytes| &bytes[..]),
        );
        value(ids.mid, self.mid);
        value(
            ids.audio_level,
            carried.audio_level.as_ref().map(std::slice::from_ref),
        );
        value(
            ids.video_orientation,
            carried.video_orientation.as_ref().map(std::slice::from_ref),
        );
        value(
            ids.playout_delay,
            carried.playout_delay.as_ref().map(|delay| &delay[..]),
        );
        value(
            ids.content_type,
            carried.video_content_type.as_ref().map(std::slice::from_ref),
        );
        value(ids.dependency_descriptor, self.descriptor());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use rtc::rtp;
    use rtc::shared::marshal::Unmarshal;

    const IDS: ExtensionIds = ExtensionIds {
        mid: 4,
        rid: 0,
        repaired_rid: 0,
        audio_level: 1,
        transport_cc: 3,
        video_orientation: 0,
        playout_delay: 5,
        content_type: 6,
        dependency_descriptor: 7,
        layers_allocation: 0,
    };
    const FIELDS: Fields = Fields {
        payload_type: 96,
        marker: true,
        padding: false,
        seq: 65_535,
        timestamp: 0xdead_beef,
        ssrc: 0x1234_5678,
        csrc: Some(77),
    };

    fn values(carried: &Extensions) -> Values<'_> {
        Values {
            ids: &IDS,
            mid: Some(b"v0"),
            carried,
            seq: Some(TransportSeq(0x0102)),
            two_byte: false,
            zeros: 0,
        }
    }

    /// Written by us, read by `rtc`.
    fn read(values: &Values<'_>) -> rtp::Packet {
        let mut packet = Vec::new();
        let bytes = write(&mut packet, &FIELDS, values, 0);
        assert_eq!(bytes, packet.len());
        assert_eq!(bytes, FIXED_BYTES + CSRC_BYTES + values.block_bytes());
        packet.put_slice(b"payload");
        rtp::Packet::unmarshal(&mut Bytes::from(packet)).unwrap()
    }

    #[test]
    fn another_implementation_reads_what_was_written() {
        let carried = Extensions {
            audio_level: Some(0x85),
            video_orientation: Some(1),
            playout_delay: Some([1, 2, 3]),
            dependency_descriptor: Some(Bytes::from_static(&[9; 3])),
            ..Extensions::default()
        };
        let packet = read(&values(&carried));
        let header = &packet.header;
        assert_eq!(
            (header.marker, header.payload_type, header.sequence_number),
            (true, 96, 65_535)
        );
        assert_eq!((header.timestamp, header.ssrc), (0xdead_beef, 0x1234_5678));
        assert_eq!(header.csrc, [77]);
        let value = |id| header.get_extension(id).map(|value| value.to_vec());
        assert_eq!(value(3), Some(vec![1, 2]));
        assert_eq!(value(4), Some(b"v0".to_vec()));
        assert_eq!(value(1), Some(vec![0x85]));
        assert_eq!(value(5), Some(vec![1, 2, 3]));
        assert_eq!(value(7), Some(vec![9; 3]));
        assert_eq!(header.extensions.len(), 5, "orientation has no id");
        assert_eq!(&packet.payload[..], b"payload");
    }

    #[test]
    fn a_long_descriptor_takes_two_byte_headers_and_an_impossible_one_is_left_out() {
        for (bytes, written) in [(16, true), (17, true), (255, true), (256, false), (0, false)] {
            let carried = Extensions {
                dependency_descriptor: Some(Bytes::from(vec![5; bytes])),
                ..Extensions::default()
            };
            let packet = read(&values(&carried));
            let value = packet.header.get_extension(7).map(|value| value.len());
            assert_eq!(value, written.then_some(bytes), "{bytes} bytes");
            let profile = packet.header.extension_profile;
            assert_eq!(
                profile == TWO_BYTE_PROFILE,
                bytes == 17 || bytes == 255,
                "{bytes} bytes"
            );
        }
    }

    #[test]
    fn without_values_there_is_no_block() {
        let carried = Extensions::default();
        let none = Values {
            ids: &ExtensionIds::default(),
            ..values(&carried)
        };
        let packet = read(&none);
        assert!(!packet.header.extension && packet.header.extensions.is_empty());
    }
}
