//! Table pointers: the calls that Perfetto's own standard library is written with.
//!
//! `FROM __intrinsic_table_ptr(__intrinsic_dfs((SELECT __intrinsic_graph_agg(a, b) FROM t), …))` collects rows into a value,
//! hands the value to a function, and makes rows of what that gives, whose columns `c0`, `c1` … are named by
//! `__intrinsic_table_ptr_bind(c0, 'node_id')` in the `WHERE`. There is no such value here: the call is read as the kernel
//! that does the same with tables. So a pointer stands where it is made, and cannot be kept in a column.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, Query, Select,
    SelectItem, SetExpr, TableFactor, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use super::bare_column::everything_from;
use super::function_call::plain_arg;
use crate::error::SqlError;

const POINTER: &str = "__intrinsic_table_ptr";
const BIND: &str = "__intrinsic_table_ptr_bind";

/// Replaces the pointers in a part of a statement.
pub(super) fn replace(part: &mut impl VisitMut) -> Result<(), SqlError> {
    struct Replacer;

    impl VisitorMut for Replacer {
        type Break = SqlError;

        fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<SqlError> {
            match replace_in(select) {
                Ok(()) => ControlFlow::Continue(()),
                Err(message) => ControlFlow::Break(SqlError::Invalid { message, place: None }),
            }
        }
    }

    match part.visit(&mut Replacer) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// A name for a column: `c0` of the pointer that goes by `table`.
struct Bound {
    table: Option<String>,
    column: String,
    name: String,
}

fn replace_in(select: &mut Select) -> Result<(), String> {
    let factors = select.from.iter_mut().flat_map(|item| {
        std::iter::once(&mut item.relation).chain(item.joins.iter_mut().map(|join| &mut join.relation))
    });
    let mut pointers: Vec<&mut TableFactor> = factors.filter(|factor| is_pointer(factor)).collect();
    if pointers.is_empty() {
        return Ok(());
    }
    let mut bound = Vec::new();
    select.selection = select.selection.take().and_then(|condition| without_binds(condition, &mut bound));
    let is_only = pointers.len() == 1;
    for factor in &mut pointers {
        let TableFactor::Table { args: Some(args), alias, .. } = &mut **factor else { continue };
        let name = alias.as_ref().map(|alias| alias.name.value.to_lowercase());
        let pointer = match args.args.as_slice() {
            [arg] => plain_arg(arg),
            _ => None,
        };
        let Some(call) = pointer.as_ref().and_then(called) else {
            return Err(format!(
                "`{POINTER}` takes the call that makes the table, such as `__intrinsic_dfs(…)`; no column can hold a table"
            ));
        };
        let (kernel, kernel_args) = kernel_call(&call)?;
        let is_meant = |bound: &&Bound| match &bound.table {
            Some(table) => Some(table) == name.as_ref(),
            None => is_only,
        };
        let columns: Vec<SelectItem> = bound
            .iter()
            .filter(is_meant)
            .map(|bound| SelectItem::ExprWithAlias {
                expr: Expr::Identifier(Ident::with_quote('"', &bound.name)),
                alias: Ident::with_quote('"', &bound.column),
            })
            .collect();
        if columns.is_empty() {
            return Err(format!("the columns of `{POINTER}` have no names: `WHERE {BIND}(c0, 'name')` gives them"));
        }
        let TableFactor::Table { name, args: Some(args), .. } = &mut **factor else { continue };
        *name = ObjectName::from(vec![Ident::new(kernel)]);
        args.args = kernel_args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
        let alias = alias_of(factor);
        let call = datafusion::sql::sqlparser::ast::TableWithJoins { relation: factor.clone(), joins: vec![] };
        let mut query = everything_from(&[call]);
        if let SetExpr::Select(inner) = query.body.as_mut() {
            inner.projection = columns;
        }
        **factor = TableFactor::Derived { lateral: false, subquery: Box::new(query), alias, sample: None };
    }
    Ok(())
}

/// Takes the alias of a table away from it.
fn alias_of(factor: &mut TableFactor) -> Option<datafusion::sql::sqlparser::ast::TableAlias> {
    match factor {
        TableFactor::Table { alias, .. } => alias.take(),
        _ => None,
    }
}

fn is_pointer(factor: &TableFactor) -> bool {
    match factor {
        TableFactor::Table { name, args: Some(_), .. } => name.to_string().eq_ignore_ascii_case(POINTER),
        _ => false,
    }
}

/// The condition without the names that it gives to columns; nothing when nothing else is left.
fn without_binds(condition: Expr, bound: &mut Vec<Bound>) -> Option<Expr> {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            match (without_binds(*left, bound), without_binds(*right, bound)) {
                (Some(left), Some(right)) => {
                    Some(Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::And, right: Box::new(right) })
                }
                (left, right) => left.or(right),
            }
        }
        Expr::Nested(inner) => without_binds(*inner, bound).map(|inner| Expr::Nested(Box::new(inner))),
        condition => {
            let Some(found) = bind_of(&condition) else { return Some(condition) };
            bound.push(found);
            None
        }
    }
}

fn bind_of(condition: &Expr) -> Option<Bound> {
    let Expr::Function(function) = condition else { return None };
    if !function.name.to_string().eq_ignore_ascii_case(BIND) {
        return None;
    }
    let args = args_of(function);
    let [column, name] = args.as_slice() else { return None };
    let (table, column) = match column {
        Expr::Identifier(column) => (None, column),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [table, column] => (Some(table.value.to_lowercase()), column),
            _ => return None,
        },
        _ => return None,
    };
    Some(Bound { table, column: column.value.to_lowercase(), name: text_of(name)?.to_lowercase() })
}

fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text),
        // `"text"` where no column has the name.
        Expr::Identifier(ident) if ident.quote_style == Some('"') => Some(&ident.value),
        _ => None,
    }
}

fn args_of(function: &Function) -> Vec<Expr> {
    match &function.args {
        FunctionArguments::List(list) => list.args.iter().filter_map(plain_arg).collect(),
        _ => Vec::new(),
    }
}

/// The function that makes a table: a call, or a query with nothing but a call.
fn called(pointer: &Expr) -> Option<Pointer> {
    match pointer {
        Expr::Function(function) => {
            Some(Pointer { name: function.name.to_string().to_lowercase(), args: args_of(function), rows: None })
        }
        Expr::Nested(inner) => called(inner),
        Expr::Subquery(query) => {
            let SetExpr::Select(select) = query.body.as_ref() else { return None };
            let [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] = select.projection.as_slice()
            else {
                return None;
            };
            let inner = called(expr)?;
            // `(SELECT __intrinsic_dfs(…))` reads no rows of its own.
            Some(if select.from.is_empty() { inner } else { Pointer { rows: Some(query.clone()), ..inner } })
        }
        _ => None,
    }
}

/// A call that makes a table or collects one.
struct Pointer {
    name: String,
    args: Vec<Expr>,
    /// The query whose rows it collects.
    rows: Option<Box<Query>>,
}

impl Pointer {
    fn wrong(&self) -> String {
        format!("`{}` is called with other arguments than Perfetto's standard library calls it with", self.name)
    }

    /// The argument that collects rows with `collector`, as a table with these columns.
    fn table(&self, index: usize, collector: &str, columns: &[&str]) -> Result<Expr, String> {
        let collected = self.args.get(index).and_then(called).filter(|collected| collected.name == collector);
        collected.and_then(|collected| collected.as_table(columns)).ok_or_else(|| self.wrong())
    }

    /// The rows that the call collects, as a table with these columns.
    fn as_table(&self, columns: &[&str]) -> Option<Expr> {
        (self.args.len() == columns.len()).then(|| self.named(columns.iter().copied().zip(&self.args)))?
    }

    /// The rows that the call collects, of which these columns are given.
    fn named<'a>(&self, columns: impl Iterator<Item = (&'a str, &'a Expr)>) -> Option<Expr> {
        let mut query = self.rows.clone()?;
        let SetExpr::Select(select) = query.body.as_mut() else { return None };
        select.projection = columns
            .map(|(name, expr)| SelectItem::ExprWithAlias {
                expr: expr.clone(),
                alias: Ident::with_quote('"', name.to_lowercase()),
            })
            .collect();
        Some(Expr::Subquery(query))
    }

    /// The table of an argument that collects rows as names and values, and the names.
    fn pairs(&self, index: usize, collector: &str, before: &[&str]) -> Result<(Expr, Vec<String>), String> {
        let collected = self.args.get(index).and_then(called).filter(|collected| collected.name == collector);
        let table = collected.and_then(|collected| {
            let (plain, pairs) = collected.args.split_at_checked(before.len())?;
            let mut names = Vec::new();
            let mut columns: Vec<(&str, &Expr)> = before.iter().copied().zip(plain).collect();
            for pair in pairs.chunks(2) {
                let [name, value] = pair else { return None };
                let name = text_of(name)?;
                columns.push((name, value));
                names.push(name.to_lowercase());
            }
            Some((collected.named(columns.into_iter())?, names))
        });
        table.ok_or_else(|| self.wrong())
    }
}

fn text(text: &str) -> Expr {
    Expr::value(Value::SingleQuotedString(text.to_owned()))
}

/// `(SELECT expr AS name)`.
fn one_row(expr: &Expr, name: &str) -> Expr {
    let mut query = everything_from(&[]);
    if let SetExpr::Select(select) = query.body.as_mut() {
        select.projection = vec![SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', name) }];
    }
    Expr::Subquery(Box::new(query))
}

/// The kernel that does what a call does, and its arguments.
fn kernel_call(call: &Pointer) -> Result<(&'static str, Vec<Expr>), String> {
    const GRAPH: &str = "__intrinsic_graph_agg";
    const EDGE: [&str; 2] = ["source_node_id", "dest_node_id"];
    let graph = || call.table(0, GRAPH, &EDGE);
    Ok(match call.name.as_str() {
        "__intrinsic_dfs" | "__intrinsic_bfs" => {
            let starts = call.table(1, "__intrinsic_array_agg", &["node_id"])?;
            let way = text(&call.name["__intrinsic_".len()..]);
            ("__graph_reachable", vec![graph()?, starts, way])
        }
        "__intrinsic_dominator_tree" => {
            let root = call.args.get(1).ok_or_else(|| call.wrong())?;
            ("__graph_dominator_tree", vec![graph()?, one_row(root, "root_node_id")])
        }
        "__intrinsic_structural_tree_partition" => {
            let rows = call.as_table(&["id", "parent_id", "group_key"]).ok_or_else(|| call.wrong())?;
            ("__tree_partition_by_group", vec![rows])
        }
        "__intrinsic_graph_scan" | "__intrinsic_graph_aggregating_scan" => {
            let (inits, names) = call.pairs(1, "__intrinsic_row_dataframe_agg", &[])?;
            let query = call.args.get(2).ok_or_else(|| call.wrong())?;
            let columns: Vec<String> = match call.args.get(3).and_then(text_of) {
                Some(listed) => listed.trim_matches(['(', ')']).split(',').map(|name| name.trim().to_owned()).collect(),
                None => names,
            };
            let columns: Vec<String> = columns.into_iter().filter(|name| !name.is_empty() && name != "id").collect();
            let way = if call.name.ends_with("aggregating_scan") { "aggregated" } else { "each" };
            let columns = text(&format!("({})", columns.join(", ")));
            ("__graph_scan", vec![graph()?, inits, columns, query.clone(), text(way)])
        }
        "__intrinsic_interval_intersect" => {
            let Some((listed, _)) = call.args.split_last() else { return Err(call.wrong()) };
            let listed = text_of(listed).ok_or_else(|| call.wrong())?;
            let mut args = Vec::new();
            for index in 0..call.args.len() - 1 {
                args.push(call.pairs(index, "__intrinsic_interval_tree_intervals_agg", &["id", "ts", "dur"])?.0);
            }
            args.push(text(&format!("({})", listed.trim().trim_matches(['(', ')']))));
            ("__interval_intersect", args)
        }
        "__intrinsic_interval_create" => {
            const TIMES: &str = "__intrinsic_timestamp_set_agg";
            ("__interval_create", vec![call.table(0, TIMES, &["ts"])?, call.table(1, TIMES, &["ts"])?])
        }
        "__intrinsic_counter_intervals" => {
            let (kind, end) = match call.args.as_slice() {
                [kind, end, _] => (text_of(kind).ok_or_else(|| call.wrong())?, end),
                _ => return Err(call.wrong()),
            };
            if !kind.eq_ignore_ascii_case("leading") {
                return Err(format!("`{}` knows `leading` intervals, not `{kind}` ones", call.name));
            }
            let counters = call.table(2, "__intrinsic_counter_per_track_agg", &["id", "ts", "track_id", "value"])?;
            ("__counter_leading_intervals", vec![counters, one_row(end, "ts")])
        }
        other => return Err(format!("`{POINTER}` knows no function `{other}` that makes a table")),
    })
}
