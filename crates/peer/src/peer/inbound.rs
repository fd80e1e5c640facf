//! What comes in: checks, the handshake, media and data.

use super::RtcPeer;
use crate::api::{Path, PeerEvent, Protocol, Transmit};
use crate::control;
use crate::feedback;
use crate::handshake::{LastFlight, holds_alert};
use crate::probe;
use crate::srtp::Srtp;
use crate::stun::{Binding, Class};
use crate::transport_cc::is_feedback;
use bytes::BytesMut;
use media::DatagramKind;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::RTCMessage;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::RTCDtlsTransportState;
use rtc::rtp;
use rtc::sansio::Protocol as _;
use rtc::shared::marshal::Unmarshal;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use rtc::statistics::StatsSelector;
use std::net::SocketAddr;
use std::time::Instant;

/// Most remote addresses one set of ICE credentials may come from. `rtc` keeps every one; a client past it
/// restarts ICE.
const MAX_REMOTES: usize = 256;
/// Most checks put off at once, one a path; the oldest goes. UDP checks are sent again anyway, those over TCP are not.
const MAX_HELD: usize = 4;

impl RtcPeer {
    /// A connectivity check. `rtc` authenticates and answers it; what it answered with success is ours.
    pub(super) fn handle_check(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        let Some(binding) = Binding::parse(&datagram) else {
            self.stats.dropped_in += 1;
            return;
        };
        if binding.class == Class::Success && self.probes.contains(&binding.transaction) {
            self.handle_probe_answer(now, path, binding.transaction, &datagram);
            return;
        }
        let remote = (path.protocol, path.remote);
        if !self.remotes.contains(&remote) && self.remotes.len() >= MAX_REMOTES {
            self.stats.dropped_in += 1;
            return;
        }
        let copy = (binding.class == Class::Request && binding.use_candidate).then(|| datagram.clone());
        self.check = Some((now, path, binding));
        self.read(now, path, datagram);
        self.flush();
        self.check = None;
        if std::mem::take(&mut self.deferred)
            && let Some(copy) = copy
        {
            self.held.retain(|(known, _)| *known != path);
            self.held.truncate(MAX_HELD - 1);
            self.held.insert(0, (path, copy));
        }
        self.handle_events(now);
        if binding.class == Class::Success {
            self.answer_held(now, path);
        }
    }

    /// The client answered `rtc`'s own check: the check that was put off because of it can be answered now.
    fn answer_held(&mut self, now: Instant, path: Path) {
        let Some(index) = self.held.iter().position(|(known, _)| *known == path) else {
            return;
        };
        let (_, datagram) = self.held.swap_remove(index);
        // A response that was not authentic changes nothing: then the check is put off again.
        self.handle_check(now, path, datagram);
    }

    /// The client answers our question whether it is there; `rtc` knows nothing of it.
    pub(super) fn handle_probe_answer(
        &mut self,
        now: Instant,
        path: Path,
        transaction: probe::Transaction,
        datagram: &[u8],
    ) {
        if self.paths.is_validated(&path)
            && probe::is_authentic(datagram, &self.session.transport, self.factory.crypto.as_ref())
        {
            self.probes.retain(|probe| *probe != transaction);
            self.paths.heard_on(now, &path, &mut self.events);
        } else {
            self.stats.dropped_in += 1;
        }
    }

    /// DTLS: the handshake, and then data channels.
    pub(super) fn handle_dtls(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        if !self.connected && holds_alert(&datagram) {
            self.finish("the client refused the DTLS handshake", true);
            return;
        }
        let repeats = !self.connected && self.flight.hears(&datagram);
        self.read(now, path, datagram);
        self.handle_events(now);
        self.handle_messages();
        if self.connected {
            self.channels.flush(now, &mut self.pc);
        }
        self.unsent = true;
        if repeats && !self.connected && self.paths.current() == Some(path) {
            self.answer_handshake(now, path);
        }
        let ended = self
            .pc
            .sctp()
            .is_some_and(|sctp| sctp.transport().state() == RTCDtlsTransportState::Closed);
        if ended {
            self.finish("the client closed the connection", false);
        }
    }

    /// What `rtc` has to say to a repeated message of the handshake; when that is nothing, our last flight was lost.
    fn answer_handshake(&mut self, now: Instant, path: Path) {
        self.flush();
        let again = self.flight.again(now).iter().cloned();
        self.transmits
            .extend(again.map(|datagram| Transmit { path, datagram }));
    }

    /// RTP or RTCP.
    pub(super) fn handle_srtp(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        // Not authentic, replayed, or before the handshake.
        if self.unprotect(now, path, datagram).is_none() {
            self.stats.dropped_in += 1;
        }
    }

    fn unprotect(&mut self, now: Instant, path: Path, datagram: BytesMut) -> Option<()> {
        let srtp = self.srtp.as_mut()?;
        match DatagramKind::of(&datagram)? {
            DatagramKind::Rtcp => {
                let compound = srtp.unprotect_control(datagram).ok()?;
                self.paths.media_on(now, &path, &mut self.events);
                self.handle_rtcp(now, &compound)?;
            }
            DatagramKind::Rtp => {
                let mut plain = srtp.unprotect(datagram).ok()?;
                self.paths.media_on(now, &path, &mut self.events);
                let packet = rtp::Packet::unmarshal(&mut plain).ok()?;
                let event = self
                    .receiver
                    .handle_rtp(now, packet, &self.session, &mut self.stats);
                self.events.extend(event);
            }
            DatagramKind::Stun | DatagramKind::Dtls => return None,
        }
        Some(())
    }

    /// A compound; `None` when something in it could not be read. The rest of it counts.
    fn handle_rtcp(&mut self, now: Instant, compound: &[u8]) -> Option<()> {
        let (packets, whole) = control::split(compound);
        let of_path = packets.iter().copied().filter(|packet| is_feedback(packet));
        self.egress.handle_feedback(now, of_path);
        let others = || packets.iter().filter(|packet| !is_feedback(packet));
        let read: Vec<_> = others().filter_map(|packet| control::read(packet)).collect();
        let whole = whole && read.len() == others().count();
        if !read.is_empty() {
            let (sender, egress) = (&mut self.sender, &mut self.egress);
            let round_trip = feedback::read(now, &read, sender, egress, &mut self.events);
            if let Some(round_trip) = round_trip {
                self.receiver.set_round_trip(round_trip);
            }
        }
        self.tell_bandwidth(now);
        // The pacer may be allowed more now.
        self.paced = true;
        if !read.is_empty() {
            self.receiver.handle_rtcp(now, read, &mut self.events);
        }
        whole.then_some(())
    }

    pub(super) fn read(&mut self, now: Instant, path: Path, message: BytesMut) {
        let transport = TransportContext {
            local_addr: self.candidate_for(path),
            peer_addr: path.remote,
            transport_protocol: match path.protocol {
                Protocol::Udp => TransportProtocol::UDP,
                Protocol::Tcp => TransportProtocol::TCP,
            },
            ecn: None,
        };
        // Errors are about this datagram only, and `rtc` counts and logs them.
        let _ = self.pc.handle_read(TaggedBytesMut {
            now,
            transport,
            message,
        });
    }

    /// The candidate a datagram arrived at. A socket behind NAT, or bound to every interface, knows another address
    /// than the advertised one; to a lite agent all its candidates are the same.
    pub(super) fn candidate_for(&self, path: Path) -> SocketAddr {
        let candidates = &self.factory.config.candidates;
        candidates
            .iter()
            .find(|candidate| **candidate == path.local)
            .or_else(|| {
                candidates
                    .iter()
                    .find(|candidate| candidate.is_ipv4() == path.local.is_ipv4())
            })
            .or_else(|| candidates.first())
            .copied()
            .unwrap_or(path.local)
    }

    pub(super) fn handle_events(&mut self, now: Instant) {
        self.pc_timeout = None;
        self.other_timeout = None;
        while let Some(event) = self.pc.poll_event() {
            match event {
                RTCPeerConnectionEvent::OnConnectionStateChangeEvent(RTCPeerConnectionState::Connected)
                    if !self.connected =>
                {
                    self.connected = true;
                    self.flight = LastFlight::default();
                    let protocol = self.paths.current().map_or(Protocol::Udp, |path| path.protocol);
                    let srtp_profile = self.srtp_profile(now);
                    self.sender.connected(srtp_profile);
                    let keys = self.recorder.keys();
                    let crypto = self.factory.crypto.as_ref();
                    self.srtp = keys.and_then(|keys| Srtp::new(srtp_profile, keys, crypto));
                    if self.srtp.is_none() {
                        // Of a version of `rtc` that derives its keys in another way.
                        self.finish("the handshake left no media keys", false);
                        return;
                    }
                    self.events.push_back(PeerEvent::Connected {
                        srtp_profile,
                        protocol,
                    });
                    self.tell_bandwidth(now);
                }
                RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id)) => {
                    if !self.channels.opened(now, &mut self.pc, id, &mut self.events) {
                        self.finish("the client opened too many data channels", false);
                    }
                    self.unsent = true;
                }
                RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnClose(id)) => {
                    self.channels.closed(id, &mut self.events);
                }
                _ => {}
            }
        }
    }

    pub(super) fn handle_messages(&mut self) {
        while let Some(message) = self.pc.poll_read() {
            let RTCMessage::DataChannelMessage(id, message) = message.message else {
                continue;
            };
            match self.channels.channel(id) {
                Some(channel) if message.data.len() <= self.factory.config.max_message_bytes => {
                    self.events.push_back(PeerEvent::Data {
                        channel,
                        message: message.data.freeze(),
                    });
                }
                _ => self.stats.dropped_in += 1,
            }
        }
    }

    pub(super) fn srtp_profile(&mut self, now: Instant) -> &'static str {
        let report = self.pc.get_stats(now, StatsSelector::None);
        match report.transport().map(|transport| transport.srtp_cipher.as_str()) {
            Some("SRTP_AEAD_AES_128_GCM") => "SRTP_AEAD_AES_128_GCM",
            Some("SRTP_AEAD_AES_256_GCM") => "SRTP_AEAD_AES_256_GCM",
            Some("SRTP_AES128_CM_HMAC_SHA1_80") => "SRTP_AES128_CM_HMAC_SHA1_80",
            Some("SRTP_AES128_CM_HMAC_SHA1_32") => "SRTP_AES128_CM_HMAC_SHA1_32",
            _ => "unknown",
        }
    }
}
