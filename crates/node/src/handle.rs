//! A node's workers, seen from the control plane.

use crate::config::{NodeConfig, NodeError};
use crate::cores;
use crate::listen::{Sockets, bind_all};
use crate::relays::{self, Relays};
use crate::snapshot::WorkerSnapshot;
use crate::tcp::TcpEndpoint;
use crate::udp::UdpEndpoint;
use crate::worker::{WAKE, Worker};
use media::plane::{MediaCommand, MediaEvent};
use media::{ParticipantId, RoomId};
use mio::{Poll, Waker};
use peer::{Answer, Peer};
use router::Router;
use socket2::Socket;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

/// Commands waiting for one worker. When full, [`Node::send`] says [`Busy`].
const MAILBOX_COMMANDS: usize = 4_096;
/// Events of all workers waiting for the control plane. When full, workers keep theirs and try again.
const EVENT_QUEUE: usize = 16_384;

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
    commands: mpsc::Sender<WorkerCommand<P>>,
    waker: Arc<Waker>,
    snapshot: watch::Receiver<WorkerSnapshot>,
    local: SocketAddr,
    thread: Option<JoinHandle<()>>,
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
        let cores = cores::choose(config.pin_workers, sockets.len());
        let mut workers = Vec::new();
        let polls = sockets.iter().map(|_| Polled::new());
        let polls = polls.collect::<io::Result<Vec<_>>>()?;
        let wakers: Vec<Arc<Waker>> = polls.iter().map(|polled| polled.waker.clone()).collect();
        let relays = relays::connect(&wakers);
        // Who is moved to another worker is answered from the port that the client knows.
        let others = (0..sockets.len()).map(|own| duplicates(&sockets, own));
        let others = others.collect::<io::Result<Vec<_>>>()?;
        let parts = sockets
            .into_iter()
            .zip(others)
            .zip(polls)
            .zip(relays)
            .zip(cores)
            .enumerate();
        for (index, ((((sockets, others), polled), relays), core)) in parts {
            workers.push(start_worker(
                config,
                index,
                (sockets, others),
                polled,
                relays,
                core,
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
        match worker.commands.try_send(command) {
            Ok(()) => worker.waker.wake().map_err(|_| Busy),
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => Err(Busy),
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

/// All workers' UDP sockets once more, but one worker's own.
fn duplicates(sockets: &[Sockets], own: usize) -> io::Result<Vec<Socket>> {
    let others = sockets.iter().enumerate().filter(|(index, _)| *index != own);
    others.map(|(_, sockets)| sockets.udp.try_clone()).collect()
}

fn start_worker<P: Peer + Send + 'static>(
    config: &NodeConfig,
    index: usize,
    (sockets, others): (Sockets, Vec<Socket>),
    Polled { poll, waker }: Polled,
    relays: Relays<P>,
    core: Option<usize>,
    events: mpsc::Sender<NodeEvent>,
) -> Result<WorkerHandle<P>, NodeError> {
    let (commands, mailbox) = mpsc::channel(MAILBOX_COMMANDS);
    let (snapshot_sender, snapshot) = watch::channel(WorkerSnapshot::default());
    let udp = UdpEndpoint::new(sockets.udp, others, config.fallback_ip)?;
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
        .spawn(move || {
            if let Some(core) = core {
                cores::pin_this_thread(index, core);
            }
            worker.run();
        })?;
    Ok(WorkerHandle {
        commands,
        waker,
        snapshot,
        local: sockets.local,
        thread: Some(thread),
    })
}
