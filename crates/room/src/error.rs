//! Why a request was refused.

/// Why a request was refused. The text is for the client's developer, or for the person in front of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// The room has as many participants as its limit allows.
    #[error("the room is full: {limit} participants are the limit")]
    RoomFull {
        /// The limit.
        limit: usize,
    },
    /// The node has as many rooms as its limit allows.
    #[error("this server has as many rooms as it may: {limit}; try again later or use another server")]
    TooManyRooms {
        /// The limit.
        limit: usize,
    },
    /// A value is outside its range.
    #[error("{0}")]
    InvalidValue(String),
    /// The request is known but not allowed now.
    #[error("{0}")]
    WrongOrder(&'static str),
    /// The track, mid or participant does not exist (any more).
    #[error("{0}")]
    NotFound(String),
    /// The resume token is not known or too old.
    #[error("the resume token is not known or older than 30 s: join without `resume`")]
    ResumeExpired,
    /// The participant's permissions do not include this.
    #[error("{0}")]
    NotAllowed(String),
    /// Nobody is there, and the participant may not be the first.
    #[error(
        "the room does not exist, and creating it is not allowed: wait until somebody is there, or ask for a token with \
         the grant `create`"
    )]
    NoSuchRoom,
    /// The offer's `tracks` do not fit its sections.
    #[error("{0}")]
    OfferRejected(String),
}

/// A socket without a participant asked for something.
pub(crate) const NOT_JOINED: RoomError = RoomError::WrongOrder("send `join` first");
