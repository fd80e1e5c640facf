//! Who is here and who sees what: membership, tracks, views, assignments, active speakers.
//!
//! [`Rooms`] is every room of one node as one state machine. The caller tells it what happened (`handle_*`, with the
//! time), asks when to come back (`poll_timeout`), and drains what follows from it (`poll_output`): notices for
//! sockets and commands for the media plane. It never sees a socket or a peer.
//!
//! First ring: no thread, no socket, no clock, no lock.

mod announce;
mod arrange;
pub mod assign;
mod config;
mod context;
mod error;
mod events;
mod expiry;
mod ids;
mod joining;
mod liveness;
mod names;
mod notice;
mod offers;
mod participant;
mod permissions;
mod publish;
mod request;
mod requests;
mod room;
mod rooms;
mod slots;
mod speaker;
mod timers;

pub use config::Config;
pub use error::RoomError;
pub use notice::{
    CloseReason, Notice, ParticipantInfo, ParticipantState, RoomOutput, SlotInfo, SlotShown, SocketId,
    Speaker, TrackInfo, Welcome,
};
pub use permissions::Permissions;
pub use request::{Credentials, Join, OfferStep, OfferedTrack, Page, Tile, View};
pub use rooms::{Rooms, Seat};
