//! Generated traces: what the reader and the analyses say of one is what was drawn when it was made.
//!
//! The generator counts from its simulation, in integers and before there is any text, so this holds writer, reader and
//! analyses against each other on traces of any size and shape, with several ranks and graph launches.

use std::collections::BTreeMap;

use kinetoscope_analysis::gpu_timeline::GpuTimeline;
use kinetoscope_analysis::{gpu_time, kernels, launch_delay};
use kinetoscope_ingest::read_bytes;
use kinetoscope_testkit::generate::{ClassTruth, GenerateOptions, GroundTruth, generate};

fn check(options: &GenerateOptions) {
    let mut json = Vec::new();
    let truth = generate(options, &mut json).expect("memory takes all");
    let trace = read_bytes("generated.json", json).expect("a generated trace is a trace");
    assert_eq!(trace.sources.num_events.get(0), truth.num_events as i64);

    let mut slices_by_category: BTreeMap<&str, u64> = BTreeMap::new();
    for category in trace.slices.category.iter().flatten() {
        *slices_by_category.entry(trace.text(category)).or_default() += 1;
    }
    for (category, count) in &truth.num_events_by_category {
        // Arrows and counters have categories and are no slices.
        let found = slices_by_category.get(category).copied().unwrap_or_default();
        assert!(found == *count || found == 0, "{found} slices of {count} events of `{category}`");
    }
    assert_eq!(slices_by_category.get("kernel"), truth.num_events_by_category.get("kernel"));

    let timeline = GpuTimeline::new(&trace);
    check_devices(&timeline, &truth);
    check_launches(&timeline, &truth);
    let found = kernels::kernels(&timeline);
    assert_eq!(found.len(), truth.kernels.len() + truth.copies.len());
    for row in found {
        match truth.kernels.get(row.name.as_str()) {
            Some(kernel) => {
                let expected = (kernel.count, kernel.sum_nanos, kernel.min_nanos, kernel.max_nanos);
                let found = (row.num_ops, row.sum_ns as u64, row.min_ns as u64, row.max_ns as u64);
                assert_eq!(found, expected, "{}", row.name);
            }
            None => {
                let copy = truth.copies[row.name.as_str()];
                assert_eq!((row.num_ops, row.sum_ns as u64), (copy.count, copy.sum_nanos), "{}", row.name);
            }
        }
    }
}

fn check_devices(timeline: &GpuTimeline<'_>, truth: &GroundTruth) {
    let found = gpu_time::gpu_time(timeline);
    assert_eq!(found.devices.len(), truth.devices.len());
    for device in &found.devices {
        let expected = &truth.devices[&(device.ordinal as u64)];
        let gpu = &device.gpu;
        assert_eq!(gpu.num_ops, expected.num_ops);
        assert_eq!(gpu.sum_ns as u64, expected.sum_nanos);
        assert_eq!(gpu.busy_ns as u64, expected.busy_nanos);
        assert_eq!(gpu.span_ns as u64, expected.last_end - expected.first_start);
        assert_eq!(gpu.comm_comp_overlap_ns as u64, expected.communication_overlap_nanos);
        let class = |class: &gpu_time::ClassUse| ClassTruth {
            num_ops: class.num_ops,
            sum_nanos: class.sum_ns as u64,
            union_nanos: class.union_ns as u64,
        };
        assert_eq!(class(&gpu.computation), expected.computation);
        assert_eq!(class(&gpu.communication), expected.communication);
        assert_eq!(class(&gpu.memory), expected.memory);
        for stream in &device.streams {
            let expected = &truth.streams[&(device.ordinal as u64, stream.stream as u64)];
            assert_eq!(stream.num_ops, expected.num_ops);
            assert_eq!(stream.sum_ns as u64, expected.sum_nanos);
            assert_eq!(stream.busy_ns as u64, expected.busy_nanos);
            assert_eq!(stream.num_adjacent_overlaps, expected.num_adjacent_overlaps);
        }
    }
}

fn check_launches(timeline: &GpuTimeline<'_>, truth: &GroundTruth) {
    let found = launch_delay::launch_delay(timeline);
    assert_eq!(found.num_ops_with_launch, truth.launches.num_with_call);
    assert_eq!(found.num_ops_without_launch, truth.launches.num_without_call);
    let by_size: BTreeMap<u64, u64> =
        found.graph.launches_by_num_ops.iter().map(|size| (size.num_ops, size.num_launches)).collect();
    assert_eq!(by_size, truth.launches.graph_launches_by_num_kernels);
    assert_eq!(found.graph.num_ops, truth.launches.num_graph_kernels);
    let longest_ns = found.launch_to_start.map_or(0, |delay| delay.max_ns);
    assert_eq!(longest_ns as u64, truth.launches.launch_to_start_max_nanos);
}

#[test]
fn a_small_trace_is_what_was_drawn() {
    check(&GenerateOptions::new(5_000));
}

#[test]
fn a_trace_of_several_pieces_with_everything_on_is_what_was_drawn() {
    let all = GenerateOptions {
        with_stack: true,
        with_shapes: true,
        with_memory: true,
        with_scopes: true,
        with_occupancy: true,
        seed: 7,
        ..GenerateOptions::new(60_000)
    };
    check(&all);
}

#[test]
fn another_rank_is_what_was_drawn() {
    let ranks = GenerateOptions { num_ranks: 4, seed: 99, ..GenerateOptions::new(20_000) };
    check(&ranks.for_rank(3));
}
