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
mod gpu;
mod rows;
mod tables;

use std::cmp::Reverse;

use hashbrown::HashMap;
use kinetoscope_model::id::NONE;
use kinetoscope_model::table::SliceRow;
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{
    ArgPageBuilder, ArgSetId, DeviceId, ProcessId, SliceId, SourceId, StringId, Trace, TraceBuilder, WarningKind,
    Warnings,
};

use crate::error::IngestError;
use crate::nsys::capture::{Capture, GlobalId, TextId};
use crate::progress::Progress;
use cpu::RangeTracks;
use gpu::{DeviceKey, LaunchIndex};
use rows::{Row, RowKey};

/// Most events of one trace: ids are 32 bits, and the last value means "none".
const MAX_EVENTS: u64 = NONE as u64 - 1;

/// Events that are placed between two looks at whether to stop.
const CANCEL_EVERY: usize = 1 << 16;

/// Bytes of arguments after which a new page is begun.
const ARG_PAGE_BYTES: usize = 32 << 20;

/// A capture read to its end, not yet part of a trace.
#[derive(Debug, Default)]
pub(crate) struct CaptureDocument {
    pub(crate) path: String,
    pub(crate) format: String,
    pub(crate) file_bytes: u64,
    pub(crate) unpacked_bytes: u64,
    pub(crate) capture: Capture,
}

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
) -> Result<Trace, IngestError> {
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
    let events = assembly.order_events(&documents);
    progress.check_cancelled()?;
    for (count, event) in events.iter().enumerate() {
        if count % CANCEL_EVERY == 0 {
            progress.check_cancelled()?;
        }
        assembly.place(&documents[event.source as usize].capture, event);
    }
    drop(events);
    progress.check_cancelled()?;
    for document in &mut documents {
        document.capture.forget_placed();
    }
    Ok(assembly.finish(&documents))
}

/// What becomes a slice. Where two start and end together, the earlier kind is around the later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum EventKind {
    Nvtx,
    Library,
    Api,
    Osrt,
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
    /// Devices that more than one context of one or several processes uses, so that streams have to say whose they are.
    shared_devices: HashMap<DeviceKey, bool>,
    instant_tracks: HashMap<ProcessId, kinetoscope_model::TrackId>,
    range_tracks: HashMap<(ProcessId, StringId), RangeTracks>,
    launch_index: LaunchIndex,
    /// Process of each row of `gpu_op`, for finding its launch.
    process_of_gpu_op: Vec<Option<GlobalId>>,
    source_of_gpu_op: Vec<u32>,
    api_names: HashMap<(u32, TextId), (StringId, Option<StringId>)>,
    /// The slice of each NVTX record, by source.
    nvtx_slices: Vec<Vec<Option<SliceId>>>,
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
            shared_devices: HashMap::new(),
            instant_tracks: HashMap::new(),
            range_tracks: HashMap::new(),
            launch_index: LaunchIndex::default(),
            process_of_gpu_op: Vec::new(),
            source_of_gpu_op: Vec::new(),
            api_names: HashMap::new(),
            nvtx_slices: Vec::new(),
            api_stacks: Vec::new(),
            osrt_stacks: Vec::new(),
            args: ArgPageBuilder::default(),
            first_arg_set: 0,
        }
    }

    /// Everything that becomes a slice, in order of time, the longer first where two start together.
    fn order_events(&mut self, documents: &[CaptureDocument]) -> Vec<Event> {
        let total: usize = documents.iter().map(|document| document.capture.num_events as usize).sum();
        let mut events = Vec::with_capacity(total.min(MAX_EVENTS as usize));
        for (source, document) in (0u32..).zip(documents) {
            let capture = &document.capture;
            let mut add = |kind: EventKind, index: usize, row: i64, start: i64, end: Option<i64>| {
                if let Some(event) = self.event(source, kind, index, row, start, end) {
                    events.push(event);
                }
            };
            for (index, record) in capture.nvtx.iter().enumerate() {
                match cpu::nvtx_type(record.event_type) {
                    Some(kind) if kind.is_range() => add(EventKind::Nvtx, index, record.row, record.start, record.end),
                    Some(kind) if cpu::is_mark(kind) => {
                        add(EventKind::Nvtx, index, record.row, record.start, Some(record.start));
                    }
                    _ => {}
                }
            }
            macro_rules! add_all {
                ($($kind:ident: $records:expr;)*) => {$(
                    for (index, record) in $records.iter().enumerate() {
                        add(EventKind::$kind, index, record.row, record.start, Some(record.end));
                    }
                )*};
            }
            add_all! {
                Library: capture.library_calls;
                Api: capture.api_calls;
                Osrt: capture.osrt_calls;
                CuptiOverhead: capture.cupti_overheads;
                ProfilerOverhead: capture.profiler_overheads;
            }
            macro_rules! add_placed {
                ($($kind:ident: $records:expr;)*) => {$(
                    for (index, record) in $records.iter().enumerate() {
                        add(EventKind::$kind, index, record.row, record.place.start, Some(record.place.end));
                    }
                )*};
            }
            add_placed! {
                GraphTrace: capture.graph_traces;
                Kernel: capture.kernels;
                Memcpy: capture.memcpys;
                Memset: capture.memsets;
                Sync: capture.syncs;
            }
        }
        events.sort_unstable_by_key(|event| (event.ts, Reverse(event.end), event.source, event.kind, event.index));
        events
    }

    /// A record's place on the trace's clock; nothing when its times do not fit.
    fn event(
        &mut self,
        source: u32,
        kind: EventKind,
        index: usize,
        row: i64,
        start: i64,
        end: Option<i64>,
    ) -> Option<Event> {
        let ts = self.time(source, start, row)?;
        let end = match end {
            None => Nanos::MAX,
            // The last nanosecond is kept apart: it means "not ended".
            Some(end) => self.time(source, end, row)?.min(Nanos::MAX - 1),
        };
        let end = if end < ts {
            let detail = || format!("{kind:?} row {row} of {} ns", end - ts);
            self.trace.warnings.add(WarningKind::NegativeDuration, SourceId(source), Some(row.max(0) as u64), detail);
            ts
        } else {
            end
        };
        // Durations have to fit as well.
        if end != Nanos::MAX && end.checked_sub(ts).is_none() {
            self.warn_time(source, row);
            return None;
        }
        Some(Event { ts, end, source, index: index as u32, kind })
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

    fn place(&mut self, capture: &Capture, event: &Event) {
        let index = event.index as usize;
        match event.kind {
            EventKind::Nvtx => self.place_nvtx(event, &capture.nvtx[index], capture),
            EventKind::Library => self.place_library_call(event, &capture.library_calls[index], capture),
            EventKind::Api => self.place_api_call(event, &capture.api_calls[index], capture),
            EventKind::Osrt => self.place_osrt_call(event, &capture.osrt_calls[index], capture),
            EventKind::CuptiOverhead => self.place_cupti_overhead(event, &capture.cupti_overheads[index], capture),
            EventKind::ProfilerOverhead => {
                self.place_profiler_overhead(event, &capture.profiler_overheads[index], capture);
            }
            EventKind::GraphTrace => self.place_graph_trace(event, &capture.graph_traces[index]),
            EventKind::Kernel => self.place_kernel(event, &capture.kernels[index], capture),
            EventKind::Memcpy => self.place_memcpy(event, &capture.memcpys[index]),
            EventKind::Memset => self.place_memset(event, &capture.memsets[index]),
            EventKind::Sync => self.place_sync(event, &capture.syncs[index]),
        }
    }

    /// The trace's string for a text of a capture; nothing, and counted, when the capture does not have it.
    fn text(&mut self, source: u32, capture: &Capture, id: Option<TextId>) -> Option<StringId> {
        let id = id?;
        if let Some(&known) = self.texts.get(&(source, id)) {
            return known;
        }
        let string = capture.strings.get(id).map(|text| self.trace.strings.intern(text));
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
