//! Clocks: what the times of a file are in nanoseconds, and how the clocks of several files go together.
//!
//! A query sees the times that the (first) file writes.

use super::{STATS, check, check_files};

const TIMES: &str = "select ts, dur, name from slice order by id";

// ---- Numbers

#[test]
fn times_are_microseconds() {
    check(
        r#"[
            {"ph": "X", "name": "int", "pid": 1, "tid": 1, "ts": 5, "dur": 2},
            {"ph": "X", "name": "integral double", "pid": 1, "tid": 1, "ts": 10.0, "dur": 2.0},
            {"ph": "X", "name": "decimals", "pid": 1, "tid": 1, "ts": 20.125, "dur": 0.5},
            {"ph": "X", "name": "exponent", "pid": 1, "tid": 1, "ts": 3e1, "dur": 25E-1},
            {"ph": "X", "name": "zero", "pid": 1, "tid": 1, "ts": 40, "dur": 0}
        ]"#,
        TIMES,
        r#"
        "ts","dur","name"
        5000,2000,"int"
        10000,2000,"integral double"
        20125,500,"decimals"
        30000,2500,"exponent"
        40000,0,"zero"
        "#,
    );
}

/// Perfetto's doubles put these on a grid of 250 ns.
#[test]
fn decimals_of_times_since_1970_are_exact() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1695835535123456.001, "dur": 0.001},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 1695835535123456.002, "dur": 0.999},
            {"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": 1695835535123457.789, "dur": 1.234},
            {"ph": "X", "name": "d", "pid": 1, "tid": 1, "ts": 1.695835535123459125e15, "dur": 1}
        ]"#,
        TIMES,
        r#"
        "ts","dur","name"
        1695835535123456001,1,"a"
        1695835535123456002,999,"b"
        1695835535123457789,1234,"c"
        1695835535123459125,1000,"d"
        "#,
    );
}

#[test]
fn times_beyond_53_bits_are_exact() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 9007199254740.993, "dur": 1},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 9007199254740993, "dur": 0.001},
            {"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": 9223372036854774.807, "dur": 0.001}
        ]"#,
        TIMES,
        r#"
        "ts","dur","name"
        9007199254740993,1000,"a"
        9007199254740993000,1,"b"
        9223372036854774807,1,"c"
        "#,
    );
}

#[test]
fn parts_of_a_nanosecond_are_rounded_half_away_from_zero() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 0.0004, "dur": 1.0005},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 10.0005, "dur": 1.00049999},
            {"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": 20.12345678, "dur": 0.0009999},
            {"ph": "X", "name": "d", "pid": 1, "tid": 1, "ts": 29.9999999, "dur": 3}
        ]"#,
        TIMES,
        r#"
        "ts","dur","name"
        0,1001,"a"
        10001,1000,"b"
        20123,1,"c"
        30000,3000,"d"
        "#,
    );
}

#[test]
fn times_may_be_texts_of_numbers() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": "5", "dur": "2"},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": "10.125", "dur": "0.5"},
            {"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": "1695835535123456.789", "dur": "1e1"}
        ]"#,
        &format!("{TIMES}; {STATS}"),
        r#"
        "ts","dur","name"
        5000,2000,"a"
        10125,500,"b"
        1695835535123456789,10000,"c"

        "name","severity","value"
        "#,
    );
}

#[test]
fn thread_times_may_be_texts_of_numbers() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 5, "dur": 2, "tts": "7", "tdur": "1.5"},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 8, "dur": 2, "tts": 9.25, "tdur": 1}
        ]"#,
        "select name, thread_ts, thread_dur from slice order by id",
        r#"
        "name","thread_ts","thread_dur"
        "a",7000,1500
        "b",9250,1000
        "#,
    );
}

// ---- What is no time

#[test]
fn an_event_whose_time_is_no_number_is_left_out_and_counted() {
    check(
        r#"[
            {"ph": "X", "name": "trailing characters", "pid": 1, "tid": 1, "ts": "50a", "dur": 2},
            {"ph": "X", "name": "text", "pid": 1, "tid": 1, "ts": "now", "dur": 2},
            {"ph": "X", "name": "empty", "pid": 1, "tid": 1, "ts": "", "dur": 2},
            {"ph": "X", "name": "null", "pid": 1, "tid": 1, "ts": null, "dur": 2},
            {"ph": "X", "name": "list", "pid": 1, "tid": 1, "ts": [5], "dur": 2},
            {"ph": "X", "name": "missing", "pid": 1, "tid": 1, "dur": 2},
            {"ph": "B", "name": "missing", "pid": 1, "tid": 1},
            {"ph": "X", "name": "kept", "pid": 1, "tid": 1, "ts": 5, "dur": 2}
        ]"#,
        &format!("{TIMES}; {STATS}"),
        r#"
        "ts","dur","name"
        5000,2000,"kept"

        "name","severity","value"
        "json_tokenizer_failure","error",7
        "#,
    );
}

/// Perfetto loses the rest of the file: silently in an array, as a failure to load in an object.
#[test]
fn an_event_whose_duration_is_no_number_is_left_out_and_the_rest_is_read() {
    for (before, after) in [("[", "]"), (r#"{"traceEvents": ["#, "]}")] {
        check(
            &format!(
                r#"{before}
                    {{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": "50a"}},
                    {{"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 2, "dur": null}},
                    {{"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": 3, "dur": NaN}},
                    {{"ph": "X", "name": "kept", "pid": 1, "tid": 1, "ts": 5, "dur": 2}}
                {after}"#
            ),
            &format!("{TIMES}; {STATS}"),
            r#"
            "ts","dur","name"
            5000,2000,"kept"

            "name","severity","value"
            "json_bad_field","error",3
            "json_parser_failure","data_loss",3
            "#,
        );
    }
}

#[test]
fn a_slice_whose_thread_time_is_no_number_is_kept_without_it() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "tts": "x", "tdur": 1},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 3, "dur": 1, "tts": 1, "tdur": null}
        ]"#,
        &format!("select name, thread_ts, thread_dur from slice order by id; {STATS}"),
        r#"
        "name","thread_ts","thread_dur"
        "a","[NULL]",1000
        "b",1000,"[NULL]"

        "name","severity","value"
        "json_bad_field","error",2
        "#,
    );
}

#[test]
fn a_time_that_64_bits_of_nanoseconds_do_not_hold_is_left_out_and_counted() {
    check(
        r#"[
            {"ph": "X", "name": "huge", "pid": 1, "tid": 1, "ts": 1e30, "dur": 1},
            {"ph": "X", "name": "just beyond", "pid": 1, "tid": 1, "ts": 9223372036854775.808, "dur": 1},
            {"ph": "X", "name": "tiny", "pid": 1, "tid": 1, "ts": 1e-30, "dur": 1}
        ]"#,
        &format!("{TIMES}; {STATS}"),
        r#"
        "ts","dur","name"
        0,1000,"tiny"

        "name","severity","value"
        "time_out_of_range","data_loss",2
        "#,
    );
}

#[test]
fn metadata_events_need_no_time() {
    check(
        r#"[
            {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "missing"}},
            {"ph": "M", "name": "process_name", "pid": 2, "ts": "invalid", "args": {"name": "invalid"}},
            {"ph": "M", "name": "process_name", "pid": 3, "ts": null, "args": {"name": "null"}},
            {"ph": "M", "name": "process_name", "pid": 4, "ts": -5, "args": {"name": "negative"}},
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 100, "dur": 1}
        ]"#,
        &format!("select pid, name from process order by pid; {TIMES}; select start_ts, end_ts from trace_bounds"),
        r#"
        "pid","name"
        1,"missing"
        2,"invalid"
        3,"null"
        4,"negative"

        "ts","dur","name"
        100000,1000,"a"

        "start_ts","end_ts"
        100000,101000
        "#,
    );
}

/// Perfetto drops them.
#[test]
fn times_before_zero_are_kept_and_counted() {
    check(
        r#"[
            {"ph": "X", "name": "after", "pid": 1, "tid": 1, "ts": 1, "dur": 1},
            {"ph": "X", "name": "before", "pid": 1, "tid": 1, "ts": -2.5, "dur": 10},
            {"ph": "i", "name": "far before", "pid": 1, "tid": 1, "ts": -1000.0005}
        ]"#,
        &format!("{TIMES}; {STATS}"),
        r#"
        "ts","dur","name"
        -1000001,0,"far before"
        -2500,10000,"before"
        1000,1000,"after"

        "name","severity","value"
        "negative_timestamp","notice",2
        "#,
    );
}

// ---- Where zero is

#[test]
fn the_base_of_a_files_clock_is_kept_and_its_times_are_shown_as_written() {
    check(
        r#"{"traceEvents": [{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 5.5, "dur": 2}],
            "baseTimeNanoseconds": 1790857026000000000}"#,
        &format!("{TIMES}; select base_unix_ns from source"),
        r#"
        "ts","dur","name"
        5500,2000,"a"

        "base_unix_ns"
        1790857026000000000
        "#,
    );
}

#[test]
fn times_since_1970_are_on_the_wall_clock() {
    check(
        r#"[{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1695835535123456.789, "dur": 2}]"#,
        "select base_unix_ns from source",
        r#"
        "base_unix_ns"
        0
        "#,
    );
}

#[test]
fn other_times_say_nothing_of_the_wall_clock() {
    check(
        r#"[{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 4633453097869.389, "dur": 2}]"#,
        "select ts from slice; select base_unix_ns from source",
        r#"
        "ts"
        4633453097869389

        "base_unix_ns"
        "[NULL]"
        "#,
    );
}

const SLICES_OF_FILES: &str = "
    select s.ts, s.dur, s.name, p.source_id
    from slice s join thread_track tt on tt.id = s.track_id join thread t using (utid) join process p using (upid)
    order by s.id";

#[test]
fn files_with_bases_are_on_one_clock() {
    check_files(
        &[
            (
                "rank0.json",
                r#"{"baseTimeNanoseconds": 1790857026000000000, "traceEvents": [
                    {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 5, "dur": 100}]}"#,
            ),
            (
                "rank1.json",
                r#"{"traceEvents": [
                    {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 1, "dur": 50},
                    {"ph": "X", "name": "early", "pid": 1, "tid": 1, "ts": -10, "dur": 1}
                ], "baseTimeNanoseconds": 1790857026000010500}"#,
            ),
        ],
        &format!("{SLICES_OF_FILES}; select count(*) as processes from process"),
        r#"
        "ts","dur","name","source_id"
        500,1000,"early",1
        5000,100000,"a",0
        11500,50000,"b",1

        "processes"
        2
        "#,
    );
}

#[test]
fn files_of_old_and_new_profilers_are_on_one_clock() {
    check_files(
        &[
            (
                "new.json",
                r#"{"baseTimeNanoseconds": 1695835535000000000, "traceEvents": [
                    {"ph": "X", "name": "new", "pid": 1, "tid": 1, "ts": 123000, "dur": 1}]}"#,
            ),
            ("old.json", r#"[{"ph": "X", "name": "old", "pid": 1, "tid": 1, "ts": 1695835535123456, "dur": 1}]"#),
        ],
        &format!("{SLICES_OF_FILES}; {STATS}"),
        r#"
        "ts","dur","name","source_id"
        123000000,1000,"new",0
        123456000,1000,"old",1

        "name","severity","value"
        "#,
    );
}

/// Perfetto keeps the times of such files as they are, which puts them days apart.
#[test]
fn files_without_bases_start_together_and_are_counted() {
    check_files(
        &[
            ("a.json", r#"[{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 100, "dur": 1}]"#),
            (
                "b.json",
                r#"[{"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 5000, "dur": 1},
                    {"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": 5002, "dur": 1}]"#,
            ),
        ],
        &format!("{SLICES_OF_FILES}; select name, severity from stats"),
        r#"
        "ts","dur","name","source_id"
        100000,1000,"a",0
        100000,1000,"b",1
        102000,1000,"c",1

        "name","severity"
        "unrelated_clocks","notice"
        "#,
    );
}

#[test]
fn a_file_without_a_base_starts_with_those_that_have_one() {
    check_files(
        &[
            (
                "a.json",
                r#"{"baseTimeNanoseconds": 1790857026000000000, "traceEvents": [
                    {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 5, "dur": 1}]}"#,
            ),
            ("b.json", r#"[{"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 5000, "dur": 1}]"#),
        ],
        &format!("{SLICES_OF_FILES}; {STATS}"),
        r#"
        "ts","dur","name","source_id"
        5000,1000,"a",0
        5000,1000,"b",1

        "name","severity","value"
        "unrelated_clocks","notice",1
        "#,
    );
}

#[test]
fn the_bounds_are_those_of_all_events() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 50, "dur": 100},
            {"ph": "C", "name": "c", "pid": 1, "ts": 10, "args": {"v": 1}},
            {"ph": "T", "name": "S", "pid": 1, "tid": 1, "ts": 140, "dur": 60}
        ]"#,
        "select start_ts, end_ts from trace_bounds",
        r#"
        "start_ts","end_ts"
        10000,200000
        "#,
    );
}
