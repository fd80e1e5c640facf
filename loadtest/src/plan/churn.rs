//! Those who come and go.

use super::from_scenario::{room_name, seat};
use super::{MAX_SEATS, Seat};
use crate::scenario::Scenario;
use crate::scenario::file::Group;
use link::Rng;
use std::time::Duration;

/// The visitors of a group from one time to another: they come at its rate, in turn to each room, and stay for a random
/// time. `before`: participants numbered already.
pub(super) fn visitors(
    scenario: &Scenario,
    group: &Group,
    room: &str,
    from: Duration,
    until: Duration,
    before: usize,
) -> Vec<Seat> {
    let Some(churn) = &group.churn else {
        return Vec::new();
    };
    let mut random = Rng::new(scenario.seed);
    let [shortest, longest] = churn.stay;
    let mut visitors = Vec::new();
    for index in 0..=MAX_SEATS as u32 {
        let join_at = from + Duration::from_secs_f64(f64::from(index) / churn.joins_per_second);
        if join_at >= until {
            break;
        }
        let room = room_name(scenario, room, index % scenario.rooms);
        let mut visitor = seat(scenario, group, &room, before + visitors.len() + 1, index);
        visitor.join_at = join_at;
        visitor.leave_at = Some(join_at + shortest + (longest - shortest).mul_f64(random.unit()));
        if random.unit() >= churn.share {
            visitor.screen = None;
        }
        visitors.push(visitor);
    }
    visitors
}
