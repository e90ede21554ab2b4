//! Keys of joins: equality of values of different kinds, in a form that the engine joins by.
//!
//! The engine finds equal rows by hashing columns of one type, and tries all pairs for any other condition. Equality of a
//! whole and a real number, or with a mixed column, is a comparison by a function; as a condition that has to hold it is
//! the same as equality of two keys, which are made for each value by itself.

use arrow_schema::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::common::{DFSchema, Result, internal_err};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Filter, LogicalPlan, Operator, lit};

use crate::function::Functions;
use crate::function::mixed::is_mixed;
use crate::function::sqlite::{COMPARE, COMPARE_PLAIN, KEY, KEY_OF_NUMBER, WHOLE_KEY};

/// Puts keys in the place of comparisons that have to find equal values.
pub(crate) fn settle(plan: LogicalPlan, functions: &Functions) -> Result<LogicalPlan> {
    let settled = plan.transform_up_with_subqueries(|plan| {
        Ok(match plan {
            LogicalPlan::Filter(Filter { predicate, input, .. }) => {
                let (predicate, is_changed) = with_keys(predicate, input.schema(), functions)?;
                let filter = LogicalPlan::Filter(Filter::try_new(predicate, input)?);
                if is_changed { Transformed::yes(filter) } else { Transformed::no(filter) }
            }
            LogicalPlan::Join(mut join) => {
                let mut both = join.left.schema().as_ref().clone();
                both.merge(join.right.schema());
                let mut is_changed = false;
                if let Some(filter) = join.filter.take() {
                    let (filter, is_keyed) = with_keys(filter, &both, functions)?;
                    join.filter = Some(filter);
                    is_changed = is_keyed;
                }
                for (left, right) in &mut join.on {
                    let types = (left.get_type(&both)?, right.get_type(&both)?);
                    if types.0 != types.1
                        && let Some((left_key, right_key)) = keys_of(left, right, &types, KEY_OF_NUMBER, functions)?
                    {
                        (*left, *right) = (left_key, right_key);
                        is_changed = true;
                    }
                }
                let join = LogicalPlan::Join(join);
                if is_changed { Transformed::yes(join) } else { Transformed::no(join) }
            }
            plan => Transformed::no(plan),
        })
    });
    settled.data()
}

/// The condition, and whether it has changed.
fn with_keys(condition: Expr, schema: &DFSchema, functions: &Functions) -> Result<(Expr, bool)> {
    let mut is_changed = false;
    let mut parts = Vec::new();
    for part in split_conjunction_owned(condition) {
        let keyed = key_equality(&part, schema, functions)?;
        is_changed |= keyed.is_some();
        parts.push(keyed.unwrap_or(part));
    }
    Ok((conjunction(parts).unwrap_or_else(|| lit(true)), is_changed))
}

/// `key(left) = key(right)` for `compare(left, right) = 0`; `None` for anything else.
fn key_equality(condition: &Expr, schema: &DFSchema, functions: &Functions) -> Result<Option<Expr>> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else { return Ok(None) };
    let Expr::ScalarFunction(call) = left.as_ref() else { return Ok(None) };
    let is_numeric = call.func.name() == COMPARE;
    if **right != lit(0_i64) || !(is_numeric || call.func.name() == COMPARE_PLAIN) {
        return Ok(None);
    }
    let [left, right] = call.args.as_slice() else { return Ok(None) };
    let names_rows = |expr: &Expr| !expr.column_refs().is_empty() || expr.contains_outer();
    if !names_rows(left) || !names_rows(right) {
        return Ok(None);
    }
    let types = (left.get_type(schema)?, right.get_type(schema)?);
    let name = if is_numeric { KEY_OF_NUMBER } else { KEY };
    let keys = keys_of(left, right, &types, name, functions)?;
    Ok(keys.map(|(left, right)| left.eq(right)))
}

/// The keys of two sides of given types; `None` where the engine compares them as they are.
fn keys_of(
    left: &Expr,
    right: &Expr,
    (left_type, right_type): &(DataType, DataType),
    name: &str,
    functions: &Functions,
) -> Result<Option<(Expr, Expr)>> {
    let key = |name: &str, expr: &Expr| match functions.scalar(name) {
        Some(function) => Ok(function.call(vec![expr.clone()])),
        None => internal_err!("the function {name} is missing"),
    };
    Ok(match (left_type, right_type) {
        (whole, DataType::Float64) if whole.is_integer() => Some((left.clone(), key(WHOLE_KEY, right)?)),
        (DataType::Float64, whole) if whole.is_integer() => Some((key(WHOLE_KEY, left)?, right.clone())),
        (left_type, right_type) if is_mixed(left_type) || is_mixed(right_type) => {
            Some((key(name, left)?, key(name, right)?))
        }
        // A number and a text that counts as one.
        (left_type, right_type) if left_type.is_numeric() != right_type.is_numeric() && name == KEY_OF_NUMBER => {
            Some((key(name, left)?, key(name, right)?))
        }
        _ => None,
    })
}
