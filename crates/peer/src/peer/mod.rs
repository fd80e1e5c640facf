//! The peer on `rtc`: sdp, paths, media and data put together.

mod inbound;
mod outbound;

use crate::api::{
    Answer, DataChannel, DataError, OfferError, Path, Peer, PeerEvent, PeerStats, Protocol, SlotReport,
    Transmit,
};
use crate::channels::Channels;
use crate::config::{MAX_OFFER_BYTES, MAX_REOFFER_BYTES, SrtpProfiles};
use crate::connection;
use crate::egress::Egress;
use crate::factory::PeerFactory;
use crate::handshake::LastFlight;
use crate::paths::Paths;
use crate::probe;
use crate::receive::Receiver;
use crate::sdp::answer::{self, AnswerParameters};
use crate::sdp::offer::Offer;
use crate::sdp::session::Session;
use crate::sdp::transport::LocalTransport;
use crate::send::Sender;
use crate::srtp::Srtp;
use crate::srtp::keys::Recorder;
use crate::stun::Binding;
use bytes::{Bytes, BytesMut};
use media::packet::SlotPacket;
use media::{Codec, LayerIndex, MLineIndex};
use rtc::peer_connection::RTCPeerConnection;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::sansio::Protocol as _;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A client that has not connected by then never will: browsers give up after 30 s too.
const CONNECT_DEADLINE: Duration = Duration::from_secs(30);
/// Shortest time between two timeouts: a deadline in the past must not become a busy loop.
const TIMER_GRANULARITY: Duration = Duration::from_millis(1);

/// The server's end of one PeerConnection, on `rtc`.
pub struct RtcPeer {
    factory: PeerFactory,
    pc: RTCPeerConnection,
    recorder: Arc<Recorder>,
    /// Once there is a connection.
    srtp: Option<Srtp>,
    session: Session,
    local: LocalTransport,
    session_id: u64,
    /// Of our answers.
    version: u64,
    paths: Paths,
    receiver: Receiver,
    sender: Sender,
    egress: Egress,
    channels: Channels,
    /// SSRC of RTCP that concerns no stream of ours.
    rtcp_ssrc: u32,
    /// Remote addresses seen with the current credentials.
    remotes: Vec<(Protocol, SocketAddr)>,
    /// The check that is being handled: when and where it came from, and what it is.
    check: Option<(Instant, Path, Binding)>,
    /// `rtc` put off the answer to the check at hand, which nominates, until its own check was answered.
    deferred: bool,
    /// Checks put off. Over TCP a client sends a check only once (RFC 8489 §6.2.2), so it must not be lost.
    held: Vec<(Path, BytesMut)>,
    /// The last probes that were not answered, the newest first: where a round trip takes longer than the next probe
    /// waits, the answer to a former one comes.
    probes: Vec<probe::Transaction>,
    /// Of the handshake, until it is done.
    flight: LastFlight,
    transmits: VecDeque<Transmit>,
    events: VecDeque<PeerEvent>,
    /// `rtc` may have something to send.
    unsent: bool,
    /// The pacer may have something to send.
    paced: bool,
    /// The latest time this peer was told: [`Peer::poll_transmit`] is not told one.
    now: Instant,
    /// The deadline of `rtc`; `None` in the outer option when it must be asked again.
    pc_timeout: Option<Option<Instant>>,
    /// The earliest deadline of everything but the downlink; `None` in the outer option when it must be asked again.
    /// Sending media does not change it, and asking reads all of the peer's memory.
    other_timeout: Option<Option<Instant>>,
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
        let (mut pc, recorder) = connection::build(factory, now, profiles)
            .map_err(|error| OfferError::Unsupported(format!("no connection could be made: {error}")))?;
        let version = 1;
        let local = connection::negotiate(
            &mut pc,
            now,
            &session.transport,
            factory.config.max_message_bytes,
            version,
        )?;
        let sender = Sender::new(&session);
        let peer = Self {
            factory: factory.clone(),
            pc,
            recorder,
            srtp: None,
            receiver: Receiver::new(&session),
            egress: Egress::new(now, &sender),
            sender,
            session,
            local,
            session_id: u64::from(rand::random::<u32>()),
            version,
            paths: Paths::new(),
            channels: Channels::default(),
            rtcp_ssrc: rand::random(),
            remotes: Vec::new(),
            check: None,
            deferred: false,
            held: Vec::new(),
            probes: Vec::new(),
            flight: LastFlight::default(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            unsent: false,
            paced: false,
            now,
            pc_timeout: None,
            other_timeout: None,
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

    /// What the server has sent to this client so far, by class.
    pub fn downlink(&self) -> bwe::DownlinkStats {
        self.egress.stats()
    }

    fn finish(&mut self, reason: &'static str, dtls_alert: bool) {
        if !self.closed {
            self.closed = true;
            self.events.push_back(PeerEvent::Closed { reason, dtls_alert });
        }
    }

    /// The deadlines that sending media does not move.
    fn poll_others(&mut self) -> Option<Instant> {
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
        deadlines.into_iter().flatten().min()
    }

    fn connect_deadline(&self) -> Option<Instant> {
        (!self.connected).then(|| self.accepted + CONNECT_DEADLINE)
    }
}

impl Peer for RtcPeer {
    fn handle_datagram(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        if self.closed {
            return;
        }
        self.other_timeout = None;
        self.now = self.now.max(now);
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
        self.other_timeout = None;
        self.now = self.now.max(now);
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
                let feedback = self.receiver.handle_timeout(now, self.rtcp_ssrc, &mut self.stats);
                self.write_rtcp(feedback);
            }
            self.egress.handle_timeout(now);
            self.tell_bandwidth(now);
            self.paced = true;
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
        let others = self.other_timeout.unwrap_or_else(|| self.poll_others());
        self.other_timeout = Some(others);
        let egress = if self.connected {
            self.egress.poll_timeout()
        } else {
            None
        };
        let earliest = [others, egress].into_iter().flatten().min()?;
        Some(
            self.last_timeout
                .map_or(earliest, |last| earliest.max(last + TIMER_GRANULARITY)),
        )
    }

    fn tell_time(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        let mut buffer = Vec::new();
        let path = self.poll_datagram(&mut buffer)?;
        let datagram = BytesMut::from(buffer.as_slice());
        Some(Transmit { path, datagram })
    }

    fn poll_datagram(&mut self, buffer: &mut Vec<u8>) -> Option<Path> {
        if self.unsent {
            self.flush();
        }
        let media = if self.paced { self.release(buffer) } else { None };
        media.or_else(|| {
            let transmit = self.transmits.pop_front()?;
            buffer.extend_from_slice(&transmit.datagram);
            Some(transmit.path)
        })
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
        self.other_timeout = None;
        self.session = session;
        self.receiver.update(&self.session);
        self.sender.update(&self.session);
        self.egress.update(&self.sender);
        Ok(self.answer())
    }

    fn handle_path_closed(&mut self, _now: Instant, path: Path) {
        self.other_timeout = None;
        self.paths.closed(&path, &mut self.events);
    }

    fn is_reachable(&self) -> bool {
        self.connected && !self.closed && !self.paths.expired()
    }

    fn accepts(&self, slot: MLineIndex, codec: Codec) -> bool {
        self.sender.accepts(slot, codec)
    }

    fn takes_descriptors(&self, slot: MLineIndex) -> bool {
        self.sender.takes_descriptors(slot)
    }

    fn bandwidth(&self) -> Option<bwe::Estimate> {
        self.egress.estimate().filter(|_| self.connected)
    }

    fn poll_change(&mut self) -> Option<bwe::Change> {
        self.egress.poll_change()
    }

    fn set_demand(&mut self, now: Instant, demand: bwe::Demand) {
        self.now = self.now.max(now);
        self.egress.set_demand(now, demand);
        self.paced = true;
    }

    fn send_rtp(&mut self, now: Instant, slot: MLineIndex, packet: SlotPacket) {
        self.push(now, slot, packet, false);
    }

    fn send_retransmission(&mut self, now: Instant, slot: MLineIndex, packet: SlotPacket) {
        self.push(now, slot, packet, true);
    }

    fn send_report(&mut self, now: Instant, slot: MLineIndex, report: SlotReport) {
        if let Some(packets) = self.sender.report(now, slot, report).filter(|_| self.connected) {
            self.write_rtcp(packets);
        }
    }

    fn give_up_repairs(&mut self, section: MLineIndex, layer: LayerIndex) {
        self.receiver.give_up_repairs(section, layer);
    }

    fn request_keyframe(&mut self, _now: Instant, section: MLineIndex, layer: LayerIndex) {
        // A layer that never sent has no SSRC to name, and no picture to complete.
        if let Some(media_ssrc) = self
            .receiver
            .media_ssrc(section, layer)
            .filter(|_| self.connected)
        {
            self.write_rtcp(vec![Box::new(PictureLossIndication {
                sender_ssrc: self.rtcp_ssrc,
                media_ssrc,
            })]);
        }
    }

    fn send_data(&mut self, now: Instant, channel: DataChannel, message: Bytes) -> Result<(), DataError> {
        let sent = self
            .channels
            .send(now, &mut self.pc, channel, message, &mut self.events);
        self.unsent = true;
        self.other_timeout = None;
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
        let downlink = self.egress.stats();
        PeerStats {
            padding_bytes: downlink.padding_bytes,
            probes: downlink.probes,
            pacer_drops: downlink.pacer_drops,
            repairs_copied: downlink.repairs_copied,
            ..self.stats
        }
    }
}
