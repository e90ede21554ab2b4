//! Writes the sqlite database that `nsys export` would have made of the trace.
//!
//! Tables, columns and numbers are those of schema 3.7.2, which the report scripts of Nsight Systems 2023.4 ask for; later
//! columns are added where a trace has them, since whoever asks by name does not see them. Three decisions shaped it:
//!
//! - **As lazy as nsys.** A table is made when it has rows, or when the capture said that it was recorded and empty:
//!   scripts tell "nothing happened" from "nothing was recorded" by that.
//! - **Row numbers stay.** Reports print them. The rows of one capture keep theirs, and a range of a PyTorch trace has the
//!   number of its slice.
//! - **Unknown is NULL.** nsys always knows what a call returned or how a kernel's shared memory is divided, and declares
//!   such columns `NOT NULL`. Another source may not know; a made-up 0 would be a wrong answer.

mod about;
mod cpu;
mod enums;
mod global_ids;
mod gpu;
mod stacks;
mod tables;
mod texts;
mod writer;

use std::path::Path;

use kinetoscope_analysis::stats::launchers;
use kinetoscope_model::table::{GpuOpKind, GpuOpRow};
use kinetoscope_model::{ProcessId, SliceId, Trace};
use rusqlite::{Connection, OpenFlags};

use crate::chrome::LAUNCH_CATEGORIES;
use crate::omission::Omissions;
use crate::privacy::Privacy;
use crate::{ExportError, Omission, Options, Progress};
use global_ids::GlobalIds;
use texts::Texts;
use writer::{Cell, Writer};

/// Version of the schema that is written.
pub const SCHEMA_VERSION: [u32; 3] = [3, 7, 2];

/// Writes `trace` as a database to `path`, where no file or an empty one is.
///
/// What is at `path` after an error is no database; the caller removes it.
///
/// # Errors
/// When the file cannot be written, the export is cancelled, or the trace has more processes or threads than there are
/// global ids.
pub fn write(trace: &Trace, path: &Path, options: &Options, progress: &Progress) -> Result<Vec<Omission>, ExportError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // The file is new and nobody reads it before it is whole, so there is nothing to go back to.
    connection.pragma_update(None, "journal_mode", "OFF")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let transaction = connection.transaction()?;
    let omissions = Export::new(trace, &transaction, options, progress)?.run()?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(omissions)
}

/// An export under way.
struct Export<'a> {
    trace: &'a Trace,
    writer: Writer<'a>,
    texts: Texts<'a>,
    ids: GlobalIds,
    privacy: Privacy,
    progress: &'a Progress,
    omissions: Omissions,
    /// What leads from trace time to the times of the (first) file.
    offset: i64,
    /// True when the trace is of one capture of Nsight Systems, whose row numbers are kept.
    keeps_rows: bool,
    /// Process that launched each row of `gpu_op`, where the rows do not say whose they are.
    launchers: Vec<Option<ProcessId>>,
}

/// The number of a row in its table, and the number of the record in the trace's.
type Numbered = (i64, usize);

impl<'a> Export<'a> {
    fn new(
        trace: &'a Trace,
        connection: &'a Connection,
        options: &Options,
        progress: &'a Progress,
    ) -> Result<Self, ExportError> {
        progress.set_total(num_rows(trace));
        let is_capture = is_capture(trace);
        Ok(Self {
            trace,
            writer: Writer::new(connection),
            texts: Texts::new(trace),
            ids: GlobalIds::new(trace, is_capture)?,
            privacy: Privacy::new(trace, options.private_names),
            progress,
            omissions: Omissions::default(),
            offset: trace.clock.file_offset_ns,
            keeps_rows: is_capture && trace.sources.len() == 1,
            launchers: launchers(trace),
        })
    }

    fn run(mut self) -> Result<Vec<Omission>, ExportError> {
        self.write_enums()?;
        self.write_about()?;
        self.write_processes()?;
        self.write_devices()?;
        self.write_gpu_work()?;
        self.write_syncs()?;
        self.write_cuda_events()?;
        self.write_graph_events()?;
        self.write_memory()?;
        self.write_metrics()?;
        self.write_api_calls()?;
        self.write_library_calls()?;
        self.write_overheads()?;
        self.write_nvtx()?;
        self.write_osrt()?;
        self.write_scheduling()?;
        self.write_samples()?;
        self.write_diagnostics()?;
        self.write_process_outputs()?;
        self.write_recorded_and_empty()?;
        self.write_texts()?;
        self.count_omissions();
        Ok(self.omissions.finish())
    }

    /// A time as the (first) file has it.
    fn time(&self, ts: i64) -> i64 {
        ts.saturating_add(self.offset)
    }

    /// Start and end of a slice; no end when it was never closed.
    fn times(&self, slice: SliceId) -> (i64, Option<i64>) {
        let (ts, dur) = (self.trace.slices.ts.get(slice.index()), self.trace.slices.dur.get(slice.index()));
        (self.time(ts), (dur >= 0).then(|| self.time(ts.saturating_add(dur))))
    }

    /// Start and end of a slice in a table whose rows all have an end.
    fn whole_times(&self, slice: SliceId) -> (i64, i64) {
        let (start, end) = self.times(slice);
        (start, end.unwrap_or(start))
    }

    /// The id of the name of a slice.
    fn name_of(&mut self, slice: SliceId) -> i64 {
        self.texts.id_of(self.trace.slices.name.get(slice.index()), &self.privacy)
    }

    /// The global id of the thread that a slice is of, or of its process.
    fn thread_of(&self, slice: SliceId) -> Cell<'static> {
        let track = self.trace.tracks.row(self.trace.slices.track_id.get(slice.index()).index());
        match (track.utid, track.upid) {
            (Some(utid), _) => Cell::from(self.ids.thread(utid)),
            (None, upid) => Cell::from(upid.and_then(|upid| self.ids.process(upid))),
        }
    }

    fn process_cell(&self, upid: Option<ProcessId>) -> Cell<'static> {
        Cell::from(upid.and_then(|upid| self.ids.process(upid)))
    }

    /// The process whose work row `index` of `gpu_op` is.
    fn process_of_op(&self, index: usize, op: &GpuOpRow) -> Option<ProcessId> {
        op.upid.or_else(|| self.launchers.get(index).copied().flatten())
    }

    /// Numbers records, given as their places in the input and their numbers in the trace's table. Records in the order
    /// of the input stay in it, as reports break ties by it.
    fn numbered(&self, mut records: Vec<(i64, usize)>) -> Vec<Numbered> {
        records.sort_unstable();
        let are_numbers =
            records.first().is_none_or(|&(first, _)| first > 0) && records.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !(self.keeps_rows && are_numbers) {
            for (number, (row, _)) in (1..).zip(&mut records) {
                *row = number;
            }
        }
        records
    }

    /// [`Self::numbered`] for records that are slices.
    fn numbered_slices(&self, records: impl Iterator<Item = (usize, SliceId)>) -> Vec<Numbered> {
        let place = |(index, slice): (usize, SliceId)| (self.trace.slices.source_offset.get(slice.index()), index);
        self.numbered(records.map(place).collect())
    }

    /// Counts what the schema has no place for.
    fn count_omissions(&mut self) {
        const EXPORTED: [&str; 16] = [
            "kernel",
            "gpu_memcpy",
            "gpu_memset",
            "Kernel",
            "Memcpy",
            "Memset",
            "cuda_graph",
            "cuda_runtime",
            "cuda_driver",
            "Runtime",
            "cublas",
            "cudnn",
            "nvtx",
            "osrt",
            "overhead",
            "user_annotation",
        ];
        let trace = self.trace;
        let is_capture = is_capture(trace);
        let mut categories: Vec<u64> = vec![0; trace.strings.len() + 1];
        for category in trace.slices.category.iter() {
            categories[category.map_or(trace.strings.len(), |category| category.index())] += 1;
        }
        let mut typed = hashbrown::HashMap::new();
        let slices = trace.gpu_ops.slice_id.iter().chain(trace.api_calls.slice_id.iter());
        for slice in slices.chain(trace.cuda_syncs.slice_id.iter()) {
            if let Some(category) = trace.slices.category.get(slice.index()) {
                *typed.entry(category.index()).or_insert(0u64) += 1;
            }
        }
        for (index, &count) in categories.iter().enumerate().filter(|&(_, &count)| count > 0) {
            let Some(category) = (index < trace.strings.len()).then(|| kinetoscope_model::StringId::from_index(index))
            else {
                self.omissions.add("slices without a category", count);
                continue;
            };
            let text = trace.text(category);
            let is_exported = match text {
                "overhead" => is_capture,
                _ => EXPORTED.contains(&text),
            };
            if !is_exported {
                let left = count.saturating_sub(typed.get(&index).copied().unwrap_or_default());
                self.omissions.add(&format!("slices of category `{text}`"), left);
            }
        }
        if !is_capture {
            // Those of launches follow from correlation ids.
            let categories = trace.flows.category.iter().map(|category| trace.text_or_empty(category));
            let others = categories.filter(|category| !LAUNCH_CATEGORIES.contains(category)).count();
            self.omissions.add("flows", others as u64);
        }
        for row in trace.metadata.rows().filter(|row| trace.text(row.name) == "nsys.unread_table") {
            let table = trace.text_or_empty(row.str_value);
            self.omissions.add(&format!("tables of the capture that are not read (`{table}`)"), 1);
        }
    }
}

/// True for captures of Nsight Systems, whatever they came in.
pub(crate) fn is_capture(trace: &Trace) -> bool {
    trace.sources.format.iter().any(|format| trace.text(format).contains("nsys"))
}

/// Rows of the trace that an export goes over.
fn num_rows(trace: &Trace) -> usize {
    trace.gpu_ops.len()
        + trace.api_calls.len()
        + trace.nvtx.len()
        + trace.osrt.len()
        + trace.thread_states.len()
        + trace.perf_samples.len()
        + trace.cuda_syncs.len()
}

/// The rows of `gpu_op` of a kind.
fn ops_of(trace: &Trace, kind: GpuOpKind) -> impl Iterator<Item = (usize, SliceId)> + '_ {
    let rows = trace.gpu_ops.rows().enumerate();
    rows.filter(move |(_, op)| op.kind == kind).map(|(index, op)| (index, op.slice_id))
}
