//! Sort keys as whole numbers.
//!
//! The smallest value of a key is 0 and nulls have a number of their own at the end where they are wanted, so a key takes
//! as few bits as its range needs. Texts are numbered by their rank among the distinct texts that there are.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, StringArray};
use arrow_schema::{DataType, SortOptions};
use datafusion::common::{Result, internal_err};

/// One key of all rows: the smaller number comes first.
#[derive(Debug)]
pub(super) struct Codes {
    pub(super) values: Vec<u64>,
    /// Bits that the largest needs.
    pub(super) num_bits: u32,
}

/// Whether values of this type can be keys.
pub(super) fn is_codable(data_type: &DataType) -> bool {
    match data_type {
        DataType::Boolean | DataType::Float64 | DataType::Utf8 => true,
        DataType::Dictionary(keys, values) => **keys == DataType::Int32 && **values == DataType::Utf8,
        other => other.is_integer(),
    }
}

impl Codes {
    /// The values of `arrays`, one after the other, in the order that `options` say; `None` when their range and nulls
    /// need more than 64 bits.
    pub(super) fn new(arrays: &[ArrayRef], options: SortOptions) -> Result<Option<Self>> {
        let Raw { values, nulls } = Raw::new(arrays)?;
        let is_null = |row: usize| nulls.get(row).copied().unwrap_or(false);
        let valid = || values.iter().enumerate().filter(|(row, _)| !is_null(*row)).map(|(_, value)| *value);
        let (least, most) = match nulls.is_empty() {
            true => (values.iter().copied().min(), values.iter().copied().max()),
            false => (valid().min(), valid().max()),
        };
        let (least, most) = (least.unwrap_or(0), most.unwrap_or(0));
        let range = most - least;
        let has_nulls = nulls.contains(&true);
        let Some(largest) = range.checked_add(u64::from(has_nulls)) else { return Ok(None) };
        let (first, of_nulls) = match (has_nulls, options.nulls_first) {
            (true, true) => (1, 0),
            _ => (0, largest),
        };
        let mut values = values;
        for (row, value) in values.iter_mut().enumerate() {
            *value = match (is_null(row), options.descending) {
                (true, _) => of_nulls,
                (false, false) => *value - least + first,
                (false, true) => most - *value + first,
            };
        }
        Ok(Some(Self { values, num_bits: u64::BITS - largest.leading_zeros() }))
    }
}

/// Numbers in the order of the values, as they are.
struct Raw {
    values: Vec<u64>,
    /// Which rows have no value; nothing where all have one.
    nulls: Vec<bool>,
}

impl Raw {
    fn new(arrays: &[ArrayRef]) -> Result<Self> {
        const SIGN: u64 = 1 << 63;
        let Some(first) = arrays.first() else { return Ok(Self { values: Vec::new(), nulls: Vec::new() }) };
        match first.data_type() {
            DataType::Int8 => Ok(Self::of_numbers::<Int8Type>(arrays, |value| value as u64 ^ SIGN)),
            DataType::Int16 => Ok(Self::of_numbers::<Int16Type>(arrays, |value| value as u64 ^ SIGN)),
            DataType::Int32 => Ok(Self::of_numbers::<Int32Type>(arrays, |value| value as u64 ^ SIGN)),
            DataType::Int64 => Ok(Self::of_numbers::<Int64Type>(arrays, |value| value as u64 ^ SIGN)),
            DataType::UInt8 => Ok(Self::of_numbers::<UInt8Type>(arrays, u64::from)),
            DataType::UInt16 => Ok(Self::of_numbers::<UInt16Type>(arrays, u64::from)),
            DataType::UInt32 => Ok(Self::of_numbers::<UInt32Type>(arrays, u64::from)),
            DataType::UInt64 => Ok(Self::of_numbers::<UInt64Type>(arrays, |value| value)),
            DataType::Float64 => Ok(Self::of_numbers::<Float64Type>(arrays, |value| {
                let bits = value.to_bits();
                // Of negative numbers the larger bits are the smaller number.
                if bits & SIGN == 0 { bits | SIGN } else { !bits }
            })),
            DataType::Boolean => {
                let values = arrays.iter().flat_map(|array| {
                    let array = array.as_boolean();
                    (0..array.len()).map(|row| u64::from(array.value(row)))
                });
                Ok(Self { values: values.collect(), nulls: nulls_of(arrays) })
            }
            DataType::Utf8 => {
                let texts = arrays.iter().flat_map(|array| array.as_string::<i32>().iter());
                Ok(Self::of_texts(texts))
            }
            DataType::Dictionary(..) => Ok(Self::of_dictionaries(arrays)),
            other => internal_err!("a sort by numbers of a column of type {other}"),
        }
    }

    fn of_numbers<T: ArrowPrimitiveType>(arrays: &[ArrayRef], raw: impl Fn(T::Native) -> u64) -> Self {
        let num_rows = arrays.iter().map(|array| array.len()).sum();
        let mut values = Vec::with_capacity(num_rows);
        for array in arrays {
            let array: &PrimitiveArray<T> = array.as_primitive();
            values.extend(array.values().iter().map(|value| raw(*value)));
        }
        Self { values, nulls: nulls_of(arrays) }
    }

    fn of_texts<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> Self {
        let mut distinct = Distinct::default();
        let numbers: Vec<Option<u32>> = texts.map(|text| text.map(|text| distinct.number_of(text))).collect();
        Self::ranked(&numbers, &distinct)
    }

    fn of_dictionaries(arrays: &[ArrayRef]) -> Self {
        let mut distinct = Distinct::default();
        let mut numbers: Vec<Option<u32>> = Vec::with_capacity(arrays.iter().map(|array| array.len()).sum());
        // Batches of one scan share their dictionary, so a text is looked up once for all of them.
        let mut known: (Option<&StringArray>, Vec<Option<u32>>) = (None, Vec::new());
        for array in arrays {
            let array = array.as_dictionary::<Int32Type>();
            let texts = array.values().as_string::<i32>();
            if !known.0.is_some_and(|before| is_same(before, texts)) {
                known = (Some(texts), vec![None; texts.len()]);
            }
            numbers.extend(array.keys().iter().map(|key| {
                let key = usize::try_from(key?).ok().filter(|key| texts.is_valid(*key))?;
                Some(*known.1[key].get_or_insert_with(|| distinct.number_of(texts.value(key))))
            }));
        }
        Self::ranked(&numbers, &distinct)
    }

    fn ranked(numbers: &[Option<u32>], distinct: &Distinct<'_>) -> Self {
        let ranks = distinct.ranks();
        let values = numbers.iter().map(|number| number.map_or(0, |number| ranks[number as usize]));
        let nulls = match numbers.contains(&None) {
            true => numbers.iter().map(Option::is_none).collect(),
            false => Vec::new(),
        };
        Self { values: values.collect(), nulls }
    }
}

/// Which rows have no value; nothing where all have one.
fn nulls_of(arrays: &[ArrayRef]) -> Vec<bool> {
    match arrays.iter().any(|array| array.null_count() > 0) {
        true => arrays.iter().flat_map(|array| (0..array.len()).map(|row| array.is_null(row))).collect(),
        false => Vec::new(),
    }
}

/// Whether both are the very same texts in memory.
fn is_same(left: &StringArray, right: &StringArray) -> bool {
    left.offsets().ptr_eq(right.offsets()) && left.values().ptr_eq(right.values())
}

/// Texts numbered in the order in which they are met.
#[derive(Default)]
struct Distinct<'a> {
    numbers: HashMap<&'a str, u32>,
    texts: Vec<&'a str>,
}

impl<'a> Distinct<'a> {
    fn number_of(&mut self, text: &'a str) -> u32 {
        *self.numbers.entry(text).or_insert_with(|| {
            self.texts.push(text);
            (self.texts.len() - 1) as u32
        })
    }

    /// The place of each among all of them, by their bytes.
    fn ranks(&self) -> Vec<u64> {
        let mut sorted: Vec<u32> = (0..self.texts.len() as u32).collect();
        sorted.sort_unstable_by_key(|number| self.texts[*number as usize]);
        let mut ranks = vec![0; sorted.len()];
        for (rank, number) in (0..).zip(sorted) {
            ranks[number as usize] = rank;
        }
        ranks
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{BooleanArray, DictionaryArray, Float64Array, Int64Array, UInt64Array};

    use super::*;

    const UP: SortOptions = SortOptions { descending: false, nulls_first: true };
    const DOWN: SortOptions = SortOptions { descending: true, nulls_first: false };

    fn coded(arrays: &[ArrayRef], options: SortOptions) -> (Vec<u64>, u32) {
        let codes = Codes::new(arrays, options).unwrap().unwrap();
        (codes.values, codes.num_bits)
    }

    #[test]
    fn a_key_takes_the_bits_of_its_range() {
        let times: ArrayRef = Arc::new(Int64Array::from(vec![1_000_000_007, 1_000_000_000, 1_000_000_003]));
        assert_eq!(coded(&[Arc::clone(&times)], UP), (vec![7, 0, 3], 3));
        assert_eq!(coded(&[times], DOWN), (vec![0, 7, 4], 3));
        let one: ArrayRef = Arc::new(Int64Array::from(vec![-5, -5]));
        assert_eq!(coded(&[one], UP), (vec![0, 0], 0));
    }

    #[test]
    fn nulls_are_where_they_are_wanted() {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![Some(10), None, Some(12)]));
        let other: ArrayRef = Arc::new(Int64Array::from(vec![11]));
        let arrays = [values, other];
        assert_eq!(coded(&arrays, UP), (vec![1, 0, 3, 2], 2));
        assert_eq!(coded(&arrays, DOWN), (vec![2, 3, 0, 1], 2));
        let nothing: ArrayRef = Arc::new(Int64Array::from(vec![None, None]));
        assert_eq!(coded(&[nothing], UP), (vec![0, 0], 1));
    }

    #[test]
    fn the_widest_range_has_no_room_for_nulls() {
        let widest = |last| -> ArrayRef { Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(i64::MAX), last])) };
        assert_eq!(coded(&[widest(Some(0))], UP), (vec![0, u64::MAX, 1 << 63], 64));
        assert!(Codes::new(&[widest(None)], UP).unwrap().is_none());
        let large: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX, u64::MAX - 1]));
        assert_eq!(coded(&[large], UP), (vec![1, 0], 1));
    }

    #[test]
    fn reals_go_by_their_size() {
        let values: ArrayRef =
            Arc::new(Float64Array::from(vec![1.5, -1.5, 0.0, f64::NEG_INFINITY, -2.5, f64::INFINITY, 1e-300]));
        let (codes, _) = coded(&[values], UP);
        let mut rows: Vec<usize> = (0..codes.len()).collect();
        rows.sort_by_key(|row| codes[*row]);
        assert_eq!(rows, [3, 4, 1, 2, 6, 0, 5]);
    }

    #[test]
    fn texts_go_by_their_bytes_whatever_dictionary_they_are_of() {
        let first: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("b"), None, Some("a")]));
        let second: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("ä"), Some("a"), Some("B")]));
        assert_eq!(coded(&[first, second], UP), (vec![3, 0, 2, 4, 2, 1], 3));
        let plain: ArrayRef = Arc::new(StringArray::from(vec![Some("b"), Some("a"), Some("b")]));
        assert_eq!(coded(&[plain], UP), (vec![1, 0, 1], 1));
    }

    #[test]
    fn false_comes_before_true() {
        let values: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
        assert_eq!(coded(&[values], UP), (vec![1, 0], 1));
    }
}
