//! A node's workers, seen from the control plane.

use crate::relays::{self, Relays};
use crate::snapshot::WorkerSnapshot;
use crate::tcp::TcpEndpoint;
use crate::udp::{self, UdpEndpoint};
use crate::worker::{WAKE, Worker};
use media::plane::{MediaCommand, MediaEvent};
use media::{ParticipantId, RoomId};
use mio::{Poll, Waker};
use peer::{Answer, Peer};
use router::{Router, RouterConfig};
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, watch};

/// Commands waiting for one worker. When full, [`Node::send`] says [`Busy`].
const MAILBOX_COMMANDS: usize = 4_096;
/// Events of all workers waiting for the control plane. When full, workers keep theirs and try again.
const EVENT_QUEUE: usize = 16_384;
/// Connections the kernel keeps for us until we accept them.
const TCP_BACKLOG: i32 = 256;

/// How to run a node's workers.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Number of workers, at least 1.
    pub workers: usize,
    /// Address to bind; `0.0.0.0` or `::` (which takes IPv4 as well) for every interface.
    pub bind: IpAddr,
    /// Port of worker 0, UDP and TCP; worker `i` has `port + i`. 0: the kernel chooses (for tests).
    pub port: u16,
    /// An address of this machine, used as the local end of a path when the kernel does not tell.
    pub fallback_ip: IpAddr,
    /// Limits of each worker's router.
    pub router: RouterConfig,
}

/// Why a node could not start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The port is taken or not allowed.
    #[error("cannot listen for media on {protocol} {addr}: {source}. {hint}")]
    Bind {
        /// `UDP` or `TCP`.
        protocol: &'static str,
        /// Where.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// More workers than ports.
    #[error("{workers} workers from port {port} on need ports above 65535; choose a lower media_port")]
    Ports {
        /// As configured.
        workers: usize,
        /// As configured.
        port: u16,
    },
    /// The system refused a thread or a poll.
    #[error("cannot start a media worker: {0}")]
    System(#[from] io::Error),
}

/// The worker's mailbox is full, or the worker has ended: the command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the media worker does not take commands now")]
pub struct Busy;

/// Something that happened on one worker.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeEvent {
    /// Which.
    pub worker: usize,
    /// What.
    pub event: MediaEvent,
}

/// What the control plane tells a worker.
#[derive(Debug)]
pub enum WorkerCommand<P> {
    /// Take over a peer that was built and answered elsewhere.
    AddPeer {
        /// Its room.
        room: RoomId,
        /// Its participant.
        participant: ParticipantId,
        /// The peer.
        peer: Box<P>,
        /// What it answered.
        answer: Box<Answer>,
    },
    /// For the router.
    Media(MediaCommand),
}

struct WorkerHandle<P> {
    commands: SyncSender<WorkerCommand<P>>,
    waker: Arc<Waker>,
    snapshot: watch::Receiver<WorkerSnapshot>,
    local: SocketAddr,
    thread: Option<JoinHandle<()>>,
    handed_out: HandedOut,
}

/// Rooms and peers a worker was given since the last snapshot, which does not count them yet.
#[derive(Default)]
struct HandedOut {
    /// The snapshot they came after.
    since: AtomicU64,
    count: AtomicU64,
}

impl HandedOut {
    fn add(&self, snapshot: u64) {
        let count = self.count(snapshot);
        self.since.store(snapshot, Relaxed);
        self.count.store(count + 1, Relaxed);
    }

    fn count(&self, snapshot: u64) -> u64 {
        if self.since.load(Relaxed) == snapshot {
            self.count.load(Relaxed)
        } else {
            0
        }
    }
}

impl<P> WorkerHandle<P> {
    fn load(&self) -> u64 {
        let snapshot = self.snapshot.borrow();
        snapshot.router.peers + self.handed_out.count(snapshot.number)
    }

    fn handed_out(&self) {
        self.handed_out.add(self.snapshot.borrow().number);
    }
}

/// The running workers of one server process. Dropping it stops them.
pub struct Node<P> {
    workers: Vec<WorkerHandle<P>>,
}

impl<P: Peer + Send + 'static> Node<P> {
    /// Binds every port, then starts the threads.
    ///
    /// # Errors
    /// When a port cannot be bound, with the port, the cause and what to do.
    pub fn start(config: &NodeConfig) -> Result<(Self, mpsc::Receiver<NodeEvent>), NodeError> {
        let (events, receiver) = mpsc::channel(EVENT_QUEUE);
        let sockets = bind_all(config)?;
        let mut workers = Vec::new();
        let polls = sockets.iter().map(|_| Polled::new());
        let polls = polls.collect::<io::Result<Vec<_>>>()?;
        let wakers: Vec<Arc<Waker>> = polls.iter().map(|polled| polled.waker.clone()).collect();
        let relays = relays::connect(&wakers);
        let parts = sockets.into_iter().zip(polls).zip(relays).enumerate();
        for (index, ((sockets, polled), relays)) in parts {
            workers.push(start_worker(
                config,
                index,
                sockets,
                polled,
                relays,
                events.clone(),
            )?);
        }
        Ok((Self { workers }, receiver))
    }

    /// Number of workers.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// Where the worker listens, UDP and TCP alike.
    pub fn local_addr(&self, worker: usize) -> Option<SocketAddr> {
        self.workers.get(worker).map(|worker| worker.local)
    }

    /// The worker with the fewest peers, for a new room. Rooms and peers given to workers since they last told of
    /// themselves count, so that a burst of new rooms does not meet on one. For one caller at a time; two at once may
    /// get the same.
    pub fn least_loaded(&self) -> usize {
        let least = self
            .workers
            .iter()
            .enumerate()
            .min_by_key(|(_, worker)| worker.load());
        let Some((index, worker)) = least else { return 0 };
        worker.handed_out();
        index
    }

    /// A worker whose thread has ended while the node runs: by a panic, or because the system refused to wait for
    /// its sockets. Its rooms have no media any more, and nothing here starts it again.
    pub fn ended_worker(&self) -> Option<usize> {
        self.workers
            .iter()
            .position(|worker| worker.thread.as_ref().is_some_and(JoinHandle::is_finished))
    }

    /// Hands a command to a worker without waiting.
    ///
    /// # Errors
    /// [`Busy`] when its mailbox is full or it has ended.
    pub fn send(&self, worker: usize, command: WorkerCommand<P>) -> Result<(), Busy> {
        let worker = self.workers.get(worker).ok_or(Busy)?;
        let is_peer = matches!(command, WorkerCommand::AddPeer { .. });
        match worker.commands.try_send(command) {
            Ok(()) => {
                if is_peer {
                    worker.handed_out();
                }
                worker.waker.wake().map_err(|_| Busy)
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Busy),
        }
    }

    /// What the worker last told of itself; at most a second old while it runs.
    pub fn snapshot(&self, worker: usize) -> WorkerSnapshot {
        self.workers
            .get(worker)
            .map(|worker| worker.snapshot.borrow().clone())
            .unwrap_or_default()
    }

    /// Lets the workers handle every command sent before, flush what that leads to, and waits for the threads.
    /// Peers not removed by then are dropped without a goodbye.
    pub fn shutdown(mut self) {
        self.stop();
    }
}

impl<P> Node<P> {
    fn stop(&mut self) {
        for worker in self.workers.drain(..) {
            // A closed mailbox is the sign to end.
            drop(worker.commands);
            let _ = worker.waker.wake();
            if let Some(thread) = worker.thread
                && thread.join().is_err()
            {
                tracing::error!(addr = %worker.local, "a media worker had panicked");
            }
        }
    }
}

impl<P> Drop for Node<P> {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Sockets {
    udp: Socket,
    tcp: Socket,
    local: SocketAddr,
}

/// All or nothing, so that a busy port is reported before anything runs.
fn bind_all(config: &NodeConfig) -> Result<Vec<Sockets>, NodeError> {
    let count = config.workers.max(1);
    let too_many = || NodeError::Ports {
        workers: count,
        port: config.port,
    };
    (0..count)
        .map(|index| {
            let offset = u16::try_from(index).map_err(|_| too_many())?;
            let port = match config.port {
                0 => 0,
                first => first.checked_add(offset).ok_or_else(too_many)?,
            };
            bind_pair(SocketAddr::new(config.bind, port))
        })
        .collect()
}

/// Attempts at finding a port that is free for UDP and TCP when the kernel chooses.
const PAIR_ATTEMPTS: usize = 16;

fn bind_pair(addr: SocketAddr) -> Result<Sockets, NodeError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let udp = udp::bind(addr).map_err(|source| bind_error("UDP", addr, source))?;
        let local = udp.local_addr()?.as_socket().unwrap_or(addr);
        match bind_tcp(local) {
            Ok(tcp) => return Ok(Sockets { udp, tcp, local }),
            Err(_) if addr.port() == 0 && attempt < PAIR_ATTEMPTS => {}
            Err(source) => return Err(bind_error("TCP", local, source)),
        }
    }
}

fn bind_tcp(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    if addr.is_ipv6() {
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    // Connections of a process that has just ended must not block the next start.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(TCP_BACKLOG)?;
    Ok(socket)
}

fn bind_error(protocol: &'static str, addr: SocketAddr, source: io::Error) -> NodeError {
    let hint = match source.kind() {
        io::ErrorKind::AddrInUse => {
            "Another program has this port: stop it (`ss -lpn` shows which), or choose another media_port."
        }
        io::ErrorKind::PermissionDenied => {
            "Ports below 1024 need a privilege: choose a media_port from 1024 on."
        }
        io::ErrorKind::AddrNotAvailable => {
            "This machine does not have that address: set media_bind to one it has, or to 0.0.0.0."
        }
        _ => "Check media_bind and media_port.",
    };
    NodeError::Bind {
        protocol,
        addr,
        source,
        hint,
    }
}

/// What a worker waits in, and what wakes it.
struct Polled {
    poll: Poll,
    waker: Arc<Waker>,
}

impl Polled {
    fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        Ok(Self { poll, waker })
    }
}

fn start_worker<P: Peer + Send + 'static>(
    config: &NodeConfig,
    index: usize,
    sockets: Sockets,
    Polled { poll, waker }: Polled,
    relays: Relays,
    events: mpsc::Sender<NodeEvent>,
) -> Result<WorkerHandle<P>, NodeError> {
    let (commands, mailbox) = sync_channel(MAILBOX_COMMANDS);
    let (snapshot_sender, snapshot) = watch::channel(WorkerSnapshot::default());
    let udp = UdpEndpoint::new(sockets.udp, config.fallback_ip)?;
    let tcp = TcpEndpoint::new(
        mio::net::TcpListener::from_std(sockets.tcp.into()),
        crate::worker::FIRST_CONNECTION,
    );
    let (wall_clock, now) = crate::worker::clocks();
    let router = Router::new(config.router.clone(), wall_clock, now);
    let mut worker = Worker::new(
        index,
        poll,
        udp,
        tcp,
        router,
        mailbox,
        relays,
        events,
        snapshot_sender,
    )?;
    let thread = std::thread::Builder::new()
        .name(format!("media-{index}"))
        .spawn(move || worker.run())?;
    Ok(WorkerHandle {
        commands,
        waker,
        snapshot,
        local: sockets.local,
        thread: Some(thread),
        handed_out: HandedOut::default(),
    })
}
