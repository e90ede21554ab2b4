//! Any bytes as Chrome JSON: read or refused, and the same trace however the bytes are cut and however many threads
//! read them.

#![no_main]

use std::sync::Arc;

use kinetoscope_fuzz::{assert_same, check_sealed, texts};
use kinetoscope_ingest::Progress;
use kinetoscope_ingest::bytes::{FoundInput, Input, Limits};
use kinetoscope_ingest::read::{ReadOptions, Tuning, read};
use libfuzzer_sys::fuzz_target;

/// Sizes of pieces and numbers of readers: every byte a piece of its own, an odd size, and all at once.
const TUNINGS: [(usize, usize); 3] = [(1, 1), (61, 2), (1 << 16, 1)];

fuzz_target!(|data: &[u8]| {
    let bytes: Arc<[u8]> = Arc::from(data);
    let mut first: Option<String> = None;
    for (piece_bytes, num_readers) in TUNINGS {
        let options = ReadOptions {
            // Packed bytes are for another target.
            limits: Limits { max_container_depth: 0, ..Limits::default() },
            tuning: Tuning { piece_bytes: Some(piece_bytes), num_readers: Some(num_readers) },
            ..ReadOptions::default()
        };
        let input = Input::Memory { name: "input".to_owned(), bytes: bytes.clone() };
        let result = match read(&[FoundInput { input, folder: None }], &options, &Progress::default()) {
            Ok(trace) => {
                check_sealed(&trace);
                texts(&trace)
            }
            Err(error) => format!("{error}"),
        };
        match &first {
            None => first = Some(result),
            Some(first) => assert_same(&result, first, &format!("{num_readers} readers of {piece_bytes} bytes")),
        }
    }
});
