//! Rows: which ones a scan has to look at, from conditions on the row number or on a sorted column.
//!
//! Conditions arrive as the optimiser leaves them: `column op literal` either way round, `BETWEEN`, `IN`. Each becomes
//! a list of row ranges, and the ranges of several conditions are intersected.

use std::ops::Range;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};

/// Rows as ranges, in order, without overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spans(Vec<Range<usize>>);

impl Spans {
    /// Every row of a table of `len` rows.
    pub(super) fn all(len: usize) -> Self {
        Self::from_range(0..len)
    }

    /// This range.
    fn from_range(range: Range<usize>) -> Self {
        Self::from_ranges(std::iter::once(range))
    }

    /// These ranges, in any order.
    pub(super) fn from_ranges(ranges: impl IntoIterator<Item = Range<usize>>) -> Self {
        let mut sorted: Vec<Range<usize>> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
        sorted.sort_by_key(|range| range.start);
        let mut spans: Vec<Range<usize>> = Vec::with_capacity(sorted.len());
        for range in sorted {
            match spans.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => spans.push(range),
            }
        }
        Self(spans)
    }

    /// Rows that are in both.
    pub(super) fn intersect(&self, other: &Self) -> Self {
        let mut spans = Vec::new();
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
            let both = x.start.max(y.start)..x.end.min(y.end);
            let a_ends_first = x.end <= y.end;
            if !both.is_empty() {
                spans.push(both);
            }
            if a_ends_first {
                a.next();
            } else {
                b.next();
            }
        }
        Self(spans)
    }

    /// Rows that are in one or both.
    pub(super) fn unite(&self, other: &Self) -> Self {
        Self::from_ranges(self.0.iter().chain(&other.0).cloned())
    }

    /// The rows for which `filter` holds, if that can be told without a look at them: `spans_of` tells it for a
    /// condition on one column.
    pub(super) fn of_filter(filter: &Expr, spans_of: &dyn Fn(Bound) -> Option<Self>) -> Option<Self> {
        let both = |binary: &BinaryExpr| {
            Some((Self::of_filter(&binary.left, spans_of)?, Self::of_filter(&binary.right, spans_of)?))
        };
        match filter {
            Expr::BinaryExpr(binary) if binary.op == Operator::And => both(binary).map(|(a, b)| a.intersect(&b)),
            Expr::BinaryExpr(binary) if binary.op == Operator::Or => both(binary).map(|(a, b)| a.unite(&b)),
            filter => spans_of(Bound::from_expr(filter)?),
        }
    }

    /// Number of rows.
    pub(super) fn num_rows(&self) -> usize {
        self.0.iter().map(Range::len).sum()
    }

    /// Whether this row is among them.
    pub(super) fn contains(&self, row: usize) -> bool {
        let at = self.0.partition_point(|range| range.end <= row);
        self.0.get(at).is_some_and(|range| range.start <= row)
    }

    /// The ranges.
    #[cfg(test)]
    fn ranges(&self) -> &[Range<usize>] {
        &self.0
    }

    /// The ranges, the first one last.
    pub(super) fn into_stack(self) -> Vec<Range<usize>> {
        self.0.into_iter().rev().collect()
    }

    /// First row and the row after the last; `None` when there is none.
    pub(super) fn extent(&self) -> Option<Range<usize>> {
        Some(self.0.first()?.start..self.0.last()?.end)
    }

    /// The same rows in at most `num_parts` parts of about equal size, in order.
    pub(super) fn split(&self, num_parts: usize) -> Vec<Self> {
        let per_part = self.num_rows().div_ceil(num_parts.max(1)).max(1);
        let mut parts = Vec::new();
        let mut part = Vec::new();
        let mut room = per_part;
        for range in &self.0 {
            let mut range = range.clone();
            while range.len() >= room {
                let end = range.start + room;
                part.push(range.start..end);
                parts.push(Self(std::mem::take(&mut part)));
                range.start = end;
                room = per_part;
            }
            if !range.is_empty() {
                room -= range.len();
                part.push(range);
            }
        }
        if !part.is_empty() {
            parts.push(Self(part));
        }
        parts
    }
}

/// A condition on the values of one whole-number column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bound {
    /// Name of the column.
    pub(super) column: String,
    values: Values,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Values {
    /// From the first to the last, both included.
    Between(i64, i64),
    /// One of these.
    OneOf(Vec<i64>),
}

impl Bound {
    /// The condition that `expr` is, if it is one.
    fn from_expr(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                let (column, op, value) = match (left.as_ref(), right.as_ref()) {
                    (Expr::Column(column), literal) => (column, *op, whole_number(literal)?),
                    (literal, Expr::Column(column)) => (column, op.swap()?, whole_number(literal)?),
                    _ => return None,
                };
                Self::compare(column.name.clone(), op, value)
            }
            Expr::Between(Between { expr, negated: false, low, high }) => {
                let Expr::Column(column) = expr.as_ref() else { return None };
                let values = Values::Between(whole_number(low)?, whole_number(high)?);
                Some(Self { column: column.name.clone(), values })
            }
            Expr::InList(InList { expr, list, negated: false }) => {
                let Expr::Column(column) = expr.as_ref() else { return None };
                let values = list.iter().map(|value| match value {
                    Expr::Literal(value, _) => Some(value),
                    _ => None,
                });
                Some(Self::one_of(column.name.clone(), whole_numbers(values)?))
            }
            _ => None,
        }
    }

    /// The condition `column op value`, if `op` is a comparison that bounds.
    pub(super) fn compare(column: String, op: Operator, value: i64) -> Option<Self> {
        let none = || Values::OneOf(vec![]);
        let values = match op {
            Operator::Eq => Values::Between(value, value),
            Operator::Lt => value.checked_sub(1).map_or_else(none, |last| Values::Between(i64::MIN, last)),
            Operator::LtEq => Values::Between(i64::MIN, value),
            Operator::Gt => value.checked_add(1).map_or_else(none, |first| Values::Between(first, i64::MAX)),
            Operator::GtEq => Values::Between(value, i64::MAX),
            _ => return None,
        };
        Some(Self { column, values })
    }

    /// The condition that `column` is one of `values`.
    pub(super) fn one_of(column: String, values: Vec<i64>) -> Self {
        Self { column, values: Values::OneOf(values) }
    }

    /// The rows for which it holds, when the column is the row number of a table of `len` rows.
    pub(super) fn into_spans(self, len: usize) -> Spans {
        // Clamped to 0..=len, where a negative number and a number past the end both select nothing.
        let row = |value: i64| usize::try_from(value.max(0)).unwrap_or(usize::MAX).min(len);
        match self.values {
            Values::Between(first, last) => Spans::from_range(row(first)..row(last.saturating_add(1))),
            Values::OneOf(values) => {
                Spans::from_ranges(values.into_iter().map(|value| row(value)..row(value.saturating_add(1))))
            }
        }
    }

    /// The rows for which it holds, when the column is `sorted`, shown with `offset` added.
    pub(super) fn into_spans_of_sorted(self, sorted: &[i64], offset: i64) -> Spans {
        // The sum may leave 64 bits, and the comparison must not wrap.
        let shown = |stored: i64| i128::from(stored) + i128::from(offset);
        let rows = |first: i64, last: i64| {
            // The smallest and the largest number stand for "no bound".
            let start = match first {
                i64::MIN => 0,
                first => sorted.partition_point(|&stored| shown(stored) < i128::from(first)),
            };
            let end = match last {
                i64::MAX => sorted.len(),
                last => sorted.partition_point(|&stored| shown(stored) <= i128::from(last)),
            };
            start..end.max(start)
        };
        match self.values {
            Values::Between(first, last) => Spans::from_range(rows(first, last)),
            Values::OneOf(values) => Spans::from_ranges(values.into_iter().map(|value| rows(value, value))),
        }
    }
}

/// The whole numbers of a list; `None` when it holds anything else. Null equals nothing and may be left out.
pub(super) fn whole_numbers<'a>(values: impl Iterator<Item = Option<&'a ScalarValue>>) -> Option<Vec<i64>> {
    let mut numbers = Vec::new();
    for value in values {
        match value? {
            ScalarValue::Int64(number) => numbers.extend(number),
            _ => return None,
        }
    }
    Some(numbers)
}

fn whole_number(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::Int64(value), _) => *value,
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "one range of rows is what is expected")]
mod tests {
    use datafusion::logical_expr::{col, lit};

    use super::*;

    fn spans(ranges: &[Range<usize>]) -> Spans {
        Spans::from_ranges(ranges.iter().cloned())
    }

    #[test]
    fn ranges_are_put_in_order_and_joined() {
        assert_eq!(spans(&[7..9, 0..3, 3..4, 2..3, 5..5]).ranges(), [0..4, 7..9]);
    }

    #[test]
    fn intersecting_and_splitting_agree_with_sets_of_rows() {
        let rows = |spans: &Spans| spans.ranges().iter().cloned().flatten().collect::<Vec<usize>>();
        let (a, b) = (spans(&[0..4, 6..9, 12..20]), spans(&[2..7, 8..13, 18..30]));
        let expected: Vec<usize> = rows(&a).into_iter().filter(|row| rows(&b).contains(row)).collect();
        assert_eq!(rows(&a.intersect(&b)), expected);
        let mut either: Vec<usize> = rows(&a).into_iter().chain(rows(&b)).collect();
        either.sort_unstable();
        either.dedup();
        assert_eq!(rows(&a.unite(&b)), either);
        for num_parts in 1..20 {
            let parts = a.split(num_parts);
            assert!(parts.len() <= num_parts);
            assert_eq!(parts.iter().flat_map(rows).collect::<Vec<usize>>(), rows(&a), "{num_parts} parts");
        }
    }

    #[test]
    fn conditions_on_the_row_number_become_ranges() {
        let rows = |expr: Expr| Bound::from_expr(&expr).expect("a bound").into_spans(10).ranges().to_vec();
        assert_eq!(rows(col("id").eq(lit(3i64))), [3..4]);
        assert_eq!(rows(lit(3i64).gt(col("id"))), [0..3]);
        assert_eq!(rows(col("id").between(lit(-5i64), lit(1i64))), [0..2]);
        assert_eq!(rows(col("id").in_list(vec![lit(9i64), lit(2i64), lit(-1i64), lit(10i64)], false)), [2..3, 9..10]);
        assert_eq!(rows(col("id").lt(lit(i64::MIN))), Vec::<Range<usize>>::new());
        assert_eq!(rows(col("id").gt(lit(i64::MAX))), Vec::<Range<usize>>::new());
        assert_eq!(rows(col("id").lt_eq(lit(i64::MAX))), [0..10]);
        assert_eq!(Bound::from_expr(&col("id").not_eq(lit(3i64))), None);
        assert_eq!(Bound::from_expr(&col("id").eq(col("other"))), None);
    }

    #[test]
    fn conditions_are_linked_when_each_can_be_told() {
        let spans_of = |bound: Bound| (bound.column == "id").then(|| bound.into_spans(10));
        let ranges = |filter: Expr| Spans::of_filter(&filter, &spans_of).map(|spans| spans.ranges().to_vec());
        let id = |value: i64| col("id").eq(lit(value));
        assert_eq!(ranges(id(3).or(id(7)).or(id(8))), Some(vec![3..4, 7..9]));
        assert_eq!(ranges(col("id").gt(lit(5i64)).and(id(7).or(id(2)))), Some(vec![7..8]));
        assert_eq!(ranges(id(3).or(col("dur").eq(lit(1i64)))), None);
        assert_eq!(ranges(id(3).and(col("dur").eq(lit(1i64)))), None);
    }

    #[test]
    fn conditions_on_a_sorted_column_agree_with_looking_at_every_row() {
        let stored = [-5, 0, 0, 3, 3, 3, 8, i64::MAX - 1];
        for offset in [0, 100, -100, i64::MAX - 8] {
            // A time that leaves 64 bits is beyond what a trace can show.
            let stored = &stored[..if offset > 0 { 7 } else { 8 }];
            for value in [i64::MIN, -5, -1, 0, 3, 4, 8, 95, 103, i64::MAX - 5, i64::MAX] {
                for (expr, holds) in [
                    (col("ts").lt(lit(value)), (|shown, value| shown < value) as fn(i128, i128) -> bool),
                    (col("ts").gt_eq(lit(value)), |shown, value| shown >= value),
                    (col("ts").eq(lit(value)), |shown, value| shown == value),
                ] {
                    let found = Bound::from_expr(&expr).expect("a bound").into_spans_of_sorted(stored, offset);
                    let expected = (0..stored.len())
                        .filter(|&row| holds(i128::from(stored[row]) + i128::from(offset), i128::from(value)))
                        .map(|row| row..row + 1);
                    assert_eq!(found, Spans::from_ranges(expected), "{expr} with offset {offset}");
                }
            }
        }
    }
}
