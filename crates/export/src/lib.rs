//! Writes a sealed trace in the formats of other tools.
//!
//! A trace is asked for nothing but its tables, so whatever it was read from can be written as whatever is asked for.
//! Three constraints shaped the crate:
//!
//! - **Exact.** Times are written from integers, and what our own readers make of an export is held against the trace
//!   that it was made from, row by row.
//! - **Nothing is left out in silence.** A format that has no place for something gets counted what it lacks
//!   ([`Omission`]), for the caller to tell.
//! - **One pass.** Rows are written as they are read from the columns; beside them lie lists of row numbers at most.

mod omission;
mod privacy;
mod progress;

pub mod chrome;
pub mod folded;
pub mod sqlite;

pub use omission::Omission;
pub use privacy::PrivateNames;
pub use progress::Progress;

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum ExportError {
    #[error("the export was stopped")]
    Cancelled,
    #[error(transparent)]
    Output(#[from] std::io::Error),
    #[error("the database cannot be written: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("{found} inputs are more than the {limit} whose processes an nsys database can tell apart")]
    TooManySources { found: usize, limit: usize },
    #[error("process {pid} has more threads than an nsys database can number")]
    TooManyThreads { pid: i64 },
}

/// What an export shall hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Whether names of users and hosts, environments and command lines are written.
    pub private_names: PrivateNames,
}
