//! Columns of unions: `SELECT NULL AS id WHERE false UNION ALL VALUES (1)` has a column `id`, whatever is left of it.
//!
//! A union goes by the names of its first query. The engine throws away queries that give no rows, and what it is left
//! with has the names of another query, or a projection of columns that are not there. So every query of a union gets the
//! names of the union.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, Union};

/// `plan` with the columns of unions named in every query of theirs.
pub(crate) fn settle(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Union(Union { inputs, schema }) => {
            let names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
            let mut is_renamed = false;
            let mut named = Vec::with_capacity(inputs.len());
            for input in &inputs {
                let own = input.schema();
                if own.fields().iter().map(|field| field.name()).eq(names.iter().copied()) {
                    named.push(Arc::clone(input));
                    continue;
                }
                is_renamed = true;
                let columns =
                    own.iter().zip(&names).map(|(field, name)| Expr::Column(Column::from(field)).alias(*name));
                let projection = Projection::try_new(columns.collect(), Arc::clone(input))?;
                named.push(Arc::new(LogicalPlan::Projection(projection)));
            }
            let plan = LogicalPlan::Union(Union { inputs: named, schema: Arc::clone(&schema) });
            Ok(if is_renamed { Transformed::yes(plan) } else { Transformed::no(plan) })
        }
        plan => Ok(Transformed::no(plan)),
    })
    .data()
}
