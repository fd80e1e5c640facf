//! What is published on the sections of an offer.

use crate::RoomError;
use crate::context::Context;
use crate::liveness::PeerState;
use crate::notice::TrackInfo;
use crate::participant::{Participant, Track};
use crate::permissions::check_publish;
use crate::room::Room;
use media::id::MAX_LAYERS;
use media::plane::{MediaCommand, PublishSection};
use media::{Bitrate, Kind, LayerInfo, ParticipantId, TrackId};
use std::time::Instant;

/// Height of the highest layer when the publisher does not say, in pixels. Each layer below has half of it.
const DEFAULT_TOP_HEIGHT: u16 = 720;

impl Room {
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
        check_publish(me, source)?;
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
                codec: None,
            });
            self.owners.insert(id_of_track, id);
        }
        let me = self.participant(id)?;
        // It is there: found or added above.
        let Some(track) = me.tracks.iter_mut().find(|track| track.source == source) else {
            return Err(RoomError::NotFound(format!("mid {mid:?} carries no track")));
        };
        if !rids(&track.layers).eq(rids(&layers)) {
            // What was said of the former layers says nothing of these; the media plane begins anew as well.
            track.wanted = None;
        }
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

/// The section of a mid, and what it is for.
fn find_section<'a>(
    me: &'a Participant,
    mid: &str,
) -> Result<(media::Source, &'a PublishSection), RoomError> {
    if matches!(me.liveness.peer(), PeerState::None | PeerState::Failed) {
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

fn rids(layers: &[LayerInfo]) -> impl Iterator<Item = &str> {
    layers.iter().map(|layer| layer.rid.as_str())
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
