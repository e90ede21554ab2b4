//! Assembly: from the records of captures to the tables of a trace.
//!
//! A capture comes out as a PyTorch trace does, so that every view, query and report works on both: threads with their
//! calls and ranges, each GPU as a process row, each stream as a thread row of it, the categories that Kineto writes.
//! One pass goes over everything that becomes a slice, in order of time, because nesting depends on what is open at the
//! moment; all else is done before or after. Calls and GPU work are tied by correlation id within a process, never by
//! time.
//!
//! Several captures go through the pass together and come out on one clock.

mod after;
mod before;
mod cpu;
mod document;
mod gpu;
mod order;
mod other;
mod rows;
mod tables;

use hashbrown::HashMap;
use kinetoscope_model::id::NONE;
use kinetoscope_model::table::SliceRow;
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{
    ArgPageBuilder, ArgSetId, DeviceId, ProcessId, SourceId, StringId, TraceBuilder, WarningKind, Warnings,
};

use crate::error::IngestError;
use crate::nsys::capture::{Capture, FileAccessRecord, GlobalId, StringTable, TextId};
use crate::progress::Progress;
use cpu::RangeTracks;
pub(crate) use document::CaptureDocument;
use gpu::{ClusterKey, DeviceKey};
use rows::{Row, RowKey};

/// Most events of one trace: ids are 32 bits, and the last value means "none".
const MAX_EVENTS: u64 = NONE as u64 - 1;

/// Bytes of arguments after which a new page is begun.
const ARG_PAGE_BYTES: usize = 32 << 20;

/// Whether what a report tells of its user's machine goes into the trace: environment variables and command lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrivateData {
    /// It is counted and left out.
    #[default]
    LeftOut,
    /// It becomes metadata like everything else.
    Kept,
}

/// Builds the trace of `documents`. `warnings` are what is wrong beyond them.
pub(crate) fn assemble(
    mut documents: Vec<CaptureDocument>,
    warnings: Warnings,
    private_data: PrivateData,
    progress: &Progress,
) -> Result<TraceBuilder, IngestError> {
    progress.start_building();
    let num_events: u64 = documents.iter().map(|document| document.capture.num_events).sum();
    if num_events > MAX_EVENTS {
        let path = documents.first().map(|document| document.path.clone()).unwrap_or_default();
        return Err(IngestError::TooManyEvents { path, limit: MAX_EVENTS });
    }
    let mut assembly = Assembly::new();
    assembly.trace.warnings.merge(warnings);
    assembly.add_sources(&documents);
    assembly.add_metadata(&documents, private_data);
    assembly.add_devices(&documents);
    assembly.learn_names(&documents);
    assembly.place_slices(&documents, progress)?;
    for document in &mut documents {
        document.capture.forget_placed();
    }
    assembly.finish(&documents, progress)
}

/// What becomes a slice. Where two start and end together, the earlier kind is around the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum EventKind {
    Nvtx,
    Cublas,
    Library,
    Api,
    Other,
    Osrt,
    FileAccess,
    CuptiOverhead,
    ProfilerOverhead,
    GraphTrace,
    Kernel,
    Memcpy,
    Memset,
    Sync,
}

/// A record that becomes a slice, with its place in time and in its capture.
#[derive(Debug, Clone, Copy)]
struct Event {
    ts: Nanos,
    /// `Nanos::MAX` when it was never ended.
    end: Nanos,
    source: u32,
    part: u32,
    /// Place in its table of its part.
    index: u32,
    kind: EventKind,
}

impl Event {
    fn dur(&self) -> Nanos {
        if self.end == Nanos::MAX { kinetoscope_model::time::DUR_OPEN } else { self.end - self.ts }
    }
}

/// Words that are the same for all captures.
#[derive(Debug)]
struct Words {
    no_name: StringId,
    cuda_runtime: StringId,
    cuda_driver: StringId,
    cublas: StringId,
    cudnn: StringId,
    nvtx: StringId,
    osrt: StringId,
    overhead: StringId,
    kernel: StringId,
    gpu_memcpy: StringId,
    gpu_memset: StringId,
    cuda_graph: StringId,
    cuda_sync: StringId,
    ac2g: StringId,
}

/// A thread's name and priority, as the capture gives them.
///
/// It becomes a string of the trace only with the thread: a capture names every thread of the machine.
#[derive(Debug, Clone, Default)]
struct ThreadName {
    name: Option<Box<str>>,
    priority: Option<i32>,
}

/// A number that counts in one process of one source.
type InProcess<T> = (u32, GlobalId, T);

#[derive(Debug)]
struct Assembly {
    trace: TraceBuilder,
    words: Words,
    /// What is added to each source's times.
    shifts: Vec<i64>,
    /// Texts that are in the trace by now.
    texts: HashMap<(u32, TextId), Option<StringId>>,
    rows: Vec<Row>,
    row_ids: HashMap<RowKey, usize>,
    process_ids: HashMap<(u32, GlobalId), ProcessId>,
    device_processes: HashMap<DeviceId, ProcessId>,
    devices: HashMap<DeviceKey, DeviceId>,
    thread_names: HashMap<(u32, GlobalId), ThreadName>,
    process_names: HashMap<(u32, GlobalId), Box<str>>,
    domains: HashMap<InProcess<i64>, StringId>,
    categories: HashMap<InProcess<(i64, i64)>, StringId>,
    /// Names that programs gave through NVTX: threads, and streams by process id, context and stream.
    nvtx_thread_names: HashMap<(u32, GlobalId), StringId>,
    nvtx_stream_names: HashMap<(u32, i64, i64, i64), StringId>,
    /// The same of contexts, by process id and context.
    nvtx_context_names: HashMap<(u32, i64, i64), StringId>,
    mpi_ranks: HashMap<(u32, GlobalId), i64>,
    /// Devices that more than one context of one or several processes uses, so that streams have to say whose they are.
    shared_devices: HashMap<DeviceKey, bool>,
    instant_tracks: HashMap<ProcessId, kinetoscope_model::TrackId>,
    range_tracks: HashMap<(ProcessId, StringId), RangeTracks>,
    api_names: HashMap<(u32, TextId), (StringId, Option<StringId>)>,
    /// The slice of each NVTX record, by source; [`NONE`] for those that have none.
    nvtx_slices: Vec<Vec<u32>>,
    /// What calls of the OS runtime did to files, by source, thread id and start.
    file_accesses: HashMap<(u32, i64, i64), FileAccessRecord>,
    /// Argument sets of kernels with clusters, which repeat.
    cluster_args: HashMap<ClusterKey, ArgSetId>,
    /// NVTX records before those of each part, by source.
    nvtx_before: Vec<Vec<usize>>,
    /// Rows that wait for their stacks, as `(source, stack, row)`.
    api_stacks: Vec<(u32, i64, usize)>,
    osrt_stacks: Vec<(u32, i64, usize)>,
    args: ArgPageBuilder,
    first_arg_set: u32,
}

impl Assembly {
    fn new() -> Self {
        let mut trace = TraceBuilder::default();
        let mut word = |text: &str| trace.strings.intern(text);
        let words = Words {
            no_name: word("[No name]"),
            cuda_runtime: word("cuda_runtime"),
            cuda_driver: word("cuda_driver"),
            cublas: word("cublas"),
            cudnn: word("cudnn"),
            nvtx: word("nvtx"),
            osrt: word("osrt"),
            overhead: word("overhead"),
            kernel: word("kernel"),
            gpu_memcpy: word("gpu_memcpy"),
            gpu_memset: word("gpu_memset"),
            cuda_graph: word("cuda_graph"),
            cuda_sync: word("cuda_sync"),
            ac2g: word("ac2g"),
        };
        Self {
            trace,
            words,
            shifts: Vec::new(),
            texts: HashMap::new(),
            rows: Vec::new(),
            row_ids: HashMap::new(),
            process_ids: HashMap::new(),
            device_processes: HashMap::new(),
            devices: HashMap::new(),
            thread_names: HashMap::new(),
            process_names: HashMap::new(),
            domains: HashMap::new(),
            categories: HashMap::new(),
            nvtx_thread_names: HashMap::new(),
            nvtx_stream_names: HashMap::new(),
            nvtx_context_names: HashMap::new(),
            mpi_ranks: HashMap::new(),
            shared_devices: HashMap::new(),
            instant_tracks: HashMap::new(),
            range_tracks: HashMap::new(),
            api_names: HashMap::new(),
            nvtx_slices: Vec::new(),
            nvtx_before: Vec::new(),
            file_accesses: HashMap::new(),
            cluster_args: HashMap::new(),
            api_stacks: Vec::new(),
            osrt_stacks: Vec::new(),
            args: ArgPageBuilder::default(),
            first_arg_set: 0,
        }
    }

    /// A time of a source on the trace's clock.
    fn time(&mut self, source: u32, time: i64, row: i64) -> Option<Nanos> {
        // The column's own "none" is a number too.
        let shifted = time.checked_add(self.shifts[source as usize]).filter(|&ts| ts > -Nanos::MAX / 2);
        if shifted.is_none_or(|ts| ts == Nanos::MAX) {
            self.warn_time(source, row);
            return None;
        }
        shifted
    }

    #[cold]
    fn warn_time(&mut self, source: u32, row: i64) {
        let detail = || format!("row {row}");
        self.trace.warnings.add(WarningKind::TimeOutOfRange, SourceId(source), Some(row.max(0) as u64), detail);
    }

    fn place(&mut self, rows: &Capture, strings: &StringTable, event: &Event) {
        let index = event.index as usize;
        match event.kind {
            EventKind::Nvtx => self.place_nvtx(event, &rows.nvtx[index], strings),
            EventKind::Cublas | EventKind::Library => {
                self.place_library_call(event, &rows.library_calls[index], strings);
            }
            EventKind::Api => self.place_api_call(event, &rows.api_calls[index], strings),
            EventKind::Osrt => self.place_osrt_call(event, &rows.osrt_calls[index], strings),
            EventKind::Other => self.place_other(event, &rows.other_events[index], rows, strings),
            EventKind::FileAccess => self.place_file_access(event, &rows.file_accesses[index], strings),
            EventKind::CuptiOverhead => self.place_cupti_overhead(event, &rows.cupti_overheads[index], strings),
            EventKind::ProfilerOverhead => {
                self.place_profiler_overhead(event, &rows.profiler_overheads[index], strings);
            }
            EventKind::GraphTrace => self.place_graph_trace(event, &rows.graph_traces[index]),
            EventKind::Kernel => self.place_kernel(event, &rows.kernels[index], strings),
            EventKind::Memcpy => self.place_memcpy(event, &rows.memcpys[index]),
            EventKind::Memset => self.place_memset(event, &rows.memsets[index]),
            EventKind::Sync => self.place_sync(event, &rows.syncs[index]),
        }
    }

    /// The trace's string for a text of a capture; nothing, and counted, when the capture does not have it.
    fn text(&mut self, source: u32, strings: &StringTable, id: Option<TextId>) -> Option<StringId> {
        let id = id?;
        if let Some(&known) = self.texts.get(&(source, id)) {
            return known;
        }
        let string = strings.get(id).map(|text| self.trace.strings.intern(text));
        if string.is_none() {
            let detail = || format!("text {}", id.0);
            self.trace.warnings.add(WarningKind::NsysMissingText, SourceId(source), None, detail);
        }
        self.texts.insert((source, id), string);
        string
    }

    /// Ends the argument set that was begun, and returns its id.
    fn end_arg_set(&mut self) -> ArgSetId {
        let id = ArgSetId(self.first_arg_set + self.args.end_set());
        if self.args.num_bytes() > ARG_PAGE_BYTES {
            self.flush_args();
        }
        id
    }

    fn flush_args(&mut self) {
        let page = self.args.seal();
        self.first_arg_set += page.num_sets() as u32;
        self.trace.arg_pages.push(page);
    }
}

/// What a slice says beyond time and place.
#[derive(Debug, Clone, Copy)]
struct Label {
    name: StringId,
    category: StringId,
    arg_set_id: Option<ArgSetId>,
    source_row: i64,
}

impl Label {
    fn slice_row(self, event: &Event, track_id: kinetoscope_model::TrackId) -> SliceRow {
        SliceRow {
            ts: event.ts,
            dur: event.dur(),
            track_id,
            category: Some(self.category),
            name: self.name,
            depth: 0,
            parent_id: None,
            arg_set_id: self.arg_set_id,
            thread_ts: None,
            thread_dur: None,
            source_offset: self.source_row,
        }
    }
}
