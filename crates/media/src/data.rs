//! The envelope of data-channel messages; integers are big-endian.
//!
//! ```text
//! client → server   version=1 (u8) · n (u8) · n × recipient (u32) · topic length (u8) · topic · payload
//! server → client   version=1 (u8) · sender (u32) · topic length (u8) · topic · payload
//! ```
//! No recipients: everybody else in the room. A participant's number is that of its id.

use crate::id::ParticipantId;
use bytes::{BufMut, Bytes, BytesMut};

/// The version both directions start with.
pub const VERSION: u8 = 1;
/// Largest message, envelope included, in bytes: what every browser sends in one piece.
pub const MAX_MESSAGE: usize = 16 * 1024;
/// Largest message to a client, in bytes: the sender's number takes three more than an empty list.
pub const MAX_RELAYED: usize = MAX_MESSAGE + 3;
/// Most recipients one message can name; more is the room.
pub const MAX_RECIPIENTS: usize = 255;
/// Longest topic in bytes of UTF-8.
pub const MAX_TOPIC: usize = 255;

/// Why a message is not relayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Over [`MAX_MESSAGE`] (or, towards a client, [`MAX_RELAYED`]).
    #[error("message of {0} bytes, at most {MAX_MESSAGE} are accepted")]
    TooLarge(usize),
    /// Another version, or an empty message.
    #[error("the envelope is not of version {VERSION}")]
    Version,
    /// Ends within the envelope.
    #[error("the message ends within its envelope")]
    Truncated,
    /// The topic is not text.
    #[error("the topic is not UTF-8")]
    Topic,
    /// Over [`MAX_RECIPIENTS`] or [`MAX_TOPIC`].
    #[error("more than {MAX_RECIPIENTS} recipients or a topic of more than {MAX_TOPIC} bytes")]
    Field,
}

/// A message as a client sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToServer<'a> {
    /// For whom; empty for the room.
    pub recipients: Vec<ParticipantId>,
    /// What it is about, for the receiving application.
    pub topic: &'a str,
    /// The application's bytes.
    pub payload: &'a [u8],
}

impl<'a> ToServer<'a> {
    /// Read a client's message.
    ///
    /// # Errors
    /// When it is too large or malformed.
    pub fn decode(message: &'a [u8]) -> Result<ToServer<'a>, EnvelopeError> {
        let rest = open(message, MAX_MESSAGE)?;
        let (&count, rest) = rest.split_first().ok_or(EnvelopeError::Truncated)?;
        let (numbers, rest) = split(rest, usize::from(count) * 4)?;
        let (numbers, _) = numbers.as_chunks::<4>();
        let recipients = numbers
            .iter()
            .map(|number| ParticipantId(u32::from_be_bytes(*number)))
            .collect();
        let (topic, payload) = split_topic(rest)?;
        Ok(ToServer {
            recipients,
            topic,
            payload,
        })
    }

    /// Write a client's message.
    ///
    /// # Errors
    /// When a field or the whole is too large.
    pub fn encode(&self) -> Result<Bytes, EnvelopeError> {
        let count = u8::try_from(self.recipients.len()).map_err(|_| EnvelopeError::Field)?;
        let mut out =
            BytesMut::with_capacity(3 + 4 * self.recipients.len() + self.topic.len() + self.payload.len());
        out.put_u8(VERSION);
        out.put_u8(count);
        for recipient in &self.recipients {
            out.put_u32(recipient.0);
        }
        close(out, self.topic, self.payload, MAX_MESSAGE)
    }
}

/// A message as the server passes it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToClient<'a> {
    /// From whom.
    pub sender: ParticipantId,
    /// What it is about.
    pub topic: &'a str,
    /// The application's bytes.
    pub payload: &'a [u8],
}

impl<'a> ToClient<'a> {
    /// Read a message from the server.
    ///
    /// # Errors
    /// When it is too large or malformed.
    pub fn decode(message: &'a [u8]) -> Result<ToClient<'a>, EnvelopeError> {
        let (sender, rest) = open(message, MAX_RELAYED)?
            .split_first_chunk::<4>()
            .ok_or(EnvelopeError::Truncated)?;
        let (topic, payload) = split_topic(rest)?;
        Ok(ToClient {
            sender: ParticipantId(u32::from_be_bytes(*sender)),
            topic,
            payload,
        })
    }

    /// Write a message to a client, of at most [`MAX_RELAYED`] bytes.
    ///
    /// # Errors
    /// When a field or the whole is too large.
    pub fn encode(&self) -> Result<Bytes, EnvelopeError> {
        let mut out = BytesMut::with_capacity(6 + self.topic.len() + self.payload.len());
        out.put_u8(VERSION);
        out.put_u32(self.sender.0);
        close(out, self.topic, self.payload, MAX_RELAYED)
    }
}

fn open(message: &[u8], limit: usize) -> Result<&[u8], EnvelopeError> {
    if message.len() > limit {
        return Err(EnvelopeError::TooLarge(message.len()));
    }
    match message.split_first() {
        Some((&VERSION, rest)) => Ok(rest),
        _ => Err(EnvelopeError::Version),
    }
}

fn split(bytes: &[u8], at: usize) -> Result<(&[u8], &[u8]), EnvelopeError> {
    bytes.split_at_checked(at).ok_or(EnvelopeError::Truncated)
}

fn split_topic(bytes: &[u8]) -> Result<(&str, &[u8]), EnvelopeError> {
    let (&length, rest) = bytes.split_first().ok_or(EnvelopeError::Truncated)?;
    let (topic, payload) = split(rest, usize::from(length))?;
    Ok((
        std::str::from_utf8(topic).map_err(|_| EnvelopeError::Topic)?,
        payload,
    ))
}

fn close(mut out: BytesMut, topic: &str, payload: &[u8], limit: usize) -> Result<Bytes, EnvelopeError> {
    out.put_u8(u8::try_from(topic.len()).map_err(|_| EnvelopeError::Field)?);
    out.put_slice(topic.as_bytes());
    out.put_slice(payload);
    if out.len() > limit {
        return Err(EnvelopeError::TooLarge(out.len()));
    }
    Ok(out.freeze())
}
