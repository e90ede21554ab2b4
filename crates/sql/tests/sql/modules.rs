//! Modules: what each defines, on the trace of `views`, whose times can be counted in its drawing.

use super::drawn::csv;
use super::views::{rows, session};

#[test]
fn launches_have_their_delays() {
    // The call begins at 104 and takes 4; its kernel begins at 110. All in microseconds.
    assert_eq!(
        rows(
            "include perfetto module gpu.launches; \
             select api_name, gpu_name, kind, api_ts, api_dur, gpu_ts, gpu_dur, launch_delay, queue_delay, device, stream, \
             correlation from gpu_launch"
        ),
        ["\"cudaLaunchKernel\",\"a\",\"kernel\",104000,4000,110000,10000,6000,2000,0,7,9"]
    );
}

#[test]
fn kernels_are_summed_up_by_name_and_by_class() {
    assert_eq!(
        rows(
            "include perfetto module gpu.kernels; select device, name, class, count, sum_dur, percent from gpu_kernel_summary \
              order by device, sum_dur desc, name"
        ),
        [
            "0,\"ncclDevKernel_AllReduce\",\"communication\",1,20000,36.363636",
            "0,\"b\",\"other\",1,15000,27.272727",
            "0,\"a\",\"other\",1,10000,18.181818",
            "0,\"c\",\"other\",1,10000,18.181818",
            "1,\"other\",\"other\",1,1000,100.000000"
        ]
    );
    assert_eq!(
        rows(
            "include perfetto module gpu.kernels; select class, count, sum_dur from gpu_kernel_class_summary where device = 0 \
              order by class"
        ),
        ["\"communication\",1,20000", "\"other\",3,35000"]
    );
    for (name, class) in [
        ("sm90_xmma_gemm_bf16", "gemm"),
        ("void flash_fwd_splitkv_kernel<>", "attention"),
        ("fused_moe_kernel", "moe"),
        ("rms_norm_kernel", "norm"),
        ("softmax_warp_forward", "softmax"),
        ("at::native::reduce_kernel", "reduce"),
        ("DeviceRadixSortOnesweep", "sort"),
        ("CatArrayBatchedCopy", "copy"),
        ("vectorized_elementwise_kernel", "elementwise"),
        ("ncclDevKernel_AllGather", "communication"),
        ("mystery", "other"),
    ] {
        assert_eq!(
            rows(&format!("include perfetto module gpu.kernels; select gpu_kernel_class('{name}')")),
            [format!("\"{class}\"")]
        );
    }
}

#[test]
fn steps_say_what_they_were_given_to_do() {
    assert_eq!(
        rows(
            "include perfetto module vllm.steps; select ts, dur, step, step_dur, context_requests, context_tokens, \
              generation_requests, generation_tokens, kind from vllm_step"
        ),
        ["100000,60000,0,\"[NULL]\",1,8,2,2,\"mixed\""]
    );
    assert_eq!(
        rows(
            "include perfetto module vllm.steps; select step, kind, num_gpu_ops, num_kernels, kernel_dur, memory_dur, \
              communication_dur, gpu_span from vllm_step_gpu_time"
        ),
        ["0,\"mixed\",1,1,10000,0,0,10000"]
    );
}

#[test]
fn steps_are_read_in_every_form_of_their_names() {
    let step = |name: &str, ts: i64| {
        format!(r#"{{"ph":"X","cat":"user_annotation","name":"{name}","pid":1,"tid":1,"ts":{ts},"dur":5}}"#)
    };
    let events = [
        step("execute_context_0(0)_generation_4(16)", 0),
        step("execute_20_context_2(sq18sk18sqsq170sqsk170)_generation_2(sq2sk40sqsq2sqsk40)", 10),
        step("execute_new_3_cached_0", 30),
        step("execute_context_0(0)_generation_0(0)", 60),
        step("something_else", 70),
    ];
    let json = format!("{{\"traceEvents\":[{}]}}", events.join(","));
    let printed = csv(
        &super::views::session_of(&json),
        "include perfetto module vllm.steps; select step, step_dur, context_requests, context_tokens, generation_requests, \
         generation_tokens, kind from vllm_step",
    );
    assert_eq!(
        printed.lines().skip(1).collect::<Vec<_>>(),
        [
            "0,10000,0,0,4,16,\"decode\"",
            "1,20000,2,18,2,2,\"mixed\"",
            "2,30000,3,\"[NULL]\",0,\"[NULL]\",\"prefill\"",
            "3,\"[NULL]\",0,0,0,0,\"empty\""
        ]
    );
}

#[test]
fn operators_have_their_time_on_both_sides() {
    assert_eq!(
        rows("include perfetto module torch.ops; select name, dur, self_dur, num_gpu_ops, gpu_dur from torch_op_time"),
        ["\"aten::mm\",20000,16000,1,10000"]
    );
    assert_eq!(
        rows(
            "include perfetto module torch.*; select name, count, sum_dur, sum_self_dur, gpu_dur from torch_op_summary"
        ),
        ["\"aten::mm\",1,20000,16000,10000"]
    );
}

#[test]
fn summaries_count_what_there_is() {
    let session = session();
    assert_eq!(csv(&session, "include perfetto module viz.summary.*;"), "");
    // Both GPU streams of GPU 0, the one of GPU 1, and the two threads.
    let rows = |query: &str| csv(&session, query).lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows("select sum(cnt) = (select count(*) from slice), count(*) > 4 from _slice_track_summary"), ["1,1"]);
    assert_eq!(
        rows(
            "select max_depth from _slice_track_summary s join thread_track t using (id) join thread using (utid) where tid = 101"
        ),
        ["2"]
    );
    assert_eq!(
        rows(
            "select t.tid, s.slice_count from _thread_available_info_summary s join thread t using (utid) where tid > 100"
        ),
        ["101,4", "102,1"]
    );
    assert_eq!(
        rows(
            "select p.pid, s.thread_count, s.thread_slice_count, s.process_slice_count from _process_available_info_summary s \
              join process p using (upid) where p.pid = 100"
        ),
        ["100,2,5,0"]
    );
    assert_eq!(rows("select * from _trace_available_info_summary"), ["1,0,0,1,0"]);
    assert_eq!(rows("select count(*) from _counter_track_summary"), ["0"]);
    assert_eq!(
        rows("select count(*) from _track_event_tracks_summary where upid is not null and slice_count = 0"),
        ["0"]
    );
}

#[test]
fn a_profile_for_firefox_is_json_with_a_marker_for_each_slice() {
    let printed = rows("include perfetto module export.to_firefox_profile; select export_to_firefox_profile() as p");
    let profile: serde_json::Value = serde_json::from_str(printed[0].trim_matches('"')).expect("it is JSON");
    assert_eq!(profile["meta"]["version"], 29);
    let threads = profile["threads"].as_array().expect("threads");
    let main = threads.iter().find(|thread| thread["tid"] == 101).expect("the main thread");
    assert_eq!((&main["name"], &main["pid"], &main["processName"]), (&"main".into(), &100.into(), &"python".into()));
    let names = main["stringTable"].as_array().expect("texts");
    let markers: Vec<(String, f64, Option<f64>)> = main["markers"]["data"]
        .as_array()
        .expect("markers")
        .iter()
        .map(|marker| {
            let name = names[marker[0].as_u64().expect("a number") as usize].as_str().expect("a name").to_owned();
            (name, marker[1].as_f64().expect("a time"), marker[2].as_f64())
        })
        .collect();
    // Milliseconds after the first start, which is the step's at 100 µs.
    assert_eq!(
        markers,
        [
            ("execute_context_1(8)_generation_2(2)".to_owned(), 0.0, Some(0.06)),
            ("aten::mm".to_owned(), 0.002, Some(0.022)),
            ("cudaLaunchKernel".to_owned(), 0.004, Some(0.008)),
            ("[memory]".to_owned(), 0.065, None)
        ]
    );
}

#[test]
fn modules_describe_themselves() {
    assert_eq!(
        rows("select module, package, description from __intrinsic_stdlib_modules where module = 'gpu.launches'"),
        [
            "\"gpu.launches\",\"gpu\",\"From the call of the runtime to the work on the GPU: how long each launch took to arrive.\""
        ]
    );
    assert_eq!(
        rows(
            "select object_type, name, exposed from __intrinsic_stdlib_objects where module = 'slices.with_context' order by name"
        ),
        ["\"view\",\"process_slice\",1", "\"view\",\"thread_or_process_slice\",1", "\"view\",\"thread_slice\",1"]
    );
    assert_eq!(
        rows("select name, type, description from __intrinsic_stdlib_columns where object_name = 'slice_self_dur'"),
        [
            "\"id\",\"JOINID(slice.id)\",\"Slice.\"",
            "\"self_dur\",\"DURATION\",\"Its length without that of the slices it contains directly.\""
        ]
    );
    assert_eq!(
        rows("select name, return_type from __intrinsic_stdlib_functions where module = 'gpu.kernels'"),
        ["\"gpu_kernel_class\",\"STRING\""]
    );
    assert_eq!(
        rows("select name, type from __intrinsic_stdlib_args where object_name = 'time_from_ms'"),
        ["\"value\",\"LONG\""]
    );
    assert_eq!(rows("select count(*) > 2 from __intrinsic_stdlib_macros where module = 'prelude'"), ["1"]);
    assert_eq!(
        rows("select json_extract(cols, '$[0].name') from __intrinsic_stdlib_tables where name = 'vllm_step'"),
        ["\"id\""]
    );
    // What they say is what they define.
    let session = session();
    let printed = csv(
        &session,
        "include perfetto module *; select distinct object_name from __intrinsic_stdlib_columns c \
        join __intrinsic_stdlib_tables t on t.name = c.object_name order by 1",
    );
    let names: Vec<String> = printed.lines().skip(1).map(|line| line.trim_matches('"').to_owned()).collect();
    assert!(names.len() > 100, "{names:?}");
    let printed = csv(&session, "select object_name, name from __intrinsic_stdlib_columns order by id");
    let said: Vec<&str> = printed.lines().skip(1).collect();
    for name in names {
        let prefix = format!("\"{name}\",");
        let said: Vec<&str> = said.iter().filter_map(|line| line.strip_prefix(&prefix)).collect();
        let found = csv(&session, &format!("select * from {name} limit 0"));
        assert_eq!(found.trim_end(), said.join(","), "{name}");
    }
}

#[test]
fn modules_are_described_by_functions_too() {
    assert_eq!(
        rows("select module, package from __intrinsic_stdlib_modules() where module = 'slices.with_context'"),
        ["\"slices.with_context\",\"slices\""]
    );
    assert_eq!(
        rows("select name, type, exposed from __intrinsic_stdlib_tables('slices.self_dur')"),
        ["\"slice_self_dur\",\"view\",1"]
    );
    assert_eq!(
        rows(
            "select name, is_table_function, return_type, json_extract(args, '$[0].name'), json_extract(cols, '$[0].name') \
              from __intrinsic_stdlib_functions('slices.hierarchy') order by name"
        ),
        [
            "\"_slice_ancestor_and_self\",1,\"[NULL]\",\"slice_id\",\"id\"",
            "\"_slice_descendant_and_self\",1,\"[NULL]\",\"slice_id\",\"id\""
        ]
    );
    assert_eq!(
        rows(
            "select name, exposed, return_type, json_extract(args, '$[1].type') from __intrinsic_stdlib_macros('graphs.search') \
              where name = 'graph_reachable_dfs'"
        ),
        ["\"graph_reachable_dfs\",1,\"TableOrSubquery\",\"TableOrSubquery\""]
    );
    assert_eq!(rows("select count(*) from __intrinsic_stdlib_tables('no.such')"), ["0"]);
    assert_eq!(
        rows("select module from __intrinsic_stdlib_objects where name = 'thread_track'"),
        ["\"prelude.after_eof.tracks\""]
    );
}

#[test]
fn everything_is_described() {
    let session = session();
    let mut missing = Vec::new();
    for module in session.modules() {
        if module.doc.is_empty() {
            missing.push(module.name.clone());
        }
        for object in &module.objects {
            let name = format!("{}: {}", module.name, object.name);
            if object.doc.is_empty() {
                missing.push(name.clone());
            }
            let fields = object.parameters.iter().chain(&object.columns);
            missing.extend(fields.filter(|field| field.doc.is_empty()).map(|field| format!("{name}.{}", field.name)));
            let gives_rows = matches!(object.object_type, "table" | "view" | "table_function");
            if gives_rows && object.columns.is_empty() {
                missing.push(format!("columns of {name}"));
            }
        }
    }
    for table in session.schema().expect("the schema") {
        if table.doc.is_empty() {
            missing.push(table.name.clone());
        }
        let columns = table.columns.iter().filter(|column| column.doc.is_empty());
        missing.extend(columns.map(|column| format!("{}.{}", table.name, column.name)));
    }
    assert_eq!(missing, Vec::<String>::new());
    assert_eq!(
        rows(
            "select count(*) from (select description from __intrinsic_stdlib_modules union all \
              select description from __intrinsic_stdlib_objects union all select description from __intrinsic_stdlib_args \
              union all select description from __intrinsic_stdlib_columns) where description is null or description = ''"
        ),
        ["0"]
    );
}

#[test]
fn modules_of_the_prelude_can_be_included() {
    assert_eq!(
        rows(
            "include perfetto module prelude.after_eof.*; include perfetto module prelude.before_eof.trace_bounds; select 1"
        ),
        ["1"]
    );
}

#[test]
fn statements_leave_their_times() {
    let session = session();
    csv(&session, "select 1 as a; create perfetto table t as select 2 as b");
    let said = csv(
        &session,
        "select query, first_next >= started as has_rows, ended >= started as has_ended from sqlstats order by started",
    );
    let lines: Vec<&str> = said.lines().skip(1).collect();
    assert_eq!(lines[..2], ["\"select 1 as a\",1,1", "\"create perfetto table t as select 2 as b\",\"[NULL]\",1"]);
    assert!(
        lines[2].starts_with("\"select query, first_next") && lines[2].ends_with(",\"[NULL]\",\"[NULL]\""),
        "{said}"
    );
    // What a statement includes is a part of it, and the last hundred stay.
    for _ in 0..3 {
        csv(&session, "include perfetto module sched.latency");
    }
    assert_eq!(csv(&session, "select count(*) as n from sqlstats"), "\"n\"\n7\n");
    csv(&session, &"select 1;".repeat(120));
    assert_eq!(csv(&session, "select count(*) as n from sqlstats"), "\"n\"\n100\n");
}
