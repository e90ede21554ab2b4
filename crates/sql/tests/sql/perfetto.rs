//! PerfettoSQL: its statements, macros, functions, modules and span joins.

use kinetoscope_sql::SqlError;
use kinetoscope_sql::format::Format;

use super::drawn::{csv, error, print_as, session};

/// The rows of a script's only result, without the header.
fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn tables_and_views_are_made_and_their_columns_checked() {
    let session = session();
    assert_eq!(csv(&session, "create perfetto table t as select id, dur from slice where id < 2"), "");
    assert_eq!(csv(&session, "select * from t"), "\"id\",\"dur\"\n0,500\n1,50\n");
    assert_eq!(csv(&session, "CREATE OR REPLACE PERFETTO TABLE t(id LONG) AS SELECT 7 AS id"), "");
    assert_eq!(
        csv(&session, "create perfetto view v(x JOINID(slice.id), y STRING) as select id as x, 'a' as y from t"),
        ""
    );
    assert_eq!(csv(&session, "select * from v"), "\"x\",\"y\"\n7,\"a\"\n");
    assert_eq!(
        csv(&session, "create perfetto index i on t(id); drop perfetto index i on t; drop perfetto table t"),
        ""
    );
    assert!(matches!(print_as(&session, Format::Csv, "select * from t"), Err(SqlError::UnknownTable { .. })));
    assert_eq!(
        error("create perfetto table t(a LONG, b LONG) as select 1 as a").to_string(),
        "the column `b` is declared, but the query does not give it"
    );
    assert_eq!(
        error("create perfetto table t(a LONG) as select 1 as a, 2 as b").to_string(),
        "the query gives a column `b` that is not declared"
    );
    assert_eq!(error("create perfetto index i on slice(dru)").hint().as_deref(), Some("did you mean `dur`?"));
    assert_eq!(error("drop perfetto index i on slice").to_string(), "there is no index `i` on `slice`");
    assert!(
        error("create perfetto thing t as select 1").report().contains("`MACRO` or `INDEX`, found `thing`\nline 1")
    );
    assert!(matches!(error("create perfetto table slice as select 1"), SqlError::Invalid { .. }));
}

#[test]
fn functions_give_values() {
    assert_eq!(
        rows("create perfetto function f(x LONG, y LONG) returns LONG as select $x * 10 + $y; select f(1 + 1, 3)"),
        ["23"]
    );
    assert_eq!(
        rows("create perfetto function f(x LONG) returns STRING as select $x; select f(5) || 'a', typeof(f(5))"),
        ["\"5a\",\"text\""]
    );
    // One run for each slice, and names of the caller are not mistaken for the function's.
    assert_eq!(
        rows(
            "create perfetto function dur_of(id LONG) returns LONG as select dur from slice where id = $id; \
             select id, dur_of(id) from slice where dur_of(id) > 60"
        ),
        ["0,500", "2,300", "3,64"]
    );
    assert_eq!(
        rows("create perfetto function n() returns LONG as select id from slice where 0; select n()"),
        ["\"[NULL]\""]
    );
    assert_eq!(
        rows(
            "create perfetto function fib(n LONG) returns LONG as \
             select case when $n < 2 then $n else fib($n - 1) + fib($n - 2) end; select fib(8)"
        ),
        ["21"]
    );
    assert_eq!(
        rows(
            "create perfetto function g() returns LONG as select 1; create or replace perfetto function g() returns LONG as select 2; select g()"
        ),
        ["2"]
    );
    let message =
        error("create perfetto function many() returns LONG as select id from slice; select many()").to_string();
    assert_eq!(message, "`many`: gives 6 rows instead of one");
    let message = error("create perfetto function f(n LONG) returns LONG as select f($n); select f(1)").to_string();
    assert_eq!(message, "`f(1)` needs its own value");
    assert!(matches!(
        error(
            "create perfetto function f() returns LONG as select 1; create perfetto function f() returns LONG as select 2"
        ),
        SqlError::Invalid { .. }
    ));
    assert!(matches!(error("create perfetto function f() returns LONG as select 1 1"), SqlError::Syntax { .. }));
    assert_eq!(
        error(
            "create perfetto function f(x LONG) returns LONG as select max(id) from slice where id < $x; select f(1, 2)"
        )
        .to_string(),
        "`f` takes 1 arguments, not 2"
    );
}

#[test]
fn functions_give_tables() {
    assert_eq!(
        rows(
            "create perfetto function longer(than LONG) returns table(id LONG, dur LONG) as \
             select id, dur from slice where dur > $than; select * from longer(60) where id > 0"
        ),
        ["2,300", "3,64"]
    );
    assert_eq!(
        rows(
            "create perfetto function up_to(n LONG) returns table(x LONG) as \
             with recursive c(x) as (select 1 union all select x + 1 from c where x < $n) select x from c; \
             select a.x, b.x from up_to(2) a join up_to(3) b on a.x < b.x"
        ),
        ["1,2", "1,3", "2,3"]
    );
    // With columns of another table.
    assert_eq!(
        rows(
            "create perfetto function of_track(t LONG) returns table(slice_name STRING) as \
             select name as slice_name from slice where track_id = $t; \
             select s.id, f.slice_name from slice s join of_track(s.track_id) f where s.id = 1 order by 2"
        ),
        ["1,\"Iteration Start\"", "1,\"aten::mm\"", "1,\"cudaLaunchKernel\""]
    );
    let several = "create perfetto function of(x LONG) returns table(id LONG) as \
                   select s.id from slice s join thread t on s.track_id = t.id where t.id = $x;";
    // Each of the six slices shares its track with two others.
    assert_eq!(rows(&format!("{several} select count(*) from slice s join of(s.track_id)")), ["18"]);
    match error("select * from ancestor_slcie(1)") {
        SqlError::UnknownTable { name, .. } => assert_eq!(name, "ancestor_slcie"),
        other => panic!("{other:?}"),
    }
    assert_eq!(error("select * from ancestor_slice(1, 2)").to_string(), "`ancestor_slice` takes 1 arguments, not 2");
}

#[test]
fn macros_are_put_in_their_places() {
    assert_eq!(rows("create perfetto macro twice(x Expr) returns Expr as ($x) * 2; select twice!(1 + 2)"), ["6"]);
    assert_eq!(
        rows(
            "create perfetto macro named(t TableOrSubquery, c ColumnName) returns TableOrSubquery as (select $c from $t); \
             select * from named!((select * from slice where id = 2), name)"
        ),
        ["\"sgemm\""]
    );
    assert_eq!(
        rows(
            "create perfetto macro a(x Expr) returns Expr as $x + 1; create perfetto macro b(x Expr) returns Expr as a!(a!($x)); \
             select b!(1), cast_string!(5) || 'x'"
        ),
        ["3,\"5x\""]
    );
    assert_eq!(
        rows("create perfetto macro k() returns Expr as \"kernel\"; select id from slice where category = k!()"),
        ["2"]
    );
    assert_eq!(
        error("create perfetto macro twice(x Expr) returns Expr as $x; select twise!(1)").report(),
        "no such macro: `twise!`\nline 1: create perfetto macro twice(x Expr) returns Expr as $x; select twise!(1)\n                                                                       ^^^^^\n\nhint: did you mean `twice`?"
    );
    assert_eq!(
        error("create perfetto macro m(x Expr) returns Expr as $x; select m!(1, 2)").to_string(),
        "`m!` takes 1 arguments, not 2: `m!(x)`"
    );
    let message = error("create perfetto macro m() returns Expr as m!(); select m!()").to_string();
    assert!(message.contains("deep"), "{message}");
    let message = error("create perfetto macro m() returns Expr as m!() + m!(); select m!()").to_string();
    assert!(message.contains("tokens") || message.contains("deep"), "{message}");
}

#[test]
fn modules_are_included_once_and_by_pattern() {
    assert_eq!(
        rows(
            "include perfetto module slices.with_context; include perfetto module slices.*; \
             select name, thread_name, process_name, tid from thread_slice where id < 2"
        ),
        ["\"aten::mm\",\"main\",\"python\",101", "\"cudaLaunchKernel\",\"main\",\"python\",101"]
    );
    assert_eq!(
        rows(
            "include perfetto module *; select self_dur, time_from_us(3), time_to_ms(5000000) from slice_self_dur where id = 0"
        ),
        ["450,3000,5"]
    );
    let error = error("include perfetto module slices.with_contxt");
    assert_eq!(
        error.report(),
        "no such module: `slices.with_contxt`\n\nhint: did you mean `slices.with_context` or `sched.with_context`?"
    );
}

#[test]
fn ancestors_and_descendants_are_found() {
    assert_eq!(rows("select name from ancestor_slice(1)"), ["\"aten::mm\""]);
    assert_eq!(rows("select name from ancestor_slice(0)"), Vec::<String>::new());
    assert_eq!(rows("select id, name from descendant_slice(0)"), ["1,\"cudaLaunchKernel\""]);
    assert_eq!(rows("select s.id, a.id from slice s join ancestor_slice(s.id) a order by 1"), ["1,0"]);
    assert_eq!(rows("select d.id, s.name from slice s join descendant_slice(s.id) d"), ["1,\"aten::mm\""]);
    assert_eq!(rows("select slice_is_ancestor(0, 1), slice_is_ancestor(1, 0), slice_is_ancestor(0, 2)"), ["1,0,0"]);
    assert_eq!(rows("select to_timecode(3723004005006)"), ["\"01:02:03 004 005 006\""]);
    assert_eq!(rows("select trace_dur() = trace_end() - trace_start()"), ["1"]);
}

#[test]
fn flows_are_followed() {
    let all = rows("select id from flow");
    assert!(!all.is_empty());
    let first = &all[0];
    assert_eq!(
        rows(&format!("select f.id from directly_connected_flow((select slice_out from flow where id = {first})) f")),
        all[..1]
    );
    assert_eq!(rows("select f.id from following_flow(0) f"), all[..1]);
    assert_eq!(
        rows("select f.id from slice s join following_flow(s.id) f where s.id = 0"),
        rows("select f.id from following_flow(0) f")
    );
    assert_eq!(
        rows(&format!("select f.id from preceding_flow((select slice_in from flow where id = {first})) f")),
        all[..1]
    );
}

/// Two tables of spans, drawn.
///
/// ```text
/// a, track 1   0─────10        20──30
/// b, track 1        5──────15
/// a, track 2   0──3
/// b, track 3      2──4
/// ```
const SPANS: &str = "
    create perfetto table a as
    select 0 as ts, 10 as dur, 1 as track, 'x' as left_name union all select 20, 10, 1, 'y' union all select 0, 3, 2, 'z';
    create perfetto table b as
    select 5 as ts, 10 as dur, 1 as track, 'r' as right_name union all select 2, 2, 3, 's';";

#[test]
fn spans_are_joined_by_partition() {
    let joined = |kind: &str| {
        rows(&format!(
            "{SPANS} create virtual table j using {kind}(a partitioned track, b partitioned track); select * from j"
        ))
    };
    assert_eq!(joined("span_join"), ["5,5,1,\"x\",\"r\""]);
    assert_eq!(
        joined("SPAN_LEFT_JOIN"),
        ["0,5,1,\"x\",\"[NULL]\"", "5,5,1,\"x\",\"r\"", "20,10,1,\"y\",\"[NULL]\"", "0,3,2,\"z\",\"[NULL]\""]
    );
    assert_eq!(
        joined("SPAN_OUTER_JOIN"),
        [
            "0,5,1,\"x\",\"[NULL]\"",
            "5,5,1,\"x\",\"r\"",
            "10,5,1,\"[NULL]\",\"r\"",
            "20,10,1,\"y\",\"[NULL]\"",
            "0,3,2,\"z\",\"[NULL]\"",
            "2,2,3,\"[NULL]\",\"s\""
        ]
    );
}

#[test]
fn spans_are_joined_without_partitions() {
    let spans = "create perfetto table w as select 8 as ts, 14 as dur, 'w' as window_name;";
    assert_eq!(
        rows(&format!(
            "{SPANS} {spans} create virtual table j using span_join(a partitioned track, w); select * from j"
        )),
        ["8,2,1,\"x\",\"w\"", "20,2,1,\"y\",\"w\""]
    );
    assert_eq!(
        rows(&format!(
            "{spans} create perfetto table p as select 8 as ts, 0 as dur, 'p' as point union all select 10, 0, 'q' union all select 99, 0, 'r'; create virtual table j using span_join(p, w); select * from j"
        )),
        ["8,0,\"p\",\"w\"", "10,0,\"q\",\"w\""]
    );
    let overlapping = format!("{SPANS} create virtual table j using span_join(a, b partitioned track)");
    assert_eq!(
        error(&overlapping).to_string(),
        "spans of `a` overlap at 0: a span join needs them one after the other"
    );
    assert_eq!(
        error(&format!("{SPANS} create perfetto view c as select ts, dur, track, left_name from a; create virtual table j using span_join(a partitioned track, c partitioned track)")).to_string(),
        "both sides of the span join have a column `left_name`"
    );
    assert_eq!(
        error(&format!("{SPANS} create virtual table j using span_join(a partitioned trak, b)")).hint().as_deref(),
        Some("did you mean `track`?")
    );
    assert!(matches!(error("create virtual table j using fts5(a)"), SqlError::Syntax { .. }));
}
