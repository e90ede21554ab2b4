//! One wrong byte anywhere: no panic, no hang, and no more than the events around it are lost.

use std::collections::HashSet;
use std::fmt::Write;
use std::ops::Range;

use kinetoscope_ingest::Tuning;
use kinetoscope_model::Trace;
use proptest::prelude::*;

use super::dump::{dump, read_with};
use super::goldens::ALL_PHASES;

const NUM_EVENTS: usize = 12;

/// Bytes that mean something to JSON, and some that mean nothing.
const BYTES: &[u8] = b"\"{}[],:\\ 9e\x00\xff";

/// A trace with one event a line, and where its first and its last event lie.
fn sample() -> (String, Range<usize>) {
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
    let tuning = Tuning { piece_bytes: Some(4096), num_readers: Some(1) };
    let whole = slices_of(&read_with(json.as_bytes(), tuning).expect("the sample is whole"));
    assert_eq!(whole.len(), NUM_EVENTS);
    let line_of = |start: usize| start..start + json[start..].find("}}}").expect("events end alike") + 3;
    let lines: Vec<Range<usize>> = json.match_indices(r#"{"ph""#).map(|(start, _)| line_of(start)).collect();
    let mut bytes = json.clone().into_bytes();
    for position in 0..bytes.len() {
        let original = bytes[position];
        let is_event_start = lines.iter().any(|line| line.start == position);
        for &byte in BYTES.iter().filter(|&&byte| byte != original) {
            bytes[position] = byte;
            let context = format!("{:?} for {:?} at {position}", byte as char, original as char);
            let trace = match read_with(&bytes, tuning) {
                Ok(trace) => trace,
                Err(error) => {
                    // Where the file can no longer be told to be a trace, the error says so.
                    assert!(position < events.start && !error.to_string().is_empty(), "{context}: {error}");
                    continue;
                }
            };
            let num_kept = slices_of(&trace).intersection(&whole).count();
            let least = if position < events.start {
                // Before the events a bracket may end everything. Then this is said.
                if trace.stats.is_empty() { NUM_EVENTS } else { 0 }
            } else if byte == b']' && is_event_start {
                // The array ends here as far as anyone can tell, and no event begins behind it.
                lines.partition_point(|line| line.start < position)
            } else {
                NUM_EVENTS - 2
            };
            assert!(num_kept >= least, "{context}: {num_kept} of {least} kept");
            // A byte that changes a text or a number is as good as another; one that costs more than that is counted.
            assert!(num_kept + 1 >= NUM_EVENTS || !trace.stats.is_empty(), "{context}: {num_kept} kept in silence");
        }
        bytes[position] = original;
    }
}

/// What is done to a file: a byte written over another, pieces taken out and put in twice.
#[derive(Debug, Clone)]
enum Damage {
    Overwrite { at: usize, byte: u8 },
    Remove { at: usize, len: usize },
    Repeat { at: usize, len: usize },
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match *self {
            Self::Overwrite { at, byte } => {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            Self::Remove { at, len } => {
                let at = at % bytes.len();
                let end = (at + len).min(bytes.len() - 1);
                bytes.drain(at.min(end)..end);
            }
            Self::Repeat { at, len } => {
                let at = at % bytes.len();
                let repeated = bytes[at..(at + len).min(bytes.len())].to_vec();
                bytes.splice(at..at, repeated);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>().prop_map(|index| index.index(1 << 20));
    let byte = prop::sample::select(BYTES);
    prop_oneof![
        (at.clone(), byte).prop_map(|(at, byte)| Damage::Overwrite { at, byte }),
        (at.clone(), 1..200usize).prop_map(|(at, len)| Damage::Remove { at, len }),
        (at, 1..200usize).prop_map(|(at, len)| Damage::Repeat { at, len }),
    ]
}

proptest! {
    #[test]
    fn damage_is_mended_alike_whatever_the_pieces(damages in prop::collection::vec(damage(), 1..6)) {
        let mut bytes = ALL_PHASES.as_bytes().to_vec();
        for damage in &damages {
            damage.apply(&mut bytes);
        }
        let read = |piece_bytes, num_readers| {
            let tuning = Tuning { piece_bytes: Some(piece_bytes), num_readers: Some(num_readers) };
            read_with(&bytes, tuning).map_or_else(|error| error.to_string(), |trace| dump(&trace))
        };
        let whole = read(1 << 16, 1);
        for (piece_bytes, num_readers) in [(7, 1), (64, 2), (1000, 2)] {
            prop_assert_eq!(&read(piece_bytes, num_readers), &whole, "pieces of {}", piece_bytes);
        }
    }
}
