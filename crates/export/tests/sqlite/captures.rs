//! Captures of Nsight Systems, whose tables come back row by row.

use std::collections::BTreeMap;
use std::fmt::Debug;

use kinetoscope_export::Options;
use kinetoscope_ingest::nsys::PrivateData;
use kinetoscope_model::table::*;
use kinetoscope_model::{ArgSetId, CallsiteId, ProcessId, SliceId, StringId, ThreadId, Trace};

use super::written::{capture, read_files, write_and_read};
use crate::compared::assert_same;

/// Captures with their numbers of kernels, copies, fills, calls, NVTX events, OS runtime calls, samples, synchronisations,
/// as `SELECT count(*)` gives them.
const CAPTURES: [(&str, [usize; 8]); 10] = [
    ("cpu_demo.sqlite", [0, 0, 0, 0, 68, 11_876, 0, 0]),
    ("cpu_demo_sampled.sqlite", [0, 0, 0, 0, 68, 11_887, 131, 0]),
    ("pipit-saxpy-legacy-schema.sqlite", [5, 15, 0, 95, 24, 0, 5_451, 0]),
    ("pipit-cloverleaf-cuda-osrt.sqlite", [1_312, 279, 0, 3_048, 0, 1_831, 1_531, 1_312]),
    ("fuser-matmul-h200.sqlite", [19, 1, 1, 968, 652, 0, 0, 1]),
    ("flameox-cudagraph-osrt.sqlite", [3, 1, 0, 33, 0, 654, 0, 2]),
    ("nsysai-h100-2gpu-1s.sqlite", [3_442, 904, 22, 5_796, 16_782, 0, 0, 244]),
    ("cpu_demo.nsys-rep", [0, 0, 0, 0, 68, 11_876, 0, 0]),
    ("cpu_demo_sampled.nsys-rep", [0, 0, 0, 0, 68, 11_887, 131, 0]),
    ("fuser-matmul-h200.nsys-rep", [19, 1, 1, 968, 652, 0, 0, 1]),
];

/// Texts and places instead of ids, which are another trace's.
struct View<'a>(&'a Trace);

impl View<'_> {
    fn text(&self, id: Option<StringId>) -> Option<&str> {
        id.map(|id| self.0.text(id))
    }

    fn time(&self, ts: i64) -> i64 {
        ts + self.0.clock.file_offset_ns
    }

    fn process(&self, upid: Option<ProcessId>) -> Option<impl Debug + PartialEq> {
        upid.map(|upid| {
            let row = self.0.processes.row(upid.index());
            (row.pid, self.text(row.name).map(str::to_owned), self.text(row.labels).map(str::to_owned), row.role)
        })
    }

    fn thread(&self, utid: Option<ThreadId>) -> Option<impl Debug + PartialEq> {
        utid.map(|utid| {
            let row = self.0.threads.row(utid.index());
            let name = self.text(row.name).map(str::to_owned);
            (row.tid, name, row.priority, row.role, row.is_main_thread, format!("{:?}", self.process(Some(row.upid))))
        })
    }

    fn args(&self, set: Option<ArgSetId>) -> String {
        set.map_or(String::new(), |set| format!("{:?}", self.0.args.set(set).collect::<Vec<_>>()))
    }

    /// The frames from the innermost one out.
    fn stack(&self, callsite: Option<CallsiteId>) -> Vec<String> {
        let mut stack = Vec::new();
        let mut next = callsite;
        while let Some(callsite) = next {
            let row = self.0.stack_callsites.row(callsite.index());
            let frame = self.0.stack_frames.row(row.frame_id.index());
            let module = frame.mapping.map(|mapping| self.0.text(self.0.stack_mappings.name.get(mapping.index())));
            let (kernel, unresolved, special) = (frame.is_kernel, frame.is_unresolved, frame.is_special);
            let name = self.text(frame.name);
            stack.push(format!(
                "{} {name:?} {module:?} {kernel:?} {unresolved:?} {special:?} {:?}",
                row.depth, frame.unwind_method
            ));
            next = row.parent_id;
        }
        stack
    }

    /// Everything that a slice says, its place in the tree of its track included.
    fn slice(&self, id: SliceId) -> String {
        let row = self.0.slices.row(id.index());
        let track = self.0.tracks.row(row.track_id.index());
        format!(
            "{} {} {:?} {:?} depth {} parent {:?} row {} {} on {:?} {:?} {:?} {:?}",
            self.time(row.ts),
            row.dur,
            self.text(row.category),
            self.0.text(row.name),
            row.depth,
            row.parent_id,
            row.source_offset,
            // What tables beside these say of a call or a kernel (files, clusters) has no place in the schema that is written.
            self.args(row.arg_set_id.filter(|_| !WITHOUT_ARGS.contains(&self.text(row.category).unwrap_or_default()))),
            track.r#type,
            self.text(track.name),
            self.thread(track.utid),
            self.process(track.upid),
        )
    }
}

/// The rows of a table as texts that do not depend on the ids of a trace.
fn rows(trace: &Trace) -> BTreeMap<&'static str, Vec<String>> {
    let view = View(trace);
    let mut tables = BTreeMap::new();
    let mut add = |name: &'static str, rows: Vec<String>| tables.insert(name, rows);
    add("slice", (0..trace.slices.len()).map(|slice| view.slice(SliceId::from_index(slice))).collect());
    let op = |row: GpuOpRow| {
        let device = trace.devices.row(row.device_id.index());
        let stream = trace.streams.row(row.stream_id.index());
        let names = (view.text(row.copy_kind), view.text(row.short_name), view.text(row.mangled_name));
        let place = (device.ordinal, stream.stream, stream.context, view.text(device.name));
        let plain = GpuOpRow {
            device_id: kinetoscope_model::DeviceId(0),
            stream_id: kinetoscope_model::StreamId(0),
            copy_kind: None,
            short_name: None,
            mangled_name: None,
            upid: None,
            ..row
        };
        format!("{plain:?} {names:?} {place:?} {:?}", view.process(row.upid))
    };
    add("gpu_op", trace.gpu_ops.rows().map(op).collect());
    let call = |row: ApiCallRow| {
        let plain = ApiCallRow { recorded_name: None, callsite_id: None, ..row };
        format!("{plain:?} {:?} {:?}", view.text(row.recorded_name), view.stack(row.callsite_id))
    };
    add("api_call", trace.api_calls.rows().map(call).collect());
    add("launch", trace.launches.rows().map(|row| format!("{row:?}")).collect());
    let flow = |row: FlowRow| format!("{:?} {:?} {:?}", row.slice_out, row.slice_in, row.trace_id);
    add("flow", trace.flows.rows().map(flow).collect());
    let sync = |row: CudaSyncRow| {
        let plain = CudaSyncRow { upid: None, device_id: None, ..row };
        format!("{plain:?} {:?}", view.process(row.upid))
    };
    add("cuda_sync", trace.cuda_syncs.rows().map(sync).collect());
    let event = |row: CudaEventRow| {
        let plain = CudaEventRow { ts: row.ts.map(|ts| view.time(ts)), upid: None, device_id: None, ..row };
        format!("{plain:?} {:?}", view.process(row.upid))
    };
    add("cuda_event", trace.cuda_events.rows().map(event).collect());
    let graph = |row: CudaGraphEventRow| {
        let plain = CudaGraphEventRow { ts: view.time(row.ts), utid: None, upid: None, name: None, ..row };
        format!("{plain:?} {:?} {:?} {:?}", view.thread(row.utid), view.process(row.upid), view.text(row.name))
    };
    add("cuda_graph_event", trace.cuda_graph_events.rows().map(graph).collect());
    let nvtx = |row: NvtxRow| {
        let texts = [row.text, row.domain, row.category, row.payload_type, row.json, row.binary_data];
        let plain = NvtxRow {
            ts: view.time(row.ts),
            utid: None,
            upid: None,
            end_utid: None,
            text: None,
            domain: None,
            category: None,
            payload_type: None,
            json: None,
            binary_data: None,
            ..row
        };
        let threads = format!("{:?} {:?}", view.thread(row.utid), view.thread(row.end_utid));
        format!("{plain:?} {:?} {threads} {:?}", texts.map(|text| view.text(text)), view.process(row.upid))
    };
    add("nvtx", trace.nvtx.rows().map(nvtx).collect());
    let osrt = |row: OsrtRow| format!("{:?} {:?}", OsrtRow { callsite_id: None, ..row }, view.stack(row.callsite_id));
    add("osrt", trace.osrt.rows().map(osrt).collect());
    add("overhead", trace.overheads.rows().map(|row| format!("{row:?}")).collect());
    let state = |row: ThreadStateRow| {
        let utid = view.thread(Some(row.utid));
        format!("{} {} {:?} {:?} {utid:?}", view.time(row.ts), row.dur, row.cpu, trace.text(row.state))
    };
    add("thread_state", trace.thread_states.rows().map(state).collect());
    let sample = |row: PerfSampleRow| {
        let stack = view.stack(row.callsite_id);
        let rest = (row.cpu, row.cpu_cycles, row.thread_state, row.source_row);
        format!("{} {:?} {rest:?} {stack:?}", view.time(row.ts), view.thread(Some(row.utid)))
    };
    add("perf_sample", trace.perf_samples.rows().map(sample).collect());
    let context = |row: CudaContextRow| {
        let device = row.device_id.map(|device| trace.devices.ordinal.get(device.index()));
        let process = view.process(row.upid);
        format!("{} {device:?} {process:?} {:?}", row.context, (row.null_stream, row.parent_context, row.is_green))
    };
    add("cuda_context", trace.cuda_contexts.rows().map(context).collect());
    let stream = |row: CudaStreamRow| {
        let rest = (row.context, row.stream, row.priority, row.flag, row.stream_id, view.text(row.name));
        format!("{rest:?} {:?}", view.process(row.upid))
    };
    add("cuda_stream", trace.cuda_streams.rows().map(stream).collect());
    let device =
        |row: DeviceRow| format!("{:?} {:?}", DeviceRow { name: None, upid: None, ..row }, view.text(row.name));
    add("device", trace.devices.rows().map(device).collect());
    let property = |row: DevicePropertyRow| {
        (
            trace.text(row.name).to_owned(),
            format!("{:?} {:?} {:?}", row.device_id, row.int_value, view.text(row.str_value)),
        )
    };
    let mut properties: Vec<_> = trace.device_properties.rows().map(property).collect();
    properties.sort();
    add("device_property", properties.into_iter().map(|(name, value)| format!("{name} {value}")).collect());
    let diagnostic = |row: DiagnosticRow| {
        let time = row.ts.map(|ts| view.time(ts));
        let process = view.process(row.upid);
        format!("{time:?} {:?} {:?} {} {process:?}", row.severity, row.source, trace.text(row.text))
    };
    add("diagnostic", trace.diagnostics.rows().map(diagnostic).collect());
    let output = |row: ProcessOutputRow| {
        format!("{:?} {:?} {:?}", view.process(row.upid), view.text(row.file_name), view.text(row.content))
    };
    add("process_output", trace.process_outputs.rows().map(output).collect());
    let memory = |row: GpuMemoryEventRow| {
        let plain = GpuMemoryEventRow { ts: view.time(row.ts), upid: None, device_id: None, name: None, ..row };
        format!("{plain:?} {:?} {:?}", view.process(row.upid), view.text(row.name))
    };
    add("gpu_memory_event", trace.gpu_memory_events.rows().map(memory).collect());
    let fault = |row: UmPageFaultRow| {
        let texts = (view.text(row.instruction), view.text(row.module));
        let plain = UmPageFaultRow {
            ts: view.time(row.ts),
            upid: None,
            device_id: None,
            instruction: None,
            module: None,
            ..row
        };
        format!("{plain:?} {:?} {texts:?}", view.process(row.upid))
    };
    add("um_page_fault", trace.um_page_faults.rows().map(fault).collect());
    let mut capture_metadata = Vec::new();
    for row in trace.metadata.rows() {
        let name = trace.text(row.name);
        let is_of_export =
            name.starts_with("nsys.export.") || ["nsys.schema_version", "nsys.recorder_version"].contains(&name);
        if !is_of_export && !["nsys.unread_table", "nsys.empty_table", "nsys.system_clock_ns"].contains(&name) {
            capture_metadata.push(format!("{name} {:?} {:?}", row.int_value, view.text(row.str_value)));
        }
    }
    add("metadata", capture_metadata);
    tables
}

/// Categories of slices whose arguments an export leaves out.
const WITHOUT_ARGS: [&str; 2] = ["osrt", "kernel"];

#[test]
fn captures_come_back_row_by_row() {
    let mut num_captures = 0;
    for (name, counts) in CAPTURES {
        let Some(path) = capture(name) else { continue };
        num_captures += 1;
        let trace = read_files(&[&path], PrivateData::Kept);
        let of = |kind: GpuOpKind| trace.gpu_ops.kind.iter().filter(|&found| found == kind).count();
        let found = [
            of(GpuOpKind::Kernel),
            of(GpuOpKind::Memcpy),
            of(GpuOpKind::Memset),
            trace.api_calls.len(),
            trace.nvtx.len(),
            trace.osrt.len(),
            trace.perf_samples.len(),
            trace.cuda_syncs.len(),
        ];
        assert_eq!(found, counts, "{name}");
        let written = write_and_read(&trace, &Options::default());
        let (expected, found) = (rows(&trace), rows(&written.trace));
        for (table, expected) in &expected {
            assert_same(name, table, expected, &found[table]);
        }
    }
    if num_captures == 0 {
        println!("skipped: captures that come back row by row (there are none beside the repository)");
    }
}
