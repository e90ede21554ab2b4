//! Every real trace there is opens whole: as many events come out as a JSON parser counts.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use kinetoscope_ingest::read_path;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What is counted of a trace.
#[derive(Deserialize)]
struct Document {
    #[serde(rename = "traceEvents")]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    ph: Option<String>,
    dur: Option<IgnoredAny>,
}

fn collect_traces(folder: &Path, traces: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "expected" {
            collect_traces(&path, traces);
        } else if name.ends_with(".json") || name.ends_with(".json.gz") {
            traces.push(path);
        }
    }
}

fn unpacked(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("a trace can be read");
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut json = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut json).expect("a trace is whole");
    json
}

/// Reads all traces in `folder` and returns how many there are.
fn compare_all(folder: &Path) -> usize {
    let mut traces = Vec::new();
    collect_traces(folder, &mut traces);
    let mut num_traces = 0;
    for path in traces {
        let shown = path.display();
        let json = unpacked(&path);
        // Not everything that lies beside traces is one.
        if memchr::memmem::find(&json, b"\"traceEvents\"").is_none() {
            continue;
        }
        let trace = read_path(&path).unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert!(!trace.slices.is_empty(), "{shown}");
        num_traces += 1;
        // PyTorch writes some traces that are no valid JSON.
        let Ok(document) = serde_json::from_slice::<Document>(&json) else { continue };
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for event in &document.events {
            let phase = event.ph.as_deref().unwrap_or_default();
            if phase != "X" || event.dur.is_some() {
                *counts.entry(phase).or_default() += 1;
            }
        }
        let count_of = |phases: &[&str]| phases.iter().filter_map(|phase| counts.get(phase)).sum::<usize>();
        assert_eq!(trace.slices.len(), count_of(&["X", "B", "b", "n", "i", "I", "R"]), "slices of {shown}");
        let num_events: i64 = trace.sources.num_events.iter().sum();
        assert_eq!(num_events as usize, counts.values().sum::<usize>(), "events of {shown}");
    }
    num_traces
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn fixtures_open_whole() {
    assert!(compare_all(&repository().join("fixtures")) > 0);
}

#[test]
fn public_traces_open_whole() {
    for folder in ["kineto", "vllm-cpu"] {
        if compare_all(&repository().join("../shared/traces").join(folder)) == 0 {
            eprintln!("skipped: no traces in ../shared/traces/{folder}");
        }
    }
}
