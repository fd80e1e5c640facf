//! Two workers in virtual time, with scripted peers: commands, what peers tell, datagrams, pauses and messages between
//! the workers, in any order.

mod steps;

use self::steps::{Command, Step, Stray, later_answer};
use crate::common::{Member, Stage, path_of, sections};
use crate::input::each;
use bytes::BytesMut;
use media::data::ToClient;
use media::plane::{MediaCommand, Sections};
use media::{MLineIndex, ParticipantId, RoomId, TrackId, WorkerId};
use router::{Load, Placement, RouterConfig};
use std::collections::HashMap;
use std::time::Duration;

/// Calls after which everything that was handed in must have come out.
const MAX_ROUNDS: usize = 10_000;
const MAX_PEERS: usize = 5;
const MAX_TRACKS: usize = 6;

struct Present {
    worker: usize,
    room: RoomId,
    member: Member,
    sections: Sections,
}

struct World {
    stages: [Stage; 2],
    placement: Placement,
    members: Vec<Present>,
    /// By track: the room of its publisher.
    rooms: HashMap<TrackId, RoomId>,
    /// One in so many messages between the workers is lost; 0: none.
    loses: u8,
    crossed: u64,
}

/// A sequence of steps.
pub fn router(data: &[u8]) {
    let config = RouterConfig {
        max_peers: MAX_PEERS,
        max_tracks: MAX_TRACKS,
        video_ring_packets: 32,
        audio_ring_packets: 8,
        ..RouterConfig::default()
    };
    let mut world = World {
        stages: [Stage::with(config.clone()), Stage::with(config)],
        placement: Placement::new(),
        members: Vec::new(),
        rooms: HashMap::new(),
        loses: 0,
        crossed: 0,
    };
    world.stages[1].now = world.stages[0].now;
    for step in each::<Step>(data, 400) {
        world.step(step);
        world.settle();
        world.check();
    }
    world.end();
}

impl World {
    fn step(&mut self, step: Step) {
        match step {
            Step::Join { worker, room, id, video, audio } => self.join(worker, room, id, video, audio),
            Step::Command { room, command } => self.command(room_of(room), command),
            Step::Straight { worker, room, command } => {
                // What the other knows already, or does not know yet.
                if !matches!(command, Command::Publish { .. } | Command::Offer(_) | Command::Remove(_)) {
                    let command = command.of(room_of(room), WorkerId((!worker).into()));
                    self.stages[usize::from(worker)].command(command);
                }
            }
            Step::Tell { member, event } => {
                if let Some((worker, member)) = self.pick(member) {
                    self.stages[worker].tell(&member, event.into_event());
                }
            }
            Step::Feed { member, feed } => {
                if let Some((worker, member)) = self.pick(member) {
                    feed.into_script(self.stages[worker].now, &mut member.script.borrow_mut());
                }
            }
            Step::Media { member, media } => {
                if let Some((worker, member)) = self.pick(member) {
                    media.send(&mut self.stages[worker], &member);
                }
            }
            Step::Stray(stray) => self.stray(stray),
            Step::Pass(ms) => {
                for _ in 0..ms.div_ceil(20) {
                    self.stages.iter_mut().for_each(|stage| stage.pass(20));
                    self.settle();
                }
            }
            Step::Load { worker, busy_permille, lag_ms } => {
                let stage = &mut self.stages[usize::from(worker)];
                let load = Load {
                    busy_permille: busy_permille.into(),
                    longest_lag: Duration::from_millis(lag_ms.into()),
                };
                stage.router.handle_load(stage.now, load);
            }
            Step::Loses(one_in) => self.loses = one_in,
        }
    }

    fn command(&mut self, room: RoomId, command: Command) {
        let command = command.of(room, WorkerId(0));
        match &command {
            MediaCommand::Publish { participant, track, .. } => {
                let publisher = self.members.iter().find(|present| present.member.id == *participant);
                // Ids are given out once: a track stays in the room of who was the first to publish it.
                if let Some(publisher) = publisher
                    && *self.rooms.entry(*track).or_insert(publisher.room) != room
                {
                    return;
                }
            }
            MediaCommand::Offer { participant, request, .. } => {
                for present in self.members.iter_mut().filter(|present| present.member.id == *participant) {
                    let answer = later_answer(&present.member, &mut present.sections, *request);
                    present.member.script.borrow_mut().next_answer = Some(answer);
                }
            }
            // The placement's own.
            MediaCommand::Neighbours { .. } => return,
            _ => {}
        }
        self.placement.handle_command(room, command);
    }

    fn join(&mut self, worker: bool, room: u8, id: u8, video: u8, audio: u8) {
        let (worker, room, id) = (usize::from(worker), room_of(room), 1 + u32::from(id % 8));
        // Who is in another room, or on another worker, goes first.
        if self.members.iter().any(|present| present.member.id.0 == id) {
            self.leave(ParticipantId(id));
        }
        let (video, audio) = (u16::from(video % 4), u16::from(audio % 5));
        let member = self.stages[worker].join(room.0, id, video, audio);
        self.placement.handle_peer(room, member.id, WorkerId(worker as u16));
        let sections = sections(video, audio);
        self.members.push(Present { worker, room, member, sections });
    }

    fn leave(&mut self, participant: ParticipantId) {
        let (gone, staying) =
            std::mem::take(&mut self.members).into_iter().partition(|present| present.member.id == participant);
        self.members = staying;
        let gone: Vec<Present> = gone;
        for Present { room, .. } in gone {
            self.placement.handle_command(room, MediaCommand::RemovePeer { participant });
        }
        self.settle();
    }

    fn pick(&self, member: u8) -> Option<(usize, Member)> {
        let count = self.members.len().max(1);
        let present = self.members.get(usize::from(member) % count)?;
        Some((present.worker, present.member.clone()))
    }

    fn stray(&mut self, stray: Stray) {
        let Stray { worker, port, closed, datagram } = stray;
        let stage = &mut self.stages[usize::from(worker)];
        let path = path_of(1_000 + u16::from(port % 16));
        if closed {
            stage.router.handle_path_closed(stage.now, path);
        } else {
            stage.router.handle_datagram(stage.now, path, BytesMut::from(&datagram.0[..]));
        }
    }

    /// Carries commands, events and messages until all are silent.
    fn settle(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let mut silent = true;
            while let Some((worker, command)) = self.placement.poll_command() {
                silent = false;
                self.stages[usize::from(worker.0)].command(command);
            }
            for from in 0..2 {
                for event in self.stages[from].take_events() {
                    silent = false;
                    self.placement.handle_event(WorkerId(from as u16), &event);
                }
                while let Some((to, message)) = self.stages[from].router.poll_relay() {
                    silent = false;
                    assert_ne!(usize::from(to.0), from, "a worker is none of its own neighbours");
                    self.crossed += 1;
                    if self.loses != 0 && self.crossed.is_multiple_of(u64::from(self.loses)) {
                        continue;
                    }
                    let to = &mut self.stages[usize::from(to.0) % 2];
                    to.router.handle_relay(to.now, WorkerId(from as u16), message);
                }
            }
            if silent {
                let stages = &self.stages;
                self.members.retain(|Present { worker, member, .. }| stages[*worker].router.peer(member.id).is_some());
                return;
            }
        }
        panic!("the workers never fall silent");
    }

    fn check(&mut self) {
        for Present { room, member, sections, .. } in &self.members {
            let mut script = member.script.borrow_mut();
            let script = &mut *script;
            let mut slots = sections.video_slots.iter().chain(&sections.audio_slots);
            let mut is_slot = |mline: MLineIndex| slots.any(|slot| slot.mline == mline);
            for (slot, packet) in script.sent.drain(..).chain(script.resent.drain(..)) {
                assert_eq!(self.rooms.get(&packet.csrc), Some(room), "a packet of another room");
                assert!(is_slot(slot), "no slot of theirs");
            }
            for (_, envelope) in script.data.drain(..) {
                let message = ToClient::decode(&envelope).expect("clients get envelopes");
                if let Some(sender) = self.members.iter().find(|present| present.member.id == message.sender) {
                    assert_eq!(sender.room, *room, "a message of another room");
                }
            }
        }
        for (index, stage) in self.stages.iter().enumerate() {
            let c = stage.router.counters();
            assert!(c.peers <= MAX_PEERS as u64 && c.tracks <= MAX_TRACKS as u64, "{c:?}");
            assert!(c.imports + c.tracks <= 2 * MAX_TRACKS as u64, "{c:?}");
            assert!(c.rooms <= c.peers && c.slots_assigned <= c.slots && c.usernames >= c.peers, "{c:?}");
            let here = self.members.iter().filter(|present| present.worker == index);
            assert_eq!(here.count() as u64, c.peers, "who is here is known");
        }
    }

    fn end(mut self) {
        self.loses = 0;
        for Present { room, member, .. } in std::mem::take(&mut self.members) {
            let participant = member.id;
            self.placement.handle_command(room, MediaCommand::RemovePeer { participant });
        }
        self.settle();
        for stage in &mut self.stages {
            let c = *stage.router.counters();
            let left = [c.peers, c.rooms, c.tracks, c.imports, c.exports, c.slots, c.slots_assigned];
            assert_eq!(left, [0; 7], "something is left");
            assert_eq!([c.addresses, c.usernames, c.shed], [0; 3], "something is left");
            stage.pass(60_000);
            assert_eq!(stage.router.poll_timeout(), None, "a timer is left");
        }
    }
}

fn room_of(number: u8) -> RoomId {
    RoomId(1 + u32::from(number % 2))
}
