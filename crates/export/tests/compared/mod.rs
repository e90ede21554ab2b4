//! What is held against each other: the traces there are, and their rows.

use std::path::{Path, PathBuf};

/// The JSON files in `folder` and below, in the order of their names.
pub(crate) fn traces_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let traces = paths.into_iter().flat_map(|path| match path.is_dir() {
        true => traces_below(&path),
        false if path.to_string_lossy().contains(".json") => vec![path],
        false => Vec::new(),
    });
    traces.collect()
}

/// Fails at the first row of a table that differs.
pub(crate) fn assert_same<T: std::fmt::Debug + PartialEq>(name: &str, what: &str, expected: &[T], found: &[T]) {
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        assert_eq!(expected, found, "{name}: row {index} of {what}");
    }
    assert_eq!(expected.len(), found.len(), "{name}: rows of {what}");
}
