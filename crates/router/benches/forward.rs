//! The router without a network: finding a datagram's peer, and one publisher's packet to many subscribers.
//!
//! Shows: our own cost. The peers do nothing: no decryption, no encryption, no `rtc`. `demultiplex` is one datagram in
//! and the router polled until it is silent; `fan_out` is the same for a VP8 packet of 1,150 bytes that goes to so many
//! subscribers, sender reports (one a second and slot) included. What one subscriber adds is the difference of two
//! lines by the difference of their subscribers.
//!
//! Does not show: what `rtc` and the kernel cost (most of a packet, see `peer`'s benchmark), batching, many tracks at
//! once.
// An origin for virtual time, and the benchmark itself measures by the clock.
#![allow(clippy::disallowed_methods)]

use bytes::{BufMut, Bytes, BytesMut};
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use media::packet::SlotPacket;
use media::plane::{MediaCommand, PublishSection, Sections, Slot, SlotAssignment};
use media::{
    Bitrate, Codec, Extensions, Kind, LayerIndex, LayerInfo, MLineIndex, NtpTime, Packet, ParticipantId,
    RoomId, RtpTime, SeqNo, Source, TrackId,
};
use peer::{
    Answer, DataChannel, DataError, OfferError, Path, Peer, PeerEvent, PeerStats, Protocol, SlotReport,
    Transmit,
};
use router::{Router, RouterConfig};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const CAMERA: MLineIndex = MLineIndex(0);
const SLOT: MLineIndex = MLineIndex(1);
const TRACK: TrackId = TrackId(7);
const RTP_HEADER: usize = 12;
const VIDEO_BYTES: usize = 1_150;
const PACKETS_PER_FRAME: u32 = 4;

fn main() {
    divan::main();
}

/// The unit: one allocation, one copy.
#[divan::bench]
fn copy(bencher: Bencher<'_, '_>) {
    let payload = vec![7; VIDEO_BYTES];
    bencher.bench_local(|| Bytes::copy_from_slice(divan::black_box(&payload)));
}

#[divan::bench(args = [10, 100, 400], sample_count = 1_000)]
fn fan_out(bencher: Bencher<'_, '_>, subscribers: u32) {
    let mut stage = Stage::new(subscribers + 1);
    stage.publish_to(subscribers);
    let mut number = 0;
    let mut next = || {
        let (passed, datagram) = video_datagram(number);
        number += 1;
        (passed, datagram)
    };
    // Once around every slot's history: from here on their memory is their own.
    for _ in 0..1_024 {
        let (passed, datagram) = next();
        stage.handle(passed, path_of(0), datagram);
    }
    let sent = stage.router.counters().video_out.packets;
    assert_eq!(
        sent,
        1_024 * u64::from(subscribers),
        "every packet reaches everyone"
    );
    bencher
        .counter(ItemsCount::new(subscribers))
        .with_inputs(next)
        .bench_local_values(|(passed, datagram)| stage.handle(passed, path_of(0), datagram));
}

/// A media datagram of a client whose address is known, among so many.
#[divan::bench(args = [10, 100, 1_000])]
fn demultiplex_address(bencher: Bencher<'_, '_>, peers: u32) {
    // An RTP header alone: the peer that does nothing has no packet for it.
    demultiplex(bencher, peers, |_| BytesMut::from(&[0x80; RTP_HEADER - 1][..]), 0);
}

/// The same from an address that is nobody's: what a stranger costs.
#[divan::bench(args = [10, 100, 1_000])]
fn demultiplex_stranger(bencher: Bencher<'_, '_>, peers: u32) {
    demultiplex(
        bencher,
        peers,
        |_| BytesMut::from(&[0x80; RTP_HEADER - 1][..]),
        peers,
    );
}

/// A binding request, found by its username.
#[divan::bench(args = [10, 100, 1_000])]
fn demultiplex_username(bencher: Bencher<'_, '_>, peers: u32) {
    demultiplex(bencher, peers, binding_request, 0);
}

/// Datagrams of peer after peer, beginning with the address of number `first`.
fn demultiplex(bencher: Bencher<'_, '_>, peers: u32, datagram: fn(u32) -> BytesMut, first: u32) {
    let mut stage = Stage::new(peers);
    let mut number = 0;
    let next = || {
        // A step that has no factor in common with the numbers of peers: no neighbours in memory.
        number = (number + 7) % peers;
        (path_of(first + number), datagram(number))
    };
    bencher
        .with_inputs(next)
        .bench_local_values(|(path, datagram)| stage.handle(Duration::ZERO, path, datagram));
}

/// A router with peers that do nothing, and its time.
struct Stage {
    router: Router<IdlePeer>,
    start: Instant,
}

impl Stage {
    /// Peers 0..`peers` of one room, their addresses validated.
    fn new(peers: u32) -> Stage {
        let start = Instant::now();
        let mut router = Router::new(RouterConfig::default(), NtpTime(3_900_000_000 << 32), start);
        for number in 0..peers {
            let answer = Answer {
                sdp: String::new(),
                sections: sections(),
                ufrag: ufrag(number),
            };
            router.add_peer(
                start,
                RoomId(1),
                ParticipantId(number),
                IdlePeer::default(),
                &answer,
            );
        }
        let mut stage = Stage { router, start };
        for number in 0..peers {
            stage.handle(Duration::ZERO, path_of(number), binding_request(number));
        }
        assert_eq!(stage.router.counters().addresses, u64::from(peers));
        stage
    }

    /// Peer 0 publishes, peers 1..=`subscribers` see it.
    fn publish_to(&mut self, subscribers: u32) {
        let layer = LayerInfo {
            rid: String::new(),
            height: 720,
            max_bitrate: Bitrate(0),
        };
        let publish = MediaCommand::Publish {
            participant: ParticipantId(0),
            mline: CAMERA,
            track: TRACK,
            source: Source::Camera,
            layers: vec![layer],
        };
        self.router.handle_command(self.start, publish);
        let slot = SlotAssignment {
            slot: SLOT,
            track: Some(TRACK),
            height: 720,
            priority: 0,
        };
        for number in 1..=subscribers {
            let assign = MediaCommand::Assign {
                participant: ParticipantId(number),
                slots: vec![slot],
            };
            self.router.handle_command(self.start, assign);
        }
    }

    /// What a worker does with a datagram, without its sockets.
    fn handle(&mut self, passed: Duration, path: Path, datagram: BytesMut) {
        let now = self.start + passed;
        // As a worker does, so that what it costs to contain a panic is in it.
        self.router
            .contain(|router| router.handle_datagram(now, path, datagram));
        self.router.contain(|router| {
            while let Some(event) = router.poll_event() {
                drop(event);
            }
            while let Some(transmit) = router.poll_transmit() {
                drop(transmit);
            }
        });
        let due = self.router.contain(Router::poll_timeout).flatten();
        if due.is_some_and(|at| at <= now) {
            self.router.contain(|router| router.handle_timeout(now));
        }
    }
}

/// Takes everything, does nothing. A datagram with an RTP header is a packet that needed no decryption.
#[derive(Default)]
struct IdlePeer {
    event: Option<PeerEvent>,
}

impl Peer for IdlePeer {
    fn handle_datagram(&mut self, _: Instant, path: Path, mut datagram: BytesMut) {
        if datagram.first() == Some(&0) {
            self.event = Some(PeerEvent::PathValidated(path));
        } else if datagram.len() > RTP_HEADER {
            let payload = datagram.split_off(RTP_HEADER).freeze();
            let packet = Packet {
                seq: SeqNo(u16::from_be_bytes([datagram[2], datagram[3]])),
                timestamp: RtpTime(u32::from_be_bytes([
                    datagram[4],
                    datagram[5],
                    datagram[6],
                    datagram[7],
                ])),
                marker: datagram[1] & 0x80 != 0,
                codec: Codec::Vp8,
                extensions: Extensions::default(),
                payload,
            };
            self.event = Some(PeerEvent::Rtp {
                section: CAMERA,
                layer: LayerIndex(0),
                packet,
            });
        }
    }
    fn handle_timeout(&mut self, _: Instant) {}
    fn poll_timeout(&mut self) -> Option<Instant> {
        None
    }
    fn poll_transmit(&mut self) -> Option<Transmit> {
        None
    }
    fn poll_event(&mut self) -> Option<PeerEvent> {
        self.event.take()
    }
    fn handle_path_closed(&mut self, _: Instant, _: Path) {}
    fn handle_offer(&mut self, _: Instant, _: &str) -> Result<Answer, OfferError> {
        Err(OfferError::Unsupported("this peer does nothing".to_owned()))
    }
    fn is_reachable(&self) -> bool {
        true
    }
    fn accepts(&self, _: MLineIndex, _: Codec) -> bool {
        true
    }
    fn takes_descriptors(&self, _: MLineIndex) -> bool {
        true
    }
    fn bandwidth(&self) -> Option<bwe::Estimate> {
        None
    }

    fn set_demand(&mut self, _: Instant, _: bwe::Demand) {}

    fn send_rtp(&mut self, _: Instant, _: MLineIndex, packet: SlotPacket) {
        drop(divan::black_box(packet));
    }
    fn send_retransmission(&mut self, _: Instant, _: MLineIndex, _: SlotPacket) {}
    fn send_report(&mut self, _: Instant, _: MLineIndex, _: SlotReport) {}
    fn request_keyframe(&mut self, _: Instant, _: MLineIndex, _: LayerIndex) {}
    fn send_data(&mut self, _: Instant, _: DataChannel, _: Bytes) -> Result<(), DataError> {
        Ok(())
    }
    fn close(&mut self, _: Instant) {}
    fn stats(&self) -> PeerStats {
        PeerStats::default()
    }
}

fn sections() -> Sections {
    let camera = PublishSection {
        mline: CAMERA,
        mid: "0".to_owned(),
        kind: Kind::Video,
        rids: Vec::new(),
    };
    let slot = Slot {
        mline: SLOT,
        mid: "1".to_owned(),
    };
    Sections {
        publish: vec![camera],
        video_slots: vec![slot],
        audio_slots: Vec::new(),
    }
}

/// Every client behind an address of its own.
fn path_of(number: u32) -> Path {
    Path {
        protocol: Protocol::Udp,
        local: SocketAddr::from(([192, 0, 2, 1], 10_000)),
        remote: SocketAddr::from((std::net::Ipv4Addr::from_bits(0x0a00_0000 + number), 40_000)),
    }
}

fn ufrag(number: u32) -> String {
    format!("u{number:07}")
}

/// A STUN binding request (RFC 8489 §5) with USERNAME first.
fn binding_request(number: u32) -> BytesMut {
    let username = format!("{}:abc", ufrag(number));
    assert!(username.len().is_multiple_of(4), "no padding");
    let length = username.len() as u16;
    let mut request = BytesMut::new();
    request.put_slice(&[0, 1]);
    request.put_u16(length + 4);
    request.put_slice(&[0x21, 0x12, 0xa4, 0x42]);
    request.put_slice(&[7; 12]);
    request.put_u16(6);
    request.put_u16(length);
    request.put_slice(username.as_bytes());
    request
}

/// The datagram with this number of a stream of 30 frames a second, the first of which is a keyframe, and when it comes.
fn video_datagram(number: u32) -> (Duration, BytesMut) {
    let (frame, part) = (number / PACKETS_PER_FRAME, number % PACKETS_PER_FRAME);
    let marker = u8::from(part + 1 == PACKETS_PER_FRAME) << 7;
    let mut datagram = BytesMut::with_capacity(RTP_HEADER + VIDEO_BYTES);
    datagram.put_slice(&[0x80, marker | 96]);
    datagram.put_u16(number as u16);
    datagram.put_u32(frame.wrapping_mul(3_000));
    datagram.put_u32(1);
    datagram.put_u8(0x80 | if part == 0 { 0x10 } else { 0 });
    datagram.put_u8(0xe0);
    datagram.put_u16(0x8000 | (frame & 0x7fff) as u16);
    datagram.put_u8(frame as u8);
    datagram.put_u8(0x20);
    datagram.put_u8(u8::from(frame != 0));
    datagram.resize(RTP_HEADER + VIDEO_BYTES, 7);
    (Duration::from_micros(33_333) * frame, datagram)
}
