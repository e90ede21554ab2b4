//! Kernels: table functions whose arguments are tables and whose rows are computed by code instead of SQL.
//!
//! Intersecting intervals, walking graphs and laying out flame graphs are a few lines of code and hopeless as joins. Each
//! kernel is a [`Definition`]: a name, and a function that looks at the arguments of one call while it is planned. It
//! says which columns it needs of which table, which columns it gives, and how. The rest is the same for all:
//!
//! - A call `name((SELECT …), (SELECT …), 'text')` stands in `FROM`. Its tables are planned where they stand, so they may
//!   name whatever the statement may name there, and they are optimised with the statement.
//! - The call is an operator of its own ([`operator`]), which reads its tables and hands their columns to the kernel,
//!   in the order and with the types that it asked for.
//!
//! The modules of the standard library are macros that stand for such calls.

mod column;
mod counter_interval;
pub(crate) mod flamegraph;
mod graph;
pub(crate) mod graph_scan;
mod interval_coverage;
mod interval_flattening;
mod interval_intersection;
mod interval_split;
mod mipmap;
pub(crate) mod operator;
mod slice_layout;
mod tree;

use std::fmt;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::view::ViewTable;
use datafusion::common::{
    Column, DataFusionError, Diagnostic, Location, Result, ScalarValue, SchemaError, Span, plan_err,
};
use datafusion::datasource::provider_as_source;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::logical_expr::expr::Exists;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, TableSource};

use crate::planner::Planner;
use operator::KernelNode;

/// What computes the rows of one call.
#[async_trait]
pub(crate) trait Kernel: fmt::Debug + Send + Sync {
    /// The columns of the result from the tables of the call. A result that may be much larger than the tables is
    /// accounted for in `memory` while it grows.
    async fn compute(&self, tables: &[RecordBatch], memory: &MemoryReservation) -> Result<Vec<ArrayRef>>;
}

/// A kernel that is a function and waits for nothing.
struct Plain<F>(F);

impl<F> fmt::Debug for Plain<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain")
    }
}

#[async_trait]
impl<F: Fn(&[RecordBatch], &MemoryReservation) -> Result<Vec<ArrayRef>> + Send + Sync> Kernel for Plain<F> {
    async fn compute(&self, tables: &[RecordBatch], memory: &MemoryReservation) -> Result<Vec<ArrayRef>> {
        (self.0)(tables, memory)
    }
}

/// A kernel by name.
pub(crate) struct Definition {
    /// What SQL calls it.
    name: &'static str,
    /// Its arguments as a message lists them.
    parameters: &'static str,
    /// Looks at the arguments of one call.
    bind: fn(&mut Call<'_>) -> Result<Bound>,
}

/// What a call gives and how.
struct Bound {
    columns: Vec<Field>,
    kernel: Arc<dyn Kernel>,
}

impl Bound {
    /// A call whose columns `compute` gives, from tables in the order in which they were asked for.
    fn new(
        columns: Vec<Field>,
        compute: impl Fn(&[RecordBatch]) -> Result<Vec<ArrayRef>> + Send + Sync + 'static,
    ) -> Self {
        Self::growing(columns, move |tables, _| compute(tables))
    }

    /// The same for a result that may be much larger than the tables.
    fn growing(
        columns: Vec<Field>,
        compute: impl Fn(&[RecordBatch], &MemoryReservation) -> Result<Vec<ArrayRef>> + Send + Sync + 'static,
    ) -> Self {
        Self { columns, kernel: Arc::new(Plain(compute)) }
    }
}

/// Every kernel.
const DEFINITIONS: &[&[Definition]] = &[
    counter_interval::DEFINITIONS,
    flamegraph::DEFINITIONS,
    graph::DEFINITIONS,
    graph_scan::DEFINITIONS,
    interval_coverage::DEFINITIONS,
    interval_flattening::DEFINITIONS,
    interval_intersection::DEFINITIONS,
    interval_split::DEFINITIONS,
    mipmap::DEFINITIONS,
    slice_layout::DEFINITIONS,
    tree::DEFINITIONS,
];

fn find(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().flat_map(|definitions| definitions.iter()).find(|definition| definition.name == name)
}

/// Whether `name` is a kernel's.
pub(crate) fn is_kernel(name: &str) -> bool {
    find(name).is_some()
}

/// The type of a column that a kernel asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Whole numbers.
    Int,
    /// Real numbers.
    Real,
    /// Texts.
    Text,
    /// Whatever it is.
    Any,
}

/// The arguments of one call while it is planned.
struct Call<'a> {
    definition: &'static Definition,
    args: &'a [Expr],
    planner: &'a Planner<'a>,
    /// The tables that the kernel has asked for, cut to the columns that it needs.
    inputs: Vec<LogicalPlan>,
}

/// The source that a call of `name` stands for; `None` when there is no such kernel.
///
/// The last argument is the place of the call, see [`place_text`].
pub(crate) fn bind(name: &str, args: &[Expr], planner: &Planner<'_>) -> Option<Result<Arc<dyn TableSource>>> {
    let definition = find(name)?;
    let (place, args) = match args.split_last() {
        Some((place, args)) => (text_of(place).and_then(place_from_text), args),
        None => (None, args),
    };
    let mut call = Call { definition, args, planner, inputs: Vec::new() };
    let bound = (definition.bind)(&mut call).and_then(|bound| {
        let schema: SchemaRef = Arc::new(Schema::new(bound.columns));
        let plan = KernelNode::plan(definition.name, call.inputs, &schema, bound.kernel)?;
        Ok(provider_as_source(Arc::new(ViewTable::new(plan, None))))
    });
    // What stands inside of a table of the call has a better place of its own.
    Some(bound.map_err(|error| match &error {
        DataFusionError::Diagnostic(..) | DataFusionError::Collection(_) => error,
        _ => {
            let diagnostic = Diagnostic::new_error(error.message().into_owned(), place);
            error.with_diagnostic(diagnostic)
        }
    }))
}

/// A place as an argument that the planner carries along.
pub(crate) fn place_text(line: u64, column: u64, len: u64) -> String {
    format!("{line}:{column}:{len}")
}

fn place_from_text(text: &str) -> Option<Span> {
    let mut numbers = text.split(':').map(|number| number.parse::<u64>().ok());
    let (line, column, len) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let start = Location { line, column };
    Some(Span { start, end: Location { line, column: column + len } })
}

fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => Some(text),
        _ => None,
    }
}

/// The names in `(a, b, …)`, as they stand in a plan.
fn names_in(list: &str) -> Vec<String> {
    let list = list.trim();
    let list = list.strip_prefix('(').and_then(|list| list.strip_suffix(')')).unwrap_or(list);
    let names = list.split(',').map(|name| name.trim().trim_matches(['"', '`', '[', ']']).to_lowercase());
    names.filter(|name| !name.is_empty()).collect()
}

impl Call<'_> {
    fn len(&self) -> usize {
        self.args.len()
    }

    /// Fails unless there are `expected` arguments.
    fn expect_len(&self, expected: usize) -> Result<()> {
        match self.len() == expected {
            true => Ok(()),
            false => self.wrong_arguments(),
        }
    }

    fn wrong_arguments<T>(&self) -> Result<T> {
        let Definition { name, parameters, .. } = self.definition;
        plan_err!("`{name}` is called with other arguments: `{name}({parameters})`")
    }

    /// The text that an argument is.
    fn text(&self, index: usize) -> Result<&str> {
        match self.args.get(index).and_then(text_of) {
            Some(text) => Ok(text),
            None => self.wrong_arguments(),
        }
    }

    /// The names that an argument lists.
    fn names(&self, index: usize) -> Result<Vec<String>> {
        self.text(index).map(names_in)
    }

    /// The plan of the table that an argument is.
    fn plan(&self, index: usize) -> Result<&LogicalPlan> {
        match self.args.get(index) {
            Some(Expr::Exists(Exists { subquery, negated: false })) => match subquery.outer_ref_columns.is_empty() {
                true => Ok(&subquery.subquery),
                false => plan_err!("a table of `{}` cannot name columns of other tables", self.definition.name),
            },
            _ => self.wrong_arguments(),
        }
    }

    /// The types in which columns of the table that argument `index` is would be given to the kernel.
    fn types<S: AsRef<str>>(&self, index: usize, role: &str, columns: &[(S, Kind)]) -> Result<Vec<DataType>> {
        let plan = self.plan(index)?;
        let type_of = |(name, kind): &(S, Kind)| {
            let data_type = column_of(plan, role, name.as_ref())?.get_type(plan.schema())?;
            Ok(match kind {
                Kind::Int => DataType::Int64,
                Kind::Real => DataType::Float64,
                Kind::Text => DataType::Utf8,
                Kind::Any => column::plain_type(&data_type),
            })
        };
        columns.iter().map(type_of).collect()
    }

    /// Asks for columns of the table that argument `index` is; returns their types. `role` is what a message calls it.
    fn table<S: AsRef<str>>(&mut self, index: usize, role: &str, columns: &[(S, Kind)]) -> Result<Vec<DataType>> {
        let types = self.types(index, role, columns)?;
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_ref()).collect();
        self.table_of_types(index, role, &names, &types)?;
        Ok(types)
    }

    /// Asks for columns in given types.
    fn table_of_types(&mut self, index: usize, role: &str, names: &[&str], types: &[DataType]) -> Result<()> {
        let plan = self.plan(index)?.clone();
        let mut exprs = Vec::with_capacity(names.len());
        for (number, (name, wanted)) in names.iter().zip(types).enumerate() {
            let found = column_of(&plan, role, name)?;
            let expr = match found.get_type(plan.schema())? == *wanted {
                true => found,
                false => found.cast_to(wanted, plan.schema().as_ref())?,
            };
            // One column may be asked for twice.
            exprs.push(expr.alias(format!("{name}:{number}")));
        }
        self.inputs.push(LogicalPlanBuilder::from(plan).project(exprs)?.build()?);
        Ok(())
    }

    /// The names of all columns of the table that argument `index` is.
    fn columns(&self, index: usize) -> Result<Vec<String>> {
        Ok(self.plan(index)?.schema().fields().iter().map(|field| field.name().clone()).collect())
    }
}

/// The column `name` of a table.
fn column_of(plan: &LogicalPlan, role: &str, name: &str) -> Result<Expr> {
    let schema = plan.schema();
    match schema.columns_with_unqualified_name(name).as_slice() {
        [column] => Ok(Expr::Column(column.clone())),
        [] => {
            let candidates = schema.fields().iter().map(|field| Column::new(Some(role), field.name().clone()));
            let valid_fields = candidates.collect();
            let field = Box::new(Column::new(Some(role), name));
            Err(DataFusionError::SchemaError(
                Box::new(SchemaError::FieldNotFound { field, valid_fields }),
                Box::new(None),
            ))
        }
        _ => plan_err!("`{name}` could be one of several columns of {role}"),
    }
}
