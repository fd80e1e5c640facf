//! A worker that stays busy gives its heaviest participants to one that has time, one after the other.

use crate::common::{Stage, origin};
use media::plane::MediaCommand;
use media::{ParticipantId, Source, WorkerId};
use peer::{Path, PeerEvent, Protocol};
use router::{Balance, Figures, MOST_NAMED, Relief};
use std::time::{Duration, Instant};

const HEAVIEST: [ParticipantId; 2] = [ParticipantId(7), ParticipantId(8)];

struct Node {
    now: Instant,
    relief: Relief,
    balance: Balance,
}

impl Node {
    fn new(above: Option<u32>) -> Self {
        Self {
            now: origin(),
            relief: Relief::new(3, above),
            balance: Balance::new(3),
        }
    }

    /// For so many seconds the workers are this busy: who moves when, and where to.
    fn run(&mut self, permille: [u32; 3], seconds: u64) -> Vec<(u64, u32, u16)> {
        for (worker, busy_permille) in (0..).map(WorkerId).zip(permille) {
            let figures = Figures {
                busy_permille,
                peers: 100,
            };
            self.balance.handle_figures(worker, figures);
        }
        let mut moves = Vec::new();
        for second in 0..seconds {
            let heaviest = |_| HEAVIEST.as_slice();
            let chosen = self.relief.choose(self.now, &self.balance, heaviest);
            moves.extend(chosen.map(|(who, to)| (second, who.0, to.0)));
            self.now += Duration::from_secs(1);
        }
        moves
    }
}

#[test]
fn one_in_ten_seconds_and_nobody_twice_within_a_minute() {
    let mut node = Node::new(Some(850));
    assert_eq!(
        node.run([900, 500, 100], 75),
        [(10, 7, 2), (20, 8, 2), (70, 7, 2)]
    );
}

#[test]
fn it_has_to_be_busy_for_a_while_and_another_must_have_time() {
    let mut node = Node::new(Some(850));
    for _ in 0..3 {
        assert_eq!(node.run([900, 100, 100], 9), []);
        assert_eq!(node.run([849, 100, 100], 1), [], "it begins to count anew");
    }
    assert_eq!(node.run([900, 601, 601], 30), [], "none has 30 points less");
    assert_eq!(node.run([900, 601, 600], 1), [(0, 7, 2)]);
    assert_eq!(Node::new(None).run([1_000, 0, 0], 60), [], "switched off");
}

#[test]
fn the_busiest_gives_first() {
    let mut node = Node::new(Some(850));
    node.balance = Balance::new(3);
    let asked = std::cell::Cell::new(None);
    for (worker, busy_permille) in [(0, 900), (1, 990), (2, 0)] {
        let figures = Figures {
            busy_permille,
            peers: 100,
        };
        node.balance.handle_figures(WorkerId(worker), figures);
    }
    for _ in 0..11 {
        node.relief.choose(node.now, &node.balance, |worker| {
            asked.set(Some(worker));
            &HEAVIEST
        });
        node.now += Duration::from_secs(1);
    }
    assert_eq!(asked.get(), Some(WorkerId(1)));
}

#[test]
fn the_heaviest_are_those_whose_slots_carry_most_and_who_can_move() {
    let mut stage = Stage::new();
    let alice = stage.join(1, 1, 1, 1);
    let camera = stage.publish(&alice, crate::common::CAMERA, 10, Source::Camera);
    let viewers: Vec<_> = (2..14).map(|id| stage.join(1, id, 1, 1)).collect();
    let film = |stage: &mut Stage, frames: usize| {
        for _ in 0..frames {
            stage.frame(&alice, 2, false);
        }
    };
    stage.frame(&alice, 2, true);
    for viewer in viewers.iter().rev() {
        stage.assign(viewer, viewer.video[0], Some(camera), 720);
        stage.frame(&alice, 2, true);
        film(&mut stage, 3);
    }
    let named = stage.router.heaviest();
    // Who came last had the camera first.
    let expected: Vec<ParticipantId> = viewers.iter().rev().map(|viewer| viewer.id).collect();
    assert_eq!(named[..], expected[..MOST_NAMED]);
    let tcp = Path {
        protocol: Protocol::Tcp,
        ..viewers[11].path
    };
    stage.tell(&viewers[11], PeerEvent::PathValidated(tcp));
    stage.command(MediaCommand::RemovePeer {
        participant: viewers[10].id,
    });
    film(&mut stage, 1);
    let named = stage.router.heaviest();
    assert!(!named.contains(&viewers[11].id) && !named.contains(&viewers[10].id));
    assert!(!named.contains(&alice.id), "nothing goes to her");
    assert_eq!(stage.router.heaviest(), [], "nothing went to anybody since");
}
