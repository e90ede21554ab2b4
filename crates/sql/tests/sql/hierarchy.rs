//! Slices and what is above, below and after them: the modules `slices.*`.

use std::sync::Arc;

use kinetoscope_model::TraceBuilder;
use kinetoscope_model::table::*;
use kinetoscope_model::*;
use kinetoscope_sql::{Session, SessionOptions};

use super::drawn::csv;

/// ```text
/// thread     a─────────────────────  a──────
///             b────────  b───         b──
///              c─ (flow to thread 2)
/// thread 2           d──────
///                     e──
/// ```
fn session() -> Session {
    let mut b = TraceBuilder::default();
    let python = b.strings.intern("python");
    b.processes.push(ProcessRow {
        pid: 1,
        name: Some(python),
        start_ts: None,
        end_ts: None,
        sort_index: None,
        labels: None,
        role: Role::Unknown,
        device_id: None,
        source_id: SourceId(0),
        arg_set_id: None,
    });
    for tid in 1..=2 {
        b.threads.push(ThreadRow {
            tid,
            name: None,
            start_ts: None,
            end_ts: None,
            upid: ProcessId(0),
            is_main_thread: tid == 1,
            sort_index: None,
            role: Role::Unknown,
            arg_set_id: None,
            priority: None,
        });
        b.tracks.push(TrackRow {
            name: None,
            r#type: TrackKind::Thread,
            utid: Some(ThreadId(tid as u32 - 1)),
            upid: Some(ProcessId(0)),
            parent_id: None,
            track_group_id: None,
            unit: None,
            arg_set_id: None,
        });
    }
    for (ts, dur, track, name, depth, parent) in [
        (0, 100, 0, "a", 0, None),
        (10, 40, 0, "b", 1, Some(0)),
        (20, 10, 0, "c", 2, Some(1)),
        (40, 30, 1, "d", 0, None),
        (45, 10, 1, "e", 1, Some(3)),
        (60, 20, 0, "b", 1, Some(0)),
        (200, 30, 0, "a", 0, None),
        (210, 10, 0, "b", 1, Some(6)),
    ] {
        let name = b.strings.intern(name);
        b.slices.push(SliceRow {
            ts,
            dur,
            track_id: TrackId(track),
            category: None,
            name,
            depth,
            parent_id: parent.map(SliceId),
            arg_set_id: None,
            thread_ts: None,
            thread_dur: None,
            source_offset: 0,
        });
    }
    b.flows.push(FlowRow { slice_out: SliceId(2), slice_in: SliceId(3), trace_id: None, category: None, name: None });
    Session::new(Arc::new(b.seal()), SessionOptions::default()).expect("a session starts")
}

/// The rows of a script's only result, without the header.
fn rows(script: &str) -> Vec<String> {
    let script = format!("include perfetto module slices.*; {script}");
    csv(&session(), &script).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn slices_come_with_those_above_and_below() {
    assert_eq!(rows("select id from _slice_ancestor_and_self(2) order by id"), ["0", "1", "2"]);
    assert_eq!(rows("select id from _slice_descendant_and_self(0) order by id"), ["0", "1", "2", "5"]);
    assert_eq!(
        rows("select s.id, a.id from slice s join _slice_ancestor_and_self(s.id) a where s.id in (2, 4) order by 1, 2"),
        ["2,0", "2,1", "2,2", "4,3", "4,4"]
    );
}

#[test]
fn slices_are_put_below_what_is_left() {
    assert_eq!(
        rows(
            "select * from _slice_remove_nulls_and_reparent!((select id, parent_id, depth, \
             iif(name = 'b', null, name) as kept from slice where track_id = 0), kept)"
        ),
        ["0,\"[NULL]\",0,\"a\"", "2,0,2,\"c\"", "6,\"[NULL]\",0,\"a\""]
    );
}

#[test]
fn flows_and_descendants_are_followed() {
    assert_eq!(rows("select node_id from _slice_following_flow!((select 1 as id)) order by 1"), ["1", "2", "3", "4"]);
}

#[test]
fn slices_are_cut_into_their_own_times() {
    assert_eq!(
        rows("select ts, dur, name, tid, slice_id, root_id from _slice_flattened where tid = 1 order by ts"),
        [
            "0,10,\"a\",1,0,0",
            "10,10,\"b\",1,1,0",
            "20,10,\"c\",1,2,0",
            "30,20,\"b\",1,1,0",
            "50,10,\"a\",1,0,0",
            "60,20,\"b\",1,5,0",
            "80,20,\"a\",1,0,0",
            "200,10,\"a\",1,6,6",
            "210,10,\"b\",1,7,6",
            "220,10,\"a\",1,6,6"
        ]
    );
    // What is left of each slice is what slice_self_dur says.
    assert_eq!(
        rows(
            "select count(*) from (select slice_id, sum(dur) as dur from _slice_flattened group by slice_id) f \
             join slice_self_dur d on d.id = f.slice_id and d.self_dur = f.dur"
        ),
        ["8"]
    );
}

#[test]
fn slices_of_one_stack_have_one_number() {
    assert_eq!(
        rows("select group_concat(id, ' ') from slice_with_stack_id group by stack_id order by min(id)"),
        ["\"0 6\"", "\"1 5 7\"", "\"2\"", "\"3\"", "\"4\""]
    );
    assert_eq!(
        rows(
            "select count(*) from slice_with_stack_id s left join slice_with_stack_id p on p.id = s.parent_id \
             where s.parent_stack_id = coalesce(p.stack_id, 0)"
        ),
        ["8"]
    );
    let of_b = "(select stack_id from slice_with_stack_id where id = 1)";
    assert_eq!(rows(&format!("select id from ancestor_slice_by_stack({of_b}) order by id")), ["0", "6"]);
    assert_eq!(rows(&format!("select id from descendant_slice_by_stack({of_b}) order by id")), ["2"]);
}
