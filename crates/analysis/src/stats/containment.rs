//! Which ranges of a thread are around which others, and around which calls.
//!
//! Pushes and pops of different domains may cross, so there is no stack to replay: a range is inside of another when that
//! one has its whole time, on the same thread. One sweep in start order answers it. It keeps the ranges that are open, the
//! innermost last; where ranges nest, as almost all do, the first one looked at is the answer.

use hashbrown::HashMap;

use super::activity::{ApiCall, Dense, NvtxRange, RangeStyle};

/// A span of time of a thread.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: i64,
    end: i64,
    index: u32,
}

/// Ranges of one thread, open at the time that the sweep has reached.
#[derive(Debug, Default)]
struct Open {
    spans: Vec<Span>,
    /// Number of spans at which those that ended are looked for.
    full_at: usize,
}

/// Open spans that cost nothing to look through.
const FEW_SPANS: usize = 32;

impl Open {
    /// Forgets what ended before `time`.
    fn advance(&mut self, time: i64) {
        // Ranges that nest end last in, first out. Others stay below the last one until there are so many of them that
        // a full pass is paid for by what has been pushed since the one before.
        while self.spans.last().is_some_and(|span| span.end < time) {
            self.spans.pop();
        }
        if self.spans.len() >= self.full_at.max(FEW_SPANS) {
            self.spans.retain(|span| span.end >= time);
            self.full_at = 2 * self.spans.len();
        }
    }

    /// Open spans that last until `end`, the innermost first.
    fn around(&self, end: i64) -> impl Iterator<Item = Span> + '_ {
        self.spans.iter().rev().copied().filter(move |span| span.end >= end)
    }
}

/// The parent of each range of a style: the tightest one of that style and of its thread that holds it. Ranges that end on
/// another thread hold nothing and are in nothing.
pub(super) fn parents(ranges: &[NvtxRange], style: RangeStyle) -> Vec<Option<u32>> {
    let mut parents = vec![None; ranges.len()];
    let mut open: HashMap<Option<Dense>, Open> = HashMap::new();
    for span in in_start_order(ranges).into_iter().filter(|span| ranges[span.index as usize].style == style) {
        let open = open.entry(ranges[span.index as usize].thread).or_default();
        open.advance(span.start);
        parents[span.index as usize] = open.around(span.end).next().map(|parent| parent.index);
        open.spans.push(span);
    }
    parents
}

/// The ranges that may hold others, outer ones before inner ones.
fn in_start_order(ranges: &[NvtxRange]) -> Vec<Span> {
    let mut spans: Vec<Span> = ranges
        .iter()
        .enumerate()
        .filter(|(_, range)| !range.ends_elsewhere)
        .map(|(index, range)| Span { start: range.start, end: range.end, index: index as u32 })
        .collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end), span.index));
    spans
}

/// Calls `found` for each call and each range around it on its thread, the innermost range first.
fn sweep(ranges: &[NvtxRange], calls: &[ApiCall], mut found: impl FnMut(usize, &mut dyn Iterator<Item = u32>)) {
    let spans = in_start_order(ranges);
    let mut open: HashMap<Option<Dense>, Open> = HashMap::new();
    let mut next = 0;
    for (index, call) in calls.iter().enumerate() {
        while let Some(span) = spans.get(next).filter(|span| span.start <= call.start) {
            let open = open.entry(ranges[span.index as usize].thread).or_default();
            open.advance(span.start);
            open.spans.push(*span);
            next += 1;
        }
        if let Some(open) = open.get_mut(&Some(call.thread)) {
            open.advance(call.start);
            found(index, &mut open.around(call.end).map(|span| span.index));
        }
    }
}

/// The innermost range around each call, by the latest start. Calls are in start order.
pub(super) fn innermost(ranges: &[NvtxRange], calls: &[ApiCall]) -> Vec<Option<u32>> {
    let mut innermost = vec![None; calls.len()];
    sweep(ranges, calls, |call, around| innermost[call] = around.next());
    innermost
}

/// All ranges around each call: where the list of each call begins, one more place for the end of the last, and the
/// lists. Calls are in start order.
pub(super) fn all_around(ranges: &[NvtxRange], calls: &[ApiCall]) -> (Vec<usize>, Vec<u32>) {
    let (mut starts, mut lists) = (vec![0], Vec::new());
    sweep(ranges, calls, |call, around| {
        starts.resize(call + 1, lists.len());
        lists.extend(around);
    });
    starts.resize(calls.len() + 1, lists.len());
    (starts, lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(thread: Dense, start: i64, end: i64) -> NvtxRange {
        let style = RangeStyle::PushPop;
        NvtxRange { start, end, style, domain: None, name: None, thread: Some(thread), ends_elsewhere: false, id: 0 }
    }

    fn call(thread: Dense, start: i64, end: i64) -> ApiCall {
        ApiCall { start, end, name: kinetoscope_model::StringId(0), thread, correlation: None, result: None }
    }

    /// ```text
    /// 0 |-------------------|
    /// 1   |------|   3 |--|
    /// 2      |-----------|     crosses 1, is inside of 0
    /// 4 another thread
    /// ```
    #[test]
    fn the_parent_is_the_tightest_that_holds_all_of_it() {
        let ranges = [range(0, 0, 20), range(0, 2, 9), range(0, 5, 17), range(0, 14, 17), range(1, 3, 4)];
        assert_eq!(parents(&ranges, RangeStyle::PushPop), [None, Some(0), Some(0), Some(2), None]);
    }

    #[test]
    fn ranges_of_one_time_nest_in_their_order() {
        let ranges = [range(0, 5, 9), range(0, 5, 9), range(0, 5, 12)];
        assert_eq!(parents(&ranges, RangeStyle::PushPop), [Some(2), Some(0), None]);
    }

    #[test]
    fn calls_are_in_all_ranges_around_them() {
        let ranges =
            [range(0, 0, 20), range(0, 2, 9), range(0, 5, 17), NvtxRange { ends_elsewhere: true, ..range(0, 6, 8) }];
        let calls = [call(0, 3, 4), call(0, 6, 8), call(0, 8, 12), call(0, 19, 21), call(1, 30, 31)];
        assert_eq!(innermost(&ranges, &calls), [Some(1), Some(2), Some(2), None, None]);
        let (starts, lists) = all_around(&ranges, &calls);
        let around: Vec<&[u32]> = starts.windows(2).map(|pair| &lists[pair[0]..pair[1]]).collect();
        let expected: [&[u32]; 5] = [&[1, 0], &[2, 1, 0], &[2, 0], &[], &[]];
        assert_eq!(around, expected);
    }

    /// As many open ranges as calls: each look costs what is open around it and no more than the answer.
    #[test]
    fn ranges_that_never_end_are_no_trouble() {
        let num = 20_000;
        let ranges: Vec<NvtxRange> = (0..num).map(|at| range(0, at, 1_000_000)).collect();
        let calls: Vec<ApiCall> = (0..num).map(|at| call(0, at, at)).collect();
        let expected: Vec<Option<u32>> = (0..num).map(|at| Some(at as u32)).collect();
        assert_eq!(innermost(&ranges, &calls), expected);
        assert_eq!(parents(&ranges, RangeStyle::PushPop)[1..], expected[..expected.len() - 1]);
    }
}
