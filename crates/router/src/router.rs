//! The router: its tables, and the calls by which the world drives it.

use crate::config::RouterConfig;
use crate::counters::{DropReason, RouterCounters};
use crate::demux::{Demultiplexer, Owner};
use crate::fan_out::Waiting;
use crate::moving::{Detours, Handovers};
use crate::relay::{Imported, Outboxes};
use crate::shed::Shedder;
use crate::state::{PeerEntry, PeerKey, PeerTag, Room, RoomKey, Track, TrackKey};
use crate::table::Table;
use crate::timers::{Timer, Timers};
use bytes::BytesMut;
use media::plane::{MediaCommand, MediaEvent};
use media::{NtpTime, ParticipantId, RoomId, TrackId};
use peer::{Path, Peer, PeerStats, Transmit};
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// Most events waiting for the control plane.
pub const MAX_EVENTS: usize = 65_536;

/// The media plane of one worker.
///
/// After any number of `handle_*` calls drain [`poll_event`](Self::poll_event),
/// [`poll_transmit`](Self::poll_transmit), the events once more, and [`poll_relay`](Self::poll_relay): what they return
/// is bounded by what was handled. What is not taken waits, up to [`MAX_EVENTS`] events and, for each other worker,
/// [`RELAY_PACKETS`](crate::RELAY_PACKETS) and [`RELAY_CONTROL`](crate::RELAY_CONTROL) messages; past that it is dropped
/// and counted.
#[derive(Debug)]
pub struct Router<P> {
    pub(crate) config: RouterConfig,
    pub(crate) counters: RouterCounters,
    /// The latest time told.
    pub(crate) now: Instant,
    started: Instant,
    wall_clock: NtpTime,

    pub(crate) peers: Table<PeerEntry<P>, PeerTag>,
    pub(crate) tracks: Table<Track>,
    pub(crate) rooms: Table<Room>,
    pub(crate) by_participant: HashMap<ParticipantId, PeerKey>,
    pub(crate) by_track: HashMap<TrackId, TrackKey>,
    pub(crate) by_room: HashMap<RoomId, RoomKey>,
    pub(crate) demultiplexer: Demultiplexer,

    pub(crate) timers: Timers,
    /// Peers given something since they were last polled.
    pub(crate) dirty: Vec<PeerKey>,
    /// Peers that may have datagrams to send.
    pub(crate) sending: VecDeque<PeerKey>,
    /// What pauses when there is too much to do.
    pub(crate) shedder: Shedder,
    /// Timers that are due and not handled yet.
    due: VecDeque<(Instant, Timer)>,
    /// For which peer work is done now, see `contain`.
    pub(crate) serving: Option<PeerKey>,
    /// Last words of peers that are gone.
    pub(crate) farewells: VecDeque<Transmit>,
    pub(crate) events: VecDeque<MediaEvent>,
    /// What a publisher's burst brought.
    pub(crate) waiting: Waiting,
    /// What waits for other workers.
    pub(crate) outboxes: Outboxes,
    /// Peers, and datagrams for such, on their way to other workers.
    pub(crate) handovers: Handovers<P>,
    /// Who was handed over, and is still sent to here.
    pub(crate) detours: Detours,
    /// Counters of peers that are gone.
    pub(crate) departed: PeerStats,
}

impl<P: Peer> Router<P> {
    /// A router without peers. `wall_clock` is the server's NTP time at `now`; it is not asked again, so a
    /// step of the system clock never reaches a sender report.
    pub fn new(config: RouterConfig, wall_clock: NtpTime, now: Instant) -> Self {
        Self {
            peers: Table::new(config.max_peers),
            // Its own, and those of other workers.
            tracks: Table::new(config.max_tracks.saturating_mul(2)),
            // A room exists for its peers.
            rooms: Table::new(config.max_peers),
            counters: RouterCounters::default(),
            now,
            started: now,
            wall_clock,
            by_participant: HashMap::new(),
            by_track: HashMap::new(),
            by_room: HashMap::new(),
            demultiplexer: Demultiplexer::default(),
            timers: Timers::default(),
            dirty: Vec::new(),
            sending: VecDeque::new(),
            shedder: Shedder::new(config.shed_above_permille),
            config,
            due: VecDeque::new(),
            serving: None,
            farewells: VecDeque::new(),
            events: VecDeque::new(),
            waiting: Waiting::default(),
            outboxes: Outboxes::default(),
            handovers: Handovers::default(),
            detours: Detours::default(),
            departed: PeerStats::default(),
        }
    }

    /// A command of the control plane. One that names something unknown or of another room is counted and
    /// otherwise ignored: commands and departures cross in the queues.
    pub fn handle_command(&mut self, now: Instant, command: MediaCommand) {
        self.forward_waiting();
        self.advance(now);
        match command {
            MediaCommand::RemovePeer { participant } => self.remove_participant(participant),
            MediaCommand::Offer {
                participant,
                request,
                sdp,
            } => self.handle_offer(participant, request, &sdp),
            MediaCommand::Publish {
                participant,
                mline,
                track,
                source,
                layers,
            } => {
                self.publish(participant, mline, track, source, layers);
            }
            MediaCommand::Unpublish { track } => self.unpublish(track),
            MediaCommand::Mute { track, muted } => self.mute(track, muted),
            MediaCommand::Assign { participant, slots } => self.assign(participant, &slots),
            MediaCommand::Permit {
                participant,
                data,
                subscribe,
            } => self.permit(participant, data, subscribe),
            MediaCommand::Release { participant, to } => self.release(participant, to),
            MediaCommand::Redirect { participant, to } => self.redirect(participant, to),
            MediaCommand::Neighbours { room, workers } => self.set_neighbours(room, workers),
            MediaCommand::Import {
                track,
                room,
                worker,
                source,
                layers,
                muted,
            } => self.import(Imported {
                track,
                room,
                worker,
                source,
                layers,
                muted,
            }),
        }
    }

    /// A datagram from a socket (RFC 4571 framing removed).
    pub fn handle_datagram(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        if now > self.now {
            self.forward_waiting();
        }
        self.advance(now);
        self.counters.datagrams_in += 1;
        let key = match self.demultiplexer.find(now, path, &datagram) {
            Ok(Owner::Peer(key)) => key,
            Ok(Owner::Moved(to)) => return self.pass_on_datagram(to, path, datagram),
            Err(reason) => return self.counters.drop(reason),
        };
        self.serving = Some(key);
        let Some(entry) = self.peers.get_mut(key) else {
            return;
        };
        entry.peer.handle_datagram(now, path, datagram);
        entry.touch(key, &mut self.dirty);
        // At once, because what it brought moves on to others; they wait for the end of the batch.
        self.drain_peer_events(key);
    }

    /// The TCP connection behind this path has closed.
    pub fn handle_path_closed(&mut self, now: Instant, path: Path) {
        self.forward_waiting();
        self.advance(now);
        let Some(Owner::Peer(key)) = self.demultiplexer.owner_of(path) else {
            return;
        };
        self.serving = Some(key);
        let Some(entry) = self.peers.get_mut(key) else {
            return;
        };
        entry.peer.handle_path_closed(now, path);
        entry.touch(key, &mut self.dirty);
        self.drain_peer_events(key);
    }

    /// The time [`Router::poll_timeout`] asked for has come; earlier or later is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        self.settle();
        // What is armed meanwhile waits for the next call, so that a peer whose deadline stays in the past cannot
        // hold the loop.
        let timers = &mut self.timers;
        self.due.extend(std::iter::from_fn(|| timers.pop_due(now)));
        while let Some((at, timer)) = self.due.pop_front() {
            self.serving = timer.peer();
            match timer {
                Timer::Peer(key) => self.handle_peer_timer(key, at),
                Timer::Reports(key) => self.handle_report_timer(key, at),
                Timer::Track(key) => self.handle_track_timer(key, at),
                Timer::Room(key) => self.handle_room_timer(key, at),
            }
        }
    }

    /// When to call [`Router::handle_timeout`] next.
    pub fn poll_timeout(&mut self) -> Option<Instant> {
        self.settle();
        // Left over by a panic.
        if !self.due.is_empty() {
            return Some(self.now);
        }
        for i in 0..self.sending.len() {
            if let Some(key) = self.sending.get(i).copied() {
                self.arm_peer(key);
            }
        }
        while let Some((at, timer)) = self.timers.peek() {
            if self.counts(timer, at) {
                return Some(at);
            }
            self.timers.discard();
        }
        None
    }

    /// Time has passed since the last `handle_*` call: what leaves from here on leaves now. For whoever sends between two
    /// calls of [`poll_datagram`](Self::poll_datagram), which is not told the time.
    pub fn tell_time(&mut self, now: Instant) {
        self.advance(now);
    }

    /// Next datagram to send. Datagrams of one peer come in one run, as long as nothing is handled between.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        let mut buffer = Vec::new();
        let path = self.poll_datagram(&mut buffer)?;
        let datagram = BytesMut::from(buffer.as_slice());
        Some(Transmit { path, datagram })
    }

    /// As [`poll_transmit`](Self::poll_transmit), but appended to `buffer`; returns where to. For whoever puts datagrams
    /// together anyway. After a panic the buffer may hold part of one.
    pub fn poll_datagram(&mut self, buffer: &mut Vec<u8>) -> Option<Path> {
        while self.settle_next() {}
        loop {
            let path = self
                .poll_farewell(buffer)
                .or_else(|| self.next_datagram(buffer))
                // Of a peer that ended while it sent.
                .or_else(|| self.poll_farewell(buffer));
            if path.is_some() {
                self.counters.datagrams_out += 1;
                return path;
            }
            if !self.forward_to_next() {
                return None;
            }
        }
    }

    fn poll_farewell(&mut self, buffer: &mut Vec<u8>) -> Option<Path> {
        let farewell = self.farewells.pop_front()?;
        buffer.extend_from_slice(&farewell.datagram);
        Some(farewell.path)
    }

    fn next_datagram(&mut self, buffer: &mut Vec<u8>) -> Option<Path> {
        while let Some(key) = self.sending.front().copied() {
            self.serving = Some(key);
            if let Some(entry) = self.peers.get_mut(key) {
                entry.peer.tell_time(self.now);
                if let Some(path) = entry.peer.poll_datagram(buffer) {
                    return Some(path);
                }
                entry.sending = false;
            }
            self.sending.pop_front();
            // Sending itself may end something or bring a deadline, and events may give others something to send.
            self.drain_peer_events(key);
            self.arm_peer(key);
            while self.settle_next() {}
        }
        None
    }

    fn arm_peer(&mut self, key: PeerKey) {
        self.serving = Some(key);
        if let Some(entry) = self.peers.get_mut(key)
            && let Some(at) = entry.peer.poll_timeout()
        {
            self.timers.arm(&mut entry.timer, at, Timer::Peer(key));
        }
    }

    /// Next event.
    pub fn poll_event(&mut self) -> Option<MediaEvent> {
        self.settle();
        self.events.pop_front()
    }

    /// Counters since the start and gauges of now.
    pub fn counters(&self) -> &RouterCounters {
        &self.counters
    }

    /// Sum of all peers' counters, those that left included. Walks all peers: for once a second.
    pub fn peer_stats(&self) -> PeerStats {
        self.peers
            .values()
            .fold(self.departed, |sum, entry| add_stats(sum, entry.stats_here()))
    }

    /// The peer of a participant, to read from.
    pub fn peer(&self, participant: ParticipantId) -> Option<&P> {
        let key = self.by_participant.get(&participant)?;
        Some(&self.peers.get(*key)?.peer)
    }

    /// Moves the clock on; a caller's step back is taken as standing still.
    pub(crate) fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// The server's NTP time now.
    pub(crate) fn ntp(&self) -> NtpTime {
        self.wall_clock
            .advance(self.now.saturating_duration_since(self.started))
    }

    /// Tells the control plane. When it does not take events, the first to be left out are levels, which are stale in
    /// 200 ms, and what is only told to be looked at. At the bound the event is lost and counted; the control plane is
    /// broken by then.
    pub(crate) fn emit(&mut self, event: MediaEvent) {
        let is_minor = matches!(
            event,
            MediaEvent::AudioLevels { .. } | MediaEvent::Estimate { .. } | MediaEvent::Downlink { .. }
        );
        let bound = if is_minor { MAX_EVENTS / 16 } else { MAX_EVENTS };
        if self.events.len() >= bound {
            return self.refuse(DropReason::EventsFull);
        }
        self.events.push_back(event);
    }

    /// Counts and refuses something.
    pub(crate) fn refuse(&mut self, reason: DropReason) {
        self.counters.drop(reason);
    }

    /// Polls the peers that were given something: their events; their datagrams wait for [`Self::poll_transmit`], and
    /// their deadline is asked when those are gone.
    pub(crate) fn settle(&mut self) {
        self.forward_waiting();
        while self.settle_next() {
            self.forward_waiting();
        }
    }

    /// The same for one of them; `false` when there is none.
    fn settle_next(&mut self) -> bool {
        let Some(key) = self.dirty.pop() else {
            return false;
        };
        // Events first: they may give the same peer something more.
        self.drain_peer_events(key);
        if let Some(entry) = self.peers.get_mut(key) {
            entry.dirty = false;
            if !entry.sending {
                entry.sending = true;
                self.sending.push_back(key);
            }
        }
        true
    }

    fn handle_peer_timer(&mut self, key: PeerKey, at: Instant) {
        let Some(entry) = self.peers.get_mut(key) else {
            return;
        };
        if !entry.timer.fires(at) {
            return;
        }
        // The peer may have moved its deadline since; then `settle` only arms it again.
        if entry.peer.poll_timeout().is_some_and(|due| due <= self.now) {
            entry.peer.handle_timeout(self.now);
        }
        entry.touch(key, &mut self.dirty);
        self.settle();
    }

    /// Whether the heap's entry is still its owner's.
    fn counts(&self, timer: Timer, at: Instant) -> bool {
        let armed = match timer {
            Timer::Peer(key) => self.peers.get(key).map(|entry| entry.timer),
            Timer::Reports(key) => self.peers.get(key).map(|entry| entry.reports),
            Timer::Track(key) => self.tracks.get(key).map(|track| track.timer),
            Timer::Room(key) => self.rooms.get(key).map(|room| room.timer),
        };
        armed.is_some_and(|armed| armed.is(at))
    }

    /// Brings the gauges up to date after tables changed.
    pub(crate) fn update_gauges(&mut self) {
        self.counters.peers = self.peers.len() as u64;
        self.counters.rooms = self.rooms.len() as u64;
        self.counters.tracks = self.tracks.len() as u64 - self.counters.imports;
        self.counters.addresses = self.demultiplexer.addresses() as u64;
        self.counters.usernames = self.demultiplexer.ufrags() as u64;
        self.counters.detours = self.detours.len() as u64;
    }
}

/// What came to the counters since they were `former`.
pub(crate) fn less_stats(now: PeerStats, former: PeerStats) -> PeerStats {
    PeerStats {
        nacks_sent: now.nacks_sent.saturating_sub(former.nacks_sent),
        rtx_received: now.rtx_received.saturating_sub(former.rtx_received),
        dropped_in: now.dropped_in.saturating_sub(former.dropped_in),
        dropped_out: now.dropped_out.saturating_sub(former.dropped_out),
        padding_bytes: now.padding_bytes.saturating_sub(former.padding_bytes),
        probes: now.probes.saturating_sub(former.probes),
        pacer_drops: now.pacer_drops.saturating_sub(former.pacer_drops),
        repairs_copied: now.repairs_copied.saturating_sub(former.repairs_copied),
    }
}

pub(crate) fn add_stats(sum: PeerStats, more: PeerStats) -> PeerStats {
    PeerStats {
        nacks_sent: sum.nacks_sent + more.nacks_sent,
        rtx_received: sum.rtx_received + more.rtx_received,
        dropped_in: sum.dropped_in + more.dropped_in,
        dropped_out: sum.dropped_out + more.dropped_out,
        padding_bytes: sum.padding_bytes + more.padding_bytes,
        probes: sum.probes + more.probes,
        pacer_drops: sum.pacer_drops + more.pacer_drops,
        repairs_copied: sum.repairs_copied + more.repairs_copied,
    }
}
