//! Parts without which the server is dead while its process lives: the media workers and the control plane.

use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// A part of the server has ended by itself, and what it held with it. The process ends, so that whoever supervises
/// it starts it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A media worker, by its number.
    #[error("media worker {0} has ended by itself: its calls have no media")]
    Worker(usize),
    /// The task that owns all rooms.
    #[error("the control plane has ended by itself: nobody can join or change anything")]
    Control,
}

/// How often the parts are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Done when a part has ended.
pub(crate) async fn watch(
    ended_worker: impl Fn() -> Option<usize>,
    control_ended: impl Fn() -> bool,
) -> Fault {
    let mut clock = interval(LOOK_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        if let Some(worker) = ended_worker() {
            return Fault::Worker(worker);
        }
        if control_ended() {
            return Fault::Control;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn an_ended_part_is_noticed() {
        assert_eq!(watch(|| Some(2), || false).await, Fault::Worker(2));
        assert_eq!(watch(|| None, || true).await, Fault::Control);
    }

    #[tokio::test]
    async fn it_looks_again() {
        let looks = Cell::new(0);
        let control_ended = || {
            looks.set(looks.get() + 1);
            looks.get() == 2
        };
        assert_eq!(watch(|| None, control_ended).await, Fault::Control);
    }
}
