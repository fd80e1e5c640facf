//! The first packet of a keyframe says how all until the next keyframe are to be read. When it is lost for good, nothing
//! passes any more: the slot asks for a keyframe without being asked.

#[path = "support/described.rs"]
mod described;
mod support;

use described::{Encoder, Mode};
use forward::{Forwarder, PacketRing, VIDEO_RING};
use support::{layer, ms, origin, reported, track, video_forwarder};

struct Scene {
    forwarder: Forwarder,
    ring: PacketRing,
    encoder: Encoder,
    pictures: u32,
}

impl Scene {
    /// Plays a picture without its first packets; returns how many packets pass.
    fn picture(&mut self, keyframe: bool, lost: usize) -> usize {
        let now = origin() + ms(33) * self.pictures;
        self.pictures += 1;
        let mut passed = 0;
        for packet in self.encoder.picture(keyframe, 1).into_iter().skip(lost) {
            let seq = packet.seq;
            self.ring.insert(packet);
            for seq in std::iter::once(seq).chain(self.ring.take_readable()) {
                let read = self.ring.get(seq).expect("it was just inserted");
                let sent = self.forwarder.handle_packet(now, layer(0), read, reported(now));
                passed += usize::from(sent.is_some());
            }
        }
        passed
    }
}

fn scene() -> Scene {
    let mut forwarder = video_forwarder(origin());
    forwarder.set_track(origin(), track(1));
    forwarder.set_target(origin(), Some(layer(0).into()));
    let mut scene = Scene {
        forwarder,
        ring: PacketRing::new(VIDEO_RING),
        encoder: Encoder::new(Mode::L1T3, 65_000, 7),
        pictures: 0,
    };
    assert_eq!(scene.picture(true, 0), 2);
    assert_eq!(scene.picture(false, 0), 2);
    scene
}

#[test]
fn after_half_a_second() {
    let mut scene = scene();
    assert_eq!(scene.picture(true, 1), 0);
    for picture in 0..20 {
        assert_eq!(scene.picture(false, 0), 0, "nobody can read it");
        // Of 33 ms each; a repair may still be on its way before.
        assert_eq!(
            scene.forwarder.wants_keyframe().is_some(),
            picture >= 14,
            "picture {picture}"
        );
    }
    assert!(scene.forwarder.state().switching);
    assert_eq!(scene.picture(true, 0), 2);
    assert_eq!(scene.forwarder.wants_keyframe(), None);
    assert_eq!(scene.picture(false, 0), 2);
}

#[test]
fn not_when_it_was_repaired() {
    let mut scene = scene();
    let mut keyframe = scene.encoder.picture(true, 1);
    scene.ring.insert(keyframe.pop().expect("two packets"));
    for _ in 0..10 {
        assert_eq!(scene.picture(false, 0), 0);
    }
    let first = keyframe.pop().expect("two packets");
    let seq = first.seq;
    scene.ring.insert(first);
    let now = origin() + ms(33) * scene.pictures;
    for seq in std::iter::once(seq).chain(scene.ring.take_readable()) {
        let read = scene.ring.get(seq).expect("it was just inserted");
        scene.forwarder.handle_packet(now, layer(0), read, reported(now));
    }
    for _ in 0..20 {
        assert_eq!(scene.picture(false, 0), 2);
        assert_eq!(scene.forwarder.wants_keyframe(), None);
    }
}
