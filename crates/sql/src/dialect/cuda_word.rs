//! `category = "cuda"`: the first thing people type, read as the category that torch's kernels have.
//!
//! PyTorch's profiler files kernels under `kernel`, so the filter that tutorials show finds nothing in its traces, and
//! an empty result looks like a trace without GPU work. Only a plain condition on the trace's own slices is read so,
//! where its literal meaning is known to be empty; everything else means what it says.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Ident, Select, Statement, TableFactor, Value, VisitMut, VisitorMut,
};

/// What people write.
pub(crate) const WRITTEN: &str = "cuda";

/// What it is read as.
pub(crate) const MEANT: &str = "kernel";

/// Tables of slices by the trace's categories.
const SLICE_TABLES: [&str; 2] = ["slice", "slices"];

/// The column, under both of its names.
const COLUMNS: [&str; 2] = ["category", "cat"];

/// The statement with [`MEANT`] where it asks for slices of category [`WRITTEN`]; `None` when it does not.
pub(crate) fn read_as_meant(statement: &Statement) -> Option<Statement> {
    let mut statement = statement.clone();
    let mut replacer = Replacer { has_replaced: false };
    let _: ControlFlow<()> = statement.visit(&mut replacer);
    replacer.has_replaced.then_some(statement)
}

struct Replacer {
    has_replaced: bool,
}

impl VisitorMut for Replacer {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let tables = slice_tables(select);
        if !tables.is_empty()
            && let Some(condition) = &mut select.selection
        {
            self.condition(condition, &tables);
        }
        ControlFlow::Continue(())
    }
}

impl Replacer {
    fn condition(&mut self, condition: &mut Expr, tables: &HashSet<String>) {
        match condition {
            Expr::Nested(inner) => self.condition(inner, tables),
            Expr::BinaryOp { left, op: BinaryOperator::And | BinaryOperator::Or, right } => {
                self.condition(left, tables);
                self.condition(right, tables);
            }
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                self.comparison(left, right, tables);
                self.comparison(right, left, tables);
            }
            _ => {}
        }
    }

    fn comparison(&mut self, column: &Expr, word: &mut Expr, tables: &HashSet<String>) {
        if is_category(column, tables) && is_written(word) {
            *word = Expr::value(Value::SingleQuotedString(MEANT.to_owned()));
            self.has_replaced = true;
        }
    }
}

/// The names that slices go by in the `FROM` of a `SELECT`.
fn slice_tables(select: &Select) -> HashSet<String> {
    let factors = select
        .from
        .iter()
        .flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
    factors
        .filter_map(|factor| match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let table = name.to_string().to_lowercase();
                let goes_by = alias.as_ref().map_or_else(|| table.clone(), |alias| alias.name.value.to_lowercase());
                SLICE_TABLES.contains(&table.as_str()).then_some(goes_by)
            }
            _ => None,
        })
        .collect()
}

fn is_category(expr: &Expr, tables: &HashSet<String>) -> bool {
    let is_column = |ident: &Ident| COLUMNS.contains(&ident.value.to_lowercase().as_str());
    match expr {
        Expr::Identifier(column) => is_column(column),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [table, column] => is_column(column) && tables.contains(&table.value.to_lowercase()),
            _ => false,
        },
        _ => false,
    }
}

/// Double quotes hold a text where no column has the name, and no table of slices has a column `cuda`.
fn is_written(expr: &Expr) -> bool {
    match expr {
        Expr::Identifier(ident) => ident.quote_style == Some('"') && ident.value == WRITTEN,
        Expr::Value(value) => matches!(&value.value, Value::SingleQuotedString(text) if text == WRITTEN),
        _ => false,
    }
}
