//! Columns of joins: `SELECT *` over `JOIN … USING (…)`, in SQLite's order.
//!
//! Both sides have the columns that a join is made by, and `*` gives them once, where the left side has them. The engine
//! keeps those of the table whose name comes first in the alphabet, so the star is spelled out table by table.

use datafusion::sql::sqlparser::ast::{
    ExceptSelectItem, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Select, SelectItem,
    SelectItemQualifiedWildcardKind, TableAlias, TableFactor, WildcardAdditionalOptions,
};

/// Spells out the star of a `SELECT` whose tables are joined by columns of one name.
pub(super) fn spell_out(select: &mut Select) {
    let is_star = |item: &SelectItem| matches!(item, SelectItem::Wildcard(options) if *options == no_options());
    let is_joined = select.from.iter().any(|item| item.joins.iter().any(|join| !used_columns(join).is_empty()));
    // From the right side, a column may be there where the left side has no row.
    let is_inner = select.from.iter().flat_map(|item| &item.joins).all(|join| {
        matches!(
            join.join_operator,
            JoinOperator::Join(_)
                | JoinOperator::Inner(_)
                | JoinOperator::Left(_)
                | JoinOperator::LeftOuter(_)
                | JoinOperator::CrossJoin(_)
        )
    });
    if !is_joined || !is_inner || !select.projection.iter().any(is_star) {
        return;
    }
    let mut items = Vec::new();
    for (index, item) in select.from.iter_mut().enumerate() {
        let Some(first) = table_name(&mut item.relation, &format!("__table_{index}")) else { return };
        items.push((first, Vec::new()));
        for (number, join) in item.joins.iter_mut().enumerate() {
            let used = used_columns(join);
            let Some(name) = table_name(&mut join.relation, &format!("__table_{index}_{number}")) else { return };
            items.push((name, used));
        }
    }
    let spelled = items.into_iter().map(|(name, mut used)| {
        let except = (!used.is_empty()).then(|| {
            let first_element = used.remove(0);
            ExceptSelectItem { first_element, additional_elements: used }
        });
        let options = WildcardAdditionalOptions { opt_except: except, ..no_options() };
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

fn no_options() -> WildcardAdditionalOptions {
    WildcardAdditionalOptions::default()
}

/// The columns of `USING (…)`.
fn used_columns(join: &Join) -> Vec<Ident> {
    let (JoinOperator::Join(constraint)
    | JoinOperator::Inner(constraint)
    | JoinOperator::Left(constraint)
    | JoinOperator::LeftOuter(constraint)) = &join.join_operator
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
