//! Whatever the network sends, parsing ends with a message or an error; and what is written can be read again.

use proptest::prelude::*;
use signaling::{
    AccessToken, ClientFrame, ClientMessage, LayerDescription, OfferedTrack, Tile, parse_client_frame,
};

fn source() -> impl Strategy<Value = media::Source> {
    use media::Source::{Camera, Microphone, Screen, ScreenAudio};
    prop::sample::select(vec![Camera, Microphone, Screen, ScreenAudio])
}

fn label() -> impl Strategy<Value = String> {
    "[a-z0-9]{1,8}"
}

fn tile() -> impl Strategy<Value = Tile> {
    (any::<u32>(), source(), any::<u16>(), any::<u8>()).prop_map(|(p, source, height, priority)| Tile {
        participant: media::ParticipantId(p),
        source,
        height,
        priority,
    })
}

fn layer() -> impl Strategy<Value = LayerDescription> {
    (label(), any::<u16>(), any::<u32>()).prop_map(|(rid, height, bitrate)| LayerDescription {
        rid,
        height,
        max_bitrate: u64::from(bitrate),
    })
}

fn message() -> impl Strategy<Value = ClientMessage> {
    let text = || any::<String>();
    let maybe = || prop::option::of(any::<String>());
    prop_oneof![
        (text(), text(), maybe(), maybe(), maybe(), any::<bool>()).prop_map(
            |(room, name, token, metadata, resume, compat)| {
                ClientMessage::Join {
                    room,
                    name,
                    token: token.map(AccessToken),
                    metadata,
                    resume,
                    compat,
                }
            }
        ),
        (text(), prop::collection::vec((label(), source()), 0..4)).prop_map(|(sdp, tracks)| {
            let tracks = tracks
                .into_iter()
                .map(|(mid, source)| OfferedTrack { mid, source })
                .collect();
            ClientMessage::Offer { sdp, tracks }
        }),
        (label(), prop::collection::vec(layer(), 0..4), any::<bool>())
            .prop_map(|(mid, layers, muted)| ClientMessage::Publish { mid, layers, muted }),
        label().prop_map(|mid| ClientMessage::Unpublish { mid }),
        (
            prop::collection::vec(tile(), 0..10),
            prop::option::of(any::<u16>())
        )
            .prop_map(|(tiles, auto_height)| ClientMessage::View { tiles, auto_height }),
        (any::<u32>(), any::<bool>()).prop_map(|(t, muted)| ClientMessage::Mute {
            track: media::TrackId(t),
            muted
        }),
        (maybe(), maybe()).prop_map(|(name, metadata)| ClientMessage::Update { name, metadata }),
        text().prop_map(|token| ClientMessage::Renew {
            token: AccessToken(token)
        }),
        (any::<u32>(), 1..=100u32).prop_map(|(offset, limit)| ClientMessage::Participants { offset, limit }),
        Just(ClientMessage::Leave {}),
        Just(ClientMessage::Ping {}),
    ]
}

proptest! {
    #[test]
    fn garbage_never_panics(text in any::<String>()) {
        let _ = parse_client_frame(&text, 65_536);
    }

    #[test]
    fn almost_right_json_never_panics(
        name in prop::sample::select(ClientMessage::TYPES.to_vec()),
        field in "[a-z_]{1,10}",
        value in prop::sample::select(vec!["null", "-1", "1e400", "[]", "{}", "\"\"", "[null]", "18446744073709551616"]),
    ) {
        let _ = parse_client_frame(&format!(r#"{{"id":1,"type":"{name}","{field}":{value}}}"#), 65_536);
    }

    #[test]
    fn a_changed_byte_never_panics(frame in (any::<u32>(), message()), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let frame = ClientFrame { id: frame.0, message: frame.1 };
        let mut bytes = serde_json::to_vec(&frame).expect("a frame can be written");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = parse_client_frame(text, 65_536);
        }
    }

    #[test]
    fn what_is_written_is_read(id in any::<u32>(), message in message()) {
        let frame = ClientFrame { id, message };
        let text = serde_json::to_string(&frame).expect("a frame can be written");
        prop_assert_eq!(parse_client_frame(&text, usize::MAX), Ok(frame.clone()));
        prop_assert_eq!(serde_json::from_str::<ClientFrame>(&text).expect("plain serde reads it too"), frame);
    }
}
