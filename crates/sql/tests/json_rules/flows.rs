//! Flows: which slices an arrow joins, in the older spelling (s, t, f) and the newer (bind_id).

use super::{ARROWS, STATS, check};

// ---- v1: s, t, f

#[test]
fn a_flow_joins_the_slices_it_starts_and_ends_in() {
    check(
        r#"[
            {"ph": "X", "name": "from", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "to", "pid": 1, "tid": 2, "ts": 30, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 7, "pid": 1, "tid": 1, "ts": 15},
            {"ph": "f", "cat": "c", "name": "n", "id": 7, "pid": 1, "tid": 2, "ts": 35, "bp": "e"}
        ]"#,
        &format!("{ARROWS}; select trace_id, category, name from flow; {STATS}"),
        r#"
        "slice_out","slice_in"
        "from","to"

        "trace_id","category","name"
        7,"c","n"

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_step_ends_one_arrow_and_starts_the_next() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "b", "pid": 1, "tid": 2, "ts": 30, "dur": 10},
            {"ph": "X", "name": "c", "pid": 1, "tid": 3, "ts": 50, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 15},
            {"ph": "t", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 35},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 3, "ts": 55, "bp": "e"}
        ]"#,
        ARROWS,
        r#"
        "slice_out","slice_in"
        "a","b"
        "b","c"
        "#,
    );
}

#[test]
fn category_and_name_are_part_of_a_flows_id() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "b", "pid": 1, "tid": 2, "ts": 10, "dur": 10},
            {"ph": "X", "name": "c", "pid": 1, "tid": 3, "ts": 10, "dur": 10},
            {"ph": "X", "name": "to", "pid": 1, "tid": 4, "ts": 30, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 12},
            {"ph": "s", "cat": "c", "name": "other", "id": 1, "pid": 1, "tid": 2, "ts": 13},
            {"ph": "s", "cat": "other", "name": "n", "id": 1, "pid": 1, "tid": 3, "ts": 14},
            {"ph": "f", "cat": "c", "name": "other", "id": 1, "pid": 1, "tid": 4, "ts": 35, "bp": "e"}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"
        "b","to"

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_flows_id_is_a_number_or_a_hexadecimal_text() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "b", "pid": 1, "tid": 2, "ts": 30, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 255, "pid": 1, "tid": 1, "ts": 12},
            {"ph": "f", "cat": "c", "name": "n", "id": "0xff", "pid": 1, "tid": 2, "ts": 35, "bp": "e"},
            {"ph": "s", "cat": "c", "name": "n", "id": "10", "pid": 1, "tid": 1, "ts": 12},
            {"ph": "f", "cat": "c", "name": "n", "id": 16, "pid": 1, "tid": 2, "ts": 35, "bp": "e"},
            {"ph": "s", "cat": "c", "name": "n", "id": 9007199254740993, "pid": 1, "tid": 1, "ts": 12},
            {"ph": "f", "cat": "c", "name": "n", "id": 9007199254740993, "pid": 1, "tid": 2, "ts": 35, "bp": "e"},
            {"ph": "s", "cat": "c", "name": "n", "id": 9007199254740992, "pid": 1, "tid": 1, "ts": 12}
        ]"#,
        &format!("{ARROWS}; select trace_id from flow order by trace_id; {STATS}"),
        r#"
        "slice_out","slice_in"
        "a","b"
        "a","b"
        "a","b"

        "trace_id"
        16
        255
        9007199254740993

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_flows_id_may_take_all_of_64_bits() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "b", "pid": 1, "tid": 2, "ts": 30, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 18446744073709551615, "pid": 1, "tid": 1, "ts": 12},
            {"ph": "f", "cat": "c", "name": "n", "id": "0xffffffffffffffff", "pid": 1, "tid": 2, "ts": 35, "bp": "e"}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"
        "a","b"

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_flow_without_a_usable_id_is_counted() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "pid": 1, "tid": 1, "ts": 12},
            {"ph": "s", "cat": "c", "name": "n", "id": "not hexadecimal", "pid": 1, "tid": 1, "ts": 12},
            {"ph": "t", "cat": "c", "name": "n", "id": null, "pid": 1, "tid": 1, "ts": 12}
        ]"#,
        STATS,
        r#"
        "name","severity","value"
        "flow_invalid_id","error",3
        "#,
    );
}

#[test]
fn a_flow_binds_to_the_top_of_the_stack_even_when_that_has_ended() {
    check(
        r#"[
            {"ph": "X", "name": "outer", "pid": 1, "tid": 1, "ts": 0, "dur": 100},
            {"ph": "X", "name": "inner", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "alone", "pid": 1, "tid": 2, "ts": 30, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 50},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 75, "bp": "e"}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"
        "inner","alone"

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_later_slice_replaces_what_has_ended() {
    check(
        r#"[
            {"ph": "X", "name": "outer", "pid": 1, "tid": 1, "ts": 0, "dur": 100},
            {"ph": "X", "name": "inner", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "later", "pid": 1, "tid": 1, "ts": 40, "dur": 5},
            {"ph": "X", "name": "to", "pid": 1, "tid": 2, "ts": 70, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 50},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 75, "bp": "e"}
        ]"#,
        ARROWS,
        r#"
        "slice_out","slice_in"
        "later","to"
        "#,
    );
}

#[test]
fn an_end_without_a_binding_point_waits_for_the_next_slice() {
    check(
        r#"[
            {"ph": "X", "name": "from", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "enclosing", "pid": 1, "tid": 2, "ts": 20, "dur": 50},
            {"ph": "X", "name": "next", "pid": 1, "tid": 2, "ts": 40, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 15},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 30},
            {"ph": "s", "cat": "c", "name": "n", "id": 2, "pid": 1, "tid": 1, "ts": 15},
            {"ph": "f", "cat": "c", "name": "n", "id": 2, "pid": 1, "tid": 2, "ts": 30, "bp": "x"}
        ]"#,
        ARROWS,
        r#"
        "slice_out","slice_in"
        "from","next"
        "from","next"
        "#,
    );
}

#[test]
fn an_end_that_waits_in_vain_is_counted() {
    check(
        r#"[
            {"ph": "X", "name": "from", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 15},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 30}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"

        "name","severity","value"
        "flow_no_enclosing_slice","data_loss",1
        "#,
    );
}

#[test]
fn an_end_before_its_start_is_counted() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "b", "pid": 1, "tid": 2, "ts": 10, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 15},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 12, "bp": "e"},
            {"ph": "f", "cat": "c", "name": "n", "id": 2, "pid": 1, "tid": 2, "ts": 12, "bp": "e"}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"

        "name","severity","value"
        "flow_end_without_start","info",2
        "#,
    );
}

#[test]
fn a_step_before_its_start_is_counted() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "t", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 12},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 15}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"

        "name","severity","value"
        "flow_step_without_start","info",1
        "#,
    );
}

/// Perfetto drops the arrow: its clock of the GPU may be a little behind that of the CPU.
#[test]
fn a_launch_flow_may_end_before_it_starts() {
    for category in ["ac2g", "async_cpu_to_gpu", "async_gpu"] {
        check(
            &r#"[
                {"ph": "X", "cat": "cuda_runtime", "name": "launch", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
                {"ph": "X", "cat": "kernel", "name": "kernel", "pid": 0, "tid": 7, "ts": 9, "dur": 10},
                {"ph": "s", "cat": "CATEGORY", "name": "ac2g", "id": 1, "pid": 1, "tid": 1, "ts": 10},
                {"ph": "f", "cat": "CATEGORY", "name": "ac2g", "id": 1, "pid": 0, "tid": 7, "ts": 9, "bp": "e"}
            ]"#
            .replace("CATEGORY", category),
            &format!("{ARROWS}; select value from stats where name = 'flow_backwards'"),
            r#"
            "slice_out","slice_in"
            "launch","kernel"

            "value"
            1
            "#,
        );
    }
}

#[test]
fn a_second_start_is_counted_and_the_first_one_holds() {
    check(
        r#"[
            {"ph": "X", "name": "first", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "second", "pid": 1, "tid": 1, "ts": 30, "dur": 10},
            {"ph": "X", "name": "to", "pid": 1, "tid": 2, "ts": 50, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 15},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 35},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 55, "bp": "e"}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"
        "first","to"

        "name","severity","value"
        "flow_duplicate_id","notice",1
        "#,
    );
}

/// Perfetto refuses the second start here too, and so joins the wrong slices where a writer uses an id again.
#[test]
fn an_id_may_be_used_again_once_its_flow_has_ended() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "b", "pid": 1, "tid": 2, "ts": 30, "dur": 10},
            {"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": 50, "dur": 10},
            {"ph": "X", "name": "d", "pid": 1, "tid": 2, "ts": 70, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 15},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 35, "bp": "e"},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 55},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 75, "bp": "e"}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"
        "a","b"
        "c","d"

        "name","severity","value"
        "#,
    );
}

#[test]
fn one_start_may_have_many_ends() {
    check(
        r#"[
            {"ph": "X", "cat": "cuda_runtime", "name": "cudaGraphLaunch", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "cat": "kernel", "name": "k1", "pid": 0, "tid": 7, "ts": 30, "dur": 5},
            {"ph": "X", "cat": "kernel", "name": "k2", "pid": 0, "tid": 7, "ts": 40, "dur": 5},
            {"ph": "X", "cat": "kernel", "name": "k3", "pid": 0, "tid": 8, "ts": 40, "dur": 5},
            {"ph": "s", "cat": "ac2g", "name": "ac2g", "id": 1, "pid": 1, "tid": 1, "ts": 10},
            {"ph": "f", "cat": "ac2g", "name": "ac2g", "id": 1, "pid": 0, "tid": 7, "ts": 30, "bp": "e"},
            {"ph": "f", "cat": "ac2g", "name": "ac2g", "id": 1, "pid": 0, "tid": 7, "ts": 40, "bp": "e"},
            {"ph": "f", "cat": "ac2g", "name": "ac2g", "id": 1, "pid": 0, "tid": 8, "ts": 40, "bp": "e"}
        ]"#,
        ARROWS,
        r#"
        "slice_out","slice_in"
        "cudaGraphLaunch","k1"
        "cudaGraphLaunch","k2"
        "cudaGraphLaunch","k3"
        "#,
    );
}

#[test]
fn a_flow_on_no_slice_is_counted() {
    check(
        r#"[
            {"ph": "X", "name": "to", "pid": 1, "tid": 2, "ts": 30, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 15},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 35, "bp": "e"}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"

        "name","severity","value"
        "flow_end_without_start","info",1
        "flow_no_enclosing_slice","data_loss",1
        "#,
    );
}

#[test]
fn an_arrow_never_points_back_in_time() {
    check(
        r#"[
            {"ph": "X", "name": "late", "pid": 1, "tid": 1, "ts": 20, "dur": 10},
            {"ph": "X", "name": "early", "pid": 1, "tid": 2, "ts": 10, "dur": 30},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 22},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 25, "bp": "e"}
        ]"#,
        ARROWS,
        r#"
        "slice_out","slice_in"
        "early","late"
        "#,
    );
}

/// In Perfetto the arrow goes to `first`: a slice of a lane is never on the stack.
#[test]
fn an_end_binds_to_the_slice_that_starts_with_it_in_a_lane_too() {
    check(
        r#"[
            {"ph": "X", "cat": "cuda_runtime", "name": "launch", "pid": 1, "tid": 1, "ts": 1, "dur": 1},
            {"ph": "X", "cat": "kernel", "name": "first", "pid": 0, "tid": 7, "ts": 10, "dur": 10},
            {"ph": "X", "cat": "kernel", "name": "overlapping", "pid": 0, "tid": 7, "ts": 15, "dur": 10},
            {"ph": "s", "cat": "ac2g", "name": "ac2g", "id": 1, "pid": 1, "tid": 1, "ts": 1},
            {"ph": "f", "cat": "ac2g", "name": "ac2g", "id": 1, "pid": 0, "tid": 7, "ts": 15, "bp": "e"}
        ]"#,
        ARROWS,
        r#"
        "slice_out","slice_in"
        "launch","overlapping"
        "#,
    );
}

#[test]
fn flows_bind_to_begun_slices_too() {
    check(
        r#"[
            {"ph": "B", "name": "a", "pid": 1, "tid": 1, "ts": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 1, "ts": 15},
            {"ph": "E", "name": "a", "pid": 1, "tid": 1, "ts": 20},
            {"ph": "f", "cat": "c", "name": "n", "id": 1, "pid": 1, "tid": 2, "ts": 25},
            {"ph": "B", "name": "b", "pid": 1, "tid": 2, "ts": 30},
            {"ph": "E", "name": "b", "pid": 1, "tid": 2, "ts": 40}
        ]"#,
        ARROWS,
        r#"
        "slice_out","slice_in"
        "a","b"
        "#,
    );
}

// ---- v2: bind_id with flow_out, flow_in

#[test]
fn bound_flows_go_out_through_and_in() {
    check(
        r#"[
            {"ph": "X", "name": "out", "pid": 1, "tid": 1, "ts": 10, "dur": 5, "bind_id": "0x1", "flow_out": true},
            {"ph": "X", "name": "step", "pid": 1, "tid": 2, "ts": 20, "dur": 5, "bind_id": "0x1", "flow_in": true,
             "flow_out": true},
            {"ph": "X", "name": "in", "pid": 1, "tid": 3, "ts": 30, "dur": 5, "bind_id": "0x1", "flow_in": true}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"
        "out","step"
        "step","in"

        "name","severity","value"
        "#,
    );
}

#[test]
fn begins_and_async_events_may_be_bound() {
    check(
        r#"[
            {"ph": "B", "name": "B", "pid": 1, "tid": 1, "ts": 10, "bind_id": 1, "flow_out": true},
            {"ph": "E", "name": "B", "pid": 1, "tid": 1, "ts": 11},
            {"ph": "b", "name": "b", "cat": "c", "id": 1, "pid": 1, "tid": 1, "ts": 20, "bind_id": 1, "flow_in": true,
             "flow_out": true},
            {"ph": "n", "name": "n", "cat": "c", "id": 1, "pid": 1, "tid": 1, "ts": 30, "bind_id": 1, "flow_in": true},
            {"ph": "e", "name": "b", "cat": "c", "id": 1, "pid": 1, "tid": 1, "ts": 40}
        ]"#,
        ARROWS,
        r#"
        "slice_out","slice_in"
        "B","b"
        "b","n"
        "#,
    );
}

#[test]
fn a_bound_flows_id_is_a_number_or_a_hexadecimal_text() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 5, "bind_id": 171, "flow_out": true},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 20, "dur": 5, "bind_id": "0xab", "flow_in": true},
            {"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": 30, "dur": 5, "bind_id": "no id", "flow_in": true}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"
        "a","b"

        "name","severity","value"
        "flow_invalid_id","error",1
        "#,
    );
}

#[test]
fn names_and_categories_do_not_tell_bound_flows_apart() {
    check(
        r#"[
            {"ph": "X", "name": "a", "cat": "x", "pid": 1, "tid": 1, "ts": 10, "dur": 5, "bind_id": 1, "flow_out": true},
            {"ph": "X", "name": "b", "cat": "y", "pid": 1, "tid": 1, "ts": 20, "dur": 5, "bind_id": 1, "flow_in": true}
        ]"#,
        ARROWS,
        r#"
        "slice_out","slice_in"
        "a","b"
        "#,
    );
}

#[test]
fn a_bound_flow_without_a_direction_is_counted() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 5, "bind_id": 1},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 20, "dur": 5, "bind_id": 1, "flow_in": false}
        ]"#,
        &format!("select name from slice order by id; {STATS}"),
        r#"
        "name"
        "a"
        "b"

        "name","severity","value"
        "flow_without_direction","error",2
        "#,
    );
}

#[test]
fn one_bound_flow_may_go_in_at_many_places() {
    check(
        r#"[
            {"ph": "X", "name": "out", "pid": 1, "tid": 1, "ts": 10, "dur": 5, "bind_id": 1, "flow_out": true},
            {"ph": "X", "name": "in 1", "pid": 1, "tid": 2, "ts": 20, "dur": 5, "bind_id": 1, "flow_in": true},
            {"ph": "X", "name": "in 2", "pid": 1, "tid": 3, "ts": 30, "dur": 5, "bind_id": 1, "flow_in": true}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"
        "out","in 1"
        "out","in 2"

        "name","severity","value"
        "#,
    );
}

#[test]
fn bound_and_unbound_flows_are_apart() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 10, "dur": 5, "bind_id": 1, "flow_out": true},
            {"ph": "X", "name": "b", "pid": 1, "tid": 2, "ts": 20, "dur": 5},
            {"ph": "f", "name": "a", "id": 1, "pid": 1, "tid": 2, "ts": 20, "bp": "e"}
        ]"#,
        &format!("{ARROWS}; {STATS}"),
        r#"
        "slice_out","slice_in"

        "name","severity","value"
        "flow_end_without_start","info",1
        "#,
    );
}

/// In Perfetto they are args of the flow; columns are easier to ask for, and to group by.
#[test]
fn category_and_name_of_a_flow_are_columns() {
    check(
        r#"[
            {"ph": "X", "name": "from", "pid": 1, "tid": 1, "ts": 10, "dur": 10},
            {"ph": "X", "name": "to", "pid": 1, "tid": 2, "ts": 30, "dur": 10},
            {"ph": "s", "cat": "c", "name": "n", "id": 7, "pid": 1, "tid": 1, "ts": 15},
            {"ph": "f", "cat": "c", "name": "n", "id": 7, "pid": 1, "tid": 2, "ts": 35, "bp": "e"}
        ]"#,
        "select category, name, arg_set_id from flow",
        r#"
        "category","name","arg_set_id"
        "c","n","[NULL]"
        "#,
    );
}
