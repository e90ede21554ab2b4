//! Names of `WITH`: the same one in a query and in a query inside of it.
//!
//! The inner one hides the outer one, which happens unseen: a function or a macro has a `WITH` of its own, and its caller
//! uses the same name. The engine refuses that, so names that a statement gives more than once are made different.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Ident, ObjectName, Query, Statement, TableAlias, TableFactor, Visit, VisitMut, Visitor, VisitorMut,
};

/// Makes the names of a statement's `WITH` clauses different.
pub(super) fn make_different(statement: &mut Statement) {
    let mut counter = Counter(HashMap::new());
    let _: ControlFlow<()> = Visit::visit(statement, &mut counter);
    counter.0.retain(|_, count| *count > 1);
    if !counter.0.is_empty() {
        let _: ControlFlow<()> = VisitMut::visit(statement, &mut Renamer { repeated: counter.0, num_given: 0 });
    }
}

/// How often each name is given.
struct Counter(HashMap<String, usize>);

impl Visitor for Counter {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            *self.0.entry(cte.alias.name.value.to_lowercase()).or_default() += 1;
        }
        ControlFlow::Continue(())
    }
}

struct Renamer {
    repeated: HashMap<String, usize>,
    num_given: usize,
}

impl VisitorMut for Renamer {
    type Break = ();

    // Inner queries come first, so what still has the name in an outer one means the outer one's.
    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let names: Vec<String> = query
            .with
            .iter()
            .flat_map(|with| &with.cte_tables)
            .map(|cte| cte.alias.name.value.to_lowercase())
            .filter(|name| self.repeated.contains_key(name))
            .collect();
        for name in names {
            self.num_given += 1;
            let given = format!("__with_{}_{name}", self.num_given);
            for cte in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
                if cte.alias.name.value.to_lowercase() == name {
                    cte.alias.name = Ident { quote_style: Some('"'), value: given.clone(), ..cte.alias.name.clone() };
                }
            }
            let _: ControlFlow<()> = VisitMut::visit(query, &mut Uses { name: &name, given: &given });
        }
        ControlFlow::Continue(())
    }
}

/// Gives the uses of a name the new one; columns still go by the old.
struct Uses<'a> {
    name: &'a str,
    given: &'a str,
}

impl VisitorMut for Uses<'_> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, alias, args: None, .. } = factor
            && let [part] = name.0.as_slice()
            && let Some(ident) = part.as_ident()
            && ident.value.to_lowercase() == self.name
        {
            alias.get_or_insert_with(|| TableAlias { explicit: true, name: ident.clone(), columns: vec![], at: None });
            *name =
                ObjectName::from(vec![Ident { quote_style: Some('"'), value: self.given.to_owned(), ..ident.clone() }]);
        }
        ControlFlow::Continue(())
    }
}
