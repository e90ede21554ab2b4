//! Damaged files: everything readable is kept, and what is lost is counted with its place.

use kinetoscope_ingest::IngestError;

use super::{STATS, check, check_bytes, refusal_of};

const NAMES: &str = "select name from slice order by id";

/// A complete event, at a time of its own.
fn event(name: &str, ts: u32) -> String {
    format!(r#"{{"ph": "X", "name": "{name}", "pid": 1, "tid": 1, "ts": {ts}, "dur": 1}}"#)
}

// ---- Ends and commas

#[test]
fn an_array_may_lack_its_end() {
    for end in ["", ",", "\n", ",\n"] {
        check(
            &format!("[{}, {}{end}", event("a", 1), event("b", 3)),
            &format!("{NAMES}; {STATS}"),
            r#"
            "name"
            "a"
            "b"

            "name","severity","value"
            "#,
        );
    }
}

/// Perfetto refuses the whole file.
#[test]
fn an_object_without_its_end_keeps_everything_read() {
    for end in ["", ",", "]", "],", r#"], "traceName": "x"#, "\n"] {
        check(
            &format!(r#"{{"traceEvents": [{}, {}{end}"#, event("a", 1), event("b", 3)),
            &format!("{NAMES}; {STATS}"),
            r#"
            "name"
            "a"
            "b"

            "name","severity","value"
            "input_truncated","data_loss",1
            "#,
        );
    }
}

#[test]
fn a_torn_last_event_is_counted_with_its_place() {
    for torn in [r#"{"#, r#"{"ph": "X", "na"#, r#"{"ph": "X", "name": "torn", "pid": 1, "tid": 1, "ts": 5, "dur": 1"#] {
        check(
            &format!("[{},{}, {torn}", event("a", 1), event("b", 3)),
            &format!("{NAMES}; {STATS}; select byte_offset from _trace_import_logs"),
            r#"
            "name"
            "a"
            "b"

            "name","severity","value"
            "input_truncated","data_loss",1

            "byte_offset"
            130
            "#,
        );
    }
}

#[test]
fn a_comma_too_many_is_forgiven() {
    check(
        r#"{"traceEvents": [,
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "args": {"x": 1,},},,
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 3, "dur": 1, "args": {,"x": 2}},
        ],}"#,
        &format!("{NAMES}; select key, int_value from args order by id; {STATS}"),
        r#"
        "name"
        "a"
        "b"

        "key","int_value"
        "args.x",1
        "args.x",2

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_comma_too_few_is_forgiven() {
    check(
        &format!("[{}\n{}]", event("a", 1), event("b", 3)),
        &format!("{NAMES}; {STATS}"),
        r#"
        "name"
        "a"
        "b"

        "name","severity","value"
        "#,
    );
}

/// Perfetto refuses the whole file.
#[test]
fn what_follows_the_end_is_counted_and_not_read() {
    for rest in ["x", "{}", "[1]", "\n\n,", &format!("[{}]", event("c", 5))] {
        for (start, end) in [("[", "]"), (r#"{"traceEvents": ["#, "]}")] {
            check(
                &format!("{start}{}, {}{end} {rest}", event("a", 1), event("b", 3)),
                &format!("{NAMES}; {STATS}"),
                r#"
                "name"
                "a"
                "b"

                "name","severity","value"
                "json_trailing_data","notice",1
                "#,
            );
        }
    }
}

#[test]
fn blanks_around_a_document_mean_nothing() {
    check_bytes(
        format!(" \r\n\t[{}] \n\0\0", event("a", 1)).as_bytes(),
        &format!("{NAMES}; {STATS}"),
        r#"
        "name"
        "a"

        "name","severity","value"
        "#,
    );
}

#[test]
fn a_byte_order_mark_means_nothing() {
    for json in [format!("\u{feff}[{}]", event("a", 1)), format!("\u{feff}{{\"traceEvents\": [{}]}}", event("a", 1))] {
        check(
            &json,
            &format!("{NAMES}; {STATS}"),
            r#"
            "name"
            "a"

            "name","severity","value"
            "#,
        );
    }
}

#[test]
fn two_arrays_of_events_are_both_read() {
    check(
        &format!(r#"{{"traceEvents": [{}], "x": 1, "traceEvents": [{}]}}"#, event("a", 1), event("b", 3)),
        &format!("{NAMES}; {STATS}"),
        r#"
        "name"
        "a"
        "b"

        "name","severity","value"
        "#,
    );
}

// ---- Damage within

#[test]
fn a_damaged_event_is_left_out_and_counted_with_its_place() {
    for damaged in [
        r#"{"ph": "X", "name": oops oops, "pid": 1, "tid": 1, "ts": 2, "dur": 1}"#,
        r#"{"ph": "X", "name": "x", pid: 1, "tid": 1, "ts": 2, "dur": 1}"#,
        r#"{"ph": "X" "name": "x", "pid": 1, "tid": 1, "ts": 2, "dur": 1}"#,
        r#"{"ph": "X", "name": "x", "args": {"a": ]}, "pid": 1, "tid": 1, "ts": 2, "dur": 1}"#,
        r#"["ph", "X", "name", "x"]"#,
        "oops",
        "17",
        r#""text""#,
    ] {
        check(
            &format!("[{},{damaged},\n{},{}]", event("a", 1), event("b", 3), event("c", 5)),
            &format!("{NAMES}; {STATS}; select byte_offset from _trace_import_logs"),
            r#"
            "name"
            "a"
            "b"
            "c"

            "name","severity","value"
            "json_tokenizer_failure","error",1

            "byte_offset"
            65
            "#,
        );
    }
}

/// Writers that sort their keys begin each event with `args`.
#[test]
fn what_follows_a_damaged_event_is_found_however_the_keys_are_sorted() {
    check(
        r#"{"traceEvents": [
            {"args": {"x": 1}, "cat": "c", "dur": 1, "name": "a", "ph": "X", "pid": 1, "tid": 1, "ts": 1},
            {"args": {"x": 2}, "cat": "c", "dur": 1, "name": oops oops, "ph": "X", "pid": 1, "tid": 1, "ts": 3},
            {"args": {"x": 3}, "cat": "c", "dur": 1, "name": "b", "ph": "X", "pid": 1, "tid": 1, "ts": 5},
            {"args": {"x": 4}, "cat": "c", "dur": 1, "name": "c", "ph": "X", "pid": 1, "tid": 1, "ts": 7}
        ]}"#,
        &format!("{NAMES}; {STATS}"),
        r#"
        "name"
        "a"
        "b"
        "c"

        "name","severity","value"
        "json_tokenizer_failure","error",1
        "#,
    );
}

/// PyTorch writes the names of some operators and modules so.
#[test]
fn bare_quotes_within_a_text_are_read_as_meant() {
    check(
        r#"{"traceEvents": [
            {"ph": "X", "name": "say "hello" twice", "pid": 1, "tid": 1, "ts": 1, "dur": 1},
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 3, "dur": 1, "args": {"code": "f("x")", "k": 1}}
        ], "schemaVersion": 1}"#,
        &format!("{NAMES}; select key, display_value from args order by id; {STATS}"),
        r#"
        "name"
        "say "hello" twice"
        "a"

        "key","display_value"
        "args.code","f("x")"
        "args.k","1"

        "name","severity","value"
        "json_unescaped_quote","notice",2
        "#,
    );
}

#[test]
fn bare_quotes_are_read_as_meant_in_events_of_every_kind() {
    check(
        r#"[
            {"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "the "main" process"}},
            {"ph": "i", "name": "say "i"", "pid": 1, "tid": 1, "ts": 1, "args": {"k": 1}},
            {"ph": "B", "name": "say "B"", "pid": 1, "tid": 1, "ts": 2},
            {"ph": "E", "name": "say "B"", "pid": 1, "tid": 1, "ts": 3},
            {"ph": "C", "name": "say "C"", "pid": 1, "ts": 4, "args": {"v": 5}}
        ]"#,
        &format!(
            "select name from process; select name, dur from slice order by id; select name, value from counters; {STATS}"
        ),
        r#"
        "name"
        "the "main" process"

        "name","dur"
        "say "i"",0
        "say "B"",1000

        "name","value"
        "say "C" v",5.000000

        "name","severity","value"
        "json_unescaped_quote","notice",5
        "#,
    );
}

/// Its quotes are not JSON's, so it is not taken apart.
#[test]
fn a_list_with_bare_quotes_is_kept_as_text() {
    check(
        r#"[{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 3, "dur": 1, "args": {"Inputs": ["", "x "y" z"], "k": 1}}]"#,
        &format!("select key, display_value from args order by id; {STATS}"),
        r#"
        "key","display_value"
        "args.Inputs","["", "x "y" z"]"
        "args.k","1"

        "name","severity","value"
        "json_unescaped_quote","notice",1
        "#,
    );
}

/// Perfetto refuses the whole file. Two such events would hide each other if only brackets were counted.
#[test]
fn a_quote_too_many_in_a_list_costs_the_args_behind_it() {
    check(
        r#"{"traceEvents": [
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "args": {"k": 1, "l": [["2, 3], []], "m": 2}},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 3, "dur": 1, "args": {"k": 3, "l": [["4, 5], []], "m": 4}},
            {"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": 5, "dur": 1, "args": {"k": 5}}
        ]}"#,
        &format!("{NAMES}; select key, int_value from args order by id; {STATS}"),
        r#"
        "name"
        "a"
        "b"
        "c"

        "key","int_value"
        "args.k",1
        "args.k",3
        "args.k",5

        "name","severity","value"
        "json_bad_field","error",2
        "#,
    );
}

#[test]
fn control_characters_within_texts_are_kept() {
    check(
        "[{\"ph\": \"X\", \"name\": \"a\u{1}b\tc\", \"pid\": 1, \"tid\": 1, \"ts\": 1, \"dur\": 1,
            \"args\": {\"k\": \"x\u{7f}\u{1b}y\"}}]",
        &format!("{NAMES}; select string_value from args; {STATS}"),
        "
        \"name\"
        \"a\u{1}b\tc\"

        \"string_value\"
        \"x\u{7f}\u{1b}y\"

        \"name\",\"severity\",\"value\"
        ",
    );
}

#[test]
fn a_line_break_within_a_text_is_kept() {
    check(
        "[{\"ph\": \"X\", \"name\": \"a\nb\", \"pid\": 1, \"tid\": 1, \"ts\": 1, \"dur\": 1}]",
        &format!("select replace(name, chr(10), '|') as name from slice; {STATS}"),
        r#"
        "name"
        "a|b"

        "name","severity","value"
        "#,
    );
}

#[test]
fn bytes_that_are_not_utf8_are_replaced_and_counted() {
    check_bytes(
        b"[{\"ph\": \"X\", \"name\": \"a\xffb\", \"pid\": 1, \"tid\": 1, \"ts\": 1, \"dur\": 1, \"args\": {\"k\": \"\xc3\"}}]",
        &format!("{NAMES}; select string_value from args; {STATS}"),
        "
        \"name\"
        \"a\u{fffd}b\"

        \"string_value\"
        \"\u{fffd}\"

        \"name\",\"severity\",\"value\"
        \"invalid_utf8\",\"notice\",2
        ",
    );
}

/// Perfetto refuses the whole file for any `\u` escape of a surrogate.
#[test]
fn pairs_of_surrogates_are_characters_and_single_ones_are_replaced_and_counted() {
    check(
        r#"[
            {"ph": "X", "name": "\ud83d\ude00", "pid": 1, "tid": 1, "ts": 1, "dur": 1},
            {"ph": "X", "name": "\ud83d", "pid": 1, "tid": 1, "ts": 3, "dur": 1},
            {"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 5, "dur": 1, "args": {"k": "\ude00x"}}
        ]"#,
        &format!("{NAMES}; select string_value from args; {STATS}"),
        "
        \"name\"
        \"😀\"
        \"\u{fffd}\"
        \"a\"

        \"string_value\"
        \"\u{fffd}x\"

        \"name\",\"severity\",\"value\"
        \"json_lone_surrogate\",\"notice\",2
        ",
    );
}

/// Perfetto refuses the whole file.
#[test]
fn numbers_that_json_does_not_know_do_not_stop_the_reading() {
    check(
        r#"[
            {"ph": "X", "name": "ts", "pid": 1, "tid": 1, "ts": NaN, "dur": 1},
            {"ph": "X", "name": "dur", "pid": 1, "tid": 1, "ts": 1, "dur": Infinity},
            {"ph": "X", "name": "pid", "pid": NaN, "tid": 1, "ts": 2, "dur": 1},
            {"ph": "X", "name": "other", "pid": 1, "tid": 1, "ts": 3, "dur": 1, "whatever": -Infinity},
            {"ph": "C", "name": "counter", "pid": 1, "ts": 4, "args": {"v": NaN}},
            {"ph": "X", "name": "last", "pid": 1, "tid": 1, "ts": 5, "dur": 1}
        ]"#,
        &format!("{NAMES}; select value from counter; {STATS}"),
        r#"
        "name"
        "pid"
        "other"
        "last"

        "value"
        "[NULL]"

        "name","severity","value"
        "json_bad_field","error",2
        "json_non_finite_number","notice",1
        "json_parser_failure","data_loss",1
        "json_tokenizer_failure","error",1
        "#,
    );
}

/// Perfetto calls them invalid.
#[test]
fn leading_zeros_mean_nothing() {
    check(
        r#"[{"ph": "X", "name": "a", "pid": 007, "tid": 1, "ts": 010, "dur": 02.50}]"#,
        "select pid, ts, dur from slice join thread_track t on t.id = track_id join thread using (utid)
        join process using (upid)",
        r#"
        "pid","ts","dur"
        7,10000,2500
        "#,
    );
}

#[test]
fn a_key_given_twice_is_counted() {
    check(
        r#"[{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "dur": 5, "ph": "X"}]"#,
        &format!("select dur from slice; {STATS}"),
        r#"
        "dur"
        5000

        "name","severity","value"
        "json_duplicate_key","notice",1
        "#,
    );
}

#[test]
fn damage_before_the_events_does_not_lose_them() {
    check(
        &format!(r#"{{"schemaVersion": oops oops, "traceEvents": [{}, {}]}}"#, event("a", 1), event("b", 3)),
        &format!("{NAMES}; {STATS}"),
        r#"
        "name"
        "a"
        "b"

        "name","severity","value"
        "json_tokenizer_failure","error",1
        "#,
    );
}

#[test]
fn a_file_of_damage_only_is_refused_with_the_place() {
    for json in [r#"[{"ph": "X", "name": "a", oops"#, r#"{"traceEvents": [{"ph""#, r#"{"traceEvents": [17, 18, 19]}"#] {
        let error = refusal_of(json);
        assert!(matches!(error, IngestError::NothingReadable { .. }), "{json}: {error}");
        assert!(error.to_string().contains("byte"), "{error}");
    }
}
