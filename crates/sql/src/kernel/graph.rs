//! Graphs: what can be reached from some nodes, and through which nodes every way leads.
//!
//! Nodes are whole numbers and known by their edges. All walks keep their own stack, since a chain of a million nodes is
//! an ordinary thing (the stack of a deep recursion, the steps of a loop).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err};
use datafusion::execution::memory_pool::MemoryReservation;

use super::column::{int_at, ints};
use super::{Bound, Call, Definition, Kind};

pub(super) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "__graph_reachable",
        parameters: "(edges with source_node_id, dest_node_id), (starts with node_id), 'dfs' or 'bfs'",
        bind: bind_reachable,
    },
    Definition {
        name: "__graph_reachable_weight_bounded",
        parameters: "(edges with source_node_id, dest_node_id, edge_weight), \
                     (roots with root_node_id, root_target_weight), (table with is_floor)",
        bind: bind_weight_bounded,
    },
    Definition {
        name: "__graph_dominator_tree",
        parameters: "(edges with source_node_id, dest_node_id), (table with root_node_id)",
        bind: bind_dominators,
    },
];

const EDGES: &str = "the edges";

/// The columns of a table of edges.
pub(super) const EDGE_COLUMNS: [(&str, Kind); 2] = [("source_node_id", Kind::Int), ("dest_node_id", Kind::Int)];

/// A directed graph.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// The name of each node.
    ids: Vec<i64>,
    numbers: HashMap<i64, u32>,
    /// Where the edges of each node begin in `targets`, and where those of the last one end.
    firsts: Vec<u32>,
    /// Where each edge leads to, by the node it leaves and in the order of the table.
    targets: Vec<u32>,
    /// The row of each of these edges.
    rows: Vec<u32>,
}

impl Graph {
    /// The graph of a table whose first two columns are source and target. A row without one of them is no edge.
    pub(super) fn of_edges(table: &RecordBatch) -> Result<Self> {
        let (sources, targets) = (ints(table, 0)?, ints(table, 1)?);
        let mut graph = Self::default();
        let mut edges = Vec::with_capacity(sources.len());
        for row in 0..sources.len() {
            if let (Some(source), Some(target)) = (int_at(sources, row), int_at(targets, row)) {
                edges.push((graph.add_node(source), graph.add_node(target), row as u32));
            }
        }
        let mut firsts = vec![0_u32; graph.ids.len() + 1];
        for (source, ..) in &edges {
            firsts[*source as usize + 1] += 1;
        }
        for node in 0..graph.ids.len() {
            firsts[node + 1] += firsts[node];
        }
        let mut next = firsts.clone();
        graph.targets = vec![0; edges.len()];
        graph.rows = vec![0; edges.len()];
        for (source, target, row) in edges {
            let place = &mut next[source as usize];
            graph.targets[*place as usize] = target;
            graph.rows[*place as usize] = row;
            *place += 1;
        }
        graph.firsts = firsts;
        Ok(graph)
    }

    fn add_node(&mut self, id: i64) -> u32 {
        let next = self.ids.len() as u32;
        *self.numbers.entry(id).or_insert_with(|| {
            self.ids.push(id);
            next
        })
    }

    /// Makes `id` a node, without edges unless the table has some.
    fn number_of(&mut self, id: i64) -> u32 {
        let number = self.add_node(id);
        if self.firsts.len() <= self.ids.len() {
            let end = self.firsts.last().copied().unwrap_or(0);
            self.firsts.resize(self.ids.len() + 1, end);
        }
        number
    }

    /// The node called `id`, if an edge names it.
    pub(super) fn find(&self, id: i64) -> Option<u32> {
        self.numbers.get(&id).copied()
    }

    pub(super) fn id(&self, node: u32) -> i64 {
        self.ids[node as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Where the edges of `node` lead to.
    pub(super) fn targets(&self, node: u32) -> &[u32] {
        &self.targets[self.edges(node)]
    }

    fn edges(&self, node: u32) -> std::ops::Range<usize> {
        self.firsts[node as usize] as usize..self.firsts[node as usize + 1] as usize
    }
}

fn id_fields(names: &[&str]) -> Vec<Field> {
    names.iter().map(|name| Field::new(*name, DataType::Int64, true)).collect()
}

fn bind_reachable(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(3)?;
    let is_breadth_first = match call.text(2)? {
        "bfs" => true,
        "dfs" => false,
        _ => return call.wrong_arguments(),
    };
    call.table(0, EDGES, &EDGE_COLUMNS)?;
    call.table(1, "the starts", &[("node_id", Kind::Int)])?;
    let fields = id_fields(&["node_id", "parent_node_id"]);
    Ok(Bound::new(fields, move |tables| {
        let [edges, starts] = tables else { return exec_err!("a search has edges and starts") };
        let mut graph = Graph::of_edges(edges)?;
        let starts: Vec<u32> = ints(starts, 0)?.iter().flatten().map(|id| graph.number_of(id)).collect();
        let reached = if is_breadth_first { breadth_first(&graph, &starts) } else { depth_first(&graph, &starts) };
        Ok(vec![
            Arc::new(Int64Array::from_iter_values(reached.iter().map(|(node, _)| graph.id(*node)))),
            Arc::new(Int64Array::from_iter(reached.iter().map(|(_, parent)| parent.map(|parent| graph.id(parent))))),
        ])
    }))
}

/// Each node that can be reached, with the one it was reached from, in the order of a walk that goes deep first.
fn depth_first(graph: &Graph, starts: &[u32]) -> Vec<(u32, Option<u32>)> {
    let mut is_reached = vec![false; graph.len()];
    let mut reached = Vec::new();
    let mut stack: Vec<(u32, Option<u32>)> = Vec::new();
    for &start in starts {
        stack.push((start, None));
        while let Some((node, parent)) = stack.pop() {
            if std::mem::replace(&mut is_reached[node as usize], true) {
                continue;
            }
            reached.push((node, parent));
            let targets = graph.targets(node).iter().rev();
            stack.extend(targets.filter(|target| !is_reached[**target as usize]).map(|target| (*target, Some(node))));
        }
    }
    reached
}

/// The same for a walk that goes to all neighbours first.
fn breadth_first(graph: &Graph, starts: &[u32]) -> Vec<(u32, Option<u32>)> {
    let mut is_reached = vec![false; graph.len()];
    let mut reached = Vec::new();
    let mut queue: VecDeque<(u32, Option<u32>)> = VecDeque::new();
    for &start in starts {
        if !std::mem::replace(&mut is_reached[start as usize], true) {
            queue.push_back((start, None));
        }
    }
    while let Some((node, parent)) = queue.pop_front() {
        reached.push((node, parent));
        for &target in graph.targets(node) {
            if !std::mem::replace(&mut is_reached[target as usize], true) {
                queue.push_back((target, Some(node)));
            }
        }
    }
    reached
}

fn bind_weight_bounded(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(3)?;
    let [source, target] = EDGE_COLUMNS;
    call.table(0, EDGES, &[source, target, ("edge_weight", Kind::Int)])?;
    call.table(1, "the roots", &[("root_node_id", Kind::Int), ("root_target_weight", Kind::Int)])?;
    call.table(2, "the limit", &[("is_floor", Kind::Int)])?;
    Ok(Bound::growing(id_fields(&["root_node_id", "node_id", "parent_node_id"]), weight_bounded))
}

/// A walk from each root, as far as the weights of the edges on the way allow.
///
/// As a ceiling, the target is the most that a way may weigh. As a floor, the walk ends with the first node on each way
/// that weighs more than the target.
fn weight_bounded(tables: &[RecordBatch], memory: &MemoryReservation) -> Result<Vec<ArrayRef>> {
    let [edges, roots, limit] = tables else { return exec_err!("a bounded search has edges, roots and a limit") };
    let is_floor = ints(limit, 0)?.iter().next().flatten().is_some_and(|is_floor| is_floor != 0);
    let weights = ints(edges, 2)?;
    let (root_ids, target_weights) = (ints(roots, 0)?, ints(roots, 1)?);
    let mut graph = Graph::of_edges(edges)?;
    let roots: Vec<(u32, i64)> = (0..root_ids.len())
        .filter_map(|row| Some((graph.number_of(int_at(root_ids, row)?), int_at(target_weights, row)?)))
        .collect();
    let mut found: [Vec<Option<i64>>; 3] = Default::default();
    // The walk that a node was last reached by.
    let mut reached_by = vec![0_usize; graph.len()];
    let mut stack: Vec<(u32, Option<u32>, i64)> = Vec::new();
    for (walk, &(root, target_weight)) in (1..).zip(&roots) {
        let num_before = found[0].len();
        stack.push((root, None, 0));
        while let Some((node, parent, weight)) = stack.pop() {
            let is_past = weight > target_weight;
            if reached_by[node as usize] == walk || (is_past && !is_floor) {
                continue;
            }
            reached_by[node as usize] = walk;
            found[0].push(Some(graph.id(root)));
            found[1].push(Some(graph.id(node)));
            found[2].push(parent.map(|parent| graph.id(parent)));
            if is_past {
                continue;
            }
            for edge in graph.edges(node).rev() {
                let edge_weight = int_at(weights, graph.rows[edge] as usize).unwrap_or(0);
                stack.push((graph.targets[edge], Some(node), weight.saturating_add(edge_weight)));
            }
        }
        memory.try_grow((found[0].len() - num_before) * found.len() * size_of::<Option<i64>>())?;
    }
    Ok(found.map(|column| Arc::new(Int64Array::from(column)) as ArrayRef).to_vec())
}

fn bind_dominators(call: &mut Call<'_>) -> Result<Bound> {
    call.expect_len(2)?;
    call.table(0, EDGES, &EDGE_COLUMNS)?;
    call.table(1, "the root", &[("root_node_id", Kind::Int)])?;
    Ok(Bound::new(id_fields(&["node_id", "dominator_node_id"]), |tables| {
        let [edges, root] = tables else { return exec_err!("a dominator tree has edges and a root") };
        let mut graph = Graph::of_edges(edges)?;
        let root = ints(root, 0)?.iter().next().flatten().map(|id| graph.number_of(id));
        let dominators = root.map(|root| dominator_tree(&graph, root)).unwrap_or_default();
        Ok(vec![
            Arc::new(Int64Array::from_iter_values(dominators.iter().map(|(node, _)| graph.id(*node)))),
            Arc::new(Int64Array::from_iter(dominators.iter().map(|(_, above)| above.map(|above| graph.id(above))))),
        ])
    }))
}

/// No node.
const NONE: u32 = u32::MAX;

/// Each node that can be reached from `root`, with the last other node that every way to it leads through.
///
/// Lengauer and Tarjan, "A fast algorithm for finding dominators in a flowgraph" (1979), in the version with path
/// compression alone: O(m log n). Nodes go by their number in the depth-first walk.
fn dominator_tree(graph: &Graph, root: u32) -> Vec<(u32, Option<u32>)> {
    let walk = depth_first(graph, &[root]);
    let mut number_of = vec![NONE; graph.len()];
    for (number, (node, _)) in walk.iter().enumerate() {
        number_of[*node as usize] = number as u32;
    }
    let parents: Vec<u32> =
        walk.iter().map(|(_, parent)| parent.map_or(0, |parent| number_of[parent as usize])).collect();
    let mut sources: Vec<Vec<u32>> = vec![Vec::new(); walk.len()];
    for (number, (node, _)) in walk.iter().enumerate() {
        for target in graph.targets(*node) {
            sources[number_of[*target as usize] as usize].push(number as u32);
        }
    }
    let mut forest = Forest::new(walk.len());
    let mut dominators = vec![0_u32; walk.len()];
    let mut waiting: Vec<Vec<u32>> = vec![Vec::new(); walk.len()];
    for node in (1..walk.len()).rev() {
        for &source in &sources[node] {
            let least = forest.least_above(source);
            forest.semi[node] = forest.semi[node].min(forest.semi[least as usize]);
        }
        waiting[forest.semi[node] as usize].push(node as u32);
        let parent = parents[node];
        forest.above[node] = parent;
        for other in std::mem::take(&mut waiting[parent as usize]) {
            let least = forest.least_above(other);
            let is_below = forest.semi[least as usize] < forest.semi[other as usize];
            dominators[other as usize] = if is_below { least } else { parent };
        }
    }
    for node in 1..walk.len() {
        if dominators[node] != forest.semi[node] {
            dominators[node] = dominators[dominators[node] as usize];
        }
    }
    let dominator = |number: usize| (number > 0).then(|| walk[dominators[number] as usize].0);
    walk.iter().enumerate().map(|(number, (node, _))| (*node, dominator(number))).collect()
}

/// The part of the walk that has been looked at, whose ways up are shortened as they are used.
struct Forest {
    /// The semidominator of each node, as far as it is known.
    semi: Vec<u32>,
    /// The node above, in the shortened tree.
    above: Vec<u32>,
    /// The node with the least semidominator on the way that was cut out.
    least: Vec<u32>,
}

impl Forest {
    fn new(len: usize) -> Self {
        let own: Vec<u32> = (0..len as u32).collect();
        Self { semi: own.clone(), above: vec![NONE; len], least: own }
    }

    /// The node with the least semidominator from `node` up to the root of its tree, without the root.
    fn least_above(&mut self, node: u32) -> u32 {
        let mut way = Vec::new();
        let mut current = node;
        while self.above[current as usize] != NONE && self.above[self.above[current as usize] as usize] != NONE {
            way.push(current);
            current = self.above[current as usize];
        }
        for node in way.into_iter().rev() {
            let above = self.above[node as usize] as usize;
            if self.semi[self.least[above] as usize] < self.semi[self.least[node as usize] as usize] {
                self.least[node as usize] = self.least[above];
            }
            self.above[node as usize] = self.above[above];
        }
        self.least[node as usize]
    }
}
