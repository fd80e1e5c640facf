//! A worker that has too much to do pauses what fewest watch, says so, and goes on when it keeps up again.

use crate::common::{CAMERA, MIC, Member, SCREEN, Stage};
use crate::spread::Spread;
use media::plane::{MediaCommand, MediaEvent, PauseReason, SlotState};
use media::{ParticipantId, Source};
use router::{Load, PAUSE_NAMES};
use std::time::Duration;

const OVER: Load = Load {
    busy_permille: 990,
    longest_lag: Duration::from_millis(5),
};
const CALM: Load = Load {
    busy_permille: 200,
    longest_lag: Duration::from_millis(5),
};
const OVERLOAD: SlotState = SlotState::Paused(PauseReason::Overload);

/// Ada's camera is watched by three, Ben's by one, and his screen by one; all hear Ada.
struct Call {
    stage: Stage,
    ada: Member,
    ben: Member,
    viewers: Vec<Member>,
}

impl Call {
    fn new() -> Self {
        let mut stage = Stage::new();
        let (ada, ben) = (stage.join(1, 1, 3, 3), stage.join(1, 2, 3, 3));
        let viewers: Vec<Member> = (3..6).map(|id| stage.join(1, id, 3, 3)).collect();
        let popular = stage.publish(&ada, CAMERA, 10, Source::Camera);
        let voice = stage.publish(&ada, MIC, 11, Source::Microphone);
        let rare = stage.publish(&ben, CAMERA, 20, Source::Camera);
        let screen = stage.publish(&ben, SCREEN, 21, Source::Screen);
        for viewer in &viewers {
            stage.assign(viewer, viewer.video[0], Some(popular), 180);
            stage.assign(viewer, viewer.audio[0], Some(voice), 0);
        }
        stage.assign(&viewers[0], viewers[0].video[1], Some(rare), 180);
        stage.assign(&viewers[0], viewers[0].video[2], Some(screen), 1_080);
        let mut call = Self {
            stage,
            ada,
            ben,
            viewers,
        };
        call.second();
        call
    }

    /// Everybody sends for a second.
    fn second(&mut self) {
        for _ in 0..10 {
            self.stage.frame(&self.ada, 0, true);
            self.stage.frame(&self.ben, 0, true);
            let mut packet = self
                .stage
                .packet(&self.ben, SCREEN, 0, media::Codec::Vp8, bytes::Bytes::new());
            packet.payload = crate::common::vp8(true, packet.seq.0);
            self.stage.rtp(&self.ben, SCREEN, 0, packet);
            self.stage.audio(&self.ada, MIC, 100);
            self.stage.pass(100);
        }
    }

    /// So many seconds in which the worker does like this.
    fn seconds(&mut self, count: usize, load: Load) {
        for _ in 0..count {
            self.second();
            self.stage.router.handle_load(self.stage.now, load);
            self.stage.drain();
        }
    }

    /// Whether the first viewer gets Ada's camera, Ben's, his screen, and Ada's voice.
    fn flows(&mut self) -> [bool; 4] {
        let viewer = self.viewers[0].clone();
        viewer.script.borrow_mut().sent.clear();
        self.second();
        let slots = [viewer.video[0], viewer.video[1], viewer.video[2], viewer.audio[0]];
        let sent = viewer.script.borrow_mut().sent.split_off(0);
        slots.map(|slot| sent.iter().any(|(to, _)| *to == slot))
    }
}

#[test]
fn cameras_first_then_screens_and_sound_last() {
    let mut call = Call::new();
    assert_eq!(call.flows(), [true; 4]);
    call.seconds(4, OVER);
    assert_eq!(call.flows(), [true, false, true, true]);
    call.seconds(2, OVER);
    assert_eq!(call.flows(), [false, false, true, true]);
    call.seconds(3, OVER);
    assert_eq!(call.flows(), [false, false, false, true]);
    call.seconds(3, OVER);
    assert_eq!(call.flows(), [false; 4]);
    assert_eq!(call.stage.router.counters().shed, 4);
}

#[test]
fn viewers_are_told_and_the_publisher_may_stop() {
    let mut call = Call::new();
    call.stage.take_events();
    call.seconds(4, OVER);
    let events = call.stage.take_events();
    let told = |member: &Member, slot: usize| {
        events.iter().rev().find_map(|event| match event {
            MediaEvent::SlotState {
                participant,
                slot: of,
                state,
                ..
            } if *participant == member.id && *of == member.video[slot] => Some(*state),
            _ => None,
        })
    };
    assert_eq!(told(&call.viewers[0], 1), Some(OVERLOAD));
    assert_eq!(told(&call.viewers[0], 0), None);
    let overload = PAUSE_NAMES.iter().position(|name| *name == "overload");
    assert_eq!(call.stage.router.health().paused[overload.expect("a name")], 1);
    // The publisher hears that nobody watches, and need not send it.
    call.seconds(10, OVER);
    let stopped = call.stage.take_events().into_iter().any(|event| {
        matches!(event, MediaEvent::WantedLayers { track, layers } if track.0 == 20 && layers.is_empty())
    });
    assert!(stopped);
}

#[test]
fn it_goes_on_in_the_order_of_what_paused_last() {
    let mut call = Call::new();
    call.seconds(7, OVER);
    assert_eq!(call.flows(), [false, false, true, true]);
    call.seconds(11, CALM);
    assert_eq!(call.flows(), [true, false, true, true]);
    call.seconds(11, CALM);
    assert_eq!(call.flows(), [true; 4]);
    assert_eq!(call.stage.router.counters().shed, 0);
}

#[test]
fn a_paused_track_that_ends_leaves_nothing_behind() {
    let mut call = Call::new();
    call.seconds(7, OVER);
    for id in 1..6 {
        let participant = ParticipantId(id);
        call.stage.command(MediaCommand::RemovePeer { participant });
    }
    let counters = call.stage.router.counters();
    assert_eq!((counters.shed, counters.tracks), (0, 0));
    let now = call.stage.now + Duration::from_secs(60);
    call.stage.router.handle_load(now, CALM);
}

#[test]
fn another_workers_viewers_go_on() {
    let mut spread = Spread::new(2);
    let ada = spread.join(0, 1, 1, (1, 1));
    let here = spread.join(0, 1, 2, (1, 1));
    let there = spread.join(1, 1, 3, (1, 1));
    let camera = spread.publish(1, &ada, CAMERA, 10, Source::Camera);
    spread.assign(1, &here, here.video[0], Some(camera), 180);
    spread.assign(1, &there, there.video[0], Some(camera), 180);
    spread.film(0, &ada, 1_000);
    for _ in 0..4 {
        spread.film(0, &ada, 1_000);
        let stage = &mut spread.stages[0];
        stage.router.handle_load(stage.now, OVER);
        spread.settle();
    }
    here.received(here.video[0]);
    there.received(there.video[0]);
    spread.film(0, &ada, 1_000);
    assert!(here.received(here.video[0]).is_empty());
    assert_eq!(there.received(there.video[0]).len(), 10);
    // On the worker of the viewers it stops the packets that cross.
    for _ in 0..4 {
        spread.film(0, &ada, 1_000);
        let stage = &mut spread.stages[1];
        stage.router.handle_load(stage.now, OVER);
        spread.settle();
    }
    spread.film(0, &ada, 2_000);
    spread.take_crossed();
    spread.film(0, &ada, 1_000);
    assert_eq!(crate::spread::packets(&spread.take_crossed(), 0, 1), 0);
}

#[test]
fn sound_of_another_worker_that_pauses_does_not_cross() {
    let mut spread = Spread::new(2);
    let ada = spread.join(0, 1, 1, (1, 1));
    let there = spread.join(1, 1, 3, (1, 1));
    let voice = spread.publish(1, &ada, MIC, 11, Source::Microphone);
    spread.assign(1, &there, there.audio[0], Some(voice), 0);
    let mut crossed_in_five_seconds = |load: Load| {
        spread.take_crossed();
        for _ in 0..5 {
            for _ in 0..10 {
                spread.stages[0].audio(&ada, MIC, 100);
                spread.pass(100);
            }
            let stage = &mut spread.stages[1];
            stage.router.handle_load(stage.now, load);
            spread.settle();
        }
        crate::spread::packets(&spread.take_crossed(), 0, 1)
    };
    assert_eq!(crossed_in_five_seconds(CALM), 50);
    assert!(crossed_in_five_seconds(OVER) >= 30);
    assert_eq!(crossed_in_five_seconds(CALM), 0);
}
