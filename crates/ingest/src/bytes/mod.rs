//! Turns a path or memory into streams of unpacked bytes.
//!
//! [`find_inputs`] resolves what stands on a command line, [`for_each_document`] opens one input, recognises by content
//! what it is packed in and what it is, and hands out every document in it. Three constraints shaped the module:
//!
//! - **Traces are larger than memory.** Everything streams; what is held is a few buffers, however many gigabytes pass
//!   through. A reader with a large buffer gets the bytes unpacked straight into it.
//! - **Traces are damaged.** A killed job leaves half a gzip file, and half a trace is what its owner needs most. Damage
//!   ends a document early and is reported as a [`Problem`]; only a failing disk and a cancelled reading are errors.
//! - **This is where files are opened**, so that everything behind it can be tested and fuzzed with bytes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use kinetoscope_model::id::SourceId;
use kinetoscope_model::warning::MAX_EXAMPLES;
use kinetoscope_model::{WarningKind, Warnings};

mod find;
mod gzip;
mod inflate;
mod sniff;
mod stream;
mod tarball;
mod walk;
mod zipfile;
mod zstandard;

pub use find::{FoundInput, find_inputs, natural_cmp};
pub(crate) use sniff::NSYS_HINT;
pub use sniff::may_be_trace;
pub use walk::{Document, StoredDocument, announce_sizes, for_each_document};

/// What is read.
#[derive(Debug, Clone)]
pub enum Input {
    /// A file, or something that opens like one.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// Bytes in memory.
    Memory {
        /// Takes the place of the path.
        name: String,
        /// The bytes, as a file would hold them.
        bytes: Arc<[u8]>,
    },
}

impl Input {
    /// Path or name, as messages show it.
    pub fn path(&self) -> String {
        match self {
            Self::File(path) => path.to_string_lossy().into_owned(),
            Self::Stdin => "-".to_owned(),
            Self::Memory { name, .. } => name.clone(),
        }
    }
}

/// How far unpacking goes.
///
/// Only amounts are limited, not ratios: a trace of one repeated kernel shrinks a thousandfold and is still a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that one input may unpack to, over all its members and all its layers.
    pub max_unpacked_bytes: u64,
    /// How many containers may be packed in each other.
    pub max_container_depth: u32,
    /// The most members that the archives of one input may have together.
    pub max_members: u64,
    /// Base-2 logarithm of the longest zstd window, which is memory that a file can ask for.
    pub max_zstd_window_log: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Beyond the largest traces people report (10 GB packed), short of a disk full of zeros.
            max_unpacked_bytes: 64 << 30,
            // A rank's `.json.gz` in a zip in a tar in a gzip, twice over.
            max_container_depth: 8,
            max_members: 100_000,
            // What `zstd --long=31` writes, its longest, on machines that can address it.
            max_zstd_window_log: if cfg!(target_pointer_width = "64") { 31 } else { 30 },
        }
    }
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContentFormat {
    /// Chrome JSON that begins with `{`: the form with `traceEvents`, or JSON that may still turn out to be no trace.
    JsonObject,
    /// Chrome JSON that begins with `[`.
    JsonArray,
    /// Chrome JSON events without a beginning: a bare list, or a trace whose front was cut off. The document may begin
    /// anywhere, also within an event.
    JsonEvents,
    /// An SQLite database: an export of Nsight Systems, or something that turns out to be none.
    Sqlite,
    /// A report of Nsight Systems.
    NsysReport,
}

impl ContentFormat {
    /// Name as people see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::JsonObject => "chrome json",
            Self::JsonArray => "chrome json array",
            Self::JsonEvents => "chrome json events",
            Self::Sqlite => "nsys sqlite",
            Self::NsysReport => "nsys report",
        }
    }
}

/// Something wrong with packed bytes, or left out of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it is, in the model's terms.
    pub kind: WarningKind,
    /// Where, counted in unpacked bytes from the start of the document or container it happened in.
    pub byte_offset: Option<u64>,
    /// What exactly.
    pub detail: String,
}

/// Problems, of which the first few of each kind are kept and all are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    examples: Vec<Problem>,
    counts: BTreeMap<WarningKind, u64>,
}

impl Problems {
    /// Takes in one more.
    pub fn push(&mut self, problem: Problem) {
        let count = self.counts.entry(problem.kind).or_default();
        *count += 1;
        if *count <= MAX_EXAMPLES as u64 {
            self.examples.push(problem);
        }
    }

    /// Those that were kept, in the order they occurred.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.examples.iter()
    }

    /// How many there were of one kind.
    pub fn count_of(&self, kind: WarningKind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or_default()
    }

    /// True when there was none.
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// Adds all of them to the warnings about `source`.
    pub fn add_to(&self, warnings: &mut Warnings, source: SourceId) {
        for problem in &self.examples {
            warnings.add(problem.kind, source, problem.byte_offset, || problem.detail.clone());
        }
        for (&kind, &count) in &self.counts {
            warnings.count(kind, count.saturating_sub(MAX_EXAMPLES as u64));
        }
    }
}

/// What came of an input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How many documents were visited.
    pub num_documents: u64,
    /// What is wrong with the input beyond what its documents reported: members that were skipped, damage between them.
    /// Each names its place.
    pub problems: Problems,
}
