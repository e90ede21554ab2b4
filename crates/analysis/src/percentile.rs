//! Percentiles: one rule for all reports.
//!
//! The percentile `p` of n values is the element at index ⌊p·(n−1) + 0.5⌋ of the sorted list: always a value that
//! occurred, never a mean of two, so that it can be looked up in the trace.

/// The percentile `p` (0 to 1) of `values`, which are put into another order. `None` when there are none.
pub fn percentile(values: &mut [i64], p: f64) -> Option<i64> {
    let last = values.len().checked_sub(1)?;
    let index = (p * last as f64 + 0.5) as usize;
    Some(*values.select_nth_unstable(index.min(last)).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_nearest_element() {
        assert_eq!(percentile(&mut [], 0.5), None);
        assert_eq!(percentile(&mut [7], 0.99), Some(7));
        // Index 0.5 · 1 + 0.5 = 1: of two values the median is the larger one.
        assert_eq!(percentile(&mut [9, 3], 0.5), Some(9));
        assert_eq!(percentile(&mut [5, 1, 3], 0.5), Some(3));
        // 0.9 · 9 + 0.5 = 8.6.
        assert_eq!(percentile(&mut [10, 9, 8, 7, 6, 5, 4, 3, 2, 1], 0.9), Some(9));
        assert_eq!(percentile(&mut [1, 2, 3], 0.0), Some(1));
        assert_eq!(percentile(&mut [1, 2, 3], 1.0), Some(3));
    }
}
