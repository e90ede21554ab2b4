//! Statistics of a group: how many, how long together, and how they are spread.
//!
//! nsys's definitions: the median is the mean of the two middle values of an even number, the standard deviation is that
//! of a sample (n - 1 in the denominator) and 0 for one value. Sums are exact; floats appear in the last step alone, so
//! that the order of rows cannot change a digit.

use crate::percentile::percentile;

/// What a report says of a group of durations or sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Statistics {
    /// Number of values.
    pub count: u64,
    /// All added up.
    pub total: i64,
    /// Mean.
    pub average: f64,
    /// Middle value, or the mean of the two middle ones.
    pub median: f64,
    /// Smallest.
    pub min: i64,
    /// Largest.
    pub max: i64,
    /// Standard deviation of a sample.
    pub deviation: f64,
    /// 90 of 100 are no larger.
    pub p90: i64,
    /// 99 of 100 are no larger.
    pub p99: i64,
}

impl Statistics {
    /// The statistics of `values`, which are put into another order; `None` when there are none.
    pub(super) fn of(values: &mut [i64]) -> Option<Self> {
        let count = values.len();
        if count == 0 {
            return None;
        }
        values.sort_unstable();
        let total: i128 = values.iter().map(|&value| i128::from(value)).sum();
        let average = total as f64 / count as f64;
        let middle = count / 2;
        let median = if count % 2 == 1 {
            values[middle] as f64
        } else {
            (i128::from(values[middle - 1]) + i128::from(values[middle])) as f64 / 2.0
        };
        Some(Self {
            count: count as u64,
            total: total.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64,
            average,
            median,
            min: values[0],
            max: values[count - 1],
            deviation: sample_deviation(values, average),
            p90: percentile(values, 0.9).unwrap_or_default(),
            p99: percentile(values, 0.99).unwrap_or_default(),
        })
    }
}

/// Two passes, so that a small spread around a large mean keeps its digits.
fn sample_deviation(values: &[i64], average: f64) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let (mut squares, mut rest) = (0.0, 0.0);
    for &value in values {
        let distance = value as f64 - average;
        squares += distance * distance;
        rest += distance;
    }
    let count = values.len() as f64;
    // The mean is rounded; what the distances from it add up to corrects for that.
    ((squares - rest * rest / count).max(0.0) / (count - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_everything_and_spreads_not() {
        let one = Statistics::of(&mut [36_873]).unwrap();
        assert_eq!(
            (one.count, one.total, one.min, one.max, one.p90, one.p99),
            (1, 36_873, 36_873, 36_873, 36_873, 36_873)
        );
        assert_eq!((one.average, one.median, one.deviation), (36_873.0, 36_873.0, 0.0));
    }

    #[test]
    fn nothing_has_no_statistics() {
        assert_eq!(Statistics::of(&mut []), None);
    }

    /// 2, 4, 4, 4, 5, 5, 7, 9 have the mean 5 and squared distances that add up to 32.
    #[test]
    fn deviation_is_that_of_a_sample() {
        let some = Statistics::of(&mut [9, 2, 5, 4, 4, 7, 4, 5]).unwrap();
        assert_eq!((some.total, some.average, some.median), (40, 5.0, 4.5));
        assert!((some.deviation - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_small_spread_around_a_large_mean_is_kept() {
        let base = 1_800_000_000_000_000_000;
        let some = Statistics::of(&mut [base, base + 1024, base + 2048]).unwrap();
        assert!((some.deviation - 1024.0).abs() < 1.0, "{}", some.deviation);
        assert_eq!(some.median, (base + 1024) as f64);
    }
}
