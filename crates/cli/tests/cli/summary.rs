//! `summary`: the page, its JSON, and what it says of bad traces.

use serde_json::Value;

use crate::sandbox::{SAMPLE, SMALL_TRACE, Sandbox};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_page_tells_machine_time_and_kernels() {
    let sandbox = Sandbox::with_small_trace();
    let page = sandbox.run(&["summary", "small.json"]).succeeded();
    for part in ["small.json", "NVIDIA H100 80GB HBM3", "gemm", "20.250 µs", "add", "10.000 µs"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains('\u{1b}'), "no colours into a pipe: {page}");
}

#[test]
fn json_has_the_same_numbers_exactly() {
    let sandbox = Sandbox::with_small_trace();
    let summary = json(&sandbox.run(&["summary", "small.json", "--json"]).succeeded());
    assert_eq!(summary["span_ns"], 49_500);
    assert_eq!(summary["counts"]["num_slices"], 3);
    assert_eq!(summary["counts"]["num_gpu_ops"], 2);
    assert_eq!(summary["counts"]["num_launches"], 1);
    assert_eq!(summary["sources"][0]["path"], "small.json");
    assert_eq!(summary["gpu"]["kernels"][0]["name"], "gemm");
    assert_eq!(summary["gpu"]["kernels"][0]["sum_ns"], 20_250);
}

#[test]
fn the_shipped_sample_is_summed_up_without_complaint() {
    let sandbox = Sandbox::new();
    sandbox.copy_fixture(SAMPLE, "sample.json.gz");
    let page = sandbox.run(&["summary", "sample.json.gz"]).succeeded();
    assert!(page.contains("H100"), "{page}");
    let wide: Vec<&str> = page.lines().filter(|line| line.chars().count() > 100).collect();
    assert!(wide.is_empty(), "wider than the default: {wide:#?}");
}

#[test]
fn width_and_top_shape_the_page() {
    let sandbox = Sandbox::new();
    sandbox.copy_fixture(SAMPLE, "sample.json.gz");
    let lines =
        |args: &[&str]| sandbox.run(&[&["summary", "sample.json.gz"], args].concat()).succeeded().lines().count();
    let page = sandbox.run(&["summary", "sample.json.gz", "--width", "72"]).succeeded();
    let widest = page.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{page}");
    assert!(lines(&["--top", "3"]) < lines(&["--top", "10"]));
    assert!(lines(&["--top", "10"]) < lines(&["--top", "1000"]));
}

#[test]
fn a_folder_is_one_trace_of_all_ranks() {
    let sandbox = Sandbox::new();
    for rank in [0, 1, 10] {
        let info = format!("{{\"distributedInfo\": {{\"backend\": \"nccl\", \"rank\": {rank}, \"world_size\": 11}},");
        sandbox.write(&format!("run/rank{rank}.json"), SMALL_TRACE.replacen('{', &info, 1));
    }
    sandbox.write("run/profiler_out_0.txt", "a table that is no trace");
    for paths in [
        &["run"][..],
        &["run/*.json"],
        &["run/rank[01]*.json"],
        &["run/rank0.json", "run/rank1.json", "run/rank10.json"],
    ] {
        let args = [&["summary", "--json", "--no-cache"], paths].concat();
        let summary = json(&sandbox.run(&args).succeeded());
        let ranks: Vec<i64> =
            summary["ranks"].as_array().expect("a list").iter().filter_map(|rank| rank["rank"].as_i64()).collect();
        assert_eq!(ranks, [0, 1, 10], "{paths:?}");
        assert_eq!(summary["counts"]["num_gpu_ops"], 6, "{paths:?}");
    }
}

#[test]
fn standard_input_is_a_trace_too() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run_with_stdin(&["summary", "-", "--json"], SMALL_TRACE.as_bytes());
    assert_eq!(json(&ran.succeeded())["counts"]["num_slices"], 3);
    assert_eq!(sandbox.names(), [""; 0], "what comes from a pipe leaves no cache file");
}

#[test]
fn lost_data_is_told_in_one_line_beside_the_result() {
    let sandbox = Sandbox::new();
    sandbox.write("cut.json", &SMALL_TRACE[..SMALL_TRACE.find("\"add\"").expect("it is there")]);
    let ran = sandbox.run(&["summary", "cut.json", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran}");
    assert!(ran.stderr.starts_with("warning: reading lost data: "), "{ran}");
    assert!(ran.stderr.contains("1 × input_truncated"), "{ran}");
    assert!(ran.stderr.ends_with("see `kinetoscope summary --warnings cut.json`\n"), "{ran}");
    assert_eq!(json(&ran.stdout)["counts"]["num_slices"], 2);
    // From the cache it is told again, and not to who wants to hear nothing.
    assert!(sandbox.run(&["summary", "cut.json"]).stderr.contains("1 × input_truncated"));
    sandbox.run(&["summary", "cut.json", "--quiet"]).succeeded();
}

#[test]
fn warnings_are_listed_with_their_places() {
    let sandbox = Sandbox::new();
    sandbox.write("cut.json", &SMALL_TRACE[..SMALL_TRACE.find("\"add\"").expect("it is there")]);
    let text = sandbox.run(&["summary", "cut.json", "--warnings"]).succeeded();
    assert!(text.starts_with("data_loss: "), "{text}");
    assert!(text.contains("input_truncated") && text.contains("cut.json, byte "), "{text}");
    let kinds = json(&sandbox.run(&["summary", "cut.json", "--warnings", "--json"]).succeeded());
    let truncated = kinds.as_array().expect("a list").iter().find(|kind| kind["name"] == "input_truncated");
    assert_eq!(truncated.expect("it is listed")["count"], 1);
    let clean = r#"[{"ph": "X", "name": "step", "pid": 1, "tid": 1, "ts": 1, "dur": 1}]"#;
    sandbox.write("whole.json", clean);
    let text = sandbox.run(&["summary", "whole.json", "--warnings"]).succeeded();
    assert_eq!(text, "No warnings: everything was read as it stands.\n");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.copy_fixture("torch/train.pt.trace.json.gz", "train.json.gz");
    let page =
        |threads| sandbox.run(&["summary", "train.json.gz", "--json", "--no-cache", "--threads", threads]).succeeded();
    assert_eq!(page("1"), page("3"));
}
