//! PyTorch traces: GPU work, calls and annotations come back, and every report is the same.

use std::path::Path;

use kinetoscope_analysis::stats::{
    Activities, Filter, Layout, LayoutKind, Options as ReportOptions, Report, ReportRequest, ReportWriter, TimeUnit,
    run,
};
use kinetoscope_export::Options;
use kinetoscope_ingest::nsys::PrivateData;
use kinetoscope_ingest::read_bytes;
use kinetoscope_model::table::{GpuOpRow, NvtxType};
use kinetoscope_model::{SliceId, Trace};
use kinetoscope_testkit::draw::{Drawing, Glyph};
use kinetoscope_testkit::fixture;
use kinetoscope_testkit::generate::{GenerateOptions, generate};

use super::written::{read_files, write_and_read};
use crate::compared::{assert_same, traces_below};

/// Every report and rule with the arguments that change its rows, as CSV.
fn reports(trace: &Trace) -> Vec<(String, String)> {
    let activities = Activities::new(trace, &Filter::default()).expect("no filter");
    let mut requests: Vec<ReportRequest> =
        Report::ALL.iter().map(|report| report.name().parse().expect("a name of a report")).collect();
    for name in ["cuda_gpu_kern_sum:base", "cuda_gpu_kern_sum:mangled", "cuda_gpu_kern_sum:nvtx-name"] {
        requests.push(name.parse().expect("a name of a report"));
    }
    let mut printed = Vec::new();
    for request in requests {
        let options = ReportOptions { percentiles: true, ..ReportOptions::default() };
        let outcome = run(&activities, &request, &options);
        let mut out = Vec::new();
        let mut writer = ReportWriter::new(Layout::from(LayoutKind::Csv), TimeUnit::Nanos, &mut out);
        writer.write(request.report, &outcome).expect("memory takes all");
        writer.finish().expect("memory takes all");
        printed.push((format!("{request:?}"), String::from_utf8(out).expect("text")));
    }
    printed
}

/// Largest number that a global id has room for, and the least of those that stand for one that has none.
const MAX_TID: i64 = 0xff_ffff;
const LEAST_MADE_TID: i64 = MAX_TID - 0xff;

/// A thread's number; 0 for one that does not fit a global id, or was made for such a one.
fn tid(tid: i64) -> i64 {
    if (1..LEAST_MADE_TID).contains(&tid) { tid } else { 0 }
}

/// True for traces with threads whose numbers a global id has no room for: they are pthread's addresses.
fn has_odd_threads(trace: &Trace) -> bool {
    let is_used = |utid: usize| trace.tracks.utid.iter().flatten().any(|used| used.index() == utid);
    trace.threads.tid.iter().enumerate().any(|(utid, number)| tid(number) == 0 && is_used(utid))
}

/// Where a slice is and what it is called.
fn slice(trace: &Trace, id: SliceId) -> (i64, i64, String, Option<(i64, i64)>) {
    let row = trace.slices.row(id.index());
    let thread = trace.tracks.utid.get(row.track_id.index()).map(|utid| {
        let thread = trace.threads.row(utid.index());
        (trace.processes.pid.get(thread.upid.index()), tid(thread.tid))
    });
    (row.ts + trace.clock.file_offset_ns, row.dur, trace.text(row.name).to_owned(), thread)
}

/// True for traces whose GPU work is of no context, as AMD's is. A capture always names one, so it comes back as context 0.
fn is_without_contexts(trace: &Trace) -> bool {
    trace.gpu_ops.context.iter().any(|context| context.is_none())
}

/// What both formats have of GPU work.
fn op(trace: &Trace, op: &GpuOpRow) -> impl std::fmt::Debug + PartialEq + Ord + use<> {
    let (start, dur, name, _) = slice(trace, op.slice_id);
    let place = (
        trace.devices.ordinal.get(op.device_id.index()),
        trace.streams.stream.get(op.stream_id.index()),
        op.context.unwrap_or_default(),
        op.correlation,
    );
    let shape = [op.grid_x, op.grid_y, op.grid_z, op.block_x, op.block_y, op.block_z, op.registers_per_thread];
    // Copies and fills are named anew, by their direction and kinds of memory.
    let name = if name.starts_with("Mem") { String::new() } else { name };
    let kind = format!("{:?}", op.kind);
    (start, dur, name, kind, place, shape, op.bytes, op.graph_node_id, trace.text_or_empty(op.copy_kind).to_owned())
}

fn check(name: &str, trace: &Trace) {
    let written = write_and_read(trace, &Options::default());
    let back = &written.trace;
    let ops = |trace: &Trace| {
        let mut ops: Vec<_> = trace.gpu_ops.rows().map(|row| op(trace, &row)).collect();
        ops.sort();
        ops
    };
    assert_same(name, "gpu_op", &ops(trace), &ops(back));
    let calls = |trace: &Trace| {
        let call = |row: kinetoscope_model::table::ApiCallRow| (slice(trace, row.slice_id), row.correlation);
        let mut calls: Vec<_> = trace.api_calls.rows().map(call).collect();
        calls.sort();
        calls
    };
    assert_same(name, "api_call", &calls(trace), &calls(back));
    let launches = |trace: &Trace| {
        let launch = |row: kinetoscope_model::table::LaunchRow| {
            (slice(trace, row.gpu_slice_id).0, slice(trace, row.api_slice_id))
        };
        let mut launches: Vec<_> = trace.launches.rows().map(launch).collect();
        launches.sort();
        launches
    };
    assert_same(name, "launch", &launches(trace), &launches(back));
    let annotations: Vec<_> = (0..trace.slices.len())
        .map(SliceId::from_index)
        .filter(|id| trace.text_or_empty(trace.slices.category.get(id.index())) == "user_annotation")
        .map(|id| (i64::from(id.0), slice(trace, id)))
        .collect();
    let mut ranges: Vec<_> = back
        .nvtx
        .rows()
        .inspect(|row| assert_eq!(row.r#type, NvtxType::PushPop))
        .map(|row| (row.source_row, slice(back, row.slice_id.expect("a range is a slice"))))
        .collect();
    ranges.sort();
    assert_same(name, "nvtx", &annotations, &ranges);
    for ((request, expected), (_, found)) in reports(trace).into_iter().zip(reports(back)) {
        let prints = |reports: &[&str]| reports.iter().any(|report| request.contains(report));
        let has_context = prints(&["CudaGpuTrace", "RuleGpu", "RuleMem"]);
        let has_thread = prints(&["CudaApiTrace", "KernExec", "PushPopTrace", "NvtxKern", "ProjTrace", "RuleApiSync"]);
        if (has_context && is_without_contexts(trace)) || (has_thread && has_odd_threads(trace)) {
            continue;
        }
        assert_same(name, &request, &expected.lines().collect::<Vec<_>>(), &found.lines().collect::<Vec<_>>());
    }
}

#[test]
fn reports_of_the_fixtures_are_those_of_their_databases() {
    let sample = fixture::path(fixture::SAMPLE_NAME);
    check("sample", &read_files(&[&sample], PrivateData::LeftOut));
    let train = fixture::path("torch/train.pt.trace.json.gz");
    check("train", &read_files(&[&train], PrivateData::LeftOut));
}

#[test]
fn reports_of_generated_ranks_are_those_of_their_databases() {
    for seed in [3, 8] {
        let options = GenerateOptions { num_ranks: 2, seed, with_scopes: true, ..GenerateOptions::new(3_000) };
        let mut folder = Vec::new();
        for rank in 0..2 {
            let mut json = Vec::new();
            generate(&options.for_rank(rank), &mut json).expect("memory takes all");
            let mut file = tempfile::Builder::new().prefix(&format!("rank{rank}.")).tempfile().expect("a file");
            std::io::Write::write_all(&mut file, &json).expect("it is written");
            folder.push(file);
        }
        let paths: Vec<&Path> = folder.iter().map(tempfile::NamedTempFile::path).collect();
        check("two ranks", &read_files(&paths, PrivateData::LeftOut));
    }
}

#[test]
fn public_traces_give_the_same_reports() {
    let Some(folder) = fixture::shared_traces() else {
        println!("skipped: public traces and their databases (there are none beside the repository)");
        return;
    };
    let (mut num_traces, mut num_whole) = (0, 0);
    for path in traces_below(&folder.join("kineto")) {
        let Ok(trace) = kinetoscope_ingest::read_path(&path) else { continue };
        if trace.slices.len() > 60_000 {
            continue;
        }
        num_traces += 1;
        num_whole += usize::from(!is_without_contexts(&trace) && !has_odd_threads(&trace));
        check(&path.display().to_string(), &trace);
    }
    assert!(num_traces > 20 && num_whole > 10, "{num_traces} traces, {num_whole} of them with all reports");
}

#[test]
fn what_has_no_place_is_counted() {
    let json = Drawing::new(&["cpu main    ssssss", "cpu main/1  mm.l..", "gpu 0/7     ..AAAA", "counter q   ..3..."])
        .letter('s', Glyph::annotation("step"))
        .letter('m', Glyph::op("aten::mm"))
        .letter('A', Glyph::kernel("gemm"))
        .launches('l', "A")
        .to_json();
    let trace = read_bytes("drawn.json", json.into_bytes()).expect("a trace");
    let written = write_and_read(&trace, &Options::default());
    let omissions: Vec<_> = written.omissions.iter().map(|omission| (omission.what.as_str(), omission.count)).collect();
    assert_eq!(omissions, [("slices of category `cpu_op`", 1), ("values of counters that are of no GPU", 1)]);
}
