//! Databases of Nsight Systems from any bytes: a trace whose slices are in order of time, or an error, and no panic.
//!
//! The first bytes are always those of a database, for else most inputs would be of other formats.

#![no_main]

use kinetoscope_ingest::read_bytes;
use libfuzzer_sys::fuzz_target;

const MAGIC: &[u8] = b"SQLite format 3\0";

fuzz_target!(|data: &[u8]| {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(data.get(MAGIC.len()..).unwrap_or_default());
    if let Ok(trace) = read_bytes("fuzz.sqlite", bytes) {
        assert!(trace.slices.ts.values().is_sorted());
        assert!(trace.launches.rows().all(|launch| launch.gpu_slice_id.index() < trace.slices.len()));
    }
});
