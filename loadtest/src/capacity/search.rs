//! The search for the largest number of participants that holds: a state machine that is told what became of each step.

use serde::Serialize;

/// How it searches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Participants of the first step.
    pub start: u64,
    /// Each further step has this many times as many, until one breaks.
    pub growth: f64,
    /// Never more than this.
    pub most: u64,
    /// Done when the last good and the first bad step are this close, in percent of the good one.
    pub tolerance_percent: f64,
    /// A step counts as bad when it broke this often; one break may be somebody else's doing.
    pub attempts: u32,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All thresholds held.
    Held,
    /// Why not.
    Broke(String),
    /// The harness was at its own limit: whatever was measured says nothing about the server.
    Harness(String),
}

/// A step that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bad {
    /// Its participants.
    pub participants: u64,
    /// Why.
    pub reason: String,
    /// Whether it was the harness, not the server.
    pub harness: bool,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Search {
    plan: Plan,
    good: Option<u64>,
    bad: Option<Bad>,
    /// Breaks of the step that is being tried.
    breaks: u32,
}

impl Search {
    /// A search that has not begun.
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            good: None,
            bad: None,
            breaks: 0,
        }
    }

    /// Participants of the step to try now; `None`: it is found.
    pub fn next(&self) -> Option<u64> {
        let most = self.plan.most.max(1);
        match (self.good, &self.bad) {
            (None, None) => Some(self.plan.start.clamp(1, most)),
            (Some(good), None) => {
                let more = (good as f64 * self.plan.growth.max(1.0)) as u64;
                (good < most).then(|| more.clamp(good + 1, most))
            }
            // Even the first step broke: downwards.
            (None, Some(bad)) => (bad.participants > 1).then_some(bad.participants / 2),
            (Some(good), Some(bad)) => {
                let close = (good as f64 * self.plan.tolerance_percent / 100.0).max(1.0);
                let distance = bad.participants.saturating_sub(good);
                (distance as f64 > close).then_some(good + distance / 2)
            }
        }
    }

    /// What became of the step that [`next`](Self::next) said.
    pub fn record(&mut self, outcome: Outcome) {
        let Some(participants) = self.next() else { return };
        let (reason, harness) = match outcome {
            Outcome::Held => {
                self.breaks = 0;
                self.good = Some(participants);
                return;
            }
            Outcome::Broke(reason) => (reason, false),
            Outcome::Harness(reason) => (reason, true),
        };
        self.breaks += 1;
        if self.breaks >= self.plan.attempts {
            self.breaks = 0;
            self.bad = Some(Bad {
                participants,
                reason,
                harness,
            });
        }
    }

    /// Most participants that held.
    pub fn last_good(&self) -> Option<u64> {
        self.good
    }

    /// Fewest participants that did not; `None`: all that was allowed did.
    pub fn first_bad(&self) -> Option<&Bad> {
        self.bad.as_ref()
    }

    /// What was found, in a sentence.
    pub fn conclusion(&self) -> String {
        match (self.good, &self.bad) {
            (None, None) => "nothing was tried".to_owned(),
            (None, Some(bad)) if bad.harness => {
                format!("nothing can be said: the harness is the limit ({})", bad.reason)
            }
            (None, Some(bad)) => format!("not even {} held: {}", bad.participants, bad.reason),
            (Some(good), None) => format!("{good} held, and more was not allowed"),
            (Some(good), Some(bad)) if bad.harness => format!(
                "{good} held; with {} the harness is the limit ({}), so the server may carry more",
                bad.participants, bad.reason
            ),
            (Some(good), Some(bad)) => format!("{good} held, {} did not: {}", bad.participants, bad.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan {
        start: 50,
        growth: 2.0,
        most: 10_000,
        tolerance_percent: 5.0,
        attempts: 1,
    };

    /// Steps tried with a server that carries so many, and the search at its end.
    fn steps(plan: Plan, outcome: impl Fn(u64, usize) -> Outcome) -> (Vec<u64>, Search) {
        let mut search = Search::new(plan);
        let mut tried = Vec::new();
        while let Some(participants) = search.next() {
            search.record(outcome(participants, tried.len()));
            tried.push(participants);
            assert!(tried.len() < 100, "never ends: {tried:?}");
        }
        (tried, search)
    }

    fn carries(most: u64) -> impl Fn(u64, usize) -> Outcome {
        move |participants, _| {
            if participants <= most {
                Outcome::Held
            } else {
                Outcome::Broke("p99_latency_ms>20".to_owned())
            }
        }
    }

    #[test]
    fn it_doubles_until_one_breaks_and_then_halves_the_distance() {
        let (tried, search) = steps(PLAN, carries(300));
        assert_eq!(tried, [50, 100, 200, 400, 300, 350, 325, 312]);
        assert_eq!(
            (search.last_good(), search.first_bad().map(|bad| bad.participants)),
            (Some(300), Some(312))
        );
        assert_eq!(search.conclusion(), "300 held, 312 did not: p99_latency_ms>20");
    }

    #[test]
    fn every_capacity_is_found_within_its_tolerance() {
        for capacity in 1..=2_000 {
            let (_, search) = steps(PLAN, carries(capacity));
            let (good, bad) = (
                search.last_good().unwrap(),
                search.first_bad().unwrap().participants,
            );
            assert!(good <= capacity && capacity < bad, "{good} {capacity} {bad}");
            assert!(
                (bad - good) as f64 <= (good as f64 * 0.05).max(1.0),
                "{good} {bad}"
            );
        }
    }

    #[test]
    fn a_server_that_carries_nobody_is_found_out() {
        let (tried, search) = steps(PLAN, carries(0));
        assert_eq!(tried, [50, 25, 12, 6, 3, 1]);
        assert_eq!(
            (search.last_good(), search.first_bad().map(|bad| bad.participants)),
            (None, Some(1))
        );
        assert!(search.conclusion().starts_with("not even 1 held"));
    }

    #[test]
    fn it_stops_at_what_is_allowed() {
        let plan = Plan { most: 300, ..PLAN };
        let (tried, search) = steps(plan, carries(5_000));
        assert_eq!(tried, [50, 100, 200, 300]);
        assert_eq!(search.conclusion(), "300 held, and more was not allowed");
        let (tried, _) = steps(Plan { start: 500, ..plan }, carries(5_000));
        assert_eq!(tried, [300]);
    }

    #[test]
    fn one_break_is_tried_again_when_two_are_needed() {
        let plan = Plan { attempts: 2, ..PLAN };
        let once = |participants, step| {
            if step == 1 {
                Outcome::Broke("a neighbour".to_owned())
            } else {
                carries(150)(participants, step)
            }
        };
        let (tried, search) = steps(plan, once);
        assert_eq!(tried[..5], [50, 100, 100, 200, 200]);
        assert_eq!(search.last_good(), Some(150));
    }

    #[test]
    fn a_busy_harness_is_told_apart_from_a_busy_server() {
        let harness = |participants, step| match carries(200)(participants, step) {
            Outcome::Broke(_) => Outcome::Harness("its CPU".to_owned()),
            held => held,
        };
        let (_, search) = steps(PLAN, harness);
        assert!(search.first_bad().is_some_and(|bad| bad.harness));
        assert!(
            search
                .conclusion()
                .contains("the harness is the limit (its CPU), so the server may carry more")
        );
    }

    #[test]
    fn growth_of_nothing_still_goes_on() {
        let (tried, _) = steps(
            Plan {
                growth: 1.0,
                start: 1,
                most: 4,
                ..PLAN
            },
            carries(10),
        );
        assert_eq!(tried, [1, 2, 3, 4]);
    }
}
