//! Which worker each peer is on, and what a room on several workers needs told beside its commands.
//!
//! The control plane thinks of a room as one; routers know only what is theirs. In between, a command goes to the
//! worker it concerns, and the others hear of the room's tracks ([`MediaCommand::Import`]) and of each other
//! ([`MediaCommand::Neighbours`]).

mod moves;

pub use moves::{MAX_HELD, MAX_MOVES};

use media::plane::{MediaCommand, MediaEvent, SlotAssignment};
use media::{LayerInfo, MLineIndex, ParticipantId, RoomId, Source, TrackId, WorkerId};
use moves::Move;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The rooms of a node and the workers of their peers.
///
/// After any number of `handle_*` calls drain [`poll_command`](Self::poll_command).
#[derive(Debug, Default)]
pub struct Placement {
    rooms: BTreeMap<RoomId, PlacedRoom>,
    /// Drained after each call, so bounded by what one call causes.
    commands: VecDeque<(WorkerId, MediaCommand)>,
    /// Who is on the way between workers; at most [`MAX_MOVES`].
    moves: BTreeMap<ParticipantId, Move>,
    /// Workers that pass on what clients of those who have moved send there.
    detours: BTreeMap<ParticipantId, BTreeSet<WorkerId>>,
    /// Commands that had to be dropped because too many waited.
    lost: u64,
}

#[derive(Debug, Default)]
struct PlacedRoom {
    peers: BTreeMap<ParticipantId, WorkerId>,
    tracks: BTreeMap<TrackId, Published>,
    /// What each peer's slots were last assigned.
    slots: BTreeMap<ParticipantId, BTreeMap<MLineIndex, SlotAssignment>>,
    /// The workers that know of each other.
    told: BTreeSet<WorkerId>,
}

#[derive(Debug)]
struct Published {
    participant: ParticipantId,
    worker: WorkerId,
    source: Source,
    layers: Vec<LayerInfo>,
    muted: bool,
}

impl Placement {
    /// No peer is anywhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// A participant's peer has been given to a worker; what follows has to reach that worker after the peer.
    pub fn handle_peer(&mut self, room: RoomId, participant: ParticipantId, worker: WorkerId) {
        self.replace_moving(participant);
        self.end_detours(participant);
        let placed = self.rooms.entry(room).or_default();
        placed.slots.remove(&participant);
        match placed.peers.insert(participant, worker) {
            Some(former) if former != worker => {
                self.commands
                    .push_back((former, MediaCommand::RemovePeer { participant }));
                self.end_tracks(room, participant);
            }
            _ => {}
        }
        let Some(placed) = self.rooms.get_mut(&room) else {
            return;
        };
        // The worker may have forgotten the room meanwhile, with the peer that this one replaces.
        if placed.peers.values().filter(|other| **other == worker).count() == 1 {
            placed.told.remove(&worker);
        }
        self.tell_neighbours(room);
    }

    /// A command of the control plane about one of the room's participants or tracks. One about a participant without a
    /// peer is dropped: it concerns nobody's media.
    pub fn handle_command(&mut self, room: RoomId, command: MediaCommand) {
        let Some(command) = self.hold(room, command) else {
            return;
        };
        let Some(placed) = self.rooms.get_mut(&room) else {
            return;
        };
        match command {
            MediaCommand::RemovePeer { participant } => {
                if let Some(worker) = placed.peers.get(&participant).copied() {
                    self.commands
                        .push_back((worker, MediaCommand::RemovePeer { participant }));
                }
                self.forget_peer(room, participant);
            }
            MediaCommand::Offer { participant, .. } | MediaCommand::Permit { participant, .. } => {
                if let Some(worker) = placed.peers.get(&participant) {
                    self.commands.push_back((*worker, command));
                }
            }
            MediaCommand::Assign {
                participant,
                ref slots,
            } => {
                if let Some(worker) = placed.peers.get(&participant) {
                    let known = placed.slots.entry(participant).or_default();
                    known.extend(slots.iter().map(|slot| (slot.slot, *slot)));
                    known.retain(|_, slot| slot.track.is_some());
                    self.commands.push_back((*worker, command));
                }
            }
            MediaCommand::Publish { .. } => self.publish(room, command),
            MediaCommand::Unpublish { track } => {
                placed.tracks.remove(&track);
                self.tell_all(room, &command);
            }
            MediaCommand::Mute { track, muted } => {
                if let Some(published) = placed.tracks.get_mut(&track) {
                    published.muted = muted;
                }
                self.tell_all(room, &command);
            }
            // These are made here.
            MediaCommand::Neighbours { .. }
            | MediaCommand::Import { .. }
            | MediaCommand::Release { .. }
            | MediaCommand::Redirect { .. } => {}
        }
    }

    /// Something happened on a worker. Returns whether the control plane should hear of it: of what all workers of a room
    /// tell, one is enough.
    pub fn handle_event(&mut self, worker: WorkerId, event: &MediaEvent) -> bool {
        match event {
            MediaEvent::AudioLevels { room, .. } => {
                let placed = self.rooms.get(room);
                let first = placed.and_then(|room| room.peers.values().min());
                first.is_none_or(|first| *first == worker)
            }
            MediaEvent::Moved { participant } => {
                self.handle_moved(worker, *participant);
                false
            }
            MediaEvent::Stays { participant, .. } => {
                self.handle_stays(*participant);
                false
            }
            MediaEvent::Disconnected { participant, .. } => {
                if self.handle_lost(worker, *participant) {
                    return false;
                }
                let here = |room: &PlacedRoom| room.peers.get(participant) == Some(&worker);
                let room = self.rooms.iter().find(|(_, room)| here(room)).map(|(id, _)| *id);
                if let Some(room) = room {
                    self.forget_peer(room, *participant);
                    self.repeat_to(room, worker);
                }
                true
            }
            _ => true,
        }
    }

    /// The room is over.
    pub fn forget_room(&mut self, room: RoomId) {
        let over = self.rooms.remove(&room);
        for participant in over.iter().flat_map(|room| room.peers.keys()) {
            self.end_detours(*participant);
        }
    }

    /// Next command, and for which worker.
    pub fn poll_command(&mut self) -> Option<(WorkerId, MediaCommand)> {
        self.commands.pop_front()
    }

    /// The worker of a participant's peer.
    pub fn worker_of(&self, room: RoomId, participant: ParticipantId) -> Option<WorkerId> {
        self.rooms.get(&room)?.peers.get(&participant).copied()
    }

    /// The room in which a participant has a peer. Walks all rooms.
    pub fn room_of(&self, participant: ParticipantId) -> Option<RoomId> {
        let mut rooms = self.rooms.iter();
        let of = rooms.find(|(_, room)| room.peers.contains_key(&participant));
        of.map(|(room, _)| *room)
    }

    /// How many peers of a room each worker has; workers without any are not named.
    pub fn counts(&self, room: RoomId) -> BTreeMap<WorkerId, usize> {
        let mut counts = BTreeMap::new();
        for worker in self.rooms.get(&room).iter().flat_map(|room| room.peers.values()) {
            *counts.entry(*worker).or_default() += 1;
        }
        counts
    }

    /// How many rooms have a peer anywhere.
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    fn publish(&mut self, room: RoomId, command: MediaCommand) {
        let (
            Some(placed),
            MediaCommand::Publish {
                participant,
                track,
                source,
                layers,
                ..
            },
        ) = (self.rooms.get_mut(&room), &command)
        else {
            return;
        };
        let Some(worker) = placed.peers.get(participant).copied() else {
            return;
        };
        let (track, muted) = (*track, placed.tracks.get(track).is_some_and(|known| known.muted));
        let published = Published {
            participant: *participant,
            worker,
            source: *source,
            layers: layers.clone(),
            muted,
        };
        self.commands.push_back((worker, command));
        for other in placed.workers().into_iter().filter(|other| *other != worker) {
            self.commands.push_back((other, published.import(room, track)));
        }
        placed.tracks.insert(track, published);
    }

    /// The participant's peer is gone, with all it published.
    fn forget_peer(&mut self, room: RoomId, participant: ParticipantId) {
        self.end_tracks(room, participant);
        let Some(placed) = self.rooms.get_mut(&room) else {
            return;
        };
        placed.peers.remove(&participant);
        placed.slots.remove(&participant);
        if placed.peers.is_empty() {
            self.rooms.remove(&room);
        } else {
            self.tell_neighbours(room);
        }
        self.end_detours(participant);
    }

    /// A worker that has people of the room may have forgotten it: with a peer that was the last one there, when its end
    /// crossed with the commands that brought the next. What these assigned was not known there.
    fn repeat_to(&mut self, room: RoomId, worker: WorkerId) {
        let Some(placed) = self.rooms.get_mut(&room) else {
            return;
        };
        if !placed.workers().contains(&worker) {
            return;
        }
        placed.told.remove(&worker);
        self.tell_neighbours(room);
        let Some(placed) = self.rooms.get(&room) else {
            return;
        };
        for (participant, slots) in &placed.slots {
            if placed.peers.get(participant) == Some(&worker) && !slots.is_empty() {
                let command = MediaCommand::Assign {
                    participant: *participant,
                    slots: slots.values().copied().collect(),
                };
                self.commands.push_back((worker, command));
            }
        }
    }

    /// The worker of a publisher ends tracks with the peer; the others are told.
    fn end_tracks(&mut self, room: RoomId, participant: ParticipantId) {
        let Some(placed) = self.rooms.get_mut(&room) else {
            return;
        };
        let over = placed
            .tracks
            .extract_if(.., |_, published| published.participant == participant);
        let over: Vec<(TrackId, WorkerId)> =
            over.map(|(track, published)| (track, published.worker)).collect();
        let workers = placed.workers();
        // Of one on the way, the former worker has tracks like any other.
        let moving = self.is_moving(participant);
        for worker in workers {
            for (track, _) in over.iter().filter(|(_, of)| *of != worker || moving) {
                self.commands
                    .push_back((worker, MediaCommand::Unpublish { track: *track }));
            }
        }
        for (track, _) in over {
            self.note_ended(room, track);
        }
    }

    fn tell_all(&mut self, room: RoomId, command: &MediaCommand) {
        let workers = self.rooms.get(&room).map(PlacedRoom::workers);
        let commands = workers.into_iter().flatten();
        self.commands
            .extend(commands.map(|worker| (worker, command.clone())));
    }

    /// When the room has come to a worker or has left one, all hear of it, and the new one of the room's tracks.
    fn tell_neighbours(&mut self, room: RoomId) {
        let coming = self.coming(room);
        let Some(placed) = self.rooms.get_mut(&room) else {
            return;
        };
        let workers = placed.workers();
        let known: BTreeSet<WorkerId> = workers.union(&coming).copied().collect();
        if known == placed.told {
            return;
        }
        let former = std::mem::replace(&mut placed.told, known.clone());
        for worker in &workers {
            let others: Vec<WorkerId> = known.iter().filter(|other| *other != worker).copied().collect();
            // A room on one worker is what a router takes it for.
            if !others.is_empty() || former.contains(worker) {
                let command = MediaCommand::Neighbours {
                    room,
                    workers: others,
                };
                self.commands.push_back((*worker, command));
            }
        }
        // A large room has more tracks than a worker takes commands at a time: what everybody looks at and listens to
        // comes first.
        let mut tracks: Vec<(&TrackId, &Published)> = placed.tracks.iter().collect();
        tracks.sort_by_key(|(_, published)| published.rank());
        for worker in workers.difference(&former) {
            for (track, published) in tracks.iter().filter(|(_, published)| published.worker != *worker) {
                self.commands
                    .push_back((*worker, published.import(room, **track)));
            }
        }
    }
}

impl PlacedRoom {
    fn workers(&self) -> BTreeSet<WorkerId> {
        self.peers.values().copied().collect()
    }
}

impl Published {
    /// Lower: to be told sooner. What is muted is of use to nobody now.
    fn rank(&self) -> (bool, u8) {
        let order = match self.source {
            Source::Screen => 0,
            Source::ScreenAudio => 1,
            Source::Microphone => 2,
            Source::Camera => 3,
        };
        (self.muted, order)
    }

    fn import(&self, room: RoomId, track: TrackId) -> MediaCommand {
        MediaCommand::Import {
            track,
            room,
            worker: self.worker,
            source: self.source,
            layers: self.layers.clone(),
            muted: self.muted,
        }
    }
}
