//! Flattening: nested intervals cut into the pieces in which one of them is the innermost.
//!
//! ```text
//! root    aaaaaaaaaaaaaaaa
//! child      bbbbbbb
//! child        cc
//! flat    aaabbccbbbaaaaaa
//! ```

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err};
use datafusion::execution::memory_pool::MemoryReservation;

use super::column::{Groups, int_at, ints, spans, take};
use super::interval_intersection::{Combinations, Span};
use super::{Bound, Call, Definition, Kind};

pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "__intervals_flatten",
        parameters: "(table with root_id, root_ts, root_dur, id, parent_id, ts, dur)",
        bind: bind_flatten,
    },
    Definition {
        name: "__intervals_by_root",
        parameters: "(roots with id, ts, dur), (children with id, parent_id, ts, dur), 'key column'",
        bind: bind_by_root,
    },
];

/// A column that tells roots of one id apart, where there is one.
const ROOT_KEY: &str = "__root";

fn int_fields(names: &[&str]) -> Vec<Field> {
    names.iter().map(|name| Field::new(*name, DataType::Int64, true)).collect()
}

fn bind_flatten(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(1)?;
    let mut columns: Vec<(&str, Kind)> =
        ["root_id", "root_ts", "root_dur", "id", "parent_id", "ts", "dur"].map(|name| (name, Kind::Int)).to_vec();
    if call.columns(0)?.iter().any(|name| name == ROOT_KEY) {
        columns.push((ROOT_KEY, Kind::Any));
    }
    call.table(0, "the intervals", &columns)?;
    Ok(Bound::new(int_fields(&["id", "ts", "dur", "root_id"]), flatten))
}

/// One interval inside of a root.
#[derive(Debug, Clone, Copy)]
struct Child {
    start: i64,
    end: i64,
    id: i64,
    depth: u32,
}

fn flatten(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let table = &tables[0];
    let [root_id, root_ts, root_dur] = [ints(table, 0)?, ints(table, 1)?, ints(table, 2)?];
    let [id, parent_id, ts, dur] = [ints(table, 3)?, ints(table, 4)?, ints(table, 5)?, ints(table, 6)?];
    let key: Vec<ArrayRef> = [&table.columns()[..3], &table.columns()[7..]].concat();
    let groups = Groups::new(&[(table.num_rows(), key.as_slice())])?;
    // Of each piece: start, end, id, root.
    let mut pieces: Vec<(i64, i64, i64, i64)> = Vec::new();
    for (group, (_, example)) in groups.groups.iter().zip(&groups.examples) {
        let example = *example as usize;
        let (Some(root), Some(start), Some(length)) =
            (int_at(root_id, example), int_at(root_ts, example), int_at(root_dur, example))
        else {
            continue;
        };
        let end = start.saturating_add(length.max(0));
        let parents: HashMap<i64, i64> = group[0]
            .iter()
            .filter_map(|&row| Some((int_at(id, row as usize)?, int_at(parent_id, row as usize)?)))
            .collect();
        let mut depths = HashMap::new();
        let mut children = Vec::with_capacity(group[0].len());
        for &row in &group[0] {
            let row = row as usize;
            if let (Some(id), Some(ts), Some(dur)) = (int_at(id, row), int_at(ts, row), int_at(dur, row)) {
                let (child_start, child_end) = (ts.max(start), ts.saturating_add(dur.max(0)).min(end));
                if child_start < child_end {
                    let depth = depth_of(id, &parents, &mut depths);
                    children.push(Child { start: child_start, end: child_end, id, depth });
                }
            }
        }
        flatten_root(root, (start, end), children, &mut pieces);
    }
    pieces.sort_by_key(|piece| piece.0);
    let column = |values: Vec<i64>| Arc::new(Int64Array::from(values)) as ArrayRef;
    Ok(vec![
        column(pieces.iter().map(|piece| piece.2).collect()),
        column(pieces.iter().map(|piece| piece.0).collect()),
        column(pieces.iter().map(|piece| piece.1 - piece.0).collect()),
        column(pieces.iter().map(|piece| piece.3).collect()),
    ])
}

/// How many parents a child has. A circle of parents, which makes no sense, ends where it closes.
fn depth_of(id: i64, parents: &HashMap<i64, i64>, depths: &mut HashMap<i64, u32>) -> u32 {
    let mut chain = vec![id];
    let mut depth = 0;
    let mut current = id;
    loop {
        if let Some(&known) = depths.get(&current) {
            depth = known;
            chain.pop();
            break;
        }
        // Marks the way, so that a circle is noticed.
        depths.insert(current, 0);
        match parents.get(&current) {
            Some(&parent) if parent != current => {
                current = parent;
                chain.push(parent);
            }
            _ => {
                chain.pop();
                break;
            }
        }
    }
    for &above in chain.iter().rev() {
        depth += 1;
        depths.insert(above, depth);
    }
    depths.get(&id).copied().unwrap_or(0)
}

/// Cuts one root. The innermost child is the one that started last, or is the deepest of those.
fn flatten_root(root: i64, (start, end): (i64, i64), mut children: Vec<Child>, pieces: &mut Vec<(i64, i64, i64, i64)>) {
    children.sort_by_key(|child| (child.start, child.depth, Reverse(child.end)));
    let mut times: Vec<i64> = children.iter().flat_map(|child| [child.start, child.end]).chain([start, end]).collect();
    times.sort_unstable();
    times.dedup();
    let first = pieces.len();
    // The last to start is on top; those that have ended are thrown away when they come up.
    let mut open: BinaryHeap<usize> = BinaryHeap::new();
    let mut next = 0;
    for pair in times.windows(2) {
        while children.get(next).is_some_and(|child| child.start <= pair[0]) {
            open.push(next);
            next += 1;
        }
        while open.peek().is_some_and(|&child| children[child].end <= pair[0]) {
            open.pop();
        }
        let id = open.peek().map_or(root, |&child| children[child].id);
        match pieces[first..].last_mut() {
            Some(last) if last.2 == id && last.1 == pair[0] => last.1 = pair[1],
            _ => pieces.push((pair[0], pair[1], id, root)),
        }
    }
}

fn bind_by_root(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(3)?;
    let keys = call.names(2)?;
    let with_keys = |names: &[&'static str]| -> Vec<(String, Kind)> {
        let names = names.iter().map(|name| ((*name).to_owned(), Kind::Int));
        names.chain(keys.iter().map(|key| (key.clone(), Kind::Any))).collect()
    };
    let types = call.table(0, "the roots", &with_keys(&["id", "ts", "dur"]))?;
    let child_types: Vec<DataType> =
        std::iter::repeat_n(DataType::Int64, 4).chain(types[3..].iter().cloned()).collect();
    let names: Vec<&str> =
        ["id", "parent_id", "ts", "dur"].into_iter().chain(keys.iter().map(String::as_str)).collect();
    call.table_of_types(1, "the children", &names, &child_types)?;
    let names = ["root_id", "root_ts", "root_dur", "id", "parent_id", "ts", "dur", ROOT_KEY];
    Ok(Bound::growing(int_fields(&names), by_root))
}

/// A root, one of its children, and the part of the child that lies in the root.
type OfRoot = (u32, Option<u32>, Option<Span>);

/// The children of each root: those that are under way during it and have its key, cut to it. A root without children
/// has a row without a child.
fn by_root(tables: &[RecordBatch], memory: &MemoryReservation) -> Result<Vec<ArrayRef>> {
    let [roots, children] = tables else { return exec_err!("roots have one table of children") };
    let root_spans = spans(roots, 1, 2, "the roots")?;
    let child_spans = spans(children, 2, 3, "the children")?;
    let groups =
        Groups::new(&[(roots.num_rows(), &roots.columns()[3..]), (children.num_rows(), &children.columns()[4..])])?;
    let mut found: Vec<OfRoot> = Vec::new();
    for group in &groups.groups {
        let root_side = Combinations::of_table(&root_spans, &group[0]);
        let pairs = root_side.intersect(&Combinations::of_table(&child_spans, &group[1]), memory)?;
        found.extend(pairs.rows.chunks(2).zip(&pairs.spans).map(|(rows, span)| (rows[0], Some(rows[1]), Some(*span))));
    }
    let mut has_child = vec![false; roots.num_rows()];
    for (root, ..) in &found {
        has_child[*root as usize] = true;
    }
    found.extend((0..roots.num_rows() as u32).filter(|&root| !has_child[root as usize]).map(|root| (root, None, None)));
    found.sort_unstable_by_key(|(root, child, span)| (*root, span.map(|span| span.0), *child));
    let root_rows = || found.iter().map(|row| Some(row.0));
    let child_rows = || found.iter().map(|row| row.1);
    let root_ids = ints(roots, 0)?;
    let parent_ids = ints(children, 1)?;
    let parents = found.iter().map(|(root, child, _)| {
        child.map(|child| int_at(parent_ids, child as usize).unwrap_or_else(|| root_ids.value(*root as usize)))
    });
    Ok(vec![
        take(roots.column(0), root_rows())?,
        take(roots.column(1), root_rows())?,
        take(roots.column(2), root_rows())?,
        take(children.column(0), child_rows())?,
        Arc::new(Int64Array::from_iter(parents)),
        Arc::new(Int64Array::from_iter(found.iter().map(|row| row.2.map(|(start, _)| start)))),
        Arc::new(Int64Array::from_iter(found.iter().map(|row| row.2.map(|(start, end)| end - start)))),
        Arc::new(Int64Array::from_iter_values(found.iter().map(|row| i64::from(row.0)))),
    ])
}
