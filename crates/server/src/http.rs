//! HTTP: the page, health, metrics, and the door to signaling.

use crate::control::Refusal;
use crate::fault::Fault;
use crate::page;
use crate::session::{self, Shared};
use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use room::SocketId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// HTTP connections at once that are not WebSockets. When full, new ones wait in the kernel's queue.
const CONNECTIONS: usize = 1_024;
/// Time for the head of a request, and between requests of one connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Wait after an accept that failed (no file descriptor left, most likely).
const ACCEPT_RETRY: Duration = Duration::from_millis(100);
/// A WebSocket message this many times over the limit is not even read to its end.
const UNREAD_FACTOR: usize = 4;

/// What the handlers share.
#[derive(Debug, Clone)]
pub(crate) struct Web {
    pub(crate) shared: Shared,
    pub(crate) draining: watch::Receiver<bool>,
    pub(crate) fault: watch::Receiver<Option<Fault>>,
    pub(crate) full: watch::Receiver<Option<Refusal>>,
    /// One permit per WebSocket.
    pub(crate) sessions: Arc<Semaphore>,
    pub(crate) next_socket: Arc<AtomicU64>,
}

pub(crate) fn router(web: Web) -> Router {
    Router::new()
        .route(
            "/",
            get(|headers: HeaderMap| async move { page::index(&headers) }),
        )
        .route(
            "/r/{room}",
            get(|headers: HeaderMap| async move { page::index(&headers) }),
        )
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/signal", any(signal))
        .fallback(get(|uri: Uri, headers: HeaderMap| async move {
            page::file(uri.path().trim_start_matches('/'), &headers)
        }))
        .layer(from_fn(security_headers))
        .with_state(web)
}

/// Accepts and serves until dropped.
pub(crate) async fn serve(listener: TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept an HTTP connection");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                    continue;
                }
            },
            // Finished ones make room.
            Some(_) = connections.join_next() => continue,
        };
        let router = router.clone();
        connections.spawn(async move {
            connection(stream, router).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, router: Router) {
    // Signaling messages are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "HTTP connection");
    }
}

async fn health(State(web): State<Web>) -> (StatusCode, String) {
    match *web.fault.borrow() {
        Some(fault) => (StatusCode::SERVICE_UNAVAILABLE, format!("{fault}\n")),
        None => (StatusCode::OK, "ok\n".to_owned()),
    }
}

async fn ready(State(web): State<Web>) -> (StatusCode, String) {
    readiness(*web.fault.borrow(), *web.draining.borrow(), *web.full.borrow())
}

/// Whether somebody new should be sent here, and if not, why.
fn readiness(fault: Option<Fault>, draining: bool, full: Option<Refusal>) -> (StatusCode, String) {
    let not = |why: String| (StatusCode::SERVICE_UNAVAILABLE, why);
    match (fault, full) {
        (Some(fault), _) => not(format!("{fault}\n")),
        _ if draining => not("draining\n".to_owned()),
        (None, Some(refusal)) => not(format!("full: {}\n", refusal.name())),
        (None, None) => (StatusCode::OK, "ready\n".to_owned()),
    }
}

async fn metrics(State(web): State<Web>) -> Response<Body> {
    match web.shared.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn signal(State(web): State<Web>, request: Request) -> Response<Body> {
    use axum::extract::FromRequestParts;
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &web).await {
        Ok(upgrade) => upgrade,
        Err(why) => return why.into_response(),
    };
    let refuse = |reason: &'static str, status: StatusCode, words: &'static str| {
        web.shared.metrics.refusals.with_label_values(&[reason]).inc();
        (status, words).into_response()
    };
    if *web.draining.borrow() {
        return refuse(
            "draining",
            StatusCode::SERVICE_UNAVAILABLE,
            "the server shuts down: try again in a moment\n",
        );
    }
    if !origin_allowed(&parts.headers, &web.shared.config.allowed_origins) {
        let words = "pages of this origin may not open /signal; add it to allowed_origins\n";
        return refuse("origin", StatusCode::FORBIDDEN, words);
    }
    let upgrade = upgrade.protocols([signaling::SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        let words = "ask for the WebSocket subprotocol plenum.v1\n";
        return refuse("protocol", StatusCode::BAD_REQUEST, words);
    }
    let Ok(place) = Arc::clone(&web.sessions).try_acquire_owned() else {
        let words = "the server has as many connections as max_sessions allows\n";
        return refuse("too_many", StatusCode::SERVICE_UNAVAILABLE, words);
    };
    let socket = SocketId(web.next_socket.fetch_add(1, Ordering::Relaxed));
    let most = web.shared.config.signaling_frame_bytes as usize * UNREAD_FACTOR;
    let shared = web.shared.clone();
    upgrade
        .max_message_size(most)
        .max_frame_size(most)
        .on_upgrade(move |ws| async move {
            session::run(ws, socket, shared).await;
            drop(place);
        })
}

/// A page may open `/signal` when it came from this host, or when the operator allows its origin. Programs send no
/// Origin: a foreign page in somebody's browser is what this is against (RFC 6455 §10.2).
fn origin_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else { return false };
    if allowed
        .iter()
        .any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
    {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    matches!((host, authority), (Some(host), Some(authority)) if host.eq_ignore_ascii_case(authority))
}

async fn security_headers(request: Request, next: Next) -> Response<Body> {
    let policy = content_security_policy(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: HeaderValue| headers.insert(name, value);
    set("content-security-policy", policy);
    set(
        "permissions-policy",
        HeaderValue::from_static(
            "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()",
        ),
    );
    set("x-content-type-options", HeaderValue::from_static("nosniff"));
    // Room names are in the address of the page.
    set("referrer-policy", HeaderValue::from_static("no-referrer"));
    response
}

/// Nothing from elsewhere. `ws:` and `wss:` of this host are named, because not every browser counts them as 'self';
/// inline styles are what component libraries set; blob: is for workers and pictures made on the page.
fn content_security_policy(headers: &HeaderMap) -> HeaderValue {
    let plain = |host: &&str| {
        host.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(plain);
    let sockets = host
        .map(|host| format!(" ws://{host} wss://{host}"))
        .unwrap_or_default();
    let policy = format!(
        "default-src 'self'; connect-src 'self'{sockets}; img-src 'self' data: blob:; media-src 'self' blob:; \
         style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'self'"
    );
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'self'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: &'static str, host: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        headers.insert(header::HOST, HeaderValue::from_static(host));
        headers
    }

    #[test]
    fn only_pages_of_this_host_and_of_named_origins_may_connect() {
        let allowed = ["https://app.example.org".to_owned()];
        assert!(origin_allowed(
            &headers("http://localhost:8080", "localhost:8080"),
            &[]
        ));
        assert!(origin_allowed(
            &headers("https://Call.example", "call.example"),
            &[]
        ));
        assert!(!origin_allowed(
            &headers("https://evil.example", "call.example"),
            &allowed
        ));
        assert!(!origin_allowed(&headers("null", "call.example"), &allowed));
        assert!(origin_allowed(
            &headers("https://app.example.org", "call.example"),
            &allowed
        ));
        assert!(origin_allowed(
            &headers("https://evil.example", "call.example"),
            &["*".to_owned()]
        ));
        assert!(origin_allowed(&HeaderMap::new(), &[]));
    }

    #[test]
    fn who_asks_for_readiness_hears_why_not() {
        let of = |fault, draining, full| {
            let (status, text) = readiness(fault, draining, full);
            (status.as_u16(), text)
        };
        assert_eq!(of(None, false, None), (200, "ready\n".into()));
        let full = Some(Refusal::Busy);
        assert_eq!(of(None, false, full), (503, "full: busy\n".into()));
        assert_eq!(of(None, true, full), (503, "draining\n".into()));
        let (status, text) = of(Some(Fault::Worker(3)), true, full);
        assert!(status == 503 && text.contains("media worker 3"), "{text}");
    }

    #[test]
    fn a_strange_host_does_not_get_into_the_policy() {
        let policy = content_security_policy(&headers("x", "a.example; script-src *"));
        assert!(!policy.to_str().unwrap().contains("a.example"));
        let policy = content_security_policy(&headers("x", "a.example:8080"));
        assert!(
            policy
                .to_str()
                .unwrap()
                .contains("connect-src 'self' ws://a.example:8080 wss://a.example:8080;")
        );
    }
}
