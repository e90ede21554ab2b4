//! `FROM json_each(…)`: the rows of JSON texts beside the rows that the texts come from.
//!
//! The rewriter reads the call as a query over a table of no rows with a mark for a condition, so that the planner
//! finds the columns it needs. Here the mark is replaced: a function makes a list of each text's elements, and the
//! engine takes the list apart, row by row. Where the text is a column of a table before it, the table's row is
//! repeated for each element, which is what a lateral join means.

use std::any::Any;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, JoinType, Result, TableReference, UnnestOptions, plan_err};
use datafusion::datasource::source_as_provider;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Expr, Join, LogicalPlan, LogicalPlanBuilder, ScalarUDF, ScalarUDFImpl, Subquery, TableType, lit,
};
use datafusion::physical_plan::ExecutionPlan;

use crate::function::json_rows::{JsonMark, JsonRows, Kind, Kinds, Walk};

/// The column that holds the lists.
const LIST: &str = "__rows";

/// A table that has the columns of `json_each` and no rows.
#[derive(Debug)]
pub(crate) struct JsonTable {
    kinds: Kinds,
    schema: SchemaRef,
}

impl JsonTable {
    /// The name by which the rewriter calls it.
    pub(crate) fn name_of(kinds: Kinds) -> String {
        let letter = |kind: Kind| match kind {
            Kind::Int => 'i',
            Kind::Real => 'r',
            Kind::Text => 't',
            Kind::Mixed => 'm',
        };
        format!("__json_rows_{}{}", letter(kinds.key), letter(kinds.value))
    }

    /// One for each combination of types, by name.
    pub(crate) fn all() -> impl Iterator<Item = (String, Self)> {
        Kinds::all().map(|kinds| (Self::name_of(kinds), Self { kinds, schema: kinds.schema() }))
    }
}

#[async_trait]
impl TableProvider for JsonTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        _: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan_err!(
            "`json_each` and `json_tree` with columns of another query are possible only in a `FROM` beside the \
             columns' table"
        )
    }
}

/// The call that a plan stands for.
struct Call {
    walk: Walk,
    kinds: Kinds,
    args: Vec<Expr>,
    table: TableReference,
}

impl Call {
    /// The call of `Filter(mark, scan)`.
    fn of_filter(plan: &LogicalPlan) -> Option<Self> {
        let LogicalPlan::Filter(filter) = plan else { return None };
        let LogicalPlan::TableScan(scan) = filter.input.as_ref() else { return None };
        let provider = source_as_provider(&scan.source).ok()?;
        let table = (provider.as_ref() as &dyn Any).downcast_ref::<JsonTable>()?;
        let Expr::ScalarFunction(function) = &filter.predicate else { return None };
        let inner: &dyn ScalarUDFImpl = function.func.inner().as_ref();
        let mark = (inner as &dyn Any).downcast_ref::<JsonMark>()?;
        let args = function.args.clone();
        Some(Self { walk: mark.walk, kinds: table.kinds, args, table: scan.table_name.clone() })
    }

    /// The call that a lateral side of a join is, and its alias.
    fn of_side(plan: &LogicalPlan) -> Option<(Self, Option<TableReference>)> {
        match plan {
            LogicalPlan::SubqueryAlias(alias) => {
                let (call, _) = Self::of_side(&alias.input)?;
                Some((call, Some(alias.alias.clone())))
            }
            LogicalPlan::Subquery(Subquery { subquery, .. }) => match subquery.as_ref() {
                LogicalPlan::Projection(projection) => Some((Self::of_filter(&projection.input)?, None)),
                other => Some((Self::of_filter(other)?, None)),
            },
            _ => None,
        }
    }

    fn depends_on_row(&self) -> bool {
        self.args.iter().any(Expr::contains_outer)
    }

    /// The rows of `input` with those of the call beside each.
    fn beside(self, input: LogicalPlan, alias: Option<TableReference>, is_kept: bool) -> Result<LogicalPlan> {
        let columns: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
        let args = self.args.into_iter().map(|arg| {
            arg.transform(|expr| {
                Ok(match expr {
                    Expr::OuterReferenceColumn(_, column) => Transformed::yes(Expr::Column(column)),
                    other => Transformed::no(other),
                })
            })
            .data()
        });
        let function = ScalarUDF::new_from_impl(JsonRows::new(self.walk, self.kinds));
        let list = function.call(args.collect::<Result<_>>()?).alias(LIST);
        let table = alias.unwrap_or(self.table);
        let schema = self.kinds.schema();
        let fields = schema.fields().iter().map(|field| {
            let value = get_field(Expr::Column(Column::new_unqualified(LIST)), field.name().as_str());
            value.alias_qualified(Some(table.clone()), field.name())
        });
        let options = UnnestOptions::new().with_preserve_nulls(is_kept);
        LogicalPlanBuilder::from(input)
            .project(columns.iter().cloned().chain([list]))?
            .unnest_column_with_options(Column::new_unqualified(LIST), options)?
            .project(columns.iter().cloned().chain(fields))?
            .build()
    }
}

/// Puts the rows of JSON texts in the place of the marks of a fresh plan.
pub(crate) fn settle(plan: LogicalPlan) -> Result<LogicalPlan> {
    let settled = plan.transform_up_with_subqueries(|plan| {
        if let Some(call) = Call::of_filter(&plan)
            && !call.depends_on_row()
        {
            let one_row = LogicalPlanBuilder::empty(true).build()?;
            return Ok(Transformed::yes(call.beside(one_row, None, false)?));
        }
        if let LogicalPlan::Join(join) = &plan
            && let Some((call, alias)) = Call::of_side(&join.right)
        {
            return Ok(Transformed::yes(lateral(join, call, alias)?));
        }
        Ok(Transformed::no(plan))
    });
    settled.data()
}

fn lateral(join: &Join, call: Call, alias: Option<TableReference>) -> Result<LogicalPlan> {
    let equal = join.on.iter().map(|(left, right)| left.clone().eq(right.clone()));
    let condition = conjunction(equal.chain(join.filter.clone()).filter(|condition| *condition != lit(true)));
    let left = join.left.as_ref().clone();
    match (join.join_type, condition) {
        (JoinType::Inner, None) => call.beside(left, alias, false),
        (JoinType::Inner, Some(condition)) => {
            LogicalPlanBuilder::from(call.beside(left, alias, false)?).filter(condition)?.build()
        }
        (JoinType::Left, None) => call.beside(left, alias, true),
        (JoinType::Left, Some(_)) => {
            plan_err!("a `LEFT JOIN` with the elements of a JSON text takes no condition but `ON true`")
        }
        (other, _) => plan_err!("a {other} join with the elements of a JSON text is not possible"),
    }
}
