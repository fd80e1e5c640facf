//! What forwarding needs of a payload, in every codec, with the dependency descriptor beside it.

use crate::input::{Short, each};
use arbitrary::Arbitrary;
use bytes::Bytes;
use media::{Codec, Extensions, Kind, Packet, PacketReader, PayloadInfo, RtpTime, SeqNo, av1, h264};

const CODECS: [Codec; 6] = [Codec::Opus, Codec::Red, Codec::Vp8, Codec::Vp9, Codec::Av1, Codec::H264];

#[derive(Debug, Arbitrary)]
struct Input {
    codec: u8,
    seq: u8,
    descriptor: Option<Short>,
    payload: Short,
}

/// Packets of one encoding.
pub fn payload(data: &[u8]) {
    let mut reader = PacketReader::default();
    for input in each::<Input>(data, 100) {
        let payload = Bytes::from(input.payload.0);
        let codec = CODECS[usize::from(input.codec) % CODECS.len()];
        let alone = PayloadInfo::of(codec, &payload);
        if let Some(info) = alone {
            check(info);
            assert!(!payload.is_empty());
            assert_eq!(info.described, None);
            if codec.kind() == Kind::Audio {
                assert!(info.keyframe && info.starts_frame);
            }
        }
        if codec == Codec::Av1 {
            let header = av1::AggregationHeader::parse(&payload);
            assert_eq!(header.is_some(), payload.len() > 1);
            assert!(header.is_none_or(|header| header.starts_unit || !header.starts_sequence));
        }
        if let Some(start) = h264::start_of(&payload) {
            assert!(start.frame || !start.keyframe);
        }
        let packet = Packet {
            seq: SeqNo(input.seq.into()),
            timestamp: RtpTime(0),
            marker: false,
            codec,
            extensions: Extensions {
                dependency_descriptor: input.descriptor.map(|bytes| Bytes::from(bytes.0)),
                ..Extensions::default()
            },
            payload,
        };
        let before = reader.structure_since();
        let described = packet.extensions.dependency_descriptor.is_some() && codec.kind() == Kind::Video;
        let read = reader.read(u64::from(input.seq), &packet);
        assert!(read.is_none() || alone.is_some(), "what is malformed alone is so with a descriptor");
        if let Some(info) = read {
            check(info);
            assert_eq!(info.described.is_some(), described);
            assert!(described || Some(info) == alone);
        }
        assert!(before <= reader.structure_since(), "a structure never goes back");
    }
}

fn check(info: PayloadInfo) {
    // A structure may come with a spatial layer above the lowest, where that is not sent.
    let starts = info.starts_frame || info.described.is_some() && info.spatial_id > 0;
    assert!(!info.keyframe || starts, "{info:?}");
    assert!(info.spatial_id < 8 && info.temporal_id < 8, "{info:?}");
}
