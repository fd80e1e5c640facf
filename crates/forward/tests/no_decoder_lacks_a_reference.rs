//! AV1 by its dependency descriptors: layers are left out and come back, and nobody ever gets a frame that refers to one
//! they did not get.

#[path = "support/described.rs"]
mod described;
mod support;

use described::{Encoder, Got, Mode, Receiver};
use forward::{Forwarder, LayerTarget, PacketRing, VIDEO_RING};
use media::Packet;
use media::packet::SlotPacket;
use proptest::prelude::*;
use support::{layer, ms, origin, reported, same, track, video_forwarder};

/// Number of the encoder's first frame; the slot's is 0.
const FIRST: u16 = 65_500;
const ALL: u8 = LayerTarget::ALL;
const MODES: [Mode; 3] = [Mode::L1T3, Mode::L3T3, Mode::L3T3Key];

fn target(spatial: u8, temporal: u8) -> LayerTarget {
    LayerTarget {
        layer: layer(0),
        spatial,
        temporal,
    }
}

struct Scene {
    forwarder: Forwarder,
    ring: PacketRing,
    encoder: Encoder,
    receiver: Receiver,
    pictures: u32,
    keyframe: bool,
}

impl Scene {
    fn new(mode: Mode) -> Scene {
        let mut forwarder = video_forwarder(origin());
        forwarder.set_track(origin(), track(1));
        Scene {
            forwarder,
            ring: PacketRing::new(VIDEO_RING),
            encoder: Encoder::new(mode, 65_000, FIRST),
            receiver: Receiver::default(),
            pictures: 0,
            keyframe: true,
        }
    }

    fn wants(&mut self, spatial: u8, temporal: u8) {
        self.forwarder
            .set_target(origin(), Some(target(spatial, temporal)));
    }

    fn offer(&mut self, packet: Packet) -> Vec<SlotPacket> {
        let now = origin() + ms(33) * self.pictures;
        let seq = packet.seq;
        self.ring.insert(packet);
        let seqs = std::iter::once(seq).chain(self.ring.take_readable());
        let packets = seqs.filter_map(|seq| {
            let read = self.ring.get(seq)?;
            self.forwarder.handle_packet(now, layer(0), read, reported(now))
        });
        packets.collect()
    }

    /// Plays pictures without loss; returns the layers that came out of the last four, and how many frames.
    fn play(&mut self, pictures: u32, layers: u8) -> (Vec<(u8, u8)>, usize) {
        let (mut out, mut frames) = (Vec::new(), 0);
        for left in (0..pictures).rev() {
            let keyframe = std::mem::take(&mut self.keyframe);
            for packet in self.encoder.picture(keyframe, layers) {
                for sent in self.offer(packet) {
                    let Got {
                        spatial,
                        temporal,
                        starts,
                        ..
                    } = self.receiver.take_in_order(&sent);
                    if left < 4 {
                        out.push((spatial, temporal));
                        frames += usize::from(starts);
                    }
                }
            }
            self.pictures += 1;
        }
        out.sort_unstable();
        out.dedup();
        (out, frames)
    }
}

/// All layers up to these.
fn up_to(spatial: u8, temporal: u8) -> Vec<(u8, u8)> {
    (0..=spatial)
        .flat_map(|s| (0..=temporal).map(move |t| (s, t)))
        .collect()
}

#[test]
fn spatial_layers_go_at_once_and_come_with_a_keyframe() {
    for mode in [Mode::L3T3, Mode::L3T3Key] {
        let mut scene = Scene::new(mode);
        scene.wants(ALL, ALL);
        assert_eq!(scene.play(40, 3), (up_to(2, 2), 12));
        scene.wants(1, 1);
        assert_eq!(scene.forwarder.wants_keyframe(), None, "fewer layers need none");
        assert_eq!(scene.play(40, 3), (up_to(1, 1), 4));
        scene.wants(0, 0);
        // Longer than the fates of frames are remembered.
        assert_eq!(scene.play(400, 3), (up_to(0, 0), 1));
        assert_eq!(scene.forwarder.state().layer, Some(target(0, 0)));
        // The lower layer goes on until it comes, at the full rate at once.
        scene.wants(ALL, ALL);
        assert_eq!(scene.play(8, 3), (up_to(0, 2), 4));
        assert_eq!(scene.forwarder.wants_keyframe(), Some(layer(0)));
        assert!(scene.forwarder.state().switching);
        scene.keyframe = true;
        assert_eq!(scene.play(8, 3), (up_to(2, 2), 12));
        assert_eq!(scene.forwarder.wants_keyframe(), None);
        assert_eq!(scene.forwarder.state().layer, Some(target(ALL, ALL)));
    }
}

#[test]
fn temporal_layers_need_no_keyframe() {
    for mode in MODES {
        let mut scene = Scene::new(mode);
        let top = scene.encoder.layers() - 1;
        for temporal in [2, 0, 1, 0, 2, 1] {
            scene.wants(ALL, temporal);
            assert_eq!(scene.play(10, 3).0, up_to(top, temporal));
            assert_eq!(scene.forwarder.wants_keyframe(), None);
            assert_eq!(scene.forwarder.state().layer, Some(target(ALL, temporal)));
        }
    }
}

#[test]
fn layers_that_do_not_come_are_not_waited_for() {
    let mut scene = Scene::new(Mode::L3T3);
    scene.wants(ALL, ALL);
    assert_eq!(scene.play(8, 2).0, up_to(1, 2));
    assert_eq!(scene.forwarder.wants_keyframe(), None);
    assert_eq!(
        scene.play(8, 3).0,
        up_to(2, 2),
        "the encoder builds it on the one below"
    );
    scene.wants(0, ALL);
    assert_eq!(scene.play(8, 1).0, up_to(0, 2));
    scene.wants(ALL, ALL);
    assert_eq!(scene.play(8, 1).0, up_to(0, 2));
    assert_eq!(scene.forwarder.wants_keyframe(), None, "there is nothing above");
}

#[test]
fn frame_numbers_go_on_from_one_encoding_to_the_next() {
    let mut scene = Scene::new(Mode::L1T3);
    scene.wants(0, ALL);
    scene.play(30, 1);
    let packet = scene.encoder.picture(false, 1).remove(0);
    let before = scene.offer(packet).remove(0);
    let before = scene.receiver.take_in_order(&before);
    // Another publisher's, behind and ahead of the slot's numbers.
    for (id, number) in [(2, 60_000), (3, 30_000)] {
        scene.forwarder.set_track(origin(), track(id));
        scene.wants(0, 0);
        scene.encoder = Encoder::new(Mode::L1T3, 100, number);
        scene.ring = PacketRing::new(VIDEO_RING);
        let mut sent = Vec::new();
        scene.pictures += 1;
        for keyframe in [true, false, false, false, false] {
            let now = origin() + ms(33) * scene.pictures;
            for packet in scene.encoder.picture(keyframe, 1) {
                scene.ring.insert(packet.clone());
                let read = scene.ring.get(packet.seq).expect("just inserted");
                sent.extend(scene.forwarder.handle_packet(now, layer(0), read, reported(now)));
            }
            scene.pictures += 1;
        }
        let numbers: Vec<u16> = sent
            .iter()
            .map(|packet| scene.receiver.take(packet).number)
            .collect();
        let first = numbers[0];
        assert!(
            first.wrapping_sub(before.number) < 20,
            "close behind what the slot had"
        );
        // Of each frame two packets; what was left out leaves its gap.
        assert_eq!(numbers, [first, first, first + 4, first + 4]);
    }
}

#[test]
fn a_keyframe_whose_first_packet_comes_late_is_whole() {
    for mode in MODES {
        let mut scene = Scene::new(mode);
        scene.wants(ALL, ALL);
        scene.play(9, 3);
        let mut packets = scene.encoder.picture(true, 3);
        packets.extend(scene.encoder.picture(false, 3));
        let first = packets.remove(0);
        let early = packets
            .iter()
            .filter(|packet| !scene.offer((*packet).clone()).is_empty());
        assert_eq!(early.count(), 0, "nobody can read them yet");
        let mut sent = scene.offer(first);
        sent.sort_by_key(|packet| packet.seq.0.wrapping_sub(65_000));
        assert_eq!(sent.len(), packets.len() + 1);
        sent.iter().for_each(|packet| {
            scene.receiver.take_in_order(packet);
        });
        let layers = scene.play(8, 3).0;
        assert_eq!(layers, up_to(scene.encoder.layers() - 1, 2));
    }
}

#[test]
fn a_picture_that_has_begun_is_finished() {
    let mut scene = Scene::new(Mode::L3T3);
    scene.wants(ALL, ALL);
    scene.play(8, 3);
    let mut packets = scene.encoder.picture(false, 3).into_iter();
    let first: Vec<SlotPacket> = packets
        .by_ref()
        .take(1)
        .flat_map(|packet| scene.offer(packet))
        .collect();
    scene.wants(0, 0);
    let rest: Vec<SlotPacket> = packets.flat_map(|packet| scene.offer(packet)).collect();
    assert_eq!((first.len(), rest.len()), (1, 5));
    first.iter().chain(&rest).for_each(|packet| {
        scene.receiver.take_in_order(packet);
    });
    assert_eq!(scene.play(8, 3), (up_to(0, 0), 1));
}

#[test]
fn what_comes_late_is_judged_by_what_was_wanted_then() {
    let mut scene = Scene::new(Mode::L3T3);
    scene.wants(ALL, ALL);
    scene.play(8, 3);
    let mut picture = scene.encoder.picture(false, 3);
    // The second packet of the lowest layer, the whole layer above, and half of the highest.
    let late: Vec<Packet> = picture.drain(1..5).collect();
    let marked =
        |packets: &[SlotPacket]| -> Vec<bool> { packets.iter().map(|packet| packet.marker).collect() };
    let sent: Vec<SlotPacket> = picture
        .into_iter()
        .flat_map(|packet| scene.offer(packet))
        .collect();
    assert_eq!(marked(&sent), [false, true]);
    // Down, and up as far as it goes without a keyframe: the two changes lie behind what is late.
    scene.wants(0, 0);
    for packet in scene.encoder.picture(false, 3) {
        assert!(scene.offer(packet).is_empty());
    }
    let sent: Vec<SlotPacket> = late[..3]
        .iter()
        .flat_map(|packet| scene.offer(packet.clone()))
        .collect();
    assert_eq!(marked(&sent), [false; 3]);
    scene.wants(0, ALL);
    for _ in 0..3 {
        for packet in scene.encoder.picture(false, 3) {
            scene.offer(packet);
        }
    }
    assert_eq!(
        scene.offer(late[3].clone()).len(),
        1,
        "the rest of a frame that was sent"
    );
}

#[test]
fn what_was_wanted_hours_ago_says_nothing_of_now() {
    let mut scene = Scene::new(Mode::L3T3);
    scene.wants(ALL, ALL);
    scene.play(8, 3);
    scene.wants(0, ALL);
    // Timestamps come to lie behind those of that time again.
    for _ in 0..7 {
        assert_eq!(scene.play(8, 3).0, up_to(0, 2));
        scene.encoder.pause(400_000_000);
    }
}

#[test]
fn a_packet_is_sent_again_as_it_was() {
    let mut scene = Scene::new(Mode::L3T3);
    scene.wants(1, 1);
    scene.play(9, 3);
    let mut sent = Vec::new();
    for keyframe in [false, true, false, false, false] {
        for packet in scene.encoder.picture(keyframe, 3) {
            sent.extend(scene.offer(packet));
        }
    }
    assert_eq!(sent.len(), 8);
    let ring = &scene.ring;
    for first in &sent {
        let again = scene.forwarder.retransmit(first.seq, |_, seq| ring.get(seq));
        assert!(same(first, &again.expect("it was sent")));
    }
}

#[test]
fn a_publisher_that_counts_anew_is_followed_from_its_keyframe() {
    let mut scene = Scene::new(Mode::L3T3);
    scene.wants(ALL, ALL);
    scene.play(20, 3);
    scene.encoder.number = scene.encoder.number.wrapping_sub(30);
    scene.keyframe = true;
    assert_eq!(scene.play(8, 3), (up_to(2, 2), 12));
}

#[test]
fn a_late_packet_of_the_former_count_changes_nothing() {
    let mut scene = Scene::new(Mode::L1T3);
    scene.wants(ALL, ALL);
    scene.play(20, 1);
    let late = scene.encoder.picture(true, 1).remove(0);
    scene.encoder.number = scene.encoder.number.wrapping_sub(30);
    let play = |scene: &mut Scene, keyframe| -> Vec<u8> {
        let packets = scene.encoder.picture(keyframe, 1).into_iter();
        let sent: Vec<SlotPacket> = packets.flat_map(|packet| scene.offer(packet)).collect();
        let temporal = sent.iter().map(|packet| scene.receiver.take(packet).temporal);
        temporal.collect()
    };
    assert_eq!(play(&mut scene, true), [0, 0]);
    assert!(scene.offer(late).is_empty());
    scene.wants(0, 0);
    let temporal: Vec<u8> = (0..8).flat_map(|_| play(&mut scene, false)).collect();
    assert_eq!(temporal, [0; 4]);
}

/// What happens at a picture.
#[derive(Debug, Clone, Copy)]
struct Step {
    wanted: Option<(u8, u8)>,
    keyframe: bool,
    /// Spatial layers that the encoder makes.
    layers: u8,
    /// Of the picture's packets: which are lost, which swap places with the one before them, which come pictures later.
    lost: u16,
    swapped: u16,
    late: u16,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wanted = prop::option::weighted(
        0.3,
        (prop_oneof![0u8..3, Just(ALL)], prop_oneof![0u8..3, Just(ALL)]),
    );
    let layers = prop_oneof![6 => Just(3u8), 1 => 1u8..3];
    let bits = || prop_oneof![3 => Just(0u16), 1 => any::<u16>().prop_map(|bits| bits & bits.rotate_left(3))];
    let step = (
        wanted,
        prop::bool::weighted(0.05),
        layers,
        [bits(), bits(), bits()],
    );
    let step = step.prop_map(|(wanted, keyframe, layers, [lost, swapped, late])| Step {
        wanted,
        keyframe,
        layers,
        lost,
        swapped,
        late,
    });
    prop::collection::vec(step, 1..120)
}

proptest! {
    #[test]
    fn whatever_is_left_out(mode in prop::sample::select(&MODES[..]), steps in steps()) {
        let mut scene = Scene::new(mode);
        scene.wants(ALL, ALL);
        for step in steps {
            if let Some((spatial, temporal)) = step.wanted {
                scene.wants(spatial, temporal);
            }
            scene.keyframe |= step.keyframe || (step.swapped & 3 == 0 && scene.forwarder.wants_keyframe().is_some());
            scene.play(1, step.layers);
        }
        // And in the end there is all that is wanted.
        scene.wants(1, 1);
        scene.keyframe = true;
        let top = 1.min(scene.encoder.layers() - 1);
        prop_assert_eq!(scene.play(8, 3).0, up_to(top, 1));
    }

    #[test]
    fn over_loss_and_reordering(mode in prop::sample::select(&MODES[..]), steps in steps()) {
        let mut scene = Scene::new(mode);
        scene.wants(ALL, ALL);
        scene.play(1, 3);
        // Packets that overtake others, and those that come pictures later.
        let mut waiting: Vec<(u32, Packet)> = Vec::new();
        let mut sent: Vec<SlotPacket> = Vec::new();
        for step in steps {
            if let Some((spatial, temporal)) = step.wanted {
                scene.wants(spatial, temporal);
            }
            let keyframe = step.keyframe || scene.forwarder.wants_keyframe().is_some();
            if keyframe {
                // Behind it, what came before it can neither be read nor is it of use.
                let before = std::mem::take(&mut waiting);
                sent.extend(before.into_iter().flat_map(|(_, packet)| scene.offer(packet)));
            }
            for (index, packet) in scene.encoder.picture(keyframe, step.layers).into_iter().enumerate() {
                let marked = |bits: u16| bits >> (index % 16) & 1 == 1;
                if marked(step.lost) {
                    let descriptor = packet.extensions.dependency_descriptor.as_ref().expect("described");
                    let number = u16::from_be_bytes([descriptor[1], descriptor[2]]);
                    scene.receiver.lost.insert(number.wrapping_sub(FIRST));
                    continue;
                }
                let late = if marked(step.late) { 1 + u32::from(step.late.rotate_left(5) % 8) } else { 0 };
                waiting.push((scene.pictures + late, packet));
                let last = waiting.len() - 1;
                if last > 0 && marked(step.swapped) {
                    waiting.swap(last - 1, last);
                }
            }
            let now = scene.pictures;
            let (due, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(at, _)| *at <= now);
            waiting = later;
            sent.extend(due.into_iter().flat_map(|(_, packet)| scene.offer(packet)));
            scene.pictures += 1;
        }
        // What has not come by now never will.
        for (_, packet) in waiting {
            let descriptor = packet.extensions.dependency_descriptor.as_ref().expect("described");
            let number = u16::from_be_bytes([descriptor[1], descriptor[2]]);
            scene.receiver.lost.insert(number.wrapping_sub(FIRST));
        }
        // As the receiver's jitter buffer has them.
        sent.sort_by_key(|packet| packet.seq.0.wrapping_sub(65_530));
        sent.iter().for_each(|packet| {
            scene.receiver.take(packet);
        });
    }
}
