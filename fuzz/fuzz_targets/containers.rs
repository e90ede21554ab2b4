//! Any bytes as an input file: whatever they are packed in, unpacking ends, stays within its limits, and does not
//! depend on how large a piece the reader asks for.

#![no_main]

use std::sync::Arc;

use kinetoscope_ingest::bytes::{Input, Limits, Outcome, Problem, for_each_document};
use kinetoscope_ingest::{IngestError, Progress};
use libfuzzer_sys::fuzz_target;

/// Small, so that a bomb goes off at once, and large enough for what the engine can pack honestly.
const LIMITS: Limits =
    Limits { max_unpacked_bytes: 1 << 20, max_container_depth: 4, max_members: 100, max_zstd_window_log: 20 };

/// A document as it came out.
#[derive(Debug, PartialEq)]
struct Unpacked {
    path: String,
    format: String,
    bytes: Vec<u8>,
    problems: Vec<Problem>,
}

fuzz_target!(|data: &[u8]| {
    let input = Input::Memory { name: "input".to_owned(), bytes: Arc::from(data) };
    let whole = unpack(&input, 1 << 16);
    let num_bytes: usize = whole.1.iter().map(|document| document.bytes.len()).sum();
    assert!(num_bytes as u64 <= LIMITS.max_unpacked_bytes, "{num_bytes} bytes came out of a limit");
    for document in &whole.1 {
        assert!(document.path.starts_with("input"), "`{}` does not name its input", document.path);
        assert!(!document.format.is_empty());
    }
    for buffer_len in [1, 7, 4096] {
        assert_eq!(unpack(&input, buffer_len), whole, "read {buffer_len} bytes at a time");
    }
});

/// Everything that comes out, reading `buffer_len` bytes at a time.
fn unpack(input: &Input, buffer_len: usize) -> (Result<Outcome, String>, Vec<Unpacked>) {
    let mut documents = Vec::new();
    let mut buffer = vec![0; buffer_len];
    let outcome = for_each_document(input, &LIMITS, &Progress::default(), &mut |mut document| {
        let mut bytes = Vec::new();
        loop {
            let len = document.read(&mut buffer)?;
            if len == 0 {
                break;
            }
            bytes.extend_from_slice(&buffer[..len]);
        }
        assert_eq!(document.read(&mut buffer)?, 0, "there is more after the end");
        documents.push(Unpacked {
            path: document.path.clone(),
            format: document.format.clone(),
            bytes,
            problems: document.take_problems().iter().cloned().collect(),
        });
        Ok(())
    });
    if let Err(error @ IngestError::Io { .. }) = &outcome {
        panic!("reading from memory failed: {error}");
    }
    (outcome.map_err(|error| error.to_string()), documents)
}
