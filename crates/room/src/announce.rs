//! Who is told what about whom.
//!
//! Every participant remembers whom its client knows, and as of which revision. So nobody is told twice, nobody is told
//! of people of whom it never heard, and no slot or speaker ever names somebody the client does not know.

use crate::context::Context;
use crate::notice::{Notice, Speaker};
use crate::participant::{Participant, Track};
use crate::room::Room;
use media::{ParticipantId, Source, TrackId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Speakers in one message. More talk at once in no conversation.
const SPEAKERS_MAX: usize = 8;

/// Levels that moved less than this are not told anew: in a big room each message goes to hundreds.
const LEVEL_STEP: u8 = 6;

impl Room {
    /// Sends what has gathered since the last batch, then looks at the slots.
    pub(crate) fn flush(&mut self, now: Instant, cx: &mut Context) {
        self.flush_at = None;
        self.last_flush = Some(now);
        let mut changed = std::mem::take(&mut self.changed);
        let left = std::mem::take(&mut self.left);
        let rated = std::mem::take(&mut self.rated);
        if self.was_big && !self.is_big() {
            // From here on everybody is listed in full again: catch up.
            changed.extend(self.order.iter().copied());
        }
        self.was_big = self.is_big();
        for id in self.order.clone() {
            self.announce(cx, id, &changed, &left);
            self.tell_quality(cx, id, &rated);
        }
        if std::mem::take(&mut self.rearrange) {
            self.arrange_all(cx);
        }
    }

    /// Tells one participant what changed, as far as it concerns it.
    fn announce(
        &mut self,
        cx: &mut Context,
        id: ParticipantId,
        changed: &BTreeSet<ParticipantId>,
        left: &[ParticipantId],
    ) {
        let (revision, count) = (self.revision, self.count_for(id));
        let unseen: Vec<_> = left
            .iter()
            .copied()
            .filter(|other| !self.sees(id, *other))
            .collect();
        let relevant = if self.is_big() {
            Some(self.relevant(id))
        } else {
            None
        };
        let Some(me) = self.participants.get_mut(&id) else {
            return;
        };
        let gone: Vec<_> = unseen
            .into_iter()
            .filter(|other| me.known.remove(other).is_some())
            .collect();
        if me.socket.is_none() {
            return;
        }
        if !gone.is_empty() || count < me.told_count {
            me.told_count = count;
            cx.notify(
                me.socket,
                Notice::Left {
                    revision,
                    count,
                    participants: gone,
                },
            );
        }
        let concerning: Vec<_> = changed
            .iter()
            .copied()
            .filter(|other| relevant.as_ref().is_none_or(|relevant| relevant.contains(other)))
            .collect();
        self.introduce(cx, id, &concerning);
        let Some(me) = self.participants.get_mut(&id) else {
            return;
        };
        if count > me.told_count {
            me.told_count = count;
            cx.notify(
                me.socket,
                Notice::Joined {
                    revision,
                    count,
                    participants: Vec::new(),
                },
            );
        }
    }

    /// Makes sure that the client of `id` knows `others` as they are now.
    pub(crate) fn introduce(&mut self, cx: &mut Context, id: ParticipantId, others: &[ParticipantId]) {
        let Some(me) = self.participants.get(&id).filter(|me| me.socket.is_some()) else {
            return;
        };
        let (mut came, mut updated, mut revisions) = (Vec::new(), Vec::new(), Vec::new());
        // Each once, in order of joining: somebody may be on screen in two slots.
        let others: BTreeMap<u64, &Participant> = others
            .iter()
            .filter(|other| **other != id && self.sees(id, **other))
            .filter_map(|other| self.participants.get(other))
            .map(|other| (other.joined, other))
            .collect();
        for other in others.into_values() {
            match me.known.get(&other.id) {
                Some(seen) if *seen == other.revision => continue,
                Some(_) => updated.push(other.info()),
                None => came.push(other.info()),
            }
            revisions.push((other.id, other.revision));
        }
        let (revision, count) = (self.revision, self.count_for(id));
        let Some(me) = self.participants.get_mut(&id) else {
            return;
        };
        me.known.extend(revisions);
        if !came.is_empty() {
            me.told_count = count;
            cx.notify(
                me.socket,
                Notice::Joined {
                    revision,
                    count,
                    participants: came,
                },
            );
        }
        if !updated.is_empty() {
            cx.notify(
                me.socket,
                Notice::Updated {
                    revision,
                    participants: updated,
                },
            );
        }
    }

    /// Tells one participant the quality of those of `rated` that it sees, and its own.
    pub(crate) fn tell_quality(
        &mut self,
        cx: &mut Context,
        id: ParticipantId,
        rated: &BTreeSet<ParticipantId>,
    ) {
        if rated.is_empty() {
            return;
        }
        let on_screen = if self.is_big() {
            Some(self.on_screen(id))
        } else {
            None
        };
        let Some(me) = self.participants.get(&id) else {
            return;
        };
        let concerns = |other: &ParticipantId| {
            let shown = on_screen.as_ref().is_none_or(|shown| shown.contains(other));
            *other == id || (shown && me.known.contains_key(other))
        };
        let participants: Vec<_> = rated
            .iter()
            .copied()
            .filter(concerns)
            .filter_map(|other| Some((other, self.participants.get(&other)?.quality?)))
            .collect();
        if !participants.is_empty() {
            cx.notify(me.socket, Notice::Quality { participants });
        }
    }

    /// In a big room: people on screen, and talkers.
    fn relevant(&self, id: ParticipantId) -> BTreeSet<ParticipantId> {
        let talkers = self.audible.iter().map(|speaker| speaker.participant);
        self.on_screen(id).into_iter().chain(talkers).collect()
    }

    /// Whom the participant sees or asked to see.
    pub(crate) fn on_screen(&self, id: ParticipantId) -> Vec<ParticipantId> {
        let Some(me) = self.participants.get(&id) else {
            return Vec::new();
        };
        let tiles = me
            .view
            .iter()
            .flat_map(|view| &view.tiles)
            .map(|tile| tile.participant);
        let slots = me
            .slots
            .tracks()
            .filter_map(|track| self.owners.get(&track).copied());
        slots.chain(tiles).collect()
    }

    /// Tells one participant which of its slots look different now.
    pub(crate) fn tell_slots(&mut self, cx: &mut Context, id: ParticipantId) {
        let muted = self.muted_of(id);
        let on_screen = self.on_screen(id);
        let Some(me) = self.participants.get_mut(&id).filter(|me| me.socket.is_some()) else {
            return;
        };
        let slots = me.slots.tell_changes(|track| muted.contains(&track));
        if !slots.is_empty() {
            let socket = me.socket;
            self.introduce(cx, id, &on_screen);
            cx.notify(socket, Notice::Slots { slots });
        }
    }

    /// Muted tracks among those in the participant's slots.
    pub(crate) fn muted_of(&self, id: ParticipantId) -> BTreeSet<TrackId> {
        let Some(me) = self.participants.get(&id) else {
            return BTreeSet::new();
        };
        me.slots.tracks().filter(|track| self.is_muted(*track)).collect()
    }

    fn is_muted(&self, track: TrackId) -> bool {
        self.find_track(track).is_some_and(|(_, track)| track.muted)
    }

    /// A track of this room, and whose it is.
    pub(crate) fn find_track(&self, track: TrackId) -> Option<(ParticipantId, &Track)> {
        let owner = self.participants.get(self.owners.get(&track)?)?;
        Some((owner.id, owner.tracks.iter().find(|t| t.id == track)?))
    }

    /// Levels of microphones, loudest first, from the media plane.
    pub(crate) fn handle_levels(&mut self, now: Instant, cx: &mut Context, levels: &[(TrackId, u8)]) {
        let heard: Vec<(ParticipantId, u8)> = levels
            .iter()
            .filter_map(|(track, level)| {
                let (owner, track) = self.find_track(*track)?;
                (track.source == Source::Microphone && !track.muted).then_some((owner, *level))
            })
            .collect();
        let active_changed = self.speakers.handle_levels(now, &heard);
        let active = self.speakers.active();
        let audible: Vec<Speaker> = heard
            .iter()
            .take(SPEAKERS_MAX)
            .map(|&(participant, level)| Speaker {
                participant,
                level,
                active: active == Some(participant),
            })
            .collect();
        if differs(&self.audible, &audible) {
            self.audible = audible;
            self.tell_speakers_to_all(cx);
        }
        if active_changed {
            self.arrange_all(cx);
        }
    }

    /// A participant is not audible any more because it left or its microphone is over.
    pub(crate) fn forget_audible(&mut self, cx: &mut Context, id: ParticipantId) {
        let before = self.audible.len();
        self.audible.retain(|speaker| speaker.participant != id);
        if self.audible.len() != before {
            self.tell_speakers_to_all(cx);
        }
    }

    fn tell_speakers_to_all(&mut self, cx: &mut Context) {
        for id in self.order.clone() {
            self.tell_speakers(cx, id);
        }
    }

    pub(crate) fn tell_speakers(&mut self, cx: &mut Context, id: ParticipantId) {
        let talkers: Vec<_> = self.audible.iter().map(|speaker| speaker.participant).collect();
        self.introduce(cx, id, &talkers);
        let Some(me) = self.participants.get(&id) else {
            return;
        };
        cx.notify(
            me.socket,
            Notice::Speakers {
                speakers: self.audible.clone(),
            },
        );
    }
}

/// Whether somebody would see the difference: who is audible, who is active, or a level that moved.
fn differs(told: &[Speaker], now: &[Speaker]) -> bool {
    told.len() != now.len()
        || now.iter().any(|speaker| {
            !told.iter().any(|t| {
                t.participant == speaker.participant
                    && t.active == speaker.active
                    && t.level.abs_diff(speaker.level) < LEVEL_STEP
            })
        })
}
