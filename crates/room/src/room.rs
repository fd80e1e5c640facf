//! One room: who is in it, and what follows when somebody comes, changes or goes.

use crate::config::{BATCH_INTERVAL, FULL_LIST_MAX, PAGE_MAX};
use crate::context::Context;
use crate::liveness::PeerState;
use crate::notice::{Notice, Speaker, Welcome};
use crate::participant::{Participant, Track};
use crate::request::Page;
use crate::speaker::SpeakerTracker;
use media::plane::MediaCommand;
use media::{ParticipantId, RoomId, TrackId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) name: String,
    pub(crate) participants: BTreeMap<ParticipantId, Participant>,
    /// In order of joining.
    pub(crate) order: Vec<ParticipantId>,
    /// Who has each identity.
    pub(crate) identities: BTreeMap<String, ParticipantId>,
    /// How many are hidden.
    pub(crate) hidden: usize,
    /// Who publishes each track.
    pub(crate) owners: BTreeMap<TrackId, ParticipantId>,
    /// Counts every change others can see.
    pub(crate) revision: u64,

    /// Who came or changed since the last batch.
    pub(crate) changed: BTreeSet<ParticipantId>,
    /// Whose quality changed since the last batch.
    pub(crate) rated: BTreeSet<ParticipantId>,
    /// Who went since the last batch.
    pub(crate) left: Vec<ParticipantId>,
    /// Whether tracks came or went since the last batch.
    pub(crate) rearrange: bool,
    pub(crate) flush_at: Option<Instant>,
    pub(crate) last_flush: Option<Instant>,
    /// Whether the last batch found more people than are listed in full.
    pub(crate) was_big: bool,

    pub(crate) speakers: SpeakerTracker,
    /// Who is audible, as everybody was told.
    pub(crate) audible: Vec<Speaker>,
}

impl Room {
    pub(crate) fn new(id: RoomId, name: String) -> Self {
        Self {
            id,
            name,
            participants: BTreeMap::new(),
            order: Vec::new(),
            identities: BTreeMap::new(),
            hidden: 0,
            owners: BTreeMap::new(),
            revision: 0,
            changed: BTreeSet::new(),
            rated: BTreeSet::new(),
            left: Vec::new(),
            rearrange: false,
            flush_at: None,
            last_flush: None,
            was_big: false,
            speakers: SpeakerTracker::default(),
            audible: Vec::new(),
        }
    }

    /// How many are here, as this participant may know.
    pub(crate) fn count_for(&self, viewer: ParticipantId) -> u32 {
        let unseen = match self.participants.get(&viewer).map(|viewer| viewer.permissions) {
            Some(permissions) if permissions.see_hidden => 0,
            Some(permissions) => self.hidden.saturating_sub(usize::from(permissions.hidden)),
            None => self.hidden,
        };
        u32::try_from(self.participants.len().saturating_sub(unseen)).unwrap_or(u32::MAX)
    }

    /// Whether only people on screen and talkers are pushed.
    pub(crate) fn is_big(&self) -> bool {
        self.participants.len() > FULL_LIST_MAX
    }

    pub(crate) fn add(&mut self, now: Instant, mut participant: Participant) {
        let id = participant.id;
        // `touch` below makes it so.
        participant.joined = self.revision + 1;
        self.order.push(id);
        self.hidden += usize::from(participant.permissions.hidden);
        if let Some(identity) = &participant.identity {
            self.identities.insert(identity.clone(), id);
        }
        self.participants.insert(id, participant);
        self.touch(now, id);
    }

    /// What the participant needs to know to show the room; it counts as told.
    pub(crate) fn welcome(&mut self, cx: &mut Context, id: ParticipantId, resumed: bool) -> Option<Welcome> {
        self.participants.get_mut(&id)?.known.clear();
        let page = self.page(id, 0, PAGE_MAX)?;
        let muted = self.muted_of(id);
        let me = self.participants.get_mut(&id)?;
        let welcome = Welcome {
            participant: id,
            identity: me.identity.clone(),
            name: me.name.clone(),
            permissions: me.permissions,
            room: self.id,
            room_name: self.name.clone(),
            revision: self.revision,
            participants: page.participants,
            count: page.count,
            tracks: me.tracks.iter().map(Track::info).collect(),
            slots: me.slots.tell_all(|track| muted.contains(&track)),
            token: me.token.clone(),
            resumed,
        };
        self.tell_what_goes_on(cx, id);
        Some(welcome)
    }

    /// What a new socket would otherwise learn only at the next change.
    fn tell_what_goes_on(&mut self, cx: &mut Context, id: ParticipantId) {
        // A resumed view may show people who are not among the first 100.
        let on_screen = self.on_screen(id);
        self.introduce(cx, id, &on_screen);
        if !self.audible.is_empty() {
            self.tell_speakers(cx, id);
        }
        let Some(me) = self.participants.get(&id) else {
            return;
        };
        for track in &me.tracks {
            if let Some(wanted) = track.wanted_rids() {
                cx.notify(
                    me.socket,
                    Notice::Layers {
                        track: track.id,
                        wanted,
                    },
                );
            }
            if let Some(codec) = track.codec {
                let track = track.id;
                cx.notify(me.socket, Notice::Codec { track, codec });
            }
        }
        let everybody = self.order.iter().copied().collect();
        self.tell_quality(cx, id, &everybody);
    }

    /// A page of the others; they count as known to the one who asks.
    pub(crate) fn page(&mut self, id: ParticipantId, offset: usize, limit: usize) -> Option<Page> {
        let others = self
            .order
            .iter()
            .filter(|other| **other != id && self.sees(id, **other))
            .skip(offset)
            .take(limit);
        let listed: Vec<_> = others.filter_map(|other| self.participants.get(other)).collect();
        let participants = listed.iter().map(|other| other.info()).collect();
        let revisions: Vec<_> = listed.iter().map(|other| (other.id, other.revision)).collect();
        let count = self.count_for(id);
        let me = self.participants.get_mut(&id)?;
        me.told_count = count;
        me.known.extend(revisions);
        Some(Page { count, participants })
    }

    /// Others see this participant differently now.
    pub(crate) fn touch(&mut self, now: Instant, id: ParticipantId) {
        self.revision += 1;
        if let Some(participant) = self.participants.get_mut(&id) {
            participant.revision = self.revision;
            self.changed.insert(id);
        }
        self.schedule(now);
    }

    /// Tracks came or went: look at everybody's slots with the next batch.
    pub(crate) fn rearrange_soon(&mut self, now: Instant) {
        self.rearrange = true;
        self.schedule(now);
    }

    /// The state may follow from what was just heard.
    pub(crate) fn refresh_state(&mut self, now: Instant, id: ParticipantId) {
        let Some(participant) = self.participants.get_mut(&id) else {
            return;
        };
        let state = participant.liveness.state();
        if state != participant.shown_state {
            participant.shown_state = state;
            self.touch(now, id);
        }
    }

    /// The participant is gone, with all it published. The caller forgets its socket, token and timers.
    pub(crate) fn remove(
        &mut self,
        now: Instant,
        cx: &mut Context,
        id: ParticipantId,
    ) -> Option<Participant> {
        self.remove_tracks(now, cx, id, false);
        let participant = self.participants.remove(&id)?;
        self.hidden = self
            .hidden
            .saturating_sub(usize::from(participant.permissions.hidden));
        if let Some(identity) = &participant.identity
            && self.identities.get(identity) == Some(&id)
        {
            self.identities.remove(identity);
        }
        if !matches!(participant.liveness.peer(), PeerState::None | PeerState::Failed) {
            cx.command(self.id, MediaCommand::RemovePeer { participant: id });
        }
        cx.dirty_slots.remove(&(self.id, id));
        self.order.retain(|other| *other != id);
        self.changed.remove(&id);
        self.rated.remove(&id);
        self.left.push(id);
        self.revision += 1;
        self.rearrange_soon(now);
        self.speakers.remove(id);
        self.forget_audible(cx, id);
        Some(participant)
    }

    /// All tracks of a participant are over. `tell_media`: the media plane does not know it already.
    pub(crate) fn remove_tracks(
        &mut self,
        now: Instant,
        cx: &mut Context,
        id: ParticipantId,
        tell_media: bool,
    ) {
        let Some(participant) = self.participants.get_mut(&id) else {
            return;
        };
        for track in std::mem::take(&mut participant.tracks) {
            self.track_is_over(now, cx, track.id, tell_media);
        }
    }

    /// No slot carries the track any more, and nobody remembers it.
    pub(crate) fn track_is_over(&mut self, now: Instant, cx: &mut Context, track: TrackId, tell_media: bool) {
        self.owners.remove(&track);
        cx.tracks.remove(&track);
        if tell_media {
            cx.command(self.id, MediaCommand::Unpublish { track });
        }
        for other in self.participants.values_mut() {
            if other.slots.remove_track(track) {
                cx.dirty_slots.insert((self.id, other.id));
            }
        }
        self.rearrange_soon(now);
    }

    pub(crate) fn schedule(&mut self, now: Instant) {
        if self.flush_at.is_none() {
            // The first change of a quiet time goes out at once, a burst every interval.
            let earliest = self.last_flush.map(|last| last + BATCH_INTERVAL);
            self.flush_at = Some(earliest.map_or(now, |earliest| earliest.max(now)));
        }
    }
}
