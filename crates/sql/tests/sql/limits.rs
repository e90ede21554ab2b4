//! Limits: a query that is stopped, takes too long, needs too much memory, or is absurd.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kinetoscope_model::Trace;
use kinetoscope_sql::{CancelHandle, ResultEvent, Session, SessionOptions, SqlError};

use super::drawn::{csv, session};
use super::many;

/// A query over [`many::trace`] that nobody lives to see the end of.
const ENDLESS: &str = "select count(*) from slice a, slice b, slice c where a.dur + b.dur + c.dur = 1";

fn session_with(trace: &Arc<Trace>, options: SessionOptions) -> Session {
    Session::new(Arc::clone(trace), options).expect("a session starts")
}

fn run(session: &Session, script: &str) -> Result<usize, SqlError> {
    let mut num_rows = 0;
    session.run(script, &mut |event| {
        if let ResultEvent::Batch(batch) = event {
            num_rows += batch.num_rows();
        }
        Ok(())
    })?;
    Ok(num_rows)
}

#[test]
fn a_cancelled_script_stops() {
    let session = session_with(&many::trace(20_000), SessionOptions::default());
    let cancel = CancelHandle::default();
    let result = session.run_cancellable(&format!("select 1; {ENDLESS}"), &cancel, &mut |event| {
        if let ResultEvent::End = event {
            let cancel = cancel.clone();
            std::thread::spawn(move || cancel.cancel());
        }
        Ok(())
    });
    assert!(matches!(result, Err(SqlError::Cancelled)));
    // The session goes on, and a handle that is used up stays so.
    assert_eq!(run(&session, "select id from slice where id < 3").ok(), Some(3));
    assert!(matches!(session.run_cancellable("select 1", &cancel, &mut |_| Ok(())), Err(SqlError::Cancelled)));
}

#[test]
fn a_script_that_takes_too_long_stops() {
    let limit = Duration::from_millis(50);
    let session = session_with(&many::trace(20_000), SessionOptions { timeout: Some(limit), ..Default::default() });
    match run(&session, ENDLESS) {
        Err(SqlError::TimedOut { limit: found }) => assert_eq!(found, limit),
        other => panic!("{other:?}"),
    }
}

/// Queries that nobody lives to see the end of, each busy in another way: with pairs of which none is kept, with rows
/// that a filter, a function or a query for each row throws away, and with a recursion.
const ENDLESS_WAYS: [&str; 12] = [
    ENDLESS,
    "select count(*) from slice a, slice b, slice c, slice d where a.track_id + b.id = c.id + d.id + 1000000",
    "select count(*) from slice a join slice b using (track_id) join slice c using (track_id) where a.id + b.id + c.id = -1",
    "select count(*) from slice a left join slice b on a.id + b.id < 0 left join slice c on a.id + b.id + c.id < 0 \
     left join slice d on a.id + d.id < 0",
    "select count(*) from slice a, slice b, slice c where not exists (select 1 from slice d where d.track_id = a.track_id)",
    "select count(*) from slice a, slice b where a.ts < b.ts + 1000000 and b.ts < a.ts + 1000000 and a.id + b.id < 0 \
     and (select count(*) from slice c where c.dur + c.id = a.id * b.id) < 0",
    "create perfetto function slow(x int) returns int as select count(*) from slice a, slice b where a.id * b.id = $x; \
     select count(*) from slice where slow(id) = -1",
    "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n",
    "with recursive n(x) as (select 1 union all select x + 1 from n) select x from n where x < 0",
    "select count(distinct a.id + b.id + c.id) from slice a, slice b, slice c",
    "select a.id from slice a, slice b, slice c order by a.dur * b.dur * c.dur limit 3",
    "select max(r) from (select row_number() over (partition by a.id order by b.id) r from slice a, slice b where a.id < 0 \
     union all select 1 from slice a, slice b, slice c where a.id + b.id + c.id = -1)",
];

#[test]
fn a_stopped_query_stops_working() {
    let limit = Duration::from_millis(200);
    let trace = many::trace(20_000);
    for endless in ENDLESS_WAYS {
        let options = SessionOptions { timeout: Some(limit), num_threads: NonZeroUsize::new(1), ..Default::default() };
        let session = session_with(&trace, options);
        match run(&session, endless) {
            Err(SqlError::TimedOut { .. }) => {}
            other => panic!("{endless} gives {other:?}"),
        }
        // The only thread of the session is free again.
        let start = Instant::now();
        loop {
            match run(&session, "select 1") {
                Ok(1) => break,
                Err(SqlError::TimedOut { .. }) if start.elapsed() < Duration::from_secs(10) => {}
                other => panic!("after {endless}: {other:?}, {:?} later", start.elapsed()),
            }
        }
    }
}

#[test]
fn a_query_that_needs_too_much_memory_fails_or_goes_to_disk() {
    let trace = many::trace(200_000);
    let sort = "select id, name, dur from slice order by dur, name";
    let limit = SessionOptions { memory_limit_bytes: Some(4 << 20), ..Default::default() };
    let session = session_with(&trace, limit.clone());
    match run(&session, sort) {
        Err(error @ SqlError::MemoryLimit { limit_bytes, .. }) => {
            assert_eq!(limit_bytes, 4 << 20);
            assert_eq!(error.to_string(), "the query needs more than its memory limit of 4194304 bytes");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(run(&session, "create table t as select * from slice"), Err(SqlError::MemoryLimit { .. })));
    // What does not have to hold anything runs all the same.
    assert_eq!(run(&session, "select id, name, dur from slice").ok(), Some(200_000));

    let folder = tempfile::tempdir().expect("a folder for what is spilled");
    let options = SessionOptions {
        memory_limit_bytes: Some(24 << 20),
        spill_folder: Some(folder.path().to_owned()),
        num_threads: NonZeroUsize::new(1),
        ..Default::default()
    };
    let unlimited = session_with(&trace, SessionOptions { num_threads: NonZeroUsize::new(1), ..Default::default() });
    let query = "select id, dur, ts, name, category, source_offset from slice order by dur, source_offset";
    assert_eq!(csv(&session_with(&trace, options), query), csv(&unlimited, query));
}

#[test]
fn absurd_expressions_are_refused_and_large_ones_run() {
    let session = session();
    let chain = |operator: &str, len: usize| vec!["1"; len].join(operator);
    assert_eq!(csv(&session, &format!("select {} as x", chain(" + ", 400))), "\"x\"\n400\n");
    assert_eq!(
        csv(&session, &format!("select count(*) as n from slice where {}", vec!["dur >= 0"; 900].join(" or "))),
        "\"n\"\n6\n"
    );
    let unions = vec!["select 1 as x"; 60].join(" union all ");
    assert_eq!(csv(&session, &format!("select sum(x) as n from ({unions})")), "\"n\"\n60\n");
    let list: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
    assert_eq!(
        csv(&session, &format!("select count(*) as n from slice where dur in ({})", list.join(","))),
        "\"n\"\n6\n"
    );
    assert_eq!(csv(&session, &format!("select {}1{} as x", "(".repeat(50), ")".repeat(50))), "\"x\"\n1\n");
    let cases: String = (0..301).map(|number| format!(" when dur = {number} then {number}")).collect();
    assert_eq!(csv(&session, &format!("select sum(case{cases} end) as n from slice")), "\"n\"\n414\n");
    for script in [
        format!("select {}", chain(" + ", 100_000)),
        format!("select 1 where {}", chain(" = 1 and 1 = ", 100_000)),
        format!("select {}1{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("select -{}1", " -".repeat(100_000)),
        format!("select {}1", "not ".repeat(100_000)),
        format!("select {}1{}", "abs(".repeat(100_000), ")".repeat(100_000)),
        format!("select * from {}slice{}", "(select * from ".repeat(10_000), ")".repeat(10_000)),
        vec!["select 1"; 100_000].join(" union all "),
        format!("select 1{}", "::int".repeat(100_000)),
        format!("select case {} end", "when case ".repeat(50_000)),
    ] {
        let start: String = script.chars().take(60).collect();
        match run(&session, &script) {
            Err(SqlError::Syntax { .. }) => {}
            other => panic!("{start}… gives {other:?}"),
        }
    }
}

#[test]
fn thirty_joins_are_planned() {
    let session = session();
    let joins: String = (0..30).map(|number| format!(" join thread t{number} on t{number}.utid = s.id")).collect();
    assert_eq!(csv(&session, &format!("select count(*) as n from slice s{joins}")), "\"n\"\n2\n");
}
