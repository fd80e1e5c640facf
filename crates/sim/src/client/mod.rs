//! A synthetic participant: a real `rtc` connection that offers what the SDK offers, publishes made-up or recorded
//! media, and counts what comes through its slots. Sans-IO like everything else: told the time, polled for datagrams.

mod assemble;
mod codecs;
mod config;
mod connection;
mod container;
mod edge;
mod encoding;
mod fast;
mod feedback;
mod freeze;
mod handshake;
mod mover;
mod poll;
mod publish;
mod receive;
mod reception;
mod sdp;
mod send_time;
mod source;
mod traffic;
mod types;
mod vp8;

pub use assemble::Frame;
pub use config::{
    CAMERA_LAYERS, ClientConfig, LayerSpec, PUBLISH_ORDER, SDK_LAYERS, SINGLE_LAYER, Srtp, section_of,
};
pub use container::{Ivf, parse_ogg_opus};
pub use receive::{Run, SlotReceiver, SlotStats};
pub use send_time::SendClock;
pub use source::{AUDIO_PACKET_TIME, AudioSource, Pacing, PacketRate, Talk, VideoSource};
pub use types::{Channel, ClientError, ClientEvent, Offer, Received, Transmit, Via};
pub use vp8::FrameStamp;

use bytes::BytesMut;
use codecs::uri;
use fast::FastPath;
use handshake::Answered;
use media::{Kind, Source};
use mover::{Credentials, Mover};
use peer::srtp::keys::Recorder;
use poll::Work;
use publish::{Clocks, Outgoing};
use rtc::data_channel::RTCDataChannelId;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::rtp_transceiver::RTCRtpTransceiverId;
use rtc::sansio::Protocol as _;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A slot's gaps are looked at this often.
const SLOT_INTERVAL: Duration = Duration::from_millis(100);
/// Most ages of packets kept until they are taken; further packets are not measured.
const MAX_AGES: usize = 4_096;

/// See the module.
pub struct Client {
    pc: RTCPeerConnection,
    config: ClientConfig,
    clocks: Clocks,
    sections: Vec<Outgoing>,
    slots: Vec<SlotReceiver>,
    /// SSRCs of the slots, in their order: looked through for every packet.
    slot_ssrcs: Vec<Option<u32>>,
    /// Slots that something came through, in order.
    heard: Vec<usize>,
    slot_transceivers: Vec<RTCRtpTransceiverId>,
    channels: Vec<(RTCDataChannelId, Channel)>,
    level_id: Option<u8>,
    credentials: Credentials,
    remote_udp: Vec<SocketAddr>,
    remote_tcp: Vec<SocketAddr>,
    mover: Mover,
    connected: bool,
    data_paused: bool,
    next_slot_check: Option<Instant>,
    answered: Answered,
    work: Work,
    recorder: Option<Arc<Recorder>>,
    answer: Vec<sdp::AnsweredSection>,
    fast: Option<FastPath>,
    ages: Vec<(Kind, Duration)>,
    received: Received,
    nacked: Arc<AtomicU64>,
    transmits: VecDeque<Transmit>,
    events: VecDeque<ClientEvent>,
}

impl Client {
    /// A client that has sent nothing yet.
    ///
    /// # Errors
    /// When `rtc` refuses the configuration.
    pub fn new(now: Instant, config: ClientConfig) -> Result<Self, ClientError> {
        let sections = connection::sections(&config);
        let nacked = Arc::new(AtomicU64::new(0));
        let recorder = connection::recorder(&config)?;
        let mut pc = connection::build(now, &config, &sections, Arc::clone(&nacked), recorder.as_ref())?;
        connection::add_candidates(&mut pc, &config)?;
        connection::add_publish_sections(&mut pc, &config, &sections)?;
        let mut client = Self {
            pc,
            clocks: Clocks {
                start: now,
                wall_clock: config.wall_clock,
                send: config.send_clock,
            },
            sections,
            slots: Vec::new(),
            slot_ssrcs: Vec::new(),
            heard: Vec::new(),
            slot_transceivers: Vec::new(),
            channels: Vec::new(),
            level_id: None,
            credentials: Credentials::default(),
            remote_udp: Vec::new(),
            remote_tcp: Vec::new(),
            mover: Mover::default(),
            connected: false,
            data_paused: false,
            next_slot_check: None,
            answered: Answered::default(),
            work: Work::new(now),
            recorder,
            answer: Vec::new(),
            fast: None,
            ages: Vec::new(),
            received: Received::default(),
            nacked,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            config,
        };
        client.add_slots(client.config.video_slots, client.config.audio_slots)?;
        client.open_channel(Channel::Reliable)?;
        client.open_channel(Channel::Lossy)?;
        Ok(client)
    }

    /// Adds receive m-lines, video first; the next offer has them.
    ///
    /// # Errors
    /// When `rtc` refuses.
    pub fn add_slots(&mut self, video: usize, audio: usize) -> Result<(), ClientError> {
        let kinds = std::iter::repeat_n(Kind::Video, video).chain(std::iter::repeat_n(Kind::Audio, audio));
        for kind in kinds {
            self.slot_transceivers
                .push(connection::add_slot(&mut self.pc, &self.config, kind)?);
            self.slots.push(SlotReceiver::new(
                self.clocks.start,
                String::new(),
                kind,
                self.config.frame_events,
            ));
        }
        Ok(())
    }

    /// Opens a channel, or a new one after the former closed.
    ///
    /// # Errors
    /// When `rtc` refuses.
    pub fn open_channel(&mut self, channel: Channel) -> Result<(), ClientError> {
        self.work.stir();
        let id = connection::open_channel(&mut self.pc, channel)?;
        self.channels.retain(|(_, c)| *c != channel);
        self.channels.push((id, channel));
        Ok(())
    }

    /// The first or a later offer.
    ///
    /// # Errors
    /// When `rtc` refuses.
    pub fn offer(&mut self, now: Instant) -> Result<Offer, ClientError> {
        let offer = self.pc.create_offer(None)?;
        let sdp = offer.sdp.clone();
        self.pc.set_local_description(now, offer)?;
        for (slot, id) in self.slots.iter_mut().zip(&self.slot_transceivers) {
            let transceiver = self.pc.rtp_transceiver(*id);
            slot.mid = transceiver.and_then(|t| t.mid().clone()).unwrap_or_default();
        }
        sdp::attribute(&sdp, "ice-ufrag")
            .unwrap_or_default()
            .clone_into(&mut self.credentials.local_ufrag);
        sdp::attribute(&sdp, "ice-pwd")
            .unwrap_or_default()
            .clone_into(&mut self.credentials.local_pwd);
        let tracks = self
            .sections
            .iter()
            .enumerate()
            .map(|(mid, s)| (mid.to_string(), s.source))
            .collect();
        self.drain(now);
        Ok(Offer { sdp, tracks })
    }

    /// Makes the next offer an ICE restart.
    pub fn restart_ice(&mut self) {
        self.work.stir();
        self.pc.restart_ice();
    }

    /// The server's answer.
    ///
    /// # Errors
    /// When it is not an answer to the last offer.
    pub fn handle_answer(&mut self, now: Instant, sdp: &str) -> Result<(), ClientError> {
        self.pc
            .set_remote_description(now, RTCSessionDescription::answer(sdp.to_owned())?)?;
        let answer = sdp::Answered::parse(sdp);
        for section in &answer.sections {
            if let Some(slot) = self.slots.iter_mut().find(|slot| slot.mid == section.mid) {
                slot.ssrc = section.ssrc;
            }
        }
        self.slot_ssrcs = self.slots.iter().map(|slot| slot.ssrc).collect();
        self.level_id = answer
            .sections
            .iter()
            .filter(|s| s.kind == Some(Kind::Audio))
            .flat_map(|s| &s.extensions)
            .find_map(|(uri, id)| (uri == uri::AUDIO_LEVEL).then_some(*id));
        if let Some(fast) = &mut self.fast {
            fast.answered(&answer.sections);
        }
        self.answer = answer.sections;
        self.credentials.remote_ufrag = answer.ufrag;
        self.credentials.remote_pwd = answer.pwd;
        self.remote_udp = answer.udp;
        self.remote_tcp = answer.tcp;
        self.next_slot_check.get_or_insert(now + SLOT_INTERVAL);
        self.drain(now);
        Ok(())
    }

    /// Starts the camera, all encodings, or the screen.
    pub fn start_video(&mut self, now: Instant, source: Source, video: &VideoSource) {
        self.start_layers(now, source, video, usize::MAX);
    }

    /// Starts the lowest `layers` encodings of the camera, as a browser does whose camera is small.
    pub fn start_layers(&mut self, now: Instant, source: Source, video: &VideoSource, layers: usize) {
        if let Some(section) = self.sections.get_mut(section_of(source)) {
            section.start_video(now, video, layers);
            self.work.media_changed();
        }
    }

    /// Starts the microphone or the screen's sound.
    pub fn start_audio(&mut self, now: Instant, source: Source, audio: AudioSource, talk: Talk) {
        if let Some(section) = self.sections.get_mut(section_of(source)) {
            section.start_audio(now, audio, talk);
            self.work.media_changed();
        }
    }

    /// Stops sending: `replaceTrack(null)`.
    pub fn stop(&mut self, source: Source) {
        if let Some(section) = self.sections.get_mut(section_of(source)) {
            section.stop();
            self.work.media_changed();
        }
    }

    /// Makes a running microphone speak, fall silent, or follow a pattern.
    pub fn set_talk(&mut self, source: Source, talk: Talk) {
        if let Some(section) = self.sections.get_mut(section_of(source)) {
            section.set_talk(talk);
        }
    }

    /// The server's `layers`: encodings not named are not sent.
    pub fn set_wanted(&mut self, source: Source, rids: &[String]) {
        if let Some(section) = self.sections.get_mut(section_of(source)) {
            section.set_wanted(rids);
        }
    }

    /// Encodings of a source, lowest layer first.
    pub fn layers(&self, source: Source) -> impl Iterator<Item = LayerSpec> {
        let section = self.sections.get(section_of(source));
        section
            .into_iter()
            .flat_map(|s| s.encodings.iter().map(|e| e.spec))
    }

    /// Numbers of the streams that this client makes up, and what each is: its source and layer, 0 the lowest. They are
    /// in every made-up frame ([`FrameStamp`]) and packet of sound.
    pub fn streams(&self) -> Vec<(u32, Source, u8)> {
        let of = |section: &Outgoing| {
            let numbered = section.streams().zip(0u8..);
            let source = section.source;
            numbered
                .map(|(stream, layer)| (stream, source, layer))
                .collect::<Vec<_>>()
        };
        self.sections.iter().flat_map(of).collect()
    }

    /// Encodings of a source with the keyframes the server asked for.
    pub fn keyframe_requests(&self, source: Source) -> u64 {
        let section = self.sections.get(section_of(source));
        section.map_or(0, |s| s.encodings.iter().map(|e| e.keyframe_requests).sum())
    }

    /// Takes how long made-up packets were under way that came since the last call, retransmissions included; empty
    /// without a [clock](ClientConfig::send_clock).
    pub fn take_ages(&mut self) -> std::vec::Drain<'_, (Kind, Duration)> {
        self.ages.drain(..)
    }

    /// What came through all slots so far, duplicates not counted.
    pub fn received(&self) -> Received {
        self.received
    }

    /// Packets asked for again so far, each as often as it was asked for.
    pub fn nacked(&self) -> u64 {
        self.nacked.load(Ordering::Relaxed)
    }

    /// Packets and payload bytes of media sent since the start, retransmissions not counted.
    pub fn sent(&self) -> (u64, u64) {
        let encodings = self.sections.iter().flat_map(|s| &s.encodings);
        encodings.fold((0, 0), |sum, e| (sum.0 + e.sent.0, sum.1 + e.sent.1))
    }

    /// Moves the connection to the server's first candidate of a protocol, with USE-CANDIDATE on the new pair.
    ///
    /// # Errors
    /// When the answer named none.
    pub fn move_to(&mut self, now: Instant, via: Via) -> Result<(), ClientError> {
        let remote = *self
            .candidates(via)
            .first()
            .ok_or(ClientError::NoCandidate(via))?;
        self.work.stir();
        self.mover.start(now, via, remote);
        Ok(())
    }

    /// Where the connection was moved to, once the server answered there.
    pub fn moved_to(&self) -> Option<Via> {
        self.mover.moved_to()
    }

    /// The server's candidates.
    pub fn candidates(&self, via: Via) -> &[SocketAddr] {
        match via {
            Via::Udp => &self.remote_udp,
            Via::Tcp => &self.remote_tcp,
        }
    }

    /// Sends a message as it is (the envelope is the caller's).
    ///
    /// # Errors
    /// When the channel is not open.
    pub fn send_data(&mut self, now: Instant, channel: Channel, message: &[u8]) -> Result<(), ClientError> {
        let (id, _) = self
            .channels
            .iter()
            .find(|(_, c)| *c == channel)
            .ok_or(ClientError::ChannelNotOpen)?;
        self.work.stir();
        let mut handle = self.pc.data_channel(*id).ok_or(ClientError::ChannelNotOpen)?;
        Ok(handle.send(now, BytesMut::from(message))?)
    }

    /// Stops reading data (a slow reader), or goes on.
    pub fn pause_data(&mut self, now: Instant, paused: bool) {
        self.data_paused = paused;
        self.drain(now);
    }

    /// The receive m-lines in the order they were added: of each call, video first.
    pub fn slots(&self) -> &[SlotReceiver] {
        &self.slots
    }

    /// The slot of a mid.
    pub fn slot_index(&self, mid: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot.mid == mid)
    }

    /// Seconds by which the sound of one slot is behind the picture of another, from their sender reports: what a
    /// receiver would have to correct blindly. `None` before both have a report and packets after it.
    pub fn skew(&self, audio_slot: usize, video_slot: usize) -> Option<f64> {
        Some(self.slots.get(audio_slot)?.delay()? - self.slots.get(video_slot)?.delay()?)
    }

    /// Whether ICE and DTLS are done.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Closes; drain [`poll_transmit`](Self::poll_transmit) once more, then drop.
    pub fn close(&mut self, now: Instant) {
        // Nothing to do about an error at the end.
        let _ = self.pc.close();
        self.connected = false;
        self.drain(now);
    }
}
