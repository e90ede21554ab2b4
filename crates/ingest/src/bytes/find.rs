//! Finds the inputs that command-line paths mean: files, folders, patterns, standard input.
//!
//! People name ranks by number and pass the folder, so the order has to be the one they would count in, and the same on
//! every machine, whatever order its file system lists things in.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Input;
use crate::error::IngestError;

/// An input and how it was asked for.
#[derive(Debug, Clone)]
pub struct FoundInput {
    /// What to read.
    pub input: Input,
    /// The folder it was found in. `None` when it was named itself (also by a pattern): then it is an error when it is
    /// no trace, while a folder may hold other things.
    pub folder: Option<String>,
}

impl FoundInput {
    /// True when it was asked for by name or pattern and not as part of a folder.
    pub fn is_explicit(&self) -> bool {
        self.folder.is_none()
    }

    /// True when reading may go on without this input after `error`, which is then a note.
    pub fn can_skip_after(&self, error: &IngestError) -> bool {
        !self.is_explicit() && (error.is_about_content() || matches!(error, IngestError::Io { .. }))
    }
}

/// The inputs that `paths` mean: `-` for standard input, a file, a folder with everything in it and below it, or a
/// pattern with `*`, `?`, `[…]` and `**` if nothing has that very name.
///
/// Paths keep their order; what a folder or a pattern gives is sorted so that `rank10` comes after `rank9`. Folders are
/// followed through links, each once; hidden files and folders, and what is no regular file, are left out.
pub fn find_inputs(paths: &[String]) -> Result<Vec<FoundInput>, IngestError> {
    let mut found = Vec::new();
    for path in paths {
        if path == "-" {
            found.push(FoundInput { input: Input::Stdin, folder: None });
            continue;
        }
        match fs::metadata(path) {
            Ok(metadata) => find_path(PathBuf::from(path), metadata.is_dir(), &mut found)?,
            // On some systems a pattern is not even a valid name.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename) => {
                find_pattern(path, &mut found)?;
            }
            Err(source) => return Err(IngestError::Io { path: path.clone(), source }),
        }
    }
    Ok(found)
}

fn find_path(path: PathBuf, is_folder: bool, found: &mut Vec<FoundInput>) -> Result<(), IngestError> {
    if !is_folder {
        found.push(FoundInput { input: Input::File(path), folder: None });
        return Ok(());
    }
    let num_before = found.len();
    let folder = path.to_string_lossy().into_owned();
    list_folder(&path, &folder, &mut HashSet::new(), found)
        .map_err(|source| IngestError::Io { path: folder.clone(), source })?;
    if found.len() == num_before {
        return Err(IngestError::NoTraceInFolder { path: folder, num_files: 0, found: Vec::new(), hint: None });
    }
    Ok(())
}

fn find_pattern(pattern: &str, found: &mut Vec<FoundInput>) -> Result<(), IngestError> {
    // As in a shell, a hidden file has to be asked for by its dot.
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let no_match = || IngestError::NoMatch { pattern: pattern.to_owned() };
    let mut paths = glob::glob_with(pattern, options)
        .map_err(|_| no_match())?
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| IngestError::Io { path: error.path().to_string_lossy().into_owned(), source: error.into() })?;
    if paths.is_empty() {
        return Err(no_match());
    }
    paths.sort_by(|a, b| path_cmp(a, b));
    for path in paths {
        let is_folder = path.is_dir();
        find_path(path, is_folder, found)?;
    }
    Ok(())
}

/// Adds the files of a folder and of those below it, in natural order.
fn list_folder(
    path: &Path,
    top: &str,
    seen: &mut HashSet<PathBuf>,
    found: &mut Vec<FoundInput>,
) -> Result<(), io::Error> {
    // A link back up, or to a folder that is listed anyway, would give every file twice or for ever.
    if !seen.insert(fs::canonicalize(path)?) {
        return Ok(());
    }
    let mut names =
        fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<Vec<_>, _>>()?;
    names.retain(|name| !name.as_encoded_bytes().starts_with(b"."));
    names.sort_by(|a, b| natural_cmp(a.as_encoded_bytes(), b.as_encoded_bytes()));
    for name in names {
        let path = path.join(name);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                if list_folder(&path, top, seen, found).is_err() {
                    // Handed on, so that whoever reads it finds out and says why it cannot be read.
                    found.push(FoundInput { input: Input::File(path), folder: Some(top.to_owned()) });
                }
            }
            // Opening a pipe would wait for a writer that may never come.
            Ok(metadata) if !metadata.is_file() => {}
            Ok(_) | Err(_) => found.push(FoundInput { input: Input::File(path), folder: Some(top.to_owned()) }),
        }
    }
    Ok(())
}

/// Natural order of paths, part by part.
fn path_cmp(a: &Path, b: &Path) -> Ordering {
    let (mut a, mut b) = (a.components(), b.components());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => {
                let order = natural_cmp(a.as_os_str().as_encoded_bytes(), b.as_os_str().as_encoded_bytes());
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

/// The order people count in: runs of digits compare as numbers, everything else byte by byte.
///
/// ```
/// use kinetoscope_ingest::bytes::natural_cmp;
/// let mut names = ["rank10", "rank9", "rank09", "rank"];
/// names.sort_by(|a, b| natural_cmp(a.as_bytes(), b.as_bytes()));
/// assert_eq!(names, ["rank", "rank09", "rank9", "rank10"]);
/// ```
pub fn natural_cmp(a: &[u8], b: &[u8]) -> Ordering {
    let (whole_a, whole_b) = (a, b);
    let (mut a, mut b) = (a, b);
    loop {
        let order = match (a, b) {
            // Equal but for leading zeros: any fixed order will do.
            ([], []) => return whole_a.cmp(whole_b),
            ([], _) => return Ordering::Less,
            (_, []) => return Ordering::Greater,
            ([x, ..], [y, ..]) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (number_a, number_b);
                (number_a, a) = split_number(a);
                (number_b, b) = split_number(b);
                number_a.len().cmp(&number_b.len()).then_with(|| number_a.cmp(number_b))
            }
            ([x, rest_a @ ..], [y, rest_b @ ..]) => {
                (a, b) = (rest_a, rest_b);
                x.cmp(y)
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The digits at the front without leading zeros, and what follows them.
fn split_number(text: &[u8]) -> (&[u8], &[u8]) {
    let (digits, rest) = text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let num_zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    (&digits[num_zeros..], rest)
}
