//! The order of rows by keys that are whole numbers, found digit by digit.
//!
//! No two rows are compared: the rows are dealt out by their least significant digit, then by the next one, and so on,
//! which keeps the order of equal rows. A key and a row number share one 64-bit word while that lasts, so a pass moves
//! eight bytes for each row.

use datafusion::common::Result;

use super::codes::Codes;
use crate::stopping::Stop;

/// Bits of a digit: the counters of one digit fit into the fastest cache.
const DIGIT_BITS: u32 = 11;

/// Fewer rows than this are sorted by comparisons: counting digits costs more.
const FEW_ROWS: usize = 1024;

/// Bits of one key that a word takes up.
struct Piece<'a> {
    codes: &'a Codes,
    /// The lowest of them.
    first_bit: u32,
    num_bits: u32,
    /// Where in the word they go.
    place: u32,
}

impl Piece<'_> {
    fn of_row(&self, row: usize) -> u64 {
        let mask = (1 << self.num_bits) - 1;
        ((self.codes.values[row] >> self.first_bit) & mask) << self.place
    }
}

/// The row numbers in the order of `keys`, the most significant of which is the first; rows of equal keys stay as they
/// are. `None` when all rows are in order already.
///
/// # Panics
/// With more rows than a `u32` counts.
pub(super) fn order_of(keys: &[Codes], num_rows: usize, stop: &Stop) -> Result<Option<Vec<u32>>> {
    // Keys at the end by which the rows are sorted already are kept in order by those before them.
    let num_needed = (0..keys.len()).find(|first| are_sorted(&keys[*first..], num_rows)).unwrap_or(keys.len());
    if num_needed == 0 || num_rows < 2 {
        return Ok(None);
    }
    let last_row = u32::try_from(num_rows - 1).expect("rows are counted in 32 bits");
    let row_bits = u32::BITS - last_row.leading_zeros();
    let mut words: Vec<u64> = (0..=u64::from(last_row)).collect();
    let mut spare = Vec::new();
    for pieces in words_of(&keys[..num_needed], u64::BITS - row_bits) {
        stop.check()?;
        let row_mask = (1 << row_bits) - 1;
        for word in &mut words {
            let row = *word & row_mask;
            let key: u64 = pieces.iter().map(|piece| piece.of_row(row as usize)).sum();
            *word = key << row_bits | row;
        }
        let key_bits = pieces.iter().map(|piece| piece.num_bits).sum();
        sort(&mut words, &mut spare, row_bits, key_bits, stop)?;
    }
    let row_mask = (1 << row_bits) - 1;
    Ok(Some(words.into_iter().map(|word| (word & row_mask) as u32).collect()))
}

/// Whether no row comes before the one above it.
fn are_sorted(keys: &[Codes], num_rows: usize) -> bool {
    (1..num_rows).all(|row| {
        let differing = keys.iter().find(|key| key.values[row - 1] != key.values[row]);
        differing.is_none_or(|key| key.values[row - 1] < key.values[row])
    })
}

/// The bits of all keys, dealt out to words of which each has room for `word_bits`; the least significant first.
fn words_of(keys: &[Codes], word_bits: u32) -> Vec<Vec<Piece<'_>>> {
    let mut words = Vec::new();
    let mut word = Vec::new();
    let mut place = 0;
    for codes in keys.iter().rev() {
        let mut first_bit = 0;
        while first_bit < codes.num_bits {
            if place == word_bits {
                words.push(std::mem::take(&mut word));
                place = 0;
            }
            let num_bits = (codes.num_bits - first_bit).min(word_bits - place);
            word.push(Piece { codes, first_bit, num_bits, place });
            first_bit += num_bits;
            place += num_bits;
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Sorts by the `key_bits` that begin at bit `row_bits`; equal ones stay in their order.
fn sort(words: &mut Vec<u64>, spare: &mut Vec<u64>, row_bits: u32, key_bits: u32, stop: &Stop) -> Result<()> {
    if words.len() < FEW_ROWS {
        words.sort_by_key(|word| word >> row_bits);
        return Ok(());
    }
    let num_digits = key_bits.div_ceil(DIGIT_BITS);
    // As few bits as the number of digits allows.
    let digit_bits = key_bits.div_ceil(num_digits.max(1));
    let digit_of =
        |word: u64, digit: u32| ((word >> (row_bits + digit * digit_bits)) & ((1 << digit_bits) - 1)) as usize;
    let mut counts = vec![vec![0_u32; 1 << digit_bits]; num_digits as usize];
    for word in words.iter() {
        for (digit, counts) in (0..).zip(&mut counts) {
            counts[digit_of(*word, digit)] += 1;
        }
    }
    spare.resize(words.len(), 0);
    for (digit, counts) in (0..).zip(&mut counts) {
        stop.check()?;
        if counts[digit_of(words[0], digit)] as usize == words.len() {
            continue;
        }
        let mut start = 0;
        for count in &mut *counts {
            start += std::mem::replace(count, start);
        }
        for word in words.iter() {
            let place = &mut counts[digit_of(*word, digit)];
            spare[*place as usize] = *word;
            *place += 1;
        }
        std::mem::swap(words, spare);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes(values: impl IntoIterator<Item = u64>) -> Codes {
        let values: Vec<u64> = values.into_iter().collect();
        let most = values.iter().copied().max().unwrap_or(0);
        Codes { values, num_bits: u64::BITS - most.leading_zeros() }
    }

    fn sorted(keys: &[Codes], num_rows: usize) -> Vec<u32> {
        let order = order_of(keys, num_rows, &Stop::default()).unwrap();
        order.unwrap_or_else(|| (0..num_rows as u32).collect())
    }

    /// What the standard library's stable sort gives.
    fn expected(keys: &[Codes], num_rows: usize) -> Vec<u32> {
        let mut rows: Vec<u32> = (0..num_rows as u32).collect();
        rows.sort_by_key(|row| keys.iter().map(|key| key.values[*row as usize]).collect::<Vec<_>>());
        rows
    }

    #[test]
    fn rows_in_order_stay() {
        let keys = [codes([1, 1, 2, 2]), codes([0, 5, 3, 3])];
        assert!(order_of(&keys, 4, &Stop::default()).unwrap().is_none());
        assert!(order_of(&keys[..1], 0, &Stop::default()).unwrap().is_none());
        assert!(order_of(&[], 4, &Stop::default()).unwrap().is_none());
    }

    #[test]
    fn equal_rows_keep_their_order() {
        assert_eq!(sorted(&[codes([1, 0, 1, 0])], 4), [1, 3, 0, 2]);
        assert_eq!(sorted(&[codes([1, 0, 1, 0]), codes([0, 2, 0, 1])], 4), [3, 1, 0, 2]);
    }

    #[test]
    fn a_stopped_sort_is_an_error() {
        let stop = Stop::default();
        drop(stop.when_dropped());
        assert!(order_of(&[codes([1, 0])], 2, &stop).is_err());
    }

    proptest! {
        #[test]
        fn order_is_that_of_a_stable_sort(
            seed in any::<u64>(), num_rows in prop_oneof![0_usize..40, 1000_usize..5000],
            widths in prop::collection::vec(0_u32..=64, 1..5),
        ) {
            // A small generator of its own: thousands of values each drawn by proptest take too long.
            let mut state = seed | 1;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                state ^ (state >> 29)
            };
            let keys: Vec<Codes> = widths
                .iter()
                .map(|width| codes((0..num_rows).map(|_| next().checked_shr(u64::BITS - width).unwrap_or(0))))
                .collect();
            prop_assert_eq!(sorted(&keys, num_rows), expected(&keys, num_rows));
        }
    }
}
