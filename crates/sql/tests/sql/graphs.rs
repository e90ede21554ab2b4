//! Graphs and trees: the modules `graphs.*` and `std.trees.*`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::drawn::{csv, error, session};

const MODULES: &str = "include perfetto module graphs.*; include perfetto module std.trees.*;";

/// The rows of a script's only result, without the header.
fn rows(script: &str) -> Vec<String> {
    csv(&session(), &format!("{MODULES} {script}")).lines().skip(1).map(str::to_owned).collect()
}

/// The header of a script's only result.
fn header(script: &str) -> String {
    csv(&session(), &format!("{MODULES} {script}")).lines().next().unwrap_or_default().to_owned()
}

/// The graph of figure 1 in Lengauer and Tarjan, "A fast algorithm for finding dominators in a flowgraph".
const FLOWGRAPH: [(&str, &str); 13] = [
    ("R", "ABC"),
    ("A", "D"),
    ("B", "ADE"),
    ("C", "FG"),
    ("D", "L"),
    ("E", "H"),
    ("F", "I"),
    ("G", "IJ"),
    ("H", "EK"),
    ("I", "K"),
    ("J", "I"),
    ("K", "IR"),
    ("L", "H"),
];

/// A statement that makes a table of these edges, whose nodes are the letters' numbers.
fn flowgraph() -> String {
    let mut statement = "create perfetto table edges as with e(s, d) as (values ".to_owned();
    let edges = FLOWGRAPH.iter().flat_map(|(from, to)| to.chars().map(move |to| (from, to)));
    for (index, (from, to)) in edges.enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(statement, "{comma}('{from}', '{to}')").expect("a String takes everything");
    }
    statement + ") select unicode(s) as source_node_id, unicode(d) as dest_node_id from e;"
}

#[test]
fn nodes_are_reached_deep_first() {
    assert_eq!(
        rows(&format!(
            "{} select char(node_id) || iif(parent_node_id is null, '', char(parent_node_id)) \
             from graph_reachable_dfs!(edges, (select unicode('R') as node_id))",
            flowgraph()
        )),
        ["R", "AR", "DA", "LD", "HL", "EH", "KH", "IK", "BR", "CR", "FC", "GC", "JG"].map(|row| format!("\"{row}\""))
    );
    assert_eq!(
        header(&format!("{} select * from graph_reachable_dfs!(edges, (select 1 as node_id))", flowgraph())),
        "\"node_id\",\"parent_node_id\""
    );
    let empty = "with foo as (select 0 as source_node_id, 0 as dest_node_id where false)";
    assert_eq!(
        rows(&format!("{empty} select * from graph_reachable_dfs!(foo, (select null as node_id))")),
        Vec::<String>::new()
    );
    assert_eq!(
        rows(
            "select * from graph_reachable_dfs!((select 5 as source_node_id, 10 as dest_node_id), (select 5 as node_id))"
        ),
        ["5,\"[NULL]\"", "10,5"]
    );
    // A table that gets its types from its later rows.
    assert_eq!(
        rows(
            "create perfetto table foo as select null as source_node_id, null as dest_node_id where false \
             union all values (10, 11) union all values (0, 10); \
             select * from graph_reachable_dfs!(foo, (select 0 as node_id))"
        ),
        ["0,\"[NULL]\"", "10,0", "11,10"]
    );
    // Several starts: what one reaches is not reached again.
    assert_eq!(
        rows(
            "with e(source_node_id, dest_node_id) as (values (1, 2), (3, 2), (3, 4), (null, 9)) \
             select * from graph_reachable_dfs!(e, (select column1 as node_id from (values (1), (3), (1))))"
        ),
        ["1,\"[NULL]\"", "2,1", "3,\"[NULL]\"", "4,3"]
    );
}

#[test]
fn nodes_are_reached_neighbours_first() {
    assert_eq!(
        rows(&format!(
            "{} select char(node_id) || iif(parent_node_id is null, '', char(parent_node_id)) \
             from graph_reachable_bfs!(edges, (select unicode('R') as node_id))",
            flowgraph()
        )),
        ["R", "AR", "BR", "CR", "DA", "EB", "FC", "GC", "LD", "HE", "IF", "JG", "KH"].map(|row| format!("\"{row}\""))
    );
}

#[test]
fn siblings_are_in_the_order_of_their_keys() {
    let table = "with t(node_id, node_parent_id, sort_key) as (values (1, 0, 7), (2, 0, 5), (3, 1, 1), (4, 0, 6)) ";
    assert_eq!(
        rows(&format!("{table} select * from graph_next_sibling!(t) order by node_id")),
        ["1,\"[NULL]\"", "2,4", "3,\"[NULL]\"", "4,1"]
    );
    assert_eq!(header(&format!("{table} select * from graph_next_sibling!(t)")), "\"node_id\",\"next_node_id\"");
}

#[test]
fn weights_bound_a_search() {
    let tables = "
        create perfetto table e as with x(source_node_id, dest_node_id, edge_weight) as
          (values (1, 2, 3), (2, 3, 3), (3, 4, 1), (1, 5, 9), (5, 6, 1)) select * from x;
        create perfetto table r as with x(root_node_id, root_target_weight) as (values (1, 5), (2, 3)) select * from x;";
    // At most 5 from node 1, at most 3 from node 2.
    assert_eq!(
        rows(&format!("{tables} select * from graph_reachable_weight_bounded_dfs!(e, r, 0)")),
        ["1,1,\"[NULL]\"", "1,2,1", "2,2,\"[NULL]\"", "2,3,2"]
    );
    // With the first node that is past it, on each way.
    assert_eq!(
        rows(&format!("{tables} select * from graph_reachable_weight_bounded_dfs!(e, r, 1)")),
        ["1,1,\"[NULL]\"", "1,2,1", "1,3,2", "1,5,1", "2,2,\"[NULL]\"", "2,3,2", "2,4,3"]
    );
    assert_eq!(
        header(&format!("{tables} select * from graph_reachable_weight_bounded_dfs!(e, r, 1)")),
        "\"root_node_id\",\"node_id\",\"parent_node_id\""
    );
}

#[test]
fn dominators_are_those_of_the_paper() {
    let dominators = [
        ("A", "R"),
        ("B", "R"),
        ("C", "R"),
        ("D", "R"),
        ("E", "R"),
        ("F", "C"),
        ("G", "C"),
        ("H", "R"),
        ("I", "R"),
        ("J", "G"),
        ("K", "R"),
        ("L", "D"),
    ];
    let mut expected: Vec<String> = dominators.iter().map(|(node, above)| format!("\"{node}\",\"{above}\"")).collect();
    expected.push("\"R\",\"[NULL]\"".to_owned());
    assert_eq!(
        rows(&format!(
            "{} select char(node_id), iif(dominator_node_id > 0, char(dominator_node_id), null) from graph_dominator_tree!(edges, (select unicode('R'))) order by 1",
            flowgraph()
        )),
        expected
    );
    let table = "(select 5 as source_node_id, 10 as dest_node_id)";
    assert_eq!(rows(&format!("select * from graph_dominator_tree!({table}, 5)")), ["5,\"[NULL]\"", "10,5"]);
    assert_eq!(rows(&format!("select * from graph_dominator_tree!({table}, NULL)")), Vec::<String>::new());
    assert_eq!(
        header(&format!("select * from graph_dominator_tree!({table}, 5)")),
        "\"node_id\",\"dominator_node_id\""
    );
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

type Edges = Vec<(i64, i64)>;

fn random_edges(dice: &mut Dice) -> Edges {
    let num_nodes = dice.throw(12) + 2;
    (0..dice.throw(30) + 1).map(|_| (dice.throw(num_nodes) as i64, dice.throw(num_nodes) as i64)).collect()
}

fn edges_table(edges: &Edges) -> String {
    let values: Vec<String> = edges.iter().map(|(from, to)| format!("({from}, {to})")).collect();
    format!(
        "create perfetto table e as with x(source_node_id, dest_node_id) as (values {}) select * from x;",
        values.join(", ")
    )
}

/// What can be reached from 0 without going through `without`.
fn reachable(edges: &Edges, without: Option<i64>) -> BTreeSet<i64> {
    let mut found = BTreeSet::new();
    if without != Some(0) {
        found.insert(0);
    }
    loop {
        let more: Vec<i64> = edges
            .iter()
            .filter(|(from, to)| found.contains(from) && !found.contains(to) && Some(*to) != without)
            .map(|(_, to)| *to)
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

#[test]
fn dominators_are_those_found_by_taking_nodes_away() {
    for seed in 0..25 {
        let edges = random_edges(&mut Dice(seed));
        let all = reachable(&edges, None);
        // The nodes without which a node cannot be reached; of those, the nearest has most of them above itself.
        let above: BTreeMap<i64, BTreeSet<i64>> = all
            .iter()
            .map(|&node| {
                (
                    node,
                    all.iter().copied().filter(|&w| w != node && !reachable(&edges, Some(w)).contains(&node)).collect(),
                )
            })
            .collect();
        let nearest = |node: i64| above[&node].iter().max_by_key(|w| above[w].len()).copied();
        let expected: Vec<String> = all
            .iter()
            .map(|&node| match nearest(node) {
                Some(dominator) => format!("{node},{dominator}"),
                None => format!("{node},\"[NULL]\""),
            })
            .collect();
        assert_eq!(
            rows(&format!("{} select * from graph_dominator_tree!(e, 0) order by node_id", edges_table(&edges))),
            expected,
            "seed {seed}: {edges:?}"
        );
        // Both walks reach the same, over edges that are there.
        for walk in ["dfs", "bfs"] {
            let from = "(select 0 as node_id)";
            assert_eq!(
                rows(&format!(
                    "{} select node_id from graph_reachable_{walk}!(e, {from}) where parent_node_id is null or exists \
                     (select 1 from e where source_node_id = parent_node_id and dest_node_id = node_id) order by 1",
                    edges_table(&edges)
                )),
                all.iter().map(i64::to_string).collect::<Vec<_>>(),
                "seed {seed}: {edges:?}"
            );
        }
    }
}

#[test]
fn a_tree_is_taken_apart_by_group() {
    let table = "with t(id, parent_id, group_key) as \
                 (values (0, null, 1), (1, 0, 2), (2, 1, 1), (3, 2, 2), (4, 0, 2), (5, 3, 1)) ";
    assert_eq!(
        rows(&format!("{table} select * from tree_structural_partition_by_group!(t) order by node_id")),
        ["0,\"[NULL]\",1", "1,\"[NULL]\",2", "2,0,1", "3,1,2", "4,\"[NULL]\",2", "5,2,1"]
    );
    assert_eq!(
        header(&format!("{table} select * from tree_structural_partition_by_group!(t)")),
        "\"node_id\",\"parent_node_id\",\"group_key\""
    );
    assert_eq!(
        error(&format!(
            "{MODULES} with t(id, parent_id, group_key) as (values (0, 1, 1), (1, 0, 1)) select * from tree_structural_partition_by_group!(t)"
        ))
        .to_string(),
        "the parents of the row 1 of the tree go round in a circle"
    );
}

#[test]
fn rows_above_and_below_are_found() {
    let table = "create perfetto table t as with x(id, parent_id) as (values (0, null), (1, 0), (2, 1), (3, 0)) select * from x;";
    assert_eq!(
        rows(&format!("{table} select * from _tree_reachable_ancestors_or_self!(t, (select 2 as id)) order by id")),
        ["0,\"[NULL]\"", "1,0", "2,1"]
    );
    assert_eq!(
        rows(&format!("{table} select * from _tree_reachable_descendants_or_self!(t, (select 1 as id)) order by id")),
        ["1,0", "2,1"]
    );
}

#[test]
fn values_are_carried_along_edges() {
    let tables = "
        create perfetto table edges as with x(source_node_id, dest_node_id) as
          (values (1, 2), (1, 3), (2, 4), (3, 4)) select * from x;
        create perfetto table inits as select 1 as id, 0 as depth, 'a' as way;";
    let step = "(select t.id, t.depth + 1 as depth, t.way || t.id as way from $table t)";
    assert_eq!(
        rows(&format!("{tables} select * from _graph_scan!(edges, inits, (depth, way), {step}) order by id, way")),
        ["1,0,\"a\"", "2,1,\"a2\"", "3,1,\"a3\"", "4,2,\"a24\"", "4,2,\"a34\""]
    );
    // The query may name the statement's tables, and have common table expressions of its own.
    assert_eq!(
        rows(&format!(
            "{tables} create perfetto table weights as select 2 as id, 10 as weight union all select 4, 5; \
             select * from _graph_scan!(edges, (select id, 0.5 as total from inits), (total), \
             (with found as (select t.id, t.total + w.weight as total from $table t join weights w using (id)) \
              select * from found)) order by id"
        )),
        ["1,0.500000", "2,10.500000", "4,15.500000"]
    );
    // What starts without a value gets its type from the query.
    assert_eq!(
        rows(&format!(
            "{tables} select * from _graph_scan!(edges, (select 2 as id, null as above), (above), \
             (select id, coalesce(above, 'x') as above from $table))"
        )),
        ["2,\"[NULL]\"", "4,\"x\""]
    );
    // A macro may have the query in its body.
    assert_eq!(
        rows(&format!(
            "{tables} create perfetto macro depths(e TableOrSubquery, n Expr) returns TableOrSubquery as \
             (select * from _graph_scan!($e, inits, (depth), (select id, depth + $n as depth from $table))); \
             select max(depth) from depths!(edges, 10)"
        )),
        ["20"]
    );
    assert_eq!(
        error(&format!(
            "{MODULES} select * from _graph_scan!((select 1 as source_node_id, 1 as dest_node_id), \
             (select 1 as id, 1 as n), (n), (select id, n from $table))"
        ))
        .to_string(),
        "the graph that is scanned has a circle"
    );
    let message = error(&format!(
        "{MODULES} {tables}\nselect * from _graph_scan!(edges, inits, (depth), (select id, dpth as depth from $table))"
    ))
    .report();
    assert!(message.starts_with("in the query over `$table`: no such column: `dpth`\n"), "{message}");
    assert!(message.ends_with("\n                      ^^^^^^^^^^^"), "{message}");
}

#[test]
fn values_that_meet_are_aggregated() {
    // 1 is above 2 and 3, both are above 4, and 2 is above 5 too.
    let tables = "
        create perfetto table edges as with x(source_node_id, dest_node_id) as
          (values (4, 2), (4, 3), (5, 2), (2, 1), (3, 1)) select * from x;
        create perfetto table inits as with x(id, total) as (values (4, 10), (5, 1)) select * from x;";
    let step = "(with agg as (select t.id, sum(t.total) as total from $table t group by t.id) \
                 select a.id, a.total + 100 as total from agg a)";
    assert_eq!(
        rows(&format!("{tables} select * from _graph_aggregating_scan!(edges, inits, (total), {step}) order by id")),
        // 2 gets 10 and 1, 3 gets 10, 1 gets 111 and 110.
        ["1,321", "2,111", "3,110", "4,10", "5,1"]
    );
    // A way of two steps and one of three end in one row of the last node.
    assert_eq!(
        rows(
            "with e(source_node_id, dest_node_id) as (values (1, 2), (2, 3), (1, 3)) \
             select * from _graph_aggregating_scan!(e, (select 1 as id, 1 as n), (n), \
             (select id, sum(n) as n from $table group by id))"
        ),
        ["1,1", "2,1", "3,2"]
    );
}

#[test]
fn trees_go_there_and_back() {
    let table = "with t(id, parent_id, name, size) as \
                 (values (10, null, 'root', 1), (30, 20, 'leaf', 3), (20, 10, 'mid', 2), (40, 10, 'side', 4)) ";
    assert_eq!(
        rows(&format!(
            "{table} select id, parent_id, name, size from _tree_to_table!(_tree_from_table!(t, (name, size)), (name, size))"
        )),
        ["10,\"[NULL]\",\"root\",1", "20,10,\"mid\",2", "30,20,\"leaf\",3", "40,10,\"side\",4"]
    );
    assert_eq!(
        rows(&format!(
            "{table} select _tree_id, _tree_parent_id, name from _tree_to_table!(_tree_from_table!(t, (name)), (name))"
        )),
        ["0,\"[NULL]\",\"root\"", "1,0,\"mid\"", "2,1,\"leaf\"", "3,0,\"side\""]
    );
    assert_eq!(
        error(&format!(
            "{MODULES} select * from _tree_to_table!(_tree_from_table!((select 1 as id, null as parent_id union all select 1, null), ()), ())"
        ))
        .to_string(),
        "two rows of the tree have the `id` 1"
    );
}

#[test]
fn a_chain_of_many_nodes_is_no_matter() {
    let chain = "create perfetto table e as with recursive c(n) as (select 0 union all select n + 1 from c where n < 20000) \
                 select n as source_node_id, n + 1 as dest_node_id from c;";
    assert_eq!(
        rows(&format!("{chain} select count(*), max(node_id) from graph_reachable_dfs!(e, (select 0 as node_id))")),
        ["20002,20001"]
    );
    assert_eq!(
        rows(&format!("{chain} select count(*), sum(node_id - dominator_node_id) from graph_dominator_tree!(e, 0)")),
        ["20002,20001"]
    );
}
