//! Whatever the network sends, parsers answer; and what they accept lies within what was sent.

use bytes::Bytes;
use media::data::{MAX_MESSAGE, ToClient, ToServer};
use media::dependency_descriptor;
use media::{AudioLevel, Codec, DatagramKind, ExtendedSeq, PayloadInfo, SeqNo, red, stun, vp8};
use proptest::prelude::*;

/// Bytes that look a little like something, so that parsers get past their first check.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        any::<u8>(),
        Just(0x00),
        Just(0x01),
        Just(0x80),
        Just(0x90),
        Just(0xf0),
        Just(0xff)
    ];
    prop::collection::vec(byte, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn vp8_descriptors(payload in noise(), picture_id: u16, tl0: u8) {
        let parsed = vp8::Descriptor::parse(&payload);
        let rewritten = vp8::rewrite(&Bytes::copy_from_slice(&payload), picture_id, tl0);
        prop_assert_eq!(parsed.is_some(), rewritten.is_some());
        if let (Some(before), Some(out)) = (parsed, rewritten) {
            prop_assert!(before.len <= payload.len());
            let after = vp8::Descriptor::parse(&out.to_bytes()).expect("what we write can be read");
            prop_assert_eq!(&out.to_bytes()[after.len..], &payload[before.len..], "the picture is untouched");
            prop_assert_eq!(after.picture_id.map(|id| id.value), before.picture_id.map(|_| picture_id & 0x7fff));
            prop_assert_eq!(after.tl0_picture_index, before.tl0_picture_index.map(|_| tl0));
            // Nothing else changes.
            let rest = |d: vp8::Descriptor| vp8::Descriptor { picture_id: None, tl0_picture_index: None, len: 0, ..d };
            prop_assert_eq!(rest(after), rest(before));
        }
    }

    #[test]
    fn payloads_of_every_codec(payload in noise()) {
        for codec in [Codec::Opus, Codec::Red, Codec::Vp8, Codec::Vp9, Codec::Av1, Codec::H264] {
            if let Some(info) = PayloadInfo::of(codec, &payload) {
                prop_assert!(!info.keyframe || info.starts_frame);
                prop_assert!(info.temporal_id < 8);
            }
        }
    }

    #[test]
    fn dependency_descriptors(first in noise(), later in noise(), with_structure: bool) {
        let mut first = first;
        if with_structure && let Some(flags) = first.get_mut(3) {
            *flags |= 0x80;
        }
        let known = dependency_descriptor::parse(&first, None).and_then(|first| first.attached);
        for bytes in [&first, &later] {
            let Some(read) = dependency_descriptor::parse(bytes, known.as_deref()) else { continue };
            prop_assert_eq!(&bytes[1..3], &read.number.to_be_bytes());
            if let Some(frame) = read.frame {
                prop_assert!(frame.spatial_id < 4 && frame.temporal_id < 8);
                prop_assert!(frame.fdiffs.iter().all(|diff| (1..=4_096).contains(&diff)));
                prop_assert!(frame.chain_diffs.iter().count() <= 32);
            }
        }
    }

    #[test]
    fn red_payloads(payload in noise(), payload_type in 0u8..128) {
        let payload = Bytes::from(payload);
        let primary = red::primary(&payload);
        let retyped = red::with_payload_type(&payload, payload_type);
        prop_assert_eq!(primary.is_some(), retyped.is_some());
        if let (Some(primary), Some(retyped)) = (primary, retyped) {
            prop_assert!(!primary.is_empty() && payload.ends_with(&primary));
            prop_assert_eq!(red::primary(&retyped).expect("still RED"), primary);
        }
    }

    #[test]
    fn stun_requests(mut datagram in noise(), like_a_request: bool) {
        if like_a_request && datagram.len() >= 20 {
            datagram.truncate(datagram.len() / 4 * 4);
            let length = (datagram.len() - 20) as u16;
            datagram[..2].copy_from_slice(&[0, 1]);
            datagram[2..4].copy_from_slice(&length.to_be_bytes());
            datagram[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
        }
        let _ = stun::local_ufrag(&datagram);
        let _ = DatagramKind::of(&datagram);
    }

    #[test]
    fn data_messages(message in noise()) {
        if let Ok(read) = ToServer::decode(&message) {
            prop_assert_eq!(&read.encode().expect("it fits")[..], &message[..]);
        }
        if let Ok(read) = ToClient::decode(&message) {
            prop_assert_eq!(&read.encode().expect("it fits")[..], &message[..]);
        }
    }

    #[test]
    fn data_messages_of_any_size(length in 0usize..MAX_MESSAGE + 100) {
        let mut message = vec![0u8; length];
        message.iter_mut().take(1).for_each(|version| *version = 1);
        // Version, no recipients, no topic.
        prop_assert_eq!(ToServer::decode(&message).is_ok(), (3..=MAX_MESSAGE).contains(&length));
    }

    #[test]
    fn audio_levels(byte: u8, voice: bool, minus_dbov: u8) {
        let level = AudioLevel::from_wire(byte);
        prop_assert_eq!(AudioLevel::new(level.voice(), level.minus_dbov()).to_wire(), byte);
        prop_assert_eq!(level.loudness() + level.minus_dbov(), 127);
        let level = AudioLevel::new(voice, minus_dbov);
        prop_assert_eq!((level.voice(), level.minus_dbov()), (voice, minus_dbov.min(127)));
    }

    #[test]
    fn extended_numbers_follow_any_walk(start: u16, steps in prop::collection::vec(-30_000i32..30_000, 0..200)) {
        let mut seqs = ExtendedSeq::new();
        let first = seqs.update(SeqNo(start)) as i64;
        let (mut highest, mut at) = (first, i64::from(start));
        for step in steps {
            at = highest - first + i64::from(start) + i64::from(step);
            let extended = seqs.update(SeqNo(at as u16)) as i64;
            prop_assert_eq!(extended - first, at - i64::from(start));
            highest = highest.max(extended);
        }
        let _ = at;
    }
}
