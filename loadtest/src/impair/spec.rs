//! What a link does, as written on a command line: `rate=1M,delay=25ms,queue=300ms,loss=5%,burst=5,jitter=30ms`.

use crate::options::parse_duration;
use link::{LinkConfig, LossModel, RateStep};
use std::time::Duration;

/// Longest schedule. A link looks its rate up for every datagram.
const MAX_STEPS: usize = 1_000;
/// A rate above this is a slip of the pen; it also keeps sums of bits far from overflow.
const MAX_RATE: f64 = 100e9;
/// Latest step of a schedule; keeps sums of times far from overflow.
const MAX_AT: Duration = Duration::from_secs(7 * 24 * 3_600);
/// Longest delay, jitter and queue; keeps what waits in memory small.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Reads one direction. What is not named: no limit of the rate, no delay, no jitter, no loss, a queue of 300 ms.
///
/// # Errors
/// Says which part is wrong, and the forms that are understood.
pub fn parse_link(text: &str) -> Result<LinkConfig, String> {
    let mut config = LinkConfig {
        delay: Duration::ZERO,
        ..LinkConfig::default()
    };
    let (mut loss, mut burst) = (0.0, None);
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match name {
            "rate" => config.rate_bps = parse_rate(value)?,
            "delay" => config.delay = wait(name, value)?,
            "queue" => config.queue = wait(name, value)?,
            "jitter" => config.jitter = wait(name, value)?,
            "loss" => loss = parse_share(value)?,
            "burst" => burst = Some(parse_burst(value)?),
            "keep-order" if value.is_empty() => config.reorder = false,
            _ => {
                return Err(format!(
                    "{part:?}: write rate=1M, delay=25ms, queue=300ms, loss=5%, burst=5, jitter=30ms or keep-order, \
                     with commas between"
                ));
            }
        }
    }
    config.loss = match burst {
        _ if loss == 0.0 && burst.is_some() => return Err("burst=… needs loss=…".to_owned()),
        _ if loss == 0.0 => LossModel::None,
        None => LossModel::Random(loss),
        Some(mean) if loss < 1.0 => LossModel::Bursts { share: loss, mean },
        Some(_) => return Err("bursts cannot lose everything; write loss=100% alone".to_owned()),
    };
    Ok(config)
}

/// Reads `0s:3M,20s:0.8M,40s:3M`: from each time on the rate that follows it.
///
/// # Errors
/// When a step is not of this form, or the times do not rise.
pub fn parse_schedule(text: &str) -> Result<Vec<RateStep>, String> {
    let mut steps: Vec<RateStep> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (at, rate) = part
            .split_once(':')
            .ok_or_else(|| format!("{part:?}: a step is a time and a rate, as in 20s:0.8M"))?;
        let step = RateStep {
            at: parse_duration(at)?,
            rate_bps: parse_rate(rate)?,
        };
        if step.at > MAX_AT {
            return Err(format!("{part:?} is later than a week"));
        }
        if steps.last().is_some_and(|before| before.at >= step.at) {
            return Err(format!("{part:?} is not later than the step before it"));
        }
        if steps.len() >= MAX_STEPS {
            return Err(format!("more than {MAX_STEPS} steps"));
        }
        steps.push(step);
    }
    Ok(steps)
}

/// Bits per second: `800k`, `1.5M`, `1G`, a bare number, `0` (nothing passes), `none` (no limit).
fn parse_rate(text: &str) -> Result<Option<u64>, String> {
    if text == "none" {
        return Ok(None);
    }
    let error = || format!("{text:?} is not a rate; write 800k, 1.5M, 1G, bits per second, 0 or none");
    let (number, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (text.get(..at), 1e3),
        Some((at, 'm' | 'M')) => (text.get(..at), 1e6),
        Some((at, 'g' | 'G')) => (text.get(..at), 1e9),
        _ => (Some(text), 1.0),
    };
    let number: f64 = number.unwrap_or_default().parse().map_err(|_| error())?;
    let rate = number * unit;
    if (0.0..=MAX_RATE).contains(&rate) {
        Ok(Some(rate as u64))
    } else {
        Err(error())
    }
}

/// `5%` or `0.05`.
fn parse_share(text: &str) -> Result<f64, String> {
    let error = || format!("{text:?} is not a share; write 5% or 0.05, at most 100%");
    let (number, unit) = text
        .strip_suffix('%')
        .map_or((text, 1.0), |number| (number, 100.0));
    let share = number.parse::<f64>().map_err(|_| error())? / unit;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err(error())
    }
}

fn parse_burst(text: &str) -> Result<f64, String> {
    let mean = text
        .parse::<f64>()
        .ok()
        .filter(|mean| (1.0..=10_000.0).contains(mean));
    mean.ok_or_else(|| format!("{text:?} is not a mean length of a burst; write 1 to 10000 datagrams"))
}

fn wait(name: &str, text: &str) -> Result<Duration, String> {
    // A bare number is seconds everywhere else; here nearly everybody means milliseconds.
    if text.parse::<f64>().is_ok_and(|number| number != 0.0) {
        return Err(format!("{name}={text}: write the unit, as in {text}ms"));
    }
    let duration = parse_duration(text).map_err(|error| format!("{name}={text}: {error}"))?;
    if duration > MAX_WAIT {
        return Err(format!("{name}={text}: at most {} s", MAX_WAIT.as_secs()));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_link_is_read() {
        let config =
            parse_link("rate=1M, delay=25ms,queue=200ms,loss=5%,burst=5,jitter=30ms,keep-order").unwrap();
        let millis = Duration::from_millis;
        assert_eq!(
            config,
            LinkConfig {
                rate_bps: Some(1_000_000),
                schedule: Vec::new(),
                delay: millis(25),
                jitter: millis(30),
                reorder: false,
                loss: LossModel::Bursts {
                    share: 0.05,
                    mean: 5.0
                },
                queue: millis(200),
            }
        );
    }

    #[test]
    fn nothing_named_is_a_link_that_does_nothing() {
        let config = parse_link("").unwrap();
        assert_eq!(
            (config.rate_bps, config.delay, config.loss),
            (None, Duration::ZERO, LossModel::None)
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_name() {
        for wrong in [
            "speed=1M",
            "rate=fast",
            "rate=-1M",
            "rate=NaN",
            "delay=25",
            "delay=2h",
            "loss=101%",
            "burst=5",
            "queue=90s",
        ] {
            let error = parse_link(wrong).unwrap_err();
            assert!(
                error.contains(wrong.split_once('=').unwrap().1) || error.contains("loss"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_schedule_rises_in_time() {
        let steps = parse_schedule("0s:3M,20s:0.8M,23s:0,26s:none").unwrap();
        let rates: Vec<_> = steps.iter().map(|step| step.rate_bps).collect();
        assert_eq!(rates, [Some(3_000_000), Some(800_000), Some(0), None]);
        for wrong in ["20s:1M,10s:2M", "20s", "", "99999999999999s:1M"] {
            assert!(parse_schedule(wrong).is_err(), "{wrong}");
        }
    }
}
