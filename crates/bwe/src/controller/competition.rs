//! Somebody else keeps the path's queue full, whatever we do: a download that only stops at loss. Yielding to delay would
//! leave us nothing, so beside such a flow we do as it does.

use std::time::{Duration, Instant};

/// A queue that stays this long, although we send far less than the path carried, is somebody else's. Shorter: a slow
/// drain is taken for competition.
const AFTER: Duration = Duration::from_millis(1_500);
/// Far less: this share of what the path carried before.
const SHARE: f64 = 0.6;
/// And it is not on the way down: still this share of its largest.
const STANDS: f64 = 0.5;
/// A queue that comes back within this time is the same flow's: it yielded at a loss, and what the path carries is what it
/// carried before both. Longer: a path that became thinner looks like one that is shared.
const SAME_QUEUE: Duration = Duration::from_secs(2);
/// It is over when the queue has been short for this long. Shorter: the trough of the other's saw tooth ends it.
const OVER_AFTER: Duration = Duration::from_secs(3);
/// Nothing is taken for competition for longer than this without being looked at anew: the path itself may have
/// become longer.
const LONGEST: Duration = Duration::from_secs(60);

/// What is seen of the path now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// What waits in its queue, in seconds.
    pub(super) queue: f64,
    /// That is as good as nothing.
    pub(super) short: bool,
    /// From sending less until that shows.
    pub(super) response: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Competition {
    /// The queue has not been short since it was first seen long.
    standing: bool,
    /// And since then we have sent far less than the path carried before. What we sent until then is in that queue.
    little_since: Option<Instant>,
    /// What the path carried when that began.
    capacity: f64,
    largest: f64,
    on_since: Option<Instant>,
    short_since: Option<Instant>,
    /// When the queue was last long while nothing was told of competition.
    stood: Option<Instant>,
}

impl Competition {
    /// What is seen of the queue now cannot be somebody else's doing: look anew, and take what is carried now for what the
    /// path carries.
    pub(super) fn look_anew(&mut self) {
        if !self.is_on() {
            *self = Self::default();
        }
    }

    /// Looks at the queue; `true` when competition was found now.
    pub(super) fn note(&mut self, at: Instant, seen: Seen, capacity: f64, target: f64) -> bool {
        let Seen {
            queue,
            short,
            response,
        } = seen;
        if let Some(since) = self.on_since {
            let calm = *self.short_since.get_or_insert(at);
            if !short {
                self.short_since = None;
                self.largest = self.largest.max(queue);
            }
            let over = short && at.saturating_duration_since(calm) > OVER_AFTER;
            if over || at.saturating_duration_since(since) > LONGEST {
                *self = Self::default();
            }
            return false;
        }
        if short {
            (self.standing, self.little_since) = (false, None);
            self.largest = 0.0;
            return false;
        }
        if !std::mem::replace(&mut self.standing, true) {
            let again = (self.stood).is_some_and(|stood| at.saturating_duration_since(stood) < SAME_QUEUE);
            self.capacity = if again {
                self.capacity.max(capacity)
            } else {
                capacity
            };
        }
        self.stood = Some(at);
        self.largest = self.largest.max(queue);
        if target >= SHARE * self.capacity {
            self.little_since = None;
            return false;
        }
        let since = *self.little_since.get_or_insert(at);
        // What was sent before shows for a response time more, which is long behind a full queue.
        let found = at.saturating_duration_since(since) > AFTER + response && queue > STANDS * self.largest;
        if found {
            self.on_since = Some(at);
            self.short_since = None;
        }
        found
    }

    pub(super) fn is_on(&self) -> bool {
        self.on_since.is_some()
    }

    /// What the path carried before.
    pub(super) fn capacity(&self) -> f64 {
        self.capacity
    }

    /// The longest queue since it began, in seconds.
    pub(super) fn largest_queue(&self) -> f64 {
        self.largest
    }
}
