//! Chrome's JSON: what our reader makes of it is what it was made from.

mod compared;

use kinetoscope_export::{Omission, Options, Progress, chrome};
use kinetoscope_ingest::bytes::{FoundInput, Input};
use kinetoscope_ingest::{ReadOptions, read, read_bytes, read_path};
use kinetoscope_model::table::{GpuOpKind, GpuOpRow, TrackKind};
use kinetoscope_model::{ArgValue, SliceId, Trace};
use kinetoscope_testkit::draw::{Drawing, Glyph};
use kinetoscope_testkit::fixture;
use kinetoscope_testkit::generate::{GenerateOptions, generate};
use proptest::prelude::*;

use self::compared::{assert_same, traces_below};

/// What differs by design.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A PyTorch trace: everything comes back.
    Kineto,
    /// A capture: its typed columns come back as far as PyTorch's profiler has them, with arguments that say so.
    Capture,
}

fn written(trace: &Trace) -> (Vec<u8>, Vec<Omission>) {
    let mut json = Vec::new();
    let omissions =
        chrome::write(trace, &mut json, &Options::default(), &Progress::default()).expect("memory takes all");
    (json, omissions)
}

/// The moment of a trace's start: a capture may have times before its zero, and an export has none.
fn zero(trace: &Trace) -> i64 {
    trace.clock.start_unix_ns.unwrap_or(trace.clock.file_offset_ns)
}

/// Everything that a slice says, its place in the tree of its track included.
fn slice(trace: &Trace, id: SliceId, source: Source) -> String {
    let row = trace.slices.row(id.index());
    let track = trace.tracks.row(row.track_id.index());
    let is_async = matches!(track.r#type, TrackKind::ProcessAsync | TrackKind::GlobalAsync);
    let category = trace.text_or_empty(row.category);
    // Captures know the recorder's threads by other names than PyTorch's.
    let role = |role| (source == Source::Kineto).then_some(role);
    let thread = track.utid.map(|utid| {
        let thread = trace.threads.row(utid.index());
        // Waits for a stream have a row of their own, whose number is the stream's, and taken.
        let is_of_waits = category == "cuda_sync" && source == Source::Capture;
        let tid = (!is_of_waits).then_some(thread.tid);
        (tid, trace.text_or_empty(thread.name), thread.sort_index, role(thread.role))
    });
    let process = track.upid.map(|upid| {
        let process = trace.processes.row(upid.index());
        let labels = trace.text_or_empty(process.labels);
        (process.pid, trace.text_or_empty(process.name), labels, process.sort_index, role(process.role))
    });
    // The tracks of a capture's ranges are named by domains, those of async events by the events.
    let name = track.name.filter(|_| !(is_async && source == Source::Capture)).map(|name| trace.text(name));
    let args = match (row.arg_set_id, source) {
        (Some(set), Source::Kineto) => format!("{:?}", trace.args.set(set).collect::<Vec<_>>()),
        _ => String::new(),
    };
    format!(
        "{} {} {:?} {:?} depth {} parent {:?} {:?} {:?} {args} on {:?} {name:?} {thread:?} of {process:?}",
        row.ts + zero(trace),
        row.dur,
        trace.text_or_empty(row.category),
        trace.text(row.name),
        row.depth,
        row.parent_id,
        row.thread_ts,
        row.thread_dur,
        track.r#type,
    )
}

/// A correlation id. In captures ids are of one process, and those of the second one are in a range of their own.
fn correlation(id: Option<i64>, source: Source) -> Option<i64> {
    id.map(|id| if source == Source::Capture { id & 0xffff_ffff } else { id })
}

fn gpu_op(trace: &Trace, row: &GpuOpRow, source: Source) -> String {
    let device = trace.devices.row(row.device_id.index());
    let stream = trace.streams.row(row.stream_id.index());
    let kind = trace.text_or_empty(row.copy_kind);
    let shared = (source == Source::Kineto || row.shared_memory.is_some()).then_some(row.shared_memory);
    let shape = (
        [row.grid_x, row.grid_y, row.grid_z, row.block_x, row.block_y, row.block_z],
        (row.registers_per_thread, shared, row.occupancy, row.blocks_per_sm, row.warps_per_sm),
    );
    let ids = (row.slice_id, row.kind, row.context, correlation(row.correlation, source), row.external_id);
    let graph = (row.graph_id, row.graph_node_id);
    let properties = (device.num_sms, device.max_threads_per_sm, device.warp_size, device.total_memory);
    let device = (device.ordinal, trace.text_or_empty(device.name), properties);
    format!("{ids:?} {shape:?} {:?} {kind} {graph:?} {device:?} {}", row.bytes, stream.stream)
}

/// Holds a trace against what is read of its export.
fn check(name: &str, trace: &Trace, source: Source) {
    let (json, _) = written(trace);
    let back = read_bytes("export.json", json.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    // What is written is JSON to the letter, whatever the files were.
    if json.len() < 20 << 20 {
        serde_json::from_slice::<serde::de::IgnoredAny>(&json).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    compare(name, trace, &back, source);
}

fn compare(name: &str, trace: &Trace, back: &Trace, source: Source) {
    let slices =
        |trace: &Trace| (0..trace.slices.len()).map(|id| slice(trace, SliceId::from_index(id), source)).collect();
    let (expected, found): (Vec<String>, Vec<String>) = (slices(trace), slices(back));
    assert_same(name, "slice", &expected, &found);
    // A graph that was traced as one piece is nothing that PyTorch's profiler knows.
    let ops = |trace: &Trace| {
        let rows = trace.gpu_ops.rows().filter(|row| row.kind != GpuOpKind::Graph);
        rows.map(|row| gpu_op(trace, &row, source)).collect::<Vec<_>>()
    };
    assert_same(name, "gpu_op", &ops(trace), &ops(back));
    let calls = |trace: &Trace| {
        let rows = trace.api_calls.rows();
        rows.map(|row| {
            (row.slice_id, correlation(row.correlation, source), row.external_id, row.cbid, row.is_graph_launch)
        })
        .collect::<Vec<_>>()
    };
    assert_same(name, "api_call", &calls(trace), &calls(back));
    let launches = |trace: &Trace| {
        let is_graph = |op: u32| trace.gpu_ops.kind.get(op as usize) == GpuOpKind::Graph;
        let rows = trace.launches.rows().filter(|row| !is_graph(row.gpu_op_id));
        rows.map(|row| (row.gpu_slice_id, row.api_slice_id)).collect::<Vec<_>>()
    };
    assert_same(name, "launch", &launches(trace), &launches(back));
    let flows = |trace: &Trace| {
        let flow = |row: kinetoscope_model::table::FlowRow| {
            let words = (trace.text_or_empty(row.category).to_owned(), trace.text_or_empty(row.name).to_owned());
            (row.slice_out, row.slice_in, correlation(row.trace_id, source), words)
        };
        let mut flows: Vec<_> = trace.flows.rows().map(flow).collect();
        flows.sort();
        flows
    };
    assert_same(name, "flow", &flows(trace), &flows(back));
    let counters = |trace: &Trace| {
        let value = |row: kinetoscope_model::table::CounterRow| {
            let track = trace.tracks.row(row.track_id.index());
            let pid = track.upid.map(|upid| trace.processes.pid.get(upid.index()));
            (row.ts + zero(trace), trace.text_or_empty(track.name).to_owned(), pid, row.value)
        };
        trace.counters.rows().map(value).collect::<Vec<_>>()
    };
    assert_same(name, "counter", &counters(trace), &counters(back));
    let states = |trace: &Trace| {
        let rows = trace.thread_states.rows().filter(|row| row.dur >= 0);
        rows.map(|row| (row.ts + zero(trace), row.dur, row.cpu, trace.text(row.state).to_owned())).collect::<Vec<_>>()
    };
    if source == Source::Kineto {
        assert_same(name, "thread_state", &states(trace), &states(back));
        assert_eq!(trace.clock, back.clock, "{name}");
    }
}

#[test]
fn fixtures_come_back() {
    let paths = traces_below(&fixture::folder());
    assert!(paths.len() > 5, "{paths:?}");
    for path in paths {
        check(&path.display().to_string(), &read_path(&path).expect("a fixture is a trace"), Source::Kineto);
    }
}

#[test]
fn public_traces_come_back() {
    let Some(folder) = fixture::shared_traces() else {
        println!("skipped: public traces that come back (there are none beside the repository)");
        return;
    };
    let mut num_traces = 0;
    for path in traces_below(&folder.join("kineto")) {
        let Ok(trace) = read_path(&path) else { continue };
        if trace.slices.len() < 200_000 {
            num_traces += 1;
            check(&path.display().to_string(), &trace, Source::Kineto);
        }
    }
    assert!(num_traces > 20, "{num_traces} traces");
}

#[test]
fn captures_come_back() {
    let Some(folder) = fixture::shared_traces() else {
        println!("skipped: captures that come back from Chrome's JSON (there are none beside the repository)");
        return;
    };
    for name in ["cpu_demo", "fuser-matmul-h200", "nsysai-h100-2gpu-1s", "flameox-cudagraph-osrt"] {
        let path = folder.join("nsys").join(format!("{name}.sqlite"));
        check(name, &read_path(&path).expect("a capture"), Source::Capture);
    }
}

/// Two ranks in one file: what has the same number in both is told apart.
#[test]
fn ranks_share_a_file() {
    let inputs: Vec<FoundInput> = (0..2)
        .map(|rank| {
            let options = GenerateOptions { num_ranks: 2, ..GenerateOptions::new(2_000) }.for_rank(rank);
            let mut json = Vec::new();
            generate(&options, &mut json).expect("memory takes all");
            let input = Input::Memory { name: format!("rank{rank}.json"), bytes: json.into() };
            FoundInput { input, folder: None }
        })
        .collect();
    let trace = read(&inputs, &ReadOptions::default(), &kinetoscope_ingest::Progress::default()).expect("a trace");
    let (json, _) = written(&trace);
    let back = read_bytes("export.json", json).expect("a trace");
    let names = |trace: &Trace| {
        let name = |index: usize| {
            let row = trace.slices.row(index);
            (row.ts, row.dur, trace.text(row.name).to_owned(), row.depth)
        };
        let mut names: Vec<_> = (0..trace.slices.len()).map(name).collect();
        names.sort();
        names
    };
    assert_same("ranks", "slice", &names(&trace), &names(&back));
    let launches = |trace: &Trace| {
        let spot = |id: SliceId| {
            let track = trace.slices.track_id.get(id.index());
            (
                trace.slices.ts.get(id.index()),
                trace.tracks.upid.get(track.index()).map(|upid| trace.processes.pid.get(upid.index())),
            )
        };
        let mut launches: Vec<_> =
            trace.launches.rows().map(|row| (spot(row.gpu_slice_id).0, spot(row.api_slice_id).0)).collect();
        launches.sort();
        launches
    };
    assert!(!launches(&trace).is_empty());
    assert_same("ranks", "launch", &launches(&trace), &launches(&back));
    assert_eq!(trace.flows.len(), back.flows.len());
    let devices = |trace: &Trace| {
        let mut devices: Vec<_> =
            trace.gpu_ops.device_id.iter().map(|id| trace.devices.ordinal.get(id.index())).collect();
        devices.sort_unstable();
        devices
    };
    assert_same("ranks", "devices of gpu_op", &devices(&trace), &devices(&back));
}

/// The text itself: exact decimals, Kineto's arguments under their names, arrows with the correlation id.
#[test]
fn a_kernel_is_written_as_the_profiler_writes_it() {
    let json = Drawing::new(&["cpu main    .l......", "gpu 0/7     ...AAAA."])
        .first_column_nanos(1_000_000_000_000_001)
        .letter('A', Glyph::kernel("gemm \"f32\"").arg("registers per thread", 168).arg("grid", vec![1, 2, 3]))
        .launches('l', "A")
        .to_json();
    let trace = read_bytes("drawn.json", json.into_bytes()).expect("a trace");
    let (json, omissions) = written(&trace);
    assert_eq!(omissions, []);
    let text = String::from_utf8(json).expect("text");
    assert!(text.contains("\"ts\":1000000000003.001,\"dur\":4.000"), "{text}");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let events = document["traceEvents"].as_array().expect("events");
    let kernel = events.iter().find(|event| event["cat"] == "kernel").expect("a kernel");
    assert_eq!(
        (&kernel["ph"], &kernel["name"], &kernel["pid"], &kernel["tid"]),
        (&"X".into(), &"gemm \"f32\"".into(), &0.into(), &7.into())
    );
    assert_eq!(
        (&kernel["args"]["grid"], &kernel["args"]["registers per thread"]),
        (&serde_json::json!([1, 2, 3]), &168.into())
    );
    let ends: Vec<&serde_json::Value> = events.iter().filter(|event| event["cat"] == "ac2g").collect();
    let phases: Vec<_> = ends
        .iter()
        .map(|event| (event["ph"].as_str().unwrap_or_default(), event["id"] == kernel["args"]["correlation"]))
        .collect();
    assert_eq!(phases, [("s", true), ("f", true)]);
}

/// Events that profilers do not write, and whose order decides how slices nest.
#[test]
fn every_kind_of_event_comes_back() {
    let json = br#"{"schemaVersion": 1, "traceEvents": [
        {"ph": "M", "name": "thread_name", "pid": 1, "tid": 2, "args": {"name": "a \"b\" \\ \u0007 \ud83d\ude00"}},
        {"ph": "M", "name": "process_sort_index", "pid": 1, "args": {"sort_index": -3}},
        {"ph": "B", "name": "open", "pid": 1, "tid": 2, "ts": 10, "args": {"n": null, "t": true, "r": 1.5, "big": 18446744073709551615, "l": [1, {"x": "y"}]}},
        {"ph": "X", "name": "outlived", "pid": 1, "tid": 3, "ts": 0, "dur": 10, "tts": 5, "tdur": 4},
        {"ph": "B", "name": "outlives", "pid": 1, "tid": 3, "ts": 5, "tts": 2},
        {"ph": "E", "name": "outlives", "pid": 1, "tid": 3, "ts": 20.5, "tts": 9},
        {"ph": "i", "name": "first", "pid": 1, "tid": 4, "ts": 7, "s": "t"},
        {"ph": "B", "name": "after it", "pid": 1, "tid": 4, "ts": 7},
        {"ph": "E", "pid": 1, "tid": 4, "ts": 9},
        {"ph": "i", "name": "of the process", "pid": 1, "ts": 8, "s": "p"},
        {"ph": "i", "name": "of all", "pid": 1, "ts": 8, "s": "g", "args": {"k": 1}},
        {"ph": "b", "cat": "c", "id": "0x1", "name": "req", "pid": 1, "tid": 2, "ts": 1},
        {"ph": "b", "cat": "c", "id": "0x2", "name": "req", "pid": 1, "tid": 2, "ts": 2},
        {"ph": "b", "cat": "c", "id": "0x1", "name": "part", "pid": 1, "tid": 2, "ts": 3},
        {"ph": "n", "cat": "c", "id": "0x1", "name": "mark", "pid": 1, "tid": 2, "ts": 4},
        {"ph": "e", "cat": "c", "id": "0x1", "name": "part", "pid": 1, "tid": 2, "ts": 6},
        {"ph": "e", "cat": "c", "id": "0x1", "name": "req", "pid": 1, "tid": 2, "ts": 6},
        {"ph": "b", "cat": "c", "id": "0x3", "name": "req", "pid": 1, "tid": 2, "ts": 6},
        {"ph": "e", "cat": "c", "id": "0x2", "name": "req", "pid": 1, "tid": 2, "ts": 9},
        {"ph": "b", "cat": "d", "id2": {"local": 4}, "name": "own", "pid": 1, "tid": 2, "ts": 6},
        {"ph": "C", "name": "queue", "pid": 1, "ts": 1, "args": {"waiting": 3, "running": -2.25}},
        {"ph": "C", "name": "alone", "pid": 1, "ts": 2, "args": {"": 1}},
        {"ph": "T", "name": "Running", "pid": 1, "tid": 2, "ts": 1, "dur": 3, "args": {"cpu": 5}},
        {"ph": "T", "name": "D", "pid": 1, "tid": 2, "ts": 4, "dur": 1, "args": {"io_wait": true, "blocked_function": "f"}},
        {"ph": "X", "name": "from", "pid": 1, "tid": 5, "ts": 30, "dur": 5},
        {"ph": "s", "cat": "x", "name": "arrow", "id": 7, "pid": 1, "tid": 5, "ts": 31},
        {"ph": "t", "cat": "x", "name": "arrow", "id": 7, "pid": 1, "tid": 6, "ts": 41},
        {"ph": "X", "name": "via", "pid": 1, "tid": 6, "ts": 40, "dur": 5},
        {"ph": "X", "name": "to", "pid": 1, "tid": 7, "ts": 50, "dur": 5},
        {"ph": "X", "name": "to, inside", "pid": 1, "tid": 7, "ts": 50, "dur": 2},
        {"ph": "f", "cat": "x", "name": "arrow", "id": 7, "pid": 1, "tid": 7, "ts": 49}
    ], "note": "a \"note\"", "list": [1, 2], "metadata": {"run": "x", "count": 5}, "displayTimeUnit": "ms"}"#;
    let trace = read_bytes("kinds.json", json.as_slice()).expect("a trace");
    assert_eq!((trace.flows.len(), trace.counters.len(), trace.thread_states.len()), (2, 3, 2));
    check("kinds", &trace, Source::Kineto);
    let (json, omissions) = written(&trace);
    assert_eq!(omissions, []);
    let back = read_bytes("export.json", json).expect("a trace");
    let metadata = |trace: &Trace| {
        let row = |row: kinetoscope_model::table::MetadataRow| {
            (trace.text(row.name).to_owned(), row.int_value, row.str_value.map(|text| trace.text(text).to_owned()))
        };
        let mut rows: Vec<_> = trace.metadata.rows().map(row).collect();
        rows.sort();
        rows
    };
    assert_eq!(metadata(&trace), metadata(&back));
}

#[test]
fn numbers_that_are_none_are_texts_and_still_read() {
    let json = br#"{"traceEvents": [{"ph": "X", "cat": "kernel", "name": "k", "pid": 0, "tid": 7, "ts": 1, "dur": 1,
        "args": {"blocks per SM": NaN, "est. achieved occupancy %": Infinity, "l": [NaN, 1], "s": "NaN"}}]}"#;
    let trace = read_bytes("nan.json", json.as_slice()).expect("a trace");
    let (json, _) = written(&trace);
    serde_json::from_slice::<serde_json::Value>(&json).expect("JSON to the letter");
    let back = read_bytes("export.json", json).expect("a trace");
    let op = back.gpu_ops.row(0);
    assert!(op.blocks_per_sm.is_some_and(f64::is_nan) && op.occupancy == Some(f64::INFINITY));
    let set = back.slices.arg_set_id.get(0).expect("arguments");
    let list = back.args.set(set).find(|(key, _)| *key == "l").map(|(_, value)| value);
    assert_eq!(list, Some(ArgValue::Text("[NaN, 1]")));
}

/// Perfetto leaves out what comes before time zero, which captures have.
#[test]
fn no_time_is_before_zero() {
    let json = br#"{"baseTimeNanoseconds": 1700000000000000000, "schemaVersion": 1, "traceEvents": [
        {"ph": "X", "name": "before", "pid": 1, "tid": 8, "ts": -1.001, "dur": 0.002},
        {"ph": "X", "name": "after", "pid": 1, "tid": 8, "ts": 2, "dur": 1}]}"#;
    let trace = read_bytes("negative.json", json.as_slice()).expect("a trace");
    let (json, _) = written(&trace);
    let text = String::from_utf8(json.clone()).expect("text");
    assert!(text.contains("\"ts\":0.000,\"dur\":0.002") && text.contains("\"ts\":3.001,\"dur\":1.000"), "{text}");
    assert!(text.contains("\"baseTimeNanoseconds\": 1699999999999998999,"), "the moments are the same: {text}");
    let back = read_bytes("export.json", json).expect("a trace");
    assert_eq!(back.clock.start_unix_ns, trace.clock.start_unix_ns);
}

#[test]
fn gzip_is_the_same_text() {
    let json = Drawing::new(&["cpu main    ab"]).to_json();
    let trace = read_bytes("drawn.json", json.into_bytes()).expect("a trace");
    let mut packed = Vec::new();
    chrome::write_gzip(&trace, &mut packed, &Options::default(), &Progress::default()).expect("memory takes all");
    assert_eq!(kinetoscope_testkit::gzip::unpack(&packed).expect("gzip"), written(&trace).0);
}

#[test]
fn a_stopped_export_stops() {
    let json = Drawing::new(&["cpu main    ab"]).to_json();
    let trace = read_bytes("drawn.json", json.into_bytes()).expect("a trace");
    let progress = Progress::default();
    progress.cancel();
    let stopped = chrome::write(&trace, &mut Vec::new(), &Options::default(), &progress);
    assert!(matches!(stopped, Err(kinetoscope_export::ExportError::Cancelled)), "{stopped:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn generated_traces_come_back(
        seed in any::<u64>(),
        num_events in 200u64..3_000,
        with_stack in any::<bool>(),
        with_scopes in any::<bool>(),
        with_occupancy in any::<bool>(),
    ) {
        let options = GenerateOptions { seed, with_stack, with_scopes, with_occupancy, ..GenerateOptions::new(num_events) };
        let mut json = Vec::new();
        generate(&options, &mut json).expect("memory takes all");
        let trace = read_bytes("generated.json", json).expect("a trace");
        check("generated", &trace, Source::Kineto);
    }

    /// Any pile of whole slices and moments of a few threads, of equal and crossing times.
    #[test]
    fn piles_of_slices_come_back(events in prop::collection::vec((0u8..6, 0i64..12, 0i64..6, 0u8..3), 1..40)) {
        let mut json = "{\"schemaVersion\": 1, \"traceEvents\": [".to_owned();
        for (index, (kind, ts, dur, tid)) in events.into_iter().enumerate() {
            let (kind, dur) = match kind {
                0..=2 => ("X", format!(", \"dur\": {dur}.000")),
                3 => ("i", String::new()),
                4 => ("X", format!(", \"cat\": \"kernel\", \"dur\": {dur}.001")),
                _ => ("X", format!(", \"cat\": \"cpu_op\", \"dur\": {dur}.{dur}00")),
            };
            let comma = if index == 0 { "" } else { "," };
            let name = format!(", \"name\": \"{}\"", index % 3);
            json.push_str(&format!("{comma}\n{{\"ph\": \"{kind}\"{name}, \"pid\": 1, \"tid\": {tid}, \"ts\": {ts}{dur}}}"));
        }
        json.push_str("]}");
        let trace = read_bytes("pile.json", json.clone().into_bytes()).expect("a trace");
        let (text, _) = written(&trace);
        let back = read_bytes("export.json", text).expect("a trace");
        // Slices of one time and thread may change places among each other; none is lost or gets other times.
        let all = |trace: &Trace| {
            let row = |index: usize| {
                let row = trace.slices.row(index);
                let track = trace.tracks.row(row.track_id.index());
                let tid = track.utid.map(|utid| trace.threads.tid.get(utid.index()));
                (tid, row.ts + zero(trace), row.dur, trace.text(row.name).to_owned())
            };
            let mut rows: Vec<_> = (0..trace.slices.len()).map(row).collect();
            rows.sort();
            rows
        };
        prop_assert_eq!(all(&trace), all(&back), "{}", json);
    }
}
