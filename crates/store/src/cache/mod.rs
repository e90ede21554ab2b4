//! The cache file: a trace as it lies in memory, so that opening it again is mapping a file.
//!
//! Reading a trace takes as long as unpacking it; the second time it should take none. A cache file holds the columns
//! as they are used, so [`open`] maps it and hands out slices of the mapping: its time grows with the number of tables,
//! the number of argument pages and the length of the distinct names, not with the events.
//!
//! - **Where.** `trace.json.gz` gets `trace.json.gz.kinetoscope-cache` beside it. Several inputs (the ranks of a job)
//!   share `ranks.kinetoscope-cache` in the folder of the first. Where that folder cannot be written, or shall not be,
//!   the file goes to the user's cache folder, if the caller names one. Its first bytes are
//!   [`CACHE_MAGIC`](kinetoscope_model::trace::CACHE_MAGIC), so that readers of folders know it.
//! - **Trust.** A file is used only when its [`Key`], its format and our version are the ones at hand and its checksums
//!   are right. Anything else is a [`Miss`], never an error: the inputs are read again and the file is replaced.
//! - **Writing.** Under another name, synced, then renamed. A writer killed half-way leaves a partial file that nobody
//!   takes for a cache and that the next writer into the folder removes.
//!
//! A hit shows the paths of its inputs as they were spelled when the file was written.

mod container;
mod folder;
mod key;
mod mapping;
mod partial;
mod segment;
#[cfg(test)]
mod tests;
mod toc;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use kinetoscope_model::Trace;

pub use folder::{CacheEntry, Removed, clear, enforce_limit, list};
pub use key::{EXTENSION, Key};

/// Where cache files may be, beside their inputs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CacheLocation {
    /// The user's cache folder for us alone; made on first use.
    pub user_folder: Option<PathBuf>,
    /// Keep cache files out of the folders of their inputs, which some people want left as they are.
    pub is_user_folder_only: bool,
}

/// A cache file that was found and fits.
#[derive(Debug)]
pub struct Hit {
    /// The trace. Its columns lie in the mapped file.
    pub trace: Trace,
    /// The file.
    pub path: PathBuf,
}

/// Why there is no usable cache file: what to tell who wants to know, and to read the inputs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Miss {
    /// There is no file.
    #[error("no cache file at `{path}`")]
    Absent {
        /// Where it would have been.
        path: PathBuf,
    },
    /// There is one, and the system does not give it.
    #[error("cannot open the cache file `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is one, and it is of no use.
    #[error("{reason}: `{path}`")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: Unusable,
    },
}

/// Why a cache file is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// It is something else.
    #[error("the file has a cache's name and is none")]
    NotACache,
    /// It was written by another version of this program, or for another machine.
    #[error("the cache file was written by another version")]
    OtherVersion,
    /// The inputs are not what they were.
    #[error("the inputs have changed since the cache file was written")]
    OtherInputs,
    /// The inputs would be read in another way now.
    #[error("the cache file was written with other options")]
    OtherOptions,
    /// It is not whole.
    #[error("the cache file is damaged, {what}")]
    Damaged {
        /// What was noticed.
        what: String,
    },
}

/// A cache file that could not be written, listed or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// No place allows a new file.
    #[error("cannot create the cache file `{path}`: {source}")]
    Create {
        /// The file, at the last place that was tried.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file could be begun and not finished.
    #[error("cannot write the cache file `{path}`: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file or folder of caches cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be removed.
    #[error("cannot remove the cache file `{path}`: {source}")]
    Remove {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Opens the cache of `key`: the one beside the inputs if there may be one, or else the one in the user's folder.
///
/// Marks the file as used now, as far as the system allows.
pub fn open(key: &Key, location: &CacheLocation) -> Result<Hit, Miss> {
    if let (true, Some(path)) = (location.is_user_folder_only, key.path_in_user_folder(location)) {
        return open_at(&path, Some(key)).map(|trace| Hit { trace, path });
    }
    let beside = key.path_beside();
    let miss = match open_at(&beside, Some(key)) {
        Ok(trace) => return Ok(Hit { trace, path: beside }),
        Err(miss) => miss,
    };
    let Some(path) = key.path_in_user_folder(location) else {
        return Err(miss);
    };
    match open_at(&path, Some(key)) {
        Ok(trace) => Ok(Hit { trace, path }),
        // What is wrong with one file says more than that there is none elsewhere.
        Err(Miss::Absent { .. }) => Err(miss),
        Err(other) if matches!(miss, Miss::Absent { .. }) => Err(other),
        Err(_) => Err(miss),
    }
}

/// Opens a cache file by its own path, whatever became of its inputs.
pub fn open_file(path: &Path) -> Result<Trace, Miss> {
    open_at(path, None)
}

fn open_at(path: &Path, key: Option<&Key>) -> Result<Trace, Miss> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Miss::Absent { path: path.to_owned() },
        _ => Miss::Io { path: path.to_owned(), source },
    };
    let unusable = |reason| Miss::Unusable { path: path.to_owned(), reason };
    // A pipe must not even be opened: that would wait for its writer.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(unusable(Unusable::NotACache));
    }
    let file = File::open(path).map_err(failed)?;
    let trace = container::read(&mapping::map(&file).map_err(failed)?, key).map_err(unusable)?;
    // A file that belongs to someone else keeps its time, which matters to no one but them.
    let _ = file.set_modified(SystemTime::now());
    Ok(trace)
}

/// Writes the cache of `key` beside the inputs, or else into the user's folder, and returns its path.
///
/// Takes the time of writing the columns to the disk: call it when nobody waits. Memory does not grow with the trace.
pub fn write(key: &Key, location: &CacheLocation, trace: &Trace) -> Result<PathBuf, CacheError> {
    write_unless(key, location, trace, &AtomicBool::new(false))
}

/// Like [`write()`], but fails soon after somebody sets `is_cancelled`. Nothing is left behind then.
pub fn write_unless(
    key: &Key,
    location: &CacheLocation,
    trace: &Trace,
    is_cancelled: &AtomicBool,
) -> Result<PathBuf, CacheError> {
    let (path, mut file) = begin_somewhere(key, location)?;
    let now = key::unix_ns(SystemTime::now());
    match container::write(file.as_file_mut(), key, now, trace, is_cancelled).and_then(|()| file.publish(&path)) {
        Ok(()) => Ok(path),
        Err(source) => Err(CacheError::Write { path, source }),
    }
}

/// A partial file, and the path that it is for.
fn begin_somewhere(key: &Key, location: &CacheLocation) -> Result<(PathBuf, partial::PartialFile), CacheError> {
    let in_user_folder = key.path_in_user_folder(location);
    let path = match in_user_folder {
        Some(path) if location.is_user_folder_only => path,
        _ => {
            let beside = key.path_beside();
            match begin(&beside, key) {
                Ok(file) => return Ok((beside, file)),
                Err(refused) => in_user_folder.ok_or(refused)?,
            }
        }
    };
    // When this fails, creating the file says what is wrong.
    let _ = fs::create_dir_all(folder::folder_of(&path));
    let file = begin(&path, key)?;
    Ok((path, file))
}

/// A partial file for `path`, if `path` can be a file's name at all.
fn begin(path: &Path, key: &Key) -> Result<partial::PartialFile, CacheError> {
    let folder = folder::folder_of(path);
    partial::remove_abandoned(folder);
    let is_free = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    is_free
        .and_then(|()| partial::PartialFile::create(folder, key.permission_bits))
        .map_err(|source| CacheError::Create { path: path.to_owned(), source })
}
