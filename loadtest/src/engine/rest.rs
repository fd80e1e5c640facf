//! When a thread rests: it lets what happens gather until the next tick, and does it all at once.
//!
//! A participant costs most by being looked at: its memory has left the cache since the last time, and the server's next send
//! has to wake a thread that waits for it. Resting a few milliseconds makes one visit of several. Nothing measured gets later
//! by it: packets have the kernel's time of arrival, and who publishes is woken exactly.

use super::tally;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// tokio's timers fire up to this much later than asked for: they count whole milliseconds.
const TIMER_STEP: Duration = Duration::from_millis(1);

thread_local! {
    /// When somebody of this thread must not be kept waiting; the earliest is on top.
    static EXACT: RefCell<BinaryHeap<Reverse<Instant>>> = const { RefCell::new(BinaryHeap::new()) };
}

/// The ticks of all threads.
#[derive(Debug, Clone, Copy)]
pub struct Rest {
    origin: Instant,
    /// Zero: no rest.
    tick: Duration,
}

impl Rest {
    /// A tick every so often, from `origin` on; zero for none.
    pub fn new(origin: Instant, tick: Duration) -> Self {
        Self { origin, tick }
    }

    /// The first tick not before `at`; `at` itself without ticks.
    pub fn tick(&self, at: Instant) -> Instant {
        let since = at.saturating_duration_since(self.origin).as_nanos();
        let over = since.checked_rem(self.tick.as_nanos()).unwrap_or(0);
        match over {
            0 => at,
            _ => at + self.tick - Duration::from_nanos(u64::try_from(over).unwrap_or(0)),
        }
    }

    /// What to ask tokio's timer for, so that it has fired at this tick.
    pub fn ask(&self, tick: Instant) -> Instant {
        match self.tick.is_zero() {
            true => tick,
            false => tick.checked_sub(TIMER_STEP).unwrap_or(tick),
        }
    }

    /// The thread has nothing to do: rests to the next tick, or to what must not wait if that is earlier. Not while somebody
    /// is joining: a handshake is made of round trips.
    pub(super) fn park(&self) {
        let now = Instant::now();
        let exact = EXACT.with_borrow_mut(|exact| first_after(exact, now));
        if self.tick.is_zero() || tally::somebody_joins() {
            return;
        }
        let tick = self.tick(now + TIMER_STEP);
        let until = exact.map_or(tick, |exact| exact.min(tick));
        std::thread::sleep(until.saturating_duration_since(now));
    }
}

/// This thread is to be up at this time.
pub fn be_up_at(at: Instant) {
    // When tokio's timer has certainly fired.
    EXACT.with_borrow_mut(|exact| exact.push(Reverse(at + TIMER_STEP)));
}

/// Forgets what is over; the earliest of the rest.
fn first_after(exact: &mut BinaryHeap<Reverse<Instant>>, now: Instant) -> Option<Instant> {
    while let Some(Reverse(first)) = exact.peek() {
        if *first > now {
            return Some(*first);
        }
        exact.pop();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn times_are_put_on_the_next_tick_and_timers_asked_for_before_it() {
        let origin = Instant::now();
        let rest = Rest::new(origin, MS(5));
        assert_eq!(rest.tick(origin + MS(11)), origin + MS(15));
        assert_eq!(rest.tick(origin + MS(15)), origin + MS(15));
        assert_eq!(rest.ask(origin + MS(15)), origin + MS(14));
        let none = Rest::new(origin, Duration::ZERO);
        assert_eq!(none.tick(origin + MS(11)), origin + MS(11));
        assert_eq!(none.ask(origin + MS(11)), origin + MS(11));
    }

    #[test]
    fn the_earliest_that_is_not_over_is_the_first() {
        let now = Instant::now();
        let mut exact: BinaryHeap<_> = [7, 3, 1, 9].map(|ms| Reverse(now + MS(ms))).into();
        assert_eq!(first_after(&mut exact, now + MS(3)), Some(now + MS(7)));
        assert_eq!(exact.len(), 2);
        assert_eq!(first_after(&mut exact, now + MS(9)), None);
    }

    #[test]
    fn a_thread_rests_to_the_tick_or_to_who_must_not_wait() {
        let rest = Rest::new(Instant::now(), MS(200));
        let slept = |rest: Rest| {
            let before = Instant::now();
            rest.park();
            before.elapsed()
        };
        be_up_at(Instant::now() + MS(20));
        let short = slept(rest);
        assert!(short >= MS(20) && short < MS(150), "{short:?}");
        assert!(slept(rest) > MS(50), "to the tick");
        assert!(
            slept(Rest::new(Instant::now(), Duration::ZERO)) < MS(20),
            "without ticks"
        );
        tally::count(|tally| tally.joined += 1);
        assert!(slept(rest) < MS(20), "somebody joins");
        tally::count(|tally| tally.joined -= 1);
    }
}
