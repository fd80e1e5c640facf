//! One worker's loop: wait, read a batch, let the router work, flush once.

use crate::busy::{BUSY_WINDOW, BusyMeter, thread_cpu_time};
use crate::drain::drain;
use crate::handle::{NodeEvent, WorkerCommand};
use crate::relays::{Crossing, RELAY_RETRY, Relays};
use crate::snapshot::WorkerSnapshot;
use crate::tcp::TcpEndpoint;
use crate::udp::UdpEndpoint;
use media::NtpTime;
use media::plane::MediaEvent;
use mio::{Events, Interest, Poll, Token};
use peer::{Peer, Protocol};
use router::{Handover, Router};
use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::watch;

const UDP: Token = Token(0);
const LISTENER: Token = Token(1);
pub(crate) const WAKE: Token = Token(2);
/// Connections have tokens from here on.
pub(crate) const FIRST_CONNECTION: usize = 3;

/// Commands per loop, so that sockets and timers get their turn.
const COMMANDS_PER_LOOP: usize = 64;
/// How often counters are published and idle connections closed.
const SNAPSHOT_INTERVAL: Duration = BUSY_WINDOW;
/// A worker with less to do, in thousandths, does not look for who could be moved: nobody takes anybody from it.
const NAMES_HEAVIEST_FROM: u32 = 500;
/// How soon to try again when the control plane's queue is full.
const EVENT_RETRY: Duration = Duration::from_millis(5);
/// Seconds between the NTP epoch (1900) and the Unix epoch (1970), RFC 5905 §6.
const NTP_UNIX_OFFSET_SECONDS: u64 = 2_208_988_800;

/// The wall clock and the monotonic clock, read together.
pub(crate) fn clocks() -> (NtpTime, Instant) {
    let since_unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (
        NtpTime(NTP_UNIX_OFFSET_SECONDS << 32).advance(since_unix),
        Instant::now(),
    )
}

pub(crate) struct Worker<P> {
    index: usize,
    poll: Poll,
    udp: UdpEndpoint,
    tcp: TcpEndpoint,
    router: Router<P>,
    mailbox: Receiver<WorkerCommand<P>>,
    relays: Relays<P>,
    events: Sender<NodeEvent>,
    /// An event the control plane had no room for; nothing is polled from the router before it is gone.
    held_event: Option<MediaEvent>,
    snapshot_sender: watch::Sender<WorkerSnapshot>,
    snapshot: WorkerSnapshot,
    next_snapshot: Instant,
    busy: BusyMeter,
    /// The last loop stopped before its sources were empty.
    more: bool,
}

impl<P: Peer> Worker<P> {
    #[allow(
        clippy::too_many_arguments,
        reason = "called once, with everything a worker owns"
    )]
    pub(crate) fn new(
        index: usize,
        poll: Poll,
        mut udp: UdpEndpoint,
        mut tcp: TcpEndpoint,
        router: Router<P>,
        mailbox: Receiver<WorkerCommand<P>>,
        relays: Relays<P>,
        events: Sender<NodeEvent>,
        snapshot_sender: watch::Sender<WorkerSnapshot>,
    ) -> io::Result<Self> {
        poll.registry()
            .register(&mut udp.socket, UDP, Interest::READABLE)?;
        poll.registry()
            .register(tcp.listener(), LISTENER, Interest::READABLE)?;
        Ok(Self {
            index,
            poll,
            udp,
            tcp,
            router,
            mailbox,
            relays,
            events,
            held_event: None,
            snapshot_sender,
            snapshot: WorkerSnapshot::default(),
            next_snapshot: Instant::now() + SNAPSHOT_INTERVAL,
            busy: BusyMeter::new(Instant::now()),
            more: false,
        })
    }

    /// Runs until the mailbox is closed.
    pub(crate) fn run(&mut self) {
        let mut ready = Events::with_capacity(256);
        loop {
            let timeout = self.time_to_wait(Instant::now());
            if let Err(error) = self.poll.poll(&mut ready, Some(timeout))
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(worker = self.index, %error, "waiting for sockets failed; the worker ends");
                return;
            }
            let now = Instant::now();
            let panics = self.router.counters().panics;
            let (received, sent) = (self.snapshot.datagrams_in, self.sent());
            self.note_depths();
            let open = self.handle_commands(now);
            self.receive_from_workers(now);
            self.receive(now, &ready);
            for path in self.tcp.closed.drain(..) {
                self.router.contain(|router| router.handle_path_closed(now, path));
            }
            // Before the timers, which want every packet to have reached its slots: sent from here, each subscriber's
            // memory is read once.
            self.flush();
            self.router.contain(|router| router.handle_timeout(now));
            self.deliver_events();
            self.flush();
            // What came of sending.
            self.deliver_events();
            let router = &mut self.router;
            self.relays.send(|to| {
                let handover = router.poll_handover_to(to).map(Crossing::Handover);
                handover.or_else(|| {
                    let message = router.contain(|router| router.poll_relay_to(to));
                    message.flatten().map(Crossing::Relay)
                })
            });
            // What a panic has cut short goes on at once.
            self.more |= self.router.counters().panics != panics;
            if now >= self.next_snapshot {
                self.tcp.close_idle(now, self.poll.registry());
                self.publish_snapshot(now);
            }
            let spent = Instant::now().saturating_duration_since(now);
            self.busy.add(spent);
            let (received, sent) = (self.snapshot.datagrams_in - received, self.sent() - sent);
            self.snapshot.record_batch(spent, received, sent);
            if !open {
                // Every command sent before the mailbox closed has been handled and its goodbyes are flushed.
                return self.publish_snapshot(now);
            }
        }
    }

    /// Datagrams handed to the kernel.
    fn sent(&self) -> u64 {
        self.udp.sent + self.tcp.sent
    }

    /// What waits for this worker.
    fn note_depths(&mut self) {
        let (mailbox, relays) = (self.mailbox.len() as u64, self.relays.depth() as u64);
        self.snapshot.mailbox_depth = self.snapshot.mailbox_depth.max(mailbox);
        self.snapshot.relay_depth = self.snapshot.relay_depth.max(relays);
    }

    fn time_to_wait(&mut self, now: Instant) -> Duration {
        if self.more {
            return Duration::ZERO;
        }
        let mut next = self.next_snapshot;
        let Some(timer) = self.router.contain(Router::poll_timeout) else {
            return Duration::ZERO;
        };
        next = timer.map_or(next, |timer| next.min(timer));
        if self.held_event.is_some() {
            next = next.min(now + EVENT_RETRY);
        }
        if self.relays.waiting() {
            next = next.min(now + RELAY_RETRY);
        }
        next.saturating_duration_since(now)
    }

    /// Takes commands; `false` when the mailbox is closed.
    fn handle_commands(&mut self, now: Instant) -> bool {
        for _ in 0..COMMANDS_PER_LOOP {
            match self.mailbox.try_recv() {
                Ok(WorkerCommand::AddPeer {
                    room,
                    participant,
                    peer,
                    answer,
                }) => {
                    self.router
                        .contain(|router| router.add_peer(now, room, participant, *peer, &answer));
                }
                Ok(WorkerCommand::Media(command)) => {
                    self.router.contain(|router| router.handle_command(now, command));
                }
                Err(error) => {
                    self.more = false;
                    return error == TryRecvError::Empty;
                }
            }
        }
        self.more = true;
        true
    }

    /// What other workers have for this one.
    fn receive_from_workers(&mut self, now: Instant) {
        let Self {
            relays, router, udp, ..
        } = self;
        let drained = relays.receive(|from, crossing| {
            if let Crossing::Handover(Handover::Datagram { path, .. }) = &crossing {
                udp.note_local(path.local.ip());
            }
            router.contain(|router| match crossing {
                Crossing::Relay(message) => router.handle_relay(now, from, message),
                Crossing::Handover(handover) => router.handle_handover(now, from, handover),
            });
        });
        self.more |= !drained;
    }

    fn receive(&mut self, now: Instant, ready: &Events) {
        let Self {
            poll,
            udp,
            tcp,
            router,
            snapshot,
            ..
        } = self;
        let registry = poll.registry();
        let mut deliver = |path, datagram| {
            snapshot.datagrams_in += 1;
            router.contain(|router| router.handle_datagram(now, path, datagram));
        };
        for event in ready {
            match event.token() {
                // Read below, until it is empty: the socket tells only of what comes then.
                UDP => udp.readable = true,
                WAKE => {}
                LISTENER => tcp.accept_all(now, registry),
                token => tcp.handle_ready(now, registry, token, &mut deliver),
            }
        }
        tcp.read_on(now, registry, &mut deliver);
        let drained = drain(|| udp.receive(&mut deliver));
        self.more |= !drained || self.tcp.has_more();
    }

    fn deliver_events(&mut self) {
        let next = |router: &mut Router<P>| router.contain(Router::poll_event).flatten();
        while let Some(event) = self.held_event.take().or_else(|| next(&mut self.router)) {
            match self.events.try_send(NodeEvent {
                worker: self.index,
                event,
            }) {
                Ok(()) => {}
                Err(TrySendError::Full(back)) => {
                    self.snapshot.events_deferred += 1;
                    self.held_event = Some(back.event);
                    return;
                }
                // Nobody listens any more: the node is going down.
                Err(TrySendError::Closed(_)) => {}
            }
        }
    }

    fn flush(&mut self) {
        let Self {
            router,
            udp,
            tcp,
            poll,
            ..
        } = self;
        // One guard around all: after a panic there is one peer less, and the rest is taken.
        let mut taken = None;
        while taken.is_none() {
            taken = router.contain(|router| {
                while let Some(path) = router.poll_datagram(udp.buffer()) {
                    let took_time = match path.protocol {
                        Protocol::Udp => udp.written(path),
                        Protocol::Tcp => {
                            tcp.send(poll.registry(), path, udp.unsent());
                            true
                        }
                    };
                    // Hundreds of sends take milliseconds. Stamped with the time at which the first began, the last would
                    // seem to have waited in the path.
                    if took_time {
                        router.tell_time(Instant::now());
                    }
                }
            });
        }
        udp.flush();
    }

    fn publish_snapshot(&mut self, now: Instant) {
        self.next_snapshot = now + SNAPSHOT_INTERVAL;
        self.snapshot.number += 1;
        self.snapshot.busy_permille = self.busy.take(now);
        let load = router::Load {
            busy_permille: self.snapshot.busy_permille,
            longest_lag: Duration::from_micros(self.snapshot.longest_lag_us),
        };
        let shed = self.router.counters().shed;
        self.router.contain(|router| router.handle_load(now, load));
        let sheds = self.router.counters().shed;
        if sheds != shed {
            tracing::warn!(
                worker = self.index,
                ?load,
                tracks = sheds,
                "paused for want of time"
            );
        }
        self.snapshot.router = *self.router.counters();
        self.snapshot.health = self.router.health();
        self.snapshot.heaviest = if self.snapshot.busy_permille < NAMES_HEAVIEST_FROM {
            Vec::new()
        } else {
            self.router.heaviest()
        };
        self.snapshot.peers = self.router.peer_stats();
        self.snapshot.cpu = thread_cpu_time();
        self.snapshot.datagrams_out = self.sent();
        self.snapshot.send_calls = self.udp.send_calls;
        self.snapshot.send_drops = self.udp.dropped + self.tcp.dropped;
        self.snapshot.tcp_connections = self.tcp.open_connections() as u64;
        self.snapshot.tcp_refused = self.tcp.refused;
        self.snapshot_sender.send_replace(self.snapshot.clone());
        self.snapshot.mailbox_depth = 0;
        self.snapshot.relay_depth = 0;
        self.snapshot.longest_lag_us = 0;
    }
}
