//! Media without cryptography, over real sockets.
#![allow(
    unreachable_pub,
    dead_code,
    reason = "each test binary uses what it needs of it"
)]

use bytes::{Bytes, BytesMut};
use media::packet::SlotPacket;
use media::plane::{PublishSection, Sections, Slot};
use media::{Codec, Extensions, Kind, LayerIndex, MLineIndex, Packet, ParticipantId, RoomId, RtpTime, SeqNo};
use node::{Node, WorkerCommand};
use peer::{
    Answer, DataChannel, DataError, OfferError, Path, Peer, PeerEvent, PeerStats, SlotReport, Transmit,
};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

pub const ROOM: RoomId = RoomId(1);
pub const CAMERA: MLineIndex = MLineIndex(0);
pub const SLOT: MLineIndex = MLineIndex(1);
pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// The first byte of a datagram that looks like DTLS.
pub const STOP: u8 = 20;
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Media without cryptography: a datagram that begins as RTP does is a frame of the camera, in and out; `P` out is a
/// keyframe request.
pub struct PlainPeer {
    /// At which its worker stops for a [`STOP`], until the test lets it go on.
    barrier: Arc<Barrier>,
    path: Option<Path>,
    seq: SeqNo,
    transmits: VecDeque<Transmit>,
    events: VecDeque<PeerEvent>,
}

impl PlainPeer {
    fn send(&mut self, bytes: &[u8]) {
        let transmit = self.path.map(|path| Transmit {
            path,
            datagram: BytesMut::from(bytes),
        });
        self.transmits.extend(transmit);
    }
}

impl Peer for PlainPeer {
    fn handle_datagram(&mut self, _now: Instant, path: Path, datagram: BytesMut) {
        if datagram.first() == Some(&0) {
            self.path = Some(path);
            self.events.push_back(PeerEvent::PathValidated(path));
            return self.send(b"S");
        }
        if datagram.first() == Some(&STOP) {
            self.barrier.wait();
            self.barrier.wait();
            return;
        }
        self.seq = self.seq.advance(1);
        let packet = Packet {
            seq: self.seq,
            timestamp: RtpTime(u32::from(self.seq.0) * 3_000),
            marker: true,
            codec: Codec::Vp8,
            extensions: Extensions::default(),
            payload: Bytes::copy_from_slice(&datagram[1..]),
        };
        self.events.push_back(PeerEvent::Rtp {
            section: CAMERA,
            layer: LayerIndex(0),
            packet,
        });
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
        Err(OfferError::Unsupported("nobody offers".into()))
    }
    fn handle_path_closed(&mut self, _now: Instant, _path: Path) {}
    fn is_reachable(&self) -> bool {
        self.path.is_some()
    }
    fn accepts(&self, _slot: MLineIndex, _codec: Codec) -> bool {
        true
    }
    fn takes_descriptors(&self, _: MLineIndex) -> bool {
        false
    }
    fn bandwidth(&self) -> Option<bwe::Estimate> {
        None
    }
    fn set_demand(&mut self, _: Instant, _: bwe::Demand) {}
    fn send_rtp(&mut self, _now: Instant, _slot: MLineIndex, packet: SlotPacket) {
        self.send(&[&[0x80], &packet.payload.to_bytes()[..]].concat());
    }
    fn send_retransmission(&mut self, _now: Instant, _slot: MLineIndex, _packet: SlotPacket) {}
    fn send_report(&mut self, _now: Instant, _slot: MLineIndex, _report: SlotReport) {}
    fn request_keyframe(&mut self, _now: Instant, _section: MLineIndex, _layer: LayerIndex) {
        self.send(b"P");
    }
    fn send_data(&mut self, _now: Instant, _channel: DataChannel, _message: Bytes) -> Result<(), DataError> {
        Err(DataError::NotOpen)
    }
    fn close(&mut self, _now: Instant) {}
    fn stats(&self) -> PeerStats {
        PeerStats::default()
    }
}

/// A STUN binding request (RFC 8489 §5) whose only attribute is USERNAME.
pub fn binding_request(ufrag: char) -> Vec<u8> {
    let mut message = vec![0, 1, 0, 12, 0x21, 0x12, 0xA4, 0x42];
    message.extend([9; 12]);
    message.extend([0, 6, 0, 6]);
    message.extend(format!("{ufrag}:them").as_bytes());
    message.resize(20 + 12, 0);
    message
}

/// A VP8 frame in one packet (RFC 7741 §4.2), as RTP begins.
pub fn frame(keyframe: bool, picture_id: u8) -> Vec<u8> {
    let first = if keyframe { 0x10 } else { 0x11 };
    vec![0x80, 0x90, 0x80, 0x80, picture_id, first, 2, 0, 0x9D, 1, 0x2A]
}

pub fn join(node: &Node<PlainPeer>, worker: usize, participant: u32, ufrag: char) -> UdpSocket {
    join_with(node, worker, participant, ufrag, Arc::new(Barrier::new(2)))
}

pub fn join_with(
    node: &Node<PlainPeer>,
    worker: usize,
    participant: u32,
    ufrag: char,
    barrier: Arc<Barrier>,
) -> UdpSocket {
    let slot = |mline: MLineIndex| Slot {
        mline,
        mid: mline.0.to_string(),
    };
    let answer = Answer {
        sdp: String::new(),
        sections: Sections {
            publish: vec![PublishSection {
                mline: CAMERA,
                mid: "0".into(),
                kind: Kind::Video,
                rids: Vec::new(),
            }],
            video_slots: vec![slot(SLOT)],
            audio_slots: Vec::new(),
        },
        ufrag: ufrag.into(),
    };
    let peer = PlainPeer {
        barrier,
        path: None,
        seq: SeqNo(0),
        transmits: VecDeque::new(),
        events: VecDeque::new(),
    };
    let command = WorkerCommand::AddPeer {
        room: ROOM,
        participant: ParticipantId(participant),
        peer: Box::new(peer),
        answer: Box::new(answer),
    };
    node.send(worker, command).unwrap();
    let client = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let address: SocketAddr = node.local_addr(worker).unwrap();
    client.connect(address).unwrap();
    client.send(&binding_request(ufrag)).unwrap();
    assert_eq!(receive(&client), b"S");
    client
}

pub fn receive(client: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 2_000];
    let length = client.recv(&mut buffer).expect("something comes");
    buffer[..length].to_vec()
}
