//! Headers of packets to clients: another implementation reads what was written.

use crate::input::Short;
use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use media::Extensions;
use peer::fuzzing::{Header, write_header};
use rtc::rtp::Packet;
use rtc::shared::marshal::Unmarshal;

#[derive(Debug, Arbitrary)]
struct Input {
    first: (u8, bool, u16, u32, u32, Option<u32>),
    ids: [u8; 7],
    mid: Short,
    audio_level: Option<u8>,
    video_orientation: Option<u8>,
    playout_delay: Option<[u8; 3]>,
    video_content_type: Option<u8>,
    descriptor: Option<Short>,
    longer: u8,
    transport_seq: Option<u16>,
    zeros: u16,
    payload: Short,
}

/// A header, in structured form.
pub fn rtp_header(data: &[u8]) {
    let Ok(mut input) = Input::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    // What negotiation sees to: ids are different ones, 15 is none of the one-byte headers', mids are short.
    let mut seen = Vec::new();
    for id in &mut input.ids {
        if *id == 15 || seen.contains(id) {
            *id = 0;
        }
        seen.push(*id);
    }
    input.mid.0.truncate(32);
    let descriptor = input.descriptor.map(|mut value| {
        // Longer than any header can state, too.
        value.0.resize(value.0.len() + usize::from(input.longer / 8), 7);
        Bytes::from(value.0)
    });
    let carried = Extensions {
        audio_level: input.audio_level,
        video_orientation: input.video_orientation,
        playout_delay: input.playout_delay,
        video_content_type: input.video_content_type,
        dependency_descriptor: descriptor,
        layers_allocation: None,
    };
    let (payload_type, marker, seq, timestamp, ssrc, csrc) = input.first;
    let header = Header {
        payload_type: payload_type & 0x7f,
        marker,
        seq,
        timestamp,
        ssrc,
        csrc,
        ids: input.ids,
        mid: &input.mid.0,
        carried: &carried,
        transport_seq: input.transport_seq,
        zeros: usize::from(input.zeros % 1_101) / 4 * 4,
    };
    let mut wire = Vec::new();
    let written = write_header(&mut wire, &header);
    assert_eq!(written, wire.len());
    wire.extend_from_slice(&input.payload.0);

    let packet = Packet::unmarshal(&mut Bytes::from(wire)).expect("another implementation reads it");
    let read = &packet.header;
    assert_eq!((read.version, read.padding), (2, false));
    assert_eq!((read.payload_type, read.marker, read.sequence_number), (header.payload_type, marker, seq));
    assert_eq!((read.timestamp, read.ssrc), (timestamp, ssrc));
    assert_eq!(read.csrc, csrc.into_iter().collect::<Vec<_>>());
    assert_eq!(packet.payload, input.payload.0);

    let seq_bytes = input.transport_seq.map(u16::to_be_bytes);
    let descriptor = carried.dependency_descriptor.as_deref();
    let values: [Option<&[u8]>; 7] = [
        seq_bytes.as_ref().map(|value| &value[..]),
        Some(header.mid),
        carried.audio_level.as_ref().map(std::slice::from_ref),
        carried.video_orientation.as_ref().map(std::slice::from_ref),
        carried.playout_delay.as_ref().map(|value| &value[..]),
        carried.video_content_type.as_ref().map(std::slice::from_ref),
        descriptor.filter(|value| value.len() <= 255),
    ];
    let mut count = 0;
    for (id, value) in header.ids.into_iter().zip(values) {
        if let Some(value) = value.filter(|value| id != 0 && !value.is_empty()) {
            assert_eq!(read.get_extension(id).as_deref(), Some(value), "id {id}");
            count += 1;
        }
    }
    assert_eq!(read.extensions.len(), count, "nothing else is in it");
}
