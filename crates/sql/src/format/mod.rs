//! Result formats: rows as text, Arrow or Parquet, written as they come.
//!
//! Only the table for people holds rows back, as many as it takes to choose column widths; everything else can pass
//! results larger than memory on to a pipe. Nothing is cut, but for texts in a table that shall fit a terminal.

mod arrow;
mod cell;
mod csv;
mod json;
mod markdown;
mod parquet;
mod text_table;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::session::ResultEvent;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Aligned columns for people.
    #[default]
    Table,
    /// What Perfetto's shell prints.
    Csv,
    /// One array of objects per result.
    Json,
    /// One object per row and line.
    Ndjson,
    /// A Markdown table.
    Markdown,
    /// One Arrow IPC stream per result.
    Arrow,
    /// A Parquet file, of one result.
    Parquet,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] =
        &[Self::Table, Self::Csv, Self::Json, Self::Ndjson, Self::Markdown, Self::Arrow, Self::Parquet];

    /// The word that the command line and the API use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Markdown => "markdown",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
        }
    }

    /// Whether it is for programs alone, so that a terminal can show nothing of it.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Arrow | Self::Parquet)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no result format")]
pub struct UnknownFormat {
    /// The word.
    pub word: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        let format = Self::ALL.iter().copied().find(|format| format.word() == word);
        format.ok_or_else(|| UnknownFormat { word: word.to_owned() })
    }
}

/// Writes the results of a script.
pub struct ResultWriter<'a> {
    out: &'a mut dyn Write,
    set: Box<dyn SetWriter>,
}

impl fmt::Debug for ResultWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultWriter").finish_non_exhaustive()
    }
}

/// Writes result sets in one format.
trait SetWriter {
    /// A set begins.
    fn begin(&mut self, out: &mut dyn Write, schema: &SchemaRef) -> io::Result<()>;
    /// Some of its rows.
    fn batch(&mut self, out: &mut dyn Write, batch: &RecordBatch) -> io::Result<()>;
    /// It ends.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;
    /// Be no wider than this, if the format is for people.
    fn fit_to(&mut self, _width: usize) {}
    /// True once something was cut to that end.
    fn has_cut(&self) -> bool {
        false
    }
}

impl<'a> ResultWriter<'a> {
    /// A writer of `format` into `out`.
    pub fn new(format: Format, out: &'a mut dyn Write) -> Self {
        let set: Box<dyn SetWriter> = match format {
            Format::Table => Box::new(text_table::TextTable::default()),
            Format::Csv => Box::new(csv::Csv::default()),
            Format::Json => Box::new(json::Json::array()),
            Format::Ndjson => Box::new(json::Json::lines()),
            Format::Markdown => Box::new(markdown::Markdown::default()),
            Format::Arrow => Box::new(arrow::ArrowStream::default()),
            Format::Parquet => Box::new(parquet::ParquetFile::default()),
        };
        Self { out, set }
    }

    /// Makes a table for people no wider than a terminal: long texts are cut in the middle, where `…` shows it. Numbers
    /// stay whole, and so does every other format.
    #[must_use]
    pub fn fit_to(mut self, width: usize) -> Self {
        self.set.fit_to(width);
        self
    }

    /// True when a text was cut, which whoever shows the table should say.
    pub fn has_cut(&self) -> bool {
        self.set.has_cut()
    }

    /// Writes what a running script tells; notes are no part of a result.
    pub fn write(&mut self, event: ResultEvent) -> io::Result<()> {
        match event {
            ResultEvent::Note(_) => Ok(()),
            ResultEvent::Begin(schema) => self.set.begin(self.out, &schema),
            ResultEvent::Batch(batch) => self.set.batch(self.out, &batch),
            ResultEvent::End => self.set.end(self.out),
        }
    }

    /// Hands on what the output still buffers.
    pub fn finish(self) -> io::Result<()> {
        self.out.flush()
    }
}
