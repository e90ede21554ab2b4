//! The library behind the page: which traces there are on disk, and how one is opened.
//!
//! A folder is looked at again whenever a page asks, since other processes write into it. What is a trace is told by the
//! first bytes of a file, as everywhere; they are read once for each size that a file has.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kinetoscope_ingest::bytes::{Input, find_inputs};
use kinetoscope_ingest::{IngestError, Progress};
use kinetoscope_model::Trace;
use kinetoscope_server::{Library, Listing, OpenFailure};

use crate::command::Context;
use crate::failure::explain;
use crate::open::{is_cache, open_watched};
use crate::settings::{ReadSettings, ServedTraces};

/// Bytes that tell what a file is: as many as it takes to reach the mark of a tar archive.
const HEAD_BYTES: usize = 262;

/// Beginnings of what traces are packed in: gzip, zstd, zip.
const MAGICS: [&[u8]; 3] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"];

/// Where a tar archive says that it is one, and how.
const TAR_MAGIC_AT: usize = 257;
const TAR_MAGIC: &[u8] = b"ustar";

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Traces on disk.
pub(crate) struct DiskLibrary {
    traces: ServedTraces,
    read: ReadSettings,
    context: Context,
    /// Whether a file of this size is a trace.
    known: Mutex<HashMap<(PathBuf, u64), bool>>,
}

impl DiskLibrary {
    pub(crate) fn new(traces: ServedTraces, read: ReadSettings, context: Context) -> Self {
        Self { traces, read, context, known: Mutex::default() }
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
            let listing = Listing { name, paths, bytes: len, files: vec![path.clone()] };
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
                files: traces.into_iter().flat_map(|trace| trace.files).collect(),
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
        let found = find_inputs(paths).unwrap_or_default();
        let files: Vec<PathBuf> = found
            .into_iter()
            .filter_map(|input| match input.input {
                Input::File(path) => Some(path),
                Input::Stdin | Input::Memory { .. } => None,
            })
            .collect();
        let name = match paths.as_slice() {
            [path] => {
                Path::new(path).file_name().map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned())
            }
            [first, more @ ..] => format!("{first} and {} more", more.len()),
            [] => String::new(),
        };
        let bytes = files.iter().filter_map(|path| fs::metadata(path).ok()).map(|metadata| metadata.len()).sum();
        vec![Listing { name, paths: paths.clone(), bytes, files }]
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
    read.is_ok() && is_head_of_trace(&head)
}

fn is_head_of_trace(head: &[u8]) -> bool {
    let is_tar = head.get(TAR_MAGIC_AT..).is_some_and(|rest| rest.starts_with(TAR_MAGIC));
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
    is_tar || MAGICS.iter().any(|magic| head.starts_with(magic)) || matches!(text.first(), Some(b'{' | b'['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_a_trace() {
        for head in ["{\"traceEvents\"", "  \n[{", "\u{feff}{"] {
            assert!(is_head_of_trace(head.as_bytes()), "{head}");
        }
        let mut tar = vec![0; TAR_MAGIC_AT];
        tar.extend(TAR_MAGIC);
        for head in [&b"\x1f\x8b\x08"[..], b"\x28\xb5\x2f\xfd\x00", b"PK\x03\x04", &tar] {
            assert!(is_head_of_trace(head));
        }
        for head in ["", "   ", "step 1: loss 0.5", "PK", "\"text\""] {
            assert!(!is_head_of_trace(head.as_bytes()), "{head}");
        }
    }
}
