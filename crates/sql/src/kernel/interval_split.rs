//! Intervals cut at the bounds of periods of one length, which are counted from time 0.
//!
//! ```text
//! periods   |         |         |         |
//! interval       ────────────────────
//! pieces         ──── ───────── ────
//! ```

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err};
use datafusion::execution::memory_pool::MemoryReservation;

use super::column::{ints, spans};
use super::{Bound, Call, Definition, Kind};

pub(super) const DEFINITIONS: &[Definition] = &[Definition {
    name: "__interval_split",
    parameters: "(table with id, ts, dur), (table with the length of a period as period)",
    bind,
}];

const INTERVALS: &str = "the intervals";

/// How many pieces may be there before they are accounted for.
const ACCOUNTED_ROWS: usize = 1 << 16;

fn bind(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(2)?;
    call.table(0, INTERVALS, &[("id", Kind::Int), ("ts", Kind::Int), ("dur", Kind::Int)])?;
    call.table(1, "the period", &[("period", Kind::Int)])?;
    let fields = ["id", "ts", "dur", "period_ts"].map(|name| Field::new(name, DataType::Int64, true));
    Ok(Bound::growing(fields.to_vec(), split))
}

/// The pieces of each interval, each with the start of its period. An interval without duration is one piece.
fn split(tables: &[RecordBatch], memory: &MemoryReservation) -> Result<Vec<ArrayRef>> {
    let [table, period] = tables else { return exec_err!("intervals are split by a period") };
    let periods = ints(period, 0)?;
    let period = match periods.iter().flatten().next() {
        Some(period) if periods.len() == 1 && period > 0 => period,
        Some(period) if periods.len() == 1 => return exec_err!("a period of {period} is not above 0"),
        _ => return exec_err!("the length of a period is no number"),
    };
    let ids = ints(table, 0)?;
    let (mut rows, mut starts, mut durs, mut period_starts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut num_accounted = 0;
    for (row, (start, end)) in spans(table, 1, 2, INTERVALS)?.into_iter().enumerate() {
        let mut from = start;
        loop {
            let period_start = from.div_euclid(period) * period;
            let to = period_start.saturating_add(period).min(end);
            rows.push(ids.is_valid(row).then(|| ids.value(row)));
            starts.push(from);
            durs.push(to - from);
            period_starts.push(period_start);
            if rows.len() - num_accounted >= ACCOUNTED_ROWS {
                memory.try_grow((rows.len() - num_accounted) * (size_of::<Option<i64>>() + 3 * size_of::<i64>()))?;
                num_accounted = rows.len();
            }
            if to >= end {
                break;
            }
            from = to;
        }
    }
    let columns = [Int64Array::from(rows), starts.into(), durs.into(), period_starts.into()];
    Ok(columns.into_iter().map(|column| Arc::new(column) as ArrayRef).collect())
}
