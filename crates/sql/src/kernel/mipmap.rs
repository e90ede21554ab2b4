//! Levels of detail: what a window of a timeline shows of slices or of a counter when each of its pixels is a bucket of
//! time.
//!
//! A bucket shows one slice for each depth, the longest of those that begin in it, and how many there are. What began
//! before the window and reaches into it belongs to the first bucket. A bucket of a counter shows its lowest, highest and
//! last value; in the first bucket the value that holds when the window begins counts too.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err};

use super::column::{int_at, ints, reals};
use super::{Bound, Call, Definition, Kind};

pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "__slice_mipmap",
        parameters: "(table with id, ts, dur, depth), (table with start_ts, end_ts, step)",
        bind: bind_slices,
    },
    Definition {
        name: "__counter_mipmap",
        parameters: "(table with ts, value), (table with start_ts, end_ts, step)",
        bind: bind_counter,
    },
];

const WINDOW: [(&str, Kind); 3] = [("start_ts", Kind::Int), ("end_ts", Kind::Int), ("step", Kind::Int)];

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

fn bind_slices(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(2)?;
    let columns = [("id", Kind::Int), ("ts", Kind::Int), ("dur", Kind::Int), ("depth", Kind::Int)];
    call.table(0, "the slices", &columns)?;
    call.table(1, "the window", &WINDOW)?;
    let fields = ["ts", "dur", "depth", "id", "count"].map(|name| field(name, DataType::Int64));
    Ok(Bound::new(fields.to_vec(), slices))
}

fn bind_counter(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(2)?;
    call.table(0, "the counter", &[("ts", Kind::Int), ("value", Kind::Real)])?;
    call.table(1, "the window", &WINDOW)?;
    let fields = vec![
        field("min_value", DataType::Float64),
        field("max_value", DataType::Float64),
        field("last_ts", DataType::Int64),
        field("last_value", DataType::Float64),
    ];
    Ok(Bound::new(fields, counter))
}

/// The part of a timeline that is asked for.
#[derive(Debug, Clone, Copy)]
struct Window {
    start: i64,
    end: i64,
    step: i64,
}

impl Window {
    fn new(table: &RecordBatch) -> Result<Self> {
        let mut values = [0; 3];
        for (index, (value, (name, _))) in values.iter_mut().zip(WINDOW).enumerate() {
            *value = match ints(table, index)? {
                column if column.len() == 1 && column.is_valid(0) => column.value(0),
                _ => return exec_err!("`{name}` of a window is no number"),
            };
        }
        match values {
            [_, _, step] if step <= 0 => exec_err!("buckets of length {step} are not above 0"),
            [start, end, step] => Ok(Self { start, end, step }),
        }
    }

    fn bucket_of(&self, ts: i64) -> i64 {
        ts.saturating_sub(self.start).max(0) / self.step
    }
}

fn int_column(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

/// One row for each depth and bucket in which a slice is, by depth and time.
fn slices(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let [table, window] = tables else { return exec_err!("slices are shown in a window") };
    let window = Window::new(window)?;
    let (ids, starts, durs, depths) = (ints(table, 0)?, ints(table, 1)?, ints(table, 2)?, ints(table, 3)?);
    // How long a slice is, one without an end being the longest, and then which begins first.
    let rank = |row: usize| {
        let dur = if durs.value(row) < 0 { i64::MAX } else { durs.value(row) };
        (dur, Reverse(starts.value(row)), Reverse(row))
    };
    let mut buckets: HashMap<(i64, i64), (usize, i64)> = HashMap::new();
    for row in 0..table.num_rows() {
        let (Some(ts), Some(dur), Some(depth)) = (int_at(starts, row), int_at(durs, row), int_at(depths, row)) else {
            return exec_err!("a slice of a mipmap has no `ts`, no `dur` or no `depth`");
        };
        let is_reached = ts >= window.start || dur < 0 || ts.saturating_add(dur) > window.start;
        if ts >= window.end || !is_reached {
            continue;
        }
        let (shown, count) = buckets.entry((depth, window.bucket_of(ts))).or_insert((row, 0));
        *count += 1;
        if rank(row) > rank(*shown) {
            *shown = row;
        }
    }
    let mut shown: Vec<((i64, i64), (usize, i64))> = buckets.into_iter().collect();
    shown.sort_unstable();
    let of_rows = |values: &Int64Array| -> ArrayRef {
        Arc::new(shown.iter().map(|(_, (row, _))| int_at(values, *row)).collect::<Int64Array>())
    };
    let counts = int_column(shown.iter().map(|(_, (_, count))| *count).collect());
    Ok(vec![of_rows(starts), of_rows(durs), of_rows(depths), of_rows(ids), counts])
}

/// One row for each bucket in which the counter has a value, by time.
fn counter(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let [table, window] = tables else { return exec_err!("a counter is shown in a window") };
    let window = Window::new(window)?;
    let (times, values) = (ints(table, 0)?, reals(table, 1)?);
    let mut samples: Vec<(i64, f64)> = Vec::with_capacity(table.num_rows());
    // The value that holds when the window begins.
    let mut before: Option<(i64, f64)> = None;
    for row in 0..table.num_rows() {
        match int_at(times, row) {
            Some(ts) if values.is_valid(row) => match ts < window.start {
                true if before.is_none_or(|(last, _)| last <= ts) => before = Some((ts, values.value(row))),
                true => {}
                false if ts < window.end => samples.push((ts, values.value(row))),
                false => {}
            },
            _ => return exec_err!("a value of a mipmap has no `ts` or no `value`"),
        }
    }
    samples.extend(before.filter(|_| window.end > window.start));
    samples.sort_by_key(|(ts, _)| *ts);
    let (mut lows, mut highs, mut last_times, mut lasts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for bucket in samples.chunk_by(|a, b| window.bucket_of(a.0) == window.bucket_of(b.0)) {
        lows.push(bucket.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min));
        highs.push(bucket.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max));
        if let Some((ts, value)) = bucket.last() {
            last_times.push(*ts);
            lasts.push(*value);
        }
    }
    Ok(vec![
        Arc::new(Float64Array::from(lows)),
        Arc::new(Float64Array::from(highs)),
        int_column(last_times),
        Arc::new(Float64Array::from(lasts)),
    ])
}
