//! Slice rows: from a slice to the row of a table that says more about it.
//!
//! A GPU operation and an API call each belong to one slice, and the tables name the slice, not the other way round. A
//! column of row numbers beside ten million slices would be 40 MB per table, a binary search twenty misses per
//! question. One bit per slice, with a running count per word, gives the row in two loads for a fifth of a byte per
//! slice.

use kinetoscope_model::SliceId;

/// Finds the row of a table by its slice.
#[derive(Debug, Clone)]
pub(crate) struct SliceRows {
    /// One bit per slice: whether it has a row.
    words: Vec<u64>,
    /// Slices with a row before each word.
    ranks: Vec<u32>,
    /// Row of each slice that has one; left out when the rows are in order of their slices.
    rows: Option<Vec<u32>>,
}

impl SliceRows {
    /// Builds from the table's column of slices, in O(slices + rows), or O(slices + rows log rows) when the rows are
    /// not in order of their slices.
    ///
    /// Where two rows name one slice the first one is found; rows that name no slice are left out.
    pub(crate) fn new(num_slices: usize, slice_ids: &[u32]) -> Self {
        let is_plain =
            slice_ids.is_sorted_by(|a, b| a < b) && slice_ids.last().is_none_or(|&last| (last as usize) < num_slices);
        let rows = (!is_plain).then(|| {
            let mut rows = rows_by_slice(slice_ids).unwrap_or_else(|| (0..slice_ids.len() as u32).collect());
            rows.retain(|&row| (slice_ids[row as usize] as usize) < num_slices);
            rows.dedup_by_key(|row| slice_ids[*row as usize]);
            rows
        });
        let mut words = vec![0u64; num_slices.div_ceil(64)];
        let mut mark = |slice: u32| words[slice as usize / 64] |= 1 << (slice % 64);
        match &rows {
            Some(rows) => rows.iter().for_each(|&row| mark(slice_ids[row as usize])),
            None => slice_ids.iter().for_each(|&slice| mark(slice)),
        }
        let mut rank = 0;
        let ranks = words
            .iter()
            .map(|word| {
                let before = rank;
                rank += word.count_ones();
                before
            })
            .collect();
        Self { words, ranks, rows }
    }

    /// The row of `slice`, in O(1).
    pub(crate) fn find(&self, slice: SliceId) -> Option<u32> {
        let word = *self.words.get(slice.index() / 64)?;
        let bit = 1u64 << (slice.index() % 64);
        if word & bit == 0 {
            return None;
        }
        let rank = self.ranks[slice.index() / 64] + (word & (bit - 1)).count_ones();
        match &self.rows {
            Some(rows) => rows.get(rank as usize).copied(),
            None => Some(rank),
        }
    }
}

/// Row numbers in order of their slices, rows of one slice in their own order; `None` when that is their order already.
pub(crate) fn rows_by_slice(slice_ids: &[u32]) -> Option<Vec<u32>> {
    if slice_ids.is_sorted() {
        return None;
    }
    let mut rows: Vec<u32> = (0..slice_ids.len() as u32).collect();
    rows.sort_by_key(|&row| slice_ids[row as usize]);
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_in_order_need_no_list() {
        let rows = SliceRows::new(200, &[0, 63, 64, 127, 199]);
        assert!(rows.rows.is_none());
        let found: Vec<_> = (0..201).filter_map(|slice| rows.find(SliceId(slice)).map(|row| (slice, row))).collect();
        assert_eq!(found, [(0, 0), (63, 1), (64, 2), (127, 3), (199, 4)]);
    }

    proptest! {
        #[test]
        fn every_slice_finds_the_first_row_that_names_it(
            num_slices in 0usize..300,
            slice_ids in prop::collection::vec(prop_oneof![0u32..300, Just(u32::MAX)], 0..100),
        ) {
            let rows = SliceRows::new(num_slices, &slice_ids);
            for slice in 0..310 {
                let expected = slice_ids
                    .iter()
                    .position(|&id| id == slice && (slice as usize) < num_slices)
                    .map(|row| row as u32);
                prop_assert_eq!(rows.find(SliceId(slice)), expected);
            }
        }
    }
}
