//! Spatial layers of AV1 follow the tile, for those who take dependency descriptors; others get the lowest.

#[path = "../../../media/tests/support/descriptors.rs"]
mod descriptors;

use crate::common::{Member, SCREEN, Stage};
use bytes::Bytes;
use descriptors::{Kind, Place, Templates};
use media::{Codec, Source};

/// Three spatial layers, each picture a keyframe.
fn templates() -> Templates {
    let kind = |spatial: u8, dtis: &str, fdiffs: &[u16]| Kind {
        spatial,
        dtis: dtis.to_owned(),
        fdiffs: fdiffs.to_vec(),
        ..Kind::default()
    };
    Templates {
        kinds: vec![kind(0, "SSS", &[]), kind(1, "-SS", &[1]), kind(2, "--S", &[1])],
        ..Templates::default()
    }
}

/// A picture, a packet each layer.
fn picture(stage: &mut Stage, from: &Member) {
    let templates = templates();
    let mut timestamp = None;
    for kind in &templates.kinds {
        let mut packet = stage.packet(from, SCREEN, 0, Codec::Av1, Bytes::from_static(&[0x10, 0]));
        let place = Place {
            starts: true,
            ends: true,
            number: packet.seq.0,
        };
        let descriptor = templates.descriptor(place, kind, kind.spatial == 0, None);
        packet.extensions.dependency_descriptor = Some(descriptor);
        packet.timestamp = *timestamp.get_or_insert(packet.timestamp);
        packet.marker = kind.spatial == 2;
        stage.rtp(from, SCREEN, 0, packet);
    }
}

#[test]
fn who_takes_none_gets_the_lowest() {
    let mut stage = Stage::new();
    let [alice, bob, carl] = [1, 2, 3].map(|id| stage.join(1, id, 1, 1));
    carl.script.borrow_mut().refuses_descriptors = true;
    let screen = stage.publish(&alice, SCREEN, 10, Source::Screen);
    // From the first picture on.
    stage.assign(&carl, carl.video[0], Some(screen), 1_080);
    picture(&mut stage, &alice);
    assert_eq!(carl.received(carl.video[0]).len(), 1);
    for (height, layers) in [(1_080, 3), (540, 2), (1_080, 3), (90, 1)] {
        for viewer in [&bob, &carl] {
            stage.assign(viewer, viewer.video[0], Some(screen), height);
        }
        for _ in 0..30 {
            stage.pass(100);
            for viewer in [&bob, &carl] {
                viewer.received(viewer.video[0]);
            }
            picture(&mut stage, &alice);
        }
        for (viewer, layers) in [(&bob, layers), (&carl, 1)] {
            let markers: Vec<bool> = viewer
                .received(viewer.video[0])
                .iter()
                .map(|sent| sent.marker)
                .collect();
            let last: Vec<bool> = (1..=layers).map(|layer| layer == layers).collect();
            assert_eq!(markers, last, "at height {height}");
        }
    }
}
