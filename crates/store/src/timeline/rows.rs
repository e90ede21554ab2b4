//! Rows: the slices of a track by depth, folded beforehand at growing widths of buckets.
//!
//! A row is cut into chunks of some thousand slices, and each chunk keeps levels: the runs that its slices fold into at
//! buckets of 16 ns, 64 ns and so on by four. Folding composes, so each level is made from the one below, and a
//! viewport folds the widest level that is no wider than its own buckets, which leaves a few runs per pixel to look at.
//!
//! ```text
//! slices   ababcdcd  e   ff gg   h  h h      positions in the row: a run is a range of them
//! level n  [ 4 ][4]  e   [4 ]    h  [2]
//! level m  [   8  ]  e   [  5    ]  [2]
//! ```
//!
//! A level is kept only where it pays: at an eighth of the chunk's slices or less, and at half of the level kept below
//! it. That bounds the memory whatever the slices are like. Chunks decide for themselves, so that a burst within a quiet
//! row has levels of its own; what is left over from a bad choice is at most one chunk at either edge of a view.

use std::ops::Range;

use kinetoscope_model::time::Nanos;
use kinetoscope_model::{SliceId, TrackId};

use super::Buckets;
use crate::Store;

/// Narrowest buckets of a level.
const FIRST_WIDTH_LOG2: u32 = 4;

/// Widest buckets of a level, so that lengths within a run fit 32 bits: a second. A day has fewer of them than a fold can
/// go through in a millisecond.
const LAST_WIDTH_LOG2: u32 = 30;

/// Levels are four times as wide as the ones before.
const STEP_LOG2: usize = 2;

/// Stands for a length that does not fit 32 bits, and for slices that never ended: their row of the table says it.
const LONG: u32 = u32::MAX;

/// When to prepare what; other numbers are for tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Slices of a chunk.
    pub(super) chunk_len: usize,
    /// Slices per run that the first level must have on average.
    pub(super) slices_per_run: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // Chunks this long are folded in microseconds, and there are few enough to search them one by one.
        Self { chunk_len: 4096, slices_per_run: 8 }
    }
}

/// Neighbours of a row: one slice, or several that are shorter than a bucket and begin in the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) ts: Nanos,
    /// The latest end; the end of the trace for a slice that never ended.
    pub(super) end: Nanos,
    pub(super) count: u32,
    pub(super) longest: SliceId,
    pub(super) longest_dur: Nanos,
    /// True for one slice that never ended. It is never put together with others.
    pub(super) is_open: bool,
}

/// Puts neighbours together that share a bucket.
struct Merger<F> {
    width_log2: u32,
    pending: Option<Piece>,
    emit: F,
}

impl<F: FnMut(Piece)> Merger<F> {
    fn new(width_log2: u32, emit: F) -> Self {
        Self { width_log2, pending: None, emit }
    }

    #[inline]
    fn is_short(&self, piece: &Piece) -> bool {
        !piece.is_open && piece.longest_dur < 1 << self.width_log2
    }

    #[inline]
    fn push(&mut self, next: Piece) {
        if let Some(pending) = self.pending
            && pending.ts >> self.width_log2 == next.ts >> self.width_log2
            && self.is_short(&pending)
            && self.is_short(&next)
        {
            let (longest, longest_dur) = if next.longest_dur > pending.longest_dur {
                (next.longest, next.longest_dur)
            } else {
                (pending.longest, pending.longest_dur)
            };
            let (end, count) = (pending.end.max(next.end), pending.count.saturating_add(next.count));
            self.pending = Some(Piece { ts: pending.ts, end, count, longest, longest_dur, is_open: false });
        } else if let Some(done) = self.pending.replace(next) {
            (self.emit)(done);
        }
    }

    fn finish(mut self) {
        if let Some(last) = self.pending.take() {
            (self.emit)(last);
        }
    }
}

/// A piece as a level keeps it. How many slices it holds is told by where the next one begins.
#[derive(Debug, Clone, Copy)]
struct Run {
    ts: Nanos,
    /// Position of its first slice in the track's order.
    first: u32,
    longest: SliceId,
    /// From its start to the latest end.
    span: u32,
    longest_dur: u32,
}

#[derive(Debug, Clone)]
struct Level {
    width_log2: u32,
    runs: Range<u32>,
}

#[derive(Debug, Clone)]
struct Chunk {
    /// Places in the track's order.
    positions: Range<u32>,
    first_ts: Nanos,
    max_end: Nanos,
    levels: Range<u32>,
}

#[derive(Debug, Clone)]
struct Row {
    depth: u32,
    chunks: Range<u32>,
    /// True when no slice ends before an earlier one does, as nesting has it. Rounding and damage leave rows that are not
    /// so.
    ends_in_order: bool,
}

/// The rows of one track.
#[derive(Debug)]
pub(super) struct TrackRows {
    /// Slices by depth, then time; empty when the track has one depth and its slices are in that order anyway.
    order: Vec<SliceId>,
    rows: Vec<Row>,
    chunks: Vec<Chunk>,
    levels: Vec<Level>,
    runs: Vec<Run>,
}

/// Reads slices as pieces.
#[derive(Clone, Copy)]
struct Source<'a> {
    ts: &'a [Nanos],
    dur: &'a [Nanos],
    order: &'a [SliceId],
    trace_end: Nanos,
}

impl Source<'_> {
    #[inline]
    fn piece(&self, position: u32) -> Piece {
        self.piece_of(self.order[position as usize])
    }

    #[inline]
    fn piece_of(&self, slice: SliceId) -> Piece {
        let (ts, dur) = (self.ts[slice.index()], self.dur[slice.index()]);
        let is_open = dur < 0;
        let end = if is_open { self.trace_end.max(ts) } else { ts.saturating_add(dur) };
        Piece { ts, end, count: 1, longest: slice, longest_dur: end.saturating_sub(ts), is_open }
    }
}

impl TrackRows {
    pub(super) fn new(store: &Store, track: TrackId, limits: Limits) -> Self {
        let slices = store.slices_of_track(track);
        let depths = store.trace().slices.depth.values();
        let mut by_depth: Vec<SliceId> = Vec::new();
        if !slices.is_sorted_by_key(|id| depths[id.index()]) {
            by_depth = slices.to_vec();
            // Stable: within a depth the order stays that of time.
            by_depth.sort_by_key(|id| depths[id.index()]);
        }
        let mut rows =
            Self { order: by_depth, rows: Vec::new(), chunks: Vec::new(), levels: Vec::new(), runs: Vec::new() };
        let order = if rows.order.is_empty() { slices } else { &rows.order };
        let mut ranges = Vec::new();
        let mut start = 0;
        for row in order.chunk_by(|a, b| depths[a.index()] == depths[b.index()]) {
            ranges.push((depths[row[0].index()], start..start + row.len()));
            start += row.len();
        }
        for (depth, range) in ranges {
            rows.add_row(store, track, depth, range, limits);
        }
        rows.chunks.shrink_to_fit();
        rows.levels.shrink_to_fit();
        rows.runs.shrink_to_fit();
        rows
    }

    fn source<'a>(&'a self, store: &'a Store, track: TrackId) -> Source<'a> {
        let slices = &store.trace().slices;
        let order = if self.order.is_empty() { store.slices_of_track(track) } else { &self.order };
        let trace_end = store.bounds().map_or(0, |bounds| bounds.end);
        Source { ts: slices.ts.values(), dur: slices.dur.values(), order, trace_end }
    }

    fn add_row(&mut self, store: &Store, track: TrackId, depth: u32, range: Range<usize>, limits: Limits) {
        let first_chunk = self.chunks.len() as u32;
        let mut ends_in_order = true;
        let mut previous_end = Nanos::MIN;
        let mut pieces: Vec<Piece> = Vec::with_capacity(limits.chunk_len.min(range.len()));
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + limits.chunk_len);
            let positions = start as u32..end as u32;
            let source = self.source(store, track);
            pieces.clear();
            pieces.extend(positions.clone().map(|position| source.piece(position)));
            let mut max_end = Nanos::MIN;
            for piece in &pieces {
                ends_in_order &= piece.end >= previous_end;
                previous_end = piece.end;
                max_end = max_end.max(piece.end);
            }
            let (first_ts, first_level) = (pieces[0].ts, self.levels.len() as u32);
            self.add_levels(&mut pieces, positions.start, limits);
            self.chunks.push(Chunk { positions, first_ts, max_end, levels: first_level..self.levels.len() as u32 });
            start = end;
        }
        self.rows.push(Row { depth, chunks: first_chunk..self.chunks.len() as u32, ends_in_order });
    }

    /// Adds the levels of a chunk whose slices are `pieces`, the first of them at `first_position`.
    fn add_levels(&mut self, pieces: &mut Vec<Piece>, first_position: u32, limits: Limits) {
        let mut most_runs = pieces.len() / limits.slices_per_run;
        for width_log2 in (FIRST_WIDTH_LOG2..=LAST_WIDTH_LOG2).step_by(STEP_LOG2) {
            if most_runs == 0 {
                break;
            }
            let mut merged: Vec<Piece> = Vec::with_capacity(pieces.len());
            let mut merger = Merger::new(width_log2, |piece| merged.push(piece));
            pieces.iter().for_each(|&piece| merger.push(piece));
            merger.finish();
            *pieces = merged;
            if pieces.len() <= most_runs {
                most_runs = pieces.len() / 2;
                self.add_level(width_log2, pieces, first_position);
            }
        }
    }

    fn add_level(&mut self, width_log2: u32, pieces: &[Piece], mut position: u32) {
        let first_run = self.runs.len() as u32;
        let short = |nanos: Nanos, is_open: bool| if is_open { LONG } else { u32::try_from(nanos).unwrap_or(LONG) };
        for piece in pieces {
            self.runs.push(Run {
                ts: piece.ts,
                first: position,
                longest: piece.longest,
                span: short(piece.end.saturating_sub(piece.ts), piece.is_open),
                longest_dur: short(piece.longest_dur, piece.is_open),
            });
            position += piece.count;
        }
        self.levels.push(Level { width_log2, runs: first_run..self.runs.len() as u32 });
    }

    /// Number of depths.
    pub(super) fn num_depths(&self) -> u32 {
        self.rows.last().map_or(0, |row| row.depth.saturating_add(1))
    }

    /// Bytes that this takes.
    pub(super) fn num_bytes(&self) -> usize {
        size_of_val(&self.order[..])
            + size_of_val(&self.rows[..])
            + size_of_val(&self.chunks[..])
            + size_of_val(&self.levels[..])
            + size_of_val(&self.runs[..])
    }

    /// Gives every block of the window to `emit`, with its depth, in order of depth and time.
    pub(super) fn fold(&self, store: &Store, track: TrackId, buckets: &Buckets, mut emit: impl FnMut(u32, Piece)) {
        let source = self.source(store, track);
        for row in &self.rows {
            let mut merger = Merger::new(buckets.width_log2, |piece| emit(row.depth, piece));
            self.fold_row(row, &source, buckets, &mut |piece| merger.push(piece));
            merger.finish();
        }
    }

    /// Gives every slice that is seen from `start` to `last` to `emit`, in order of depth and time.
    pub(super) fn slices_in(
        &self,
        store: &Store,
        track: TrackId,
        (start, last): (Nanos, Nanos),
        mut emit: impl FnMut(SliceId),
    ) {
        let source = self.source(store, track);
        // No level has buckets this narrow, so that every piece is a slice.
        let buckets = Buckets { start, last, width_log2: 0 };
        for row in &self.rows {
            self.fold_row(row, &source, &buckets, &mut |piece| emit(piece.longest));
        }
    }

    fn fold_row(&self, row: &Row, source: &Source<'_>, buckets: &Buckets, push: &mut impl FnMut(Piece)) {
        let chunks = &self.chunks[row.chunks.start as usize..row.chunks.end as usize];
        // The chunk in which the window begins, unless it begins before the row does.
        let first = chunks.partition_point(|chunk| chunk.first_ts < buckets.start).saturating_sub(1);
        let Some(chunk) = chunks.get(first) else { return };
        let begins_at = self.first_position(chunk, source, buckets.start);
        self.push_reaching(row, &chunks[..=first], begins_at, source, buckets, push);
        for chunk in &chunks[first..] {
            if chunk.first_ts > buckets.last {
                break;
            }
            self.fold_chunk(chunk, source, buckets, push);
        }
    }

    /// Place of the first slice of a chunk that begins at `start` or later.
    fn first_position(&self, chunk: &Chunk, source: &Source<'_>, start: Nanos) -> u32 {
        let positions = &source.order[chunk.positions.start as usize..chunk.positions.end as usize];
        chunk.positions.start + positions.partition_point(|id| source.ts[id.index()] < start) as u32
    }

    /// Pushes the slices before position `begins_at` that reach into the window.
    fn push_reaching(
        &self,
        row: &Row,
        chunks: &[Chunk],
        begins_at: u32,
        source: &Source<'_>,
        buckets: &Buckets,
        push: &mut impl FnMut(Piece),
    ) {
        let reaching = |position: &u32| source.piece(*position).end > buckets.start;
        if row.ends_in_order {
            let row_start = self.chunks[row.chunks.start as usize].positions.start;
            let num_reaching = (row_start..begins_at).rev().take_while(reaching).count() as u32;
            (begins_at - num_reaching..begins_at).for_each(|position| push(source.piece(position)));
        } else {
            for chunk in chunks.iter().filter(|chunk| chunk.max_end > buckets.start) {
                let positions = chunk.positions.start..chunk.positions.end.min(begins_at);
                positions.filter(reaching).for_each(|position| push(source.piece(position)));
            }
        }
    }

    fn fold_chunk(&self, chunk: &Chunk, source: &Source<'_>, buckets: &Buckets, push: &mut impl FnMut(Piece)) {
        let levels = &self.levels[chunk.levels.start as usize..chunk.levels.end as usize];
        let Some(level) = levels.iter().rfind(|level| level.width_log2 <= buckets.width_log2) else {
            for position in self.first_position(chunk, source, buckets.start)..chunk.positions.end {
                let piece = source.piece(position);
                if piece.ts > buckets.last {
                    break;
                }
                push(piece);
            }
            return;
        };
        let runs = &self.runs[level.runs.start as usize..level.runs.end as usize];
        // Buckets of a level lie within those of the window, so no run reaches over an edge.
        let first = runs.partition_point(|run| run.ts < buckets.start);
        for (index, run) in runs.iter().enumerate().skip(first) {
            if run.ts > buckets.last {
                break;
            }
            let next = runs.get(index + 1).map_or(chunk.positions.end, |next| next.first);
            push(match (next - run.first, run.span) {
                (1, LONG) => source.piece_of(run.longest),
                (count, span) => Piece {
                    ts: run.ts,
                    end: run.ts.saturating_add(Nanos::from(span)),
                    count,
                    longest: run.longest,
                    longest_dur: Nanos::from(run.longest_dur),
                    is_open: false,
                },
            });
        }
    }
}
