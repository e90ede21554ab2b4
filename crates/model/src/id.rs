//! Typed row ids: a [`SliceId`] cannot be used where a [`TrackId`] is meant.
//!
//! Every id is the dense row number of its table, so looking a row up is an index, never a search. The all-ones value
//! stands for "none" inside columns and is never a valid id.

use std::fmt;

/// The stored value that means "no row".
pub const NONE: u32 = u32::MAX;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The id of row `index`.
            ///
            /// # Panics
            /// When `index` does not fit, which takes more than four billion rows.
            #[inline]
            pub fn from_index(index: usize) -> Self {
                match u32::try_from(index) {
                    Ok(value) if value != NONE => Self(value),
                    _ => panic!("more than 2^32 - 1 rows in one table"),
                }
            }

            /// The row number.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

ids! {
    /// An input file (or archive member, or standard input).
    SourceId,
    /// A process; Perfetto's `upid`.
    ProcessId,
    /// A thread, or a GPU stream's row; Perfetto's `utid`.
    ThreadId,
    /// A row of the timeline that holds slices or counter values.
    TrackId,
    /// A span of time on a track.
    SliceId,
    /// A set of arguments.
    ArgSetId,
    /// A GPU (or other accelerator) of one source.
    DeviceId,
    /// A stream (hardware queue) of a device.
    StreamId,
    /// A distributed rank.
    RankId,
    /// A string in the trace's string pool.
    StringId,
    /// An object file of sampled stacks.
    MappingId,
    /// A frame of sampled stacks.
    FrameId,
    /// A place in the call trees of sampled stacks.
    CallsiteId,
}
