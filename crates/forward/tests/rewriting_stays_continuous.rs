//! Whatever is lost, late, doubled or switched: the slot looks like one stream that never breaks.

mod support;

use forward::{Forwarder, PacketRing, VIDEO_RING};
use media::packet::SlotPacket;
use media::{Packet, SeqNo};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};
use std::time::Instant;
use support::{
    Content, Pass, Start, Vp8Layer, content, layer, ms, origin, reported, same, track, video_forwarder,
};

const TRACKS: usize = 2;
const LAYERS: usize = 3;

/// One picture's time: what every layer sends, and what the subscriber asks for.
#[derive(Debug, Clone)]
struct Step {
    /// Layers of which this frame is a keyframe, one bit per track and layer.
    keyframes: u8,
    /// Packets of each frame.
    parts: u8,
    /// What happens to each packet, in turn: 0 lost, 1 doubled, 2.. late by so many packets, else in order.
    fates: Vec<u8>,
    /// New target: a layer, or above the last one a pause.
    target: Option<u8>,
    /// New track.
    track: Option<u8>,
    /// Ask again for the packet so far behind the newest.
    nack: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        prop_oneof![2 => Just(0u8), 1 => any::<u8>()],
        1u8..4,
        prop::collection::vec(prop_oneof![4 => Just(255u8), 1 => 0u8..24], 24),
        prop_oneof![6 => Just(None), 1 => (0u8..5).prop_map(Some)],
        prop_oneof![20 => Just(None), 1 => (0u8..2).prop_map(Some)],
        0u8..40,
    );
    let step = step.prop_map(|(keyframes, parts, fates, target, track, nack)| Step {
        keyframes,
        parts,
        fates,
        target,
        track,
        nack,
    });
    prop::collection::vec(step, 1..120)
}

fn starts() -> impl Strategy<Value = Vec<Start>> {
    // Half of them shortly before a wrap.
    let start = (
        prop_oneof![any::<u16>(), 65_400u16..=65_535],
        prop_oneof![any::<u32>(), (u32::MAX - 300_000)..=u32::MAX],
        prop_oneof![0u16..32_768, 32_700u16..32_768],
        any::<u8>(),
    );
    let start = start.prop_map(|(seq, timestamp, picture_id, tl0)| Start {
        seq,
        timestamp,
        picture_id,
        tl0,
    });
    prop::collection::vec(start, TRACKS * LAYERS)
}

/// A run as the oracle sees it: one layer from the keyframe it was switched at.
struct Run {
    track: u32,
    layer: u8,
    first: Content,
    /// The first packet's numbers in the slot, extended.
    seq: u64,
    picture: u64,
    tl0_shift: u8,
}

/// Follows one slot and complains.
struct Oracle {
    run: Option<Run>,
    newest_seq: Option<u64>,
    newest_picture: Option<u64>,
    newest_tl0: Option<u8>,
    newest_timestamp: Option<media::RtpTime>,
    /// By the slot's number.
    sent: HashMap<u64, SlotPacket>,
    /// Timestamp of every frame of the run.
    frames: HashMap<u32, media::RtpTime>,
}

fn extend(value: u64, modulus: u64, near: u64) -> u64 {
    let ahead = (value + modulus - near % modulus) % modulus;
    if ahead < modulus / 2 {
        near + ahead
    } else {
        near + ahead - modulus
    }
}

impl Oracle {
    fn new() -> Oracle {
        Oracle {
            run: None,
            newest_seq: None,
            newest_picture: None,
            newest_tl0: None,
            newest_timestamp: None,
            sent: HashMap::new(),
            frames: HashMap::new(),
        }
    }

    /// Whether the run would have to pass this packet now.
    fn expects(&self, packet: &Content) -> bool {
        let Some(run) = &self.run else { return false };
        let offset = packet.source_seq.wrapping_sub(run.first.source_seq).cast_signed();
        run.track == packet.track
            && run.layer == packet.layer
            && offset >= 0
            && !self.sent.contains_key(&(run.seq + offset as u64))
    }

    fn check(&mut self, out: &SlotPacket, original: &Packet) {
        let (descriptor, what) = content(&out.payload.to_bytes());
        let seq = extend(u64::from(out.seq.0), 1 << 16, self.newest_seq.unwrap_or(1 << 16));
        assert_eq!(out.csrc.0, what.track, "the CSRC names the track");
        assert_eq!(out.marker, original.marker);
        assert_eq!(out.extensions, original.extensions);
        let id = descriptor.picture_id.expect("as the source has one");
        assert!(id.long);
        let picture = extend(
            u64::from(id.value),
            1 << 15,
            self.newest_picture.unwrap_or(1 << 15),
        );
        let tl0 = descriptor.tl0_picture_index.expect("as the source has one");

        if self
            .run
            .as_ref()
            .is_none_or(|run| (run.track, run.layer) != (what.track, what.layer))
        {
            self.begin(out, &what, (seq, picture, tl0), original);
        }
        let run = self.run.as_ref().expect("begun above");
        let steps = what.source_seq.wrapping_sub(run.first.source_seq).cast_signed();
        assert!(steps >= 0, "from before the switch");
        assert_eq!(
            seq,
            run.seq + steps as u64,
            "only losses of the source leave gaps"
        );
        assert_eq!(
            picture,
            run.picture + u64::from(what.frame - run.first.frame),
            "picture ids count frames"
        );
        let original_tl0 = content(&original.payload)
            .0
            .tl0_picture_index
            .expect("the source has one");
        assert_eq!(tl0, original_tl0.wrapping_add(run.tl0_shift));
        assert!(
            self.sent.insert(seq, out.clone()).is_none(),
            "a number was used twice"
        );

        let timestamp = *self.frames.entry(what.frame).or_insert(out.timestamp);
        assert_eq!(timestamp, out.timestamp, "one timestamp per frame");
        for (&frame, &other) in &self.frames {
            assert_eq!(
                frame.cmp(&what.frame),
                0.cmp(&out.timestamp.distance(other)),
                "later frames, later timestamps"
            );
        }
        self.newest_seq = self.newest_seq.max(Some(seq));
        self.newest_picture = self.newest_picture.max(Some(picture));
        if self
            .newest_tl0
            .is_none_or(|newest| tl0.wrapping_sub(newest).cast_signed() > 0)
        {
            self.newest_tl0 = Some(tl0);
        }
        if self
            .newest_timestamp
            .is_none_or(|newest| out.timestamp.distance(newest) > 0)
        {
            self.newest_timestamp = Some(out.timestamp);
        }
    }

    fn begin(
        &mut self,
        out: &SlotPacket,
        what: &Content,
        (seq, picture, tl0): (u64, u64, u8),
        original: &Packet,
    ) {
        assert!(
            what.keyframe && what.part == 0,
            "switched without a keyframe: {what:?}"
        );
        if let (Some(newest_seq), Some(newest_picture)) = (self.newest_seq, self.newest_picture) {
            assert_eq!(seq, newest_seq + 1, "a switch leaves no gap");
            assert_eq!(picture, newest_picture + 1, "a switch leaves no gap");
        }
        if let Some(newest) = self.newest_tl0 {
            assert_eq!(tl0, newest.wrapping_add(1), "a switch leaves no gap");
        }
        if let Some(newest) = self.newest_timestamp {
            assert!(out.timestamp.distance(newest) > 0, "never backwards");
        }
        let original_tl0 = content(&original.payload)
            .0
            .tl0_picture_index
            .expect("the source has one");
        self.frames.clear();
        self.run = Some(Run {
            track: what.track,
            layer: what.layer,
            first: *what,
            seq,
            picture,
            tl0_shift: tl0.wrapping_sub(original_tl0),
        });
    }
}

/// Everything that arrives, in the order in which it does.
struct Arrival {
    step: usize,
    track: usize,
    layer: usize,
    captured: Instant,
    packet: Packet,
}

fn arrivals(t0: Instant, steps: &[Step], starts: &[Start]) -> Vec<Arrival> {
    let source = |(index, start): (usize, &Start)| {
        Vp8Layer::new(1 + (index / LAYERS) as u32, (index % LAYERS) as u8, *start)
    };
    let mut sources: Vec<Vp8Layer> = starts.iter().enumerate().map(source).collect();
    let mut queue: Vec<(usize, Arrival)> = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let mut fates = step.fates.iter().cycle();
        for (index, source) in sources.iter_mut().enumerate() {
            let keyframe = number == 0 || step.keyframes & (1 << index) != 0;
            for packet in source.frame(keyframe, step.parts, 3000) {
                let arrival = |packet| Arrival {
                    step: number,
                    track: index / LAYERS,
                    layer: index % LAYERS,
                    captured: t0 + ms(33) * number as u32,
                    packet,
                };
                let place = queue.len();
                match fates.next() {
                    Some(0) => {}
                    Some(1) => {
                        queue.push((place, arrival(packet.clone())));
                        queue.push((place + 9, arrival(packet)));
                    }
                    Some(&late) if late < 24 => queue.push((place + usize::from(late), arrival(packet))),
                    _ => queue.push((place, arrival(packet))),
                }
            }
        }
    }
    queue.sort_by_key(|(place, _)| *place);
    queue.into_iter().map(|(_, arrival)| arrival).collect()
}

struct Subscriber {
    forwarder: Forwarder,
    oracle: Oracle,
    rings: Vec<PacketRing>,
    track: usize,
}

impl Subscriber {
    fn apply(&mut self, now: Instant, step: &Step) {
        if let Some(next) = step.track
            && usize::from(next) != self.track
        {
            self.track = usize::from(next);
            self.forwarder.set_track(now, track(1 + u32::from(next)));
            self.forwarder.set_target(now, Some(layer(0).into()));
            self.oracle.run = None;
        }
        if let Some(target) = step.target {
            let target = Some(target)
                .filter(|target| usize::from(*target) < LAYERS)
                .map(|index| layer(index).into());
            self.forwarder.set_target(now, target);
            if target.is_none() {
                self.oracle.run = None;
            }
        }
    }

    fn handle(&mut self, now: Instant, arrival: &Arrival) {
        let ring = &mut self.rings[arrival.track * LAYERS + arrival.layer];
        ring.insert(arrival.packet.clone());
        if arrival.track != self.track {
            return;
        }
        let (_, what) = content(&arrival.packet.payload);
        let due = self.oracle.expects(&what);
        let out = self.forwarder.pass(
            now,
            layer(arrival.layer as u8),
            &arrival.packet,
            reported(arrival.captured),
        );
        assert!(
            out.is_some() || !due,
            "a packet of the flowing layer was dropped: {what:?}"
        );
        if let Some(out) = out {
            self.oracle.check(&out, &arrival.packet);
        }
    }

    /// The subscriber misses a packet.
    fn nack(&mut self, behind: u8) {
        let Some(newest) = self.oracle.newest_seq else {
            return;
        };
        let wanted = newest - u64::from(behind);
        let rings = &self.rings[self.track * LAYERS..];
        let again = self.forwarder.retransmit(SeqNo(wanted as u16), |layer, seq| {
            rings[usize::from(layer.0)].get(seq)
        });
        let Some(again) = again else { return };
        match self.oracle.sent.get(&wanted) {
            Some(first) => assert!(same(first, &again), "not the same packet again"),
            // Arrived before its keyframe was recognised: now it is sent for the first time.
            None => {
                let (_, what) = content(&again.payload.to_bytes());
                let original = rings[usize::from(what.layer)]
                    .get(SeqNo(what.source_seq))
                    .expect("looked up");
                self.oracle.check(&again, &original.packet);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn over_switches_loss_reordering_and_wraps(steps in steps(), starts in starts()) {
        let t0 = origin();
        let mut subscriber = Subscriber {
            forwarder: video_forwarder(t0),
            oracle: Oracle::new(),
            rings: (0..TRACKS * LAYERS).map(|_| PacketRing::new(VIDEO_RING)).collect(),
            track: 0,
        };
        subscriber.forwarder.set_track(t0, track(1));
        subscriber.forwarder.set_target(t0, Some(layer(0).into()));
        let mut begun = 0;
        for arrival in arrivals(t0, &steps, &starts) {
            let now = t0 + ms(33) * arrival.step as u32 + ms(40);
            while begun <= arrival.step {
                subscriber.apply(now, &steps[begun]);
                begun += 1;
            }
            subscriber.handle(now, &arrival);
            subscriber.nack(steps[arrival.step].nack);
        }
    }
}

#[test]
fn every_layer_of_a_clean_source_flows_to_the_last_packet() {
    let t0 = origin();
    let start = Start {
        seq: 65_000,
        timestamp: 7,
        picture_id: 32_000,
        tl0: 250,
    };
    let mut sources: Vec<Vp8Layer> = (0..3).map(|index| Vp8Layer::new(1, index, start)).collect();
    let mut forwarder = video_forwarder(t0);
    forwarder.set_track(t0, track(1));
    let (mut numbers, mut frames) = (HashSet::new(), HashSet::new());
    for frame in 0..3000u32 {
        let now = t0 + ms(33) * frame;
        if frame % 100 == 0 {
            forwarder.set_target(now, Some(layer((frame / 100 % 3) as u8).into()));
        }
        for (index, source) in (0u8..).zip(&mut sources) {
            for packet in source.frame(frame % 10 == 5, 3, 2970) {
                if let Some(out) = forwarder.pass(now, layer(index), &packet, reported(now)) {
                    numbers.insert(out.seq.0);
                    frames.insert(content(&out.payload.to_bytes()).1.frame);
                }
            }
        }
    }
    assert_eq!(frames.len(), 3000 - 5, "all but those before the first keyframe");
    // On the 20 switches upward the old layer's frame was already out when the new layer's keyframe came.
    assert_eq!(numbers.len(), (3000 - 5 + 20) * 3);
    assert_eq!(forwarder.switches(), 30);
}
