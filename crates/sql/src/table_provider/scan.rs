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

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{SchemaRef, SortOptions};
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalSortExpr};
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::filter_pushdown::{ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};
use futures::Stream;
use kinetoscope_model::id::NONE;

use super::BATCH_ROWS;
use super::late_filter::{LateBounds, LateFilters};
use super::rows::Spans;
use super::stored_table::{Rows, StoredTable};
use super::text_filter::TextFilter;

/// A partition smaller than this costs more than it gains.
const MIN_PARTITION_ROWS: usize = BATCH_ROWS;

/// Rows of the first batch, so that whoever waits for a first row does not wait for many; each batch is larger than the
/// one before by [`BATCH_GROWTH`].
const FIRST_BATCH_ROWS: usize = 1 << 10;

/// How fast batches grow.
const BATCH_GROWTH: usize = 8;

/// Rows a filtered scan looks at before it lets others run.
const ROWS_PER_TURN: usize = 16 * BATCH_ROWS;

/// Scans one table.
#[derive(Debug, Clone)]
pub(super) struct ScanExec {
    table: Arc<StoredTable>,
    projection: Vec<usize>,
    partitions: Vec<Spans>,
    text_filters: Arc<[TextFilter]>,
    late_filters: LateFilters,
    /// Most rows that each partition gives.
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

/// Rows and columns of a table.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) table: Arc<StoredTable>,
    /// Fields of the table, 0 being the row number.
    pub(super) fields: Vec<usize>,
    /// The schema of those.
    pub(super) schema: SchemaRef,
    pub(super) spans: Spans,
    /// What the rows have to fulfil besides.
    pub(super) text_filters: Arc<[TextFilter]>,
}

impl ScanExec {
    pub(super) fn try_new(
        table: Arc<StoredTable>,
        projection: Vec<usize>,
        spans: Spans,
        text_filters: Arc<[TextFilter]>,
        fetch: Option<usize>,
    ) -> Result<Self> {
        let schema = Arc::new(table.schema.project(&projection)?);
        let properties = properties_of(&table, &schema, 1);
        let (late_filters, metrics) = (LateFilters::default(), ExecutionPlanMetricsSet::new());
        Ok(Self { table, projection, partitions: vec![spans], text_filters, late_filters, fetch, properties, metrics })
    }

    /// What is read, if the scan is in one piece and without a limit.
    ///
    /// Late filters are no part of it: they only spare rows that something else throws away.
    pub(super) fn selection(&self) -> Option<Selection> {
        match (self.partitions.as_slice(), self.fetch) {
            ([spans], None) => Some(Selection {
                table: Arc::clone(&self.table),
                fields: self.projection.clone(),
                schema: self.schema(),
                spans: spans.clone(),
                text_filters: Arc::clone(&self.text_filters),
            }),
            _ => None,
        }
    }

    fn num_rows(&self) -> usize {
        self.partitions.iter().map(Spans::num_rows).sum()
    }
}

fn properties_of(table: &StoredTable, schema: &SchemaRef, num_partitions: usize) -> Arc<PlanProperties> {
    let ascending = |name: &str| {
        let index = schema.index_of(name).ok()?;
        let options = SortOptions { descending: false, nulls_first: true };
        Some(PhysicalSortExpr::new(Arc::new(Column::new(name, index)), options))
    };
    let id = ascending(super::ID);
    let time = table.time_column.and_then(|column| ascending(table.specs[column].name));
    let mut orderings: Vec<Vec<PhysicalSortExpr>> = Vec::new();
    orderings.extend(time.map(|time| std::iter::once(time).chain(id.clone()).collect()));
    orderings.extend(id.map(|id| vec![id]));
    let equivalences = EquivalenceProperties::new_with_orderings(Arc::clone(schema), orderings);
    let partitioning = Partitioning::UnknownPartitioning(num_partitions);
    Arc::new(
        PlanProperties::new(equivalences, partitioning, EmissionType::Incremental, Boundedness::Bounded)
            .with_scheduling_type(SchedulingType::Cooperative),
    )
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.properties.equivalence_properties().schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let num_partitions = self.partitions.len();
        write!(f, "ScanExec: table={}, columns=[{}], partitions={num_partitions}", self.table.name, names.join(", "))?;
        if self.num_rows() != self.table.len {
            write!(f, ", rows={} of {}", self.num_rows(), self.table.len)?;
        }
        for filter in self.text_filters.iter() {
            write!(f, ", per_text=[{}]", filter.predicate())?;
        }
        if !self.late_filters.is_empty() {
            write!(f, ", late_filters={}", self.late_filters)?;
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
        let texts = self.text_filters.iter().map(TextFilter::predicate);
        for filter in texts.chain(self.late_filters.iter()) {
            if f(filter)? == TreeNodeRecursion::Stop {
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
        let properties = properties_of(&self.table, &self.schema(), partitions.len());
        Ok(Some(Arc::new(Self { partitions, properties, ..self.clone() })))
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(spans) = self.partitions.get(partition) else {
            return internal_err!("a scan has no partition {partition}");
        };
        let first = self.partitions.first().and_then(Spans::extent).map_or(0, |extent| extent.start);
        let end = self.partitions.last().and_then(Spans::extent).map_or(0, |extent| extent.end);
        let scan = Scan {
            table: Arc::clone(&self.table),
            text_filters: Arc::clone(&self.text_filters),
            late_bounds: self.late_filters.watch(),
            schema: self.schema(),
            projection: self.projection.clone(),
            extent: first..end,
            rest: spans.clone().into_stack(),
            room: self.fetch.unwrap_or(usize::MAX),
            batch_rows: FIRST_BATCH_ROWS,
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
        let has_filter = !self.text_filters.is_empty() || !self.late_filters.is_empty();
        let is_whole_table = num_rows == self.table.len && !has_filter && self.fetch.is_none();
        let mut statistics = Statistics {
            num_rows: Precision::Exact(num_rows),
            total_byte_size: Precision::Absent,
            column_statistics: self.projection.iter().map(|&field| self.table.field_statistics(field)).collect(),
        };
        if !is_whole_table {
            statistics = statistics.to_inexact();
            let num_rows = num_rows.min(self.fetch.unwrap_or(usize::MAX));
            statistics.num_rows = if has_filter { Precision::Inexact(num_rows) } else { Precision::Exact(num_rows) };
        }
        Ok(Arc::new(statistics))
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self { fetch: limit, ..self.clone() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        offer: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(LateFilters::accept(phase, &offer, self.fetch, |late_filters| Self { late_filters, ..self.clone() }))
    }
}

/// One partition being read.
struct Scan {
    table: Arc<StoredTable>,
    text_filters: Arc<[TextFilter]>,
    late_bounds: LateBounds,
    schema: SchemaRef,
    projection: Vec<usize>,
    /// Rows of all partitions, for the text filters, which are decided once for all.
    extent: Range<usize>,
    /// Ranges still to be read, the next one last.
    rest: Vec<Range<usize>>,
    /// Rows that may still be given.
    room: usize,
    /// Most rows of the next batch.
    batch_rows: usize,
    metrics: BaselineMetrics,
}

impl Scan {
    /// The next rows to give; `None` at the end. May be empty when nothing fits among the rows looked at.
    fn next_rows(&mut self) -> Result<Option<Rows>> {
        for allowed in self.late_bounds.news(&self.schema, &|bound| self.table.spans_of(bound))? {
            self.rest = Spans::from_ranges(std::mem::take(&mut self.rest)).intersect(&allowed).into_stack();
        }
        if self.room == 0 {
            return Ok(None);
        }
        let wanted = self.room.min(self.batch_rows);
        self.batch_rows = BATCH_ROWS.min(self.batch_rows * BATCH_GROWTH);
        let rows = if self.text_filters.is_empty() {
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
        let (table, filters) = (Arc::clone(&self.table), Arc::clone(&self.text_filters));
        let mut tests = Vec::new();
        for filter in filters.iter() {
            tests.push((table.codes(filter.column()), filter.verdicts(&table, self.extent.clone())?));
        }
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
                    kept += usize::from(verdicts.fits(codes.get(row as usize).copied().unwrap_or(NONE)));
                }
                rows.truncate(kept);
            }
        }
        Ok(rows)
    }

    fn batch(&self, rows: &Rows) -> Result<RecordBatch> {
        let arrays = self.projection.iter().map(|&field| self.table.array(field, rows)).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?)
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
