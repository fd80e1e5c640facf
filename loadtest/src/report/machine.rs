//! The machine, as Linux describes it.

use super::model::Machine;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

impl Machine {
    /// Reads it. What the system does not say is empty or zero.
    pub fn read() -> Self {
        let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            cores: u32::try_from(cores).unwrap_or(u32::MAX),
            cpu_model: field(&file("/proc/cpuinfo"), "model name").unwrap_or_default(),
            kernel: format!(
                "{} {}",
                file("/proc/sys/kernel/ostype").trim(),
                file("/proc/sys/kernel/osrelease").trim()
            ),
            memory_bytes: field(&file("/proc/meminfo"), "MemTotal").map_or(0, |text| kilobytes(&text)),
            date: rfc3339(since_1970),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// The value of the first `name : value` line.
fn field(text: &str, name: &str) -> Option<String> {
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    });
    value.filter(|value| !value.is_empty())
}

/// `16384 kB` in bytes.
fn kilobytes(text: &str) -> u64 {
    let number = text
        .split_whitespace()
        .next()
        .and_then(|number| number.parse::<u64>().ok());
    number.map_or(0, |number| number.saturating_mul(1_024))
}

/// Time since 1970 as a date and time in UTC (RFC 3339), whole seconds.
fn rfc3339(since_1970: Duration) -> String {
    let seconds = since_1970.as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years from March on, in eras of 400 years: H. Hinnant, "chrono-compatible low-level date algorithms".
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (year + era * 400, month + 3)
    } else {
        (year + era * 400 + 1, month - 9)
    };
    let (hours, minutes, seconds) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{date:02}T{hours:02}:{minutes:02}:{seconds:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let at = |seconds| rfc3339(Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(
            at(4_107_542_400),
            "2100-03-01T00:00:00Z",
            "2100 has no 29 February"
        );
    }

    #[test]
    fn this_machine_says_what_it_is() {
        let machine = Machine::read();
        assert!(machine.cores > 0 && machine.memory_bytes > 1 << 20, "{machine:?}");
        assert!(
            machine.kernel.starts_with("Linux ") && machine.date.starts_with("20"),
            "{machine:?}"
        );
        assert_eq!(
            field("a\t: 1\nmodel name\t: X: 1\n", "model name").as_deref(),
            Some("X: 1")
        );
        assert_eq!(kilobytes("16384 kB"), 16_777_216);
    }
}
