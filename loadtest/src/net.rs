//! The sockets of one participant.

use anyhow::{Context, Result};
use bytes::BytesMut;
use sim::client::{Transmit, Via};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;

/// Frames waiting for one TCP connection; more are dropped, as a congested network would.
const MAX_TCP_QUEUE: usize = 512;
/// Datagrams read from UDP in a row, before the client is polled again.
const UDP_BATCH: usize = 64;

/// A datagram that arrived.
#[derive(Debug)]
pub struct Received {
    /// How.
    pub via: Via,
    /// From whom.
    pub remote: SocketAddr,
    /// What.
    pub datagram: BytesMut,
}

/// UDP, and TCP connections opened when something is to be sent there.
pub struct Sockets {
    udp: UdpSocket,
    tcp: HashMap<SocketAddr, mpsc::Sender<BytesMut>>,
    from_tcp: mpsc::Receiver<Received>,
    to_us: mpsc::Sender<Received>,
}

impl Sockets {
    /// Opens the UDP socket on an address of this machine.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub async fn open(ip: IpAddr) -> Result<Self> {
        let udp = UdpSocket::bind((ip, 0))
            .await
            .with_context(|| format!("cannot open a UDP socket on {ip}"))?;
        let (to_us, from_tcp) = mpsc::channel(MAX_TCP_QUEUE);
        Ok(Self {
            udp,
            tcp: HashMap::new(),
            from_tcp,
            to_us,
        })
    }

    /// The UDP socket's address.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        Ok(self.udp.local_addr()?)
    }

    /// Sends, or drops what the system will not take.
    pub fn send(&mut self, transmit: Transmit) {
        match transmit.via {
            Via::Udp => {
                // A full socket buffer loses a datagram; that is what UDP is like.
                let _ = self.udp.try_send_to(&transmit.datagram, transmit.remote);
            }
            Via::Tcp => {
                let queue = self
                    .tcp
                    .entry(transmit.remote)
                    .or_insert_with(|| connect(transmit.remote, self.to_us.clone()));
                let _ = queue.try_send(transmit.datagram);
            }
        }
    }

    /// Closes all TCP connections.
    pub fn close_tcp(&mut self) {
        self.tcp.clear();
    }

    /// Waits for what arrives next, and takes what else is there.
    ///
    /// # Errors
    /// When the UDP socket is broken.
    pub async fn receive(&mut self, into: &mut Vec<Received>) -> Result<()> {
        tokio::select! {
            readable = self.udp.readable() => {
                readable?;
                let mut buffer = [0u8; 2_048];
                for _ in 0..UDP_BATCH {
                    // ECONNREFUSED after the server went, EWOULDBLOCK when empty: both end the batch.
                    let Ok((len, remote)) = self.udp.try_recv_from(&mut buffer) else { break };
                    let datagram = BytesMut::from(buffer.get(..len).unwrap_or_default());
                    into.push(Received { via: Via::Udp, remote, datagram });
                }
            }
            Some(received) = self.from_tcp.recv() => {
                into.push(received);
                while let Ok(more) = self.from_tcp.try_recv() {
                    into.push(more);
                }
            }
        }
        Ok(())
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
