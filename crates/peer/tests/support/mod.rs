//! A client made of a real `rtc` connection, and a network in virtual time between it and the peer under test.
//!
//! The client negotiates only its transport through `rtc`; its media sections are plain text and its packets are
//! built by hand, so that a test says exactly what a browser sends.
#![allow(dead_code, unreachable_pub)] // each test file uses its own part

mod sdp;

pub use self::sdp::*;
use bytes::{Bytes, BytesMut};
use peer::{Answer, OfferError, Path, Peer, PeerConfig, PeerEvent, PeerFactory, Protocol, RtcPeer};
use rtc::data_channel::{RTCDataChannelId, RTCDataChannelInit};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::{Interceptor, Packet as RtcPacket, Registry, Slot, StreamInfo, TaggedPacket};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::RTCIceCandidateInit;
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtcp;
use rtc::rtp;
use rtc::sansio::Protocol as _;
use rtc::shared::error::Error;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// The one place where a test looks at the clock: an origin for virtual time.
#[allow(clippy::disallowed_methods)]
pub fn origin() -> Instant {
    Instant::now()
}

pub fn server_addr() -> SocketAddr {
    "192.0.2.1:10000".parse().unwrap()
}

pub fn client_addr() -> SocketAddr {
    "198.51.100.7:40000".parse().unwrap()
}

pub fn udp_path() -> Path {
    Path {
        protocol: Protocol::Udp,
        local: server_addr(),
        remote: client_addr(),
    }
}

pub fn tcp_path() -> Path {
    Path {
        protocol: Protocol::Tcp,
        local: server_addr(),
        remote: "198.51.100.7:50000".parse().unwrap(),
    }
}

pub fn factory() -> PeerFactory {
    PeerFactory::new(PeerConfig::new(vec![server_addr()])).unwrap()
}

struct Tap {
    inbound: SyncSender<RtcPacket>,
    outbound: VecDeque<TaggedPacket>,
}

impl rtc::sansio::Protocol<TaggedPacket, TaggedPacket, ()> for Tap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;
    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        let _ = self.inbound.try_send(packet.message.packet);
        Ok(())
    }
    fn poll_read(&mut self) -> Option<TaggedPacket> {
        None
    }
    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.outbound.push_back(packet);
        Ok(())
    }
    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.outbound.pop_front()
    }
}

impl Interceptor for Tap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}

/// A browser, as far as the server can tell.
pub struct Client {
    pub pc: RTCPeerConnection,
    inbound: Receiver<RtcPacket>,
    pub rtp: Vec<rtp::Packet>,
    pub rtcp: Vec<Box<dyn rtcp::Packet>>,
    pub messages: Vec<(RTCDataChannelId, Bytes)>,
    pub open_channels: Vec<RTCDataChannelId>,
    pub closed_channels: Vec<RTCDataChannelId>,
    /// While false, the client takes nothing out of its receive window.
    pub reads_data: bool,
    /// Where its non-STUN packets go and come from.
    pub path: Path,
    /// A path its ICE agent knows; STUN of the agent uses only this one.
    pub agent_path: Path,
}

#[derive(Clone, Default)]
pub struct ClientOptions {
    pub profiles: Vec<SrtpProtectionProfile>,
    pub tcp: bool,
    /// How often its ICE agent asks for consent.
    pub consent: Option<Duration>,
}

impl Client {
    pub fn new(now: Instant, options: ClientOptions) -> Self {
        let (sender, inbound) = sync_channel(64);
        let tap = Tap {
            inbound: sender,
            outbound: VecDeque::new(),
        };
        let mut settings = SettingEngineBuilder::new().with_multicast_dns_mode(MulticastDnsMode::Disabled);
        if options.consent.is_some() {
            settings = settings.with_ice_timeouts(None, None, options.consent);
        }
        if !options.profiles.is_empty() {
            settings = settings.with_srtp_protection_profiles(options.profiles);
        }
        let mut pc = RTCPeerConnectionBuilder::new()
            .with_setting_engine(settings.build())
            .with_interceptor_registry(Registry::new().with(Slot::NackGenerator, tap))
            .build(now)
            .unwrap();
        let path = if options.tcp { tcp_path() } else { udp_path() };
        let remote = path.remote;
        let candidate = if options.tcp {
            format!(
                "candidate:1 1 tcp 1518280447 {} {} typ host tcptype active",
                remote.ip(),
                remote.port()
            )
        } else {
            format!(
                "candidate:1 1 udp 2130706431 {} {} typ host",
                remote.ip(),
                remote.port()
            )
        };
        pc.add_local_candidate(RTCIceCandidateInit {
            candidate,
            ..Default::default()
        })
        .unwrap();
        Self {
            pc,
            inbound,
            rtp: Vec::new(),
            rtcp: Vec::new(),
            messages: Vec::new(),
            open_channels: Vec::new(),
            closed_channels: Vec::new(),
            reads_data: true,
            path,
            agent_path: path,
        }
    }

    pub fn create_channel(&mut self, label: &str) -> RTCDataChannelId {
        let init = match label {
            "lossy" => RTCDataChannelInit {
                ordered: false,
                max_retransmits: Some(0),
                ..Default::default()
            },
            _ => RTCDataChannelInit {
                ordered: true,
                ..Default::default()
            },
        };
        self.pc.create_data_channel(label, Some(init)).unwrap().id()
    }

    /// The client's offer: its transport, and these media sections (each from its m-line on, without transport).
    pub fn offer(&mut self, now: Instant, media: &[String]) -> String {
        let offer = self.pc.create_offer(None).unwrap();
        self.pc.set_local_description(now, offer.clone()).unwrap();
        bundle(&offer.sdp, media)
    }

    /// A first offer of a client that will not be used further.
    pub fn offer_with_channel(mut self, media: &[String]) -> String {
        self.create_channel("reliable");
        self.offer(origin(), media)
    }

    /// Apply the server's answer, of which `rtc` gets the data section.
    pub fn answer(&mut self, now: Instant, answer: &str) {
        let sdp = data_only(answer);
        self.pc
            .set_remote_description(now, RTCSessionDescription::answer(sdp).unwrap())
            .unwrap();
    }

    pub fn send_rtp(&mut self, now: Instant, packet: rtp::Packet) {
        let message = RTCMessage::RtpPacket(String::new(), packet);
        self.pc.handle_write(TaggedRTCMessage { now, message }).unwrap();
    }

    pub fn send_rtcp(&mut self, now: Instant, packets: Vec<Box<dyn rtcp::Packet>>) {
        let message = RTCMessage::RtcpPacket(String::new(), packets);
        self.pc.handle_write(TaggedRTCMessage { now, message }).unwrap();
    }

    pub fn send_data(&mut self, now: Instant, channel: RTCDataChannelId, message: &[u8]) {
        self.pc
            .data_channel(channel)
            .unwrap()
            .send(now, BytesMut::from(message))
            .unwrap();
    }

    fn handle(&mut self, now: Instant, path: Path, datagram: BytesMut) {
        let _ = self.pc.handle_read(TaggedBytesMut {
            now,
            transport: TransportContext {
                local_addr: path.remote,
                peer_addr: path.local,
                transport_protocol: protocol(path),
                ecn: None,
            },
            message: datagram,
        });
        while let Ok(packet) = self.inbound.try_recv() {
            match packet {
                RtcPacket::Rtp(packet) => self.rtp.push(packet),
                RtcPacket::Rtcp(packets) => self.rtcp.extend(packets),
                _ => {}
            }
        }
    }

    fn collect(&mut self) {
        while let Some(event) = self.pc.poll_event() {
            match event {
                RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id)) => {
                    self.open_channels.push(id);
                }
                RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnClose(id)) => {
                    self.closed_channels.push(id);
                }
                _ => {}
            }
        }
        while self.reads_data {
            let Some(message) = self.pc.poll_read() else { break };
            if let RTCMessage::DataChannelMessage(id, message) = message.message {
                self.messages.push((id, message.data.freeze()));
            }
        }
    }

    /// All RTCP of one kind received so far.
    pub fn rtcp_of<T: Clone + 'static>(&self) -> Vec<T> {
        self.rtcp
            .iter()
            .filter_map(|packet| packet.as_any().downcast_ref::<T>())
            .cloned()
            .collect()
    }
}

fn protocol(path: Path) -> TransportProtocol {
    match path.protocol {
        Protocol::Udp => TransportProtocol::UDP,
        Protocol::Tcp => TransportProtocol::TCP,
    }
}

/// An RTP packet with header extensions.
pub fn packet(
    ssrc: u32,
    payload_type: u8,
    seq: u16,
    extensions: &[(u8, &[u8])],
    payload: &[u8],
) -> rtp::Packet {
    let mut header = rtp::header::Header {
        version: 2,
        ssrc,
        payload_type,
        sequence_number: seq,
        timestamp: u32::from(seq) * 3000,
        ..Default::default()
    };
    for (id, value) in extensions {
        header.set_extension(*id, Bytes::copy_from_slice(value)).unwrap();
    }
    rtp::Packet {
        header,
        payload: Bytes::copy_from_slice(payload),
    }
}

/// Client and peer, with a network that delivers at once.
pub struct World {
    pub now: Instant,
    pub client: Client,
    pub server: RtcPeer,
    pub first_answer: Answer,
    pub events: Vec<PeerEvent>,
    /// Paths the network does not carry, in either direction.
    pub dead: Vec<Path>,
    /// What the server sends over DTLS gets lost when it is longer than this.
    pub loses_dtls_over: Option<usize>,
    /// Datagrams the server sent, by path.
    pub sent: Vec<(Path, usize)>,
    /// STUN answers and checks of the server on paths the client's agent does not know.
    pub stray_stun: Vec<(Path, BytesMut)>,
}

impl World {
    pub fn new(sections: &[String], options: ClientOptions, compat: bool) -> Self {
        Self::try_new(sections, options, compat).unwrap()
    }

    pub fn try_new(sections: &[String], options: ClientOptions, compat: bool) -> Result<Self, OfferError> {
        let now = origin();
        let mut client = Client::new(now, options);
        client.create_channel("reliable");
        client.create_channel("lossy");
        let offer = client.offer(now, sections);
        let (server, answer) = factory().accept(now, &offer, compat)?;
        client.answer(now, &answer.sdp);
        Ok(Self {
            now,
            client,
            server,
            first_answer: answer,
            events: Vec::new(),
            dead: Vec::new(),
            loses_dtls_over: None,
            sent: Vec::new(),
            stray_stun: Vec::new(),
        })
    }

    /// A world that is connected, with its data channels open.
    pub fn connected(sections: &[String]) -> Self {
        let mut world = Self::new(sections, ClientOptions::default(), false);
        world.run(Duration::from_secs(2));
        assert!(world.is_connected(), "handshake: {:?}", world.events);
        world
    }

    pub fn is_connected(&self) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event, PeerEvent::Connected { .. }))
    }

    /// Deliver everything that is on the way.
    pub fn exchange(&mut self) {
        for _ in 0..10_000 {
            let mut quiet = true;
            while let Some(out) = self.client.pc.poll_write() {
                quiet = false;
                let stun = out.message.first().is_some_and(|b| *b <= 3);
                let path = if stun {
                    self.client.agent_path
                } else {
                    self.client.path
                };
                if !self.dead.contains(&path) {
                    self.server.handle_datagram(self.now, path, out.message);
                }
            }
            while let Some(out) = self.server.poll_transmit() {
                quiet = false;
                self.sent.push((out.path, out.datagram.len()));
                let dtls = out.datagram.first().is_some_and(|b| (20..64).contains(b));
                let lost = self
                    .loses_dtls_over
                    .is_some_and(|most| dtls && out.datagram.len() > most);
                if lost || self.dead.contains(&out.path) {
                    continue;
                }
                if out.path != self.client.agent_path && out.datagram.first().is_some_and(|b| *b <= 3) {
                    self.stray_stun.push((out.path, out.datagram));
                    continue;
                }
                self.client.handle(self.now, self.client.agent_path, out.datagram);
            }
            while let Some(event) = self.server.poll_event() {
                self.events.push(event);
            }
            self.client.collect();
            if quiet {
                return;
            }
        }
        panic!("the two never fall silent");
    }

    /// Let time pass.
    pub fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        for _ in 0..1_000_000 {
            self.exchange();
            let next = [self.client.pc.poll_timeout(), self.server.poll_timeout()]
                .into_iter()
                .flatten()
                .min();
            let Some(next) = next.filter(|next| *next < end) else {
                break;
            };
            self.now = self.now.max(next) + Duration::from_micros(1);
            let _ = self.client.pc.handle_timeout(self.now);
            if self
                .server
                .poll_timeout()
                .is_some_and(|deadline| deadline <= self.now)
            {
                self.server.handle_timeout(self.now);
            }
        }
        self.now = self.now.max(end);
        self.exchange();
    }

    pub fn take_events(&mut self) -> Vec<PeerEvent> {
        std::mem::take(&mut self.events)
    }
}
