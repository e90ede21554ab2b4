//! Opens what stands on a command line: from its cache file where there is one, or else by reading it.
//!
//! The user gets the answer first and the cache file is written after it, so opening and keeping are two steps. A trace
//! that took a minute to read is kept even when the query about it had a typo.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use kinetoscope_analysis::unit::{format_count, format_dur, format_number_of};
use kinetoscope_ingest::bytes::{FoundInput, Input, find_inputs};
use kinetoscope_ingest::{IngestError, Progress};
use kinetoscope_model::trace::CACHE_MAGIC;
use kinetoscope_model::{Severity, Trace};
use kinetoscope_store::cache::{self, CacheLocation, Hit, Key};

use crate::command::Context;
use crate::failure::RequestError;
use crate::printer::{Printer, bytes_text};
use crate::progress::Display;
use crate::settings::ReadSettings;

/// Kinds of lost data that one line has room for.
const MAX_LOSSES_TOLD: usize = 3;

/// An open trace.
pub(crate) struct Opened {
    pub(crate) trace: Arc<Trace>,
    /// The files that it was read from.
    pub(crate) files: Vec<PathBuf>,
    /// What a cache file would be found by; `None` when there is one, or shall be none.
    key: Option<Key>,
}

/// Opens `paths` as one trace.
pub(crate) fn open(paths: &[String], settings: &ReadSettings, context: &Context) -> Result<Opened> {
    let progress = Arc::new(Progress::default());
    let cancelled = Arc::clone(&progress);
    context.interrupt.on_raise(move || cancelled.cancel());
    open_watched(paths, settings, context, &progress)
}

/// Opens `paths` as one trace, and tells `progress` how far it is.
pub(crate) fn open_watched(
    paths: &[String],
    settings: &ReadSettings,
    context: &Context,
    progress: &Arc<Progress>,
) -> Result<Opened> {
    let printer = context.messages.printer;
    let inputs = match sort_out(find_inputs(paths)?, printer)? {
        Found::Cache(path) => {
            let start = Instant::now();
            let trace = Arc::new(cache::open_file(&path)?);
            printer.detail(format_args!("opened the cache file `{}` in {}", path.display(), since(start)));
            return Ok(Opened { trace, files: vec![path], key: None });
        }
        Found::Inputs(inputs) => inputs,
    };
    let files: Vec<PathBuf> = inputs.iter().filter_map(|found| file_of(&found.input).cloned()).collect();
    let key = match &settings.cache {
        // Taken before reading, so that an input that grows meanwhile does not match the next time.
        Some(_) if files.len() == inputs.len() => match Key::of_files(&files, &settings.cache_key()) {
            Ok(key) => Some(key),
            Err(error) => {
                printer.detail(format_args!("no cache file: {error}"));
                None
            }
        },
        Some(_) => {
            printer.detail("no cache file: standard input cannot be recognised when it comes again");
            None
        }
        None => None,
    };
    if let (Some(key), Some(cache)) = (&key, &settings.cache) {
        let start = Instant::now();
        match cache::open(key, &cache.location) {
            Ok(Hit { trace, path }) => {
                printer.detail(format_args!("opened the cache file `{}` in {}", path.display(), since(start)));
                return Ok(Opened { trace: Arc::new(trace), files, key: None });
            }
            Err(miss) => printer.detail(miss),
        }
    }
    let start = Instant::now();
    let trace = Arc::new(read(&inputs, settings, context, progress)?);
    printer.detail(format_args!(
        "read {} of {} in {}",
        format_number_of(trace.slices.len() as u64, "slice"),
        format_number_of(trace.sources.len() as u64, "input"),
        since(start)
    ));
    Ok(Opened { trace, files, key })
}

impl Opened {
    /// Says in one line what reading lost, if anything.
    pub(crate) fn warn_of_losses(&self, paths: &[String], printer: Printer) {
        if let Some(losses) = losses(&self.trace) {
            printer.warning(format_args!(
                "reading lost data: {losses}; see `kinetoscope summary --warnings {}`",
                paths.join(" ")
            ));
        }
    }

    /// Writes the cache file, unless there is one. Nobody has to know when it cannot be written.
    pub(crate) fn keep(&self, settings: &ReadSettings, context: &Context) {
        let (Some(key), Some(cache)) = (&self.key, &settings.cache) else { return };
        if context.interrupt.is_raised() {
            return;
        }
        let printer = context.messages.printer;
        let start = Instant::now();
        let display =
            context.shows_progress().then(|| Display::of_waiting("writing the cache file", &context.interrupt));
        let written = cache::write_unless(key, &cache.location, &self.trace, context.interrupt.flag());
        let removed = cache::enforce_limit(&cache.location, cache.max_bytes);
        drop(display);
        match written {
            Ok(path) => {
                let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
                printer.detail(format_args!(
                    "wrote the cache file `{}`, {}, in {}",
                    path.display(),
                    bytes_text(size),
                    since(start)
                ));
            }
            Err(error) => printer.detail(error),
        }
        match removed {
            Ok(removed) if removed.num_files == 0 => {}
            Ok(removed) => printer.detail(format_args!(
                "removed {} from the cache folder to keep it below its limit",
                format_number_of(removed.num_files as u64, "file")
            )),
            Err(error) => printer.detail(error),
        }
    }
}

fn read(
    inputs: &[FoundInput],
    settings: &ReadSettings,
    context: &Context,
    progress: &Arc<Progress>,
) -> Result<Trace, IngestError> {
    let _display = context.shows_progress().then(|| Display::of_reading(progress, &context.interrupt));
    kinetoscope_ingest::read(inputs, &settings.options, progress)
}

/// The time since `start` in words.
pub(crate) fn since(start: Instant) -> String {
    format_dur(i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX))
}

/// What was lost, most of it first; `None` when nothing was.
fn losses(trace: &Trace) -> Option<String> {
    let is_loss = |severity| [Severity::DataLoss, Severity::Error].iter().any(|loss| loss.word() == severity);
    let mut losses: Vec<(i64, &str)> = trace
        .stats
        .rows()
        .filter(|row| is_loss(trace.text(row.severity)))
        .map(|row| (row.value, trace.text(row.name)))
        .collect();
    losses.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let num_untold = losses.len().saturating_sub(MAX_LOSSES_TOLD);
    let mut told: Vec<String> = losses
        .iter()
        .take(MAX_LOSSES_TOLD)
        .map(|&(count, name)| format!("{} × {name}", format_count(count.unsigned_abs())))
        .collect();
    if num_untold > 0 {
        told.push(format_number_of(num_untold as u64, "more kind"));
    }
    (!told.is_empty()).then(|| told.join(", "))
}

/// What there is to open.
enum Found {
    /// A cache file that was asked for by its own name.
    Cache(PathBuf),
    /// Inputs to read, without cache files.
    Inputs(Vec<FoundInput>),
}

/// Takes cache files out of the inputs: a folder or a pattern that gave the traces gives, from the second time on, their
/// cache files too.
fn sort_out(inputs: Vec<FoundInput>, printer: Printer) -> Result<Found> {
    let (caches, inputs): (Vec<FoundInput>, Vec<FoundInput>) =
        inputs.into_iter().partition(|found| file_of(&found.input).is_some_and(|path| is_cache(path)));
    let named: Vec<PathBuf> =
        caches.iter().filter(|found| found.is_explicit()).filter_map(|found| file_of(&found.input).cloned()).collect();
    if !inputs.is_empty() {
        let known: Vec<PathBuf> =
            inputs.iter().filter_map(|found| fs::canonicalize(file_of(&found.input)?).ok()).collect();
        for path in &named {
            let entries = cache::list(&CacheLocation::default(), std::slice::from_ref(path))?;
            if !entries.iter().flat_map(|entry| &entry.inputs).all(|input| known.contains(input)) {
                printer.note(format_args!("left out `{}`, a cache file of other traces", path.display()));
            }
        }
        return Ok(Found::Inputs(inputs));
    }
    match named.as_slice() {
        [path] => Ok(Found::Cache(path.clone())),
        [] => match caches.into_iter().find_map(|found| found.folder) {
            Some(path) => Err(RequestError::new(format!("no trace in folder `{path}`, only cache files"))
                .with_hint("a cache file is opened by its own name")
                .into()),
            None => Ok(Found::Inputs(inputs)),
        },
        [..] => Err(RequestError::new("several cache files cannot be opened as one trace")
            .with_hint("name the traces that they were made from")
            .into()),
    }
}

fn file_of(input: &Input) -> Option<&PathBuf> {
    match input {
        Input::File(path) => Some(path),
        Input::Stdin | Input::Memory { .. } => None,
    }
}

/// True for a cache file, whatever its name.
pub(crate) fn is_cache(path: &Path) -> bool {
    // A pipe must not even be opened: what is read from it is gone.
    if !fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut magic = [0; CACHE_MAGIC.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *CACHE_MAGIC
}

#[cfg(test)]
mod tests {
    use kinetoscope_model::{TraceBuilder, WarningKind};

    use super::*;

    #[test]
    fn losses_are_told_by_kind_and_the_rest_is_counted() {
        let told = |kinds: &[(WarningKind, u64)]| {
            let mut builder = TraceBuilder::default();
            kinds.iter().for_each(|&(kind, count)| builder.warnings.count(kind, count));
            losses(&builder.seal())
        };
        assert_eq!(told(&[]), None);
        let healed = (WarningKind::HealedOverlap, 1_000_000);
        assert_eq!(told(&[healed]), None, "nothing was lost");
        let truncated = (WarningKind::Truncated, 1);
        assert_eq!(told(&[healed, truncated]).as_deref(), Some("1 × input_truncated"));
        let incomplete = (WarningKind::IncompleteEvent, 1_234);
        let more = [(WarningKind::UnknownPhase, 1), (WarningKind::JsonSyntax, 2), (WarningKind::BadField, 1)];
        assert_eq!(
            told(&[&[healed, truncated, incomplete], &more[..]].concat()).as_deref(),
            Some("1,234 × json_parser_failure, 2 × json_tokenizer_failure, 1 × input_truncated, 2 more kinds")
        );
    }
}
