//! Rooms over several routers, with a wire between them that a test can cut.
#![allow(unreachable_pub, reason = "a test binary has no public")]

use crate::common::{Member, Stage};
use media::plane::{MediaCommand, MediaEvent, SlotAssignment};
use media::{LayerInfo, MLineIndex, RoomId, Source, TrackId, WorkerId};
use router::{Placement, RelayMessage, RouterConfig};

/// Workers of one node, in one virtual time.
pub struct Spread {
    pub stages: Vec<Stage>,
    pub placement: Placement,
    /// Everything that crossed: from, to, what.
    pub crossed: Vec<(usize, usize, RelayMessage)>,
    /// Whether a message is lost on the way.
    pub loses: Box<dyn FnMut(&RelayMessage) -> bool>,
    /// Events the control plane hears.
    pub events: Vec<(usize, MediaEvent)>,
}

impl Spread {
    pub fn new(workers: usize) -> Self {
        Self::with(workers, &RouterConfig::default())
    }

    pub fn with(workers: usize, config: &RouterConfig) -> Self {
        let mut stages: Vec<Stage> = (0..workers).map(|_| Stage::with(config.clone())).collect();
        let now = stages.iter().map(|stage| stage.now).max().expect("a worker");
        for (stage, port) in stages.iter_mut().zip(10_000..) {
            (stage.now, stage.port) = (now, port);
        }
        Self {
            stages,
            placement: Placement::new(),
            crossed: Vec::new(),
            loses: Box::new(|_| false),
            events: Vec::new(),
        }
    }

    /// A participant comes to a worker.
    pub fn join(&mut self, worker: usize, room: u32, id: u32, (video, audio): (u16, u16)) -> Member {
        let member = self.stages[worker].join(room, id, video, audio);
        self.placement
            .handle_peer(RoomId(room), member.id, WorkerId(worker as u16));
        self.settle();
        member
    }

    /// A command of the control plane.
    pub fn command(&mut self, room: u32, command: MediaCommand) {
        self.placement.handle_command(RoomId(room), command);
        self.settle();
    }

    /// Moves somebody to another worker, where they have arrived then.
    pub fn moves(&mut self, room: u32, member: &Member, to: usize) {
        let to = WorkerId(to as u16);
        assert!(self.placement.move_peer(RoomId(room), member.id, to));
        self.settle();
        assert_eq!(self.placement.worker_of(RoomId(room), member.id), Some(to));
    }

    pub fn publish(
        &mut self,
        room: u32,
        member: &Member,
        mline: MLineIndex,
        track: u32,
        source: Source,
    ) -> TrackId {
        let layers = layers_of(source);
        let (participant, track) = (member.id, TrackId(track));
        self.command(
            room,
            MediaCommand::Publish {
                participant,
                mline,
                track,
                source,
                layers,
            },
        );
        track
    }

    pub fn assign(
        &mut self,
        room: u32,
        member: &Member,
        slot: MLineIndex,
        track: Option<TrackId>,
        height: u16,
    ) {
        let slots = vec![SlotAssignment {
            slot,
            track,
            height,
            priority: 0,
        }];
        let participant = member.id;
        self.command(room, MediaCommand::Assign { participant, slots });
    }

    /// Carries commands, events and messages until all are silent.
    pub fn settle(&mut self) {
        loop {
            let mut silent = true;
            while let Some((worker, command)) = self.placement.poll_command() {
                silent = false;
                self.stages[usize::from(worker.0)].command(command);
            }
            for from in 0..self.stages.len() {
                for event in self.stages[from].take_events() {
                    silent = false;
                    if self.placement.handle_event(WorkerId(from as u16), &event) {
                        self.events.push((from, event));
                    }
                }
                while let Some((to, handover)) = self.stages[from].router.poll_handover() {
                    silent = false;
                    let stage = &mut self.stages[usize::from(to.0)];
                    stage
                        .router
                        .handle_handover(stage.now, WorkerId(from as u16), handover);
                }
                while let Some((to, message)) = self.stages[from].router.poll_relay() {
                    silent = false;
                    let to = usize::from(to.0);
                    if (self.loses)(&message) {
                        continue;
                    }
                    self.crossed.push((from, to, message.clone()));
                    let stage = &mut self.stages[to];
                    stage
                        .router
                        .handle_relay(stage.now, WorkerId(from as u16), message);
                }
            }
            if silent {
                break;
            }
        }
    }

    /// Lets time pass on all workers.
    pub fn pass(&mut self, ms: u64) {
        for _ in 0..ms {
            self.stages.iter_mut().for_each(|stage| stage.pass(1));
            self.settle();
        }
    }

    /// A frame of a member of this worker.
    pub fn frame(&mut self, worker: usize, from: &Member, layer: u8, keyframe: bool) {
        self.stages[worker].frame(from, layer, keyframe);
        self.settle();
    }

    /// Ten frames a second of all three layers, keyframes where the publisher was asked for them.
    pub fn film(&mut self, worker: usize, from: &Member, ms: u64) {
        for _ in 0..ms / 100 {
            let asked = from.keyframe_requests();
            for layer in 0..3 {
                let keyframe = asked.iter().any(|(_, asked)| asked.0 == layer);
                self.frame(worker, from, layer, keyframe);
            }
            self.pass(100);
        }
    }

    /// What crossed since last asked.
    pub fn take_crossed(&mut self) -> Vec<(usize, usize, RelayMessage)> {
        std::mem::take(&mut self.crossed)
    }

    /// Tracks, imports, exports and rooms of all workers.
    pub fn held(&self) -> [u64; 4] {
        let counters = self.stages.iter().map(|stage| stage.router.counters());
        counters.fold([0; 4], |sum, c| {
            let more = [c.tracks, c.imports, c.exports, c.rooms];
            std::array::from_fn(|i| sum[i] + more[i])
        })
    }
}

/// How many of the messages are packets from one worker to another.
pub fn packets(crossed: &[(usize, usize, RelayMessage)], from: usize, to: usize) -> usize {
    let of = |(f, t, message): &&(usize, usize, RelayMessage)| {
        (*f, *t) == (from, to) && matches!(message, RelayMessage::Packet { .. })
    };
    crossed.iter().filter(of).count()
}

pub fn layers_of(source: Source) -> Vec<LayerInfo> {
    let layer = |(rid, height): &(&str, u16)| LayerInfo {
        rid: (*rid).to_owned(),
        height: *height,
        max_bitrate: media::Bitrate(0),
    };
    match source {
        Source::Camera => [("q", 180), ("h", 360), ("f", 720)].iter().map(layer).collect(),
        Source::Screen => [("", 1080)].iter().map(layer).collect(),
        Source::Microphone | Source::ScreenAudio => Vec::new(),
    }
}
