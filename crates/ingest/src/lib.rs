//! Turns bytes of any supported format into a sealed trace, with progress, warnings and cancellation.
//!
//! [`bytes`] finds inputs and unpacks them, the format modules turn unpacked bytes into event blocks, and [`mod@read`] puts
//! the two together. A format is known by its content, never by its name, and nothing in an input is trusted: what is
//! wrong with it becomes a counted warning, and only an input without any readable event is an error.

pub mod bytes;
mod chrome;
pub mod error;
mod lane_tracks;
pub mod nsys;
mod one_clock;
pub mod progress;
pub mod read;

pub use error::IngestError;
pub use progress::{Progress, ProgressSnapshot};
pub use read::{ReadOptions, Tuning, read, read_bytes, read_path};

/// What a reading makes of the same bytes: goes up whenever a change of the readers makes it another trace, so that
/// traces cached before are read anew.
pub const READER_REVISION: u32 = 4;
