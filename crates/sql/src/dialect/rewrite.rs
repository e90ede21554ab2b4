//! Rewriting: a parsed statement as SQLite means it, turned into one that DataFusion reads the same way.
//!
//! - `LIKE` ignores case, and a backslash in its pattern is a backslash unless `ESCAPE` says otherwise.
//! - `"text"` is a text when nothing has that name. Only the planner knows what has a name, so it is asked first, and
//!   the places it stumbles over are read as texts then.
//! - A result column without a name is named by its text. Two of the same text are fine, while a plan insists on
//!   different names: [`rewrite`] returns how the plan's names are to be spelled.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CreateView, Expr, Ident, LimitClause, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    Statement, UnaryOperator, Value, ValueWithSpan, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::{Location, Span};

use super::grammar::call;
use super::script::ItemTexts;

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
    fn name_result_columns(&self, select: &mut Select, texts: &[&str]) -> HashMap<String, String> {
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
                        None if has_texts => texts[index].to_owned(),
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
        for item in &mut select.projection {
            match item {
                // Lets an outer query say `"max(dur)"`, and two unnamed ones of the same text stand side by side.
                SelectItem::UnnamedExpr(expr) if column_name(expr).is_none() => {
                    let alias = quoted_ident(&expr.to_string().to_lowercase());
                    *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
                }
                SelectItem::ExprWithAlias { alias, .. } => {
                    let (name, typed) = (alias.value.to_lowercase(), self.typed(alias));
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
        // `LIMIT -1 OFFSET n` is how SQLite says "from the n-th on".
        if let Some(LimitClause::LimitOffset { limit, .. }) = &mut query.limit_clause
            && let Some(Expr::UnaryOp { op: UnaryOperator::Minus, .. }) = limit
        {
            *limit = None;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Like { .. } = expr {
            *expr = case_insensitive_like(std::mem::replace(expr, Expr::value(Value::Null)));
        }
        ControlFlow::Continue(())
    }
}

fn case_insensitive_like(like: Expr) -> Expr {
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
                && self.unresolved.iter().any(|missing| {
                    missing.location.map_or(missing.name == ident.value, |location| location == ident.span.start)
                })
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
