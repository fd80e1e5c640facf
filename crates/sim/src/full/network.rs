//! Datagrams in flight between clients and the server, in virtual time.

use crate::client::Via;
use bytes::BytesMut;
use link::{Fate, LinkConfig, LossModel, Rng};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// How one client reaches the server, before it comes.
#[derive(Debug, Clone)]
pub struct Link {
    /// Towards the server.
    pub up: LinkConfig,
    /// Towards the client.
    pub down: LinkConfig,
    /// Whether UDP passes at all.
    pub udp: bool,
    /// Whether the TCP connection is open.
    pub tcp: bool,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            up: LinkConfig::default(),
            down: LinkConfig::default(),
            udp: true,
            tcp: true,
        }
    }
}

/// The two ways between one client and the server; all of it may be changed at any time.
#[derive(Debug)]
pub struct Wire {
    /// Towards the server.
    pub up: link::Link,
    /// Towards the client.
    pub down: link::Link,
    /// Whether UDP passes at all.
    pub udp: bool,
    /// Whether the TCP connection is open.
    pub tcp: bool,
}

impl Wire {
    pub(super) fn new(link: Link, now: Instant, rng: &mut Rng) -> Self {
        let Link { up, down, udp, tcp } = link;
        Self {
            up: link::Link::new(up, now, rng.bits()),
            down: link::Link::new(down, now, rng.bits()),
            udp,
            tcp,
        }
    }

    /// When a datagram arrives at the other end, if it does.
    fn send(&mut self, now: Instant, to: To, via: Via, bytes: usize) -> Option<Instant> {
        let open = match via {
            Via::Udp => self.udp,
            Via::Tcp => self.tcp,
        };
        let way = match to {
            To::Server => &mut self.up,
            To::Client => &mut self.down,
        };
        // What TCP loses, the kernel sends again; the queue is the same.
        let loss = way.config.loss;
        if via == Via::Tcp {
            way.config.loss = LossModel::None;
        }
        let fate = way.send(now, bytes);
        way.config.loss = loss;
        match fate {
            Fate::Arrives(at) if open => Some(at),
            _ => None,
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
#[derive(Debug, Default)]
pub(super) struct Network {
    flights: BinaryHeap<Reverse<Flight>>,
    sent: u64,
}

impl Network {
    pub(super) fn send(
        &mut self,
        now: Instant,
        wire: &mut Wire,
        person: usize,
        to: To,
        via: Via,
        datagram: BytesMut,
    ) {
        let Some(at) = wire.send(now, to, via, datagram.len()) else {
            return;
        };
        self.sent += 1;
        self.flights.push(Reverse(Flight {
            at,
            person,
            to,
            via,
            datagram,
            order: self.sent,
        }));
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
