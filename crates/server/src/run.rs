//! Start, run, stop.

use crate::access::{Access, AccessError};
use crate::addresses;
use crate::config::{Config, PinSetting, check::worker_count};
use crate::control::{self, INPUT_QUEUE};
use crate::fault::{self, Fault};
use crate::http::{self, Web};
use crate::metrics::{Metrics, SnapshotSource};
use crate::page;
use crate::session::Shared;
use crate::trace::Trace;
use node::{Node, NodeConfig, NodeError, NodeEvent, PinWorkers};
use peer::{FactoryError, PeerConfig, PeerFactory, RtcPeer};
use router::RouterConfig;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};

/// Why the server did not start. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The HTTP port is taken or not allowed.
    #[error("cannot listen for HTTP on TCP {addr}: {source}. {hint}")]
    Http {
        /// Where.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// Nobody could be let in, or everybody would be.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A media port is.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// No certificate.
    #[error(transparent)]
    Factory(#[from] FactoryError),
    /// The file of the trace cannot be written.
    #[error(
        "cannot write bandwidth_trace {path}: {source}. Name a file in a folder this program may write to."
    )]
    Trace {
        /// Which.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A fault of this program.
    #[error("a metric is defined twice: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The system refused something else.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

/// A server whose ports are bound and whose workers run; [`Server::run`] serves.
pub struct Server {
    config: Arc<Config>,
    access: Arc<Access>,
    listener: TcpListener,
    http_addr: SocketAddr,
    candidates: Vec<Vec<SocketAddr>>,
    node: Arc<Node<RtcPeer>>,
    node_events: mpsc::Receiver<NodeEvent>,
    factories: Vec<PeerFactory>,
    metrics: Metrics,
    trace: Option<Trace>,
}

impl Server {
    /// Reads the keys, binds every port and starts the workers. Asks nothing of the network.
    ///
    /// # Errors
    /// When there are no keys that can be used and no `dev`, or a port is busy or not allowed, with its number, the cause and what to do.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let access = Access::open(&config)?;
        let listener = TcpListener::bind(config.http_bind)
            .await
            .map_err(|source| http_error(&config, source))?;
        let http_addr = listener.local_addr()?;
        let ips = addresses::advertised(&config);
        let (node, node_events) = Node::start(&node_config(&config, &ips))?;
        let candidates: Vec<Vec<SocketAddr>> = (0..node.workers())
            .map(|worker| {
                let port = node.local_addr(worker).map_or(0, |addr| addr.port());
                ips.iter().map(|ip| SocketAddr::new(*ip, port)).collect()
            })
            .collect();
        let factories = factories(&config, &candidates)?;
        let node = Arc::new(node);
        let metrics = Metrics::new(snapshots(&node))?;
        let trace = trace(&config, &metrics)?;
        let config = Arc::new(config);
        Ok(Self {
            config,
            access: Arc::new(access),
            listener,
            http_addr,
            candidates,
            node,
            node_events,
            factories,
            metrics,
            trace,
        })
    }

    /// Where HTTP listens.
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// The media addresses that clients are told, of all workers.
    pub fn candidates(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.candidates.iter().flatten().copied()
    }

    /// Where a browser on this machine finds the page.
    pub fn page_url(&self) -> String {
        if self.http_addr.ip().is_unspecified() || self.http_addr.ip().is_loopback() {
            format!("http://localhost:{}", self.http_addr.port())
        } else {
            format!("http://{}", self.http_addr)
        }
    }

    /// Serves until `shutdown` is done, then drains: not ready, everybody is told, rooms and peers are closed. Takes
    /// `shutdown_grace_ms` for that at most. The same happens when a part of the server ends by itself.
    ///
    /// # Errors
    /// The part that ended by itself: the process should end with an error, to be started anew.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), Fault> {
        self.run_until(shutdown, Node::ended_worker).await
    }

    async fn run_until(
        self,
        shutdown: impl Future<Output = ()>,
        ended_worker: impl Fn(&Node<RtcPeer>) -> Option<usize>,
    ) -> Result<(), Fault> {
        let Self {
            config,
            access,
            listener,
            node,
            node_events,
            factories,
            metrics,
            trace,
            ..
        } = self;
        let (drain, draining) = watch::channel(false);
        let (fault_sender, faults) = watch::channel(None);
        let (full, is_full) = watch::channel(None);
        let (inputs_sender, inputs) = mpsc::channel(INPUT_QUEUE);
        let shared = Shared {
            access,
            config: Arc::clone(&config),
            inputs: inputs_sender,
            metrics: metrics.clone(),
        };
        let sessions = Arc::new(Semaphore::new(config.max_sessions as usize));
        let web = Web {
            shared,
            draining: draining.clone(),
            fault: faults,
            full: is_full,
            sessions: Arc::clone(&sessions),
            next_socket: Arc::default(),
        };
        let http = tokio::spawn(http::serve(listener, http::router(web)));
        let parts = control::Parts {
            config: Arc::clone(&config),
            node: Arc::clone(&node),
            node_events,
            factories,
            metrics,
            inputs,
            draining,
            full,
            trace,
        };
        let control = tokio::spawn(control::run(parts));

        let fault = tokio::select! {
            () = shutdown => None,
            fault = fault::watch(|| ended_worker(&node), || control.is_finished()) => Some(fault),
        };
        if let Some(fault) = fault {
            tracing::error!(%fault, "a part of the server is gone: this process ends and must be started anew");
            fault_sender.send_replace(Some(fault));
        }
        let deadline = Instant::now() + Duration::from_millis(config.shutdown_grace_ms.into());
        tracing::info!(grace_ms = config.shutdown_grace_ms, "shutting down");
        let _ = drain.send(true);
        let closed = async {
            if control.await.is_err() {
                tracing::error!("the control plane had panicked");
            }
            // Every permit is back when every session has said goodbye.
            let _ = sessions.acquire_many(config.max_sessions).await;
        };
        if timeout_at(deadline, closed).await.is_err() {
            tracing::warn!("some clients did not close in time");
        }
        http.abort();
        stop_node(node, deadline).await;
        tracing::info!("stopped");
        fault.map_or(Ok(()), Err)
    }
}

/// The workers send what the closing of rooms led to, then end.
async fn stop_node(node: Arc<Node<RtcPeer>>, deadline: Instant) {
    let stopped = tokio::task::spawn_blocking(move || match Arc::try_unwrap(node) {
        Ok(node) => node.shutdown(),
        // A scrape of the metrics holds it for a moment more; it stops with that.
        Err(node) => drop(node),
    });
    if timeout(deadline.saturating_duration_since(Instant::now()), stopped)
        .await
        .is_err()
    {
        tracing::warn!("the media workers did not end in time");
    }
}

fn node_config(config: &Config, ips: &[IpAddr]) -> NodeConfig {
    let router = RouterConfig {
        loudest: usize::from(config.loudest_n),
        data_message_bytes: config.data_message_bytes as usize,
        data_messages_per_second: config.data_messages_per_second,
        data_bytes_per_second: config.data_bytes_per_second,
        shed_above_permille: Some(u32::from(config.shed_above_percent) * 10).filter(|above| *above < 1_000),
        trace: !config.bandwidth_trace.0.is_empty(),
        ..RouterConfig::default()
    };
    NodeConfig {
        workers: worker_count(config),
        bind: config.media_bind,
        port: config.media_port,
        fallback_ip: ips.first().copied().unwrap_or(config.media_bind),
        pin_workers: match config.pin_workers {
            PinSetting::Auto => PinWorkers::Auto,
            PinSetting::Off => PinWorkers::Off,
        },
        router,
    }
}

fn trace(config: &Config, metrics: &Metrics) -> Result<Option<Trace>, StartError> {
    let path = config.bandwidth_trace.0.clone();
    if path.is_empty() {
        return Ok(None);
    }
    match Trace::open(Path::new(&path), metrics.trace_lines_lost.clone()) {
        Ok(trace) => Ok(Some(trace)),
        Err(source) => Err(StartError::Trace { path, source }),
    }
}

fn factories(config: &Config, candidates: &[Vec<SocketAddr>]) -> Result<Vec<PeerFactory>, FactoryError> {
    let first = PeerFactory::new(PeerConfig {
        max_slots: usize::from(config.max_video_slots.max(config.max_audio_slots)),
        max_message_bytes: config.data_message_bytes as usize,
        ..PeerConfig::new(candidates.first().cloned().unwrap_or_default())
    })?;
    Ok(candidates
        .iter()
        .map(|candidates| first.with_candidates(candidates.clone()))
        .collect())
}

/// Weak, so that the registry does not keep the workers alive.
fn snapshots(node: &Arc<Node<RtcPeer>>) -> SnapshotSource {
    let node: Weak<Node<RtcPeer>> = Arc::downgrade(node);
    SnapshotSource(Arc::new(move || {
        node.upgrade()
            .map(|node| (0..node.workers()).map(|worker| node.snapshot(worker)).collect())
            .unwrap_or_default()
    }))
}

fn http_error(config: &Config, source: io::Error) -> StartError {
    let hint = match source.kind() {
        io::ErrorKind::AddrInUse => {
            "Another program has this port: stop it (`ss -ltnp` shows which), or choose another http_bind \
             (`--http-bind 0.0.0.0:8081`)."
        }
        io::ErrorKind::PermissionDenied => {
            "Ports below 1024 need a privilege: choose one from 1024 on in http_bind."
        }
        io::ErrorKind::AddrNotAvailable => {
            "This machine does not have that address: set http_bind to one it has, or to 0.0.0.0."
        }
        _ => "Check http_bind.",
    };
    StartError::Http {
        addr: config.http_bind,
        source,
        hint,
    }
}

/// The line a person looks for after the start.
pub(crate) fn log_started(server: &Server) {
    let media: Vec<String> = server.candidates().map(|addr| addr.to_string()).collect();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        page = server.page_url(),
        http = %server.http_addr(),
        media = media.join(" "),
        "Plenum is ready"
    );
    match &*server.access {
        Access::Everybody => tracing::warn!(
            "dev: EVERYBODY who reaches this server is let in without a token, and may do everything in every room; \
             use keys (key_file) for anything but trying things out"
        ),
        Access::Keys(keys) => tracing::info!(keys = keys.len(), "access tokens are asked for"),
    }
    if !page::is_embedded() {
        tracing::warn!("built without the conference page: run `make web` and build again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    async fn get(addr: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(addr).await.expect("HTTP connects");
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut response = String::new();
        stream.read_to_string(&mut response).await.expect("a response");
        response
    }

    /// What upgrades to a WebSocket and then says nothing, not even goodbye.
    async fn held_session(addr: SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(addr).await.expect("HTTP connects");
        let request = "GET /signal HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Protocol: plenum.v1\r\n\r\n";
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut start = [0; 12];
        stream.read_exact(&mut start).await.expect("a response");
        assert_eq!(&start, b"HTTP/1.1 101");
        stream
    }

    #[tokio::test]
    async fn an_ended_worker_is_told_and_ends_the_server_with_an_error() {
        let config = Config {
            http_bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            media_bind: [127, 0, 0, 1].into(),
            media_port: 0,
            workers: 1,
            dev: true,
            ..Config::default()
        };
        let server = Server::start(config).await.expect("the ports are free");
        let addr = server.http_addr();
        let (ended, has_ended) = watch::channel(None);
        let running = server.run_until(std::future::pending(), move |_| *has_ended.borrow());
        let client = async {
            for path in ["/healthz", "/readyz"] {
                assert!(get(addr, path).await.starts_with("HTTP/1.1 200"));
            }
            // It keeps the server for a moment, in which its state can be seen.
            let mut held = held_session(addr).await;
            ended.send_replace(Some(0));
            // The server says that it goes.
            let _ = held.read(&mut [0; 256]).await;
            while get(addr, "/healthz").await.starts_with("HTTP/1.1 200") {}
            for path in ["/healthz", "/readyz"] {
                let response = get(addr, path).await;
                assert!(
                    response.starts_with("HTTP/1.1 503") && response.contains("media worker 0"),
                    "{response}"
                );
            }
            drop(held);
        };
        let (result, ()) = tokio::join!(running, client);
        assert_eq!(result, Err(Fault::Worker(0)));
    }
}
