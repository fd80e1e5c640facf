//! The peer on `rtc`: sdp, paths, media and data put together.

use crate::api::{
    Answer, DataChannel, DataError, OfferError, Path, Peer, PeerEvent, PeerStats, Protocol, SlotReport,
    Transmit,
};
use crate::channels::Channels;
use crate::config::{MAX_OFFER_BYTES, MAX_REOFFER_BYTES, SrtpProfiles};
use crate::connection;
use crate::factory::PeerFactory;
use crate::feedback;
use crate::paths::Paths;
use crate::probe;
use crate::receive::Receiver;
use crate::sdp::answer::{self, AnswerParameters};
use crate::sdp::offer::Offer;
use crate::sdp::session::Session;
use crate::sdp::transport::LocalTransport;
use crate::send::Sender;
use crate::stun::{Binding, Class};
use bytes::{Bytes, BytesMut};
use media::packet::SlotPacket;
use media::{Codec, LayerIndex, MLineIndex};
use rtc::interceptor::Packet as RtcPacket;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::RTCDtlsTransportState;
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::sansio::Protocol as _;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use rtc::statistics::StatsSelector;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A client that has not connected by then never will: browsers give up after 30 s too.
const CONNECT_DEADLINE: Duration = Duration::from_secs(30);
/// Most remote addresses one set of ICE credentials may come from. `rtc` keeps every one; a client past it
/// restarts ICE.
const MAX_REMOTES: usize = 256;
/// Largest compound of feedback; what is longer is split, so that it fits a datagram.
const MAX_RTCP_BYTES: usize = 1100;
/// Shortest time between two timeouts: a deadline in the past must not become a busy loop.
const TIMER_GRANULARITY: Duration = Duration::from_millis(1);

/// The server's end of one PeerConnection, on `rtc`.
pub struct RtcPeer {
    factory: PeerFactory,
    pc: RTCPeerConnection,
    inbound: mpsc::Receiver<RtcPacket>,
    session: Session,
    local: LocalTransport,
    session_id: u64,
    /// Of our answers.
    version: u64,
    paths: Paths,
    receiver: Receiver,
    sender: Sender,
    channels: Channels,
    /// SSRC of RTCP that concerns no stream of ours.
    rtcp_ssrc: u32,
    /// Remote addresses seen with the current credentials.
    remotes: Vec<(Protocol, SocketAddr)>,
    /// The check that is being handled: when and where it came from, and what it is.
    check: Option<(Instant, Path, Binding)>,
    /// The last probe that was not answered.
    probe: Option<probe::Transaction>,
    transmits: VecDeque<Transmit>,
    events: VecDeque<PeerEvent>,
    /// `rtc` may have something to send.
    unsent: bool,
    /// The deadline of `rtc`; `None` in the outer option when it must be asked again.
    pc_timeout: Option<Option<Instant>>,
    last_timeout: Option<Instant>,
    accepted: Instant,
    connected: bool,
    closed: bool,
    stats: PeerStats,
}

impl std::fmt::Debug for RtcPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RtcPeer")
            .field("connected", &self.connected)
            .field("closed", &self.closed)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

impl RtcPeer {
    pub(crate) fn accept(
        factory: &PeerFactory,
        now: Instant,
        offer: &str,
        profiles: SrtpProfiles,
    ) -> Result<(Self, Answer), OfferError> {
        let session = Session::first(Offer::parse(offer, MAX_OFFER_BYTES)?, &factory.config)?;
        let (mut pc, inbound) = connection::build(factory, now, profiles)
            .map_err(|error| OfferError::Unsupported(format!("no connection could be made: {error}")))?;
        let version = 1;
        let local = connection::negotiate(
            &mut pc,
            now,
            &session.transport,
            factory.config.max_message_bytes,
            version,
        )?;
        let peer = Self {
            factory: factory.clone(),
            pc,
            inbound,
            receiver: Receiver::new(&session),
            sender: Sender::new(&session),
            session,
            local,
            session_id: u64::from(rand::random::<u32>()),
            version,
            paths: Paths::new(),
            channels: Channels::default(),
            rtcp_ssrc: rand::random(),
            remotes: Vec::new(),
            check: None,
            probe: None,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            unsent: false,
            pc_timeout: None,
            last_timeout: None,
            accepted: now,
            connected: false,
            closed: false,
            stats: PeerStats::default(),
        };
        let answer = peer.answer();
        Ok((peer, answer))
    }

    fn answer(&self) -> Answer {
        let config = &self.factory.config;
        let parameters = AnswerParameters {
            local: &self.local,
            fingerprint: &self.factory.fingerprint,
            candidates: &config.candidates,
            max_message_bytes: config.max_message_bytes,
            session_id: self.session_id,
            version: self.version,
        };
        Answer {
            sdp: answer::write(&self.session, &parameters),
            sections: self.session.plane_sections(),
            ufrag: self.local.ufrag.clone(),
        }
    }

    /// A connectivity check. `rtc` authenticates and answers it; what it answered with success is ours.
    fn handle_check(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        let Some(binding) = Binding::parse(&datagram) else {
            self.stats.dropped_in += 1;
            return;
        };
        if self.probe == Some(binding.transaction) && binding.class == Class::Success {
            self.handle_probe_answer(now, path, &datagram);
            return;
        }
        let remote = (path.protocol, path.remote);
        if !self.remotes.contains(&remote) && self.remotes.len() >= MAX_REMOTES {
            self.stats.dropped_in += 1;
            return;
        }
        self.check = Some((now, path, binding));
        self.read(now, path, datagram);
        self.flush();
        self.check = None;
        self.handle_events(now);
    }

    /// The client answers our question whether it is there; `rtc` knows nothing of it.
    fn handle_probe_answer(&mut self, now: Instant, path: Path, datagram: &[u8]) {
        if self.paths.is_validated(&path)
            && probe::is_authentic(datagram, &self.session.transport, self.factory.crypto.as_ref())
        {
            self.probe = None;
            self.paths.heard_on(now, &path, &mut self.events);
        } else {
            self.stats.dropped_in += 1;
        }
    }

    fn send_probe(&mut self, path: Path) {
        let request = probe::request(&self.local, &self.session.transport, self.factory.crypto.as_ref());
        if let Some((transaction, datagram)) = request {
            self.probe = Some(transaction);
            self.transmits.push_back(Transmit { path, datagram });
        }
    }

    /// DTLS: the handshake, and then data channels.
    fn handle_dtls(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        if !self.connected && holds_alert(&datagram) {
            self.finish("the client refused the DTLS handshake", true);
            return;
        }
        self.read(now, path, datagram);
        self.handle_events(now);
        self.handle_messages();
        if self.connected {
            self.channels.flush(now, &mut self.pc);
        }
        self.unsent = true;
        let ended = self
            .pc
            .sctp()
            .is_some_and(|sctp| sctp.transport().state() == RTCDtlsTransportState::Closed);
        if ended {
            self.finish("the client closed the connection", false);
        }
    }

    /// RTP or RTCP.
    fn handle_srtp(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        self.read(now, path, datagram);
        let Ok(packet) = self.inbound.try_recv() else {
            // Not authentic, replayed, or before the handshake.
            self.stats.dropped_in += 1;
            return;
        };
        self.paths.heard_on(now, &path, &mut self.events);
        match packet {
            RtcPacket::Rtp(packet) => {
                self.events.extend(
                    self.receiver
                        .handle_rtp(now, packet, &self.session, &mut self.stats),
                );
            }
            RtcPacket::Rtcp(packets) => {
                feedback::read(now, &packets, &mut self.sender, &mut self.events);
                self.receiver.handle_rtcp(now, packets, &mut self.events);
            }
            _ => self.stats.dropped_in += 1,
        }
    }

    fn read(&mut self, now: Instant, path: Path, message: BytesMut) {
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
    fn candidate_for(&self, path: Path) -> SocketAddr {
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

    fn handle_events(&mut self, now: Instant) {
        self.pc_timeout = None;
        while let Some(event) = self.pc.poll_event() {
            match event {
                RTCPeerConnectionEvent::OnConnectionStateChangeEvent(RTCPeerConnectionState::Connected)
                    if !self.connected =>
                {
                    self.connected = true;
                    let protocol = self.paths.current().map_or(Protocol::Udp, |path| path.protocol);
                    let srtp_profile = self.srtp_profile(now);
                    self.events.push_back(PeerEvent::Connected {
                        srtp_profile,
                        protocol,
                    });
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

    fn handle_messages(&mut self) {
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

    fn srtp_profile(&mut self, now: Instant) -> &'static str {
        let report = self.pc.get_stats(now, StatsSelector::None);
        match report.transport().map(|transport| transport.srtp_cipher.as_str()) {
            Some("SRTP_AEAD_AES_128_GCM") => "SRTP_AEAD_AES_128_GCM",
            Some("SRTP_AEAD_AES_256_GCM") => "SRTP_AEAD_AES_256_GCM",
            Some("SRTP_AES128_CM_HMAC_SHA1_80") => "SRTP_AES128_CM_HMAC_SHA1_80",
            Some("SRTP_AES128_CM_HMAC_SHA1_32") => "SRTP_AES128_CM_HMAC_SHA1_32",
            _ => "unknown",
        }
    }

    /// Move what `rtc` wants to send to where it must go.
    fn flush(&mut self) {
        self.unsent = false;
        while let Some(out) = self.pc.poll_write() {
            self.route(&out.transport, out.message);
        }
        self.pc_timeout = None;
    }

    fn route(&mut self, transport: &TransportContext, datagram: BytesMut) {
        let path = match datagram.first() {
            Some(0..=3) => self.route_check(transport, &datagram),
            Some(20..=63) if !self.connected && holds_alert(&datagram) => {
                let path = self.paths.current();
                self.finish("the DTLS handshake failed", true);
                path
            }
            _ => self.paths.current(),
        };
        if let Some(path) = path {
            self.transmits.push_back(Transmit { path, datagram });
        }
    }

    /// STUN goes where `rtc` says. A success response to the check at hand proves that its sender knows our password.
    fn route_check(&mut self, transport: &TransportContext, datagram: &[u8]) -> Option<Path> {
        let protocol = match transport.transport_protocol {
            TransportProtocol::TCP => Protocol::Tcp,
            _ => Protocol::Udp,
        };
        let remote = transport.peer_addr;
        let Some((now, path, check)) = self
            .check
            .filter(|(_, path, _)| path.protocol == protocol && path.remote == remote)
        else {
            return self.paths.find(protocol, remote);
        };
        let out = Binding::parse(datagram);
        let answer =
            out.is_some_and(|out| out.class == Class::Success && out.transaction == check.transaction);
        // A client that nominates with its very first check (Firefox) gets a check of `rtc`'s own instead of an
        // answer. That too comes only after the password was right; and unless the address counts as the client's
        // now, its response, which carries no username, finds nobody.
        let counter_check = out.is_some_and(|out| out.class == Class::Request);
        if (answer || counter_check) && check.class == Class::Request {
            if !self.remotes.contains(&(protocol, remote)) {
                self.remotes.push((protocol, remote));
            }
            self.paths
                .validated(now, path, answer && check.use_candidate, &mut self.events);
        }
        Some(path)
    }

    fn write_rtp(&mut self, now: Instant, packet: Option<rtc::rtp::Packet>) {
        let Some(packet) = packet.filter(|_| self.connected && !self.closed) else {
            self.stats.dropped_out += 1;
            return;
        };
        self.write(now, RTCMessage::RtpPacket(String::new(), packet));
    }

    /// Send RTCP in as few datagrams as fit.
    fn write_rtcp(&mut self, now: Instant, packets: Vec<Box<dyn rtcp::Packet>>) {
        let (mut compound, mut bytes) = (Vec::new(), 0);
        for packet in packets {
            let size = packet.raw_size();
            if bytes + size > MAX_RTCP_BYTES && !compound.is_empty() {
                self.write(
                    now,
                    RTCMessage::RtcpPacket(String::new(), std::mem::take(&mut compound)),
                );
                bytes = 0;
            }
            bytes += size;
            compound.push(packet);
        }
        if !compound.is_empty() {
            self.write(now, RTCMessage::RtcpPacket(String::new(), compound));
        }
    }

    fn write(&mut self, now: Instant, message: RTCMessage) {
        // Only queues; what fails later is logged by `rtc`.
        let _ = self.pc.handle_write(TaggedRTCMessage { now, message });
        self.unsent = true;
    }

    fn finish(&mut self, reason: &'static str, dtls_alert: bool) {
        if !self.closed {
            self.closed = true;
            self.events.push_back(PeerEvent::Closed { reason, dtls_alert });
        }
    }

    fn connect_deadline(&self) -> Option<Instant> {
        (!self.connected).then(|| self.accepted + CONNECT_DEADLINE)
    }
}

/// Whether one of the datagram's DTLS records is an alert (content type 21, RFC 6347 §4.1).
fn holds_alert(mut datagram: &[u8]) -> bool {
    const RECORD_HEADER_BYTES: usize = 13;
    while let Some((header, rest)) = datagram.split_at_checked(RECORD_HEADER_BYTES) {
        let &[kind, .., high, low] = header else {
            return false;
        };
        if kind == 21 {
            return true;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        datagram = rest.get(length..).unwrap_or_default();
    }
    false
}

impl Peer for RtcPeer {
    fn handle_datagram(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        if self.closed {
            return;
        }
        // RFC 7983 §7. Only an address that ICE has validated may speak anything but STUN.
        match datagram.first() {
            Some(0..=3) => self.handle_check(now, path, datagram),
            Some(20..=63) if self.paths.is_validated(&path) => self.handle_dtls(now, path, datagram),
            Some(128..=191) if self.paths.is_validated(&path) => self.handle_srtp(now, path, datagram),
            _ => self.stats.dropped_in += 1,
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.closed {
            return;
        }
        self.last_timeout = Some(now);
        if self.connect_deadline().is_some_and(|deadline| deadline <= now) {
            self.finish("no connection within 30 s of the offer", false);
            return;
        }
        let pc_timeout = self.pc_timeout.unwrap_or_else(|| self.pc.poll_timeout());
        if pc_timeout.is_some_and(|deadline| deadline <= now) {
            // Only a DTLS handshake out of retransmissions fails; the deadline above ends it.
            let _ = self.pc.handle_timeout(now);
            self.handle_events(now);
            self.unsent = true;
        }
        if self.connected {
            self.channels.handle_timeout(now, &mut self.pc, &mut self.events);
            if self
                .receiver
                .poll_timeout()
                .is_some_and(|deadline| deadline <= now)
            {
                let feedback = self.receiver.handle_timeout(now, &mut self.stats);
                self.write_rtcp(now, feedback);
            }
        }
        if let Some(path) = self.paths.probe(now) {
            self.send_probe(path);
        }
        self.paths.handle_timeout(now, &mut self.events);
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        if self.closed {
            return None;
        }
        let pc_timeout = *self.pc_timeout.get_or_insert_with(|| self.pc.poll_timeout());
        let feedback = if self.connected {
            self.receiver.poll_timeout()
        } else {
            None
        };
        let deadlines = [
            pc_timeout,
            feedback,
            self.paths.poll_timeout(),
            self.channels.poll_timeout(),
            self.connect_deadline(),
        ];
        let earliest = deadlines.into_iter().flatten().min()?;
        Some(
            self.last_timeout
                .map_or(earliest, |last| earliest.max(last + TIMER_GRANULARITY)),
        )
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        if self.unsent {
            self.flush();
        }
        self.transmits.pop_front()
    }

    fn poll_event(&mut self) -> Option<PeerEvent> {
        self.events.pop_front()
    }

    fn handle_offer(&mut self, now: Instant, sdp: &str) -> Result<Answer, OfferError> {
        let session = self
            .session
            .next(Offer::parse(sdp, MAX_REOFFER_BYTES)?, &self.factory.config)?;
        let restart = session.transport != self.session.transport;
        if restart {
            let version = self.version + 1;
            let max = self.factory.config.max_message_bytes;
            self.local = connection::negotiate(&mut self.pc, now, &session.transport, max, version)?;
            self.remotes.clear();
            self.handle_events(now);
            self.unsent = true;
        }
        self.version += 1;
        self.session = session;
        self.receiver.update(&self.session);
        self.sender.update(&self.session);
        Ok(self.answer())
    }

    fn is_reachable(&self) -> bool {
        self.connected && !self.closed && !self.paths.expired()
    }

    fn accepts(&self, slot: MLineIndex, codec: Codec) -> bool {
        self.sender.accepts(slot, codec)
    }

    fn send_rtp(&mut self, now: Instant, slot: MLineIndex, packet: SlotPacket) {
        let packet = self.sender.packet(slot, packet);
        self.write_rtp(now, packet);
    }

    fn send_retransmission(&mut self, now: Instant, slot: MLineIndex, packet: SlotPacket) {
        let packet = self.sender.retransmission(slot, packet);
        self.write_rtp(now, packet);
    }

    fn send_report(&mut self, now: Instant, slot: MLineIndex, report: SlotReport) {
        if let Some(packets) = self.sender.report(now, slot, report).filter(|_| self.connected) {
            self.write_rtcp(now, packets);
        }
    }

    fn request_keyframe(&mut self, now: Instant, section: MLineIndex, layer: LayerIndex) {
        // A layer that never sent has no SSRC to name, and no picture to complete.
        if let Some(media_ssrc) = self
            .receiver
            .media_ssrc(section, layer)
            .filter(|_| self.connected)
        {
            self.write_rtcp(
                now,
                vec![Box::new(PictureLossIndication {
                    sender_ssrc: self.rtcp_ssrc,
                    media_ssrc,
                })],
            );
        }
    }

    fn send_data(&mut self, now: Instant, channel: DataChannel, message: Bytes) -> Result<(), DataError> {
        let sent = self
            .channels
            .send(now, &mut self.pc, channel, message, &mut self.events);
        self.unsent = true;
        sent
    }

    fn close(&mut self, _now: Instant) {
        if self.closed {
            return;
        }
        self.closed = true;
        // Closing is best effort: the client notices silence too.
        let _ = self.pc.close();
        self.unsent = true;
    }

    fn stats(&self) -> PeerStats {
        self.stats
    }
}
