//! One participant's slots: what was assigned, how the media plane says it is doing, and what the client was told.

use crate::assign::{TileKey, Wanted};
use crate::notice::{SlotInfo, SlotShown};
use media::plane::{PauseReason, Sections, Slot, SlotAssignment, SlotState};
use media::{Kind, MLineIndex, TrackId};

/// What flows through a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) track: TrackId,
    pub(crate) height: u16,
    pub(crate) priority: u8,
}

/// One slot.
#[derive(Debug, Clone)]
struct Entry {
    slot: Slot,
    kind: Kind,
    content: Option<Content>,
    /// What the media plane said last, or what it is going to say.
    reported: SlotState,
    told: SlotShown,
}

/// The slots of one participant, video and audio in pairs, talker slots behind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    video: Vec<Entry>,
    audio: Vec<Entry>,
    /// What fills each pair; kept while a tile has no track for a moment.
    pairs: Vec<Option<TileKey>>,
}

impl Slots {
    /// Takes over the sections of a new answer. Slots that were there keep what they carry, except talker slots that
    /// have become the second half of a pair.
    pub(crate) fn update(&mut self, sections: &Sections) {
        let former_pairs = self.video.len();
        self.video = merge(
            std::mem::take(&mut self.video),
            &sections.video_slots,
            Kind::Video,
        );
        self.audio = merge(
            std::mem::take(&mut self.audio),
            &sections.audio_slots,
            Kind::Audio,
        );
        self.pairs.resize(self.video.len(), None);
        for entry in self.audio.iter_mut().take(self.video.len()).skip(former_pairs) {
            entry.content = None;
        }
    }

    /// What each pair is filled with.
    pub(crate) fn pairs(&self) -> &[Option<TileKey>] {
        &self.pairs
    }

    /// Puts tiles into pairs; `track` finds the tracks of a tile. Returns what changed, for the media plane.
    pub(crate) fn assign(
        &mut self,
        placed: &[Option<Wanted>],
        tracks: impl Fn(TileKey) -> (Option<TrackId>, Option<TrackId>),
    ) -> Vec<SlotAssignment> {
        let mut changes = Vec::new();
        for (i, wanted) in placed.iter().enumerate().take(self.pairs.len()) {
            self.pairs[i] = wanted.map(|tile| tile.key);
            let content = |track: Option<TrackId>, height: u16| {
                let tile = wanted.as_ref()?;
                Some(Content {
                    track: track?,
                    height,
                    priority: tile.priority,
                })
            };
            let (video, audio) = wanted.map_or((None, None), |tile| tracks(tile.key));
            let height = wanted.map_or(0, |tile| tile.height);
            changes.extend(
                self.video
                    .get_mut(i)
                    .and_then(|entry| entry.set(content(video, height))),
            );
            if let Some(entry) = self.audio.get_mut(i) {
                changes.extend(entry.set(content(audio, 0)));
            }
            // The router takes a talker out of its slot when the same track comes into a pair; say so at once, or the
            // client would see the track twice.
            if let Some(audio) = audio {
                self.clear_talker(audio);
            }
        }
        changes
    }

    /// The track is over: nothing carries it any more. True when something did.
    pub(crate) fn remove_track(&mut self, track: TrackId) -> bool {
        let mut changed = false;
        for entry in self.entries_mut().filter(|entry| entry.carries(track)) {
            entry.content = None;
            changed = true;
        }
        changed
    }

    /// The media plane says how a slot is doing. False when that is about a former assignment.
    pub(crate) fn handle_state(
        &mut self,
        slot: MLineIndex,
        track: Option<TrackId>,
        state: SlotState,
    ) -> bool {
        let Some(entry) = self.entries_mut().find(|entry| entry.slot.mline == slot) else {
            return false;
        };
        if entry.content.map(|content| content.track) != track {
            return false;
        }
        entry.reported = state;
        true
    }

    /// The media plane put a talker into a talker slot, or took one out. False when the slot is none, or the talker is
    /// in a pair.
    pub(crate) fn handle_talker(&mut self, slot: MLineIndex, track: Option<TrackId>) -> bool {
        if track.is_some_and(|track| self.carries(track)) {
            return false;
        }
        let pairs = self.video.len();
        let Some(entry) = self
            .audio
            .iter_mut()
            .skip(pairs)
            .find(|entry| entry.slot.mline == slot)
        else {
            return false;
        };
        entry.content = track.map(|track| Content {
            track,
            height: 0,
            priority: 0,
        });
        entry.reported = SlotState::Live;
        true
    }

    /// Whether any slot carries the track.
    pub(crate) fn carries(&self, track: TrackId) -> bool {
        self.entries().any(|entry| entry.carries(track))
    }

    /// Tracks in slots.
    pub(crate) fn tracks(&self) -> impl Iterator<Item = TrackId> + '_ {
        self.entries()
            .filter_map(|entry| entry.content)
            .map(|content| content.track)
    }

    /// All slots as the client sees them; counts as told.
    pub(crate) fn tell_all(&mut self, muted: impl Fn(TrackId) -> bool) -> Vec<SlotInfo> {
        for entry in self.entries_mut() {
            entry.told = entry.shown(&muted);
        }
        self.entries().map(Entry::info).collect()
    }

    /// Slots that look different from what the client was told; they count as told now.
    pub(crate) fn tell_changes(&mut self, muted: impl Fn(TrackId) -> bool) -> Vec<SlotInfo> {
        let mut changes = Vec::new();
        for entry in self.entries_mut() {
            let shown = entry.shown(&muted);
            if shown != entry.told {
                entry.told = shown;
                changes.push(entry.info());
            }
        }
        changes
    }

    /// Nobody is in a talker slot any more; the media plane empties them too.
    pub(crate) fn clear_talkers(&mut self) {
        let pairs = self.video.len();
        for entry in self.audio.iter_mut().skip(pairs) {
            entry.content = None;
        }
    }

    fn clear_talker(&mut self, track: TrackId) {
        let pairs = self.video.len();
        for entry in self
            .audio
            .iter_mut()
            .skip(pairs)
            .filter(|entry| entry.carries(track))
        {
            entry.content = None;
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.video.iter().chain(&self.audio)
    }

    fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.video.iter_mut().chain(&mut self.audio)
    }
}

impl Entry {
    fn carries(&self, track: TrackId) -> bool {
        self.content.is_some_and(|content| content.track == track)
    }

    /// New content; the change for the media plane when there is one.
    fn set(&mut self, content: Option<Content>) -> Option<SlotAssignment> {
        if self.content == content {
            return None;
        }
        if self.content.map(|c| c.track) != content.map(|c| c.track) {
            self.reported = self.expected();
        }
        self.content = content;
        Some(SlotAssignment {
            slot: self.slot.mline,
            track: content.map(|c| c.track),
            height: content.map_or(0, |c| c.height),
            priority: content.map_or(0, |c| c.priority),
        })
    }

    /// What the media plane is going to say of another track, until it says so: sound needs no keyframe.
    fn expected(&self) -> SlotState {
        match self.kind {
            Kind::Video => SlotState::Switching,
            Kind::Audio => SlotState::Live,
        }
    }

    /// What publisher and viewer asked for is known here first, so it covers what the media plane reported; and what it
    /// reported because of them does not outlive them.
    fn shown(&self, muted: &impl Fn(TrackId) -> bool) -> SlotShown {
        let Some(content) = self.content else {
            return SlotShown::Empty;
        };
        let hidden = self.kind == Kind::Video && content.height == 0;
        let state = match self.reported {
            _ if muted(content.track) => SlotState::Paused(PauseReason::Muted),
            _ if hidden => SlotState::Paused(PauseReason::Hidden),
            SlotState::Paused(PauseReason::Muted | PauseReason::Hidden) => self.expected(),
            reported => reported,
        };
        SlotShown::Track {
            track: content.track,
            state,
        }
    }

    fn info(&self) -> SlotInfo {
        SlotInfo {
            mid: self.slot.mid.clone(),
            shown: self.told,
        }
    }
}

/// Slots of a new answer, with what the former ones of the same m-line carried.
fn merge(former: Vec<Entry>, slots: &[Slot], kind: Kind) -> Vec<Entry> {
    let mut former: Vec<Option<Entry>> = former.into_iter().map(Some).collect();
    let mut take = |slot: &Slot| {
        former
            .iter_mut()
            .find(|entry| entry.as_ref().is_some_and(|e| e.slot == *slot))
            .and_then(Option::take)
    };
    slots
        .iter()
        .map(|slot| {
            take(slot).unwrap_or_else(|| Entry {
                slot: slot.clone(),
                kind,
                content: None,
                reported: SlotState::Switching,
                told: SlotShown::Empty,
            })
        })
        .collect()
}
