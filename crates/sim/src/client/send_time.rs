//! When a made-up packet was sent, written at the end of its payload: receivers in the same process measure with it how
//! long it was under way. Nothing between them reads that far.

use std::time::{Duration, Instant};

/// Marks the time behind it; the process's own mark is behind this.
const MAGIC: [u8; 2] = *b"ST";

/// When a process began to count, and how it knows its own packets: other processes count from another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendClock {
    /// Zero of the times.
    pub epoch: Instant,
    /// Another one in every process.
    pub mark: u16,
}

/// Bytes of mark and time.
pub(super) const SEND_TIME_BYTES: usize = 12;

/// Overwrites the end of a payload that is long enough, by `offset` bytes and more.
pub(super) fn write(payload: &mut [u8], offset: usize, clock: SendClock, now: Instant) {
    let Some(at) = payload
        .len()
        .checked_sub(SEND_TIME_BYTES)
        .filter(|at| *at >= offset)
    else {
        return;
    };
    let since = now.saturating_duration_since(clock.epoch);
    let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
    let head = MAGIC.into_iter().chain(clock.mark.to_be_bytes());
    let stamp = head.chain(nanos.to_be_bytes());
    payload
        .iter_mut()
        .skip(at)
        .zip(stamp)
        .for_each(|(byte, of_stamp)| *byte = of_stamp);
}

/// How long a packet was under way; `None` when it does not say when it was sent, or another process says it.
pub(super) fn age(payload: &[u8], clock: SendClock, now: Instant) -> Option<Duration> {
    let (_, stamp) = payload.split_last_chunk::<SEND_TIME_BYTES>()?;
    let stamp = stamp
        .strip_prefix(&MAGIC)?
        .strip_prefix(&clock.mark.to_be_bytes())?;
    let nanos = stamp.first_chunk::<8>()?;
    let sent = Duration::from_nanos(u64::from_be_bytes(*nanos));
    Some(now.saturating_duration_since(clock.epoch).saturating_sub(sent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_read_back_and_a_short_or_foreign_payload_has_none() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let epoch = Instant::now();
        let ms = Duration::from_millis;
        let clock = SendClock { epoch, mark: 7 };
        let mut payload = [7; 40];
        write(&mut payload, 24, clock, epoch + ms(100));
        assert_eq!(payload[..28], [7; 28]);
        assert_eq!(age(&payload, clock, epoch + ms(130)), Some(ms(30)));
        // A clock that is read earlier than it was written is an error of the caller's, not a huge time.
        assert_eq!(age(&payload, clock, epoch), Some(Duration::ZERO));
        let other = SendClock { mark: 8, ..clock };
        assert_eq!(age(&payload, other, epoch + ms(130)), None, "of another process");
        let mut short = [7; 30];
        write(&mut short, 24, clock, epoch + ms(100));
        assert_eq!(short, [7; 30], "it would overwrite the head");
        assert_eq!(age(&short, clock, epoch), None);
        assert_eq!(age(&[], clock, epoch), None);
    }
}
