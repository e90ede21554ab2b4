//! The key of a cache file: what must be unchanged for the cache to speak for its inputs.
//!
//! A trace of many gigabytes must be recognised in milliseconds, so its content is sampled, not read: length, time of
//! last change, both ends, and blocks spread evenly over the rest. A file that was written again differs in at least one
//! of these unless someone takes pains. Take the key *before* reading the inputs: one that changes meanwhile then has
//! another key the next time.

use std::fs::{self, File, Metadata};
use std::hash::Hasher;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use twox_hash::XxHash3_64;

use super::CacheLocation;

/// The end of a cache file's name.
pub const EXTENSION: &str = ".kinetoscope-cache";

/// What a cache of several inputs is called, before [`EXTENSION`].
const SEVERAL: &str = "ranks";

/// Bytes sampled at each end of an input: headers there, trailers here.
const EDGE_BYTES: u64 = 64 << 10;
/// Bytes of each block sampled between the ends.
const BLOCK_BYTES: u64 = 4 << 10;
/// Number of blocks sampled between the ends: as many as a disk reads in a few milliseconds.
const NUM_BLOCKS: u64 = 64;

/// What the cache of some inputs is found and judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What the cache is named after: the input, or [`SEVERAL`] in the folder of the first.
    subject: PathBuf,
    pub(super) inputs: Vec<Input>,
    pub(super) options_key: String,
    /// Who may read the inputs, as Unix permission bits: the cache shows what they hold.
    pub(super) permission_bits: u32,
}

/// What is known of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    /// Where it is, links followed.
    pub(super) path: PathBuf,
    /// File name as given: ranks are read from it, and a link may have another name than its target.
    pub(super) name: Vec<u8>,
    pub(super) num_bytes: u64,
    pub(super) modified_unix_ns: i64,
    pub(super) sample: u64,
}

impl Key {
    /// The key of a reading of these files, in this order.
    ///
    /// `options_key` says how they are read, in any form: every option that changes the trace has to be in it. Costs at
    /// most a few hundred KiB of reading per file.
    pub fn of_files(paths: &[PathBuf], options_key: &str) -> io::Result<Self> {
        let mut permission_bits = 0o666;
        let mut inputs = Vec::with_capacity(paths.len());
        for path in paths {
            // A pipe must not even be opened: that would wait for its writer.
            if !fs::metadata(path)?.is_file() {
                let message = format!("`{}` is not a regular file", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            let mut file = File::open(path)?;
            let metadata = file.metadata()?;
            permission_bits &= permission_bits_of(&metadata);
            inputs.push(Input {
                path: fs::canonicalize(path)?,
                name: path.file_name().unwrap_or_default().as_encoded_bytes().to_vec(),
                num_bytes: metadata.len(),
                modified_unix_ns: metadata.modified().map_or(0, unix_ns),
                sample: sample(&mut file, metadata.len())?,
            });
        }
        let subject = match inputs.as_slice() {
            [] => return Err(io::Error::new(io::ErrorKind::InvalidInput, "a cache needs at least one input")),
            [input] => input.path.clone(),
            [first, ..] => first.path.with_file_name(SEVERAL),
        };
        Ok(Self { subject, inputs, options_key: options_key.to_owned(), permission_bits })
    }

    /// The inputs, links followed.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.inputs.iter().map(|input| input.path.as_path())
    }

    /// The cache file beside the inputs, where it is looked for first.
    pub fn path_beside(&self) -> PathBuf {
        path_beside(&self.subject)
    }

    /// The cache file in the user's folder.
    pub fn path_in_user_folder(&self, location: &CacheLocation) -> Option<PathBuf> {
        location.user_folder.as_deref().map(|folder| path_in_user_folder(folder, &self.subject))
    }
}

/// The cache file beside `path`.
pub(super) fn path_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(EXTENSION);
    path.with_file_name(name)
}

/// The cache file of `subject` in the user's folder: told apart by the whole path, readable by the name.
fn path_in_user_folder(folder: &Path, subject: &Path) -> PathBuf {
    /// File systems allow 255 bytes for a name; digest, extension and three bytes per replaced one fit as well.
    const MAX_NAME_CHARS: usize = 60;
    let digest = XxHash3_64::oneshot(subject.as_os_str().as_encoded_bytes());
    let name: String = subject.file_name().unwrap_or_default().to_string_lossy().chars().take(MAX_NAME_CHARS).collect();
    folder.join(format!("{digest:016x}-{name}{EXTENSION}"))
}

/// Nanoseconds since 1970, as far as an `i64` reaches.
pub(super) fn unix_ns(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    }
}

#[cfg(unix)]
fn permission_bits_of(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode()
}

#[cfg(not(unix))]
fn permission_bits_of(_: &Metadata) -> u32 {
    0o666
}

/// A hash of what stands at fixed places of a file of `num_bytes`; of all of it when it is small.
fn sample(file: &mut File, num_bytes: u64) -> io::Result<u64> {
    let mut hasher = XxHash3_64::new();
    let mut buffer = Vec::with_capacity(EDGE_BYTES as usize);
    let mut add = |start: u64, len: u64| -> io::Result<()> {
        buffer.clear();
        file.seek(SeekFrom::Start(start))?;
        file.by_ref().take(len).read_to_end(&mut buffer)?;
        hasher.write(&buffer);
        Ok(())
    };
    if num_bytes <= 2 * EDGE_BYTES + NUM_BLOCKS * BLOCK_BYTES {
        add(0, num_bytes)?;
    } else {
        add(0, EDGE_BYTES)?;
        let span = num_bytes - 2 * EDGE_BYTES - BLOCK_BYTES;
        for block in 0..NUM_BLOCKS {
            // In u128: block times span passes 2^64 for absurd lengths only, and wrapping would go unnoticed.
            let offset = u128::from(span) * u128::from(block) / u128::from(NUM_BLOCKS - 1);
            add(EDGE_BYTES + offset as u64, BLOCK_BYTES)?;
        }
        add(num_bytes - EDGE_BYTES, EDGE_BYTES)?;
    }
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use super::*;

    fn file_of(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, bytes).expect("the folder is ours");
        path
    }

    fn key(paths: &[PathBuf]) -> Key {
        Key::of_files(paths, "").expect("the files exist")
    }

    /// Overwrites one byte and puts the time of change back, so that only the content differs.
    fn change_byte(path: &Path, at: u64) {
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified()).expect("times are known");
        let mut file = File::options().write(true).open(path).expect("the file is ours");
        file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(b"!")).expect("the file is ours");
        file.set_modified(modified).expect("the file is ours");
    }

    #[test]
    fn the_same_files_have_the_same_key_however_they_are_spelled() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = file_of(folder.path(), "a.json", b"[]");
        let other_spelling = folder.path().join(".").join("a.json");
        assert_eq!(key(&[path]), key(&[other_spelling]));
    }

    #[test]
    fn every_change_that_matters_changes_the_key() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let a = file_of(folder.path(), "a.json", b"[1]");
        let b = file_of(folder.path(), "b.json", b"[1]");
        let before = key(&[a.clone(), b.clone()]);
        assert_ne!(before, key(&[b.clone(), a.clone()]), "order");
        assert_ne!(before, key(std::slice::from_ref(&a)), "number of files");
        assert_ne!(before, Key::of_files(&[a.clone(), b.clone()], "other").expect("the files exist"), "options");
        change_byte(&a, 1);
        let after = key(&[a.clone(), b.clone()]);
        assert_eq!(before.inputs[0].modified_unix_ns, after.inputs[0].modified_unix_ns);
        assert_ne!(before, after, "content");
        let file = File::options().write(true).open(&b).expect("the file is ours");
        file.set_modified(SystemTime::now() - Duration::from_secs(9)).expect("the file is ours");
        assert_ne!(after, key(&[a, b]), "time of change");
    }

    #[test]
    fn a_large_file_is_sampled_at_both_ends_and_between() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let len = 8u64 << 20;
        let path = file_of(folder.path(), "large", &vec![b' '; len as usize]);
        let mut seen = vec![key(std::slice::from_ref(&path))];
        for at in [0, EDGE_BYTES - 1, EDGE_BYTES + 5, len - EDGE_BYTES - 1, len - EDGE_BYTES, len - 1] {
            change_byte(&path, at);
            let changed = key(std::slice::from_ref(&path));
            assert!(!seen.contains(&changed), "byte {at}");
            seen.push(changed);
        }
    }

    #[test]
    fn what_is_no_file_has_no_key() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(Key::of_files(&[], "").is_err());
        assert!(Key::of_files(&[folder.path().to_owned()], "").is_err());
        assert!(Key::of_files(&[folder.path().join("absent")], "").is_err());
    }

    #[test]
    fn a_cache_lies_beside_its_input_or_in_the_users_folder() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = fs::canonicalize(folder.path()).expect("the folder exists");
        let a = file_of(&root, "a.json", b"[]");
        let b = file_of(&root, "b.json", b"[]");
        let location = CacheLocation { user_folder: Some(root.join("user")), ..CacheLocation::default() };
        let key_of_a = key(std::slice::from_ref(&a));
        assert_eq!(key_of_a.path_beside(), root.join("a.json.kinetoscope-cache"));
        let in_user_folder = key_of_a.path_in_user_folder(&location).expect("there is a folder");
        assert_eq!(in_user_folder.parent(), Some(root.join("user").as_path()));
        let name = in_user_folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(name.ends_with("-a.json.kinetoscope-cache"), "{name}");
        assert_ne!(Some(in_user_folder), key(std::slice::from_ref(&b)).path_in_user_folder(&location));
        assert_eq!(key_of_a.path_in_user_folder(&CacheLocation::default()), None);
        assert_eq!(key(&[a, b]).path_beside(), root.join("ranks.kinetoscope-cache"));
    }
}
