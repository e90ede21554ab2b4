//! The seeds of the fuzz target are what the writer here writes, so that they keep up with it.

use std::fs;
use std::path::Path;

use super::writer::{Packing, Report, message, sample};

/// Every seed by its name: whole reports, and the parts that the target puts into one by itself, behind their number.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let report = Report { packing: Packing::Literal, ..sample() };
    let bytes = report.bytes();
    let part = |number: u8, bytes: &[u8]| [&[number][..], bytes].concat();
    let events = report.blocks.iter().flatten().fold(message(), |block, event| block.message(1, event));
    vec![
        ("whole", bytes.clone()),
        ("cut", bytes[..bytes.len() / 2].to_vec()),
        ("session", part(0, &report.session.0)),
        ("events", part(1, &events.0)),
        ("strings", part(2, b"\x0a\x01a\x0a\x00\x12\x06\x08\x01\x10\x00\x18\x01")),
        ("thread_names", part(3, &report.thread_names.0)),
        ("target", part(4, &report.target.0)),
    ]
}

#[test]
fn seeds_are_what_is_written_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/nsys_report");
    for (name, bytes) in seeds() {
        let found = fs::read(folder.join(name)).unwrap_or_default();
        assert!(found == bytes, "the seed `{name}` is not what the writer writes now: write it anew");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), seeds().len());
}
