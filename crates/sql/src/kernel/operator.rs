//! The operator: one call of a kernel in a plan, over the plans of its tables.
//!
//! A kernel needs whole tables, so the operator reads all of them first and then computes. What it holds is accounted
//! for like what a sort holds. Its tables are read in their order, which makes a result the same on any number of
//! threads.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DFSchemaRef, Result, internal_err};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, InputDistributionRequirements, PhysicalExpr,
    PlanProperties,
};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use futures::{StreamExt, TryStreamExt};

use super::Kernel;
use crate::table_provider::BATCH_ROWS;

/// A call in a logical plan.
#[derive(Debug, Clone)]
pub(crate) struct KernelNode {
    name: &'static str,
    inputs: Vec<LogicalPlan>,
    /// What the kernel was told of its tables. The optimiser may change its mind about a type, a text of a dictionary
    /// becoming a plain one, after the kernel has settled what it gives.
    tables: Vec<SchemaRef>,
    schema: DFSchemaRef,
    kernel: Arc<dyn Kernel>,
}

impl KernelNode {
    /// The plan of a call that computes rows of `schema` from the rows of `inputs`.
    pub(super) fn plan(
        name: &'static str,
        inputs: Vec<LogicalPlan>,
        schema: &SchemaRef,
        kernel: Arc<dyn Kernel>,
    ) -> Result<LogicalPlan> {
        let schema = Arc::new(DFSchema::try_from(Arc::clone(schema))?);
        let tables = inputs.iter().map(|input| Arc::clone(input.schema().inner())).collect();
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(Self { name, inputs, tables, schema, kernel }) }))
    }
}

impl PartialEq for KernelNode {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.kernel, &other.kernel) && self.inputs == other.inputs
    }
}

impl Eq for KernelNode {}

impl PartialOrd for KernelNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl Hash for KernelNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.inputs.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for KernelNode {
    fn name(&self) -> &str {
        self.name
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        self.inputs.iter().collect()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kernel: {}", self.name)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(Self { inputs, ..self.clone() })
    }
}

/// Plans statements that may call kernels.
#[derive(Debug)]
pub(crate) struct KernelQueryPlanner;

#[async_trait]
impl datafusion::execution::context::QueryPlanner for KernelQueryPlanner {
    async fn create_physical_plan(&self, plan: &LogicalPlan, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(KernelPlanner)]);
        planner.create_physical_plan(plan, session).await
    }
}

#[derive(Debug)]
struct KernelPlanner;

#[async_trait]
impl ExtensionPlanner for KernelPlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        Ok(node.as_any().downcast_ref::<KernelNode>().map(|node| {
            let schema = Arc::clone(node.schema.inner());
            let (tables, kernel) = (node.tables.clone(), Arc::clone(&node.kernel));
            Arc::new(KernelExec::new(node.name, inputs.to_vec(), tables, schema, kernel)) as Arc<dyn ExecutionPlan>
        }))
    }
}

/// A call that runs.
#[derive(Debug)]
struct KernelExec {
    name: &'static str,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    tables: Vec<SchemaRef>,
    kernel: Arc<dyn Kernel>,
    properties: Arc<PlanProperties>,
}

impl KernelExec {
    fn new(
        name: &'static str,
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        tables: Vec<SchemaRef>,
        schema: SchemaRef,
        kernel: Arc<dyn Kernel>,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self { name, inputs, tables, kernel, properties: Arc::new(properties) }
    }
}

impl DisplayAs for KernelExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KernelExec: {}", self.name)
    }
}

impl ExecutionPlan for KernelExec {
    fn name(&self) -> &str {
        "KernelExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition; self.inputs.len()])
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.inputs.len()]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let (tables, kernel) = (self.tables.clone(), Arc::clone(&self.kernel));
        Ok(Arc::new(Self::new(self.name, children, tables, self.schema(), kernel)))
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("a kernel has no partition {partition}");
        }
        let schema = self.schema();
        let kernel = Arc::clone(&self.kernel);
        let tables = self
            .inputs
            .iter()
            .map(|input| input.execute(0, Arc::clone(&context)))
            .collect::<Result<Vec<SendableRecordBatchStream>>>()?;
        let reservation = MemoryConsumer::new(self.name).register(context.memory_pool());
        let output_schema = Arc::clone(&schema);
        let wanted = self.tables.clone();
        let computed = async move {
            let mut inputs = Vec::with_capacity(tables.len());
            for (mut table, schema) in tables.into_iter().zip(&wanted) {
                let mut batches = Vec::new();
                while let Some(batch) = table.next().await {
                    let batch = as_told(&batch?, schema)?;
                    reservation.try_grow(batch.get_array_memory_size())?;
                    batches.push(batch);
                }
                inputs.push(arrow_select::concat::concat_batches(schema, &batches)?);
            }
            let columns = kernel.compute(&inputs, &reservation).await?;
            drop(inputs);
            let rows = RecordBatch::try_new(output_schema, columns)?;
            reservation.try_resize(rows.get_array_memory_size())?;
            // The rows are accounted for until the last of them has been handed over.
            let batches = (0..rows.num_rows()).step_by(BATCH_ROWS).map(move |start| {
                let _held = &reservation;
                Ok(rows.slice(start, BATCH_ROWS.min(rows.num_rows() - start)))
            });
            Ok::<_, datafusion::common::DataFusionError>(futures::stream::iter(batches))
        };
        let batches = futures::stream::once(computed).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

/// Rows in the types that the kernel was told of.
fn as_told(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = rows.columns().iter().zip(schema.fields()).map(|(column, field)| {
        match column.data_type() == field.data_type() {
            true => Ok(Arc::clone(column)),
            false => arrow_cast::cast(column, field.data_type()),
        }
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    // Whether nulls are possible is not to be relied on either.
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    let told = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok(RecordBatch::try_new(told, columns)?)
}
