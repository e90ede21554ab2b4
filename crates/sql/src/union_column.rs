//! Columns of unions: `SELECT NULL AS id WHERE false UNION ALL VALUES (1)` has a column `id`, whatever is left of it.
//!
//! A union goes by the names of its first query. The engine throws away queries that give no rows, and what it is left
//! with has the names of another query, or a projection of columns that are not there. So every query of a union gets the
//! names of the union.

use std::sync::Arc;

use arrow_schema::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::{Cast, Expr, LogicalPlan, Projection, Union};

/// `plan` with the columns of unions named in every query of theirs.
pub(crate) fn settle(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Union(Union { inputs, schema }) => {
            let names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
            // A truth is a whole number, and the engine finds no type for both.
            let is_number: Vec<bool> = (0..names.len())
                .map(|index| {
                    let types = inputs.iter().map(|input| input.schema().field(index).data_type());
                    let num_truths = types.clone().filter(|data_type| **data_type == DataType::Boolean).count();
                    let num_known = types.filter(|data_type| **data_type != DataType::Null).count();
                    num_truths > 0 && num_truths < num_known
                })
                .collect();
            let is_plain = !is_number.contains(&true);
            let mut is_renamed = !is_plain;
            let mut named = Vec::with_capacity(inputs.len());
            for input in &inputs {
                let own = input.schema();
                if is_plain && own.fields().iter().map(|field| field.name()).eq(names.iter().copied()) {
                    named.push(Arc::clone(input));
                    continue;
                }
                is_renamed = true;
                let columns = own.iter().zip(&names).zip(&is_number).map(|((field, name), is_number)| {
                    let is_truth = field.1.data_type() == &DataType::Boolean;
                    let column = Expr::Column(Column::from(field));
                    let column = match *is_number && is_truth {
                        true => Expr::Cast(Cast::new(Box::new(column), DataType::Int64)),
                        false => column,
                    };
                    column.alias(*name)
                });
                let projection = Projection::try_new(columns.collect(), Arc::clone(input))?;
                named.push(Arc::new(LogicalPlan::Projection(projection)));
            }
            let plan = match is_plain {
                true => LogicalPlan::Union(Union { inputs: named, schema: Arc::clone(&schema) }),
                false => LogicalPlan::Union(Union::try_new_with_loose_types(named)?),
            };
            Ok(if is_renamed { Transformed::yes(plan) } else { Transformed::no(plan) })
        }
        plan => Ok(Transformed::no(plan)),
    })
    .data()
}
