//! Blocks and samples: what a fold gives, in columns.
//!
//! A viewport has a hundred thousand of them, which go to the page as they are, column after column. So they are never
//! objects, and a view of many tracks is one set of columns.

use kinetoscope_model::StringId;
use kinetoscope_model::time::Nanos;

use super::rows::Piece;

/// The block is one slice that never ended; it reaches to the end of the trace.
pub const FLAG_NEVER_ENDED: u8 = 1;

/// Nothing in the block has a length.
pub const FLAG_INSTANT: u8 = 2;

/// Blocks in columns of the same length, those of one track ordered by depth, then time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blocks {
    /// Start of the first slice in the block.
    pub ts: Vec<Nanos>,
    /// From there to the latest end in the block.
    pub dur: Vec<Nanos>,
    /// The longest slice of the block; of equally long ones the first.
    pub slice: Vec<u32>,
    /// Number of slices.
    pub count: Vec<u32>,
    /// Name of the longest one: its number in the string pool.
    pub name: Vec<u32>,
    /// The number that the name's colour goes by.
    pub name_hash: Vec<u32>,
    /// Depth; slices deeper than it can say have the greatest depth that it can.
    pub depth: Vec<u16>,
    /// Class of the longest one.
    pub class: Vec<u8>,
    /// [`FLAG_NEVER_ENDED`], [`FLAG_INSTANT`].
    pub flags: Vec<u8>,
}

impl Blocks {
    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.ts.len()
    }

    /// True when there is no block.
    pub fn is_empty(&self) -> bool {
        self.ts.is_empty()
    }

    /// Gets memory for more blocks.
    pub(super) fn reserve(&mut self, num_blocks: usize) {
        self.ts.reserve(num_blocks);
        self.dur.reserve(num_blocks);
        self.slice.reserve(num_blocks);
        self.count.reserve(num_blocks);
        self.name.reserve(num_blocks);
        self.name_hash.reserve(num_blocks);
        self.depth.reserve(num_blocks);
        self.class.reserve(num_blocks);
        self.flags.reserve(num_blocks);
    }

    #[inline]
    pub(super) fn push(&mut self, depth: u32, piece: &Piece, name: StringId, name_hash: u32, class: u8) {
        self.ts.push(piece.ts);
        self.dur.push(piece.end.saturating_sub(piece.ts));
        self.slice.push(piece.longest.0);
        self.count.push(piece.count);
        self.name.push(name.0);
        self.name_hash.push(name_hash);
        self.depth.push(u16::try_from(depth).unwrap_or(u16::MAX));
        self.class.push(class);
        self.flags.push(match (piece.is_open, piece.longest_dur) {
            (true, _) => FLAG_NEVER_ENDED,
            (false, 0) => FLAG_INSTANT,
            (false, _) => 0,
        });
    }
}

/// Values of counters in columns of the same length, those of one track ordered by time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// Time of the first value.
    pub ts: Vec<Nanos>,
    /// The least value.
    pub min: Vec<f64>,
    /// The greatest value.
    pub max: Vec<f64>,
    /// The last value.
    pub last: Vec<f64>,
}

impl Samples {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.ts.len()
    }

    /// True when there is no sample.
    pub fn is_empty(&self) -> bool {
        self.ts.is_empty()
    }

    pub(super) fn push(&mut self, sample: Sample) {
        self.ts.push(sample.ts);
        self.min.push(sample.min);
        self.max.push(sample.max);
        self.last.push(sample.last);
    }
}

/// Some values of a counter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    pub(super) ts: Nanos,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) last: f64,
}

impl Sample {
    pub(super) fn add(&mut self, later: Self) {
        // Least and greatest of a number and one that is none is the number.
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.last = later.last;
    }
}
