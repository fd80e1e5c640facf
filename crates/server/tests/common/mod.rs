//! A server on free ports of the loopback, and WebSocket clients for it. Nothing sleeps: clients wait for messages,
//! with a time limit that only a fault reaches.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "one module of many test programs, none of which uses everything"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the server under test runs in a task of its own"
)]

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use server::Server;
use server::config::{Config, TextPath};
use signaling::token::{Claims, Grants, RoomPattern, SigningKey};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Reached only when something is broken.
pub const LIMIT: Duration = Duration::from_secs(20);

/// A configuration for tests: free ports, loopback, one worker.
pub fn config() -> Config {
    Config {
        http_bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        media_bind: [127, 0, 0, 1].into(),
        media_port: 0,
        workers: 1,
        dev: true,
        ..Config::default()
    }
}

/// The secret of the key `app` that keyed servers of these tests have.
pub const SECRET: &str = "a secret of thirty-two bytes, or more";

/// A file that is gone with its owner.
pub struct TempFile(pub std::path::PathBuf);

impl TempFile {
    /// With this content and mode.
    pub fn new(content: &str, mode: u32) -> Self {
        use std::os::unix::fs::PermissionsExt;
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("plenum-test-{}-{number}", std::process::id()));
        std::fs::write(&path, content).expect("a temporary file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("one's own file");
        Self(path)
    }

    pub fn path(&self) -> &str {
        self.0.to_str().expect("an ordinary path")
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A file with the key `app`.
pub fn key_file() -> TempFile {
    TempFile::new(&format!("[app]\nsecret = \"{SECRET}\"\n"), 0o600)
}

/// Claims of Ada for the room `room`, for an hour.
pub fn ada() -> Claims {
    Claims {
        key: "app".into(),
        identity: "ada".into(),
        name: None,
        metadata: None,
        room: RoomPattern("room".into()),
        grants: Grants::CALL,
        not_before: None,
        expires: unix_now() + 3_600,
    }
}

pub fn unix_now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("after 1970").as_secs()
}

/// The claims, signed with the key `app`.
pub fn signed(claims: &Claims) -> String {
    let key = SigningKey::secret("app", SECRET).expect("a good secret");
    key.sign(claims).0
}

/// Claims with these words as grants.
pub fn with_grants(words: &[&str]) -> Claims {
    let mut grants = Grants::default();
    for word in words {
        grants.add(word).expect("a known word");
    }
    Claims { grants, ..ada() }
}

pub struct TestServer {
    pub addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl TestServer {
    pub async fn start(config: Config) -> Self {
        let server = Server::start(config)
            .await
            .expect("the server starts on free ports");
        let addr = server.http_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            let shutdown = async {
                let _ = stopped.await;
            };
            server.run(shutdown).await.expect("no part ends by itself");
        });
        Self {
            addr,
            stop: Some(stop),
            running,
        }
    }

    /// A server that asks for tokens of the key `app`.
    pub async fn keyed() -> Self {
        // Read at the start, and gone after it.
        let file = key_file();
        Self::start(Config {
            dev: false,
            key_file: TextPath(file.path().into()),
            ..config()
        })
        .await
    }

    /// A client that has joined `room` with these claims; with its `welcome`.
    pub async fn entered(&self, claims: &Claims) -> (Client, Value) {
        let mut client = self.client().await;
        let welcome = client.request(join_with(&signed(claims))).await;
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (client, welcome)
    }

    /// What SIGTERM does.
    pub fn begin_shutdown(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    pub async fn stop(mut self) {
        self.begin_shutdown();
        tokio::time::timeout(LIMIT, self.running)
            .await
            .expect("the server stops")
            .expect("without a panic");
    }

    pub async fn client(&self) -> Client {
        Client::connect(self.addr, None)
            .await
            .expect("the WebSocket opens")
    }

    /// A client that has joined; with its `welcome`.
    pub async fn joined(&self, room: &str, name: &str) -> (Client, Value) {
        let mut client = self.client().await;
        let welcome = client
            .request(json!({"type": "join", "room": room, "name": name}))
            .await;
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (client, welcome)
    }

    /// Status line, headers and body of a GET.
    pub async fn get(&self, path: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.addr).await.expect("HTTP connects");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.addr
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("the request is sent");
        let mut response = Vec::new();
        tokio::time::timeout(LIMIT, stream.read_to_end(&mut response))
            .await
            .expect("in time")
            .expect("a response");
        let response = String::from_utf8_lossy(&response).into_owned();
        let (head, body) = response.split_once("\r\n\r\n").expect("head and body");
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("a status");
        (status, head.to_lowercase(), body.to_owned())
    }

    /// One value of the metrics.
    pub async fn metric(&self, line: &str) -> f64 {
        let (_, _, text) = self.get("/metrics").await;
        let value = text
            .lines()
            .find_map(|l| l.strip_prefix(line)?.strip_prefix(' ')?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("{line} is not in\n{text}"))
    }
}

/// A join of `room` with this token.
pub fn join_with(token: &str) -> Value {
    json!({"type": "join", "room": "room", "name": "Ada", "token": token})
}

pub struct Client {
    ws: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u32,
    /// Read and not yet asked for.
    inbox: Vec<Value>,
    /// The close frame, once it came: code and reason.
    pub closed: Option<(u16, String)>,
}

impl Client {
    pub async fn connect(addr: SocketAddr, origin: Option<&str>) -> Result<Self, tungstenite::Error> {
        let mut request = format!("ws://{addr}/signal").into_client_request()?;
        request
            .headers_mut()
            .insert("sec-websocket-protocol", "plenum.v1".parse()?);
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse()?);
        }
        let (ws, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Self {
            ws,
            next_id: 1,
            inbox: Vec::new(),
            closed: None,
        })
    }

    /// The kernel takes little for it: what it does not read stays with the server.
    pub async fn connect_with_small_window(addr: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // More than the loopback's segments of 64 KiB, or the sender waits for a window that never opens that far.
        socket.set_recv_buffer_size(160 * 1024).expect("a small buffer");
        let stream = socket.connect(addr).await.expect("it connects");
        let mut request = format!("ws://{addr}/signal")
            .into_client_request()
            .expect("a request");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", "plenum.v1".parse().expect("a header"));
        let upgraded = tokio_tungstenite::client_async(request, MaybeTlsStream::Plain(stream)).await;
        Self {
            ws: upgraded.expect("the WebSocket opens").0,
            next_id: 1,
            inbox: Vec::new(),
            closed: None,
        }
    }

    pub async fn send_text(&mut self, text: impl Into<String>) {
        let text: String = text.into();
        self.ws
            .send(Message::text(text))
            .await
            .expect("the message is sent");
    }

    /// Sends, whether the server still listens or not.
    pub async fn try_send_text(&mut self, text: String) -> bool {
        self.ws.send(Message::text(text)).await.is_ok()
    }

    pub async fn send_binary(&mut self, bytes: Vec<u8>) {
        self.ws
            .send(Message::binary(bytes))
            .await
            .expect("the message is sent");
    }

    /// Sends with a fresh id, which it returns.
    pub async fn send(&mut self, mut message: Value) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        message["id"] = json!(id);
        self.send_text(message.to_string()).await;
        id
    }

    /// Sends, and waits for the answer.
    pub async fn request(&mut self, message: Value) -> Value {
        let id = self.send(message).await;
        self.answer(id).await
    }

    /// The request fails with this code; returns its words.
    pub async fn refused(&mut self, message: Value, code: &str) -> String {
        let answer = self.request(message).await;
        assert_eq!(
            (&answer["type"], &answer["code"]),
            (&json!("error"), &json!(code)),
            "{answer}"
        );
        answer["message"].as_str().expect("words").to_owned()
    }

    pub async fn answer(&mut self, id: u32) -> Value {
        self.wait(|message| message["id"] == json!(id)).await
    }

    /// The next message of this type, older ones first.
    pub async fn notice(&mut self, kind: &str) -> Value {
        self.wait(|message| message["type"] == json!(kind) && message.get("id").is_none())
            .await
    }

    pub async fn error_without_id(&mut self, code: &str) -> Value {
        self.wait(|message| message["code"] == json!(code) && message.get("id").is_none())
            .await
    }

    pub async fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(index) = self.inbox.iter().position(&wanted) {
            return self.inbox.remove(index);
        }
        loop {
            let message = self.read().await.unwrap_or_else(|| {
                panic!(
                    "closed with {:?} before the message came; unread: {:?}",
                    self.closed, self.inbox
                )
            });
            if wanted(&message) {
                return message;
            }
            self.inbox.push(message);
        }
    }

    /// The next message; `None` at the end.
    async fn read(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(LIMIT, self.ws.next())
                .await
                .expect("a message in time")
            {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(frame))) => {
                    self.closed = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Reads to the end; the close code and everything not asked for before.
    pub async fn end(mut self) -> (Option<u16>, Vec<Value>) {
        let mut rest = std::mem::take(&mut self.inbox);
        while let Some(message) = self.read().await {
            rest.push(message);
        }
        (self.closed.map(|(code, _)| code), rest)
    }

    /// Gone without a goodbye, as a process that was killed.
    pub fn vanish(self) {
        drop(self.ws);
    }

    /// Every message that is here before the answer to a ping: proof that nothing else came.
    pub async fn everything_so_far(&mut self) -> Vec<Value> {
        let id = self.send(json!({"type": "ping"})).await;
        let pong = self.answer(id).await;
        assert_eq!(pong["type"], "pong");
        std::mem::take(&mut self.inbox)
    }
}

/// A browser's offer, as recorded; microphone, camera and so on as named by `tracks`.
pub fn recorded_offer() -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../peer/tests/offers/chromium-slots-offer.sdp"
    );
    std::fs::read_to_string(path).expect("the recorded offer")
}
