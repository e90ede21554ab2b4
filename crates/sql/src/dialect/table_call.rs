//! Calls of table functions: `FROM name(…)` replaced by the function's query with its arguments in it.
//!
//! The query becomes part of the statement and is planned with it, so a call costs what the query costs. With columns of
//! other tables among the arguments it is a lateral join, which the engine turns into an ordinary one.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, ExactNumberInfo, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    ObjectName, ObjectNamePart, Query, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, TableAlias,
    TableFactor, TableWithJoins, Value, ValueWithSpan, Visit, VisitMut, Visitor, VisitorMut, WildcardAdditionalOptions,
    visit_relations,
};
use datafusion::sql::sqlparser::tokenizer::{Location, Span};

use super::bare_column::everything_from;
use super::function_call::plain_arg;
use super::grammar::call;
use super::perfetto::{FunctionText, Returns};
use super::script::parse_body;
use super::table_pointer;
use crate::definition::Known;
use crate::error::SqlError;
use crate::function::json_rows::{JsonMark, Kinds, Walk};
use crate::function::per_row::{ARGUMENT, DECLARED_INT, DECLARED_REAL, REAL, TEXTS, WHOLE, WITH_CHECKS};
use crate::function::sqlite::check_argument;
use crate::function::user_defined::{column_type, kind_of_type};
use crate::function::value::Value as Constant;
use crate::json_table::JsonTable;
use crate::kernel;
use crate::kernel::flamegraph::{CONFIG, NAME as FLAME_GRAPH};
use crate::sqlite_schema;
use crate::table_info;

/// Replaces the calls in `statement`; what stands between double quotes in the functions is added to `quoted`.
pub(crate) fn replace(
    statement: &mut Statement,
    known: &Known,
    quoted: &mut HashMap<Location, String>,
) -> Result<(), SqlError> {
    struct Replacer<'a> {
        known: &'a Known,
        quoted: &'a mut HashMap<Location, String>,
        depth: usize,
        /// Calls whose arguments are columns.
        num_bound: usize,
    }

    impl VisitorMut for Replacer<'_> {
        type Break = SqlError;

        fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<SqlError> {
            let TableFactor::Table { name, args: Some(args), alias, .. } = factor else {
                return ControlFlow::Continue(());
            };
            let name = name.to_string().to_lowercase();
            if kernel::is_kernel(&name) {
                if name == FLAME_GRAPH
                    && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(table))) = args.args.first_mut()
                    && let Err(error) = read_table_text(table, self.known, self.quoted)
                {
                    return ControlFlow::Break(error);
                }
                name_kernel_tables(factor);
                return ControlFlow::Continue(());
            }
            let Some(function) = self.known.functions.get(&name) else {
                let columns =
                    sqlite_schema::COLUMNS.iter().find(|(called, _)| *called == name).map(|(_, prefix)| *prefix);
                let info = if name == "perfetto_table_info" { Some(table_info::PREFIX) } else { columns };
                if let Some(prefix) = info {
                    return match args.args.as_slice() {
                        [
                            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(ValueWithSpan {
                                value: Value::SingleQuotedString(described),
                                ..
                            }))),
                        ] => {
                            let described = format!("{prefix}{}", described.to_lowercase());
                            let alias = alias.clone().or_else(|| table_alias(&name));
                            *factor = plain_table(Ident::with_quote('"', described), alias);
                            ControlFlow::Continue(())
                        }
                        _ => {
                            let message = format!("`{name}` takes the name of a table as a text");
                            ControlFlow::Break(SqlError::Invalid { message, place: None })
                        }
                    };
                }
                let walk = match name.as_str() {
                    "json_each" => Walk::Each,
                    "json_tree" => Walk::Tree,
                    _ => return ControlFlow::Continue(()),
                };
                let args: Vec<Expr> = args.args.iter().filter_map(plain_arg).collect();
                let alias = alias.clone().or_else(|| table_alias(&name));
                return match json_elements(walk, &name, &args, alias) {
                    Ok(elements) => {
                        *factor = elements;
                        ControlFlow::Continue(())
                    }
                    Err(error) => ControlFlow::Break(error),
                };
            };
            let Returns::Table(columns) = &function.returns else { return ControlFlow::Continue(()) };
            if let Some(delegate) = &function.delegate {
                self.depth += 1;
                if self.depth > MAX_CALLS {
                    let message = format!("`{name}` delegates to itself");
                    return ControlFlow::Break(SqlError::Invalid { message, place: None });
                }
                if let TableFactor::Table { name, .. } = factor {
                    *name = ObjectName::from(vec![Ident::new(delegate)]);
                }
                return self.pre_visit_table_factor(factor);
            }
            let args: Vec<Expr> = args.args.iter().filter_map(plain_arg).collect();
            if args.len() != function.parameters.len() {
                let (expected, found) = (function.parameters.len(), args.len());
                let message = format!("`{name}` takes {expected} arguments, not {found}");
                return ControlFlow::Break(SqlError::Invalid { message, place: None });
            }
            self.depth += 1;
            if self.depth > MAX_CALLS {
                let message = format!("`{name}` calls itself, or there are more than {MAX_CALLS} calls");
                return ControlFlow::Break(SqlError::Invalid { message, place: None });
            }
            let mut query = match parse_body(function, self.known, self.quoted) {
                Ok(query) => query,
                Err(error) => return ControlFlow::Break(error),
            };
            if let Err(error) = table_pointer::replace(&mut query) {
                return ControlFlow::Break(error);
            }
            name_columns(&mut query, columns);
            let lateral = args.iter().any(|arg| names_columns(arg, true));
            let depends_on_rows = args.iter().any(|arg| names_columns(arg, false));
            if let Err(message) = check_constants(function, &args) {
                return ControlFlow::Break(SqlError::Invalid { message, place: None });
            }
            let args = checked_arguments(function, args);
            let is_recursive = query.with.as_ref().is_some_and(|with| with.recursive);
            match depends_on_rows && (!function.is_shipped || is_recursive) {
                true => {
                    self.num_bound += 1;
                    let arguments = format!("{ARGUMENTS}{}", self.num_bound);
                    let bound = (0..args.len()).map(|index| {
                        let parts = [arguments.clone(), argument_name(index)];
                        Expr::CompoundIdentifier(parts.map(|part| Ident::with_quote('"', part)).to_vec())
                    });
                    let bound: Vec<Expr> = bound.collect();
                    // The engine takes two columns of one name for each other when it makes an ordinary join of this.
                    let is_run = is_recursive || reads_many_tables(&query);
                    put_arguments(&mut query, function, &bound);
                    query = bound_to(&args, &arguments, query, if is_run { EACH_ROW } else { ONE_CALL });
                }
                false => put_arguments(&mut query, function, &args),
            }
            let alias = alias.clone().or_else(|| table_alias(&name));
            *factor = TableFactor::Derived { lateral, subquery: Box::new(query), alias, sample: None };
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
            // Every function that is one expression and ends becomes a part of the statement; the others are run.
            let inlined = match expr {
                Expr::Function(call) if self.depth < MAX_CALLS => inline(call, self.known, self.quoted),
                _ => None,
            };
            if let Some(inlined) = inlined {
                self.depth += 1;
                *expr = inlined;
            }
            ControlFlow::Continue(())
        }
    }

    table_pointer::replace(statement)?;
    match statement.visit(&mut Replacer { known, quoted, depth: 0, num_bound: 0 }) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// `(SELECT * FROM elements WHERE mark(text, path))`: what [`crate::json_table`] makes rows of.
fn json_elements(walk: Walk, name: &str, args: &[Expr], alias: Option<TableAlias>) -> Result<TableFactor, SqlError> {
    let whole = Expr::value(Value::SingleQuotedString("$".to_owned()));
    let (text, path) = match args {
        [text] => (text, &whole),
        [text, path] => (text, path),
        _ => {
            let message = format!("`{name}` takes a text and perhaps a path, not {} arguments", args.len());
            return Err(SqlError::Invalid { message, place: None });
        }
    };
    let constant = |expr: &Expr| match expr {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text.clone()),
        _ => None,
    };
    let kinds = match (constant(text), constant(path)) {
        (Some(text), Some(path)) => Kinds::of_constant(&text, &path, walk),
        _ => Kinds::UNKNOWN,
    };
    let mut query = all_of(Ident::with_quote('"', JsonTable::name_of(kinds)));
    if let SetExpr::Select(select) = query.body.as_mut() {
        select.selection = Some(call(JsonMark::name_of(walk), [text.clone(), path.clone()]));
    }
    let lateral = args.iter().any(|arg| names_columns(arg, true));
    Ok(TableFactor::Derived { lateral, subquery: Box::new(query), alias, sample: None })
}

/// A table that is given as a text, its name or a query, as that table.
fn read_table_text(table: &mut Expr, known: &Known, quoted: &mut HashMap<Location, String>) -> Result<(), SqlError> {
    let Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) = &*table else { return Ok(()) };
    let is_name = !text.is_empty() && text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    let query = match is_name {
        true => all_of(Ident::new(text.to_lowercase())),
        false => {
            let function = FunctionText {
                name: FLAME_GRAPH.to_owned(),
                parameters: Vec::new(),
                returns: Returns::Table(Vec::new()),
                body: text.clone(),
                delegate: None,
                is_variadic: false,
                is_shipped: true,
            };
            parse_body(&function, known, quoted)?
        }
    };
    *table = Expr::Exists { subquery: Box::new(query), negated: false };
    Ok(())
}

/// Brings a kernel's call into the form that the planner hands on: a table is `EXISTS (SELECT …)`, the only expression
/// whose query may have any number of columns, and the last argument says where the call stands.
fn name_kernel_tables(factor: &mut TableFactor) {
    let TableFactor::Table { name, args: Some(call), .. } = factor else { return };
    call.args = std::mem::take(&mut call.args).into_iter().flat_map(flame_graph_settings).collect();
    for arg in &mut call.args {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)) = arg else { continue };
        while let Expr::Nested(inner) = arg {
            *arg = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
        }
        match arg {
            Expr::Subquery(query) => *arg = Expr::Exists { subquery: query.clone(), negated: false },
            Expr::Identifier(ident) => {
                *arg = Expr::Exists { subquery: Box::new(all_of(ident.clone())), negated: false };
            }
            _ => {}
        }
    }
    if let Some(ident) = name.0.first().and_then(|part| part.as_ident()) {
        let Span { start, end } = ident.span;
        let place = kernel::place_text(start.line, start.column, end.column.saturating_sub(start.column));
        let place = Expr::value(Value::SingleQuotedString(place));
        call.args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(place)));
    }
    // The planner takes the name as it stands.
    if let Some(ObjectNamePart::Identifier(ident)) = name.0.first_mut() {
        ident.value = ident.value.to_lowercase();
        ident.quote_style = None;
    }
}

/// The settings of a flame graph are further arguments; anything else is itself.
fn flame_graph_settings(arg: FunctionArg) -> Vec<FunctionArg> {
    match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(Function { name, args, .. })))
            if name.to_string().eq_ignore_ascii_case(CONFIG) =>
        {
            match args {
                FunctionArguments::List(list) => list.args,
                _ => Vec::new(),
            }
        }
        other => vec![other],
    }
}

/// `SELECT * FROM name`.
pub(super) fn all_of(name: Ident) -> Query {
    everything_from(&[TableWithJoins { relation: plain_table(name, None), joins: vec![] }])
}

/// A table by its name.
fn plain_table(name: Ident, alias: Option<TableAlias>) -> TableFactor {
    TableFactor::Table {
        name: ObjectName::from(vec![name]),
        alias,
        args: None,
        with_hints: vec![],
        version: None,
        with_ordinality: false,
        partitions: vec![],
        json_path: None,
        sample: None,
        index_hints: vec![],
    }
}

/// The value of a call of a function whose query is `SELECT expression`.
fn inline(call: &Function, known: &Known, quoted: &mut HashMap<Location, String>) -> Option<Expr> {
    let function = known.functions.get(&call.name.to_string().to_lowercase())?;
    let Returns::Value(kind) = &function.returns else { return None };
    let FunctionArguments::List(list) = &call.args else { return None };
    let args: Vec<Expr> = list.args.iter().filter_map(plain_arg).collect();
    if let Some(delegate) = &function.delegate {
        let num_args = function.parameters.len();
        let is_right = if function.is_variadic { args.len() + 1 >= num_args } else { args.len() == num_args };
        return is_right.then(|| {
            let name = ObjectName::from(vec![Ident::new(delegate)]);
            Expr::Function(Function { name, ..call.clone() })
        });
    }
    let query = parse_body(function, known, quoted).ok()?;
    let SetExpr::Select(select) = *query.body else { return None };
    let is_plain = select.from.is_empty() && select.selection.is_none() && query.with.is_none();
    let mut value = match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] if is_plain => expr.clone(),
        _ => return None,
    };
    if args.len() != function.parameters.len() || holds_query(&value) || calls_itself(function, &value, known) {
        return None;
    }
    let args = checked_arguments(function, args);
    put_arguments(&mut value, function, &args);
    let body = function.body.to_lowercase();
    let is_check = |arg: &Expr| matches!(arg, Expr::Function(call) if call.name.to_string() == ARGUMENT);
    let unused = args
        .into_iter()
        .zip(&function.parameters)
        .filter(|(arg, (parameter, _))| is_check(arg) && !body.contains(&format!("${parameter}")));
    let unused: Vec<Expr> = unused.map(|(arg, _)| arg).collect();
    if !unused.is_empty() {
        value = super::grammar::call(WITH_CHECKS, std::iter::once(value).chain(unused));
    }
    let name = || Expr::value(Value::SingleQuotedString(function.name.clone()));
    let declared = match column_type(kind) {
        arrow_schema::DataType::Int64 => Some(DECLARED_INT),
        arrow_schema::DataType::Float64 => Some(DECLARED_REAL),
        _ => None,
    };
    if let Some(declared) = declared.filter(|_| !function.is_shipped && !kind.eq_ignore_ascii_case("any")) {
        return Some(super::grammar::call(declared, [value, name()]));
    }
    let data_type = match column_type(kind) {
        arrow_schema::DataType::Utf8 => DataType::Text,
        arrow_schema::DataType::Float64 => DataType::Double(ExactNumberInfo::None),
        arrow_schema::DataType::Int64 => DataType::BigInt(None),
        _ => return Some(Expr::Nested(Box::new(value))),
    };
    Some(Expr::Cast { kind: CastKind::Cast, expr: Box::new(value), data_type, array: false, format: None })
}

/// Says which argument is a constant of another kind than the function declares.
fn check_constants(function: &FunctionText, args: &[Expr]) -> Result<(), String> {
    for (arg, (parameter, type_name)) in args.iter().zip(&function.parameters) {
        let value = match arg {
            Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Constant::text(text.as_str()),
            Expr::Value(ValueWithSpan { value: Value::HexStringLiteral(_), .. }) => Constant::Blob(Cow::Borrowed(b"")),
            Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) => match digits.parse::<i64>() {
                Ok(value) => Constant::Int(value),
                Err(_) => digits.parse().map_or(Constant::Null, Constant::Real),
            },
            _ => continue,
        };
        check_argument(&value, kind_of_type(type_name), type_name, &function.name, parameter)?;
    }
    Ok(())
}

/// The arguments of a call of a script's function, each with a check of its kind where its text does not tell the kind.
fn checked_arguments(function: &FunctionText, args: Vec<Expr>) -> Vec<Expr> {
    let text = |text: &str| Expr::value(Value::SingleQuotedString(text.to_owned()));
    let check = |(arg, (parameter, type_name)): (Expr, &(String, String))| {
        let kind = kind_of_type(type_name);
        let is_right = match &arg {
            Expr::Value(ValueWithSpan { value: Value::Null, .. }) => true,
            Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) => {
                kind == REAL || (kind == WHOLE && digits.bytes().all(|digit| digit.is_ascii_digit()))
            }
            Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(_), .. }) => kind == TEXTS,
            _ => false,
        };
        match is_right || kind.is_empty() || function.is_shipped {
            true => arg,
            false => call(ARGUMENT, [arg, text(kind), text(type_name), text(&function.name), text(parameter)]),
        }
    };
    args.into_iter().zip(&function.parameters).map(check).collect()
}

/// Whether an expression has a query in it, whose names could be mistaken.
fn holds_query(expr: &Expr) -> bool {
    struct Finder;

    impl Visitor for Finder {
        type Break = ();

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }

    expr.visit(&mut Finder).is_break()
}

/// Whether `function`, whose value is `value`, calls itself, directly or through other functions of scripts.
fn calls_itself(function: &FunctionText, value: &Expr, known: &Known) -> bool {
    struct Callees<'a> {
        known: &'a Known,
        names: Vec<String>,
    }

    impl Visitor for Callees<'_> {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if let Expr::Function(call) = expr {
                let name = call.name.to_string().to_lowercase();
                if self.known.functions.contains_key(&name) {
                    self.names.push(name);
                }
            }
            ControlFlow::Continue(())
        }
    }

    let callees_of = |part: &dyn Fn(&mut Callees<'_>) -> ControlFlow<()>| {
        let mut callees = Callees { known, names: Vec::new() };
        let _: ControlFlow<()> = part(&mut callees);
        callees.names
    };
    let mut waiting = callees_of(&|callees| value.visit(callees));
    let mut seen: HashSet<String> = HashSet::new();
    while let Some(name) = waiting.pop() {
        if name == function.name {
            return true;
        }
        if !seen.insert(name.clone()) {
            continue;
        }
        if let Some(callee) = known.functions.get(&name).filter(|callee| callee.delegate.is_none())
            && let Ok(body) = parse_body(callee, known, &mut HashMap::new())
        {
            waiting.extend(callees_of(&|callees| body.visit(callees)));
        }
    }
    false
}

/// What the names of tables of arguments begin with, see [`bound_to`].
pub(crate) const ARGUMENTS: &str = "__arguments_";

/// The name of a call that may become part of a join.
const ONE_CALL: &str = "__call";

/// The name of a call that is run for each set of arguments.
pub(crate) const EACH_ROW: &str = "__call_for_each_row";

fn argument_name(index: usize) -> String {
    format!("__argument_{index}")
}

/// `SELECT call.* FROM (SELECT args) arguments, LATERAL (query) call`: the arguments are columns of the tables around the
/// call, and must not be taken for columns of the tables in the function's query. [`crate::sub_query`] puts them where
/// they are used as soon as every name is settled.
fn bound_to(args: &[Expr], arguments: &str, query: Query, call: &str) -> Query {
    let mut values = everything_from(&[]);
    if let SetExpr::Select(select) = values.body.as_mut() {
        let item = |(index, arg): (usize, &Expr)| SelectItem::ExprWithAlias {
            expr: arg.clone(),
            alias: Ident::with_quote('"', argument_name(index)),
        };
        select.projection = args.iter().enumerate().map(item).collect();
    }
    let table = |query: Query, name: &str, lateral| TableWithJoins {
        relation: TableFactor::Derived { lateral, subquery: Box::new(query), alias: table_alias(name), sample: None },
        joins: vec![],
    };
    let mut bound = everything_from(&[table(values, arguments, false), table(query, call, true)]);
    if let SetExpr::Select(select) = bound.body.as_mut() {
        let name = ObjectName::from(vec![Ident::with_quote('"', call)]);
        let of_call = SelectItemQualifiedWildcardKind::ObjectName(name);
        select.projection = vec![SelectItem::QualifiedWildcard(of_call, WildcardAdditionalOptions::default())];
    }
    bound
}

/// How many calls one statement may come to.
const MAX_CALLS: usize = 200;

fn table_alias(name: &str) -> Option<TableAlias> {
    let name = Ident::with_quote('"', name);
    Some(TableAlias { explicit: true, name, columns: vec![], at: None })
}

/// Gives the query's columns the names that the function declares, where the query gives them none.
fn name_columns(query: &mut Query, columns: &[(String, String)]) {
    if let SetExpr::Select(select) = query.body.as_mut()
        && select.projection.len() == columns.len()
    {
        for (item, (name, _)) in select.projection.iter_mut().zip(columns) {
            if let SelectItem::UnnamedExpr(expr) = item
                && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
            {
                *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', name) };
            }
        }
    }
}

/// Puts `args` where `query` has `$parameter`.
pub(crate) fn put_arguments(query: &mut impl VisitMut, function: &FunctionText, args: &[Expr]) {
    struct Putter<'a> {
        function: &'a FunctionText,
        args: &'a [Expr],
    }

    impl VisitorMut for Putter<'_> {
        type Break = ();

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::Value(ValueWithSpan { value: Value::Placeholder(placeholder), .. }) = &*expr {
                let name = placeholder.trim_start_matches('$').to_lowercase();
                let index = self.function.parameters.iter().position(|(parameter, _)| *parameter == name);
                if let Some(arg) = index.and_then(|index| self.args.get(index)) {
                    *expr = Expr::Nested(Box::new(arg.clone()));
                }
            }
            ControlFlow::Continue(())
        }
    }

    let _: ControlFlow<()> = query.visit(&mut Putter { function, args });
}

fn reads_many_tables(query: &Query) -> bool {
    let mut num_tables = 0;
    let _: ControlFlow<()> = visit_relations(query, |_| {
        num_tables += 1;
        ControlFlow::Continue(())
    });
    num_tables > 1
}

/// Whether the expression names columns; those in queries of its own may well be the queries'.
fn names_columns(expr: &Expr, with_queries: bool) -> bool {
    struct Finder {
        with_queries: bool,
        depth: usize,
    }

    impl Visitor for Finder {
        type Break = ();

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.depth += 1;
            ControlFlow::Continue(())
        }

        fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            self.depth -= 1;
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let is_column = matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            match is_column && (self.with_queries || self.depth == 0) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }

    expr.visit(&mut Finder { with_queries, depth: 0 }).is_break()
}
