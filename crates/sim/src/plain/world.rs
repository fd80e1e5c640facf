//! A server, people, links between them, and the order of events.

use super::cubic::Cubic;
use super::estimators::Estimators;
use super::observe::SAMPLE_INTERVAL;
use super::peer::{PlainOffer, PlainPeer};
use super::person::{Person, PersonConfig, PersonId};
use super::publisher::Publisher;
use super::reporter::Reporter;
use super::sabotage::Sabotage;
use super::spread::{Wire, Workers};
use super::subscriber::Subscriber;
use super::wire::{MORE_HEADERS, Message};
use bytes::BytesMut;
use link::Rng;
use link::{Fate, Link};
use media::{MLineIndex, NtpTime, ParticipantId, Source, TrackId, WorkerId};
use peer::{Path, Protocol};
use room::{Join, Notice, OfferStep, OfferedTrack, RoomOutput, Rooms, SocketId};
use router::{Handover, Placement, RelayMessage, Router, RouterConfig};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// One way over the signaling socket.
const SIGNALING_DELAY: Duration = Duration::from_millis(25);
/// Most events at one instant, after which something is turning in a circle.
const MAX_EVENTS_PER_INSTANT: usize = 1_000_000;
/// The server's NTP time when a world begins: some day in 2026.
const SERVER_NTP: NtpTime = NtpTime(3_990_000_000 << 32);

#[derive(Debug)]
pub(super) enum Event {
    /// From this person.
    ToServer(usize, BytesMut),
    Relay {
        from: WorkerId,
        to: usize,
        message: Box<RelayMessage>,
    },
    Handover {
        from: WorkerId,
        to: usize,
        handover: Box<Handover<PlainPeer>>,
    },
    ToPerson(usize, BytesMut),
    Notice(SocketId, Notice),
    /// A segment of the download on this person's link was acknowledged (`true`) or found lost.
    Download(usize, bool),
}

/// A simulated internet with one Plenum server in it.
#[derive(Debug)]
pub struct World {
    pub(super) origin: Instant,
    pub(super) now: Instant,
    rng: Rng,
    /// By worker.
    pub(super) routers: Vec<Router<PlainPeer>>,
    pub(super) placement: Placement,
    pub(super) wire: Wire,
    pub(super) rooms: Rooms,
    pub(super) people: Vec<Person>,
    /// By time, then in the order they were put in.
    queue: BinaryHeap<Reverse<(Instant, u64)>>,
    events: BTreeMap<u64, Event>,
    next_event: u64,
    pub(super) tracks: BTreeMap<TrackId, (usize, Source)>,
    violations: Vec<String>,
    digest: u64,
    pub(super) next_sample: Option<Instant>,
    /// Downloads of others, by whose link they share.
    pub(super) downloads: BTreeMap<usize, Cubic>,
    /// Panics in routers are contained.
    pub(super) contains: bool,
    /// What goes wrong on purpose.
    pub sabotage: Option<Sabotage>,
}

impl World {
    /// An empty world; everything that happens follows from the seed and what the scenario does.
    pub fn new(seed: u64) -> Self {
        Self::with(seed, RouterConfig::default())
    }

    /// An empty world whose router has these limits.
    pub fn with(seed: u64, config: RouterConfig) -> Self {
        Self::over(seed, config, Workers::default())
    }

    /// An empty world whose people are put on so many workers, with these limits each.
    pub fn over(seed: u64, config: RouterConfig, workers: Workers) -> Self {
        // Instants cannot be made up; all that is used of this one are distances to it.
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let origin = Instant::now();
        let mut rng = Rng::new(seed);
        let room_seed = std::array::from_fn(|_| rng.bits() as u8);
        Self {
            origin,
            now: origin,
            rng,
            routers: std::iter::repeat_n(config, workers.count.max(1))
                .map(|config| Router::new(config, SERVER_NTP, origin))
                .collect(),
            placement: Placement::new(),
            wire: Wire::new(workers, seed),
            rooms: Rooms::new(room::Config::default(), room_seed),
            people: Vec::new(),
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            next_event: 0,
            tracks: BTreeMap::new(),
            violations: Vec::new(),
            // FNV-1a's offset.
            digest: 0xCBF2_9CE4_8422_2325,
            next_sample: None,
            downloads: BTreeMap::new(),
            contains: false,
            sabotage: None,
        }
    }

    /// Somebody joins a room, connects and publishes what the configuration says.
    ///
    /// # Panics
    /// When the server refuses.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "whoever joins brings a configuration of their own"
    )]
    pub fn join(&mut self, room: &str, config: PersonConfig) -> PersonId {
        let index = self.people.len();
        let socket = SocketId(index as u64 + 1);
        let join = Join {
            room: room.to_owned(),
            name: format!("person {index}"),
            metadata: None,
            credentials: room::Credentials::OPEN,
        };
        let welcome = self
            .rooms
            .handle_join(self.now, socket, join)
            .expect("the room takes more people");
        let offer = PlainOffer {
            person: index as u32,
            restarts: 0,
            video_slots: config.video_slots,
            audio_slots: config.audio_slots,
        };
        let person = self.new_person(room, welcome.participant, socket, offer, config.clone());
        self.people.push(person);
        self.offer(socket, offer, &config.estimator);
        if config.camera_fps > 0 {
            self.publish(PersonId(index), Source::Camera);
        }
        if config.microphone {
            self.publish(PersonId(index), Source::Microphone);
        }
        self.settle();
        PersonId(index)
    }

    fn new_person(
        &mut self,
        room: &str,
        participant: ParticipantId,
        socket: SocketId,
        offer: PlainOffer,
        config: PersonConfig,
    ) -> Person {
        let ntp = NtpTime(SERVER_NTP.0.wrapping_add_signed(config.clock_offset_s << 32));
        let (random, up, down) = (self.rng.bits(), self.rng.bits(), self.rng.bits());
        let sections = offer.sections();
        Person {
            room: room.to_owned(),
            participant,
            up: Link::new(config.up.clone(), self.now, up),
            down: Link::new(config.down.clone(), self.now, down),
            slots: BTreeMap::new(),
            notices: Vec::new(),
            data: Vec::new(),
            camera: None,
            screen: None,
            microphone: None,
            socket,
            path: Path {
                protocol: Protocol::Udp,
                local: SocketAddr::from(([192, 0, 2, 1], self.port_of(offer.person as usize))),
                remote: SocketAddr::from(([198, 51, 100, 1], 20_000 + offer.person as u16)),
            },
            check: stun_check(&offer.ufrag()),
            next_check: self.now,
            publisher: Publisher::new(offer.person, self.origin, self.now, ntp, config, random),
            subscriber: Subscriber::new(self.origin, SERVER_NTP, &sections),
            sections,
            reporter: Reporter::new(self.origin, self.now),
            shares: None,
            alive: true,
        }
    }

    /// The first offer: the peer is built as a session would build it.
    fn offer(&mut self, socket: SocketId, offer: PlainOffer, estimators: &Estimators) {
        let sources = [
            Source::Microphone,
            Source::Camera,
            Source::Screen,
            Source::ScreenAudio,
        ];
        let offered = |(mline, source): (usize, Source)| OfferedTrack {
            mid: mline.to_string(),
            source,
        };
        let tracks = sources.into_iter().enumerate().map(offered).collect();
        let step = self
            .rooms
            .handle_offer(self.now, socket, 1, offer.to_sdp(), tracks);
        let Ok(OfferStep::BuildPeer { participant, room }) = step else {
            panic!("the offer is the first: {step:?}")
        };
        let (peer, answer) =
            PlainPeer::accept(self.now, &offer.to_sdp(), true, estimators).expect("the offer is ours");
        let built = self
            .rooms
            .handle_peer_built(self.now, participant, answer.sections.clone());
        built.expect("the participant is here");
        let worker = self.worker_for(offer.person as usize);
        let now = self.now;
        self.call(worker, |router| {
            router.add_peer(now, room, participant, peer, &answer);
        });
        self.placement
            .handle_peer(room, participant, WorkerId(worker as u16));
        self.settle();
    }

    /// Lets time pass.
    pub fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut at_this_instant = 0;
        while let Some(at) = self.next_deadline().filter(|at| *at <= end) {
            at_this_instant = if at > self.now { 0 } else { at_this_instant + 1 };
            assert!(at_this_instant < MAX_EVENTS_PER_INSTANT, "time stands still");
            self.now = self.now.max(at);
            self.step();
        }
        self.now = end;
    }

    /// As [`Self::run`], in milliseconds.
    pub fn run_ms(&mut self, ms: u64) {
        self.run(Duration::from_millis(ms));
    }

    /// Virtual time now.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Somebody.
    pub fn person(&self, who: PersonId) -> &Person {
        &self.people[who.0]
    }

    /// Somebody, to change their links.
    pub fn person_mut(&mut self, who: PersonId) -> &mut Person {
        &mut self.people[who.0]
    }

    /// The server's media plane; of several workers, the first.
    pub fn router(&self) -> &Router<PlainPeer> {
        &self.routers[0]
    }

    /// All workers' routers.
    pub fn routers(&self) -> &[Router<PlainPeer>] {
        &self.routers
    }

    /// The server's control plane.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// What happened that must not.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// A hash over every datagram: its direction, time and bytes.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    fn next_deadline(&mut self) -> Option<Instant> {
        let queue = self.queue.peek().map(|Reverse((at, _))| *at);
        let people = self.people.iter().filter_map(Person::poll_timeout).min();
        let now = self.now;
        let routers = (0..self.routers.len())
            .filter_map(|worker| self.call(worker, Router::poll_timeout).unwrap_or(Some(now)))
            .min();
        [
            queue,
            people,
            routers,
            self.rooms.poll_timeout(),
            self.next_sample,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does what is due now, events first.
    fn step(&mut self) {
        while let Some(Reverse((at, number))) = self.queue.peek().copied() {
            if at > self.now {
                break;
            }
            self.queue.pop();
            if let Some(event) = self.events.remove(&number) {
                self.handle(event);
            }
        }
        if self.next_sample.is_some_and(|at| at <= self.now) {
            self.sample();
            self.next_sample = Some(self.now + SAMPLE_INTERVAL);
        }
        let now = self.now;
        for worker in 0..self.routers.len() {
            self.call(worker, |router| router.handle_timeout(now));
        }
        self.rooms.handle_timeout(self.now);
        for index in 0..self.people.len() {
            if self.people[index].poll_timeout().is_some_and(|at| at <= self.now) {
                let datagrams = self.people[index].handle_timeout(self.now, &mut self.violations);
                datagrams
                    .into_iter()
                    .for_each(|datagram| self.send_up(index, datagram));
            }
        }
        self.settle();
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::ToServer(index, datagram) => {
                if let Some(datagram) = self.tamper_up(index, datagram) {
                    let (worker, path) = (self.worker_for(index), self.people[index].path);
                    let now = self.now;
                    self.call(worker, |router| router.handle_datagram(now, path, datagram));
                }
            }
            Event::Relay { from, to, message } => {
                let now = self.now;
                self.call(to, |router| router.handle_relay(now, from, *message));
            }
            Event::Handover { from, to, handover } => {
                let now = self.now;
                self.call(to, |router| router.handle_handover(now, from, *handover));
            }
            Event::ToPerson(index, datagram) => {
                let datagram = self.tamper_down(index, datagram);
                self.check_sender(index, &datagram);
                let person = &mut self.people[index];
                if !person.alive {
                    return;
                }
                let answers = person.handle_datagram(self.now, datagram, &mut self.violations);
                answers
                    .iter()
                    .for_each(|answer| self.send_up(index, answer.encode()));
            }
            Event::Download(index, came) => {
                let round_trip =
                    self.people[index].down.config.delay * 2 + self.people[index].down.config.queue;
                if let Some(cubic) = self.downloads.get_mut(&index) {
                    if came {
                        cubic.acknowledged(self.now);
                    } else {
                        cubic.lost(self.now, round_trip);
                    }
                }
                self.download(index);
            }
            Event::Notice(socket, notice) => {
                let person = self.people.iter_mut().find(|person| person.socket == socket);
                if let Some(person) = person.filter(|person| person.alive) {
                    person.handle_notice(notice);
                }
            }
        }
    }

    /// Nothing to the wrong participant: the CSRC names a track of somebody else in the receiver's room, and the
    /// content is that track's.
    fn check_sender(&mut self, receiver: usize, datagram: &BytesMut) {
        let Some(Message::Slot { slot, packet, .. }) = Message::decode(datagram.clone()) else {
            return;
        };
        let stamp = match packet.codec.kind() {
            media::Kind::Audio => super::stamp::Stamp::of_audio(&packet.payload.to_bytes()),
            media::Kind::Video => {
                super::stamp::Stamp::of_vp8(&packet.payload.to_bytes()).map(|(stamp, _)| stamp)
            }
        };
        let said = self.tracks.get(&packet.csrc).copied();
        let is = stamp.map(|stamp| (stamp.person as usize, stamp.source));
        let same_room = said.is_some_and(|(from, _)| self.people[from].room == self.people[receiver].room);
        let own = said.is_some_and(|(from, _)| from == receiver);
        if said.is_none() || said != is || !same_room || own {
            let MLineIndex(slot) = slot;
            self.violations.push(format!(
                "person {receiver}, slot {slot}: {:?} came as {} of {said:?}",
                is, packet.csrc
            ));
        }
    }

    /// Passes on what server and rooms have to say, until they are silent.
    pub(super) fn settle(&mut self) {
        loop {
            let mut silent = true;
            for worker in 0..self.routers.len() {
                // After a panic there is something to tell.
                while let Some(event) = self.call(worker, Router::poll_event).unwrap_or_else(|| {
                    silent = false;
                    None
                }) {
                    silent = false;
                    if self.placement.handle_event(WorkerId(worker as u16), &event) {
                        self.rooms.handle_media_event(self.now, event);
                    }
                }
            }
            while let Some(output) = self.rooms.poll_output() {
                silent = false;
                match output {
                    RoomOutput::Media { command, .. } if self.loses(&command) => {}
                    RoomOutput::Media { room, command } => self.placement.handle_command(room, command),
                    RoomOutput::Notify { socket, notice } => {
                        self.push(self.now + SIGNALING_DELAY, Event::Notice(socket, notice));
                    }
                    RoomOutput::RoomClosed { room } => self.placement.forget_room(room),
                }
            }
            while let Some((WorkerId(worker), command)) = self.placement.poll_command() {
                silent = false;
                let now = self.now;
                if !self.forgets(&command) {
                    self.call(usize::from(worker), |router| router.handle_command(now, command));
                }
            }
            silent &= !self.carry_relays();
            if silent {
                break;
            }
        }
        for worker in 0..self.routers.len() {
            // A panic ends one peer, and the others go on.
            while let Some(transmit) = std::iter::repeat_with(|| self.call(worker, Router::poll_transmit))
                .find_map(|taken| taken)
                .flatten()
            {
                self.send_down(transmit.path, transmit.datagram);
            }
        }
    }

    fn send_down(&mut self, path: Path, datagram: BytesMut) {
        self.record(1, &datagram);
        let Some(index) = self.people.iter().position(|person| person.path == path) else {
            return self
                .violations
                .push(format!("a datagram to {path:?}, where nobody is"));
        };
        let link = self.people[index].shares.unwrap_or(index);
        let bytes = datagram.len() + MORE_HEADERS;
        if let Fate::Arrives(at) = self.people[link].down.send(self.now, bytes) {
            self.push(at, Event::ToPerson(index, datagram));
        }
    }

    pub(super) fn send_up(&mut self, index: usize, datagram: BytesMut) {
        self.record(0, &datagram);
        let person = &mut self.people[index];
        if let Fate::Arrives(at) = person.up.send(self.now, datagram.len() + MORE_HEADERS) {
            self.push(at, Event::ToServer(index, datagram));
        }
    }

    pub(super) fn push(&mut self, at: Instant, event: Event) {
        self.queue.push(Reverse((at, self.next_event)));
        self.events.insert(self.next_event, event);
        self.next_event += 1;
    }

    fn record(&mut self, direction: u8, datagram: &[u8]) {
        let time = self.now.saturating_duration_since(self.origin).as_nanos() as u64;
        let mut mix = |word: u64| {
            // FNV-1a (Fowler, Noll, Vo) over words instead of bytes, with a rotation that carries high bits down.
            self.digest = (self.digest ^ word)
                .wrapping_mul(0x0100_0000_01B3)
                .rotate_left(29);
        };
        mix(time << 1 | u64::from(direction));
        let (words, rest) = datagram.as_chunks::<8>();
        words.iter().for_each(|word| mix(u64::from_be_bytes(*word)));
        rest.iter().for_each(|byte| mix(u64::from(*byte)));
        mix(datagram.len() as u64);
    }
}

/// A binding request as far as the demultiplexer reads it (RFC 8489 §5, §14.3).
fn stun_check(ufrag: &str) -> BytesMut {
    let username = format!("{ufrag}:them");
    let padded = username.len().next_multiple_of(4);
    let mut out = BytesMut::new();
    out.extend_from_slice(&[0, 1]);
    out.extend_from_slice(&(padded as u16 + 4).to_be_bytes());
    out.extend_from_slice(&[0x21, 0x12, 0xA4, 0x42]);
    out.extend_from_slice(&[0; 12]);
    out.extend_from_slice(&[0, 6]);
    out.extend_from_slice(&(username.len() as u16).to_be_bytes());
    out.extend_from_slice(username.as_bytes());
    out.resize(24 + padded, 0);
    out
}
