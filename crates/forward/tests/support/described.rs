//! A publisher of AV1 with dependency descriptors, and a receiver that checks what it gets.
#![allow(dead_code)] // each test uses a part

#[path = "../../../media/tests/support/descriptors.rs"]
pub(crate) mod descriptors;

use bytes::Bytes;
use descriptors::{Kind, Place, Templates};
use media::dependency_descriptor::{Structure, parse};
use media::packet::SlotPacket;
use media::{Codec, Extensions, Packet, RtpTime, SeqNo};
use std::collections::HashSet;

/// How the layers of an encoding depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    L1T3,
    /// Upper layers refer to those below in every picture.
    L3T3,
    /// Only in keyframes.
    L3T3Key,
}

/// Temporal ids of four pictures.
const TEMPORAL: [u8; 4] = [0, 2, 1, 2];
const TICKS: u32 = 3_000;
/// Packets of each frame.
pub(crate) const PARTS: u8 = 2;

/// One encoding with three temporal layers, as libwebrtc structures them.
pub(crate) struct Encoder {
    mode: Mode,
    pub(crate) seq: u16,
    pub(crate) number: u16,
    timestamp: u32,
    /// Since the keyframe.
    picture: u32,
    /// By spatial and temporal layer: the last frame, if another may refer to it.
    last: [[Option<u16>; 3]; 3],
    structure: Templates,
}

impl Encoder {
    pub(crate) fn new(mode: Mode, seq: u16, number: u16) -> Encoder {
        Encoder {
            mode,
            seq,
            number,
            timestamp: 77,
            picture: 0,
            last: [[None; 3]; 3],
            structure: templates(mode),
        }
    }

    pub(crate) fn layers(&self) -> u8 {
        if self.mode == Mode::L1T3 { 1 } else { 3 }
    }

    /// The timestamp of the last picture.
    pub(crate) fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// No picture for so many ticks.
    pub(crate) fn pause(&mut self, ticks: u32) {
        self.timestamp = self.timestamp.wrapping_add(ticks);
    }

    /// The next picture, with at most so many spatial layers.
    pub(crate) fn picture(&mut self, keyframe: bool, layers: u8) -> Vec<Packet> {
        if keyframe {
            self.picture = 0;
            self.last = [[None; 3]; 3];
            let kinds = self.structure.kinds.len() as u8;
            self.structure.offset = (self.structure.offset + kinds) % 64;
        }
        self.timestamp = self.timestamp.wrapping_add(TICKS);
        let temporal = TEMPORAL[(self.picture % 4) as usize];
        let mut frames: Vec<(u16, Kind)> = Vec::new();
        for spatial in 0..layers.min(self.layers()) {
            let below = frames.last().map(|(number, _)| *number);
            if let Some(kind) = self.frame(spatial, temporal, keyframe, below) {
                frames.push((self.number, kind));
                self.number = self.number.wrapping_add(1);
            }
        }
        self.picture += 1;
        let top = frames.len() - 1;
        let mut packets = Vec::new();
        for (index, (number, kind)) in frames.iter().enumerate() {
            for part in 0..PARTS {
                let place = Place {
                    starts: part == 0,
                    ends: part + 1 == PARTS,
                    number: *number,
                };
                let attach = keyframe && index == 0 && part == 0;
                let descriptor = self.structure.descriptor(place, kind, attach, None);
                packets.push(self.packet(descriptor, place.ends && index == top));
            }
        }
        packets
    }

    /// `None`: this layer cannot be had in this picture.
    fn frame(&mut self, spatial: u8, temporal: u8, keyframe: bool, below: Option<u16>) -> Option<Kind> {
        let last = &mut self.last[usize::from(spatial)];
        let own = match (temporal, self.picture % 4) {
            (0, _) => last[0],
            (1, _) | (2, 1) => last[0],
            _ => last[1].or(last[0]),
        };
        let inter_layer = spatial > 0 && (keyframe || self.mode == Mode::L3T3);
        // A layer that was away comes back with the lowest temporal layer, out of the one below.
        let begins = keyframe || (temporal == 0 && inter_layer);
        if own.is_none() && !begins {
            return None;
        }
        let mut references: Vec<u16> = own.into_iter().collect();
        references.extend(below.filter(|_| inter_layer));
        match temporal {
            0 => *last = [Some(self.number), None, None],
            1 => last[1] = Some(self.number),
            _ => {}
        }
        Some(Kind {
            spatial,
            temporal,
            dtis: dtis(self.mode, spatial, temporal, keyframe),
            fdiffs: references
                .iter()
                .map(|reference| self.number.wrapping_sub(*reference))
                .collect(),
            chains: Vec::new(),
        })
    }

    fn packet(&mut self, descriptor: Bytes, marker: bool) -> Packet {
        let packet = Packet {
            seq: SeqNo(self.seq),
            timestamp: RtpTime(self.timestamp),
            marker,
            codec: Codec::Av1,
            extensions: Extensions {
                dependency_descriptor: Some(descriptor),
                ..Extensions::default()
            },
            payload: Bytes::copy_from_slice(&[0x10, (self.seq >> 8) as u8, self.seq as u8]),
        };
        self.seq = self.seq.wrapping_add(1);
        packet
    }
}

fn templates(mode: Mode) -> Templates {
    let spatial_layers = if mode == Mode::L1T3 { 1 } else { 3 };
    let kinds = (0..spatial_layers).flat_map(|spatial| {
        (0..3u8).map(move |temporal| Kind {
            spatial,
            temporal,
            dtis: dtis(mode, spatial, temporal, false),
            // Right for some pictures; the others tell their own.
            fdiffs: vec![[12, 6, 3][usize::from(temporal)] * u16::from(spatial_layers) / 3],
            chains: Vec::new(),
        })
    });
    Templates {
        kinds: kinds.collect(),
        ..Templates::default()
    }
}

/// What a frame of these layers is to each decode target, spatial before temporal.
fn dtis(mode: Mode, spatial: u8, temporal: u8, keyframe: bool) -> String {
    let spatial_layers = if mode == Mode::L1T3 { 1 } else { 3u8 };
    let targets = (0..spatial_layers).flat_map(|s| (0..3u8).map(move |t| (s, t)));
    let dti = |(s, t): (u8, u8)| match () {
        () if s < spatial || t < temporal => '-',
        () if keyframe => 'S',
        () if s > spatial => match mode {
            Mode::L3T3 => 'R',
            _ => '-',
        },
        () if t == temporal && temporal > 0 => 'D',
        () => 'S',
    };
    targets.map(dti).collect()
}

/// A subscriber: what it got so far.
#[derive(Default)]
pub(crate) struct Receiver {
    structure: Option<Box<Structure>>,
    /// Frames since the last keyframe, by number.
    frames: HashSet<u16>,
    /// Frames that no longer arrive, because they were lost on the way to the forwarder.
    pub(crate) lost: HashSet<u16>,
    last: Option<(SlotPacket, u16)>,
}

/// A frame that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) spatial: u8,
    pub(crate) temporal: u8,
    pub(crate) number: u16,
    pub(crate) starts: bool,
}

impl Receiver {
    /// A packet; its frame's references must be there.
    pub(crate) fn take(&mut self, packet: &SlotPacket) -> Got {
        let bytes = packet
            .extensions
            .dependency_descriptor
            .as_ref()
            .expect("a descriptor");
        let read = parse(bytes, self.structure.as_deref()).expect("it can be read");
        if let Some(structure) = read.attached {
            self.structure = Some(structure);
            self.frames.clear();
        }
        let frame = read.frame.expect("of the structure that came last");
        for diff in frame.fdiffs.iter() {
            let reference = read.number.wrapping_sub(diff);
            assert!(
                self.frames.contains(&reference) || self.lost.contains(&reference),
                "frame {} refers to {reference}, which was not sent",
                read.number
            );
        }
        self.frames.insert(read.number);
        self.last = Some((packet.clone(), read.number));
        Got {
            spatial: frame.spatial_id,
            temporal: frame.temporal_id,
            number: read.number,
            starts: read.starts_frame,
        }
    }

    /// A packet of a publisher without loss: nothing is missed, numbers go up, each picture ends with its marker.
    pub(crate) fn take_in_order(&mut self, packet: &SlotPacket) -> Got {
        let last = self.last.take();
        let got = self.take(packet);
        if let Some((before, number)) = last {
            assert_eq!(packet.seq, before.seq.advance(1));
            assert_eq!(
                before.marker,
                before.timestamp != packet.timestamp,
                "pictures end with a marker"
            );
            let ahead = got.number.wrapping_sub(number).cast_signed();
            assert!(ahead > 0 || (ahead == 0 && !got.starts), "frame numbers go up");
        }
        got
    }
}
