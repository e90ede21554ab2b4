//! Answers in JSON: their shapes, and numbers that can be counted in the drawing.

use std::sync::Arc;

use serde_json::{Value, json};

use super::site::{Opening, Site, step};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap_or_else(|| panic!("an object: {value}")).keys().map(String::as_str).collect()
}

fn assert_keys(value: &Value, expected: &[&str]) {
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    let mut found = keys(value);
    found.sort_unstable();
    assert_eq!(found, expected);
}

/// Only these fields of each object.
fn picked(list: &Value, fields: &[&str]) -> Value {
    let pick = |value: &Value| fields.iter().map(|&field| value[field].clone()).collect::<Value>();
    list.as_array().unwrap_or_else(|| panic!("a list: {list}")).iter().map(pick).collect()
}

#[test]
fn info_tells_what_the_server_is() {
    let site = Site::of_step();
    let info = site.get("info").json();
    assert_keys(&info, &["version", "page_fingerprint", "mode", "traces"]);
    assert_eq!((&info["version"], &info["mode"]), (&json!(env!("CARGO_PKG_VERSION")), &json!("serve")));
    assert_eq!(info["traces"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_overview_has_the_bounds_and_what_is_in_them() {
    let overview = Site::of_step().step_get("/overview");
    let fields = ["name", "start", "end", "unix_start_ns", "num_slices", "num_tracks", "sources", "ranks", "devices"];
    assert_keys(&overview, &[&fields[..], &["warnings", "sql_offset_ns"]].concat());
    assert_eq!((&overview["name"], &overview["start"], &overview["end"]), (&json!("step"), &json!(0), &json!(12_000)));
    assert_eq!(overview["num_slices"], 5);
    assert_eq!(overview["sources"][0]["path"], "step.json");
    assert_eq!(overview["devices"][0]["ordinal"], 0);
    assert_keys(&overview["warnings"], &["error", "data_loss", "info"]);
    assert_eq!((&overview["warnings"]["error"], &overview["warnings"]["data_loss"]), (&json!(0), &json!(0)));
}

#[test]
fn tracks_are_a_tree_of_rows() {
    let tree = Site::of_step().step_get("/tracks");
    assert_keys(&tree, &["nodes"]);
    assert_eq!(picked(&tree["nodes"], &["key", "kind"]), json!([["cpu", "region"], ["gpu", "region"]]));
    let fields = ["key", "name", "kind", "children", "tracks", "collapsed", "role", "pid", "tid", "rank", "device"];
    let process = &tree["nodes"][0]["children"][0];
    assert_keys(process, &[&fields[..], &["stream"]].concat());
    assert_eq!(process["kind"], "process");
    let rows = &process["children"];
    assert_eq!(picked(rows, &["kind"]), json!([["thread"], ["counter"]]));
    let main = &rows[0]["tracks"][0];
    assert_keys(main, &["id", "kind", "num_events", "num_rows", "start", "end", "unit"]);
    let told = |track: &Value| picked(&json!([track]), &["kind", "num_events", "num_rows", "start", "end"])[0].clone();
    assert_eq!(told(main), json!(["slice", 3, 3, 0, 10_000]));
    let counter = told(&rows[1]["tracks"][0]);
    assert_eq!(picked(&json!([rows[1]["tracks"][0]]), &["kind", "num_events", "num_rows"]), json!([["counter", 2, 1]]));
    assert_eq!(counter[3], 2_000);
    let device = &tree["nodes"][1]["children"][0];
    assert_eq!((&device["kind"], &device["device"]), (&json!("device"), &json!(0)));
    let stream = &device["children"][0];
    assert_eq!((&stream["kind"], &stream["stream"]), (&json!("stream"), &json!(7)));
    assert_eq!(told(&stream["tracks"][0]), json!(["slice", 2, 1, 4_000, 12_000]));
}

#[test]
fn a_slice_is_told_with_all_around_it() {
    let site = Site::of_step();
    let (step, mm, call) = (site.slice("step"), site.slice("aten::mm"), site.slice("cudaLaunchKernel"));
    let gemm = site.slice("gemm_kernel");
    let fields = "id name category ts dur track_id depth parent_id self_dur percent_of_parent thread process device \
                  stream rank args stack python_stack gpu launch launched num_launched async_chain origin class";
    assert_keys(&mm, &fields.split_whitespace().collect::<Vec<_>>());
    let expected = json!([["aten::mm", "cpu_op", 1_000, 5_000, 1, step["id"], 4_000, 50.0]]);
    let told = ["name", "category", "ts", "dur", "depth", "parent_id", "self_dur", "percent_of_parent"];
    assert_eq!(picked(&json!([mm]), &told), expected);
    let argument = mm["args"].as_array().expect("arguments").iter().find(|arg| arg["key"] == "Sequence number");
    assert_keys(argument.expect("the argument"), &["key", "value", "type", "children"]);
    assert_eq!(argument.expect("the argument")["value"], 17);
    let around = json!([{ "id": step["id"], "name": "step" }, { "id": mm["id"], "name": "aten::mm" }]);
    assert_eq!(call["stack"], around);
    let launched =
        json!([{ "slice": gemm["id"], "name": "gemm_kernel", "ts": 4_000, "dur": 4_000, "track": gemm["track_id"] }]);
    assert_eq!((&call["launched"], &call["num_launched"]), (&launched, &json!(1)));
    // The call runs from 2 to 3 µs, and nothing is on the stream before.
    let launch = json!({
        "api_slice": call["id"], "api_name": "cudaLaunchKernel", "api_ts": 2_000, "api_dur": 1_000,
        "api_track": call["track_id"], "launch_delay": 2_000, "queue_delay": 1_000,
    });
    assert_eq!(gemm["launch"], launch);
    assert_eq!((&gemm["gpu"]["kind"], &gemm["gpu"]["registers_per_thread"]), (&json!("kernel"), &json!(168)));
    assert_eq!((&gemm["class"], &gemm["stream"]["name"]), (&json!("gemm"), &json!("stream 7")));
    assert_eq!((&step["parent_id"], &step["gpu"], &step["launch"]), (&Value::Null, &Value::Null, &Value::Null));
}

#[test]
fn a_slice_has_neighbours_arrows_and_namesakes() {
    let site = Site::of_step();
    let (call, gemm, add) = (site.slice("cudaLaunchKernel"), site.slice("gemm_kernel"), site.slice("vector_add"));
    let about = |slice: &Value, what: &str| site.step_get(&format!("/slices/{}/{what}", slice["id"]));
    assert_eq!(about(&gemm, "neighbour?direction=next"), json!({ "slice": add["id"] }));
    assert_eq!(about(&add, "neighbour?direction=previous"), json!({ "slice": gemm["id"] }));
    assert_eq!(about(&add, "neighbour?direction=next"), json!({ "slice": null }));
    let flows = about(&gemm, "flows");
    let launch = flows["arrows"].as_array().expect("arrows").iter().find(|arrow| arrow["kind"] == "launch");
    let launch = launch.expect("the launch");
    assert_keys(launch, &["kind", "name", "from", "to"]);
    let end = |slice: &Value| {
        json!({ "slice": slice["id"], "ts": slice["ts"], "dur": slice["dur"], "track_id": slice["track_id"],
                "depth": slice["depth"], "name": slice["name"] })
    };
    assert_eq!((&launch["from"], &launch["to"]), (&end(&call), &end(&gemm)));
    let namesakes = about(&gemm, "same-name");
    assert_eq!(
        (&namesakes["count"], &namesakes["total"], &namesakes["p50"]),
        (&json!(1), &json!(4_000), &json!(4_000))
    );
    assert_eq!(namesakes["rank_of_this"], 0);
}

#[test]
fn a_search_counts_all_and_lists_the_first() {
    let site = Site::of_step();
    let search = |text: &str, more: Value| {
        let mut request = json!({ "text": text, "in": ["name"], "limit": 10 });
        request.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        site.step_post("/search", &request)
    };
    let found = search("MM", json!({ "limit": 1 }));
    assert_keys(&found, &["total", "ids", "ts", "dur", "tracks", "ticks"]);
    // `aten::mm` and `gemm_kernel`.
    assert_eq!((&found["total"], &found["ts"], &found["dur"]), (&json!(2), &json!([1_000]), &json!([5_000])));
    let ticks: Vec<u64> = found["ticks"].as_array().expect("ticks").iter().filter_map(Value::as_u64).collect();
    let marked: Vec<usize> = (0..ticks.len()).filter(|&tick| ticks[tick] > 0).collect();
    // 1 and 4 of 12 µs, in parts of 1,024.
    assert_eq!((ticks.len(), marked), (1_024, vec![1_024 / 12, 1_024 * 4 / 12]));
    assert_eq!(search("mm", json!({ "start": 7_000 }))["ts"], json!([4_000]), "the kernel is seen until 8 µs");
    assert_eq!(search("mm", json!({ "end": 2_000 }))["ts"], json!([1_000]));
    assert_eq!(search("*_kernel", json!({}))["ts"], json!([4_000]));
    assert_eq!(search("kernel", json!({ "in": ["category"] }))["ts"], json!([4_000, 10_000]));
    assert_eq!(search("168", json!({ "in": ["arg_value"] }))["ts"], json!([4_000]));
    assert_eq!(search("", json!({}))["total"], 0);
}

#[test]
fn an_area_adds_up_what_lies_within() {
    let site = Site::of_step();
    let (main, gpu) = (site.slice("step")["track_id"].clone(), site.slice("vector_add")["track_id"].clone());
    let area = |end: i64, track: &Value, by: &str| {
        site.step_post("/area", &json!({ "start": 0, "end": end, "tracks": [track], "by": by }))
    };
    let table = area(6_000, &main, "name");
    assert_keys(&table, &["start", "end", "rows", "num_slices", "total", "gpu"]);
    let fields = "label name category class track_id count total self mean min max p50 p99 percent_of_window \
                  percent_of_gpu_time";
    assert_keys(&table["rows"][0], &fields.split_whitespace().collect::<Vec<_>>());
    let told = ["name", "count", "total", "self"];
    let percent = 100.0 / 6.0;
    assert_eq!(
        picked(&table["rows"], &told),
        json!([["step", 1, 6_000, 1_000], ["aten::mm", 1, 5_000, 4_000], ["cudaLaunchKernel", 1, 1_000, 1_000],])
    );
    let of_call = table["rows"][2]["percent_of_window"].as_f64().expect("a number");
    assert!((of_call - percent).abs() < 1e-9, "{of_call}");
    assert_eq!((&table["num_slices"], &table["total"], &table["gpu"]), (&json!(3), &json!(12_000), &json!([])));
    let table = area(12_000, &gpu, "class");
    assert_eq!(picked(&table["rows"], &["class", "total"])[0], json!(["gemm", 4_000]));
    assert_eq!(picked(&table["gpu"], &["device", "busy", "idle", "percent_busy"]), json!([[0, 6_000, 6_000, 50.0]]));
}

#[test]
fn flows_of_an_area_lead_from_track_to_track() {
    let site = Site::of_step();
    let (call, gemm) = (site.slice("cudaLaunchKernel"), site.slice("gemm_kernel"));
    let flows = |tracks: Value, limit: usize| {
        site.step_post("/area-flows", &json!({ "start": 0, "end": 12_000, "tracks": tracks, "limit": limit }))
    };
    let found = flows(json!([call["track_id"], gemm["track_id"]]), 10);
    assert_keys(&found, &["total", "groups", "arrows"]);
    let fields = "kind name from_track to_track count min mean p50 p99 max first longest";
    assert_keys(&found["groups"][0], &fields.split_whitespace().collect::<Vec<_>>());
    let told = ["kind", "name", "from_track", "to_track", "count", "min", "mean", "max"];
    // The call starts at 2 µs and its kernel at 4.
    let expected = json!([["launch", "launch", call["track_id"], gemm["track_id"], 1, 2_000, 2_000.0, 2_000]]);
    assert_eq!(picked(&found["groups"], &told), expected);
    assert_eq!(found["total"], 1);
    assert_eq!((&found["arrows"][0]["from"]["slice"], &found["arrows"][0]["to"]["slice"]), (&call["id"], &gemm["id"]));
    assert_eq!(flows(json!([call["track_id"], gemm["track_id"]]), 0)["arrows"], json!([]));
    assert_eq!(flows(json!([gemm["track_id"]]), 10)["total"], 0);
}

#[test]
fn a_window_is_exported_as_a_page_that_stands_alone() {
    let site = Site::of_step();
    let path = site.about("step", "/export");
    let answer = site.post(&path, &json!({ "start": 0, "end": 5_000 }));
    assert_eq!(answer.status, 200);
    let html = String::from_utf8(answer.body.clone()).expect("it is text");
    assert!(html.starts_with("<!doctype html>") && html.contains("gemm_kernel"));
    let refused = site.post(&path, &json!({ "start": 50_000, "end": 60_000 }));
    assert_eq!(refused.status, 400);
    assert!(refused.json()["error"]["message"].as_str().is_some_and(|text| text.contains("outside of the trace")));
}

#[test]
fn a_flame_graph_reads_both_ways() {
    let site = Site::of_step();
    let main = site.slice("step")["track_id"].clone();
    let graph = |direction: &str| {
        let request = json!({ "start": 0, "end": 12_000, "tracks": [main], "direction": direction });
        site.step_post("/flamegraph", &request)
    };
    let nodes = json!({
        "parent": [-1, 0, 1],
        "name": ["step", "aten::mm", "cudaLaunchKernel"],
        "total": [10_000, 5_000, 1_000],
        "self": [5_000, 4_000, 1_000],
        "count": [1, 1, 1],
    });
    assert_eq!(graph("top_down"), json!({ "total": 10_000, "nodes": nodes }));
    let roots = graph("bottom_up");
    let (parents, names) = (&roots["nodes"]["parent"], &roots["nodes"]["name"]);
    let (parents, names) = (parents.as_array().expect("parents"), names.as_array().expect("names"));
    let outermost: Vec<&Value> =
        names.iter().zip(parents).filter(|(_, parent)| **parent == -1).map(|(n, _)| n).collect();
    assert_eq!(outermost, ["step", "aten::mm", "cudaLaunchKernel"], "by the time they take themselves");
}

#[test]
fn the_schema_names_what_queries_can_use() {
    let schema = Site::of_step().step_get("/schema");
    let tables = schema["tables"].as_array().expect("tables");
    let slice = tables.iter().find(|table| table["name"] == "slice").expect("the table");
    assert_keys(slice, &["name", "doc", "columns"]);
    let columns = slice["columns"].as_array().expect("columns");
    assert_keys(&columns[0], &["name", "type", "doc"]);
    for name in ["id", "ts", "dur", "name", "track_id"] {
        assert!(columns.iter().any(|column| column["name"] == name), "{name}");
    }
    for list in ["functions", "modules"] {
        assert!(schema[list].as_array().is_some_and(|list| !list.is_empty()), "{list}");
    }
}

#[test]
fn names_come_in_the_order_asked_for() {
    let site = Site::of_step();
    let one = |id: u32| site.step_post("/names", &json!({ "ids": [id] }))["names"][0].clone();
    let (first, second) = (one(1), one(2));
    assert_ne!(first, second);
    let names = site.step_post("/names", &json!({ "ids": [2, 1, 2] }));
    assert_eq!(names, json!({ "names": [second, first, second] }));
    assert_eq!(site.step_post("/names", &json!({ "ids": [] })), json!({ "names": [] }));
}

#[test]
fn the_summary_is_that_of_the_command() {
    let site = Site::of_step();
    let summary = kinetoscope_analysis::summary(&step());
    assert_eq!(site.step_get("/summary"), serde_json::to_value(&summary).expect("a summary is JSON"));
}

#[test]
fn what_was_lost_is_told_with_its_place() {
    const TEXT: &str = r#"{"traceEvents": [
        {"ph": "X", "name": "good", "ts": 1, "dur": 2, "pid": 1, "tid": 1, "tid": 1},
        {"ph": "X", "name": "lost", "ts": 2, "pid": 1, "tid": 1}
    ]}"#;
    let trace = kinetoscope_ingest::read_bytes("bad.json", TEXT.as_bytes()).expect("one event is good");
    let site = Site::of(&[("bad", Opening::Trace(Arc::new(trace)))]);
    site.open("bad");
    let counts = site.get(&site.about("bad", "/overview")).json()["warnings"].clone();
    let warnings = site.get(&site.about("bad", "/warnings")).json();
    let list = warnings.as_array().expect("a list");
    let told: u64 = list.iter().filter_map(|warning| warning["count"].as_u64()).sum();
    let counted: u64 = counts.as_object().expect("counts").values().filter_map(Value::as_u64).sum();
    assert_eq!(told, counted, "{warnings} {counts}");
    let lost = &list[0];
    assert_keys(lost, &["name", "severity", "count", "description", "examples"]);
    assert_eq!((&lost["severity"], &lost["count"]), (&json!("data_loss"), &json!(1)), "{warnings}");
    assert_keys(&lost["examples"][0], &["path", "byte_offset", "detail"]);
    // A field given twice was read as meant.
    assert_eq!(picked(&warnings, &["severity", "count"])[1], json!(["notice", 1]));
    let offset = TEXT.find(r#"{"ph": "X", "name": "lost""#).expect("it is in the text");
    assert_eq!(
        (&lost["examples"][0]["path"], &lost["examples"][0]["byte_offset"]),
        (&json!("bad.json"), &json!(offset))
    );
}
