//! A connection's task: its socket, its timers, its counters.

use super::leg::{Leg, Received};
use anyhow::Result;
use bytes::BytesMut;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Datagrams read in a row, before the connection's timers are looked at again.
const BATCH: usize = 64;
/// The largest datagram.
const MAX_DATAGRAM: usize = 2_048;
/// A connection without a timer is looked at this often.
const IDLE: Duration = Duration::from_secs(1);

/// What others see of a connection while its task runs.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) sent: AtomicU64,
    pub(super) received: AtomicU64,
    pub(super) connected: AtomicBool,
    pub(super) closed: AtomicBool,
}

impl Counters {
    fn show(&self, leg: &Leg) {
        let Received {
            packets,
            connected,
            closed,
        } = leg.received;
        self.sent.store(leg.sent(), Relaxed);
        self.received.store(packets, Relaxed);
        self.connected.store(connected, Relaxed);
        self.closed.store(closed, Relaxed);
    }
}

/// Opens a socket on this address.
pub(super) async fn open(ip: IpAddr) -> Result<(UdpSocket, SocketAddr)> {
    let socket = UdpSocket::bind((ip, 0)).await?;
    let local = socket.local_addr()?;
    Ok((socket, local))
}

/// Runs the connection until it is told to stop; then it says goodbye.
pub(super) fn spawn(
    mut leg: Leg,
    socket: UdpSocket,
    mut stop: watch::Receiver<bool>,
) -> (Arc<Counters>, JoinHandle<()>) {
    let counters = Arc::new(Counters::default());
    let shown = counters.clone();
    let task = tokio::spawn(async move {
        let mut buffer = [0u8; MAX_DATAGRAM];
        loop {
            flush(&mut leg, &socket);
            shown.show(&leg);
            let wake = leg.poll_timeout().unwrap_or_else(|| Instant::now() + IDLE);
            tokio::select! {
                readable = socket.readable() => {
                    if readable.is_err() {
                        break;
                    }
                    for _ in 0..BATCH {
                        // ECONNREFUSED after the server went, EWOULDBLOCK when empty: both end the batch.
                        let Ok((len, remote)) = socket.try_recv_from(&mut buffer) else { break };
                        let datagram = BytesMut::from(buffer.get(..len).unwrap_or_default());
                        leg.handle_datagram(Instant::now(), remote, datagram);
                    }
                }
                () = tokio::time::sleep_until(wake.into()) => leg.handle_timeout(Instant::now()),
                _ = stop.changed() => break,
            }
        }
        leg.close();
        flush(&mut leg, &socket);
    });
    (counters, task)
}

fn flush(leg: &mut Leg, socket: &UdpSocket) {
    while let Some((remote, datagram)) = leg.poll_transmit() {
        // A full socket buffer loses a datagram; that is what UDP is like.
        let _ = socket.try_send_to(&datagram, remote);
    }
}
