//! The rules for Chrome's JSON, one test each: inline JSON, a query, and the CSV that it must print.
//!
//! The rules are Perfetto's, whose users bring their files and their queries, except where Perfetto loses data or
//! confuses rows; a test of such a rule says what Perfetto does instead. Expectations are written from the rules and not
//! from what the reader prints. A rule that a reader breaks shows here as one failing test that is named after it.

mod args;
mod clocks;
mod damage;
mod fields;
mod flows;
mod metadata;
mod order_and_overlap;
mod phases;

use std::sync::Arc;

use kinetoscope_ingest::bytes::{FoundInput, Input};
use kinetoscope_ingest::{IngestError, Progress, ReadOptions, read, read_bytes};
use kinetoscope_model::Trace;
use kinetoscope_sql::format::{Format, ResultWriter};
use kinetoscope_sql::{Session, SessionOptions};

/// Rows of the timeline, one for each slice.
const ROWS: &str = "
    select p.pid, t.tid, s.name
    from slice s
    join thread_track tt on tt.id = s.track_id
    join thread t using (utid)
    join process p using (upid)
    order by s.id";

/// Slices as they nest.
const NESTING: &str = "
    select s.name, s.depth, p.name as parent
    from slice s
    left join slice p on p.id = s.parent_id
    order by s.id";

/// What was counted while reading.
const STATS: &str = "select name, severity, value from stats order by name";

/// Arrows, by the names of their ends.
const ARROWS: &str = "
    select o.name as slice_out, i.name as slice_in
    from flow f
    join slice o on o.id = f.slice_out
    join slice i on i.id = f.slice_in
    order by f.id";

/// Reads `json`, runs `script` over it, and compares what is printed with `expected`.
///
/// Blanks around lines and empty lines in front do not count, as in Perfetto's own tests.
#[track_caller]
fn check(json: &str, script: &str, expected: &str) {
    check_bytes(json.as_bytes(), script, expected);
}

/// The same for a file that is not text.
#[track_caller]
fn check_bytes(json: &[u8], script: &str, expected: &str) {
    match read_bytes("inline.json", json) {
        Ok(trace) => check_trace(trace, script, expected),
        Err(error) => panic!("the trace is refused: {error}"),
    }
}

/// The same for several files that are opened together.
#[track_caller]
fn check_files(files: &[(&str, &str)], script: &str, expected: &str) {
    let inputs: Vec<FoundInput> = files
        .iter()
        .map(|&(name, json)| FoundInput {
            input: Input::Memory { name: name.to_owned(), bytes: Arc::from(json.as_bytes()) },
            folder: None,
        })
        .collect();
    match read(&inputs, &ReadOptions::default(), &Progress::default()) {
        Ok(trace) => check_trace(trace, script, expected),
        Err(error) => panic!("the traces are refused: {error}"),
    }
}

#[track_caller]
fn check_trace(trace: Trace, script: &str, expected: &str) {
    let session = Session::new(Arc::new(trace), SessionOptions::default()).expect("a session starts");
    let mut out = Vec::new();
    let mut writer = ResultWriter::new(Format::Csv, &mut out);
    if let Err(error) = session.run(script, &mut |event| writer.write(event)) {
        panic!("`{script}` fails: {}", error.report());
    }
    writer.finish().expect("memory takes everything");
    let printed = lines_of(&String::from_utf8(out).expect("CSV is text"));
    let expected = lines_of(expected);
    assert!(printed == expected, "\n-- printed --\n{printed}\n-- expected --\n{expected}\n");
}

fn lines_of(text: &str) -> String {
    let lines: Vec<&str> = text.trim_start_matches('\n').lines().map(str::trim).collect();
    lines.join("\n").trim_end().to_owned()
}

/// The error of a file of which no trace can be made.
#[track_caller]
fn refusal_of(json: &str) -> IngestError {
    match read_bytes("inline.json", json.as_bytes()) {
        Ok(trace) => panic!("a trace of {} slices was made", trace.slices.len()),
        Err(error) => error,
    }
}
