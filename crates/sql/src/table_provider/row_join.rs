//! Row joins: joins on a row number, answered by going to that row.
//!
//! Ids are row numbers, so `gpu_op.slice_id = slice.id` needs no hash table over either side, and no look at the millions
//! of slices that are no GPU work. The side that has the numbers is read in its order, and for each of its rows the row
//! of the other table is fetched. Conditions on that table decide once per text where they can, as in a scan.
//!
//! The rule runs before the engine settles orders and partitions, so that it counts on what this node promises: the rows
//! come in the order and in the partitions of the side that is read.

use std::fmt;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow_schema::{FieldRef, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take;
use datafusion::common::cast::{as_boolean_array, as_int64_array};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinSide, JoinType, Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::equivalence::join_equivalence_properties;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::EmissionType;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::joins::utils::ColumnIndex;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PhysicalExpr, PlanProperties,
};
use futures::{StreamExt, TryStreamExt};
use kinetoscope_model::id::NONE;

use super::scan::{ScanExec, Selection};
use super::stored_table::Rows;

/// Replaces hash joins on a row number.
#[derive(Debug)]
pub(crate) struct UseRowJoins;

impl PhysicalOptimizerRule for UseRowJoins {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| match plan.downcast_ref::<HashJoinExec>().map(row_join) {
            None => Ok(Transformed::no(plan)),
            Some(found) => Ok(found?.map_or_else(|| Transformed::no(plan), Transformed::yes)),
        })
        .data()
    }

    fn name(&self) -> &str {
        "row_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// What does the same as `join` by row numbers.
fn row_join(join: &HashJoinExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let [(left_key, right_key)] = join.on() else { return Ok(None) };
    if join.fetch().is_some() || join.null_aware {
        return Ok(None);
    }
    // The rows of one side are given whether or not there is such a row on the other one, so that side is read.
    let sides = match join.join_type() {
        JoinType::Inner => [Some(JoinSide::Right), Some(JoinSide::Left)],
        JoinType::Left if join.filter().is_none() => [Some(JoinSide::Right), None],
        JoinType::Right if join.filter().is_none() => [Some(JoinSide::Left), None],
        _ => return Ok(None),
    };
    let found = sides.into_iter().flatten().filter_map(|side| {
        let (child, key, other_key) = match side {
            JoinSide::Left => (join.left(), left_key, right_key),
            _ => (join.right(), right_key, left_key),
        };
        Some((side, Fetched::of(child, key)?, (Arc::clone(other_key), Arc::clone(key))))
    });
    // With two of them, few rows are read and the many are fetched from.
    let Some((side, fetched, on)) = found.max_by_key(|(_, fetched, _)| fetched.selection.spans.num_rows()) else {
        return Ok(None);
    };
    let [read, fetched_plan] = match side {
        JoinSide::Left => [join.right(), join.left()],
        _ => [join.left(), join.right()],
    };
    let is_outer = *join.join_type() != JoinType::Inner;
    let fetched_fields = fetched_plan.schema();
    let fetched_fields = fetched_fields.fields().iter().map(|field| match is_outer {
        true => Arc::new(field.as_ref().clone().with_nullable(true)),
        false => Arc::clone(field),
    });
    let fields: Vec<FieldRef> = read.schema().fields().iter().cloned().chain(fetched_fields).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, join.schema().metadata().clone()));
    let work = Work { on, fetched, is_outer, schema };
    let mut plan: Arc<dyn ExecutionPlan> = Arc::new(RowJoinExec::try_new(Arc::clone(read), Arc::new(work))?);
    // The columns of the side that is read come first.
    let num_read = read.schema().fields().len();
    let place = |of: JoinSide, index: usize| if of == side { num_read + index } else { index };
    if let Some(filter) = join.filter() {
        let columns = filter.column_indices();
        let condition = Arc::clone(filter.expression()).transform(|expr| match expr.downcast_ref::<Column>() {
            Some(column) => {
                let ColumnIndex { index, side } = columns[column.index()];
                let moved = Column::new(column.name(), place(side, index));
                Ok(Transformed::yes(Arc::new(moved) as Arc<dyn PhysicalExpr>))
            }
            None => Ok(Transformed::no(expr)),
        });
        plan = Arc::new(FilterExecBuilder::new(condition.data()?, plan).build()?);
    }
    if join.projection.is_some() || side == JoinSide::Left {
        let num_left = join.left().schema().fields().len();
        let all: Vec<usize> = (0..num_read + fetched_plan.schema().fields().len()).collect();
        let schema = plan.schema();
        let column = |&index: &usize| {
            let index = match index.checked_sub(num_left) {
                None => place(JoinSide::Left, index),
                Some(index) => place(JoinSide::Right, index),
            };
            let name = schema.field(index).name();
            ProjectionExpr::new(Arc::new(Column::new(name, index)), name.clone())
        };
        let given = join.projection.as_deref().unwrap_or(&all);
        plan = Arc::new(ProjectionExec::try_new(given.iter().map(column).collect::<Vec<_>>(), plan)?);
    }
    Ok(Some(plan))
}

/// Rows of a table that are fetched by number, and what is made of them.
#[derive(Debug)]
struct Fetched {
    /// What the first step gets.
    selection: Selection,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    /// Rows for which this is true.
    Filter(Arc<dyn PhysicalExpr>),
    /// These values for each row.
    Project { exprs: Vec<Arc<dyn PhysicalExpr>>, schema: SchemaRef },
}

impl Fetched {
    /// What `plan` gives, if that can be had row by row and `key` is the row number.
    fn of(plan: &Arc<dyn ExecutionPlan>, key: &Arc<dyn PhysicalExpr>) -> Option<Self> {
        let mut key = key.downcast_ref::<Column>()?.index();
        let (mut plan, mut steps) = (plan, Vec::new());
        let scan = loop {
            if let Some(scan) = plan.downcast_ref::<ScanExec>() {
                break scan;
            } else if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
                key = projection.expr()[key].expr.downcast_ref::<Column>()?.index();
                let exprs = projection.expr().iter().map(|column| Arc::clone(&column.expr)).collect();
                steps.push(Step::Project { exprs, schema: projection.schema() });
                plan = projection.input();
            } else {
                let filter = plan.downcast_ref::<FilterExec>()?;
                if filter.projection().is_some() || filter.fetch().is_some() {
                    return None;
                }
                steps.push(Step::Filter(Arc::clone(filter.predicate())));
                plan = filter.input();
            }
        };
        let selection = scan.selection()?;
        steps.reverse();
        (selection.fields[key] == 0).then_some(Self { selection, steps })
    }

    /// The schema after the last step.
    fn output_schema(&self) -> SchemaRef {
        let last = self.steps.iter().rev().find_map(|step| match step {
            Step::Project { schema, .. } => Some(schema),
            Step::Filter(_) => None,
        });
        Arc::clone(last.unwrap_or(&self.selection.schema))
    }

    /// The rows with these numbers, of those that there are and that fit, and for each its place in `numbers`.
    fn rows(&self, numbers: &Int64Array) -> Result<(Vec<u32>, RecordBatch)> {
        let Selection { table, fields, schema, spans, text_filters } = &self.selection;
        let (mut places, mut rows) = (Vec::with_capacity(numbers.len()), Vec::with_capacity(numbers.len()));
        let is_whole = spans.num_rows() == table.len;
        for place in 0..numbers.len() {
            let Ok(row) = u32::try_from(numbers.value(place)) else { continue };
            let is_there = (row as usize) < table.len && (is_whole || spans.contains(row as usize));
            if is_there && numbers.is_valid(place) {
                places.push(place as u32);
                rows.push(row);
            }
        }
        for filter in text_filters.iter() {
            let codes = table.codes(filter.column());
            let verdicts = filter.verdicts(table, 0..table.len)?;
            let mut kept = 0;
            for at in 0..rows.len() {
                (places[kept], rows[kept]) = (places[at], rows[at]);
                kept += usize::from(verdicts.fits(codes.get(rows[at] as usize).copied().unwrap_or(NONE)));
            }
            places.truncate(kept);
            rows.truncate(kept);
        }
        let num_rows = rows.len();
        let rows = Rows::List(rows);
        let arrays = fields.iter().map(|&field| table.array(field, &rows)).collect::<Result<Vec<_>>>()?;
        let mut batch = batch_of(schema, arrays, num_rows)?;
        for step in &self.steps {
            match step {
                Step::Project { exprs, schema } => {
                    let num_rows = batch.num_rows();
                    let arrays = exprs.iter().map(|expr| expr.evaluate(&batch)?.into_array(num_rows));
                    batch = batch_of(schema, arrays.collect::<Result<Vec<_>>>()?, num_rows)?;
                }
                Step::Filter(condition) => {
                    let fits = condition.evaluate(&batch)?.into_array(batch.num_rows())?;
                    let fits: &BooleanArray = as_boolean_array(&fits)?;
                    let mut at = 0;
                    places.retain(|_| {
                        at += 1;
                        fits.is_valid(at - 1) && fits.value(at - 1)
                    });
                    batch = filter_record_batch(&batch, fits)?;
                }
            }
        }
        Ok((places, batch))
    }
}

fn batch_of(schema: &SchemaRef, columns: Vec<ArrayRef>, num_rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(num_rows));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

/// What every partition needs.
#[derive(Debug)]
struct Work {
    /// The row number, of a row that is read and of one that is fetched.
    on: (Arc<dyn PhysicalExpr>, Arc<dyn PhysicalExpr>),
    fetched: Fetched,
    /// True when a row that is read is given also without a row to fetch.
    is_outer: bool,
    /// The columns that are read, then those that are fetched.
    schema: SchemaRef,
}

impl Work {
    fn join(&self, read: &RecordBatch) -> Result<RecordBatch> {
        let numbers = self.on.0.evaluate(read)?.into_array(read.num_rows())?;
        let (places, fetched) = self.fetched.rows(as_int64_array(&numbers)?)?;
        let (mut read, mut fetched) = (read.columns().to_vec(), fetched.columns().to_vec());
        let mut num_rows = places.len();
        if num_rows < numbers.len() {
            if self.is_outer {
                num_rows = numbers.len();
                let mut row_of_place: Vec<Option<u32>> = vec![None; num_rows];
                for (row, place) in places.into_iter().enumerate() {
                    row_of_place[place as usize] = Some(row as u32);
                }
                let rows = UInt32Array::from(row_of_place);
                fetched = fetched.iter().map(|column| take(column, &rows, None)).collect::<Result<_, _>>()?;
            } else {
                let places = UInt32Array::from(places);
                read = read.iter().map(|column| take(column, &places, None)).collect::<Result<_, _>>()?;
            }
        }
        let columns = read.into_iter().chain(fetched).collect();
        batch_of(&self.schema, columns, num_rows)
    }
}

/// Reads one side of a join and fetches the rows of the other.
#[derive(Debug)]
pub(crate) struct RowJoinExec {
    input: Arc<dyn ExecutionPlan>,
    work: Arc<Work>,
    properties: Arc<PlanProperties>,
}

impl RowJoinExec {
    fn try_new(input: Arc<dyn ExecutionPlan>, work: Arc<Work>) -> Result<Self> {
        let read = input.equivalence_properties().clone();
        // What is fetched comes in no order of its own.
        let fetched = EquivalenceProperties::new(work.fetched.output_schema());
        let join_type = if work.is_outer { JoinType::Left } else { JoinType::Inner };
        let (on, schema) = (std::slice::from_ref(&work.on), Arc::clone(&work.schema));
        let side = Some(JoinSide::Left);
        let equivalences = join_equivalence_properties(read, fetched, &join_type, schema, &[true, false], side, on)?;
        let properties = PlanProperties::new(
            equivalences,
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count()),
            EmissionType::Incremental,
            input.boundedness(),
        );
        Ok(Self { input, work, properties: Arc::new(properties) })
    }
}

impl DisplayAs for RowJoinExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Work { on: (key, _), fetched, is_outer, .. } = self.work.as_ref();
        let Selection { table, schema, spans, text_filters, .. } = &fetched.selection;
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let kind = if *is_outer { "Left" } else { "Inner" };
        write!(f, "RowJoinExec: join_type={kind}, row={key}, table={}, ", table.name)?;
        write!(f, "columns=[{}]", names.join(", "))?;
        if spans.num_rows() != table.len {
            write!(f, ", rows={} of {}", spans.num_rows(), table.len)?;
        }
        for filter in text_filters.iter() {
            write!(f, ", per_text=[{}]", filter.predicate())?;
        }
        for step in &fetched.steps {
            match step {
                Step::Filter(condition) => write!(f, ", filter=[{condition}]")?,
                Step::Project { exprs, .. } => {
                    let exprs: Vec<String> = exprs.iter().map(|expr| expr.to_string()).collect();
                    write!(f, ", project=[{}]", exprs.join(", "))?;
                }
            }
        }
        Ok(())
    }
}

impl ExecutionPlan for RowJoinExec {
    fn name(&self) -> &str {
        "RowJoinExec"
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

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match <[_; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self::try_new(input, Arc::clone(&self.work))?)),
            Err(_) => internal_err!("a row join has one child"),
        }
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let mut recursion = f(&self.work.on.0)?;
        for filter in self.work.fetched.selection.text_filters.iter() {
            recursion = recursion.visit_sibling(|| f(filter.predicate()))?;
        }
        for step in &self.work.fetched.steps {
            let exprs = match step {
                Step::Filter(condition) => std::slice::from_ref(condition),
                Step::Project { exprs, .. } => exprs,
            };
            for expr in exprs {
                recursion = recursion.visit_sibling(|| f(expr))?;
            }
        }
        Ok(recursion)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let work = Arc::clone(&self.work);
        let joined = self.input.execute(partition, context)?.map(move |batch| work.join(&batch?));
        let joined = joined.try_filter(|batch| futures::future::ready(batch.num_rows() > 0));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), joined)))
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let [input] = inputs else { return internal_err!("a row join has one child") };
        let mut statistics = Statistics::new_unknown(&self.work.schema);
        // Mostly there is such a row.
        statistics.num_rows = input.num_rows.to_inexact();
        Ok(Arc::new(statistics))
    }
}
