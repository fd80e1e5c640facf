//! One connection to a server, the same towards both: it sends one track or receives one, and counts. It offers, or
//! answers an offer. Sans-IO: told the time, polled for datagrams.

use super::load::{Load, PT_OPUS, PT_VP8, Source};
use super::tracks::Tracks;
use anyhow::{Context, Result};
use bytes::BytesMut;
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::ice::network_type::NetworkType;
use rtc::interceptor::{
    NackGeneratorBuilder, NackResponderBuilder, ReceiverReportBuilder, Registry, SenderReportBuilder, Slot,
    TwccReceiverBuilder, TwccSenderBuilder,
};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::RTCIceCandidateInit;
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::sansio::Protocol as _;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// libwebrtc's shortest interval of transport-wide feedback.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);
/// The SSRC of the publisher's track.
const SSRC: u32 = 0x00c0_ffee;

/// See the module.
pub(super) struct Leg {
    pc: RTCPeerConnection,
    local: SocketAddr,
    source: Option<Source>,
    publishes: Option<Load>,
    connected: bool,
    /// What came.
    pub(super) received: Received,
}

/// Counters of a receiver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Received {
    /// Media packets; neither padding nor retransmissions.
    pub(super) packets: u64,
    /// Whether ICE and DTLS are done.
    pub(super) connected: bool,
    /// Whether the connection was lost after that.
    pub(super) closed: bool,
}

impl Leg {
    fn new(now: Instant, local: SocketAddr) -> Result<Self> {
        let settings = SettingEngineBuilder::new()
            // One profile for both servers: what encryption costs is not what is compared.
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            .with_network_types(vec![NetworkType::Udp4, NetworkType::Udp6])
            .with_include_loopback_candidate(true)
            .build();
        let feedback = TwccReceiverBuilder::new()
            .with_interval(FEEDBACK_INTERVAL)
            .build();
        let registry = Registry::new()
            .with(Slot::TwccSender, TwccSenderBuilder::new().build())
            .with(Slot::NackResponder, NackResponderBuilder::new().build())
            .with(Slot::NackGenerator, NackGeneratorBuilder::new().build())
            .with(Slot::TwccReceiver, feedback)
            .with(Slot::SenderReport, SenderReportBuilder::new().build())
            .with(Slot::ReceiverReport, ReceiverReportBuilder::new().build());
        let mut pc = RTCPeerConnectionBuilder::new()
            .with_setting_engine(settings)
            .with_media_engine(super::tracks::media_engine()?)
            .with_interceptor_registry(registry)
            .build(now)?;
        pc.add_local_candidate(RTCIceCandidateInit {
            candidate: format!(
                "candidate:1 1 udp 2130706431 {} {} typ host",
                local.ip(),
                local.port()
            ),
            ..RTCIceCandidateInit::default()
        })?;
        Ok(Self {
            pc,
            local,
            source: None,
            publishes: None,
            connected: false,
            received: Received::default(),
        })
    }

    /// A connection that offers these tracks, and its offer.
    pub(super) fn offering(now: Instant, local: SocketAddr, tracks: Tracks) -> Result<(Self, String)> {
        let mut leg = Self::new(now, local)?;
        tracks.add(&mut leg.pc, SSRC)?;
        if let Tracks::Publish(load) = tracks {
            leg.publishes = Some(load);
        }
        let offer = leg.pc.create_offer(None)?;
        let sdp = offer.sdp.clone();
        leg.pc.set_local_description(now, offer)?;
        leg.drain(now);
        Ok((leg, sdp))
    }

    /// A connection that receives what was offered, and its answer.
    pub(super) fn answering(now: Instant, local: SocketAddr, offer: &str) -> Result<(Self, String)> {
        let mut leg = Self::new(now, local)?;
        let offer = RTCSessionDescription::offer(offer.to_owned())?;
        leg.pc
            .set_remote_description(now, offer)
            .context("the server's offer")?;
        let answer = leg.pc.create_answer(None)?;
        let sdp = answer.sdp.clone();
        leg.pc.set_local_description(now, answer)?;
        leg.drain(now);
        Ok((leg, sdp))
    }

    /// The answer to the offer.
    pub(super) fn accept(&mut self, now: Instant, answer: &str) -> Result<()> {
        let sdp = RTCSessionDescription::answer(answer.to_owned())?;
        self.pc
            .set_remote_description(now, sdp)
            .context("the server's answer")?;
        if let Some(load) = self.publishes {
            let level_id = super::tracks::level_id(answer);
            // Sending begins with the connection; see `drain`.
            self.source = Some(Source::new(now, load, SSRC, level_id));
        }
        self.drain(now);
        Ok(())
    }

    /// Packets sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.source.as_ref().map_or(0, |source| source.sent)
    }

    pub(super) fn handle_datagram(&mut self, now: Instant, remote: SocketAddr, datagram: BytesMut) {
        let transport = TransportContext {
            local_addr: self.local,
            peer_addr: remote,
            transport_protocol: TransportProtocol::UDP,
            ecn: None,
        };
        // An error is the sender's: a datagram that is not for this connection.
        let _ = self.pc.handle_read(TaggedBytesMut {
            now,
            transport,
            message: datagram,
        });
        if !self.connected {
            // `rtc` begins DTLS in the timeout that follows the nomination, and asks for none.
            let _ = self.pc.handle_timeout(now);
        }
        self.drain(now);
    }

    pub(super) fn poll_transmit(&mut self) -> Option<(SocketAddr, BytesMut)> {
        let out = self.pc.poll_write()?;
        Some((out.transport.peer_addr, out.message))
    }

    pub(super) fn poll_timeout(&mut self) -> Option<Instant> {
        let source = self
            .source
            .as_ref()
            .filter(|_| self.connected)
            .map(Source::poll_timeout);
        source.into_iter().chain(self.pc.poll_timeout()).min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        // `rtc` reports only what its interceptors made of their own timers.
        let _ = self.pc.handle_timeout(now);
        if let (Some(source), true) = (&mut self.source, self.connected) {
            for packet in source.due(now) {
                let message = RTCMessage::RtpPacket(String::new(), packet);
                // Fails only when the connection is closed: then there is nobody to send to.
                let _ = self.pc.handle_write(TaggedRTCMessage { now, message });
            }
        }
        self.drain(now);
    }

    pub(super) fn close(&mut self) {
        // Nothing to do about an error at the end.
        let _ = self.pc.close();
    }

    fn drain(&mut self, now: Instant) {
        while let Some(event) = self.pc.poll_event() {
            let RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) = event else {
                continue;
            };
            match state {
                RTCPeerConnectionState::Connected if !self.connected => {
                    self.connected = true;
                    self.received.connected = true;
                    if let Some(source) = &mut self.source {
                        source.restart(now);
                    }
                }
                RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => {
                    self.received.closed = true;
                }
                _ => {}
            }
        }
        while let Some(message) = self.pc.poll_read() {
            if let RTCMessage::RtpPacket(_, packet) = message.message {
                let media = [PT_VP8, PT_OPUS].contains(&packet.header.payload_type);
                self.received.packets += u64::from(media && !packet.payload.is_empty());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTACHED: &str = include_str!("janus/protocol/attached.json");

    #[test]
    fn an_offer_of_janus_is_answered_as_its_receiver_with_all_it_needs() {
        let attached: serde_json::Value = serde_json::from_str(ATTACHED).unwrap();
        let offer = attached["jsep"]["sdp"].as_str().unwrap();
        let local: SocketAddr = "10.77.0.1:4000".parse().unwrap();
        let (mut leg, answer) = Leg::answering(Instant::now(), local, offer).unwrap();
        for line in [
            "a=recvonly",
            "a=setup:passive",
            "a=mid:0",
            "a=rtpmap:96 VP8/90000",
            "a=rtcp-fb:96 transport-cc",
            "a=rtcp-fb:96 nack",
        ] {
            assert!(
                answer.lines().any(|there| there == line),
                "{line} is not in\n{answer}"
            );
        }
        assert!(
            answer.contains("a=candidate:") && answer.contains("10.77.0.1 4000"),
            "{answer}"
        );
        // Janus is ICE-lite: the checks are ours, towards the candidate of its offer.
        let now = Instant::now();
        let due = leg.poll_timeout().unwrap_or(now).max(now);
        leg.handle_timeout(due);
        let (remote, _) = leg.poll_transmit().expect("a check");
        assert_eq!(remote.to_string(), "10.77.0.1:55787");
    }

    #[test]
    fn offers_have_one_track_to_send_or_two_to_receive() {
        let local: SocketAddr = "10.77.0.1:4000".parse().unwrap();
        let sections = |tracks| {
            let (_, offer) = Leg::offering(Instant::now(), local, tracks).unwrap();
            let kept = ["m=", "a=sendonly", "a=recvonly"];
            let lines = offer
                .lines()
                .filter(|line| kept.iter().any(|start| line.starts_with(start)));
            let words = lines.filter_map(|line| line.split(' ').next()).map(str::to_owned);
            words.collect::<Vec<_>>()
        };
        assert_eq!(sections(Tracks::Publish(Load::Bursts)), ["m=video", "a=sendonly"]);
        assert_eq!(sections(Tracks::Publish(Load::Audio)), ["m=audio", "a=sendonly"]);
        assert_eq!(
            sections(Tracks::Receive),
            ["m=video", "a=recvonly", "m=audio", "a=recvonly"]
        );
    }
}
