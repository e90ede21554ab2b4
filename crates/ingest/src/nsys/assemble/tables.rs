//! Tables beside the slices: metadata, graphs, stacks and samples, scheduling, memory, counters, diagnostics.

use hashbrown::HashMap;
use kinetoscope_model::table::{
    CounterRow, CudaContextRow, CudaEventRow, CudaGraphEventRow, CudaStreamRow, DiagnosticRow, GpuMemoryEventRow,
    GraphEventKind, MetadataRow, PerfSampleRow, ProcessOutputRow, StackCallsiteRow, StackFrameRow, StackMappingRow,
    ThreadStateRow, TrackKind, UmPageFaultRow,
};
use kinetoscope_model::time::{DUR_OPEN, Nanos};
use kinetoscope_model::{
    CallsiteId, FrameId, MappingId, ProcessId, SourceId, StreamId, StringId, ThreadId, TrackId, WarningKind,
};

use super::gpu::unsigned;
use super::rows::RowKey;
use super::{Assembly, CaptureDocument, PrivateData};
use crate::error::IngestError;
use crate::nsys::capture::*;
use crate::nsys::report::Payloads;
use crate::progress::Progress;

/// Beginnings of the names of capture metadata after `PROCESS_n:` that are private.
const PRIVATE_PROCESS_FIELDS: &[&str] = &["ENVIRONMENT", "ARGUMENT", "COMMAND"];

/// The property of the machine that holds an environment.
const PRIVATE_SYSTEM_PROPERTY: &str = "DeviceEnvironment";

/// True for environment variables and command lines.
fn is_private(name: &str) -> bool {
    let field = name.strip_prefix("PROCESS_").and_then(|rest| rest.split_once(':')).map_or(name, |(_, field)| field);
    PRIVATE_PROCESS_FIELDS.iter().any(|private| field.starts_with(private))
}

/// Memory kinds that are on a GPU: device, array, managed, and the static ones.
const GPU_MEMORY_KINDS: std::ops::RangeInclusive<i32> = 2..=6;

/// The part of a metric's type that is the number of the GPU.
const METRIC_GPU_MASK: i64 = 0xff;

/// What Linux calls the state in which a thread left the CPU, by Nsight's number.
fn state_word(state: i32) -> Option<&'static str> {
    Some(match state {
        1 => "R",
        2 => "S",
        3 => "D",
        4 => "T",
        5 => "X",
        _ => return None,
    })
}

/// What tells frames apart. The address is not part of it, for else every call of a function had a frame of its own.
type FrameKey = (Option<StringId>, Option<MappingId>, Option<bool>, Option<bool>, Option<bool>, Option<i32>);

/// The innermost callsite of each stack of a kind.
type Innermost = HashMap<i64, CallsiteId>;

/// Frames and call trees under way.
#[derive(Debug, Default)]
struct Stacks {
    mappings: HashMap<StringId, MappingId>,
    frames: HashMap<FrameKey, FrameId>,
    callsites: HashMap<(Option<CallsiteId>, FrameId), CallsiteId>,
}

impl Assembly {
    pub(super) fn add_metadata(&mut self, documents: &[CaptureDocument], private_data: PrivateData) {
        for (source, document) in (0u32..).zip(documents) {
            let capture = &document.capture;
            let about = &capture.about;
            let texts = [
                ("nsys.recorder_version", about.recorder_version.as_deref()),
                ("nsys.schema_version", about.schema_version.as_deref()),
                ("nsys.utc_time", about.utc_time.as_deref()),
                ("nsys.local_time", about.local_time.as_deref()),
            ];
            for (name, value) in texts {
                self.add_text(source, name, value);
            }
            self.add_number(source, "nsys.utc_epoch_ns", about.utc_epoch_ns);
            self.add_number(source, "nsys.system_clock_ns", about.system_clock_ns);
            for analysis in &capture.analyses {
                self.add_number(source, "nsys.collection_start", analysis.start);
                self.add_number(source, "nsys.collection_stop", analysis.stop);
                self.add_number(source, "nsys.collection_duration", analysis.duration);
            }
            for table in &capture.empty_tables {
                self.add_text(source, "nsys.empty_table", Some(table));
            }
            for table in &capture.unread_tables {
                self.add_text(source, "nsys.unread_table", Some(table));
            }
            for table in &capture.other_tables {
                self.add_text(source, "nsys.other_table", Some(&table.name));
            }
            let mut num_private = 0;
            for entry in &capture.capture_metadata {
                if private_data == PrivateData::LeftOut && is_private(&entry.name) {
                    num_private += 1;
                } else {
                    self.add_text(source, &format!("nsys.capture.{}", entry.name), entry.value.as_deref());
                }
            }
            for entry in &capture.export_metadata {
                self.add_text(source, &format!("nsys.export.{}", entry.name), entry.value.as_deref());
            }
            for entry in &capture.system_env {
                let Some(name) = entry.name.as_deref() else { continue };
                if private_data == PrivateData::LeftOut && name == PRIVATE_SYSTEM_PROPERTY {
                    num_private += 1;
                } else {
                    self.add_text(source, &format!("nsys.system.{name}"), entry.value.as_deref());
                }
            }
            self.trace.warnings.count(WarningKind::NsysPrivate, num_private);
        }
    }

    fn add_text(&mut self, source: u32, name: &str, value: Option<&str>) {
        let Some(value) = value else { return };
        let name = self.trace.strings.intern(name);
        let str_value = Some(self.trace.strings.intern(value));
        self.trace.metadata.push(MetadataRow { name, int_value: None, str_value, source_id: SourceId(source) });
    }

    fn add_number(&mut self, source: u32, name: &str, value: Option<i64>) {
        // The column's own "none" is a number too.
        let Some(value) = value.filter(|&value| value != kinetoscope_model::column::NULL_I64) else { return };
        let name = self.trace.strings.intern(name);
        let row = MetadataRow { name, int_value: Some(value), str_value: None, source_id: SourceId(source) };
        self.trace.metadata.push(row);
    }

    /// The making of graphs and nodes.
    pub(super) fn add_graph_events(
        &mut self,
        documents: &[CaptureDocument],
        progress: &Progress,
    ) -> Result<(), IngestError> {
        for (source, document) in (0u32..).zip(documents) {
            let strings = &document.capture.strings;
            // Graphs of the whole capture come before nodes.
            let packed = document.packed.as_ref().map(|packed| packed.num_rows);
            if packed.is_none_or(|num_rows| num_rows.graph_events > 0) {
                document.for_each_part(Payloads::CALLS, progress, &mut |rows| {
                    for record in &rows.graph_events {
                        self.add_graph_event(source, record, strings);
                    }
                })?;
            }
            if packed.is_none_or(|num_rows| num_rows.graph_node_events > 0) {
                document.for_each_part(Payloads::CALLS, progress, &mut |rows| {
                    for record in &rows.graph_node_events {
                        self.add_graph_node_event(source, record, strings);
                    }
                })?;
            }
        }
        Ok(())
    }

    fn add_graph_event(&mut self, source: u32, record: &GraphEventRecord, strings: &StringTable) {
        let kind = match record.event_class {
            Some(94) => GraphEventKind::GraphExec,
            Some(95) => GraphEventKind::Graph,
            Some(96) => GraphEventKind::Clone,
            _ => GraphEventKind::Other,
        };
        let name = self.text(source, strings, record.name);
        self.push_graph_event(source, record.row, (record.start, record.end), record.thread, |row| CudaGraphEventRow {
            kind,
            name,
            graph_id: record.graph,
            original_graph_id: record.original_graph,
            graph_exec_id: record.graph_exec,
            ..row
        });
    }

    fn add_graph_node_event(&mut self, source: u32, record: &GraphNodeEventRecord, strings: &StringTable) {
        let name = self.text(source, strings, record.name);
        self.push_graph_event(source, record.row, (record.start, record.end), record.thread, |row| CudaGraphEventRow {
            kind: GraphEventKind::Node,
            name,
            graph_id: record.graph,
            original_graph_id: record.original_graph,
            node_id: record.node,
            original_node_id: record.original_node,
            ..row
        });
    }

    fn push_graph_event(
        &mut self,
        source: u32,
        source_row: i64,
        (start, end): (i64, i64),
        thread: Option<GlobalId>,
        fill: impl FnOnce(CudaGraphEventRow) -> CudaGraphEventRow,
    ) {
        let Some((ts, dur)) = self.span(source, source_row, start, end) else { return };
        let row = CudaGraphEventRow {
            ts,
            dur,
            kind: GraphEventKind::Other,
            utid: self.thread(source, thread),
            upid: thread.map(|thread| self.process(source, thread)),
            name: None,
            graph_id: None,
            original_graph_id: None,
            graph_exec_id: None,
            node_id: None,
            original_node_id: None,
            source_row,
        };
        self.trace.cuda_graph_events.push(fill(row));
    }

    /// Start and length on the trace's clock.
    fn span(&mut self, source: u32, row: i64, start: i64, end: i64) -> Option<(Nanos, Nanos)> {
        let (ts, end) = (self.time(source, start, row)?, self.time(source, end, row)?);
        Some((ts, end.saturating_sub(ts).max(0)))
    }

    pub(super) fn add_cuda_events(
        &mut self,
        documents: &[CaptureDocument],
        progress: &Progress,
    ) -> Result<(), IngestError> {
        for (source, document) in (0u32..).zip(documents) {
            if document.packed.as_ref().is_some_and(|packed| packed.num_rows.cuda_events == 0) {
                continue;
            }
            document.for_each_part(Payloads::GPU, progress, &mut |rows| {
                for record in &rows.cuda_events {
                    self.add_cuda_event(source, record);
                }
            })?;
        }
        Ok(())
    }

    fn add_cuda_event(&mut self, source: u32, record: &CudaEventRecord) {
        let row = CudaEventRow {
            ts: record.timestamp.and_then(|time| self.time(source, time, record.row)),
            upid: record.process.map(|process| self.process(source, process)),
            device_id: self.device_of(source, record.process, record.device),
            context: record.context,
            green_context: record.green_context,
            stream: record.stream,
            correlation: record.correlation,
            event_id: record.event,
            event_sync_id: record.event_sync,
            source_row: record.row,
        };
        self.trace.cuda_events.push(row);
    }

    /// Contexts and streams that processes made.
    pub(super) fn add_contexts(&mut self, documents: &[CaptureDocument]) {
        // These tables name processes by their bare numbers.
        let mut by_pid: HashMap<(u32, i64), ProcessId> = HashMap::new();
        for (&(source, process), &upid) in &self.process_ids {
            // Of several machines the first one's, whatever order the map has.
            let known = by_pid.entry((source, process.pid())).or_insert(upid);
            *known = upid.min(*known);
        }
        let mut with_work: HashMap<(ProcessId, i64, i64), StreamId> = HashMap::new();
        for (key, &row) in &self.row_ids {
            if let (RowKey::Stream(key), Some((_, Some(stream_id)))) = (key, self.rows[row].stream)
                && let Some(process) = key.process
                && let Some(&upid) = self.process_ids.get(&(key.device.source, process.process()))
            {
                let known = with_work.entry((upid, key.context, key.stream)).or_insert(stream_id);
                *known = stream_id.min(*known);
            }
        }
        for (source, document) in (0u32..).zip(documents) {
            let capture = &document.capture;
            let process_of = |pid: Option<i64>| pid.and_then(|pid| by_pid.get(&(source, pid)).copied());
            for record in &capture.contexts {
                let machine = record.vm_id.map(|vm| {
                    let vm = if vm > 0xff { GlobalId(vm).vm() } else { vm as u8 };
                    GlobalId::from_parts(record.hw_id.unwrap_or_default() as u8, vm, 0, 0)
                });
                let row = CudaContextRow {
                    upid: process_of(record.pid),
                    device_id: self.device_of(source, machine, record.device),
                    context: record.context,
                    null_stream: record.null_stream,
                    parent_context: record.parent_context,
                    is_green: record.is_green,
                    name: record
                        .pid
                        .and_then(|pid| self.nvtx_context_names.get(&(source, pid, record.context)).copied()),
                };
                self.trace.cuda_contexts.push(row);
            }
            for record in &capture.streams {
                let upid = process_of(record.pid);
                let key = (source, record.pid.unwrap_or_default(), record.context.unwrap_or_default(), record.stream);
                self.trace.cuda_streams.push(CudaStreamRow {
                    upid,
                    context: record.context,
                    stream: record.stream,
                    priority: record.priority,
                    flag: record.flag,
                    name: self.nvtx_stream_names.get(&key).copied(),
                    stream_id: upid.and_then(|upid| with_work.get(&(upid, key.2, key.3)).copied()),
                });
            }
        }
    }

    /// CPU samples, and the stacks of samples and calls.
    pub(super) fn add_stacks(&mut self, documents: &[CaptureDocument], progress: &Progress) -> Result<(), IngestError> {
        let mut stacks = Stacks::default();
        let mut samples: Vec<PerfSampleRow> = Vec::new();
        let api_stacks = std::mem::take(&mut self.api_stacks);
        let osrt_stacks = std::mem::take(&mut self.osrt_stacks);
        for (source, document) in (0u32..).zip(documents) {
            let strings = &document.capture.strings;
            let packed = document.packed.as_ref().map(|packed| packed.num_rows);
            let mut of_calls = Innermost::new();
            if packed.is_none_or(|num_rows| num_rows.cuda_frames > 0) {
                document.for_each_part(Payloads::CALL_STACKS, progress, &mut |rows| {
                    self.add_callsites(&mut stacks, source, strings, &rows.cuda_frames, &mut of_calls);
                })?;
            }
            for &(_, stack, row) in api_stacks.iter().filter(|&&(of, ..)| of == source) {
                self.trace.api_calls.callsite_id.set(row, of_calls.get(&stack).copied());
            }
            of_calls.clear();
            if packed.is_none_or(|num_rows| num_rows.osrt_frames > 0) {
                document.for_each_part(Payloads::CALL_STACKS, progress, &mut |rows| {
                    self.add_callsites(&mut stacks, source, strings, &rows.osrt_frames, &mut of_calls);
                })?;
            }
            for &(_, stack, row) in osrt_stacks.iter().filter(|&&(of, ..)| of == source) {
                self.trace.osrt.callsite_id.set(row, of_calls.get(&stack).copied());
            }
            document.for_each_part(Payloads::SAMPLES, progress, &mut |rows| {
                // The stack of a sample is in the same part.
                of_calls.clear();
                self.add_callsites(&mut stacks, source, strings, &rows.sampling_frames, &mut of_calls);
                for record in &rows.samples {
                    let Some(ts) = self.time(source, record.start, record.row) else { continue };
                    let row = self.thread_row(source, record.thread);
                    samples.push(PerfSampleRow {
                        ts,
                        utid: self.rows[row].utid,
                        cpu: record.cpu,
                        callsite_id: of_calls.get(&record.id).copied(),
                        cpu_cycles: record.cpu_cycles,
                        thread_state: unsigned(record.thread_state),
                        source_row: record.row,
                    });
                }
            })?;
        }
        // Samples of several captures come after each other.
        samples.sort_by_key(|sample| sample.ts);
        self.trace.perf_samples.reserve(samples.len());
        for sample in samples {
            self.trace.perf_samples.push(sample);
        }
        Ok(())
    }

    /// Adds the innermost callsite of each stack.
    fn add_callsites(
        &mut self,
        stacks: &mut Stacks,
        source: u32,
        strings: &StringTable,
        frames: &[FrameRecord],
        innermost: &mut Innermost,
    ) {
        // Outermost first.
        let mut order: Vec<usize> = (0..frames.len()).collect();
        order.sort_by_key(|&index| (frames[index].callchain, std::cmp::Reverse(frames[index].depth)));
        let mut last: Option<(i64, CallsiteId, u32)> = None;
        for index in order {
            let record = &frames[index];
            let frame_id = self.frame(stacks, source, strings, record);
            let around = last.filter(|&(stack, ..)| stack == record.callchain);
            let parent_id = around.map(|(_, callsite, _)| callsite);
            let depth = around.map_or(0, |(.., depth)| depth + 1);
            let callsite = *stacks.callsites.entry((parent_id, frame_id)).or_insert_with(|| {
                let row = StackCallsiteRow { depth, parent_id, frame_id };
                CallsiteId::from_index(self.trace.stack_callsites.push(row))
            });
            innermost.insert(record.callchain, callsite);
            last = Some((record.callchain, callsite, depth));
        }
    }

    fn frame(&mut self, stacks: &mut Stacks, source: u32, strings: &StringTable, record: &FrameRecord) -> FrameId {
        let name = self.text(source, strings, record.symbol);
        let module = self.text(source, strings, record.module);
        let mapping = module.map(|name| {
            *stacks
                .mappings
                .entry(name)
                .or_insert_with(|| MappingId::from_index(self.trace.stack_mappings.push(StackMappingRow { name })))
        });
        let (is_kernel, is_unresolved, is_special) = (record.is_kernel_mode, record.is_unresolved, record.is_special);
        let key = (name, mapping, is_kernel, is_unresolved, is_special, record.unwind_method);
        *stacks.frames.entry(key).or_insert_with(|| {
            FrameId::from_index(self.trace.stack_frames.push(StackFrameRow {
                name,
                mapping,
                rel_pc: record.original_ip,
                is_kernel,
                is_unresolved,
                is_special,
                unwind_method: unsigned(record.unwind_method),
            }))
        })
    }

    /// Scheduling states, from the moments at which threads went on a CPU and left it.
    pub(super) fn add_thread_states(
        &mut self,
        documents: &[CaptureDocument],
        progress: &Progress,
    ) -> Result<(), IngestError> {
        /// A thread that goes on a CPU or leaves it. There may be millions, so it is small.
        #[derive(Clone, Copy)]
        struct Switch {
            ts: Nanos,
            thread: Option<GlobalId>,
            cpu: Option<i64>,
            state: Option<&'static str>,
        }
        /// What a thread has been doing since a moment.
        #[derive(Clone, Copy)]
        struct State {
            ts: Nanos,
            dur: Nanos,
            utid: ThreadId,
            /// The CPU, while it runs.
            cpu: Option<i64>,
            state: Option<&'static str>,
        }
        const RUNNING: &str = "Running";
        let mut states: Vec<State> = Vec::new();
        for (source, document) in (0u32..).zip(documents) {
            let mut switches: Vec<Switch> = Vec::new();
            document.for_each_part(Payloads::SCHED, progress, &mut |rows| {
                for record in &rows.sched_events {
                    let Some(ts) = self.time(source, record.start, record.row) else { continue };
                    let (cpu, state) = match record.is_sched_in {
                        true => (record.cpu, Some(RUNNING)),
                        false => (None, record.thread_state.and_then(state_word)),
                    };
                    switches.push(Switch { ts, thread: record.thread, cpu, state });
                }
            })?;
            // Those of one moment stay in the order of their rows.
            switches.sort_by_key(|switch| switch.ts);
            // The state of each thread that has no end yet.
            let mut last: HashMap<ThreadId, usize> = HashMap::new();
            for Switch { ts, thread, cpu, state } in switches {
                let row = self.thread_row(source, thread);
                let utid = self.rows[row].utid;
                if let Some(before) = last.insert(utid, states.len()) {
                    states[before].dur = ts - states[before].ts;
                }
                states.push(State { ts, dur: DUR_OPEN, utid, cpu, state });
            }
        }
        // Of two states of a thread that begin together, the first one has no length.
        states.sort_by_key(|state| (state.ts, state.utid));
        for State { ts, dur, utid, cpu, state } in states {
            // Where the recorder does not say why a thread left the CPU, nothing is known until it comes back.
            let Some(state) = state else { continue };
            let state = self.trace.strings.intern(state);
            let row = ThreadStateRow { ts, dur, cpu, utid, state, io_wait: None, blocked_function: None };
            self.trace.thread_states.push(row);
        }
        Ok(())
    }

    pub(super) fn add_memory_events(&mut self, documents: &[CaptureDocument]) {
        for (source, document) in (0u32..).zip(documents) {
            for record in &document.capture.memory_usage {
                let Some(ts) = self.time(source, record.start, record.row) else { continue };
                let row = GpuMemoryEventRow {
                    ts,
                    upid: record.process.map(|process| self.process(source, process)),
                    device_id: self.device_of(source, record.process, record.device),
                    context: record.context,
                    address: record.address,
                    bytes: record.bytes,
                    operation: unsigned(record.operation),
                    memory_kind: unsigned(record.mem_kind),
                    name: record.name.as_deref().map(|name| self.trace.strings.intern(name)),
                    correlation: record.correlation,
                    stream: record.stream,
                    pool_address: record.local_pool_address.or(record.imported_pool_address),
                    pool_size: record.local_pool_size,
                    pool_used: record.local_pool_used,
                    source_row: record.row,
                };
                self.trace.gpu_memory_events.push(row);
            }
        }
    }

    pub(super) fn add_page_faults(&mut self, documents: &[CaptureDocument]) {
        for (source, document) in (0u32..).zip(documents) {
            let capture = &document.capture;
            for record in &capture.um_cpu_faults {
                let Some(ts) = self.time(source, record.start, record.row) else { continue };
                let row = UmPageFaultRow {
                    ts,
                    dur: 0,
                    upid: record.process.map(|process| self.process(source, process)),
                    device_id: None,
                    is_cpu: true,
                    address: record.address,
                    num_faults: None,
                    access_type: None,
                    instruction: self.text(source, &capture.strings, record.cpu_instruction),
                    pc: record.original_fault_pc,
                    module: self.text(source, &capture.strings, record.module),
                    source_row: record.row,
                };
                self.trace.um_page_faults.push(row);
            }
            for record in &capture.um_gpu_faults {
                let Some((ts, dur)) = self.span(source, record.row, record.start, record.end) else { continue };
                let row = UmPageFaultRow {
                    ts,
                    dur,
                    upid: record.process.map(|process| self.process(source, process)),
                    device_id: self.device_of(source, record.process, record.device),
                    is_cpu: false,
                    address: record.address,
                    num_faults: record.num_faults,
                    access_type: unsigned(record.access_type),
                    instruction: None,
                    pc: None,
                    module: None,
                    source_row: record.row,
                };
                self.trace.um_page_faults.push(row);
            }
        }
    }

    /// Values over time: memory that processes hold on GPUs, and sampled metrics.
    pub(super) fn add_counters(&mut self, documents: &[CaptureDocument]) {
        let mut values: Vec<(Nanos, TrackId, f64)> = Vec::new();
        for (source, document) in (0u32..).zip(documents) {
            self.add_memory_counters(source, &document.capture, &mut values);
            self.add_metric_counters(source, &document.capture, &mut values);
            self.add_nic_counters(source, &document.capture, &mut values);
        }
        values.sort_by_key(|&(ts, track_id, _)| (ts, track_id));
        self.trace.counters.reserve(values.len());
        for (ts, track_id, value) in values {
            self.trace.counters.push(CounterRow { ts, track_id, value, arg_set_id: None });
        }
    }

    fn add_memory_counters(&mut self, source: u32, capture: &Capture, values: &mut Vec<(Nanos, TrackId, f64)>) {
        let mut records: Vec<&MemoryUsageRecord> = capture.memory_usage.iter().collect();
        records.sort_by_key(|record| (record.start, record.row));
        let mut held: HashMap<(ProcessId, i64), (TrackId, i64)> = HashMap::new();
        for record in records {
            let is_on_gpu = record.mem_kind.is_none_or(|kind| GPU_MEMORY_KINDS.contains(&kind));
            let (Some(process), Some(device), Some(bytes), true) =
                (record.process, record.device, record.bytes, is_on_gpu)
            else {
                continue;
            };
            let Some(ts) = self.time(source, record.start, record.row) else { continue };
            let upid = self.process(source, process);
            let (track, sum) = match held.get(&(upid, device)) {
                Some(&known) => known,
                None => {
                    let name = self.trace.strings.intern(&format!("GPU {device} memory"));
                    let unit = Some(self.trace.strings.intern("bytes"));
                    (self.push_side_track(TrackKind::ProcessCounter, Some(name), upid, None, unit), 0)
                }
            };
            let sum = match record.operation {
                Some(0) => sum.saturating_add(bytes),
                Some(1) => sum.saturating_sub(bytes),
                _ => sum,
            };
            held.insert((upid, device), (track, sum));
            values.push((ts, track, sum as f64));
        }
    }

    fn add_metric_counters(&mut self, source: u32, capture: &Capture, values: &mut Vec<(Nanos, TrackId, f64)>) {
        let names: HashMap<(Option<i64>, Option<i64>), &str> = capture
            .gpu_metric_names
            .iter()
            .filter_map(|record| Some(((record.type_id, record.metric_id), record.metric_name.as_deref()?)))
            .collect();
        let mut tracks: HashMap<(Option<i64>, Option<i64>), TrackId> = HashMap::new();
        for record in &capture.gpu_metrics {
            let Some(value) = record.value else { continue };
            let Some(ts) = self.time(source, record.timestamp, record.row) else { continue };
            let key = (record.type_id, record.metric_id);
            let track = match tracks.get(&key) {
                Some(&track) => track,
                None => {
                    let ordinal = record.type_id.unwrap_or_default() & METRIC_GPU_MASK;
                    let device_key = self.device_key(source, None, ordinal);
                    let device_key = self.only_device_of(source, ordinal).unwrap_or(device_key);
                    let device_id = self.device(device_key);
                    let upid = self.device_process(device_id, device_key);
                    let name = match names.get(&key) {
                        Some(name) => (*name).to_owned(),
                        None => format!("metric {}", record.metric_id.unwrap_or_default()),
                    };
                    let name = self.trace.strings.intern(&name);
                    let track = self.push_side_track(TrackKind::ProcessCounter, Some(name), upid, None, None);
                    tracks.insert(key, track);
                    track
                }
            };
            values.push((ts, track, value as f64));
        }
    }

    /// What the recorder has to say. Warnings and errors of it are warnings of the trace.
    pub(super) fn add_diagnostics(&mut self, documents: &[CaptureDocument]) {
        /// The clock of the machine that was recorded.
        const TARGET_CLOCK: i32 = 1;
        for (source, document) in (0u32..).zip(documents) {
            for record in &document.capture.diagnostics {
                let is_on_clock = record.timestamp_type.is_none_or(|clock| clock == TARGET_CLOCK);
                let ts = record.timestamp.filter(|_| is_on_clock).and_then(|time| self.time(source, time, record.row));
                let text = self.trace.strings.intern(&record.text);
                let upid = self.process_if_any(source, record.process);
                self.trace.diagnostics.push(DiagnosticRow {
                    ts,
                    severity: unsigned(record.severity),
                    source: unsigned(record.source),
                    text,
                    upid,
                    source_id: SourceId(source),
                });
                if !matches!(record.severity, Some(2 | 3)) {
                    continue;
                }
                let kind = match tells_of_loss(&record.text) {
                    true => WarningKind::NsysLostEvents,
                    false => WarningKind::NsysDiagnostic,
                };
                let place = Some(record.row.max(0) as u64);
                self.trace.warnings.add(kind, SourceId(source), place, || record.text.to_string());
            }
        }
    }

    pub(super) fn add_process_outputs(&mut self, documents: &[CaptureDocument]) {
        for (source, document) in (0u32..).zip(documents) {
            let capture = &document.capture;
            for record in &capture.process_streams {
                let row = ProcessOutputRow {
                    upid: self.process_if_any(source, record.process),
                    file_name: self.text(source, &capture.strings, record.file_name),
                    content: self.text(source, &capture.strings, record.content),
                };
                self.trace.process_outputs.push(row);
            }
        }
    }
}

/// True when a message says that events are missing from the capture.
fn tells_of_loss(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_about_events = ["event", "record", "sample", "buffer"].iter().any(|word| text.contains(word));
    is_about_events && ["lost", "dropped", "not all", "overflow", "missed"].iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_and_command_lines_are_private() {
        for name in ["PROCESS_0:ENVIRONMENT_VARIABLE", "PROCESS_12:ARGUMENT_3", "PROCESS_0:COMMAND"] {
            assert!(is_private(name), "{name}");
        }
        for name in ["PROCESS_0:PID", "CAPTURE_EVENT_TYPE", "OS_RUNTIME_OPTIONS:DURATION_THRESHOLD_NS"] {
            assert!(!is_private(name), "{name}");
        }
    }

    #[test]
    fn messages_of_loss_are_told_from_others() {
        assert!(tells_of_loss("Some events have been dropped"));
        assert!(tells_of_loss("Not all NVTX events might have been collected."));
        assert!(!tells_of_loss("No NVTX events collected. Does the process use NVTX?"));
        assert!(!tells_of_loss("Process was launched by the profiler"));
    }
}
