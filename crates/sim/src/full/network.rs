//! Datagrams in flight between clients and the server, in virtual time.

use crate::client::Via;
use bytes::BytesMut;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

/// How one client reaches the server. TCP has the delay and never loses: retransmission is the kernel's.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// One way.
    pub delay: Duration,
    /// Share of UDP datagrams lost towards the server, 0 to 1.
    pub loss_up: f64,
    /// Share of UDP datagrams lost towards the client.
    pub loss_down: f64,
    /// Bits per second towards the client, headers included; `None`: no limit. The queue in front drops what would wait
    /// longer than 300 ms.
    pub rate_down: Option<u64>,
    /// Whether UDP passes at all.
    pub udp: bool,
    /// Whether the TCP connection is open.
    pub tcp: bool,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(20),
            loss_up: 0.0,
            loss_down: 0.0,
            rate_down: None,
            udp: true,
            tcp: true,
        }
    }
}

/// Where a datagram goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    Server,
    Client,
}

/// A datagram on its way.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) at: Instant,
    /// Which client it goes to or comes from.
    pub(super) person: usize,
    pub(super) to: To,
    pub(super) via: Via,
    pub(super) datagram: BytesMut,
    order: u64,
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Flight {}

impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Flight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// Everything in flight.
#[derive(Debug)]
pub(super) struct Network {
    flights: BinaryHeap<Reverse<Flight>>,
    /// The bottleneck towards each client that ever had one.
    bottlenecks: HashMap<usize, link::Link>,
    seed: u64,
    sent: u64,
    random: StdRng,
}

impl Network {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            flights: BinaryHeap::new(),
            bottlenecks: HashMap::new(),
            seed,
            sent: 0,
            random: StdRng::seed_from_u64(seed),
        }
    }

    pub(super) fn send(
        &mut self,
        now: Instant,
        link: Link,
        person: usize,
        to: To,
        via: Via,
        datagram: BytesMut,
    ) {
        let loss = match (via, to) {
            (Via::Tcp, _) => f64::from(u8::from(!link.tcp)),
            (Via::Udp, _) if !link.udp => 1.0,
            (Via::Udp, To::Server) => link.loss_up,
            (Via::Udp, To::Client) => link.loss_down,
        };
        if self.random.random::<f64>() < loss {
            return;
        }
        let departure = match to {
            To::Client => self.bottleneck(now, link, person, datagram.len()),
            To::Server => Some(now),
        };
        let Some(departure) = departure else { return };
        self.sent += 1;
        let at = departure + link.delay;
        self.flights.push(Reverse(Flight {
            at,
            person,
            to,
            via,
            datagram,
            order: self.sent,
        }));
    }

    /// When a datagram has passed the bottleneck towards a client; `None` when its queue was full.
    fn bottleneck(&mut self, now: Instant, link: Link, person: usize, bytes: usize) -> Option<Instant> {
        if link.rate_down.is_none() && !self.bottlenecks.contains_key(&person) {
            return Some(now);
        }
        let bottleneck = self.bottlenecks.entry(person).or_insert_with(|| {
            let config = link::LinkConfig {
                delay: Duration::ZERO,
                ..link::LinkConfig::default()
            };
            link::Link::new(config, now, self.seed.wrapping_add(person as u64))
        });
        bottleneck.config.rate_bps = link.rate_down;
        match bottleneck.send(now, bytes) {
            link::Fate::Arrives(at) => Some(at),
            link::Fate::Dropped(_) => None,
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.flights.peek().map(|Reverse(flight)| flight.at)
    }

    pub(super) fn arrived(&mut self, now: Instant) -> Option<Flight> {
        if self.next()? > now {
            return None;
        }
        self.flights.pop().map(|Reverse(flight)| flight)
    }
}
