//! The sockets of one participant.

mod impaired;
mod udp;

use anyhow::Result;
use bytes::BytesMut;
use impaired::{Impaired, Out};
use link::LinkConfig;
use sim::client::{Transmit, Via};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use udp::Udp;

/// Frames waiting for one TCP connection; more are dropped, as a congested network would.
const MAX_TCP_QUEUE: usize = 512;
/// A datagram that arrived.
#[derive(Debug)]
pub struct Received {
    /// How.
    pub via: Via,
    /// From whom.
    pub remote: SocketAddr,
    /// When the kernel had it: it may have waited in the socket since.
    pub at: Instant,
    /// What.
    pub datagram: BytesMut,
}

/// UDP, and TCP connections opened when something is to be sent there.
pub struct Sockets {
    udp: Udp,
    tcp: HashMap<SocketAddr, mpsc::Sender<BytesMut>>,
    from_tcp: mpsc::Receiver<Received>,
    to_us: mpsc::Sender<Received>,
    opened_tcp: bool,
    /// What is about to be sent over UDP.
    batch: Vec<Transmit>,
    line: Option<Box<Impaired>>,
}

impl Sockets {
    /// Opens the UDP socket on an address of this machine.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub async fn open(ip: IpAddr) -> Result<Self> {
        let (to_us, from_tcp) = mpsc::channel(MAX_TCP_QUEUE);
        Ok(Self {
            udp: Udp::bind(ip).await?,
            tcp: HashMap::new(),
            from_tcp,
            to_us,
            opened_tcp: false,
            batch: Vec::new(),
            line: None,
        })
    }

    /// Puts a bad line between UDP and the network, up and down.
    pub fn impair(&mut self, up: LinkConfig, down: LinkConfig, seed: u64) {
        self.line = Some(Box::new(Impaired::new(up, down, Instant::now(), seed)));
    }

    /// Whether there is such a line.
    pub fn is_impaired(&self) -> bool {
        self.line.is_some()
    }

    /// When something comes out of the bad line: [`deliver`](Self::deliver) takes it.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.line.as_ref()?.poll_timeout()
    }

    /// Takes what has come out of the bad line.
    pub fn deliver(&mut self, now: Instant, mut deliver: impl FnMut(Received)) {
        let Some(line) = &mut self.line else { return };
        while let Some(out) = line.poll(now) {
            match out {
                Out::Up(transmit) => self.batch.push(transmit),
                Out::Down(received) => deliver(received),
            }
        }
        self.udp.send(&self.batch);
        self.batch.clear();
    }

    /// The UDP socket's address.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.udp.local_addr()
    }

    /// Sends everything, or drops what the system will not take.
    pub fn send_all(&mut self, transmits: impl Iterator<Item = Transmit>) {
        for transmit in transmits {
            match transmit.via {
                Via::Udp => match &mut self.line {
                    Some(line) => line.send(Instant::now(), Out::Up(transmit)),
                    None => self.batch.push(transmit),
                },
                Via::Tcp => {
                    self.opened_tcp = true;
                    let queue = self
                        .tcp
                        .entry(transmit.remote)
                        .or_insert_with(|| connect(transmit.remote, self.to_us.clone()));
                    let _ = queue.try_send(transmit.datagram);
                }
            }
        }
        self.udp.send(&self.batch);
        self.batch.clear();
    }

    /// Closes all TCP connections.
    pub fn close_tcp(&mut self) {
        self.tcp.clear();
    }

    /// Waits for what arrives next; [`receive`](Self::receive) takes it.
    ///
    /// # Errors
    /// When the UDP socket is broken.
    pub async fn readable(&mut self) -> Result<Option<Received>> {
        tokio::select! {
            biased;
            readable = self.udp.readable() => {
                readable?;
                Ok(None)
            }
            // Nothing comes from a connection that was never opened, and asking is not for nothing.
            Some(received) = self.from_tcp.recv(), if self.opened_tcp => Ok(Some(received)),
        }
    }

    /// Takes what is there.
    pub fn receive(&mut self, mut deliver: impl FnMut(Received)) {
        let line = &mut self.line;
        self.udp.receive(|at, remote, datagram| {
            let received = Received {
                via: Via::Udp,
                remote,
                at,
                datagram,
            };
            match line {
                Some(line) => line.send(at, Out::Down(received)),
                None => deliver(received),
            }
        });
        while self.opened_tcp
            && let Ok(received) = self.from_tcp.try_recv()
        {
            deliver(received);
        }
    }
}

/// Opens a connection in a task of its own; it closes when the queue's sender is dropped.
fn connect(remote: SocketAddr, to_us: mpsc::Sender<Received>) -> mpsc::Sender<BytesMut> {
    let (queue, mut frames) = mpsc::channel::<BytesMut>(MAX_TCP_QUEUE);
    tokio::spawn(async move {
        let Ok(stream) = TcpStream::connect(remote).await else {
            return;
        };
        // Media cannot wait for a full segment; a refusal only costs delay.
        let _ = stream.set_nodelay(true);
        let (mut reader, mut writer) = stream.into_split();
        let reading = tokio::spawn(async move {
            // RFC 4571: two bytes of length, then the datagram.
            while let Ok(len) = reader.read_u16().await {
                let mut datagram = BytesMut::zeroed(usize::from(len));
                if reader.read_exact(&mut datagram).await.is_err() {
                    break;
                }
                if to_us
                    .send(Received {
                        via: Via::Tcp,
                        remote,
                        at: Instant::now(),
                        datagram,
                    })
                    .await
                    .is_err()
                {
                    break;
                }
            }
        });
        while let Some(datagram) = frames.recv().await {
            let mut frame = u16::try_from(datagram.len())
                .unwrap_or(u16::MAX)
                .to_be_bytes()
                .to_vec();
            frame.extend_from_slice(&datagram);
            if writer.write_all(&frame).await.is_err() {
                break;
            }
        }
        reading.abort();
    });
    queue
}
