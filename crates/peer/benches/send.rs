//! One packet out of, and one into, a real connected peer: what `rtc` and our use of it cost.
//!
//! Shows: time and allocations from [`Peer::send_rtp`] to an encrypted datagram (`send`, for one packet and for a burst
//! between two polls; the client has reported on the slot, so the packet carries no mid; `send_audio` carries an audio
//! level), and from a client's datagram to a [`PeerEvent::Rtp`] (`receive`). The handshake is a real one, in memory; the
//! profile is the default one (AEAD_AES_128_GCM). `copy` is the unit to compare with.
//!
//! Does not show: sockets and system calls, timers (they run between the measured parts), feedback, loss, data
//! channels, cold caches (one peer stays in the cache; a worker serves hundreds), peers with many m-lines (this one has
//! nine).
// The benchmark itself measures by the clock.
#![allow(clippy::disallowed_methods)]

#[path = "../tests/support/mod.rs"]
mod support;

use bytes::{Bytes, BytesMut};
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use media::packet::SlotPacket;
use media::{Codec, Extensions, MLineIndex, RtpTime, SeqNo, TrackId};
use peer::{Peer, PeerEvent};
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::sansio::Protocol as _;
use std::cell::RefCell;
use std::time::Duration;
use support::{MID_EXT, OPUS, RID_EXT, VP8, World, packet, udp_path, usual_sections};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// First video and audio slots of the usual offer.
const VIDEO: MLineIndex = MLineIndex(3);
const AUDIO: MLineIndex = MLineIndex(6);
const VIDEO_BYTES: usize = 1_150;
const AUDIO_BYTES: usize = 120;

fn main() {
    divan::main();
}

/// The unit: one allocation, one copy.
#[divan::bench]
fn copy(bencher: Bencher<'_, '_>) {
    let payload = vec![7; VIDEO_BYTES];
    bencher.bench_local(|| Bytes::copy_from_slice(divan::black_box(&payload)));
}

/// So many packets of video between two polls.
#[divan::bench(args = [1, 8], sample_size = 32)]
fn send(bencher: Bencher<'_, '_>, burst: u16) {
    run(bencher, VIDEO, burst, |seq| SlotPacket {
        seq: SeqNo(seq),
        timestamp: RtpTime(u32::from(seq) * 3_000),
        marker: false,
        codec: Codec::Vp8,
        csrc: TrackId(7),
        extensions: Extensions::default(),
        payload: Bytes::from_static(&[7; VIDEO_BYTES]).into(),
    });
}

#[divan::bench(sample_size = 32)]
fn send_audio(bencher: Bencher<'_, '_>) {
    run(bencher, AUDIO, 1, |seq| SlotPacket {
        seq: SeqNo(seq),
        timestamp: RtpTime(u32::from(seq) * 960),
        marker: false,
        codec: Codec::Opus,
        csrc: TrackId(8),
        extensions: Extensions {
            audio_level: Some(30),
            ..Extensions::default()
        },
        payload: Bytes::from_static(&[7; AUDIO_BYTES]).into(),
    });
}

/// In so much time the pacer lets a packet of video leave while nothing is known of the path.
const PACED: Duration = Duration::from_millis(40);

fn run(bencher: Bencher<'_, '_>, slot: MLineIndex, burst: u16, packet: fn(u16) -> SlotPacket) {
    let world = RefCell::new(reported_world());
    let mut seq = 0u16;
    let next = || {
        pass(&mut world.borrow_mut());
        let mut one = || {
            seq = seq.wrapping_add(1);
            packet(seq)
        };
        std::array::from_fn::<_, 8, _>(|i| (i < usize::from(burst)).then(&mut one))
    };
    bencher
        .counter(ItemsCount::new(burst))
        .with_inputs(next)
        .bench_local_refs(|packets| {
            let world = &mut *world.borrow_mut();
            let mut datagram = Vec::with_capacity(2_000);
            world.now += PACED;
            for packet in packets.iter_mut().filter_map(Option::take) {
                world.server.send_rtp(world.now, slot, packet);
            }
            let mut sent = 0;
            while sent < burst {
                world.now += PACED;
                world.server.handle_timeout(world.now);
                while world.server.poll_datagram(&mut datagram).is_some() {
                    sent += 1;
                    divan::black_box(&datagram);
                    datagram.clear();
                }
            }
        });
}

/// A packet of the publisher's microphone (120 bytes), and of its camera (1,150).
#[divan::bench(args = [AUDIO_BYTES, VIDEO_BYTES], sample_size = 32)]
fn receive(bencher: Bencher<'_, '_>, bytes: usize) {
    let world = RefCell::new(reported_world());
    let payload = vec![0x10; bytes];
    let mut seq = 0u16;
    let next = || {
        let world = &mut *world.borrow_mut();
        pass(world);
        seq = seq.wrapping_add(1);
        let packet = match bytes {
            AUDIO_BYTES => packet(5, OPUS, seq, &[(MID_EXT, b"mic")], &payload),
            _ => packet(6, VP8, seq, &[(MID_EXT, b"cam"), (RID_EXT, b"f")], &payload),
        };
        world.client.send_rtp(world.now, packet);
        encrypted(world)
    };
    bencher.with_inputs(next).bench_local_values(|datagram| {
        let world = &mut *world.borrow_mut();
        world.server.handle_datagram(world.now, udp_path(), datagram);
        let mut received = 0;
        while let Some(event) = world.server.poll_event() {
            received += u32::from(matches!(event, PeerEvent::Rtp { .. }));
        }
        assert_eq!(received, 1);
    });
}

/// The one media datagram that the client has to send.
fn encrypted(world: &mut World) -> BytesMut {
    let mut media = std::iter::from_fn(|| world.client.pc.poll_write())
        .filter(|out| out.message.first().is_some_and(|first| *first >= 128));
    let datagram = media.next().expect("the client sends what it is given").message;
    assert!(media.next().is_none());
    datagram
}

/// A connected client that has reported on the slots in use.
fn reported_world() -> World {
    let mut world = World::connected(&usual_sections());
    let reports = ["v0", "a0"].map(|mid| ReceptionReport {
        ssrc: ssrc_of(&world.first_answer.sdp, mid),
        ..Default::default()
    });
    let report = ReceiverReport {
        ssrc: 1,
        reports: reports.to_vec(),
        ..Default::default()
    };
    world.client.send_rtcp(world.now, vec![Box::new(report)]);
    world.exchange();
    world
}

fn ssrc_of(answer: &str, mid: &str) -> u32 {
    let section = answer
        .split("\r\nm=")
        .find(|section| section.contains(&format!("a=mid:{mid}\r\n")))
        .expect("the answer has the section");
    let ssrc = section.lines().find_map(|line| line.strip_prefix("a=ssrc:"));
    let ssrc = ssrc.and_then(|line| line.split(' ').next()?.parse().ok());
    ssrc.expect("a slot has an SSRC")
}

/// Time goes on between packets, so that timers fire and consent stays fresh; not measured.
fn pass(world: &mut World) {
    world.run(Duration::from_millis(2));
    world.events.clear();
    world.sent.clear();
    world.client.rtp.clear();
    world.client.rtcp.clear();
}
