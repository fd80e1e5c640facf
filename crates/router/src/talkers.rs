//! Microphones: levels, the gate, and the slots for talkers who are off screen.

use crate::router::Router;
use crate::state::{PeerKey, RoomKey, TrackKey};
use crate::timers::Timer;
use media::plane::MediaEvent;
use media::{LayerIndex, MLineIndex, Source};
use peer::Peer;
use std::time::{Duration, Instant};

/// A talker slot is taken from someone silent for this long, not earlier. Lower clips those who pause to think,
/// higher keeps the next speaker waiting.
pub const TALKER_SILENCE: Duration = Duration::from_secs(2);

/// How often listeners without a speaking microphone are looked for, when nothing changed: those whose talker
/// slots were all busy.
const LISTENERS_INTERVAL: Duration = Duration::from_millis(200);

impl<P: Peer> Router<P> {
    pub(crate) fn add_microphone(&mut self, key: TrackKey) {
        let Some(track) = self
            .tracks
            .get_mut(key)
            .filter(|track| track.source == Source::Microphone)
        else {
            return;
        };
        let Some(room) = self.rooms.get_mut(track.room) else {
            return;
        };
        track.microphone = room.speakers.add(self.now, key, track.id);
        track.open = track
            .microphone
            .is_some_and(|microphone| room.speakers.is_open(microphone));
    }

    pub(crate) fn remove_microphone(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let (Some(microphone), Some(room)) = (track.microphone.take(), self.rooms.get_mut(track.room)) else {
            return;
        };
        let opened = room.speakers.remove(self.now, microphone);
        self.open_gates(opened);
    }

    pub(crate) fn mute_microphone(&mut self, key: TrackKey, muted: bool) {
        let Some(track) = self.tracks.get(key) else { return };
        let (Some(microphone), Some(room)) = (track.microphone, self.rooms.get_mut(track.room)) else {
            return;
        };
        let opened = room.speakers.set_muted(self.now, microphone, muted);
        let open = room.speakers.is_open(microphone);
        self.set_gate(key, open);
        self.open_gates(opened);
    }

    fn open_gates(&mut self, opened: Vec<TrackKey>) {
        for track in opened {
            self.set_gate(track, true);
        }
    }

    /// Lets a microphone's packets through, or not. What its slots are said to carry stays the same: the gate
    /// is not the listener's business.
    fn set_gate(&mut self, key: TrackKey, open: bool) {
        let Some(track) = self.tracks.get_mut(key).filter(|track| track.open != open) else {
            return;
        };
        track.open = open;
        self.retarget_subscribers(key);
    }

    /// A packet of an audio track came: whether it is passed on.
    pub(crate) fn hear(&mut self, key: TrackKey, level: Option<u8>) -> bool {
        let Some(track) = self.tracks.get(key) else {
            return false;
        };
        let (Some(microphone), room_key) = (track.microphone, track.room) else {
            return true;
        };
        let Some(room) = self.rooms.get_mut(room_key) else {
            return false;
        };
        let heard = room.speakers.hear(self.now, microphone, level);
        if let Some(at) = room.speakers.poll_timeout(self.now) {
            self.timers.arm(&mut room.timer, at, Timer::Room(room_key));
        }
        if let Some(closed) = heard.closed {
            self.set_gate(closed, false);
        }
        self.set_gate(key, heard.open);
        // The room's loudest are found as ever; one that is paused is heard by nobody.
        let shed = self.tracks.get(key).is_some_and(|track| track.shed);
        if heard.open && heard.speech && !shed {
            self.find_listeners(key);
        }
        heard.open
    }

    pub(crate) fn handle_room_timer(&mut self, key: RoomKey, at: Instant) {
        let Some(entry) = self.rooms.get_mut(key) else {
            return;
        };
        if !entry.timer.fires(at) {
            return;
        }
        let (room, levels) = (entry.id, entry.speakers.poll(self.now));
        if let Some(at) = entry.speakers.poll_timeout(self.now) {
            self.timers.arm(&mut entry.timer, at, Timer::Room(key));
        }
        if let Some(levels) = levels {
            self.emit(MediaEvent::AudioLevels { levels, room });
        }
    }

    /// Puts a speaking microphone into a talker slot of everyone in the room who does not have it.
    fn find_listeners(&mut self, key: TrackKey) {
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let Some(room) = self.rooms.get(track.room) else {
            return;
        };
        let checked = track.listeners_checked;
        if checked.is_some_and(|(epoch, at)| epoch == room.epoch && self.now < at + LISTENERS_INTERVAL) {
            return;
        }
        track.listeners_checked = Some((room.epoch, self.now));
        let (publisher, room) = (track.publisher(), track.room);
        // By index: filling slots does not change who is in the room.
        let mut index = 0;
        while let Some(listener) = self
            .rooms
            .get(room)
            .and_then(|room| room.peers.get(index))
            .copied()
        {
            index += 1;
            if Some(listener) != publisher
                && let Some(slot) = self.talker_slot_for(listener, key)
            {
                self.take_talker_slot(listener, slot, key);
            }
        }
    }

    /// The talker slot that this microphone may take; none when the listener has it already.
    fn talker_slot_for(&self, listener: PeerKey, key: TrackKey) -> Option<MLineIndex> {
        let entry = self.peers.get(listener)?;
        if !entry.may_hear
            || entry.talker_slots.is_empty()
            || entry.all_slots().any(|(_, slot)| slot.track == Some(key))
        {
            return None;
        }
        let silent_since = |mline: &MLineIndex| {
            let track = entry.slot(*mline)?.track?;
            let track = self.tracks.get(track)?;
            self.rooms
                .get(track.room)?
                .speakers
                .last_speech(track.microphone?)
        };
        let free = |mline: &&MLineIndex| entry.slot(**mline).is_some_and(|slot| slot.track.is_none());
        entry.talker_slots.iter().find(free).copied().or_else(|| {
            let longest = entry
                .talker_slots
                .iter()
                .min_by_key(|mline| silent_since(mline))?;
            let silent = silent_since(longest).is_none_or(|since| self.now >= since + TALKER_SILENCE);
            silent.then_some(*longest)
        })
    }

    fn take_talker_slot(&mut self, listener: PeerKey, mline: MLineIndex, key: TrackKey) {
        self.clear_slot(listener, mline);
        self.fill_slot(listener, mline, key);
        self.set_target(listener, mline, Some(LayerIndex(0).into()));
        // Of another worker: its packets begin to cross.
        self.service_track(key);
        self.tell_talker(listener, mline);
    }

    /// Empties a talker slot whose microphone ended or has a place of its own now.
    pub(crate) fn release_talker_slot(&mut self, listener: PeerKey, mline: MLineIndex) {
        let carries = self
            .peers
            .get(listener)
            .and_then(|entry| entry.slot(mline))
            .is_some_and(|slot| slot.track.is_some());
        if carries {
            self.clear_slot(listener, mline);
            self.tell_talker(listener, mline);
        }
    }

    /// After an assignment: microphones that have a place of their own leave the talker slots, and those that
    /// lost one may look for a talker slot with their next packet.
    pub(crate) fn release_paired_talkers(&mut self, key: PeerKey) {
        let Some(entry) = self.peers.get(key) else { return };
        let paired = |track: TrackKey| {
            entry
                .all_slots()
                .any(|(mline, slot)| slot.track == Some(track) && !entry.talker_slots.contains(&mline))
        };
        let leaving = |mline: &&MLineIndex| {
            entry
                .slot(**mline)
                .and_then(|slot| slot.track)
                .is_some_and(paired)
        };
        let leaving: Vec<MLineIndex> = entry.talker_slots.iter().filter(leaving).copied().collect();
        let room = entry.room;
        for mline in leaving {
            self.release_talker_slot(key, mline);
        }
        if let Some(room) = self.rooms.get_mut(room) {
            room.epoch += 1;
        }
    }

    pub(crate) fn tell_talker(&mut self, listener: PeerKey, mline: MLineIndex) {
        let Some(entry) = self.peers.get(listener) else {
            return;
        };
        let track = entry
            .slot(mline)
            .and_then(|slot| slot.track)
            .and_then(|track| self.tracks.get(track));
        let (participant, track) = (entry.participant, track.map(|track| track.id));
        self.emit(MediaEvent::TalkerSlot {
            participant,
            slot: mline,
            track,
        });
    }
}
