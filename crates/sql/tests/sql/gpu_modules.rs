//! Modules on GPUs, PyTorch and vLLM, on traces in which every number can be counted.

use kinetoscope_sql::Session;

use super::drawn::csv;
use super::views::session_of;

fn rows(session: &Session, script: &str) -> Vec<String> {
    csv(session, script).lines().skip(1).map(str::to_owned).collect()
}

/// One event of a file, from its category, name, process, thread, start, length in microseconds, and arguments.
fn event(category: &str, name: &str, (pid, tid): (u32, u32), (ts, dur): (i64, i64), args: &str) -> String {
    format!(
        "{{\"ph\":\"X\",\"cat\":\"{category}\",\"name\":\"{name}\",\"pid\":{pid},\"tid\":{tid},\"ts\":{ts},\"dur\":{dur},\
          \"args\":{{{args}}}}}"
    )
}

/// The thread that calls.
const MAIN: (u32, u32) = (100, 101);

fn call(correlation: u32, span: (i64, i64)) -> String {
    event("cuda_runtime", "cudaLaunchKernel", MAIN, span, &format!("\"correlation\":{correlation}"))
}

fn kernel(name: &str, stream: u32, correlation: u32, span: (i64, i64)) -> String {
    let args = format!("\"device\":0,\"stream\":{stream},\"correlation\":{correlation}");
    event("kernel", name, (0, stream), span, &args)
}

fn trace(events: &[String]) -> Session {
    session_of(&format!("{{\"traceEvents\":[{}]}}", events.join(",\n")))
}

/// Four kernels with a gap before each but the first.
///
/// ```text
/// CPU  step 80 ───────────────────────────────────────────────────────────── 300
///        call 1       aten::x ─────────          call 3    call 4
///        90           112 ─ call 2 ─ 138         145       155
///                           130–134
/// GPU         k1 ───              k2 ───  k3 ───                     k4 ───
///             100 110             140 150 152 160                    260 270
/// ```
fn gaps() -> Session {
    trace(&[
        event("user_annotation", "step", MAIN, (80, 220), ""),
        call(1, (90, 2)),
        event("cpu_op", "aten::x", MAIN, (112, 26), ""),
        call(2, (130, 4)),
        call(3, (145, 2)),
        call(4, (155, 2)),
        kernel("k1", 7, 1, (100, 10)),
        kernel("k2", 7, 2, (140, 10)),
        kernel("k3", 9, 3, (152, 8)),
        kernel("k4", 7, 4, (260, 10)),
    ])
}

#[test]
fn gpus_and_streams_are_busy_for_some_time() {
    const MODULE: &str = "include perfetto module gpu.utilization; ";
    let session = gaps();
    assert_eq!(
        rows(&session, &format!("{MODULE} select device, ts, dur from gpu_busy order by ts")),
        ["0,100000,10000", "0,140000,10000", "0,152000,8000", "0,260000,10000"]
    );
    // 38 of 170 microseconds.
    assert_eq!(
        rows(
            &session,
            &format!(
                "{MODULE} select device, ts, dur, busy_dur, idle_dur, round(busy_percent, 3) from gpu_utilization"
            )
        ),
        ["0,100000,170000,38000,132000,22.353000"]
    );
    assert_eq!(
        rows(
            &session,
            &format!("{MODULE} select stream, busy_dur, idle_dur from gpu_stream_utilization order by stream")
        ),
        ["7,30000,140000", "9,8000,162000"]
    );
    assert_eq!(
        rows(&session, &format!("{MODULE} select * from gpu_utilization_per_period(100000)")),
        ["0,100000,28000,28.000000", "0,200000,10000,10.000000"]
    );
    // Work on two streams at once is busy time once.
    let overlapping = super::views::session();
    assert_eq!(
        rows(&overlapping, &format!("{MODULE} select device, busy_dur, idle_dur from gpu_utilization order by device")),
        ["0,50000,30000", "1,1000,0"]
    );
}

#[test]
fn gaps_have_a_cause_and_what_the_cpu_did() {
    const MODULE: &str = "include perfetto module gpu.utilization; ";
    let session = gaps();
    assert_eq!(
        rows(&session, &format!("{MODULE} select ts, dur, cause, previous_name, next_name from gpu_idle order by ts")),
        [
            "110000,30000,\"host\",\"k1\",\"k2\"",
            "150000,2000,\"short\",\"k2\",\"k3\"",
            "160000,100000,\"other\",\"k3\",\"k4\""
        ]
    );
    assert_eq!(
        rows(
            &session,
            &format!(
                "{MODULE} select cause, count, sum_dur, max_dur, round(percent, 3) from gpu_idle_summary order by cause"
            )
        ),
        ["\"host\",1,30000,30000,22.727000", "\"other\",1,100000,100000,75.758000", "\"short\",1,2000,2000,1.515000"]
    );
    assert_eq!(
        rows(
            &session,
            &format!("{MODULE} select gap_ts, cause, name, dur from gpu_idle_cpu_activity order by gap_ts, name")
        ),
        [
            "110000,\"host\",\"aten::x\",22000",
            "110000,\"host\",\"cudaLaunchKernel\",4000",
            "110000,\"host\",\"step\",4000",
            "150000,\"short\",\"step\",2000",
            "160000,\"other\",\"step\",100000",
        ]
    );
    // Without a known call there is nothing to say of the CPU; time without a slice has a row without a name.
    assert_eq!(
        rows(
            &super::views::session(),
            &format!("{MODULE} select cause from gpu_idle union all select name from gpu_idle_cpu_activity")
        ),
        ["\"other\"", "\"other\""]
    );
    let idle_cpu =
        trace(&[call(1, (0, 1)), kernel("a", 7, 1, (10, 10)), call(2, (50, 5)), kernel("b", 7, 2, (60, 10))]);
    assert_eq!(
        rows(&idle_cpu, &format!("{MODULE} select name, dur from gpu_idle_cpu_activity order by dur")),
        ["\"cudaLaunchKernel\",5000", "\"[NULL]\",35000"]
    );
}

/// ```text
/// compute  c1 ────────────                               c2 ────
/// nccl            ────────────────
/// copy                          ─────────                         ──
///          0      50     100   140 150  180              200   220 300–310
/// ```
#[test]
fn communication_is_hidden_or_exposed() {
    let copy = |span: (i64, i64), bytes: u32, correlation: u32| {
        let args = format!("\"device\":0,\"stream\":9,\"correlation\":{correlation},\"bytes\":{bytes}");
        event("gpu_memcpy", "Memcpy HtoD (Pinned -> Device)", (0, 9), span, &args)
    };
    let session = trace(&[
        kernel("c1", 7, 1, (0, 100)),
        kernel("c2", 7, 2, (200, 20)),
        kernel("ncclDevKernel_AllReduce", 8, 3, (50, 100)),
        copy((140, 40), 80_000, 4),
        copy((300, 10), 40_000, 5),
    ]);
    assert_eq!(
        rows(
            &session,
            "include perfetto module gpu.overlap; select dur, computation_dur, communication_dur, overlap_dur, overlap_percent, \
              exposed_communication_dur, memory_dur, exposed_memory_dur, idle_dur from gpu_overlap"
        ),
        ["310000,120000,100000,50000,50.000000,50000,50000,40000,100000"]
    );
    assert_eq!(
        rows(
            &session,
            "include perfetto module gpu.memory; select device, kind, copy_kind, count, sum_bytes, sum_dur, busy_dur, \
              gigabytes_per_sec, min_gigabytes_per_sec, max_gigabytes_per_sec from gpu_memory_summary"
        ),
        ["0,\"memcpy\",\"HtoD\",2,120000,50000,50000,2.400000,2.000000,4.000000"]
    );
    let without = trace(&[kernel("c", 7, 1, (0, 10))]);
    assert_eq!(
        rows(
            &without,
            "include perfetto module gpu.overlap; select communication_dur, overlap_percent, idle_dur from gpu_overlap"
        ),
        ["0,\"[NULL]\",0"]
    );
}

#[test]
fn memory_is_told_by_operator() {
    let memory = |ts: i64, bytes: i64, total: i64| {
        format!(
            "{{\"ph\":\"i\",\"cat\":\"cpu_instant_event\",\"s\":\"t\",\"name\":\"[memory]\",\"pid\":100,\"tid\":101,\"ts\":{ts},\
              \"args\":{{\"Addr\":4096,\"Bytes\":{bytes},\"Total Allocated\":{total},\"Total Reserved\":512,\"Device Type\":1,\
              \"Device Id\":0}}}}"
        )
    };
    let session = trace(&[
        event("cpu_op", "aten::empty", MAIN, (100, 20), ""),
        event("python_function", "frame", MAIN, (102, 16), ""),
        memory(105, 100, 100),
        event("cpu_op", "aten::mm", MAIN, (130, 50), ""),
        event("cpu_op", "aten::empty", MAIN, (140, 10), ""),
        memory(145, 300, 400),
        memory(170, -100, 300),
        memory(200, -300, 0),
    ]);
    const MODULE: &str = "include perfetto module torch.memory; ";
    assert_eq!(
        rows(&session, &format!("{MODULE} select ts, bytes, op_name from torch_memory_event order by ts")),
        [
            "105000,100,\"aten::empty\"",
            "145000,300,\"aten::empty\"",
            "170000,-100,\"aten::mm\"",
            "200000,-300,\"[NULL]\""
        ]
    );
    assert_eq!(
        rows(
            &session,
            &format!(
                "{MODULE} select device_type, device, peak_allocated, peak_ts, peak_op_name, peak_reserved, num_allocations, \
                  allocated_bytes, num_releases, released_bytes from torch_memory_peak"
            )
        ),
        ["1,0,400,145000,\"aten::empty\",512,2,400,2,400"]
    );
    assert_eq!(
        rows(
            &session,
            &format!(
                "{MODULE} select op_name, num_allocations, allocated_bytes, max_allocated_bytes, num_releases, released_bytes, \
                  net_bytes from torch_memory_by_op order by net_bytes"
            )
        ),
        [
            "\"[NULL]\",0,0,\"[NULL]\",1,300,-300",
            "\"aten::mm\",0,0,\"[NULL]\",1,100,-100",
            "\"aten::empty\",2,400,300,0,0,400"
        ]
    );
}

#[test]
fn operators_are_a_tree_of_calls() {
    let session = trace(&[
        event("cpu_op", "aten::linear", MAIN, (0, 100), ""),
        event("cpu_op", "aten::t", MAIN, (10, 10), ""),
        event("python_function", "frame", MAIN, (25, 60), ""),
        event("cpu_op", "aten::addmm", MAIN, (30, 50), ""),
        call(5, (40, 2)),
        event("cpu_op", "aten::linear", MAIN, (200, 50), ""),
        event("cpu_op", "aten::t", MAIN, (210, 20), ""),
        kernel("gemm", 7, 5, (60, 7)),
    ]);
    assert_eq!(
        rows(
            &session,
            "include perfetto module torch.call_tree; select id, parent_id, depth, name, count, self_dur, dur, num_gpu_ops, gpu_dur \
              from torch_op_tree order by id"
        ),
        [
            "0,\"[NULL]\",0,\"aten::linear\",2,70000,150000,0,0",
            "1,0,1,\"aten::addmm\",1,50000,50000,1,7000",
            "2,0,1,\"aten::t\",2,30000,30000,0,0",
        ]
    );
}

#[test]
fn steps_of_the_profiler_say_what_loads_and_optimises() {
    let session = trace(&[
        event("user_annotation", "ProfilerStep#3", MAIN, (0, 1000), ""),
        event("user_annotation", "enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__", MAIN, (10, 50), ""),
        call(7, (500, 2)),
        event("user_annotation", "Optimizer.zero_grad#SGD.zero_grad", MAIN, (900, 10), ""),
        event("user_annotation", "Optimizer.step#SGD.step", MAIN, (920, 60), ""),
        event("user_annotation", "Optimizer.zero_grad#SGD.zero_grad", MAIN, (930, 10), ""),
        event("user_annotation", "ProfilerStep#4", MAIN, (1000, 100), ""),
        kernel("k", 7, 7, (1100, 50)),
        event("gpu_user_annotation", "ProfilerStep#3", (0, 7), (1100, 50), ""),
    ]);
    assert_eq!(
        rows(
            &session,
            "include perfetto module torch.steps; select step, ts, dur, data_loader_dur, optimizer_dur, num_gpu_ops, gpu_dur \
              from torch_step order by step"
        ),
        ["3,0,1000000,50000,70000,1,50000", "4,1000000,100000,0,0,0,0"]
    );
}

#[test]
fn batches_of_one_size_are_summed_up() {
    let step = |name: &str, ts: i64| event("user_annotation", name, MAIN, (ts, 10), "");
    let session = trace(&[
        step("execute_context_1(8)_generation_0(0)", 0),
        step("execute_context_0(0)_generation_2(2)", 20),
        step("execute_context_0(0)_generation_2(2)", 40),
        step("execute_context_0(0)_generation_0(0)", 80),
    ]);
    // Steps take 20, 20 and 40 microseconds up to the next one: 8 tokens in 20, 4 in 60.
    assert_eq!(
        rows(
            &session,
            "include perfetto module vllm.batches; select kind, context_requests, generation_requests, count, context_tokens, \
              generation_tokens, mean_step_dur, median_step_dur, min_step_dur, max_step_dur, round(tokens_per_sec, 1) \
              from vllm_batch_summary order by kind desc"
        ),
        [
            "\"prefill\",1,0,1,8,0,20000.000000,20000.000000,20000,20000,400000.000000",
            "\"decode\",0,2,2,0,4,30000.000000,30000.000000,20000,40000,66666.700000"
        ]
    );
}

#[test]
fn phases_belong_to_the_step_that_had_begun() {
    let scope = |name: &str, span: (i64, i64)| event("user_annotation", name, MAIN, span, "");
    let session = trace(&[
        scope("gpu_model_runner: preprocess", (90, 2)),
        scope("execute_context_1(8)_generation_0(0)", (100, 10)),
        scope("gpu_model_runner: forward", (101, 8)),
        scope("gpu_model_runner: sample", (112, 3)),
        scope("execute_context_0(0)_generation_2(2)", (120, 10)),
        scope("Forward", (121, 3)),
    ]);
    assert_eq!(
        rows(
            &session,
            "include perfetto module vllm.phases; select ts, dur, phase, step, kind from vllm_phase order by ts"
        ),
        [
            "90000,2000,\"preprocess\",\"[NULL]\",\"[NULL]\"",
            "101000,8000,\"forward\",0,\"prefill\"",
            "112000,3000,\"sample\",0,\"prefill\"",
            "121000,3000,\"forward\",1,\"decode\""
        ]
    );
    assert_eq!(
        rows(
            &session,
            "include perfetto module vllm.phases; select kind, phase, count, sum_dur from vllm_phase_summary order by sum_dur, kind"
        ),
        [
            "\"[NULL]\",\"preprocess\",1,2000",
            "\"decode\",\"forward\",1,3000",
            "\"prefill\",\"sample\",1,3000",
            "\"prefill\",\"forward\",1,8000"
        ]
    );
}

#[test]
fn contexts_and_samples_are_listed_where_there_are_any() {
    let session = trace(&[
        call(1, (0, 1)),
        event("kernel", "k", (0, 7), (5, 1), "\"device\":0,\"stream\":7,\"correlation\":1,\"context\":3"),
    ]);
    assert_eq!(
        rows(&session, "include perfetto module std.gpu.context; select * from gpu_context"),
        ["0,3,100,\"CUDA\""]
    );
    assert_eq!(
        rows(
            &session,
            "include perfetto module stacks.cpu_profiling; include perfetto module viz.track_event_callstacks; \
              select (select count(*) from cpu_profiling_samples) as a, (select count(*) from cpu_profiling_summary_tree) as b, \
              (select count(*) from _track_event_callstacks) as c, \
              (select count(*) from _callstacks_for_callsites!(cpu_profiling_samples)) as d"
        ),
        ["0,0,0,0"]
    );
}
