//! Start, run, stop.

use crate::addresses;
use crate::config::{Config, check::worker_count};
use crate::control::{self, INPUT_QUEUE};
use crate::http::{self, Web};
use crate::metrics::{Metrics, SnapshotSource};
use crate::page;
use crate::session::Shared;
use node::{Node, NodeConfig, NodeError, NodeEvent};
use peer::{FactoryError, PeerConfig, PeerFactory, RtcPeer};
use router::RouterConfig;
use std::io;
use std::net::{IpAddr, SocketAddr};
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
    /// A media port is.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// No certificate.
    #[error(transparent)]
    Factory(#[from] FactoryError),
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
    listener: TcpListener,
    http_addr: SocketAddr,
    candidates: Vec<Vec<SocketAddr>>,
    node: Arc<Node<RtcPeer>>,
    node_events: mpsc::Receiver<NodeEvent>,
    factories: Vec<PeerFactory>,
    metrics: Metrics,
}

impl Server {
    /// Binds every port and starts the workers. Asks nothing of the network.
    ///
    /// # Errors
    /// When a port is busy or not allowed, with its number, the cause and what to do.
    pub async fn start(config: Config) -> Result<Self, StartError> {
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
        let config = Arc::new(config);
        Ok(Self {
            config,
            listener,
            http_addr,
            candidates,
            node,
            node_events,
            factories,
            metrics,
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
    /// `shutdown_grace_ms` for that at most.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self {
            config,
            listener,
            node,
            node_events,
            factories,
            metrics,
            ..
        } = self;
        let (drain, draining) = watch::channel(false);
        let (inputs_sender, inputs) = mpsc::channel(INPUT_QUEUE);
        let shared = Shared {
            config: Arc::clone(&config),
            inputs: inputs_sender,
            metrics: metrics.clone(),
        };
        let sessions = Arc::new(Semaphore::new(config.max_sessions as usize));
        let web = Web {
            shared,
            draining: draining.clone(),
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
        };
        let control = tokio::spawn(control::run(parts));

        shutdown.await;
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
        ..RouterConfig::default()
    };
    NodeConfig {
        workers: worker_count(config),
        bind: config.media_bind,
        port: config.media_port,
        fallback_ip: ips.first().copied().unwrap_or(config.media_bind),
        router,
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
    if !page::is_embedded() {
        tracing::warn!("built without the conference page: run `make web` and build again");
    }
}
