//! Flame graphs: the slices of an area put together by the names around them, from the top or from the bottom.
//!
//! ```text
//! slices     a [ b [ c ] ]  a [ b ]  d          times within the window, as in an area selection
//! top down   a > b > c, d                       total: all time below; self: what no child covers
//! bottom up  c < b < a, b < a, a, d             total: self time of the root's name along these callers
//! ```
//!
//! A graph has as many nodes as there are different paths, whatever the number of slices. Both directions add up to the
//! same total, that of the outermost slices.

use std::cmp::Reverse;

use hashbrown::HashMap;
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{SliceId, StringId};
use kinetoscope_store::Store;
use serde::{Deserialize, Serialize};

use crate::area_selection::{Area, SLICES_PER_LOOK, clip, distinct};

/// Which way a graph is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlamegraphDirection {
    /// From the outermost slices to those inside them.
    TopDown,
    /// From the slices that take the time themselves to those around them.
    BottomUp,
}

/// A flame graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flamegraph {
    /// Time of the outermost nodes.
    pub total: Nanos,
    /// The nodes.
    pub nodes: FlamegraphNodes,
}

/// Nodes in columns of the same length, parents before children, siblings by total.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FlamegraphNodes {
    /// Place of the parent; -1 for the outermost.
    pub parent: Vec<i32>,
    /// Name.
    pub name: Vec<String>,
    /// Time within the window: of the node and all below it.
    pub total: Vec<Nanos>,
    /// What no child of it covers. May be negative where children outlive their parent by the clock's rounding.
    #[serde(rename = "self")]
    pub self_dur: Vec<Nanos>,
    /// Number of slices.
    pub count: Vec<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    parent: Option<u32>,
    name: StringId,
    total: Nanos,
    self_dur: Nanos,
    count: u64,
}

/// Nodes that are found by their parent and name.
#[derive(Debug, Default)]
struct Tree {
    nodes: Vec<Node>,
    places: HashMap<(Option<u32>, StringId), u32>,
}

impl Tree {
    fn node(&mut self, parent: Option<u32>, name: StringId) -> u32 {
        *self.places.entry((parent, name)).or_insert_with(|| {
            self.nodes.push(Node { parent, name, total: 0, self_dur: 0, count: 0 });
            (self.nodes.len() - 1) as u32
        })
    }
}

/// The flame graph of an area; `None` once `is_cancelled` says that nobody waits for it.
pub fn flamegraph(
    store: &Store,
    area: &Area,
    direction: FlamegraphDirection,
    is_cancelled: &dyn Fn() -> bool,
) -> Option<Flamegraph> {
    let top_down = top_down(store, area, is_cancelled)?;
    let tree = match direction {
        FlamegraphDirection::TopDown => top_down,
        FlamegraphDirection::BottomUp => bottom_up(&top_down),
    };
    Some(in_order(store, &tree))
}

fn top_down(store: &Store, area: &Area, is_cancelled: &dyn Fn() -> bool) -> Option<Tree> {
    let slices = &store.trace().slices;
    let mut tree = Tree::default();
    for track in distinct(&area.tracks) {
        let mut ids = store.timeline().slices_in(track, area.window.clone());
        // In the order of the table parents come before what they hold.
        ids.sort_unstable();
        // The slice reached last at each depth, with its node.
        let mut open: Vec<(SliceId, u32)> = Vec::new();
        for chunk in ids.chunks(SLICES_PER_LOOK) {
            if is_cancelled() {
                return None;
            }
            for &id in chunk {
                let parent_id = slices.parent_id.get(id.index());
                while open.last().is_some_and(|(last, _)| Some(*last) != parent_id) {
                    open.pop();
                }
                let parent = open.last().map(|(_, node)| *node);
                let node = tree.node(parent, slices.name.get(id.index()));
                let dur = clip(store, id, &area.window).dur();
                let sums = &mut tree.nodes[node as usize];
                sums.total = sums.total.saturating_add(dur);
                sums.self_dur = sums.self_dur.saturating_add(dur);
                sums.count += 1;
                if let Some(parent) = parent {
                    let around = &mut tree.nodes[parent as usize];
                    around.self_dur = around.self_dur.saturating_sub(dur);
                }
                open.push((id, node));
            }
        }
    }
    Some(tree)
}

fn bottom_up(top_down: &Tree) -> Tree {
    let mut tree = Tree::default();
    for leaf in &top_down.nodes {
        let mut callee = None;
        let mut caller = Some(*leaf);
        while let Some(node) = caller {
            let place = tree.node(callee, node.name);
            let sums = &mut tree.nodes[place as usize];
            sums.total = sums.total.saturating_add(leaf.self_dur);
            sums.count += leaf.count;
            callee = Some(place);
            caller = node.parent.map(|parent| top_down.nodes[parent as usize]);
            if caller.is_none() {
                // Nobody calls further up: the time stays with this node.
                let sums = &mut tree.nodes[place as usize];
                sums.self_dur = sums.self_dur.saturating_add(leaf.self_dur);
            }
        }
    }
    tree
}

/// The nodes with parents before children and the larger ones first.
fn in_order(store: &Store, tree: &Tree) -> Flamegraph {
    let trace = store.trace();
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); tree.nodes.len()];
    let mut roots: Vec<u32> = Vec::new();
    for (place, node) in (0..).zip(&tree.nodes) {
        match node.parent {
            Some(parent) => children[parent as usize].push(place),
            None => roots.push(place),
        }
    }
    let by_size = |places: &mut Vec<u32>| {
        places.sort_by_key(|&place| {
            let node = &tree.nodes[place as usize];
            (Reverse(node.total), trace.text(node.name))
        });
    };
    by_size(&mut roots);
    children.iter_mut().for_each(by_size);
    let total = roots.iter().fold(0, |total: Nanos, &root| total.saturating_add(tree.nodes[root as usize].total));
    let mut nodes = FlamegraphNodes::default();
    let mut stack: Vec<(u32, i32)> = roots.into_iter().rev().map(|root| (root, -1)).collect();
    while let Some((place, parent)) = stack.pop() {
        let node = &tree.nodes[place as usize];
        let index = nodes.parent.len() as i32;
        nodes.parent.push(parent);
        nodes.name.push(trace.text(node.name).to_owned());
        nodes.total.push(node.total);
        nodes.self_dur.push(node.self_dur);
        nodes.count.push(node.count);
        stack.extend(children[place as usize].iter().rev().map(|&child| (child, index)));
    }
    Flamegraph { total, nodes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;
    use kinetoscope_model::TrackId;

    /// ```text
    /// one   a 0 to 100, in it b 10 to 50, in that c 20 to 30; then a 110 to 130 with b 115 to 120
    /// two   b 0 to 7
    /// ```
    fn sample() -> Store {
        let drawing = Drawing::default()
            .slice("one", "x", "a", 0..100)
            .slice("one", "x", "b", 10..50)
            .slice("one", "x", "c", 20..30)
            .slice("one", "x", "a", 110..130)
            .slice("one", "x", "b", 115..120)
            .slice("two", "x", "b", 0..7);
        Store::from(drawing.build())
    }

    fn rows(graph: &Flamegraph) -> Vec<(i32, &str, i64, i64, u64)> {
        let nodes = &graph.nodes;
        (0..nodes.name.len())
            .map(|i| (nodes.parent[i], nodes.name[i].as_str(), nodes.total[i], nodes.self_dur[i], nodes.count[i]))
            .collect()
    }

    fn draw(window: std::ops::Range<i64>, direction: FlamegraphDirection) -> Flamegraph {
        let area = Area { window, tracks: vec![TrackId(0), TrackId(1)] };
        flamegraph(&sample(), &area, direction, &|| false).expect("nobody cancels")
    }

    #[test]
    fn paths_are_put_together_from_the_top() {
        let graph = draw(0..200, FlamegraphDirection::TopDown);
        // a: 100 and 20, less b's 40 and 5. b in a: 45, less c's 10. b alone: 7.
        assert_eq!(rows(&graph), [(-1, "a", 120, 75, 2), (0, "b", 45, 35, 2), (1, "c", 10, 10, 1), (-1, "b", 7, 7, 1)]);
        assert_eq!(graph.total, 127);
    }

    #[test]
    fn names_are_put_together_from_the_bottom() {
        let graph = draw(0..200, FlamegraphDirection::BottomUp);
        // b took 35 called by a, and 7 called by nobody; c took 10 through b and a.
        assert_eq!(
            rows(&graph),
            [
                (-1, "a", 75, 75, 2),
                (-1, "b", 42, 7, 3),
                (1, "a", 35, 35, 2),
                (-1, "c", 10, 0, 1),
                (3, "b", 10, 0, 1),
                (4, "a", 10, 10, 1),
            ]
        );
        assert_eq!(graph.total, 127);
    }

    #[test]
    fn only_what_lies_in_the_window_counts() {
        let graph = draw(25..40, FlamegraphDirection::TopDown);
        assert_eq!(rows(&graph), [(-1, "a", 15, 0, 1), (0, "b", 15, 10, 1), (1, "c", 5, 5, 1)]);
        let graph = draw(300..400, FlamegraphDirection::BottomUp);
        assert_eq!((graph.total, rows(&graph)), (0, vec![]));
    }

    #[test]
    fn nobody_waits_and_nothing_is_made() {
        let area = Area { window: 0..200, tracks: vec![TrackId(0)] };
        assert_eq!(flamegraph(&sample(), &area, FlamegraphDirection::TopDown, &|| true), None);
        let json = serde_json::to_value(draw(0..200, FlamegraphDirection::TopDown)).expect("a graph is JSON");
        let keys: Vec<&String> = json["nodes"].as_object().expect("columns").keys().collect();
        assert_eq!(keys.len(), 5);
        assert_eq!(json["nodes"]["self"][0], 75);
    }
}
