//! Rows: the slices of a track by depth, folded beforehand at growing widths of buckets.
//!
//! A row is cut into chunks of at most some thousand slices and four seconds, and each chunk keeps levels: the runs that
//! its slices fold into at buckets of growing width. Folding composes, so each level is made from the one below, and a
//! viewport folds the widest level that is no wider than its own buckets, which leaves a run or two per block to look at.
//!
//! ```text
//! slices   ababcdcd  e   ff gg   h  h h      positions in the row: a run is a range of them
//! level n  [ 4 ][4]  e   [4 ]    h  [2]
//! level m  [   8  ]  e   [  5    ]  [2]
//! ```
//!
//! A level is kept only where it pays: at an eighth of the chunk's slices or less (sparse rows: [`sparse_len`]), and at
//! half of the level kept below it. That bounds the memory whatever the slices are like. Which widths these are is known
//! before anything is folded: neighbours share a run from one width on, so that counting neighbours by that width gives
//! the length of every level. Chunks decide for themselves, so that a burst within a quiet row has levels of its own;
//! what is left over from a bad choice is at most one chunk at either edge of a view.
//!
//! A viewport reads what it shows and no more: a run knows the name and category of its longest slice, since looking
//! these up in columns of ten million slices costs more than the folding.

use std::collections::HashMap;
use std::ops::Range;

use kinetoscope_model::time::Nanos;
use kinetoscope_model::{SliceId, TrackId};

use super::{Buckets, Label};
use crate::Store;

/// Narrowest buckets of a level. A view with narrower ones is one of single slices.
const FIRST_WIDTH_LOG2: u32 = 1;

/// Widest buckets of a level, so that lengths within a run fit 32 bits: a second. A day has fewer of them than a fold can
/// go through in a millisecond.
const LAST_WIDTH_LOG2: u32 = 30;

/// Longest time from the first start in a chunk to the last, so that starts within it fit 32 bits.
const LONGEST_CHUNK_NANOS: u64 = u32::MAX as u64;

/// Slices whose times are fetched together. They lie far apart in memory, and a processor fetches many at once where it
/// has nothing to decide in between.
const FETCHED_TOGETHER: usize = 64;

/// Stands for the label of a slice that no run holds: its row of the table says it.
const UNLABELLED: u32 = u32::MAX;

/// Stands for a length that does not fit 32 bits, and for slices that never ended: their row of the table says it.
const LONG: u32 = u32::MAX;

/// When to prepare what; other numbers are for tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Most slices of a chunk.
    pub(super) chunk_len: usize,
    /// Slices per run that the first level must have on average.
    pub(super) slices_per_run: usize,
    /// Tracks of up to this many slices are sparse.
    pub(super) sparse_track_len: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // Chunks this long are folded in microseconds, and there are few enough to search them one by one.
        Self { chunk_len: 4096, slices_per_run: 8, sparse_track_len: 0 }
    }
}

/// One in so many slices may be of a sparse track, and as many of a track's in sparse rows.
const SPARSE_SHARE: usize = 32;

/// The length up to which things of these lengths are sparse: the shortest, as many as are a small share of the whole.
///
/// Slices of one row lie far apart in the table when few of all slices are of that row, and then each costs as much to
/// fetch as a dozen of another row do. So the levels of sparse rows begin with the slices themselves; as they are few,
/// that takes little memory.
pub(super) fn sparse_len(mut lens: Vec<usize>) -> usize {
    lens.sort_unstable();
    let most: usize = lens.iter().sum::<usize>() / SPARSE_SHARE;
    let mut sum = 0;
    let mut sparse_len = 0;
    for same in lens.chunk_by(|a, b| a == b) {
        sum += same.iter().sum::<usize>();
        if sum > most {
            break;
        }
        sparse_len = same[0];
    }
    sparse_len
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
    /// Label of the longest: its number in the track's list, or [`UNLABELLED`].
    label: u32,
}

impl Piece {
    /// The narrowest buckets in which this is short.
    #[inline]
    fn short_from_width_log2(&self) -> u32 {
        if self.is_open { u64::BITS } else { bit_len(self.longest_dur as u64) }
    }
}

/// Number of bits up to the highest that is set: the least `n` for which the number is below two to the `n`.
#[inline]
fn bit_len(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

/// Puts neighbours together that share a bucket.
struct Merger<F> {
    width_log2: u32,
    pending: Option<Piece>,
    emit: F,
}

impl<F: FnMut(&Piece)> Merger<F> {
    fn new(width_log2: u32, emit: F) -> Self {
        Self { width_log2, pending: None, emit }
    }

    #[inline(always)]
    fn is_short(&self, piece: &Piece) -> bool {
        !piece.is_open && piece.longest_dur < 1 << self.width_log2
    }

    // Inlined, a piece is made, compared and put down number by number. Whoever copies it as a whole waits for each of
    // these numbers, which costs more than all the rest.
    #[inline(always)]
    fn push(&mut self, next: Piece) {
        let next_is_short = self.is_short(&next);
        if let Some(pending) = &mut self.pending {
            if next_is_short
                && pending.ts >> self.width_log2 == next.ts >> self.width_log2
                && !pending.is_open
                && pending.longest_dur < 1 << self.width_log2
            {
                if next.longest_dur > pending.longest_dur {
                    pending.longest = next.longest;
                    pending.longest_dur = next.longest_dur;
                    pending.label = next.label;
                }
                pending.end = pending.end.max(next.end);
                pending.count = pending.count.saturating_add(next.count);
                return;
            }
            (self.emit)(pending);
        }
        self.pending = Some(next);
    }

    fn finish(mut self) {
        if let Some(last) = self.pending.take() {
            (self.emit)(&last);
        }
    }
}

/// A piece as a level keeps it. How many slices it holds is told by where the next one begins.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Start, from the first one of the chunk.
    start: u32,
    /// Position of its first slice in the track's order.
    first: u32,
    longest: SliceId,
    /// Number of its label in the track's list.
    label: u32,
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
    /// What runs are labelled with, each once.
    labels: Vec<Label>,
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
        self.piece_at(slice, self.ts[slice.index()], self.dur[slice.index()])
    }

    #[inline(always)]
    fn piece_at(&self, slice: SliceId, ts: Nanos, dur: Nanos) -> Piece {
        let is_open = dur < 0;
        let end = if is_open { self.trace_end.max(ts) } else { ts.saturating_add(dur) };
        let longest_dur = end.saturating_sub(ts);
        Piece { ts, end, count: 1, longest: slice, longest_dur, is_open, label: UNLABELLED }
    }

    /// Gives the slices at some positions to `push` until it has seen enough, which it says with false.
    #[inline(always)]
    fn pieces_while(&self, positions: Range<u32>, mut push: impl FnMut(Piece) -> bool) {
        let order = &self.order[positions.start as usize..positions.end as usize];
        let mut times = [(0, 0); FETCHED_TOGETHER];
        for slices in order.chunks(FETCHED_TOGETHER) {
            for (times, slice) in times.iter_mut().zip(slices) {
                *times = (self.ts[slice.index()], self.dur[slice.index()]);
            }
            for (&slice, &(ts, dur)) in slices.iter().zip(&times) {
                if !push(self.piece_at(slice, ts, dur)) {
                    return;
                }
            }
        }
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
        let mut rows = Self {
            order: by_depth,
            rows: Vec::new(),
            chunks: Vec::new(),
            levels: Vec::new(),
            runs: Vec::new(),
            labels: Vec::new(),
        };
        let order = if rows.order.is_empty() { slices } else { &rows.order };
        let mut ranges = Vec::new();
        let mut start = 0;
        for row in order.chunk_by(|a, b| depths[a.index()] == depths[b.index()]) {
            ranges.push((depths[row[0].index()], start..start + row.len()));
            start += row.len();
        }
        let sparse_row_len = sparse_len(ranges.iter().map(|(_, range)| range.len()).collect());
        for (depth, range) in ranges {
            let is_sparse = slices.len() <= limits.sparse_track_len || range.len() <= sparse_row_len;
            let slices_per_run = if is_sparse { 1 } else { limits.slices_per_run };
            rows.add_row(store, track, depth, range, Limits { slices_per_run, ..limits });
        }
        rows.label_runs(store);
        rows.chunks.shrink_to_fit();
        rows.levels.shrink_to_fit();
        rows.runs.shrink_to_fit();
        rows.labels.shrink_to_fit();
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
        let mut start = range.start as u32;
        while (start as usize) < range.end {
            let source = self.source(store, track);
            pieces.clear();
            let first_ts = source.piece(start).ts;
            let most = start..range.end.min(start as usize + limits.chunk_len) as u32;
            source.pieces_while(most, |piece| {
                let is_near = piece.ts.abs_diff(first_ts) <= LONGEST_CHUNK_NANOS;
                if is_near {
                    pieces.push(piece);
                }
                is_near
            });
            let positions = start..start + pieces.len() as u32;
            let mut max_end = Nanos::MIN;
            for piece in &pieces {
                ends_in_order &= piece.end >= previous_end;
                previous_end = piece.end;
                max_end = max_end.max(piece.end);
            }
            let first_level = self.levels.len() as u32;
            start = positions.end;
            self.add_levels(&mut pieces, positions.start, limits);
            self.chunks.push(Chunk { positions, first_ts, max_end, levels: first_level..self.levels.len() as u32 });
        }
        self.rows.push(Row { depth, chunks: first_chunk..self.chunks.len() as u32, ends_in_order });
    }

    /// Adds the levels of a chunk whose slices are `pieces`, the first of them at `first_position`.
    fn add_levels(&mut self, pieces: &mut Vec<Piece>, first_position: u32, limits: Limits) {
        // How many neighbours share a run from each width on.
        let mut num_joined = [0; LAST_WIDTH_LOG2 as usize + 1];
        for pair in pieces.windows(2) {
            let [a, b] = pair else { continue };
            let same_bucket_from = bit_len((a.ts ^ b.ts) as u64);
            let from = same_bucket_from.max(a.short_from_width_log2()).max(b.short_from_width_log2());
            if let Some(num) = num_joined.get_mut(from as usize) {
                *num += 1;
            }
        }
        let first_ts = pieces.first().map_or(0, |piece| piece.ts);
        let mut num_runs = pieces.len();
        let mut most_runs = pieces.len() / limits.slices_per_run;
        for (width_log2, num_joined) in (0..).zip(num_joined) {
            num_runs -= num_joined;
            if num_runs > most_runs || width_log2 < FIRST_WIDTH_LOG2 {
                continue;
            }
            let mut merged: Vec<Piece> = Vec::with_capacity(num_runs);
            let mut merger = Merger::new(width_log2, |piece: &Piece| merged.push(*piece));
            pieces.iter().for_each(|&piece| merger.push(piece));
            merger.finish();
            *pieces = merged;
            most_runs = num_runs / 2;
            self.add_level(width_log2, pieces, first_ts, first_position);
        }
    }

    fn add_level(&mut self, width_log2: u32, pieces: &[Piece], first_ts: Nanos, mut position: u32) {
        let first_run = self.runs.len() as u32;
        let short = |nanos: Nanos, is_open: bool| if is_open { LONG } else { u32::try_from(nanos).unwrap_or(LONG) };
        for piece in pieces {
            self.runs.push(Run {
                start: piece.ts.abs_diff(first_ts) as u32,
                first: position,
                longest: piece.longest,
                label: 0,
                span: short(piece.end.saturating_sub(piece.ts), piece.is_open),
                longest_dur: short(piece.longest_dur, piece.is_open),
            });
            position += piece.count;
        }
        self.levels.push(Level { width_log2, runs: first_run..self.runs.len() as u32 });
    }

    fn label_runs(&mut self, store: &Store) {
        let mut numbers: HashMap<Label, u32> = HashMap::new();
        for run in &mut self.runs {
            let label = Label::of(store, run.longest);
            run.label = *numbers.entry(label).or_insert_with(|| {
                self.labels.push(label);
                self.labels.len() as u32 - 1
            });
        }
    }

    /// Number of depths.
    pub(super) fn num_depths(&self) -> u32 {
        self.rows.last().map_or(0, |row| row.depth + 1)
    }

    /// About how many blocks a view has at most.
    pub(super) fn most_blocks(&self, buckets: &Buckets) -> usize {
        let num_buckets = (buckets.last.abs_diff(buckets.start) >> buckets.width_log2) as usize + 1;
        let len_of = |row: &Row| -> usize {
            let chunks = &self.chunks[row.chunks.start as usize..row.chunks.end as usize];
            let shown = chunks.iter().filter(|chunk| chunk.first_ts <= buckets.last && chunk.max_end >= buckets.start);
            shown.map(|chunk| chunk.positions.len()).sum()
        };
        self.rows.iter().map(|row| len_of(row).min(num_buckets)).sum()
    }

    /// Bytes that this takes.
    pub(super) fn num_bytes(&self) -> usize {
        size_of_val(&self.order[..])
            + size_of_val(&self.rows[..])
            + size_of_val(&self.chunks[..])
            + size_of_val(&self.levels[..])
            + size_of_val(&self.runs[..])
            + size_of_val(&self.labels[..])
    }

    /// Gives every block of the window to `emit`, with its depth and label, in order of depth and time.
    pub(super) fn fold(
        &self,
        store: &Store,
        track: TrackId,
        buckets: &Buckets,
        mut emit: impl FnMut(u32, &Piece, Label),
    ) {
        let source = self.source(store, track);
        for row in &self.rows {
            let mut merger = Merger::new(buckets.width_log2, |piece: &Piece| {
                let known = self.labels.get(piece.label as usize).copied();
                let label = known.unwrap_or_else(|| Label::of(store, piece.longest));
                emit(row.depth, piece, label);
            });
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
            let first = if chunk.first_ts >= buckets.start {
                chunk.positions.start
            } else {
                self.first_position(chunk, source, buckets.start)
            };
            source.pieces_while(first..chunk.positions.end, |piece| {
                let is_seen = piece.ts <= buckets.last;
                if is_seen {
                    push(piece);
                }
                is_seen
            });
            return;
        };
        let runs = &self.runs[level.runs.start as usize..level.runs.end as usize];
        // Buckets of a level lie within those of the window, so no run reaches over an edge.
        let start_of = |run: &Run| chunk.first_ts.saturating_add(Nanos::from(run.start));
        let begins_before = chunk.first_ts < buckets.start;
        let first = if begins_before { runs.partition_point(|run| start_of(run) < buckets.start) } else { 0 };
        let firsts = runs.iter().skip(1).map(|run| run.first).chain([chunk.positions.end]);
        for (run, next_first) in runs.iter().zip(firsts).skip(first) {
            let ts = start_of(run);
            if ts > buckets.last {
                break;
            }
            push(match (next_first - run.first, run.span) {
                (1, LONG) => Piece { label: run.label, ..source.piece_of(run.longest) },
                (count, span) => Piece {
                    ts,
                    end: ts.saturating_add(Nanos::from(span)),
                    count,
                    longest: run.longest,
                    longest_dur: Nanos::from(run.longest_dur),
                    is_open: false,
                    label: run.label,
                },
            });
        }
    }
}
