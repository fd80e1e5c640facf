//! Participants on their way from one worker to another.

use super::Placement;
use media::plane::MediaCommand;
use media::{ParticipantId, RoomId, TrackId, WorkerId};
use std::collections::BTreeSet;

/// Participants on their way at a time. One takes milliseconds, so more would mean that a worker is stuck. One more is not
/// begun.
pub const MAX_MOVES: usize = 64;
/// Commands that wait for one participant to arrive. More than a client can cause in the time; when it is full, the newest is
/// lost and counted, as for a worker that takes no commands.
pub const MAX_HELD: usize = 1_024;

/// What becomes of a participant who is on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// They go on there.
    Goes,
    /// They have left meanwhile: the peer is removed where it arrives.
    Gone,
    /// They have been given another peer meanwhile.
    Replaced,
}

/// One participant on the way.
#[derive(Debug)]
pub(super) struct Move {
    room: RoomId,
    from: WorkerId,
    to: WorkerId,
    fate: Fate,
    held: Vec<MediaCommand>,
    /// Tracks of others that have ended meanwhile: the new worker may hear of them only with the participant.
    ended: BTreeSet<TrackId>,
}

impl Placement {
    /// Begins to move a participant's peer to another worker; `false` when there is none, it is there, or is on the way
    /// already. What is said of the participant meanwhile waits for it. [`Self::is_moving`] says how long.
    pub fn move_peer(&mut self, room: RoomId, participant: ParticipantId, to: WorkerId) -> bool {
        let from = self.worker_of(room, participant).filter(|from| *from != to);
        let Some(from) = from.filter(|_| self.moves.len() < MAX_MOVES) else {
            return false;
        };
        if self.moves.contains_key(&participant) {
            return false;
        }
        let moving = Move {
            room,
            from,
            to,
            fate: Fate::Goes,
            held: Vec::new(),
            ended: BTreeSet::new(),
        };
        self.moves.insert(participant, moving);
        // Who watches from there, and is watched there, is somebody of this room.
        self.tell_neighbours(room);
        let release = MediaCommand::Release { participant, to };
        self.commands.push_back((from, release));
        true
    }

    /// Whether somebody is on the way between workers.
    pub fn is_moving(&self, participant: ParticipantId) -> bool {
        self.moves.contains_key(&participant)
    }

    /// Commands for participants on their way that were too many, since last asked.
    pub fn take_lost_commands(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// Where participants of the room are about to arrive.
    pub(super) fn coming(&self, room: RoomId) -> BTreeSet<WorkerId> {
        let moves = self.moves.values().filter(|moving| moving.room == room);
        moves
            .filter(|moving| moving.fate == Fate::Goes)
            .map(|moving| moving.to)
            .collect()
    }

    /// Keeps a command back that has to come after the peer; otherwise gives it back.
    pub(super) fn hold(&mut self, room: RoomId, command: MediaCommand) -> Option<MediaCommand> {
        if self.moves.is_empty() {
            return Some(command);
        }
        if let MediaCommand::Unpublish { track } = &command {
            self.note_ended(room, *track);
        }
        let publisher = |track: &TrackId| {
            let published = self.rooms.get(&room)?.tracks.get(track)?;
            Some(published.participant)
        };
        let who = match &command {
            MediaCommand::RemovePeer { participant } => {
                if let Some(moving) = self.moves.get_mut(participant) {
                    (moving.fate, moving.held) = (Fate::Gone, Vec::new());
                }
                None
            }
            MediaCommand::Offer { participant, .. }
            | MediaCommand::Permit { participant, .. }
            | MediaCommand::Publish { participant, .. }
            | MediaCommand::Assign { participant, .. } => Some(*participant),
            MediaCommand::Unpublish { track } | MediaCommand::Mute { track, .. } => publisher(track),
            _ => None,
        };
        let moving = who.and_then(|who| self.moves.get_mut(&who));
        let Some(moving) = moving.filter(|moving| moving.fate == Fate::Goes) else {
            return Some(command);
        };
        // What is forbidden must not be lost among what is asked for: the last word of it always has its place.
        let permits = |command: &MediaCommand| matches!(command, MediaCommand::Permit { .. });
        let permit = permits(&command);
        if permit {
            moving.held.retain(|held| !permits(held));
        }
        if permit || moving.held.len() < MAX_HELD {
            moving.held.push(command);
        } else {
            self.lost += 1;
        }
        None
    }

    /// A track of the room is over.
    pub(super) fn note_ended(&mut self, room: RoomId, track: TrackId) {
        let moves = self.moves.values_mut().filter(|moving| moving.room == room);
        for moving in moves {
            moving.ended.insert(track);
        }
    }

    /// A participant has another peer now: what arrives is the former one.
    pub(super) fn replace_moving(&mut self, participant: ParticipantId) {
        if let Some(moving) = self.moves.get_mut(&participant) {
            (moving.fate, moving.held) = (Fate::Replaced, Vec::new());
        }
    }

    /// A worker has got a peer.
    pub(super) fn handle_moved(&mut self, worker: WorkerId, participant: ParticipantId) {
        let arrived = self
            .moves
            .get(&participant)
            .is_some_and(|moving| moving.to == worker);
        let Some(moving) = self.moves.remove(&participant).filter(|_| arrived) else {
            return;
        };
        let Move { room, from, to, .. } = moving;
        let now_on = self.worker_of(room, participant);
        if moving.fate != Fate::Goes || now_on.is_none() {
            let removed = [to, from].into_iter().filter(|worker| Some(*worker) != now_on);
            for worker in removed {
                self.commands
                    .push_back((worker, MediaCommand::RemovePeer { participant }));
            }
            return self.tell_neighbours(room);
        }
        self.change_worker(participant, &moving);
        for track in moving.ended {
            self.commands.push_back((to, MediaCommand::Unpublish { track }));
        }
        for command in moving.held {
            self.handle_command(room, command);
        }
    }

    fn change_worker(&mut self, participant: ParticipantId, moving: &Move) {
        let Move { room, from, to, .. } = *moving;
        let detours = self.detours.entry(participant).or_default();
        for worker in detours.iter().filter(|worker| **worker != to) {
            self.commands
                .push_back((*worker, MediaCommand::Redirect { participant, to }));
        }
        detours.insert(from);
        detours.remove(&to);
        let Some(placed) = self.rooms.get_mut(&room) else {
            return;
        };
        placed.peers.insert(participant, to);
        if placed.peers.values().filter(|other| **other == to).count() == 1 {
            placed.told.remove(&to);
        }
        let workers = placed.workers();
        // What it made of them on the way.
        let others = workers.iter().filter(|worker| **worker != to).copied();
        let neighbours = MediaCommand::Neighbours {
            room,
            workers: others.collect(),
        };
        self.commands.push_back((to, neighbours));
        let tracks = placed.tracks.iter_mut();
        let own = tracks.filter(|(_, track)| track.participant == participant);
        for (track, published) in own {
            published.worker = to;
            for worker in workers.iter().filter(|worker| **worker != to) {
                self.commands.push_back((*worker, published.import(room, *track)));
            }
        }
        self.tell_neighbours(room);
        // It forgot the room if nobody else was there just then; others may have come since.
        self.repeat_to(room, from);
    }

    /// A worker has kept a peer, or not taken one because there is another.
    pub(super) fn handle_stays(&mut self, participant: ParticipantId) {
        let Some(moving) = self.moves.remove(&participant) else {
            return;
        };
        self.tell_neighbours(moving.room);
        if moving.fate == Fate::Gone {
            self.commands
                .push_back((moving.from, MediaCommand::RemovePeer { participant }));
        }
        for command in moving.held {
            self.handle_command(moving.room, command);
        }
    }

    /// A peer is gone on a worker. Returns whether that was one the participant has no longer.
    pub(super) fn handle_lost(&mut self, worker: WorkerId, participant: ParticipantId) -> bool {
        let moving = self.moves.get(&participant);
        let moving = moving.filter(|moving| worker == moving.to || worker == moving.from);
        let Some(&Move {
            room, from, to, fate, ..
        }) = moving
        else {
            return false;
        };
        if worker == from && fate != Fate::Goes {
            // Of the peer that has come since, or of one that never left: the way over ends as it ends.
            return false;
        }
        self.moves.remove(&participant);
        if fate == Fate::Replaced {
            self.tell_neighbours(room);
            return true;
        }
        self.commands
            .push_back((from, MediaCommand::RemovePeer { participant }));
        if worker == to {
            self.forget_peer(room, participant);
        }
        false
    }

    /// A participant has no peer any more: nobody passes on what its client sends.
    pub(super) fn end_detours(&mut self, participant: ParticipantId) {
        for worker in self.detours.remove(&participant).unwrap_or_default() {
            self.commands
                .push_back((worker, MediaCommand::RemovePeer { participant }));
        }
    }
}
