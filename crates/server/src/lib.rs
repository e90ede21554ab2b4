//! Serves the page and the API on loopback, with a token and cancellation.
//!
//! The server trusts nobody: whoever can reach the port is not yet allowed to see a trace, and a page of another site
//! that runs in the same browser is not either (`access`). It knows no files; a [`Library`] tells which traces there
//! are and opens them, so that the same server shows one trace or a folder that other processes write into. Answers are
//! worked out by `analysis`, `store` and `sql`; what is here is who may ask, how long it may take, and how the answer
//! travels.
//!
//! Whatever a request costs ends with it: a client that goes away stops its query and its search. An opening is nobody's
//! own, since every page waits for the same one: it goes on until somebody cancels it or nobody asks about it any more.

mod access;
mod answer;
mod api;
mod collection;
mod export;
mod library;
mod page;
mod server;
mod work;

pub use access::Token;
pub use export::{ExportError, MAX_BYTES, MAX_SLICES, export_html};
pub use library::{Library, Listing, OpenFailure};
pub use page::fingerprint;
pub use server::{Limits, Mode, Server, ServerError, ServerOptions, StopHandle};
