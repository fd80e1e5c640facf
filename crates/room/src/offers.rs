//! Offers, and the peers that answer them.

use crate::RoomError;
use crate::context::Context;
use crate::liveness::PeerState;
use crate::notice::Notice;
use crate::participant::{Participant, PendingOffer};
use crate::request::{OfferStep, OfferedTrack};
use crate::room::Room;
use media::ParticipantId;
use media::plane::{MediaCommand, PublishSection, Sections};
use std::time::Instant;

impl Room {
    pub(crate) fn handle_offer(
        &mut self,
        cx: &mut Context,
        id: ParticipantId,
        request: u64,
        sdp: String,
        tracks: Vec<OfferedTrack>,
    ) -> Result<OfferStep, RoomError> {
        let room = self.id;
        let me = self.participant(id)?;
        if me.pending_offer.is_some() {
            return Err(RoomError::WrongOrder(
                "an offer is being answered: wait for `answer` before the next",
            ));
        }
        check_offered(me, &tracks)?;
        if matches!(me.liveness.peer(), PeerState::None | PeerState::Failed) {
            me.pending_offer = Some(PendingOffer::Building(tracks));
            return Ok(OfferStep::BuildPeer {
                participant: id,
                room,
            });
        }
        me.pending_offer = Some(PendingOffer::Forwarded { request, tracks });
        cx.command(
            room,
            MediaCommand::Offer {
                participant: id,
                request,
                sdp,
            },
        );
        Ok(OfferStep::Forwarded)
    }

    pub(crate) fn handle_peer_built(
        &mut self,
        now: Instant,
        cx: &mut Context,
        id: ParticipantId,
        sections: Sections,
    ) -> Result<(), RoomError> {
        let me = self.participant(id)?;
        let Some(PendingOffer::Building(tracks)) = me.pending_offer.take() else {
            return Err(RoomError::WrongOrder(
                "no offer of this participant is being answered",
            ));
        };
        for track in &tracks {
            check_section(&sections.publish, track)?;
        }
        me.offered = tracks;
        me.slots.update(&sections);
        me.sections = sections.publish;
        me.liveness.handle_peer_added(now);
        let free = me.permissions.data && me.permissions.subscribe;
        self.refresh_state(now, id);
        if !free {
            self.permit(cx, id);
        }
        self.arrange(cx, id);
        Ok(())
    }

    pub(crate) fn handle_peer_refused(&mut self, id: ParticipantId) {
        if let Some(me) = self.participants.get_mut(&id)
            && matches!(me.pending_offer, Some(PendingOffer::Building(_)))
        {
            me.pending_offer = None;
        }
    }

    /// The peer answered a later offer.
    pub(crate) fn handle_answer(
        &mut self,
        cx: &mut Context,
        id: ParticipantId,
        request: u64,
        result: Result<(String, Sections), String>,
    ) {
        let Some(me) = self.participants.get_mut(&id) else {
            return;
        };
        let tracks = match me.pending_offer.take() {
            Some(PendingOffer::Forwarded {
                request: pending,
                tracks,
            }) if pending == request => tracks,
            // The answer to an offer of a peer before this one.
            other => {
                me.pending_offer = other;
                return;
            }
        };
        let result = result.map(|(sdp, sections)| {
            // The peer has accepted the offer by now. Tracks that do not fit are left out, and `publish` will say so.
            let fitting = tracks
                .into_iter()
                .filter(|track| check_section(&sections.publish, track).is_ok());
            for track in fitting {
                if !me.offered.contains(&track) {
                    me.offered.push(track);
                }
            }
            me.slots.update(&sections);
            me.sections = sections.publish;
            sdp
        });
        let accepted = result.is_ok();
        cx.notify(me.socket, Notice::Answer { request, result });
        if accepted {
            self.arrange(cx, id);
        }
    }
}

/// Whether the tracks of an offer contradict each other or those of an offer before.
fn check_offered(me: &Participant, tracks: &[OfferedTrack]) -> Result<(), RoomError> {
    let peer_lives = !matches!(me.liveness.peer(), PeerState::None | PeerState::Failed);
    let former = if peer_lives { me.offered.as_slice() } else { &[] };
    for (i, track) in tracks.iter().enumerate() {
        let before = former.iter().chain(tracks.iter().take(i));
        let clash = before
            .clone()
            .find(|other| (other.mid == track.mid) != (other.source == track.source));
        let twice = tracks.iter().take(i).any(|other| other == track);
        if clash.is_some() || twice {
            return Err(RoomError::OfferRejected(format!(
                "tracks: mid {:?} as {:?} contradicts another entry; each mid and each source stands once, and keeps its \
                 meaning in later offers",
                track.mid, track.source
            )));
        }
    }
    Ok(())
}

/// Whether there is a sendonly section for the track, of its kind.
fn check_section(sections: &[PublishSection], track: &OfferedTrack) -> Result<(), RoomError> {
    let Some(section) = sections.iter().find(|section| section.mid == track.mid) else {
        return Err(RoomError::OfferRejected(format!(
            "tracks: the offer has no sendonly section with mid {:?}",
            track.mid
        )));
    };
    if section.kind != track.source.kind() {
        return Err(RoomError::OfferRejected(format!(
            "tracks: mid {:?} is a section of kind {:?}, which cannot carry {:?}",
            track.mid, section.kind, track.source
        )));
    }
    Ok(())
}
