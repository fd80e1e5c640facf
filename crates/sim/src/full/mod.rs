//! Full mode: real `rtc` connections on both ends, the real router and rooms, in virtual time and one thread.
//!
//! Not repeatable bit for bit (`rtc` draws its own random numbers), but a whole call of minutes takes seconds.

mod actions;
mod moving;
mod network;
mod observe;
mod person;

pub use network::{Link, Wire};
pub use observe::{Arrival, Observation};
pub use person::Person;

use crate::client::{Client, ClientConfig, ClientEvent, Via};
use ::link::Rng;
use media::plane::MediaEvent;
use media::{NtpTime, ParticipantId, Source, TrackId};
use network::{Network, To};
use peer::{PeerConfig, PeerFactory, Protocol, RtcPeer};
use room::{Join, Notice, OfferStep, OfferedTrack, RoomOutput, Rooms, SocketId};
use router::{Router, RouterConfig};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Time moves in steps of this: what is due within one happens together.
const STEP: Duration = Duration::from_millis(1);
/// The server's wall clock at the start.
const SERVER_CLOCK: NtpTime = NtpTime(0xe100_0000_0000_0000);
/// The server's address on the simulated network.
const SERVER: ([u8; 4], u16) = ([10, 9, 9, 9], 10_000);

/// A server and the people in one room of it.
pub struct World {
    /// Virtual time.
    pub now: Instant,
    /// The media plane.
    pub router: Router<RtcPeer>,
    /// Another worker, after everybody was moved from there.
    former: Option<Router<RtcPeer>>,
    /// The control plane.
    pub rooms: Rooms,
    /// Everybody who ever joined, in order.
    pub people: Vec<Person>,
    /// SRTP profile and transport of every connection, in order of connecting.
    pub connections: Vec<(ParticipantId, &'static str, &'static str)>,
    factory: PeerFactory,
    network: Network,
    rng: Rng,
    server: SocketAddr,
    start: Instant,
    router_wake: Option<Instant>,
    next_sample: Option<Instant>,
    /// Every track there ever was, and whose it is.
    published: BTreeMap<TrackId, (usize, Source)>,
    /// Every stream that anybody makes up: whose, of which source and layer.
    streams: BTreeMap<u32, (usize, Source, u8)>,
    violations: Vec<String>,
}

impl World {
    /// A server with nobody on it.
    ///
    /// # Panics
    /// When the machine has no cryptography: nothing can be simulated then.
    pub fn new(now: Instant, seed: u64) -> Self {
        let server = SocketAddr::from(SERVER);
        let factory = PeerFactory::new(PeerConfig::new(vec![server])).expect("a certificate can be made");
        Self {
            now,
            router: Router::new(RouterConfig::default(), SERVER_CLOCK, now),
            former: None,
            rooms: Rooms::new(room::Config::default(), [7; 32]),
            people: Vec::new(),
            connections: Vec::new(),
            factory,
            network: Network::default(),
            rng: Rng::new(seed),
            server,
            start: now,
            router_wake: None,
            next_sample: None,
            published: BTreeMap::new(),
            streams: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.now.saturating_duration_since(self.start)
    }

    /// The configuration of the next person: own addresses, own seed, clock minutes away from everybody else's.
    pub fn next_config(&self) -> ClientConfig {
        let number = u8::try_from(self.people.len() + 1).unwrap_or(250);
        let udp = SocketAddr::from(([10, 0, 0, number], 5_000));
        ClientConfig {
            seed: u64::from(number),
            wall_clock: SERVER_CLOCK.advance(Duration::from_secs(131 * u64::from(number))),
            udp: Some(udp),
            ..ClientConfig::default()
        }
    }

    /// Someone joins and connects, publishing nothing.
    ///
    /// # Panics
    /// When the server refuses: scenarios that expect that call the parts themselves.
    pub fn join(&mut self, name: &str, config: ClientConfig, link: Link, compat: bool) -> usize {
        let index = self.people.len();
        let socket = SocketId(index as u64 + 1);
        let join = Join {
            room: "room".to_owned(),
            name: name.to_owned(),
            metadata: None,
            credentials: room::Credentials::OPEN,
        };
        let welcome = self
            .rooms
            .handle_join(self.now, socket, join)
            .expect("the room takes everybody");
        let number = u8::try_from(index + 1).unwrap_or(250);
        let observed = config.frame_events;
        let client = Client::new(self.now, config).expect("the client's configuration is valid");
        let streams = client.streams().into_iter();
        self.streams
            .extend(streams.map(|(stream, source, layer)| (stream, (index, source, layer))));
        if observed {
            self.next_sample.get_or_insert(self.now);
        }
        self.people.push(Person {
            name: name.to_owned(),
            client,
            link: Wire::new(link, self.now, &mut self.rng),
            id: welcome.participant,
            socket,
            tracks: Default::default(),
            notices: Vec::new(),
            events: Vec::new(),
            slots: Default::default(),
            announced: Vec::new(),
            next_offer: 0,
            observation: observed.then(Observation::default),
            compat,
            here: true,
            wake: Some(self.now),
            udp: SocketAddr::from(([10, 0, 0, number], 5_000)),
            tcp: SocketAddr::from(([10, 0, 0, number], 6_000)),
        });
        self.offer(index);
        index
    }

    /// The person sends its first or a later offer.
    ///
    /// # Panics
    /// When the server refuses it.
    pub fn offer(&mut self, index: usize) {
        let person = &mut self.people[index];
        let offer = person.client.offer(self.now).expect("the client can offer");
        person.next_offer += 1;
        let request = person.next_offer;
        let tracks = offer
            .tracks
            .into_iter()
            .map(|(mid, source)| OfferedTrack { mid, source })
            .collect();
        let step = self
            .rooms
            .handle_offer(self.now, person.socket, request, offer.sdp.clone(), tracks)
            .expect("the room takes the offer");
        if let OfferStep::BuildPeer { participant, room } = step {
            let (peer, answer) = self
                .factory
                .accept(self.now, &offer.sdp, person.compat)
                .expect("the peer takes the offer");
            self.router.add_peer(self.now, room, participant, peer, &answer);
            self.rooms
                .handle_peer_built(self.now, participant, answer.sections)
                .expect("the participant is here");
            person
                .client
                .handle_answer(self.now, &answer.sdp)
                .expect("the client takes the answer");
        }
        self.settle();
    }

    /// Someone joins, connects and publishes camera and microphone.
    pub fn join_with_media(&mut self, name: &str) -> usize {
        let index = self.join(name, self.next_config(), Link::default(), false);
        self.publish(index, Source::Camera);
        self.publish(index, Source::Microphone);
        index
    }

    /// Lets time pass.
    pub fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.settle();
        while let Some(next) = self.next_event().filter(|next| *next <= end) {
            self.now = next.max(self.now + STEP).min(end);
            self.step();
            if self.now == end {
                return;
            }
        }
        self.now = end;
        self.step();
    }

    /// Lets time pass until something holds; `false` when it did not within `limit`.
    pub fn run_until(&mut self, limit: Duration, mut holds: impl FnMut(&World) -> bool) -> bool {
        let end = self.now + limit;
        while self.now < end {
            if holds(self) {
                return true;
            }
            self.run(Duration::from_millis(20));
        }
        holds(self)
    }

    /// Everything wrong with what anybody received.
    pub fn complaints(&self) -> Vec<String> {
        let complaints = self.people.iter().flat_map(Person::complaints);
        complaints.chain(self.violations.iter().cloned()).collect()
    }

    fn next_event(&mut self) -> Option<Instant> {
        let clients = self.people.iter().filter_map(|p| p.wake).min();
        [
            clients,
            self.router_wake,
            self.rooms.poll_timeout(),
            self.network.next(),
            self.next_sample,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn step(&mut self) {
        let now = self.now;
        while let Some(flight) = self.network.arrived(now) {
            let Some(person) = self.people.get_mut(flight.person) else {
                continue;
            };
            match flight.to {
                To::Server => {
                    let path = person.path(self.server, flight.via);
                    self.receive(path, flight.datagram);
                }
                To::Client if person.here => {
                    person
                        .client
                        .handle_datagram(now, flight.via, self.server, flight.datagram);
                    person.wake = Some(now);
                }
                To::Client => {}
            }
        }
        if self.next_sample.is_some_and(|at| at <= now) {
            self.sample();
        }
        self.router.handle_timeout(now);
        self.rooms.handle_timeout(now);
        for person in &mut self.people {
            if person.here && person.wake.is_some_and(|wake| wake <= now) {
                person.client.handle_timeout(now);
            }
        }
        self.settle();
    }

    /// Carries every consequence to its end: commands, events, notices, datagrams.
    fn settle(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.rooms.poll_output() {
                quiet = false;
                self.room_says(output);
            }
            while let Some(event) = self.router.poll_event() {
                quiet = false;
                self.router_says(event);
            }
            if quiet {
                break;
            }
        }
        self.carry();
        self.collect_from_router();
        self.collect_from_clients();
        self.router_wake = self.router.poll_timeout();
    }

    fn router_says(&mut self, event: MediaEvent) {
        if let MediaEvent::Connected {
            participant,
            srtp_profile,
            transport,
        } = event
        {
            self.connections.push((participant, srtp_profile, transport));
        }
        self.rooms.handle_media_event(self.now, event);
    }

    fn room_says(&mut self, output: RoomOutput) {
        match output {
            RoomOutput::Media { command, .. } => self.router.handle_command(self.now, command),
            RoomOutput::Notify { socket, notice } => self.notify(socket, notice),
            RoomOutput::RoomClosed { .. } => {}
        }
    }

    fn notify(&mut self, socket: SocketId, notice: Notice) {
        let now = self.now;
        let Some(person) = self.people.iter_mut().find(|p| p.socket == socket) else {
            return;
        };
        match &notice {
            Notice::Slots { slots } => person.handle_slots(slots),
            Notice::Layers { track, wanted } => {
                let source = person
                    .tracks
                    .iter()
                    .find(|(_, id)| *id == track)
                    .map(|(source, _)| *source);
                if let Some(source) = source {
                    person.client.set_wanted(source, wanted);
                }
            }
            Notice::Answer { result: Ok(sdp), .. } => {
                person
                    .client
                    .handle_answer(now, sdp)
                    .expect("the client takes the answer");
                person.wake = Some(now);
            }
            _ => {}
        }
        person.notices.push((now, notice));
    }

    fn collect_from_router(&mut self) {
        while let Some(transmit) = self.router.poll_transmit() {
            let via = match transmit.path.protocol {
                Protocol::Udp => Via::Udp,
                Protocol::Tcp => Via::Tcp,
            };
            let remote = transmit.path.remote;
            let found = self
                .people
                .iter()
                .position(|p| p.udp == remote || p.tcp == remote);
            if let Some(index) = found {
                let wire = &mut self.people[index].link;
                self.network
                    .send(self.now, wire, index, To::Client, via, transmit.datagram);
            }
        }
    }

    fn collect_from_clients(&mut self) {
        let mut media = Vec::new();
        for (index, person) in self.people.iter_mut().enumerate() {
            if person.wake.is_none_or(|wake| wake > self.now) {
                continue;
            }
            while let Some(transmit) = person.client.poll_transmit() {
                self.network.send(
                    self.now,
                    &mut person.link,
                    index,
                    To::Server,
                    transmit.via,
                    transmit.datagram,
                );
            }
            while let Some(event) = person.client.poll_event() {
                match event {
                    ClientEvent::Frame { .. } | ClientEvent::Sound { .. } => media.push((index, event)),
                    _ => person.events.push((self.now, event)),
                }
            }
            person.wake = person.client.poll_timeout().filter(|_| person.here);
        }
        for (index, event) in media {
            self.received(index, event);
        }
    }
}
