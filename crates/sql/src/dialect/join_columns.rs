//! Columns of joins: `SELECT *` over `JOIN … USING (…)`, in SQLite's order.
//!
//! Both sides have the columns that a join is made by, and `*` gives them once, where the left side has them. The engine
//! keeps those of the table whose name comes first in the alphabet, so the star is spelled out table by table.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, ExceptSelectItem, Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Query,
    ReplaceSelectElement, ReplaceSelectItem, Select, SelectItem, SelectItemQualifiedWildcardKind, TableAlias,
    TableFactor, TableWithJoins, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

use super::grammar::call;
use crate::function::choice::COALESCE;

/// Spells out the star of a `SELECT` whose tables are joined by columns of one name, and such columns where either side
/// of a join may have no row: there the value is that of the side that has one.
pub(super) fn spell_out(select: &mut Select) {
    let is_star = |item: &SelectItem| matches!(item, SelectItem::Wildcard(options) if *options == no_options());
    let is_joined = select.from.iter().any(|item| item.joins.iter().any(|join| !used_columns(join).is_empty()));
    if !is_joined {
        return;
    }
    let mut tables = Vec::new();
    let mut merged: HashMap<String, Merged> = HashMap::new();
    for (index, item) in select.from.iter_mut().enumerate() {
        let Some(joined) = JoinedTables::of(item, index) else { return };
        for (column, owners) in joined.owners.into_iter().filter(|(_, owners)| owners.may_be_missing) {
            merged.insert(column.clone(), owners.merged(&column));
        }
        tables.extend(joined.tables);
    }
    if select.projection.iter().any(is_star) {
        spell_star(select, tables, &merged);
    }
    if merged.is_empty() {
        return;
    }
    let mut names = Names { merged: &merged, depth: 0 };
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(Expr::Identifier(ident)) = item
            && let Some(merged) = merged.get(&ident.value.to_lowercase())
        {
            *item = SelectItem::ExprWithAlias { expr: merged.value.clone(), alias: ident.clone() };
            continue;
        }
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            let _: ControlFlow<()> = expr.visit(&mut names);
        }
    }
    for clause in select.selection.iter_mut().chain(select.having.iter_mut()) {
        let _: ControlFlow<()> = clause.visit(&mut names);
    }
    let _: ControlFlow<()> = select.group_by.visit(&mut names);
}

/// The tables that have a column that joins are made by.
struct Owners {
    tables: Vec<Ident>,
    /// Whether the first of them may have no row where another one has.
    may_be_missing: bool,
}

impl Owners {
    fn merged(&self, column: &str) -> Merged {
        let of_table = |table: &Ident| Expr::CompoundIdentifier(vec![table.clone(), Ident::with_quote('"', column)]);
        Merged { first: self.tables[0].clone(), value: call(COALESCE, self.tables.iter().map(of_table)) }
    }
}

/// A column of several tables, each of which may have no row.
struct Merged {
    /// The table in whose place `*` gives it.
    first: Ident,
    value: Expr,
}

/// The tables of one item of a `FROM`.
struct JoinedTables {
    /// Each with the columns that `*` leaves out.
    tables: Vec<(Ident, Vec<Ident>)>,
    owners: HashMap<String, Owners>,
}

impl JoinedTables {
    /// `None` where it cannot be told which table has a column.
    fn of(item: &mut TableWithJoins, index: usize) -> Option<Self> {
        let first = table_name(&mut item.relation, &format!("__table_{index}"))?;
        let mut tables = vec![(first, Vec::new())];
        let mut owners: HashMap<String, Owners> = HashMap::new();
        for (number, join) in item.joins.iter_mut().enumerate() {
            let used = used_columns(join);
            let is_outer = match &join.join_operator {
                JoinOperator::Right(_) | JoinOperator::RightOuter(_) | JoinOperator::FullOuter(_) => true,
                JoinOperator::Join(_)
                | JoinOperator::Inner(_)
                | JoinOperator::Left(_)
                | JoinOperator::LeftOuter(_)
                | JoinOperator::CrossJoin(_) => false,
                _ => return None,
            };
            let name = table_name(&mut join.relation, &format!("__table_{index}_{number}"))?;
            // `USING` looks at one table on the left, which may have no row.
            if used.iter().any(|column| owners.get(&column.value).is_some_and(|owners| owners.may_be_missing)) {
                let first = &tables[0].0;
                let condition = used.iter().map(|column| {
                    let of = |table: &Ident| Expr::CompoundIdentifier(vec![table.clone(), column.clone()]);
                    let left = owners.get(&column.value).map(|owners| owners.merged(&column.value).value);
                    equal(left.unwrap_or_else(|| of(first)), of(&name))
                });
                let condition = condition.reduce(both)?;
                *constraint_of(join)? = JoinConstraint::On(condition);
            }
            for column in &used {
                let owners = match owners.get_mut(&column.value) {
                    Some(owners) => owners,
                    // One of several tables has it, and nothing here says which.
                    None if tables.len() > 1 && is_outer => return None,
                    None => owners
                        .entry(column.value.clone())
                        .or_insert_with(|| Owners { tables: vec![tables[0].0.clone()], may_be_missing: false }),
                };
                owners.tables.push(name.clone());
                owners.may_be_missing |= is_outer;
            }
            tables.push((name, used));
        }
        Some(Self { tables, owners })
    }
}

fn equal(left: Expr, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::Eq, right: Box::new(right) }
}

fn both(left: Expr, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::And, right: Box::new(right) }
}

fn constraint_of(join: &mut Join) -> Option<&mut JoinConstraint> {
    match &mut join.join_operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint) => Some(constraint),
        _ => None,
    }
}

fn spell_star(select: &mut Select, tables: Vec<(Ident, Vec<Ident>)>, merged: &HashMap<String, Merged>) {
    let is_star = |item: &SelectItem| matches!(item, SelectItem::Wildcard(options) if *options == no_options());
    let spelled = tables.into_iter().map(|(name, mut used)| {
        let mut replaced: Vec<&String> =
            merged.iter().filter(|(_, merged)| merged.first == name).map(|(column, _)| column).collect();
        replaced.sort();
        let replaced: Vec<Box<ReplaceSelectElement>> = replaced
            .into_iter()
            .map(|column| {
                let expr = merged[column].value.clone();
                Box::new(ReplaceSelectElement { expr, column_name: Ident::with_quote('"', column), as_keyword: true })
            })
            .collect();
        let except = (!used.is_empty()).then(|| {
            let first_element = used.remove(0);
            ExceptSelectItem { first_element, additional_elements: used }
        });
        let replace = (!replaced.is_empty()).then_some(ReplaceSelectItem { items: replaced });
        let options = WildcardAdditionalOptions { opt_except: except, opt_replace: replace, ..no_options() };
        SelectItem::QualifiedWildcard(
            SelectItemQualifiedWildcardKind::ObjectName(ObjectName::from(vec![name])),
            options,
        )
    });
    let spelled: Vec<SelectItem> = spelled.collect();
    let projection = std::mem::take(&mut select.projection);
    for item in projection {
        match is_star(&item) {
            true => select.projection.extend(spelled.iter().cloned()),
            false => select.projection.push(item),
        }
    }
}

/// Puts the value of a column that both sides have where it is named without a table.
struct Names<'a> {
    merged: &'a HashMap<String, Merged>,
    /// Queries inside have names of their own.
    depth: usize,
}

impl VisitorMut for Names<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.depth == 0
            && let Expr::Identifier(ident) = &*expr
            && let Some(merged) = self.merged.get(&ident.value.to_lowercase())
        {
            *expr = merged.value.clone();
        }
        ControlFlow::Continue(())
    }
}

fn no_options() -> WildcardAdditionalOptions {
    WildcardAdditionalOptions::default()
}

/// The columns of `USING (…)`.
fn used_columns(join: &Join) -> Vec<Ident> {
    let (JoinOperator::Join(constraint)
    | JoinOperator::Inner(constraint)
    | JoinOperator::Left(constraint)
    | JoinOperator::LeftOuter(constraint)
    | JoinOperator::Right(constraint)
    | JoinOperator::RightOuter(constraint)
    | JoinOperator::FullOuter(constraint)) = &join.join_operator
    else {
        return Vec::new();
    };
    match constraint {
        JoinConstraint::Using(names) => {
            let names = names.iter().filter_map(|name| name.0.last().and_then(|part| part.as_ident()));
            names.map(|name| Ident::with_quote('"', name.value.to_lowercase())).collect()
        }
        _ => Vec::new(),
    }
}

/// The name that a table of a `FROM` goes by; a query without one gets `fallback`.
fn table_name(factor: &mut TableFactor, fallback: &str) -> Option<Ident> {
    let named = |alias: &TableAlias| Ident::with_quote('"', alias.name.value.to_lowercase());
    match factor {
        TableFactor::Table { alias: Some(alias), .. } => Some(named(alias)),
        TableFactor::Table { name, .. } => {
            let name = name.0.last()?.as_ident()?;
            Some(Ident::with_quote('"', name.value.to_lowercase()))
        }
        TableFactor::Derived { alias, .. } => {
            let name = Ident::with_quote('"', fallback);
            let alias = alias.get_or_insert_with(|| TableAlias { explicit: true, name, columns: vec![], at: None });
            Some(named(alias))
        }
        _ => None,
    }
}
