//! The worker's UDP socket: receive in batches with GRO, send runs to one destination with GSO.

use bytes::BytesMut;
use peer::{Path, Protocol};
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
/// Largest datagram that goes with others: what an Ethernet carries over IPv6. A segment that does not fit the path fails the
/// whole send, and older kernels say it in a way that looks as if they could not segment at all.
const MAX_SEGMENT_BYTES: usize = 1_452;
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
    /// Duplicates of the other workers' sockets, for sending only: the client of a peer that has come over takes packets
    /// only from the port it knows. Nobody else sends for that client, and the kernel keeps two threads on one socket apart.
    others: Vec<OtherSocket>,
    /// Something may wait in the socket. Set when it says so, or to be sure.
    pub(crate) readable: bool,
    run: Run,
    pub(crate) send_calls: u64,
    pub(crate) sent: u64,
    pub(crate) dropped: u64,
}

struct OtherSocket {
    port: u16,
    socket: Socket,
    state: UdpSocketState,
}

impl OtherSocket {
    fn new(socket: Socket) -> io::Result<Self> {
        let local = socket.local_addr()?.as_socket();
        Ok(Self {
            port: local.map_or(0, |local| local.port()),
            state: UdpSocketState::new((&socket).into())?,
            socket,
        })
    }
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
    /// `others` are duplicates of the other workers' sockets.
    pub(crate) fn new(socket: Socket, others: Vec<Socket>, fallback_ip: IpAddr) -> io::Result<Self> {
        let others = others.into_iter().map(OtherSocket::new);
        let others = others.collect::<io::Result<Vec<_>>>()?;
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
            others,
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
            note_local(&mut self.seen_local, local_ip);
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

    /// A datagram that came to this address was handed over by another worker: the answer comes from there.
    pub(crate) fn note_local(&mut self, ip: IpAddr) {
        note_local(&mut self.seen_local, ip);
    }

    /// Where the next datagram is to be written to, behind what waits there; then say so with [`Self::written`].
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        // What a panic left half-written.
        self.run.segments.truncate(self.run.bytes);
        &mut self.run.segments
    }

    /// A datagram was written behind the others; returns it, for who wants to send it another way and takes it back with
    /// the next [`Self::buffer`].
    pub(crate) fn unsent(&self) -> &[u8] {
        self.run.segments.get(self.run.bytes..).unwrap_or_default()
    }

    /// A datagram was written, to be sent there, together with those before and after it that go to the same place:
    /// [`Self::flush`] sends the last of them. What the kernel refuses is dropped and counted: for the receivers it is a
    /// loss like any other, and waiting would stall every other call. Whether those before it were sent now.
    pub(crate) fn written(&mut self, path: Path) -> bool {
        let most = self.state.max_gso_segments().min(MAX_SEGMENTS);
        let goes_along = self.run.take_in(path, most);
        if !goes_along {
            self.flush();
            // An empty run takes anything.
            self.run.take_in(path, most);
        }
        !goes_along
    }

    /// Sends what waits for company.
    pub(crate) fn flush(&mut self) {
        let (Some(path), Some(contents)) = (self.run.path, self.run.segments.get(..self.run.bytes)) else {
            return;
        };
        let mut remote = path.remote;
        if self.dual_stack
            && let IpAddr::V4(v4) = remote.ip()
        {
            remote.set_ip(IpAddr::V6(v4.to_ipv6_mapped()));
        }
        let local = path.local.ip();
        let other = match path.local.port() == self.port {
            true => None,
            false => self.others.iter().find(|other| other.port == path.local.port()),
        };
        let (socket, state) = match other {
            Some(other) => ((&other.socket).into(), &other.state),
            None => ((&self.socket).into(), &self.state),
        };
        let result = state.try_send(
            socket,
            &quinn_udp::Transmit {
                destination: remote,
                ecn: None,
                contents,
                segment_size: (self.run.count > 1).then_some(self.run.size),
                // An advertised address behind NAT is not an address of this machine: the kernel chooses then.
                src_ip: self.seen_local.contains(&local).then_some(local),
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

fn note_local(seen: &mut Vec<IpAddr>, ip: IpAddr) {
    if !seen.contains(&ip) && seen.len() < MAX_LOCAL_ADDRESSES {
        seen.push(ip);
    }
}

/// Datagrams that can go as segments of one send: same path, same length, only the last may be shorter.
///
/// They are written one behind the other, so that nothing is copied together, and sent while they are still in the cache
/// from being encrypted.
#[derive(Debug, Default)]
struct Run {
    segments: Vec<u8>,
    /// Of `segments`, what belongs to the run.
    bytes: usize,
    path: Option<Path>,
    count: usize,
    /// Of each but the last.
    size: usize,
    /// The last was shorter.
    ended: bool,
}

impl Run {
    /// Takes what is in the buffer behind the run, if it can go with it.
    fn take_in(&mut self, path: Path, most: usize) -> bool {
        let bytes = self.segments.len() - self.bytes;
        if self.count == 0 {
            (self.path, self.size) = (Some(path), bytes);
        } else {
            let fits = self.count < most
                && self.size <= MAX_SEGMENT_BYTES
                && self.segments.len() <= MAX_SEGMENTED_BYTES;
            if self.ended || !fits || bytes > self.size || self.path != Some(path) {
                return false;
            }
            self.ended = bytes < self.size;
        }
        self.count += 1;
        self.bytes = self.segments.len();
        true
    }

    /// The run was sent; what did not go with it is the first of the next.
    fn clear(&mut self) {
        let rest = self.segments.len() - self.bytes;
        self.segments.copy_within(self.bytes.., 0);
        self.segments.truncate(rest);
        (self.bytes, self.path, self.count, self.ended) = (0, None, 0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn endpoint() -> UdpEndpoint {
        let ip = IpAddr::from([127, 0, 0, 1]);
        UdpEndpoint::new(bind(SocketAddr::new(ip, 0)).unwrap(), Vec::new(), ip).unwrap()
    }

    fn path(endpoint: &UdpEndpoint, to: SocketAddr) -> Path {
        Path {
            protocol: Protocol::Udp,
            local: SocketAddr::new(endpoint.fallback_ip, endpoint.port),
            remote: to,
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
                .take_while(|&&(to, len)| {
                    run.segments.resize(run.bytes + len, 0);
                    run.take_in(path(&endpoint, to), most)
                })
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
        assert_eq!(
            of(64, &[(a, 1_453), (a, 1_453)]),
            1,
            "none that may not fit the path"
        );
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
                let len = if i < 16 { 1_100 } else { 40 };
                endpoint.buffer().extend(std::iter::repeat_n(i, len));
                assert_eq!(endpoint.unsent().len(), len);
                endpoint.written(path(&endpoint, to));
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
    fn each_datagram_leaves_from_the_port_its_path_names() {
        let ip = IpAddr::from([127, 0, 0, 1]);
        let another = bind(SocketAddr::new(ip, 0)).unwrap();
        let port = another.local_addr().unwrap().as_socket().unwrap().port();
        let own = bind(SocketAddr::new(ip, 0)).unwrap();
        let mut endpoint = UdpEndpoint::new(own, vec![another.try_clone().unwrap()], ip).unwrap();
        let client = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let here = path(&endpoint, client.local_addr().unwrap());
        let there = Path {
            local: SocketAddr::new(ip, port),
            ..here
        };
        // Two runs of two, although all of it has one length and one destination.
        for to in [here, here, there, there, here] {
            endpoint.buffer().extend([7; 100]);
            endpoint.written(to);
        }
        endpoint.flush();
        assert_eq!((endpoint.sent, endpoint.dropped), (5, 0));
        let mut from = Vec::new();
        for _ in 0..5 {
            from.push(client.recv_from(&mut [0; 200]).unwrap().1.port());
        }
        let (here, there) = (endpoint.port, port);
        assert_eq!(from, [here, here, there, there, here]);
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
