//! Generated traces against what the generator says they hold, recomputed here from the JSON alone.

use std::collections::{BTreeMap, BTreeSet};

use kinetoscope_testkit::generate::{GenerateOptions, GroundTruth, file_name, generate, ground_truth};
use kinetoscope_testkit::{fixture, gzip};
use serde_json::Value;

fn written(options: &GenerateOptions) -> (String, GroundTruth) {
    let mut bytes = Vec::new();
    let truth = generate(options, &mut bytes).expect("memory can be written");
    (String::from_utf8(bytes).expect("Kineto's text is ASCII"), truth)
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("the exporter writes valid JSON")
}

/// The trace with times small enough that a double holds them to the nanosecond.
fn parsed_with_short_times(text: &str) -> Value {
    let shortened = text.replace("\"ts\": 46334", "\"ts\": ");
    let num_times = text.matches("\"ts\": ").count();
    assert_eq!(text.len() - shortened.len(), 5 * num_times, "all times share the digits cut off");
    parsed(&shortened)
}

const TIME_CUT_OFF: u64 = 4_633_400_000_000_000;

fn nanos(micros: &Value) -> u64 {
    (micros.as_f64().expect("a time is a number") * 1000.0).round() as u64
}

fn events(trace: &Value) -> &[Value] {
    trace["traceEvents"].as_array().expect("an array")
}

fn text<'a>(event: &'a Value, key: &str) -> &'a str {
    event[key].as_str().unwrap_or_default()
}

fn is_gpu_work(event: &&Value) -> bool {
    matches!(text(event, "cat"), "kernel" | "gpu_memcpy" | "gpu_memset")
}

fn interval(event: &Value) -> (u64, u64) {
    let start = nanos(&event["ts"]);
    (start, start + nanos(&event["dur"]))
}

/// The length of a union, by marking the ends on a line.
fn union_nanos(intervals: impl Iterator<Item = (u64, u64)>) -> u64 {
    let mut ends: Vec<(u64, i64)> = intervals.flat_map(|(start, end)| [(start, 1), (end, -1)]).collect();
    ends.sort_unstable();
    let (mut depth, mut since, mut total) = (0, 0, 0);
    for (at, step) in ends {
        if depth > 0 {
            total += at - since;
        }
        depth += step;
        since = at;
    }
    total
}

fn variety() -> Vec<GenerateOptions> {
    let small = GenerateOptions::new(400);
    let everything = GenerateOptions {
        num_ranks: 4,
        rank: 2,
        seed: 99,
        with_stack: true,
        with_shapes: true,
        with_scopes: true,
        with_occupancy: true,
        ..GenerateOptions::new(9_000)
    };
    let plain = GenerateOptions { num_ranks: 2, seed: 5, with_memory: false, ..GenerateOptions::new(14_000) };
    let two_hosts = GenerateOptions { num_ranks: 16, rank: 11, num_layers: 3, seed: 7, ..GenerateOptions::new(4_000) };
    vec![small, everything, plain, two_hosts]
}

#[test]
fn counts_are_those_of_the_ground_truth() {
    for options in variety() {
        let (json, truth) = written(&options);
        let trace = parsed(&json);
        let events = events(&trace);
        assert_eq!(events.len() as u64, truth.num_events);
        assert!(truth.num_events >= options.num_events);
        let mut by_phase: BTreeMap<&str, u64> = BTreeMap::new();
        let mut by_category: BTreeMap<&str, u64> = BTreeMap::new();
        for event in events {
            *by_phase.entry(text(event, "ph")).or_default() += 1;
            if let Some(cat) = event["cat"].as_str() {
                *by_category.entry(cat).or_default() += 1;
            }
        }
        assert_eq!(by_phase, truth.num_events_by_phase);
        assert_eq!(by_category, truth.num_events_by_category);
    }
}

#[test]
fn gpu_times_are_those_of_the_ground_truth() {
    for options in variety() {
        let (json, truth) = written(&options);
        let trace = parsed_with_short_times(&json);
        let work: Vec<&Value> = events(&trace).iter().filter(is_gpu_work).collect();
        let device = &truth.devices[&options.device()];
        assert_eq!(truth.devices.len(), 1);
        assert!(work.iter().all(|event| event["pid"] == options.device()));
        assert_eq!(work.len() as u64, device.num_ops);
        assert_eq!(union_nanos(work.iter().map(|event| interval(event))), device.busy_nanos);
        assert_eq!(work.iter().map(|event| nanos(&event["dur"])).sum::<u64>(), device.sum_nanos);
        let first = work.iter().map(|event| interval(event).0).min().expect("there is GPU work");
        let last = work.iter().map(|event| interval(event).1).max().expect("there is GPU work");
        assert_eq!((first + TIME_CUT_OFF, last + TIME_CUT_OFF), (device.first_start, device.last_end));

        let class = |event: &&&Value| match text(event, "cat") {
            "kernel" if text(event, "name").contains("nccl") => "communication",
            "kernel" => "computation",
            _ => "memory",
        };
        for (name, expected) in
            [("communication", device.communication), ("computation", device.computation), ("memory", device.memory)]
        {
            let of_class = || work.iter().filter(|event| class(event) == name);
            assert_eq!(of_class().count() as u64, expected.num_ops, "{name}");
            assert_eq!(of_class().map(|event| nanos(&event["dur"])).sum::<u64>(), expected.sum_nanos, "{name}");
            assert_eq!(union_nanos(of_class().map(|event| interval(event))), expected.union_nanos, "{name}");
        }
        let either = work.iter().filter(|event| class(event) != "memory");
        let overlap = device.communication.union_nanos + device.computation.union_nanos
            - union_nanos(either.map(|event| interval(event)));
        assert_eq!(overlap, device.communication_overlap_nanos);

        let mut streams: BTreeMap<(u64, u64), Vec<(u64, u64)>> = BTreeMap::new();
        for event in &work {
            let number = |key: &str| event[key].as_u64().expect("a number");
            streams.entry((number("pid"), number("tid"))).or_default().push(interval(event));
        }
        assert_eq!(streams.keys().collect::<Vec<_>>(), truth.streams.keys().collect::<Vec<_>>());
        for (stream, mut intervals) in streams {
            let expected = &truth.streams[&stream];
            intervals.sort_unstable();
            let overlaps = intervals.windows(2).filter(|pair| pair[1].0 < pair[0].1).count() as u64;
            let sum: u64 = intervals.iter().map(|(start, end)| end - start).sum();
            assert_eq!(intervals.len() as u64, expected.num_ops);
            assert_eq!(sum, expected.sum_nanos);
            assert_eq!(overlaps, expected.num_adjacent_overlaps);
            assert_eq!(union_nanos(intervals.into_iter()), expected.busy_nanos);
        }
    }
}

#[test]
fn kernels_and_copies_are_those_of_the_ground_truth() {
    for options in variety() {
        let (json, truth) = written(&options);
        let trace = parsed(&json);
        let mut kernels: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        let mut copies: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
        for event in events(&trace).iter().filter(is_gpu_work) {
            let (name, dur) = (text(event, "name"), nanos(&event["dur"]));
            if text(event, "cat") == "kernel" {
                kernels.entry(name).or_default().push(dur);
            } else {
                let bytes = event["args"]["bytes"].as_u64().expect("copies have a size");
                let bandwidth = event["args"]["memory bandwidth (GB/s)"].as_f64().expect("and a bandwidth");
                assert!((bandwidth - bytes as f64 / dur as f64).abs() < 1e-9);
                let sums = copies.entry(name).or_default();
                *sums = (sums.0 + 1, sums.1 + dur, sums.2 + bytes);
            }
        }
        let expected: BTreeMap<&str, (u64, u64, u64)> =
            truth.copies.iter().map(|(name, copies)| (*name, (copies.count, copies.sum_nanos, copies.bytes))).collect();
        assert_eq!(copies, expected);
        assert_eq!(kernels.keys().collect::<Vec<_>>(), truth.kernels.keys().collect::<Vec<_>>());
        for (name, durations) in kernels {
            let expected = &truth.kernels[name];
            assert_eq!(durations.len() as u64, expected.count, "{name}");
            assert_eq!(durations.iter().sum::<u64>(), expected.sum_nanos, "{name}");
            assert_eq!(durations.iter().min(), Some(&expected.min_nanos), "{name}");
            assert_eq!(durations.iter().max(), Some(&expected.max_nanos), "{name}");
        }
    }
}

#[test]
fn launches_are_those_of_the_ground_truth() {
    for options in variety() {
        let (json, truth) = written(&options);
        let trace = parsed_with_short_times(&json);
        let correlation = |event: &Value| event["args"]["correlation"].as_u64().expect("it has one");
        let mut calls: BTreeMap<u64, &Value> = BTreeMap::new();
        let mut calls_by_name: BTreeMap<&str, u64> = BTreeMap::new();
        for event in events(&trace) {
            if matches!(text(event, "cat"), "cuda_runtime" | "cuda_driver") {
                assert!(calls.insert(correlation(event), event).is_none(), "each call has its own correlation");
                *calls_by_name.entry(text(event, "name")).or_default() += 1;
            }
        }
        assert_eq!(calls_by_name, truth.launches.calls_by_name);

        let mut kernels_by_graph_launch: BTreeMap<u64, u64> = BTreeMap::new();
        let (mut with_call, mut without_call) = (0, 0);
        let (mut delay_sum, mut delay_max) = (0, 0);
        for event in events(&trace).iter().filter(is_gpu_work) {
            let Some(call) = calls.get(&correlation(event)) else {
                without_call += 1;
                assert_eq!(event["args"].get("External id"), None);
                continue;
            };
            with_call += 1;
            assert_eq!(event["args"]["External id"], call["args"]["External id"]);
            let delay = interval(event).0.checked_sub(interval(call).0).expect("work starts after its call");
            let is_graph = text(call, "name") == "cudaGraphLaunch";
            assert_eq!(event["args"].get("graph node id").is_some(), is_graph);
            if is_graph {
                *kernels_by_graph_launch.entry(correlation(event)).or_default() += 1;
            } else {
                delay_sum += delay;
                delay_max = delay_max.max(delay);
            }
        }
        assert!(without_call > 0, "some work was launched before the recording");
        assert_eq!((with_call, without_call), (truth.launches.num_with_call, truth.launches.num_without_call));
        assert_eq!(delay_sum, truth.launches.launch_to_start_sum_nanos);
        assert_eq!(delay_max, truth.launches.launch_to_start_max_nanos);
        assert_eq!(kernels_by_graph_launch.values().sum::<u64>(), truth.launches.num_graph_kernels);
        let mut launches_by_num_kernels: BTreeMap<u64, u64> = BTreeMap::new();
        for num_kernels in kernels_by_graph_launch.into_values() {
            *launches_by_num_kernels.entry(num_kernels).or_default() += 1;
        }
        assert_eq!(launches_by_num_kernels, truth.launches.graph_launches_by_num_kernels);
    }
}

#[test]
fn arrows_join_calls_with_what_they_caused() {
    let (json, _) = written(&variety()[1]);
    let trace = parsed(&json);
    let place = |event: &Value, id: &Value| format!("{id} {} {} {}", event["pid"], event["tid"], event["ts"]);
    let of_slices = |cats: &[&str]| -> BTreeSet<String> {
        let slices = events(&trace).iter().filter(|event| cats.contains(&text(event, "cat")));
        slices.map(|event| place(event, &event["args"]["correlation"])).collect()
    };
    let of_arrows = |phase: &str| -> BTreeSet<String> {
        let arrows = events(&trace).iter().filter(|event| text(event, "ph") == phase);
        arrows.map(|event| place(event, &event["id"])).collect()
    };
    assert_eq!(of_arrows("f"), of_slices(&["kernel", "gpu_memcpy", "gpu_memset", "cuda_sync"]));
    let calls = of_slices(&["cuda_runtime", "cuda_driver"]);
    let starts = of_arrows("s");
    assert!(starts.is_subset(&calls));
    assert!(starts.len() < calls.len(), "queries and records have no arrow");
}

#[test]
fn every_kind_of_event_is_there() {
    let options = GenerateOptions { with_stack: true, num_ranks: 2, ..GenerateOptions::new(100_000) };
    let truth = ground_truth(&options);
    let categories: Vec<&str> = truth.num_events_by_category.keys().copied().collect();
    assert_eq!(
        categories,
        [
            "Trace",
            "ac2g",
            "cpu_instant_event",
            "cpu_op",
            "cuda_driver",
            "cuda_event",
            "cuda_runtime",
            "cuda_sync",
            "gpu_memcpy",
            "gpu_memset",
            "gpu_user_annotation",
            "hardware_counters",
            "kernel",
            "overhead",
            "python_function",
            "user_annotation",
        ]
    );
    assert_eq!(truth.num_events_by_phase.keys().copied().collect::<Vec<_>>(), ["C", "M", "X", "f", "i", "s"]);
    assert!(truth.steps.num_prefill > 0 && truth.steps.num_mixed > 0 && truth.steps.num_decode > 0);
    assert_eq!(truth.steps.num_empty, 1);
    let stream_overlaps: u64 = truth.streams.values().map(|stream| stream.num_adjacent_overlaps).sum();
    assert!(stream_overlaps > 0, "some kernels start before their predecessor has ended");
    assert!(truth.devices[&0].communication_overlap_nanos > 0);
    assert!(truth.launches.graph_launches_by_num_kernels.len() > 1, "full and piecewise graphs");
}

#[test]
fn steps_are_annotated_on_both_sides() {
    let options = GenerateOptions { num_ranks: 2, ..GenerateOptions::new(12_000) };
    let (json, truth) = written(&options);
    let trace = parsed_with_short_times(&json);
    let annotations = |cat: &str| -> BTreeMap<u64, &Value> {
        let of_cat = events(&trace).iter().filter(|event| text(event, "cat") == cat);
        let steps = of_cat.filter(|event| text(event, "name").starts_with("execute_context_"));
        steps
            .filter(|event| cat == "user_annotation" || event["tid"] == 7)
            .map(|event| (event["args"]["External id"].as_u64().expect("it has one"), event))
            .collect()
    };
    let (host, gpu) = (annotations("user_annotation"), annotations("gpu_user_annotation"));
    let steps = truth.steps;
    let num_steps = steps.num_prefill + steps.num_mixed + steps.num_decode;
    assert_eq!(host.len() as u64, num_steps + steps.num_empty);
    assert_eq!(gpu.len() as u64, num_steps, "the empty step has no GPU work");
    assert!(host.values().any(|event| text(event, "name") == "execute_context_0(0)_generation_0(0)"));
    let mut num_late = 0;
    for (id, event) in &gpu {
        assert_eq!(event["name"], host[id]["name"]);
        num_late += usize::from(interval(event).1 > interval(host[id]).1);
    }
    assert!(num_late * 2 > gpu.len(), "GPU work outlasts the scope of its host side");
}

#[test]
fn operators_nest_and_frames_have_their_parents() {
    for options in variety() {
        let (json, _) = written(&options);
        let trace = parsed_with_short_times(&json);
        // Without the frames that enter and leave annotations, which cross them as PyTorch's do.
        let crosses = |event: &&Value| {
            let name = text(event, "name");
            name.contains("_record_function_enter_new") || name.contains("autograd/profiler.py(932): __exit__")
        };
        let mut rows: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
        let is_scope = |event: &&Value| {
            matches!(
                text(event, "cat"),
                "cpu_op" | "user_annotation" | "python_function" | "cuda_runtime" | "cuda_driver"
            )
        };
        for event in events(&trace).iter().filter(is_scope).filter(|event| !crosses(event)) {
            rows.entry(event["tid"].as_u64().expect("a number")).or_default().push(interval(event));
        }
        for mut slices in rows.into_values() {
            slices.sort_unstable_by_key(|&(start, end)| (start, std::cmp::Reverse(end)));
            let mut open: Vec<u64> = Vec::new();
            for (start, end) in slices {
                while open.last().is_some_and(|&open_end| open_end <= start) {
                    open.pop();
                }
                assert!(open.last().is_none_or(|&open_end| end <= open_end), "a slice crosses the end of another");
                open.push(end);
            }
        }

        let is_frame = |event: &&Value| text(event, "cat") == "python_function";
        let frames: BTreeMap<u64, &Value> = events(&trace)
            .iter()
            .filter(is_frame)
            .map(|event| (event["args"]["Python id"].as_u64().expect("it has one"), event))
            .collect();
        for event in frames.values() {
            let Some(parent) = event["args"]["Python parent id"].as_u64() else { continue };
            let ((start, end), (parent_start, parent_end)) = (interval(event), interval(frames[&parent]));
            assert!(parent_start <= start && end <= parent_end, "{} leaves its parent", event["name"]);
            assert_eq!(event["tid"], frames[&parent]["tid"]);
        }
    }
}

#[test]
fn event_numbers_are_dense_in_file_order() {
    for options in variety() {
        let (json, _) = written(&options);
        let trace = parsed(&json);
        let numbers: Vec<u64> = events(&trace).iter().filter_map(|event| event["args"]["Ev Idx"].as_u64()).collect();
        assert!(numbers.iter().copied().eq(0..numbers.len() as u64));
    }
}

#[test]
fn memory_totals_follow_the_allocations() {
    let (json, _) = written(&variety()[1]);
    let trace = parsed(&json);
    let changes = events(&trace).iter().filter(|event| text(event, "name") == "[memory]");
    let mut last: Option<i64> = None;
    let mut live: BTreeMap<u64, i64> = BTreeMap::new();
    for event in changes {
        let args = &event["args"];
        let (bytes, total) = (args["Bytes"].as_i64().expect("bytes"), args["Total Allocated"].as_i64().expect("total"));
        assert!(last.is_none_or(|last| last + bytes == total));
        last = Some(total);
        let address = args["Addr"].as_u64().expect("an address");
        if bytes > 0 {
            assert_eq!(live.insert(address, bytes), None, "the address is free");
        } else {
            assert_eq!(live.remove(&address), Some(-bytes), "it was allocated with this size");
        }
    }
    assert!(last.is_some());
}

#[test]
fn collectives_end_together_on_all_ranks() {
    let options = GenerateOptions { num_ranks: 4, seed: 11, ..GenerateOptions::new(8_000) };
    let mut ends_by_rank: Vec<BTreeMap<u64, u64>> = Vec::new();
    let mut custom_ends_by_rank: Vec<Vec<u64>> = Vec::new();
    for rank in 0..options.num_ranks {
        let (json, _) = written(&options.for_rank(rank));
        let trace = parsed_with_short_times(&json);
        let kernels = events(&trace).iter().filter(|event| text(event, "cat") == "kernel");
        let (mut ends, mut custom_ends) = (BTreeMap::new(), Vec::new());
        for event in kernels {
            let end = interval(event).1;
            if let Some(sequence) = event["args"]["Seq"].as_u64() {
                ends.insert(sequence, end);
            } else if text(event, "name").contains("cross_device_reduce") {
                custom_ends.push(end);
            }
        }
        ends_by_rank.push(ends);
        custom_ends_by_rank.push(custom_ends);
    }
    assert!(ends_by_rank[0].len() > 10 && custom_ends_by_rank[0].len() > 100);
    assert!(ends_by_rank.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(custom_ends_by_rank.windows(2).all(|pair| pair[0] == pair[1]));
    let traces: Vec<String> = (0..2).map(|rank| written(&options.for_rank(rank)).0).collect();
    assert_ne!(traces[0], traces[1], "ranks differ in everything else");
}

#[test]
fn equal_options_make_equal_bytes_and_other_seeds_do_not() {
    let options = GenerateOptions { with_stack: true, num_ranks: 2, ..GenerateOptions::new(5_000) };
    let (first, truth) = written(&options);
    assert_eq!(first, written(&options).0);
    assert_eq!(truth, ground_truth(&options));
    assert_ne!(first, written(&GenerateOptions { seed: 2, ..options }).0);
}

#[test]
fn the_layout_is_that_of_pytorch() {
    let options = GenerateOptions { num_ranks: 2, ..GenerateOptions::new(3_000) };
    let (json, truth) = written(&options);
    let real = std::fs::read(fixture::path("vllm-cpu/compiled/rank0.1795490800228673331.pt.trace.json.gz"))
        .expect("the fixture is part of the repository");
    let real = String::from_utf8(gzip::unpack(&real).expect("it is gzip")).expect("it is ASCII");
    // The lines of an event, with every value that differs between events taken out.
    let shape = |text: &str, cat: &str| -> String {
        let start = text.find(&format!("    \"cat\": \"{cat}\"")).expect("the category is there");
        let event: String = text[start..].chars().take_while(|&letter| letter != '}').collect();
        let lines = event.lines().map(|line| match line.trim_start() {
            args if args.starts_with("\"External id\"") => "      \"External id\": ",
            field if field.starts_with('"') => line.split(": ").next().unwrap_or(line),
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    for cat in ["cpu_op", "user_annotation", "Trace"] {
        assert_eq!(shape(&json, cat), shape(&real, cat), "{cat}");
    }
    let until = |text: &str, end: &str| text.split(end).next().unwrap_or_default().to_owned();
    let (ours, theirs) = (until(&json, "\"ts\""), until(&real, "\"ts\""));
    assert_eq!(ours.lines().next(), theirs.lines().next());
    assert_eq!(ours.lines().rev().take(5).collect::<Vec<_>>(), theirs.lines().rev().take(5).collect::<Vec<_>>());
    assert!(json.ends_with(".json\" }"));
    let bytes_per_event = json.len() as u64 / truth.num_events;
    assert!((250..450).contains(&bytes_per_event), "{bytes_per_event} bytes an event");
}

#[test]
fn files_are_named_as_vllm_names_them() {
    let options = GenerateOptions { num_ranks: 2, rank: 1, ..GenerateOptions::new(1_000) };
    let name = file_name(&options, &ground_truth(&options));
    let nanos = name.strip_prefix("rank1.").and_then(|rest| rest.strip_suffix(".pt.trace.json"));
    assert_eq!(nanos.map(str::len), Some(19), "{name}");
    assert!(nanos.is_some_and(|nanos| nanos.bytes().all(|byte| byte.is_ascii_digit())), "{name}");
}

#[test]
fn sizes_in_bytes_are_met_within_a_twentieth() {
    for num_bytes in [2_000_000, 30_000_000] {
        let options = GenerateOptions { num_layers: 4, with_stack: true, ..GenerateOptions::new(0) };
        let num_events = kinetoscope_testkit::generate::num_events_for_bytes(&options, num_bytes);
        let (json, _) = written(&GenerateOptions { num_events, ..options });
        let (got, wanted) = (json.len() as f64, num_bytes as f64);
        assert!((got / wanted - 1.0).abs() < 0.05, "{got} bytes for {wanted}");
    }
}

#[test]
fn a_failing_writer_fails_the_generation() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let error = generate(&GenerateOptions::new(20_000), Full).expect_err("nothing can be written");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn the_shipped_sample_is_what_the_generator_makes() {
    let (json, truth) = written(&fixture::sample_options());
    let packed = std::fs::read(fixture::path(fixture::SAMPLE_NAME)).expect("the sample is part of the repository");
    assert!(packed.len() < 1_000_000, "{} bytes", packed.len());
    assert!((20_000..30_000).contains(&truth.num_events), "{} events", truth.num_events);
    let shipped = gzip::unpack(&packed).expect("the sample is whole");
    assert!(
        shipped == json.as_bytes(),
        "`fixtures/{}` is not what the generator makes; run `cargo xtask fixtures make-sample`",
        fixture::SAMPLE_NAME
    );
}
