//! Sizes and depths beyond all reason: everything around them is kept, in time and memory in proportion to the bytes.

use kinetoscope_ingest::Tuning;
use kinetoscope_model::{ArgSetId, ArgValue, Trace, WarningKind};

use super::dump::read_with;

fn read(json: &str) -> Trace {
    read_with(json.as_bytes(), Tuning::default()).expect("a trace is made")
}

fn read_in_pieces(json: &str, piece_bytes: usize) -> Trace {
    let tuning = Tuning { piece_bytes: Some(piece_bytes), num_readers: Some(1) };
    read_with(json.as_bytes(), tuning).expect("a trace is made")
}

fn names(trace: &Trace) -> Vec<&str> {
    trace.slices.rows().map(|slice| trace.text(slice.name)).collect()
}

fn count_of(trace: &Trace, kind: WarningKind) -> i64 {
    trace.stats.rows().filter(|row| trace.text(row.name) == kind.name()).map(|row| row.value).sum()
}

/// A complete event.
fn event(name: &str, ts: u32, args: &str) -> String {
    format!(r#"{{"ph":"X","name":"{name}","pid":1,"tid":1,"ts":{ts},"dur":1,"args":{args}}}"#)
}

#[test]
fn a_line_of_many_megabytes() {
    let num_events = 60_000;
    let events: Vec<String> = (0..num_events)
        .map(|index| {
            event("some_operator_name", 2 * index, &format!(r#"{{"External id":{index},"dims":[[1,2],[3]]}}"#))
        })
        .collect();
    let json = format!(r#"{{"traceEvents":[{}],"traceName":"x"}}"#, events.join(","));
    assert!(json.len() > 6 << 20 && !json.contains('\n'));
    let trace = read(&json);
    assert_eq!(trace.slices.len(), num_events as usize);
    assert!(trace.stats.is_empty());
    let last = trace.args.get(ArgSetId(num_events - 1), "External id");
    assert_eq!(last, Some(ArgValue::Int(i64::from(num_events) - 1)));
}

#[test]
fn args_nested_a_hundred_thousand_deep() {
    let depth = 100_000;
    let nested = format!(r#"{{"deep":{}1{},"next":2}}"#, "[".repeat(depth), "]".repeat(depth));
    let trace = read(&format!("[{},{}]", event("deep", 1, &nested), event("after", 3, "{}")));
    assert_eq!(names(&trace), ["deep", "after"]);
    let Some(ArgValue::Json(text)) = trace.args.get(ArgSetId(0), "deep") else { panic!("the argument is JSON text") };
    assert_eq!(text.len(), 2 * depth + 1);
    assert_eq!(trace.args.get(ArgSetId(0), "next"), Some(ArgValue::Int(2)));
}

#[test]
fn brackets_that_never_close() {
    for bracket in ["[", "{\"a\":", "[{\"ph\":"] {
        let bomb = bracket.repeat(100_000);
        let json = format!("[{},\n{{\"ph\":\"X\",\"name\":\"bomb\",\"args\":{{\"x\":{bomb}", event("before", 1, "{}"));
        let trace = read(&json);
        assert_eq!(names(&trace), ["before"]);
        assert_eq!(count_of(&trace, WarningKind::Truncated), 1);
    }
}

/// No event of a profiler is as large. It is left out, also when it is all at hand.
#[test]
fn an_event_of_seventy_megabytes() {
    let huge = event("huge", 3, &format!(r#"{{"text":"{}"}}"#, "x".repeat(70 << 20)));
    let large = event("large", 4, &format!(r#"{{"text":"{}"}}"#, "x".repeat(60 << 20)));
    let json = format!("[{},{huge},{large},{}]", event("before", 1, "{}"), event("after", 5, "{}"));
    for piece_bytes in [1 << 20, 3 << 20, 256 << 20] {
        let trace = read_in_pieces(&json, piece_bytes);
        assert_eq!(names(&trace), ["before", "large", "after"], "pieces of {piece_bytes}");
        assert_eq!(count_of(&trace, WarningKind::JsonSyntax), 1, "pieces of {piece_bytes}");
    }
}

#[test]
fn a_top_level_value_is_kept_or_skipped_by_its_own_size() {
    for (size, is_kept) in [(31 << 20, true), (40 << 20, false)] {
        let json = format!(r#"{{"traceEvents":[{}],"v":"{}","w":1}}"#, event("a", 1, "{}"), "x".repeat(size));
        for piece_bytes in [1 << 20, 256 << 20] {
            let trace = read_in_pieces(&json, piece_bytes);
            let keys: Vec<&str> = trace.metadata.rows().map(|row| trace.text(row.name)).collect();
            assert_eq!(keys, if is_kept { vec!["v", "w"] } else { vec!["w"] }, "{size} in pieces of {piece_bytes}");
            assert_eq!(count_of(&trace, WarningKind::MetadataTooLarge), i64::from(!is_kept));
        }
    }
}

#[test]
fn a_key_before_the_events_that_is_too_large_to_keep() {
    let json = format!(
        r#"{{"schemaVersion":1,"huge":["{}",{{"a":"\"]}}"}}],"small":2,"traceEvents":[{}]}}"#,
        "x".repeat(70 << 20),
        event("a", 1, "{}")
    );
    let trace = read(&json);
    assert_eq!(names(&trace), ["a"]);
    let keys: Vec<&str> = trace.metadata.rows().map(|row| trace.text(row.name)).collect();
    assert_eq!(keys, ["schemaVersion", "small"]);
    assert_eq!(count_of(&trace, WarningKind::MetadataTooLarge), 1);
}

/// A quote too many within a list turns all that follows inside out.
#[test]
fn many_events_with_a_quote_too_many() {
    let num_events = 400;
    let events: Vec<String> = (0..num_events)
        .map(|index| event(&format!("e{index}"), 2 * index, r#"{"id": 1, "dims": [["2, 3], []], "k": "v"}"#))
        .collect();
    let trace = read(&format!("[{}]", events.join(",\n")));
    // What stands before the damage is kept.
    assert_eq!(trace.slices.len(), num_events as usize);
    assert_eq!(count_of(&trace, WarningKind::BadField), i64::from(num_events));
    assert_eq!(trace.args.get(ArgSetId(0), "id"), Some(ArgValue::Int(1)));
}

#[test]
fn begins_without_ends_and_ends_without_begins() {
    let num_events = 50_000;
    let begins = (0..num_events).map(|ts| format!(r#"{{"ph":"B","name":"b","pid":1,"tid":1,"ts":{ts}}}"#));
    let ends = (0..num_events).map(|ts| format!(r#"{{"ph":"E","name":"e","pid":1,"tid":1,"ts":{}}}"#, num_events + ts));
    let events: Vec<String> = begins.chain(ends).collect();
    let trace = read(&format!("[{}]", events.join(",")));
    assert_eq!(trace.slices.len(), num_events);
    assert_eq!(count_of(&trace, WarningKind::UnclosedSlice), num_events as i64);
    assert_eq!(count_of(&trace, WarningKind::EndWithoutBegin), num_events as i64);
}

#[test]
fn all_events_at_one_instant() {
    let num_events = 50_000;
    let events: Vec<String> = (0..num_events)
        .flat_map(|index| {
            let name = index % 100;
            ["B", "E"].map(|phase| format!(r#"{{"ph":"{phase}","name":"n{name}","pid":1,"tid":1,"ts":7}}"#))
        })
        .collect();
    let trace = read(&format!("[{}]", events.join(",")));
    assert_eq!(trace.slices.len(), num_events);
    assert!(trace.slices.rows().all(|slice| slice.dur == 0));
    assert!(trace.stats.is_empty());
}

#[test]
fn a_byte_order_mark_may_come_byte_by_byte() {
    let json = "\u{feff}[{\"ph\": \"X\", \"name\": \"a\", \"pid\": 1, \"tid\": 1, \"ts\": 1, \"dur\": 1}]";
    for piece_bytes in 1..=4 {
        assert_eq!(names(&read_in_pieces(json, piece_bytes)), ["a"], "pieces of {piece_bytes}");
    }
}
