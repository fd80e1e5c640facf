//! What bandwidth takes from a camera first is frames, at once and without a keyframe, and it gives them back.

use crate::common::{CAMERA, Member, Stage, vp8};
use bwe::Estimate;
use bytes::{BufMut, BytesMut};
use media::plane::MediaCommand;
use media::{Bitrate, Codec, LayerInfo, Source, TrackId};
use std::time::Duration;

/// Rid, height, and bits per second.
const LAYERS: [(&str, u16, u64); 3] = [("q", 180, 150_000), ("h", 360, 500_000), ("f", 720, 1_700_000)];
/// Temporal id and share of a fourth of a second of 30 frames, per mille: T0 has 40, T1 20, T2 40 % of the rate.
const PATTERN: [(u8, u64); 4] = [(0, 400), (2, 200), (1, 200), (2, 200)];

fn estimate(bitrate: u64) -> Option<Estimate> {
    Some(Estimate {
        target: Bitrate(bitrate),
        stable: Bitrate(bitrate),
        round_trip: Duration::from_millis(50),
        loss: 0.0,
        repairs: 0.0,
        queue_delay: Duration::ZERO,
        jitter: Duration::ZERO,
    })
}

struct Scene {
    stage: Stage,
    publisher: Member,
    viewer: Member,
    codec: Codec,
    frames: usize,
}

impl Scene {
    fn new(codec: Codec) -> Self {
        let mut stage = Stage::new();
        let (publisher, viewer) = (stage.join(1, 1, 1, 1), stage.join(1, 2, 1, 1));
        let layer = |(rid, height, bps): (&str, u16, u64)| LayerInfo {
            rid: rid.to_owned(),
            height,
            max_bitrate: Bitrate(bps),
        };
        stage.command(MediaCommand::Publish {
            participant: publisher.id,
            mline: CAMERA,
            track: TrackId(10),
            source: Source::Camera,
            layers: LAYERS.into_iter().map(layer).collect(),
        });
        stage.assign(&viewer, viewer.video[0], Some(TrackId(10)), 720);
        Self {
            stage,
            publisher,
            viewer,
            codec,
            frames: 0,
        }
    }

    /// Seconds of all three layers, a keyframe wherever one was asked for; returns how many frames of the last second came.
    fn play(&mut self, bitrate: u64, seconds: usize) -> (usize, usize) {
        self.viewer.script.borrow_mut().bandwidth = estimate(bitrate);
        self.stage.tell(&self.viewer, peer::PeerEvent::Bandwidth);
        let slot = self.viewer.video[0];
        let mut asked = 0;
        for frame in 0..seconds * 30 {
            if frame == (seconds - 1) * 30 {
                self.viewer.received(slot);
            }
            let wanted = std::mem::take(&mut self.publisher.script.borrow_mut().keyframe_requests);
            asked += wanted.len();
            for (index, (_, _, bps)) in LAYERS.iter().enumerate() {
                let keyframe =
                    self.frames == 0 || wanted.iter().any(|(_, layer)| usize::from(layer.0) == index);
                self.frame(index as u8, keyframe, *bps);
            }
            self.frames += 1;
            self.stage.pass(33);
        }
        (self.viewer.received(slot).len(), asked)
    }

    fn frame(&mut self, layer: u8, keyframe: bool, bps: u64) {
        let place = self.frames % 4;
        let (id, share) = if keyframe { (0, 400) } else { PATTERN[place] };
        let mut packet = self
            .stage
            .packet(&self.publisher, CAMERA, layer, self.codec, bytes::Bytes::new());
        let mut payload = BytesMut::new();
        if self.codec == Codec::Vp9 {
            // A whole frame: I, P, L, B, E; 15 bits of picture id; temporal id without U, as libwebrtc sends it; TL0PICIDX.
            payload.put_u8(0xAC | u8::from(!keyframe) << 6);
            payload.put_u16(0x8000 | packet.seq.0);
            payload.put_u8(id << 5);
            payload.put_u8((self.frames / 4) as u8);
        } else {
            let plain = vp8(keyframe, packet.seq.0);
            payload.extend_from_slice(&plain[..5]);
            // T and K are there; all but the last of a round refer to layer 0 alone.
            payload[1] = 0xE0;
            payload.put_u8(id << 6 | u8::from(place != 3) << 5);
            payload.extend_from_slice(&plain[5..]);
        }
        payload.resize((bps / 8 * 4 / 30 * share / 1_000) as usize, 0);
        packet.payload = payload.freeze();
        self.stage.rtp(&self.publisher, CAMERA, layer, packet);
    }
}

#[test]
fn frames_go_before_the_picture_and_come_back() {
    let mut scene = Scene::new(Codec::Vp8);
    assert_eq!(scene.play(5_000_000, 8).0, 30);
    // What flows costs a little over 1.7 Mb/s; three fifths of it fit.
    let (frames, asked) = scene.play(1_400_000, 3);
    assert!((14..=16).contains(&frames), "{frames} frames");
    assert_eq!(asked, 0, "fewer frames need no keyframe");
    let (frames, asked) = scene.play(2_500_000, 3);
    assert!((29..=31).contains(&frames), "{frames} frames");
    assert_eq!(asked, 0, "nor do more");
    // Two fifths would fit, but 7.5 frames a second are not a picture to stay with: a smaller one comes.
    let (frames, asked) = scene.play(900_000, 3);
    assert!((29..=31).contains(&frames), "{frames} frames");
    assert_eq!(asked, 1);
    // With next to nothing there is something.
    scene.play(100_000, 3);
    let (frames, _) = scene.play(100_000, 3);
    assert!((7..=8).contains(&frames), "{frames} frames");
}

#[test]
fn where_nothing_says_when_frames_may_come_back_none_are_left_out() {
    let mut scene = Scene::new(Codec::Vp9);
    assert_eq!(scene.play(5_000_000, 8).0, 30);
    // The smaller picture comes at once, in full.
    let (frames, asked) = scene.play(1_400_000, 3);
    assert!((29..=31).contains(&frames), "{frames} frames");
    assert_eq!(asked, 1);
    scene.play(5_000_000, 5);
    let (frames, _) = scene.play(5_000_000, 1);
    assert!((29..=31).contains(&frames), "{frames} frames");
}
