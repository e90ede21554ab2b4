//! Views over slices of each kind, on a small trace as PyTorch's profiler writes it.
//!
//! ```text
//! CPU 100/101  execute_context_1(8)_generation_2(2)      [memory]
//!              └ aten::mm └ cudaLaunchKernel
//! GPU 0, s 7       aa            c            nccl
//! GPU 0, s 9         bbb         d
//!              100  110 120 130 140  150 160 170 180 190
//! ```

use std::sync::Arc;

use kinetoscope_ingest::read_bytes;
use kinetoscope_model::TraceBuilder;
use kinetoscope_sql::{Session, SessionOptions};

use super::drawn::csv;

const TRACE: &str = r#"{"traceEvents":[
{"ph":"M","name":"process_name","pid":100,"args":{"name":"python"}},
{"ph":"M","name":"thread_name","pid":100,"tid":101,"args":{"name":"main"}},
{"ph":"X","cat":"user_annotation","name":"execute_context_1(8)_generation_2(2)","pid":100,"tid":101,"ts":100,"dur":60,"args":{"External id":1}},
{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":100,"tid":101,"ts":102,"dur":20,"args":{"External id":5,"Input Dims":[[2,3],[3,4]],"Input type":["float","float"]}},
{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":100,"tid":101,"ts":104,"dur":4,"args":{"correlation":9,"External id":5}},
{"ph":"X","cat":"python_function","name":"forward","pid":100,"tid":102,"ts":100,"dur":50,"args":{"Python id":3,"Python parent id":2}},
{"ph":"i","cat":"cpu_instant_event","s":"t","name":"[memory]","pid":100,"tid":101,"ts":165,"args":{"Addr":4096,"Bytes":-160,"Total Allocated":320,"Total Reserved":512,"Device Type":1,"Device Id":0}},
{"ph":"X","cat":"kernel","name":"a","pid":0,"tid":7,"ts":110,"dur":10,"args":{"device":0,"stream":7,"correlation":9,"External id":5}},
{"ph":"X","cat":"kernel","name":"b","pid":0,"tid":9,"ts":115,"dur":15,"args":{"device":0,"stream":9,"correlation":10}},
{"ph":"X","cat":"kernel","name":"c","pid":0,"tid":7,"ts":140,"dur":10,"args":{"device":0,"stream":7,"correlation":11}},
{"ph":"X","cat":"gpu_memset","name":"d","pid":0,"tid":9,"ts":140,"dur":10,"args":{"device":0,"stream":9,"correlation":12,"bytes":64}},
{"ph":"X","cat":"gpu_user_annotation","name":"execute_context_1(8)_generation_2(2)","pid":0,"tid":7,"ts":110,"dur":80,"args":{"External id":1}},
{"ph":"X","cat":"kernel","name":"ncclDevKernel_AllReduce","pid":0,"tid":7,"ts":170,"dur":20,"args":{"device":0,"stream":7,"correlation":13,"Collective name":"allreduce","In msg nelems":1024,"Out msg nelems":1024,"Group size":2,"dtype":"BFloat16","Process Group Name":"0","Process Group Ranks":"[0, 1]","Seq":4}},
{"ph":"X","cat":"kernel","name":"other","pid":1,"tid":7,"ts":111,"dur":1,"args":{"device":1,"stream":7,"correlation":14}}
]}"#;

pub(crate) fn session() -> Session {
    session_of(TRACE)
}

pub(crate) fn session_of(json: &str) -> Session {
    let trace = read_bytes("rank0.json", json.as_bytes()).expect("a trace");
    Session::new(Arc::new(trace), SessionOptions::default()).expect("a session starts")
}

pub(crate) fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn events_have_their_thread_and_process() {
    assert_eq!(
        rows("select name, dur, tid, thread_name, pid, process_name from track_event where category = 'cpu_op'"),
        ["\"aten::mm\",20000,101,\"main\",100,\"python\""]
    );
    assert_eq!(rows("select count(*) = (select count(*) from slice) from track_event"), ["1"]);
    assert_eq!(
        rows("select name, tid, depth from thread_or_process_slice where name = 'cudaLaunchKernel'"),
        ["\"cudaLaunchKernel\",101,2"]
    );
}

#[test]
fn slices_are_there_by_what_they_are() {
    assert_eq!(
        rows("select name, dur, external_id, input_dims, input_type, thread_name from cpu_op"),
        ["\"aten::mm\",20000,5,\"[[2,3],[3,4]]\",\"[\"float\",\"float\"]\",\"main\""]
    );
    assert_eq!(
        rows("select name, tid, python_id, python_parent_id, python_module_id from python_function"),
        ["\"forward\",102,3,2,\"[NULL]\""]
    );
    assert_eq!(
        rows("select name, dur, is_gpu, external_id from annotation order by is_gpu"),
        ["\"execute_context_1(8)_generation_2(2)\",60000,0,1", "\"execute_context_1(8)_generation_2(2)\",80000,1,1"]
    );
    assert_eq!(
        rows("select tid, address, bytes, total_allocated, total_reserved, device_type, device from memory_event"),
        ["101,4096,-160,320,512,1,0"]
    );
    assert_eq!(
        rows(
            "select name, device, stream, collective, dtype, in_elements, out_elements, group_size, group_name, \
              group_ranks, sequence_number, correlation from collective"
        ),
        ["\"ncclDevKernel_AllReduce\",0,7,\"allreduce\",\"BFloat16\",1024,1024,2,\"0\",\"[0, 1]\",4,13"]
    );
    assert_eq!(rows("select count(*) from nvtx union all select count(*) from osrt"), ["0", "0"]);
}

#[test]
fn gpu_work_has_perfettos_columns_too() {
    assert_eq!(
        rows(
            "select name, hw_queue_id, submission_id, render_stage_category, render_pass from gpu_slice where hw_queue_id = 9"
        ),
        ["\"b\",9,10,\"kernel\",\"[NULL]\"", "\"d\",9,12,\"memset\",\"[NULL]\""]
    );
    assert_eq!(rows("select gpu from gpu order by 1"), ["0", "1"]);
    assert_eq!(
        rows("select count(*) from gpu_track t join gpu_slice s on s.track_id = t.id where s.name = 'c'"),
        ["1"]
    );
}

#[test]
fn gaps_are_what_no_stream_covers() {
    // On GPU 0 from 130, when `b` ends after `a`, to 140, when `c` begins before `d` in the file; from 150 to 170.
    assert_eq!(
        rows("select device, ts / 1000, dur, previous_name, next_name, next_correlation from gpu_gap"),
        ["0,130,10000,\"b\",\"c\",11", "0,150,20000,\"d\",\"ncclDevKernel_AllReduce\",13"]
    );
    // The gaps and the time in which any stream was busy are all the time between first and last.
    assert_eq!(
        rows(
            "select (select sum(dur) from gpu_gap where device = 0) + 20000 + 10000 + 20000 = \
              (select max(s.ts + s.dur) - min(s.ts) from kernel s where device = 0)"
        ),
        ["1"]
    );
}

#[test]
fn work_of_no_length_ends_a_gap() {
    let trace = r#"{"traceEvents":[
        {"ph":"X","cat":"kernel","name":"a","pid":0,"tid":7,"ts":10,"dur":5,"args":{"device":0,"stream":7}},
        {"ph":"X","cat":"kernel","name":"z","pid":0,"tid":7,"ts":20,"dur":0,"args":{"device":0,"stream":7}},
        {"ph":"X","cat":"kernel","name":"b","pid":0,"tid":7,"ts":30,"dur":5,"args":{"device":0,"stream":7}}]}"#;
    let session = session_of(trace);
    assert_eq!(
        csv(&session, "select ts, dur, previous_name, next_name from gpu_gap"),
        "\"ts\",\"dur\",\"previous_name\",\"next_name\"\n15000,5000,\"a\",\"z\"\n20000,10000,\"z\",\"b\"\n"
    );
}

#[test]
fn tables_that_no_source_fills_can_be_asked() {
    let session = Session::new(Arc::new(TraceBuilder::default().seal()), SessionOptions::default()).expect("a session");
    for table in [
        "sched_switch",
        "cpu",
        "machine",
        "clock_snapshot",
        "stack_profile_frame",
        "stack_profile_callsite",
        "perf_sample",
        "heap_profile_allocation",
        "actual_frame_timeline_slice",
        "android_logs",
        "gpu_counter_track",
        "state_track",
        "gpu_gap",
        "collective",
    ] {
        let printed = csv(&session, &format!("select * from {table} where 1"));
        assert_eq!(printed.lines().count(), 1, "{table}: {printed}");
    }
    assert_eq!(
        csv(
            &session,
            "select c.id, f.name from stack_profile_callsite c join stack_profile_frame f on f.id = c.frame_id"
        ),
        "\"id\",\"name\"\n"
    );
}
