//! Viewports: what is seen of some tracks in a window, as columns that a page draws without parsing.
//!
//! A frame of the page waits for this, so it is folded to pixels and laid out the way typed arrays read it. Every column
//! begins at a multiple of 8 bytes; numbers are little endian.

use std::ops::Range;

use axum::extract::State;
use axum::response::Response;
use kinetoscope_model::TrackId;
use kinetoscope_model::table::TrackKind;
use kinetoscope_store::timeline::{Blocks, Samples};
use serde::Deserialize;

use super::{Asked, OfTrace, Server, ask};
use crate::answer::{Refusal, binary};
use crate::collection::OpenTrace;

/// `KSV1`.
const MAGIC: [u8; 4] = *b"KSV1";

/// What a track's entry says it holds.
pub(crate) const SLICES: u32 = 0;
pub(crate) const COUNTER: u32 = 1;

/// What a page wants to draw.
#[derive(Debug, Deserialize)]
pub(crate) struct ViewportRequest {
    /// Start of the window in nanoseconds.
    start: i64,
    /// Its end.
    end: i64,
    /// Its width in pixels.
    px: u32,
    /// Tracks, by id.
    tracks: Vec<u32>,
}

/// What is seen of some tracks in a window. Everything seen is in a block or a sample; the answer grows with pixels and not
/// with the trace.
///
/// Answer: columns, little endian, each of which begins at a multiple of 8 bytes:
///
/// 1. `KSV1`, then as 32-bit numbers: tracks, blocks, samples.
/// 2. For each track that was asked for, in that order: id, 0 for slices or 1 for a counter, first row, number of rows.
/// 3. Columns of blocks: `ts`, `dur` (64-bit reals, exact below 104 days), `slice`, `count`, `name`, `name_hash` (32 bits),
///    `depth` (16 bits), `class`, `flags` (8 bits).
/// 4. Columns of samples: `ts`, `min`, `max`, `last` (64-bit reals).
///
/// A block is one slice, or several that are shorter than a pixel and share one: then slice, name and class are those of the
/// longest.
/// Blocks of a track are ordered by depth, then time. Flags: 1 never ended, 2 an instant.
/// Classes: 0 none, 1 GEMM, 2 attention, 3 softmax and norm, 4 MoE, 5 communication, 6 copy, 7 memset, 8 other kernel,
/// 9 annotation.
/// A sample is the values of a counter that share a pixel; the first of a track may be the one that holds where the window
/// begins.
pub(crate) async fn viewport(
    State(shared): Server,
    OfTrace(trace): OfTrace,
    Asked(request): Asked<ViewportRequest>,
) -> Result<Response, Refusal> {
    ask(&shared, &trace, move |trace, _| Ok(binary(columns(trace, &request)))).await
}

/// What a track holds and which rows of the columns are its own.
pub(crate) struct TrackEntry {
    pub(crate) track: u32,
    pub(crate) holds: u32,
    pub(crate) rows: Range<usize>,
}

fn columns(trace: &OpenTrace, request: &ViewportRequest) -> Vec<u8> {
    let store = &trace.store;
    let timeline = store.timeline();
    let window = request.start..request.end;
    let tracks = &store.trace().tracks;
    let is_counter = |id: u32| {
        let index = TrackId(id).index();
        index < tracks.len() && tracks.r#type.get(index) == TrackKind::ProcessCounter
    };
    let of_slices: Vec<TrackId> = request.tracks.iter().copied().filter(|&id| !is_counter(id)).map(TrackId).collect();
    let classes = trace.classes();
    let class_of = |slice, label| classes.of_labelled(store, slice, label) as u8;
    let blocks = timeline.fold_all(&of_slices, window.clone(), request.px, &class_of);
    let mut samples = Samples::default();
    let (mut of_tracks, mut num_blocks) = (blocks.iter(), 0);
    let entries: Vec<TrackEntry> = request
        .tracks
        .iter()
        .map(|&track| {
            if is_counter(track) {
                let start = samples.len();
                timeline.fold_counter_into(&mut samples, TrackId(track), window.clone(), request.px);
                TrackEntry { track, holds: COUNTER, rows: start..samples.len() }
            } else {
                let start = num_blocks;
                num_blocks += of_tracks.next().map_or(0, Blocks::len);
                TrackEntry { track, holds: SLICES, rows: start..num_blocks }
            }
        })
        .collect();
    written(&entries, &blocks, &samples)
}

/// The answer; the blocks are those of one track after the other.
pub(crate) fn written(entries: &[TrackEntry], blocks: &[Blocks], samples: &Samples) -> Vec<u8> {
    let num_blocks = blocks.iter().map(Blocks::len).sum();
    // 36 bytes for a block and 32 for a sample; the rest is head and padding.
    let mut out = Vec::with_capacity(256 + entries.len() * 16 + num_blocks * 36 + samples.len() * 32);
    let count = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
    out.extend(MAGIC);
    for len in [entries.len(), num_blocks, samples.len()] {
        out.extend(count(len));
    }
    for entry in entries {
        out.extend(entry.track.to_le_bytes());
        out.extend(entry.holds.to_le_bytes());
        out.extend(count(entry.rows.start));
        out.extend(count(entry.rows.len()));
    }
    // Times are below 2^53 ns, 104 days, and so exact.
    let real = |&nanos: &i64| (nanos as f64).to_le_bytes();
    column(&mut out, blocks.iter().map(|of_track| &of_track.ts), real);
    column(&mut out, blocks.iter().map(|of_track| &of_track.dur), real);
    column(&mut out, blocks.iter().map(|of_track| &of_track.slice), |value| value.to_le_bytes());
    column(&mut out, blocks.iter().map(|of_track| &of_track.count), |value| value.to_le_bytes());
    column(&mut out, blocks.iter().map(|of_track| &of_track.name), |value| value.to_le_bytes());
    column(&mut out, blocks.iter().map(|of_track| &of_track.name_hash), |value| value.to_le_bytes());
    column(&mut out, blocks.iter().map(|of_track| &of_track.depth), |value| value.to_le_bytes());
    column(&mut out, blocks.iter().map(|of_track| &of_track.class), |&value| [value]);
    column(&mut out, blocks.iter().map(|of_track| &of_track.flags), |&value| [value]);
    column(&mut out, [&samples.ts], real);
    for values in [&samples.min, &samples.max, &samples.last] {
        column(&mut out, [values], |value| value.to_le_bytes());
    }
    out
}

/// Values that are put into bytes at a time: adding bytes value by value takes longer than folding them did.
const VALUES_AT_A_TIME: usize = 256;

/// Adds a column whose values come in parts, and zeros up to where the next one may begin.
fn column<'a, T: 'a, const N: usize>(
    out: &mut Vec<u8>,
    parts: impl IntoIterator<Item = &'a Vec<T>>,
    bytes_of: impl Fn(&T) -> [u8; N],
) {
    let mut buffer = [[0; N]; VALUES_AT_A_TIME];
    for values in parts.into_iter().flat_map(|part| part.chunks(VALUES_AT_A_TIME)) {
        for (bytes, value) in buffer.iter_mut().zip(values) {
            *bytes = bytes_of(value);
        }
        out.extend_from_slice(buffer[..values.len()].as_flattened());
    }
    out.resize(out.len().next_multiple_of(8), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_lie_where_the_page_reads_them() {
        let blocks = Blocks {
            ts: vec![10],
            dur: vec![5],
            slice: vec![7],
            count: vec![2],
            name: vec![3],
            name_hash: vec![9],
            depth: vec![1],
            class: vec![6],
            flags: vec![2],
        };
        let samples = Samples { ts: vec![4], min: vec![-1.5], max: vec![2.0], last: vec![0.5] };
        let entry = |track, holds| TrackEntry { track, holds, rows: 0..1 };
        let out = written(&[entry(11, SLICES), entry(12, COUNTER)], &[blocks], &samples);
        let word = |at: usize| u32::from_le_bytes(out[at..at + 4].try_into().expect("four bytes"));
        let real = |at: usize| f64::from_le_bytes(out[at..at + 8].try_into().expect("eight bytes"));
        assert_eq!(&out[..4], b"KSV1");
        assert_eq!([4, 8, 12].map(word), [2, 1, 1]);
        assert_eq!([16, 20, 24, 28].map(word), [11, 0, 0, 1]);
        assert_eq!([32, 36, 40, 44].map(word), [12, 1, 0, 1]);
        assert_eq!([48, 56].map(real), [10.0, 5.0]);
        assert_eq!([64, 72, 80, 88].map(word), [7, 2, 3, 9]);
        assert_eq!((out[96], out[104], out[112]), (1, 6, 2));
        assert_eq!([120, 128, 136, 144].map(real), [4.0, -1.5, 2.0, 0.5]);
        assert_eq!(out.len(), 152);
    }

    #[test]
    fn a_column_is_its_parts_one_behind_the_other() {
        let parts: [Vec<u32>; 3] = [(0..VALUES_AT_A_TIME as u32 + 3).collect(), Vec::new(), vec![7, 8]];
        let mut out = vec![0xff; 8];
        column(&mut out, &parts, |value| value.to_le_bytes());
        let expected: Vec<u8> = parts.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(out[8..8 + expected.len()], expected);
        // 261 values of 4 bytes, and 4 zeros.
        assert_eq!((out.len(), &out[8 + expected.len()..]), (8 + 1048, &[0; 4][..]));
    }
}
