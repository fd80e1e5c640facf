//! Who comes is put where there is room, by what workers told of themselves and by who was sent there since.

use crate::common::origin;
use media::{ParticipantId, RoomId, WorkerId};
use router::{Balance, Figures, MAX_COMING, RESERVED_FOR, SETTLING, Spread};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const ROOM: RoomId = RoomId(1);
const BY_LOAD: Spread = Spread {
    above_permille: 600,
    most_of_a_room: 0,
};

/// Workers this busy, with a hundred peers each.
fn busy(permille: &[u32]) -> Balance {
    let mut balance = Balance::new(permille.len());
    for (worker, permille) in permille.iter().enumerate() {
        let figures = Figures {
            busy_permille: *permille,
            peers: 100,
        };
        balance.handle_figures(WorkerId(worker as u16), figures);
    }
    balance
}

fn on(workers: &[(u16, usize)]) -> BTreeMap<WorkerId, usize> {
    let workers = workers.iter();
    workers
        .map(|(worker, count)| (WorkerId(*worker), *count))
        .collect()
}

fn next(balance: &Balance, placed: &[(u16, usize)]) -> u16 {
    balance.choose(ROOM, WorkerId(0), &on(placed), BY_LOAD).0
}

#[test]
fn a_room_stays_together_while_its_worker_has_time() {
    assert_eq!(next(&busy(&[599, 0]), &[(0, 50)]), 0);
    assert_eq!(next(&busy(&[600, 0]), &[(0, 50)]), 1);
}

#[test]
fn one_of_its_other_workers_is_preferred_to_a_new_one() {
    assert_eq!(next(&busy(&[900, 10, 500, 400]), &[(0, 9), (2, 1), (3, 1)]), 3);
    assert_eq!(next(&busy(&[900, 10, 700, 800]), &[(0, 9), (2, 1), (3, 1)]), 1);
}

#[test]
fn when_all_are_busy_a_relay_must_be_worth_it() {
    assert_eq!(next(&busy(&[800, 750]), &[(0, 9)]), 0);
    assert_eq!(next(&busy(&[800, 700]), &[(0, 9)]), 1);
}

#[test]
fn a_burst_of_new_rooms_meets_on_no_worker() {
    let now = origin();
    let mut balance = busy(&[0, 0, 0]);
    let mut given = [0; 3];
    for id in 0..300 {
        let worker = balance.least_loaded();
        balance.reserve(now, RoomId(id), ParticipantId(id), worker);
        given[usize::from(worker.0)] += 1;
    }
    assert_eq!(given, [100; 3]);
}

/// So many join one room at once; how many each worker is given.
fn burst(balance: &mut Balance, now: Instant, count: u32, spread: Spread) -> Vec<usize> {
    let mut given = vec![0; balance.workers().count()];
    for id in 0..count {
        let participant = ParticipantId(id);
        let worker = balance.choose(ROOM, WorkerId(0), &BTreeMap::new(), spread);
        balance.reserve(now, ROOM, participant, worker);
        balance.build(participant);
        given[usize::from(worker.0)] += 1;
    }
    given
}

#[test]
fn a_burst_into_one_room_goes_on_elsewhere_before_figures_show_it() {
    // Each of a hundred peers costs 5 thousandths: twenty more, and the first has enough.
    assert_eq!(
        burst(&mut busy(&[500, 0, 0]), origin(), 100, BY_LOAD),
        [20, 80, 0]
    );
}

#[test]
fn a_limit_for_each_worker_counts_those_being_built() {
    let spread = Spread {
        above_permille: 1_000,
        most_of_a_room: 2,
    };
    assert_eq!(burst(&mut busy(&[0, 9, 5]), origin(), 6, spread), [2, 2, 2]);
    // Nobody has room: they share the rest.
    assert_eq!(burst(&mut busy(&[0, 0]), origin(), 10, spread), [5, 5]);
}

#[test]
fn who_comes_counts_until_the_figures_show_it() {
    let now = origin();
    let mut balance = busy(&[100, 100]);
    let participant = ParticipantId(1);
    let load = |balance: &Balance| balance.load(WorkerId(0));
    balance.reserve(now, ROOM, participant, WorkerId(0));
    assert_eq!((load(&balance), balance.peers(WorkerId(0))), (101, 101));
    assert_eq!(balance.reserved(participant), Some(WorkerId(0)));
    balance.build(participant);
    let much_later = now + Duration::from_secs(100);
    balance.handle_timeout(much_later);
    assert_eq!(load(&balance), 101, "being built");
    balance.settle(much_later, participant);
    assert_eq!((load(&balance), balance.reserved(participant)), (101, None));
    balance.handle_timeout(much_later + SETTLING);
    assert_eq!(load(&balance), 100);
}

#[test]
fn who_does_not_come_is_forgotten() {
    let now = origin();
    let mut balance = busy(&[0]);
    balance.reserve(now, ROOM, ParticipantId(1), WorkerId(0));
    balance.reserve(now, ROOM, ParticipantId(2), WorkerId(0));
    balance.release(ParticipantId(1));
    assert_eq!(balance.peers(WorkerId(0)), 101);
    balance.handle_timeout(now + RESERVED_FOR);
    assert_eq!(balance.peers(WorkerId(0)), 100);
}

#[test]
fn more_than_can_be_counted_are_placed_all_the_same() {
    let mut balance = busy(&[0, 0]);
    let given = burst(&mut balance, origin(), MAX_COMING as u32 + 100, BY_LOAD);
    assert_eq!(given.iter().sum::<usize>(), MAX_COMING + 100);
    let counted: u64 = [0, 1]
        .map(|worker| balance.peers(WorkerId(worker)) - 100)
        .iter()
        .sum();
    assert_eq!(counted, MAX_COMING as u64);
}
