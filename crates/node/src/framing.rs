//! RFC 4571 framing: each datagram on a TCP connection is preceded by its length, 16 bits, big endian.

use bytes::{Buf, BytesMut};

/// Largest frame accepted from a client, in bytes. ICE, DTLS and SRTP keep to the path MTU; a larger frame is
/// not WebRTC.
const MAX_FRAME_BYTES: usize = 2_048;

/// Why a TCP connection cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length field is larger than any datagram of ours.
    #[error("a frame of {0} bytes; datagrams over TCP have at most {MAX_FRAME_BYTES}")]
    TooLarge(usize),
}

/// Takes frames out of a byte stream.
#[derive(Debug, Default)]
pub struct Deframer {
    buffer: BytesMut,
}

impl Deframer {
    /// Adds what the socket gave.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, if one is there.
    ///
    /// # Errors
    /// When the stream is not framed datagrams; the connection should close.
    pub fn next_frame(&mut self) -> Result<Option<BytesMut>, FrameError> {
        let Some(header) = self.buffer.first_chunk::<2>() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes(*header));
        if length > MAX_FRAME_BYTES {
            return Err(FrameError::TooLarge(length));
        }
        if self.buffer.len() < 2 + length {
            return Ok(None);
        }
        self.buffer.advance(2);
        Ok(Some(self.buffer.split_to(length)))
    }
}

/// Appends one framed datagram; returns whether it fits the length field.
pub fn frame(datagram: &[u8], out: &mut BytesMut) -> bool {
    let Ok(length) = u16::try_from(datagram.len()) else {
        return false;
    };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(datagram);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_oversized_frame_ends_the_connection_before_it_is_buffered() {
        let mut deframer = Deframer::default();
        deframer.push(&[0xff, 0xff, 1]);
        assert_eq!(deframer.next_frame(), Err(FrameError::TooLarge(65_535)));
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in_however_the_stream_is_cut(
            datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
            cut in 1usize..64,
        ) {
            let mut stream = BytesMut::new();
            for datagram in &datagrams {
                prop_assert!(frame(datagram, &mut stream));
            }
            let mut deframer = Deframer::default();
            let mut out = Vec::new();
            for piece in stream.chunks(cut) {
                deframer.push(piece);
                while let Some(datagram) = deframer.next_frame().unwrap() {
                    out.push(datagram.to_vec());
                }
            }
            prop_assert_eq!(out, datagrams);
        }
    }
}
