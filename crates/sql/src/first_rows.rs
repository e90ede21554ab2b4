//! First rows: a filter that somebody reads as it goes gives what it has found before it has found many.
//!
//! The engine's filters collect rows until a batch is full, which is good for what groups, sorts or joins them, and bad for
//! a reader who waits for a first row: scans begin with small batches for that, and a filter must not undo it.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::limit::{GlobalLimitExec, LocalLimitExec};
use datafusion::physical_plan::projection::ProjectionExec;

use crate::ordered_concat::OrderedConcatExec;

/// Rows of a batch that a filter fills up at the most. One that has half as many anyway goes on as it is, so that a filter
/// which lets many rows through still gives large batches.
const FILLED_ROWS: usize = 4 << 10;

/// `plan` with those of its filters giving rows early whose rows go straight to the reader.
pub(crate) fn given_early(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let filter = plan.downcast_ref::<FilterExec>();
    let is_passed_on = filter.is_some()
        || plan.is::<ProjectionExec>()
        || plan.is::<OrderedConcatExec>()
        || plan.is::<GlobalLimitExec>()
        || plan.is::<LocalLimitExec>();
    if !is_passed_on {
        return Ok(plan);
    }
    let early: Arc<dyn ExecutionPlan> = match filter {
        Some(filter) => Arc::new(filter.with_batch_size(FILLED_ROWS)?),
        None => Arc::clone(&plan),
    };
    let children = early.children().into_iter().map(|child| given_early(Arc::clone(child)));
    let children = children.collect::<Result<Vec<_>>>()?;
    let is_same = early.children().into_iter().zip(&children).all(|(old, new)| Arc::ptr_eq(old, new));
    if is_same {
        Ok(early)
    } else {
        early.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep))
    }
}
