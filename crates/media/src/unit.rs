//! Units as types, so that a sequence number is never added to a timestamp.

use std::time::Duration;

/// Bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bitrate(pub u64);

/// RTP sequence number (RFC 3550 §5.1), 16 bits, wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SeqNo(pub u16);

impl SeqNo {
    /// Steps from `earlier` to `self` on the circle, negative when `self` is older (−32768..=32767).
    pub fn distance(self, earlier: SeqNo) -> i16 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    /// Whether `self` comes after `other`, within half the circle.
    pub fn is_newer_than(self, other: SeqNo) -> bool {
        self.distance(other) > 0
    }

    /// The number `steps` further on.
    #[must_use]
    pub fn advance(self, steps: u16) -> SeqNo {
        SeqNo(self.0.wrapping_add(steps))
    }
}

/// RTP timestamp (RFC 3550 §5.1), in units of the codec's clock, wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RtpTime(pub u32);

impl RtpTime {
    /// Ticks from `earlier` to `self` on the circle, negative when `self` is older.
    pub fn distance(self, earlier: RtpTime) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    /// The time `ticks` later (earlier when negative).
    #[must_use]
    pub fn advance(self, ticks: i32) -> RtpTime {
        RtpTime(self.0.wrapping_add(ticks.cast_unsigned()))
    }
}

/// NTP timestamp: seconds since 1900 in 32.32 fixed point (RFC 5905 §6), as sender reports carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The time `duration` later; wraps at the end of the NTP era.
    #[must_use]
    pub fn advance(self, duration: Duration) -> NtpTime {
        NtpTime(self.0.wrapping_add(Self::fixed_point(duration)))
    }

    /// Seconds from `earlier` to `self`; negative when `self` is earlier.
    pub fn seconds_since(self, earlier: NtpTime) -> f64 {
        self.0.wrapping_sub(earlier.0).cast_signed() as f64 / (1u64 << 32) as f64
    }

    fn fixed_point(duration: Duration) -> u64 {
        (duration.as_secs() << 32) + ((u64::from(duration.subsec_nanos()) << 32) / 1_000_000_000)
    }
}
