//! Numbers for people: three digits that matter, and a unit.

/// Three significant digits, without an exponent: `0.0123`, `1.23`, `12.3`, `123`, `1,234`.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "–".to_owned();
    }
    if size == 0.0 {
        return "0".to_owned();
    }
    if size >= 999.5 {
        return thousands(value.round());
    }
    let decimals = match size {
        _ if size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A figure beside its limit: three decimals, where three digits might hide on which side it is.
pub(crate) fn precise(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A count with commas.
pub(crate) fn count(value: u64) -> String {
    thousands(value as f64)
}

fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = if value < 0.0 {
        "−".to_owned()
    } else {
        String::new()
    };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A percentage that does not round a loss away: `99.998 %`, `0.003 %`, `100 %`.
pub(crate) fn percent(value: f64) -> String {
    let distance = value.abs().min((100.0 - value).abs());
    let decimals = match distance {
        d if d == 0.0 || d >= 10.0 => 0,
        d if d >= 1.0 => 1,
        d if d >= 0.1 => 2,
        _ => 3,
    };
    format!("{value:.decimals$} %")
}

/// Bytes in powers of ten, as networks count them: `1.23 MB`.
pub(crate) fn bytes(value: f64) -> String {
    scaled(value, &["B", "kB", "MB", "GB", "TB"])
}

/// Bits per second.
pub(crate) fn bitrate(value: f64) -> String {
    scaled(value, &["b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s"])
}

/// A count with a letter: `12.3k`.
pub(crate) fn short(value: f64) -> String {
    scaled(value, &["", "k", "M", "G", "T"]).replace(' ', "")
}

fn scaled(value: f64, units: &[&str]) -> String {
    let mut value = value;
    let mut units = units.iter().peekable();
    while let Some(unit) = units.next() {
        if value.abs() < 999.5 || units.peek().is_none() {
            return format!("{} {unit}", number(value)).trim_end().to_owned();
        }
        value /= 1_000.0;
    }
    number(value)
}

/// Milliseconds; seconds from ten of them on.
pub(crate) fn millis(value: f64) -> String {
    if value.abs() >= 9_999.5 {
        format!("{} s", number(value / 1_000.0))
    } else {
        format!("{} ms", number(value))
    }
}

/// Seconds: `45 s`, `12 min 5 s`, `2 h 3 min`.
pub(crate) fn seconds(value: f64) -> String {
    let whole = value.round().max(0.0) as u64;
    match (whole / 3_600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format!("{} s", number(value)),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Seconds on an axis: `1:15`; with hours `2:05 h`.
pub(crate) fn clock(value: f64) -> String {
    let whole = value.round().max(0.0) as u64;
    match (whole / 3_600, whole / 60 % 60, whole % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, _) => format!("{hours}:{minutes:02} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        let written = [
            0.0,
            0.0123,
            1.234,
            9.999,
            12.34,
            99.96,
            123.4,
            999.6,
            1_234_567.0,
            -5.0,
        ]
        .map(number);
        assert_eq!(
            written,
            [
                "0",
                "0.012",
                "1.23",
                "10",
                "12.3",
                "100",
                "123",
                "1,000",
                "1,234,567",
                "-5"
            ]
        );
    }

    #[test]
    fn percentages_never_round_to_all_or_nothing() {
        let written = [100.0, 99.998, 99.5, 0.003, 0.0, 42.0].map(percent);
        assert_eq!(
            written,
            ["100 %", "99.998 %", "99.50 %", "0.003 %", "0 %", "42 %"]
        );
    }

    #[test]
    fn a_figure_beside_its_limit_is_not_rounded_across_it() {
        assert_eq!([99.996, 100.0, 20.04].map(precise), ["99.996", "100", "20.04"]);
    }

    #[test]
    fn units_follow_the_size() {
        assert_eq!(
            [
                bytes(999.0),
                bytes(1_234_567.0),
                bitrate(2.6e6),
                short(12_345.0),
                short(7.0)
            ],
            ["999 B", "1.23 MB", "2.6 Mb/s", "12.3k", "7"]
        );
        assert_eq!([millis(1.5), millis(12_000.0)], ["1.5 ms", "12 s"]);
        assert_eq!(
            [seconds(45.0), seconds(725.0), seconds(7_400.0)],
            ["45 s", "12 min 5 s", "2 h 3 min"]
        );
        assert_eq!(
            [clock(5.0), clock(75.0), clock(7_500.0)],
            ["0:05", "1:15", "2:05 h"]
        );
    }
}
