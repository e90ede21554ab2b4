//! `INTERNAL_LAYOUT(ts, dur) OVER (… ORDER BY ts)`: the row in which each span is drawn, so that no two that overlap share
//! one.
//!
//! A span gets the lowest row that is free when it begins, and leaves it free from its end on. One that never ends (`dur`
//! is -1) keeps its row.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use arrow_array::builder::Int64Builder;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::common::cast::as_int64_array;
use datafusion::common::{Result, exec_err, internal_err};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, Volatility, WindowUDFImpl};

/// Name in SQL.
pub(super) const NAME: &str = "internal_layout";

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Layout {
    signature: Signature,
}

impl Layout {
    pub(super) fn new() -> Self {
        let signature = Signature::exact(vec![DataType::Int64, DataType::Int64], Volatility::Immutable);
        Self { signature }
    }
}

impl WindowUDFImpl for Layout {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, _: PartitionEvaluatorArgs<'_>) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Rows))
    }

    fn field(&self, args: WindowUDFFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), DataType::Int64, true)))
    }
}

#[derive(Debug)]
struct Rows;

impl PartitionEvaluator for Rows {
    fn evaluate_all(&mut self, values: &[ArrayRef], num_rows: usize) -> Result<ArrayRef> {
        let [starts, durs] = values else { return internal_err!("{NAME} takes two arguments") };
        let (starts, durs) = (as_int64_array(starts)?, as_int64_array(durs)?);
        let mut rows = Int64Builder::with_capacity(num_rows);
        // Rows in use by their ends, and rows that were and are free again.
        let mut ends: BinaryHeap<Reverse<(i64, i64)>> = BinaryHeap::new();
        let mut free: BinaryHeap<Reverse<i64>> = BinaryHeap::new();
        let mut num_rows_made = 0;
        let mut last_start = i64::MIN;
        for index in 0..num_rows {
            if starts.is_null(index) || durs.is_null(index) {
                return exec_err!("{NAME} takes a start and a length, and one of them is null");
            }
            let (start, dur) = (starts.value(index), durs.value(index));
            if start < last_start {
                return exec_err!("{NAME} needs its rows in the order of their starts: say `OVER (ORDER BY ts)`");
            }
            last_start = start;
            let end = match dur {
                -1 => i64::MAX,
                dur if dur < 0 => return exec_err!("{NAME}: a length of {dur} is negative"),
                dur => start.saturating_add(dur),
            };
            while let Some(Reverse((end, row))) = ends.peek().copied()
                && end <= start
            {
                ends.pop();
                free.push(Reverse(row));
            }
            let row = match free.pop() {
                Some(Reverse(row)) => row,
                None => {
                    num_rows_made += 1;
                    num_rows_made - 1
                }
            };
            ends.push(Reverse((end, row)));
            rows.append_value(row);
        }
        Ok(Arc::new(rows.finish()))
    }
}
