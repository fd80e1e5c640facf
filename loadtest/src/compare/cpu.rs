//! CPU time of a process, all its threads, from `/proc` (proc(5)).

use anyhow::{Context, Result};
use std::time::Duration;

/// Kernel ticks of `/proc/PID/stat`: USER_HZ, 100 on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// CPU time used so far: from the scheduler's nanoseconds of every thread (`schedstat`), or, where the kernel does not
/// keep them, in ticks. A thread that ended between two readings is missing in the first and only in that.
///
/// # Errors
/// When there is no such process.
pub(super) fn of(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("there is no process {pid}"))?;
    let ticks = ticks(&stat).with_context(|| format!("/proc/{pid}/stat is not understood"))?;
    Ok(threads(pid).unwrap_or(ticks))
}

fn threads(pid: u32) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for entry in std::fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let text = std::fs::read_to_string(entry.ok()?.path().join("schedstat")).ok()?;
        sum += Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?);
    }
    (sum > Duration::ZERO).then_some(sum)
}

/// `utime` and `stime`: fields 14 and 15, counted behind the name, which may contain anything.
fn ticks(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u32>().ok();
    Some(TICK * next()?.checked_add(next()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_a_name_with_spaces_and_brackets() {
        let stat = "42 (a b) c) S 1 42 42 0 -1 4194304 100 0 0 0 150 25 7 8 20 0 3 0 100 1000 10";
        assert_eq!(ticks(stat), Some(Duration::from_millis(1_750)));
        assert_eq!(ticks("42 (a) S 1"), None);
    }

    #[test]
    fn this_process_uses_time_and_an_unknown_one_is_an_error() {
        let before = of(std::process::id()).unwrap();
        let mut sum = 0u64;
        while of(std::process::id()).unwrap() == before {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(of(u32::MAX).unwrap_err().to_string().contains("no process"));
    }
}
