//! Compares every analysis with an independent exact calculation over real traces, to the nanosecond.
//!
//! The traces and the `.ref.json` files lie beside the repository on some machines only; elsewhere the test says that
//! it is skipped. Lists are cut in the reference files, so ties at their ends may fall either way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use kinetoscope_analysis::gap::{GapCause, GapSum};
use kinetoscope_analysis::gpu_time::ClassUse;
use kinetoscope_analysis::summary;
use kinetoscope_analysis::summary::{GpuSummary, Summary};
use kinetoscope_model::Trace;
use serde_json::Value;

/// Everything in one file that differs from its reference.
struct Differences<'a> {
    file: &'a str,
    found: Vec<String>,
    num_compared: usize,
}

impl Differences<'_> {
    fn compare<T: PartialEq + Debug>(&mut self, what: impl Debug, ours: T, reference: T) {
        self.num_compared += 1;
        if ours != reference {
            self.found.push(format!("{}: {what:?}: ours {ours:?}, reference {reference:?}", self.file));
        }
    }
}

fn kineto_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/traces/kineto")
}

fn reference_files() -> Vec<PathBuf> {
    let folder = kineto_folder().join("expected/reference");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".ref.json"));
    files.sort();
    files
}

#[test]
fn every_reference_value_is_met_to_the_nanosecond() {
    let files = reference_files();
    if files.is_empty() {
        eprintln!("skipped: no reference traces beside the repository");
        return;
    }
    let mut found = Vec::new();
    let mut num_compared = 0;
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a reference file can be read");
        let reference: Value = serde_json::from_str(&text).expect("a reference file is JSON");
        let path = kineto_folder().join(reference["path"].as_str().expect("a reference names its trace"));
        let trace = kinetoscope_ingest::read_path(&path).expect("a real trace opens");
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let mut differences = Differences { file: &name, found: Vec::new(), num_compared: 0 };
        compare(&mut differences, &reference, &trace, &summary(&trace));
        num_compared += differences.num_compared;
        found.extend(differences.found);
    }
    assert!(num_compared > 1_000, "only {num_compared} values of {} files were compared", files.len());
    assert!(found.is_empty(), "{} of {num_compared} values differ:\n{}", found.len(), found.join("\n"));
}

fn compare(differences: &mut Differences<'_>, reference: &Value, trace: &Trace, summary: &Summary) {
    compare_inputs(differences, reference, trace, summary);
    compare_annotations(differences, reference, summary);
    let Some(gpu) = &summary.gpu else {
        return differences.compare("gpu_events", 0, int(&reference["gpu_events"]));
    };
    compare_gpu_time(differences, reference, gpu);
    compare_streams(differences, reference, gpu, trace);
    compare_kernels(differences, reference, gpu);
    compare_launches(differences, reference, gpu, trace);
    compare_gaps(differences, reference, gpu);
}

fn int(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no whole number"))
}

fn name_of(value: &Value) -> String {
    value["name"].as_str().expect("a row has a name").to_owned()
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn compare_inputs(differences: &mut Differences<'_>, reference: &Value, trace: &Trace, summary: &Summary) {
    let source = &summary.sources[0];
    differences.compare("events", source.num_events, int(&reference["events"]));
    differences.compare("json_bytes", source.unpacked_bytes, int(&reference["json_bytes"]));
    differences.compare("compressed_bytes", source.file_bytes, int(&reference["compressed_bytes"]));
    // Where the file says nothing of ranks, its name may, so that only what the reference knows is compared.
    if let Some(rank) = reference["rank"].as_i64() {
        differences.compare("rank", source.rank, Some(rank));
    }
    if let Some(world_size) = reference["world_size"].as_i64() {
        differences.compare("world_size", summary.ranks[0].world_size, Some(world_size));
    }
    // The reference lists the distinct names of the listed devices; GPU rows may be of devices that are not listed.
    let names: BTreeSet<&str> = summary.devices.iter().filter_map(|device| device.name.as_deref()).collect();
    let listed = rows(&reference["devices"]).iter().filter_map(Value::as_str).filter(|name| !name.is_empty());
    differences.compare("devices", names, listed.collect());

    // Slices are complete events (X) and instants (i); the reference counts the two apart.
    let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
    for (key, count) in reference["ph_cat"].as_object().expect("ph_cat is an object") {
        if let Some((_, category)) = key.split_once('|').filter(|(phase, _)| ["X", "i"].contains(phase)) {
            *counts.entry(category).or_default() += int(count);
        }
    }
    let ours: BTreeMap<&str, i64> =
        summary.categories.iter().map(|row| (row.category.as_deref().unwrap_or(""), row.num_slices as i64)).collect();
    differences.compare("ph_cat", ours, counts);
    for (key, count) in reference["ph_cat"].as_object().expect("ph_cat is an object") {
        // An arrow needs both of its ends, so there cannot be more of them than of either.
        if let Some((_, category)) = key.split_once('|').filter(|(phase, _)| *phase == "f") {
            let flows = trace.flows.rows().filter(|row| trace.text_or_empty(row.category) == category);
            let num_flows = flows.count() as i64;
            differences.compare(("flows at most", category), num_flows <= int(count), true);
        }
    }

    // Complete events only: no instants.
    let is_complete =
        |row: &usize| !["", "cpu_instant_event"].contains(&trace.text_or_empty(trace.slices.category.get(*row)));
    let complete: Vec<usize> = (0..trace.slices.len()).filter(is_complete).collect();
    let start_ns = complete.iter().map(|&row| trace.slices.ts.get(row)).min().expect("every trace has events");
    let ends_ns = complete.iter().map(|&row| trace.slices.ts.get(row) + trace.slices.dur.get(row));
    differences.compare("x_span_ns", ends_ns.max().unwrap_or(0) - start_ns, int(&reference["x_span_ns"]));
    if let Some(gpu) = &summary.gpu {
        let offset_ns = gpu.time.all.first_start_ns - start_ns;
        differences.compare("gpu_first_start_offset_ns", offset_ns, int(&reference["gpu_first_start_offset_ns"]));
    }
}

/// Compares a reference list that was cut to its largest sums. `ours` has everything, as name and sum with whatever
/// else is compared.
fn compare_top<T: PartialEq + Debug + Copy>(
    differences: &mut Differences<'_>,
    what: &str,
    ours: &BTreeMap<String, (i64, T)>,
    listed: Vec<(String, i64, T)>,
    limit: usize,
) {
    differences.compare((what, "rows"), listed.len(), limit.min(ours.len()));
    let smallest = listed.iter().map(|(_, sum, _)| *sum).min().unwrap_or(i64::MAX);
    for (name, sum, rest) in &listed {
        differences.compare((what, name), ours.get(name).copied(), Some((*sum, *rest)));
    }
    for (name, &(sum, _)) in ours {
        if sum > smallest {
            let is_listed = listed.iter().any(|(listed, ..)| listed == name);
            differences.compare((what, name, "is among the largest"), true, is_listed);
        }
    }
}

fn compare_annotations(differences: &mut Differences<'_>, reference: &Value, summary: &Summary) {
    for category in ["user_annotation", "gpu_user_annotation"] {
        let ours = summary.annotations.iter().filter(|row| row.category == category);
        let ours = ours.map(|row| (row.name.clone(), (row.sum_ns, row.num_slices as i64))).collect();
        let listed = rows(&reference[category]).iter();
        let listed = listed.map(|row| (name_of(row), int(&row["sum_ns"]), int(&row["count"]))).collect();
        compare_top(differences, category, &ours, listed, 30);
    }
    let ours = summary.cpu_ops.iter().map(|row| (row.name.clone(), (row.total_ns, row.num_slices as i64))).collect();
    let listed = rows(&reference["cpu_op_top"]).iter();
    let listed = listed.map(|row| (name_of(row), int(&row["inclusive_sum_ns"]), int(&row["count"]))).collect();
    compare_top(differences, "cpu_op_top", &ours, listed, 15);
}

fn compare_gpu_time(differences: &mut Differences<'_>, reference: &Value, gpu: &GpuSummary) {
    let all = gpu.time.all;
    differences.compare("gpu_events", all.num_ops as i64, int(&reference["gpu_events"]));
    for (field, ours) in [
        ("gpu_sum_ns", all.sum_ns),
        ("gpu_span_ns", all.span_ns),
        ("gpu_busy_ns", all.busy_ns),
        ("gpu_idle_ns", all.idle_ns),
        ("comm_comp_overlap_ns", all.comm_comp_overlap_ns),
        ("exposed_comm_ns", all.exposed_comm_ns),
    ] {
        differences.compare(field, ours, int(&reference[field]));
    }
    let classes = [("computation", all.computation), ("communication", all.communication), ("memory", all.memory)];
    for (class, ours) in classes {
        let row = &reference["class"][class];
        let listed = ClassUse {
            num_ops: int(&row["count"]) as u64,
            sum_ns: int(&row["sum_ns"]),
            union_ns: int(&row["union_ns"]),
        };
        differences.compare(class, ours, listed);
    }
}

fn compare_streams(differences: &mut Differences<'_>, reference: &Value, gpu: &GpuSummary, trace: &Trace) {
    let streams = gpu.time.devices.iter().flat_map(|device| &device.streams);
    let ours: BTreeMap<[i64; 2], Vec<i64>> = streams
        .map(|stream| {
            let thread = trace.threads.row(stream.utid as usize);
            let pid = trace.processes.pid.get(thread.upid.index());
            let numbers = vec![
                stream.num_ops as i64,
                stream.sum_ns,
                stream.busy_ns,
                stream.span_ns,
                stream.num_gaps as i64,
                stream.gap_sum_ns,
                stream.gap_max_ns,
                stream.num_adjacent_overlaps as i64,
            ];
            ([pid, thread.tid], numbers)
        })
        .collect();
    let fields = ["count", "sum_ns", "busy_ns", "span_ns", "gaps", "gap_sum_ns", "gap_max_ns", "adjacent_overlaps"];
    let listed = rows(&reference["streams"])
        .iter()
        .map(|row| ([int(&row["pid"]), int(&row["tid"])], fields.iter().map(|field| int(&row[field])).collect()))
        .collect();
    differences.compare("streams", ours, listed);
}

fn compare_kernels(differences: &mut Differences<'_>, reference: &Value, gpu: &GpuSummary) {
    differences.compare("distinct_kernels", gpu.kernels.len() as i64, int(&reference["distinct_kernels"]));
    let ours = gpu.kernels.iter();
    let ours = ours.map(|row| (row.name.clone(), (row.sum_ns, [row.num_ops as i64, row.min_ns, row.max_ns]))).collect();
    let listed = rows(&reference["top_kernels"]).iter();
    let listed = listed
        .map(|row| (name_of(row), int(&row["sum_ns"]), ["count", "min_ns", "max_ns"].map(|field| int(&row[field]))))
        .collect();
    compare_top(differences, "top_kernels", &ours, listed, 25);
}

fn compare_launches(differences: &mut Differences<'_>, reference: &Value, gpu: &GpuSummary, trace: &Trace) {
    let launches = &gpu.launches;
    differences.compare("gpu_with_launch", launches.num_ops_with_launch as i64, int(&reference["gpu_with_launch"]));
    differences.compare(
        "gpu_without_launch",
        launches.num_ops_without_launch as i64,
        int(&reference["gpu_without_launch"]),
    );
    let (graph, listed) = (&launches.graph, &reference["graph"]);
    differences.compare("graph.launches", graph.num_launches as i64, int(&listed["launches"]));
    differences.compare("graph.gpu_events", graph.num_ops as i64, int(&listed["gpu_events"]));
    differences.compare("graph.sum_ns", graph.sum_ns, int(&listed["sum_ns"]));
    // The reference rounds the share to six decimals.
    let millionths = graph.sum_ns as f64 / gpu.time.all.sum_ns as f64 * 1e6;
    let listed_millionths = listed["share_of_gpu_sum"].as_f64().unwrap_or(-1.0) * 1e6;
    differences.compare("graph.share_of_gpu_sum", millionths.round() as i64, listed_millionths.round() as i64);
    let sizes: BTreeMap<String, i64> =
        graph.launches_by_num_ops.iter().map(|size| (size.num_ops.to_string(), size.num_launches as i64)).collect();
    let listed_sizes = listed["events_per_launch"].as_object().expect("events_per_launch is an object");
    let listed_sizes = listed_sizes.iter().map(|(size, number)| (size.clone(), int(number))).collect();
    differences.compare("graph.events_per_launch", sizes, listed_sizes);

    let listed = &reference["launch_to_start_ns"];
    if let Some(delay) = launches.launch_to_start {
        for (field, ours) in [
            ("count", delay.num_ops as i64),
            ("p50", delay.p50_ns),
            ("p90", delay.p90_ns),
            ("max", delay.max_ns),
            ("negative", delay.num_negative as i64),
        ] {
            differences.compare(("launch_to_start_ns", field), ours, int(&listed[field]));
        }
    } else {
        differences.compare("launch_to_start_ns", 0, int(&listed["count"]));
    }

    differences.compare("runtime_events", trace.api_calls.len() as i64, int(&reference["runtime_events"]));
    let mut calls: BTreeMap<String, (i64, ())> = BTreeMap::new();
    for call in trace.api_calls.rows() {
        let name = trace.text(trace.slices.name.get(call.slice_id.index()));
        calls.entry(name.to_owned()).or_default().0 += 1;
    }
    let listed = rows(&reference["runtime_top"]).iter();
    let listed =
        listed.map(|row| (row[0].as_str().expect("a name and a number").to_owned(), int(&row[1]), ())).collect();
    compare_top(differences, "runtime_top", &calls, listed, 20);
}

fn compare_gaps(differences: &mut Differences<'_>, reference: &Value, gpu: &GpuSummary) {
    // Each of the reference traces has work on one device, whose gaps are the trace's.
    differences.compare("devices with work", gpu.gaps.len(), 1);
    for cause in GapCause::ALL {
        let row = &reference["gap_attribution"][cause.words().replace(' ', "_")];
        let listed =
            GapSum { num_gaps: int(&row["count"]) as u64, sum_ns: int(&row["sum_ns"]), max_ns: int(&row["max_ns"]) };
        differences.compare(("gap_attribution", cause), *gpu.gaps[0].causes.of(cause), listed);
    }
    differences.compare("gaps add up to idle", gpu.gaps[0].causes.sum_ns(), gpu.time.all.idle_ns);
}
