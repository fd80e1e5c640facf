//! CPU time and memory of processes and threads, from `/proc`.

use std::path::Path;
use std::time::Duration;

/// Of a process, all threads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// User and system time since its start.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident_bytes: u64,
    /// Open file descriptors.
    pub descriptors: u64,
    /// Threads.
    pub threads: u64,
}

/// Clock ticks of `/proc/PID/stat` a second: `USER_HZ`, 100 on every Linux there is.
const TICKS_PER_SECOND: u64 = 100;
/// Bytes of a page in `/proc/PID/statm`; the base page of x86-64 and of the usual arm64 kernels.
const PAGE_BYTES: u64 = 4_096;

/// CPU time of the calling thread; zero where the kernel does not count it.
pub fn thread_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// This process.
pub fn own() -> Option<Usage> {
    usage(Path::new("/proc/self"))
}

/// Another process of this machine; `None` when there is none.
pub fn of(pid: u32) -> Option<Usage> {
    usage(Path::new(&format!("/proc/{pid}")))
}

fn usage(process: &Path) -> Option<Usage> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    let statm = std::fs::read_to_string(process.join("statm")).ok()?;
    let descriptors = std::fs::read_dir(process.join("fd")).map_or(0, Iterator::count);
    let (ticks, threads) = read_stat(&stat)?;
    Some(Usage {
        cpu: Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND),
        resident_bytes: statm.split_whitespace().nth(1)?.parse::<u64>().ok()? * PAGE_BYTES,
        descriptors: descriptors as u64,
        threads,
    })
}

/// Ticks of user and system time, and threads (proc_pid_stat(5): fields 14, 15 and 20). The name in brackets may hold
/// blanks and brackets.
fn read_stat(stat: &str) -> Option<(u64, u64)> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let field = |number: usize| rest.split(' ').nth(number - 3)?.parse::<u64>().ok();
    Some((field(14)? + field(15)?, field(20)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_moves_no_field() {
        let stat = "12 (a ) b (c) S 1 12 12 0 -1 4194304 1 2 3 4 250 50 7 8 20 0 9 0 100 1000 200";
        assert_eq!(read_stat(stat), Some((300, 9)));
        assert_eq!(read_stat("12 (cut) S 1 2"), None);
    }

    #[test]
    fn this_process_is_found() {
        let usage = own().unwrap();
        assert!(usage.resident_bytes > 100_000 && usage.threads > 0 && usage.descriptors > 0);
        assert_eq!(of(u32::MAX), None);
    }
}
