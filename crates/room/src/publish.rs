//! Offers and what is published on them.

use crate::RoomError;
use crate::context::Context;
use crate::liveness::PeerState;
use crate::notice::{Notice, TrackInfo};
use crate::participant::{Participant, PendingOffer, Track};
use crate::request::{OfferStep, OfferedTrack};
use crate::room::Room;
use media::id::MAX_LAYERS;
use media::plane::{MediaCommand, PublishSection, Sections};
use media::{Bitrate, Kind, LayerInfo, ParticipantId, TrackId};
use std::time::Instant;

/// Height of the highest layer when the publisher does not say, in pixels. Each layer below has half of it.
const DEFAULT_TOP_HEIGHT: u16 = 720;

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
        self.refresh_state(now, id);
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

    pub(crate) fn handle_publish(
        &mut self,
        now: Instant,
        cx: &mut Context,
        id: ParticipantId,
        mid: &str,
        layers: Vec<LayerInfo>,
        muted: bool,
    ) -> Result<TrackInfo, RoomError> {
        let room = self.id;
        let me = self.participant(id)?;
        let (source, section) = find_section(me, mid)?;
        let mline = section.mline;
        let layers = check_layers(section, layers)?;
        let former = me.tracks.iter().find(|track| track.source == source);
        if let Some(same) = former.filter(|track| track.layers == layers && track.muted == muted) {
            return Ok(same.info());
        }
        let is_new = former.is_none();
        if is_new {
            let id_of_track = cx.fresh_track(room);
            me.tracks.push(Track {
                id: id_of_track,
                source,
                layers: Vec::new(),
                muted: false,
                wanted: None,
            });
            self.owners.insert(id_of_track, id);
        }
        let me = self.participant(id)?;
        // It is there: found or added above.
        let Some(track) = me.tracks.iter_mut().find(|track| track.source == source) else {
            return Err(RoomError::NotFound(format!("mid {mid:?} carries no track")));
        };
        track.layers.clone_from(&layers);
        let was_muted = std::mem::replace(&mut track.muted, muted);
        let info = track.info();
        cx.command(
            room,
            MediaCommand::Publish {
                participant: id,
                mline,
                track: info.id,
                source,
                layers,
            },
        );
        if was_muted != muted {
            cx.command(
                room,
                MediaCommand::Mute {
                    track: info.id,
                    muted,
                },
            );
            self.mark_carriers(cx, info.id);
        }
        self.touch(now, id);
        if is_new {
            self.rearrange_soon(now);
        }
        Ok(info)
    }

    pub(crate) fn handle_unpublish(
        &mut self,
        now: Instant,
        cx: &mut Context,
        id: ParticipantId,
        mid: &str,
    ) -> Result<(), RoomError> {
        let me = self.participant(id)?;
        let (source, _) = find_section(me, mid)?;
        let Some(i) = me.tracks.iter().position(|track| track.source == source) else {
            return Ok(());
        };
        let track = me.tracks.remove(i);
        self.track_is_over(now, cx, track.id, true);
        if track.source == media::Source::Microphone {
            self.forget_audible(cx, id);
        }
        self.touch(now, id);
        Ok(())
    }

    pub(crate) fn handle_mute(
        &mut self,
        now: Instant,
        cx: &mut Context,
        id: ParticipantId,
        track: TrackId,
        muted: bool,
    ) -> Result<(), RoomError> {
        let room = self.id;
        let me = self.participant(id)?;
        let Some(mine) = me.tracks.iter_mut().find(|mine| mine.id == track) else {
            return Err(RoomError::NotFound(format!("track {track} is not one of yours")));
        };
        if std::mem::replace(&mut mine.muted, muted) == muted {
            return Ok(());
        }
        let is_microphone = mine.source == media::Source::Microphone;
        cx.command(room, MediaCommand::Mute { track, muted });
        if muted && is_microphone {
            self.forget_audible(cx, id);
        }
        self.mark_carriers(cx, track);
        self.touch(now, id);
        Ok(())
    }

    /// Slots that carry the track may look different now.
    fn mark_carriers(&self, cx: &mut Context, track: TrackId) {
        let carriers = self
            .participants
            .values()
            .filter(|other| other.slots.carries(track));
        cx.dirty_slots.extend(carriers.map(|other| (self.id, other.id)));
    }

    pub(crate) fn participant(&mut self, id: ParticipantId) -> Result<&mut Participant, RoomError> {
        let gone = || RoomError::NotFound(format!("participant {id} has left"));
        self.participants.get_mut(&id).ok_or_else(gone)
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

/// The section of a mid, and what it is for.
fn find_section<'a>(
    me: &'a Participant,
    mid: &str,
) -> Result<(media::Source, &'a PublishSection), RoomError> {
    if me.sections.is_empty() && me.offered.is_empty() && me.liveness.peer() == PeerState::None {
        return Err(RoomError::WrongOrder(
            "send `offer` and wait for its answer before you publish",
        ));
    }
    let missing = || {
        let shown: String = mid.chars().take(32).collect();
        RoomError::NotFound(format!("mid {shown:?} was not named in `offer.tracks`"))
    };
    let offered = me
        .offered
        .iter()
        .find(|offered| offered.mid == mid)
        .ok_or_else(missing)?;
    let section = me
        .sections
        .iter()
        .find(|section| section.mid == mid)
        .ok_or_else(missing)?;
    Ok((offered.source, section))
}

/// The layers of a track as the media plane wants them, from what the publisher said of them.
fn check_layers(section: &PublishSection, layers: Vec<LayerInfo>) -> Result<Vec<LayerInfo>, RoomError> {
    let invalid = |what: String| Err(RoomError::InvalidValue(format!("layers: {what}")));
    if section.kind == Kind::Audio {
        return if layers.is_empty() {
            Ok(layers)
        } else {
            invalid("an audio track has none".into())
        };
    }
    if layers.is_empty() {
        return Ok(default_layers(&section.rids));
    }
    if layers.len() > MAX_LAYERS {
        return invalid(format!(
            "{} are given; at most {MAX_LAYERS} are possible",
            layers.len()
        ));
    }
    for (i, layer) in layers.iter().enumerate() {
        let known = if section.rids.is_empty() {
            layer.rid.is_empty()
        } else {
            section.rids.contains(&layer.rid)
        };
        if !known {
            let shown: String = layer.rid.chars().take(32).collect();
            return invalid(format!(
                "rid {shown:?} is not in the section, which has {:?}",
                section.rids
            ));
        }
        let before = layers.iter().take(i);
        if before.clone().any(|other| other.rid == layer.rid) {
            return invalid(format!("rid {:?} stands twice", layer.rid));
        }
        if before.clone().any(|other| other.height > layer.height) {
            return invalid("heights must not fall: give the lowest quality first".into());
        }
    }
    Ok(layers)
}

/// Layers of a publisher that says nothing of them.
fn default_layers(rids: &[String]) -> Vec<LayerInfo> {
    if rids.is_empty() {
        return vec![LayerInfo {
            rid: String::new(),
            height: DEFAULT_TOP_HEIGHT,
            max_bitrate: Bitrate(0),
        }];
    }
    let count = rids.len().min(MAX_LAYERS);
    let below_top = |i: usize| u32::try_from(count - 1 - i).unwrap_or(0);
    let layer = |(i, rid): (usize, &String)| LayerInfo {
        rid: rid.clone(),
        height: DEFAULT_TOP_HEIGHT >> below_top(i),
        max_bitrate: Bitrate(0),
    };
    rids.iter().take(count).enumerate().map(layer).collect()
}
