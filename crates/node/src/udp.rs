//! The worker's UDP socket: receive in batches with GRO, send runs to one destination with GSO.

use bytes::BytesMut;
use peer::{Path, Protocol, Transmit};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use socket2::{Domain, Socket, Type};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

/// Room for one received message: 64 KiB, the most GRO joins.
const RECEIVE_BUFFER_BYTES: usize = 65_536;
/// Kernel buffers asked for, each way. The kernel caps it at `net.core.rmem_max` / `wmem_max`.
const SOCKET_BUFFER_BYTES: usize = 4 << 20;
/// Most bytes of one segmented send; the kernel refuses more than 64 KiB.
const MAX_SEGMENTED_BYTES: usize = 60_000;
/// Most datagrams of one segmented send; older kernels refuse more.
const MAX_SEGMENTS: usize = 64;

pub(crate) struct UdpEndpoint {
    pub(crate) socket: mio::net::UdpSocket,
    state: UdpSocketState,
    port: u16,
    /// Whether the socket is IPv6 and carries IPv4 as mapped addresses.
    dual_stack: bool,
    /// Stand-in for our address when the kernel does not say where a datagram arrived.
    fallback_ip: IpAddr,
    /// Our addresses on which datagrams have arrived: the only ones usable as source.
    seen_local: Vec<IpAddr>,
    receive_buffers: Vec<Vec<u8>>,
    /// Something may wait in the socket. Set when it says so, or to be sure.
    pub(crate) readable: bool,
    run: Run,
    pub(crate) send_calls: u64,
    pub(crate) sent: u64,
    pub(crate) dropped: u64,
}

/// Most local addresses remembered; more than a machine has.
const MAX_LOCAL_ADDRESSES: usize = 64;

/// Binds `addr`, dual-stack when it is the IPv6 wildcard, with large kernel buffers.
pub(crate) fn bind(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, None)?;
    if addr.is_ipv6() {
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    // A smaller buffer than asked for still works; `sysctl net.core.rmem_max` raises it.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    socket.bind(&addr.into())?;
    Ok(socket)
}

impl UdpEndpoint {
    pub(crate) fn new(socket: Socket, fallback_ip: IpAddr) -> io::Result<Self> {
        let state = UdpSocketState::new((&socket).into())?;
        let socket = mio::net::UdpSocket::from_std(socket.into());
        let local = socket.local_addr()?;
        Ok(Self {
            socket,
            state,
            port: local.port(),
            dual_stack: local.is_ipv6(),
            fallback_ip,
            seen_local: Vec::new(),
            receive_buffers: (0..BATCH_SIZE).map(|_| vec![0; RECEIVE_BUFFER_BYTES]).collect(),
            readable: true,
            run: Run::default(),
            send_calls: 0,
            sent: 0,
            dropped: 0,
        })
    }

    /// Receives one batch and hands each datagram on; `false` when the socket is empty. A batch that is not full has
    /// emptied it: of what came later it will tell.
    pub(crate) fn receive(&mut self, mut deliver: impl FnMut(Path, BytesMut)) -> io::Result<bool> {
        if !self.readable {
            return Ok(false);
        }
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let count = {
            let mut slices: Vec<IoSliceMut<'_>> = self
                .receive_buffers
                .iter_mut()
                .map(|buffer| IoSliceMut::new(buffer))
                .collect();
            match self.state.recv((&self.socket).into(), &mut slices, &mut metas) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) => return Err(error),
            }
        };
        for (buffer, meta) in self.receive_buffers.iter().zip(&metas).take(count) {
            let local_ip = meta.dst_ip.map_or(self.fallback_ip, |ip| ip.to_canonical());
            if !self.seen_local.contains(&local_ip) && self.seen_local.len() < MAX_LOCAL_ADDRESSES {
                self.seen_local.push(local_ip);
            }
            let path = Path {
                protocol: Protocol::Udp,
                local: SocketAddr::new(local_ip, self.port),
                remote: SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port()),
            };
            let stride = meta.stride.max(1);
            for datagram in buffer.get(..meta.len).unwrap_or_default().chunks(stride) {
                deliver(path, BytesMut::from(datagram));
            }
        }
        self.readable = count == BATCH_SIZE;
        Ok(self.readable)
    }

    /// Sends a datagram, together with those before and after it that go to the same place: [`Self::flush`] sends the
    /// last of them. What the kernel refuses is dropped and counted: for the receivers it is a loss like any other, and
    /// waiting would stall every other call.
    pub(crate) fn send(&mut self, transmit: Transmit) {
        let most = self.state.max_gso_segments().min(MAX_SEGMENTS);
        if let Err(transmit) = self.run.take_in(transmit, most) {
            self.flush();
            // An empty run takes anything.
            let _ = self.run.take_in(transmit, most);
        }
    }

    /// Sends what waits for company.
    pub(crate) fn flush(&mut self) {
        let Some(first) = self.run.first.take() else {
            return;
        };
        let mut remote = first.path.remote;
        if self.dual_stack
            && let IpAddr::V4(v4) = remote.ip()
        {
            remote.set_ip(IpAddr::V6(v4.to_ipv6_mapped()));
        }
        let single = self.run.count == 1;
        let contents: &[u8] = if single {
            &first.datagram
        } else {
            &self.run.segments
        };
        let result = self.state.try_send(
            (&self.socket).into(),
            &quinn_udp::Transmit {
                destination: remote,
                ecn: None,
                contents,
                segment_size: (!single).then_some(first.datagram.len()),
                // An advertised address behind NAT is not an address of this machine: the kernel chooses then.
                src_ip: self
                    .seen_local
                    .contains(&first.path.local.ip())
                    .then_some(first.path.local.ip()),
            },
        );
        self.send_calls += 1;
        let count = self.run.count as u64;
        match result {
            Ok(()) => self.sent += count,
            Err(_) => self.dropped += count,
        }
        self.run.clear();
    }
}

/// Datagrams that can go as segments of one send: same path, same length, only the last may be shorter.
///
/// They are copied together as they come, while they are still in the cache from being encrypted.
#[derive(Debug, Default)]
struct Run {
    first: Option<Transmit>,
    /// All of them, when there is more than one.
    segments: Vec<u8>,
    count: usize,
    /// The last was shorter.
    ended: bool,
}

impl Run {
    /// Gives the datagram back when it cannot go with the others.
    fn take_in(&mut self, transmit: Transmit, most: usize) -> Result<(), Transmit> {
        let Some(first) = &self.first else {
            self.first = Some(transmit);
            self.count = 1;
            return Ok(());
        };
        let (size, bytes) = (first.datagram.len(), transmit.datagram.len());
        let fits = self.count < most && (self.count + 1) * size <= MAX_SEGMENTED_BYTES;
        if self.ended || !fits || bytes > size || first.path != transmit.path {
            return Err(transmit);
        }
        if self.segments.is_empty() {
            self.segments.extend_from_slice(&first.datagram);
        }
        self.segments.extend_from_slice(&transmit.datagram);
        self.count += 1;
        self.ended = bytes < size;
        Ok(())
    }

    fn clear(&mut self) {
        self.first = None;
        self.segments.clear();
        self.count = 0;
        self.ended = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn endpoint() -> UdpEndpoint {
        let ip = IpAddr::from([127, 0, 0, 1]);
        UdpEndpoint::new(bind(SocketAddr::new(ip, 0)).unwrap(), ip).unwrap()
    }

    fn transmit(endpoint: &UdpEndpoint, to: SocketAddr, byte: u8, len: usize) -> Transmit {
        Transmit {
            path: Path {
                protocol: Protocol::Udp,
                local: SocketAddr::new(endpoint.fallback_ip, endpoint.port),
                remote: to,
            },
            datagram: BytesMut::from(vec![byte; len].as_slice()),
        }
    }

    #[test]
    fn a_run_ends_at_another_destination_a_longer_datagram_or_after_a_shorter_one() {
        let endpoint = endpoint();
        let a = SocketAddr::from(([127, 0, 0, 1], 1));
        let b = SocketAddr::from(([127, 0, 0, 1], 2));
        let of = |most: usize, lens: &[(SocketAddr, usize)]| {
            let mut run = Run::default();
            let taken = lens
                .iter()
                .take_while(|&&(to, len)| run.take_in(transmit(&endpoint, to, 0, len), most).is_ok())
                .count();
            assert_eq!(taken, run.count);
            taken
        };
        assert_eq!(of(64, &[(a, 100), (b, 100)]), 1);
        assert_eq!(of(64, &[(a, 100), (a, 101)]), 1);
        assert_eq!(of(64, &[(a, 100), (a, 100), (b, 100)]), 2);
        assert_eq!(of(64, &[(a, 100), (a, 60), (a, 60)]), 2);
        assert_eq!(of(2, &[(a, 100); 5]), 2);
        assert_eq!(of(64, &[(a, 1_200); 64]), 50, "60,000 bytes");
    }

    #[test]
    fn batches_arrive_whole_and_in_order_for_each_destination() {
        let mut endpoint = endpoint();
        let receivers: Vec<_> = (0..2)
            .map(|_| {
                let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
                socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                socket
            })
            .collect();
        for parity in 0..2 {
            for i in (parity..20u8).step_by(2) {
                let to = receivers[usize::from(parity)].local_addr().unwrap();
                let transmit = transmit(&endpoint, to, i, if i < 16 { 1_100 } else { 40 });
                endpoint.send(transmit);
            }
        }
        endpoint.flush();
        endpoint.flush();
        assert!(
            endpoint.send_calls < 20 || endpoint.state.max_gso_segments() == 1,
            "segments share a call"
        );
        assert_eq!((endpoint.sent, endpoint.dropped), (20, 0));
        for (which, receiver) in receivers.iter().enumerate() {
            let mut buffer = [0; 2_000];
            for i in 0..10u8 {
                let len = receiver.recv(&mut buffer).unwrap();
                let byte = i * 2 + u8::try_from(which).unwrap();
                assert_eq!(len, if byte < 16 { 1_100 } else { 40 });
                assert_eq!(buffer[0], byte);
            }
        }
    }

    #[test]
    fn received_datagrams_tell_both_ends_of_their_path() {
        let mut endpoint = endpoint();
        let to = endpoint.socket.local_addr().unwrap();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.send_to(&[7; 33], to).unwrap();
        let mut seen = Vec::new();
        // Loopback delivers before `send_to` returns.
        while endpoint
            .receive(|path, datagram| seen.push((path, datagram.len())))
            .unwrap()
        {}
        let path = Path {
            protocol: Protocol::Udp,
            local: to,
            remote: sender.local_addr().unwrap(),
        };
        assert_eq!(seen, vec![(path, 33)]);
    }
}
