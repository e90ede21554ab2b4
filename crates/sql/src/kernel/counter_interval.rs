//! Counter intervals: how long a counter keeps each of its values.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err};

use super::column::{Groups, int_at, ints, reals, take};
use super::{Bound, Call, Definition, Kind};

pub(super) const DEFINITIONS: &[Definition] = &[Definition {
    name: "__counter_leading_intervals",
    parameters: "(table with id, ts, track_id, value), (table with the end of the trace as ts)",
    bind: bind_leading,
}];

fn bind_leading(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(2)?;
    let columns = [("id", Kind::Any), ("ts", Kind::Int), ("track_id", Kind::Any), ("value", Kind::Real)];
    let types = call.table(0, "the counters", &columns)?;
    call.table(1, "the trace", &[("ts", Kind::Int)])?;
    let fields = vec![
        Field::new("id", types[0].clone(), true),
        Field::new("ts", DataType::Int64, true),
        Field::new("dur", DataType::Int64, true),
        Field::new("track_id", types[2].clone(), true),
        Field::new("value", DataType::Float64, true),
        Field::new("next_value", DataType::Float64, true),
        Field::new("delta_value", DataType::Float64, true),
    ];
    Ok(Bound::new(fields, leading))
}

/// For each run of equal values of a track: the first of them, how long it lasts, the value after it and the change to
/// it. The last run lasts to the end of the trace.
fn leading(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let [counters, end] = tables else { return exec_err!("two tables give counter intervals") };
    let ends = ints(end, 0)?;
    let (ts, value) = (ints(counters, 1)?, reals(counters, 3)?);
    let groups = Groups::new(&[(counters.num_rows(), &counters.columns()[2..3])])?;
    let value_at = |row: u32| value.is_valid(row as usize).then(|| value.value(row as usize));
    let (mut rows, mut durs, mut next_values, mut deltas) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for group in &groups.groups {
        let mut sorted: Vec<(i64, u32)> = Vec::with_capacity(group[0].len());
        for &row in &group[0] {
            match int_at(ts, row as usize) {
                Some(ts) => sorted.push((ts, row)),
                None => return exec_err!("a counter has no `ts`"),
            }
        }
        sorted.sort_unstable();
        sorted.dedup_by(|next, kept| value_at(next.1) == value_at(kept.1));
        let mut before: Option<f64> = None;
        for (index, &(start, row)) in sorted.iter().enumerate() {
            let next = sorted.get(index + 1);
            let end = next.map(|next| next.0).or_else(|| int_at(ends, 0));
            rows.push(Some(row));
            durs.push(end.map(|end| end - start));
            next_values.push(next.and_then(|next| value_at(next.1)));
            deltas.push(value_at(row).zip(before).map(|(value, before)| value - before));
            before = value_at(row);
        }
    }
    let take = |column: usize| take(counters.column(column), rows.iter().copied());
    Ok(vec![
        take(0)?,
        take(1)?,
        Arc::new(Int64Array::from(durs)),
        take(2)?,
        take(3)?,
        Arc::new(Float64Array::from(next_values)),
        Arc::new(Float64Array::from(deltas)),
    ])
}
