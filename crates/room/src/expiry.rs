//! When an access token expires, and when its client is told to renew it.

use std::time::{Duration, Instant};

/// A client is told to renew its token this long before it expires, and when a third of its time is left, whichever is
/// later. Longer: more time to get another; but a token that lives for a minute must not be renewed all the time.
const NOTICE: Duration = Duration::from_secs(60);

/// The end of an access token's time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expiry {
    at: Instant,
    tell_at: Instant,
    told: bool,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing yet.
    Nothing,
    /// The client should renew; so much time is left.
    Tell(Duration),
    /// The token has expired.
    Over,
}

impl Expiry {
    pub(crate) fn new(now: Instant, at: Instant) -> Self {
        let left = at.saturating_duration_since(now);
        Self {
            at,
            tell_at: at.checked_sub(NOTICE.min(left / 3)).unwrap_or(at),
            told: false,
        }
    }

    /// When [`due`](Self::due) says something.
    pub(crate) fn deadline(&self) -> Instant {
        if self.told { self.at } else { self.tell_at }
    }

    /// What is due now; the client counts as told.
    pub(crate) fn due(&mut self, now: Instant) -> Due {
        if now >= self.at {
            return Due::Over;
        }
        if now < self.deadline() || self.told {
            return Due::Nothing;
        }
        self.told = true;
        Due::Tell(self.at.saturating_duration_since(now))
    }

    /// The client may have missed what it was told: it is told again.
    pub(crate) fn forget_told(&mut self) {
        self.told = false;
    }
}
