//! One session with a room, a publisher and its subscribers.

use super::protocol::{self, Reply, SUBPROTOCOL, VIDEOROOM};
use crate::compare::leg::Leg;
use crate::compare::load::Load;
use crate::compare::tracks::Tracks;
use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Janus must answer within this time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two attempts to subscribe.
const RETRY: Duration = Duration::from_millis(100);
/// Janus ends a session that is silent for a minute.
const KEEPALIVE: Duration = Duration::from_secs(20);

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// See the module.
pub(crate) struct JanusRoom {
    socket: Socket,
    session: u64,
    room: u64,
    feed: Option<u64>,
    transactions: u64,
}

impl JanusRoom {
    /// Opens a session and a room of this number.
    pub(crate) async fn open(url: &str, room: u64) -> Result<Self> {
        let socket = connect(url).await?;
        let mut janus = Self {
            socket,
            session: 0,
            room,
            feed: None,
            transactions: 0,
        };
        janus.session = janus
            .ask(json!({ "janus": "create" }))
            .await
            .and_then(|reply| id(&reply))
            .context("create a session")?;
        let handle = janus.attach().await?;
        let created = janus
            .message(handle, protocol::create(room), None)
            .await
            .context("create a room")?;
        let said = created
            .plugindata
            .map(|plugin| plugin.data.videoroom)
            .unwrap_or_default();
        if said != "created" {
            bail!("VideoRoom answered the creation of a room with {said:?}");
        }
        Ok(janus)
    }

    /// The publisher's connection: it offers.
    pub(crate) async fn publisher(&mut self, local: SocketAddr, load: Load) -> Result<Leg> {
        let handle = self.attach().await?;
        let join = protocol::join_publisher(self.room);
        let joined = self
            .message(handle, join, None)
            .await
            .context("join as publisher")?;
        self.feed = joined.plugindata.and_then(|plugin| plugin.data.id);
        let (mut leg, offer) = Leg::offering(Instant::now(), local, Tracks::Publish(load))?;
        let jsep = json!({ "type": "offer", "sdp": offer });
        let configured = self
            .message(handle, protocol::publish(), Some(jsep))
            .await
            .context("publish")?;
        leg.accept(Instant::now(), configured.sdp("answer")?)?;
        Ok(leg)
    }

    /// A subscriber's connection: Janus offers, it answers.
    pub(crate) async fn subscriber(&mut self, local: SocketAddr) -> Result<Leg> {
        let feed = self.feed.ok_or_else(|| anyhow!("nobody publishes yet"))?;
        let handle = self.attach().await?;
        let attached = self.attached(handle, feed).await.context("join as subscriber")?;
        let (leg, answer) = Leg::answering(Instant::now(), local, attached.sdp("offer")?)?;
        let jsep = json!({ "type": "answer", "sdp": answer });
        self.message(handle, protocol::start(self.room), Some(jsep))
            .await
            .context("start")?;
        Ok(leg)
    }

    /// Enters as a subscriber. Janus knows the feed only when the publisher's connection is up.
    async fn attached(&mut self, handle: u64, feed: u64) -> Result<Reply> {
        let deadline = Instant::now() + ANSWER_TIMEOUT;
        loop {
            let request = request(handle, protocol::join_subscriber(self.room, feed), None);
            let reply = self.reply(request).await?;
            if !reply.has_no_such_feed() || Instant::now() > deadline {
                return reply.checked();
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Keeps the session alive until told to stop; then it is destroyed, with everything in it.
    pub(crate) fn attend(mut self, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(KEEPALIVE);
            loop {
                tokio::select! {
                    _ = ticks.tick() => {
                        let request = self.numbered(json!({ "janus": "keepalive" })).1;
                        if self.socket.send(Message::text(request)).await.is_err() {
                            return;
                        }
                    }
                    message = self.socket.next() => if !matches!(message, Some(Ok(_))) {
                        return;
                    },
                    _ = stop.changed() => break,
                }
            }
            // A session that cannot be destroyed ends with its socket.
            let _ = self.ask(json!({ "janus": "destroy" })).await;
        })
    }

    async fn attach(&mut self) -> Result<u64> {
        let attach = json!({ "janus": "attach", "plugin": VIDEOROOM });
        self.ask(attach)
            .await
            .and_then(|reply| id(&reply))
            .context("attach to VideoRoom")
    }

    async fn message(&mut self, handle: u64, body: Value, jsep: Option<Value>) -> Result<Reply> {
        self.ask(request(handle, body, jsep)).await
    }

    async fn ask(&mut self, body: Value) -> Result<Reply> {
        self.reply(body).await?.checked()
    }

    /// Sends a request and waits for its answer; events of other handles in between are of no interest.
    async fn reply(&mut self, body: Value) -> Result<Reply> {
        let (transaction, request) = self.numbered(body);
        self.socket.send(Message::text(request)).await?;
        let answer = async {
            while let Some(message) = self.socket.next().await {
                let Message::Text(text) = message? else { continue };
                let reply = Reply::parse(&text)?;
                if reply.answers(&transaction) {
                    return Ok(reply);
                }
            }
            Err(anyhow!("Janus closed the socket"))
        };
        tokio::time::timeout(ANSWER_TIMEOUT, answer)
            .await
            .map_err(|_| anyhow!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))?
    }

    fn numbered(&mut self, mut body: Value) -> (String, String) {
        self.transactions += 1;
        let transaction = self.transactions.to_string();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("transaction".to_owned(), transaction.clone().into());
            if self.session != 0 {
                fields.insert("session_id".to_owned(), self.session.into());
            }
        }
        (transaction, body.to_string())
    }
}

/// A message for the plugin.
fn request(handle: u64, body: Value, jsep: Option<Value>) -> Value {
    let mut request = json!({ "janus": "message", "handle_id": handle });
    if let Some(fields) = request.as_object_mut() {
        fields.insert("body".to_owned(), body);
    }
    if let (Some(jsep), Some(fields)) = (jsep, request.as_object_mut()) {
        fields.insert("jsep".to_owned(), jsep);
    }
    request
}

fn id(reply: &Reply) -> Result<u64> {
    reply
        .data
        .map(|data| data.id)
        .ok_or_else(|| anyhow!("the answer has no id"))
}

/// Connects, or says what is missing.
///
/// # Errors
/// When nobody listens there, or somebody else.
pub(crate) async fn connect(url: &str) -> Result<Socket> {
    let mut request = url
        .into_client_request()
        .with_context(|| format!("{url} is not a WebSocket URL"))?;
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", HeaderValue::from_static(SUBPROTOCOL));
    let (socket, _) = tokio_tungstenite::connect_async(request)
        .await
        .map_err(|error| unreachable_janus(url, &error))?;
    Ok(socket)
}

/// What to do when nobody listens.
fn unreachable_janus(url: &str, error: &dyn std::fmt::Display) -> anyhow::Error {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&path).any(|folder| folder.join("janus").is_file());
    if installed {
        anyhow!(
            "cannot connect to Janus at {url} ({error}); loadtest/compare-janus starts it as it has to be"
        )
    } else {
        anyhow!("cannot connect to Janus at {url} ({error}), and it is not installed: apt-get install janus")
    }
}
