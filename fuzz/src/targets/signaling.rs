//! Frames of a client's WebSocket.

use ::signaling::{ClientFrame, ErrorCode, LAYERS_MAX, OFFERED_TRACKS_MAX, PAGE_MAX, TILES_MAX};
use ::signaling::{ClientMessage, parse_client_frame};

/// Most bytes of a frame.
const LIMIT: usize = 65_536;
/// Most bytes of an error's text: it names what was wrong, and does not send back what was sent.
const MAX_ERROR_BYTES: usize = 1_024;

/// Any text.
pub fn signaling(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let frame = match parse_client_frame(text, LIMIT) {
        Ok(frame) => frame,
        Err(error) => {
            assert!(error.message.len() <= MAX_ERROR_BYTES, "{} bytes: {}", error.message.len(), error.message);
            assert!(error.id.is_none() || error.code != ErrorCode::FrameTooLarge);
            return;
        }
    };
    match &frame.message {
        ClientMessage::Offer { tracks, .. } => assert!(tracks.len() <= OFFERED_TRACKS_MAX),
        ClientMessage::Publish { layers, .. } => assert!(layers.len() <= LAYERS_MAX),
        ClientMessage::View { tiles, .. } => assert!(tiles.len() <= TILES_MAX),
        ClientMessage::Participants { limit, .. } => assert!((1..=PAGE_MAX).contains(limit)),
        _ => {}
    }
    let written = serde_json::to_string(&frame).expect("a frame can be written");
    assert_eq!(parse_client_frame(&written, usize::MAX).as_ref(), Ok(&frame));
    let plain = serde_json::from_str::<ClientFrame>(&written).expect("plain serde reads it too");
    assert_eq!(plain, frame);
}
