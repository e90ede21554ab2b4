//! `export`: a trace, or a window of it, as a file for other programs and people.
//!
//! A file appears when it is whole: it is written beside its place and moved there, so that one which is stopped leaves
//! what was there before. What a format has no place for is said, since nobody sees what is not there.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use kinetoscope_analysis::area_selection::Area;
use kinetoscope_analysis::flamegraph::{FlamegraphDirection, FlamegraphNodes, flamegraph};
use kinetoscope_analysis::unit::{format_count, format_number_of};
use kinetoscope_export::{ExportError, Omission, Progress, chrome, folded, sqlite};
use kinetoscope_model::table::TrackKind;
use kinetoscope_model::{Trace, TrackId};
use kinetoscope_server::export_html;
use kinetoscope_store::Store;

use super::query::{Destination, refuse_to_overwrite};
use super::{Context, with_trace};
use crate::args::ExportTo;
use crate::failure::{Exit, RequestError};
use crate::open::since;
use crate::printer::{OutputError, Printer, bytes_text};
use crate::progress::Display;
use crate::settings::ExportSettings;

/// Bytes that are put together before they go to a file.
const BUFFER_BYTES: usize = 256 << 10;

/// Kinds of what is left out that one line has room for.
const MAX_OMISSIONS_TOLD: usize = 4;

/// What the files are good for, in the message that one was written.
fn use_of(to: ExportTo) -> &'static str {
    match to {
        ExportTo::Html => "a browser opens it as it is",
        ExportTo::Chrome => "Perfetto opens it",
        ExportTo::Sqlite => "scripts read it as an export of nsys",
        ExportTo::Folded => "flame graph scripts read it",
    }
}

pub(crate) fn run(settings: &ExportSettings, context: &Context) -> Result<Exit> {
    // Before a minute is spent on reading.
    let place = settings.output.as_deref().map(|output| Place::of(output, settings)).transpose()?;
    let printer = context.messages.printer;
    with_trace(&settings.paths, &settings.read, context, |opened| {
        if let Some(output) = &settings.output {
            refuse_to_overwrite(output, &opened.files)?;
        }
        opened.warn_of_losses(&settings.paths, printer);
        let start = Instant::now();
        let progress = Arc::new(Progress::default());
        let cancelled = Arc::clone(&progress);
        context.interrupt.on_raise(move || cancelled.cancel());
        let display = context.shows_progress().then(|| Display::of_exporting(&progress, &context.interrupt));
        let omissions = match &place {
            None => to_standard_output(settings, &opened.trace, &progress),
            Some(Place::Stream(path)) => write_to(path, settings, &opened.trace, context, &progress),
            Some(Place::File(path)) => {
                let beside = Beside::new(path);
                write_to(&beside.path, settings, &opened.trace, context, &progress).and_then(|omissions| {
                    beside.move_to(path)?;
                    Ok(omissions)
                })
            }
        };
        drop(display);
        let omissions = omissions?;
        tell_omissions(&omissions, printer);
        if let Some(output) = &settings.output {
            let size = fs::metadata(output).map_or(0, |metadata| metadata.len());
            printer.note(format_args!(
                "wrote `{}`, {}, in {}; {}",
                output.display(),
                bytes_text(size),
                since(start),
                use_of(settings.to)
            ));
        }
        Ok(())
    })
}

/// Where a file goes.
enum Place {
    /// A file, or a name that nothing has yet.
    File(PathBuf),
    /// A pipe or a device, which cannot be put in place of what is there.
    Stream(PathBuf),
}

impl Place {
    /// The place of `output`, unless something is there that shall stay.
    fn of(output: &Path, settings: &ExportSettings) -> Result<Self, RequestError> {
        let Ok(metadata) = fs::metadata(output) else { return Ok(Self::File(output.to_owned())) };
        if metadata.is_dir() {
            return Err(RequestError::new(format!("`{}` is a folder", output.display())));
        }
        if !metadata.is_file() {
            if settings.to == ExportTo::Sqlite {
                return Err(RequestError::new(format!(
                    "`{}` is no file, which a database has to be",
                    output.display()
                )));
            }
            return Ok(Self::Stream(output.to_owned()));
        }
        if !settings.may_overwrite {
            let message = format!("`{}` is there already", output.display());
            return Err(RequestError::new(message).with_hint("--force writes over it"));
        }
        // A link goes on leading there.
        Ok(Self::File(fs::canonicalize(output).unwrap_or_else(|_| output.to_owned())))
    }
}

/// A file beside the one that is asked for, removed unless it becomes that one.
struct Beside {
    path: PathBuf,
}

impl Beside {
    fn new(output: &Path) -> Self {
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        Self { path: output.with_file_name(format!(".{name}.{}.unfinished", std::process::id())) }
    }

    fn move_to(&self, output: &Path) -> Result<(), OutputError> {
        fs::rename(&self.path, output).map_err(|source| OutputError { path: Some(output.to_owned()), source })
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Gone when it was moved, or never made.
        let _ = fs::remove_file(&self.path);
    }
}

/// What writing to `output` came to, with the output's own troubles told as such.
fn as_output<T>(result: Result<T, ExportError>, output: Option<&Path>) -> Result<T> {
    result.map_err(|error| match error {
        ExportError::Output(source) => OutputError { path: output.map(Path::to_owned), source }.into(),
        ExportError::Database(error) => {
            OutputError { path: output.map(Path::to_owned), source: io::Error::other(error) }.into()
        }
        other => other.into(),
    })
}

/// Writes the format that is asked for to `path`, which may be another one than that in the settings.
fn write_to(
    path: &Path,
    settings: &ExportSettings,
    trace: &Arc<Trace>,
    context: &Context,
    progress: &Progress,
) -> Result<Vec<Omission>> {
    match settings.to {
        ExportTo::Html => to_page(settings, trace, path, &|| context.interrupt.is_raised()),
        ExportTo::Sqlite => to_database(settings, trace, path, progress),
        ExportTo::Chrome | ExportTo::Folded => to_file(settings, trace, path, progress),
    }
}

fn to_page(
    settings: &ExportSettings,
    trace: &Arc<Trace>,
    path: &Path,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Vec<Omission>> {
    let start = settings.window.and_then(|window| window.start).map_or(Bound::Unbounded, Bound::Included);
    let end = settings.window.and_then(|window| window.end).map_or(Bound::Unbounded, Bound::Excluded);
    let html = export_html(&name_of(settings), Arc::clone(trace), (start, end), is_cancelled)?;
    fs::write(path, &html).map_err(|source| OutputError { path: settings.output.clone(), source })?;
    Ok(Vec::new())
}

fn to_database(settings: &ExportSettings, trace: &Trace, path: &Path, progress: &Progress) -> Result<Vec<Omission>> {
    let output = settings.output.as_deref();
    // So that a folder which is not there is told as the system tells it.
    fs::File::create(path).map_err(|source| OutputError { path: settings.output.clone(), source })?;
    as_output(sqlite::write(trace, path, &settings.options, progress), output)
}

fn to_file(settings: &ExportSettings, trace: &Arc<Trace>, path: &Path, progress: &Progress) -> Result<Vec<Omission>> {
    let output = settings.output.as_deref();
    let write = || -> Result<Vec<Omission>, ExportError> {
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, fs::File::create(path)?);
        let is_packed = output.is_some_and(|output| output.extension().is_some_and(|extension| extension == "gz"));
        let omissions = match (settings.to, is_packed) {
            (ExportTo::Chrome, true) => chrome::write_gzip(trace, &mut file, &settings.options, progress)?,
            _ => write_text(settings, trace, &mut file, progress)?,
        };
        file.flush()?;
        Ok(omissions)
    };
    as_output(write(), output)
}

fn to_standard_output(settings: &ExportSettings, trace: &Arc<Trace>, progress: &Progress) -> Result<Vec<Omission>> {
    let mut out = Destination::standard_output(settings.is_stdout_terminal);
    let mut write = || -> Result<Vec<Omission>, ExportError> {
        let omissions = write_text(settings, trace, &mut out, progress)?;
        out.flush()?;
        Ok(omissions)
    };
    as_output(write(), None)
}

/// Writes what is text.
fn write_text(
    settings: &ExportSettings,
    trace: &Arc<Trace>,
    out: &mut dyn Write,
    progress: &Progress,
) -> Result<Vec<Omission>, ExportError> {
    if settings.to == ExportTo::Chrome {
        return chrome::write(trace, out, &settings.options, progress);
    }
    let nodes = cpu_stacks(trace);
    folded::write(trace, &nodes, out, &settings.options, progress)?;
    Ok(Vec::new())
}

/// The flame graph of all threads of CPUs.
fn cpu_stacks(trace: &Arc<Trace>) -> FlamegraphNodes {
    let is_of_cpu = |track: &kinetoscope_model::table::TrackRow| {
        let is_thread = matches!(track.r#type, TrackKind::Thread | TrackKind::Lane);
        let is_gpu = |upid: kinetoscope_model::ProcessId| trace.processes.device_id.get(upid.index()).is_some();
        is_thread && !track.upid.is_some_and(is_gpu)
    };
    let tracks = trace.tracks.rows().enumerate().filter(|(_, track)| is_of_cpu(track));
    let tracks = tracks.map(|(index, _)| TrackId::from_index(index)).collect();
    let Some(bounds) = trace.bounds() else { return FlamegraphNodes::default() };
    // What starts at the end has no length, and no time of its own.
    let area = Area { window: bounds.start..bounds.end, tracks };
    let store = Store::new(Arc::clone(trace));
    let graph = flamegraph(&store, &area, FlamegraphDirection::TopDown, &|| false);
    graph.map(|graph| graph.nodes).unwrap_or_default()
}

/// Says what is not in the file.
fn tell_omissions(omissions: &[Omission], printer: Printer) {
    let told = |omission: &Omission| format!("{} {}", format_count(omission.count), omission.what);
    for omission in omissions {
        printer.detail(format_args!("not in the format: {}", told(omission)));
    }
    if omissions.is_empty() {
        return;
    }
    let mut list: Vec<String> = omissions.iter().take(MAX_OMISSIONS_TOLD).map(told).collect();
    if let Some(more) = omissions.len().checked_sub(MAX_OMISSIONS_TOLD).filter(|&more| more > 0) {
        list.push(format!("{} (--verbose lists all)", format_number_of(more as u64, "more kind")));
    }
    printer.note(format_args!("what the format has no place for: {}", list.join(", ")));
}

/// The last part of the first path: what the page is headed with.
fn name_of(settings: &ExportSettings) -> String {
    let path = settings.paths.first().map(String::as_str).unwrap_or_default();
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    if settings.paths.len() > 1 { format!("{name} and {} more", settings.paths.len() - 1) } else { name.to_owned() }
}
