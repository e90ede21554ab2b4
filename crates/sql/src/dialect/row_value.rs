//! Row values: `(a, b) IN (SELECT x, y …)`, which the engine knows for one column only.
//!
//! It is asked as `EXISTS`. What is not known, a null on either side that might be equal, must keep a row out of `NOT IN`
//! too, so that one asks for rows that are not surely different.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Ident, SetExpr, TableAlias, TableAliasColumnDef, TableFactor, TableWithJoins,
};

use super::bare_column::everything_from;

/// The name of the rows that are looked through, which no script has.
const ROWS: &str = "__rows";

/// Rewrites a comparison of a row with the rows of a query.
pub(super) fn compare_with_rows(expr: &mut Expr) {
    let Expr::InSubquery { expr: sought, subquery, negated } = expr else { return };
    let Expr::Tuple(values) = sought.as_ref() else { return };
    let column = |index: usize| Ident::with_quote('"', format!("__column_{index}"));
    let columns = (0..values.len()).map(|index| TableAliasColumnDef { name: column(index), data_type: None });
    let alias = TableAlias { explicit: true, name: Ident::with_quote('"', ROWS), columns: columns.collect(), at: None };
    let relation =
        TableFactor::Derived { lateral: false, subquery: subquery.clone(), alias: Some(alias), sample: None };
    let are_equal = values
        .iter()
        .enumerate()
        .map(|(index, value)| Expr::BinaryOp {
            left: Box::new(Expr::CompoundIdentifier(vec![Ident::with_quote('"', ROWS), column(index)])),
            op: BinaryOperator::Eq,
            right: Box::new(Expr::Nested(Box::new(value.clone()))),
        })
        .reduce(|left, right| Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::And, right: Box::new(right) });
    let Some(are_equal) = are_equal else { return };
    let condition = match *negated {
        true => Expr::IsNotFalse(Box::new(Expr::Nested(Box::new(are_equal)))),
        false => are_equal,
    };
    let mut query = everything_from(&[TableWithJoins { relation, joins: vec![] }]);
    if let SetExpr::Select(select) = query.body.as_mut() {
        select.selection = Some(condition);
    }
    *expr = Expr::Exists { subquery: Box::new(query), negated: *negated };
}
