//! A damaged cache file: taken for none, or readable, and never the end of the program.
//!
//! The input is a list of edits to one good file. Its checksums are mended after most of them, since damage that a
//! checksum finds shows nothing about the code behind it.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use kinetoscope_fuzz::read_all;
use kinetoscope_ingest::read_bytes;
use kinetoscope_store::cache::{self, CacheLocation, Key};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use twox_hash::XxHash3_64;

/// The trace in the good file.
const TRACE: &[u8] = include_bytes!("../seeds/chrome_json/kineto.json");

/// Length of the header, and in it the places of where the table of contents is, of its length, of its checksum, and of
/// the header's own.
const HEADER_LEN: usize = 64;
const TOC_AT: usize = 24;
const TOC_LEN: usize = 32;
const TOC_CHECKSUM: usize = 40;
const HEADER_CHECKSUM: usize = 56;

struct Setting {
    /// Where the damaged files are written; removed at the end.
    folder: TempDir,
    good: Vec<u8>,
}

static SETTING: LazyLock<Setting> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let input = folder.path().join("trace.json");
    fs::write(&input, TRACE).expect("a file can be written");
    let trace = read_bytes("trace.json", TRACE).expect("the trace is good");
    let key = Key::of_files(&[input], "").expect("the input is there");
    let path = cache::write(&key, &CacheLocation::default(), &trace).expect("the cache can be written");
    let good = fs::read(path).expect("the cache is there");
    // Edits that mend nothing would otherwise go unnoticed when the layout changes.
    let mut resealed = good.clone();
    reseal(&mut resealed);
    assert!(resealed == good, "the cache's header is not where this target thinks");
    Setting { folder, good }
});

fuzz_target!(|data: &[u8]| {
    let Some((&is_left_broken, edits)) = data.split_first() else { return };
    let mut bytes = SETTING.good.clone();
    for edit in edits.chunks_exact(5) {
        apply(&mut bytes, [edit[0], edit[1], edit[2], edit[3], edit[4]]);
    }
    if is_left_broken != u8::MAX {
        reseal(&mut bytes);
    }
    let path: PathBuf = SETTING.folder.path().join("damaged.kinetoscope-cache");
    fs::write(&path, &bytes).expect("a file can be written");
    if let Ok(trace) = cache::open_file(&path) {
        read_all(&trace);
    }
});

/// One edit: what to do, where (three bytes), and a value for it.
fn apply(bytes: &mut Vec<u8>, [action, a, b, c, value]: [u8; 5]) {
    let place = u32::from_le_bytes([a, b, c, 0]) as usize % bytes.len().max(1);
    match action % 6 {
        // Numbers in the table of contents, which is small and at the end.
        0 | 1 => {
            let toc_at = read_u64(bytes, TOC_AT).map_or(0, |at| at as usize).min(bytes.len());
            let place = toc_at + place % (bytes.len() - toc_at).max(1);
            if action % 6 == 0 {
                write_bytes(bytes, place, &[value]);
            } else {
                // A number of eight bytes: tiny, or all ones but for the last.
                let number = if value < 128 { u64::from(value) } else { u64::MAX << (value - 128).min(63) };
                write_bytes(bytes, place / 8 * 8, &number.to_le_bytes());
            }
        }
        2 => write_bytes(bytes, place, &[value]),
        3 => write_bytes(bytes, place, &u64::from(value).to_le_bytes()),
        4 => bytes.truncate(place),
        _ => bytes.insert(place, value),
    }
}

/// Makes length and checksums say what is there.
fn reseal(bytes: &mut [u8]) {
    let Some(toc_at) = read_u64(bytes, TOC_AT) else { return };
    let Some(toc) = usize::try_from(toc_at).ok().and_then(|at| bytes.get(at..)) else { return };
    let (len, checksum) = (toc.len() as u64, XxHash3_64::oneshot(toc));
    write_bytes(bytes, TOC_LEN, &len.to_le_bytes());
    write_bytes(bytes, TOC_CHECKSUM, &checksum.to_le_bytes());
    if bytes.len() >= HEADER_LEN {
        let checksum = XxHash3_64::oneshot(&bytes[..HEADER_CHECKSUM]);
        write_bytes(bytes, HEADER_CHECKSUM, &checksum.to_le_bytes());
    }
}

fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes)
}

/// Writes as much as there is room for.
fn write_bytes(bytes: &mut [u8], at: usize, new: &[u8]) {
    for (place, &byte) in bytes.iter_mut().skip(at).zip(new) {
        *place = byte;
    }
}
