//! The router: peers and tracks, and the calls by which the world drives them.

use crate::config::RouterConfig;
use crate::counters::RouterCounters;
use bytes::BytesMut;
use media::plane::{MediaCommand, MediaEvent};
use media::{NtpTime, ParticipantId, RoomId};
use peer::{Answer, Path, Peer, PeerStats, Transmit};
use std::collections::VecDeque;
use std::time::Instant;

/// The media plane of one worker.
#[derive(Debug)]
pub struct Router<P> {
    config: RouterConfig,
    counters: RouterCounters,
    events: VecDeque<MediaEvent>,
    peers: Vec<P>,
}

impl<P: Peer> Router<P> {
    /// A router without peers. `wall_clock` is the server's NTP time at `now`; it is not asked again, so a
    /// step of the system clock never reaches a sender report.
    pub fn new(config: RouterConfig, wall_clock: NtpTime, now: Instant) -> Self {
        let _ = (wall_clock, now);
        Self { config, counters: RouterCounters::default(), events: VecDeque::new(), peers: Vec::new() }
    }

    /// A participant's peer, built elsewhere from its first offer; `answer` is what `accept` returned.
    ///
    /// A former peer of the same participant is removed first, with all it published. When the router is full
    /// the peer is closed and [`MediaEvent::Disconnected`] says so.
    pub fn add_peer(&mut self, now: Instant, room: RoomId, participant: ParticipantId, peer: P, answer: &Answer) {
        let _ = (now, room, participant, answer, &self.config);
        self.peers.push(peer);
    }

    /// A command of the control plane. One that names something unknown or of another room is counted and
    /// otherwise ignored: commands and departures cross in the queues.
    pub fn handle_command(&mut self, now: Instant, command: MediaCommand) {
        let _ = (now, command);
    }

    /// A datagram from a socket (RFC 4571 framing removed).
    pub fn handle_datagram(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        let _ = (now, path, datagram);
    }

    /// The time [`Router::poll_timeout`] asked for has come; earlier or later is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// When to call [`Router::handle_timeout`] next.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        None
    }

    /// Next datagram to send. Datagrams of one peer come in one run, as long as nothing is handled between.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        None
    }

    /// Next event.
    pub fn poll_event(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }

    /// Counters since the start and gauges of now.
    pub fn counters(&self) -> &RouterCounters {
        &self.counters
    }

    /// Sum of all peers' counters, those that left included. Walks all peers: for once a second.
    pub fn peer_stats(&self) -> PeerStats {
        PeerStats::default()
    }
}
