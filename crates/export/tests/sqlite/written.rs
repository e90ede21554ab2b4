//! Traces, written to databases and read again.

use std::path::Path;

use kinetoscope_export::{Omission, Options, Progress, sqlite};
use kinetoscope_ingest::bytes::{FoundInput, Input};
use kinetoscope_ingest::nsys::PrivateData;
use kinetoscope_ingest::{ReadOptions, read};
use kinetoscope_model::Trace;
use kinetoscope_testkit::fixture;

/// A database, the trace that is in it, and what is not.
pub(crate) struct Written {
    pub(crate) file: tempfile::NamedTempFile,
    pub(crate) trace: Trace,
    pub(crate) omissions: Vec<Omission>,
}

/// Reads files into one trace, with what is private where a test wants to see that it goes.
pub(crate) fn read_files(paths: &[&Path], private_data: PrivateData) -> Trace {
    let inputs: Vec<FoundInput> =
        paths.iter().map(|path| FoundInput { input: Input::File((*path).to_owned()), folder: None }).collect();
    let options = ReadOptions { private_data, ..ReadOptions::default() };
    let name = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
    read(&inputs, &options, &kinetoscope_ingest::Progress::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Writes a trace to a new database and reads that.
pub(crate) fn write_and_read(trace: &Trace, options: &Options) -> Written {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let omissions = sqlite::write(trace, file.path(), options, &Progress::default()).expect("it can be written");
    let trace = read_files(&[file.path()], PrivateData::Kept);
    Written { file, trace, omissions }
}

/// A file of the public captures, where this machine has them.
pub(crate) fn capture(name: &str) -> Option<std::path::PathBuf> {
    let path = fixture::shared_traces()?.join("nsys").join(name);
    path.is_file().then_some(path)
}
