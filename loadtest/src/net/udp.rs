//! A participant's UDP socket: receives in batches with GRO, sends runs with GSO. A system call for each packet would
//! cost more than everything else that a participant does with it.

use anyhow::{Context, Result};
use bytes::BytesMut;
use quinn_udp::{RecvMeta, UdpSockRef, UdpSocketState};
use sim::client::Transmit;
use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Messages received by one system call, each of up to 64 KiB of datagrams joined by GRO.
const BATCH: usize = 8;
/// The most GRO joins.
const MESSAGE_BYTES: usize = 65_536;
/// Most bytes of one segmented send; the kernel refuses more than 64 KiB.
const MAX_SEGMENTED_BYTES: usize = 60_000;
/// No datagram waits longer in a socket; a stamp that says so was made by another wall clock.
const MAX_WAIT: Duration = Duration::from_secs(2);

thread_local! {
    /// One set for all participants of a thread: only one of them receives at a time.
    static BUFFERS: RefCell<Vec<Vec<u8>>> = RefCell::new(vec![vec![0; MESSAGE_BYTES]; BATCH]);
}

pub(super) struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
    segments: Vec<u8>,
}

impl Udp {
    pub(super) async fn bind(ip: IpAddr) -> Result<Self> {
        let socket = UdpSocket::bind((ip, 0))
            .await
            .with_context(|| format!("cannot open a UDP socket on {ip}"))?;
        // Until tokio has heard that a socket can be written to, it refuses to try.
        socket.writable().await?;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        Ok(Self {
            socket,
            state,
            segments: Vec::new(),
        })
    }

    pub(super) fn local_addr(&self) -> Result<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// Hands on what one system call brings, with the time at which the kernel had it.
    pub(super) fn receive(&self, mut deliver: impl FnMut(Instant, SocketAddr, BytesMut)) {
        BUFFERS.with_borrow_mut(|buffers| {
            let mut metas = [RecvMeta::default(); BATCH];
            let mut count = 0;
            // Errors: nothing there, or ECONNREFUSED after the server went; signaling notices that.
            let _ = self.socket.try_io(Interest::READABLE, || {
                let mut slices = buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer));
                let mut slices: [_; BATCH] =
                    std::array::from_fn(|_| slices.next().unwrap_or(IoSliceMut::new(&mut [])));
                count = self
                    .state
                    .recv(UdpSockRef::from(&self.socket), &mut slices, &mut metas)?;
                // Less than there was room for: it is empty, and asking again would be a system call for nothing.
                match count < BATCH {
                    true => Err(io::Error::from(ErrorKind::WouldBlock)),
                    false => Ok(()),
                }
            });
            let clock = Clock::read();
            for (buffer, meta) in buffers.iter().zip(&metas).take(count) {
                let at = clock.instant(meta.timestamp);
                let mut rest = BytesMut::from(buffer.get(..meta.len).unwrap_or_default());
                while !rest.is_empty() {
                    let datagram = rest.split_to(meta.stride.clamp(1, rest.len()));
                    deliver(at, meta.addr, datagram);
                }
            }
        });
    }

    /// Sends all, or loses what the system will not take: that is what UDP is like.
    pub(super) fn send(&mut self, transmits: &[Transmit]) {
        let mut rest = transmits;
        while let Some(first) = rest.first() {
            let (run, later) = rest.split_at(run_length(rest, self.state.max_gso_segments()));
            let contents: &[u8] = if run.len() == 1 {
                &first.datagram
            } else {
                self.segments.clear();
                for transmit in run {
                    self.segments.extend_from_slice(&transmit.datagram);
                }
                &self.segments
            };
            let transmit = quinn_udp::Transmit {
                destination: first.remote,
                ecn: None,
                contents,
                segment_size: (run.len() > 1).then_some(first.datagram.len()),
                src_ip: None,
            };
            let _ = self.socket.try_io(Interest::WRITABLE, || {
                self.state.try_send(UdpSockRef::from(&self.socket), &transmit)
            });
            rest = later;
        }
    }
}

/// Both clocks at one time: the kernel stamps what it receives with the wall clock.
struct Clock {
    now: Instant,
    wall: Duration,
}

impl Clock {
    fn read() -> Self {
        Self {
            now: Instant::now(),
            wall: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }

    /// When the kernel received something. Now, if it did not say, or if the wall clock was set meanwhile.
    fn instant(&self, stamp: Option<Duration>) -> Instant {
        let ago = stamp.and_then(|stamp| self.wall.checked_sub(stamp));
        let ago = ago.filter(|ago| *ago <= MAX_WAIT).unwrap_or_default();
        self.now.checked_sub(ago).unwrap_or(self.now)
    }
}

/// How many of the first datagrams can go as segments of one send: to the same address, of the same length, only the
/// last may be shorter.
fn run_length(transmits: &[Transmit], max_segments: usize) -> usize {
    let Some(first) = transmits.first() else { return 0 };
    let size = first.datagram.len();
    let most = max_segments.min(MAX_SEGMENTED_BYTES / size.max(1)).max(1);
    let mut run = 1;
    while let Some(next) = transmits.get(run).filter(|_| run < most) {
        if next.remote != first.remote || next.datagram.len() > size {
            break;
        }
        run += 1;
        if next.datagram.len() < size {
            break;
        }
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::client::Via;

    fn transmit(remote: SocketAddr, len: usize) -> Transmit {
        Transmit {
            via: Via::Udp,
            remote,
            datagram: BytesMut::zeroed(len),
        }
    }

    #[test]
    fn a_run_ends_at_another_address_a_longer_datagram_or_after_a_shorter_one() {
        let (a, b) = (
            SocketAddr::from(([127, 0, 0, 1], 1)),
            SocketAddr::from(([127, 0, 0, 1], 2)),
        );
        let of = |list: &[(SocketAddr, usize)]| {
            let list: Vec<_> = list.iter().map(|(to, len)| transmit(*to, *len)).collect();
            run_length(&list, 4)
        };
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[(a, 100), (b, 100)]), 1);
        assert_eq!(of(&[(a, 100), (a, 101)]), 1);
        assert_eq!(of(&[(a, 100), (a, 100), (a, 60), (a, 60)]), 3);
        assert_eq!(of(&[(a, 100); 9]), 4, "what the kernel takes");
    }

    #[test]
    fn a_stamp_is_placed_on_the_other_clock_and_a_senseless_one_is_now() {
        let clock = Clock {
            now: Instant::now() + Duration::from_secs(10),
            wall: Duration::from_secs(1_000),
        };
        let ago = |ms| clock.now - Duration::from_millis(ms);
        assert_eq!(clock.instant(Some(Duration::from_millis(999_996))), ago(4));
        assert_eq!(clock.instant(None), clock.now);
        assert_eq!(
            clock.instant(Some(Duration::from_secs(1_001))),
            clock.now,
            "set back"
        );
        assert_eq!(
            clock.instant(Some(Duration::from_secs(10))),
            clock.now,
            "set forward"
        );
    }

    #[tokio::test]
    async fn what_waited_in_the_socket_has_the_time_of_its_arrival() {
        let ip = IpAddr::from([127, 0, 0, 1]);
        let (mut from, to) = (Udp::bind(ip).await.unwrap(), Udp::bind(ip).await.unwrap());
        let remote = to.local_addr().unwrap();
        let mut waited = Duration::ZERO;
        // The kernel begins to stamp a while after the first socket asked for it.
        for _ in 0..20 {
            from.send(&[transmit(remote, 100)]);
            to.readable().await.unwrap();
            let arrived_by = Instant::now();
            std::thread::sleep(Duration::from_millis(50));
            to.receive(|at, _, _| waited = Instant::now().saturating_duration_since(at));
            if waited >= arrived_by.elapsed().saturating_sub(Duration::from_millis(5)) {
                return;
            }
        }
        panic!("it is said to have waited {waited:?}");
    }

    #[tokio::test]
    async fn a_burst_arrives_datagram_by_datagram_in_order() {
        let ip = IpAddr::from([127, 0, 0, 1]);
        let (mut from, to) = (Udp::bind(ip).await.unwrap(), Udp::bind(ip).await.unwrap());
        let remote = to.local_addr().unwrap();
        let mut burst: Vec<_> = (0..20).map(|_| transmit(remote, 1_100)).collect();
        burst.push(transmit(remote, 40));
        for (number, transmit) in (0u8..).zip(&mut burst) {
            transmit.datagram[0] = number;
        }
        from.send(&burst);
        let mut came = Vec::new();
        while came.len() < burst.len() {
            to.readable().await.unwrap();
            to.receive(|_, remote, datagram| came.push((remote, datagram[0], datagram.len())));
        }
        let sender = from.local_addr().unwrap();
        let sent = burst.iter().map(|t| (sender, t.datagram[0], t.datagram.len()));
        assert!(came.into_iter().eq(sent));
    }
}
