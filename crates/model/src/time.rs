//! Trace time: integer nanoseconds, and how they relate to the clocks outside.
//!
//! Model time is an `i64` of nanoseconds since the trace start (the start of the earliest event). It stays below
//! 2^53 for 104 days of trace, so the page can hold every time exactly in a double. The absolute start is kept once,
//! in [`crate::TraceClock`].

/// Nanoseconds since the trace start, or a duration in nanoseconds.
pub type Nanos = i64;

/// The duration of a slice that was opened and never closed.
///
/// Perfetto writes the same value, and queries filter on it.
pub const DUR_OPEN: Nanos = -1;

/// The end of a slice: an unclosed one ends where it starts as far as sums are concerned.
#[inline]
pub fn end_of(ts: Nanos, dur: Nanos) -> Nanos {
    ts.saturating_add(dur.max(0))
}

/// A half-open stretch of trace time, `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Interval {
    /// First nanosecond inside.
    pub start: Nanos,
    /// First nanosecond after.
    pub end: Nanos,
}

impl Interval {
    /// An interval from its start and length.
    #[inline]
    pub fn from_start_and_dur(start: Nanos, dur: Nanos) -> Self {
        Self { start, end: end_of(start, dur) }
    }

    /// Length in nanoseconds.
    #[inline]
    pub fn dur(self) -> Nanos {
        self.end - self.start
    }
}
