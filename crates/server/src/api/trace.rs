//! A trace as a whole: what there is, whether it is open, and what its tracks are.

use std::ops::Range;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use kinetoscope_analysis::track_tree::track_tree;
use kinetoscope_analysis::warnings::warnings as warnings_of;
use kinetoscope_model::{Severity, StringId, Trace};
use kinetoscope_sql::TableDoc;
use serde::{Deserialize, Serialize};

use super::{Asked, OfTrace, Server, ask};
use crate::answer::{Refusal, binary, json};
use crate::collection::{OpenTrace, TraceEntry};
use crate::{export, page};

/// What the server is.
#[derive(Debug, Serialize)]
struct Info {
    /// Of the program.
    version: &'static str,
    /// Tells one build of the page from another.
    page_fingerprint: &'static str,
    /// `open` or `serve`.
    mode: &'static str,
    /// In the order in which they are shown.
    traces: Vec<TraceEntry>,
}

/// What the server is, and its traces. It looks for new ones.
///
/// Answer: `Info`.
pub(crate) async fn info(State(shared): Server) -> Result<Response, Refusal> {
    let collection = std::sync::Arc::clone(&shared.collection);
    // Looking into folders may take a while on a slow disk.
    let traces = shared.workers.run(move |_| {
        collection.refresh();
        Ok(collection.list())
    });
    let mode = shared.mode.word();
    let (version, page_fingerprint) = (env!("CARGO_PKG_VERSION"), page::fingerprint());
    Ok(json(&Info { version, page_fingerprint, mode, traces: traces.await? }))
}

/// Whether a trace is open, and how far opening it is.
///
/// Answer: `TraceEntry`.
pub(crate) async fn entry(State(shared): Server, OfTrace(trace): OfTrace) -> Result<Response, Refusal> {
    Ok(json(&shared.collection.entry(&trace)?))
}

/// Begins to open a trace, unless it is open or about to be. An opening that nobody asks about any more is cancelled after
/// some minutes, but for that of the trace that `kinetoscope open` was given.
///
/// Answer: status 202, at once.
pub(crate) async fn open(State(shared): Server, OfTrace(trace): OfTrace) -> Result<Response, Refusal> {
    shared.collection.open(&trace)?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Stops an opening; a trace that is open stays so.
///
/// Answer: status 204.
pub(crate) async fn cancel_opening(State(shared): Server, OfTrace(trace): OfTrace) -> Result<Response, Refusal> {
    shared.collection.cancel_opening(&trace)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What a page has to know of a trace before it draws.
#[derive(Debug, Serialize)]
pub(crate) struct Overview {
    /// Name of the trace.
    name: String,
    /// Of the first event, in nanoseconds since the trace start.
    start: i64,
    /// Of the last event.
    end: i64,
    /// Unix time of the trace start in nanoseconds; as a text, since it is no exact number in a script.
    unix_start_ns: Option<String>,
    /// What SQL adds to trace time in nanoseconds, so that queries see the times that the file writes.
    sql_offset_ns: String,
    /// Rows of the `slice` table.
    num_slices: usize,
    /// Rows of the `track` table.
    num_tracks: usize,
    /// What it was read from.
    sources: Vec<Source>,
    /// Ranks of a job, in order of their rows.
    ranks: Vec<Rank>,
    /// GPUs, in order of their rows.
    devices: Vec<Device>,
    /// How much reading had to say.
    warnings: WarningCounts,
}

/// An input.
#[derive(Debug, Serialize)]
struct Source {
    /// As given, with the archive member after `!`.
    path: String,
    /// What its bytes are.
    format: String,
    /// What wrote it, with its version.
    profiler: Option<String>,
}

/// A process of a distributed job.
#[derive(Debug, Serialize)]
struct Rank {
    /// Its number.
    rank: Option<i64>,
    /// Number of ranks of the job.
    world_size: Option<i64>,
    /// Name for people.
    name: Option<String>,
}

/// A GPU.
#[derive(Debug, Serialize)]
struct Device {
    /// Row of the `device` table.
    id: usize,
    /// Name of the model.
    name: Option<String>,
    /// Number on its host.
    ordinal: i64,
    /// Memory in bytes.
    total_memory: Option<i64>,
}

/// How many things of each severity reading met.
#[derive(Debug, Default, Serialize)]
struct WarningCounts {
    /// The file is not as it should be.
    error: i64,
    /// Something is missing.
    data_loss: i64,
    /// Something was mended or is worth knowing.
    info: i64,
}

impl Overview {
    /// The same of a window that holds so many slices.
    pub(crate) fn within(self, window: &Range<i64>, num_slices: usize) -> Self {
        Self { start: window.start, end: window.end, num_slices, ..self }
    }

    /// The inputs, one after the other.
    pub(crate) fn paths(&self) -> String {
        self.sources.iter().map(|source| source.path.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// What a page has to know of a trace before it draws.
///
/// Answer: `Overview`.
pub(crate) async fn overview(State(shared): Server, OfTrace(trace): OfTrace) -> Result<Response, Refusal> {
    ask(&shared, &trace, |trace, _| Ok(json(&overview_of(trace)))).await
}

/// What is told of an open trace.
pub(crate) fn overview_of(open: &OpenTrace) -> Overview {
    let trace: &Trace = open.store.trace();
    let text = |id: Option<StringId>| id.map(|id| trace.text(id).to_owned());
    let bounds = open.store.bounds();
    let mut warnings = WarningCounts::default();
    for kind in trace.stats.rows() {
        let count = match trace.text(kind.severity) {
            word if word == Severity::Error.word() => &mut warnings.error,
            word if word == Severity::DataLoss.word() => &mut warnings.data_loss,
            _ => &mut warnings.info,
        };
        *count += kind.value;
    }
    let profilers = kinetoscope_analysis::metadata::versions(trace);
    let profiler = profilers.first().map(|version| format!("{} {}", version.software, version.version));
    Overview {
        name: open.name.clone(),
        start: bounds.map_or(0, |bounds| bounds.start),
        end: bounds.map_or(0, |bounds| bounds.end),
        unix_start_ns: trace.clock.start_unix_ns.map(|ns| ns.to_string()),
        sql_offset_ns: trace.clock.file_offset_ns.to_string(),
        num_slices: trace.slices.len(),
        num_tracks: trace.tracks.len(),
        sources: trace
            .sources
            .rows()
            .map(|source| Source {
                path: trace.text(source.path).to_owned(),
                format: trace.text(source.format).to_owned(),
                profiler: profiler.clone(),
            })
            .collect(),
        ranks: trace
            .ranks
            .rows()
            .map(|rank| Rank { rank: rank.rank, world_size: rank.world_size, name: text(rank.name) })
            .collect(),
        devices: trace
            .devices
            .rows()
            .enumerate()
            .map(|(id, device)| Device {
                id,
                name: text(device.name),
                ordinal: device.ordinal,
                total_memory: device.total_memory,
            })
            .collect(),
        warnings,
    }
}

/// The tree of tracks. Its regions are CPU, GPU and Profiler, in this order.
///
/// Answer: `TrackTree`.
pub(crate) async fn tracks(State(shared): Server, OfTrace(trace): OfTrace) -> Result<Response, Refusal> {
    ask(&shared, &trace, |trace, _| Ok(json(&track_tree(&trace.store)))).await
}

/// Which names, by their ids in viewports.
#[derive(Debug, Deserialize)]
pub(crate) struct NamesRequest {
    /// As viewports have them.
    ids: Vec<u32>,
}

/// Names.
#[derive(Debug, Serialize)]
struct Names {
    /// In the order of the ids.
    names: Vec<String>,
}

/// Names, by their ids in viewports.
///
/// Answer: `Names`.
pub(crate) async fn names(
    State(shared): Server,
    OfTrace(trace): OfTrace,
    Asked(request): Asked<NamesRequest>,
) -> Result<Response, Refusal> {
    ask(&shared, &trace, move |trace, _| {
        let strings = &trace.store.trace().strings;
        let name_of = |&id: &u32| {
            let is_known = StringId(id).index() < strings.len();
            is_known
                .then(|| strings.get(StringId(id)).to_owned())
                .ok_or_else(|| Refusal::not_found(format_args!("name {id}")))
        };
        Ok(json(&Names { names: request.ids.iter().map(name_of).collect::<Result<_, _>>()? }))
    })
    .await
}

/// What a query can name.
#[derive(Debug, Serialize)]
struct Schema {
    /// Views, then tables.
    tables: Vec<TableDoc>,
    /// Names of functions.
    functions: Vec<String>,
    /// Names of macros.
    macros: Vec<String>,
    /// What `INCLUDE PERFETTO MODULE` takes.
    modules: Vec<&'static str>,
}

/// What a query can name.
///
/// Answer: `Schema`.
pub(crate) async fn schema(State(shared): Server, OfTrace(trace): OfTrace) -> Result<Response, Refusal> {
    let options = shared.session_options.clone();
    ask(&shared, &trace, move |trace, _| {
        let session = trace.session("", &options)?;
        let words = session.vocabulary()?;
        Ok(json(&Schema {
            tables: session.schema()?,
            functions: words.functions,
            macros: words.macros,
            modules: words.modules,
        }))
    })
    .await
}

/// What the trace holds and what the GPU did.
///
/// Answer: what `kinetoscope summary --json` prints.
pub(crate) async fn summary(State(shared): Server, OfTrace(trace): OfTrace) -> Result<Response, Refusal> {
    ask(&shared, &trace, |trace, _| Ok(json(&kinetoscope_analysis::summary(trace.store.trace())))).await
}

/// Which part of the trace.
#[derive(Debug, Deserialize)]
pub(crate) struct ExportRequest {
    /// Start of the window.
    start: i64,
    /// End of it.
    end: i64,
}

/// One part of the trace as an HTML file that shows it without a server; refused when it holds too many slices.
///
/// Answer: the bytes of the file.
pub(crate) async fn export(
    State(shared): Server,
    OfTrace(trace): OfTrace,
    Asked(request): Asked<ExportRequest>,
) -> Result<Response, Refusal> {
    ask(&shared, &trace, move |trace, waiting| {
        let html = export::html_of(trace, &(request.start..request.end), &|| waiting.is_over());
        html.map(binary).map_err(|error| {
            let status = if error.is_internal() { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::BAD_REQUEST };
            Refusal::new(status, error.to_string()).with_hint("zoom in to a shorter window and export that")
        })
    })
    .await
}

/// What was lost, mended or missing in the files.
///
/// Answer: what `kinetoscope summary --warnings --json` prints.
pub(crate) async fn warnings(State(shared): Server, OfTrace(trace): OfTrace) -> Result<Response, Refusal> {
    ask(&shared, &trace, |trace, _| Ok(json(&warnings_of(trace.store.trace())))).await
}
