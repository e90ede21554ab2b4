//! Table arguments: calls in `FROM` whose arguments are columns of the tables beside them.
//!
//! A function's query becomes a part of the statement. As text, a column that is an argument could be taken for one of the
//! query's own tables, so the text keeps arguments in a table of their own, and here, where every name is settled, they
//! are put where they are used. What is left is a lateral join, which the engine turns into an ordinary one if it can.
//! Where it cannot, or would mistake one column for another, the query is run for each set of arguments, as SQLite does.

use std::sync::{Arc, Weak};

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, Result, Spans, UnnestOptions};
use datafusion::functions::core::get_field;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Subquery, SubqueryAlias, lit};

use crate::dialect::table_call::{ARGUMENTS, EACH_ROW};
use crate::row_query::{RowQuery, resolved, row_field};
use crate::session::Engine;

/// Puts the arguments of calls where they are used.
pub(crate) fn settle(plan: LogicalPlan, engine: &Weak<Engine>) -> Result<LogicalPlan> {
    let settled = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Join(join) => {
            if let Some(bound) = with_arguments(&join)? {
                return Ok(Transformed::yes(bound));
            }
            if lateral(&join.right).is_some_and(is_run_for_each_row)
                && let Some(plan) = run_for_each_row(&join, engine)?
            {
                return Ok(Transformed::yes(plan));
            }
            Ok(Transformed::no(LogicalPlan::Join(join)))
        }
        LogicalPlan::Subquery(query) => Ok(Transformed::yes(LogicalPlan::Subquery(resolved(query)))),
        plan => Ok(Transformed::no(plan)),
    });
    settled.data()
}

/// The call of a join of arguments with their call, with the arguments in their places.
fn with_arguments(join: &Join) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::SubqueryAlias(arguments) = join.left.as_ref() else { return Ok(None) };
    let LogicalPlan::Projection(values) = arguments.input.as_ref() else { return Ok(None) };
    if !arguments.alias.table().starts_with(ARGUMENTS) {
        return Ok(None);
    }
    let argument = |column: &Column| {
        let is_meant = column.relation.as_ref() == Some(&arguments.alias);
        let index = values.schema.fields().iter().position(|field| is_meant && *field.name() == column.name)?;
        Some(values.expr[index].clone().unalias())
    };
    let call = join.right.as_ref().clone().transform_up_with_subqueries(|plan| {
        let is_condition = matches!(plan, LogicalPlan::Filter(_) | LogicalPlan::Join(_));
        let replaced = plan.map_expressions(|expr| {
            let name = expr.schema_name().to_string();
            let replaced = expr.transform_up(|expr| {
                Ok(match expr {
                    Expr::OuterReferenceColumn(field, column) => match argument(&column) {
                        Some(value) => Transformed::yes(value),
                        None => Transformed::no(Expr::OuterReferenceColumn(field, column)),
                    },
                    Expr::ScalarSubquery(query) => Transformed::yes(Expr::ScalarSubquery(resolved(query))),
                    Expr::Exists(Exists { subquery, negated }) => {
                        Transformed::yes(Expr::Exists(Exists { subquery: resolved(subquery), negated }))
                    }
                    Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
                        Transformed::yes(Expr::InSubquery(InSubquery::new(expr, resolved(subquery), negated)))
                    }
                    other => Transformed::no(other),
                })
            })?;
            let is_renamed = replaced.transformed && !is_condition && replaced.data.schema_name().to_string() != name;
            Ok(if is_renamed { replaced.update_data(|expr| expr.alias(name)) } else { replaced })
        })?;
        Ok(replaced.update_data(|plan| match plan {
            LogicalPlan::Subquery(query) => LogicalPlan::Subquery(resolved(query)),
            plan => plan,
        }))
    });
    // The arguments were all that it was lateral to.
    alone(call.data()?).map(Some)
}

/// A lateral table as one that stands alone.
fn alone(plan: LogicalPlan) -> Result<LogicalPlan> {
    Ok(match plan {
        LogicalPlan::Subquery(query) => Arc::unwrap_or_clone(query.subquery),
        LogicalPlan::SubqueryAlias(SubqueryAlias { input, alias, .. }) => {
            let input = alone(Arc::unwrap_or_clone(input))?;
            LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), alias)?)
        }
        plan => plan,
    })
}

/// The query of a table that depends on the tables beside it.
fn lateral(plan: &LogicalPlan) -> Option<&Subquery> {
    match plan {
        LogicalPlan::Subquery(query) => Some(query),
        LogicalPlan::SubqueryAlias(alias) => lateral(&alias.input),
        _ => None,
    }
}

fn is_run_for_each_row(query: &Subquery) -> bool {
    query
        .subquery
        .exists(|plan| Ok(matches!(plan, LogicalPlan::SubqueryAlias(alias) if alias.alias.table() == EACH_ROW)))
        .unwrap_or(false)
}

/// A join whose right side depends on the left one, with the query of the right side run for each row of the left one.
/// `None` where it is another join.
pub(crate) fn run_for_each_row(join: &Join, engine: &Weak<Engine>) -> Result<Option<LogicalPlan>> {
    let depends_on_row = lateral(&join.right).is_some_and(|query| !query.subquery.all_out_ref_exprs().is_empty());
    let is_left = match join.join_type {
        JoinType::Inner => false,
        JoinType::Left => true,
        _ => return Ok(None),
    };
    if !depends_on_row {
        return Ok(None);
    }
    let left_schema = join.left.schema();
    // What the rows are joined by is asked inside, where columns of the left side are outside.
    let conditions = join.on.iter().map(|(left, right)| left.clone().eq(right.clone())).chain(join.filter.clone());
    let mut rows = alone(join.right.as_ref().clone())?;
    if let Some(condition) = conjunction(conditions) {
        let condition = condition.transform_up(|expr| {
            Ok(match expr {
                Expr::Column(column) if left_schema.has_column(&column) => {
                    let field = Arc::clone(left_schema.qualified_field_from_column(&column)?.1);
                    Transformed::yes(Expr::OuterReferenceColumn(field, column))
                }
                other => Transformed::no(other),
            })
        });
        rows = LogicalPlanBuilder::from(rows).filter(condition.data()?)?.build()?;
    }
    let query = resolved(Subquery { subquery: Arc::new(rows), outer_ref_columns: Vec::new(), spans: Spans::new() });
    let call = RowQuery::call_for_rows(query, left_schema, engine, is_left)?;
    const ROWS: &str = "__rows_of_call";
    let lefts = || left_schema.columns().into_iter().map(Expr::Column);
    let column = Column::new_unqualified(ROWS);
    let options = UnnestOptions::new().with_preserve_nulls(is_left);
    let fields = join.right.schema().iter().enumerate().map(|(index, (qualifier, field))| {
        let value = get_field().call(vec![Expr::Column(column.clone()), lit(row_field(index))]);
        value.alias_qualified(qualifier.cloned(), field.name())
    });
    let columns: Vec<Expr> = lefts().chain(fields).collect();
    let plan = LogicalPlanBuilder::from(join.left.as_ref().clone())
        .project(lefts().chain([call.alias(ROWS)]))?
        .unnest_column_with_options(column.clone(), options)?
        .project(columns)?
        .build()?;
    Ok(Some(plan))
}
