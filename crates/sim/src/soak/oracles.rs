//! What is looked at after a call, for one viewer at a time.

use crate::full::Arrival;
use crate::plain::Sample;
use link::LinkConfig;
use std::time::Duration;

/// A picture that stands still for longer than this, on a network that could carry it, is stuck. An estimate that fell
/// to its minimum in an outage needs some seconds to find the way up, a probe each; ten are what a person waits before
/// loading the page again.
pub(super) const STUCK: Duration = Duration::from_secs(10);
/// The same for sound, which is never held back.
pub(super) const SILENT: Duration = Duration::from_secs(2);
/// What one picture needs in its lowest layer, with headers and repairs at 10 % loss, in bits per second.
const PICTURE_BPS: u64 = 260_000;
/// What sound needs: five microphones of 32 kb/s with headers and repairs.
const SOUND_BPS: u64 = 300_000;
/// After a change of the network or the view a controller may take this long to find its place.
const SETTLED: Duration = Duration::from_secs(5);
/// Less than this share of a calm network's samples may have a queue above [`QUEUE`].
const SHARE: f64 = 0.2;
/// A queue that people hear as delay (ITU-T G.114).
const QUEUE: Duration = Duration::from_millis(150);
/// On a link below this rate a single keyframe stands in front of it for longer than `QUEUE`.
const LEAST_BPS: u64 = 800_000;

/// A time during which somebody looked at somebody's picture, both measured from the beginning of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Watched {
    pub(super) from: Duration,
    pub(super) to: Duration,
    /// Pictures visible at once, this one among them.
    pub(super) tiles: u64,
}

/// The lowest rate of a link that began at `began`, between two times of the call.
pub(super) fn lowest_rate(link: &LinkConfig, began: Duration, from: Duration, to: Duration) -> u64 {
    let mut rate = link.rate_bps.unwrap_or(u64::MAX);
    let mut lowest = None::<u64>;
    for step in &link.schedule {
        let at = began + step.at;
        if at > to {
            break;
        }
        if at > from {
            lowest = Some(lowest.unwrap_or(rate).min(rate));
        }
        rate = step.rate_bps.unwrap_or(u64::MAX);
    }
    lowest.unwrap_or(rate).min(rate)
}

/// The longest time within `watched` without a frame, and when it began. `frames`: when each of them came.
pub(super) fn longest_gap(watched: Watched, frames: impl Iterator<Item = Duration>) -> (Duration, Duration) {
    let mut longest = (watched.from, Duration::ZERO);
    let mut last = watched.from;
    let within = frames.filter(|at| (watched.from..watched.to).contains(at));
    for at in within.chain([watched.to]) {
        if at.saturating_sub(last) > longest.1 {
            longest = (last, at - last);
        }
        last = at;
    }
    longest
}

/// Where a picture stood still although the network could carry it: since when, and for how long.
pub(super) fn stuck(
    watched: Watched,
    frames: impl Iterator<Item = Duration>,
    rate: impl Fn(Duration, Duration) -> u64,
) -> Option<(Duration, Duration)> {
    let (from, gap) = longest_gap(watched, frames);
    let needed = SOUND_BPS + watched.tiles * PICTURE_BPS;
    (gap > STUCK && rate(from, from + gap) >= needed).then_some((from, gap))
}

/// Where sound stopped although the network could carry it.
pub(super) fn stuck_sound(
    watched: Watched,
    packets: impl Iterator<Item = Duration>,
    rate: impl Fn(Duration, Duration) -> u64,
) -> Option<(Duration, Duration)> {
    let (from, gap) = longest_gap(watched, packets);
    (gap > SILENT && rate(from, from + gap) >= 2 * SOUND_BPS).then_some((from, gap))
}

/// The share of samples of a settled network in front of which a long queue stood, when that is too many.
/// `changes`: times at which network or view changed.
pub(super) fn standing_queue(
    samples: &[Sample],
    at: impl Fn(&Sample) -> Duration,
    changes: &[Duration],
) -> Option<f64> {
    let settled = |sample: &&Sample| {
        let now = at(sample);
        let calm = changes
            .iter()
            .all(|change| now < *change || now - *change > SETTLED);
        calm && sample.link_bps.is_some_and(|bps| bps >= LEAST_BPS)
    };
    let settled: Vec<&Sample> = samples.iter().filter(settled).collect();
    let long = settled.iter().filter(|sample| sample.queue > QUEUE).count();
    let share = long as f64 / settled.len().max(1) as f64;
    (settled.len() >= 100 && share > SHARE).then_some(share)
}

/// When each frame or packet came, since the beginning.
pub(super) fn times(
    received: &[Arrival],
    track: media::TrackId,
    since: impl Fn(std::time::Instant) -> Duration,
) -> impl Iterator<Item = Duration> {
    let of_track = received.iter().filter(move |one| one.track == track);
    of_track.map(move |one| since(one.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bwe::DownlinkStats;
    use link::RateStep;
    use std::time::Instant;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const WATCHED: Watched = Watched {
        from: s(10),
        to: s(40),
        tiles: 2,
    };

    #[test]
    fn a_picture_is_stuck_when_it_stands_still_on_a_network_that_could_carry_it() {
        let frames = || (0..60).map(s).filter(|at| !(20..31).contains(&at.as_secs()));
        assert_eq!(stuck(WATCHED, frames(), |_, _| 820_000), Some((s(19), s(12))));
        assert_eq!(stuck(WATCHED, frames(), |_, _| 819_999), None, "it could not");
        assert_eq!(stuck(WATCHED, (0..60).map(s), |_, _| u64::MAX), None);
        assert_eq!(
            stuck(WATCHED, std::iter::empty(), |_, _| u64::MAX),
            Some((s(10), s(30)))
        );
    }

    #[test]
    fn sound_is_stuck_much_earlier() {
        let packets = || (0..60).map(s).filter(|at| !(20..22).contains(&at.as_secs()));
        assert_eq!(
            stuck_sound(WATCHED, packets(), |_, _| 600_000),
            Some((s(19), s(3)))
        );
        assert_eq!(stuck_sound(WATCHED, packets(), |_, _| 599_999), None);
    }

    #[test]
    fn the_lowest_rate_is_that_of_any_time_between() {
        let step = |at, bps| RateStep {
            at: s(at),
            rate_bps: Some(bps),
        };
        let link = LinkConfig {
            rate_bps: Some(5),
            schedule: vec![step(10, 3), step(20, 0), step(22, 9)],
            ..LinkConfig::default()
        };
        let lowest = |from, to| lowest_rate(&link, s(100), s(from), s(to));
        assert_eq!(lowest(100, 109), 5);
        assert_eq!(lowest(105, 115), 3);
        assert_eq!(lowest(115, 125), 0);
        assert_eq!(lowest(123, 125), 9);
        assert_eq!(lowest_rate(&LinkConfig::default(), s(0), s(1), s(2)), u64::MAX);
    }

    #[test]
    fn a_queue_that_stands_is_told_and_one_after_a_change_is_not() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let origin = Instant::now();
        let samples: Vec<Sample> = (0..400)
            .map(|index| Sample {
                at: origin + Duration::from_millis(50) * index,
                link_bps: Some(1_000_000),
                queue: Duration::from_millis(if index < 200 { 200 } else { 10 }),
                target_bps: 0,
                stable_bps: 0,
                sent: DownlinkStats::default(),
            })
            .collect();
        let at = |sample: &Sample| sample.at - origin;
        assert_eq!(standing_queue(&samples, at, &[]), Some(0.5));
        assert_eq!(standing_queue(&samples, at, &[s(0), s(5)]), None);
        assert_eq!(standing_queue(&samples[..90], at, &[]), None, "too few to say");
    }
}
