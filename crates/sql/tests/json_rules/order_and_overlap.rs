//! Order and overlap: which slice comes first at one instant, which nests in which, and where the rest goes.

use super::{NESTING, STATS, check};

/// Slices with the kind of track they are on, counted from the row itself.
const LANES: &str = "
    select s.name, s.depth, t.type, t.id - (select min(id) from track) as lane
    from slice s join thread_track t on t.id = s.track_id
    order by s.id";

#[test]
fn events_need_no_order() {
    check(
        r#"[
            {"ph": "X", "name": "third", "pid": 1, "tid": 1, "ts": 30, "dur": 1},
            {"ph": "E", "name": "first", "pid": 1, "tid": 1, "ts": 20},
            {"ph": "X", "name": "second", "pid": 1, "tid": 1, "ts": 15, "dur": 1},
            {"ph": "B", "name": "first", "pid": 1, "tid": 1, "ts": 10}
        ]"#,
        &format!("{NESTING}; select ts, dur from slice order by id"),
        r#"
        "name","depth","parent"
        "first",0,"[NULL]"
        "second",1,"first"
        "third",0,"[NULL]"

        "ts","dur"
        10000,10000
        15000,1000
        30000,1000
        "#,
    );
}

#[test]
fn the_longer_of_two_that_start_together_is_the_parent() {
    check(
        r#"[
            {"ph": "X", "name": "short", "pid": 1, "tid": 1, "ts": 10, "dur": 5},
            {"ph": "X", "name": "long", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "middle", "pid": 1, "tid": 1, "ts": 10, "dur": 7}
        ]"#,
        NESTING,
        r#"
        "name","depth","parent"
        "long",0,"[NULL]"
        "middle",1,"long"
        "short",2,"middle"
        "#,
    );
}

#[test]
fn equal_slices_nest_in_the_order_of_the_file() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 5},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 10, "dur": 5},
            {"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": 10, "dur": 5}
        ]"#,
        NESTING,
        r#"
        "name","depth","parent"
        "a",0,"[NULL]"
        "b",1,"a"
        "c",2,"b"
        "#,
    );
}

#[test]
fn at_one_instant_ends_come_first() {
    check(
        r#"[
            {"ph": "B", "name": "a", "pid": 1, "tid": 1, "ts": 1},
            {"ph": "B", "name": "b", "pid": 1, "tid": 1, "ts": 5},
            {"ph": "E", "name": "a", "pid": 1, "tid": 1, "ts": 5},
            {"ph": "E", "name": "b", "pid": 1, "tid": 1, "ts": 9}
        ]"#,
        &format!("{NESTING}; select dur from slice order by id; {STATS}"),
        r#"
        "name","depth","parent"
        "a",0,"[NULL]"
        "b",0,"[NULL]"

        "dur"
        4000
        4000

        "name","severity","value"
        "#,
    );
}

#[test]
fn at_one_instant_an_end_comes_before_a_complete_event() {
    check(
        r#"[
            {"ph": "B", "name": "a", "pid": 1, "tid": 1, "ts": 1},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 5, "dur": 5},
            {"ph": "E", "name": "a", "pid": 1, "tid": 1, "ts": 5}
        ]"#,
        &format!("{NESTING}; {STATS}"),
        r#"
        "name","depth","parent"
        "a",0,"[NULL]"
        "b",0,"[NULL]"

        "name","severity","value"
        "#,
    );
}

#[test]
fn at_one_instant_complete_events_come_before_begins_and_instants() {
    check(
        r#"[
            {"ph": "i", "name": "instant", "pid": 1, "tid": 1, "ts": 5},
            {"ph": "B", "name": "begun", "pid": 1, "tid": 1, "ts": 5},
            {"ph": "X", "name": "complete", "pid": 1, "tid": 1, "ts": 5, "dur": 10},
            {"ph": "E", "name": "begun", "pid": 1, "tid": 1, "ts": 8}
        ]"#,
        &format!("{NESTING}; {STATS}"),
        r#"
        "name","depth","parent"
        "complete",0,"[NULL]"
        "instant",1,"complete"
        "begun",1,"complete"

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_begin_and_an_end_at_one_instant_are_a_slice_of_no_length() {
    check(
        r#"[
            {"ph": "B", "name": "a", "pid": 1, "tid": 1, "ts": 5},
            {"ph": "E", "name": "a", "pid": 1, "tid": 1, "ts": 5},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 7, "dur": 1}
        ]"#,
        &format!("select name, dur, depth from slice order by id; {STATS}"),
        r#"
        "name","dur","depth"
        "a",0,0
        "b",1000,0

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_slice_nests_in_what_ends_no_earlier() {
    check(
        r#"[
            {"ph": "X", "name": "outer", "pid": 1, "tid": 1, "ts": 0, "dur": 100},
            {"ph": "X", "name": "inside", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "to the end", "pid": 1, "tid": 1, "ts": 50, "dur": 50},
            {"ph": "X", "name": "grandchild", "pid": 1, "tid": 1, "ts": 60, "dur": 40}
        ]"#,
        &format!("{NESTING}; {STATS}"),
        r#"
        "name","depth","parent"
        "outer",0,"[NULL]"
        "inside",1,"outer"
        "to the end",1,"outer"
        "grandchild",2,"to the end"

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_slice_that_starts_where_another_ends_is_its_neighbour() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 0, "dur": 10},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "zero", "pid": 1, "tid": 1, "ts": 20, "dur": 0},
            {"ph": "i", "name": "instant", "pid": 1, "tid": 1, "ts": 30},
            {"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": 22, "dur": 8}
        ]"#,
        &format!("{NESTING}; {STATS}"),
        r#"
        "name","depth","parent"
        "a",0,"[NULL]"
        "b",0,"[NULL]"
        "zero",0,"[NULL]"
        "c",0,"[NULL]"
        "instant",0,"[NULL]"

        "name","severity","value"
        "#,
    );
}

#[test]
fn slices_of_no_length_at_one_instant_nest() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 5, "dur": 0},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 5, "dur": 0},
            {"ph": "i", "name": "c", "pid": 1, "tid": 1, "ts": 5},
            {"ph": "X", "name": "later", "pid": 1, "tid": 1, "ts": 6, "dur": 0}
        ]"#,
        NESTING,
        r#"
        "name","depth","parent"
        "a",0,"[NULL]"
        "b",1,"a"
        "c",2,"b"
        "later",0,"[NULL]"
        "#,
    );
}

#[test]
fn a_slice_of_no_length_nests_in_what_starts_with_it() {
    check(
        r#"[
            {"ph": "X", "name": "zero", "pid": 1, "tid": 1, "ts": 5, "dur": 0},
            {"ph": "X", "name": "long", "pid": 1, "tid": 1, "ts": 5, "dur": 10}
        ]"#,
        NESTING,
        r#"
        "name","depth","parent"
        "long",0,"[NULL]"
        "zero",1,"long"
        "#,
    );
}

#[test]
fn threads_do_not_nest_in_each_other() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 0, "dur": 100},
            {"ph": "X", "name": "b", "pid": 1, "tid": 2, "ts": 10, "dur": 10},
            {"ph": "X", "name": "c", "pid": 2, "tid": 1, "ts": 10, "dur": 10}
        ]"#,
        NESTING,
        r#"
        "name","depth","parent"
        "a",0,"[NULL]"
        "b",0,"[NULL]"
        "c",0,"[NULL]"
        "#,
    );
}

#[test]
fn a_slice_that_crosses_anothers_end_gets_a_lane() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 7, "ts": 0, "dur": 10},
            {"ph": "X", "name": "b", "pid": 1, "tid": 7, "ts": 5, "dur": 10}
        ]"#,
        &format!("{LANES}; select count(distinct utid) as threads from thread_track; {STATS}"),
        r#"
        "name","depth","type","lane"
        "a",0,"thread_execution",0
        "b",0,"thread_overlapping_slice",1

        "threads"
        1

        "name","severity","value"
        "slice_spill_overlapping_complete_event","notice",1
        "#,
    );
}

#[test]
fn a_lane_knows_its_row() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 7, "ts": 0, "dur": 10},
            {"ph": "X", "name": "b", "pid": 1, "tid": 7, "ts": 5, "dur": 10}
        ]"#,
        "select lane.type, row.type as parent_type, lane.utid = row.utid as same
        from thread_track lane join thread_track row on row.id = lane.parent_id",
        r#"
        "type","parent_type","same"
        "thread_overlapping_slice","thread_execution",1
        "#,
    );
}

#[test]
fn a_slice_takes_the_first_lane_where_it_fits() {
    check(
        r#"[
            {"ph": "X", "name": "row", "pid": 1, "tid": 1, "ts": 0, "dur": 100},
            {"ph": "X", "name": "lane 1", "pid": 1, "tid": 1, "ts": 10, "dur": 100},
            {"ph": "X", "name": "lane 2", "pid": 1, "tid": 1, "ts": 20, "dur": 100},
            {"ph": "X", "name": "lane 3", "pid": 1, "tid": 1, "ts": 30, "dur": 100},
            {"ph": "X", "name": "row again", "pid": 1, "tid": 1, "ts": 100, "dur": 20},
            {"ph": "X", "name": "lane 1 again", "pid": 1, "tid": 1, "ts": 112, "dur": 20}
        ]"#,
        &format!("{LANES}; select value from stats"),
        r#"
        "name","depth","type","lane"
        "row",0,"thread_execution",0
        "lane 1",0,"thread_overlapping_slice",1
        "lane 2",0,"thread_overlapping_slice",2
        "lane 3",0,"thread_overlapping_slice",3
        "row again",0,"thread_execution",0
        "lane 1 again",0,"thread_overlapping_slice",1

        "value"
        4
        "#,
    );
}

#[test]
fn slices_nest_in_lanes() {
    check(
        r#"[
            {"ph": "X", "name": "row", "pid": 1, "tid": 1, "ts": 0, "dur": 10},
            {"ph": "X", "name": "lane", "pid": 1, "tid": 1, "ts": 5, "dur": 20},
            {"ph": "X", "name": "in lane", "pid": 1, "tid": 1, "ts": 8, "dur": 10}
        ]"#,
        &format!("{LANES}; {NESTING}"),
        r#"
        "name","depth","type","lane"
        "row",0,"thread_execution",0
        "lane",0,"thread_overlapping_slice",1
        "in lane",1,"thread_overlapping_slice",1

        "name","depth","parent"
        "row",0,"[NULL]"
        "lane",0,"[NULL]"
        "in lane",1,"lane"
        "#,
    );
}

#[test]
fn an_overlap_is_logged_with_both_slices() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 0, "dur": 10},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 5, "dur": 10.5}
        ]"#,
        "select byte_offset, severity, name, detail from _trace_import_logs",
        r#"
        "byte_offset","severity","name","detail"
        92,"notice","slice_spill_overlapping_complete_event","`b` at 5000 ns, 10500 ns long, crosses `a` at 0 ns, 10000 ns long"
        "#,
    );
}

/// Perfetto gives the slice a lane; times that were rounded to a microsecond would scatter half of a thread that way.
#[test]
fn rounded_ends_of_profiler_scopes_nest() {
    for category in ["cpu_op", "user_annotation", "python_function", "cuda_runtime", "cuda_driver", "Operator"] {
        check(
            &r#"[
                {"ph": "X", "cat": "CATEGORY", "name": "parent", "pid": 1, "tid": 1, "ts": 0, "dur": 10},
                {"ph": "X", "cat": "CATEGORY", "name": "child", "pid": 1, "tid": 1, "ts": 5, "dur": 6},
                {"ph": "X", "cat": "CATEGORY", "name": "neighbour", "pid": 1, "tid": 1, "ts": 10, "dur": 10}
            ]"#
            .replace("CATEGORY", category),
            &format!("{NESTING}; select ts, dur from slice order by id; {STATS}"),
            r#"
            "name","depth","parent"
            "parent",0,"[NULL]"
            "child",1,"parent"
            "neighbour",0,"[NULL]"

            "ts","dur"
            0,10000
            5000,6000
            10000,10000

            "name","severity","value"
            "slice_healed_rounding_overlap","info",1
            "#,
        );
    }
}

/// The same for a start that was rounded into the slice before.
#[test]
fn rounded_starts_of_profiler_scopes_are_neighbours() {
    check(
        r#"[
            {"ph": "X", "cat": "cpu_op", "name": "a", "pid": 1, "tid": 1, "ts": 0, "dur": 10},
            {"ph": "X", "cat": "cpu_op", "name": "b", "pid": 1, "tid": 1, "ts": 9, "dur": 10}
        ]"#,
        &format!("{NESTING}; {STATS}"),
        r#"
        "name","depth","parent"
        "a",0,"[NULL]"
        "b",0,"[NULL]"

        "name","severity","value"
        "slice_healed_rounding_overlap","info",1
        "#,
    );
}

#[test]
fn scopes_that_cross_by_more_than_rounding_get_a_lane() {
    check(
        r#"[
            {"ph": "X", "cat": "cpu_op", "name": "a", "pid": 1, "tid": 1, "ts": 0, "dur": 10},
            {"ph": "X", "cat": "cpu_op", "name": "b", "pid": 1, "tid": 1, "ts": 5, "dur": 6.001}
        ]"#,
        LANES,
        r#"
        "name","depth","type","lane"
        "a",0,"thread_execution",0
        "b",0,"thread_overlapping_slice",1
        "#,
    );
}

/// Kernels may run at the same time, so a nanosecond of overlap is one.
#[test]
fn kernels_are_not_healed() {
    check(
        r#"[
            {"ph": "X", "cat": "kernel", "name": "a", "pid": 0, "tid": 7, "ts": 0, "dur": 10},
            {"ph": "X", "cat": "kernel", "name": "b", "pid": 0, "tid": 7, "ts": 9.999, "dur": 10}
        ]"#,
        LANES,
        r#"
        "name","depth","type","lane"
        "a",0,"thread_execution",0
        "b",0,"thread_overlapping_slice",1
        "#,
    );
}

/// Here too Perfetto's rule holds for slices of no profiler that rounds.
#[test]
fn slices_of_unknown_categories_are_not_healed() {
    check(
        r#"[
            {"ph": "X", "cat": "mine", "name": "a", "pid": 1, "tid": 1, "ts": 0, "dur": 10},
            {"ph": "X", "cat": "mine", "name": "b", "pid": 1, "tid": 1, "ts": 5, "dur": 6}
        ]"#,
        LANES,
        r#"
        "name","depth","type","lane"
        "a",0,"thread_execution",0
        "b",0,"thread_overlapping_slice",1
        "#,
    );
}

/// The end of a begun slice is not known when others are placed in it.
#[test]
fn a_complete_event_that_outlives_the_begun_slice_around_it_keeps_its_length() {
    check(
        r#"[
            {"ph": "B", "name": "begun", "pid": 1, "tid": 1, "ts": 0},
            {"ph": "X", "name": "complete", "pid": 1, "tid": 1, "ts": 5, "dur": 10},
            {"ph": "E", "name": "begun", "pid": 1, "tid": 1, "ts": 8}
        ]"#,
        &format!("select name, ts, dur from slice order by id; {STATS}"),
        r#"
        "name","ts","dur"
        "begun",0,8000
        "complete",5000,10000

        "name","severity","value"
        "misplaced_end_event","error",1
        "#,
    );
}

#[test]
fn a_begun_slice_that_outlives_the_complete_event_around_it_is_ended_by_its_end() {
    check(
        r#"[
            {"ph": "X", "name": "complete", "pid": 1, "tid": 1, "ts": 0, "dur": 10},
            {"ph": "B", "name": "begun", "pid": 1, "tid": 1, "ts": 5},
            {"ph": "X", "name": "later", "pid": 1, "tid": 1, "ts": 20, "dur": 1},
            {"ph": "E", "name": "begun", "pid": 1, "tid": 1, "ts": 30}
        ]"#,
        &format!("select name, ts, dur from slice order by id; {STATS}"),
        r#"
        "name","ts","dur"
        "complete",0,10000
        "begun",5000,25000
        "later",20000,1000

        "name","severity","value"
        "slice_outlives_parent","notice",1
        "#,
    );
}
