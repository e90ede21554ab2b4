//! Coverage: how many intervals are under way at a time, which time they cover together, and which they leave free.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err, plan_err};

use super::column::{Groups, int_at, ints, spans, take};
use super::{Bound, Call, Definition, Kind};

pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "__intervals_overlap_count",
        parameters: "(table of intervals), (table with the end of the trace as ts), 'ts column', 'dur column', 'group column'",
        bind: bind_count,
    },
    Definition {
        name: "__interval_merge_overlapping",
        parameters: "(table with ts, dur), (table with the tolerance as epsilon), 'partition columns'",
        bind: bind_merge,
    },
    Definition {
        name: "__intervals_fill_gaps",
        parameters: "(table with ts, dur), (table with start_ts, end_ts), 'group columns', 'data columns'",
        bind: bind_fill,
    },
    Definition { name: "__interval_create", parameters: "(table with ts), (table with ts)", bind: bind_create },
];

const INTERVALS: &str = "the intervals";

fn int_field(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn int_column(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

/// The only value of a table that has one row.
fn only_value(table: &RecordBatch, column: usize, what: &str) -> Result<i64> {
    let values = ints(table, column)?;
    match values.len() {
        1 if values.is_valid(0) => Ok(values.value(0)),
        _ => exec_err!("{what} is no number"),
    }
}

fn bind_count(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(5)?;
    let (ts, dur, groups) = (call.names(2)?, call.names(3)?, call.names(4)?);
    let columns: Vec<(&String, Kind)> = ts
        .iter()
        .chain(&dur)
        .map(|name| (name, Kind::Int))
        .chain(groups.iter().map(|name| (name, Kind::Any)))
        .collect();
    if ts.len() != 1 || dur.len() != 1 || groups.len() > 1 {
        return call.wrong_arguments();
    }
    let types = call.table(0, INTERVALS, &columns)?;
    call.table(1, "the trace", &[("ts", Kind::Int)])?;
    let mut fields = vec![int_field("ts"), int_field("value")];
    fields.extend(types.get(2).map(|data_type| Field::new("group_name", data_type.clone(), true)));
    Ok(Bound::new(fields, count))
}

/// A row for each time at which an interval starts or ends, with the number under way after that.
fn count(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let [table, end] = tables else { return exec_err!("two tables are counted") };
    let trace_end = only_value(end, 0, "the end of the trace")?;
    let (ts, dur) = (ints(table, 0)?, ints(table, 1)?);
    let keys = &table.columns()[2..];
    let groups = Groups::new(&[(table.num_rows(), keys)])?;
    // Time, group, number under way, row of the group.
    let mut counts: Vec<(i64, u32, i64, u32)> = Vec::new();
    for (number, group) in groups.groups.iter().enumerate() {
        let mut changes: Vec<(i64, i64)> = Vec::with_capacity(2 * group[0].len());
        for &row in &group[0] {
            let (Some(start), Some(dur)) = (int_at(ts, row as usize), int_at(dur, row as usize)) else { continue };
            // What has no end yet lasts to the end of the trace.
            let end = if dur == -1 { trace_end } else { start.saturating_add(dur) };
            changes.push((start, 1));
            changes.push((end, -1));
        }
        changes.sort_unstable();
        let mut num_open = 0;
        for same in changes.chunk_by(|a, b| a.0 == b.0) {
            num_open += same.iter().map(|change| change.1).sum::<i64>();
            counts.push((same[0].0, number as u32, num_open, groups.examples[number].1));
        }
    }
    counts.sort_unstable();
    let mut columns = vec![
        int_column(counts.iter().map(|count| count.0).collect()),
        int_column(counts.iter().map(|count| count.2).collect()),
    ];
    if let [key] = keys {
        columns.push(take(key, counts.iter().map(|count| Some(count.3)))?);
    }
    Ok(columns)
}

fn bind_merge(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(3)?;
    let partitions = call.names(2)?;
    let columns: Vec<(&str, Kind)> = [("ts", Kind::Int), ("dur", Kind::Int)]
        .into_iter()
        .chain(partitions.iter().map(|name| (name.as_str(), Kind::Any)))
        .collect();
    let types = call.table(0, INTERVALS, &columns)?;
    call.table(1, "the tolerance", &[("epsilon", Kind::Int)])?;
    let mut fields = vec![int_field("ts"), int_field("dur")];
    for (name, data_type) in partitions.iter().zip(&types[2..]) {
        if fields.iter().any(|field| field.name() == name) {
            return plan_err!("the partition column `{name}` has the name of another column of the result");
        }
        fields.push(Field::new(name, data_type.clone(), true));
    }
    Ok(Bound::new(fields, merge))
}

/// The fewest intervals that cover the same time, with gaps of up to the tolerance closed.
fn merge(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let [table, epsilon] = tables else { return exec_err!("two tables are merged") };
    let epsilon = only_value(epsilon, 0, "the tolerance")?;
    let spans = spans(table, 0, 1, INTERVALS)?;
    let keys = &table.columns()[2..];
    let groups = Groups::new(&[(table.num_rows(), keys)])?;
    let (mut starts, mut durs, mut examples) = (Vec::new(), Vec::new(), Vec::new());
    for (group, (_, example)) in groups.groups.iter().zip(&groups.examples) {
        let mut sorted: Vec<(i64, i64)> = group[0].iter().map(|&row| spans[row as usize]).collect();
        sorted.sort_unstable();
        let mut merged: Option<(i64, i64)> = None;
        let mut push = |(start, end): (i64, i64)| {
            starts.push(start);
            durs.push(end - start);
            examples.push(Some(*example));
        };
        for (start, end) in sorted {
            merged = Some(match merged {
                Some((first, last)) if start <= last.saturating_add(epsilon) => (first, last.max(end)),
                Some(done) => {
                    push(done);
                    (start, end)
                }
                None => (start, end),
            });
        }
        merged.into_iter().for_each(&mut push);
    }
    let mut columns = vec![int_column(starts), int_column(durs)];
    for key in keys {
        columns.push(take(key, examples.iter().copied())?);
    }
    Ok(columns)
}

fn bind_fill(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(4)?;
    let (groups, data) = (call.names(2)?, call.names(3)?);
    let num_groups = groups.len();
    let columns: Vec<(&str, Kind)> = [("ts", Kind::Int), ("dur", Kind::Int)]
        .into_iter()
        .chain(groups.iter().chain(&data).map(|name| (name.as_str(), Kind::Any)))
        .collect();
    let types = call.table(0, INTERVALS, &columns)?;
    call.table(1, "the trace", &[("start_ts", Kind::Int), ("end_ts", Kind::Int)])?;
    let fields = columns.iter().zip(types).map(|((name, _), data_type)| Field::new(*name, data_type, true)).collect();
    Ok(Bound::new(fields, move |tables| fill(tables, num_groups)))
}

/// The intervals, and for each group the times of the trace that none of its intervals covers.
fn fill(tables: &[RecordBatch], num_groups: usize) -> Result<Vec<ArrayRef>> {
    let [table, trace] = tables else { return exec_err!("two tables are filled") };
    let trace_start = only_value(trace, 0, "the start of the trace")?;
    let trace_end = only_value(trace, 1, "the end of the trace")?;
    let (ts, dur) = (ints(table, 0)?, ints(table, 1)?);
    let groups = Groups::new(&[(table.num_rows(), &table.columns()[2..2 + num_groups])])?;
    let (mut starts, mut durs) = (Vec::new(), Vec::new());
    // The row that an interval is, and a row of its group.
    let (mut rows, mut examples) = (Vec::new(), Vec::new());
    for (group, (_, example)) in groups.groups.iter().zip(&groups.examples) {
        let mut sorted: Vec<(i64, i64, u32)> = Vec::with_capacity(group[0].len());
        for &row in &group[0] {
            match (int_at(ts, row as usize), int_at(dur, row as usize)) {
                (Some(start), Some(dur)) => sorted.push((start, dur, row)),
                _ => return exec_err!("an interval has no `ts` or no `dur`"),
            }
        }
        sorted.sort_unstable_by_key(|&(start, _, row)| (start, row));
        let mut covered_to = trace_start;
        let mut push = |start: i64, dur: i64, row: Option<u32>| {
            starts.push(start);
            durs.push(dur);
            rows.push(row);
            examples.push(Some(*example));
        };
        for (start, dur, row) in sorted {
            if start > covered_to {
                push(covered_to, start - covered_to, None);
            }
            push(start, dur, Some(row));
            let end = if dur < 0 { trace_end } else { start.saturating_add(dur) };
            covered_to = covered_to.max(end);
        }
        if trace_end > covered_to && !group[0].is_empty() {
            push(covered_to, trace_end - covered_to, None);
        }
    }
    let mut columns = vec![int_column(starts), int_column(durs)];
    for (index, column) in table.columns()[2..].iter().enumerate() {
        let taken = if index < num_groups { &examples } else { &rows };
        columns.push(take(column, taken.iter().copied())?);
    }
    Ok(columns)
}

fn bind_create(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(2)?;
    call.table(0, "the starts", &[("ts", Kind::Int)])?;
    call.table(1, "the ends", &[("ts", Kind::Int)])?;
    Ok(Bound::new(vec![int_field("ts"), int_field("dur")], create))
}

/// An interval from each start to the first end after it.
fn create(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let [starts, ends] = tables else { return exec_err!("two tables make intervals") };
    let sorted = |table: &RecordBatch| -> Result<Vec<i64>> {
        let mut times: Vec<i64> = ints(table, 0)?.iter().flatten().collect();
        times.sort_unstable();
        Ok(times)
    };
    let (starts, ends) = (sorted(starts)?, sorted(ends)?);
    let (mut matched, mut durs) = (Vec::new(), Vec::new());
    let mut next = 0;
    for start in starts {
        while ends.get(next).is_some_and(|&end| end <= start) {
            next += 1;
        }
        let Some(&end) = ends.get(next) else { break };
        matched.push(start);
        durs.push(end - start);
    }
    Ok(vec![int_column(matched), int_column(durs)])
}
