//! Scheduling: thread states of a trace and the modules over them.
//!
//! ```text
//! thread 1  outer ──────────────────────────────────────   thread 2  other ───────────
//!             inner ─────
//!           Running        S         R   Running                     D            Running
//!           0        20         35   40               100            0          30       50
//! ```
//! Times are microseconds; the CPUs are 0, then 1, and 0 for thread 2.

use kinetoscope_sql::Session;

use super::drawn::csv;
use super::views::session_of;

const TRACE: &str = r#"[{"ph":"M","name":"process_name","pid":1,"args":{"name":"app"}},
{"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"main"}},
{"ph":"X","name":"outer","pid":1,"tid":1,"ts":0,"dur":100},
{"ph":"X","name":"inner","pid":1,"tid":1,"ts":10,"dur":20},
{"ph":"X","name":"other","pid":1,"tid":2,"ts":0,"dur":50},
{"ph":"T","name":"Running","pid":1,"tid":1,"ts":0,"dur":20,"args":{"cpu":0}},
{"ph":"T","name":"S","pid":1,"tid":1,"ts":20,"dur":15},
{"ph":"T","name":"R","pid":1,"tid":1,"ts":35,"dur":5},
{"ph":"T","name":"Running","pid":1,"tid":1,"ts":40,"dur":60,"args":{"cpu":1}},
{"ph":"T","name":"D","pid":1,"tid":2,"ts":0,"dur":30,"args":{"io_wait":1,"blocked_function":"f"}},
{"ph":"T","name":"Running","pid":1,"tid":2,"ts":30,"dur":20,"args":{"cpu":0}}]"#;

fn rows_of(session: &Session, script: &str) -> Vec<String> {
    csv(session, script).lines().skip(1).map(str::to_owned).collect()
}

fn rows(script: &str) -> Vec<String> {
    rows_of(&session_of(TRACE), script)
}

#[test]
fn slices_have_the_time_that_their_thread_ran() {
    assert_eq!(
        rows("include perfetto module slices.cpu_time; select * from thread_slice_cpu_time order by id"),
        [
            "0,\"outer\",0,\"main\",0,\"app\",80000",
            "1,\"other\",1,\"[NULL]\",0,\"app\",20000",
            "2,\"inner\",0,\"main\",0,\"app\",10000"
        ]
    );
    assert_eq!(
        rows(
            "include perfetto module slices.time_in_state; select name, state, io_wait, blocked_function, dur \
              from thread_slice_time_in_state order by id, state"
        ),
        [
            "\"outer\",\"R\",\"[NULL]\",\"[NULL]\",5000",
            "\"outer\",\"Running\",\"[NULL]\",\"[NULL]\",80000",
            "\"outer\",\"S\",\"[NULL]\",\"[NULL]\",15000",
            "\"other\",\"D\",1,\"f\",30000",
            "\"other\",\"Running\",\"[NULL]\",\"[NULL]\",20000",
            "\"inner\",\"Running\",\"[NULL]\",\"[NULL]\",10000",
            "\"inner\",\"S\",\"[NULL]\",\"[NULL]\",10000",
        ]
    );
}

#[test]
fn states_have_words() {
    assert_eq!(
        rows(
            "include perfetto module sched.states; select sched_state_to_human_readable_string('R+'), \
              sched_state_to_human_readable_string('odd'), sched_state_io_to_human_readable_string('D', 1), \
              sched_state_io_to_human_readable_string('D', 0), sched_state_io_to_human_readable_string('D', null), \
              sched_state_io_to_human_readable_string('S', 1), sched_state_to_human_readable_string(null)"
        ),
        ["\"Runnable (Preempted)\",\"odd\",\"Uninterruptible Sleep (IO)\",\"Uninterruptible Sleep (non-IO)\",\
          \"Uninterruptible Sleep\",\"Sleeping\",\"[NULL]\""]
    );
}

#[test]
fn waits_for_a_cpu_are_found() {
    // Only the second run of thread 1 has a wait before it, from 35 to 40.
    assert_eq!(
        rows(
            "include perfetto module sched.latency; select t.ts, l.utid, l.latency_dur, w.ts \
              from sched_latency_for_running_interval l join thread_state t on t.id = l.thread_state_id \
              join thread_state w on w.id = l.runnable_latency_id"
        ),
        ["40000,0,5000,35000"]
    );
    assert_eq!(
        rows(
            "include perfetto module sched.runnable; select r.ts, p.ts, w.ts from sched_previous_runnable_on_thread s \
              join thread_state r using (id) left join thread_state p on p.id = s.prev_runnable_id \
              left join thread_state w on w.id = s.prev_wakeup_runnable_id order by 1"
        ),
        ["0,\"[NULL]\",\"[NULL]\"", "30000,\"[NULL]\",\"[NULL]\"", "40000,35000,35000"]
    );
}

#[test]
fn time_in_states_adds_up() {
    const MODULE: &str = "include perfetto module sched.time_in_state; ";
    assert_eq!(
        rows(&format!("{MODULE} select * from sched_time_in_state_for_thread order by utid, state")),
        [
            "0,100000,\"R\",5000",
            "0,100000,\"Running\",80000",
            "0,100000,\"S\",15000",
            "1,50000,\"D\",30000",
            "1,50000,\"Running\",20000"
        ]
    );
    assert_eq!(
        rows(&format!("{MODULE} select * from sched_percentage_time_in_state order by utid")),
        ["0,80,5,0,15,0,0", "1,40,0,0,0,60,0"]
    );
    assert_eq!(
        rows(&format!(
            "{MODULE} select state, dur from sched_time_in_state_for_thread_in_interval(10000, 15000, 0) order by 1"
        )),
        ["\"Running\",10000", "\"S\",5000"]
    );
    assert_eq!(
        rows(&format!(
            "{MODULE} select state, cpu, dur from sched_time_in_state_and_cpu_for_thread_in_interval(10000, 50000, 0) \
              order by state, cpu"
        )),
        ["\"R\",\"[NULL]\",5000", "\"Running\",0,10000", "\"Running\",1,20000", "\"S\",\"[NULL]\",15000"]
    );
}

#[test]
fn parallelism_is_counted() {
    const MODULE: &str = "include perfetto module sched.thread_level_parallelism; ";
    assert_eq!(
        rows(&format!("{MODULE} select * from sched_active_cpu_count")),
        ["0,1", "20000,0", "30000,1", "40000,2", "50000,1", "100000,0"]
    );
    assert_eq!(rows(&format!("{MODULE} select * from sched_runnable_thread_count")), ["35000,1", "40000,0"]);
    assert_eq!(rows(&format!("{MODULE} select * from sched_uninterruptible_sleep_thread_count")), ["0,1", "30000,0"]);
    assert_eq!(
        rows(
            "include perfetto module sched.with_context; select ts, dur, cpu, thread_name, process_name \
              from sched_with_thread_process order by ts"
        ),
        ["0,20000,0,\"main\",\"app\"", "30000,20000,0,\"[NULL]\",\"app\"", "40000,60000,1,\"main\",\"app\""]
    );
}

#[test]
fn utilization_is_a_share_of_each_period() {
    // Thread 1 runs 30 of the first 50 microseconds and all of the second; thread 2 runs 20 of the first.
    for (call, expected) in [
        (
            "sched_thread_utilization_per_period(50000, 0)",
            ["0,0.300000,0.600000", "50000,0.500000,1.000000"].as_slice(),
        ),
        ("sched_process_utilization_per_period(50000, 0)", &["0,0.500000,1.000000", "50000,0.500000,1.000000"]),
        ("sched_system_utilization_per_period(50000)", &["0,0.500000,1.000000", "50000,0.500000,1.000000"]),
        ("sched_thread_utilization_per_second(0)", &["0,0.000040,0.000080"]),
        ("sched_process_utilization_per_second(0)", &["0,0.000050,0.000100"]),
        ("sched_system_utilization_per_second()", &["0,0.000050,0.000100"]),
        ("sched_thread_utilization_per_period(50000, 7)", &[]),
    ] {
        let module = call.split('_').nth(1).expect("the kind");
        let script = format!("include perfetto module sched.utilization.{module}; select * from {call}");
        assert_eq!(rows(&script), expected, "{call}");
    }
    let error = super::drawn::print_as(
        &session_of(TRACE),
        kinetoscope_sql::format::Format::Csv,
        "include perfetto module sched.utilization.thread; select * from sched_thread_utilization_per_period(0, 0)",
    );
    assert!(error.expect_err("no such period").to_string().contains("a period of 0 is not above 0"));
}

#[test]
fn without_thread_states_there_are_no_rows() {
    let session = session_of(r#"[{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":100}]"#);
    for (module, table) in [
        ("slices.cpu_time", "thread_slice_cpu_time"),
        ("slices.time_in_state", "thread_slice_time_in_state"),
        ("sched.runnable", "sched_previous_runnable_on_thread"),
        ("sched.latency", "sched_latency_for_running_interval"),
        ("sched.time_in_state", "sched_percentage_time_in_state"),
        ("sched.with_context", "sched_with_thread_process"),
        ("sched.thread_level_parallelism", "sched_active_cpu_count"),
    ] {
        assert_eq!(
            rows_of(&session, &format!("include perfetto module {module}; select * from {table}")),
            Vec::<String>::new(),
            "{table}"
        );
    }
}
