//! Trees: tables whose rows name the row above them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err};

use super::column::{Groups, int_at, ints, take};
use super::{Bound, Call, Definition, Kind};

pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "__tree_partition_by_group",
        parameters: "(table with id, parent_id, group_key)",
        bind: bind_partition,
    },
    Definition { name: "__tree_in_order", parameters: "(table with id, parent_id), 'columns'", bind: bind_in_order },
    Definition { name: "__tree_roots", parameters: "(table with id, parent_id)", bind: bind_roots },
    Definition {
        name: "__tree_without_nulls",
        parameters: "(table with id, parent_id, depth and a column), 'column'",
        bind: bind_without_nulls,
    },
    Definition {
        name: "__tree_stacks",
        parameters: "(table with id, parent_id and names), 'columns of names'",
        bind: bind_stacks,
    },
];

const TREE: &str = "the tree";

fn int_field(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

/// The rows of a tree.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) ids: Int64Array,
    /// The row above each row. A parent that no row has is none.
    pub(super) parents: Vec<Option<u32>>,
    /// All rows, those above others before them and below a row in the order of the table.
    pub(super) order: Vec<u32>,
}

impl Tree {
    /// The tree of a table whose first two columns are id and parent.
    pub(super) fn of_table(table: &RecordBatch) -> Result<Self> {
        let (ids, parent_ids) = (ints(table, 0)?.clone(), ints(table, 1)?);
        let mut rows: HashMap<i64, u32> = HashMap::with_capacity(ids.len());
        for row in 0..ids.len() {
            let Some(id) = int_at(&ids, row) else { return exec_err!("a row of the tree has no `id`") };
            if rows.insert(id, row as u32).is_some() {
                return exec_err!("two rows of the tree have the `id` {id}");
            }
        }
        let parents: Vec<Option<u32>> =
            (0..ids.len()).map(|row| int_at(parent_ids, row).and_then(|id| rows.get(&id).copied())).collect();
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); ids.len()];
        let mut stack: Vec<u32> = Vec::new();
        for row in (0..ids.len()).rev() {
            match parents[row] {
                Some(parent) => children[parent as usize].push(row as u32),
                None => stack.push(row as u32),
            }
        }
        let mut order = Vec::with_capacity(ids.len());
        while let Some(row) = stack.pop() {
            order.push(row);
            stack.append(&mut children[row as usize]);
        }
        if order.len() < ids.len() {
            let lost = children.iter().flatten().next().map_or(0, |&row| ids.value(row as usize));
            return exec_err!("the parents of the row {lost} of the tree go round in a circle");
        }
        Ok(Self { ids, parents, order })
    }

    fn id(&self, row: u32) -> i64 {
        self.ids.value(row as usize)
    }
}

fn bind_partition(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(1)?;
    let columns = [("id", Kind::Int), ("parent_id", Kind::Int), ("group_key", Kind::Any)];
    let types = call.table(0, TREE, &columns)?;
    let fields =
        vec![int_field("node_id"), int_field("parent_node_id"), Field::new("group_key", types[2].clone(), true)];
    Ok(Bound::new(fields, partition))
}

/// Each row with the nearest one above it that is of the same group.
fn partition(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let table = &tables[0];
    let tree = Tree::of_table(table)?;
    let groups = Groups::new(&[(table.num_rows(), &table.columns()[2..3])])?;
    let mut group_of = vec![0_u32; table.num_rows()];
    for (number, group) in groups.groups.iter().enumerate() {
        for &row in &group[0] {
            group_of[row as usize] = number as u32;
        }
    }
    // The rows from the root to the current one, and for each group those of them that are of it.
    let mut way: Vec<u32> = Vec::new();
    let mut ways: Vec<Vec<u32>> = vec![Vec::new(); groups.groups.len()];
    let mut nearest: Vec<Option<u32>> = vec![None; table.num_rows()];
    for &row in &tree.order {
        while way.last().copied() != tree.parents[row as usize] {
            let Some(left) = way.pop() else { break };
            ways[group_of[left as usize] as usize].pop();
        }
        let own = &mut ways[group_of[row as usize] as usize];
        nearest[row as usize] = own.last().copied();
        own.push(row);
        way.push(row);
    }
    let parents = nearest.iter().map(|row| row.map(|row| tree.id(row)));
    Ok(vec![Arc::new(tree.ids.clone()), Arc::new(Int64Array::from_iter(parents)), Arc::clone(table.column(2))])
}

fn bind_in_order(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(2)?;
    let listed = call.names(1)?;
    let is_own = |name: &&String| !["id", "parent_id"].contains(&name.as_str());
    let columns: Vec<(&str, Kind)> = [("id", Kind::Int), ("parent_id", Kind::Int)]
        .into_iter()
        .chain(listed.iter().filter(is_own).map(|name| (name.as_str(), Kind::Any)))
        .collect();
    let types = call.table(0, TREE, &columns)?;
    let mut fields = vec![int_field("_tree_id"), int_field("_tree_parent_id")];
    fields.extend(columns.iter().zip(types).map(|((name, _), data_type)| Field::new(*name, data_type, true)));
    Ok(Bound::new(fields, in_order))
}

/// The rows of a tree, each behind the one above it, with numbers of their own.
fn in_order(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let table = &tables[0];
    let tree = Tree::of_table(table)?;
    let mut places = vec![0_i64; tree.order.len()];
    for (place, row) in tree.order.iter().enumerate() {
        places[*row as usize] = place as i64;
    }
    let parents = tree.order.iter().map(|row| tree.parents[*row as usize].map(|parent| places[parent as usize]));
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(0..tree.order.len() as i64)),
        Arc::new(Int64Array::from_iter(parents)),
    ];
    for column in table.columns() {
        columns.push(take(column, tree.order.iter().copied().map(Some))?);
    }
    Ok(columns)
}

fn bind_roots(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(1)?;
    call.table(0, TREE, &[("id", Kind::Int), ("parent_id", Kind::Int)])?;
    Ok(Bound::new(vec![int_field("id"), int_field("root_id")], |tables| {
        let tree = Tree::of_table(&tables[0])?;
        let mut roots = vec![0_u32; tree.order.len()];
        for &row in &tree.order {
            roots[row as usize] = tree.parents[row as usize].map_or(row, |parent| roots[parent as usize]);
        }
        let root_ids = roots.iter().map(|row| tree.id(*row));
        Ok(vec![Arc::new(tree.ids.clone()), Arc::new(Int64Array::from_iter_values(root_ids))])
    }))
}

fn bind_without_nulls(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(2)?;
    let names = call.names(1)?;
    let [name] = names.as_slice() else { return call.wrong_arguments() };
    let columns = [("id", Kind::Int), ("parent_id", Kind::Int), ("depth", Kind::Int), (name.as_str(), Kind::Any)];
    let types = call.table(0, TREE, &columns)?;
    let fields = columns.iter().zip(types).map(|((name, _), data_type)| Field::new(*name, data_type, true)).collect();
    Ok(Bound::new(fields, without_nulls))
}

/// The rows whose last column is not null, each below the nearest row above it that is left.
fn without_nulls(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let table = &tables[0];
    let tree = Tree::of_table(table)?;
    let values = table.column(3);
    let mut nearest: Vec<Option<u32>> = vec![None; table.num_rows()];
    for &row in &tree.order {
        nearest[row as usize] = tree.parents[row as usize].and_then(|parent| match values.is_valid(parent as usize) {
            true => Some(parent),
            false => nearest[parent as usize],
        });
    }
    let kept: Vec<u32> = (0..table.num_rows() as u32).filter(|&row| values.is_valid(row as usize)).collect();
    let kept_rows = || kept.iter().copied().map(Some);
    Ok(vec![
        take(table.column(0), kept_rows())?,
        take(table.column(0), kept.iter().map(|&row| nearest[row as usize]))?,
        take(table.column(2), kept_rows())?,
        take(values, kept_rows())?,
    ])
}

fn bind_stacks(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(2)?;
    let names = call.names(1)?;
    let columns: Vec<(&str, Kind)> = [("id", Kind::Int), ("parent_id", Kind::Int)]
        .into_iter()
        .chain(names.iter().map(|name| (name.as_str(), Kind::Any)))
        .collect();
    call.table(0, TREE, &columns)?;
    Ok(Bound::new(vec![int_field("id"), int_field("stack_id"), int_field("parent_stack_id")], stacks))
}

/// A number for what each row and those above it are called; rows of one stack have one number. 0 is no stack.
fn stacks(tables: &[RecordBatch]) -> Result<Vec<ArrayRef>> {
    let table = &tables[0];
    let tree = Tree::of_table(table)?;
    let groups = Groups::new(&[(table.num_rows(), &table.columns()[2..])])?;
    let mut name_of = vec![0_u32; table.num_rows()];
    for (number, group) in groups.groups.iter().enumerate() {
        for &row in &group[0] {
            name_of[row as usize] = number as u32;
        }
    }
    let mut numbers: HashMap<(i64, u32), i64> = HashMap::new();
    let mut stack_of = vec![0_i64; table.num_rows()];
    for &row in &tree.order {
        let above = tree.parents[row as usize].map_or(0, |parent| stack_of[parent as usize]);
        let next = numbers.len() as i64 + 1;
        stack_of[row as usize] = *numbers.entry((above, name_of[row as usize])).or_insert(next);
    }
    let parents = tree.parents.iter().map(|parent| parent.map_or(0, |parent| stack_of[parent as usize]));
    Ok(vec![
        Arc::new(tree.ids.clone()),
        Arc::new(Int64Array::from_iter_values(stack_of.iter().copied())),
        Arc::new(Int64Array::from_iter_values(parents)),
    ])
}
