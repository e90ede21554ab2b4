//! What reading costs beside unpacking, which nothing can do without: printed, because time means nothing elsewhere.
//!
//! `cargo test --release -p kinetoscope-ingest --test nsys_report cost -- --nocapture`

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use super::pairs::real_captures;
use super::reading::read;

/// The blocks of a report, packed, each with its unpacked length, and where they begin and end in it.
struct Blocks<'a> {
    packed: Vec<(&'a [u8], usize)>,
    start: usize,
    last: usize,
}

fn varint(bytes: &[u8], at: &mut usize) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return value;
        }
    }
}

/// The blocks of a whole report, of which the number is known.
fn blocks_of(report: &[u8], num_blocks: usize) -> Blocks<'_> {
    let mut at = report.windows(8).position(|window| window == b"QDTEXT00").unwrap() + 8;
    for _ in 0..2 {
        let len = varint(report, &mut at);
        at += len;
    }
    let (start, mut last, mut packed) = (at, at, Vec::new());
    for _ in 0..num_blocks {
        last = at;
        let (packed_len, unpacked_len) = (varint(report, &mut at), varint(report, &mut at));
        packed.push((&report[at..at + packed_len], unpacked_len));
        at += packed_len;
    }
    Blocks { packed, start, last }
}

/// The shortest of some runs.
fn shortest(num_runs: usize, mut run: impl FnMut()) -> Duration {
    (0..num_runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn compare(name: &str, report: &[u8], num_blocks: usize, num_runs: usize) {
    let blocks = blocks_of(report, num_blocks);
    let num_unpacked: usize = blocks.packed.iter().map(|&(_, len)| len).sum();
    let unpacking = shortest(num_runs, || {
        for &(packed, len) in &blocks.packed {
            black_box(lz4_flex::block::decompress(packed, len).unwrap());
        }
    });
    let mut num_events = 0;
    let reading = shortest(num_runs, || num_events = black_box(read(report).unwrap()).num_events);
    println!(
        "{name}: {} bytes, {num_unpacked} unpacked, {num_events} events; reading {reading:?}, unpacking on one core \
         {unpacking:?}, ratio {:.1}",
        report.len(),
        reading.as_secs_f64() / unpacking.as_secs_f64(),
    );
    assert!(num_events > 0);
}

#[test]
fn cost_of_reading() {
    let Some(folder) = real_captures() else { return };
    // The largest one: two blocks of events, and the strings.
    let report = fs::read(folder.join("cpu_demo_sampled.nsys-rep")).unwrap();
    // Without optimisation the numbers mean nothing, and only that it runs is shown.
    let (num_copies, num_runs) = if cfg!(debug_assertions) { (3, 1) } else { (100, 5) };
    compare("cpu_demo_sampled", &report, 3, 4 * num_runs);
    // The same events over and over, as a longer recording would have them.
    let blocks = blocks_of(&report, 3);
    let events = &report[blocks.start..blocks.last];
    let long = [&report[..blocks.start], &events.repeat(num_copies), &report[blocks.last..]].concat();
    compare(&format!("{num_copies} times its events"), &long, 2 * num_copies + 1, num_runs);
}
