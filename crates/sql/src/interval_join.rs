//! Interval joins: `a.ts < b.ts + b.dur AND b.ts < a.ts + a.dur` without looking at every pair of rows.
//!
//! The engine has nothing for such a join but trying all pairs, or all pairs of one track where the tracks are equal too.
//! Overlap, containment and "this time in that interval" have one thing in common: one condition wants something of the
//! left side to be small enough, and another something of the left side to be large enough. So the left rows of one key
//! (the track, or nothing) are sorted by the first, with a tree of the largest of the second on top:
//!
//! ```text
//! small enough up to here ──────────┐
//! ts       0   2   3   7   8   9    │  11  15
//! end      4   9   5   8  30  10    │  12  20
//! largest  └─9─┘   └─8─┘   └30─┘    │
//! ```
//!
//! For each right row, the tree is walked from its top over the rows that are small enough, and only into parts whose
//! largest is large enough. That costs the depth of the tree and a little for each row found. What is found is a
//! candidate: the whole condition of the join decides, so nothing here has to know what it means.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::{DataType, Schema, SchemaRef};
use datafusion::arrow::row::{Row, RowConverter, SortField};
use datafusion::common::cast::{as_boolean_array, as_int64_array};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinSide, JoinType, NullEquality, Result, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{BinaryExpr, Column};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr, split_conjunction};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::EmissionType;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, PartitionMode};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, ExecutionPlanProperties, InputDistributionRequirements,
    PlanProperties,
};
use futures::StreamExt;
use tokio::sync::OnceCell;

use crate::stopping::Stop;
use crate::table_provider::{BATCH_ROWS, ID};

/// Batches that a partition may be ahead.
const BATCHES_AHEAD: usize = 2;

/// Replaces joins that try too many pairs where an interval join can do better.
#[derive(Debug)]
pub(crate) struct UseIntervalJoins;

impl PhysicalOptimizerRule for UseIntervalJoins {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let join = Join::of_nested_loop(&plan).or_else(|| Join::of_hash(&plan));
            Ok(match join.and_then(Join::with_kept_side_on_the_right).and_then(IntervalJoinExec::of_join) {
                Some(join) => Transformed::yes(Arc::new(join) as Arc<dyn ExecutionPlan>),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "interval_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// A join as the engine has planned it.
struct Join {
    inputs: [Arc<dyn ExecutionPlan>; 2],
    /// What has to be equal: of the left row and of the right row.
    on: Vec<[Arc<dyn PhysicalExpr>; 2]>,
    has_equal_nulls: bool,
    filter: JoinFilter,
    join_type: JoinType,
    /// Columns that are given, of those of the left side and then those of the right one; all when `None`.
    projection: Option<Vec<usize>>,
    schema: SchemaRef,
}

impl Join {
    fn of_nested_loop(plan: &Arc<dyn ExecutionPlan>) -> Option<Self> {
        let join = plan.downcast_ref::<NestedLoopJoinExec>()?;
        Some(Self {
            inputs: [Arc::clone(join.left()), Arc::clone(join.right())],
            on: Vec::new(),
            has_equal_nulls: false,
            filter: join.filter()?.clone(),
            join_type: *join.join_type(),
            projection: join.projection().as_ref().map(|projection| projection.to_vec()),
            schema: join.schema(),
        })
    }

    fn of_hash(plan: &Arc<dyn ExecutionPlan>) -> Option<Self> {
        let join = plan.downcast_ref::<HashJoinExec>()?;
        // A row number is of few rows, so there is nothing to search, and the scan of the larger side goes straight to
        // the rows that the smaller one names.
        let is_row_number =
            |expr: &Arc<dyn PhysicalExpr>| expr.downcast_ref::<Column>().is_some_and(|column| column.name() == ID);
        if join.on().iter().any(|(left, right)| is_row_number(left) || is_row_number(right)) || join.fetch().is_some() {
            return None;
        }
        // Rows were dealt out by their keys, which loses their order and is of no use here.
        let undealt = |input: &Arc<dyn ExecutionPlan>| match input.downcast_ref::<RepartitionExec>() {
            Some(dealt) if *join.partition_mode() == PartitionMode::Partitioned => Arc::clone(dealt.input()),
            _ => Arc::clone(input),
        };
        Some(Self {
            inputs: [undealt(join.left()), undealt(join.right())],
            on: join.on().iter().map(|(left, right)| [Arc::clone(left), Arc::clone(right)]).collect(),
            has_equal_nulls: join.null_equality() == NullEquality::NullEqualsNull,
            filter: join.filter()?.clone(),
            join_type: *join.join_type(),
            projection: join.projection.as_ref().map(|projection| projection.to_vec()),
            schema: join.schema(),
        })
    }

    /// The same join with the side whose rows are kept on the right, which is the one that is not held.
    fn with_kept_side_on_the_right(self) -> Option<Self> {
        match self.join_type {
            JoinType::Inner | JoinType::Right | JoinType::RightSemi | JoinType::RightAnti => return Some(self),
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti => {}
            _ => return None,
        }
        let [num_left, num_right] = [0, 1].map(|side| self.inputs[side].schema().fields().len());
        let projection = match self.join_type {
            JoinType::Left => {
                let given = self.projection.unwrap_or_else(|| (0..num_left + num_right).collect());
                let moved = |column: usize| column.checked_sub(num_left).unwrap_or(column + num_right);
                Some(given.into_iter().map(moved).collect())
            }
            // Only columns of the kept side are given.
            _ => self.projection,
        };
        let [left, right] = self.inputs;
        Some(Self {
            inputs: [right, left],
            on: self.on.into_iter().map(|[left, right]| [right, left]).collect(),
            filter: self.filter.swap(),
            join_type: self.join_type.swap(),
            projection,
            ..self
        })
    }

    /// The bounds in the condition.
    fn bounds(&self) -> Option<Bounds> {
        let (mut at_most, mut at_least) = (Vec::new(), Vec::new());
        for part in split_conjunction(self.filter.expression()) {
            let Some(comparison) = part.downcast_ref::<BinaryExpr>() else { continue };
            let is_smaller = match comparison.op() {
                Operator::Lt | Operator::LtEq => true,
                Operator::Gt | Operator::GtEq => false,
                _ => continue,
            };
            let Some((first, first_side)) = self.of_one_side(comparison.left()) else { continue };
            let Some((second, second_side)) = self.of_one_side(comparison.right()) else { continue };
            if first_side == second_side {
                continue;
            }
            let (left, right, is_smaller) = match first_side {
                JoinSide::Left => (first, second, is_smaller),
                _ => (second, first, !is_smaller),
            };
            let found = if is_smaller { &mut at_most } else { &mut at_least };
            found.push((left, right));
        }
        let mut best: Option<(usize, Bounds)> = None;
        for (low, high_limit) in &at_most {
            for (high, low_limit) in &at_least {
                // Bounds of one thing leave few rows; `depth` and `ts` have little to do with each other.
                let num_shared = num_shared_columns(low, high) + num_shared_columns(high_limit, low_limit);
                if best.as_ref().is_none_or(|(most, _)| num_shared > *most) {
                    let [low, high, high_limit, low_limit] = [low, high, high_limit, low_limit].map(Arc::clone);
                    best = Some((num_shared, Bounds { low, high, high_limit, low_limit }));
                }
            }
        }
        best.map(|(_, bounds)| bounds)
    }

    /// An expression of whole numbers over the columns of one side, as an expression over that side's rows.
    fn of_one_side(&self, expr: &Arc<dyn PhysicalExpr>) -> Option<(Arc<dyn PhysicalExpr>, JoinSide)> {
        if expr.data_type(self.filter.schema()).ok()? != DataType::Int64 {
            return None;
        }
        let indices = self.filter.column_indices();
        let mut sides =
            collect_columns(expr).into_iter().map(|column| indices.get(column.index()).map(|index| index.side));
        let side = sides.next()??;
        if !sides.all(|other| other == Some(side)) {
            return None;
        }
        let schema = match side {
            JoinSide::Left => self.inputs[0].schema(),
            JoinSide::Right => self.inputs[1].schema(),
            JoinSide::None => return None,
        };
        let moved = Arc::clone(expr).transform(|expr| match expr.downcast_ref::<Column>() {
            Some(column) => {
                let index = indices[column.index()].index;
                let moved = Column::new(schema.field(index).name(), index);
                Ok(Transformed::yes(Arc::new(moved) as Arc<dyn PhysicalExpr>))
            }
            None => Ok(Transformed::no(expr)),
        });
        Some((moved.data().ok()?, side))
    }
}

/// How many columns two expressions have in common.
fn num_shared_columns(left: &Arc<dyn PhysicalExpr>, right: &Arc<dyn PhysicalExpr>) -> usize {
    collect_columns(left).intersection(&collect_columns(right)).count()
}

/// What a pair of rows has to fulfil at least: `low` is at most `high_limit`, and `high` is at least `low_limit`.
#[derive(Debug, Clone)]
struct Bounds {
    /// Of the left row.
    low: Arc<dyn PhysicalExpr>,
    high: Arc<dyn PhysicalExpr>,
    /// Of the right row.
    high_limit: Arc<dyn PhysicalExpr>,
    low_limit: Arc<dyn PhysicalExpr>,
}

/// The left rows, ready to be looked for.
struct Index {
    rows: RecordBatch,
    /// Row numbers by key and `low`.
    order: Vec<u32>,
    /// `low` of those rows.
    lows: Vec<i64>,
    /// A tree over `order`: the leaves are the values of `high`, each node has the largest below it. The children of node
    /// `n` are `2n` and `2n + 1`, and the root is 1.
    largest: Vec<i64>,
    num_leaves: usize,
    keys: Keys,
    _reservation: MemoryReservation,
}

/// Where the rows of each key are in the order.
enum Keys {
    /// There is nothing that has to be equal.
    None,
    /// By the bytes of the key.
    Some { converter: RowConverter, places: HashMap<Box<[u8]>, Range<usize>> },
}

/// Up to this many rows are looked at one by one: the way down from the top of the tree is no shorter.
const FEW_ROWS: usize = 16;

impl Index {
    fn new(rows: RecordBatch, work: &Work, reservation: MemoryReservation) -> Result<Self> {
        let (low, high) = (evaluate(&work.bounds.low, &rows)?, evaluate(&work.bounds.high, &rows)?);
        // A row without one of them fulfils no comparison.
        let is_of_use = |row: &u32| low.is_valid(*row as usize) && high.is_valid(*row as usize);
        let all = (0..rows.num_rows() as u32).filter(is_of_use);
        let mut groups: Vec<(Box<[u8]>, Vec<u32>)> = Vec::new();
        let converter = match work.on.is_empty() {
            true => {
                groups.push((Box::default(), all.collect()));
                None
            }
            false => {
                let columns = work.keys_of(0, &rows)?;
                let fields = columns.iter().map(|column| SortField::new(column.data_type().clone()));
                let converter = RowConverter::new(fields.collect())?;
                let keys = converter.convert_columns(&columns)?;
                let mut numbers: HashMap<Box<[u8]>, usize> = HashMap::new();
                for row in all.filter(|row| work.can_be_equal(&columns, *row as usize)) {
                    let key = keys.row(row as usize);
                    match numbers.get(key.as_ref()) {
                        Some(&group) => groups[group].1.push(row),
                        None => {
                            let key: Box<[u8]> = key.as_ref().into();
                            numbers.insert(key.clone(), groups.len());
                            groups.push((key, vec![row]));
                        }
                    }
                }
                Some(converter)
            }
        };
        let mut order: Vec<u32> = Vec::with_capacity(rows.num_rows());
        let mut places = HashMap::with_capacity(groups.len());
        for (key, mut group) in groups {
            group.sort_by_key(|row| low.value(*row as usize));
            let first = order.len();
            order.append(&mut group);
            places.insert(key, first..order.len());
        }
        let lows: Vec<i64> = order.iter().map(|row| low.value(*row as usize)).collect();
        let num_leaves = order.len().next_power_of_two();
        let mut largest = vec![i64::MIN; 2 * num_leaves];
        for (place, row) in order.iter().enumerate() {
            largest[num_leaves + place] = high.value(*row as usize);
        }
        for node in (1..num_leaves).rev() {
            largest[node] = largest[2 * node].max(largest[2 * node + 1]);
        }
        let num_bytes = order.len() * size_of::<u32>() + (lows.len() + largest.len()) * size_of::<i64>();
        reservation.try_grow(num_bytes)?;
        let keys = converter.map_or(Keys::None, |converter| Keys::Some { converter, places });
        Ok(Self { rows, order, lows, largest, num_leaves, keys, _reservation: reservation })
    }

    /// Where the rows are that have the keys of some right rows, for each of these.
    fn places(&self, work: &Work, right: &RecordBatch) -> Result<Vec<Range<usize>>> {
        Ok(match &self.keys {
            Keys::None => vec![0..self.order.len(); right.num_rows()],
            Keys::Some { converter, places } => {
                let columns = work.keys_of(1, right)?;
                let keys = converter.convert_columns(&columns)?;
                let place = |(row, key): (usize, Row<'_>)| match work.can_be_equal(&columns, row) {
                    true => places.get(key.as_ref()).cloned().unwrap_or(0..0),
                    false => 0..0,
                };
                keys.iter().enumerate().map(place).collect()
            }
        })
    }

    /// Puts those of the rows at `place` that have `low` at most `high_limit` and `high` at least `low_limit` into
    /// `found`, in their order.
    fn find(&self, place: Range<usize>, high_limit: i64, low_limit: i64, found: &mut Vec<u32>) {
        let end = place.start + self.lows[place.clone()].partition_point(|low| *low <= high_limit);
        let high_at = |at: usize| self.largest[self.num_leaves + at];
        if end - place.start <= FEW_ROWS {
            found.extend((place.start..end).filter(|at| high_at(*at) >= low_limit).map(|at| self.order[at]));
        } else {
            // Parts of the tree: a node, its first leaf and the number of its leaves.
            let mut parts = vec![(1_usize, 0_usize, self.num_leaves)];
            while let Some((node, first, len)) = parts.pop() {
                if first >= end || first + len <= place.start || self.largest[node] < low_limit {
                    continue;
                }
                if len == 1 {
                    found.push(self.order[first]);
                } else {
                    let half = len / 2;
                    parts.push((2 * node, first, half));
                    parts.push((2 * node + 1, first + half, half));
                }
            }
        }
        found.sort_unstable();
    }
}

fn evaluate(expr: &Arc<dyn PhysicalExpr>, rows: &RecordBatch) -> Result<Int64Array> {
    let values = expr.evaluate(rows)?.into_array(rows.num_rows())?;
    Ok(as_int64_array(&values)?.clone())
}

/// A join of intervals. The left side is held, the right side runs past it.
pub(crate) struct IntervalJoinExec {
    inputs: [Arc<dyn ExecutionPlan>; 2],
    work: Arc<Work>,
    index: Arc<OnceCell<Index>>,
    properties: Arc<PlanProperties>,
}

/// What every partition of the right side needs.
#[derive(Debug)]
struct Work {
    bounds: Bounds,
    /// What has to be equal: of the left row and of the right row.
    on: Vec<[Arc<dyn PhysicalExpr>; 2]>,
    has_equal_nulls: bool,
    filter: JoinFilter,
    join_type: JoinType,
    /// Columns of the joined rows that are given, left before right; all when `None`.
    projection: Option<Vec<usize>>,
    schema: SchemaRef,
}

impl IntervalJoinExec {
    /// The interval join that does what `join` does, if its condition allows one.
    fn of_join(join: Join) -> Option<Self> {
        let bounds = join.bounds()?;
        let Join { inputs, on, has_equal_nulls, filter, join_type, projection, schema } = join;
        let work = Work { bounds, on, has_equal_nulls, filter, join_type, projection, schema };
        let [left, right] = inputs;
        // The side that is held is read by one thread.
        let left = match left.output_partitioning().partition_count() {
            1 => left,
            _ => Arc::new(CoalescePartitionsExec::new(left)),
        };
        Some(Self::of_work([left, right], Arc::new(work)))
    }

    fn of_work(inputs: [Arc<dyn ExecutionPlan>; 2], work: Arc<Work>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&work.schema)),
            Partitioning::UnknownPartitioning(inputs[1].output_partitioning().partition_count()),
            EmissionType::Incremental,
            inputs[1].boundedness(),
        );
        Self { inputs, work, index: Arc::default(), properties: Arc::new(properties) }
    }
}

impl fmt::Debug for IntervalJoinExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntervalJoinExec")
            .field("inputs", &self.inputs)
            .field("work", &self.work)
            .finish_non_exhaustive()
    }
}

impl DisplayAs for IntervalJoinExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Work { on, join_type, filter, .. } = self.work.as_ref();
        write!(f, "IntervalJoinExec: join_type={join_type}, ")?;
        for [left, right] in on {
            write!(f, "on={left} = {right}, ")?;
        }
        let Bounds { low, high, .. } = &self.work.bounds;
        write!(f, "sorted={low}, tree={high}, filter={filter}")
    }
}

impl ExecutionPlan for IntervalJoinExec {
    fn name(&self) -> &str {
        "IntervalJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition, Distribution::UnspecifiedDistribution])
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false, true]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 2]>::try_from(children) {
            Ok(inputs) => Ok(Arc::new(Self::of_work(inputs, Arc::clone(&self.work)))),
            Err(_) => internal_err!("a join has two children"),
        }
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let mut recursion = f(self.work.filter.expression())?;
        for expr in self.work.on.iter().flatten() {
            recursion = recursion.visit_sibling(|| f(expr))?;
        }
        Ok(recursion)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let mut right = self.inputs[1].execute(partition, Arc::clone(&context))?;
        let (left, index, work) = (Arc::clone(&self.inputs[0]), Arc::clone(&self.index), Arc::clone(&self.work));
        let mut builder = RecordBatchReceiverStream::builder(self.schema(), BATCHES_AHEAD);
        let sender = builder.tx();
        let stop = Stop::of(&context);
        builder.spawn(stop.clone().scope(async move {
            let bounds = &work.bounds;
            let index = index
                .get_or_try_init(|| async {
                    let reservation = MemoryConsumer::new("interval join").register(context.memory_pool());
                    let mut batches = Vec::new();
                    let mut stream = left.execute(0, Arc::clone(&context))?;
                    while let Some(batch) = stream.next().await {
                        let batch = batch?;
                        reservation.try_grow(batch.get_array_memory_size())?;
                        batches.push(batch);
                    }
                    let rows = arrow_select::concat::concat_batches(&left.schema(), &batches)?;
                    Index::new(rows, &work, reservation)
                })
                .await?;
            while let Some(batch) = right.next().await {
                let batch = batch?;
                let high_limits = evaluate(&bounds.high_limit, &batch)?;
                let low_limits = evaluate(&bounds.low_limit, &batch)?;
                let places = index.places(&work, &batch)?;
                let mut pairs = Pairs::default();
                let mut found = Vec::new();
                for (row, place) in places.into_iter().enumerate() {
                    found.clear();
                    if high_limits.is_valid(row) && low_limits.is_valid(row) {
                        index.find(place, high_limits.value(row), low_limits.value(row), &mut found);
                    }
                    pairs.left.extend_from_slice(&found);
                    pairs.right.resize(pairs.left.len(), row as u32);
                    pairs.rows.end = row + 1;
                    if pairs.left.len() >= BATCH_ROWS || row + 1 == batch.num_rows() {
                        stop.check()?;
                        let joined = work.join(index, &batch, &pairs)?;
                        // Nobody listens any more: enough rows have been given.
                        if joined.num_rows() > 0 && sender.send(Ok(joined)).await.is_err() {
                            return Ok(());
                        }
                        pairs = Pairs { rows: row + 1..row + 1, ..Pairs::default() };
                    }
                }
            }
            Ok(())
        }));
        Ok(builder.build())
    }
}

/// Candidates of some rows of the right side.
#[derive(Debug, Default)]
struct Pairs {
    left: Vec<u32>,
    right: Vec<u32>,
    /// The rows of the right side whose candidates these are, all of them.
    rows: Range<usize>,
}

impl Work {
    /// The values of some rows of one side that have to be equal to those of the other.
    fn keys_of(&self, side: usize, rows: &RecordBatch) -> Result<Vec<ArrayRef>> {
        self.on.iter().map(|on| on[side].evaluate(rows)?.into_array(rows.num_rows())).collect()
    }

    /// Whether the key of a row can be equal to another: a null is equal to nothing, unless the join says so.
    fn can_be_equal(&self, columns: &[ArrayRef], row: usize) -> bool {
        self.has_equal_nulls || columns.iter().all(|column| column.is_valid(row))
    }

    /// The joined rows of some candidates.
    fn join(&self, index: &Index, right: &RecordBatch, pairs: &Pairs) -> Result<RecordBatch> {
        let is_pair = self.decide(index, right, pairs)?;
        let is_kept = |at: usize| is_pair.is_valid(at) && is_pair.value(at);
        let kept = || (0..pairs.left.len()).filter(|at| is_kept(*at));
        let (left_rows, right_rows): (UInt32Array, UInt32Array) = match self.join_type {
            JoinType::Inner => {
                let left = kept().map(|at| pairs.left[at]);
                (UInt32Array::from_iter_values(left), UInt32Array::from_iter_values(kept().map(|at| pairs.right[at])))
            }
            JoinType::Right => {
                let (mut left, mut right) = (Vec::new(), Vec::new());
                let mut next = kept().peekable();
                for row in pairs.rows.clone() {
                    let first = left.len();
                    while let Some(at) = next.next_if(|at| pairs.right[*at] as usize == row) {
                        left.push(Some(pairs.left[at]));
                    }
                    if left.len() == first {
                        left.push(None);
                    }
                    right.resize(left.len(), row as u32);
                }
                (UInt32Array::from(left), UInt32Array::from(right))
            }
            JoinType::RightSemi | JoinType::RightAnti => {
                let mut has_pair = vec![false; pairs.rows.len()];
                for at in kept() {
                    has_pair[pairs.right[at] as usize - pairs.rows.start] = true;
                }
                let is_wanted = self.join_type == JoinType::RightSemi;
                let rows = pairs.rows.clone().zip(has_pair).filter(|(_, has_pair)| *has_pair == is_wanted);
                (UInt32Array::from_iter_values([]), UInt32Array::from_iter_values(rows.map(|(row, _)| row as u32)))
            }
            other => return internal_err!("an interval join of type {other}"),
        };
        let has_left = matches!(self.join_type, JoinType::Inner | JoinType::Right);
        let left_columns = if has_left { index.rows.columns() } else { &[] };
        let num_left = left_columns.len();
        let all: Vec<usize> = (0..num_left + right.num_columns()).collect();
        let wanted = self.projection.as_ref().unwrap_or(&all);
        let columns = wanted.iter().map(|&column| match column.checked_sub(num_left) {
            None => arrow_select::take::take(&left_columns[column], &left_rows, None),
            Some(column) => arrow_select::take::take(right.column(column), &right_rows, None),
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(right_rows.len()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }

    /// What the condition says of each candidate.
    fn decide(&self, index: &Index, right: &RecordBatch, pairs: &Pairs) -> Result<BooleanArray> {
        let (left_rows, right_rows) = (
            UInt32Array::from_iter_values(pairs.left.iter().copied()),
            UInt32Array::from_iter_values(pairs.right.iter().copied()),
        );
        let columns = self.filter.column_indices().iter().map(|column| match column.side {
            JoinSide::Left => Ok(arrow_select::take::take(index.rows.column(column.index), &left_rows, None)?),
            JoinSide::Right => Ok(arrow_select::take::take(right.column(column.index), &right_rows, None)?),
            JoinSide::None => internal_err!("a join's condition is about no side"),
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        let fields = self.filter.schema().fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = RecordBatchOptions::new().with_row_count(Some(pairs.left.len()));
        let rows = RecordBatch::try_new_with_options(schema, columns, &options)?;
        let decided = self.filter.expression().evaluate(&rows)?.into_array(rows.num_rows())?;
        Ok(as_boolean_array(&decided)?.clone())
    }
}
