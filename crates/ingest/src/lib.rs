//! Turns bytes of any supported format into a sealed trace, with progress, warnings and cancellation.

pub mod bytes;
pub mod error;
pub mod progress;

pub use error::IngestError;
pub use progress::{Progress, ProgressSnapshot};
