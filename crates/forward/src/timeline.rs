//! A slot's timestamps: one line for life, and each run's way onto it.

use media::RtpTime;
use std::time::Instant;

/// RTP ↔ server time: fixed when the slot is made. Sender reports state it, every run is put onto it.
#[derive(Debug)]
pub(crate) struct Line {
    origin: Instant,
    start: RtpTime,
    clock_rate: u32,
}

impl Line {
    pub(crate) fn new(clock_rate: u32, origin: Instant, start: RtpTime) -> Line {
        Line {
            origin,
            start,
            clock_rate,
        }
    }

    /// The timestamp of this moment.
    pub(crate) fn at(&self, moment: Instant) -> RtpTime {
        let ticks = |from: Instant, to: Instant| {
            let nanoseconds = to.saturating_duration_since(from).as_nanos();
            // Timestamps wrap, so the low bits are all there is.
            (nanoseconds * u128::from(self.clock_rate) / 1_000_000_000) as u32
        };
        let after = ticks(self.origin, moment);
        let before = ticks(moment, self.origin);
        RtpTime(self.start.0.wrapping_add(after).wrapping_sub(before))
    }

    /// Milliseconds in ticks.
    pub(crate) fn ticks(&self, milliseconds: u32) -> i32 {
        i32::try_from(u64::from(self.clock_rate) * u64::from(milliseconds) / 1000).unwrap_or(i32::MAX)
    }
}

/// How fast a run moves onto the line when it is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ease {
    /// By a quarter of the time that passes: pictures shown a little too fast or slow, which nobody sees.
    Gradual,
    /// With one packet: a decoder of sound conceals one break better than many small ones.
    AtOnce,
}

/// One run's timestamps onto the slot's. A function of the source timestamp alone, so that order of arrival
/// does not matter: up to the `knee` the shift is `before`, from there it approaches `after`.
#[derive(Debug)]
pub(crate) struct Approach {
    knee: RtpTime,
    before: i32,
    after: i32,
    ease: Ease,
}

impl Approach {
    /// Begin a run: source timestamp `first` becomes `output`, and in time `line`.
    pub(crate) fn new(first: RtpTime, output: RtpTime, line: RtpTime, ease: Ease) -> Approach {
        Approach {
            knee: first,
            before: output.distance(first),
            after: line.distance(first),
            ease,
        }
    }

    /// The slot's timestamp.
    pub(crate) fn output(&self, source: RtpTime) -> RtpTime {
        source.advance(self.before).advance(self.moved(source))
    }

    /// Whether there is a place for `source`: what comes from before a move back may not pass what was moved.
    pub(crate) fn has_place_for(&self, source: RtpTime) -> bool {
        let first_moved = self.knee.advance(1);
        source.distance(first_moved) >= 0 || self.output(source).distance(self.output(first_moved)) < 0
    }

    /// From here on, approach the line anew, of which `source` should be at `line`. `source` is the newest
    /// timestamp; with [`Ease::AtOnce`] it is the first that is moved, else the last that is not.
    pub(crate) fn correct(&mut self, source: RtpTime, line: RtpTime, ease: Ease) {
        let before = self.output(source).distance(source);
        let knee = match ease {
            Ease::Gradual => source,
            Ease::AtOnce => source.advance(-1),
        };
        *self = Approach {
            knee,
            before,
            after: line.distance(source),
            ease,
        };
    }

    /// Forget the way once it is done and reordered packets from before it can no longer come, `margin`
    /// ticks later. Returns whether it is; only then it may be corrected.
    pub(crate) fn settle(&mut self, newest: RtpTime, margin: i32) -> bool {
        if self.before == self.after {
            return true;
        }
        let to_go = self.after.wrapping_sub(self.before).saturating_abs();
        let done = self.moved(newest).saturating_abs() == to_go
            && newest.distance(self.knee) > to_go.saturating_mul(4).saturating_add(margin);
        if done {
            self.before = self.after;
        }
        done
    }

    fn moved(&self, source: RtpTime) -> i32 {
        let to_go = self.after.wrapping_sub(self.before);
        let past_knee = source.distance(self.knee);
        if to_go == 0 || past_knee <= 0 {
            return 0;
        }
        match self.ease {
            Ease::AtOnce => to_go,
            Ease::Gradual => {
                let quarter = past_knee / 4;
                to_go.clamp(-quarter, quarter)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_late_from_before_a_move_back_must_not_pass_it() {
        let (start, packet) = (RtpTime(5_000), 960u32);
        let mut approach = Approach::new(RtpTime(0), start, start, Ease::AtOnce);
        let third = RtpTime(2 * packet);
        approach.correct(third, approach.output(third).advance(-1_750), Ease::AtOnce);
        let fits = [0, 1, 2, 3].map(|n| approach.has_place_for(RtpTime(n * packet)));
        assert_eq!(fits, [true, false, true, true]);
    }
}
