//! Rewriting: a parsed statement as SQLite means it, turned into one that DataFusion reads the same way.
//!
//! - `LIKE` ignores case, and a backslash in its pattern is a backslash unless `ESCAPE` says otherwise.
//! - `"text"` is a text when nothing has that name. Only the planner knows what has a name, so it is asked first, and
//!   the places it stumbles over are read as texts then.
//! - A result column without a name is named by its text. Two of the same text are fine, while a plan insists on
//!   different names: [`rewrite`] returns how the plan's names are to be spelled.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, CreateView, Cte, Expr, Ident, LimitClause, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Statement, UnaryOperator, Value, ValueWithSpan, Values, VisitMut,
    VisitorMut, visit_relations,
};
use datafusion::sql::sqlparser::tokenizer::{Location, Span};

use super::affinity::data_type_of;
use super::grammar::call;
use super::script::ItemTexts;
use super::{function_call, join_columns, row_value, truth};
use crate::function::choice::CASE;
use crate::function::per_row::{CAST_INT, CAST_REAL, CAST_TEXT, MIXED};
use crate::function::sqlite::BIT_NOT;

/// A name that the planner could not find.
#[derive(Debug, Clone)]
pub(crate) struct Unresolved {
    /// The name, in the plan's spelling.
    pub(crate) name: String,
    /// Where it stands, if the planner tells.
    pub(crate) location: Option<Location>,
}

/// Rewrites a statement and returns how its result columns are to be spelled, by their name in the plan.
pub(crate) fn rewrite(
    statement: &mut Statement,
    quoted: &HashMap<Location, String>,
    item_texts: &ItemTexts<'_>,
) -> HashMap<String, String> {
    let mut rewriter = Rewriter { quoted, spelling: HashMap::new() };
    let mut headers = HashMap::new();
    if let Some(select) = main_select(statement) {
        let texts = item_texts.after(select.select_token.0.span.start);
        headers = rewriter.name_result_columns(select, &texts);
    }
    let _: ControlFlow<()> = statement.visit(&mut rewriter);
    let mut spelling = rewriter.spelling;
    spelling.extend(headers);
    spelling
}

/// The `SELECT` whose list names the result's columns.
fn main_select(statement: &mut Statement) -> Option<&mut Select> {
    let query = match statement {
        Statement::Query(query) => query,
        Statement::CreateView(CreateView { query, .. }) => query,
        Statement::CreateTable(table) => table.query.as_mut()?,
        _ => return None,
    };
    let mut body = query.body.as_mut();
    loop {
        match body {
            SetExpr::Select(select) => return Some(select),
            SetExpr::Query(query) => body = query.body.as_mut(),
            SetExpr::SetOperation { left, .. } => body = left.as_mut(),
            _ => return None,
        }
    }
}

struct Rewriter<'a> {
    quoted: &'a HashMap<Location, String>,
    /// Aliases as typed, by their name in the plan.
    spelling: HashMap<String, String>,
}

impl Rewriter<'_> {
    fn typed(&self, ident: &Ident) -> String {
        match ident.quote_style {
            Some(_) => self.quoted.get(&ident.span.start).unwrap_or(&ident.value).clone(),
            None => ident.value.clone(),
        }
    }

    /// Gives every item of the statement's own list a name that no other has; returns how to spell those.
    fn name_result_columns(&self, select: &mut Select, texts: &[String]) -> HashMap<String, String> {
        let mut headers = HashMap::new();
        let mut taken: HashSet<String> = HashSet::new();
        // `SELECT *, name FROM slice`: the star has the name already.
        let has_star = select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_)));
        let starred: Vec<String> = select.projection.iter().filter_map(starred_table).collect();
        let has_texts = texts.len() == select.projection.len();
        for (index, item) in select.projection.iter_mut().enumerate() {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let column = column_name(expr);
                    let is_starred = has_star || table_name(expr).is_some_and(|table| starred.contains(&table));
                    let is_taken = column.is_some() && is_starred;
                    let plan_name = unique_name(column.clone().unwrap_or_else(|| expr.to_string()), &taken, is_taken);
                    let header = match &column {
                        Some(column) => column.clone(),
                        None if has_texts && !texts[index].is_empty() => texts[index].clone(),
                        None => expr.to_string(),
                    };
                    if column.as_ref() != Some(&plan_name) {
                        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: quoted_ident(&plan_name) };
                        headers.insert(plan_name.clone(), header);
                    }
                    taken.insert(plan_name);
                }
                SelectItem::ExprWithAlias { alias, .. } => {
                    let typed = self.typed(alias);
                    let name = alias.value.to_lowercase();
                    let plan_name = unique_name(name.clone(), &taken, false);
                    if plan_name != name {
                        *alias = quoted_ident(&plan_name);
                    }
                    if plan_name != typed {
                        headers.insert(plan_name.clone(), typed);
                    }
                    taken.insert(plan_name);
                }
                _ => {}
            }
        }
        headers
    }
}

/// `name`, or with a number behind it when it is taken; SQLite numbers the columns of a sub-query the same way.
fn unique_name(name: String, taken: &HashSet<String>, is_taken: bool) -> String {
    if !is_taken && !taken.contains(&name) {
        return name;
    }
    let mut number = 1;
    loop {
        let numbered = format!("{name}:{number}");
        if !taken.contains(&numbered) {
            return numbered;
        }
        number += 1;
    }
}

fn quoted_ident(name: &str) -> Ident {
    Ident { value: name.to_owned(), quote_style: Some('"'), span: Span::empty() }
}

/// The name under which a plain column comes out.
fn column_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(ident.value.to_lowercase()),
        Expr::CompoundIdentifier(parts) => parts.last().map(|ident| ident.value.to_lowercase()),
        _ => None,
    }
}

/// The table before a plain column.
fn table_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::CompoundIdentifier(parts) => parts.iter().rev().nth(1).map(|ident| ident.value.to_lowercase()),
        _ => None,
    }
}

/// The table of `table.*`.
fn starred_table(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
            name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase())
        }
        _ => None,
    }
}

impl VisitorMut for Rewriter<'_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        truth::ask_clauses(select);
        join_columns::spell_out(select);
        let mut taken = HashSet::new();
        for item in &mut select.projection {
            match item {
                // Lets an outer query say `"max(dur)"`, and two of the same text or name stand side by side.
                SelectItem::UnnamedExpr(expr) => {
                    let column = column_name(expr);
                    let text = || expr.to_string().to_lowercase();
                    let name = unique_name(column.clone().unwrap_or_else(text), &taken, false);
                    if column.as_ref() != Some(&name) {
                        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: quoted_ident(&name) };
                    }
                    taken.insert(name);
                }
                SelectItem::ExprWithAlias { alias, .. } => {
                    let (name, typed) = (alias.value.to_lowercase(), self.typed(alias));
                    taken.insert(name.clone());
                    if name != typed {
                        self.spelling.insert(name, typed);
                    }
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &mut Statement) -> ControlFlow<()> {
        // Everything that a script makes is gone with the session.
        match statement {
            Statement::CreateTable(table) => table.temporary = false,
            Statement::CreateView(view) => view.temporary = false,
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        // The word `RECURSIVE` may be left out.
        if let Some(with) = &mut query.with
            && !with.recursive
        {
            with.recursive = with.cte_tables.iter().any(names_itself);
        }
        read_left_to_right(&mut query.body);
        mix_values(&mut query.body);
        // `LIMIT -1 OFFSET n` is how SQLite says "from the n-th on".
        if let Some(LimitClause::LimitOffset { limit, .. }) = &mut query.limit_clause
            && let Some(Expr::UnaryOp { op: UnaryOperator::Minus, .. }) = limit
        {
            *limit = None;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        row_value::compare_with_rows(expr);
        if let Expr::BinaryOp { left, right, .. } = expr
            && (ignores_case(left) || ignores_case(right))
        {
            for side in [left, right] {
                **side = lower(side);
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        truth::ask_parts(expr);
        if let Some(rewritten) = rewritten(expr) {
            *expr = rewritten;
        }
        ControlFlow::Continue(())
    }
}

/// SQLite takes `UNION`, `EXCEPT` and `INTERSECT` from left to right, where the parser binds `INTERSECT` closer.
fn read_left_to_right(body: &mut Box<SetExpr>) {
    let SetExpr::SetOperation { left, right, .. } = body.as_mut() else { return };
    read_left_to_right(left);
    if !matches!(right.as_ref(), SetExpr::SetOperation { .. }) {
        return;
    }
    // `a UNION b INTERSECT c` is `(a UNION b) INTERSECT c`; what stands in parentheses would be a query of its own.
    let nothing = SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows: vec![] });
    let outer = std::mem::replace(body.as_mut(), nothing);
    let SetExpr::SetOperation { op, set_quantifier, left, right } = outer else { return };
    let SetExpr::SetOperation { op: next_op, set_quantifier: next_quantifier, left: middle, right: last } = *right
    else {
        return;
    };
    let mut first = Box::new(SetExpr::SetOperation { op, set_quantifier, left, right: middle });
    read_left_to_right(&mut first);
    **body = SetExpr::SetOperation { op: next_op, set_quantifier: next_quantifier, left: first, right: last };
}

/// `VALUES (1), ('a')` has a column of a number and a text.
fn mix_values(body: &mut SetExpr) {
    let values = match body {
        SetExpr::SetOperation { left, right, .. } => {
            mix_values(left);
            mix_values(right);
            return;
        }
        SetExpr::Values(values) => values,
        _ => return,
    };
    let kind = |expr: &Expr| match expr {
        Expr::Value(ValueWithSpan { value, .. }) => match value {
            Value::Number(..) | Value::Boolean(_) => Some(0),
            Value::SingleQuotedString(_) => Some(1),
            Value::HexStringLiteral(_) => Some(2),
            _ => None,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus | UnaryOperator::Plus, .. } => Some(0),
        _ => None,
    };
    let num_columns = values.rows.first().map_or(0, |row| row.len());
    for column in 0..num_columns {
        let mut kinds = values.rows.iter().filter_map(|row| row.get(column)).filter_map(kind);
        let Some(first) = kinds.next() else { continue };
        if kinds.any(|kind| kind != first) {
            for expr in values.rows.iter_mut().filter_map(|row| row.get_mut(column)) {
                *expr = call(MIXED, [std::mem::replace(expr, Expr::value(Value::Null))]);
            }
        }
    }
}

fn names_itself(cte: &Cte) -> bool {
    let name = cte.alias.name.value.to_lowercase();
    let named = visit_relations(&cte.query, |relation| match relation.to_string().to_lowercase() == name {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    named.is_break()
}

/// The expression as it is to be planned; `None` when it may stay as it is.
fn rewritten(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Like { .. } => Some(case_insensitive_like(expr.clone())),
        Expr::Function(function) => function_call::rewritten(function),
        Expr::Cast { expr, data_type, array: false, format: None, .. } => {
            let name = match data_type_of(&data_type.to_string())? {
                DataType::Int64 => CAST_INT,
                DataType::Float64 => CAST_REAL,
                DataType::Utf8 => CAST_TEXT,
                _ => return None,
            };
            Some(call(name, [expr.as_ref().clone()]))
        }
        Expr::Substring { expr, substring_from: Some(start), substring_for, .. } => {
            Some(function_call::substr(expr, start, substring_for.as_deref()))
        }
        Expr::Trim { trim_where: None, trim_what: None, expr, trim_characters } => {
            let characters = trim_characters.iter().flatten().cloned();
            Some(call("btrim", std::iter::once(function_call::as_text(expr)).chain(characters)))
        }
        // The planner does the same later, when it is too late to look at the types.
        Expr::Between { expr, negated, low, high } => {
            let compare = |op, bound: &Expr| binary(expr.as_ref().clone(), op, bound.clone());
            let is_between = binary(
                compare(BinaryOperator::GtEq, low.as_ref()),
                BinaryOperator::And,
                compare(BinaryOperator::LtEq, high.as_ref()),
            );
            let is_between = Expr::Nested(Box::new(is_between));
            Some(match negated {
                true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(is_between) },
                false => is_between,
            })
        }
        Expr::Case { operand, conditions, else_result, .. } => {
            let condition = |when: &CaseWhen| match operand {
                Some(operand) => binary(operand.as_ref().clone(), BinaryOperator::Eq, when.condition.clone()),
                None => when.condition.clone(),
            };
            let args = conditions.iter().flat_map(|when| [condition(when), when.result.clone()]);
            Some(call(CASE, args.chain(else_result.as_deref().cloned())))
        }
        // SQLite takes it from 0, whatever it is; what is written as a number stays one.
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } if !is_number(expr) => {
            let zero = Expr::value(Value::Number("0".to_owned(), false));
            let taken = binary(zero, BinaryOperator::Minus, Expr::Nested(expr.clone()));
            Some(Expr::Nested(Box::new(taken)))
        }
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } => Some(Expr::Nested(expr.clone())),
        Expr::UnaryOp { op: UnaryOperator::BitwiseNot, expr } => Some(call(BIT_NOT, [expr.as_ref().clone()])),
        Expr::Collate { expr: inner, .. } => Some(match ignores_case(expr) {
            true => lower(inner),
            false => inner.as_ref().clone(),
        }),
        _ => None,
    }
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

/// Whether the expression is a number as written, perhaps in parentheses or below zero.
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Minus, expr: inner } => is_number(inner),
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        _ => false,
    }
}

fn ignores_case(expr: &Expr) -> bool {
    matches!(expr, Expr::Collate { collation, .. } if collation.to_string().eq_ignore_ascii_case("nocase"))
}

fn lower(expr: &Expr) -> Expr {
    let inner = match expr {
        Expr::Collate { expr, .. } => expr,
        other => other,
    };
    call("lower", [function_call::as_text(inner)])
}

pub(super) fn case_insensitive_like(like: Expr) -> Expr {
    let Expr::Like { negated, any, expr, pattern, escape_char } = like else { return like };
    let escape = match escape_char.map(|value| value.value) {
        Some(Value::SingleQuotedString(text)) => text.chars().next(),
        _ => None,
    };
    let pattern = match *pattern {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), span }) => {
            Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(backslash_pattern(&text, escape)), span })
        }
        computed => call(LIKE_PATTERN, [computed, text_literal(&escape.map(String::from).unwrap_or_default())]),
    };
    let expr = Box::new(function_call::as_text(&expr));
    Expr::ILike { negated, any, expr, pattern: Box::new(pattern), escape_char: None }
}

/// The function that does [`backslash_pattern`] for patterns that are computed.
pub(crate) const LIKE_PATTERN: &str = "__like_pattern";

/// A `LIKE` pattern whose escape is `escape`, or nothing, as one whose escape is the backslash.
pub(crate) fn backslash_pattern(pattern: &str, escape: Option<char>) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if Some(c) == escape {
            if let Some(next) = chars.next() {
                out.push('\\');
                out.push(next);
            }
        } else {
            if c == '\\' {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

fn text_literal(text: &str) -> Expr {
    Expr::value(Value::SingleQuotedString(text.to_owned()))
}

/// Reads a name that no table has as the name of a result column of the same `SELECT`, in its conditions and groups;
/// false when there is none.
pub(crate) fn read_as_result_columns(statement: &mut Statement, unresolved: &[Unresolved]) -> bool {
    struct Replacer<'a> {
        unresolved: &'a [Unresolved],
        has_replaced: bool,
    }

    struct Names<'a> {
        unresolved: &'a [Unresolved],
        columns: &'a HashMap<String, Expr>,
        has_replaced: bool,
    }

    impl VisitorMut for Names<'_> {
        type Break = ();

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::Identifier(ident) = &*expr
                && let Some(column) = self.columns.get(&ident.value.to_lowercase())
                && self.unresolved.iter().any(|missing| is_at(missing, ident))
            {
                *expr = Expr::Nested(Box::new(column.clone()));
                self.has_replaced = true;
            }
            ControlFlow::Continue(())
        }
    }

    impl VisitorMut for Replacer<'_> {
        type Break = ();

        fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
            let named = |item: &SelectItem| match item {
                SelectItem::ExprWithAlias { expr, alias } => Some((alias.value.to_lowercase(), expr.clone())),
                _ => None,
            };
            let columns = select.projection.iter().filter_map(named).collect();
            let mut names = Names { unresolved: self.unresolved, columns: &columns, has_replaced: false };
            for clause in select.selection.iter_mut().chain(select.having.iter_mut()) {
                let _: ControlFlow<()> = clause.visit(&mut names);
            }
            let _: ControlFlow<()> = select.group_by.visit(&mut names);
            self.has_replaced |= names.has_replaced;
            ControlFlow::Continue(())
        }
    }

    let mut replacer = Replacer { unresolved, has_replaced: false };
    let _: ControlFlow<()> = statement.visit(&mut replacer);
    replacer.has_replaced
}

/// Reads the given names of a row's number as the column `id`; false when the statement has none.
pub(crate) fn read_row_ids(statement: &mut Statement, names: &[String]) -> bool {
    struct Replacer<'a> {
        names: &'a [String],
        has_replaced: bool,
    }

    impl VisitorMut for Replacer<'_> {
        type Break = ();

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            let ident = match expr {
                Expr::Identifier(ident) => Some(ident),
                Expr::CompoundIdentifier(parts) => parts.last_mut(),
                _ => None,
            };
            if let Some(ident) = ident.filter(|ident| self.names.contains(&ident.value.to_lowercase())) {
                ident.value = "id".to_owned();
                self.has_replaced = true;
            }
            ControlFlow::Continue(())
        }
    }

    let mut replacer = Replacer { names, has_replaced: false };
    let _: ControlFlow<()> = statement.visit(&mut replacer);
    replacer.has_replaced
}

fn is_at(missing: &Unresolved, ident: &Ident) -> bool {
    missing.location.map_or(missing.name == ident.value, |location| location == ident.span.start)
}

/// Reads `"text"` as a text at the given places; false when none of them is one.
pub(crate) fn read_as_texts(
    statement: &mut Statement,
    quoted: &HashMap<Location, String>,
    unresolved: &[Unresolved],
) -> bool {
    struct Replacer<'a> {
        quoted: &'a HashMap<Location, String>,
        unresolved: &'a [Unresolved],
        has_replaced: bool,
    }

    impl VisitorMut for Replacer<'_> {
        type Break = ();

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::Identifier(ident) = &*expr
                && ident.quote_style == Some('"')
                && let Some(text) = self.quoted.get(&ident.span.start)
                && self.unresolved.iter().any(|missing| is_at(missing, ident))
            {
                *expr = text_literal(text);
                self.has_replaced = true;
            }
            ControlFlow::Continue(())
        }
    }

    let mut replacer = Replacer { quoted, unresolved, has_replaced: false };
    let _: ControlFlow<()> = statement.visit(&mut replacer);
    replacer.has_replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_keeps_its_backslashes_unless_they_escape() {
        for (pattern, escape, expected) in [
            ("%a\\b%", None, "%a\\\\b%"),
            ("50\\%", Some('\\'), "50\\%"),
            ("50!%!!", Some('!'), "50\\%\\!"),
            ("x!", Some('!'), "x"),
        ] {
            assert_eq!(backslash_pattern(pattern, escape), expected, "{pattern}");
        }
    }
}
