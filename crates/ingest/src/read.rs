//! Reads inputs into one trace: the door through which everything else comes to `ingest`.
//!
//! All inputs of one call end up in one trace on one clock, which is how the ranks of a run belong together.

use std::path::Path;

use kinetoscope_model::{SourceId, Trace, TraceBuilder, WarningKind, Warnings};
use rayon::ThreadPoolBuilder;

use crate::bytes::{ContentFormat, FoundInput, Input, Limits, Outcome, announce_sizes, for_each_document};
use crate::chrome::pipeline::{self, DocumentHead, Feeder, PipelineOptions};
use crate::chrome::{self, Document};
use crate::error::IngestError;
use crate::nsys::assemble::CaptureDocument;
use crate::nsys::report::{PackedRows, ReportLimits};
use crate::nsys::{self, PrivateData};
use crate::progress::Progress;

/// How to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// How far unpacking goes.
    pub limits: Limits,
    /// Whether environment variables and command lines of Nsight captures become metadata.
    pub private_data: PrivateData,
    /// Sizes that tests vary.
    pub tuning: Tuning,
}

/// Sizes of the pipeline. They change how fast reading is, never what comes out; the defaults are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tuning {
    /// Bytes of a piece that is read in one go.
    pub piece_bytes: Option<usize>,
    /// Threads that read events, and threads that build tables of them.
    pub num_readers: Option<usize>,
}

impl Tuning {
    fn pipeline_options(self) -> PipelineOptions {
        let default = PipelineOptions::default();
        PipelineOptions {
            piece_bytes: self.piece_bytes.unwrap_or(default.piece_bytes).max(1),
            num_readers: self.num_readers.unwrap_or(default.num_readers).max(1),
        }
    }
}

/// Reads the inputs that [`crate::bytes::find_inputs`] found into one trace.
///
/// # Errors
/// When no trace can be made, or an input that was named itself is none. Inputs found in a folder that are no traces,
/// and everything that is wrong inside a trace, are warnings in its `stats` table.
pub fn read(inputs: &[FoundInput], options: &ReadOptions, progress: &Progress) -> Result<Trace, IngestError> {
    announce_sizes(inputs.iter().map(|found| &found.input), progress);
    let (documents, fed) = pipeline::run(progress, options.tuning.pipeline_options(), |feeder| {
        feed_all(inputs, &options.limits, progress, feeder)
    })?;
    let Sorted { documents, captures, warnings } = sort_out(inputs, documents, fed)?;
    if documents.is_empty() {
        let trace = nsys::assemble::assemble(captures, warnings, options.private_data, progress)?;
        return Ok(trace.seal());
    }
    let of_both = captures.first().zip(documents.first()).map(|(capture, document)| {
        let (capture, trace) = (capture.path.clone(), document.path.clone());
        let reason = "their times are further apart than 64-bit nanoseconds reach".to_owned();
        IngestError::MixedFormats { capture, trace, reason }
    });
    let assemble = || {
        let trace = chrome::assemble(documents, warnings, progress)?;
        let Some(too_far_apart) = of_both else { return Ok(trace.seal()) };
        let of_captures = nsys::assemble::assemble(captures, Warnings::default(), options.private_data, progress)?;
        trace.join(of_captures).map(TraceBuilder::seal).ok_or(too_far_apart)
    };
    match options.tuning.num_readers {
        Some(num_threads) => match ThreadPoolBuilder::new().num_threads(num_threads.max(1)).build() {
            Ok(pool) => pool.install(assemble),
            // Without threads of its own it uses those that there are.
            Err(_) => assemble(),
        },
        None => assemble(),
    }
}

/// Reads the file at `path` with default options.
///
/// # Errors
/// As [`read`].
pub fn read_path(path: &Path) -> Result<Trace, IngestError> {
    let input = FoundInput { input: Input::File(path.to_owned()), folder: None };
    read(&[input], &ReadOptions::default(), &Progress::default())
}

/// Reads bytes in memory with default options, under the name `name`.
///
/// ```
/// let json = br#"{"traceEvents": [{"ph": "X", "name": "aten::mm", "pid": 1, "tid": 1, "ts": 5.25, "dur": 1.5}]}"#;
/// let trace = kinetoscope_ingest::read_bytes("example.json", json.as_slice())?;
/// assert_eq!(trace.slices.dur.get(0), 1_500);
/// # Ok::<(), kinetoscope_ingest::IngestError>(())
/// ```
///
/// # Errors
/// As [`read`].
pub fn read_bytes(name: &str, bytes: impl Into<std::sync::Arc<[u8]>>) -> Result<Trace, IngestError> {
    let input = FoundInput { input: Input::Memory { name: name.to_owned(), bytes: bytes.into() }, folder: None };
    read(&[input], &ReadOptions::default(), &Progress::default())
}

/// What feeding the inputs gave beside the documents.
#[derive(Debug, Default)]
struct Fed {
    /// The input of each document.
    input_of: Vec<usize>,
    /// Captures of Nsight Systems, with the input of each.
    captures: Vec<(usize, CaptureDocument)>,
    /// What is wrong with inputs beyond their documents, by input.
    outcomes: Vec<(usize, Outcome)>,
    /// Files of folders that were passed over, and why.
    skipped: Vec<(usize, IngestError)>,
}

fn feed_all(
    inputs: &[FoundInput],
    limits: &Limits,
    progress: &Progress,
    feeder: &mut Feeder<'_>,
) -> Result<Fed, IngestError> {
    let mut fed = Fed::default();
    for (index, found) in inputs.iter().enumerate() {
        let (input_of, captures) = (&mut fed.input_of, &mut fed.captures);
        let result = for_each_document(&found.input, limits, progress, &mut |mut document| {
            match document.content {
                ContentFormat::Sqlite => {
                    captures.push((index, read_database(&mut document, progress)?));
                    return Ok(());
                }
                ContentFormat::NsysReport => {
                    captures.push((index, read_report(&mut document, limits, progress)?));
                    return Ok(());
                }
                ContentFormat::JsonObject | ContentFormat::JsonArray | ContentFormat::JsonEvents => {}
            }
            let head = DocumentHead {
                path: document.path.clone(),
                format: document.format.clone(),
                is_bare_event_list: document.content == ContentFormat::JsonEvents,
            };
            let unpacked_bytes = feeder.document(head, &mut |buffer| document.read(buffer))?;
            input_of.push(index);
            feeder.end_document(unpacked_bytes, document.file_bytes(), document.take_problems())
        });
        match result {
            Ok(outcome) => fed.outcomes.push((index, outcome)),
            Err(error) if found.can_skip_after(&error) => fed.skipped.push((index, error)),
            Err(error) => return Err(error),
        }
    }
    Ok(fed)
}

/// Reads a database of Nsight Systems.
fn read_database(
    document: &mut crate::bytes::Document<'_>,
    progress: &Progress,
) -> Result<CaptureDocument, IngestError> {
    let stored = document.store()?;
    let mut capture = nsys::sqlite::read(stored.path(), &document.path, progress)?;
    for problem in document.take_problems().iter() {
        capture.warnings.add(problem.kind, SourceId(0), problem.byte_offset, || problem.detail.clone());
    }
    Ok(CaptureDocument {
        path: document.path.clone(),
        format: document.format.clone(),
        file_bytes: document.file_bytes().max(stored.num_bytes() * u64::from(document.is_whole_file())),
        unpacked_bytes: stored.num_bytes(),
        capture,
        packed: None,
    })
}

/// Reads a report of Nsight Systems.
fn read_report(
    document: &mut crate::bytes::Document<'_>,
    limits: &Limits,
    progress: &Progress,
) -> Result<CaptureDocument, IngestError> {
    let path = document.path.clone();
    let limits = ReportLimits { max_unpacked_bytes: limits.max_unpacked_bytes };
    let mut unpacked_bytes = 0;
    let mut read = |buffer: &mut [u8]| {
        let num_bytes = document.read(buffer)?;
        unpacked_bytes += num_bytes as u64;
        Ok(num_bytes)
    };
    let (mut capture, packed) = PackedRows::read(&path, &mut read, limits, progress)?;
    for problem in document.take_problems().iter() {
        capture.warnings.add(problem.kind, SourceId(0), problem.byte_offset, || problem.detail.clone());
    }
    Ok(CaptureDocument {
        path,
        format: document.format.clone(),
        file_bytes: document.file_bytes(),
        unpacked_bytes,
        capture,
        packed: Some(packed),
    })
}

/// What is read, sorted.
struct Sorted {
    documents: Vec<Document>,
    captures: Vec<CaptureDocument>,
    warnings: Warnings,
}

/// Keeps the documents that are traces, and turns the others into warnings or, where one was asked for, an error.
fn sort_out(inputs: &[FoundInput], documents: Vec<Document>, fed: Fed) -> Result<Sorted, IngestError> {
    let mut warnings = Warnings::default();
    let mut kept = Vec::new();
    let mut skipped = fed.skipped;
    let mut documents = documents.into_iter().zip(fed.input_of).peekable();
    while let Some(&(_, input)) = documents.peek() {
        let num_kept_before = kept.len();
        let mut refused = Vec::new();
        while let Some((document, _)) = documents.next_if(|&(_, of)| of == input) {
            match refusal(&document) {
                None => kept.push(document),
                Some(error) => refused.push(error),
            }
        }
        let is_trace = kept.len() > num_kept_before || fed.captures.iter().any(|&(of, _)| of == input);
        for error in refused {
            if is_trace {
                warnings.add(WarningKind::SkippedMember, SourceId(0), None, || error.to_string());
            } else if inputs[input].is_explicit() {
                return Err(error);
            } else {
                skipped.push((input, error));
                break;
            }
        }
    }
    for (_, outcome) in &fed.outcomes {
        outcome.problems.add_to(&mut warnings, SourceId(0));
    }
    skipped.sort_by_key(|&(input, _)| input);
    let captures = match kept.first() {
        Some(_) => captures_on_clock(inputs, &kept, fed.captures, &mut skipped)?,
        None => fed.captures.into_iter().map(|(_, capture)| capture).collect(),
    };
    if kept.is_empty() && captures.is_empty() {
        let folder = inputs.iter().find_map(|found| found.folder.clone());
        let num_files = inputs.iter().filter(|found| !found.is_explicit()).count();
        let (found, hint) = other_tools_files(skipped.iter().map(|(_, error)| error));
        return Err(match (folder, skipped.into_iter().next()) {
            (Some(path), _) => IngestError::NoTraceInFolder { path, num_files, found, hint },
            (None, Some((_, error))) => error,
            (None, None) => IngestError::NoMatch { pattern: String::new() },
        });
    }
    for (_, error) in skipped {
        // A folder may well hold other things than traces; what could not be read is another matter.
        let kind = if error.is_about_content() { WarningKind::SkippedFile } else { WarningKind::UnreadableFile };
        warnings.add(kind, SourceId(0), None, || error.to_string());
    }
    Ok(Sorted { documents: kept, captures, warnings })
}

/// The captures that go into one trace with PyTorch traces, which takes that both say when their times begin. What does
/// not is left out of a folder.
fn captures_on_clock(
    inputs: &[FoundInput],
    beside: &[Document],
    captures: Vec<(usize, CaptureDocument)>,
    skipped: &mut Vec<(usize, IngestError)>,
) -> Result<Vec<CaptureDocument>, IngestError> {
    let Some(first) = beside.first() else { return Ok(Vec::new()) };
    let have_clock = captures.is_empty() || beside.iter().any(Document::has_clock);
    let mut kept = Vec::new();
    for (input, capture) in captures {
        let reason = if !have_clock {
            format!("`{}` does not say when its times begin (it has no `baseTimeNanoseconds`)", first.path)
        } else if capture.capture.about.utc_epoch_ns.is_none() {
            format!("`{}` does not say when its times begin (it has no start of the session)", capture.path)
        } else {
            kept.push(capture);
            continue;
        };
        let error = IngestError::MixedFormats { capture: capture.path, trace: first.path.clone(), reason };
        if inputs[input].is_explicit() {
            return Err(error);
        }
        skipped.push((input, error));
    }
    skipped.sort_by_key(|&(input, _)| input);
    Ok(kept)
}

/// What the files of a folder without a trace look like, and what to do about them, when that is the same for all about
/// which there is something to do.
fn other_tools_files<'a>(skipped: impl Iterator<Item = &'a IngestError>) -> (Vec<String>, Option<String>) {
    let mut found: Vec<String> = Vec::new();
    let mut common: Option<&String> = None;
    for error in skipped {
        let IngestError::WrongFormat { looks_like, hint: Some(hint), .. } = error else { continue };
        if common.is_some_and(|common| common != hint) {
            return (Vec::new(), None);
        }
        common = Some(hint);
        if !found.contains(looks_like) {
            found.push(looks_like.clone());
        }
    }
    (found, common.cloned())
}

/// Why a document is no trace; `None` when it is one.
fn refusal(document: &Document) -> Option<IngestError> {
    let path = document.path.clone();
    if document.num_events > 0 {
        return None;
    }
    match &document.first_failure {
        Some(reason) => Some(IngestError::NothingReadable { path, reason: reason.clone() }),
        // A list of other things: each lacked what an event cannot be without.
        None if document.warnings.count_of(WarningKind::JsonSyntax) > 0 => {
            let kinds = document.warnings.iter();
            let example = kinds.flat_map(|(_, _, examples)| examples).next().map(|example| example.detail.clone());
            Some(IngestError::NothingReadable { path, reason: example.unwrap_or_default() })
        }
        None if document.has_events => None,
        None => Some(IngestError::WrongFormat {
            path,
            looks_like: "JSON without `traceEvents`".to_owned(),
            hint: Some("a trace is what `torch.profiler`'s export_chrome_trace writes".to_owned()),
        }),
    }
}
