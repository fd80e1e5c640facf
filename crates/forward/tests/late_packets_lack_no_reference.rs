//! Temporal layers of VP8 are left out and come back while packets are lost and come late: nobody ever gets a frame that
//! refers to one they were refused.

mod support;

use bytes::BytesMut;
use forward::{Forwarder, LayerTarget};
use media::Packet;
use proptest::prelude::*;
use std::collections::BTreeMap;
use support::{Pass, Start, Vp8Layer, content, layer, ms, origin, reported, track, video_forwarder};

const ALL: u8 = LayerTarget::ALL;
const PARTS: u8 = 2;
const START: Start = Start {
    seq: 65_000,
    timestamp: 0,
    picture_id: 32_700,
    tl0: 250,
};
/// How many frames back those are that a frame refers to, by its place in libwebrtc's pattern of eight
/// (`DefaultTemporalLayers`).
const REFERENCES: [&[u32]; 8] = [&[4], &[1], &[2], &[3, 1], &[4], &[1, 3], &[2, 4], &[3, 1]];
/// Temporal id at each place.
const IDS: [u8; 8] = [0, 2, 1, 2, 0, 2, 1, 2];

fn up_to(temporal: u8) -> Option<LayerTarget> {
    Some(LayerTarget {
        temporal,
        ..layer(0).into()
    })
}

/// A frame of the pattern of eight: in its second half no frame refers to layer 0 alone.
fn frame(source: &mut Vp8Layer, number: u32) -> Vec<Packet> {
    let mut packets = source.frame(number == 0, PARTS, 3_000);
    if number % 8 > 4 {
        for packet in &mut packets {
            let mut payload = BytesMut::from(&packet.payload[..]);
            payload[5] &= !0x20;
            packet.payload = payload.freeze();
        }
    }
    packets
}

/// What came of each frame's packets that reached the forwarder: how many passed, how many were refused.
#[derive(Default)]
struct Fates(BTreeMap<u32, (u8, u8)>);

impl Fates {
    fn offer(&mut self, forwarder: &mut Forwarder, number: u32, packet: &Packet) {
        let now = origin_of(number);
        let passed = forwarder.pass(now, layer(0), packet, reported(now)).is_some();
        let of = content(&packet.payload).1.frame;
        let fate = self.0.entry(of).or_default();
        if passed { fate.0 += 1 } else { fate.1 += 1 }
    }

    /// Frames that passed, and which of their references were refused.
    fn lacking(&self) -> Vec<(u32, u32)> {
        let refused = |number: &u32| self.0.get(number).is_some_and(|(_, refused)| *refused > 0);
        let passed = self.0.iter().filter(|(_, (passed, _))| *passed > 0);
        let pairs = passed.flat_map(|(number, _)| {
            let references = REFERENCES[(number % 8) as usize].iter().filter(|_| *number > 0);
            references.map(move |back| (*number, number.saturating_sub(*back)))
        });
        pairs.filter(|(_, reference)| refused(reference)).collect()
    }
}

fn origin_of(number: u32) -> std::time::Instant {
    thread_local!(static ORIGIN: std::time::Instant = origin());
    ORIGIN.with(|origin| *origin) + ms(33) * number
}

#[test]
fn what_comes_late_is_judged_by_the_limit_of_its_time() {
    let mut forwarder = video_forwarder(origin_of(0));
    forwarder.set_track(origin_of(0), track(1));
    forwarder.set_target(origin_of(0), up_to(0));
    let mut source = Vp8Layer::new(1, 0, START);
    let mut fates = Fates::default();
    let mut late = Vec::new();
    for number in 0..12 {
        let packets = frame(&mut source, number);
        match number {
            // Of layer 1, and refers to frame 2, which is left out.
            6 => late = packets,
            _ => {
                if number == 7 {
                    forwarder.set_target(origin_of(7), up_to(ALL));
                }
                packets
                    .iter()
                    .for_each(|packet| fates.offer(&mut forwarder, number, packet));
            }
        }
    }
    assert_eq!(fates.0[&10], (PARTS, 0), "layer 1 is back");
    for packet in &late {
        fates.offer(&mut forwarder, 12, packet);
    }
    assert_eq!(fates.0[&6], (0, PARTS), "it refers to what was left out");
    // A frame that others refer to, because it was on its way when the limit fell.
    let missing = frame(&mut source, 12);
    for number in 13..20 {
        if number == 15 {
            forwarder.set_target(origin_of(15), up_to(0));
        }
        for packet in frame(&mut source, number) {
            fates.offer(&mut forwarder, number, &packet);
        }
    }
    for packet in &missing {
        fates.offer(&mut forwarder, 20, packet);
    }
    assert_eq!(fates.0[&12], (PARTS, 0));
    assert_eq!(fates.lacking(), []);
}

/// What happens at a frame: another limit, and for each of its packets how many frames later it comes; `None`: never.
type Step = (Option<u8>, [Option<u8>; PARTS as usize]);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wanted = prop::option::weighted(0.3, prop_oneof![0u8..3, Just(ALL)]);
    let delay = || prop_oneof![6 => Just(Some(0)), 1 => Just(None), 2 => (1u8..10).prop_map(Some)];
    prop::collection::vec((wanted, [delay(), delay()]), 1..150)
}

proptest! {
    #[test]
    fn over_loss_and_delay(steps in steps()) {
        let mut forwarder = video_forwarder(origin_of(0));
        forwarder.set_track(origin_of(0), track(1));
        forwarder.set_target(origin_of(0), up_to(ALL));
        let mut source = Vp8Layer::new(1, 0, START);
        let mut fates = Fates::default();
        let mut waiting: Vec<(u32, Packet)> = Vec::new();
        for (number, (wanted, delays)) in (0u32..).zip(steps) {
            if let Some(wanted) = wanted {
                forwarder.set_target(origin_of(number), up_to(wanted));
            }
            for (packet, delay) in frame(&mut source, number).into_iter().zip(delays) {
                // The keyframe comes: nothing flows before.
                let delay = if number == 0 { Some(0) } else { delay };
                waiting.extend(delay.map(|frames| (number + u32::from(frames), packet)));
            }
            let (due, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(at, _)| *at <= number);
            waiting = later;
            for (_, packet) in due {
                fates.offer(&mut forwarder, number, &packet);
            }
        }
        prop_assert_eq!(fates.lacking(), []);
    }

    /// A receiver misses neither sequence numbers nor pictures for what is left out, as long as nothing is lost.
    #[test]
    fn what_is_left_out_is_not_missed(steps in steps()) {
        let mut forwarder = video_forwarder(origin_of(0));
        forwarder.set_track(origin_of(0), track(1));
        forwarder.set_target(origin_of(0), up_to(ALL));
        let mut source = Vp8Layer::new(1, 0, START);
        let mut last = None;
        for (number, (wanted, _)) in (0u32..).zip(steps) {
            if let Some(wanted) = wanted {
                forwarder.set_target(origin_of(number), up_to(wanted));
            }
            for packet in frame(&mut source, number) {
                let now = origin_of(number);
                let Some(out) = forwarder.pass(now, layer(0), &packet, reported(now)) else { continue };
                let (descriptor, content) = content(&out.payload.to_bytes());
                let id = descriptor.picture_id.expect("VP8 has one").value;
                let tl0 = descriptor.tl0_picture_index.expect("VP8 with layers has one");
                let base = u8::from(IDS[(number % 8) as usize] == 0 && content.part == 0);
                if let Some((seq, former, index)) = last.replace((out.seq, id, tl0)) {
                    let seq: media::SeqNo = seq;
                    prop_assert_eq!(out.seq, seq.advance(1));
                    prop_assert_eq!(id, (former + u16::from(content.part == 0)) & 0x7fff);
                    // It counts the frames of layer 0, of which none is left out.
                    let expected: u8 = index;
                    prop_assert_eq!(tl0, expected.wrapping_add(base));
                }
            }
        }
    }
}
