//! Columns of set operations: `SELECT 1 UNION ALL SELECT 'a'` has a number and a text, as SQLite gives them.
//!
//! The planner takes the type of the first query for that of all while it plans what is around them, and brings the
//! values to one type afterwards. Where the types differ, every query is made to give the common type before: a mixed
//! column for texts and numbers, real numbers for both kinds of numbers. Types are known only once a query is planned, so
//! this looks at the first plan of a statement and lets it be planned again.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow_schema::{DataType, Field, SchemaRef};
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{LogicalPlan, Union};
use datafusion::sql::sqlparser::ast::{
    Cte, Expr, Ident, Query, SelectItem, SetExpr, Statement, TableAlias, TableFactor, TableWithJoins, VisitMut,
    VisitorMut, With,
};

use crate::dialect::bare_column::everything_from;
use crate::dialect::grammar::call;
use crate::function::mixed::is_mixed;
use crate::function::per_row::{CAST_REAL, MIXED, common_type, is_text, whole_kind};

/// Whether a set operation of the plan has a column whose queries give values of unlike types.
pub(crate) fn has_unlike_columns(plan: &LogicalPlan) -> bool {
    let mut is_unlike = false;
    let walked: Result<TreeNodeRecursion> = plan.apply_with_subqueries(|plan| {
        if let LogicalPlan::Union(Union { inputs, schema }) = plan {
            is_unlike = (0..schema.fields().len()).any(|index| {
                let types = inputs.iter().map(|input| input.schema().field(index).data_type().clone());
                common_of_unlike(types).is_some()
            });
        }
        Ok(if is_unlike { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    walked.is_ok() && is_unlike
}

/// The common type of types that are not all of one kind.
fn common_of_unlike(types: impl Iterator<Item = DataType>) -> Option<DataType> {
    let kind = |data_type: DataType| match data_type {
        DataType::Boolean => DataType::Int64,
        data_type if is_text(&data_type) => DataType::Utf8,
        data_type => whole_kind(&data_type),
    };
    let kinds: Vec<DataType> = types.filter(|data_type| *data_type != DataType::Null).map(kind).collect();
    let is_unlike = kinds.iter().any(|kind| Some(kind) != kinds.first());
    let common = is_unlike.then(|| common_type(&kinds))?;
    // Types that SQLite does not have are the engine's to bring together.
    (is_mixed(&common) || common == DataType::Float64).then_some(common)
}

/// Makes the queries of set operations give columns of one type; false when all of them do. `schema_of` plans a query.
pub(crate) fn settle(statement: &mut Statement, schema_of: &dyn Fn(Query) -> Option<SchemaRef>) -> bool {
    let mut settler = Settler { schema_of, around: Vec::new(), has_settled: false };
    let _: ControlFlow<()> = statement.visit(&mut settler);
    settler.has_settled
}

struct Settler<'a> {
    schema_of: &'a dyn Fn(Query) -> Option<SchemaRef>,
    /// What the `WITH` clauses around a query name.
    around: Vec<Option<With>>,
    has_settled: bool,
}

impl VisitorMut for Settler<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        self.around.push(query.with.clone());
        ControlFlow::Continue(())
    }

    // Queries inside come first, so that their types are those that they end up with.
    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if let Some(around) = self.around.last_mut() {
            *around = query.with.clone();
        }
        let mut leaves = Vec::new();
        collect_leaves(query.body.as_mut(), &mut leaves);
        if leaves.len() > 1 {
            self.settle_leaves(leaves);
        }
        self.around.pop();
        ControlFlow::Continue(())
    }
}

/// The queries that set operations bring together.
fn collect_leaves<'q>(body: &'q mut SetExpr, leaves: &mut Vec<&'q mut SetExpr>) {
    match body {
        SetExpr::SetOperation { left, right, .. } => {
            collect_leaves(left, leaves);
            collect_leaves(right, leaves);
        }
        leaf => leaves.push(leaf),
    }
}

impl Settler<'_> {
    fn settle_leaves(&mut self, leaves: Vec<&mut SetExpr>) {
        let schemas: Option<Vec<SchemaRef>> =
            leaves.iter().map(|leaf| (self.schema_of)(self.alone((*leaf).clone()))).collect();
        let Some(schemas) = schemas else { return };
        let num_columns = schemas[0].fields().len();
        if schemas.iter().any(|schema| schema.fields().len() != num_columns) {
            return;
        }
        let targets: Vec<Option<DataType>> = (0..num_columns)
            .map(|index| common_of_unlike(schemas.iter().map(|schema| schema.field(index).data_type().clone())))
            .collect();
        if targets.iter().all(Option::is_none) {
            return;
        }
        self.has_settled = true;
        for (leaf, schema) in leaves.into_iter().zip(&schemas) {
            convert(leaf, schema, &targets);
        }
    }

    /// A query by itself, with the names that it may use.
    fn alone(&self, body: SetExpr) -> Query {
        let mut query = everything_from(&[]);
        query.body = Box::new(body);
        let around = self.around.iter().flatten();
        let cte_tables: Vec<Cte> = around.clone().flat_map(|with| with.cte_tables.iter().cloned()).collect();
        query.with = around.clone().next().map(|with| With {
            with_token: with.with_token.clone(),
            recursive: around.clone().any(|with| with.recursive),
            cte_tables,
        });
        query
    }
}

/// `SELECT convert(column) AS column, … FROM (leaf)`.
fn convert(leaf: &mut SetExpr, schema: &SchemaRef, targets: &[Option<DataType>]) {
    const NAME: &str = "__one_of_set";
    let mut outer = everything_from(&[]);
    let mut inner = everything_from(&[]);
    let SetExpr::Select(select) = outer.body.as_mut() else { return };
    let name = |name: &str| Ident::with_quote('"', name);
    let item = |(field, target): (&Arc<Field>, &Option<DataType>)| {
        let column = Expr::Identifier(name(field.name()));
        match target {
            Some(target) => {
                let function = if is_mixed(target) { MIXED } else { CAST_REAL };
                SelectItem::ExprWithAlias { expr: call(function, [column]), alias: name(field.name()) }
            }
            None => SelectItem::UnnamedExpr(column),
        }
    };
    let projection: Vec<SelectItem> = schema.fields().iter().zip(targets).map(item).collect();
    std::mem::swap(inner.body.as_mut(), leaf);
    let alias = TableAlias { explicit: true, name: name(NAME), columns: vec![], at: None };
    let relation = TableFactor::Derived { lateral: false, subquery: Box::new(inner), alias: Some(alias), sample: None };
    select.projection = projection;
    select.from = vec![TableWithJoins { relation, joins: vec![] }];
    *leaf = *outer.body;
}
