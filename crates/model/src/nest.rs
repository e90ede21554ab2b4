//! Nesting: finds each slice's parent and depth on its row, and a lane for it when it fits nowhere.
//!
//! ```text
//! row     A A A A A A A A .          A is B's parent; C starts inside A and ends after it: C gets a lane.
//!         . B B . . . . . .
//! lane 1  . . . . . C C C C
//! ```
//!
//! Slices come in order of start, the longer one first where two start together. The rules are Perfetto's (a slice
//! nests in what ends no earlier; touching is not nesting; zero-length slices at one instant nest), with one addition:
//! where the caller allows a tolerance, ends that cross by no more than the clock's rounding are taken for nested, as
//! they were before rounding. Nothing is ever dropped.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::id::{SliceId, StringId};
use crate::time::Nanos;

/// A slice that later ones may nest in.
#[derive(Debug, Clone, Copy)]
pub struct OpenSlice {
    /// The slice.
    pub id: SliceId,
    /// Start.
    pub ts: Nanos,
    /// End as far as nesting goes; `Nanos::MAX` while it awaits its end event.
    pub end: Nanos,
    /// Name.
    pub name: StringId,
    /// Category.
    pub category: Option<StringId>,
}

impl OpenSlice {
    /// True while the slice awaits its end event.
    pub fn is_unended(&self) -> bool {
        self.end == Nanos::MAX
    }
}

/// Where a slice goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// 0 for the row itself, else the number of the lane.
    pub lane: usize,
    /// Innermost slice around it in that lane.
    pub parent: Option<SliceId>,
    /// Number of slices around it in that lane.
    pub depth: u32,
    /// True when it fits only within the tolerance.
    pub is_healed: bool,
    /// The slice of the row that it crosses, when it was moved to a lane.
    pub crossed: Option<SliceId>,
}

/// Lanes that are searched one by one. Beyond, a lane is used again only once it is free, which a heap finds: a row on
/// which a million slices all cross must not take a million squared steps.
const MAX_SEARCHED_LANES: usize = 64;

/// How far below the top an end event looks for its begin: a million ends that match nothing among a million open slices
/// must not take a million squared steps either.
const MAX_SEARCHED_DEPTH: usize = 1024;

/// The slices of one row that are still open at the time reached.
#[derive(Debug, Default)]
pub struct RowNester {
    row: Vec<OpenSlice>,
    lanes: Vec<Vec<OpenSlice>>,
    far_lanes: BinaryHeap<(Reverse<Nanos>, Reverse<usize>)>,
    num_far_lanes: usize,
}

impl RowNester {
    /// Places the next slice. `tolerance` is how far ends may cross and still count as nested.
    #[inline]
    pub fn place(&mut self, slice: OpenSlice, tolerance: Nanos) -> Placement {
        pop_ended(&mut self.row, slice.ts);
        match self.row.last().copied() {
            None => self.put(slice, None, false),
            Some(top) if slice.end <= top.end => self.put(slice, Some(top.id), false),
            Some(_) if slice.is_unended() => self.place_unended(slice),
            Some(top) => self.place_crossing(slice, top, tolerance),
        }
    }

    #[inline]
    fn put(&mut self, slice: OpenSlice, parent: Option<SliceId>, is_healed: bool) -> Placement {
        let depth = self.row.len() as u32;
        self.row.push(slice);
        Placement { lane: 0, parent, depth, is_healed, crossed: None }
    }

    /// Nests a slice whose end is not known yet in what is still open, however soon that ends: its end event is looked
    /// for on the row.
    #[cold]
    fn place_unended(&mut self, slice: OpenSlice) -> Placement {
        // Zero-length slices at this instant are over and hold nothing.
        while self.row.last().is_some_and(|top| top.end <= slice.ts) {
            self.row.pop();
        }
        let parent = self.row.last().map(|top| top.id);
        self.put(slice, parent, false)
    }

    #[cold]
    fn place_crossing(&mut self, mut slice: OpenSlice, top: OpenSlice, tolerance: Nanos) -> Placement {
        let overlap = top.end - slice.ts;
        let excess = slice.end.saturating_sub(top.end);
        if excess <= tolerance && excess < overlap {
            // A child whose end was rounded past its parent's. Its neighbours must not see the excess.
            slice.end = top.end;
            return self.put(slice, Some(top.id), true);
        }
        if overlap <= tolerance {
            // A neighbour whose start was rounded into what came before.
            let mut healed = self.row.clone();
            while healed.last().is_some_and(|open| open.end - slice.ts <= tolerance) {
                healed.pop();
            }
            if healed.last().is_none_or(|open| slice.end <= open.end) {
                self.row = healed;
                let parent = self.row.last().map(|open| open.id);
                // Zero-length slices that came before at this instant are no overlap at all.
                return self.put(slice, parent, overlap > 0);
            }
        }
        self.place_in_lane(slice, top.id)
    }

    fn place_in_lane(&mut self, slice: OpenSlice, crossed: SliceId) -> Placement {
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            pop_ended(lane, slice.ts);
            let parent = lane.last().copied();
            if parent.is_none_or(|top| slice.end <= top.end) {
                let depth = lane.len() as u32;
                lane.push(slice);
                let parent = parent.map(|top| top.id);
                return Placement { lane: index + 1, parent, depth, is_healed: false, crossed: Some(crossed) };
            }
        }
        let lane = if self.lanes.len() < MAX_SEARCHED_LANES {
            self.lanes.push(vec![slice]);
            self.lanes.len()
        } else {
            let far = match self.far_lanes.peek() {
                Some(&(Reverse(end), Reverse(lane))) if end <= slice.ts => {
                    self.far_lanes.pop();
                    lane
                }
                _ => {
                    self.num_far_lanes += 1;
                    MAX_SEARCHED_LANES + self.num_far_lanes
                }
            };
            self.far_lanes.push((Reverse(slice.end), Reverse(far)));
            far
        };
        Placement { lane, parent: None, depth: 0, is_healed: false, crossed: Some(crossed) }
    }

    /// Ends the innermost unended slice that `is_match` accepts, with every younger unended one above it.
    ///
    /// Returns the matching slice and the younger ones that would have gone on, ended or not, or `None` when none
    /// matches.
    pub fn end(&mut self, ts: Nanos, is_match: impl Fn(&OpenSlice) -> bool) -> Option<(OpenSlice, Vec<OpenSlice>)> {
        let first = self.row.len().saturating_sub(MAX_SEARCHED_DEPTH);
        let found = self.row[first..].iter().rposition(|open| open.is_unended() && is_match(open))?;
        let position = first + found;
        let found = self.row[position];
        let younger = self.row[position + 1..].iter().filter(|open| open.end > ts).copied().collect();
        for open in &mut self.row[position..] {
            open.end = open.end.min(ts);
        }
        // They stay on the stack as ended slices: a flow event at this instant still binds to what it closes.
        Some((found, younger))
    }

    /// The slice a flow event of this row binds to: the youngest one that nothing has replaced.
    pub fn top(&self) -> Option<&OpenSlice> {
        self.row.last()
    }

    /// Slices that still await their end event.
    pub fn unended(&self) -> impl Iterator<Item = &OpenSlice> {
        self.row.iter().filter(|open| open.is_unended())
    }
}

#[inline]
fn pop_ended(stack: &mut Vec<OpenSlice>, ts: Nanos) {
    while stack.last().is_some_and(|top| top.end <= ts && top.ts < ts) {
        stack.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_all(slices: &[(Nanos, Nanos)], tolerance: Nanos) -> Vec<(usize, Option<u32>, u32)> {
        let mut row = RowNester::default();
        slices
            .iter()
            .enumerate()
            .map(|(index, &(ts, end))| {
                let slice = OpenSlice { id: SliceId(index as u32), ts, end, name: StringId(0), category: None };
                let placed = row.place(slice, tolerance);
                (placed.lane, placed.parent.map(|id| id.0), placed.depth)
            })
            .collect()
    }

    #[test]
    fn slices_nest_touch_and_cross() {
        let placed = place_all(&[(0, 10), (1, 4), (4, 6), (5, 12), (10, 20)], 0);
        assert_eq!(placed, [(0, None, 0), (0, Some(0), 1), (0, Some(0), 1), (1, None, 0), (0, None, 0)]);
    }

    #[test]
    fn zero_length_slices_at_one_instant_nest_but_not_at_an_end() {
        let placed = place_all(&[(5, 5), (5, 5), (6, 8), (8, 8)], 0);
        assert_eq!(placed, [(0, None, 0), (0, Some(0), 1), (0, None, 0), (0, None, 0)]);
    }

    #[test]
    fn rounding_is_healed_only_within_the_tolerance() {
        // The child ends 1 after its parent; the next neighbour starts where the parent ends.
        let placed = place_all(&[(0, 100), (50, 101), (100, 200)], 1);
        assert_eq!(placed, [(0, None, 0), (0, Some(0), 1), (0, None, 0)]);
        let placed = place_all(&[(0, 100), (50, 102)], 1);
        assert_eq!(placed[1].0, 1);
        // A neighbour that starts 1 early.
        let placed = place_all(&[(0, 100), (99, 200), (150, 160)], 1);
        assert_eq!(placed, [(0, None, 0), (0, None, 0), (0, Some(1), 1)]);
    }

    #[test]
    fn many_crossing_slices_stay_cheap_and_lose_none() {
        let slices: Vec<_> = (0..100_000).map(|index| (index, index + 1_000_000)).collect();
        let placed = place_all(&slices, 0);
        let lanes: std::collections::HashSet<_> = placed.iter().map(|&(lane, ..)| lane).collect();
        assert_eq!(lanes.len(), slices.len());
    }

    #[test]
    fn an_unended_slice_nests_in_what_is_open() {
        let unended = Nanos::MAX;
        let placed = place_all(&[(0, 10), (2, unended), (3, 5), (20, 21)], 0);
        assert_eq!(placed, [(0, None, 0), (0, Some(0), 1), (0, Some(1), 2), (0, Some(1), 2)]);
        // A zero-length slice of the same instant is over.
        let placed = place_all(&[(0, 10), (5, 5), (5, unended)], 0);
        assert_eq!(placed[2], (0, Some(0), 1));
    }

    #[test]
    fn an_end_tells_of_younger_slices_that_outlive_it() {
        let mut row = RowNester::default();
        for (index, (ts, end)) in [(0, Nanos::MAX), (1, 3), (4, 20)].into_iter().enumerate() {
            let id = SliceId(index as u32);
            row.place(OpenSlice { id, ts, end, name: StringId(0), category: None }, 0);
        }
        let (found, younger) = row.end(10, |_| true).expect("there is one");
        assert_eq!(found.id, SliceId(0));
        assert_eq!(younger.iter().map(|open| open.id).collect::<Vec<_>>(), [SliceId(2)]);
    }

    #[test]
    fn an_end_closes_the_innermost_match_and_what_is_above() {
        let mut row = RowNester::default();
        for (index, name) in [1u32, 2, 1, 3].into_iter().enumerate() {
            let id = SliceId(index as u32);
            row.place(OpenSlice { id, ts: index as i64, end: Nanos::MAX, name: StringId(name), category: None }, 0);
        }
        let (found, younger) = row.end(10, |open| open.name == StringId(1)).expect("there is a match");
        assert_eq!(found.id, SliceId(2));
        assert_eq!(younger.len(), 1);
        assert_eq!(row.unended().count(), 2);
        assert!(row.end(11, |open| open.name == StringId(9)).is_none());
    }
}
