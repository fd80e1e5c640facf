//! The ports of all workers, bound before anything runs.

use crate::config::{NodeConfig, NodeError};
use crate::udp;
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::SocketAddr;

/// Connections the kernel keeps for us until we accept them.
const TCP_BACKLOG: i32 = 256;

/// One worker's, UDP and TCP on the same port.
pub(crate) struct Sockets {
    pub(crate) udp: Socket,
    pub(crate) tcp: Socket,
    pub(crate) local: SocketAddr,
}

/// All or nothing, so that a busy port is reported before anything runs.
pub(crate) fn bind_all(config: &NodeConfig) -> Result<Vec<Sockets>, NodeError> {
    let count = config.workers.max(1);
    let too_many = || NodeError::Ports {
        workers: count,
        port: config.port,
    };
    (0..count)
        .map(|index| {
            let offset = u16::try_from(index).map_err(|_| too_many())?;
            let port = match config.port {
                0 => 0,
                first => first.checked_add(offset).ok_or_else(too_many)?,
            };
            bind_pair(SocketAddr::new(config.bind, port))
        })
        .collect()
}

/// Attempts at finding a port that is free for UDP and TCP when the kernel chooses.
const PAIR_ATTEMPTS: usize = 16;

fn bind_pair(addr: SocketAddr) -> Result<Sockets, NodeError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let udp = udp::bind(addr).map_err(|source| bind_error("UDP", addr, source))?;
        let local = udp.local_addr()?.as_socket().unwrap_or(addr);
        match bind_tcp(local) {
            Ok(tcp) => return Ok(Sockets { udp, tcp, local }),
            Err(_) if addr.port() == 0 && attempt < PAIR_ATTEMPTS => {}
            Err(source) => return Err(bind_error("TCP", local, source)),
        }
    }
}

fn bind_tcp(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    if addr.is_ipv6() {
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    // Connections of a process that has just ended must not block the next start.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(TCP_BACKLOG)?;
    Ok(socket)
}

fn bind_error(protocol: &'static str, addr: SocketAddr, source: io::Error) -> NodeError {
    let hint = match source.kind() {
        io::ErrorKind::AddrInUse => {
            "Another program has this port: stop it (`ss -lpn` shows which), or choose another media_port."
        }
        io::ErrorKind::PermissionDenied => {
            "Ports below 1024 need a privilege: choose a media_port from 1024 on."
        }
        io::ErrorKind::AddrNotAvailable => {
            "This machine does not have that address: set media_bind to one it has, or to 0.0.0.0."
        }
        _ => "Check media_bind and media_port.",
    };
    NodeError::Bind {
        protocol,
        addr,
        source,
        hint,
    }
}
