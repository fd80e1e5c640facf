//! Sockets of the relay: one for all clients, and for every client one that stands for it towards the server.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Client addresses at once; a browser has a handful. Datagrams of more are dropped.
pub(super) const MAX_FLOWS: usize = 256;
/// A client address silent for so long gives its socket back. Browsers send a STUN check every 2.5 s.
pub(super) const FLOW_IDLE: Duration = Duration::from_secs(60);
/// Larger than any Ethernet frame; a larger datagram is cut, as no path would carry it whole.
const MAX_DATAGRAM: usize = 2_048;
/// Pause after an error of a socket, so that one that stays does not spin.
const AFTER_ERROR: Duration = Duration::from_millis(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Up,
    Down,
}

/// A datagram that was read.
pub(super) struct Arrived {
    pub direction: Direction,
    pub client: SocketAddr,
    pub datagram: Vec<u8>,
}

/// Ends its task when it goes: tokio by itself would let it run on.
pub(super) struct EndOfTask(pub JoinHandle<()>);

impl Drop for EndOfTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Flow {
    socket: Arc<UdpSocket>,
    last: Instant,
    _reader: EndOfTask,
}

/// All clients.
pub(super) struct Flows {
    to: SocketAddr,
    flows: HashMap<SocketAddr, Flow>,
    arrived: mpsc::Sender<Arrived>,
    overflow: Arc<AtomicU64>,
}

impl Flows {
    pub(super) fn new(to: SocketAddr, arrived: mpsc::Sender<Arrived>, overflow: Arc<AtomicU64>) -> Self {
        Self {
            to,
            flows: HashMap::new(),
            arrived,
            overflow,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }

    /// Whether there is a socket for this client, opened now if need be; its time of idleness starts anew.
    pub(super) async fn open(&mut self, client: SocketAddr, now: Instant) -> bool {
        if self.touch(client, now) {
            return true;
        }
        self.flows
            .retain(|_, flow| now.saturating_duration_since(flow.last) < FLOW_IDLE);
        if self.flows.len() >= MAX_FLOWS {
            return false;
        }
        let Ok(socket) = open_towards(self.to).await else {
            return false;
        };
        let socket = Arc::new(socket);
        let reader = read(
            Arc::clone(&socket),
            Some(client),
            self.arrived.clone(),
            Arc::clone(&self.overflow),
        );
        let flow = Flow {
            socket,
            last: now,
            _reader: EndOfTask(tokio::spawn(reader)),
        };
        self.flows.insert(client, flow);
        true
    }

    /// Notes a sign of life; `false`: there is no such client.
    pub(super) fn touch(&mut self, client: SocketAddr, now: Instant) -> bool {
        let flow = self.flows.get_mut(&client);
        flow.map(|flow| flow.last = now).is_some()
    }

    /// Sends to the server on behalf of a client.
    pub(super) fn send(&self, client: SocketAddr, datagram: &[u8]) {
        if let Some(flow) = self.flows.get(&client) {
            // A full socket buffer or an unreachable port loses a datagram: that is what UDP is like.
            let _ = flow.socket.try_send(datagram);
        }
    }
}

async fn open_towards(to: SocketAddr) -> std::io::Result<UdpSocket> {
    let any = match to {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(to).await?;
    // Until tokio has heard that a socket can be written to, it refuses to try.
    socket.writable().await?;
    Ok(socket)
}

/// Reads a socket for ever. `client`: whom the datagrams are for; without: they come from clients.
pub(super) async fn read(
    socket: Arc<UdpSocket>,
    client: Option<SocketAddr>,
    arrived: mpsc::Sender<Arrived>,
    overflow: Arc<AtomicU64>,
) {
    let direction = client.map_or(Direction::Up, |_| Direction::Down);
    let mut buffer = vec![0u8; MAX_DATAGRAM];
    loop {
        // An error is about one datagram sent before (the port was closed); the next may pass.
        let Ok((len, from)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(AFTER_ERROR).await;
            continue;
        };
        let arrival = Arrived {
            direction,
            client: client.unwrap_or(from),
            datagram: buffer.get(..len).unwrap_or_default().to_vec(),
        };
        if arrived.try_send(arrival).is_err() {
            // Dropped, as a network card with a full ring would.
            overflow.fetch_add(1, Ordering::Relaxed);
        }
    }
}
