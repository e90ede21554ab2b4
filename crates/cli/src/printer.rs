//! The printer: the one place that text for people leaves by.
//!
//! Results go to standard output and everything else to standard error, so that a pipe carries data only. Standard
//! error is told and not asked: when it is gone, there is nobody to say that to.

use std::error::Error;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Style};
use kinetoscope_analysis::text_table::printable;
use kinetoscope_analysis::unit::format_bytes;

/// How much is said beside the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors only.
    Quiet,
    /// What the user has to know.
    Normal,
    /// What is done and how long it takes, too.
    Verbose,
}

/// Writes messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    pub(crate) verbosity: Verbosity,
    pub(crate) has_color: bool,
}

impl Printer {
    /// Why there is no result, and what to do about it. The message may have further lines that explain the first.
    pub(crate) fn error(self, message: impl Display, hint: Option<&str>) {
        self.labelled("error", AnsiColor::Red, &message);
        if let Some(hint) = hint {
            let _ = writeln!(io::stderr());
            self.labelled("hint", AnsiColor::Cyan, &hint);
        }
    }

    /// What makes the result less than it should be.
    pub(crate) fn warning(self, message: impl Display) {
        if self.verbosity > Verbosity::Quiet {
            self.labelled("warning", AnsiColor::Yellow, &message);
        }
    }

    /// What was done that the user might not expect.
    pub(crate) fn note(self, message: impl Display) {
        if self.verbosity > Verbosity::Quiet {
            self.labelled("note", AnsiColor::Cyan, &message);
        }
    }

    /// What was done, for those who want to know.
    pub(crate) fn detail(self, message: impl Display) {
        if self.verbosity == Verbosity::Verbose {
            let _ = writeln!(io::stderr(), "{}", safe(&message));
        }
    }

    fn labelled(self, label: &str, color: AnsiColor, message: &dyn Display) {
        let style = if self.has_color { color.on_default().bold() } else { Style::new() };
        let _ = writeln!(io::stderr(), "{style}{label}:{style:#} {}", safe(message));
    }
}

/// The message without what could steer the terminal: it may quote a path or a piece of a trace.
fn safe(message: &dyn Display) -> String {
    let text = message.to_string();
    let lines: Vec<_> = text.split('\n').map(printable).collect();
    lines.join("\n")
}

/// A result that could not be written.
#[derive(Debug)]
pub(crate) struct OutputError {
    /// `None` for standard output.
    pub(crate) path: Option<PathBuf>,
    pub(crate) source: io::Error,
}

impl Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "cannot write `{}`: {}", path.display(), self.source),
            None => write!(f, "cannot write the result: {}", self.source),
        }
    }
}

impl Error for OutputError {}

/// Writes a whole result to standard output.
pub(crate) fn print_result(text: &str) -> Result<(), OutputError> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|source| OutputError { path: None, source })
}

/// A size of files as people read it.
pub(crate) fn bytes_text(num_bytes: u64) -> String {
    format_bytes(i64::try_from(num_bytes).unwrap_or(i64::MAX))
}
