//! From values to places in a plot, and the round numbers beside it.

/// How values are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    /// Whole numbers: no label in between.
    Count,
    /// Seconds, labelled with the steps of clocks.
    Time,
    /// Equal ratios, equal distances.
    Log,
    /// A percentile curve: each step to the right leaves a tenth.
    Nines,
}

/// One axis.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    scale: Scale,
    from: f64,
    to: f64,
}

/// About this many labels on an axis.
const TICKS: f64 = 4.0;

/// At most this many steps between the labels of a time axis.
const TIME_TICKS: f64 = 6.0;
/// In seconds.
const CLOCK_STEPS: [f64; 15] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0,
];

impl Axis {
    /// From 0 to a round number above all values.
    pub(super) fn from_zero(values: impl Iterator<Item = f64>) -> Self {
        let max = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        let to = if max > 0.0 {
            (max / step(max)).ceil() * step(max)
        } else {
            1.0
        };
        Self {
            scale: Scale::Linear,
            from: 0.0,
            to,
        }
    }

    /// The same for counts.
    pub(super) fn counts(values: impl Iterator<Item = f64>) -> Self {
        Self {
            scale: Scale::Count,
            ..Self::from_zero(values)
        }
    }

    /// Exactly this range.
    pub(super) fn exact(scale: Scale, from: f64, to: f64) -> Self {
        let to = if to > from { to } else { from + 1.0 };
        Self { scale, from, to }
    }

    /// Where a value is: 0 at the beginning, 1 at the end; values outside are at the edge.
    pub(super) fn place(&self, value: f64) -> f64 {
        let along = |value: f64| match self.scale {
            Scale::Linear | Scale::Count | Scale::Time => value,
            Scale::Log => value.max(f64::MIN_POSITIVE).ln(),
            Scale::Nines => -(1.0 - value / 100.0).max(1e-12).ln(),
        };
        let (from, to) = (along(self.from), along(self.to));
        ((along(value) - from) / (to - from)).clamp(0.0, 1.0)
    }

    /// Round values inside the range.
    pub(super) fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => self.every(step(self.to - self.from)),
            Scale::Count => self.every(step(self.to - self.from).max(1.0)),
            Scale::Time => {
                let long_enough = |step: &&f64| (self.to - self.from) / **step <= TIME_TICKS;
                self.every(
                    CLOCK_STEPS
                        .iter()
                        .find(long_enough)
                        .copied()
                        .unwrap_or(self.to - self.from),
                )
            }
            Scale::Log => {
                let decades = self.from.log10().floor() as i32..=self.to.log10().ceil() as i32;
                let factors: &[f64] = if self.to / self.from < 50.0 {
                    &[1.0, 2.0, 5.0]
                } else {
                    &[1.0]
                };
                let ticks =
                    decades.flat_map(|decade| factors.iter().map(move |factor| factor * 10f64.powi(decade)));
                let inside = ticks.filter(|tick| *tick >= self.from && *tick <= self.to);
                inside.collect()
            }
            Scale::Nines => {
                let nines = [0.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999];
                nines.into_iter().filter(|tick| *tick <= self.to).collect()
            }
        }
    }
}

impl Axis {
    /// The multiples of a step inside the range.
    fn every(&self, step: f64) -> Vec<f64> {
        let first = (self.from / step).ceil();
        let count = ((self.to / step * (1.0 + 1e-9)).floor() - first).max(0.0) as u32;
        (0..=count).map(|i| (first + f64::from(i)) * step).collect()
    }
}

/// 1, 2 or 5 times a power of ten: the distance of labels over a length.
fn step(length: f64) -> f64 {
    let rough = length / TICKS;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|factor| factor * power >= rough * 0.999);
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_round_numbers_up_to_above_the_largest_value() {
        let axis = Axis::from_zero([3.0, 87.0].into_iter());
        assert_eq!(axis.ticks(), [0.0, 50.0, 100.0]);
        assert!((axis.place(87.0) - 0.87).abs() < 1e-9 && axis.place(500.0) == 1.0);
        assert_eq!(Axis::from_zero(std::iter::empty()).ticks().last(), Some(&1.0));
    }

    #[test]
    fn there_is_no_half_participant() {
        assert_eq!(Axis::from_zero([1.0].into_iter()).ticks().len(), 3);
        assert_eq!(Axis::counts([1.0].into_iter()).ticks(), [0.0, 1.0]);
        assert_eq!(Axis::counts([87.0].into_iter()).ticks(), [0.0, 50.0, 100.0]);
    }

    #[test]
    fn time_has_the_steps_of_a_clock() {
        let ticks = |to| Axis::exact(Scale::Time, 0.0, to).ticks();
        assert_eq!(ticks(90.0), [0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0]);
        assert_eq!(ticks(3_000.0), [0.0, 600.0, 1_200.0, 1_800.0, 2_400.0, 3_000.0]);
    }

    #[test]
    fn logarithmic_axes_have_equal_steps_for_equal_ratios() {
        let log = Axis::exact(Scale::Log, 1.0, 100.0);
        assert!((log.place(10.0) - 0.5).abs() < 1e-9);
        assert_eq!(log.ticks(), [1.0, 10.0, 100.0]);
        let nines = Axis::exact(Scale::Nines, 0.0, 99.99);
        assert!((nines.place(90.0) - 0.25).abs() < 1e-6 && (nines.place(99.9) - 0.75).abs() < 1e-6);
        assert_eq!(nines.ticks(), [0.0, 90.0, 99.0, 99.9, 99.99]);
    }
}
