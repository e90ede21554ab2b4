//! The house rules that no compiler checks: layers, documents, module headers, who may touch files.
//!
//! Every check is a function from the repository's files to findings, and an ordinary test runs them all, so that plain
//! `cargo test` finds a broken rule. Each has a test of its own that shows it failing: a rule whose check cannot fail
//! is not kept.

mod documents;
mod layers;
mod lock_file;
mod modules;
mod rust_source;
mod sources;
mod words;

use std::fmt;

use anyhow::{Result, bail};

use crate::api_reference;
use crate::repository::{self, RepoFile};

/// A broken rule at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: Option<usize>,
    message: String,
}

impl Finding {
    /// A finding about a file as a whole.
    fn in_file(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, message: message.into() }
    }

    /// A finding at line `index`, counted from 0.
    fn at_line(path: &str, index: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: Some(index + 1), message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

/// Everything that is wrong with this repository.
fn findings() -> Result<Vec<Finding>> {
    let files = repository::files()?;
    let packages = layers::workspace_packages()?;
    Ok([
        layers::check(&files, &packages),
        lock_file::check(&files),
        modules::check(&files),
        sources::check(&files),
        documents::check(&files),
        words::check(&files),
        reference(&files)?,
    ]
    .concat())
}

/// Whether the reference of the API is what its code says.
fn reference(files: &[RepoFile]) -> Result<Vec<Finding>> {
    let expected = api_reference::reference(files)?;
    let found = files.iter().find(|file| file.path == api_reference::PATH).map(|file| file.text.as_str());
    let is_stale = found != Some(expected.as_str());
    let stale = || Finding::in_file(api_reference::PATH, "is not what the code says: `cargo xtask gen` writes it");
    Ok(is_stale.then(stale).into_iter().collect())
}

/// Prints what is wrong, and fails when anything is.
pub(crate) fn run() -> Result<()> {
    let findings = findings()?;
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    println!("tidy: nothing to report");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_tidy() {
        let findings = findings().expect("the repository can be read");
        let listing: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(listing.is_empty(), "{} findings:\n{}", listing.len(), listing.join("\n"));
    }
}
