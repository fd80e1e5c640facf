//! Which core each worker stays on.
//!
//! A thread that stays on its core keeps its caches: what the scheduler moves starts cold. It also cannot flee from
//! whoever else wants that core, so workers are pinned only where each has one for itself.

use std::fmt;

/// Whether workers stay on cores of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PinWorkers {
    /// Where there are as many cores as workers, and all of each.
    #[default]
    Auto,
    /// The system chooses, and may choose another core any time.
    Off,
}

/// Why the system chooses the cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unpinned {
    /// By the configuration.
    Off,
    /// Cores this process may run on.
    FewerCores(usize),
    /// It may run on this many but use less time than they have: they are shared with other processes.
    Quota(usize),
}

impl fmt::Display for Unpinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => write!(f, "pin_workers is off"),
            Self::FewerCores(cores) => write!(f, "there are fewer cores ({cores}) than workers"),
            Self::Quota(cores) => write!(
                f,
                "this process has a share of its {cores} cores, not all of each"
            ),
        }
    }
}

/// A core for each worker out of `allowed`, the cores this process may run on; `parallelism` is how many of them it may
/// keep busy. Core 0 is given out last: interrupts land there first.
pub(crate) fn plan(
    pin: PinWorkers,
    workers: usize,
    allowed: &[usize],
    parallelism: usize,
) -> Result<Vec<usize>, Unpinned> {
    if pin == PinWorkers::Off {
        return Err(Unpinned::Off);
    }
    if allowed.len() < workers {
        return Err(Unpinned::FewerCores(allowed.len()));
    }
    if parallelism < allowed.len() {
        return Err(Unpinned::Quota(allowed.len()));
    }
    let mut cores = allowed.to_vec();
    cores.sort_unstable();
    cores.reverse();
    cores.truncate(workers);
    Ok(cores)
}

/// The plan for this process, logged.
pub(crate) fn choose(pin: PinWorkers, workers: usize) -> Vec<Option<usize>> {
    let allowed = system::allowed();
    let parallelism = std::thread::available_parallelism().map_or(1, usize::from);
    match plan(pin, workers, &allowed, parallelism) {
        Ok(cores) => {
            tracing::info!(?cores, "each media worker stays on a core of its own");
            cores.into_iter().map(Some).collect()
        }
        Err(why) => {
            tracing::info!(%why, "media workers are not pinned to cores");
            vec![None; workers]
        }
    }
}

/// Keeps the calling thread on this core. When the system refuses, the thread goes on as it was.
pub(crate) fn pin_this_thread(worker: usize, core: usize) {
    if let Err(error) = system::pin(core) {
        tracing::warn!(worker, core, %error, "the worker could not be pinned to its core");
    }
}

#[cfg(target_os = "linux")]
mod system {
    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    /// The calling thread.
    const THIS: Pid = Pid::from_raw(0);

    /// Cores of the affinity mask: what `taskset` and a cgroup's cpuset leave.
    pub(super) fn allowed() -> Vec<usize> {
        let Ok(set) = sched_getaffinity(THIS) else {
            return Vec::new();
        };
        (0..CpuSet::count())
            .filter(|core| set.is_set(*core).unwrap_or(false))
            .collect()
    }

    pub(super) fn pin(core: usize) -> nix::Result<()> {
        let mut set = CpuSet::new();
        set.set(core)?;
        sched_setaffinity(THIS, &set)
    }
}

/// Other systems have no masks, or none that `nix` knows.
#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn allowed() -> Vec<usize> {
        Vec::new()
    }

    pub(super) fn pin(_core: usize) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_worker_has_a_core_of_the_mask_and_the_lowest_is_spared() {
        let auto = PinWorkers::Auto;
        assert_eq!(plan(auto, 2, &[0, 1, 2, 3], 4), Ok(vec![3, 2]));
        assert_eq!(plan(auto, 2, &[5, 9], 2), Ok(vec![9, 5]));
        assert_eq!(plan(auto, 4, &[0, 1, 2, 3], 4), Ok(vec![3, 2, 1, 0]));
    }

    #[test]
    fn nobody_is_pinned_to_what_is_shared() {
        let auto = PinWorkers::Auto;
        assert_eq!(plan(auto, 3, &[0, 1], 2), Err(Unpinned::FewerCores(2)));
        assert_eq!(plan(auto, 1, &[0, 1, 2, 3], 2), Err(Unpinned::Quota(4)));
        assert_eq!(plan(PinWorkers::Off, 1, &[0, 1], 2), Err(Unpinned::Off));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pinned_thread_may_run_on_its_core_only() {
        let core = *system::allowed().last().unwrap();
        std::thread::spawn(move || {
            pin_this_thread(0, core);
            assert_eq!(system::allowed(), [core]);
        })
        .join()
        .unwrap();
        assert!(system::allowed().contains(&core), "others are not pinned by it");
    }
}
