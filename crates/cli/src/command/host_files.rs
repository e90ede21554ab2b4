//! The files that SQL reaches under `--allow-files`: all that the user reaches, but for writing to the traces themselves.
//!
//! A trace may be mapped into memory while it is asked, so that writing to it would change what is being read.

use std::fs;
use std::io;
use std::path::PathBuf;

use kinetoscope_sql::FileAccess;

/// Files by their paths from the working directory.
#[derive(Debug)]
pub(super) struct HostFiles {
    /// The files that the trace was read from, with every link followed.
    inputs: Vec<PathBuf>,
}

impl HostFiles {
    pub(super) fn new(inputs: &[PathBuf]) -> Self {
        Self { inputs: inputs.iter().filter_map(|input| fs::canonicalize(input).ok()).collect() }
    }
}

impl FileAccess for HostFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if fs::canonicalize(path).is_ok_and(|path| self.inputs.contains(&path)) {
            return Err(io::Error::other("it is what is asked"));
        }
        fs::write(path, bytes)
    }
}
