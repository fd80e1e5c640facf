//! The signaling socket of one participant.

use anyhow::{Context, Result, anyhow};
use futures_util::{SinkExt, StreamExt};
use signaling::{ClientFrame, ClientMessage, ServerFrame, ServerMessage};
use std::net::IpAddr;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A WebSocket that speaks `plenum.v1`.
pub struct Signal {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u32,
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
        let (socket, _) = tokio_tungstenite::connect_async(request)
            .await
            .with_context(|| format!("cannot connect to {url}"))?;
        Ok(Self { socket, next_id: 1 })
    }

    /// Our address towards the server.
    ///
    /// # Errors
    /// When the connection is already gone, or encrypted.
    pub fn local_ip(&self) -> Result<IpAddr> {
        match self.socket.get_ref() {
            MaybeTlsStream::Plain(stream) => Ok(stream.local_addr()?.ip()),
            _ => Err(anyhow!("only ws:// is supported")),
        }
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
        while let Some(message) = self.socket.next().await {
            match message? {
                Message::Text(text) => {
                    let frame =
                        serde_json::from_str(&text).with_context(|| format!("not understood: {text}"))?;
                    return Ok(Some(frame));
                }
                Message::Close(_) => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
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
