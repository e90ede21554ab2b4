//! The calls that Perfetto's standard library is written with, typed by hand.

use super::drawn::{csv, error, session};

/// The rows of a script's only result, without the header.
fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

const EDGES: &str = "create perfetto table g as with d(a, b) as (values (0, 1), (0, 2), (1, 3)) select * from d;";

#[test]
fn graphs_are_walked() {
    let walk = |way: &str| {
        rows(&format!(
            "{EDGES} select c0 as node, c1 as parent from __intrinsic_table_ptr(__intrinsic_{way}(\
             (select __intrinsic_graph_agg(g.a, g.b) from g), \
             (select __intrinsic_array_agg(s.n) arr from (select 0 as n) s))) \
             where __intrinsic_table_ptr_bind(c0, 'node_id') and __intrinsic_table_ptr_bind(c1, 'parent_node_id')"
        ))
    };
    assert_eq!(walk("dfs"), ["0,\"[NULL]\"", "1,0", "3,1", "2,0"]);
    assert_eq!(walk("bfs"), ["0,\"[NULL]\"", "1,0", "2,0", "3,1"]);
    assert_eq!(
        rows(&format!(
            "{EDGES} select p.c0, p.c1 from __intrinsic_table_ptr(__intrinsic_dominator_tree(\
             (select __intrinsic_graph_agg(a, b) from g), 0)) p \
             where p.c0 > 1 and __intrinsic_table_ptr_bind(p.c0, 'node_id') \
             and __intrinsic_table_ptr_bind(p.c1, 'dominator_node_id') order by 1"
        )),
        ["2,0", "3,1"]
    );
    assert_eq!(
        rows(&format!(
            "{EDGES} select c0, c1 from __intrinsic_table_ptr(__intrinsic_graph_scan(\
             (select __intrinsic_graph_agg(a, b) from g), \
             (select __intrinsic_row_dataframe_agg('id', i.id, 'depth', i.d) from (select 0 as id, 5 as d) i), \
             'select id, depth + 1 as depth from $table', 'depth')) \
             where __intrinsic_table_ptr_bind(c0, 'id') and __intrinsic_table_ptr_bind(c1, 'depth') order by 1"
        )),
        ["0,5", "1,6", "2,6", "3,7"]
    );
    assert_eq!(
        rows(
            "select c0, c1 from __intrinsic_table_ptr((select __intrinsic_structural_tree_partition(id, up, k) from \
             (select 0 as id, null as up, 1 as k union all select 1, 0, 2 union all select 2, 1, 1))) \
             where __intrinsic_table_ptr_bind(c0, 'node_id') and __intrinsic_table_ptr_bind(c1, 'parent_node_id') \
             order by 1"
        ),
        ["0,\"[NULL]\"", "1,\"[NULL]\"", "2,0"]
    );
}

#[test]
fn intervals_are_made_and_intersected() {
    let t =
        "create perfetto table t as with d(id, ts, dur, k) as (values (0, 1, 6, 'x'), (1, 8, 1, 'y')) select * from d;";
    let agg = "(select __intrinsic_interval_tree_intervals_agg(t.id, t.ts, t.dur, 'k', t.k) from t)";
    assert_eq!(
        rows(&format!(
            "{t} select c0 as ts, c1 as dur, c2 as id_0, c4 as k from __intrinsic_table_ptr(\
             __intrinsic_interval_intersect({agg}, {agg}, 'k')) where __intrinsic_table_ptr_bind(c0, 'ts') \
             and __intrinsic_table_ptr_bind(c1, 'dur') and __intrinsic_table_ptr_bind(c2, 'id_0') \
             and __intrinsic_table_ptr_bind(c4, 'k')"
        )),
        ["1,6,0,\"x\"", "8,1,1,\"y\""]
    );
    assert_eq!(
        rows(
            "select c0, c1 from __intrinsic_table_ptr(__intrinsic_interval_create(\
             (select __intrinsic_timestamp_set_agg(ts) from (select 1 as ts union all select 5)), \
             (select __intrinsic_timestamp_set_agg(ts) from (select 3 as ts)))) \
             where __intrinsic_table_ptr_bind(c0, 'ts') and __intrinsic_table_ptr_bind(c1, 'dur')"
        ),
        ["1,2"]
    );
    assert_eq!(
        rows(
            "select c0, c1 from __intrinsic_table_ptr(__intrinsic_counter_intervals('leading', 20, \
             (select __intrinsic_counter_per_track_agg(id, ts, track_id, value) from \
             (select 0 as id, 5 as ts, 1 as track_id, 2.5 as value union all select 1, 9, 1, 3.0)))) \
             where __intrinsic_table_ptr_bind(c0, 'id') and __intrinsic_table_ptr_bind(c1, 'dur')"
        ),
        ["0,4", "1,11"]
    );
}

#[test]
fn a_macro_may_be_written_with_them() {
    assert_eq!(
        rows(
            "create perfetto macro reach(g TableOrSubquery) returns TableOrSubquery as \
             (select c0 as n from __intrinsic_table_ptr(__intrinsic_dfs(\
             (select __intrinsic_graph_agg(e.s, e.d) from $g e), (select __intrinsic_array_agg(n) from (select 0 as n)))) \
             where __intrinsic_table_ptr_bind(c0, 'node_id')); \
             with foo(s, d) as (values (0, 7)) select * from reach !(foo)"
        ),
        ["0", "7"]
    );
}

#[test]
fn what_cannot_be_read_as_one_is_said() {
    assert!(error("select c0 from __intrinsic_table_ptr(x)").to_string().contains("no column can hold a table"));
    assert!(
        error("select c0 from __intrinsic_table_ptr(__intrinsic_dfs(1, 2)) where __intrinsic_table_ptr_bind(c0, 'a')")
            .to_string()
            .starts_with("`__intrinsic_dfs` is called with other arguments")
    );
    assert!(error("select c0 from __intrinsic_table_ptr(__intrinsic_x(1))").to_string().contains("__intrinsic_x"));
}
