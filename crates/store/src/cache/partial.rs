//! Partial files: a cache file while it is being written.
//!
//! It lies in the folder of the finished one, under a name of its own, and is renamed when complete: whoever looks for
//! the cache finds the whole or nothing. The writer holds a lock on it, which the system takes back when the writer
//! dies, however it dies; a partial file that nobody holds is left over and may go.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

const PREFIX: &str = ".kinetoscope-";
const SUFFIX: &str = ".partial";

/// A cache file that has no name yet. Dropping it removes it.
pub(super) struct PartialFile {
    file: NamedTempFile,
}

impl PartialFile {
    /// A new one in `folder`, readable for those in `permission_bits` and writable for us.
    pub(super) fn create(folder: &Path, permission_bits: u32) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        let permissions = permissions_of(permission_bits);
        if let Some(permissions) = permissions {
            builder.permissions(permissions);
        }
        loop {
            let file = builder.tempfile_in(folder)?;
            // Some file systems have no locks; there, left-over files stay until someone removes them.
            let _ = file.as_file().lock();
            // Whoever cleans up may have come between creating and locking.
            if file.path().exists() {
                return Ok(Self { file });
            }
        }
    }

    pub(super) fn as_file_mut(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Gives the file its name, in place of what had it before.
    pub(super) fn publish(self, path: &Path) -> io::Result<()> {
        self.file.persist(path).map(drop).map_err(|refused| refused.error)
    }
}

#[cfg(unix)]
fn permissions_of(bits: u32) -> Option<fs::Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(fs::Permissions::from_mode(bits & 0o666 | 0o600))
}

#[cfg(not(unix))]
fn permissions_of(_: u32) -> Option<fs::Permissions> {
    None
}

/// Removes the partial files of dead writers from `folder` and returns how many bytes each of them took.
pub(super) fn remove_abandoned(folder: &Path) -> Vec<u64> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut removed = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let is_partial = name.starts_with(PREFIX.as_bytes()) && name.ends_with(SUFFIX.as_bytes());
        if !is_partial || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let Ok(file) = File::open(entry.path()) else { continue };
        match file.try_lock() {
            Ok(()) => {
                let num_bytes = file.metadata().map_or(0, |metadata| metadata.len());
                if fs::remove_file(entry.path()).is_ok() {
                    removed.push(num_bytes);
                }
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
    removed
}
