//! One wrong byte anywhere: no panic, no hang, and no more than the events around it are lost.

use std::collections::HashSet;
use std::fmt::Write;

use kinetoscope_ingest::Tuning;
use kinetoscope_model::Trace;

use super::dump::read_with;

const NUM_EVENTS: usize = 12;

/// Bytes that mean something to JSON, and some that mean nothing.
const BYTES: &[u8] = b"\"{}[],:\\ 9e\x00\xff";

/// A trace with one event a line, and where its first and its last event lie.
fn sample() -> (String, std::ops::Range<usize>) {
    let mut json = String::from("{\n\"schemaVersion\": 1,\n\"traceEvents\": [\n");
    let start = json.len();
    for index in 0..NUM_EVENTS {
        let ts = 10 * index;
        write!(
            json,
            r#"{{"ph": "X", "cat": "cpu_op", "name": "op {index}", "pid": 1, "tid": 2, "ts": {ts}.5, "dur": 3, "args": {{"id": {index}, "dims": [[2, 3], []], "o": {{"type": "a,b"}}}}}}"#
        )
        .expect("text takes everything");
        json.push_str(if index + 1 < NUM_EVENTS { ",\n" } else { "\n" });
    }
    let end = json.len();
    json.push_str("],\n\"traceName\": \"x.json\"\n}\n");
    (json, start..end)
}

/// What tells a slice of the sample apart; the same for slices that came through unharmed.
fn slices_of(trace: &Trace) -> HashSet<(i64, i64, String)> {
    let rows = trace.slices.rows();
    let offset = trace.clock.file_offset_ns;
    rows.map(|row| (row.ts + offset, row.dur, trace.text(row.name).to_owned())).collect()
}

#[test]
fn a_wrong_byte_costs_no_more_than_the_events_around_it() {
    let (json, events) = sample();
    let tuning = Tuning { piece_bytes: None, num_readers: Some(1) };
    let whole = slices_of(&read_with(json.as_bytes(), tuning).expect("the sample is whole"));
    assert_eq!(whole.len(), NUM_EVENTS);
    let mut worst = std::collections::BTreeMap::<usize, (usize, String)>::new();
    let mut bytes = json.clone().into_bytes();
    for position in 0..bytes.len() {
        let original = bytes[position];
        for &byte in BYTES {
            bytes[position] = byte;
            match read_with(&bytes, tuning) {
                Ok(trace) => {
                    let kept = slices_of(&trace).intersection(&whole).count();
                    let lost = NUM_EVENTS - kept;
                    let e = worst.entry(lost).or_default();
                    e.0 += 1;
                    if lost >= 3 || !events.contains(&position) && lost > 0 {
                        e.1 += &format!("{position}:{}:{:?} ", byte as char, String::from_utf8_lossy(&bytes[position.saturating_sub(12)..(position+8).min(bytes.len())]));
                    }
                }
                Err(error) => println!("{position} {:?} {error}", byte as char),
            }
        }
        bytes[position] = original;
    }
    for (k, v) in worst { println!("{k}: {} {}", v.0, &v.1[..v.1.len().min(3000)]); }
    panic!();
}
