//! Makes a call in which something goes wrong as small as it can be.

use super::scenario::Scenario;
use super::{Failure, Oracle};
use link::LinkConfig;

/// Calls tried at most; a call of six people has about fifty parts.
const MOST_TRIES: usize = 400;

/// The smallest call found in which the same oracle still fails. `play` must always say the same of the same call.
pub fn shrink(scenario: &Scenario, oracle: Oracle, play: impl Fn(&Scenario) -> Vec<Failure>) -> Scenario {
    let fails = |candidate: &Scenario| play(candidate).iter().any(|failure| failure.oracle == oracle);
    let mut smallest = scenario.clone();
    let mut tries = 0;
    'smaller: loop {
        for candidate in smaller(&smallest) {
            tries += 1;
            if tries > MOST_TRIES {
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
        let smallest = shrink(&scenario, Oracle::StuckSlot, play);
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
        assert_eq!(shrink(&smallest, Oracle::Freed, play), smallest);
    }
}
