//! Graph scans: values carried along the edges of a graph, changed at each step by a query.
//!
//! The query is text with `$table` in the place of the rows that have just arrived. It is planned once, over a table
//! whose rows are put in at each step. A step is a run of the query over all rows that are as far from the start, so the
//! number of runs is the depth of the graph and not its size.

use std::fmt;
use std::sync::{Arc, Weak};

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{MemTable, Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::common::{Result, exec_datafusion_err, exec_err, internal_err, plan_err};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, TableScan, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::column::{int_at, ints};
use super::graph::{EDGE_COLUMNS, Graph};
use super::{Bound, Call, Definition, Kernel, Kind, column_of};
use crate::session::Engine;

pub(super) const DEFINITIONS: &[Definition] = &[Definition {
    name: "__graph_scan",
    parameters: "(edges with source_node_id, dest_node_id), (starts with id and the columns), 'columns', \
                 'query over $table', 'each' or 'aggregated'",
    bind: bind_scan,
}];

/// What `$table` is called in the plan.
pub(crate) const STEP_TABLE: &str = "__step_table";

/// Stands in a plan for the rows of a step.
#[derive(Debug)]
struct StepTable {
    schema: SchemaRef,
}

#[async_trait]
impl TableProvider for StepTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        _: &dyn Session,
        _: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        internal_err!("the rows of a step are not there yet")
    }
}

struct Scan {
    engine: Weak<Engine>,
    /// The query, whose columns are those of `schema`.
    step: LogicalPlan,
    schema: SchemaRef,
    is_aggregated: bool,
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan").field("schema", &self.schema).finish_non_exhaustive()
    }
}

fn bind_scan(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(5)?;
    let names = call.names(2)?;
    let query = call.text(3)?.to_owned();
    let is_aggregated = match call.text(4)? {
        "aggregated" => true,
        "each" => false,
        _ => return call.wrong_arguments(),
    };
    let columns: Vec<(&str, Kind)> =
        std::iter::once(("id", Kind::Int)).chain(names.iter().map(|name| (name.as_str(), Kind::Any))).collect();
    let column_names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let start_types = call.types(1, "the starts", &columns)?;
    // A column may get its type from the query: a start that is null has none, and whole numbers may turn into real ones.
    let mut types = start_types;
    let mut step = call.plan_step(&query, &schema_of(&column_names, &types))?;
    let step_types = types_of(&step, &columns)?;
    if step_types != types {
        for (data_type, step_type) in types.iter_mut().zip(&step_types) {
            match (&*data_type, step_type) {
                (DataType::Null, _) | (DataType::Int64, DataType::Float64) => *data_type = step_type.clone(),
                _ => {}
            }
        }
        step = call.plan_step(&query, &schema_of(&column_names, &types))?;
    }
    let mut exprs = Vec::with_capacity(columns.len());
    for (name, data_type) in column_names.iter().zip(&types) {
        let expr = column_of(&step, "the step", name)?.cast_to(data_type, step.schema().as_ref())?;
        exprs.push(expr.alias(*name));
    }
    let step = LogicalPlanBuilder::from(step).project(exprs)?.build()?;
    call.table(0, "the edges", &EDGE_COLUMNS)?;
    call.table_of_types(1, "the starts", &column_names, &types)?;
    let schema = schema_of(&column_names, &types);
    if schema.fields().iter().enumerate().any(|(index, field)| column_names[..index].contains(&field.name().as_str())) {
        return plan_err!("a column is listed twice in ({})", names.join(", "));
    }
    let fields = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    let engine = call.planner.engine.clone();
    Ok(Bound { columns: fields, kernel: Arc::new(Scan { engine, step, schema, is_aggregated }) })
}

fn schema_of(names: &[&str], types: &[DataType]) -> SchemaRef {
    let field = |(name, data_type): (&&str, &DataType)| Field::new(*name, data_type.clone(), true);
    Arc::new(Schema::new(names.iter().zip(types).map(field).collect::<Vec<_>>()))
}

fn types_of(plan: &LogicalPlan, columns: &[(&str, Kind)]) -> Result<Vec<DataType>> {
    let type_of = |(name, _): &(&str, Kind)| {
        let data_type = column_of(plan, "the step", name)?.get_type(plan.schema())?;
        Ok(super::column::plain_type(&data_type))
    };
    columns.iter().map(type_of).collect()
}

impl Call<'_> {
    /// The plan of a query with `$table` in it.
    fn plan_step(&self, query: &str, schema: &SchemaRef) -> Result<LogicalPlan> {
        self.planner.plan_over(query, Arc::new(StepTable { schema: Arc::clone(schema) }))
    }
}

/// Some rows of a batch: batch and row.
type RowPlace = (usize, usize);

/// Rows on their way: where their values are, and the node they have arrived at.
type Arrived = Vec<(RowPlace, i64)>;

#[async_trait]
impl Kernel for Scan {
    async fn compute(&self, tables: &[RecordBatch], memory: &MemoryReservation) -> Result<Vec<ArrayRef>> {
        let [edges, starts] = tables else { return internal_err!("a scan has edges and starts") };
        let graph = Graph::of_edges(edges)?;
        let starts = RecordBatch::try_new(Arc::clone(&self.schema), starts.columns().to_vec())?;
        let results = match self.is_aggregated {
            true => self.scan_aggregated(&graph, starts, memory).await?,
            false => self.scan_each(&graph, starts, memory).await?,
        };
        Ok(arrow_select::concat::concat_batches(&self.schema, &results)?.columns().to_vec())
    }
}

impl Scan {
    /// Runs the query over rows that have arrived.
    async fn run_step(&self, batches: &[RecordBatch], arrived: &Arrived) -> Result<RecordBatch> {
        let places: Vec<RowPlace> = arrived.iter().map(|(place, _)| *place).collect();
        let nodes = Int64Array::from_iter_values(arrived.iter().map(|(_, node)| *node));
        let mut columns: Vec<ArrayRef> = vec![Arc::new(nodes)];
        for column in 1..self.schema.fields().len() {
            let values: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(column).as_ref()).collect();
            columns.push(arrow_select::interleave::interleave(&values, &places)?);
        }
        let rows = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        let provider = provider_as_source(Arc::new(MemTable::try_new(Arc::clone(&self.schema), vec![vec![rows]])?));
        let plan = self.step.clone().transform_up_with_subqueries(|plan| match plan {
            LogicalPlan::TableScan(scan)
                if source_as_provider(&scan.source).is_ok_and(|table| table.is::<StepTable>()) =>
            {
                let source = Arc::clone(&provider);
                Ok(Transformed::yes(LogicalPlan::TableScan(TableScan { source, ..scan })))
            }
            plan => Ok(Transformed::no(plan)),
        });
        let engine = self.engine.upgrade().ok_or_else(|| exec_datafusion_err!("the query was cancelled"))?;
        let rows = engine.rows_of_plan(&plan.data()?).await?;
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), rows.columns().to_vec())?)
    }

    /// Each row goes along each edge by itself.
    async fn scan_each(
        &self,
        graph: &Graph,
        starts: RecordBatch,
        memory: &MemoryReservation,
    ) -> Result<Vec<RecordBatch>> {
        let mut batches = vec![starts];
        // A way without a circle has no more steps than there are nodes.
        for _ in 0..=graph.len() {
            let last = batches.len() - 1;
            let mut arrived: Arrived = Vec::new();
            for (row, node) in nodes_of(&batches[last])? {
                let targets = node.and_then(|node| graph.find(node)).map(|node| graph.targets(node));
                arrived.extend(targets.unwrap_or_default().iter().map(|target| ((last, row), graph.id(*target))));
            }
            if arrived.is_empty() {
                return Ok(batches);
            }
            let rows = self.run_step(&batches, &arrived).await?;
            memory.try_grow(rows.get_array_memory_size())?;
            batches.push(rows);
        }
        exec_err!("the graph that is scanned has a circle")
    }

    /// All rows that arrive at a node are there before the query runs over them. What starts at a node where others
    /// arrive waits for them.
    async fn scan_aggregated(
        &self,
        graph: &Graph,
        starts: RecordBatch,
        memory: &MemoryReservation,
    ) -> Result<Vec<RecordBatch>> {
        let start_nodes: Vec<u32> =
            nodes_of(&starts)?.into_iter().filter_map(|(_, node)| node.and_then(|node| graph.find(node))).collect();
        let levels = levels(graph, &start_nodes)?;
        let level_of = |node: i64| graph.find(node).map_or(0, |node| levels[node as usize]);
        let num_levels = levels.iter().max().map_or(1, |max| *max as usize + 1);
        let mut arrived: Vec<Arrived> = vec![Vec::new(); num_levels];
        // Rows that start where nothing arrives are results as they are.
        let mut is_result = vec![false; starts.num_rows()];
        for (row, node) in nodes_of(&starts)? {
            match node.map(|node| (node, level_of(node))) {
                Some((node, level)) if level > 0 => arrived[level as usize].push(((0, row), node)),
                _ => is_result[row] = true,
            }
        }
        let first = arrow_select::filter::filter_record_batch(&starts, &is_result.into())?;
        let mut batches = vec![starts, first];
        for level in 0..num_levels {
            if level > 0 {
                let here = std::mem::take(&mut arrived[level]);
                if here.is_empty() {
                    continue;
                }
                let rows = self.run_step(&batches, &here).await?;
                memory.try_grow(rows.get_array_memory_size())?;
                batches.push(rows);
            }
            let last = batches.len() - 1;
            for (row, node) in nodes_of(&batches[last])? {
                let Some(node) = node.and_then(|node| graph.find(node)) else { continue };
                for target in graph.targets(node) {
                    let target_level = levels[*target as usize] as usize;
                    if target_level <= level {
                        return exec_err!("a step of a scan gives a row of another node than those it is given");
                    }
                    arrived[target_level].push(((last, row), graph.id(*target)));
                }
            }
        }
        batches.remove(0);
        Ok(batches)
    }
}

/// Rows and their nodes.
fn nodes_of(rows: &RecordBatch) -> Result<Vec<(usize, Option<i64>)>> {
    let ids = ints(rows, 0)?;
    Ok((0..ids.len()).map(|row| (row, int_at(ids, row))).collect())
}

/// For each node the length of the longest way to it from a start.
fn levels(graph: &Graph, starts: &[u32]) -> Result<Vec<u32>> {
    let mut is_reached = vec![false; graph.len()];
    let mut stack = starts.to_vec();
    let mut reached = Vec::new();
    while let Some(node) = stack.pop() {
        if !std::mem::replace(&mut is_reached[node as usize], true) {
            reached.push(node);
            stack.extend_from_slice(graph.targets(node));
        }
    }
    let mut num_missing = vec![0_u32; graph.len()];
    for &node in &reached {
        for target in graph.targets(node) {
            num_missing[*target as usize] += 1;
        }
    }
    let mut levels = vec![0_u32; graph.len()];
    let mut ready: Vec<u32> = reached.iter().copied().filter(|node| num_missing[*node as usize] == 0).collect();
    let mut num_done = 0;
    while let Some(node) = ready.pop() {
        num_done += 1;
        for &target in graph.targets(node) {
            levels[target as usize] = levels[target as usize].max(levels[node as usize] + 1);
            num_missing[target as usize] -= 1;
            if num_missing[target as usize] == 0 {
                ready.push(target);
            }
        }
    }
    match num_done == reached.len() {
        true => Ok(levels),
        false => exec_err!("the graph that is scanned has a circle"),
    }
}
