//! ICE-TCP (RFC 6544), passive side: connections that carry the same datagrams, framed by RFC 4571.

use crate::framing::{Deframer, frame};
use bytes::{Buf, BytesMut};
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use peer::{Path, Protocol};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

/// Most connections of one worker. When full, the oldest that was never answered makes room; if all were, the new one
/// is closed at once.
const MAX_CONNECTIONS: usize = 1_024;
/// Most unsent bytes of one connection; datagrams beyond it are dropped, as a full link would. One second at 1 Mbit/s:
/// more is a picture that comes too late and keeps the next one waiting.
const MAX_UNSENT_BYTES: usize = 128 * 1_024;
/// A connection that says nothing for this long is closed; ICE consent checks come every 5 s (RFC 7675).
const IDLE_LIMIT: Duration = Duration::from_secs(30);
/// A connection that was never answered is closed after this long, whatever it says: only who knows a password is
/// answered, and a client sends its first check at once.
const UNANSWERED_LIMIT: Duration = Duration::from_secs(10);
/// Reads of one connection per wake-up, so that a fast one does not starve the others.
const READS_PER_WAKE: usize = 16;

struct Connection {
    stream: TcpStream,
    path: Path,
    token: Token,
    inbound: Deframer,
    unsent: BytesMut,
    opened: Instant,
    heard: Instant,
    /// Something was sent through it, so a peer accepts it as its client's.
    answered: bool,
    /// Whether the poll also waits for the socket to take more.
    wants_write: bool,
    /// More may be readable than the last wake-up took.
    more: bool,
}

pub(crate) struct TcpEndpoint {
    listener: TcpListener,
    by_remote: HashMap<SocketAddr, usize>,
    connections: Vec<Option<Connection>>,
    first_token: usize,
    most: usize,
    /// Paths of connections that have closed, for the worker to take.
    pub(crate) closed: Vec<Path>,
    pub(crate) refused: u64,
    pub(crate) sent: u64,
    pub(crate) dropped: u64,
}

impl TcpEndpoint {
    /// Connections get tokens from `first_token` on.
    pub(crate) fn new(listener: TcpListener, first_token: usize) -> Self {
        Self {
            listener,
            by_remote: HashMap::new(),
            connections: Vec::new(),
            first_token,
            most: MAX_CONNECTIONS,
            closed: Vec::new(),
            refused: 0,
            sent: 0,
            dropped: 0,
        }
    }

    pub(crate) fn listener(&mut self) -> &mut TcpListener {
        &mut self.listener
    }

    pub(crate) fn open_connections(&self) -> usize {
        self.by_remote.len()
    }

    pub(crate) fn accept_all(&mut self, now: Instant, registry: &Registry) {
        loop {
            match self.listener.accept() {
                Ok((stream, remote)) => {
                    if self.add(now, registry, stream, remote).is_err() {
                        self.refused += 1;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Empty, or out of file descriptors: the rest waits in the kernel's backlog.
                Err(_) => return,
            }
        }
    }

    fn add(
        &mut self,
        now: Instant,
        registry: &Registry,
        mut stream: TcpStream,
        remote: SocketAddr,
    ) -> io::Result<()> {
        if self.by_remote.len() >= self.most && !self.make_room(registry) {
            return Err(io::Error::other("too many connections"));
        }
        // Media is useless late: no waiting for more bytes.
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        let path = Path {
            protocol: Protocol::Tcp,
            local: SocketAddr::new(local.ip().to_canonical(), local.port()),
            remote: SocketAddr::new(remote.ip().to_canonical(), remote.port()),
        };
        let index = self
            .connections
            .iter()
            .position(Option::is_none)
            .unwrap_or(self.connections.len());
        let token = Token(self.first_token + index);
        registry.register(&mut stream, token, Interest::READABLE)?;
        let connection = Connection {
            stream,
            path,
            token,
            inbound: Deframer::default(),
            unsent: BytesMut::new(),
            opened: now,
            heard: now,
            answered: false,
            wants_write: false,
            more: false,
        };
        match self.connections.get_mut(index) {
            Some(place) => *place = Some(connection),
            None => self.connections.push(Some(connection)),
        }
        self.by_remote.insert(path.remote, index);
        Ok(())
    }

    /// Handles readiness of the connection with this token. Returns whether more may be readable.
    pub(crate) fn handle_ready(
        &mut self,
        now: Instant,
        registry: &Registry,
        token: Token,
        mut deliver: impl FnMut(Path, BytesMut),
    ) {
        let Some(index) = token.0.checked_sub(self.first_token) else {
            return;
        };
        let Some(connection) = self.connections.get_mut(index).and_then(Option::as_mut) else {
            return;
        };
        let alive = connection.flush(registry).is_ok() && connection.read(now, &mut deliver).is_ok();
        if !alive {
            self.close(registry, index);
        }
    }

    /// Reads on where the last wake-up stopped early; mio reports each readiness once.
    pub(crate) fn read_on(
        &mut self,
        now: Instant,
        registry: &Registry,
        mut deliver: impl FnMut(Path, BytesMut),
    ) {
        for index in 0..self.connections.len() {
            let Some(connection) = self.connections.get_mut(index).and_then(Option::as_mut) else {
                continue;
            };
            if connection.more && connection.read(now, &mut deliver).is_err() {
                self.close(registry, index);
            }
        }
    }

    /// Whether some connection has more to read without a new wake-up.
    pub(crate) fn has_more(&self) -> bool {
        self.connections
            .iter()
            .flatten()
            .any(|connection| connection.more)
    }

    pub(crate) fn send(&mut self, registry: &Registry, path: Path, datagram: &[u8]) {
        let Some(&index) = self.by_remote.get(&path.remote) else {
            self.dropped += 1;
            return;
        };
        let Some(connection) = self.connections.get_mut(index).and_then(Option::as_mut) else {
            return;
        };
        if connection.unsent.len() + datagram.len() > MAX_UNSENT_BYTES
            || !frame(datagram, &mut connection.unsent)
        {
            self.dropped += 1;
            return;
        }
        self.sent += 1;
        connection.answered = true;
        if !connection.wants_write && connection.flush(registry).is_err() {
            self.close(registry, index);
        }
    }

    /// Closes the oldest connection that was never answered: strangers must not keep clients out.
    fn make_room(&mut self, registry: &Registry) -> bool {
        let unanswered = (0..).zip(&self.connections).filter_map(|(index, connection)| {
            let connection = connection.as_ref().filter(|connection| !connection.answered)?;
            Some((connection.opened, index))
        });
        let Some((_, oldest)) = unanswered.min() else {
            return false;
        };
        self.refused += 1;
        self.close(registry, oldest);
        true
    }

    /// Closes connections that have been idle, or unanswered, too long.
    pub(crate) fn close_idle(&mut self, now: Instant, registry: &Registry) {
        for index in 0..self.connections.len() {
            let idle = self
                .connections
                .get(index)
                .and_then(Option::as_ref)
                .is_some_and(|connection| connection.is_idle(now));
            if idle {
                self.refused += 1;
                self.close(registry, index);
            }
        }
    }

    fn close(&mut self, registry: &Registry, index: usize) {
        if let Some(mut connection) = self.connections.get_mut(index).and_then(Option::take) {
            let _ = registry.deregister(&mut connection.stream);
            let _ = connection.stream.shutdown(Shutdown::Both);
            self.by_remote.remove(&connection.path.remote);
            self.closed.push(connection.path);
        }
    }
}

impl Connection {
    fn is_idle(&self, now: Instant) -> bool {
        let since = |at| now.saturating_duration_since(at);
        since(self.heard) > IDLE_LIMIT || (!self.answered && since(self.opened) > UNANSWERED_LIMIT)
    }

    fn read(&mut self, now: Instant, deliver: &mut impl FnMut(Path, BytesMut)) -> io::Result<()> {
        let mut buffer = [0; 16 * 1_024];
        self.more = false;
        for _ in 0..READS_PER_WAKE {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.heard = now;
                    self.inbound.push(buffer.get(..count).unwrap_or_default());
                    while let Some(datagram) = self.inbound.next_frame().map_err(io::Error::other)? {
                        deliver(self.path, datagram);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.more = true;
        Ok(())
    }

    fn flush(&mut self, registry: &Registry) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.unsent.advance(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let wants_write = !self.unsent.is_empty();
        if wants_write != self.wants_write {
            let interest = if wants_write {
                Interest::READABLE | Interest::WRITABLE
            } else {
                Interest::READABLE
            };
            registry.reregister(&mut self.stream, self.token, interest)?;
            self.wants_write = wants_write;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::Poll;

    #[test]
    fn a_client_that_does_not_read_has_little_waiting() {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let local = listener.local_addr().unwrap();
        let poll = Poll::new().unwrap();
        let mut endpoint = TcpEndpoint::new(listener, 0);
        let client = std::net::TcpStream::connect(local).unwrap();
        endpoint.accept_all(Instant::now(), poll.registry());
        let path = Path {
            protocol: Protocol::Tcp,
            local,
            remote: client.local_addr().unwrap(),
        };
        // More than the kernel takes on both ends.
        for _ in 0..50_000 {
            endpoint.send(poll.registry(), path, &[0; 1_200]);
        }
        assert!(endpoint.dropped > 0);
        let waiting: usize = endpoint
            .connections
            .iter()
            .flatten()
            .map(|c| c.unsent.len())
            .sum();
        assert!(waiting > 100_000 && waiting <= 128 * 1_024, "{waiting}");
    }

    #[test]
    fn strangers_do_not_keep_clients_out() {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let local = listener.local_addr().unwrap();
        let poll = Poll::new().unwrap();
        let registry = poll.registry();
        let mut endpoint = TcpEndpoint::new(listener, 0);
        endpoint.most = 2;
        let now = Instant::now();
        // The handshake is done when `connect` returns.
        let open = |endpoint: &mut TcpEndpoint| {
            let stream = std::net::TcpStream::connect(local).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            endpoint.accept_all(now, registry);
            stream
        };
        let client = open(&mut endpoint);
        let path = |remote| Path {
            protocol: Protocol::Tcp,
            local,
            remote,
        };
        endpoint.send(registry, path(client.local_addr().unwrap()), b"hello");
        let mut stranger = open(&mut endpoint);
        let second = open(&mut endpoint);
        assert_eq!(endpoint.open_connections(), 2);
        assert!(matches!(stranger.read(&mut [0]), Ok(0)), "it made room");

        endpoint.close_idle(now + UNANSWERED_LIMIT + Duration::from_millis(1), registry);
        assert_eq!(endpoint.open_connections(), 1);
        let third = open(&mut endpoint);
        endpoint.send(registry, path(third.local_addr().unwrap()), b"hello");
        let mut refused = open(&mut endpoint);
        assert!(
            matches!(refused.read(&mut [0]), Ok(0)),
            "all others were answered"
        );
        drop(second);
    }
}
