//! Each slot that carries something is told its line once a second, and with its first packet.

use crate::common::{CAMERA, MIC, Stage};
use media::Source;

#[test]
fn the_first_packet_brings_a_report_then_one_a_second() {
    let mut stage = Stage::new();
    let (alice, bob) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
    let camera = stage.publish(&alice, CAMERA, 10, Source::Camera);
    let microphone = stage.publish(&alice, MIC, 11, Source::Microphone);
    stage.assign(&bob, bob.video[0], Some(camera), 180);
    stage.assign(&bob, bob.audio[0], Some(microphone), 0);
    stage.pass(3_000);
    assert!(bob.script.borrow().reports.is_empty());
    stage.frame(&alice, 0, true);
    assert_eq!(bob.script.borrow().reports.len(), 1);
    for _ in 0..100 {
        stage.frame(&alice, 0, false);
        stage.pass(100);
    }
    let reports = std::mem::take(&mut bob.script.borrow_mut().reports);
    assert_eq!(reports.len(), 11);
    assert!(reports.iter().all(|(slot, _)| *slot == bob.video[0]));
    for pair in reports.windows(2) {
        let (before, after) = (pair[0].1, pair[1].1);
        let seconds = after.ntp.seconds_since(before.ntp);
        let ticks = f64::from(after.rtp.distance(before.rtp));
        assert!(
            (ticks - seconds * 90_000.0).abs() <= 2.0,
            "{ticks} ticks in {seconds} s"
        );
    }
    stage.assign(&bob, bob.video[0], None, 0);
    stage.pass(3_000);
    assert!(bob.script.borrow().reports.is_empty());
}
