//! Builds the `rtc` connection and takes what comes out of it.

use super::codecs;
use super::config::{ClientConfig, PUBLISH_ORDER, SINGLE_LAYER, Srtp};
use super::edge::{self, Edge, SentStream};
use super::fast::FastPath;
use super::publish::Outgoing;
use super::{Channel, Client, ClientError, ClientEvent};
use media::{Kind, Source};
use peer::srtp::Srtp as MediaKeys;
use peer::srtp::keys::Recorder;
use rtc::data_channel::{RTCDataChannelId, RTCDataChannelInit};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::ice::network_type::NetworkType;
use rtc::interceptor::{
    NackGeneratorBuilder, NackResponderBuilder, ReceiverReportBuilder, Registry, Slot, TwccReceiverBuilder,
    TwccSenderBuilder,
};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::RTCIceCandidateInit;
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpRtxParameters,
    RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverId, RTCRtpTransceiverInit};
use rtc::sansio::Protocol as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// A browser's consent timers (RFC 7675): the call survives outages shorter than the second.
const ICE_DISCONNECTED: Duration = Duration::from_secs(5);
const ICE_FAILED: Duration = Duration::from_secs(25);
const ICE_KEEPALIVE: Duration = Duration::from_secs(1);
/// Of transport-wide feedback: libwebrtc's shortest, 50 to 250 ms by what 5 % of the bandwidth allow. The recorder sits
/// wire-ward of the edge, which hides padding and turns retransmissions into their originals.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);

/// Hears the keys of a connection whose media goes past it; `None` when it goes through.
pub(super) fn recorder(config: &ClientConfig) -> Result<Option<Arc<Recorder>>, ClientError> {
    if !config.past_connection || config.srtp != Srtp::Gcm {
        return Ok(None);
    }
    let provider = rtc::crypto::default_provider().map_err(|e| ClientError::Crypto(e.to_string()))?;
    Ok(Some(Arc::new(Recorder::new(provider))))
}

pub(super) fn sections(config: &ClientConfig) -> Vec<Outgoing> {
    PUBLISH_ORDER
        .iter()
        .enumerate()
        .map(|(i, &source)| {
            let specs = if source == Source::Camera && config.simulcast {
                &config.camera[..]
            } else {
                &SINGLE_LAYER
            };
            let seed = config.seed.wrapping_mul(1_000).wrapping_add(10 * i as u64);
            Outgoing::new(
                source,
                specs,
                config.red && config.send_red && source == Source::Microphone,
                seed,
            )
        })
        .collect()
}

pub(super) fn build(
    now: Instant,
    config: &ClientConfig,
    sections: &[Outgoing],
    nacked: Arc<AtomicU64>,
    recorder: Option<&Arc<Recorder>>,
) -> Result<RTCPeerConnection, ClientError> {
    let profiles = match config.srtp {
        Srtp::Gcm => vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm],
        Srtp::AesCm => vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80],
        Srtp::Both => vec![
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
        ],
    };
    let mut settings = SettingEngineBuilder::new()
        .with_srtp_protection_profiles(profiles)
        .with_network_types(vec![
            NetworkType::Udp4,
            NetworkType::Udp6,
            NetworkType::Tcp4,
            NetworkType::Tcp6,
        ])
        .with_ice_timeouts(Some(ICE_DISCONNECTED), Some(ICE_FAILED), Some(ICE_KEEPALIVE))
        .with_include_loopback_candidate(true);
    if let Some(recorder) = recorder.cloned() {
        settings = settings.with_crypto_provider(recorder);
    }
    let mut registry = Registry::new().with(
        Slot::from(edge::POSITION),
        Edge::new(sent_streams(sections), nacked),
    );
    if recorder.is_none() {
        let feedback = TwccReceiverBuilder::new().with_interval(FEEDBACK_INTERVAL);
        registry = registry
            .with(Slot::NackGenerator, NackGeneratorBuilder::new().build())
            .with(Slot::from(edge::POSITION - 100), feedback.build())
            .with(Slot::ReceiverReport, ReceiverReportBuilder::new().build());
    }
    // Each interceptor costs every packet a stay in its queues.
    if config.publishes {
        registry = registry
            .with(Slot::TwccSender, TwccSenderBuilder::new().build())
            .with(Slot::NackResponder, NackResponderBuilder::new().build());
    }
    Ok(RTCPeerConnectionBuilder::new()
        .with_setting_engine(settings.build())
        .with_media_engine(codecs::media_engine(config.red, &config.video_codecs)?)
        .with_interceptor_registry(registry)
        .build(now)?)
}

/// `rtc` numbers mids by the order of transceivers, and the publish sections come first.
fn sent_streams(sections: &[Outgoing]) -> Vec<SentStream> {
    let mut streams = Vec::new();
    for (mid, section) in sections.iter().enumerate() {
        streams.extend(section.encodings.iter().map(|e| SentStream {
            ssrc: e.ssrc,
            rtx_ssrc: e.rtx_ssrc,
            mid: mid.to_string(),
            rid: e.spec.rid.to_owned(),
        }));
    }
    streams
}

pub(super) fn add_candidates(pc: &mut RTCPeerConnection, config: &ClientConfig) -> Result<(), ClientError> {
    let mut add = |candidate: String| {
        pc.add_local_candidate(RTCIceCandidateInit {
            candidate,
            ..RTCIceCandidateInit::default()
        })
    };
    if let Some(udp) = config.udp {
        add(format!(
            "candidate:1 1 udp 2130706431 {} {} typ host",
            udp.ip(),
            udp.port()
        ))?;
    }
    if let Some(tcp) = config.tcp {
        // RFC 6544 §4.5: port 9 stands for "whatever the connection gets".
        add(format!(
            "candidate:2 1 tcp 1671430143 {} 9 typ host tcptype active",
            tcp.ip()
        ))?;
    }
    Ok(())
}

pub(super) fn add_publish_sections(
    pc: &mut RTCPeerConnection,
    config: &ClientConfig,
    sections: &[Outgoing],
) -> Result<(), ClientError> {
    for section in sections {
        let kind = section.source.kind();
        let codecs = match (kind, &config.publish_codecs) {
            (Kind::Video, Some(fewer)) => codecs::video_codecs(fewer),
            _ => codecs_of(kind, config),
        };
        // The codec to send is the last audio one (Opus behind RED) or VP8: `rtc` binds the interceptors by it.
        let codec = match kind {
            Kind::Audio => codecs.last(),
            Kind::Video => codecs.iter().find(|codec| codec.payload_type == codecs::PT_VP8),
        };
        let encodings = section
            .encodings
            .iter()
            .map(|e| RTCRtpEncodingParameters {
                rtp_coding_parameters: RTCRtpCodingParameters {
                    rid: e.spec.rid.to_owned(),
                    ssrc: Some(e.ssrc),
                    rtx: e.rtx_ssrc.map(|ssrc| RTCRtpRtxParameters { ssrc }),
                    fec: None,
                },
                active: true,
                codec: codec.map(|c| c.rtp_codec.clone()).unwrap_or_default(),
                ..RTCRtpEncodingParameters::default()
            })
            .collect::<Vec<_>>();
        let name = format!("{:?}", section.source).to_lowercase();
        let track = MediaStreamTrack::new(
            name.clone(),
            name.clone(),
            name,
            codec_kind(kind),
            encodings.clone(),
        );
        let init = RTCRtpTransceiverInit {
            direction: RTCRtpTransceiverDirection::Sendonly,
            streams: vec![],
            send_encodings: encodings,
        };
        let id = pc.add_transceiver_from_track(track, Some(init))?;
        prefer(pc, id, codecs)?;
    }
    Ok(())
}

pub(super) fn add_slot(
    pc: &mut RTCPeerConnection,
    config: &ClientConfig,
    kind: Kind,
) -> Result<RTCRtpTransceiverId, ClientError> {
    let init = RTCRtpTransceiverInit {
        direction: RTCRtpTransceiverDirection::Recvonly,
        streams: vec![],
        send_encodings: vec![],
    };
    let id = pc.add_transceiver_from_kind(codec_kind(kind), Some(init))?;
    prefer(pc, id, codecs_of(kind, config))?;
    Ok(id)
}

pub(super) fn open_channel(
    pc: &mut RTCPeerConnection,
    channel: Channel,
) -> Result<RTCDataChannelId, ClientError> {
    let (label, init) = match channel {
        Channel::Reliable => ("reliable", RTCDataChannelInit::default()),
        Channel::Lossy => (
            "lossy",
            RTCDataChannelInit {
                ordered: false,
                max_retransmits: Some(0),
                ..RTCDataChannelInit::default()
            },
        ),
    };
    Ok(pc.create_data_channel(label, Some(init))?.id())
}

fn codecs_of(kind: Kind, config: &ClientConfig) -> Vec<RTCRtpCodecParameters> {
    match kind {
        Kind::Audio => codecs::audio_codecs(config.red),
        Kind::Video => codecs::video_codecs(&config.video_codecs),
    }
}

fn codec_kind(kind: Kind) -> RtpCodecKind {
    match kind {
        Kind::Audio => RtpCodecKind::Audio,
        Kind::Video => RtpCodecKind::Video,
    }
}

fn prefer(
    pc: &mut RTCPeerConnection,
    id: RTCRtpTransceiverId,
    codecs: Vec<RTCRtpCodecParameters>,
) -> Result<(), ClientError> {
    if let Some(mut transceiver) = pc.rtp_transceiver(id) {
        transceiver.set_codec_preferences(codecs)?;
    }
    Ok(())
}

impl Client {
    /// Takes events and packets out of `rtc`.
    pub(super) fn drain(&mut self, now: Instant) {
        self.work.stir();
        while let Some(event) = self.pc.poll_event() {
            match event {
                RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => self.state_changed(now, state),
                RTCPeerConnectionEvent::OnDataChannel(event) => self.channel_changed(&event),
                _ => {}
            }
        }
        while let Some(message) = self.next_message() {
            self.receive(message);
        }
    }

    /// Takes media out of `rtc`, without turning its wheels: after each datagram of media there is nothing else.
    pub(super) fn drain_media(&mut self) {
        while let Some(message) = self.pc.poll_media_read() {
            self.receive(message);
        }
    }

    fn receive(&mut self, TaggedRTCMessage { now, message }: TaggedRTCMessage) {
        match message {
            RTCMessage::RtpPacket(_, packet) => self.handle_rtp(now, &packet),
            RTCMessage::RtcpPacket(_, packets) => {
                for packet in &packets {
                    self.handle_rtcp(packet.as_ref());
                }
            }
            RTCMessage::DataChannelMessage(id, message) => {
                if let Some(&(_, channel)) = self.channels.iter().find(|(known, _)| *known == id) {
                    self.events.push_back(ClientEvent::Data {
                        channel,
                        message: message.data.freeze(),
                    });
                }
            }
            _ => {}
        }
    }

    fn next_message(&mut self) -> Option<TaggedRTCMessage> {
        if self.data_paused {
            self.pc.poll_media_read()
        } else {
            self.pc.poll_read()
        }
    }

    fn state_changed(&mut self, now: Instant, state: RTCPeerConnectionState) {
        match state {
            RTCPeerConnectionState::Connected if !self.connected => {
                self.connected = true;
                self.fast = self.fast_path();
                self.events.push_back(ClientEvent::Connected);
                for section in &mut self.sections {
                    section.connected(now);
                }
            }
            RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => {
                self.connected = false;
                self.events.push_back(ClientEvent::Closed {
                    state: state.to_string(),
                });
            }
            _ => {}
        }
    }

    /// The way for media that goes past the connection.
    fn fast_path(&self) -> Option<FastPath> {
        let recorder = self.recorder.as_ref()?;
        let keys = recorder.keys()?;
        let srtp = MediaKeys::new("SRTP_AEAD_AES_128_GCM", keys, recorder.as_ref())?;
        Some(FastPath::new(srtp, &self.answer, FEEDBACK_INTERVAL))
    }

    fn channel_changed(&mut self, event: &RTCDataChannelEvent) {
        let (RTCDataChannelEvent::OnOpen(id) | RTCDataChannelEvent::OnClose(id)) = event else {
            return;
        };
        let Some(&(_, channel)) = self.channels.iter().find(|(known, _)| known == id) else {
            return;
        };
        self.events.push_back(match event {
            RTCDataChannelEvent::OnOpen(_) => ClientEvent::ChannelOpen(channel),
            _ => ClientEvent::ChannelClosed(channel),
        });
    }
}
