//! Events that are odd and readable: what becomes of them, and that it is counted.

use kinetoscope_model::{Trace, WarningKind};

use super::dump::{SMALL, read_with};

fn read(json: &str) -> Trace {
    read_with(json.as_bytes(), SMALL).expect("a trace is made")
}

fn names(trace: &Trace) -> Vec<&str> {
    trace.slices.rows().map(|slice| trace.text(slice.name)).collect()
}

/// Name and number of all that was counted.
fn stats(trace: &Trace) -> Vec<(&str, i64)> {
    trace.stats.rows().map(|row| (trace.text(row.name), row.value)).collect()
}

#[test]
fn events_behind_a_stray_bracket_are_read() {
    for between in ["],", "]\n", ",],"] {
        let json = format!(
            r#"{{"traceEvents": [
                {{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1}}{between}
                {{"name": "b", "ph": "X", "pid": 1, "tid": 1, "ts": 3, "dur": 1}},
                {{"ph": "X", "name": "c", "pid": 1, "tid": 1, "ts": 5, "dur": 1}}
            ], "traceName": "x"}}"#
        );
        let trace = read(&json);
        assert_eq!(names(&trace), ["a", "b", "c"], "{between}");
        assert_eq!(stats(&trace), [(WarningKind::StrayBracket.name(), 1)], "{between}");
        assert_eq!(trace.text(trace.metadata.name.get(0)), "traceName");
    }
}

#[test]
fn numbers_within_lists_that_json_does_not_know_are_counted() {
    let trace = read(
        r#"[{"ph": "X", "name": "a", "pid": 1, "tid": 1, "ts": 1, "dur": 1, "args": {"x": [1, NaN], "y": {"z": Infinity}}},
            {"ph": "X", "name": "b", "pid": 1, "tid": 1, "ts": 3, "dur": 1, "args": {"x": ["NaN", null]}}]"#,
    );
    assert_eq!(stats(&trace), [(WarningKind::NonFiniteNumber.name(), 1)]);
}

#[test]
fn a_counter_without_a_thread_makes_none() {
    let trace = read(
        r#"[{"ph": "C", "name": "memory", "pid": 7, "ts": 1, "args": {"used": 1}},
            {"ph": "X", "name": "a", "pid": 7, "tid": 8, "ts": 2, "dur": 1}]"#,
    );
    assert_eq!(trace.counters.len(), 1);
    assert_eq!(trace.processes.rows().map(|row| row.pid).collect::<Vec<_>>(), [7]);
    assert_eq!(trace.threads.rows().map(|row| row.tid).collect::<Vec<_>>(), [8]);
}

#[test]
fn a_begun_slice_that_outlives_the_complete_event_around_it_is_counted() {
    let event = |end: i64| {
        format!(
            r#"[{{"ph": "X", "name": "complete", "pid": 1, "tid": 1, "ts": 0, "dur": 10}},
                {{"ph": "B", "name": "begun", "pid": 1, "tid": 1, "ts": 5}},
                {{"ph": "E", "name": "begun", "pid": 1, "tid": 1, "ts": {end}}}]"#
        )
    };
    assert_eq!(stats(&read(&event(10))), []);
    let trace = read(&event(11));
    assert_eq!(stats(&trace), [(WarningKind::OutlivesParent.name(), 1)]);
    assert_eq!(trace.slices.rows().map(|slice| slice.dur).collect::<Vec<_>>(), [10_000, 6_000]);
}
