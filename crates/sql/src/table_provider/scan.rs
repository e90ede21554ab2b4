//! Scans: the plan node that turns rows of a model table into Arrow batches.
//!
//! A scan starts as one partition that keeps the order of rows, which is the order of `id` and mostly of time. The
//! planner splits it into ranges of rows where that pays (aggregates, joins), and asks for few rows where a `LIMIT`
//! allows it.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{SchemaRef, SortOptions};
use arrow_select::dictionary::garbage_collect_dictionary;
use datafusion::common::cast::as_dictionary_array;
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics, internal_err};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalSortExpr};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};
use futures::Stream;
use kinetoscope_model::Trace;
use kinetoscope_model::column::{ColumnData, ColumnKind, ColumnSpec};

use super::BATCH_ROWS;
use super::rows::Spans;
use super::text_filter::TextFilter;

/// A partition smaller than this costs more than it gains.
const MIN_PARTITION_ROWS: usize = BATCH_ROWS;

/// Rows a filtered scan looks at before it lets others run.
const ROWS_PER_TURN: usize = 16 * BATCH_ROWS;

/// What is scanned.
pub(super) struct ScanSource {
    pub(super) trace: Arc<Trace>,
    pub(super) name: &'static str,
    pub(super) specs: &'static [ColumnSpec],
    pub(super) columns: Vec<ColumnData>,
    /// The stored column whose values rise with the row number.
    pub(super) time_column: Option<usize>,
    /// Rows of the table.
    pub(super) num_rows: usize,
    pub(super) text_filters: Vec<TextFilter>,
}

impl ScanSource {
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
}

impl fmt::Debug for ScanSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanSource").field("name", &self.name).field("num_rows", &self.num_rows).finish_non_exhaustive()
    }
}

/// Scans one table. Field 0 of the table is the row number, field `n + 1` is stored column `n`.
#[derive(Debug, Clone)]
pub(super) struct ScanExec {
    source: Arc<ScanSource>,
    projection: Vec<usize>,
    partitions: Vec<Spans>,
    /// Most rows that each partition gives.
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ScanExec {
    pub(super) fn try_new(
        source: Arc<ScanSource>,
        table_schema: &SchemaRef,
        projection: Vec<usize>,
        spans: Spans,
        fetch: Option<usize>,
    ) -> Result<Self> {
        let schema = Arc::new(table_schema.project(&projection)?);
        let properties = properties_of(&source, &schema, 1)?;
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(Self { source, projection, partitions: vec![spans], fetch, properties, metrics })
    }

    fn num_rows(&self) -> usize {
        self.partitions.iter().map(Spans::num_rows).sum()
    }

    /// What is known of the values of field `field` when every row of the table is scanned.
    fn column_statistics(&self, field: usize) -> ColumnStatistics {
        let len = self.source.num_rows;
        let int = |value: i64| Precision::Exact(ScalarValue::Int64(Some(value)));
        let Some(column) = field.checked_sub(1) else {
            let mut statistics = ColumnStatistics::new_unknown().with_null_count(Precision::Exact(0));
            if len > 0 {
                statistics = statistics.with_min_value(int(0)).with_max_value(int(len as i64 - 1));
            }
            return statistics.with_distinct_count(Precision::Exact(len));
        };
        let null_count = match (self.source.specs[column].is_nullable, self.source.columns[column].is_empty()) {
            (false, _) => Precision::Exact(0),
            (true, true) => Precision::Exact(len),
            (true, false) => Precision::Absent,
        };
        let mut statistics = ColumnStatistics::new_unknown().with_null_count(null_count);
        if let Some(num_distinct) = self.source.estimate_distinct(column) {
            statistics = statistics.with_distinct_count(Precision::Inexact(num_distinct.min(len)));
        }
        if self.source.time_column == Some(column)
            && let ColumnData::I64(values) = &self.source.columns[column]
            && let (Some(&first), Some(&last)) = (values.first(), values.last())
        {
            let offset = self.source.trace.clock.file_offset_ns;
            statistics =
                statistics.with_min_value(int(first.wrapping_add(offset))).with_max_value(int(last.wrapping_add(offset)));
        }
        statistics
    }
}

fn properties_of(source: &ScanSource, schema: &SchemaRef, num_partitions: usize) -> Result<Arc<PlanProperties>> {
    let ascending = |name: &str| {
        let index = schema.index_of(name).ok()?;
        let options = SortOptions { descending: false, nulls_first: true };
        Some(PhysicalSortExpr::new(Arc::new(Column::new(name, index)), options))
    };
    let id = ascending(super::ID);
    let time = source.time_column.and_then(|column| ascending(source.specs[column].name));
    let mut orderings: Vec<Vec<PhysicalSortExpr>> = Vec::new();
    orderings.extend(time.map(|time| std::iter::once(time).chain(id.clone()).collect()));
    orderings.extend(id.map(|id| vec![id]));
    let equivalences = EquivalenceProperties::new_with_orderings(Arc::clone(schema), orderings);
    let partitioning = Partitioning::UnknownPartitioning(num_partitions);
    let properties =
        PlanProperties::new(equivalences, partitioning, EmissionType::Incremental, Boundedness::Bounded)
            .with_scheduling_type(SchedulingType::Cooperative);
    Ok(Arc::new(properties))
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.properties.equivalence_properties().schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "ScanExec: table={}, columns=[{}], partitions={}", self.source.name, names.join(", "), self.partitions.len())?;
        if self.num_rows() != self.source.num_rows {
            write!(f, ", rows={} of {}", self.num_rows(), self.source.num_rows)?;
        }
        for filter in &self.source.text_filters {
            write!(f, ", per_text=[{}]", filter.predicate())?;
        }
        if let Some(fetch) = self.fetch {
            write!(f, ", fetch={fetch}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for ScanExec {
    fn name(&self) -> &str {
        "ScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match children.is_empty() {
            true => Ok(self),
            false => internal_err!("a scan has no children"),
        }
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for filter in &self.source.text_filters {
            if f(filter.predicate())? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn repartitioned(&self, target_partitions: usize, _: &ConfigOptions) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let [spans] = self.partitions.as_slice() else { return Ok(None) };
        let num_partitions = target_partitions.min(spans.num_rows() / MIN_PARTITION_ROWS);
        if num_partitions < 2 || self.fetch.is_some() {
            return Ok(None);
        }
        let partitions = spans.split(num_partitions);
        let properties = properties_of(&self.source, &self.schema(), partitions.len())?;
        Ok(Some(Arc::new(Self { partitions, properties, ..self.clone() })))
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(spans) = self.partitions.get(partition) else {
            return internal_err!("a scan has no partition {partition}");
        };
        let scan = Scan {
            source: Arc::clone(&self.source),
            schema: self.schema(),
            projection: self.projection.clone(),
            extent: self.partitions.first().and_then(Spans::extent).map_or(0, |extent| extent.start)
                ..self.partitions.last().and_then(Spans::extent).map_or(0, |extent| extent.end),
            rest: spans.ranges().iter().rev().cloned().collect(),
            room: self.fetch.unwrap_or(usize::MAX),
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        Ok(Box::pin(cooperative(scan)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let num_rows = match args.partition() {
            Some(partition) => self.partitions.get(partition).map_or(0, Spans::num_rows),
            None => self.num_rows(),
        };
        let is_whole_table = num_rows == self.source.num_rows && self.source.text_filters.is_empty() && self.fetch.is_none();
        let mut statistics = Statistics {
            num_rows: Precision::Exact(num_rows),
            total_byte_size: Precision::Absent,
            column_statistics: self.projection.iter().map(|&field| self.column_statistics(field)).collect(),
        };
        if !is_whole_table {
            statistics = statistics.to_inexact();
            if self.source.text_filters.is_empty() {
                let limit = self.fetch.unwrap_or(usize::MAX);
                statistics.num_rows = Precision::Exact(num_rows.min(limit));
            }
        }
        Ok(Arc::new(statistics))
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self { fetch: limit, ..self.clone() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }
}

/// One partition being read.
struct Scan {
    source: Arc<ScanSource>,
    schema: SchemaRef,
    projection: Vec<usize>,
    /// Rows of all partitions, for the text filters, which are decided once for all.
    extent: Range<usize>,
    /// Ranges still to be read, the next one last.
    rest: Vec<Range<usize>>,
    /// Rows that may still be given.
    room: usize,
    metrics: BaselineMetrics,
}

/// Rows of one batch.
enum Rows {
    /// Rows that lie side by side.
    Range(Range<usize>),
    /// Rows picked one by one.
    List(Vec<u32>),
}

impl Rows {
    fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::List(rows) => rows.len(),
        }
    }
}

impl Scan {
    /// The next rows to give; `None` at the end. May be empty when nothing fits among the rows looked at.
    fn next_rows(&mut self) -> Result<Option<Rows>> {
        if self.room == 0 {
            return Ok(None);
        }
        let wanted = self.room.min(BATCH_ROWS);
        let rows = if self.source.text_filters.is_empty() {
            let Some(first) = self.take(wanted) else { return Ok(None) };
            if first.len() == wanted || self.rest.is_empty() {
                Rows::Range(first)
            } else {
                let mut rows: Vec<u32> = first.map(|row| row as u32).collect();
                while rows.len() < wanted
                    && let Some(more) = self.take(wanted - rows.len())
                {
                    rows.extend(more.map(|row| row as u32));
                }
                Rows::List(rows)
            }
        } else {
            if self.rest.is_empty() {
                return Ok(None);
            }
            Rows::List(self.fitting_rows(wanted)?)
        };
        self.room -= rows.len();
        Ok(Some(rows))
    }

    /// At most `wanted` of the next range's rows.
    fn take(&mut self, wanted: usize) -> Option<Range<usize>> {
        let range = self.rest.last_mut()?;
        let taken = range.start..range.end.min(range.start + wanted);
        range.start = taken.end;
        if range.start >= range.end {
            self.rest.pop();
        }
        Some(taken)
    }

    /// The next rows that all text filters let through, after looking at a bounded number of rows.
    fn fitting_rows(&mut self, wanted: usize) -> Result<Vec<u32>> {
        let source = Arc::clone(&self.source);
        let mut tests = Vec::new();
        for filter in &source.text_filters {
            let (spec, column) = (&source.specs[filter.column()], &source.columns[filter.column()]);
            let verdicts = filter.verdicts(spec, column, self.extent.clone(), &source.trace.strings)?;
            let codes: &[u32] = match column {
                ColumnData::U32(codes) => codes,
                ColumnData::I64(_) | ColumnData::F64(_) => &[],
            };
            tests.push((codes, verdicts));
        }
        let none = kinetoscope_model::id::NONE;
        let mut rows = Vec::new();
        let mut num_looked_at = 0;
        while rows.len() < wanted
            && num_looked_at < ROWS_PER_TURN
            && let Some(range) = self.take(wanted - rows.len())
        {
            num_looked_at += range.len();
            let start = rows.len();
            rows.extend(range.map(|row| row as u32));
            for (codes, verdicts) in &tests {
                let mut kept = start;
                for at in start..rows.len() {
                    let row = rows[at];
                    rows[kept] = row;
                    // A column without a value has no stored codes at all.
                    kept += usize::from(verdicts.fits(codes.get(row as usize).copied().unwrap_or(none)));
                }
                rows.truncate(kept);
            }
        }
        Ok(rows)
    }

    fn batch(&self, rows: &Rows) -> Result<RecordBatch> {
        let arrays = self.projection.iter().map(|&field| self.array(field, rows)).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?)
    }

    fn array(&self, field: usize, rows: &Rows) -> Result<ArrayRef> {
        let Some(column) = field.checked_sub(1) else {
            return Ok(Arc::new(match rows {
                Rows::Range(range) => Int64Array::from_iter_values(range.clone().map(|row| row as i64)),
                Rows::List(rows) => Int64Array::from_iter_values(rows.iter().map(|&row| i64::from(row))),
            }));
        };
        let ScanSource { specs, columns, trace, .. } = self.source.as_ref();
        let (spec, data) = (&specs[column], &columns[column]);
        let offset = trace.clock.file_offset_ns;
        let array = match rows {
            Rows::Range(range) => data.to_array(spec, range.clone(), &trace.strings, offset),
            Rows::List(rows) => gather(data, rows).to_array(spec, 0..rows.len(), &trace.strings, offset),
        };
        match spec.kind {
            ColumnKind::Text => compact_dictionary(array),
            _ => Ok(array),
        }
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

impl Stream for Scan {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let time = self.metrics.elapsed_compute().clone();
        let timer = time.timer();
        let result = match self.next_rows() {
            Ok(None) => None,
            Ok(Some(rows)) if rows.len() == 0 => {
                // Nothing fitted so far: let others run, and go on.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Ok(Some(rows)) => Some(self.batch(&rows)),
            Err(error) => {
                self.rest.clear();
                Some(Err(error))
            }
        };
        drop(timer);
        self.metrics.record_poll(Poll::Ready(result))
    }
}

impl RecordBatchStream for Scan {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
