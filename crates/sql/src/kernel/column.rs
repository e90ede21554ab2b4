//! Columns: what kernels read of the tables they are given, and rows grouped by the values of some columns.

use std::collections::HashMap;

use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::DataType;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::cast::{as_float64_array, as_int64_array};
use datafusion::common::{Result, exec_err};

/// The type in which a kernel takes values that it only passes on and compares.
pub(super) fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Float16 | DataType::Float32 => DataType::Float64,
        data_type if data_type.is_integer() => DataType::Int64,
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        other => other.clone(),
    }
}

/// A column of whole numbers.
pub(super) fn ints(table: &RecordBatch, index: usize) -> Result<&Int64Array> {
    as_int64_array(table.column(index))
}

/// A column of real numbers.
pub(super) fn reals(table: &RecordBatch, index: usize) -> Result<&Float64Array> {
    as_float64_array(table.column(index))
}

/// The value of a row, if there is one.
pub(super) fn int_at(column: &Int64Array, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}

/// Rows of some tables by the values of the same columns in each. Nulls are a value like any other.
#[derive(Debug)]
pub(super) struct Groups {
    /// For each group in the order of its values, for each table: the rows in it, in the table's order.
    pub(super) groups: Vec<Vec<Vec<u32>>>,
    /// A row of each group: table and row.
    pub(super) examples: Vec<(usize, u32)>,
}

impl Groups {
    /// Groups the rows of `tables`, given the columns of each table to group by. Without columns all rows are one group.
    pub(super) fn new(tables: &[(usize, &[ArrayRef])]) -> Result<Self> {
        let has_columns = tables.iter().any(|(_, columns)| !columns.is_empty());
        if !has_columns {
            let rows = tables.iter().map(|(num_rows, _)| (0..*num_rows as u32).collect::<Vec<u32>>()).collect();
            let example = tables.iter().position(|(num_rows, _)| *num_rows > 0).map_or((0, 0), |table| (table, 0));
            return Ok(Self { groups: vec![rows], examples: vec![example] });
        }
        let fields = tables[0].1.iter().map(|column| SortField::new(column.data_type().clone())).collect();
        let converter = RowConverter::new(fields)?;
        let mut numbers: HashMap<Box<[u8]>, usize> = HashMap::new();
        let mut order: Vec<(Box<[u8]>, usize)> = Vec::new();
        let mut groups: Vec<Vec<Vec<u32>>> = Vec::new();
        let mut examples = Vec::new();
        for (number, (_, columns)) in tables.iter().enumerate() {
            let keys = converter.convert_columns(columns)?;
            for (row, key) in keys.iter().enumerate() {
                let group = match numbers.get(key.as_ref()) {
                    Some(&group) => group,
                    None => {
                        let key: Box<[u8]> = key.as_ref().into();
                        numbers.insert(key.clone(), groups.len());
                        order.push((key, groups.len()));
                        groups.push(vec![Vec::new(); tables.len()]);
                        examples.push((number, row as u32));
                        groups.len() - 1
                    }
                };
                groups[group][number].push(row as u32);
            }
        }
        // The bytes of the keys are in the order of the values.
        order.sort_unstable();
        let examples = order.iter().map(|(_, group)| examples[*group]).collect();
        let groups = order.iter().map(|(_, group)| std::mem::take(&mut groups[*group])).collect();
        Ok(Self { groups, examples })
    }
}

/// The values of `column` in some rows; null for no row.
pub(super) fn take(column: &ArrayRef, rows: impl IntoIterator<Item = Option<u32>>) -> Result<ArrayRef> {
    Ok(arrow_select::take::take(column, &UInt32Array::from_iter(rows), None)?)
}

/// Start and end of the interval of each row, from columns of starts and durations.
pub(super) fn spans(table: &RecordBatch, ts: usize, dur: usize, role: &str) -> Result<Vec<(i64, i64)>> {
    let (ts, dur) = (ints(table, ts)?, ints(table, dur)?);
    let mut spans = Vec::with_capacity(ts.len());
    for row in 0..ts.len() {
        match (int_at(ts, row), int_at(dur, row)) {
            (Some(start), Some(dur)) if dur >= 0 => spans.push((start, start.saturating_add(dur))),
            (Some(start), Some(dur)) => {
                return exec_err!("an interval of {role} has the negative duration {dur}, at {start}");
            }
            _ => return exec_err!("an interval of {role} has no `ts` or no `dur`"),
        }
    }
    Ok(spans)
}
