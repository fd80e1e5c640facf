//! The threads that participants live on. Each has a runtime of its own: a participant stays where it was put, so nothing
//! that it touches is shared or locked.

use super::rest::Rest;
use super::tally::{self, Tally};
use anyhow::{Context, Result};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval_at};

/// Time between two tallies of a thread.
pub const TALLY_INTERVAL: Duration = Duration::from_secs(1);
/// Tallies that wait for the run; when full the counters stay in the thread for the next one.
const MAX_TALLIES: usize = 1_024;

/// What a thread counted in one interval.
#[derive(Debug)]
pub struct Tallied {
    /// Which thread.
    pub thread: usize,
    /// End of the interval, from the start of the run.
    pub at: Duration,
    /// CPU time of the thread since its start.
    pub cpu: Duration,
    /// Counters.
    pub tally: Tally,
}

/// See the module.
pub struct Threads {
    handles: Vec<Handle>,
    /// Dropped to end the threads.
    _stops: Vec<oneshot::Sender<()>>,
}

impl Threads {
    /// Starts them; each sends its tally once a second from `started` on.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(count: usize, started: Instant, rest: Rest) -> Result<(Self, mpsc::Receiver<Tallied>)> {
        let (tallies, receiver) = mpsc::channel(MAX_TALLIES);
        let (mut handles, mut stops) = (Vec::new(), Vec::new());
        for thread in 0..count.max(1) {
            let runtime = Builder::new_current_thread()
                .enable_all()
                .on_thread_park(move || rest.park())
                .build()?;
            handles.push(runtime.handle().clone());
            let (stop, stopped) = oneshot::channel::<()>();
            stops.push(stop);
            let tallies = tallies.clone();
            std::thread::Builder::new()
                .name(format!("load-{thread}"))
                .spawn(move || {
                    runtime.block_on(async {
                        tokio::select! {
                            () = report(thread, started, tallies) => {}
                            _ = stopped => {}
                        }
                    });
                })
                .context("cannot start a thread")?;
        }
        let _stops = stops;
        Ok((Self { handles, _stops }, receiver))
    }

    /// Starts a task on the thread that its number falls to.
    pub fn spawn(&self, number: usize, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(handle) = self.handles.get(number % self.handles.len().max(1)) {
            handle.spawn(task);
        }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.handles.len()
    }
}

async fn report(thread: usize, started: Instant, tallies: mpsc::Sender<Tallied>) {
    let mut seconds = interval_at((started + TALLY_INTERVAL).into(), TALLY_INTERVAL);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        seconds.tick().await;
        // Only with a place for it, or the counters would be lost.
        let Ok(place) = tallies.reserve().await else {
            return;
        };
        place.send(Tallied {
            thread,
            at: started.elapsed(),
            cpu: super::process::thread_cpu(),
            tally: tally::take(),
        });
    }
}
