//! When a participant wants to be looked at, though nothing came.

use crate::engine::rest::{Rest, be_up_at};
use crate::engine::tally::{self, record};
use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::time::{Sleep, sleep_until};

/// See the module.
pub(super) struct Alarm {
    rest: Rest,
    at: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Alarm {
    pub(super) fn new(rest: Rest) -> Self {
        let at = Instant::now();
        let sleep = Box::pin(sleep_until(at.into()));
        Self { rest, at, sleep }
    }

    /// Sets it: exactly, or to the tick behind it, where the thread is up anyway.
    pub(super) fn set(&mut self, due: Instant, exactly: bool) {
        let at = if exactly { due } else { self.rest.tick(due) };
        if at == self.at {
            return;
        }
        self.at = at;
        if exactly {
            be_up_at(at);
            self.sleep.as_mut().reset(at.into());
        } else {
            self.sleep.as_mut().reset(self.rest.ask(at).into());
        }
    }

    /// Waits for it; returns the time, and sets it off for as long as `pause`: what it is set to next may be the same.
    pub(super) async fn rings(&mut self, pause: Duration) -> Instant {
        self.sleep.as_mut().await;
        let now = Instant::now();
        tally::count(|tally| record(&mut tally.lateness, now.saturating_duration_since(self.at)));
        self.at = now + pause;
        self.sleep.as_mut().reset(self.at.into());
        now
    }
}
