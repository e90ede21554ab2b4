//! Sub-queries as values: `EXISTS (…)` and `x IN (SELECT …)` where they are not a condition by themselves.
//!
//! The engine turns both into joins when a `WHERE` asks for them directly or beside `AND`. In a list of results it knows
//! neither, and beside `OR` it takes "not known" for "no", so that `x NOT IN (…)` finds rows that it must not find. So
//! here they become sub-queries that give one value: a count of rows, or a list of them in which a function looks.

use std::sync::{Arc, Weak};

use arrow_schema::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema, Result, ScalarValue, Spans, internal_err};
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    Cast, ColumnarValue, Expr, ExprSchemable, Filter, Limit, LogicalPlan, LogicalPlanBuilder, Operator,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Subquery, Volatility, binary_expr, lit, when,
};

use crate::dialect::operator::list_comparison;
use crate::function::in_rows::{Comparison, InRows};
use crate::function::per_row::is_text;
use crate::row_query::RowQuery;
use crate::session::Engine;
use crate::table_argument;

/// Settles the sub-queries of a fresh plan.
pub(crate) fn settle(plan: LogicalPlan) -> Result<LogicalPlan> {
    let settled = plan.transform_up_with_subqueries(|plan| {
        let mut schema = DFSchema::empty();
        for input in plan.inputs() {
            schema.merge(input.schema());
        }
        match plan {
            LogicalPlan::Filter(filter) => {
                let mut is_changed = false;
                let mut conditions = Vec::new();
                for condition in split_conjunction_owned(filter.predicate.clone()) {
                    let settled = match is_join(&condition, &schema)? {
                        true => Transformed::no(condition),
                        false => settle_expr(condition, &schema, Clause::Condition)?,
                    };
                    is_changed |= settled.transformed;
                    conditions.push(settled.data);
                }
                let predicate = conjunction(conditions).filter(|_| is_changed);
                Ok(match predicate {
                    Some(predicate) => Transformed::yes(LogicalPlan::Filter(Filter::try_new(predicate, filter.input)?)),
                    None => Transformed::no(LogicalPlan::Filter(filter)),
                })
            }
            plan => plan.map_expressions(|expr| {
                let name = expr.schema_name().to_string();
                let settled = settle_expr(expr, &schema, Clause::Value)?;
                let is_renamed = settled.transformed && settled.data.schema_name().to_string() != name;
                Ok(if is_renamed { settled.update_data(|expr| expr.alias(name)) } else { settled })
            }),
        }
    });
    settled.data()
}

/// Makes values of all sub-queries of a plan that depend on the row outside, and calls of [`RowQuery`] of those: the last
/// resort, where the engine finds no join that means the same. `None` when there is no such sub-query.
pub(crate) fn run_for_each_row(plan: LogicalPlan, engine: &Weak<Engine>) -> Result<Option<LogicalPlan>> {
    let settled = plan.transform_up_with_subqueries(|plan| {
        let mut schema = DFSchema::empty();
        for input in plan.inputs() {
            schema.merge(input.schema());
        }
        let plan = match plan {
            LogicalPlan::Join(join) => match table_argument::run_for_each_row(&join, engine)? {
                Some(plan) => return Ok(Transformed::yes(plan)),
                None => LogicalPlan::Join(join),
            },
            plan => plan,
        };
        let is_condition = matches!(plan, LogicalPlan::Filter(_) | LogicalPlan::Join(_));
        plan.map_expressions(|expr| {
            let name = expr.schema_name().to_string();
            let settled = settle_expr(expr, &schema, Clause::Value)?.transform_data(|expr| {
                expr.transform_up(|expr| match expr {
                    Expr::ScalarSubquery(query) if !query.outer_ref_columns.is_empty() => {
                        RowQuery::call(query, &schema, engine).map(Transformed::yes)
                    }
                    other => Ok(Transformed::no(other)),
                })
            })?;
            let is_renamed = settled.transformed && !is_condition && settled.data.schema_name().to_string() != name;
            Ok(if is_renamed { settled.update_data(|expr| expr.alias(name)) } else { settled })
        })
    })?;
    Ok(settled.transformed.then_some(settled.data))
}

/// Where an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clause {
    /// In a `WHERE`, in which the engine joins with what depends on the row.
    Condition,
    /// Anywhere else.
    Value,
}

/// Whether the engine makes a join of the condition that means the same.
fn is_join(condition: &Expr, schema: &DFSchema) -> Result<bool> {
    Ok(match condition {
        Expr::Exists(_) => true,
        Expr::InSubquery(found) => comparison(found, schema)?.is_none(),
        Expr::Not(inner) => is_join(inner, schema)?,
        _ => false,
    })
}

/// How the value and the rows are compared; `None` when they are of one kind.
fn comparison(found: &InSubquery, schema: &DFSchema) -> Result<Option<Comparison>> {
    let rows = &found.subquery.subquery;
    let column = Expr::Column(Column::from(rows.schema().qualified_field(0)));
    let types = (found.expr.get_type(schema)?, column.get_type(rows.schema())?);
    Ok(list_comparison(&found.expr, &types.0, given_by(rows).unwrap_or(&column), &types.1))
}

/// What the first column of a query is in its `SELECT`: a column offers its kind to what it is compared with, and anything
/// else does not.
fn given_by(rows: &LogicalPlan) -> Option<&Expr> {
    match rows {
        LogicalPlan::Projection(projection) => projection.expr.first(),
        LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Distinct(_)
        | LogicalPlan::Union(_) => rows.inputs().into_iter().next().and_then(given_by),
        _ => None,
    }
}

fn settle_expr(expr: Expr, schema: &DFSchema, clause: Clause) -> Result<Transformed<Expr>> {
    expr.transform_up(|expr| {
        Ok(match expr {
            Expr::InSubquery(found) => {
                let depends_on_row = !found.subquery.outer_ref_columns.is_empty();
                match (depends_on_row, clause) {
                    (false, _) => Transformed::yes(in_rows(found, schema)?),
                    (true, Clause::Condition) if !found.negated => Transformed::no(Expr::InSubquery(found)),
                    (true, _) => Transformed::yes(in_rows_of_row(found, schema)?),
                }
            }
            Expr::Exists(exists) => {
                let depends_on_row = !exists.subquery.outer_ref_columns.is_empty();
                match depends_on_row && clause == Clause::Condition {
                    true => Transformed::no(Expr::Exists(exists)),
                    false => Transformed::yes(has_rows(exists, depends_on_row)?),
                }
            }
            // A query that stands for a value stands for its first.
            Expr::ScalarSubquery(query) if query.outer_ref_columns.is_empty() && !gives_one_row(&query.subquery) => {
                let rows = Arc::unwrap_or_clone(query.subquery);
                let column = Column::from(rows.schema().qualified_field(0));
                let name = column.name.clone();
                let value = ScalarUDF::new_from_impl(OrNull::default()).call(vec![Expr::Column(column)]);
                let first = LogicalPlanBuilder::from(rows).limit(0, Some(1))?.project([value.alias(name)])?;
                Transformed::yes(value_of(first.build()?))
            }
            other => Transformed::no(other),
        })
    })
}

/// Whether a query is sure to have exactly one row: an aggregate over everything, or no table at all.
fn gives_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::Projection(projection) => gives_one_row(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => gives_one_row(&alias.input),
        LogicalPlan::EmptyRelation(empty) => empty.produce_one_row,
        _ => false,
    }
}

/// The value itself, which may be null although its column has none: the query may have no row.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OrNull {
    signature: Signature,
}

impl Default for OrNull {
    fn default() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for OrNull {
    fn name(&self) -> &str {
        "__or_null"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types {
            [data_type] => Ok(data_type.clone()),
            _ => internal_err!("one value is expected"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match <[_; 1]>::try_from(args.args) {
            Ok([value]) => Ok(value),
            Err(_) => internal_err!("one value is expected"),
        }
    }
}

/// The only value of `plan`.
fn value_of(plan: LogicalPlan) -> Expr {
    let outer_ref_columns = plan.all_out_ref_exprs();
    Expr::ScalarSubquery(Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: Spans::new() })
}

fn count_of(plan: LogicalPlan) -> Result<Expr> {
    let counted = LogicalPlanBuilder::from(plan).aggregate(Vec::<Expr>::new(), vec![count(lit(1_i64))])?;
    Ok(value_of(counted.build()?))
}

fn negated_if(is_negated: bool, expr: Expr) -> Expr {
    if is_negated { !expr } else { expr }
}

fn has_rows(exists: Exists, depends_on_row: bool) -> Result<Expr> {
    let rows = Arc::unwrap_or_clone(exists.subquery.subquery);
    let rows = match (rows, depends_on_row) {
        // The engine cannot count the rows of each outer row up to a limit, and whether there is one does not change.
        (LogicalPlan::Limit(Limit { input, skip: None, .. }), true) => Arc::unwrap_or_clone(input),
        (rows, true) => rows,
        (rows, false) => LogicalPlanBuilder::from(rows).limit(0, Some(1))?.build()?,
    };
    Ok(negated_if(exists.negated, count_of(rows)?.gt(lit(0_i64))))
}

fn in_rows(found: InSubquery, schema: &DFSchema) -> Result<Expr> {
    let comparison = comparison(&found, schema)?.unwrap_or(Comparison::Plain);
    let rows = Arc::unwrap_or_clone(found.subquery.subquery);
    let mut column = Expr::Column(Column::from(rows.schema().qualified_field(0)));
    // A list has one plain type.
    if is_text(&column.get_type(rows.schema())?) {
        column = Expr::Cast(Cast::new(Box::new(column), DataType::Utf8));
    }
    let list = array_agg_udaf().call(vec![column]);
    let list = LogicalPlanBuilder::from(rows).aggregate(Vec::<Expr>::new(), vec![list])?.build()?;
    let function = ScalarUDF::new_from_impl(InRows::new(comparison));
    Ok(negated_if(found.negated, function.call(vec![*found.expr, value_of(list)])))
}

/// The same where the rows depend on the row outside: yes when one is equal, no when there are none, not known when the
/// value or one of them is null, no otherwise.
fn in_rows_of_row(found: InSubquery, schema: &DFSchema) -> Result<Expr> {
    let sought = *found.expr;
    let rows = Arc::unwrap_or_clone(found.subquery.subquery);
    let column = Expr::Column(Column::from(rows.schema().qualified_field(0)));
    let outer = sought.clone().transform(|expr| {
        Ok(match expr {
            Expr::Column(column) => {
                let field = Arc::clone(schema.qualified_field_from_column(&column)?.1);
                Transformed::yes(Expr::OuterReferenceColumn(field, column))
            }
            other => Transformed::no(other),
        })
    })?;
    let matching = |condition: Expr| count_of(LogicalPlanBuilder::from(rows.clone()).filter(condition)?.build()?);
    let num_equal = matching(binary_expr(column.clone(), Operator::Eq, outer.data))?;
    let num_null = matching(column.is_null())?;
    let num_all = count_of(rows.clone())?;
    let is_found = when(num_equal.gt(lit(0_i64)), lit(true))
        .when(num_all.eq(lit(0_i64)), lit(false))
        .when(sought.is_null().or(num_null.gt(lit(0_i64))), lit(ScalarValue::Boolean(None)))
        .otherwise(lit(false))?;
    Ok(negated_if(found.negated, is_found))
}
