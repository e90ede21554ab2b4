//! Phases: what an event of each kind becomes, and what is counted when it lacks what its kind needs.

use super::{NESTING, STATS, check};

// ---- X

#[test]
fn a_complete_event_is_a_slice() {
    check(
        r#"{"traceEvents": [
            {"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 1, "tid": 2, "ts": 100.125, "dur": 20.5,
             "tts": 7, "tdur": 3, "args": {"k": "v"}}
        ]}"#,
        "select s.ts, s.dur, s.category, s.name, s.depth, s.parent_id, s.thread_ts, s.thread_dur,
            extract_arg(s.arg_set_id, 'args.k') as k, t.type
        from slice s join thread_track t on t.id = s.track_id",
        r#"
        "ts","dur","category","name","depth","parent_id","thread_ts","thread_dur","k","type"
        100125,20500,"cpu_op","aten::mm",0,"[NULL]",7000,3000,"v","thread_execution"
        "#,
    );
}

#[test]
fn a_complete_event_without_a_duration_is_left_out_and_counted() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 2, "dur": 1}
        ]"#,
        &format!("select name from slice; {STATS}; select byte_offset, name from _trace_import_logs"),
        r#"
        "name"
        "b"

        "name","severity","value"
        "json_parser_failure","data_loss",1

        "byte_offset","name"
        14,"json_parser_failure"
        "#,
    );
}

#[test]
fn a_negative_duration_is_zero_and_counted() {
    check(
        r#"[{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 5, "dur": -3}]"#,
        &format!("select ts, dur from slice; {STATS}"),
        r#"
        "ts","dur"
        5000,0

        "name","severity","value"
        "slice_negative_duration","error",1
        "#,
    );
}

// ---- B, E

#[test]
fn a_begin_and_an_end_make_a_slice() {
    check(
        r#"[
            {"ph": "B", "cat": "c", "name": "a", "pid": 1, "tid": 1, "ts": 10, "tts": 3, "args": {"b": 1}},
            {"ph": "E", "cat": "c", "name": "a", "pid": 1, "tid": 1, "ts": 25.5, "tts": 8}
        ]"#,
        &format!(
            "select ts, dur, category, name, thread_ts, thread_dur, extract_arg(arg_set_id, 'args.b') as b from slice;
            {STATS}"
        ),
        r#"
        "ts","dur","category","name","thread_ts","thread_dur","b"
        10000,15500,"c","a",3000,5000,1

        "name","severity","value"
        "#,
    );
}

#[test]
fn begins_nest_in_the_order_they_come() {
    check(
        r#"[
            {"ph": "B", "name": "outer", "pid": 1, "tid": 1, "ts": 1},
            {"ph": "B", "name": "inner", "pid": 1, "tid": 1, "ts": 2},
            {"ph": "E", "name": "inner", "pid": 1, "tid": 1, "ts": 3},
            {"ph": "B", "name": "second", "pid": 1, "tid": 1, "ts": 3},
            {"ph": "E", "name": "second", "pid": 1, "tid": 1, "ts": 4},
            {"ph": "E", "name": "outer", "pid": 1, "tid": 1, "ts": 5}
        ]"#,
        &format!("{NESTING}; select dur from slice order by id"),
        r#"
        "name","depth","parent"
        "outer",0,"[NULL]"
        "inner",1,"outer"
        "second",1,"outer"

        "dur"
        4000
        1000
        1000
        "#,
    );
}

#[test]
fn an_end_closes_the_innermost_slice_of_its_name() {
    check(
        r#"[
            {"ph": "B", "name": "a", "pid": 1, "tid": 1, "ts": 1},
            {"ph": "B", "name": "a", "pid": 1, "tid": 1, "ts": 2},
            {"ph": "E", "name": "a", "pid": 1, "tid": 1, "ts": 3},
            {"ph": "E", "name": "a", "pid": 1, "tid": 1, "ts": 9}
        ]"#,
        "select ts, dur, depth from slice order by id",
        r#"
        "ts","dur","depth"
        1000,8000,0
        2000,1000,1
        "#,
    );
}

#[test]
fn an_end_without_a_name_matches_any() {
    check(
        r#"[
            {"ph": "B", "name": "a", "cat": "c", "pid": 1, "tid": 1, "ts": 1},
            {"ph": "B", "name": "b", "cat": "d", "pid": 1, "tid": 1, "ts": 2},
            {"ph": "E", "pid": 1, "tid": 1, "ts": 3},
            {"ph": "E", "pid": 1, "tid": 1, "ts": 4}
        ]"#,
        "select name, dur from slice order by id",
        r#"
        "name","dur"
        "a",3000
        "b",1000
        "#,
    );
}

#[test]
fn an_end_must_be_of_the_same_category() {
    check(
        r#"[
            {"ph": "B", "name": "a", "cat": "c", "pid": 1, "tid": 1, "ts": 1},
            {"ph": "E", "name": "a", "cat": "other", "pid": 1, "tid": 1, "ts": 2},
            {"ph": "E", "name": "a", "cat": "c", "pid": 1, "tid": 1, "ts": 7}
        ]"#,
        &format!("select name, dur from slice; {STATS}"),
        r#"
        "name","dur"
        "a",6000

        "name","severity","value"
        "slice_end_without_begin","data_loss",1
        "#,
    );
}

#[test]
fn a_missing_category_matches_any() {
    check(
        r#"[
            {"ph": "B", "name": "a", "cat": "c", "pid": 1, "tid": 1, "ts": 1},
            {"ph": "E", "name": "a", "pid": 1, "tid": 1, "ts": 2},
            {"ph": "B", "name": "b", "pid": 1, "tid": 1, "ts": 3},
            {"ph": "E", "name": "b", "cat": "c", "pid": 1, "tid": 1, "ts": 4}
        ]"#,
        "select name, dur from slice order by id",
        r#"
        "name","dur"
        "a",1000
        "b",1000
        "#,
    );
}

#[test]
fn an_end_below_others_cuts_them_and_is_counted() {
    check(
        r#"[
            {"ph": "B", "name": "a", "pid": 1, "tid": 1, "ts": 1},
            {"ph": "B", "name": "b", "pid": 1, "tid": 1, "ts": 2},
            {"ph": "B", "name": "c", "pid": 1, "tid": 1, "ts": 3},
            {"ph": "E", "name": "a", "pid": 1, "tid": 1, "ts": 10},
            {"ph": "B", "name": "next", "pid": 1, "tid": 1, "ts": 11},
            {"ph": "E", "name": "next", "pid": 1, "tid": 1, "ts": 12}
        ]"#,
        &format!("select name, dur, depth from slice order by id; {STATS}"),
        r#"
        "name","dur","depth"
        "a",9000,0
        "b",8000,1
        "c",7000,2
        "next",1000,0

        "name","severity","value"
        "misplaced_end_event","error",1
        "#,
    );
}

/// Perfetto says nothing of it.
#[test]
fn an_end_without_a_begin_is_counted() {
    check(
        r#"[
            {"ph": "E", "name": "a", "pid": 1, "tid": 1, "ts": 1},
            {"ph": "B", "name": "b", "pid": 1, "tid": 1, "ts": 2},
            {"ph": "E", "name": "b", "pid": 1, "tid": 2, "ts": 3},
            {"ph": "E", "name": "b", "pid": 1, "tid": 1, "ts": 4}
        ]"#,
        &format!("select name, dur from slice; {STATS}"),
        r#"
        "name","dur"
        "b",2000

        "name","severity","value"
        "slice_end_without_begin","data_loss",2
        "#,
    );
}

#[test]
fn a_begin_without_an_end_has_duration_minus_one() {
    check(
        r#"[
            {"ph": "B", "name": "open", "pid": 1, "tid": 1, "ts": 1},
            {"ph": "X", "name": "inside", "pid": 1, "tid": 1, "ts": 5, "dur": 1}
        ]"#,
        &format!("select name, dur, depth from slice order by id; {STATS}"),
        r#"
        "name","dur","depth"
        "open",-1,0
        "inside",1000,1

        "name","severity","value"
        "slice_unclosed","notice",1
        "#,
    );
}

#[test]
fn args_of_an_end_are_added_to_those_of_its_begin() {
    check(
        r#"[
            {"ph": "B", "name": "both", "pid": 1, "tid": 1, "ts": 1, "args": {"a": 1}},
            {"ph": "E", "name": "both", "pid": 1, "tid": 1, "ts": 2, "args": {"b": "x"}},
            {"ph": "B", "name": "end only", "pid": 1, "tid": 1, "ts": 3},
            {"ph": "E", "name": "end only", "pid": 1, "tid": 1, "ts": 4, "args": {"c": true}}
        ]"#,
        "select s.name, a.key, a.display_value from slice s join args a using (arg_set_id) order by s.id, a.id",
        r#"
        "name","key","display_value"
        "both","args.a","1"
        "both","args.b","x"
        "end only","args.c","true"
        "#,
    );
}

#[test]
fn begins_and_complete_events_nest_in_each_other() {
    check(
        r#"[
            {"ph": "X", "name": "complete", "pid": 1, "tid": 1, "ts": 0, "dur": 100},
            {"ph": "B", "name": "begun", "pid": 1, "tid": 1, "ts": 10},
            {"ph": "X", "name": "inner", "pid": 1, "tid": 1, "ts": 12, "dur": 3},
            {"ph": "E", "name": "begun", "pid": 1, "tid": 1, "ts": 20},
            {"ph": "X", "name": "after", "pid": 1, "tid": 1, "ts": 30, "dur": 5}
        ]"#,
        &format!("{NESTING}; select dur from slice order by id; select type from thread_track; {STATS}"),
        r#"
        "name","depth","parent"
        "complete",0,"[NULL]"
        "begun",1,"complete"
        "inner",2,"begun"
        "after",1,"complete"

        "dur"
        100000
        10000
        3000
        5000

        "type"
        "thread_execution"

        "name","severity","value"
        "#,
    );
}

/// Perfetto takes no more than 512 and counts `slice_max_depth_exceeded`.
#[test]
fn nesting_has_no_depth_limit() {
    let begins: Vec<String> = (0..600)
        .map(|depth| format!(r#"{{"ph": "B", "name": "d{depth}", "pid": 1, "tid": 1, "ts": {depth}}}"#))
        .collect();
    let ends: Vec<String> = (0..600)
        .map(|depth| format!(r#"{{"ph": "E", "name": "d{}", "pid": 1, "tid": 1, "ts": {}}}"#, 599 - depth, 600 + depth))
        .collect();
    check(
        &format!("[{},{}]", begins.join(","), ends.join(",")),
        &format!("select count(*) as slices, max(depth) as depth, min(dur) as shortest from slice; {STATS}"),
        r#"
        "slices","depth","shortest"
        600,599,1000

        "name","severity","value"
        "#,
    );
}

// ---- i, I, R

#[test]
fn instants_of_a_thread_are_slices_of_no_length() {
    check(
        r#"[
            {"ph": "i", "name": "t", "pid": 1, "tid": 2, "ts": 1, "s": "t"},
            {"ph": "I", "name": "absent", "pid": 1, "tid": 2, "ts": 2, "args": {"k": 5}},
            {"ph": "R", "name": "other letter", "pid": 1, "tid": 2, "ts": 3, "s": "z"}
        ]"#,
        "select s.ts, s.dur, s.name, tt.type, t.tid, extract_arg(s.arg_set_id, 'args.k') as k
        from slice s join thread_track tt on tt.id = s.track_id join thread t using (utid) order by s.ts;
        select ts, name from instant order by ts",
        r#"
        "ts","dur","name","type","tid","k"
        1000,0,"t","thread_execution",2,"[NULL]"
        2000,0,"absent","thread_execution",2,5
        3000,0,"other letter","thread_execution",2,"[NULL]"

        "ts","name"
        1000,"t"
        2000,"absent"
        3000,"other letter"
        "#,
    );
}

#[test]
fn instants_of_a_process_have_one_track_per_process() {
    check(
        r#"[
            {"ph": "i", "name": "a", "pid": 1, "tid": 2, "ts": 1, "s": "p"},
            {"ph": "I", "name": "b", "pid": 1, "tid": 3, "ts": 2, "s": "p"},
            {"ph": "R", "name": "c", "pid": 9, "tid": 3, "ts": 3, "s": "p"}
        ]"#,
        "select s.name, s.dur, t.type, p.pid from slice s join process_track t on t.id = s.track_id
        join process p using (upid) order by s.ts;
        select count(*) as tracks from process_track",
        r#"
        "name","dur","type","pid"
        "a",0,"chrome_process_instant",1
        "b",0,"chrome_process_instant",1
        "c",0,"chrome_process_instant",9

        "tracks"
        2
        "#,
    );
}

#[test]
fn instants_of_the_trace_share_one_track() {
    check(
        r#"[
            {"ph": "i", "name": "a", "pid": 1, "tid": 2, "ts": 1, "s": "g"},
            {"ph": "I", "name": "b", "pid": 3, "tid": 4, "ts": 2, "s": "g"},
            {"ph": "R", "name": "c", "pid": "", "tid": "", "ts": 3, "s": "g"}
        ]"#,
        "select s.name, s.dur, t.type, t.utid, t.upid from slice s join track t on t.id = s.track_id order by s.ts;
        select count(*) as tracks from track",
        r#"
        "name","dur","type","utid","upid"
        "a",0,"legacy_chrome_global_instants","[NULL]","[NULL]"
        "b",0,"legacy_chrome_global_instants","[NULL]","[NULL]"
        "c",0,"legacy_chrome_global_instants","[NULL]","[NULL]"

        "tracks"
        1
        "#,
    );
}

/// Perfetto drops them as `json_parser_failure`.
#[test]
fn instants_without_a_thread_or_process_are_kept() {
    check(
        r#"[
            {"ph": "i", "name": "no tid", "ts": 1},
            {"ph": "i", "name": "no pid", "ts": 2, "s": "p"}
        ]"#,
        &format!("select s.name, t.type from slice s join track t on t.id = s.track_id order by s.ts; {STATS}"),
        r#"
        "name","type"
        "no tid","thread_execution"
        "no pid","chrome_process_instant"

        "name","severity","value"
        "#,
    );
}

// ---- b, n, e

#[test]
fn async_events_have_a_track_of_their_name() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "request", "id": 1, "pid": 1, "tid": 2, "ts": 10, "args": {"a": 1}},
            {"ph": "n", "cat": "c", "name": "step", "id": 1, "pid": 1, "tid": 2, "ts": 12},
            {"ph": "e", "cat": "c", "name": "request", "id": 1, "pid": 1, "tid": 3, "ts": 30, "args": {"b": 2}}
        ]"#,
        "select s.ts, s.dur, s.name, s.depth, t.name as track, t.type
        from slice s join track t on t.id = s.track_id order by s.id;
        select key, int_value from slice s join args a using (arg_set_id) order by s.id, a.id",
        r#"
        "ts","dur","name","depth","track","type"
        10000,20000,"request",0,"request","legacy_async_global_slice"
        12000,0,"step",1,"request","legacy_async_global_slice"

        "key","int_value"
        "args.a",1
        "args.b",2
        "#,
    );
}

#[test]
fn async_events_of_one_id_nest_in_the_order_they_begin() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "outer", "id": 1, "pid": 1, "ts": 1},
            {"ph": "b", "cat": "c", "name": "inner", "id": 1, "pid": 1, "ts": 2},
            {"ph": "e", "cat": "c", "name": "inner", "id": 1, "pid": 1, "ts": 3},
            {"ph": "e", "cat": "c", "name": "outer", "id": 1, "pid": 1, "ts": 4}
        ]"#,
        &format!("{NESTING}; select count(*) as tracks from track; select dur from slice order by id"),
        r#"
        "name","depth","parent"
        "outer",0,"[NULL]"
        "inner",1,"outer"

        "tracks"
        1

        "dur"
        3000
        1000
        "#,
    );
}

#[test]
fn concurrent_async_events_have_tracks_of_one_group() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "request", "id": 1, "pid": 1, "ts": 1},
            {"ph": "b", "cat": "c", "name": "request", "id": 2, "pid": 1, "ts": 2},
            {"ph": "b", "cat": "c", "name": "other", "id": 3, "pid": 1, "ts": 2},
            {"ph": "e", "cat": "c", "name": "request", "id": 1, "pid": 1, "ts": 3},
            {"ph": "e", "cat": "c", "name": "request", "id": 2, "pid": 1, "ts": 4},
            {"ph": "e", "cat": "c", "name": "other", "id": 3, "pid": 1, "ts": 5},
            {"ph": "b", "cat": "c", "name": "request", "id": 4, "pid": 1, "ts": 6},
            {"ph": "e", "cat": "c", "name": "request", "id": 4, "pid": 1, "ts": 7}
        ]"#,
        "select name, count(*) as tracks, count(distinct track_group_id) as groups from track group by name order by name;
        select count(distinct track_group_id) as groups from track;
        select name, dur, depth, track_id - (select min(id) from track) as track from slice order by id",
        r#"
        "name","tracks","groups"
        "other",1,1
        "request",2,1

        "groups"
        2

        "name","dur","depth","track"
        "request",2000,0,0
        "request",2000,0,1
        "other",3000,0,2
        "request",1000,0,0
        "#,
    );
}

#[test]
fn the_category_is_part_of_an_async_events_id() {
    check(
        r#"[
            {"ph": "b", "cat": "a", "name": "x", "id": 1, "pid": 1, "ts": 1},
            {"ph": "b", "cat": "b", "name": "x", "id": 1, "pid": 1, "ts": 2},
            {"ph": "e", "cat": "a", "name": "x", "id": 1, "pid": 1, "ts": 3},
            {"ph": "e", "cat": "b", "name": "x", "id": 1, "pid": 1, "ts": 9}
        ]"#,
        "select category, dur, depth from slice order by id; select count(*) as tracks from track",
        r#"
        "category","dur","depth"
        "a",2000,0
        "b",7000,0

        "tracks"
        2
        "#,
    );
}

#[test]
fn async_ids_are_numbers_or_texts() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "int", "id": 5, "pid": 1, "ts": 1},
            {"ph": "b", "cat": "c", "name": "hex", "id": "0x5f", "pid": 1, "ts": 1},
            {"ph": "b", "cat": "c", "name": "text", "id": "req-1", "pid": 1, "ts": 1},
            {"ph": "e", "cat": "c", "name": "text", "id": "req-1", "pid": 1, "ts": 2},
            {"ph": "e", "cat": "c", "name": "hex", "id": "0x5f", "pid": 1, "ts": 3},
            {"ph": "e", "cat": "c", "name": "int", "id": 5, "pid": 1, "ts": 4}
        ]"#,
        &format!("select name, dur from slice order by id; {STATS}"),
        r#"
        "name","dur"
        "int",3000
        "hex",2000
        "text",1000

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_local_int_id_is_of_its_process() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "x", "id2": {"local": 1}, "pid": 1, "ts": 1},
            {"ph": "b", "cat": "c", "name": "x", "id2": {"local": 1}, "pid": 2, "ts": 2},
            {"ph": "e", "cat": "c", "name": "x", "id2": {"local": 1}, "pid": 1, "ts": 5},
            {"ph": "e", "cat": "c", "name": "x", "id2": {"local": 1}, "pid": 2, "ts": 9}
        ]"#,
        "select s.dur, s.depth, p.pid, t.name, t.type from slice s join process_track t on t.id = s.track_id
        join process p using (upid) order by s.id",
        r#"
        "dur","depth","pid","name","type"
        4000,0,1,"x","legacy_async_process_slice"
        7000,0,2,"x","legacy_async_process_slice"
        "#,
    );
}

#[test]
fn a_local_text_id_is_of_its_process() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "x", "id2": {"local": "0x1"}, "pid": 1, "ts": 1},
            {"ph": "b", "cat": "c", "name": "x", "id2": {"local": "0x1"}, "pid": 2, "ts": 2},
            {"ph": "e", "cat": "c", "name": "x", "id2": {"local": "0x1"}, "pid": 1, "ts": 5},
            {"ph": "e", "cat": "c", "name": "x", "id2": {"local": "0x1"}, "pid": 2, "ts": 9}
        ]"#,
        "select s.dur, p.pid, t.type from slice s join process_track t on t.id = s.track_id
        join process p using (upid) order by s.id",
        r#"
        "dur","pid","type"
        4000,1,"legacy_async_process_slice"
        7000,2,"legacy_async_process_slice"
        "#,
    );
}

#[test]
fn a_global_int_id_is_of_the_trace() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "x", "id2": {"global": 1}, "pid": 1, "ts": 1},
            {"ph": "e", "cat": "c", "name": "x", "id2": {"global": 1}, "pid": 2, "ts": 5}
        ]"#,
        &format!("select s.dur, t.type, t.upid from slice s join track t on t.id = s.track_id; {STATS}"),
        r#"
        "dur","type","upid"
        4000,"legacy_async_global_slice","[NULL]"

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_global_text_id_is_of_the_trace() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "x", "id2": {"global": "0x1"}, "pid": 1, "ts": 1},
            {"ph": "e", "cat": "c", "name": "x", "id2": {"global": "0x1"}, "pid": 2, "ts": 5}
        ]"#,
        &format!("select s.dur, t.type, t.upid from slice s join track t on t.id = s.track_id; {STATS}"),
        r#"
        "dur","type","upid"
        4000,"legacy_async_global_slice","[NULL]"

        "name","severity","value"
        "#,
    );
}

#[test]
fn local_and_global_ids_are_apart() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "local", "id2": {"local": 1}, "pid": 1, "ts": 1},
            {"ph": "b", "cat": "c", "name": "global", "id2": {"global": 1}, "pid": 1, "ts": 1},
            {"ph": "e", "cat": "c", "id2": {"local": 1}, "pid": 1, "ts": 2},
            {"ph": "e", "cat": "c", "id2": {"global": 1}, "pid": 1, "ts": 4}
        ]"#,
        "select name, dur, depth from slice order by id",
        r#"
        "name","dur","depth"
        "local",1000,0
        "global",3000,0
        "#,
    );
}

#[test]
fn async_events_without_an_id_are_left_out_and_counted() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "x", "pid": 1, "ts": 1},
            {"ph": "n", "cat": "c", "name": "x", "pid": 1, "ts": 2},
            {"ph": "e", "cat": "c", "name": "x", "pid": 1, "ts": 3},
            {"ph": "X", "name": "kept", "pid": 1, "ts": 3, "dur": 1}
        ]"#,
        &format!("select name from slice; {STATS}"),
        r#"
        "name"
        "kept"

        "name","severity","value"
        "json_parser_failure","data_loss",3
        "#,
    );
}

/// Perfetto drops them as `json_parser_failure`.
#[test]
fn async_events_without_a_process_are_kept() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "x", "id": 1, "ts": 1},
            {"ph": "e", "cat": "c", "name": "x", "id": 1, "ts": 3}
        ]"#,
        &format!("select name, dur from slice; {STATS}"),
        r#"
        "name","dur"
        "x",2000

        "name","severity","value"
        "#,
    );
}

#[test]
fn async_events_that_do_not_end_have_duration_minus_one() {
    check(
        r#"[
            {"ph": "b", "cat": "c", "name": "x", "id": 1, "pid": 1, "ts": 1},
            {"ph": "e", "cat": "c", "name": "x", "id": 2, "pid": 1, "ts": 3}
        ]"#,
        &format!("select name, dur from slice; {STATS}"),
        r#"
        "name","dur"
        "x",-1

        "name","severity","value"
        "slice_end_without_begin","data_loss",1
        "slice_unclosed","notice",1
        "#,
    );
}

#[test]
fn an_async_instant_needs_no_begin() {
    check(
        r#"[{"ph": "n", "cat": "c", "name": "x", "id": 1, "pid": 1, "ts": 1, "args": {"k": 1}}]"#,
        "select s.ts, s.dur, s.name, t.name as track, extract_arg(s.arg_set_id, 'args.k') as k
        from slice s join track t on t.id = s.track_id",
        r#"
        "ts","dur","name","track","k"
        1000,0,"x","x",1
        "#,
    );
}

// ---- C

#[test]
fn a_counter_has_a_track_for_each_arg() {
    check(
        r#"[
            {"ph": "C", "name": "memory", "pid": 1, "tid": 2, "ts": 1, "args": {"used": 10, "free": 2.5}},
            {"ph": "C", "name": "memory", "pid": 1, "tid": 3, "ts": 2, "args": {"used": 12}},
            {"ph": "C", "name": "memory", "pid": 7, "tid": 2, "ts": 3, "args": {"used": -1}}
        ]"#,
        "select c.ts, t.name, t.type, p.pid, c.value from counter c
        join process_counter_track t on t.id = c.track_id join process p using (upid) order by c.ts, t.id;
        select count(*) as tracks from counter_track",
        r#"
        "ts","name","type","pid","value"
        1000,"memory used","process_counter",1,10.000000
        1000,"memory free","process_counter",1,2.500000
        2000,"memory used","process_counter",1,12.000000
        3000,"memory used","process_counter",7,-1.000000

        "tracks"
        3
        "#,
    );
}

#[test]
fn a_counters_text_id_is_part_of_its_name() {
    check(
        r#"[
            {"ph": "C", "name": "queue", "id": "a", "pid": 1, "ts": 1, "args": {"len": 1}},
            {"ph": "C", "name": "queue", "id": "b", "pid": 1, "ts": 1, "args": {"len": 2}},
            {"ph": "C", "name": "queue", "id": 5, "pid": 1, "ts": 1, "args": {"len": 3}}
        ]"#,
        "select name, value from counters order by id",
        r#"
        "name","value"
        "queue id: a len",1.000000
        "queue id: b len",2.000000
        "queue len",3.000000
        "#,
    );
}

#[test]
fn counter_values_may_be_texts_of_numbers() {
    check(
        r#"[
            {"ph": "C", "name": "c", "pid": 1, "ts": 1, "args": {"v": "12"}},
            {"ph": "C", "name": "c", "pid": 1, "ts": 2, "args": {"v": "-0.5"}},
            {"ph": "C", "name": "c", "pid": 1, "ts": 3, "args": {"v": "1e3"}}
        ]"#,
        "select ts, value from counter order by id",
        r#"
        "ts","value"
        1000,12.000000
        2000,-0.500000
        3000,1000.000000
        "#,
    );
}

#[test]
fn counter_values_that_are_no_numbers_are_counted() {
    check(
        r#"[{"ph": "C", "name": "c", "pid": 1, "ts": 1, "args": {
            "text": "abc", "bool": true, "null": null, "list": [1], "object": {"a": 1}, "number": 4}}]"#,
        &format!("select name, value from counters; {STATS}"),
        r#"
        "name","value"
        "c number",4.000000

        "name","severity","value"
        "json_parser_failure","data_loss",5
        "#,
    );
}

#[test]
fn a_counter_without_args_is_counted() {
    check(
        r#"[
            {"ph": "C", "name": "none", "pid": 1, "ts": 1},
            {"ph": "C", "name": "empty", "pid": 1, "ts": 2, "args": {}}
        ]"#,
        &format!("select count(*) as counters from counter; {STATS}"),
        r#"
        "counters"
        0

        "name","severity","value"
        "json_parser_failure","data_loss",2
        "#,
    );
}

// ---- M

#[test]
fn names_of_processes_and_threads_come_from_metadata_events() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 2, "ts": 1, "dur": 1},
            {"ph": "M", "name": "process_name", "pid": 1, "tid": 0, "ts": 0, "args": {"name": "python"}},
            {"ph": "M", "name": "thread_name", "pid": 1, "tid": 2, "args": {"name": "worker"}},
            {"ph": "M", "name": "process_name", "pid": 9, "args": {"name": "idle"}}
        ]"#,
        "select pid, name from process order by pid; select pid, tid, t.name from thread t join process using (upid)",
        r#"
        "pid","name"
        1,"python"
        9,"idle"

        "pid","tid","name"
        1,2,"worker"
        "#,
    );
}

#[test]
fn an_empty_name_is_no_name() {
    check(
        r#"[
            {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "python"}},
            {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": ""}},
            {"ph": "M", "name": "thread_name", "pid": 1, "tid": 2, "args": {"name": ""}},
            {"ph": "M", "name": "thread_name", "pid": 1, "tid": 2},
            {"ph": "X", "name": "a", "pid": 1, "tid": 2, "ts": 1, "dur": 1}
        ]"#,
        "select name from process; select name from thread",
        r#"
        "name"
        "python"

        "name"
        "[NULL]"
        "#,
    );
}

#[test]
fn the_last_of_several_names_counts() {
    check(
        r#"[
            {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "first"}},
            {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "last"}}
        ]"#,
        "select name from process",
        r#"
        "name"
        "last"
        "#,
    );
}

#[test]
fn sort_indexes_are_kept_as_hints() {
    check(
        r#"[
            {"ph": "M", "name": "process_sort_index", "pid": 1, "args": {"sort_index": 5000000}},
            {"ph": "M", "name": "thread_sort_index", "pid": 1, "tid": 2, "args": {"sort_index": -3}},
            {"ph": "X", "name": "a", "pid": 1, "tid": 2, "ts": 1, "dur": 1}
        ]"#,
        "select extract_arg(arg_set_id, 'process_sort_index_hint') as hint, sort_index from process;
        select extract_arg(arg_set_id, 'thread_sort_index_hint') as hint, sort_index from thread",
        r#"
        "hint","sort_index"
        5000000,5000000

        "hint","sort_index"
        -3,-3
        "#,
    );
}

/// Perfetto ignores them, and with them which GPU a process stands for.
#[test]
fn process_labels_are_kept() {
    check(
        r#"[
            {"ph": "M", "name": "process_name", "pid": 0, "args": {"name": "python"}},
            {"ph": "M", "name": "process_labels", "pid": 0, "args": {"labels": "GPU 0"}}
        ]"#,
        "select pid, name, labels from process",
        r#"
        "pid","name","labels"
        0,"python","GPU 0"
        "#,
    );
}

#[test]
fn other_metadata_events_are_passed_over() {
    check(
        r#"[
            {"ph": "M", "name": "num_cpus", "pid": 1, "args": {"number": 8}},
            {"ph": "M", "pid": 1, "args": {"name": "x"}},
            {"ph": "X", "name": "a", "pid": 2, "tid": 2, "ts": 1, "dur": 1}
        ]"#,
        &format!("select pid from process; {STATS}"),
        r#"
        "pid"
        2

        "name","severity","value"
        "#,
    );
}

// ---- T

#[test]
fn thread_states_are_kept() {
    check(
        r#"[
            {"ph": "T", "name": "Running", "pid": 1, "tid": 2, "ts": 1, "dur": 5, "args": {"cpu": 3}},
            {"ph": "T", "name": "D", "pid": 1, "tid": 2, "ts": 6, "dur": 4,
             "args": {"io_wait": true, "blocked_function": "do_page_fault"}},
            {"ph": "T", "name": "S", "pid": 1, "tid": 2, "ts": 10, "dur": 1, "args": {"io_wait": 0}}
        ]"#,
        "select ts, dur, cpu, tid, state, io_wait, blocked_function
        from thread_state join thread using (utid) order by ts;
        select count(*) as slices from slice",
        r#"
        "ts","dur","cpu","tid","state","io_wait","blocked_function"
        1000,5000,3,2,"Running","[NULL]","[NULL]"
        6000,4000,"[NULL]",2,"D",1,"do_page_fault"
        10000,1000,"[NULL]",2,"S",0,"[NULL]"

        "slices"
        0
        "#,
    );
}

#[test]
fn a_thread_that_runs_on_a_cpu_is_in_sched_too() {
    check(
        r#"[
            {"ph": "T", "name": "Running", "pid": 1, "tid": 2, "ts": 1, "dur": 5, "args": {"cpu": 3}},
            {"ph": "T", "name": "Running", "pid": 1, "tid": 2, "ts": 7, "dur": 1},
            {"ph": "T", "name": "S", "pid": 1, "tid": 2, "ts": 8, "dur": 1, "args": {"cpu": 3}}
        ]"#,
        "select ts, dur, cpu, tid, ts_end from sched join thread using (utid);
        select count(*) as states from thread_state",
        r#"
        "ts","dur","cpu","tid","ts_end"
        1000,5000,3,2,6000

        "states"
        3
        "#,
    );
}

#[test]
fn a_thread_state_without_a_duration_is_left_out_and_counted() {
    check(
        r#"[
            {"ph": "T", "name": "S", "pid": 1, "tid": 2, "ts": 1},
            {"ph": "T", "name": "R", "pid": 1, "tid": 2, "ts": 2, "dur": 1}
        ]"#,
        &format!("select state from thread_state; {STATS}"),
        r#"
        "state"
        "R"

        "name","severity","value"
        "json_parser_failure","data_loss",1
        "#,
    );
}

#[test]
fn a_negative_duration_of_a_thread_state_is_zero_and_counted() {
    check(
        r#"[{"ph": "T", "name": "S", "pid": 1, "tid": 2, "ts": 1, "dur": -2}]"#,
        &format!("select ts, dur from thread_state; {STATS}"),
        r#"
        "ts","dur"
        1000,0

        "name","severity","value"
        "slice_negative_duration","error",1
        "#,
    );
}

// ---- others

/// Perfetto passes over them without a word.
#[test]
fn phases_that_mean_nothing_here_are_counted() {
    let events: Vec<String> = ["P", "S", "p", "F", "O", "N", "D", "v", "V", "(", ")", "c", "Q"]
        .iter()
        .map(|phase| format!(r#"{{"ph": "{phase}", "name": "x", "pid": 1, "tid": 1, "id": 1, "ts": 1, "dur": 1}}"#))
        .collect();
    check(
        &format!(r#"[{}, {{"ph": "X", "name": "kept", "pid": 1, "tid": 1, "ts": 1, "dur": 1}}]"#, events.join(", ")),
        &format!("select name from slice; {STATS}"),
        r#"
        "name"
        "kept"

        "name","severity","value"
        "json_unknown_phase","data_loss",13
        "#,
    );
}

#[test]
fn a_trace_with_every_kind_of_slice() {
    check(
        r#"{"traceEvents": [
            {"ph": "X", "name": "X", "pid": 1, "tid": 2, "ts": 1, "dur": 1},
            {"ph": "B", "name": "B", "pid": 1, "tid": 2, "ts": 2},
            {"ph": "E", "name": "B", "pid": 1, "tid": 2, "ts": 3},
            {"ph": "i", "name": "i", "pid": 1, "tid": 2, "ts": 3, "s": "t"},
            {"ph": "I", "name": "I", "pid": 1, "tid": 2, "ts": 4, "s": "p"},
            {"ph": "R", "name": "R", "pid": 1, "tid": 2, "ts": 5, "s": "g"},
            {"ph": "b", "name": "b", "cat": "c", "id": 1, "pid": 1, "tid": 2, "ts": 6},
            {"ph": "n", "name": "n", "cat": "c", "id": 1, "pid": 1, "tid": 2, "ts": 7},
            {"ph": "e", "name": "b", "cat": "c", "id": 1, "pid": 1, "tid": 2, "ts": 8}
        ]}"#,
        &format!(
            "select s.ts, s.dur, s.name, t.type from slice s join track t on t.id = s.track_id order by s.id; {STATS}"
        ),
        r#"
        "ts","dur","name","type"
        1000,1000,"X","thread_execution"
        2000,1000,"B","thread_execution"
        3000,0,"i","thread_execution"
        4000,0,"I","chrome_process_instant"
        5000,0,"R","legacy_chrome_global_instants"
        6000,2000,"b","legacy_async_global_slice"
        7000,0,"n","legacy_async_global_slice"

        "name","severity","value"
        "#,
    );
}
