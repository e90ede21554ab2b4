//! Stored tables: the columns of one model table, what is known of them without a look, and how rows become arrays.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_schema::{Field, Schema, SchemaRef};
use arrow_select::dictionary::garbage_collect_dictionary;
use datafusion::common::cast::as_dictionary_array;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue};
use kinetoscope_model::Trace;
use kinetoscope_model::column::{ColumnData, ColumnKind, ColumnSpec};
use kinetoscope_model::table::{CounterTable, SliceTable, Table, ThreadStateTable};

use super::ID;
use super::rows::{Bound, Spans};

/// One table of a trace. Field 0 of its schema is the row number, field `n + 1` is stored column `n`.
pub(super) struct StoredTable {
    pub(super) trace: Arc<Trace>,
    pub(super) name: &'static str,
    pub(super) specs: &'static [ColumnSpec],
    pub(super) columns: Vec<ColumnData>,
    pub(super) len: usize,
    /// The column whose values rise with the row number, if there is one: the builder takes rows in order of time.
    pub(super) time_column: Option<usize>,
    pub(super) schema: SchemaRef,
}

/// Rows of one batch.
pub(super) enum Rows {
    /// Rows that lie side by side.
    Range(Range<usize>),
    /// Rows picked one by one.
    List(Vec<u32>),
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::List(rows) => rows.len(),
        }
    }
}

impl StoredTable {
    /// `table` of `trace`.
    pub(super) fn new(trace: &Arc<Trace>, table: &dyn Table) -> Self {
        let specs = table.specs();
        let is_in_order_of_time =
            [SliceTable::NAME, CounterTable::NAME, ThreadStateTable::NAME].contains(&table.name());
        let id = Field::new(ID, ColumnKind::Id.data_type(), false);
        let fields = specs.iter().map(|spec| Field::new(spec.name, spec.kind.data_type(), spec.is_nullable));
        Self {
            trace: Arc::clone(trace),
            name: table.name(),
            specs,
            columns: table.columns(),
            len: table.len(),
            time_column: specs.iter().position(|spec| spec.name == "ts").filter(|_| is_in_order_of_time),
            schema: Arc::new(Schema::new(std::iter::once(id).chain(fields).collect::<Vec<_>>())),
        }
    }

    /// The rows for which `bound` holds, when its column is the row number or the time.
    pub(super) fn spans_of(&self, bound: Bound) -> Option<Spans> {
        if bound.column == ID {
            return Some(bound.into_spans(self.len));
        }
        let time = self.time_column.filter(|&index| self.specs[index].name == bound.column)?;
        let ColumnData::I64(values) = &self.columns[time] else { return None };
        Some(bound.into_spans_of_sorted(values, self.trace.clock.file_offset_ns))
    }

    /// The place of the text column `name`.
    pub(super) fn text_column(&self, name: &str) -> Option<usize> {
        let is_text = |spec: &ColumnSpec| matches!(spec.kind, ColumnKind::Text | ColumnKind::Word(_));
        self.specs.iter().position(|spec| spec.name == name && is_text(spec))
    }

    /// The stored numbers of a text column; none at all when no row has a text.
    pub(super) fn codes(&self, column: usize) -> &[u32] {
        match &self.columns[column] {
            ColumnData::U32(codes) => codes,
            ColumnData::I64(_) | ColumnData::F64(_) => &[],
        }
    }

    /// What is known of the values of a field over all rows.
    pub(super) fn field_statistics(&self, field: usize) -> ColumnStatistics {
        let int = |value: i64| Precision::Exact(ScalarValue::Int64(Some(value)));
        let unknown = ColumnStatistics::new_unknown();
        let Some(column) = field.checked_sub(1) else {
            let statistics =
                unknown.with_null_count(Precision::Exact(0)).with_distinct_count(Precision::Exact(self.len));
            return match self.len {
                0 => statistics,
                len => statistics.with_min_value(int(0)).with_max_value(int(len as i64 - 1)),
            };
        };
        let null_count = match (self.specs[column].is_nullable, self.columns[column].is_empty()) {
            (false, _) => Precision::Exact(0),
            (true, true) => Precision::Exact(self.len),
            (true, false) => Precision::Absent,
        };
        let mut statistics = unknown.with_null_count(null_count);
        if let Some(num_distinct) = self.estimate_distinct(column) {
            statistics = statistics.with_distinct_count(Precision::Inexact(num_distinct.min(self.len)));
        }
        if self.time_column == Some(column)
            && let ColumnData::I64(values) = &self.columns[column]
            && let (Some(first), Some(last)) = (values.first(), values.last())
        {
            let shown = |stored: &i64| int(stored.wrapping_add(self.trace.clock.file_offset_ns));
            statistics = statistics.with_min_value(shown(first)).with_max_value(shown(last));
        }
        statistics
    }

    /// About how many different values a stored column has. Where the planner is told nothing it takes every row to
    /// differ, and then believes that few slices have a given track, and joins the wrong way round.
    fn estimate_distinct(&self, column: usize) -> Option<usize> {
        let ColumnSpec { name, kind, .. } = &self.specs[column];
        let trace = &self.trace;
        match (*name, kind) {
            (_, ColumnKind::Word(words)) => Some(words.len()),
            (_, ColumnKind::Text) => Some(trace.strings.len()),
            (_, ColumnKind::Bool) => Some(2),
            ("track_id", _) => Some(trace.tracks.len()),
            ("utid", _) => Some(trace.threads.len()),
            ("upid", _) => Some(trace.processes.len()),
            ("device_id", _) => Some(trace.devices.len()),
            ("stream_id", _) => Some(trace.streams.len()),
            ("source_id", _) => Some(trace.sources.len()),
            ("rank_id", _) => Some(trace.ranks.len()),
            _ => None,
        }
    }

    /// The values of a field in `rows`.
    pub(super) fn array(&self, field: usize, rows: &Rows) -> Result<ArrayRef> {
        let Some(column) = field.checked_sub(1) else {
            return Ok(Arc::new(match rows {
                Rows::Range(range) => Int64Array::from_iter_values(range.clone().map(|row| row as i64)),
                Rows::List(rows) => Int64Array::from_iter_values(rows.iter().map(|&row| i64::from(row))),
            }));
        };
        let (spec, data, strings) = (&self.specs[column], &self.columns[column], &self.trace.strings);
        let offset = self.trace.clock.file_offset_ns;
        let array = match rows {
            Rows::Range(range) => data.to_array(spec, range.clone(), strings, offset),
            Rows::List(rows) => gather(data, rows).to_array(spec, 0..rows.len(), strings, offset),
        };
        match spec.kind {
            ColumnKind::Text => compact_dictionary(array),
            _ => Ok(array),
        }
    }
}

impl fmt::Debug for StoredTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredTable").field("name", &self.name).field("len", &self.len).finish_non_exhaustive()
    }
}

/// The values of `rows`, side by side.
fn gather(data: &ColumnData, rows: &[u32]) -> ColumnData {
    fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
        rows.iter().map(|&row| values[row as usize]).collect()
    }
    match data {
        // No row has a value, and none is stored.
        data if data.is_empty() => data.clone(),
        ColumnData::I64(values) => ColumnData::I64(pick(values, rows).into()),
        ColumnData::U32(values) => ColumnData::U32(pick(values, rows).into()),
        ColumnData::F64(values) => ColumnData::F64(pick(values, rows).into()),
    }
}

/// The same texts, without those of the pool that none of the rows has when those are many: operators that hash, sort or
/// compare work on every text of a batch's dictionary, used or not.
fn compact_dictionary(array: ArrayRef) -> Result<ArrayRef> {
    /// Rows for each text of the pool above which the pool is no burden.
    const ROWS_PER_TEXT: usize = 4;
    let dictionary = as_dictionary_array::<Int32Type>(&array)?;
    if dictionary.len() >= dictionary.values().len().saturating_mul(ROWS_PER_TEXT) {
        return Ok(array);
    }
    Ok(Arc::new(garbage_collect_dictionary(dictionary)?))
}
