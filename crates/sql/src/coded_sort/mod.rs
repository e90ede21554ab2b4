//! Coded sorts: rows brought in order by numbers instead of by comparisons.
//!
//! The engine sorts batches by comparing rows and merges them by comparing more, and equal rows come in any order. Nearly
//! everything that a trace is sorted by is a whole number of a small range (a time, a duration, a stream, an id) or one of
//! some thousands of names. Such keys fit side by side into few bits, and rows are dealt out by these in a handful of
//! passes ([`order`]):
//!
//! ```text
//! partition by stream order by ts     │ stream, 3 bits │ ts, 40 bits │
//! ```
//!
//! Keys by which the rows come sorted need no pass at all, and most scans come sorted by time: the example takes one.
//! Equal rows stay in their order, as SQLite's users are used to.
//!
//! The rows are held in memory. Where the session's limit forbids that, what has been read is handed to the engine's own
//! sort, which can use the disk.

mod codes;
mod order;

use std::fmt;
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::{DataType, SchemaRef};
use arrow_select::concat::concat;
use arrow_select::take::take;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, InputDistributionRequirements, PhysicalExpr,
    PlanProperties,
};
use futures::{Stream, StreamExt, TryStreamExt};

use self::codes::Codes;
use crate::ordered_concat::in_order;
use crate::stopping::Stop;

/// Memory that sorting takes for each row: a word and its copy, and the row's number.
const ROW_BYTES: usize = 2 * size_of::<u64>() + size_of::<u32>();

/// Replaces the engine's sorts where every key can be a number.
#[derive(Debug)]
pub(crate) struct UseCodedSorts;

impl PhysicalOptimizerRule for UseCodedSorts {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            if let Some(sort) = plan.downcast_ref::<SortExec>().and_then(CodedSortExec::of_sort) {
                return Ok(Transformed::yes(Arc::new(sort) as Arc<dyn ExecutionPlan>));
            }
            let Some(sort) = plan.downcast_ref::<SortPreservingMergeExec>().and_then(CodedSortExec::of_merge) else {
                return Ok(Transformed::no(plan));
            };
            Ok(Transformed::yes(Arc::new(sort)))
        })
        .data()
    }

    fn name(&self) -> &str {
        "coded_sorts"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Sorts the rows of each partition.
#[derive(Debug)]
struct CodedSortExec {
    /// What the engine planned, and what is done when the rows do not fit into memory.
    sort: SortExec,
    metrics: ExecutionPlanMetricsSet,
}

impl CodedSortExec {
    fn of_sort(sort: &SortExec) -> Option<Self> {
        let schema = sort.input().schema();
        let is_codable =
            |expr: &Arc<dyn PhysicalExpr>| expr.data_type(&schema).is_ok_and(|data_type| codes::is_codable(&data_type));
        // For the first few rows the engine keeps no others.
        let is_whole = sort.fetch().is_none();
        (is_whole && sort.expr().iter().all(|key| is_codable(&key.expr))).then(|| Self::new(sort.clone()))
    }

    /// One sort of all rows in place of sorts that are merged: there the rows are compared after all.
    fn of_merge(merge: &SortPreservingMergeExec) -> Option<Self> {
        let sorted = merge.input().downcast_ref::<Self>()?;
        let input = in_order(Arc::clone(sorted.sort.input()));
        let is_one = input.output_partitioning().partition_count() == 1;
        (is_one && merge.fetch().is_none() && merge.expr() == sorted.sort.expr())
            .then(|| Self::new(SortExec::new(sorted.sort.expr().clone(), input)))
    }

    fn new(sort: SortExec) -> Self {
        Self { sort, metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl DisplayAs for CodedSortExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodedSortExec: expr=[{}]", self.sort.expr())
    }
}

impl ExecutionPlan for CodedSortExec {
    fn name(&self) -> &str {
        "CodedSortExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.sort.properties()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        self.sort.input_distribution_requirements()
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![self.sort.input()]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.with_sort(|sort| sort.replace_children(children, options))
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.with_sort(|sort| sort.replace_children(children, options))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.sort.apply_expressions(f)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.sort.input().execute(partition, Arc::clone(&context))?;
        let schema = self.schema();
        let work = Work {
            sort: self.sort.clone(),
            schema: Arc::clone(&schema),
            reservation: MemoryConsumer::new(format!("CodedSortExec[{partition}]")).register(context.memory_pool()),
            metrics: BaselineMetrics::new(&self.metrics, partition),
            context,
        };
        let rows = futures::stream::once(work.sorted(input)).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        self.sort.child_stats_requests(partition)
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        self.sort.statistics_from_inputs(inputs, args)
    }
}

impl CodedSortExec {
    /// The same with the engine's sort changed.
    fn with_sort(
        &self,
        change: impl FnOnce(Arc<SortExec>) -> Result<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match change(Arc::new(self.sort.clone()))?.downcast_ref::<SortExec>() {
            Some(sort) => Ok(Arc::new(Self::new(sort.clone()))),
            None => internal_err!("a sort became something else"),
        }
    }
}

/// What one partition needs for being sorted.
struct Work {
    sort: SortExec,
    schema: SchemaRef,
    reservation: MemoryReservation,
    metrics: BaselineMetrics,
    context: Arc<TaskContext>,
}

impl Work {
    async fn sorted(self, mut input: SendableRecordBatchStream) -> Result<SendableRecordBatchStream> {
        let mut batches: Vec<RecordBatch> = Vec::new();
        let mut num_rows = 0;
        while let Some(batch) = input.next().await {
            let batch = batch?;
            num_rows += batch.num_rows();
            let key_bytes = self.sort.expr().len() * size_of::<u64>();
            let num_bytes = added_bytes(batches.last(), &batch) + batch.num_rows() * (ROW_BYTES + key_bytes);
            let has_room = self.reservation.try_grow(num_bytes).is_ok() && u32::try_from(num_rows).is_ok();
            batches.push(batch);
            if !has_room {
                return self.sorted_by_engine(batches, input);
            }
        }
        let elapsed = self.metrics.elapsed_compute().clone();
        let timer = elapsed.timer();
        let Some(keys) = self.keys(&batches)? else { return self.sorted_by_engine(batches, input) };
        let stop = Stop::of(&self.context);
        let order = order::order_of(&keys, num_rows, &stop)?;
        drop(keys);
        let Some(order) = order else {
            timer.done();
            return Ok(self.stream(futures::stream::iter(batches.into_iter().map(Ok))));
        };
        let columns = (0..self.schema.fields().len()).map(|column| {
            stop.check()?;
            let parts: Vec<ArrayRef> = batches.iter().map(|batch| Arc::clone(batch.column(column))).collect();
            Ok(concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>())?)
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        drop(batches);
        timer.done();
        let (schema, order) = (Arc::clone(&self.schema), UInt32Array::from(order));
        let batch_rows = self.context.session_config().batch_size();
        let batches = (0..num_rows).step_by(batch_rows).map(move |first| {
            let _timer = elapsed.timer();
            let rows = order.slice(first, batch_rows.min(num_rows - first));
            let columns = columns.iter().map(|column| take(column, &rows, None)).collect::<Result<Vec<_>, _>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
            Ok(RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)?)
        });
        Ok(self.stream(futures::stream::iter(batches)))
    }

    /// The keys of all rows, the most significant first; `None` where numbers cannot hold them.
    fn keys(&self, batches: &[RecordBatch]) -> Result<Option<Vec<Codes>>> {
        let mut keys = Vec::new();
        for key in self.sort.expr() {
            let values = batches.iter().map(|batch| key.expr.evaluate(batch)?.into_array(batch.num_rows()));
            match Codes::new(&values.collect::<Result<Vec<_>>>()?, key.options)? {
                Some(codes) => keys.push(codes),
                None => return Ok(None),
            }
        }
        Ok(Some(keys))
    }

    /// The rows that have been read and those to come, in the engine's hands.
    fn sorted_by_engine(
        self,
        batches: Vec<RecordBatch>,
        rest: SendableRecordBatchStream,
    ) -> Result<SendableRecordBatchStream> {
        let Self { sort, schema, reservation, context, .. } = self;
        // The engine counts the rows again, as its own.
        drop(reservation);
        let rows = futures::stream::iter(batches.into_iter().map(Ok)).chain(rest);
        let rows = RecordBatchStreamAdapter::new(Arc::clone(&schema), rows);
        let part: Arc<dyn PartitionStream> =
            Arc::new(GivenRows { schema: Arc::clone(&schema), rows: Mutex::new(Some(Box::pin(rows))) });
        let input = StreamingTableExec::try_new(schema, vec![part], None, [], false, None)?;
        SortExec::new(sort.expr().clone(), Arc::new(input)).execute(0, context)
    }

    /// `batches`, with the memory that they take until the last is given.
    fn stream(self, batches: impl Stream<Item = Result<RecordBatch>> + Send + 'static) -> SendableRecordBatchStream {
        let Self { schema, reservation, metrics, .. } = self;
        let batches = batches.inspect_ok(move |batch| {
            let _held = &reservation;
            metrics.record_output(batch.num_rows());
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, batches))
    }
}

/// Rows of one partition that are there already, or on their way.
struct GivenRows {
    schema: SchemaRef,
    /// Until they are asked for.
    rows: Mutex<Option<SendableRecordBatchStream>>,
}

impl fmt::Debug for GivenRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GivenRows").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl PartitionStream for GivenRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = self.rows.lock().ok().and_then(|mut rows| rows.take());
        rows.unwrap_or_else(|| {
            let failed = futures::stream::iter([internal_err!("the rows of a sort are read twice")]);
            Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), failed))
        })
    }
}

/// Memory that `batch` takes beside the one `before` it: a dictionary that both share is counted once.
fn added_bytes(before: Option<&RecordBatch>, batch: &RecordBatch) -> usize {
    let columns = batch.columns().iter().enumerate().map(|(number, column)| {
        if !matches!(column.data_type(), DataType::Dictionary(keys, _) if **keys == DataType::Int32) {
            return column.get_array_memory_size();
        }
        let (keys, values) = parts_of(column);
        let is_shared =
            before.is_some_and(|before| parts_of(before.column(number)).1.to_data().ptr_eq(&values.to_data()));
        keys + if is_shared { 0 } else { values.get_array_memory_size() }
    });
    columns.sum()
}

/// Bytes of the keys of a dictionary column, and its values.
fn parts_of(column: &ArrayRef) -> (usize, &ArrayRef) {
    let column = column.as_dictionary::<Int32Type>();
    (column.keys().get_array_memory_size(), column.values())
}
