//! Late filters: what a join finds out about the rows of its larger side while it runs.
//!
//! A join first reads its smaller side, and the engine then says which keys there are. When the key is a row number
//! (`args` of one slice, the slices of the kernels), the scan of the larger side goes straight to those rows.

use std::sync::Arc;

use arrow_schema::Schema;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, DynamicFilterPhysicalExpr, InListExpr, Literal};
use datafusion::physical_expr_common::physical_expr::{snapshot_generation, snapshot_physical_expr};
use datafusion::physical_plan::PhysicalExpr;
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};

use super::rows::Bound;

/// Conditions on a scan that are not known yet.
#[derive(Debug, Clone, Default)]
pub(super) struct LateFilters(Vec<Arc<dyn PhysicalExpr>>);

impl LateFilters {
    /// The conditions that the plan above offers, as far as they are late ones; `None` when there are none.
    pub(super) fn offered(phase: FilterPushdownPhase, offer: &ChildPushdownResult) -> Option<Self> {
        let is_late = |filter: &Arc<dyn PhysicalExpr>| filter.downcast_ref::<DynamicFilterPhysicalExpr>().is_some();
        let filters: Vec<_> = offer.parent_filters.iter().map(|offered| Arc::clone(&offered.filter)).filter(is_late).collect();
        (phase == FilterPushdownPhase::Post && !filters.is_empty()).then_some(Self(filters))
    }

    /// The answer to an offer. It promises nothing: a late filter may come too late for some rows.
    pub(super) fn answer<T>(offer: &ChildPushdownResult, updated_node: Option<T>) -> FilterPushdownPropagation<T> {
        FilterPushdownPropagation { filters: vec![PushedDown::No; offer.parent_filters.len()], updated_node }
    }

    /// True when there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Watches them for a scan that starts.
    pub(super) fn watch(&self) -> LateBounds {
        LateBounds { filters: self.0.iter().map(|filter| (Arc::clone(filter), 0)).collect() }
    }
}

/// Late filters of a running scan.
#[derive(Debug)]
pub(super) struct LateBounds {
    /// Each with the generation that was seen last.
    filters: Vec<(Arc<dyn PhysicalExpr>, u64)>,
}

impl LateBounds {
    /// What has become known since the last call.
    pub(super) fn news(&mut self, schema: &Schema) -> Result<Vec<Bound>> {
        let mut bounds = Vec::new();
        for (filter, seen) in &mut self.filters {
            let generation = snapshot_generation(filter);
            if std::mem::replace(seen, generation) != generation {
                collect_bounds(&snapshot_physical_expr(Arc::clone(filter))?, schema, &mut bounds);
            }
        }
        Ok(bounds)
    }
}

/// The conditions on single columns in a conjunction. What is of another kind is left out, which lets more rows pass.
fn collect_bounds(filter: &Arc<dyn PhysicalExpr>, schema: &Schema, bounds: &mut Vec<Bound>) {
    let column_name = |expr: &Arc<dyn PhysicalExpr>| {
        let column = expr.downcast_ref::<Column>()?;
        schema.fields().get(column.index()).map(|field| field.name().clone())
    };
    if let Some(binary) = filter.downcast_ref::<BinaryExpr>() {
        if *binary.op() == Operator::And {
            collect_bounds(binary.left(), schema, bounds);
            collect_bounds(binary.right(), schema, bounds);
        } else if let (Some(column), Some(value)) = (column_name(binary.left()), whole_number(binary.right())) {
            bounds.extend(Bound::compare(column, *binary.op(), value));
        }
    } else if let Some(list) = filter.downcast_ref::<InListExpr>()
        && !list.negated()
        && let Some(column) = column_name(list.expr())
        && let Some(values) = list.list().iter().map(whole_number).collect::<Option<Vec<i64>>>()
    {
        bounds.push(Bound::one_of(column, values));
    }
}

fn whole_number(expr: &Arc<dyn PhysicalExpr>) -> Option<i64> {
    match expr.downcast_ref::<Literal>()?.value() {
        ScalarValue::Int64(value) => *value,
        _ => None,
    }
}
