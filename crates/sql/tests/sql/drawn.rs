//! A small trace with one of everything, whose every value is known.
//!
//! ```text
//! process 100 "python"                         GPU 0 (pid 0)
//!   thread 101 "main"    cpu_op aten::mm         stream 7   sgemm  Memcpy HtoD  Memset
//!                        └ cudaLaunchKernel
//! ```

use std::sync::Arc;

use kinetoscope_model::table::*;
use kinetoscope_model::warning::WarningKind;
use kinetoscope_model::*;
use kinetoscope_sql::format::{Format, ResultWriter};
use kinetoscope_sql::{Session, SessionOptions, SqlError};

/// What SQL adds to the trace's own times.
pub(crate) const CLOCK_OFFSET: i64 = 1_000_000;

/// The trace of the picture above.
pub(crate) fn trace() -> Arc<Trace> {
    let clock = TraceClock { start_unix_ns: None, file_offset_ns: CLOCK_OFFSET };
    let mut b = TraceBuilder { clock, ..TraceBuilder::default() };
    let text = |b: &mut TraceBuilder, text: &str| b.strings.intern(text);

    let path = text(&mut b, "rank0.json");
    let format = text(&mut b, "kineto json");
    let source = SourceId(0);
    b.sources.push(SourceRow {
        path,
        format,
        file_bytes: 10,
        unpacked_bytes: 20,
        num_events: 8,
        clock_offset: 0,
        base_unix_ns: None,
        rank_id: None,
    });

    let (python, main, stream_name) = (text(&mut b, "python"), text(&mut b, "main"), text(&mut b, "stream 7"));
    let gpu = text(&mut b, "GPU 0");
    for (pid, name, role, device_id, labels) in
        [(100, python, Role::Worker, None, None), (0, python, Role::Unknown, Some(DeviceId(0)), Some(gpu))]
    {
        b.processes.push(ProcessRow {
            pid,
            name: Some(name),
            start_ts: None,
            end_ts: None,
            sort_index: None,
            labels,
            role,
            device_id,
            source_id: source,
            arg_set_id: None,
        });
    }
    for (tid, name, upid, is_main_thread, role) in
        [(101, main, ProcessId(0), true, Role::Main), (7, stream_name, ProcessId(1), false, Role::GpuStream)]
    {
        b.threads.push(ThreadRow {
            tid,
            name: Some(name),
            start_ts: None,
            end_ts: None,
            upid,
            is_main_thread,
            sort_index: None,
            role,
            arg_set_id: None,
            priority: None,
        });
    }
    let h100 = text(&mut b, "NVIDIA H100");
    b.devices.push(DeviceRow {
        name: Some(h100),
        total_memory: Some(80 << 30),
        compute_major: Some(9),
        compute_minor: Some(0),
        num_sms: Some(132),
        warp_size: Some(32),
        upid: Some(ProcessId(1)),
        ..DeviceRow::new(0, source)
    });
    b.streams.push(StreamRow {
        device_id: DeviceId(0),
        context: Some(1),
        stream: 7,
        utid: ThreadId(1),
        track_id: TrackId(1),
    });
    let memory = text(&mut b, "GPU memory");
    for (name, kind, utid, upid) in [
        (None, TrackKind::Thread, Some(ThreadId(0)), Some(ProcessId(0))),
        (None, TrackKind::Thread, Some(ThreadId(1)), Some(ProcessId(1))),
        (Some(memory), TrackKind::ProcessCounter, None, Some(ProcessId(0))),
    ] {
        b.tracks.push(TrackRow {
            name,
            r#type: kind,
            utid,
            upid,
            parent_id: None,
            track_group_id: None,
            unit: None,
            arg_set_id: None,
        });
    }

    let mut page = ArgPageBuilder::default();
    let mut set = |args: &[(&str, ArgValue<'_>)]| {
        page.begin_set();
        for &(key, value) in args {
            page.push(key, value);
        }
        Some(ArgSetId(page.end_set()))
    };
    let op_args = set(&[("External id", ArgValue::Int(5)), ("Input Dims", ArgValue::Json("[[2, 3], []]"))]);
    let launch_args = set(&[("correlation", ArgValue::Int(9)), ("cbid", ArgValue::Text("211"))]);
    let kernel_args = set(&[
        ("correlation", ArgValue::Int(9)),
        ("est. achieved occupancy %", ArgValue::Real(12.5)),
        ("grid", ArgValue::Json("[4, 1, 1]")),
        ("nothing", ArgValue::Null),
        ("ok", ArgValue::Bool(true)),
    ]);
    let copy_args =
        set(&[("bytes", ArgValue::Int(2048)), ("big", ArgValue::UInt(u64::MAX)), ("cbid", ArgValue::Int(1))]);
    b.arg_pages.push(page.seal());

    let names = [
        "aten::mm",
        "cudaLaunchKernel",
        "sgemm",
        "Memcpy HtoD (Pageable -> Device)",
        "Memset (Device)",
        "Iteration Start",
    ];
    for (ts, dur, track, category, name, depth, parent, args) in [
        (0, 500, 0, Some("cpu_op"), 0, 0, None, op_args),
        (100, 50, 0, Some("cuda_runtime"), 1, 1, Some(0), launch_args),
        (200, 300, 1, Some("kernel"), 2, 0, None, kernel_args),
        (600, 64, 1, Some("gpu_memcpy"), 3, 0, None, copy_args),
        (700, 0, 1, Some("gpu_memset"), 4, 0, None, None),
        (900, 0, 0, None, 5, 0, None, None),
    ] {
        let category = category.map(|category| b.strings.intern(category));
        let name = b.strings.intern(names[name]);
        b.slices.push(SliceRow {
            ts,
            dur,
            track_id: TrackId(track),
            category,
            name,
            depth,
            parent_id: parent.map(SliceId),
            arg_set_id: args,
            thread_ts: None,
            thread_dur: None,
            source_offset: ts * 10,
        });
    }
    let copy_kind = text(&mut b, "HtoD");
    for (slice, kind, bytes, copy_kind, grid) in [
        (2, GpuOpKind::Kernel, None, None, Some(4)),
        (3, GpuOpKind::Memcpy, Some(2048), Some(copy_kind), None),
        (4, GpuOpKind::Memset, Some(16), None, None),
    ] {
        b.gpu_ops.push(GpuOpRow {
            context: Some(1),
            correlation: grid.map(|_| 9),
            bytes,
            copy_kind,
            grid_x: grid,
            grid_y: grid.map(|_| 1),
            grid_z: grid.map(|_| 1),
            occupancy: grid.map(|_| 12.5),
            ..GpuOpRow::new(SliceId(slice), kind, DeviceId(0), StreamId(0))
        });
    }
    b.api_calls.push(ApiCallRow {
        correlation: Some(9),
        external_id: Some(5),
        cbid: Some(211),
        ..ApiCallRow::new(SliceId(1))
    });
    b.launches.push(LaunchRow { api_call_id: 0, gpu_op_id: 0, api_slice_id: SliceId(1), gpu_slice_id: SliceId(2) });
    let ac2g = text(&mut b, "ac2g");
    b.flows.push(FlowRow {
        slice_out: SliceId(1),
        slice_in: SliceId(2),
        trace_id: Some(9),
        category: Some(ac2g),
        name: Some(ac2g),
    });
    for (ts, value) in [(0, 1.5), (600, 2.5)] {
        b.counters.push(CounterRow { ts, track_id: TrackId(2), value, arg_set_id: None });
    }
    let (running, sleeping) = (text(&mut b, "Running"), text(&mut b, "S"));
    for (ts, dur, cpu, state) in [(0, 400, Some(3), running), (400, 600, None, sleeping)] {
        b.thread_states.push(ThreadStateRow {
            ts,
            dur,
            cpu,
            utid: ThreadId(0),
            state,
            io_wait: cpu.is_none().then_some(true),
            blocked_function: None,
        });
    }
    for (name, int_value, str_value) in [
        ("schemaVersion", Some(1), None),
        ("metadata", None, Some(r#"{"model": "opt", "tp": 2, "ratio": 0.5, "nested": {"a": [1]}, "none": null}"#)),
    ] {
        let name = text(&mut b, name);
        let str_value = str_value.map(|value| text(&mut b, value));
        b.metadata.push(MetadataRow { name, int_value, str_value, source_id: source });
    }
    b.warnings.add(WarningKind::Truncated, source, Some(77), || "ends in an event".to_owned());
    Arc::new(b.seal())
}

/// A session over [`trace`].
pub(crate) fn session() -> Session {
    session_over(trace())
}

pub(crate) fn session_over(trace: Arc<Trace>) -> Session {
    Session::new(trace, SessionOptions::default()).expect("a session starts")
}

/// What a script prints in `format`.
pub(crate) fn print_as(session: &Session, format: Format, script: &str) -> Result<String, SqlError> {
    let mut out = Vec::new();
    let mut writer = ResultWriter::new(format, &mut out);
    session.run(script, &mut |event| writer.write(event))?;
    writer.finish()?;
    Ok(String::from_utf8(out).expect("formats of text write text"))
}

/// What a script prints as CSV.
pub(crate) fn csv(session: &Session, script: &str) -> String {
    match print_as(session, Format::Csv, script) {
        Ok(text) => text,
        Err(error) => panic!("`{script}` fails: {}", error.report()),
    }
}

/// Why a script fails.
pub(crate) fn error(script: &str) -> SqlError {
    match print_as(&session(), Format::Csv, script) {
        Ok(printed) => panic!("`{script}` gives {printed}"),
        Err(error) => error,
    }
}
