//! One PeerConnection: SDP policy, interceptors, address choice, data channels.
//!
//! First ring: no thread, no socket, no clock, no lock. The rest of the server sees a peer through
//! [`Peer`]; the implementation on `rtc` stays behind it, so that a simulation can run a router with peers
//! that have no cryptography.

pub mod api;
mod channels;
pub mod config;
mod connection;
mod control;
mod egress;
pub mod factory;
mod feedback;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod handshake;
mod header;
mod lateness;
mod loss;
pub mod missing;
mod padding;
mod paths;
pub mod peer;
mod probe;
mod receive;
mod repairs;
mod sdp;
mod send;
mod slot;
pub mod srtp;
mod streams;
mod stun;
mod transport_cc;

pub use api::*;
pub use config::{PeerConfig, SrtpProfiles};
pub use factory::{FactoryError, PeerFactory};
pub use missing::Missing;
pub use peer::RtcPeer;
pub use repairs::Repairs;
