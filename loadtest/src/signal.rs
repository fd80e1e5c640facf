//! The signaling socket of one participant.

use anyhow::{Context, Result, anyhow};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use signaling::{ClientFrame, ClientMessage, ServerFrame, ServerMessage};
use std::net::IpAddr;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Messages read and not yet looked at; when full the socket is not read further.
const MAX_WAITING: usize = 64;
/// Read at a time. The library's default, 128 KiB, is cleared for every read, for each of thousands of participants.
const READ_BYTES: usize = 8_192;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A WebSocket that speaks `plenum.v1`.
pub struct Signal {
    socket: SplitSink<Socket, Message>,
    /// Whatever the reader read; it has a task of its own, so that a participant is not the one to poll the socket with
    /// every packet of media.
    incoming: mpsc::Receiver<Result<ServerFrame>>,
    reader: AbortHandle,
    local: Option<IpAddr>,
    next_id: u32,
}

impl Drop for Signal {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Signal {
    /// Connects.
    ///
    /// # Errors
    /// When there is no server, or it does not speak the protocol.
    pub async fn connect(url: &str) -> Result<Self> {
        let mut request = url
            .into_client_request()
            .with_context(|| format!("{url} is not a WebSocket URL"))?;
        let protocol = HeaderValue::from_static(signaling::SUBPROTOCOL);
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
        let config = WebSocketConfig::default().read_buffer_size(READ_BYTES);
        let (socket, _) = tokio_tungstenite::connect_async_with_config(request, Some(config), true)
            .await
            .with_context(|| format!("cannot connect to {url}"))?;
        let local = match socket.get_ref() {
            MaybeTlsStream::Plain(stream) => Some(stream.local_addr()?.ip()),
            _ => None,
        };
        let (socket, stream) = socket.split();
        let (read, incoming) = mpsc::channel(MAX_WAITING);
        Ok(Self {
            socket,
            incoming,
            reader: tokio::spawn(forward(stream, read)).abort_handle(),
            local,
            next_id: 1,
        })
    }

    /// Our address towards the server.
    ///
    /// # Errors
    /// When the connection is encrypted.
    pub fn local_ip(&self) -> Result<IpAddr> {
        self.local.ok_or_else(|| anyhow!("only ws:// is supported"))
    }

    /// Sends a request and returns its id.
    ///
    /// # Errors
    /// When the socket is closed.
    pub async fn send(&mut self, message: ClientMessage) -> Result<u32> {
        let id = self.next_id;
        self.next_id += 1;
        let text = serde_json::to_string(&ClientFrame { id, message })?;
        self.socket.send(Message::text(text)).await?;
        Ok(id)
    }

    /// The next message; `None` when the server closed.
    ///
    /// # Errors
    /// When the socket breaks or the message is not of the protocol.
    pub async fn receive(&mut self) -> Result<Option<ServerFrame>> {
        self.incoming.recv().await.transpose()
    }

    /// Waits for the answer to a request; everything before it goes to `others`.
    ///
    /// # Errors
    /// When the server answers with an error or closes.
    pub async fn answer(&mut self, id: u32, others: &mut Vec<ServerMessage>) -> Result<ServerMessage> {
        loop {
            let frame = self
                .receive()
                .await?
                .ok_or_else(|| anyhow!("the server closed the socket"))?;
            match frame {
                ServerFrame {
                    id: Some(answered),
                    message,
                } if answered == id => {
                    if let ServerMessage::Error { code, message } = message {
                        return Err(anyhow!("{code:?}: {message}"));
                    }
                    return Ok(message);
                }
                ServerFrame { message, .. } => others.push(message),
            }
        }
    }
}

/// Reads until the server closes, something breaks, or nobody listens.
async fn forward(mut stream: SplitStream<Socket>, read: mpsc::Sender<Result<ServerFrame>>) {
    while let Some(message) = stream.next().await {
        let frame = match message {
            Ok(Message::Text(text)) => {
                serde_json::from_str(&text).with_context(|| format!("not understood: {text}"))
            }
            Ok(Message::Close(_)) => return,
            Ok(_) => continue,
            Err(error) => Err(error.into()),
        };
        let broken = frame.is_err();
        if read.send(frame).await.is_err() || broken {
            return;
        }
    }
}
