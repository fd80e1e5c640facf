//! Counts by size, as Prometheus wants them.

/// Most bounds of a histogram; one more bucket takes what is above the last.
pub const MAX_BOUNDS: usize = 11;

/// How often which size was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    bounds: &'static [u64],
    counts: [u64; MAX_BOUNDS + 1],
    sum: u64,
}

impl Histogram {
    /// Nothing was seen yet; `bounds` are the highest sizes of each bucket, ascending, of which the first
    /// [`MAX_BOUNDS`] count.
    pub fn new(bounds: &'static [u64]) -> Self {
        Self {
            bounds: bounds.get(..MAX_BOUNDS).unwrap_or(bounds),
            counts: [0; MAX_BOUNDS + 1],
            sum: 0,
        }
    }

    /// One more of this size.
    pub fn record(&mut self, size: u64) {
        let bucket = self.bounds.partition_point(|&bound| bound < size);
        self.counts[bucket] += 1;
        self.sum += size;
    }

    /// Each bound with the number seen up to it.
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let sums = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        self.bounds.iter().copied().zip(sums)
    }

    /// How many were seen.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Sum of all sizes.
    pub fn sum(&self) -> u64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_counts_in_the_first_bucket_that_holds_it() {
        let mut histogram = Histogram::new(&[50, 100]);
        for size in [0, 50, 51, 100, 101] {
            histogram.record(size);
        }
        let cumulative: Vec<_> = histogram.cumulative().collect();
        assert_eq!(cumulative, [(50, 2), (100, 4)]);
        assert_eq!((histogram.count(), histogram.sum()), (5, 302));
    }

    #[test]
    fn more_bounds_than_there_are_places_are_cut_off() {
        static MANY: [u64; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
        let mut histogram = Histogram::new(&MANY);
        histogram.record(1_000);
        assert_eq!(histogram.cumulative().count(), MAX_BOUNDS);
        assert_eq!(histogram.count(), 1);
    }
}
