//! Requests of clients that have joined, and events of the media plane: each finds its room.

use crate::config::{PAGE_MAX, TILES_MAX};
use crate::error::NOT_JOINED;
use crate::notice::{SocketId, TrackInfo};
use crate::request::{OfferStep, OfferedTrack, Page, View};
use crate::{RoomError, Rooms, names};
use media::plane::Sections;
use media::{LayerInfo, ParticipantId, Source, TrackId};
use std::time::Instant;

impl Rooms {
    /// An offer arrived. `request` comes back in `Notice::Answer` when the offer is forwarded.
    ///
    /// # Errors
    /// `WrongOrder` before the join or while an offer is being answered, `OfferRejected` when `tracks` contradict
    /// themselves.
    pub fn handle_offer(
        &mut self,
        _now: Instant,
        socket: SocketId,
        request: u64,
        sdp: String,
        tracks: Vec<OfferedTrack>,
    ) -> Result<OfferStep, RoomError> {
        let id = self.seat(socket)?;
        self.with_participant(id, |room, cx| room.handle_offer(cx, id, request, sdp, tracks))
            .ok_or(NOT_JOINED)?
    }

    /// The peer asked for by `OfferStep::BuildPeer` was built. On `Ok` hand it to the worker and send `answer` to the
    /// client *before* draining [`poll_output`](Self::poll_output); on `Err` drop it.
    ///
    /// # Errors
    /// `NotFound` when the participant left meanwhile, `OfferRejected` when the offer's tracks do not fit the sections.
    pub fn handle_peer_built(
        &mut self,
        now: Instant,
        participant: ParticipantId,
        sections: Sections,
    ) -> Result<(), RoomError> {
        self.with_participant(participant, |room, cx| {
            room.handle_peer_built(now, cx, participant, sections)
        })
        .ok_or_else(|| RoomError::NotFound(format!("participant {participant} has left")))?
    }

    /// The peer asked for by `OfferStep::BuildPeer` could not be built; the client may send another offer.
    pub fn handle_peer_refused(&mut self, _now: Instant, participant: ParticipantId) {
        self.with_participant(participant, |room, _| room.handle_peer_refused(participant));
    }

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
        let id = self.seat(socket)?;
        self.with_participant(id, |room, cx| {
            room.handle_publish(now, cx, id, mid, layers, muted)
        })
        .ok_or(NOT_JOINED)?
    }

    /// The section's track is over; harmless when there is none.
    ///
    /// # Errors
    /// `WrongOrder` before the join or an answered offer, `NotFound` for an unknown mid.
    pub fn handle_unpublish(&mut self, now: Instant, socket: SocketId, mid: &str) -> Result<(), RoomError> {
        let id = self.seat(socket)?;
        self.with_participant(id, |room, cx| room.handle_unpublish(now, cx, id, mid))
            .ok_or(NOT_JOINED)?
    }

    /// What the client shows now; replaces the view before. Tiles of unknown participants and of the client itself are
    /// skipped: they may have left a moment ago, and layouts often include oneself.
    ///
    /// # Errors
    /// `WrongOrder` before the join, `InvalidValue` for too many tiles or a tile that is neither camera nor screen.
    pub fn handle_view(&mut self, _now: Instant, socket: SocketId, view: View) -> Result<(), RoomError> {
        let id = self.seat(socket)?;
        if view.tiles.len() > TILES_MAX {
            let count = view.tiles.len();
            return Err(RoomError::InvalidValue(format!(
                "tiles: {count} are given; at most {TILES_MAX} are allowed"
            )));
        }
        if view
            .tiles
            .iter()
            .any(|tile| !matches!(tile.source, Source::Camera | Source::Screen))
        {
            return Err(RoomError::InvalidValue(
                "tiles: source must be `camera` or `screen`; the sound comes along".into(),
            ));
        }
        self.with_participant(id, |room, cx| {
            room.participant(id)?.view = Some(view);
            room.arrange(cx, id);
            Ok(())
        })
        .ok_or(NOT_JOINED)?
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
        let id = self.seat(socket)?;
        self.with_participant(id, |room, cx| room.handle_mute(now, cx, id, track, muted))
            .ok_or(NOT_JOINED)?
    }

    /// Changes the own name or metadata.
    ///
    /// # Errors
    /// `WrongOrder` before the join, `InvalidValue` for a value out of range, `NotAllowed` for another name than the one
    /// that was vouched for; then neither is changed.
    pub fn handle_update(
        &mut self,
        now: Instant,
        socket: SocketId,
        name: Option<&str>,
        metadata: Option<&str>,
    ) -> Result<(), RoomError> {
        let id = self.seat(socket)?;
        let name = name.map(names::display_name).transpose()?;
        let metadata = metadata.map(names::metadata).transpose()?;
        self.with_participant(id, |room, _| {
            let me = room.participant(id)?;
            if me.fixed_name && name.as_ref().is_some_and(|name| *name != me.name) {
                return Err(RoomError::NotAllowed(
                    "the access token gives the name: ask for one with another name, and join anew".into(),
                ));
            }
            let former = (me.name.clone(), me.metadata.clone());
            me.name = name.unwrap_or_else(|| former.0.clone());
            me.metadata = metadata.or_else(|| former.1.clone());
            if (&me.name, &me.metadata) != (&former.0, &former.1) {
                room.touch(now, id);
            }
            Ok(())
        })
        .ok_or(NOT_JOINED)?
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
        let id = self.seat(socket)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(RoomError::InvalidValue(format!("limit: must be 1 to {PAGE_MAX}")));
        }
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        self.with_participant(id, |room, _| room.page(id, offset, limit))
            .flatten()
            .ok_or(NOT_JOINED)
    }
}
