//! Stopping: how a script that nobody waits for any more ends, wherever in its work it is.
//!
//! The engine gives control back when it waits, and a join that finds no pair does not wait for hours: it goes from pair
//! to pair within one step. So what can take that long looks at the script's [`Stop`] itself. The conditions of joins do
//! so for each batch of pairs, and what a join gives is looked at on its way, for those above that only throw rows away.
//!
//! Queries inside of expressions run on threads of their own. They take over the stop of the query around them, which a
//! thread of the engine knows while it works for a script: [`StoppableExec`] says so wherever a task begins.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, FieldRef, Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Result, ScalarValue, exec_err, internal_err};
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, HashJoinExecBuilder, NestedLoopJoinExec, NestedLoopJoinExecBuilder,
};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties};
use futures::Stream;

use crate::interval_join::IntervalJoinExec;
use crate::ordered_concat::OrderedConcatExec;

tokio::task_local! {
    /// The stop of the script that this thread works for.
    static CURRENT: Stop;
}

/// Whether a script has been stopped; all parts of its work share one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop {
    is_stopped: Arc<AtomicBool>,
}

impl Stop {
    /// That of the script that this thread works for; one that nobody stops where there is none.
    pub(crate) fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }

    /// That of the query that runs in `context`.
    pub(crate) fn of(context: &TaskContext) -> Self {
        context.session_config().get_extension::<Self>().map(|stop| stop.as_ref().clone()).unwrap_or_default()
    }

    /// Runs `future` as work for the script.
    pub(crate) async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    /// An error when the script has been stopped.
    pub(crate) fn check(&self) -> Result<()> {
        // Nothing else is read on the strength of it, so no order is needed.
        if self.is_stopped.load(Ordering::Relaxed) { exec_err!("the query was stopped") } else { Ok(()) }
    }

    /// Stops the script when what is given goes out of scope.
    pub(crate) fn when_dropped(&self) -> StopWhenDropped {
        StopWhenDropped(self.clone())
    }
}

/// Stops a script at the end of the scope that waits for it.
pub(crate) struct StopWhenDropped(Stop);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.is_stopped.store(true, Ordering::Relaxed);
    }
}

/// `plan`, whose long work ends soon after `stop`. The same stop has to be in the context that it runs in.
pub(crate) fn stoppable(plan: Arc<dyn ExecutionPlan>, stop: &Stop) -> Result<Arc<dyn ExecutionPlan>> {
    let plan = plan.transform_up(|plan| {
        if let Some(join) = checked_join(&plan, stop)? {
            return Ok(Transformed::yes(Arc::new(StoppableExec::new(join)) as Arc<dyn ExecutionPlan>));
        }
        if plan.is::<CrossJoinExec>() {
            return Ok(Transformed::yes(Arc::new(StoppableExec::new(plan))));
        }
        // These read what is below them in tasks of their own.
        let starts_tasks = plan.is::<RepartitionExec>()
            || plan.is::<CoalescePartitionsExec>()
            || plan.is::<SortPreservingMergeExec>()
            || plan.is::<OrderedConcatExec>()
            || plan.is::<IntervalJoinExec>();
        if !starts_tasks {
            return Ok(Transformed::no(plan));
        }
        plan.map_children(|child| match child.is::<StoppableExec>() {
            true => Ok(Transformed::no(child)),
            false => Ok(Transformed::yes(Arc::new(StoppableExec::new(child)))),
        })
    });
    Ok(Arc::new(StoppableExec::new(plan.data()?)))
}

/// A join that looks at `stop` for each batch of pairs; nothing for what is none, or has no need of it.
fn checked_join(plan: &Arc<dyn ExecutionPlan>, stop: &Stop) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
        return Ok(Some(match join.filter() {
            None => Arc::clone(plan),
            Some(filter) => Arc::new(
                NestedLoopJoinExecBuilder::from(join).with_filter(Some(checked_filter(Some(filter), stop))).build()?,
            ),
        }));
    }
    let Some(join) = plan.downcast_ref::<HashJoinExec>() else { return Ok(None) };
    // Without a condition every pair is a row that is given, but where a row is given once for all of its pairs.
    let gives_pairs = matches!(join.join_type(), JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full);
    Ok(Some(match (join.filter(), gives_pairs) {
        (None, true) => Arc::clone(plan),
        (filter, _) => {
            Arc::new(HashJoinExecBuilder::from(join).with_filter(Some(checked_filter(filter, stop))).build()?)
        }
    }))
}

fn checked_filter(filter: Option<&JoinFilter>, stop: &Stop) -> JoinFilter {
    let stop = stop.clone();
    match filter {
        Some(filter) => JoinFilter::new(
            Arc::new(CheckedExpr { inner: Arc::clone(filter.expression()), stop }),
            filter.column_indices().to_vec(),
            Arc::clone(filter.schema()),
        ),
        None => {
            let always: Arc<dyn PhysicalExpr> = Arc::new(Literal::new(ScalarValue::Boolean(Some(true))));
            JoinFilter::new(Arc::new(CheckedExpr { inner: always, stop }), Vec::new(), Arc::new(Schema::empty()))
        }
    }
}

/// An expression that fails once a script has been stopped.
#[derive(Debug)]
struct CheckedExpr {
    inner: Arc<dyn PhysicalExpr>,
    stop: Stop,
}

impl PartialEq for CheckedExpr {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for CheckedExpr {}

impl Hash for CheckedExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl fmt::Display for CheckedExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.inner)
    }
}

impl PhysicalExpr for CheckedExpr {
    fn data_type(&self, input_schema: &Schema) -> Result<DataType> {
        self.inner.data_type(input_schema)
    }

    fn nullable(&self, input_schema: &Schema) -> Result<bool> {
        self.inner.nullable(input_schema)
    }

    fn return_field(&self, input_schema: &Schema) -> Result<FieldRef> {
        self.inner.return_field(input_schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        self.stop.check()?;
        self.inner.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        match <[_; 1]>::try_from(children) {
            Ok([inner]) => Ok(Arc::new(Self { inner, stop: self.stop.clone() })),
            Err(_) => internal_err!("a checked expression has one child"),
        }
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}

/// Gives the rows of its input until the script is stopped, and works for that script while it does.
#[derive(Debug)]
pub(crate) struct StoppableExec {
    input: Arc<dyn ExecutionPlan>,
}

impl StoppableExec {
    fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        Self { input }
    }
}

impl DisplayAs for StoppableExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoppableExec")
    }
}

impl ExecutionPlan for StoppableExec {
    fn name(&self) -> &str {
        "StoppableExec"
    }

    /// The very properties of the input: what is above stays as it was planned.
    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self { input })),
            Err(_) => internal_err!("what can be stopped has one child"),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let stop = Stop::of(&context);
        Ok(Box::pin(StoppableStream { input: self.input.execute(partition, context)?, stop }))
    }
}

struct StoppableStream {
    input: SendableRecordBatchStream,
    stop: Stop,
}

impl Stream for StoppableStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Err(stopped) = self.stop.check() {
            return Poll::Ready(Some(Err(stopped)));
        }
        let Self { input, stop } = &mut *self;
        CURRENT.sync_scope(stop.clone(), || input.as_mut().poll_next(context))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.input.size_hint()
    }
}

impl RecordBatchStream for StoppableStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
