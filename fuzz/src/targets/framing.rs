//! Datagrams on TCP: however the stream is cut, the same frames come out.

use bytes::BytesMut;
use node::{Deframer, FrameError, frame};

/// Largest frame that is taken.
const MAX_FRAME_BYTES: usize = 2_048;

/// Sizes of the pieces that the socket gives (their number in a byte, then each in a byte), then the stream.
pub fn framing(data: &[u8]) {
    let Some((&count, rest)) = data.split_first() else { return };
    let (cuts, stream) = rest.split_at(usize::from(count).min(rest.len()));
    let (whole, end) = take(&[stream]);
    let mut pieces = Vec::new();
    let mut left = stream;
    for cut in cuts {
        let (piece, rest) = left.split_at(usize::from(*cut).min(left.len()));
        pieces.push(piece);
        left = rest;
    }
    pieces.push(left);
    assert_eq!(take(&pieces), (whole.clone(), end), "cuts make no difference");

    let mut again = BytesMut::new();
    for datagram in &whole {
        assert!(datagram.len() <= MAX_FRAME_BYTES);
        assert!(frame(datagram, &mut again));
    }
    assert!(stream.starts_with(&again), "what came out is what was in");
    let left = &stream[again.len()..];
    match end {
        Some(FrameError::TooLarge(bytes)) => {
            assert!(bytes > MAX_FRAME_BYTES);
            assert_eq!(left[..2], (bytes as u16).to_be_bytes());
        }
        None => assert!(left.len() < 2 + MAX_FRAME_BYTES, "what waits is less than a frame"),
    }
}

fn take(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let mut deframer = Deframer::default();
    let mut frames = Vec::new();
    for piece in pieces {
        deframer.push(piece);
        loop {
            match deframer.next_frame() {
                Ok(Some(frame)) => frames.push(frame.to_vec()),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}
