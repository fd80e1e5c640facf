//! Makes a call in which something goes wrong as small as it can be.

use super::scenario::Scenario;
use super::{Failure, Oracle};
use link::LinkConfig;

/// How hard to look for a smaller call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Calls tried at most; a call of six people has about fifty parts.
    pub tries: usize,
    /// Times each is played before it counts as one in which nothing goes wrong: more than once where the same call is
    /// not always the same.
    pub plays: usize,
}

/// The smallest call found in which the same oracle still fails.
pub fn shrink(
    scenario: &Scenario,
    oracle: Oracle,
    effort: Effort,
    play: impl Fn(&Scenario) -> Vec<Failure>,
) -> Scenario {
    let failed = |failures: Vec<Failure>| failures.iter().any(|failure| failure.oracle == oracle);
    let fails = |candidate: &Scenario| (0..effort.plays).any(|_| failed(play(candidate)));
    let mut smallest = scenario.clone();
    let mut tries = 0;
    'smaller: loop {
        for candidate in smaller(&smallest) {
            tries += 1;
            if tries > effort.tries {
                return smallest;
            }
            if fails(&candidate) {
                smallest = candidate;
                continue 'smaller;
            }
        }
        return smallest;
    }
}

/// The call without one of its parts each, the largest parts first.
fn smaller(scenario: &Scenario) -> Vec<Scenario> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Scenario)| {
        let mut candidate = scenario.clone();
        change(&mut candidate);
        if candidate != *scenario {
            all.push(candidate);
        }
    };
    for index in 0..scenario.guests.len() {
        with(&|smaller| smaller.guests[index].comes_ms = None);
    }
    let half = scenario.actions.len() / 2;
    with(&|smaller| smaller.actions.truncate(half));
    with(&|smaller| drop(smaller.actions.drain(..half)));
    for index in 0..scenario.actions.len() {
        with(&|smaller| drop(smaller.actions.remove(index)));
    }
    for index in 0..scenario.guests.len() {
        with(&|smaller| smaller.guests[index].up = LinkConfig::default());
        with(&|smaller| smaller.guests[index].down = LinkConfig::default());
        with(&|smaller| smaller.guests[index].down.schedule.clear());
        with(&|smaller| smaller.guests[index].down.loss = link::LossModel::None);
        with(&|smaller| smaller.guests[index].goes_ms = None);
        with(&|smaller| smaller.guests[index].killed = false);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::Action;
    use std::cell::Cell;

    const EFFORT: Effort = Effort { tries: 400, plays: 1 };

    #[test]
    fn what_fails_only_now_and_then_is_played_more_than_once() {
        let scenario = Scenario::random(3);
        let plays = Cell::new(0);
        let every_third = |_: &Scenario| {
            plays.set(plays.get() + 1);
            let failure = Failure {
                oracle: Oracle::StuckSlot,
                what: String::new(),
            };
            Vec::from_iter((plays.get() % 3 == 0).then_some(failure))
        };
        let effort = Effort { tries: 400, plays: 3 };
        let smallest = shrink(&scenario, Oracle::StuckSlot, effort, every_third);
        assert!(smallest.guests.iter().all(|guest| guest.comes_ms.is_none()));
    }

    #[test]
    fn only_what_matters_is_left() {
        let scenario = Scenario::random(3);
        let looks = |scenario: &Scenario| {
            let shows = |action: &Action| matches!(action, Action::Show { who: 1, .. });
            scenario.actions.iter().any(|(_, action)| shows(action))
        };
        assert!(looks(&scenario) && scenario.actions.len() > 10);
        let play = |scenario: &Scenario| {
            let fails = looks(scenario) && scenario.guests[4].comes_ms.is_some();
            let failure = Failure {
                oracle: Oracle::StuckSlot,
                what: String::new(),
            };
            Vec::from_iter(fails.then_some(failure))
        };
        let smallest = shrink(&scenario, Oracle::StuckSlot, EFFORT, play);
        assert_eq!(smallest.actions.len(), 1);
        let come = smallest.guests.iter().filter(|guest| guest.comes_ms.is_some());
        assert_eq!(come.count(), 1);
        assert!(
            smallest
                .guests
                .iter()
                .all(|guest| guest.up == LinkConfig::default())
        );
        // Another failure's call is not made smaller than it is.
        assert_eq!(shrink(&smallest, Oracle::Freed, EFFORT, play), smallest);
    }
}
