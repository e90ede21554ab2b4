//! Fields of an event: what each may look like, and what is made of it when it does not.

use super::{ROWS, STATS, check};

#[test]
fn the_phase_is_the_first_character_of_ph() {
    check(
        r#"[{"ph": "XXX", "name": "a", "pid": 1, "tid": 2, "ts": 1, "dur": 2}]"#,
        "select ts, dur, name from slice",
        r#"
        "ts","dur","name"
        1000,2000,"a"
        "#,
    );
}

#[test]
fn an_event_without_a_phase_is_left_out_and_counted() {
    check(
        r#"[
            {"name": "no ph", "pid": 1, "tid": 2, "ts": 1, "dur": 2},
            {"ph": "", "name": "empty ph", "pid": 1, "tid": 2, "ts": 1, "dur": 2},
            {"ph": 7, "name": "ph of another type", "pid": 1, "tid": 2, "ts": 1, "dur": 2},
            {"ph": "X", "name": "kept", "pid": 1, "tid": 2, "ts": 1, "dur": 2}
        ]"#,
        &format!("select name from slice; {STATS}"),
        r#"
        "name"
        "kept"

        "name","severity","value"
        "json_tokenizer_failure","error",3
        "#,
    );
}

#[test]
fn empty_events_say_nothing() {
    check(
        r#"{"traceEvents": [{}, {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 2}, { }, {}]}"#,
        &format!("select name from slice; {STATS}"),
        r#"
        "name"
        "a"

        "name","severity","value"
        "#,
    );
}

#[test]
fn fields_come_in_any_order() {
    check(
        r#"[
            {"dur": 2, "args": {"k": 1}, "tid": 2, "ts": 1, "pid": 1, "cat": "c", "name": "a", "ph": "X"},
            {"args": {"k": 2}, "cat": "c", "dur": 2, "name": "b", "ph": "X", "pid": 1, "tid": 2, "ts": 5}
        ]"#,
        "select ts, dur, category, name, extract_arg(arg_set_id, 'args.k') as k from slice order by id",
        r#"
        "ts","dur","category","name","k"
        1000,2000,"c","a",1
        5000,2000,"c","b",2
        "#,
    );
}

#[test]
fn blanks_between_tokens_may_differ_from_event_to_event() {
    check(
        "[
            {\"ph\":\"b\",\"cat\":\"c\",\"name\":\"a\",\"pid\":1,\"ts\":1,\"id2\":{\"local\":1},\"args\":{\"k\":[1]}},
            {\"ph\": \"b\", \"cat\": \"c\", \"name\": \"b\", \"pid\": 1, \"ts\": 2, \"id2\": {\"local\": 2}, \"args\": {\"k\": [2]}},
            {\"ph\":\"b\",\"cat\":\"c\",\"name\":\"c\",\"pid\":1,\"ts\":  3,\"id2\":   {\"local\":3},\"args\":\t{\"k\":\n[3]}},
            { \"ph\" : \"b\" , \"cat\" : \"c\" , \"name\" : \"d\" , \"pid\" : 1 , \"ts\" : 4 , \"id2\" : { \"local\" : 4 } ,
              \"args\" : { \"k\" : [ 4 ] } }
        ]",
        "select ts, name, extract_arg(arg_set_id, 'args.k[0]') as k from slice order by id;
        select name, value from stats where name != 'slice_unclosed'",
        r#"
        "ts","name","k"
        1000,"a",1
        2000,"b",2
        3000,"c",3
        4000,"d",4

        "name","value"
        "#,
    );
}

#[test]
fn a_missing_name_is_shown_as_such() {
    check(
        r#"[
            {"ph": "X", "pid": 1, "tid": 1, "ts": 1, "dur": 1},
            {"ph": "B", "pid": 1, "tid": 1, "ts": 10},
            {"ph": "E", "pid": 1, "tid": 1, "ts": 11},
            {"ph": "i", "pid": 1, "tid": 1, "ts": 20, "s": "t"},
            {"ph": "b", "pid": 1, "tid": 1, "ts": 30, "id": 1, "cat": "c"},
            {"ph": "e", "pid": 1, "tid": 1, "ts": 31, "id": 1, "cat": "c"}
        ]"#,
        "select ts, dur, name from slice order by id",
        r#"
        "ts","dur","name"
        1000,1000,"[No name]"
        10000,1000,"[No name]"
        20000,0,"[No name]"
        30000,1000,"[No name]"
        "#,
    );
}

/// Perfetto leaves these names null. Every slice has a name here, so that nobody who groups by it has to think of null.
#[test]
fn instants_without_a_name_are_shown_as_such_too() {
    check(
        r#"[
            {"ph": "i", "pid": 1, "tid": 1, "ts": 1, "s": "g"},
            {"ph": "i", "pid": 1, "tid": 1, "ts": 2, "s": "p"},
            {"ph": "n", "pid": 1, "tid": 1, "ts": 3, "id": 1, "cat": "c"}
        ]"#,
        "select ts, name from slice order by id",
        r#"
        "ts","name"
        1000,"[No name]"
        2000,"[No name]"
        3000,"[No name]"
        "#,
    );
}

#[test]
fn a_name_of_null_is_a_missing_name() {
    check(
        r#"[{"ph": "X", "name": null, "pid": 1, "tid": 1, "ts": 1, "dur": 1}]"#,
        "select name from slice",
        r#"
        "name"
        "[No name]"
        "#,
    );
}

#[test]
fn a_category_may_be_missing() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1},
            {"ph": "X", "name": "b", "cat": "", "pid": 1, "tid": 1, "ts": 3, "dur": 1},
            {"ph": "X", "name": "c", "cat": "x,y", "pid": 1, "tid": 1, "ts": 5, "dur": 1}
        ]"#,
        "select name, category, cat from slice order by id",
        r#"
        "name","category","cat"
        "a","[NULL]","[NULL]"
        "b","",""
        "c","x,y","x,y"
        "#,
    );
}

#[test]
fn escapes_in_names_are_read() {
    check(
        r#"[{"ph": "X", "name": "a\"b\\c\/d\u00e9\ud83d\ude00", "pid": 1, "tid": 1, "ts": 1, "dur": 1}]"#,
        "select name from slice",
        r#"
        "name"
        "a"b\c/dé😀"
        "#,
    );
}

#[test]
fn process_and_thread_ids_are_numbers() {
    check(
        r#"[
            {"ph": "X", "name": "int", "pid": 10, "tid": 20, "ts": 1, "dur": 1},
            {"ph": "X", "name": "double", "pid": 10.0, "tid": 21.0, "ts": 2, "dur": 1}
        ]"#,
        &format!("{ROWS}; select count(*) as processes from process"),
        r#"
        "pid","tid","name"
        10,20,"int"
        10,21,"double"

        "processes"
        1
        "#,
    );
}

#[test]
fn a_thread_without_an_id_is_the_main_thread() {
    check(
        r#"[
            {"ph": "X", "name": "no tid", "pid": 10, "ts": 1, "dur": 1},
            {"ph": "X", "name": "main", "pid": 10, "tid": 10, "ts": 2, "dur": 1}
        ]"#,
        &format!("{ROWS}; select tid, is_main_thread from thread"),
        r#"
        "pid","tid","name"
        10,10,"no tid"
        10,10,"main"

        "tid","is_main_thread"
        10,1
        "#,
    );
}

#[test]
fn thread_zero_is_the_main_thread() {
    check(
        r#"[
            {"ph": "X", "name": "tid 0", "pid": 10, "tid": 0, "ts": 1, "dur": 1},
            {"ph": "X", "name": "pid 0", "pid": 0, "tid": 0, "ts": 2, "dur": 1},
            {"ph": "X", "name": "thread of pid 0", "pid": 0, "tid": 5, "ts": 3, "dur": 1}
        ]"#,
        ROWS,
        r#"
        "pid","tid","name"
        10,10,"tid 0"
        0,0,"pid 0"
        0,5,"thread of pid 0"
        "#,
    );
}

/// Perfetto takes stream 0 of GPU 7 for thread 7 and so merges it with stream 7.
#[test]
fn stream_zero_of_a_pytorch_trace_stays_stream_zero() {
    check(
        r#"{"schemaVersion": 1, "traceEvents": [
            {"ph": "X", "cat": "kernel", "name": "on stream 0", "pid": 7, "tid": 0, "ts": 1, "dur": 1},
            {"ph": "X", "cat": "kernel", "name": "on stream 7", "pid": 7, "tid": 7, "ts": 1, "dur": 1}
        ]}"#,
        &format!("{ROWS}; select stream from stream order by id"),
        r#"
        "pid","tid","name"
        7,0,"on stream 0"
        7,7,"on stream 7"

        "stream"
        0
        7
        "#,
    );
}

/// Perfetto makes 0 of every negative id, which merges the profiler's own rows (pid -1) with GPU 0.
#[test]
fn negative_ids_stay_apart_from_zero() {
    check(
        r#"{"traceEvents": [
            {"ph": "X", "name": "overhead", "pid": -1, "tid": 0, "ts": 1, "dur": 1},
            {"ph": "X", "name": "gpu", "pid": 0, "tid": 0, "ts": 1, "dur": 1},
            {"ph": "X", "name": "pthread", "pid": 10, "tid": -1029147072, "ts": 1, "dur": 1}
        ], "schemaVersion": 1}"#,
        ROWS,
        r#"
        "pid","tid","name"
        -1,0,"overhead"
        0,0,"gpu"
        10,-1029147072,"pthread"
        "#,
    );
}

/// Perfetto makes 0 of them, and then the main thread.
#[test]
fn ids_beyond_32_bits_are_kept() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": 4294967296, "tid": 140229133747776, "ts": 1, "dur": 1},
            {"ph": "X", "name": "b", "pid": 4294967296, "tid": 9223372036854775807, "ts": 1, "dur": 1},
            {"ph": "X", "name": "c", "pid": 4294967296, "tid": 9007199254740993, "ts": 1, "dur": 1}
        ]"#,
        ROWS,
        r#"
        "pid","tid","name"
        4294967296,140229133747776,"a"
        4294967296,9223372036854775807,"b"
        4294967296,9007199254740993,"c"
        "#,
    );
}

#[test]
fn a_text_for_an_id_is_the_name() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": "Spans", "tid": "PyTorch Profiler", "ts": 1, "dur": 1},
            {"ph": "X", "name": "b", "pid": "Spans", "tid": "PyTorch Profiler", "ts": 3, "dur": 1},
            {"ph": "X", "name": "c", "pid": "Traces", "tid": "Trace iterations", "ts": 3, "dur": 1},
            {"ph": "X", "name": "d", "pid": "Traces", "ts": 5, "dur": 1},
            {"ph": "X", "name": "e", "pid": "12", "tid": 3, "ts": 5, "dur": 1}
        ]"#,
        "select p.name as process, t.name as thread, s.name
        from slice s join thread_track tt on tt.id = s.track_id
        join thread t using (utid) join process p using (upid) order by s.id;
        select count(*) as processes, count(distinct pid) as pids from process",
        r#"
        "process","thread","name"
        "Spans","PyTorch Profiler","a"
        "Spans","PyTorch Profiler","b"
        "Traces","Trace iterations","c"
        "Traces","Traces","d"
        "12","[NULL]","e"

        "processes","pids"
        3,3
        "#,
    );
}

#[test]
fn a_given_name_counts_more_than_a_text_for_an_id() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": "p", "tid": "t", "ts": 1, "dur": 1},
            {"ph": "M", "name": "process_name", "pid": "p", "tid": "t", "args": {"name": "process"}},
            {"ph": "M", "name": "thread_name", "pid": "p", "tid": "t", "args": {"name": "thread"}}
        ]"#,
        "select name from process; select name from thread",
        r#"
        "name"
        "process"

        "name"
        "thread"
        "#,
    );
}

#[test]
fn the_empty_text_is_an_id_like_any_other() {
    check(
        r#"[
            {"ph": "i", "name": "Iteration Start: PyTorch Profiler", "pid": "", "tid": "", "ts": 1, "s": "g"},
            {"ph": "X", "name": "a", "pid": "", "tid": "", "ts": 1, "dur": 1},
            {"ph": "X", "name": "b", "pid": 0, "tid": 0, "ts": 1, "dur": 1}
        ]"#,
        "select count(*) as rows from thread_track; select name from slice order by id",
        r#"
        "rows"
        2

        "name"
        "a"
        "b"
        "Iteration Start: PyTorch Profiler"
        "#,
    );
}

#[test]
fn fields_of_chrome_that_mean_nothing_here_are_passed_over() {
    check(
        r#"[{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "cname": "good", "sf": 7,
            "stack": ["a", "b"], "esf": 8, "estack": [], "tidx": 1, "scope": {"deep": [1, {"x": "}"}]}, "new": null}]"#,
        &format!("select name, arg_set_id from slice; {STATS}"),
        r#"
        "name","arg_set_id"
        "a","[NULL]"

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_field_given_twice_counts_as_it_was_given_last() {
    check(
        r#"[
            {"ph": "X", "name": "first", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "name": "last", "ts": 5},
            {"ph": "X", "name": "args", "pid": 1, "tid": 1, "ts": 7, "dur": 1, "args": {"a": 1}, "args": {"b": 2}}
        ]"#,
        &format!("select ts, name from slice order by id; select key, int_value from args; {STATS}"),
        r#"
        "ts","name"
        5000,"last"
        7000,"args"

        "key","int_value"
        "args.b",2

        "name","severity","value"
        "json_duplicate_key","notice",2
        "#,
    );
}

#[test]
fn an_id_that_is_no_id_is_counted() {
    check(
        r#"[
            {"ph": "X", "name": "a", "pid": [1], "tid": 2, "ts": 1, "dur": 1},
            {"ph": "X", "name": "b", "pid": 1, "tid": {"x": 2}, "ts": 1, "dur": 1}
        ]"#,
        &format!("select name from slice order by id; {STATS}"),
        r#"
        "name"
        "a"
        "b"

        "name","severity","value"
        "json_bad_field","error",2
        "#,
    );
}
