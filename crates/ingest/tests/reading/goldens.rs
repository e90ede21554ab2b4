//! A small trace with one of everything: what is made of it, and that it is the same however it is read.

use kinetoscope_ingest::Tuning;

use super::dump::{dump, read_with};

/// One event a line: every phase, most fields, the keys of a profiler before and after the events.
pub(crate) const ALL_PHASES: &str = include_str!("../data/all_phases.json");

#[test]
fn a_trace_with_every_phase() {
    let trace = read_with(ALL_PHASES.as_bytes(), Tuning::default()).expect("the trace is whole");
    insta::assert_snapshot!("all_phases", dump(&trace));
}

#[test]
fn pieces_and_threads_change_nothing() {
    let damaged = ALL_PHASES.replace("\"ts\": 55.001", "\"ts\": oops 55").replace("flash_fwd", "flash \"fwd\"");
    let cut = &ALL_PHASES[..ALL_PHASES.len() - 300];
    let compact: String = ALL_PHASES.lines().collect();
    for json in [ALL_PHASES, &damaged, cut, &compact] {
        let whole = dump(&read_with(json.as_bytes(), Tuning::default()).expect("most of the trace is there"));
        for piece_bytes in [1, 7, 64, 4096] {
            for num_readers in [1, 2, 4] {
                let tuning = Tuning { piece_bytes: Some(piece_bytes), num_readers: Some(num_readers) };
                let pieced = dump(&read_with(json.as_bytes(), tuning).expect("pieces change nothing"));
                assert!(pieced == whole, "{tuning:?}\n-- pieced --\n{pieced}\n-- whole --\n{whole}");
            }
        }
    }
}

#[test]
fn packing_changes_only_the_format() {
    let plain = read_with(ALL_PHASES.as_bytes(), Tuning::default()).expect("the trace is whole");
    let packed = read_with(&super::cuts::gzip(ALL_PHASES.as_bytes()), Tuning::default()).expect("the trace is whole");
    let without_sources = |text: String| -> String {
        let lines: Vec<&str> = text.lines().filter(|line| !line.contains("in.json")).collect();
        lines.join("\n")
    };
    assert_eq!(without_sources(dump(&packed)), without_sources(dump(&plain)));
}
