//! Truths: where a condition is expected, SQLite takes any value.
//!
//! `WHERE dur`, `NOT 0` and `CASE WHEN name THEN …` ask whether the value is a number other than 0. The engine wants a
//! boolean there. What can be seen to be one in the text stays as it is, so that most queries are not touched.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Join, JoinConstraint, JoinOperator, Select, UnaryOperator, Value,
};

use super::grammar::call;
use crate::function::per_row::TRUTH;

/// Functions that give a boolean.
const BOOLEAN_FUNCTIONS: [&str; 8] = [
    TRUTH,
    "glob",
    "regexp_like",
    "starts_with",
    "contains",
    "slice_is_ancestor",
    // What stands in the place of a call in `FROM`; see `json_table`.
    "__json_each",
    "__json_tree",
];

/// `expr` as a condition.
pub(super) fn truth(mut expr: Expr) -> Expr {
    ask(&mut expr);
    expr
}

/// Asks for the truth of `expr` in its place.
fn ask(expr: &mut Expr) {
    if !is_boolean(expr) {
        *expr = call(TRUTH, [std::mem::replace(expr, Expr::value(Value::Null))]);
    }
}

fn is_boolean(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_boolean(inner),
        Expr::Value(value) => matches!(value.value, Value::Boolean(_)),
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::Exists { .. }
        | Expr::UnaryOp { op: UnaryOperator::Not, .. } => true,
        Expr::BinaryOp { op, .. } => matches!(
            op,
            BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq
                | BinaryOperator::Spaceship
                | BinaryOperator::And
                | BinaryOperator::Or
        ),
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            BOOLEAN_FUNCTIONS.contains(&name.as_str())
        }
        _ => false,
    }
}

/// Asks for truths where `expr` expects them of its parts.
pub(super) fn ask_parts(expr: &mut Expr) {
    match expr {
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => ask(expr),
        Expr::BinaryOp { op: BinaryOperator::And | BinaryOperator::Or, left, right } => {
            ask(left);
            ask(right);
        }
        Expr::IsTrue(expr) | Expr::IsNotTrue(expr) | Expr::IsFalse(expr) | Expr::IsNotFalse(expr) => ask(expr),
        Expr::Case { operand: None, conditions, .. } => {
            conditions.iter_mut().for_each(|when| ask(&mut when.condition));
        }
        Expr::Function(function) => {
            if let Some(filter) = &mut function.filter {
                ask(filter);
            }
        }
        _ => {}
    }
}

/// Asks for truths in the clauses of `select`.
pub(super) fn ask_clauses(select: &mut Select) {
    select.selection.iter_mut().chain(select.having.iter_mut()).for_each(ask);
    for join in select.from.iter_mut().flat_map(|from| from.joins.iter_mut()) {
        // A `LEFT JOIN` may have no condition.
        if let JoinOperator::Left(constraint @ JoinConstraint::None)
        | JoinOperator::LeftOuter(constraint @ JoinConstraint::None) = &mut join.join_operator
        {
            *constraint = JoinConstraint::On(Expr::value(Value::Boolean(true)));
        }
        if let Some(condition) = condition_of(join) {
            ask(condition);
        }
    }
}

fn condition_of(join: &mut Join) -> Option<&mut Expr> {
    let constraint = match &mut join.join_operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint) => constraint,
        _ => return None,
    };
    match constraint {
        JoinConstraint::On(condition) => Some(condition),
        _ => None,
    }
}
