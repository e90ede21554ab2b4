//! Intervals of time: exact lengths of unions and intersections, and the gaps between.
//!
//! Everything is half-open `[start, end)` and in whole nanoseconds, because "busy" and "idle" have to add up to the
//! span to the last nanosecond. Two forms serve two needs: [`UnionSweep`] walks events that already come in order of
//! start and keeps nothing but the union so far, so that a trace of any size costs no memory; [`IntervalSet`] holds
//! the merged intervals for questions that need them again.

use kinetoscope_model::time::{Interval, Nanos};

/// The union of intervals that arrive in order of start.
///
/// ```text
/// add  AAAA           covered 4, no gap
/// add    BBBBB        covered 7, no gap
/// add            C    covered 8, gap [7, 12)
/// ```
///
/// An interval of length zero covers nothing, but it ends a gap: something happened there.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnionSweep {
    span: Option<Interval>,
    covered_ns: Nanos,
}

impl UnionSweep {
    /// Takes in the next interval, and returns the gap between it and everything before.
    #[inline]
    pub fn add(&mut self, next: Interval) -> Option<Interval> {
        let Some(span) = &mut self.span else {
            self.span = Some(next);
            self.covered_ns = next.end.saturating_sub(next.start);
            return None;
        };
        debug_assert!(next.start >= span.start, "intervals have to come in order of start");
        let gap = (next.start > span.end).then_some(Interval { start: span.end, end: next.start });
        if next.end > span.end {
            self.covered_ns = self.covered_ns.saturating_add(next.end.saturating_sub(next.start.max(span.end)));
            span.end = next.end;
        }
        gap
    }

    /// From the first start to the latest end; `None` before the first interval.
    pub fn span(&self) -> Option<Interval> {
        self.span
    }

    /// Length of the span.
    pub fn span_ns(&self) -> Nanos {
        self.span.map_or(0, |span| span.end.saturating_sub(span.start))
    }

    /// Length of the union.
    pub fn covered_ns(&self) -> Nanos {
        self.covered_ns
    }

    /// Length of all gaps together.
    pub fn uncovered_ns(&self) -> Nanos {
        self.span_ns() - self.covered_ns
    }
}

/// A set of points in time, kept as intervals that neither touch nor overlap, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntervalSet {
    intervals: Vec<Interval>,
}

impl FromIterator<Interval> for IntervalSet {
    /// The union of intervals in any order. Those without a length add nothing.
    fn from_iter<I: IntoIterator<Item = Interval>>(iter: I) -> Self {
        let mut unmerged: Vec<Interval> = iter.into_iter().filter(|interval| interval.end > interval.start).collect();
        unmerged.sort_unstable();
        let mut intervals: Vec<Interval> = Vec::new();
        for next in unmerged {
            match intervals.last_mut() {
                Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
                _ => intervals.push(next),
            }
        }
        Self { intervals }
    }
}

impl IntervalSet {
    /// The merged intervals in order.
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }

    /// Length of the set.
    pub fn len_ns(&self) -> Nanos {
        self.intervals
            .iter()
            .fold(0, |len_ns: Nanos, interval| len_ns.saturating_add(interval.end.saturating_sub(interval.start)))
    }

    /// What lies between the merged intervals, in order.
    pub fn gaps(&self) -> impl Iterator<Item = Interval> {
        self.intervals.windows(2).map(|pair| Interval { start: pair[0].end, end: pair[1].start })
    }

    /// Length of what both sets hold.
    pub fn intersection_len_ns(&self, other: &Self) -> Nanos {
        let (mut ours, mut theirs) = (self.intervals.iter().peekable(), other.intervals.iter().peekable());
        let mut len_ns: Nanos = 0;
        while let (Some(a), Some(b)) = (ours.peek(), theirs.peek()) {
            let common_ns = a.end.min(b.end).saturating_sub(a.start.max(b.start));
            len_ns = len_ns.saturating_add(common_ns.max(0));
            if a.end <= b.end {
                ours.next();
            } else {
                theirs.next();
            }
        }
        len_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Times of the brute-force model are small, so that every nanosecond can be looked at.
    const LAST: i64 = 60;

    fn intervals() -> impl Strategy<Value = Vec<Interval>> {
        let interval = (0..LAST, 0..LAST).prop_map(|(a, b)| Interval { start: a.min(b), end: a.max(b) });
        proptest::collection::vec(interval, 0..12)
    }

    fn covers(intervals: &[Interval], point: i64) -> bool {
        intervals.iter().any(|interval| interval.start <= point && point < interval.end)
    }

    #[test]
    fn a_sweep_tells_gaps_as_they_open() {
        let mut sweep = UnionSweep::default();
        assert_eq!(sweep.span(), None);
        assert_eq!(sweep.add(Interval { start: 0, end: 4 }), None);
        assert_eq!(sweep.add(Interval { start: 2, end: 7 }), None);
        assert_eq!(sweep.add(Interval { start: 3, end: 5 }), None);
        assert_eq!(sweep.add(Interval { start: 7, end: 8 }), None, "touching is no gap");
        assert_eq!(sweep.add(Interval { start: 12, end: 13 }), Some(Interval { start: 8, end: 12 }));
        assert_eq!((sweep.span_ns(), sweep.covered_ns(), sweep.uncovered_ns()), (13, 9, 4));
    }

    #[test]
    fn an_event_without_length_splits_a_gap_and_covers_nothing() {
        let mut sweep = UnionSweep::default();
        sweep.add(Interval { start: 0, end: 1 });
        assert_eq!(sweep.add(Interval { start: 5, end: 5 }), Some(Interval { start: 1, end: 5 }));
        assert_eq!(sweep.add(Interval { start: 9, end: 10 }), Some(Interval { start: 5, end: 9 }));
        assert_eq!(sweep.covered_ns(), 2);
    }

    #[test]
    fn extreme_times_do_not_overflow() {
        let mut sweep = UnionSweep::default();
        sweep.add(Interval { start: i64::MIN, end: 0 });
        sweep.add(Interval { start: 1, end: i64::MAX });
        assert_eq!(sweep.covered_ns(), i64::MAX);
    }

    proptest! {
        #[test]
        fn a_set_holds_what_looking_at_every_point_says(a in intervals(), b in intervals()) {
            let (a_set, b_set): (IntervalSet, IntervalSet) = (a.iter().copied().collect(), b.iter().copied().collect());
            let len = (0..LAST).filter(|&point| covers(&a, point)).count() as i64;
            let both = (0..LAST).filter(|&point| covers(&a, point) && covers(&b, point)).count() as i64;
            prop_assert_eq!(a_set.len_ns(), len);
            prop_assert_eq!(a_set.intersection_len_ns(&b_set), both);
            prop_assert_eq!(b_set.intersection_len_ns(&a_set), both);
            for pair in a_set.intervals().windows(2) {
                prop_assert!(pair[0].end < pair[1].start);
            }
            let first = (0..LAST).find(|&point| covers(&a, point)).unwrap_or(0);
            let last = (0..LAST).rfind(|&point| covers(&a, point)).unwrap_or(0);
            let holes: Vec<i64> = (first..=last).filter(|&point| len > 0 && !covers(&a, point)).collect();
            let gaps: Vec<i64> = a_set.gaps().flat_map(|gap| gap.start..gap.end).collect();
            prop_assert_eq!(gaps, holes);
        }

        #[test]
        fn a_sweep_agrees_with_the_set(mut a in intervals()) {
            a.sort();
            let set: IntervalSet = a.iter().copied().collect();
            let mut sweep = UnionSweep::default();
            let gap_ns: i64 = a.iter().filter_map(|&next| sweep.add(next)).map(Interval::dur).sum();
            prop_assert_eq!(sweep.covered_ns(), set.len_ns());
            prop_assert_eq!(gap_ns, sweep.uncovered_ns());
        }

        #[test]
        fn the_order_of_the_input_does_not_matter(a in intervals().prop_shuffle(), seed in any::<u64>()) {
            let mut b = a.clone();
            b.sort_by_key(|interval| (interval.start as u64 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            prop_assert_eq!(a.into_iter().collect::<IntervalSet>(), b.into_iter().collect::<IntervalSet>());
        }
    }
}
