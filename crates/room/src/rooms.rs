//! Every room of the node.

use crate::{
    Config, Join, OfferStep, OfferedTrack, Page, RoomError, RoomOutput, SocketId, TrackInfo, View, Welcome,
};
use media::plane::{MediaEvent, Sections};
use media::{LayerInfo, ParticipantId, TrackId};
use std::time::Instant;

/// Every room of the node.
#[derive(Debug)]
pub struct Rooms {
    config: Config,
}

const NOT_JOINED: RoomError = RoomError::WrongOrder("send `join` first");

#[allow(unused_variables, clippy::needless_pass_by_value)]
impl Rooms {
    /// No rooms yet. `seed` must be unpredictable outside of tests: resume tokens come from it.
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        Self { config }
    }

    /// A client joins; its room is created when it is the first.
    ///
    /// # Errors
    /// `InvalidValue` for a name or metadata out of range, `RoomFull`, `TooManyRooms`, and `WrongOrder` when the
    /// socket has joined already and its media did not fail.
    pub fn handle_join(&mut self, now: Instant, socket: SocketId, join: Join) -> Result<Welcome, RoomError> {
        Err(NOT_JOINED)
    }

    /// A client takes up its participant on a new socket. A former socket that is still open gets
    /// `Closed(Replaced)`.
    ///
    /// # Errors
    /// `ResumeExpired` when the token is unknown or its participant has left.
    pub fn handle_resume(
        &mut self,
        now: Instant,
        socket: SocketId,
        token: &str,
    ) -> Result<Welcome, RoomError> {
        Err(NOT_JOINED)
    }

    /// An offer arrived. `request` comes back in `Notice::Answer` when the offer is forwarded.
    ///
    /// # Errors
    /// `WrongOrder` before the join or while an offer is being answered, `OfferRejected` when `tracks` contradict
    /// themselves.
    pub fn handle_offer(
        &mut self,
        now: Instant,
        socket: SocketId,
        request: u64,
        sdp: String,
        tracks: Vec<OfferedTrack>,
    ) -> Result<OfferStep, RoomError> {
        Err(NOT_JOINED)
    }

    /// The peer asked for by `OfferStep::BuildPeer` was built. On `Ok` hand it to the worker *before* draining
    /// [`poll_output`](Self::poll_output); on `Err` drop it.
    ///
    /// # Errors
    /// `NotFound` when the participant left meanwhile, `OfferRejected` when the offer's tracks do not fit the sections.
    pub fn handle_peer_built(
        &mut self,
        now: Instant,
        participant: ParticipantId,
        sections: Sections,
    ) -> Result<(), RoomError> {
        Err(NOT_JOINED)
    }

    /// The peer asked for by `OfferStep::BuildPeer` could not be built; the client may send another offer.
    pub fn handle_peer_refused(&mut self, now: Instant, participant: ParticipantId) {}

    /// A section starts to carry a track; again for the same mid: the layers and the mute mark are updated.
    ///
    /// # Errors
    /// `WrongOrder` before an offer was answered, `NotFound` for an unknown mid, `InvalidValue` for layers that are not
    /// the section's.
    pub fn handle_publish(
        &mut self,
        now: Instant,
        socket: SocketId,
        mid: &str,
        layers: Vec<LayerInfo>,
        muted: bool,
    ) -> Result<TrackInfo, RoomError> {
        Err(NOT_JOINED)
    }

    /// The section's track is over; harmless when there is none.
    ///
    /// # Errors
    /// `WrongOrder` before the join, `NotFound` for an unknown mid.
    pub fn handle_unpublish(&mut self, now: Instant, socket: SocketId, mid: &str) -> Result<(), RoomError> {
        Err(NOT_JOINED)
    }

    /// What the client shows now; replaces the view before.
    ///
    /// # Errors
    /// `WrongOrder` before the join, `InvalidValue` for too many tiles or a tile that is neither camera nor screen.
    pub fn handle_view(&mut self, now: Instant, socket: SocketId, view: View) -> Result<(), RoomError> {
        Err(NOT_JOINED)
    }

    /// Mutes or unmutes an own track.
    ///
    /// # Errors
    /// `WrongOrder` before the join, `NotFound` when the track is not the client's own.
    pub fn handle_mute(
        &mut self,
        now: Instant,
        socket: SocketId,
        track: TrackId,
        muted: bool,
    ) -> Result<(), RoomError> {
        Err(NOT_JOINED)
    }

    /// Changes the own name or metadata.
    ///
    /// # Errors
    /// `WrongOrder` before the join, `InvalidValue` for a value out of range.
    pub fn handle_update(
        &mut self,
        now: Instant,
        socket: SocketId,
        name: Option<&str>,
        metadata: Option<&str>,
    ) -> Result<(), RoomError> {
        Err(NOT_JOINED)
    }

    /// A page of the list of the others, in order of joining.
    ///
    /// # Errors
    /// `WrongOrder` before the join, `InvalidValue` when `limit` is 0 or above 100.
    pub fn handle_participants(
        &mut self,
        socket: SocketId,
        offset: u32,
        limit: u32,
    ) -> Result<Page, RoomError> {
        Err(NOT_JOINED)
    }

    /// The client leaves now.
    ///
    /// # Errors
    /// `WrongOrder` before the join.
    pub fn handle_leave(&mut self, now: Instant, socket: SocketId) -> Result<(), RoomError> {
        Err(NOT_JOINED)
    }

    /// The socket is gone without `leave`; its participant can be resumed. Harmless for a socket that never joined,
    /// was replaced or has left.
    pub fn handle_socket_closed(&mut self, now: Instant, socket: SocketId) {}

    /// Something happened in the media plane.
    pub fn handle_media_event(&mut self, now: Instant, event: MediaEvent) {}

    /// The server goes down: everybody leaves, every socket is told `Closed(ShuttingDown)`.
    pub fn handle_shutdown(&mut self, now: Instant) {}

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {}

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; may be in the past: call it at once.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The next piece of work; drain it after every `handle_*`.
    pub fn poll_output(&mut self) -> Option<RoomOutput> {
        None
    }

    /// Rooms now.
    pub fn room_count(&self) -> usize {
        0
    }

    /// Participants in all rooms now.
    pub fn participant_count(&self) -> usize {
        0
    }

    /// Tracks in all rooms now.
    pub fn track_count(&self) -> usize {
        0
    }
}
