//! `cache list` and `cache clear`: the cache files of the user and of the PATHs named.
//!
//! Paths are printed whole, one on a line, since they are what one copies into the next command.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use kinetoscope_analysis::text_table::printable;
use kinetoscope_analysis::unit::{format_count, format_number_of, format_utc};
use kinetoscope_store::cache::{self, CacheEntry, CacheLocation, EXTENSION};
use serde::Serialize;

use super::Context;
use crate::failure::RequestError;
use crate::printer::{bytes_text, print_result};
use crate::settings::{CacheClearSettings, CacheListSettings, Form};

/// A cache file in JSON.
#[derive(Debug, Serialize)]
struct Entry {
    path: String,
    num_bytes: u64,
    created_unix_ns: Option<i64>,
    last_used_unix_ns: i64,
    inputs: Vec<String>,
    /// Why it cannot be opened any more, inputs aside.
    unusable: Option<String>,
}

pub(crate) fn list(settings: &CacheListSettings) -> Result<()> {
    check_paths(&settings.paths)?;
    let entries: Vec<Entry> = cache::list(&settings.location, &settings.paths)?.into_iter().map(Entry::from).collect();
    let text = match settings.form {
        Form::Json => serde_json::to_string_pretty(&entries)? + "\n",
        Form::Text(_) => list_text(&entries, &settings.location),
    };
    Ok(print_result(&text)?)
}

pub(crate) fn clear(settings: &CacheClearSettings, context: &Context) -> Result<()> {
    check_paths(&settings.paths)?;
    let removed = cache::clear(&settings.location, &settings.paths)?;
    let num_files = format_number_of(removed.num_files as u64, "file");
    context.messages.printer.note(format_args!("removed {num_files}, {}", bytes_text(removed.num_bytes)));
    Ok(())
}

/// A mistyped PATH has no cache files, and that must not look like an answer. A trace may be gone while its cache stays.
fn check_paths(paths: &[PathBuf]) -> Result<(), RequestError> {
    let is_known = |path: &PathBuf| {
        let mut beside = path.clone().into_os_string();
        beside.push(EXTENSION);
        path.exists() || PathBuf::from(beside).exists()
    };
    match paths.iter().find(|path| !is_known(path)) {
        Some(path) => Err(RequestError::new(format!("there is no `{}` and no cache file of it", path.display()))),
        None => Ok(()),
    }
}

impl From<CacheEntry> for Entry {
    fn from(entry: CacheEntry) -> Self {
        Self {
            path: entry.path.to_string_lossy().into_owned(),
            num_bytes: entry.num_bytes,
            created_unix_ns: entry.created.map(unix_ns),
            last_used_unix_ns: unix_ns(entry.last_used),
            inputs: entry.inputs.iter().map(|input| input.to_string_lossy().into_owned()).collect(),
            unusable: entry.unusable.map(|reason| reason.to_string()),
        }
    }
}

fn unix_ns(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

fn list_text(entries: &[Entry], location: &CacheLocation) -> String {
    if entries.is_empty() {
        return match &location.user_folder {
            Some(folder) => format!("No cache files; the user's cache folder is {}\n", folder.display()),
            None => "No cache files, and no folder for those of the user.\n".to_owned(),
        };
    }
    let mut out = String::new();
    for entry in entries {
        let seconds = format_utc(entry.last_used_unix_ns).split('.').next().unwrap_or_default().replace('T', " ");
        let _ = writeln!(out, "{}", printable(&entry.path));
        let _ = writeln!(out, "  {}, last used {seconds} UTC", bytes_text(entry.num_bytes));
        match entry.inputs.as_slice() {
            [] => {}
            [input] => {
                let _ = writeln!(out, "  made from {}", printable(input));
            }
            [input, more @ ..] => {
                let num_more = format_count(more.len() as u64);
                let _ = writeln!(out, "  made from {} and {num_more} more (--json lists them)", printable(input));
            }
        }
        if let Some(reason) = &entry.unusable {
            let _ = writeln!(out, "  of no use: {reason}");
        }
    }
    let total = entries.iter().map(|entry| entry.num_bytes).sum();
    let _ = writeln!(out, "\n{}, {}", format_number_of(entries.len() as u64, "file"), bytes_text(total));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, inputs: &[&str]) -> Entry {
        Entry {
            path: path.to_owned(),
            num_bytes: 1_500_000,
            created_unix_ns: None,
            last_used_unix_ns: 1_763_956_800_123_456_789,
            inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            unusable: None,
        }
    }

    #[test]
    fn each_file_tells_its_size_use_and_inputs() {
        let old = Entry { unusable: Some("it is old".to_owned()), ..entry("/c/old", &[]) };
        let entries = [entry("/t/a.cache", &["/t/a.json"]), entry("/t/ranks.cache", &["/t/0", "/t/1", "/t/2"]), old];
        let expected = "\
/t/a.cache
  1.5 MB, last used 2025-11-24 04:00:00 UTC
  made from /t/a.json
/t/ranks.cache
  1.5 MB, last used 2025-11-24 04:00:00 UTC
  made from /t/0 and 2 more (--json lists them)
/c/old
  1.5 MB, last used 2025-11-24 04:00:00 UTC
  of no use: it is old

3 files, 4.5 MB
";
        assert_eq!(list_text(&entries, &CacheLocation::default()), expected);
    }

    #[test]
    fn no_files_are_told_with_the_folder() {
        let location = CacheLocation { user_folder: Some("/c".into()), ..CacheLocation::default() };
        assert_eq!(list_text(&[], &location), "No cache files; the user's cache folder is /c\n");
    }
}
