//! Ordered concatenation: the partitions of a scan brought together in the order of rows.
//!
//! SQLite's users see rows in the order of the table without asking for it, and the same query must give the same rows
//! on one processor and on many. The engine's own way of bringing partitions together takes whichever is ready. A scan's
//! partitions are ranges of rows one after the other, so giving all of the first, then all of the second and so on
//! keeps the order, and costs nothing: all run at the same time, each a few batches ahead.

use std::fmt;
use std::sync::Arc;

use arrow_array::RecordBatch;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::Partitioning;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{
    ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions, SchedulingType,
};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::stream::{RecordBatchReceiverStream, RecordBatchStreamAdapter};
use datafusion::physical_plan::union::{InterleaveExec, UnionExec};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PhysicalExpr, PlanProperties,
};
use futures::StreamExt;

/// Batches that a partition may be ahead.
const BATCHES_AHEAD: usize = 4;

/// Gives its input's partitions one after the other.
#[derive(Debug)]
pub(crate) struct OrderedConcatExec {
    input: Arc<dyn ExecutionPlan>,
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
}

impl OrderedConcatExec {
    fn new(input: Arc<dyn ExecutionPlan>, fetch: Option<usize>) -> Self {
        // What holds between rows of one partition (orders, equal columns) is not promised across partitions.
        let mut equivalences = input.equivalence_properties().clone();
        equivalences.clear_orderings();
        equivalences.clear_per_partition_constants();
        let properties = PlanProperties::new(
            equivalences,
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            input.boundedness(),
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Self { input, fetch, properties: Arc::new(properties) }
    }
}

/// One partition of `plan`, or all of them in order when that is possible.
pub(crate) fn in_order(plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    let is_several = plan.output_partitioning().partition_count() > 1;
    if is_several && keeps_order(&plan) { Arc::new(OrderedConcatExec::new(plan, None)) } else { plan }
}

/// True when the partitions of `plan` are ranges of a scan's rows one after the other, or such scans one after the other.
fn keeps_order(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if plan.output_partitioning().partition_count() <= 1 {
        return true;
    }
    if plan.is::<RepartitionExec>() || plan.is::<InterleaveExec>() {
        return false;
    }
    // A union's partitions are those of its inputs, in order.
    let is_union = plan.is::<UnionExec>();
    plan.children().into_iter().zip(plan.maintains_input_order()).all(|(child, is_kept)| {
        let is_one = child.output_partitioning().partition_count() <= 1;
        is_one || ((is_kept || is_union) && keeps_order(child))
    })
}

/// Replaces the engine's way of bringing partitions together where an order can be kept.
#[derive(Debug)]
pub(crate) struct KeepOrder;

impl PhysicalOptimizerRule for KeepOrder {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let Some(coalesce) = plan.downcast_ref::<CoalescePartitionsExec>() else {
                return Ok(Transformed::no(plan));
            };
            if !keeps_order(coalesce.input()) {
                return Ok(Transformed::no(plan));
            }
            let replacement = OrderedConcatExec::new(Arc::clone(coalesce.input()), coalesce.fetch());
            Ok(Transformed::yes(Arc::new(replacement)))
        })
        .data()
    }

    fn name(&self) -> &str {
        "keep_order"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

impl DisplayAs for OrderedConcatExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrderedConcatExec")?;
        match self.fetch {
            Some(fetch) => write!(f, ": fetch={fetch}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for OrderedConcatExec {
    fn name(&self) -> &str {
        "OrderedConcatExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self::new(input, self.fetch))),
            Err(_) => internal_err!("a concatenation has one child"),
        }
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (<[_; 1]>::try_from(children), options.children_properties) {
            (Ok([input]), ChildrenPropertiesMode::Keep) => {
                Ok(Arc::new(Self { input, fetch: self.fetch, properties: Arc::clone(&self.properties) }))
            }
            (Ok([input]), ChildrenPropertiesMode::Recompute) => Ok(Arc::new(Self::new(input, self.fetch))),
            (Err(_), _) => internal_err!("a concatenation has one child"),
        }
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("a concatenation has no partition {partition}");
        }
        let num_partitions = self.input.output_partitioning().partition_count();
        let partitions: Vec<SendableRecordBatchStream> = (0..num_partitions)
            .map(|partition| run_ahead(Arc::clone(&self.input), partition, Arc::clone(&context)))
            .collect();
        let mut room = self.fetch.unwrap_or(usize::MAX);
        let batches = futures::stream::iter(partitions).flatten().scan((), move |(), batch| {
            let batch = match (room, batch) {
                (0, _) => None,
                (_, Ok(batch)) => {
                    let batch: RecordBatch = batch.slice(0, batch.num_rows().min(room));
                    room -= batch.num_rows();
                    Some(Ok(batch))
                }
                (_, Err(error)) => Some(Err(error)),
            };
            futures::future::ready(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }

    fn child_stats_requests(&self, _: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(None)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        match inputs {
            [input] => Ok(Arc::new(input.as_ref().clone().with_fetch(self.fetch, 0, 1)?)),
            _ => internal_err!("a concatenation has one child"),
        }
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        let (input, properties) = (Arc::clone(&self.input), Arc::clone(&self.properties));
        Some(Arc::new(Self { input, fetch: limit, properties }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }
}

/// A partition that runs whether or not somebody asks for its rows yet.
fn run_ahead(plan: Arc<dyn ExecutionPlan>, partition: usize, context: Arc<TaskContext>) -> SendableRecordBatchStream {
    let mut builder = RecordBatchReceiverStream::builder(plan.schema(), BATCHES_AHEAD);
    let sender = builder.tx();
    builder.spawn(async move {
        let mut batches = plan.execute(partition, context)?;
        while let Some(batch) = batches.next().await {
            // Nobody listens any more: enough rows have been given.
            if sender.send(batch).await.is_err() {
                break;
            }
        }
        Ok(())
    });
    builder.build()
}
