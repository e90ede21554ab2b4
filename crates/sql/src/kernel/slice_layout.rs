//! The rows in which slices of several tracks are drawn together: each tree of slices keeps its shape and moves down as a
//! whole, to the first row where it fits.
//!
//! ```text
//! track 1   ───────           row 0   ───────  ─────
//!             ───             row 1     ───
//! track 2      ────────       row 2      ────────
//!                  ─────
//! ```

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err};

use super::column::{int_at, ints};
use super::{Bound, Call, Definition, Kind};

pub(super) const DEFINITIONS: &[Definition] =
    &[Definition { name: "__slice_layout", parameters: "(table with id, parent_id, ts, dur, depth)", bind }];

fn bind(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(1)?;
    let columns = ["id", "parent_id", "ts", "dur", "depth"].map(|name| (name, Kind::Int));
    call.table(0, "the slices", &columns)?;
    let fields = ["id", "layout_depth"].map(|name| Field::new(name, DataType::Int64, true));
    Ok(Bound::new(fields.to_vec(), layout))
}

/// A tree of slices.
#[derive(Debug)]
struct Tree {
    start: i64,
    end: i64,
    root_depth: i64,
    num_rows: usize,
    first_row: usize,
}

fn layout(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let [table] = tables else { return exec_err!("slices of one table are laid out") };
    let (ids, parents) = (ints(table, 0)?, ints(table, 1)?);
    let (starts, durs, depths) = (ints(table, 2)?, ints(table, 3)?, ints(table, 4)?);
    let mut slices = Vec::with_capacity(table.num_rows());
    for row in 0..table.num_rows() {
        match (int_at(ids, row), int_at(starts, row), int_at(durs, row), int_at(depths, row)) {
            (Some(id), Some(start), Some(dur), Some(depth)) => slices.push((depth, id, row, start, dur)),
            _ => return exec_err!("a slice to lay out has a null among its id, `ts`, `dur` and `depth`"),
        }
    }
    // What is above a slice comes before it.
    slices.sort_unstable();
    let mut trees: Vec<Tree> = Vec::new();
    let mut tree_of: HashMap<i64, usize> = HashMap::with_capacity(slices.len());
    for &(depth, id, row, start, dur) in &slices {
        let end = if dur < 0 { i64::MAX } else { start.saturating_add(dur) };
        let number = match int_at(parents, row).and_then(|parent| tree_of.get(&parent).copied()) {
            Some(number) => {
                let tree = &mut trees[number];
                tree.end = tree.end.max(end);
                tree.num_rows = tree.num_rows.max((depth - tree.root_depth + 1).max(1) as usize);
                number
            }
            None => {
                trees.push(Tree { start, end, root_depth: depth, num_rows: 1, first_row: 0 });
                trees.len() - 1
            }
        };
        tree_of.insert(id, number);
    }
    let mut order: Vec<usize> = (0..trees.len()).collect();
    order.sort_by_key(|&number| trees[number].start);
    // When each row is free again.
    let mut free_from: Vec<i64> = Vec::new();
    for number in order {
        let tree = &mut trees[number];
        let mut first_row = 0;
        for (row, free) in free_from.iter().enumerate() {
            if *free > tree.start {
                first_row = row + 1;
            } else if row + 1 - first_row == tree.num_rows {
                break;
            }
        }
        tree.first_row = first_row;
        let rows = first_row..first_row + tree.num_rows;
        if free_from.len() < rows.end {
            free_from.resize(rows.end, i64::MIN);
        }
        free_from[rows].fill(tree.end);
    }
    let mut rows: Vec<(usize, i64, i64)> = Vec::with_capacity(slices.len());
    for (depth, id, row, ..) in slices {
        let tree = &trees[tree_of[&id]];
        rows.push((row, id, tree.first_row as i64 + depth - tree.root_depth));
    }
    rows.sort_unstable();
    Ok(vec![
        Arc::new(rows.iter().map(|(_, id, _)| Some(*id)).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|(.., layout_depth)| Some(*layout_depth)).collect::<Int64Array>()),
    ])
}
