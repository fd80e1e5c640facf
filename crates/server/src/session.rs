//! One WebSocket: frames in, frames out, pings, limits. It knows nothing of rooms; messages go to the control plane.

use crate::access::Access;
use crate::config::Config;
use crate::control::{Input, RequestKey};
use crate::metrics::Metrics;
use crate::rate::{Rate, Verdict};
use crate::translate::error;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use room::SocketId;
use signaling::{ErrorCode, ServerFrame, parse_client_frame};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

pub(crate) use outgoing::Outgoing;

/// How long one frame may take to leave before the client counts as gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest text whose id is looked for although it is refused unread.
const PEEK_BYTES: usize = 4_096;

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The client closed, or its connection broke.
    Client,
    /// It said `leave`.
    Leave,
    /// Not even a pong for `idle_timeout_ms`.
    Idle,
    /// No `join` in time.
    JoinTimeout,
    /// It did not read what was sent.
    Slow,
    /// It kept sending over the rate.
    Flood,
    /// A frame over `signaling_frame_bytes`.
    FrameTooLarge,
    /// Its participant resumed elsewhere.
    Replaced,
    /// Its participant's media stayed silent.
    MediaSilent,
    /// Its participant's access token expired.
    TokenExpired,
    /// Its participant may not be in the room any more.
    NotAllowed,
    /// The same identity joined elsewhere.
    DuplicateIdentity,
    /// The server shuts down.
    Draining,
    /// The control plane is gone.
    Fault,
}

impl End {
    /// Label, WebSocket close code (RFC 6455 §7.4.1), reason for the client.
    fn words(self) -> (&'static str, u16, &'static str) {
        match self {
            End::Client => ("client", close_code::NORMAL, ""),
            End::Leave => ("leave", close_code::NORMAL, "left"),
            End::Idle => ("idle", close_code::POLICY, "nothing was heard for too long"),
            End::JoinTimeout => ("join_timeout", close_code::POLICY, "no join came in time"),
            End::Slow => ("slow", close_code::AGAIN, "too slow: join with resume"),
            End::Flood => ("flood", close_code::POLICY, "too many messages"),
            End::FrameTooLarge => ("frame_too_large", close_code::SIZE, "the frame is too large"),
            End::Replaced => ("replaced", close_code::POLICY, "resumed on another connection"),
            End::MediaSilent => ("media_silent", close_code::POLICY, "no media came for 30 s"),
            End::TokenExpired => ("token_expired", close_code::POLICY, "the access token expired"),
            End::NotAllowed => (
                "not_allowed",
                close_code::POLICY,
                "not allowed to be here any more",
            ),
            End::DuplicateIdentity => (
                "duplicate_identity",
                close_code::POLICY,
                "the same identity joined on another connection",
            ),
            End::Draining => ("draining", close_code::RESTART, "the server shuts down"),
            End::Fault => ("fault", close_code::ERROR, "a fault of the server"),
        }
    }
}

mod outgoing {
    use super::End;
    use crate::control::Answer;
    use signaling::ServerFrame;

    /// What the control plane has for a session.
    #[derive(Debug)]
    pub(crate) enum Outgoing {
        /// A notice, written as JSON by the session.
        Frame(Box<ServerFrame>),
        /// An answer, written already.
        Text(Answer),
        /// The last thing: close.
        Close(End),
    }

    impl Outgoing {
        pub(crate) fn frame(frame: ServerFrame) -> Self {
            Self::Frame(Box::new(frame))
        }
    }
}

/// What every session uses.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) access: Arc<Access>,
    pub(crate) config: Arc<Config>,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) metrics: Metrics,
}

struct Session {
    ws: WebSocket,
    socket: SocketId,
    shared: Shared,
    rate: Rate,
    /// Rings when the queue from the control plane overflowed, so that a stuck write is given up at once.
    overflow: Arc<Notify>,
    joined: bool,
    opened: Instant,
    heard: Instant,
}

/// Runs one WebSocket to its end.
pub(crate) async fn run(ws: WebSocket, socket: SocketId, shared: Shared) {
    let now = Instant::now();
    let frame_bytes = shared.config.signaling_frame_bytes as usize;
    let rate = Rate::new(
        now.into_std(),
        shared.config.signaling_messages_per_second,
        frame_bytes,
    );
    let overflow = Arc::new(Notify::new());
    let mut session = Session {
        ws,
        socket,
        rate,
        overflow,
        joined: false,
        opened: now,
        heard: now,
        shared,
    };
    session.shared.metrics.sessions.inc();
    let end = session.serve().await;
    let _ = session.shared.inputs.send(Input::Closed { socket }).await;
    session.shared.metrics.sessions.dec();
    let (label, code, reason) = end.words();
    session
        .shared
        .metrics
        .session_ends
        .with_label_values(&[label])
        .inc();
    tracing::debug!(socket = socket.0, reason = label, "session ended");
    session.say_goodbye(code, reason).await;
}

impl Session {
    async fn serve(&mut self) -> End {
        let (outbox, mut outgoing) = mpsc::channel(self.shared.config.signaling_queue_messages as usize);
        let overflow = Arc::clone(&self.overflow);
        if self
            .shared
            .inputs
            .send(Input::Opened {
                socket: self.socket,
                outbox,
                overflow,
            })
            .await
            .is_err()
        {
            return End::Draining;
        }
        let period = Duration::from_millis(self.shared.config.ping_interval_ms.into());
        let mut pings = interval_at(Instant::now() + period, period);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let (deadline, expired) = self.deadline();
            let step = tokio::select! {
                message = self.ws.recv() => self.incoming(message).await,
                message = outgoing.recv() => self.outgoing(message).await,
                _ = pings.tick() => self.send(Message::Ping(Default::default())).await,
                () = sleep_until(deadline) => Err(expired),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// When this session ends if nothing happens, and why.
    fn deadline(&self) -> (Instant, End) {
        let config = &self.shared.config;
        let idle = self.heard + Duration::from_millis(config.idle_timeout_ms.into());
        let join = self.opened + Duration::from_millis(config.join_timeout_ms.into());
        if !self.joined && join < idle {
            (join, End::JoinTimeout)
        } else {
            (idle, End::Idle)
        }
    }

    async fn incoming(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        match message {
            Some(Ok(Message::Text(text))) => self.text(&text).await,
            Some(Ok(Message::Binary(bytes))) => {
                self.within_rate(bytes.len(), None).await?;
                let words = "messages are text frames, not binary";
                self.refuse(None, ErrorCode::Malformed, words.into()).await
            }
            // Pings are answered by the WebSocket layer; they count, or they would be a way around the rate.
            Some(Ok(Message::Ping(bytes))) => self.within_rate(bytes.len(), None).await.map(drop),
            Some(Ok(Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_))) | None => Err(End::Client),
            Some(Err(why)) => self.broken(&why).await,
        }
    }

    /// A frame so large that the WebSocket layer gave up on it, or a connection that ended without a goodbye.
    async fn broken(&mut self, why: &axum::Error) -> Result<(), End> {
        if why.to_string().to_lowercase().contains("too long") {
            self.too_large().await?;
        }
        Err(End::Client)
    }

    async fn too_large(&mut self) -> Result<(), End> {
        let limit = self.shared.config.signaling_frame_bytes;
        let words = format!("the frame has more than the {limit} bytes that `limits.frame_bytes` allows");
        self.refuse(None, ErrorCode::FrameTooLarge, words).await?;
        Err(End::FrameTooLarge)
    }

    async fn text(&mut self, text: &Utf8Bytes) -> Result<(), End> {
        let limit = self.shared.config.signaling_frame_bytes as usize;
        if text.len() > limit {
            return self.too_large().await;
        }
        if !self.within_rate(text.len(), Some(text)).await? {
            return Ok(());
        }
        match parse_client_frame(text, limit) {
            Err(why) => self.refuse(why.id, why.code, why.message).await,
            Ok(frame) => {
                let kind = frame.message.type_name();
                self.shared.metrics.messages_in.with_label_values(&[kind]).inc();
                let key = RequestKey {
                    id: frame.id,
                    fingerprint: fingerprint(text),
                };
                // Here and not in the control plane: it costs up to 100 µs, and each session only its own.
                let credential = self.shared.access.check(&frame.message);
                let input = Input::Message {
                    socket: self.socket,
                    frame,
                    key,
                    credential,
                };
                // Waits when the control plane is behind: then this socket is not read either.
                self.shared.inputs.send(input).await.map_err(|_| End::Draining)
            }
        }
    }

    /// Whether the message may be looked at.
    async fn within_rate(&mut self, bytes: usize, text: Option<&str>) -> Result<bool, End> {
        let verdict = self.rate.check(self.heard.into_std(), bytes);
        if verdict == Verdict::Take {
            return Ok(true);
        }
        let id = text.filter(|text| text.len() <= PEEK_BYTES).and_then(id_of);
        let limit = self.shared.config.signaling_messages_per_second;
        let words = format!("more than {limit} messages a second: this one was not read");
        self.refuse(id, ErrorCode::RateLimited, words).await?;
        if verdict == Verdict::Close {
            Err(End::Flood)
        } else {
            Ok(false)
        }
    }

    async fn refuse(&mut self, id: Option<u32>, code: ErrorCode, message: String) -> Result<(), End> {
        self.shared.metrics.errors.with_label_values(&[code.name()]).inc();
        self.frame(&ServerFrame {
            id,
            message: error(code, message),
        })
        .await
    }

    async fn outgoing(&mut self, message: Option<Outgoing>) -> Result<(), End> {
        match message {
            Some(Outgoing::Frame(frame)) => self.frame(&frame).await,
            Some(Outgoing::Text(answer)) => {
                self.joined |= answer.kind == "welcome";
                self.shared
                    .metrics
                    .messages_out
                    .with_label_values(&[answer.kind])
                    .inc();
                self.send(Message::Text(answer.text)).await
            }
            Some(Outgoing::Close(end)) => Err(end),
            // The control plane dropped us: our queue was full.
            None => Err(End::Slow),
        }
    }

    async fn frame(&mut self, frame: &ServerFrame) -> Result<(), End> {
        let kind = frame.message.type_name();
        self.shared.metrics.messages_out.with_label_values(&[kind]).inc();
        let text = serde_json::to_string(frame).map_err(|_| End::Fault)?;
        self.send(Message::Text(text.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        let overflow = Arc::clone(&self.overflow);
        tokio::select! {
            sent = timeout(SEND_TIMEOUT, self.ws.send(message)) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(End::Client),
                Err(_) => Err(End::Slow),
            },
            () = overflow.notified() => Err(End::Slow),
        }
    }

    /// Closes and waits a little for the client's own close frame, so that what was sent before arrives: closing a
    /// TCP socket with unread input resets it.
    async fn say_goodbye(mut self, code: u16, reason: &'static str) {
        let close = Message::Close(Some(CloseFrame {
            code,
            reason: reason.into(),
        }));
        let goodbye = async {
            if self.ws.send(close).await.is_ok() {
                while let Some(Ok(_)) = self.ws.recv().await {}
            }
        };
        let _ = timeout(Duration::from_secs(1), goodbye).await;
    }
}

/// The same id with the same text is the same request.
fn fingerprint(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The id of a text that is refused unread.
fn id_of(text: &str) -> Option<u32> {
    match parse_client_frame(text, PEEK_BYTES) {
        Ok(frame) => Some(frame.id),
        Err(why) => why.id,
    }
}
