//! Order of rows: what SQLite's users take for granted, and what makes a result the same on any number of threads.
//!
//! - Rows that compare equal in an `ORDER BY` come in the order of the tables they are from.
//! - Groups without an `ORDER BY` come in the order of their keys, and distinct rows in the order of their columns.
//!
//! Both are done on the plan, by more sort keys. A plain scan or join needs none: it keeps the order of the (largest)
//! table, see [`crate::ordered_concat`].

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::common::{Column, JoinType, Result};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{
    Analyze, Distinct, Explain, Expr, Limit, LogicalPlan, Projection, Sort, SortExpr, SubqueryAlias,
};

use crate::table_provider::{ID, ModelTable};

/// `plan` with the order of its rows settled as far as it can be.
pub(crate) fn settle(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Explain(explain) => {
            let inner = settle(explain.plan.as_ref().clone())?;
            Ok(LogicalPlan::Explain(Explain { plan: Arc::new(inner), ..explain }))
        }
        LogicalPlan::Analyze(analyze) => {
            let inner = settle(analyze.input.as_ref().clone())?;
            Ok(LogicalPlan::Analyze(Analyze { input: Arc::new(inner), ..analyze }))
        }
        plan => {
            let mut names = HiddenNames::default();
            let plan = sort_groups(plan)?;
            plan.transform_up_with_subqueries(|plan| match plan {
                LogicalPlan::Sort(sort) => break_ties(sort, &mut names),
                plan => Ok(Transformed::no(plan)),
            })
            .data()
        }
    }
}

/// Sorts the groups of a plan that does not end in an order of its own.
fn sort_groups(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Limit(Limit { skip, fetch, input }) => {
            let input = Arc::new(sort_groups(Arc::unwrap_or_clone(input))?);
            Ok(LogicalPlan::Limit(Limit { skip, fetch, input }))
        }
        LogicalPlan::SubqueryAlias(SubqueryAlias { input, alias, .. }) => {
            let input = Arc::new(sort_groups(Arc::unwrap_or_clone(input))?);
            Ok(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(input, alias)?))
        }
        LogicalPlan::Projection(Projection { expr, input, schema, .. }) => {
            let input = Arc::new(sort_groups(Arc::unwrap_or_clone(input))?);
            Ok(LogicalPlan::Projection(Projection::try_new_with_schema(expr, input, schema)?))
        }
        LogicalPlan::Filter(filter) => {
            let input = sort_groups(filter.input.as_ref().clone())?;
            let predicate = filter.predicate.clone();
            LogicalPlan::Filter(filter).with_new_exprs(vec![predicate], vec![input])
        }
        LogicalPlan::Aggregate(aggregate) => {
            let is_plain = !aggregate.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_)));
            let num_keys = if is_plain { aggregate.group_expr.len() } else { 0 };
            let keys = aggregate.schema.columns().into_iter().take(num_keys).collect();
            Ok(sorted_by(LogicalPlan::Aggregate(aggregate), keys))
        }
        LogicalPlan::Distinct(Distinct::All(input)) => {
            let keys = input.schema().columns();
            Ok(sorted_by(LogicalPlan::Distinct(Distinct::All(input)), keys))
        }
        plan => Ok(plan),
    }
}

fn sorted_by(plan: LogicalPlan, keys: Vec<Column>) -> LogicalPlan {
    if keys.is_empty() {
        return plan;
    }
    LogicalPlan::Sort(Sort { expr: keys.into_iter().map(ascending).collect(), input: Arc::new(plan), fetch: None })
}

/// SQLite's order: nulls first.
fn ascending(column: Column) -> SortExpr {
    SortExpr::new(Expr::Column(column), true, true)
}

/// Sorts by the rows' places in their tables where the keys are equal.
fn break_ties(sort: Sort, names: &mut HiddenNames) -> Result<Transformed<LogicalPlan>> {
    let Some(carried) = carry_places(&sort.input, names)? else {
        return Ok(Transformed::no(LogicalPlan::Sort(sort)));
    };
    let is_key = |place: &Column| sort.expr.iter().any(|key| key.expr == Expr::Column(place.clone()));
    let ties: Vec<SortExpr> = carried.places.into_iter().filter(|place| !is_key(place)).map(ascending).collect();
    if ties.is_empty() {
        return Ok(Transformed::no(LogicalPlan::Sort(sort)));
    }
    let visible: Vec<Expr> = sort.input.schema().columns().into_iter().map(Expr::Column).collect();
    let expr = sort.expr.into_iter().chain(ties).collect();
    let sorted = LogicalPlan::Sort(Sort { expr, input: Arc::new(carried.plan), fetch: sort.fetch });
    // The sort keys leave again: nobody asked for them.
    let schema = Arc::clone(sort.input.schema());
    let plan = match sorted.schema().fields().len() == schema.fields().len() {
        true => sorted,
        false => LogicalPlan::Projection(Projection::try_new_with_schema(visible, Arc::new(sorted), schema)?),
    };
    Ok(Transformed::yes(plan))
}

/// Names for columns that nobody sees.
#[derive(Debug, Default)]
struct HiddenNames {
    num_given: usize,
}

impl HiddenNames {
    fn next(&mut self) -> String {
        self.num_given += 1;
        format!("__place_{}", self.num_given)
    }
}

/// A plan that has, beside its own columns, each row's place in the tables it is from.
struct Carried {
    plan: LogicalPlan,
    places: Vec<Column>,
}

/// Brings the row numbers of the tables below up to `plan`; `None` where rows have no place of their own.
fn carry_places(plan: &LogicalPlan, names: &mut HiddenNames) -> Result<Option<Carried>> {
    Ok(match plan {
        LogicalPlan::TableScan(scan) => {
            let is_ours = source_as_provider(&scan.source).is_ok_and(|provider| provider.is::<ModelTable>());
            let place = scan.projected_schema.columns().into_iter().find(|column| column.name == ID);
            place.filter(|_| is_ours).map(|place| Carried { plan: plan.clone(), places: vec![place] })
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let Some(inner) = carry_places(&alias.input, names)? else { return Ok(None) };
            let places = inner.places.iter().map(|place| Column::new(Some(alias.alias.clone()), &place.name)).collect();
            let plan = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(inner.plan), alias.alias.clone())?);
            Some(Carried { plan, places })
        }
        LogicalPlan::Projection(projection) => {
            let Some(inner) = carry_places(&projection.input, names)? else { return Ok(None) };
            let mut exprs = projection.expr.clone();
            let mut places = Vec::new();
            for place in inner.places {
                let is_place = |expr: &Expr| expr == &Expr::Column(place.clone());
                match projection.expr.iter().position(is_place) {
                    Some(index) => places.push(Column::from(projection.schema.qualified_field(index))),
                    None => {
                        let name = names.next();
                        places.push(Column::new_unqualified(&name));
                        exprs.push(Expr::Column(place).alias(name));
                    }
                }
            }
            let plan = LogicalPlan::Projection(Projection::try_new(exprs, Arc::new(inner.plan))?);
            Some(Carried { plan, places })
        }
        LogicalPlan::Filter(_) | LogicalPlan::Window(_) => {
            let [input] = plan.inputs()[..] else { return Ok(None) };
            let Some(inner) = carry_places(input, names)? else { return Ok(None) };
            let plan = plan.with_new_exprs(plan.expressions(), vec![inner.plan])?;
            Some(Carried { plan, places: inner.places })
        }
        LogicalPlan::Join(join) => {
            let Some(left) = carry_places(&join.left, names)? else { return Ok(None) };
            if !matches!(join.join_type, JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full) {
                return Ok(None);
            }
            let Some(right) = carry_places(&join.right, names)? else { return Ok(None) };
            let plan = plan.with_new_exprs(plan.expressions(), vec![left.plan, right.plan])?;
            Some(Carried { plan, places: left.places.into_iter().chain(right.places).collect() })
        }
        _ => None,
    })
}
