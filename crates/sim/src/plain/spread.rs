//! People of one world spread over several workers, as a room that has outgrown one is.

use super::observe::Received;
use super::person::PersonId;
use super::world::{Event, World};
use link::Rng;
use media::{Kind, ParticipantId, TrackId, WorkerId};
use router::{RelayMessage, Router, RouterCounters};
use std::collections::BTreeMap;
use std::time::Duration;

/// The server's workers, and what is between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Workers {
    /// How many; people are put on them in turn.
    pub count: usize,
    /// From worker to worker: a mailbox and the batch that its owner is at.
    pub delay: Duration,
    /// The share of packets lost between workers, 0.0 to 1.0. What is not a packet is never lost: queues between threads
    /// drop only these.
    pub loss: f64,
}

impl Default for Workers {
    /// One, which is alone.
    fn default() -> Self {
        Self {
            count: 1,
            delay: Duration::from_micros(500),
            loss: 0.0,
        }
    }
}

/// What lies between the workers of a world.
#[derive(Debug)]
pub(super) struct Wire {
    workers: Workers,
    rng: Rng,
    lost: u64,
}

impl Wire {
    pub(super) fn new(workers: Workers, seed: u64) -> Self {
        Self {
            workers,
            // Its own, so that the same people come whether or not anything is lost here.
            rng: Rng::new(seed ^ 0x5E1A),
            lost: 0,
        }
    }

    fn loses(&mut self, message: &RelayMessage) -> bool {
        let fleeting = matches!(message, RelayMessage::Packet { .. } | RelayMessage::Level { .. });
        let lost = fleeting && self.rng.chance(self.workers.loss);
        self.lost += u64::from(lost);
        lost
    }
}

impl World {
    /// Where somebody's peer is put, and whose port their client sends to wherever it goes.
    pub(super) fn worker_for(&self, person: usize) -> usize {
        person % self.routers.len()
    }

    /// Sends what routers have for each other on its way; `false` when they have nothing.
    pub(super) fn carry_relays(&mut self) -> bool {
        let mut any = false;
        for from in 0..self.routers.len() {
            while let Some((WorkerId(to), handover)) = self.call(from, Router::poll_handover).flatten() {
                any = true;
                let event = Event::Handover {
                    from: WorkerId(from as u16),
                    to: usize::from(to),
                    handover: Box::new(handover),
                };
                if !self.mislays(&event) {
                    self.push(self.now + self.wire.workers.delay, event);
                }
            }
            while let Some((WorkerId(to), message)) = self.call(from, Router::poll_relay).flatten() {
                any = true;
                if !self.wire.loses(&message) {
                    let event = Event::Relay {
                        from: WorkerId(from as u16),
                        to: usize::from(to),
                        message: Box::new(message),
                    };
                    self.push(self.now + self.wire.workers.delay, event);
                }
            }
        }
        any
    }

    /// The port of the worker that somebody's peer is put on.
    pub(super) fn port_of(&self, person: usize) -> u16 {
        10_000 + self.worker_for(person) as u16
    }

    /// Moves somebody's connection to another worker; `false` when it is there or on the way, or there is none.
    pub fn move_peer(&mut self, who: PersonId, worker: usize) -> bool {
        let participant = self.people[who.0].participant;
        let worker = WorkerId((worker % self.routers.len()) as u16);
        let Some(room) = self.placement.room_of(participant) else {
            return false;
        };
        let begun = self.placement.move_peer(room, participant, worker);
        self.settle();
        begun
    }

    /// Whether a participant's peer is between two workers.
    pub fn is_on_the_way(&self, participant: ParticipantId) -> bool {
        self.placement.is_moving(participant)
    }

    /// Participants that have come over from other workers.
    pub fn moves(&self) -> u64 {
        self.routers.iter().map(|router| router.counters().moves).sum()
    }

    /// Packets lost between workers.
    pub fn lost_between_workers(&self) -> u64 {
        self.wire.lost
    }

    /// What is left on the server, with a word for it: nothing, when everybody has gone.
    pub fn left_over(&self) -> Vec<(&'static str, u64)> {
        let sum =
            |of: fn(&RouterCounters) -> u64| self.routers.iter().map(|router| of(router.counters())).sum();
        let all = [
            ("peers", sum(|c| c.peers)),
            ("rooms on workers", sum(|c| c.rooms)),
            ("tracks", sum(|c| c.tracks)),
            ("imports", sum(|c| c.imports)),
            ("exports", sum(|c| c.exports)),
            ("slots", sum(|c| c.slots)),
            ("assigned slots", sum(|c| c.slots_assigned)),
            ("addresses", sum(|c| c.addresses)),
            ("usernames", sum(|c| c.usernames)),
            ("detours", sum(|c| c.detours)),
            ("placed rooms", self.placement.room_count() as u64),
            ("participants", self.rooms.participant_count() as u64),
            ("rooms", self.rooms.room_count() as u64),
            ("held", self.rooms.held() as u64),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// The pictures an observed person has decoded: by whose and when each was captured, in which layer.
    pub fn pictures(&self, viewer: PersonId) -> BTreeMap<(usize, Duration), u8> {
        let frames = self.observation(viewer).map(|seen| &seen.frames);
        let person = |track: &TrackId| self.tracks.get(track).map(|(person, _)| *person);
        let pictures = frames.into_iter().flatten();
        pictures
            .filter_map(|frame| Some(((person(&frame.track)?, frame.captured), frame.layer)))
            .collect()
    }

    /// When pictures came to an observed person that they could decode, and whose, since the beginning.
    pub fn arrivals(&self, viewer: PersonId) -> Vec<(usize, Duration)> {
        let frames = self.observation(viewer).map(|seen| &seen.frames);
        let frames = frames.into_iter().flatten();
        let arrival = |frame: &Received| {
            let (of, _) = self.tracks.get(&frame.track)?;
            Some((*of, frame.at.saturating_duration_since(self.origin)))
        };
        frames.filter_map(arrival).collect()
    }

    /// Of whose microphones an observed person has got packets, and how many.
    pub fn voices(&self, listener: PersonId) -> BTreeMap<usize, u64> {
        let mut voices = BTreeMap::new();
        let packets = self.observation(listener).map(|heard| &heard.audio);
        for packet in packets.into_iter().flatten() {
            if let Some((person, source)) = self.tracks.get(&packet.track)
                && source.kind() == Kind::Audio
            {
                *voices.entry(*person).or_default() += 1;
            }
        }
        voices
    }
}
