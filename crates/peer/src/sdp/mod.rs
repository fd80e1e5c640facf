//! The SDP policy: what an offer must look like, what it negotiates, and the answer.
//!
//! `rtc` sees none of the media sections. It negotiates one data-channel section, which brings ICE, DTLS and
//! SCTP ([`transport`]); SRTP needs no section, and everything about media is decided here, so that
//! an answer costs microseconds instead of milliseconds and no offer can disturb what was negotiated before.

pub(crate) mod answer;
pub(crate) mod codecs;
pub(crate) mod extensions;
pub(crate) mod formats;
pub(crate) mod offer;
pub(crate) mod session;
pub(crate) mod transport;
