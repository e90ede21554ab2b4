//! Cache files as files: which there are, and removing them.
//!
//! The user's folder is ours, so it can be listed whole and kept within a limit. A cache beside its input is found by
//! asking for that input or its folder; no index of those is kept, as it would be wrong as soon as someone moves a folder.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::key::{EXTENSION, path_beside};
use super::{CacheError, CacheLocation, Unusable, container, partial};

/// One cache file.
#[derive(Debug)]
#[non_exhaustive]
pub struct CacheEntry {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub num_bytes: u64,
    /// When it was written; `None` when that cannot be read.
    pub created: Option<SystemTime>,
    /// When it was last opened, or written if it was not opened since.
    pub last_used: SystemTime,
    /// What it was made from; empty when that cannot be read.
    pub inputs: Vec<PathBuf>,
    /// Why it is of no use any more; `None` when it can be opened as long as its inputs stay as they were.
    pub unusable: Option<Unusable>,
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removed {
    /// Number of files, left-over ones of killed writers included.
    pub num_files: usize,
    /// Bytes of those files.
    pub num_bytes: u64,
}

impl Removed {
    fn add(&mut self, num_bytes: u64) {
        self.num_files += 1;
        self.num_bytes += num_bytes;
    }

    fn add_abandoned(&mut self, folder: &Path) {
        partial::remove_abandoned(folder).into_iter().for_each(|num_bytes| self.add(num_bytes));
    }
}

/// The cache files in the user's folder and those of `paths`: inputs, folders of inputs, or cache files.
///
/// In order of their last use, the latest first.
pub fn list(location: &CacheLocation, paths: &[PathBuf]) -> Result<Vec<CacheEntry>, CacheError> {
    let mut files = Vec::new();
    for folder in location.user_folder.iter().chain(paths.iter().filter(|path| path.is_dir())) {
        files.extend(cache_files_in(folder)?);
    }
    for path in paths.iter().filter(|path| !path.is_dir()) {
        let is_cache = path.as_os_str().as_encoded_bytes().ends_with(EXTENSION.as_bytes());
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        files.push(if is_cache { target } else { path_beside(&target) });
    }
    files.sort();
    files.dedup();
    let mut entries = Vec::new();
    for path in files {
        match entry_of(&path) {
            Ok(entry) => entries.push(entry),
            // It was not there, or is not any more.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(CacheError::Read { path, source }),
        }
    }
    entries.sort_by(|a, b| b.last_used.cmp(&a.last_used).then_with(|| a.path.cmp(&b.path)));
    Ok(entries)
}

/// Removes what [`list`] lists, and what killed writers left in the same folders.
///
/// A trace that was opened from a removed file stays usable on systems that let go of the name only (all but Windows).
pub fn clear(location: &CacheLocation, paths: &[PathBuf]) -> Result<Removed, CacheError> {
    let mut removed = Removed::default();
    for entry in list(location, paths)? {
        remove(&entry, &mut removed)?;
    }
    let parents = paths.iter().map(|path| if path.is_dir() { path.as_path() } else { folder_of(path) });
    for folder in location.user_folder.as_deref().into_iter().chain(parents) {
        removed.add_abandoned(folder);
    }
    Ok(removed)
}

/// Removes files from the user's folder, those first that were not used for longest, until all that is left takes no
/// more than `max_bytes`.
///
/// A single file above the limit goes too. What killed writers left goes in any case.
pub fn enforce_limit(location: &CacheLocation, max_bytes: u64) -> Result<Removed, CacheError> {
    let mut removed = Removed::default();
    let Some(folder) = &location.user_folder else {
        return Ok(removed);
    };
    removed.add_abandoned(folder);
    let entries = list(location, &[])?;
    let mut total: u64 = entries.iter().map(|entry| entry.num_bytes).sum();
    for entry in entries.iter().rev() {
        if total <= max_bytes {
            break;
        }
        remove(entry, &mut removed)?;
        total -= entry.num_bytes;
    }
    Ok(removed)
}

fn remove(entry: &CacheEntry, removed: &mut Removed) -> Result<(), CacheError> {
    match fs::remove_file(&entry.path) {
        Ok(()) => removed.add(entry.num_bytes),
        // Someone else was quicker.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(CacheError::Remove { path: entry.path.clone(), source }),
    }
    Ok(())
}

/// The folder that `path` lies in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn cache_files_in(folder: &Path) -> Result<Vec<PathBuf>, CacheError> {
    let failed = |source| CacheError::Read { path: folder.to_owned(), source };
    // Two spellings of one folder must not list its files twice.
    let folder = match fs::canonicalize(folder) {
        Ok(folder) => folder,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(source)),
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.as_os_str().as_encoded_bytes().ends_with(EXTENSION.as_bytes()) && path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

fn entry_of(path: &Path) -> io::Result<CacheEntry> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::from(io::ErrorKind::NotFound));
    }
    let mut file = File::open(path)?;
    let mut entry = CacheEntry {
        path: path.to_owned(),
        num_bytes: metadata.len(),
        created: None,
        last_used: metadata.modified()?,
        inputs: Vec::new(),
        unusable: None,
    };
    match container::read_toc(&mut file)? {
        Ok(toc) => {
            entry.created =
                u64::try_from(toc.created_unix_ns).ok().map(|nanos| UNIX_EPOCH + Duration::from_nanos(nanos));
            entry.inputs = toc.inputs.into_iter().map(|input| input.path).collect();
        }
        Err(unusable) => entry.unusable = Some(unusable),
    }
    Ok(entry)
}
