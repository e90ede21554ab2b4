//! Says what a trace is: typed ids, trace time, table schemas, the builder that fills them, the sealed trace.
//!
//! One set of tables serves every source format, so that every view, query and report works on every source.
//! Three decisions shaped the crate:
//!
//! - **Columns, not objects.** A [`table::SliceTable`] is a handful of flat buffers, so that ten million slices cost
//!   their bytes and nothing more, and a cache file can be mapped into memory and used as it lies.
//! - **Exact time.** Every time is an `i64` of nanoseconds since the trace start; see [`time`].
//! - **Sealed means sealed.** [`builder::TraceBuilder`] is the only way to make a [`Trace`], and nothing changes a
//!   trace afterwards.

pub mod args;
pub mod builder;
pub mod column;
pub mod id;
pub mod join;
pub mod nest;
pub mod strings;
pub mod table;
pub mod time;
pub mod trace;
pub mod warning;

pub use args::{ArgKind, ArgPage, ArgPageBuilder, ArgStore, ArgValue};
pub use builder::TraceBuilder;
pub use id::*;
pub use strings::{Interner, StringPool};
pub use trace::{Trace, TraceClock};
pub use warning::{Severity, WarningKind, Warnings};
