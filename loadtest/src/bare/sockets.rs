//! One socket that sends, and those that it sends to.

use anyhow::{Context, Result};
use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// The most GRO joins.
const MESSAGE_BYTES: usize = 65_536;

pub(super) struct Sockets {
    sender: UdpSocket,
    state: UdpSocketState,
    receivers: Vec<(UdpSocket, UdpSocketState, SocketAddr)>,
    buffer: Vec<u8>,
}

impl Sockets {
    pub(super) fn open(destinations: usize) -> Result<Self> {
        let (sender, state, _) = open()?;
        Ok(Self {
            sender,
            state,
            receivers: (0..destinations).map(|_| open()).collect::<Result<_>>()?,
            buffer: vec![0; MESSAGE_BYTES],
        })
    }

    /// Sends segments of equal length, all at once where the system can; how many left.
    pub(super) fn send(&self, destination: usize, segments: &[u8], count: usize) -> Result<u64> {
        let (_, _, address) = self.receivers.get(destination).context("no such destination")?;
        let size = (segments.len() / count.max(1)).max(1);
        let at_once = size
            * self
                .state
                .max_gso_segments()
                .max(1)
                .min(MESSAGE_BYTES / 2 / size)
                .max(1);
        for contents in segments.chunks(at_once) {
            let transmit = Transmit {
                destination: *address,
                ecn: None,
                contents,
                segment_size: (contents.len() > size).then_some(size),
                src_ip: None,
            };
            self.state
                .try_send(UdpSockRef::from(&self.sender), &transmit)
                .context("the system does not take what is sent")?;
        }
        Ok(count as u64)
    }

    /// Receives all that is there; how many packets that were.
    pub(super) fn empty(&mut self) -> u64 {
        let mut packets = 0;
        for (socket, state, _) in &self.receivers {
            let mut meta = [RecvMeta::default()];
            let mut slices = [IoSliceMut::new(&mut self.buffer)];
            while let Ok(1) = state.recv(UdpSockRef::from(socket), &mut slices, &mut meta) {
                let [RecvMeta { len, stride, .. }] = meta;
                packets += len.div_ceil(stride.max(1)) as u64;
            }
        }
        packets
    }
}

fn open() -> Result<(UdpSocket, UdpSocketState, SocketAddr)> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot open a UDP socket")?;
    let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
    let address = socket.local_addr()?;
    Ok((socket, state, address))
}
