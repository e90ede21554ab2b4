//! Late filters: what a join finds out about the rows of its larger side while it runs.
//!
//! A join first reads its smaller side, and the engine then says which keys there are. When the key is a row number
//! (`args` of one slice, the slices of the kernels), the scan of the larger side goes straight to those rows.

use std::fmt;
use std::sync::Arc;

use arrow_schema::Schema;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, DynamicFilterPhysicalExpr, InListExpr, Literal};
use datafusion::physical_expr_common::physical_expr::{snapshot_generation, snapshot_physical_expr};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

use super::rows::{Bound, Spans, whole_numbers};

/// Conditions on a scan that are not known yet.
#[derive(Debug, Clone, Default)]
pub(super) struct LateFilters(Vec<Arc<dyn PhysicalExpr>>);

impl LateFilters {
    /// The answer of a scan to the conditions that the plan above offers: `with_filters` makes the scan that minds the late
    /// ones among them. It promises nothing, as a late filter may come too late for some rows.
    pub(super) fn accept<Scan: ExecutionPlan + 'static>(
        phase: FilterPushdownPhase,
        offer: &ChildPushdownResult,
        fetch: Option<usize>,
        with_filters: impl FnOnce(Self) -> Scan,
    ) -> FilterPushdownPropagation<Arc<dyn ExecutionPlan>> {
        let is_late = |filter: &Arc<dyn PhysicalExpr>| filter.downcast_ref::<DynamicFilterPhysicalExpr>().is_some();
        let filters: Vec<_> =
            offer.parent_filters.iter().map(|offered| Arc::clone(&offered.filter)).filter(is_late).collect();
        // With a limit it matters which rows are given, so none may be left out on a promise that comes at any time.
        let is_of_use = phase == FilterPushdownPhase::Post && !filters.is_empty() && fetch.is_none();
        let updated_node = is_of_use.then(|| Arc::new(with_filters(Self(filters))) as Arc<dyn ExecutionPlan>);
        FilterPushdownPropagation { filters: vec![PushedDown::No; offer.parent_filters.len()], updated_node }
    }

    /// True when there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The conditions themselves.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<dyn PhysicalExpr>> {
        self.0.iter()
    }

    /// Watches them for a scan that starts.
    pub(super) fn watch(&self) -> LateBounds {
        LateBounds { filters: self.0.iter().map(|filter| (Arc::clone(filter), 0)).collect() }
    }
}

impl fmt::Display for LateFilters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        write!(f, "[{}]", texts.join(", "))
    }
}

/// Late filters of a running scan.
#[derive(Debug)]
pub(super) struct LateBounds {
    /// Each with the generation that was seen last.
    filters: Vec<(Arc<dyn PhysicalExpr>, u64)>,
}

impl LateBounds {
    /// The rows that filters allow which have become known or sharper since the last call; `spans_of` tells the rows for
    /// a condition on one column of `schema`.
    pub(super) fn news(&mut self, schema: &Schema, spans_of: &dyn Fn(Bound) -> Option<Spans>) -> Result<Vec<Spans>> {
        let mut news = Vec::new();
        for (filter, seen) in &mut self.filters {
            let generation = snapshot_generation(filter);
            if std::mem::replace(seen, generation) != generation {
                let filter = snapshot_physical_expr(Arc::clone(filter))?;
                news.extend(spans_that_may_fit(&filter, schema, spans_of));
            }
        }
        Ok(news)
    }
}

/// Rows among which are all that `filter` allows; `None` when that may be any.
fn spans_that_may_fit(
    filter: &Arc<dyn PhysicalExpr>,
    schema: &Schema,
    spans_of: &dyn Fn(Bound) -> Option<Spans>,
) -> Option<Spans> {
    let column_name = |expr: &Arc<dyn PhysicalExpr>| {
        let column = expr.downcast_ref::<Column>()?;
        schema.fields().get(column.index()).map(|field| field.name().clone())
    };
    if let Some(binary) = filter.downcast_ref::<BinaryExpr>() {
        let side = |expr| spans_that_may_fit(expr, schema, spans_of);
        return match binary.op() {
            Operator::And => match (side(binary.left()), side(binary.right())) {
                (Some(left), Some(right)) => Some(left.intersect(&right)),
                (left, right) => left.or(right),
            },
            Operator::Or => Some(side(binary.left())?.unite(&side(binary.right())?)),
            op => {
                let value = whole_number(binary.right())?;
                spans_of(Bound::compare(column_name(binary.left())?, *op, value)?)
            }
        };
    }
    let list = filter.downcast_ref::<InListExpr>().filter(|list| !list.negated())?;
    let values = whole_numbers(list.list().iter().map(|value| Some(value.downcast_ref::<Literal>()?.value())))?;
    spans_of(Bound::one_of(column_name(list.expr())?, values))
}

fn whole_number(expr: &Arc<dyn PhysicalExpr>) -> Option<i64> {
    match expr.downcast_ref::<Literal>()?.value() {
        ScalarValue::Int64(value) => *value,
        _ => None,
    }
}
