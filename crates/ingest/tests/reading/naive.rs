//! Random traces against a reader that is too simple to be wrong: a JSON tree, a sort, and a search through everything
//! that was placed before.

use std::cmp::Reverse;

use kinetoscope_ingest::Tuning;
use kinetoscope_model::Trace;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::dump::{SMALL, read_with};

/// A slice with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Placed {
    ts: i64,
    dur: i64,
    name: String,
    pid: i64,
    tid: i64,
    /// 0 for the row itself.
    lane: usize,
    depth: u32,
    /// Place of the parent among all slices.
    parent: Option<usize>,
}

/// The complete events of a trace, read and nested without any cleverness.
fn read_naively(json: &str) -> Vec<Placed> {
    let value: Value = serde_json::from_str(json).expect("the trace is JSON");
    let events = if value.is_array() { &value } else { &value["traceEvents"] };
    let nanos = |value: &Value| (value.as_f64().expect("times are numbers") * 1000.0).round() as i64;
    let int = |value: &Value| value.as_i64().expect("ids are numbers");
    let mut slices: Vec<Placed> = events
        .as_array()
        .expect("events are a list")
        .iter()
        .filter(|event| event["ph"] == "X")
        .map(|event| Placed {
            ts: nanos(&event["ts"]),
            dur: nanos(&event["dur"]),
            name: event["name"].as_str().expect("names are texts").to_owned(),
            pid: int(&event["pid"]),
            tid: int(&event["tid"]),
            lane: 0,
            depth: 0,
            parent: None,
        })
        .collect();
    slices.sort_by_key(|slice| (slice.ts, Reverse(slice.dur)));
    for index in 0..slices.len() {
        let slice = slices[index].clone();
        let end = slice.ts + slice.dur;
        for lane in 0.. {
            // Touching is not nesting, except for slices without length.
            let is_open = |other: &Placed| other.ts + other.dur > slice.ts || other.ts == slice.ts;
            let around: Vec<usize> = (0..index)
                .filter(|&other| {
                    let other = &slices[other];
                    (other.pid, other.tid, other.lane) == (slice.pid, slice.tid, lane) && is_open(other)
                })
                .collect();
            let parent = around.last().copied();
            if parent.is_none_or(|parent| end <= slices[parent].ts + slices[parent].dur) {
                slices[index].lane = lane;
                slices[index].depth = around.len() as u32;
                slices[index].parent = parent;
                break;
            }
        }
    }
    slices
}

/// The same from a trace.
fn placed_slices(trace: &Trace) -> Vec<Placed> {
    let tracks: Vec<_> = trace.tracks.rows().collect();
    let rows = trace.slices.rows().map(|slice| {
        let track = slice.track_id.index();
        let utid = tracks[track].utid.expect("slices are on threads");
        let thread = trace.threads.row(utid.index());
        Placed {
            ts: slice.ts + trace.clock.file_offset_ns,
            dur: slice.dur,
            name: trace.text(slice.name).to_owned(),
            pid: trace.processes.pid.get(thread.upid.index()),
            tid: thread.tid,
            lane: tracks[..track].iter().filter(|other| other.utid == Some(utid)).count(),
            depth: slice.depth,
            parent: slice.parent_id.map(|parent| parent.index()),
        }
    });
    rows.collect()
}

/// Times that often meet: in steps of a nanosecond and of many.
fn time(max: i64) -> impl Strategy<Value = f64> {
    prop_oneof![0..max, (0..max / 10).prop_map(|time| time * 10)].prop_map(|nanos| nanos as f64 / 1000.0)
}

fn event() -> impl Strategy<Value = Value> {
    let name = prop_oneof!["[a-c]", any::<String>()];
    let args = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(|value| json!({"id": value})),
        any::<String>().prop_map(|text| json!({"x": text, "y": [text, {"z": []}]})),
    ];
    let complete = (name, time(200), time(120), 1..3i64, 1..4i64, args).prop_map(|(name, ts, dur, pid, tid, args)| {
        json!({"ph": "X", "name": name, "ts": ts, "dur": dur, "pid": pid, "tid": tid, "args": args})
    });
    let other = prop_oneof![
        Just(json!({})),
        Just(json!({"ph": "M", "name": "process_name", "pid": 1, "args": {"name": "python"}})),
        Just(json!({"ph": "C", "name": "counter", "pid": 1, "ts": 7, "args": {"v": 1}})),
    ];
    prop_oneof![9 => complete, 1 => other]
}

proptest! {
    #[test]
    fn slices_nest_as_they_do_without_cleverness(
        events in prop::collection::vec(event(), 0..60),
        is_array in any::<bool>(),
        is_pretty in any::<bool>(),
        is_small in any::<bool>(),
    ) {
        let value = if is_array { Value::Array(events) } else { json!({"displayTimeUnit": "ms", "traceEvents": events}) };
        let json = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let json = json.expect("values serialize");
        let tuning = if is_small { SMALL } else { Tuning { piece_bytes: Some(4096), num_readers: Some(2) } };
        let trace = read_with(json.as_bytes(), tuning).expect("valid JSON is read");
        prop_assert_eq!(placed_slices(&trace), read_naively(&json));
    }
}
