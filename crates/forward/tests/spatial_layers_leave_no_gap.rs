//! VP9 as SVC (L3T3_KEY): layers left out are not missed, and a decoder never gets one whose references it lacks.

mod support;

use bytes::Bytes;
use forward::{Forwarder, LayerTarget};
use media::packet::SlotPacket;
use media::vp9::Descriptor;
use media::{Codec, Extensions, Packet, RtpTime, SeqNo};
use support::{Pass, layer, ms, origin, reported, track, video_forwarder};

/// One encoding with three spatial and three temporal layers that depend on each other at keyframes only, two packets a
/// layer frame, as Chromium sends them.
struct Svc {
    seq: u16,
    picture: u16,
    tl0: u8,
}

/// Temporal ids of four pictures.
const TEMPORAL: [u8; 4] = [0, 2, 1, 2];

impl Svc {
    fn picture(&mut self, number: u32, keyframe: bool, spatial_layers: u8) -> Vec<Packet> {
        let temporal = if keyframe {
            0
        } else {
            TEMPORAL[(number % 4) as usize]
        };
        self.tl0 = self.tl0.wrapping_add(u8::from(temporal == 0));
        self.picture = (self.picture + 1) & 0x7fff;
        let mut packets = Vec::new();
        for spatial in 0..spatial_layers {
            for part in 0..2u8 {
                let (starts, ends) = (part == 0, part == 1);
                let first = 0xa0
                    | if keyframe { 0 } else { 0x40 }
                    | if starts { 0x08 } else { 0 }
                    | if ends { 0x04 } else { 0 };
                let id = (0x8000 | self.picture).to_be_bytes();
                // D: upper layers of a keyframe refer to those below.
                let depends = u8::from(keyframe && spatial > 0);
                let layers = (temporal << 5) | 0x10 | (spatial << 1) | depends;
                let number = number.to_be_bytes();
                packets.push(Packet {
                    seq: SeqNo(self.seq),
                    timestamp: RtpTime(u32::from_be_bytes(number) * 3_000),
                    marker: ends && spatial + 1 == spatial_layers,
                    codec: Codec::Vp9,
                    extensions: Extensions::default(),
                    payload: Bytes::from(
                        [&[first, id[0], id[1], layers, self.tl0][..], &number, &[part]].concat(),
                    ),
                });
                self.seq = self.seq.wrapping_add(1);
            }
        }
        packets
    }
}

fn target(spatial: u8, temporal: u8) -> Option<LayerTarget> {
    Some(LayerTarget {
        layer: layer(0),
        spatial,
        temporal,
    })
}

struct Scene {
    forwarder: Forwarder,
    source: Svc,
    number: u32,
    keyframe: bool,
    sent: Vec<SlotPacket>,
}

impl Scene {
    fn new() -> Scene {
        let mut forwarder = video_forwarder(origin());
        forwarder.set_track(origin(), track(1));
        Scene {
            forwarder,
            source: Svc {
                seq: 65_000,
                picture: 32_700,
                tl0: 250,
            },
            number: 0,
            keyframe: true,
            sent: Vec::new(),
        }
    }

    /// Plays pictures; returns the spatial and temporal layers that came out of the last four.
    fn play(&mut self, pictures: u32, layers: u8) -> Vec<(u8, u8)> {
        let mut out = Vec::new();
        for left in (0..pictures).rev() {
            let now = origin() + ms(33) * self.number;
            let keyframe = std::mem::take(&mut self.keyframe);
            for packet in self.source.picture(self.number, keyframe, layers) {
                let sent = self.forwarder.pass(now, layer(0), &packet, reported(now));
                if let Some(sent) = sent {
                    let read = Descriptor::parse(&sent.payload.to_bytes()).expect("a descriptor");
                    if left < 4 && read.ends_layer_frame {
                        out.push((read.spatial_id, read.temporal_id));
                    }
                    self.sent.push(sent);
                }
            }
            self.number += 1;
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Nothing is missed, and each picture ends with its last packet.
    fn check(&self) {
        for pair in self.sent.windows(2) {
            assert_eq!(pair[1].seq, pair[0].seq.advance(1));
            assert_eq!(pair[0].marker, pair[0].timestamp != pair[1].timestamp);
            let [a, b] = [&pair[0], &pair[1]]
                .map(|packet| Descriptor::parse(&packet.payload.to_bytes()).expect("a descriptor"));
            let [x, y] = [a, b].map(|read| read.picture_id.expect("15 bits").value);
            assert_eq!(pair[0].timestamp == pair[1].timestamp, x == y);
            // Dropped pictures leave gaps, at most three between two of the lowest temporal layer.
            assert!(y.wrapping_sub(x) & 0x7fff <= 4);
            let steps = b
                .tl0_picture_index
                .expect("counted")
                .wrapping_sub(a.tl0_picture_index.expect("counted"));
            assert_eq!(steps, u8::from(x != y && b.temporal_id == 0));
        }
    }
}

const ALL: u8 = LayerTarget::ALL;

#[test]
fn down_at_once_and_up_at_a_keyframe() {
    let mut scene = Scene::new();
    scene.forwarder.set_target(origin(), target(2, ALL));
    let everything = (0..3).flat_map(|spatial| [(spatial, 0), (spatial, 1), (spatial, 2)]);
    assert_eq!(scene.play(40, 3), everything.collect::<Vec<_>>());
    scene.forwarder.set_target(origin(), target(1, 1));
    assert_eq!(scene.forwarder.wants_keyframe(), None, "fewer layers need none");
    assert_eq!(scene.play(40, 3), [(0, 0), (0, 1), (1, 0), (1, 1)]);
    scene.forwarder.set_target(origin(), target(0, 0));
    assert_eq!(scene.play(40, 3), [(0, 0)]);
    assert_eq!(scene.forwarder.state().layer, target(0, 0));
    // Up: asked for, and the lower layer goes on until it comes.
    scene.forwarder.set_target(origin(), target(2, ALL));
    assert_eq!(scene.play(40, 3), [(0, 0), (0, 1), (0, 2)]);
    assert_eq!(scene.forwarder.wants_keyframe(), Some(layer(0)));
    scene.keyframe = true;
    assert_eq!(scene.play(40, 3).len(), 9);
    assert_eq!(scene.forwarder.wants_keyframe(), None);
    scene.check();
}

#[test]
fn layers_that_do_not_come_are_not_waited_for() {
    let mut scene = Scene::new();
    scene.forwarder.set_target(origin(), target(ALL, ALL));
    assert_eq!(scene.play(40, 3).len(), 9);
    assert_eq!(scene.play(40, 2).len(), 6, "the encoder has turned to two layers");
    scene.forwarder.set_target(origin(), target(0, ALL));
    assert_eq!(scene.play(40, 1).len(), 3);
    scene.forwarder.set_target(origin(), target(ALL, ALL));
    assert_eq!(scene.play(40, 1).len(), 3);
    assert_eq!(scene.forwarder.wants_keyframe(), None, "there is nothing above");
    scene.check();
}

#[test]
fn another_codec_begins_with_its_keyframe() {
    let mut scene = Scene::new();
    scene.forwarder.set_target(origin(), target(ALL, ALL));
    assert_eq!(scene.play(40, 3).len(), 9);
    let vp8 = |seq: u16, keyframe: bool| Packet {
        seq: SeqNo(scene.source.seq.wrapping_add(seq)),
        timestamp: RtpTime(40 * 3_000 + u32::from(seq)),
        marker: true,
        codec: Codec::Vp8,
        extensions: Extensions::default(),
        payload: Bytes::from_static(if keyframe {
            b"\x10\x00key"
        } else {
            b"\x10\x01delta"
        }),
    };
    let now = origin() + ms(2_000);
    let packets = [vp8(0, false), vp8(1, true), vp8(2, false)];
    let sent = packets.map(|packet| scene.forwarder.pass(now, layer(0), &packet, reported(now)));
    assert!(sent[0].is_none());
    let last = scene.sent.last().expect("pictures").seq;
    assert_eq!(sent[1].as_ref().expect("a keyframe").seq, last.advance(1));
    assert_eq!(sent[2].as_ref().expect("what follows").codec, Codec::Vp8);
}
