//! What a node is told to be, and why it cannot.

use crate::cores::PinWorkers;
use router::RouterConfig;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// How to run a node's workers.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Number of workers, at least 1.
    pub workers: usize,
    /// Address to bind; `0.0.0.0` or `::` (which takes IPv4 as well) for every interface.
    pub bind: IpAddr,
    /// Port of worker 0, UDP and TCP; worker `i` has `port + i`. 0: the kernel chooses (for tests).
    pub port: u16,
    /// An address of this machine, used as the local end of a path when the kernel does not tell.
    pub fallback_ip: IpAddr,
    /// Whether workers stay on cores of their own.
    pub pin_workers: PinWorkers,
    /// Limits of each worker's router.
    pub router: RouterConfig,
}

/// Why a node could not start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The port is taken or not allowed.
    #[error("cannot listen for media on {protocol} {addr}: {source}. {hint}")]
    Bind {
        /// `UDP` or `TCP`.
        protocol: &'static str,
        /// Where.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// More workers than ports.
    #[error("{workers} workers from port {port} on need ports above 65535; choose a lower media_port")]
    Ports {
        /// As configured.
        workers: usize,
        /// As configured.
        port: u16,
    },
    /// The system refused a thread or a poll.
    #[error("cannot start a media worker: {0}")]
    System(#[from] io::Error),
}
