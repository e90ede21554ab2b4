//! The library: which traces there are, and how one is opened.
//!
//! Files, cache files and their settings are the business of whoever starts the server. Opening may take minutes, so it
//! gets a [`Progress`] that the server shows and cancels.

use std::sync::Arc;

use kinetoscope_ingest::Progress;
use kinetoscope_model::Trace;

/// A trace that could be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Short name for people; unique in the library.
    pub name: String,
    /// What is opened as one trace: files, folders, patterns.
    pub paths: Vec<String>,
    /// Size of its files in bytes; 0 where that is not known.
    pub bytes: u64,
}

/// Why a trace was not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OpenFailure {
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// True when somebody wanted it so.
    pub is_cancelled: bool,
}

/// Traces to serve.
pub trait Library: Send + Sync + 'static {
    /// The traces that there are now, in the order in which they are shown.
    fn list(&self) -> Vec<Listing>;

    /// Opens a trace, hands it to `ready`, and does what remains to be done, such as writing a cache file, after that.
    fn open(
        &self,
        listing: &Listing,
        progress: &Arc<Progress>,
        ready: &mut dyn FnMut(Arc<Trace>),
    ) -> Result<(), OpenFailure>;
}
