//! Events of the media plane: each finds its room.

use crate::Rooms;
use crate::context::Context;
use crate::liveness::PeerState;
use crate::notice::Notice;
use crate::participant::{Participant, PendingOffer};
use crate::room::Room;
use crate::slots::Slots;
use media::plane::{MediaEvent, Quality};
use media::{Codec, LayerIndex, MLineIndex, ParticipantId, Source, TrackId};
use std::time::Instant;

impl Rooms {
    /// Something happened in the media plane.
    pub fn handle_media_event(&mut self, now: Instant, event: MediaEvent) {
        match event {
            MediaEvent::Connected { participant, .. } => self.with_liveness(now, participant, |me| {
                me.liveness.handle_connected();
            }),
            MediaEvent::Silent { participant, seconds } => self.with_liveness(now, participant, |me| {
                me.liveness.handle_silent(now, seconds);
            }),
            MediaEvent::Disconnected {
                participant,
                reason,
                dtls_alert,
            } => {
                self.with_participant(participant, |room, cx| {
                    room.handle_disconnected(now, cx, participant, reason, dtls_alert);
                });
            }
            MediaEvent::Answer {
                participant,
                request,
                result,
            } => {
                self.with_participant(participant, |room, cx| {
                    room.handle_answer(cx, participant, request, result);
                });
            }
            MediaEvent::SlotState {
                participant,
                slot,
                track,
                state,
            } => {
                self.with_participant(participant, |room, cx| {
                    let me = room.participants.get_mut(&participant);
                    if me.is_some_and(|me| me.slots.handle_state(slot, track, state)) {
                        cx.dirty_slots.insert((room.id, participant));
                    }
                });
            }
            MediaEvent::TalkerSlot {
                participant,
                slot,
                track,
            } => {
                self.with_participant(participant, |room, cx| {
                    room.handle_talker(cx, participant, slot, track);
                });
            }
            MediaEvent::WantedLayers { track, layers } => {
                let Some(room) = self.cx.tracks.get(&track).copied() else {
                    return;
                };
                self.with_room(room, |room, cx| room.handle_wanted_layers(cx, track, layers));
            }
            MediaEvent::Quality { participant, quality } => {
                self.with_participant(participant, |room, _| {
                    room.handle_quality(now, participant, quality);
                });
            }
            MediaEvent::Codec { track, codec } => {
                let Some(room) = self.cx.tracks.get(&track).copied() else {
                    return;
                };
                self.with_room(room, |room, cx| room.handle_codec(cx, track, codec));
            }
            // For a trace, and of workers, of which rooms know nothing.
            MediaEvent::Estimate { .. }
            | MediaEvent::Downlink { .. }
            | MediaEvent::Moved { .. }
            | MediaEvent::Stays { .. } => {}
            MediaEvent::AudioLevels { levels, room } => {
                self.with_room(room, |room, cx| room.handle_levels(now, cx, &levels));
            }
        }
    }

    fn with_liveness(&mut self, now: Instant, id: ParticipantId, work: impl FnOnce(&mut Participant)) {
        self.with_participant(id, |room, _| {
            if let Some(me) = room.participants.get_mut(&id) {
                work(me);
            }
            room.refresh_state(now, id);
        });
    }
}

impl Room {
    /// The peer is gone, with all tracks it carried. The seat is kept for a while: the client joins anew or sends a
    /// new offer.
    fn handle_disconnected(
        &mut self,
        now: Instant,
        cx: &mut Context,
        id: ParticipantId,
        reason: &'static str,
        dtls_alert: bool,
    ) {
        let Some(me) = self.participants.get_mut(&id) else {
            return;
        };
        if matches!(me.liveness.peer(), PeerState::None | PeerState::Failed) {
            return;
        }
        me.liveness.handle_failed(now);
        me.slots = Slots::default();
        me.sections.clear();
        me.offered.clear();
        if let Some(PendingOffer::Forwarded { request, .. }) = me.pending_offer.take() {
            let result = Err("the peer connection broke before the offer was answered".to_owned());
            cx.notify(me.socket, Notice::Answer { request, result });
        }
        cx.notify(me.socket, Notice::MediaFailed { reason, dtls_alert });
        self.remove_tracks(now, cx, id, true);
        self.forget_audible(cx, id);
        self.touch(now, id);
        self.refresh_state(now, id);
    }

    /// How good the call is for somebody now: told with the next batch.
    fn handle_quality(&mut self, now: Instant, id: ParticipantId, quality: Quality) {
        let Some(me) = self.participants.get_mut(&id) else {
            return;
        };
        if me.quality != Some(quality) {
            me.quality = Some(quality);
            self.rated.insert(id);
            self.schedule(now);
        }
    }

    /// The publisher should send another codec.
    fn handle_codec(&mut self, cx: &mut Context, track: TrackId, codec: Codec) {
        let owner = self.owners.get(&track).copied();
        let Some(me) = owner.and_then(|owner| self.participants.get_mut(&owner)) else {
            return;
        };
        if let Some(mine) = me.tracks.iter_mut().find(|mine| mine.id == track) {
            mine.codec = Some(codec);
            cx.notify(me.socket, Notice::Codec { track, codec });
        }
    }

    /// A talker came into a talker slot, or went.
    fn handle_talker(
        &mut self,
        cx: &mut Context,
        id: ParticipantId,
        slot: MLineIndex,
        track: Option<TrackId>,
    ) {
        // A microphone of this room, and not the listener's own: anything else is about a track that is over.
        let audible = track.is_none_or(|track| {
            self.find_track(track)
                .is_some_and(|(owner, track)| owner != id && track.source == Source::Microphone)
        });
        // A talker may be on its way from before it was forbidden.
        let may_hear = |me: &Participant| track.is_none() || me.permissions.subscribe;
        let Some(me) = self
            .participants
            .get_mut(&id)
            .filter(|me| audible && may_hear(me))
        else {
            return;
        };
        if me.slots.handle_talker(slot, track) {
            cx.dirty_slots.insert((self.id, id));
        }
    }

    /// Other layers of a track are watched now.
    fn handle_wanted_layers(&mut self, cx: &mut Context, track: TrackId, layers: Vec<LayerIndex>) {
        let owner = self.owners.get(&track).copied();
        let Some(me) = owner.and_then(|owner| self.participants.get_mut(&owner)) else {
            return;
        };
        let Some(mine) = me.tracks.iter_mut().find(|mine| mine.id == track) else {
            return;
        };
        if mine.wanted.as_ref() != Some(&layers) {
            mine.wanted = Some(layers);
            let wanted = mine.wanted_rids().unwrap_or_default();
            cx.notify(me.socket, Notice::Layers { track, wanted });
        }
    }
}
