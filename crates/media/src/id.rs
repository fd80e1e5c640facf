//! Ids: small numbers inside, prefixed hexadecimal words on the wire.

use std::fmt;
use std::str::FromStr;

/// An id that could not be read, with the form it should have had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}XXXXXXXX (eight hexadecimal digits): {text:?}")]
pub struct IdError {
    prefix: &'static str,
    text: String,
}

macro_rules! wire_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:08x}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let error = || IdError { prefix: $prefix, text: text.chars().take(32).collect() };
                let digits = text.strip_prefix($prefix).ok_or_else(error)?;
                // `from_str_radix` alone would accept a sign and any length.
                if digits.len() != 8 || !digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                    return Err(error());
                }
                u32::from_str_radix(digits, 16).map(Self).map_err(|_| error())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

wire_id!(
    /// One person or program in a room; unique on the node. On the wire `p_0a1b2c3d`.
    ParticipantId,
    "p_"
);
wire_id!(
    /// One published track; unique on the node, never 0, and the CSRC of every packet forwarded from it
    /// (RFC 3550 §5.1). On the wire `t_0a1b2c3d`.
    TrackId,
    "t_"
);

/// One room on this node; never sent to clients, who know rooms by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u32);

/// One worker of this node, counted from 0; never sent to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u16);

/// Position of an m-line in a participant's SDP, counted from 0. Never changes for the life of the
/// PeerConnection (RFC 8829 §5.2.2 forbids removing m-lines), so it names a slot or a publish section
/// without a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MLineIndex(pub u16);

/// Position of a layer among a track's layers, lowest quality first, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LayerIndex(pub u8);

/// Most layers a track can have: three simulcast encodings.
pub const MAX_LAYERS: usize = 3;
