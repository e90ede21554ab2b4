//! Warnings: everything that reading lost, mended or guessed, with places in the input.
//!
//! The summary shows one example of each kind; whoever wants to know what is wrong with a file needs all that were kept,
//! and where they stand. What was lost comes first.

use kinetoscope_model::{Severity, SourceId, Trace};
use serde::Serialize;

/// Severities in the order in which they matter to a reader.
const BY_IMPORTANCE: [Severity; 4] = [Severity::DataLoss, Severity::Error, Severity::Notice, Severity::Info];

/// One kind of warning with its examples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WarningsOfKind<'a> {
    /// Name, as in the `stats` table.
    pub name: &'a str,
    /// Word of its severity.
    pub severity: &'a str,
    /// How many there were.
    pub count: i64,
    /// What it means.
    pub description: &'a str,
    /// Those that were kept.
    pub examples: Vec<WarningExample<'a>>,
}

/// One warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WarningExample<'a> {
    /// Input; empty where it is about none.
    pub path: &'a str,
    /// Place in the unpacked input, in bytes from its start.
    pub byte_offset: Option<i64>,
    /// What it is about.
    pub detail: &'a str,
}

/// All warnings of a trace by kind, losses first.
pub fn warnings(trace: &Trace) -> Vec<WarningsOfKind<'_>> {
    let path_of = |source: SourceId| match source.index() {
        index if index < trace.sources.len() => trace.text(trace.sources.path.get(index)),
        _ => "",
    };
    let rows = trace.stats.rows().map(|kind| WarningsOfKind {
        name: trace.text(kind.name),
        severity: trace.text(kind.severity),
        count: kind.value,
        description: trace.text(kind.description),
        examples: trace
            .import_log
            .rows()
            .filter(|example| example.name == kind.name)
            .map(|example| WarningExample {
                path: path_of(example.source_id),
                byte_offset: example.byte_offset,
                detail: trace.text(example.detail),
            })
            .collect(),
    });
    let mut kinds: Vec<WarningsOfKind<'_>> = rows.collect();
    kinds.sort_by_key(|kind| BY_IMPORTANCE.iter().position(|severity| severity.word() == kind.severity));
    kinds
}
