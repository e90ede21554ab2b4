//! The timeline: what a viewport shows of each track, in as many blocks as it has pixels and no more.
//!
//! A page that pans over ten million slices has a few milliseconds for a view, so the cost of a view must follow its
//! pixels and not its slices. A view is *folded*: a slice at least one pixel wide stays by itself, shorter ones that
//! share a bucket of time become one block. Buckets are a power of two nanoseconds wide, the widest that is no wider
//! than a pixel, and lie at multiples of their width, so that panning changes no block and zooming changes all at once.
//!
//! ```text
//! slices   AAAAAAAAAAAA bb c   d e         FFFFFFFFFF g
//! buckets  |       |       |       |       |       |
//! blocks   AAAAAAAAAAAA 222   22222        FFFFFFFFFF g
//! ```
//!
//! Every track gets its folding prepared on its first view; opening a trace costs nothing.
//!
//! | | memory |
//! | --- | --- |
//! | slices by depth | 4 bytes per slice; none for tracks of one depth |
//! | prepared levels | at most 6 bytes per slice, 3 to 4 as a rule; for one slice in 16 up to 48 |
//! | counters | 4 bytes per value, and at most 4 for levels |
//! | hashes of names | 4 bytes per string |

mod block;
mod counters;
mod rows;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kinetoscope_model::time::Nanos;
use kinetoscope_model::{SliceId, StringId, TrackId};

pub use self::block::{Blocks, FLAG_INSTANT, FLAG_NEVER_ENDED, Samples};
use self::counters::CounterLevels;
use self::rows::{Limits, TrackRows, sparse_len};
use crate::Store;

/// How long a view is folded before other threads are started for the rest. Most views are done by then, in less time
/// than a busy machine takes to give a new thread its first turn.
const ALONE: Duration = Duration::from_micros(500);

/// What has been prepared of the tracks so far.
#[derive(Debug)]
pub(crate) struct Prepared {
    rows: Vec<OnceLock<TrackRows>>,
    counters: Vec<OnceLock<CounterLevels>>,
    name_hashes: OnceLock<Vec<u32>>,
    limits: OnceLock<Limits>,
}

impl Prepared {
    pub(crate) fn new(num_tracks: usize) -> Self {
        let rows = std::iter::repeat_with(OnceLock::new).take(num_tracks).collect();
        let counters = std::iter::repeat_with(OnceLock::new).take(num_tracks).collect();
        Self { rows, counters, name_hashes: OnceLock::new(), limits: OnceLock::new() }
    }
}

/// The tracks of a store, ready to be folded.
#[derive(Debug, Clone, Copy)]
pub struct Timeline<'a> {
    store: &'a Store,
    prepared: &'a Prepared,
}

/// What a slice is called and counted to: many slices share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    /// Its name.
    pub name: StringId,
    /// Its category.
    pub category: Option<StringId>,
}

impl Label {
    /// The label of a slice.
    #[inline]
    pub fn of(store: &Store, slice: SliceId) -> Self {
        let slices = &store.trace().slices;
        Self { name: slices.name.get(slice.index()), category: slices.category.get(slice.index()) }
    }
}

/// A viewport's buckets: the asked window, widened to whole ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// Start of the first bucket.
    pub start: Nanos,
    /// Last nanosecond of the last bucket.
    pub last: Nanos,
    /// The power of two that is a bucket's width in nanoseconds.
    pub width_log2: u32,
}

impl Buckets {
    /// The buckets of a window shown on `px` pixels; `None` when there is nothing to show.
    ///
    /// ```
    /// use kinetoscope_store::timeline::Buckets;
    /// // 10,000 ns on 1,000 pixels: 10 ns a pixel, 8 ns a bucket.
    /// let buckets = Buckets::new(1_003..11_003, 1_000).expect("it is no empty window");
    /// assert_eq!((buckets.start, buckets.last, buckets.width_log2), (1_000, 11_007, 3));
    /// assert_eq!(Buckets::new(5..5, 1_000), None);
    /// ```
    pub fn new(window: Range<Nanos>, px: u32) -> Option<Self> {
        if window.is_empty() || px == 0 {
            return None;
        }
        let nanos_per_px = (window.end.saturating_sub(window.start) / Nanos::from(px)).max(1);
        let width_log2 = nanos_per_px.ilog2();
        let below_width = (1 << width_log2) - 1;
        Some(Self { start: window.start & !below_width, last: (window.end - 1) | below_width, width_log2 })
    }

    /// True for something from `ts` to `end` that is seen in the buckets, moments at their edges included.
    #[inline]
    pub fn shows(&self, ts: Nanos, end: Nanos) -> bool {
        ts <= self.last && (ts >= self.start || end > self.start)
    }
}

impl<'a> Timeline<'a> {
    pub(crate) fn new(store: &'a Store, prepared: &'a Prepared) -> Self {
        Self { store, prepared }
    }

    /// Prepares these tracks, on all processors, so that the first view of them does not do so one by one.
    pub fn prepare(&self, tracks: &[TrackId]) {
        let mut unprepared: Vec<TrackId> = tracks.iter().copied().filter(|&track| !self.is_prepared(track)).collect();
        // The largest first, or the last one to be taken is waited for alone.
        unprepared.sort_by_key(|&track| std::cmp::Reverse(self.store.slices_of_track(track).len()));
        let num_threads = std::thread::available_parallelism().map_or(1, usize::from).min(unprepared.len());
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(&track) = unprepared.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.rows(track);
                self.counter_levels(track);
            }
        };
        std::thread::scope(|scope| {
            (1..num_threads).for_each(|_| {
                scope.spawn(work);
            });
            work();
        });
    }

    fn is_prepared(&self, track: TrackId) -> bool {
        let rows = self.prepared.rows.get(track.index()).is_none_or(|rows| rows.get().is_some());
        rows && self.prepared.counters.get(track.index()).is_none_or(|levels| levels.get().is_some())
    }

    fn rows(&self, track: TrackId) -> Option<&'a TrackRows> {
        let rows = self.prepared.rows.get(track.index())?;
        Some(rows.get_or_init(|| TrackRows::new(self.store, track, self.limits())))
    }

    fn limits(&self) -> Limits {
        *self.prepared.limits.get_or_init(|| {
            let tracks = (0..self.store.trace().tracks.len()).map(TrackId::from_index);
            let lens = tracks.map(|track| self.store.slices_of_track(track).len()).collect();
            Limits { sparse_track_len: sparse_len(lens), ..Limits::default() }
        })
    }

    fn counter_levels(&self, track: TrackId) -> Option<&'a CounterLevels> {
        let levels = self.prepared.counters.get(track.index())?;
        Some(levels.get_or_init(|| CounterLevels::new(self.store, track)))
    }

    /// Number of depths of a track: how many rows its slices take.
    pub fn num_rows(&self, track: TrackId) -> u32 {
        self.rows(track).map_or(0, TrackRows::num_depths)
    }

    /// The blocks of a track's slices in a window that is `px` pixels wide; `class_of` says the class of a slice.
    ///
    /// The window is widened to whole buckets ([`Buckets`]), by less than a pixel on either side. Every slice seen in it
    /// is in exactly one block. A slice that began before it and reaches into it is told apart from the rest of its
    /// bucket.
    pub fn fold(
        &self,
        track: TrackId,
        window: Range<Nanos>,
        px: u32,
        class_of: &dyn Fn(SliceId, Label) -> u8,
    ) -> Blocks {
        let mut blocks = Blocks::default();
        self.fold_into(&mut blocks, track, window, px, class_of);
        blocks
    }

    /// As [`Self::fold`], behind the blocks that are there already: a viewport of many tracks is one list of columns.
    pub fn fold_into(
        &self,
        blocks: &mut Blocks,
        track: TrackId,
        window: Range<Nanos>,
        px: u32,
        class_of: &dyn Fn(SliceId, Label) -> u8,
    ) {
        let (Some(rows), Some(buckets)) = (self.rows(track), Buckets::new(window, px)) else { return };
        let hashes = self.name_hashes();
        blocks.reserve(rows.most_blocks(&buckets));
        rows.fold(self.store, track, &buckets, |depth, piece, label| {
            let name_hash = hashes.get(label.name.index()).copied().unwrap_or_default();
            blocks.push(depth, piece, label.name, name_hash, class_of(piece.longest, label));
        });
    }

    /// As [`Self::fold`] for many tracks, on all processors where it takes long enough: the blocks of one after the other.
    /// They do not depend on the number of processors.
    pub fn fold_all(
        &self,
        tracks: &[TrackId],
        window: Range<Nanos>,
        px: u32,
        class_of: &(dyn Fn(SliceId, Label) -> u8 + Sync),
    ) -> Vec<Blocks> {
        let next = AtomicUsize::new(0);
        let folded: Vec<OnceLock<Blocks>> = tracks.iter().map(|_| OnceLock::new()).collect();
        let fold_next = || {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let todo = tracks.get(index).zip(folded.get(index));
            if let Some((&track, folded)) = todo {
                folded.get_or_init(|| self.fold(track, window.clone(), px, class_of));
            }
            todo.is_some()
        };
        let start = Instant::now();
        while start.elapsed() < ALONE && fold_next() {}
        let num_left = tracks.len().saturating_sub(next.load(Ordering::Relaxed));
        if num_left > 0 {
            let num_processors = std::thread::available_parallelism().map_or(1, usize::from);
            std::thread::scope(|scope| {
                (1..num_processors.min(num_left)).for_each(|_| {
                    scope.spawn(|| while fold_next() {});
                });
                while fold_next() {}
            });
        }
        folded.into_iter().map(|blocks| blocks.into_inner().unwrap_or_default()).collect()
    }

    /// The slices of a track that are seen in a window, ordered by depth, then time: those that begin in it, and those
    /// that began before and end after its start. One that never ended ends with the trace.
    pub fn slices_in(&self, track: TrackId, window: Range<Nanos>) -> Vec<SliceId> {
        let mut found = Vec::new();
        if let (Some(rows), false) = (self.rows(track), window.is_empty()) {
            rows.slices_in(self.store, track, (window.start, window.end - 1), |slice| found.push(slice));
        }
        found
    }

    /// The values of a counter in a window that is `px` pixels wide: least, greatest and last of each bucket that has
    /// any, and before them the value that still holds where the window begins.
    pub fn fold_counter(&self, track: TrackId, window: Range<Nanos>, px: u32) -> Samples {
        let mut samples = Samples::default();
        self.fold_counter_into(&mut samples, track, window, px);
        samples
    }

    /// As [`Self::fold_counter`], behind the samples that are there already.
    pub fn fold_counter_into(&self, samples: &mut Samples, track: TrackId, window: Range<Nanos>, px: u32) {
        if let (Some(levels), Some(buckets)) = (self.counter_levels(track), Buckets::new(window, px)) {
            levels.fold(self.store, track, &buckets, |sample| samples.push(sample));
        }
    }

    /// The number that a name's colour goes by: of names that differ only in the digits at their end it is the same.
    ///
    /// It is the 32-bit FNV-1a hash of the name without these digits.
    pub fn name_hash(name: &str) -> u32 {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        stem.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }

    fn name_hashes(&self) -> &'a [u32] {
        self.prepared.name_hashes.get_or_init(|| {
            let strings = self.store.trace().strings.as_array();
            strings.iter().map(|name| Self::name_hash(name.unwrap_or_default())).collect()
        })
    }

    /// Bytes that have been prepared for this track.
    pub fn prepared_bytes(&self, track: TrackId) -> usize {
        let rows = self.rows(track).map_or(0, TrackRows::num_bytes);
        rows + self.counter_levels(track).map_or(0, CounterLevels::num_bytes)
    }
}
