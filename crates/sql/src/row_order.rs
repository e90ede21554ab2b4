//! Order of rows: what SQLite's users take for granted, and what makes a result the same on any number of threads.
//!
//! - Rows that compare equal in an `ORDER BY` come in the order of the tables they are from.
//! - Groups without an `ORDER BY` come in the order of their keys, distinct rows in the order of their columns, rows with
//!   a window function in the order of the window.
//! - `first_value`, which also stands for columns beside aggregates that are not grouped by, takes the first of rows that
//!   compare equal in that order.
//! - `lag`, `lead`, `row_number` and `ntile` see rows that compare equal in the order of their tables too.
//!
//! All of it is done on the plan, by more sort keys. A plain scan or join needs none: it keeps the order of the (largest)
//! table, see [`crate::ordered_concat`].

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, JoinType, Result};
use datafusion::datasource::source_as_provider;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    Aggregate, Analyze, BinaryExpr, Distinct, Explain, Expr, ExprFunctionExt, Join, Limit, LogicalPlan,
    LogicalPlanBuilder, Operator, Projection, Sort, SortExpr, SubqueryAlias, Window,
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
            let plan = sort_result(plan)?;
            plan.transform_up_with_subqueries(|plan| match plan {
                LogicalPlan::Sort(sort) => break_ties(sort, &mut names),
                LogicalPlan::Window(window) => break_window_ties(window, &mut names),
                LogicalPlan::Aggregate(aggregate) => break_aggregate_ties(aggregate, &mut names),
                plan => Ok(Transformed::no(plan)),
            })
            .data()
        }
    }
}

/// Sorts what a plan gives when it says no order, and the engine would give one by chance.
fn sort_result(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Limit(Limit { skip, fetch, input }) => {
            let input = Arc::new(sort_result(Arc::unwrap_or_clone(input))?);
            Ok(LogicalPlan::Limit(Limit { skip, fetch, input }))
        }
        LogicalPlan::SubqueryAlias(SubqueryAlias { input, alias, .. }) => {
            let input = Arc::new(sort_result(Arc::unwrap_or_clone(input))?);
            Ok(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(input, alias)?))
        }
        LogicalPlan::Projection(Projection { expr, input, schema, .. }) => {
            let input = Arc::new(sort_result(Arc::unwrap_or_clone(input))?);
            Ok(LogicalPlan::Projection(Projection::try_new_with_schema(expr, input, schema)?))
        }
        LogicalPlan::Filter(filter) => {
            let input = sort_result(filter.input.as_ref().clone())?;
            let predicate = filter.predicate.clone();
            LogicalPlan::Filter(filter).with_new_exprs(vec![predicate], vec![input])
        }
        LogicalPlan::Aggregate(aggregate) => {
            let is_plain = !aggregate.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_)));
            let num_keys = if is_plain { aggregate.group_expr.len() } else { 0 };
            let keys = aggregate.schema.columns().into_iter().take(num_keys).map(ascending).collect();
            Ok(sorted_by(LogicalPlan::Aggregate(aggregate), keys))
        }
        LogicalPlan::Distinct(Distinct::All(input)) => {
            let keys = input.schema().columns().into_iter().map(ascending).collect();
            Ok(sorted_by(LogicalPlan::Distinct(Distinct::All(input)), keys))
        }
        // What is left of the first rows by `EXCEPT` and `INTERSECT`.
        LogicalPlan::Join(join) if matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti) => {
            let keys = join.schema.columns().into_iter().map(ascending).collect();
            Ok(sorted_by(LogicalPlan::Join(join), keys))
        }
        LogicalPlan::Window(window) => {
            let first = window.window_expr.first().and_then(window_function);
            let keys = first.map(|function| {
                let partitions = function.params.partition_by.iter().map(|key| SortExpr::new(key.clone(), true, true));
                partitions.chain(function.params.order_by.iter().cloned()).collect()
            });
            Ok(sorted_by(LogicalPlan::Window(window), keys.unwrap_or_default()))
        }
        plan => Ok(plan),
    }
}

fn sorted_by(plan: LogicalPlan, expr: Vec<SortExpr>) -> LogicalPlan {
    if expr.is_empty() {
        return plan;
    }
    LogicalPlan::Sort(Sort { expr, input: Arc::new(plan), fetch: None })
}

fn window_function(expr: &Expr) -> Option<&WindowFunction> {
    match expr {
        Expr::WindowFunction(function) => Some(function),
        Expr::Alias(alias) => window_function(&alias.expr),
        _ => None,
    }
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

/// Window functions that tell rows apart which compare equal, and do so by chance unless told how.
const POSITIONAL: [&str; 4] = ["lag", "lead", "row_number", "ntile"];

/// Sorts the rows of positional window functions by their places in their tables where the keys are equal.
fn break_window_ties(window: Window, names: &mut HiddenNames) -> Result<Transformed<LogicalPlan>> {
    let is_positional =
        |expr: &Expr| window_function(expr).is_some_and(|function| POSITIONAL.contains(&function.fun.name()));
    if !window.window_expr.iter().any(is_positional) {
        return Ok(Transformed::no(LogicalPlan::Window(window)));
    }
    let Some(carried) = carry_places(&window.input, names)? else {
        return Ok(Transformed::no(LogicalPlan::Window(window)));
    };
    let mut exprs = Vec::new();
    for expr in &window.window_expr {
        let is_positional = is_positional(expr);
        let settled = expr.clone().transform_up(|expr| {
            let Expr::WindowFunction(mut function) = expr else { return Ok(Transformed::no(expr)) };
            if is_positional {
                let order_by = &mut function.params.order_by;
                let is_key = |place: &Column| order_by.iter().any(|key| key.expr == Expr::Column(place.clone()));
                let ties: Vec<Column> = carried.places.iter().filter(|place| !is_key(place)).cloned().collect();
                order_by.extend(ties.into_iter().map(ascending));
            }
            Ok(Transformed::yes(Expr::WindowFunction(function)))
        })?;
        exprs.push(settled.data);
    }
    let num_inputs = carried.plan.schema().fields().len();
    let settled = Window::try_new(exprs, Arc::new(carried.plan))?;
    // The functions go by the names they had, which say nothing of the keys added.
    let old_schema = Arc::clone(&window.schema);
    let num_old_inputs = window.input.schema().fields().len();
    let inputs = window.input.schema().columns().into_iter().map(Expr::Column);
    let functions = (0..window.window_expr.len()).map(|index| {
        let (qualifier, field) = old_schema.qualified_field(num_old_inputs + index);
        let now = Column::from(settled.schema.qualified_field(num_inputs + index));
        Expr::Column(now).alias_qualified(qualifier.cloned(), field.name())
    });
    let columns: Vec<Expr> = inputs.chain(functions).collect();
    Ok(Transformed::yes(LogicalPlan::Projection(Projection::try_new(columns, Arc::new(LogicalPlan::Window(settled)))?)))
}

/// Lets `first_value` take the first row of those that compare equal, by the rows' places in their tables, and functions
/// that collect values take them in that order, or in the order of a sub-query that has one.
fn break_aggregate_ties(aggregate: Aggregate, names: &mut HiddenNames) -> Result<Transformed<LogicalPlan>> {
    let is_concerned_call = |function: &AggregateFunction| {
        IN_ORDER.contains(&function.func.name()) && (function.func.name() == FIRST || !function.params.distinct)
    };
    let takes_first = |expr: &Expr| {
        expr.exists(|expr| Ok(matches!(expr, Expr::AggregateFunction(function) if is_concerned_call(function))))
    };
    let mut is_concerned = false;
    for expr in &aggregate.aggr_expr {
        is_concerned |= takes_first(expr)?;
    }
    if !is_concerned {
        return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
    }
    let Some(carried) = carry_places(&number_sorted(&aggregate.input, names)?, names)? else {
        return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
    };
    let mut exprs = Vec::new();
    for expr in &aggregate.aggr_expr {
        let settled = expr.clone().transform_up(|expr| {
            let Expr::AggregateFunction(mut function) = expr else { return Ok(Transformed::no(expr)) };
            if is_concerned_call(&function) {
                let order_by = &mut function.params.order_by;
                let is_key = |place: &Column| order_by.iter().any(|key| key.expr == Expr::Column(place.clone()));
                let ties: Vec<Column> = carried.places.iter().filter(|place| !is_key(place)).cloned().collect();
                order_by.extend(ties.into_iter().map(ascending));
            }
            Ok(Transformed::yes(Expr::AggregateFunction(function)))
        })?;
        exprs.push(settled.data);
    }
    let settled = Aggregate::try_new(Arc::new(carried.plan), aggregate.group_expr.clone(), exprs)?;
    // The functions go by the names they had, which say nothing of the keys added.
    let columns: Vec<Expr> = (0..aggregate.schema.fields().len())
        .map(|index| {
            let (qualifier, field) = aggregate.schema.qualified_field(index);
            let now = Column::from(settled.schema.qualified_field(index));
            Expr::Column(now).alias_qualified(qualifier.cloned(), field.name())
        })
        .collect();
    let settled = Arc::new(LogicalPlan::Aggregate(settled));
    Ok(Transformed::yes(LogicalPlan::Projection(Projection::try_new(columns, settled)?)))
}

/// The aggregate that gives the first of several values.
const FIRST: &str = "first_value";

/// Aggregates whose result depends on the order of rows.
const IN_ORDER: [&str; 3] = [FIRST, "string_agg", "array_agg"];

/// The number of a row in a sub-query that has an order.
const NUMBER: &str = "__number_in_order";

/// `plan` with the rows of a sub-query with an `ORDER BY` numbered: SQLite hands them to an aggregate in that order, and
/// the engine takes such an order for nothing.
fn number_sorted(plan: &LogicalPlan, names: &mut HiddenNames) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::SubqueryAlias(_) | LogicalPlan::Projection(_) | LogicalPlan::Filter(_) => {
            let [input] = plan.inputs()[..] else { return Ok(plan.clone()) };
            plan.with_new_exprs(plan.expressions(), vec![number_sorted(input, names)?])
        }
        LogicalPlan::Sort(sort) => {
            let number = row_number().order_by(sort.expr.clone()).build()?.alias(format!("{NUMBER}_{}", names.next()));
            LogicalPlanBuilder::from(plan.clone()).window(vec![number])?.build()
        }
        _ => Ok(plan.clone()),
    }
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
                let is_place = |expr: &Expr| expr.clone().unalias() == Expr::Column(place.clone());
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
        LogicalPlan::Window(window)
            if window.schema.fields().last().is_some_and(|field| field.name().starts_with(NUMBER)) =>
        {
            let number = Column::from(window.schema.qualified_field(window.schema.fields().len() - 1));
            Some(Carried { plan: plan.clone(), places: vec![number] })
        }
        LogicalPlan::Filter(_) | LogicalPlan::Window(_) | LogicalPlan::Sort(_) | LogicalPlan::Limit(_) => {
            let [input] = plan.inputs()[..] else { return Ok(None) };
            let Some(inner) = carry_places(input, names)? else { return Ok(None) };
            let plan = plan.with_new_exprs(plan.expressions(), vec![inner.plan])?;
            Some(Carried { plan, places: inner.places })
        }
        LogicalPlan::Aggregate(aggregate)
            if !aggregate.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_))) =>
        {
            // The place of a group is its key.
            let places = aggregate.schema.columns().into_iter().take(aggregate.group_expr.len()).collect();
            Some(Carried { plan: plan.clone(), places })
        }
        LogicalPlan::Distinct(Distinct::All(input)) => {
            Some(Carried { plan: plan.clone(), places: input.schema().columns() })
        }
        LogicalPlan::Join(join) => {
            let Some(left) = carry_places(&join.left, names)? else { return Ok(None) };
            if !matches!(join.join_type, JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full) {
                return Ok(None);
            }
            let Some(right) = carry_places(&join.right, names)? else { return Ok(None) };
            let is_told = matches!(join.join_type, JoinType::Inner | JoinType::Left)
                && right.places.iter().all(|place| left_tells(join, place));
            let plan = plan.with_new_exprs(plan.expressions(), vec![left.plan, right.plan])?;
            let right_places = if is_told { Vec::new() } else { right.places };
            Some(Carried { plan, places: left.places.into_iter().chain(right_places).collect() })
        }
        _ => None,
    })
}

/// Whether each row of the left side has at most one partner, as the join asks for a row of the right table by its number.
/// Then the place of that row tells no two rows apart, and most joins of a trace are such: a kernel and its slice, its
/// stream and its device.
fn left_tells(join: &Join, place: &Column) -> bool {
    let left = join.left.schema();
    let is_of_left = |expr: &Expr| expr.column_refs().iter().all(|column| left.has_column(column));
    let is_place = |expr: &Expr| *expr == Expr::Column(place.clone());
    let conditions = join.filter.iter().flat_map(|filter| split_conjunction(filter));
    let in_filter = conditions.filter_map(|condition| match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => Some((left.as_ref(), right.as_ref())),
        _ => None,
    });
    let mut pairs = join.on.iter().map(|(left, right)| (left, right)).chain(in_filter);
    pairs.any(|(one, other)| (is_place(one) && is_of_left(other)) || (is_place(other) && is_of_left(one)))
}
