//! Files that end early: everything before the cut is kept, wherever it falls.

use std::io::Write;

use kinetoscope_ingest::Tuning;
use kinetoscope_model::WarningKind;

use super::dump::read_with;
use super::goldens::ALL_PHASES;

/// Small: buffers and threads are most of what reading so little costs.
const TUNING: Tuning = Tuning { piece_bytes: Some(4096), num_readers: Some(1) };

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

/// Events that end within the first `len` bytes. The file has one event a line.
fn num_events_before(len: usize) -> i64 {
    let mut end = 0;
    let mut num_events = 0;
    for line in ALL_PHASES.split_inclusive('\n') {
        let event_len = line.trim_end().trim_end_matches(',').len();
        if line.starts_with(r#"{"ph""#) && end + event_len <= len {
            num_events += 1;
        }
        end += line.len();
    }
    num_events
}

fn count_of(trace: &kinetoscope_model::Trace, kind: WarningKind) -> i64 {
    let rows = trace.stats.rows();
    rows.filter(|row| trace.text(row.name) == kind.name()).map(|row| row.value).sum()
}

#[test]
fn a_cut_anywhere_keeps_what_stands_before_it() {
    let bytes = ALL_PHASES.as_bytes();
    for len in 0..bytes.len() {
        let expected = num_events_before(len);
        match read_with(&bytes[..len], TUNING) {
            Ok(trace) => {
                assert_eq!(trace.sources.num_events.get(0), expected, "cut at {len}");
                assert!(expected > 0, "cut at {len}");
                // Only the last line break may go.
                let is_whole = ALL_PHASES[..len].ends_with("\n}");
                assert_eq!(count_of(&trace, WarningKind::Truncated), i64::from(!is_whole), "cut at {len}");
            }
            Err(error) => {
                assert_eq!(expected, 0, "cut at {len}: {error}");
                assert!(error.to_string().contains("`in.json`"), "cut at {len}: {error}");
            }
        }
    }
}

#[test]
fn a_cut_in_gzip_keeps_what_was_packed_before_it() {
    let bytes = gzip(ALL_PHASES.as_bytes());
    let mut num_events_of_shorter = 0;
    for len in 0..bytes.len() {
        match read_with(&bytes[..len], TUNING) {
            Ok(trace) => {
                let source = trace.sources.row(0);
                let unpacked = usize::try_from(source.unpacked_bytes).expect("a size is not negative");
                assert_eq!(source.num_events, num_events_before(unpacked), "cut at {len}");
                assert!(source.num_events >= num_events_of_shorter, "cut at {len}");
                num_events_of_shorter = source.num_events;
                assert!(count_of(&trace, WarningKind::Truncated) > 0, "cut at {len}");
            }
            Err(error) => {
                assert_eq!(num_events_of_shorter, 0, "cut at {len}: {error}");
                assert!(error.to_string().contains("`in.json`"), "cut at {len}: {error}");
            }
        }
    }
    assert!(num_events_of_shorter > 0, "cuts near the end lose everything");
}
