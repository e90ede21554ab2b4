//! Keeps a sealed trace ready to ask: indexes, level of detail and the cache file.
//!
//! Two halves that know nothing of each other. [`Store`] is pure: it wraps a trace and works out, on first use, the
//! lookups that analyses, SQL and the page share. [`cache`] is the only module here that touches files: it writes a
//! trace so that the next opening maps the file into memory and uses the columns where they lie.

pub mod cache;
pub mod grouping;
mod slice_rows;
pub mod store;
pub mod timeline;

pub use store::Store;
