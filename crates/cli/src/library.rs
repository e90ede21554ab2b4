//! The library behind the page: which traces there are on disk, and how one is opened.
//!
//! A folder is looked at again whenever a page asks, since other processes write into it. What is a trace is told by the
//! first bytes of a file, as everywhere; they are read once for each size that a file has.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kinetoscope_ingest::bytes::{Input, find_inputs, may_be_trace};
use kinetoscope_ingest::{IngestError, Progress};
use kinetoscope_model::Trace;
use kinetoscope_server::{Library, Listing, OpenFailure};

use crate::command::Context;
use crate::failure::explain;
use crate::open::{is_cache, open_watched};
use crate::settings::{ReadSettings, ServedTraces};

/// Bytes that tell what a file is, and what is in it when it is packed.
const HEAD_BYTES: usize = 4096;

/// Traces on disk.
pub(crate) struct DiskLibrary {
    traces: ServedTraces,
    /// The files of the one trace.
    files: Vec<PathBuf>,
    read: ReadSettings,
    context: Context,
    /// Whether a file of this size is a trace.
    known: Mutex<HashMap<(PathBuf, u64), bool>>,
}

impl DiskLibrary {
    /// Fails when one trace is to be served and is not there.
    pub(crate) fn new(traces: ServedTraces, read: ReadSettings, context: Context) -> Result<Self, IngestError> {
        let found = match &traces {
            ServedTraces::One(paths) => find_inputs(paths)?,
            ServedTraces::Folder(_) => Vec::new(),
        };
        let files = found.into_iter().filter_map(|found| match found.input {
            Input::File(path) => Some(path),
            Input::Stdin | Input::Memory { .. } => None,
        });
        Ok(Self { files: files.collect(), traces, read, context, known: Mutex::default() })
    }

    fn is_trace(&self, path: &Path, len: u64) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry((path.to_owned(), len)).or_insert_with(|| looks_like_trace(path) && !is_cache(path))
    }

    /// The traces in a folder, each file by itself and each folder with several of them as a whole.
    fn list_folder(&self, folder: &Path) -> Vec<Listing> {
        // A folder that is gone or cannot be read has no traces; another look may find some.
        let found = find_inputs(&[folder.to_string_lossy().into_owned()]).unwrap_or_default();
        let mut single = Vec::new();
        let mut by_folder: BTreeMap<PathBuf, Vec<Listing>> = BTreeMap::new();
        for input in found {
            let Input::File(path) = input.input else { continue };
            let Ok(len) = fs::metadata(&path).map(|metadata| metadata.len()) else { continue };
            if !self.is_trace(&path, len) {
                continue;
            }
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
            let paths = vec![path.to_string_lossy().into_owned()];
            let listing = Listing { name, paths, bytes: len };
            by_folder.entry(path.parent().unwrap_or(folder).to_owned()).or_default().push(listing.clone());
            single.push(listing);
        }
        let wholes = by_folder.into_iter().filter(|(_, traces)| traces.len() > 1).map(|(path, traces)| {
            let place = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
            let name = if place.is_empty() { "all".to_owned() } else { format!("{place}/ all") };
            Listing {
                name: format!("{name} {} files as one trace", traces.len()),
                // The files and not the folder: those below it are another trace.
                paths: traces.iter().flat_map(|trace| trace.paths.clone()).collect(),
                bytes: traces.iter().map(|trace| trace.bytes).sum(),
            }
        });
        wholes.chain(single).collect()
    }
}

impl Library for DiskLibrary {
    fn list(&self) -> Vec<Listing> {
        let paths = match &self.traces {
            ServedTraces::One(paths) => paths,
            ServedTraces::Folder(folder) => return self.list_folder(folder),
        };
        let name = match paths.as_slice() {
            [path] => {
                Path::new(path).file_name().map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned())
            }
            [first, more @ ..] => format!("{first} and {} more", more.len()),
            [] => String::new(),
        };
        // They may still be written.
        let sizes = self.files.iter().filter_map(|path| Some(fs::metadata(path).ok()?.len()));
        vec![Listing { name, paths: paths.clone(), bytes: sizes.sum() }]
    }

    fn open(
        &self,
        listing: &Listing,
        progress: &Arc<Progress>,
        ready: &mut dyn FnMut(Arc<Trace>),
    ) -> Result<(), OpenFailure> {
        let opened = open_watched(&listing.paths, &self.read, &self.context, progress).map_err(|error| {
            let is_cancelled = matches!(error.downcast_ref(), Some(IngestError::Cancelled));
            let (message, hint) = explain(&error);
            OpenFailure { message: message.unwrap_or_else(|| "stopped".to_owned()), hint, is_cancelled }
        })?;
        ready(Arc::clone(&opened.trace));
        opened.keep(&self.read, &self.context);
        Ok(())
    }
}

/// Whether the first bytes are those of JSON or of something that it is packed in.
fn looks_like_trace(path: &Path) -> bool {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let read = File::open(path).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
    read.is_ok() && may_be_trace(&head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_a_trace() {
        for head in ["{\"traceEvents\"", "  \n[{", "\u{feff}{"] {
            assert!(may_be_trace(head.as_bytes()), "{head}");
        }
        let mut tar = vec![0; 257];
        tar.extend(b"ustar");
        // A gzip file is told by what is in it; one that is cut before that is given the benefit of the doubt.
        for head in [&b"\x1f\x8b\x08"[..], b"\x28\xb5\x2f\xfd\x00", b"PK\x03\x04", b"SQLite format 3\0", &tar] {
            assert!(may_be_trace(head));
        }
        for head in ["", "   ", "step 1: loss 0.5", "PK", "\"text\""] {
            assert!(!may_be_trace(head.as_bytes()), "{head}");
        }
    }
}
