//! The files of this repository as text.
//!
//! Checks and commands get paths and texts from here and touch no file themselves, so that a test can hand them a
//! made-up repository and see them fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The folders that a walk without git leaves out; git leaves them out by `.gitignore`.
const IGNORED_FOLDERS: [&str; 5] = [".git", "target", "node_modules", "corpus", "artifacts"];

/// The repository's root folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The cargo that runs this command, so that nested calls use the same toolchain.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// A file of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RepoFile {
    /// Path from the root, with forward slashes.
    pub(crate) path: String,
    /// Content; empty for files that are not UTF-8.
    pub(crate) text: String,
}

impl RepoFile {
    /// A file of a made-up repository.
    #[cfg(test)]
    pub(crate) fn made_up(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// True when the path ends in `.` and `extension`.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }
}

/// Every file that git tracks or would track, or every file there is when this is no git checkout; ordered by path.
pub(crate) fn files() -> Result<Vec<RepoFile>> {
    let mut paths = if root().join(".git").exists() { git_paths()? } else { walked_paths()? };
    paths.sort();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        // A file that is deleted and not yet committed is still listed by git.
        if let Ok(bytes) = fs::read(root().join(&path)) {
            files.push(RepoFile { path, text: String::from_utf8(bytes).unwrap_or_default() });
        }
    }
    Ok(files)
}

fn git_paths() -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("cannot run `git`")?;
    ensure!(output.status.success(), "`git ls-files` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    let listing = String::from_utf8(output.stdout).context("a tracked path is not UTF-8")?;
    Ok(listing.split_terminator('\0').map(str::to_owned).collect())
}

fn walked_paths() -> Result<Vec<String>> {
    let mut paths = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_file() {
                paths.push(path.to_string_lossy().replace('\\', "/"));
            } else if entry.file_type()?.is_dir()
                && !IGNORED_FOLDERS.contains(&entry.file_name().to_string_lossy().as_ref())
            {
                folders.push(path);
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_finds_every_source_that_git_lists() {
        let walked = walked_paths().expect("the repository can be walked");
        let listed = files().expect("the repository can be listed");
        assert!(listed.iter().any(|file| file.path == "xtask/src/repository.rs"));
        for file in listed {
            assert!(walked.contains(&file.path), "`{}` was not walked to", file.path);
        }
    }
}
