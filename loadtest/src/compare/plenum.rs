//! A room of Plenum, with the same connections as towards Janus.

use super::leg::Leg;
use super::load::Load;
use super::tracks::Tracks;
use crate::signal::Signal;
use anyhow::{Context, Result, anyhow, bail};
use media::Source;
use signaling::{ClientMessage, LayerDescription, OfferedTrack, ServerMessage};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The server must answer within this time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Keep-alive on the sockets.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// What the publisher says of its picture: never too large for a subscriber.
const HEIGHT: u16 = 720;
const MAX_BITRATE: u64 = 3_000_000;

/// See the module.
pub(super) struct PlenumRoom {
    url: String,
    room: String,
    sockets: Vec<Signal>,
}

impl PlenumRoom {
    /// A room of this number; it begins with the first join.
    pub(super) fn open(url: &str, number: u64) -> Self {
        Self {
            url: url.to_owned(),
            room: format!("compare-{number}"),
            sockets: Vec::new(),
        }
    }

    /// The publisher's connection.
    pub(super) async fn publisher(&mut self, local: SocketAddr, load: Load) -> Result<Leg> {
        let mut signal = self.join("publisher").await?;
        let (mut leg, sdp) = Leg::offering(Instant::now(), local, Tracks::Publish(load))?;
        let source = if load.is_audio() {
            Source::Microphone
        } else {
            Source::Camera
        };
        let mid = "0".to_owned();
        let tracks = vec![OfferedTrack {
            mid: mid.clone(),
            source,
        }];
        offer(&mut signal, &mut leg, sdp, tracks).await?;
        let layer = LayerDescription {
            rid: String::new(),
            height: HEIGHT,
            max_bitrate: MAX_BITRATE,
        };
        let publish = ClientMessage::Publish {
            mid,
            layers: if load.is_audio() { vec![] } else { vec![layer] },
            muted: false,
        };
        ask(&mut signal, publish).await.context("publish")?;
        self.sockets.push(signal);
        Ok(leg)
    }

    /// A subscriber's connection.
    pub(super) async fn subscriber(&mut self, local: SocketAddr) -> Result<Leg> {
        let mut signal = self.join("subscriber").await?;
        let (mut leg, sdp) = Leg::offering(Instant::now(), local, Tracks::Receive)?;
        offer(&mut signal, &mut leg, sdp, vec![]).await?;
        self.sockets.push(signal);
        Ok(leg)
    }

    async fn join(&self, name: &str) -> Result<Signal> {
        let mut signal = Signal::connect(&self.url).await?;
        let join = ClientMessage::Join {
            room: self.room.clone(),
            name: name.to_owned(),
            token: None,
            metadata: None,
            resume: None,
            compat: false,
        };
        ask(&mut signal, join).await.context("join")?;
        Ok(signal)
    }

    /// Keeps the sockets alive and read until told to stop; then everybody leaves.
    pub(super) fn attend(self, stop: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        let attend = |mut signal: Signal| {
            let mut stop = stop.clone();
            tokio::spawn(async move {
                let mut pings = tokio::time::interval(PING_INTERVAL);
                loop {
                    tokio::select! {
                        _ = pings.tick() => if signal.send(ClientMessage::Ping {}).await.is_err() {
                            return;
                        },
                        frame = signal.receive() => if !matches!(frame, Ok(Some(_))) {
                            return;
                        },
                        _ = stop.changed() => break,
                    }
                }
                // Whoever cannot say goodbye is found out by the server.
                let _ = ask(&mut signal, ClientMessage::Leave {}).await;
            })
        };
        self.sockets.into_iter().map(attend).collect()
    }
}

async fn offer(signal: &mut Signal, leg: &mut Leg, sdp: String, tracks: Vec<OfferedTrack>) -> Result<()> {
    let answer = ask(signal, ClientMessage::Offer { sdp, tracks })
        .await
        .context("offer")?;
    let ServerMessage::Answer { sdp } = answer else {
        bail!("the offer was answered with {answer:?}");
    };
    leg.accept(Instant::now(), &sdp)
}

async fn ask(signal: &mut Signal, message: ClientMessage) -> Result<ServerMessage> {
    let id = signal.send(message).await?;
    let mut others = Vec::new();
    tokio::time::timeout(ANSWER_TIMEOUT, signal.answer(id, &mut others))
        .await
        .map_err(|_| anyhow!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))?
}
