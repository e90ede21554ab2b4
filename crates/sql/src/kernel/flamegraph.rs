//! Flame graphs: trees of frames merged by name, filtered, turned around and laid out.
//!
//! ```text
//! top down              bottom up             pivot at c
//!   a                     c       b             a        (callers, upwards)
//!   b   b                 b   a   a             b   b
//!   c                     a                     c
//!                                               d        (callees, downwards)
//! ```
//!
//! The frames of the table are merged into stacks first: all that follows works on as many nodes as there are different
//! stacks, whatever the number of rows.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field};
use datafusion::arrow::compute::regexp_is_match_scalar;
use datafusion::common::cast::as_string_array;
use datafusion::common::{Result, plan_err};

use super::column::{Groups, ints, reals, take};
use super::tree::Tree;
use super::{Bound, Call, Definition, Kind};
use crate::function::value::{Value, Values};

pub(super) const DEFINITIONS: &[Definition] = &[Definition {
    name: NAME,
    parameters: "(table with id, parent_id, name, value), __intrinsic_flamegraph_config('key', 'value', …)",
    bind,
}];

/// The function whose table is the graph.
pub(crate) const NAME: &str = "__intrinsic_flamegraph";

/// The function whose arguments are keys and values of the settings.
pub(crate) const CONFIG: &str = "__intrinsic_flamegraph_config";

/// From which side the stacks are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
enum View {
    /// From the first caller on.
    TopDown,
    /// From the innermost frame on.
    BottomUp,
    /// From the frames of this pattern on, in both directions.
    Pivot(String),
}

/// What a column of the table comes to in a merged frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    /// The sum of the values.
    Sum,
    /// The value when it is the only one, else how many there are.
    OneOrSummary,
    /// The different values, with commas between.
    Concat,
}

#[derive(Debug, Clone)]
struct Settings {
    view: View,
    /// Patterns of which a stack has to have a frame each.
    show_stack: Vec<String>,
    /// Patterns of which a stack must not have any frame.
    hide_stack: Vec<String>,
    /// Patterns of frames that stacks begin with; what is above is cut off.
    show_from_frame: Vec<String>,
    /// Patterns of frames that are left out of stacks.
    hide_frame: Vec<String>,
    /// Columns that keep frames of one name apart.
    group_by: Vec<String>,
    aggregates: Vec<(Aggregate, String)>,
}

impl Settings {
    fn of_call(call: &Call<'_>) -> Result<Self> {
        let mut settings = Self {
            view: View::TopDown,
            show_stack: vec![],
            hide_stack: vec![],
            show_from_frame: vec![],
            hide_frame: vec![],
            group_by: vec![],
            aggregates: vec![],
        };
        if call.len().is_multiple_of(2) {
            return call.wrong_arguments();
        }
        for index in (1..call.len()).step_by(2) {
            let (key, value) = (call.text(index)?, call.text(index + 1)?);
            match key.to_lowercase().as_str() {
                "view" => match value.to_uppercase().as_str() {
                    "TOP_DOWN" => settings.view = View::TopDown,
                    "BOTTOM_UP" => settings.view = View::BottomUp,
                    _ => return plan_err!("the view `{value}` of a flame graph is none of TOP_DOWN and BOTTOM_UP"),
                },
                "pivot" => settings.view = View::Pivot(value.to_owned()),
                "show_stack" => settings.show_stack.push(value.to_owned()),
                "hide_stack" => settings.hide_stack.push(value.to_owned()),
                "show_from_frame" => settings.show_from_frame.push(value.to_owned()),
                "hide_frame" => settings.hide_frame.push(value.to_owned()),
                "group_by" => settings.group_by.extend(call.names(index + 1)?),
                "sum" | "one_or_summary" | "concat_with_comma" => {
                    let aggregate = match key.to_lowercase().as_str() {
                        "sum" => Aggregate::Sum,
                        "one_or_summary" => Aggregate::OneOrSummary,
                        _ => Aggregate::Concat,
                    };
                    settings.aggregates.extend(call.names(index + 1)?.into_iter().map(|name| (aggregate, name)));
                }
                _ => {
                    return plan_err!(
                        "a flame graph has no setting `{key}`: it has view, pivot, show_stack, hide_stack, \
                         show_from_frame, hide_frame, group_by, sum, one_or_summary and concat_with_comma"
                    );
                }
            }
        }
        let patterns = [&settings.show_stack, &settings.hide_stack, &settings.show_from_frame, &settings.hide_frame];
        let pivot = match &settings.view {
            View::Pivot(pattern) => Some(pattern),
            _ => None,
        };
        for pattern in patterns.into_iter().flatten().chain(pivot) {
            if let Err(error) = regexp_is_match_scalar(&StringArray::from(vec![""]), pattern, None) {
                return plan_err!("`{pattern}` is no pattern: {error}");
            }
        }
        Ok(settings)
    }
}

fn bind(call: &mut Call<'_>) -> Result<Bound> {
    let settings = Settings::of_call(call)?;
    let mut columns: Vec<(&str, Kind)> =
        vec![("id", Kind::Int), ("parent_id", Kind::Int), ("name", Kind::Text), ("value", Kind::Any)];
    columns.extend(settings.group_by.iter().map(|name| (name.as_str(), Kind::Any)));
    columns.extend(settings.aggregates.iter().map(|(aggregate, name)| match aggregate {
        Aggregate::Sum => (name.as_str(), Kind::Real),
        _ => (name.as_str(), Kind::Any),
    }));
    // Whole numbers stay whole: a sum of nanoseconds is exact.
    let is_whole = call.types(0, "the frames", &columns[3..4])?[0] != DataType::Float64;
    columns[3].1 = if is_whole { Kind::Int } else { Kind::Real };
    let types = call.table(0, "the frames", &columns)?;
    let value_type = types[3].clone();
    let mut fields = vec![
        Field::new("id", DataType::Int64, true),
        Field::new("parent_id", DataType::Int64, true),
        Field::new("depth", DataType::Int64, true),
        Field::new("name", DataType::Utf8, true),
    ];
    for name in ["self_value", "cumulative_value", "parent_cumulative_value", "x_start", "x_end"] {
        fields.push(Field::new(name, value_type.clone(), true));
    }
    for (name, data_type) in settings.group_by.iter().zip(&types[4..]) {
        fields.push(Field::new(name, data_type.clone(), true));
    }
    for (aggregate, name) in &settings.aggregates {
        let data_type = if *aggregate == Aggregate::Sum { DataType::Float64 } else { DataType::Utf8 };
        fields.push(Field::new(name, data_type, true));
    }
    if let Some(twice) =
        fields.iter().enumerate().find(|(index, field)| fields[..*index].iter().any(|f| f.name() == field.name()))
    {
        return plan_err!("two columns of the flame graph are called `{}`", twice.1.name());
    }
    Ok(Bound::new(fields, move |tables| match is_whole {
        true => compute(
            &settings,
            &tables[0],
            &ints(&tables[0], 3)?.iter().map(Option::unwrap_or_default).collect::<Vec<i64>>(),
        ),
        false => compute(
            &settings,
            &tables[0],
            &reals(&tables[0], 3)?.iter().map(Option::unwrap_or_default).collect::<Vec<f64>>(),
        ),
    }))
}

/// What a frame may be worth.
trait Weight: Copy + Default + PartialOrd + fmt::Debug + std::ops::Add<Output = Self> {
    fn column(values: Vec<Option<Self>>) -> ArrayRef;
}

impl Weight for i64 {
    fn column(values: Vec<Option<Self>>) -> ArrayRef {
        Arc::new(Int64Array::from(values))
    }
}

impl Weight for f64 {
    fn column(values: Vec<Option<Self>>) -> ArrayRef {
        Arc::new(Float64Array::from(values))
    }
}

/// What tells frames below one frame apart: their name, and the values of the columns that they are grouped by.
type Label = u32;

/// One merged frame.
#[derive(Debug, Clone)]
struct Node<W> {
    parent: Option<u32>,
    label: Label,
    /// 1 for the first frames, -1 for the first callers of a pivot.
    depth: i64,
    own: W,
    total: W,
    /// The rows that are merged here.
    rows: Vec<u32>,
}

/// Merged frames; each stands behind the one above it.
#[derive(Debug)]
struct Stacks<W> {
    nodes: Vec<Node<W>>,
    /// By the frame above, the label and whether the depth grows downwards.
    numbers: HashMap<(Option<u32>, Label, bool), u32>,
}

impl<W: Weight> Stacks<W> {
    fn new() -> Self {
        Self { nodes: Vec::new(), numbers: HashMap::new() }
    }

    /// The frame `label` below `parent`.
    fn below(&mut self, parent: Option<u32>, label: Label, depth: i64) -> u32 {
        let next = self.nodes.len() as u32;
        let number = *self.numbers.entry((parent, label, depth > 0)).or_insert(next);
        if number == next {
            let (own, total) = (W::default(), W::default());
            self.nodes.push(Node { parent, label, depth, own, total, rows: Vec::new() });
        }
        number
    }

    /// Adds up what the frames below each frame are worth.
    fn add_up(&mut self) {
        for node in &mut self.nodes {
            node.total = node.own;
        }
        for index in (0..self.nodes.len()).rev() {
            if let Some(parent) = self.nodes[index].parent {
                let total = self.nodes[index].total;
                let above = &mut self.nodes[parent as usize];
                above.total = above.total + total;
            }
        }
    }

    /// The labels from a frame up to the first one.
    fn way_up(&self, node: u32) -> impl Iterator<Item = &Node<W>> {
        std::iter::successors(Some(&self.nodes[node as usize]), |node| {
            node.parent.map(|parent| &self.nodes[parent as usize])
        })
    }
}

/// For each name which of the patterns it has.
fn matches(names: &StringArray, patterns: &[String]) -> Result<Vec<BooleanArray>> {
    patterns.iter().map(|pattern| Ok(regexp_is_match_scalar(names, pattern, None)?)).collect()
}

fn is_match(matches: &BooleanArray, row: u32) -> bool {
    matches.is_valid(row as usize) && matches.value(row as usize)
}

fn compute<W: Weight>(settings: &Settings, table: &RecordBatch, values: &[W]) -> Result<Vec<ArrayRef>> {
    let num_groups = settings.group_by.len();
    let labels =
        Groups::new(&[(table.num_rows(), &[&table.columns()[2..3], &table.columns()[4..4 + num_groups]].concat())])?;
    let mut label_of: Vec<Label> = vec![0; table.num_rows()];
    for (number, group) in labels.groups.iter().enumerate() {
        for &row in &group[0] {
            label_of[row as usize] = number as Label;
        }
    }
    // Patterns are looked for once in each label.
    let names = take(table.column(2), labels.examples.iter().map(|(_, row)| Some(*row)))?;
    let names = as_string_array(&names)?;
    let stacks = merged(settings, table, values, &label_of, names)?;
    let stacks = match &settings.view {
        View::TopDown => stacks,
        View::BottomUp => turned_around(&stacks),
        View::Pivot(pattern) => pivoted(&stacks, &regexp_is_match_scalar(names, pattern, None)?),
    };
    lay_out(settings, table, stacks, labels, names)
}

/// The stacks of the table's frames that the filters leave.
fn merged<W: Weight>(
    settings: &Settings,
    table: &RecordBatch,
    values: &[W],
    label_of: &[Label],
    names: &StringArray,
) -> Result<Stacks<W>> {
    #[derive(Clone, Default)]
    struct Way {
        /// Which of `show_stack` a frame on the way has.
        shown: Vec<bool>,
        is_hidden: bool,
        is_started: bool,
        /// The nearest merged frame.
        node: Option<u32>,
    }

    let tree = Tree::of_table(table)?;
    let shown = matches(names, &settings.show_stack)?;
    let hidden = matches(names, &settings.hide_stack)?;
    let starts = matches(names, &settings.show_from_frame)?;
    let left_out = matches(names, &settings.hide_frame)?;
    let mut stacks = Stacks::new();
    let mut ways: Vec<Way> = vec![Way::default(); table.num_rows()];
    let mut is_kept: Vec<bool> = Vec::new();
    for &row in &tree.order {
        let label = label_of[row as usize];
        let above = tree.parents[row as usize].map(|parent| &ways[parent as usize]);
        let shown = shown.iter().enumerate();
        let shown: Vec<bool> =
            shown.map(|(at, found)| is_match(found, label) || above.is_some_and(|above| above.shown[at])).collect();
        let is_hidden = above.is_some_and(|above| above.is_hidden) || hidden.iter().any(|found| is_match(found, label));
        let is_started = starts.is_empty()
            || above.is_some_and(|above| above.is_started)
            || starts.iter().any(|found| is_match(found, label));
        let parent = above.and_then(|above| above.node);
        let is_frame = is_started && !is_hidden && !left_out.iter().any(|found| is_match(found, label));
        let node = match is_frame {
            true => {
                let depth = parent.map_or(1, |parent| stacks.nodes[parent as usize].depth + 1);
                Some(stacks.below(parent, label, depth))
            }
            false => parent,
        };
        is_kept.resize(stacks.nodes.len(), false);
        let is_stack = is_started && !is_hidden && shown.iter().all(|is_shown| *is_shown);
        if let (true, Some(node)) = (is_stack, node) {
            let merged: &mut Node<W> = &mut stacks.nodes[node as usize];
            merged.own = merged.own + values[row as usize];
            is_kept[node as usize] = true;
            // What a hidden frame is worth goes to the one above it, but it says nothing of that one.
            if is_frame {
                merged.rows.push(row);
            }
        }
        ways[row as usize] = Way { shown, is_hidden, is_started, node };
    }
    // A frame that no stack is left of goes; those above others that are left stay.
    for index in (0..stacks.nodes.len()).rev() {
        if let (true, Some(parent)) = (is_kept[index], stacks.nodes[index].parent) {
            is_kept[parent as usize] = true;
        }
    }
    let mut kept = Stacks::new();
    let mut numbers: Vec<Option<u32>> = vec![None; stacks.nodes.len()];
    for (index, node) in stacks.nodes.into_iter().enumerate() {
        if is_kept[index] {
            let parent = node.parent.and_then(|parent| numbers[parent as usize]);
            let number = kept.below(parent, node.label, node.depth);
            numbers[index] = Some(number);
            kept.nodes[number as usize] = Node { parent, ..node };
        }
    }
    kept.add_up();
    Ok(kept)
}

/// Adds the way from `node` up to the first frame, the last caller being the deepest.
fn add_way_up<W: Weight>(stacks: &Stacks<W>, node: u32, value: W, into: &mut Stacks<W>, depth_by: i64, rows: &[u32]) {
    let mut above: Option<u32> = None;
    let mut depth = 0;
    for (index, frame) in stacks.way_up(node).enumerate() {
        depth += depth_by;
        let below = into.below(above, frame.label, depth);
        // Rows say something of the frame that they are, which is the first one.
        if index == 0 {
            into.nodes[below as usize].rows.extend_from_slice(rows);
        }
        above = Some(below);
    }
    if let Some(last) = above {
        let last = &mut into.nodes[last as usize];
        last.own = last.own + value;
    }
}

/// The same stacks from their innermost frames on. What a frame is worth by itself is what stacks are worth that it is
/// the first caller of.
fn turned_around<W: Weight>(stacks: &Stacks<W>) -> Stacks<W> {
    let mut turned = Stacks::new();
    for (index, node) in stacks.nodes.iter().enumerate() {
        if node.own != W::default() {
            add_way_up(stacks, index as u32, node.own, &mut turned, 1, &node.rows);
        }
    }
    turned.add_up();
    turned
}

/// The stacks below the first frame of each that is a pivot, and their callers.
fn pivoted<W: Weight>(stacks: &Stacks<W>, pivots: &BooleanArray) -> Stacks<W> {
    let mut found = Stacks::new();
    // For each frame the one that it becomes below a pivot.
    let mut below: Vec<Option<u32>> = Vec::with_capacity(stacks.nodes.len());
    for (index, node) in stacks.nodes.iter().enumerate() {
        let above = node.parent.and_then(|parent| below[parent as usize]);
        let is_first = above.is_none() && is_match(pivots, node.label);
        let number = match (above, is_first) {
            (Some(above), _) => {
                let depth: i64 = found_depth(&found, above) + 1;
                Some(found.below(Some(above), node.label, depth))
            }
            (None, true) => Some(found.below(None, node.label, 1)),
            (None, false) => None,
        };
        if let Some(number) = number {
            let merged: &mut Node<W> = &mut found.nodes[number as usize];
            merged.own = merged.own + node.own;
            merged.rows.extend_from_slice(&node.rows);
        }
        if is_first && let Some(caller) = node.parent {
            add_way_up(stacks, caller, node.total, &mut found, -1, &[]);
        }
        below.push(number);
        debug_assert_eq!(below.len(), index + 1);
    }
    found.add_up();
    found
}

fn found_depth<W>(stacks: &Stacks<W>, node: u32) -> i64 {
    stacks.nodes[node as usize].depth
}

/// Puts frames side by side, those worth most first, and gives the columns of the result.
fn lay_out<W: Weight>(
    settings: &Settings,
    table: &RecordBatch,
    stacks: Stacks<W>,
    labels: Groups,
    names: &StringArray,
) -> Result<Vec<ArrayRef>> {
    let nodes = stacks.nodes;
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); nodes.len()];
    let mut firsts: [Vec<u32>; 2] = Default::default();
    for (index, node) in nodes.iter().enumerate() {
        match node.parent {
            Some(parent) => children[parent as usize].push(index as u32),
            None => firsts[usize::from(node.depth < 0)].push(index as u32),
        }
    }
    let sort = |list: &mut Vec<u32>| {
        let key = |index: u32| &nodes[index as usize];
        list.sort_by(|&a, &b| {
            let by_worth = key(b).total.partial_cmp(&key(a).total).unwrap_or(std::cmp::Ordering::Equal);
            by_worth.then_with(|| key(a).label.cmp(&key(b).label))
        });
    };
    children.iter_mut().for_each(sort);
    firsts.iter_mut().for_each(sort);
    // A frame, its number in the result, where it starts, what the frame above is worth and its number.
    let mut order: Vec<u32> = Vec::with_capacity(nodes.len());
    let mut parents: Vec<Option<i64>> = Vec::with_capacity(nodes.len());
    let mut worth_above: Vec<Option<W>> = Vec::with_capacity(nodes.len());
    let mut starts: Vec<Option<W>> = Vec::with_capacity(nodes.len());
    for firsts in &firsts {
        let whole = firsts.iter().fold(W::default(), |sum, index| sum + nodes[*index as usize].total);
        let mut stack: Vec<(u32, Option<i64>, W, W)> = Vec::new();
        let push = |list: &[u32], parent: Option<i64>, from: W, worth: W, stack: &mut Vec<(u32, Option<i64>, W, W)>| {
            let first = stack.len();
            let mut start = from;
            for &index in list {
                stack.push((index, parent, start, worth));
                start = start + nodes[index as usize].total;
            }
            stack[first..].reverse();
        };
        push(firsts, None, W::default(), whole, &mut stack);
        while let Some((index, parent, start, worth)) = stack.pop() {
            let number = order.len() as i64;
            order.push(index);
            parents.push(parent);
            worth_above.push(Some(worth));
            starts.push(Some(start));
            push(&children[index as usize], Some(number), start, nodes[index as usize].total, &mut stack);
        }
    }
    let node_of = |index: &u32| &nodes[*index as usize];
    let label_rows: Vec<Option<u32>> =
        order.iter().map(|index| Some(labels.examples[node_of(index).label as usize].1)).collect();
    let name_rows = order.iter().map(|index| Some(node_of(index).label));
    let names: ArrayRef = Arc::new(names.clone());
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(0..order.len() as i64)),
        Arc::new(Int64Array::from(parents)),
        Arc::new(Int64Array::from_iter_values(order.iter().map(|index| node_of(index).depth))),
        take(&names, name_rows)?,
        W::column(order.iter().map(|index| Some(node_of(index).own)).collect()),
        W::column(order.iter().map(|index| Some(node_of(index).total)).collect()),
        W::column(worth_above),
        W::column(starts.clone()),
        W::column(
            order.iter().zip(starts).map(|(index, start)| start.map(|start| start + node_of(index).total)).collect(),
        ),
    ];
    let num_groups = settings.group_by.len();
    for column in &table.columns()[4..4 + num_groups] {
        columns.push(take(column, label_rows.iter().copied())?);
    }
    for ((aggregate, _), column) in settings.aggregates.iter().zip(&table.columns()[4 + num_groups..]) {
        let values = Values::new(column)?;
        let rows_of = order.iter().map(|index| node_of(index).rows.as_slice());
        columns.push(match aggregate {
            Aggregate::Sum => Arc::new(Float64Array::from_iter(rows_of.map(|rows| sum_of(&values, rows)))),
            aggregate => {
                let texts = rows_of.map(|rows| summary_of(&values, rows, *aggregate));
                Arc::new(StringArray::from_iter(texts))
            }
        });
    }
    Ok(columns)
}

fn sum_of(values: &Values, rows: &[u32]) -> Option<f64> {
    let mut sum = None;
    for value in rows.iter().filter_map(|row| values.get(*row as usize).to_real()) {
        sum = Some(sum.unwrap_or(0.0) + value);
    }
    sum
}

/// The different values of some rows as one text; `None` when there is none.
fn summary_of(values: &Values, rows: &[u32], aggregate: Aggregate) -> Option<String> {
    let mut different: Vec<Value<'_>> =
        rows.iter().map(|row| values.get(*row as usize)).filter(|value| !value.is_null()).collect();
    different.sort_by(Value::compare);
    different.dedup();
    let text = |value: &Value<'_>| value.to_text().unwrap_or_default().into_owned();
    match (aggregate, different.as_slice()) {
        (_, []) => None,
        (_, [only]) => Some(text(only)),
        (Aggregate::OneOrSummary, [first, others @ ..]) => Some(format!("{} and {} others", text(first), others.len())),
        (_, all) => Some(all.iter().map(text).collect::<Vec<_>>().join(",")),
    }
}
