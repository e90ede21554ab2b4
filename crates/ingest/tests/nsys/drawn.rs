//! A drawn capture with one of everything: what each table becomes, counted in the drawing.

use kinetoscope_ingest::bytes::{FoundInput, Input};
use kinetoscope_ingest::nsys::PrivateData;
use kinetoscope_ingest::{IngestError, Progress, ReadOptions, read, read_path};
use kinetoscope_model::table::{GpuOpKind, GraphEventKind, NvtxType, Role, TrackKind};
use kinetoscope_model::{ArgValue, SliceId, StringId, Trace, WarningKind};

use super::drawing::{Drawing, MAIN, OTHER_MAIN, WORKER};

fn full() -> Trace {
    read_path(&Drawing::full().path()).expect("it is an export")
}

fn text(trace: &Trace, id: Option<StringId>) -> Option<&str> {
    id.map(|id| trace.text(id))
}

fn slice_named(trace: &Trace, name: &str) -> SliceId {
    let found = (0..trace.slices.len()).find(|&row| trace.text(trace.slices.name.get(row)) == name);
    SliceId::from_index(found.unwrap_or_else(|| panic!("no slice {name}")))
}

/// Start and end as the drawing has them.
fn drawn_span(trace: &Trace, slice: SliceId) -> (i64, i64) {
    let start = trace.slices.ts.get(slice.index()) + trace.clock.file_offset_ns;
    (start, start + trace.slices.dur.get(slice.index()))
}

fn count_of(trace: &Trace, kind: WarningKind) -> i64 {
    let rows = trace.stats.rows().filter(|row| trace.text(row.name) == kind.name());
    rows.map(|row| row.value).sum()
}

fn metadata<'a>(trace: &'a Trace, name: &str) -> Option<&'a str> {
    let row = trace.metadata.rows().find(|row| trace.text(row.name) == name)?;
    text(trace, row.str_value)
}

#[test]
fn a_kernel_has_all_that_the_launch_says() {
    let trace = full();
    let op = trace.gpu_ops.rows().find(|op| op.kind == GpuOpKind::Kernel).expect("there is one");
    assert_eq!(trace.text(trace.slices.name.get(op.slice_id.index())), "void scale<float>(float*)");
    assert_eq!(drawn_span(&trace, op.slice_id), (1500, 2500));
    assert_eq!(text(&trace, op.short_name), Some("scale"));
    assert_eq!(text(&trace, op.mangled_name), Some("_Z5scaleIfEvPT_"));
    assert_eq!((op.grid_x, op.grid_y, op.grid_z), (Some(8), Some(2), Some(1)));
    assert_eq!((op.block_x, op.block_y, op.block_z), (Some(128), Some(1), Some(1)));
    assert_eq!((op.static_shared_memory, op.dynamic_shared_memory, op.shared_memory), (Some(16), Some(48), Some(64)));
    assert_eq!((op.registers_per_thread, op.shared_memory_executed, op.grid_id), (Some(40), Some(32768), Some(5)));
    assert_eq!((op.green_context, op.context, op.correlation), (Some(4), Some(1), Some(7)));
    assert_eq!((op.local_memory_total, op.graph_node_id), (Some(65536), None));
    let device = trace.devices.row(op.device_id.index());
    assert_eq!((text(&trace, device.name), device.num_sms), (Some("NVIDIA H100"), Some(132)));
    assert_eq!(device.max_threads_per_sm, Some(2048));
    let clock = trace.device_properties.rows().find(|row| trace.text(row.name) == "clockRate").expect("it is listed");
    assert_eq!((clock.device_id, clock.int_value), (op.device_id, Some(1_777_000_000)));
}

#[test]
fn a_gpu_is_a_process_and_its_streams_are_threads() {
    let trace = full();
    let device_processes: Vec<_> = trace.processes.rows().filter(|row| row.device_id.is_some()).collect();
    assert_eq!(device_processes.len(), 1);
    assert_eq!((device_processes[0].pid, text(&trace, device_processes[0].labels)), (0, Some("GPU 0")));
    let mut streams: Vec<_> = trace
        .streams
        .rows()
        .map(|stream| {
            let thread = trace.threads.row(stream.utid.index());
            assert_eq!(trace.processes.device_id.get(thread.upid.index()), Some(stream.device_id));
            (thread.tid, text(&trace, thread.name).expect("it has one").to_owned(), thread.role)
        })
        .collect();
    streams.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(
        streams,
        [
            (7, "stream 7 (process 200, context 1)".to_owned(), Role::GpuStream),
            (7, "stream 7 compute (process 100, context 1)".to_owned(), Role::GpuStream),
        ]
    );
    // The kernel, the copy and the graph are on one row, the fill of the other process on the other.
    let tracks: Vec<_> = trace.gpu_ops.rows().map(|op| trace.slices.track_id.get(op.slice_id.index())).collect();
    let kinds: Vec<_> = trace.gpu_ops.kind.iter().collect();
    assert_eq!(kinds, [GpuOpKind::Kernel, GpuOpKind::Memset, GpuOpKind::Memcpy, GpuOpKind::Graph]);
    assert_eq!((tracks[0] == tracks[2], tracks[0] == tracks[3], tracks[0] == tracks[1]), (true, true, false));
    // Syncs do not take part in the nesting of work.
    assert!(trace.gpu_ops.rows().all(|op| trace.slices.depth.get(op.slice_id.index()) == 0));
}

#[test]
fn work_is_tied_to_the_call_of_its_own_process() {
    let trace = full();
    let mut launches: Vec<_> = trace
        .launches
        .rows()
        .map(|launch| {
            let call = trace.text(trace.slices.name.get(launch.api_slice_id.index()));
            let op = trace.gpu_ops.kind.get(launch.gpu_op_id as usize);
            (call, op)
        })
        .collect();
    launches.sort();
    assert_eq!(
        launches,
        [
            ("cuLaunchKernel", GpuOpKind::Memset),
            ("cudaGraphLaunch", GpuOpKind::Graph),
            ("cudaLaunchKernel", GpuOpKind::Kernel),
            ("cudaLaunchKernel", GpuOpKind::Memcpy),
        ]
    );
    assert_eq!(count_of(&trace, WarningKind::GpuOpWithoutLaunch), 0);
    assert_eq!(trace.flows.len(), 4);
}

#[test]
fn calls_keep_what_they_returned_and_their_recorded_name() {
    let trace = full();
    let mut calls: Vec<_> = trace
        .api_calls
        .rows()
        .map(|call| {
            let slice = trace.slices.row(call.slice_id.index());
            let category = text(&trace, slice.category).expect("it has one");
            (slice.source_offset, category, trace.text(slice.name), text(&trace, call.recorded_name), call.return_value)
        })
        .collect();
    calls.sort();
    assert_eq!(
        calls,
        [
            (1, "cuda_runtime", "cudaLaunchKernel", Some("cudaLaunchKernel_v7000"), Some(0)),
            (2, "cuda_runtime", "cudaGraphLaunch", Some("cudaGraphLaunch_v10000"), Some(1)),
            (3, "cuda_driver", "cuLaunchKernel", Some("cuLaunchKernel"), Some(0)),
        ]
    );
    let graph_launches: Vec<_> = trace.api_calls.rows().filter(|call| call.is_graph_launch).collect();
    assert_eq!(graph_launches.len(), 1);
    // cublasGemmEx is around the launch, and the range around both.
    let launch = slice_named(&trace, "cudaLaunchKernel");
    let gemm = trace.slices.parent_id.get(launch.index()).expect("it is inside");
    assert_eq!(gemm, slice_named(&trace, "cublasGemmEx"));
    assert_eq!(trace.slices.parent_id.get(gemm.index()), Some(slice_named(&trace, "step")));
}

#[test]
fn nvtx_events_have_domains_categories_payloads_and_threads() {
    let trace = full();
    let rows: Vec<_> = trace.nvtx.rows().collect();
    let types: Vec<_> = rows.iter().map(|row| row.r#type).collect();
    use NvtxType::*;
    assert_eq!(types, [DomainCreate, CategoryName, PushPop, StartEnd, StartEnd, Mark]);
    let step = &rows[2];
    assert_eq!((text(&trace, step.text), text(&trace, step.domain)), (Some("step"), Some("engine")));
    assert_eq!((step.category_id, text(&trace, step.category)), (Some(3), Some("scheduler")));
    assert_eq!((step.color, step.payload_int), (Some(0xff00_00ff), Some(-5)));
    assert_eq!(text(&trace, step.payload_type), Some("int64"));
    let args = trace.slices.arg_set_id.get(step.slice_id.expect("it is a slice").index()).expect("it has some");
    assert_eq!(trace.args.get(args, "domain"), Some(ArgValue::Text("engine")));
    assert_eq!(trace.args.get(args, "category"), Some(ArgValue::Text("scheduler")));
    assert_eq!(trace.args.get(args, "payload"), Some(ArgValue::Int(-5)));
    let tid_of = |utid: Option<kinetoscope_model::ThreadId>| utid.map(|utid| trace.threads.tid.get(utid.index()));
    assert_eq!((tid_of(rows[3].utid), tid_of(rows[3].end_utid)), (Some(WORKER & 0xff_ffff), Some(MAIN & 0xff_ffff)));
    assert_eq!(rows[3].range_id, Some(77));
    // The two start/end ranges cross: a track for each, of one group.
    let tracks: Vec<_> = [&rows[3], &rows[4]]
        .map(|row| trace.tracks.row(trace.slices.track_id.get(row.slice_id.expect("a slice").index()).index()))
        .into();
    assert!(tracks.iter().all(|track| track.r#type == TrackKind::ProcessAsync));
    assert_ne!(
        rows[3].slice_id.map(|id| trace.slices.track_id.get(id.index())),
        rows[4].slice_id.map(|id| trace.slices.track_id.get(id.index()))
    );
    assert_eq!(tracks[0].track_group_id, tracks[1].track_group_id);
    assert!(tracks[0].track_group_id.is_some());
    assert_eq!((rows[5].payload_real, rows[5].payload_int), (Some(2.5), None));
    assert_eq!(trace.slices.dur.get(rows[5].slice_id.expect("it is a slice").index()), 0);
    assert_eq!(count_of(&trace, WarningKind::OverlappingSlice), 0);
}

#[test]
fn os_runtime_calls_and_samples_share_call_trees() {
    let trace = full();
    let call = trace.osrt.rows().find(|row| row.event_class == Some(27)).expect("there is one");
    assert_eq!((call.return_value, call.nesting_level), (Some(-1), Some(0)));
    let names_of = |callsite: Option<kinetoscope_model::CallsiteId>| {
        let mut names = Vec::new();
        let mut next = callsite;
        while let Some(id) = next {
            let site = trace.stack_callsites.row(id.index());
            names.push(text(&trace, trace.stack_frames.name.get(site.frame_id.index())).expect("it has one"));
            next = site.parent_id;
        }
        names
    };
    assert_eq!(names_of(call.callsite_id), ["__read", "main"]);
    // By time, not by row: the second row was sampled first and has no stack.
    let samples: Vec<_> = trace.perf_samples.rows().collect();
    assert_eq!((samples[0].source_row, samples[1].source_row), (2, 1));
    assert_eq!(names_of(samples[0].callsite_id), Vec::<&str>::new());
    assert_eq!(samples[1].callsite_id, call.callsite_id, "the same functions are the same place");
    assert_eq!(trace.stack_mappings.len(), 2);
    let launch = trace.api_calls.rows().find(|call| call.correlation == Some(7) && call.callsite_id.is_some());
    assert_eq!(names_of(launch.expect("it has a stack").callsite_id), ["main"]);
    // That tracing of the process began is a moment of the process.
    let began = slice_named(&trace, "OS runtime libraries profiling started");
    let track = trace.tracks.row(trace.slices.track_id.get(began.index()).index());
    assert_eq!((track.r#type, trace.slices.dur.get(began.index())), (TrackKind::ProcessInstant, 0));
}

#[test]
fn threads_run_and_sleep_between_switches() {
    let trace = full();
    let offset = trace.clock.file_offset_ns;
    let states: Vec<_> =
        trace.thread_states.rows().map(|row| (row.ts + offset, row.dur, row.cpu, trace.text(row.state))).collect();
    assert_eq!(states, [(1000, 1200, Some(3), "Running"), (2200, 200, None, "S"), (2400, -1, Some(4), "Running")]);
}

#[test]
fn memory_and_metrics_are_counters() {
    let trace = full();
    let offset = trace.clock.file_offset_ns;
    let values_of = |name: &str| -> Vec<(i64, f64)> {
        trace
            .counters
            .rows()
            .filter(|row| text(&trace, trace.tracks.name.get(row.track_id.index())) == Some(name))
            .map(|row| (row.ts + offset, row.value))
            .collect()
    };
    // 1000 come, 500 come, 1000 go; pinned memory is not the GPU's.
    assert_eq!(values_of("GPU 0 memory"), [(1200, 1000.0), (1800, 1500.0), (1900, 500.0)]);
    assert_eq!(values_of("SMs Active [Throughput %]"), [(1000, 10.0), (2000, 80.0)]);
    assert_eq!(trace.gpu_memory_events.len(), 4);
    let faults: Vec<_> = trace.um_page_faults.rows().map(|row| (row.is_cpu, row.address, row.num_faults)).collect();
    assert_eq!(faults, [(true, Some(65536), None), (false, Some(65536), Some(3))]);
}

#[test]
fn graphs_events_and_syncs_have_tables_of_their_own() {
    let trace = full();
    let made: Vec<_> = trace
        .cuda_graph_events
        .rows()
        .map(|row| (row.kind, row.graph_exec_id, row.node_id, row.original_node_id))
        .collect();
    assert_eq!(
        made,
        [
            (GraphEventKind::Graph, None, None, None),
            (GraphEventKind::GraphExec, Some(2), None, None),
            (GraphEventKind::Node, None, Some(33), Some(22)),
        ]
    );
    assert_eq!(text(&trace, trace.cuda_graph_events.name.get(0)), Some("far id"));
    let syncs: Vec<_> = trace.cuda_syncs.rows().map(|row| (row.sync_type, row.stream)).collect();
    assert_eq!(syncs, [(Some(3), Some(7)), (Some(4), Some(0xffff_ffff))]);
    assert_eq!(trace.cuda_events.row(0).event_sync_id, Some(6));
    assert_eq!(trace.cuda_contexts.row(0).null_stream, Some(7));
    let streams: Vec<_> = trace
        .cuda_streams
        .rows()
        .map(|row| (row.stream, row.priority, text(&trace, row.name), row.stream_id.is_some()))
        .collect();
    assert_eq!(streams, [(7, Some(4_294_967_291), Some("compute"), true), (9, Some(0), None, false)]);
    let overheads: Vec<_> = trace.overheads.rows().map(|row| (row.is_cupti, row.overhead_type)).collect();
    assert_eq!(overheads, [(false, None), (true, Some(7))]);
}

#[test]
fn processes_and_threads_have_names_roles_and_priorities() {
    let trace = full();
    let mut threads: Vec<_> = trace
        .threads
        .rows()
        .filter(|row| trace.processes.device_id.get(row.upid.index()).is_none())
        .map(|row| (row.tid, text(&trace, row.name), row.priority, row.is_main_thread, row.role))
        .collect();
    threads.sort_by_key(|row| row.0);
    assert_eq!(
        threads,
        [
            (100, Some("python3"), Some(20), true, Role::Main),
            (101, Some("worker"), Some(10), false, Role::Unknown),
            (102, Some("[NSys Comms]"), Some(10), false, Role::Profiler),
            (OTHER_MAIN & 0xff_ffff, None, None, true, Role::Worker),
        ]
    );
    // A process of the machine that did nothing is not taken over.
    let names: Vec<_> = trace.processes.rows().filter_map(|row| text(&trace, row.name)).collect();
    assert!(names.contains(&"/usr/bin/python3") && !names.contains(&"init"), "{names:?}");
    assert_eq!(text(&trace, trace.process_outputs.row(0).content), Some("hello"));
}

#[test]
fn what_is_lost_or_left_out_is_counted() {
    let trace = full();
    assert_eq!(count_of(&trace, WarningKind::NsysUnreadTable), 2, "two rows that say when and not where");
    assert_eq!(count_of(&trace, WarningKind::NsysTableNotShown), 3, "three rows that are no events");
    assert_eq!(count_of(&trace, WarningKind::NsysLostEvents), 1);
    assert_eq!(count_of(&trace, WarningKind::NsysPrivate), 4);
    assert_eq!(count_of(&trace, WarningKind::NsysBadRow), 0);
    assert_eq!(count_of(&trace, WarningKind::NsysBadField), 0);
    assert_eq!(trace.diagnostics.len(), 2);
    assert_eq!(metadata(&trace, "nsys.recorder_version"), Some("2025.5.2.266"));
    assert_eq!(metadata(&trace, "nsys.capture.CAPTURE_EVENT_TYPE"), Some("CUDA"));
}

fn args_of(trace: &Trace, slice: SliceId) -> Vec<(String, String)> {
    let set = trace.slices.arg_set_id.get(slice.index()).expect("it has arguments");
    let value = |value: ArgValue<'_>| match value {
        ArgValue::Int(value) => value.to_string(),
        ArgValue::Text(text) => text.to_owned(),
        other => format!("{other:?}"),
    };
    trace.args.set(set).map(|(key, of)| (key.to_owned(), value(of))).collect()
}

fn pairs<const N: usize>(expected: [(&str, &str); N]) -> Vec<(String, String)> {
    expected.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[test]
fn interfaces_without_columns_of_their_own_are_slices_with_arguments() {
    let trace = read_path(&Drawing::of_other_interfaces().path()).expect("an export");
    let of = |name: &str| {
        let slice = slice_named(&trace, name);
        let track = trace.tracks.row(trace.slices.track_id.get(slice.index()).index());
        let tid = track.utid.map(|utid| trace.threads.tid.get(utid.index()));
        let category = text(&trace, trace.slices.category.get(slice.index())).unwrap_or_default().to_owned();
        (drawn_span(&trace, slice), tid, category, trace.slices.depth.get(slice.index()))
    };
    assert_eq!(of("Parallel"), ((1000, 2000), Some(100), "openmp".to_owned(), 0));
    assert_eq!(of("MPI_Send"), ((1100, 1200), Some(100), "mpi".to_owned(), 1));
    assert_eq!(of("acc_enqueue_launch"), ((1300, 1400), Some(100), "openacc".to_owned(), 1));
    assert_eq!(of("read"), ((1500, 1600), Some(100), "osrt".to_owned(), 1));
    assert_eq!(of("write"), ((1700, 1800), Some(101), "file_access".to_owned(), 0));
    assert_eq!(of("Memory pool created"), ((1050, 1050), None, "cuda_mempool".to_owned(), 0));
    assert_eq!(trace.slices.len(), 6);
    let args = |name: &str| args_of(&trace, slice_named(&trace, name));
    assert_eq!(args("MPI_Send"), pairs([("commHandle", "11"), ("tag", "17"), ("remoteRank", "2"), ("size", "4096")]));
    let launch = args("acc_enqueue_launch");
    assert!(launch.contains(&("kernelName".to_owned(), "solve_42_gpu".to_owned())), "{launch:?}");
    assert!(launch.contains(&("srcFile".to_owned(), "solve.f90".to_owned())), "{launch:?}");
    assert!(launch.contains(&("numGangs".to_owned(), "80".to_owned())), "{launch:?}");
    assert_eq!(
        args("read"),
        pairs([("argumentsId", "12"), ("file", "/data/weights"), ("access", "read"), ("bytes", "512")])
    );
    assert_eq!(args("write"), pairs([("file", "/tmp/log"), ("access", "write"), ("bytes", "64")]));
    // Nothing of it is lost, and reports can tell which tables there were.
    for kind in [WarningKind::NsysUnreadTable, WarningKind::NsysTableNotShown, WarningKind::NsysMissingText] {
        assert_eq!(count_of(&trace, kind), 0, "{}", kind.name());
    }
    let listed = trace.metadata.rows().filter(|row| trace.text(row.name) == "nsys.other_table");
    assert_eq!(listed.count(), 4);
    let process = trace.processes.rows().find(|row| row.pid == 100).expect("it is used");
    let rank: Vec<_> = trace.args.set(process.arg_set_id.expect("its rank")).collect();
    assert_eq!(rank, [("mpi_rank", ArgValue::Int(3))]);
}

#[test]
fn a_network_adapter_has_counters() {
    let trace = read_path(&Drawing::of_other_interfaces().path()).expect("an export");
    let values: Vec<_> = trace.counters.rows().map(|row| (row.ts + trace.clock.file_offset_ns, row.value)).collect();
    assert_eq!(values, [(1000, 800.0), (1100, 900.0)]);
    let track = trace.tracks.row(trace.counters.track_id.get(0).index());
    assert_eq!(text(&trace, track.name), Some("mlx5_0 port 1 Bytes sent"));
    assert_eq!((track.r#type, text(&trace, track.unit)), (TrackKind::ProcessCounter, Some("bytes")));
}

#[test]
fn clusters_and_names_of_devices_and_contexts_are_shown() {
    let trace = full();
    let kernel = slice_named(&trace, "void scale<float>(float*)");
    assert_eq!(args_of(&trace, kernel), pairs([("clusterX", "2"), ("clusterY", "1"), ("clusterZ", "1")]));
    let property = |name: &str| {
        let row = trace.device_properties.rows().find(|row| trace.text(row.name) == name).expect("it is listed");
        (row.int_value, text(&trace, row.str_value))
    };
    assert_eq!(property("nvtxName"), (None, Some("first")));
    assert_eq!(property("cudaDevice of process 100"), (Some(0), None));
    assert_eq!(text(&trace, trace.cuda_contexts.row(0).name), Some("ctx"));
}

#[test]
fn private_data_is_kept_only_when_asked_for() {
    let drawing = Drawing::full();
    let secrets = ["TOKEN=secret", "--password=hunter2", "KEY=secret"];
    let found = |trace: &Trace| secrets.map(|secret| trace.strings.find(secret).is_some());
    assert_eq!(found(&read_path(&drawing.path()).expect("an export")), [false; 3]);
    let options = ReadOptions { private_data: PrivateData::Kept, ..ReadOptions::default() };
    let input = FoundInput { input: Input::File(drawing.path()), folder: None };
    let trace = read(&[input], &options, &Progress::default()).expect("an export");
    assert_eq!(found(&trace), [true; 3]);
    assert_eq!(metadata(&trace, "nsys.capture.PROCESS_0:ENVIRONMENT_VARIABLE"), Some("TOKEN=secret"));
}

#[test]
fn several_captures_come_onto_one_clock() {
    let (first, second) = (Drawing::full(), Drawing::full());
    // A second after the first one, on a clock of its own.
    second.sql("UPDATE TARGET_INFO_SESSION_START_TIME SET utcEpochNs = utcEpochNs + 1000000000");
    let inputs = [&first, &second].map(|drawing| FoundInput { input: Input::File(drawing.path()), folder: None });
    let trace = read(&inputs, &ReadOptions::default(), &Progress::default()).expect("two exports");
    let kernels: Vec<i64> = trace
        .gpu_ops
        .rows()
        .filter(|op| op.kind == GpuOpKind::Kernel)
        .map(|op| trace.slices.ts.get(op.slice_id.index()))
        .collect();
    assert_eq!(kernels[1] - kernels[0], 1_000_000_000);
    assert_eq!((trace.sources.len(), trace.launches.len(), trace.devices.len()), (2, 8, 2));
    assert!(trace.slices.ts.values().is_sorted());
    // Each launch stays within its capture.
    for launch in trace.launches.rows() {
        let source_of = |slice: SliceId| {
            let track = trace.slices.track_id.get(slice.index());
            let upid = trace.tracks.upid.get(track.index()).expect("it has one");
            trace.processes.source_id.get(upid.index())
        };
        assert_eq!(source_of(launch.api_slice_id), source_of(launch.gpu_slice_id));
    }
}

/// A PyTorch trace with a call that launches a kernel, at 1500 ns behind `base`.
fn pytorch_trace(base: &str) -> Input {
    let json = format!(
        r#"{{{base} "traceEvents": [
            {{"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 7, "tid": 7, "ts": 1.5, "dur": 9}},
            {{"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 7, "tid": 7, "ts": 2, "dur": 1,
              "args": {{"correlation": 7}}}},
            {{"ph": "X", "cat": "kernel", "name": "gemm", "pid": 0, "tid": 7, "ts": 4, "dur": 2,
              "args": {{"correlation": 7, "device": 0, "stream": 7}}}}]}}"#
    );
    Input::Memory { name: "a.json".to_owned(), bytes: json.into_bytes().into() }
}

#[test]
fn a_capture_and_a_pytorch_trace_come_together_on_one_clock() {
    let drawing = Drawing::full();
    let json = pytorch_trace(r#""baseTimeNanoseconds": 1700000000000000000,"#);
    let alone = |input: Input| {
        let input = FoundInput { input, folder: None };
        read(&[input], &ReadOptions::default(), &Progress::default()).expect("a trace")
    };
    let (capture, pytorch) = (alone(Input::File(drawing.path())), alone(json.clone()));
    let inputs = [Input::File(drawing.path()), json].map(|input| FoundInput { input, folder: None });
    let trace = read(&inputs, &ReadOptions::default(), &Progress::default()).expect("both have a clock");
    assert!(trace.slices.ts.values().is_sorted());
    assert_eq!(trace.slices.len(), capture.slices.len() + pytorch.slices.len());
    assert_eq!((trace.launches.len(), trace.nvtx.len()), (capture.launches.len() + 1, capture.nvtx.len()));
    let start = |name: &str| trace.slices.ts.get(slice_named(&trace, name).index());
    // The capture's zero is the same moment as the base, and its first event is at 500 ns.
    assert_eq!(trace.clock.start_unix_ns, Some(1_700_000_000_000_000_500));
    assert_eq!((start("aten::mm"), start("void scale<float>(float*)")), (1000, 1000));
    // Both use correlation 7, and each launch stays within its source.
    let name_of = |slice: SliceId| trace.text(trace.slices.name.get(slice.index()));
    let launches: Vec<_> =
        trace.launches.rows().map(|row| (name_of(row.api_slice_id), name_of(row.gpu_slice_id))).collect();
    assert!(launches.contains(&("cudaLaunchKernel", "gemm")), "{launches:?}");
    assert_eq!(launches.iter().filter(|&&(_, gpu)| gpu == "gemm").count(), 1);
    for launch in trace.launches.rows() {
        assert_eq!(trace.api_calls.slice_id.get(launch.api_call_id as usize), launch.api_slice_id);
        assert_eq!(trace.gpu_ops.slice_id.get(launch.gpu_op_id as usize), launch.gpu_slice_id);
    }
    // Nothing of what either one warns of is lost.
    let kind = WarningKind::NsysUnreadTable;
    assert_eq!(count_of(&trace, kind), count_of(&capture, kind));
}

#[test]
fn a_capture_and_a_trace_without_a_clock_are_refused_together() {
    let drawing = Drawing::full();
    let inputs = [pytorch_trace(""), Input::File(drawing.path())].map(|input| FoundInput { input, folder: None });
    let error = read(&inputs, &ReadOptions::default(), &Progress::default()).expect_err("one has no clock");
    assert!(matches!(&error, IngestError::MixedFormats { trace, .. } if trace == "a.json"), "{error}");
    assert!(
        error.to_string().ends_with("`a.json` does not say when its times begin (it has no `baseTimeNanoseconds`)"),
        "{error}"
    );
    // In a folder, where other things may lie, the trace is read and the capture is not.
    let inputs = inputs.map(|found| FoundInput { folder: Some("runs".to_owned()), ..found });
    let trace = read(&inputs, &ReadOptions::default(), &Progress::default()).expect("one trace");
    assert_eq!((trace.slices.len(), count_of(&trace, WarningKind::SkippedFile)), (3, 1));

    drawing.sql("UPDATE TARGET_INFO_SESSION_START_TIME SET utcEpochNs = NULL");
    let json = pytorch_trace(r#""baseTimeNanoseconds": 1700000000000000000,"#);
    let inputs = [json, Input::File(drawing.path())].map(|input| FoundInput { input, folder: None });
    let error = read(&inputs, &ReadOptions::default(), &Progress::default()).expect_err("the other has none");
    assert!(
        error.to_string().ends_with("does not say when its times begin (it has no start of the session)"),
        "{error}"
    );
}

#[test]
fn a_cancelled_reading_stops() {
    let progress = Progress::default();
    progress.cancel();
    let drawing = Drawing::full();
    let input = FoundInput { input: Input::File(drawing.path()), folder: None };
    let result = read(&[input], &ReadOptions::default(), &progress);
    assert!(matches!(result, Err(IngestError::Cancelled)));
}
