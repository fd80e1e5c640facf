//! One participant: signaling, sockets and the sans-IO client, in one task.

use crate::control::Command;
use crate::media_files;
use crate::net::{Received, Sockets};
use crate::options::RunOptions;
use crate::oracle::Oracle;
use crate::report::{ParticipantReport, millis};
use crate::signal::Signal;
use anyhow::{Context, Result, anyhow, bail};
use media::data::{ToClient, ToServer};
use media::{Kind, NtpTime, Source, TrackId};
use signaling::{ClientMessage, LayerDescription, OfferedTrack, ServerMessage};
use sim::client::{
    AudioSource, CAMERA_LAYERS, Channel, Client, ClientConfig, ClientEvent, Srtp, Talk, Via, VideoSource,
    section_of,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// Signaling must answer within this time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Keep-alive on the socket.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// Skew is measured this often, and figures are sent to the run.
const MEASURE_INTERVAL: Duration = Duration::from_secs(1);
/// Publishers' clocks differ by this much from one to the next: minutes, as real computers' do.
const CLOCK_STEP: Duration = Duration::from_secs(97);
/// Skew counts only while both slots had packets this recently.
const FRESH: Duration = Duration::from_millis(300);

/// Figures for the progress line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Media flows.
    pub connected: bool,
    /// Packets so far.
    pub packets: u64,
    /// Payload bytes so far.
    pub bytes: u64,
    /// Frames so far.
    pub frames: u64,
    /// Lost so far.
    pub lost: u64,
}

/// What a participant tells its run.
#[derive(Debug)]
pub enum Update {
    /// Figures, once a second.
    Progress(usize, Progress),
    /// A message for the log: chat, a mute, an error.
    Line(String),
    /// It is over.
    Done(usize, Box<ParticipantReport>),
}

/// Runs until told to leave, or until something breaks.
pub async fn run(
    index: usize,
    options: Arc<RunOptions>,
    commands: mpsc::Receiver<Command>,
    updates: mpsc::Sender<Update>,
) {
    let name = format!("bot-{:02}", options.first + index);
    let mut participant = Participant {
        index,
        options,
        report: ParticipantReport {
            name,
            ..ParticipantReport::default()
        },
        started: Instant::now(),
        oracle: Oracle::default(),
        own: HashMap::new(),
        updates,
    };
    if let Err(error) = participant.live(commands).await {
        participant.report.error = Some(format!("{error:#}"));
    }
    // The run only stops listening when it is over itself.
    let _ = participant
        .updates
        .send(Update::Done(index, Box::new(participant.report)))
        .await;
}

struct Participant {
    index: usize,
    options: Arc<RunOptions>,
    report: ParticipantReport,
    started: Instant,
    oracle: Oracle,
    own: HashMap<Source, TrackId>,
    updates: mpsc::Sender<Update>,
}

impl Participant {
    async fn live(&mut self, mut commands: mpsc::Receiver<Command>) -> Result<()> {
        let mut signal = Signal::connect(&self.options.url).await?;
        let mut sockets = Sockets::open(signal.local_ip()?).await?;
        let join = ClientMessage::Join {
            room: self.options.room.clone(),
            name: self.report.name.clone(),
            metadata: None,
            resume: None,
            compat: self.options.compat,
        };
        self.ask(&mut signal, None, join).await.context("join")?;
        self.report.welcome_ms = Some(millis(self.started.elapsed()));
        let mut client = self.connect(&mut signal, &sockets).await?;
        let result = self
            .attend(&mut signal, &mut sockets, &mut client, &mut commands)
            .await;
        self.report.fill(&client, &self.oracle);
        client.close(Instant::now());
        while let Some(transmit) = client.poll_transmit() {
            sockets.send(transmit);
        }
        result
    }

    /// Offer, answer, publish, view.
    async fn connect(&mut self, signal: &mut Signal, sockets: &Sockets) -> Result<Client> {
        let mut client = Client::new(Instant::now(), self.client_config(sockets)?)?;
        let offer = client.offer(Instant::now())?;
        let tracks = offer
            .tracks
            .into_iter()
            .map(|(mid, source)| OfferedTrack { mid, source })
            .collect();
        let answer = self
            .ask(
                signal,
                None,
                ClientMessage::Offer {
                    sdp: offer.sdp,
                    tracks,
                },
            )
            .await
            .context("offer")?;
        let ServerMessage::Answer { sdp } = answer else {
            bail!("offer was answered with {answer:?}")
        };
        client.handle_answer(Instant::now(), &sdp)?;
        if self.options.camera {
            self.publish(signal, &mut client, Source::Camera).await?;
        }
        if self.options.microphone {
            self.publish(signal, &mut client, Source::Microphone).await?;
        }
        if let Some(height) = self.options.view_height {
            let view = ClientMessage::View {
                tiles: vec![],
                auto_height: Some(height),
            };
            self.ask(signal, Some(&mut client), view).await.context("view")?;
        }
        Ok(client)
    }

    fn client_config(&self, sockets: &Sockets) -> Result<ClientConfig> {
        let local = sockets.local_addr()?;
        let tcp = self.options.tcp || self.options.move_to_udp.is_some();
        let since_1900 = SystemTime::now().duration_since(UNIX_EPOCH)? + Duration::from_secs(2_208_988_800);
        let skew = CLOCK_STEP * u32::try_from(self.index)?;
        Ok(ClientConfig {
            seed: u64::from(std::process::id()) << 16 | (self.options.first + self.index) as u64,
            wall_clock: NtpTime(0).advance(since_1900 + skew),
            udp: (!tcp).then_some(local),
            tcp: tcp.then_some(local),
            srtp: if self.options.compat {
                Srtp::AesCm
            } else {
                Srtp::Both
            },
            video_slots: self.options.video_slots,
            audio_slots: self.options.audio_slots,
            ..ClientConfig::default()
        })
    }

    async fn publish(&mut self, signal: &mut Signal, client: &mut Client, source: Source) -> Result<()> {
        let layers = match source.kind() {
            Kind::Audio => vec![],
            Kind::Video => CAMERA_LAYERS
                .iter()
                .map(|l| LayerDescription {
                    rid: l.rid.to_owned(),
                    height: l.height,
                    max_bitrate: l.bitrate.into(),
                })
                .collect(),
        };
        let publish = ClientMessage::Publish {
            mid: section_of(source).to_string(),
            layers,
            muted: false,
        };
        let answer = self.ask(signal, Some(client), publish).await.context("publish")?;
        let ServerMessage::PublishedOk { track } = answer else {
            bail!("publish was answered with {answer:?}")
        };
        self.own.insert(source, track.id);
        let number = self.options.first + self.index;
        let dir = self.options.video_dir.as_deref();
        let now = Instant::now();
        match source.kind() {
            Kind::Video => {
                let video = dir.map_or(Ok(VideoSource::Generated { fps: 15 }), |dir| {
                    media_files::video(dir, number)
                })?;
                client.start_video(now, source, &video);
            }
            Kind::Audio => {
                let audio = match dir {
                    Some(dir) => AudioSource::Opus(media_files::audio(dir, number)?),
                    None => AudioSource::Generated,
                };
                client.start_audio(
                    now,
                    source,
                    audio,
                    self.options.talk.of(self.index, self.options.participants),
                );
            }
        }
        Ok(())
    }

    /// Sends a request and waits for its answer; what else comes is handled on the way.
    async fn ask(
        &mut self,
        signal: &mut Signal,
        client: Option<&mut Client>,
        message: ClientMessage,
    ) -> Result<ServerMessage> {
        let id = signal.send(message).await?;
        let mut others = Vec::new();
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, signal.answer(id, &mut others))
            .await
            .map_err(|_| anyhow!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))??;
        if matches!(answer, ServerMessage::Welcome { .. }) {
            self.oracle.handle(Instant::now(), &answer);
        }
        let mut client = client;
        for message in others {
            self.noticed(client.as_deref_mut(), message).await?;
        }
        Ok(answer)
    }

    async fn noticed(&mut self, client: Option<&mut Client>, message: ServerMessage) -> Result<()> {
        self.oracle.handle(Instant::now(), &message);
        match message {
            ServerMessage::Layers { track, wanted } => {
                let source = self
                    .own
                    .iter()
                    .find(|(_, id)| **id == track)
                    .map(|(source, _)| *source);
                if let (Some(client), Some(source)) = (client, source) {
                    client.set_wanted(source, &wanted);
                }
            }
            ServerMessage::Error { code, message } => bail!("the server reports {code:?}: {message}"),
            ServerMessage::Draining { .. } => bail!("the server is shutting down"),
            _ => {}
        }
        Ok(())
    }

    /// In the room, until `leave`.
    async fn attend(
        &mut self,
        signal: &mut Signal,
        sockets: &mut Sockets,
        client: &mut Client,
        commands: &mut mpsc::Receiver<Command>,
    ) -> Result<()> {
        let mut received: Vec<Received> = Vec::new();
        let mut pings = tokio::time::interval(PING_INTERVAL);
        let mut measures = tokio::time::interval(MEASURE_INTERVAL);
        let mut moving = self.options.move_to_udp;
        loop {
            self.pump(sockets, client).await?;
            self.move_when_due(sockets, client, &mut moving)?;
            let wake = client
                .poll_timeout()
                .unwrap_or_else(|| Instant::now() + MEASURE_INTERVAL);
            tokio::select! {
                result = sockets.receive(&mut received) => {
                    result?;
                    for Received { via, remote, datagram } in received.drain(..) {
                        client.handle_datagram(Instant::now(), via, remote, datagram);
                    }
                }
                () = tokio::time::sleep_until(wake.into()) => client.handle_timeout(Instant::now()),
                frame = signal.receive() => {
                    let frame = frame?.ok_or_else(|| anyhow!("the server closed the socket"))?;
                    self.noticed(Some(client), frame.message).await?;
                }
                _ = pings.tick() => {
                    signal.send(ClientMessage::Ping {}).await?;
                }
                _ = measures.tick() => self.measure(client),
                command = commands.recv() => {
                    let leave = match command {
                        Some(command) => self.obey(signal, client, command).await?,
                        None => true,
                    };
                    if leave {
                        self.ask(signal, Some(client), ClientMessage::Leave {}).await.context("leave")?;
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn pump(&mut self, sockets: &mut Sockets, client: &mut Client) -> Result<()> {
        while let Some(transmit) = client.poll_transmit() {
            sockets.send(transmit);
        }
        while let Some(event) = client.poll_event() {
            match event {
                ClientEvent::Connected => self.report.connected_ms = Some(millis(self.started.elapsed())),
                ClientEvent::Closed { state } => bail!("media connection {state}"),
                ClientEvent::Data { message, .. } => {
                    self.report.messages += 1;
                    if let Ok(ToClient {
                        sender,
                        topic,
                        payload,
                    }) = ToClient::decode(&message)
                    {
                        let text = String::from_utf8_lossy(payload);
                        self.line(&format!("{sender} says on {topic}: {text}")).await;
                    }
                }
                _ => {}
            }
        }
        if self.report.first_frame_ms.is_none() && client.slots().iter().any(|s| s.stats.frames > 0) {
            self.report.first_frame_ms = Some(millis(self.started.elapsed()));
        }
        Ok(())
    }

    fn move_when_due(
        &mut self,
        sockets: &mut Sockets,
        client: &mut Client,
        moving: &mut Option<Duration>,
    ) -> Result<()> {
        if moving.is_some_and(|after| client.is_connected() && self.started.elapsed() >= after) {
            *moving = None;
            client.move_to(Instant::now(), Via::Udp)?;
        }
        if client.moved_to() == Some(Via::Udp) {
            sockets.close_tcp();
        }
        Ok(())
    }

    fn measure(&mut self, client: &Client) {
        let now = Instant::now();
        let slots = client.slots();
        let fresh = |i: usize| {
            let slot = slots.get(i)?;
            let last = slot.stats.last_packet?;
            let csrc = slot.csrc()?;
            let assigned = self.oracle.assigned(&slot.mid) == Some(csrc);
            (assigned && now.saturating_duration_since(last) < FRESH)
                .then(|| self.oracle.track(csrc))
                .flatten()
        };
        for video in 0..self.options.video_slots.min(self.options.audio_slots) {
            let audio = self.options.video_slots + video;
            let (Some(picture), Some(sound)) = (fresh(video), fresh(audio)) else {
                continue;
            };
            if let (true, Some(skew)) = (
                picture.participant == sound.participant,
                client.skew(audio, video),
            ) {
                let tracks = slots
                    .get(audio)
                    .and_then(|slot| slot.csrc())
                    .map(|csrc| self.oracle.describe(csrc));
                self.report
                    .measured_skew(self.started.elapsed(), skew, &tracks.unwrap_or_default());
            }
        }
        let mut progress = Progress {
            connected: client.is_connected(),
            ..Progress::default()
        };
        for slot in slots {
            progress.packets += slot.stats.packets;
            progress.bytes += slot.stats.bytes;
            progress.frames += slot.stats.frames;
            progress.lost += slot.stats.lost;
        }
        // A full queue only costs a progress line.
        let _ = self.updates.try_send(Update::Progress(self.index, progress));
    }

    /// Carries out a command; `true` to leave.
    async fn obey(&mut self, signal: &mut Signal, client: &mut Client, command: Command) -> Result<bool> {
        if let Some(speak) = command.speak {
            client.set_talk(Source::Microphone, if speak { Talk::Always } else { Talk::Never });
        }
        if let (Some(muted), Some(&track)) = (command.mute, self.own.get(&Source::Microphone)) {
            self.ask(signal, Some(client), ClientMessage::Mute { track, muted })
                .await
                .context("mute")?;
        }
        match command.camera {
            Some(true) if !self.own.contains_key(&Source::Camera) => {
                self.publish(signal, client, Source::Camera).await?;
            }
            Some(false) if self.own.remove(&Source::Camera).is_some() => {
                client.stop(Source::Camera);
                let mid = section_of(Source::Camera).to_string();
                self.ask(signal, Some(client), ClientMessage::Unpublish { mid })
                    .await
                    .context("unpublish")?;
            }
            _ => {}
        }
        if let Some(text) = command.say {
            let message = ToServer {
                recipients: vec![],
                topic: "chat",
                payload: text.as_bytes(),
            }
            .encode()?;
            client.send_data(Instant::now(), Channel::Reliable, &message)?;
        }
        Ok(command.leave == Some(true))
    }

    async fn line(&self, text: &str) {
        // The run only stops listening when it is over itself.
        let _ = self
            .updates
            .send(Update::Line(format!("{}: {text}", self.report.name)))
            .await;
    }
}
