//! A worker over real sockets on loopback: datagrams reach the right peer over UDP and TCP, answers come back,
//! and nothing hostile stops it.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the I/O ring is tested with real sockets"
)]

use bytes::{Bytes, BytesMut};
use media::packet::SlotPacket;
use media::plane::{MediaCommand, MediaEvent, Sections};
use media::{Codec, LayerIndex, MLineIndex, ParticipantId, RoomId};
use node::{Deframer, Node, NodeConfig, NodeError, NodeEvent, WorkerCommand, frame};
use peer::{
    Answer, DataChannel, DataError, OfferError, Path, Peer, PeerEvent, PeerStats, Protocol, SlotReport,
    Transmit,
};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// A datagram that the echo does not survive.
const BREAKS: &str = "echo:breaks";
/// One that its worker does not survive either.
const FATAL: &str = "echo:fatal";

/// What a panic says that cannot be contained.
struct Uncontained;

impl Drop for Uncontained {
    fn drop(&mut self) {
        panic!("as the test asked");
    }
}

/// Validates whoever sends STUN and sends every datagram back three times.
#[derive(Default)]
struct EchoPeer {
    datagrams: u64,
    transmits: VecDeque<Transmit>,
    events: VecDeque<PeerEvent>,
}

impl Peer for EchoPeer {
    fn handle_datagram(&mut self, _now: Instant, path: Path, datagram: BytesMut) {
        assert_ne!(datagram.as_ref(), binding_request(BREAKS), "as the test asked");
        if datagram.as_ref() == binding_request(FATAL) {
            std::panic::panic_any(Uncontained);
        }
        self.datagrams += 1;
        self.events.push_back(PeerEvent::PathValidated(path));
        for _ in 0..3 {
            self.transmits.push_back(Transmit {
                path,
                datagram: datagram.clone(),
            });
        }
        if path.protocol == Protocol::Tcp {
            self.events.push_back(PeerEvent::Connected {
                srtp_profile: "none",
                protocol: Protocol::Tcp,
            });
        }
    }
    fn handle_timeout(&mut self, _now: Instant) {}
    fn poll_timeout(&mut self) -> Option<Instant> {
        None
    }
    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }
    fn poll_event(&mut self) -> Option<PeerEvent> {
        self.events.pop_front()
    }
    fn handle_offer(&mut self, _now: Instant, _sdp: &str) -> Result<Answer, OfferError> {
        Err(OfferError::Unsupported("an echo has no media".into()))
    }
    fn handle_path_closed(&mut self, _now: Instant, _path: Path) {}
    fn is_reachable(&self) -> bool {
        true
    }
    fn accepts(&self, _slot: MLineIndex, _codec: Codec) -> bool {
        false
    }
    fn takes_descriptors(&self, _: MLineIndex) -> bool {
        false
    }
    fn bandwidth(&self) -> Option<bwe::Estimate> {
        None
    }

    fn set_demand(&mut self, _: Instant, _: bwe::Demand) {}

    fn send_rtp(&mut self, _now: Instant, _slot: MLineIndex, _packet: SlotPacket) {}
    fn send_retransmission(&mut self, _now: Instant, _slot: MLineIndex, _packet: SlotPacket) {}
    fn send_report(&mut self, _now: Instant, _slot: MLineIndex, _report: SlotReport) {}
    fn request_keyframe(&mut self, _now: Instant, _section: MLineIndex, _layer: LayerIndex) {}
    fn send_data(&mut self, _now: Instant, _channel: DataChannel, _message: Bytes) -> Result<(), DataError> {
        Err(DataError::NotOpen)
    }
    fn close(&mut self, _now: Instant) {}
    fn stats(&self) -> PeerStats {
        PeerStats {
            rtx_received: self.datagrams,
            ..PeerStats::default()
        }
    }
}

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PATIENCE: Duration = Duration::from_secs(10);

fn config(port: u16) -> NodeConfig {
    NodeConfig {
        workers: 1,
        bind: LOOPBACK,
        port,
        fallback_ip: LOOPBACK,
        pin_workers: node::PinWorkers::Off,
        router: router::RouterConfig::default(),
    }
}

fn node_with_echo() -> (Node<EchoPeer>, tokio::sync::mpsc::Receiver<NodeEvent>, SocketAddr) {
    let (node, events) = Node::start(&config(0)).unwrap();
    node.send(0, echo(7)).unwrap();
    let addr = node.local_addr(0).unwrap();
    (node, events, addr)
}

fn echo(participant: u32) -> WorkerCommand<EchoPeer> {
    echo_named(participant, "echo")
}

fn echo_named(participant: u32, ufrag: &str) -> WorkerCommand<EchoPeer> {
    let answer = Answer {
        sdp: String::new(),
        sections: Sections::default(),
        ufrag: ufrag.into(),
    };
    WorkerCommand::AddPeer {
        room: RoomId(1),
        participant: ParticipantId(participant),
        peer: Box::new(EchoPeer::default()),
        answer: Box::new(answer),
    }
}

/// A STUN binding request (RFC 8489 §5) whose only attribute is USERNAME.
fn binding_request(username: &str) -> Vec<u8> {
    let padded = username.len().next_multiple_of(4);
    let mut message = vec![0x00, 0x01];
    message.extend(u16::try_from(4 + padded).unwrap().to_be_bytes());
    message.extend([0x21, 0x12, 0xa4, 0x42]);
    message.extend([9; 12]);
    message.extend([0x00, 0x06]);
    message.extend(u16::try_from(username.len()).unwrap().to_be_bytes());
    message.extend(username.as_bytes());
    message.resize(20 + 4 + padded, 0);
    message
}

fn udp_client() -> UdpSocket {
    let socket = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

#[test]
fn a_datagram_reaches_its_peer_over_udp_and_the_answers_come_back() {
    let (_node, _events, addr) = node_with_echo();
    let client = udp_client();
    let request = binding_request("echo:them");
    client.send_to(&request, addr).unwrap();
    let mut buffer = [0; 2_000];
    for _ in 0..3 {
        let (len, from) = client.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], from), (request.as_slice(), addr));
    }
}

#[test]
fn a_framed_datagram_reaches_its_peer_over_tcp_and_the_answers_come_back_framed() {
    let (_node, mut events, addr) = node_with_echo();
    let mut client = TcpStream::connect(addr).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = binding_request("echo:them");
    let mut framed = BytesMut::new();
    assert!(frame(&request, &mut framed));
    // Cut in the middle of the length field, as networks do.
    client.write_all(&framed[..1]).unwrap();
    client.write_all(&framed[1..]).unwrap();
    let mut deframer = Deframer::default();
    let mut answers = 0;
    let mut buffer = [0; 2_000];
    while answers < 3 {
        let count = client.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "the server closed the connection");
        deframer.push(&buffer[..count]);
        while let Some(datagram) = deframer.next_frame().unwrap() {
            assert_eq!(datagram, request.as_slice());
            answers += 1;
        }
    }
    let event = events.blocking_recv().unwrap();
    assert!(
        matches!(event.event, MediaEvent::Connected { transport: "tcp", .. }),
        "{event:?}"
    );
}

#[test]
fn a_connection_that_sends_something_else_is_closed_and_the_others_go_on() {
    let (_node, _events, addr) = node_with_echo();
    let mut hostile = TcpStream::connect(addr).unwrap();
    hostile.set_read_timeout(Some(PATIENCE)).unwrap();
    hostile.write_all(b"\xff\xffGET / HTTP/1.1\r\n").unwrap();
    let mut buffer = [0; 16];
    assert!(matches!(hostile.read(&mut buffer), Ok(0) | Err(_)), "closed");
    let client = udp_client();
    client.send_to(&binding_request("echo:them"), addr).unwrap();
    assert!(client.recv_from(&mut buffer).is_ok());
}

#[test]
fn a_busy_port_is_named_with_what_to_do() {
    let (_node, _events, addr) = node_with_echo();
    let error = Node::<EchoPeer>::start(&config(addr.port())).err().unwrap();
    assert!(matches!(error, NodeError::Bind { .. }));
    let text = error.to_string();
    assert!(
        text.contains(&addr.port().to_string()) && text.contains("media_port"),
        "{text}"
    );
}

#[test]
fn workers_that_need_ports_above_65535_are_refused() {
    let mut config = config(65_535);
    config.workers = 2;
    let error = Node::<EchoPeer>::start(&config).err().unwrap();
    assert!(
        matches!(
            error,
            NodeError::Ports {
                workers: 2,
                port: 65_535
            }
        ),
        "{error}"
    );
}

#[test]
fn commands_sent_before_shutdown_are_still_handled() {
    let (node, mut events, _addr) = node_with_echo();
    let command = MediaCommand::Offer {
        participant: ParticipantId(7),
        request: 5,
        sdp: "v=0".into(),
    };
    node.send(0, WorkerCommand::Media(command)).unwrap();
    node.shutdown();
    let mut answered = false;
    while let Some(event) = events.blocking_recv() {
        answered |= matches!(
            event.event,
            MediaEvent::Answer {
                request: 5,
                result: Err(_),
                ..
            }
        );
    }
    assert!(answered);
}

/// Looks until it is so, for as long as patience lasts.
fn becomes_true(mut is_so: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

#[test]
fn the_snapshot_counts_for_peers_that_left_as_well() {
    let (node, _events, addr) = node_with_echo();
    let client = udp_client();
    client.send_to(&binding_request("echo:them"), addr).unwrap();
    assert!(becomes_true(|| node.snapshot(0).peers.rtx_received == 1));
    let participant = ParticipantId(7);
    node.send(0, WorkerCommand::Media(MediaCommand::RemovePeer { participant }))
        .unwrap();
    assert!(becomes_true(|| node.snapshot(0).router.peers == 0));
    let snapshot = node.snapshot(0);
    assert_eq!(snapshot.peers.rtx_received, 1);
    let batches = (&snapshot.received_batches, &snapshot.sent_batches);
    assert_eq!((batches.0.sum(), batches.1.sum()), (1, 3));
    assert!(snapshot.lag_us.count() > 0 && snapshot.cpu > Duration::ZERO);
}

#[test]
fn a_peer_that_breaks_is_told_and_the_others_go_on() {
    let (node, mut events, addr) = node_with_echo();
    node.send(0, echo_named(8, "other")).unwrap();
    let client = udp_client();
    client.send_to(&binding_request(BREAKS), addr).unwrap();
    let event = events.blocking_recv().unwrap();
    let gone = matches!(
        event.event,
        MediaEvent::Disconnected {
            participant: ParticipantId(7),
            ..
        }
    );
    assert!(gone, "{event:?}");
    let request = binding_request("other:them");
    client.send_to(&request, addr).unwrap();
    let mut buffer = [0; 2_000];
    let len = client.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..len], request.as_slice());
    assert!(becomes_true(|| node.snapshot(0).router.panics == 1));
    assert_eq!(node.ended_worker(), None);
}

#[test]
fn a_worker_that_ended_is_told() {
    let (node, _events, addr) = node_with_echo();
    assert_eq!(node.ended_worker(), None);
    let client = udp_client();
    client.send_to(&binding_request(FATAL), addr).unwrap();
    assert!(becomes_true(|| node.ended_worker() == Some(0)));
    assert!(node.send(0, echo(8)).is_err());
}
