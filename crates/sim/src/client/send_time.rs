//! When a made-up packet was sent, written at the end of its payload: receivers in the same process measure with it how
//! long it was under way. Nothing between them reads that far.

use std::time::{Duration, Instant};

/// Marks the time behind it.
const MAGIC: [u8; 4] = *b"SENT";
/// Bytes of mark and time.
pub(super) const SEND_TIME_BYTES: usize = 12;

/// Overwrites the end of a payload that is long enough, by `offset` bytes and more.
pub(super) fn write(payload: &mut [u8], offset: usize, since: Duration) {
    let Some(at) = payload
        .len()
        .checked_sub(SEND_TIME_BYTES)
        .filter(|at| *at >= offset)
    else {
        return;
    };
    let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
    let stamp = MAGIC.into_iter().chain(nanos.to_be_bytes());
    payload
        .iter_mut()
        .skip(at)
        .zip(stamp)
        .for_each(|(byte, of_stamp)| *byte = of_stamp);
}

/// How long a packet was under way; `None` when it does not say when it was sent.
pub(super) fn age(payload: &[u8], epoch: Instant, now: Instant) -> Option<Duration> {
    let (_, stamp) = payload.split_last_chunk::<SEND_TIME_BYTES>()?;
    let nanos = stamp.strip_prefix(&MAGIC)?.first_chunk::<8>()?;
    let sent = Duration::from_nanos(u64::from_be_bytes(*nanos));
    Some(now.saturating_duration_since(epoch).saturating_sub(sent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_read_back_and_a_short_or_foreign_payload_has_none() {
        #[allow(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let epoch = Instant::now();
        let ms = Duration::from_millis;
        let mut payload = [7; 40];
        write(&mut payload, 24, ms(100));
        assert_eq!(payload.iter().filter(|byte| **byte == 7).count(), 28);
        assert_eq!(age(&payload, epoch, epoch + ms(130)), Some(ms(30)));
        // A clock that is read earlier than it was written is an error of the caller's, not a huge time.
        assert_eq!(age(&payload, epoch, epoch), Some(Duration::ZERO));
        let mut short = [7; 30];
        write(&mut short, 24, ms(100));
        assert_eq!(short, [7; 30], "it would overwrite the head");
        assert_eq!(age(&short, epoch, epoch), None);
        assert_eq!(age(&[], epoch, epoch), None);
    }
}
