//! Intervals: the modules `intervals.*` and `counters.intervals`.

use std::fmt::Write as _;

use kinetoscope_sql::{Session, SessionOptions, SqlError};
use rusqlite::Connection;

use super::drawn::{csv, error, session};
use super::many;

const MODULES: &str = "include perfetto module intervals.*; include perfetto module counters.intervals;";

/// The rows of a script's only result, without the header.
fn rows(script: &str) -> Vec<String> {
    csv(&session(), &format!("{MODULES} {script}")).lines().skip(1).map(str::to_owned).collect()
}

/// The header of a script's only result.
fn header(script: &str) -> String {
    csv(&session(), &format!("{MODULES} {script}")).lines().next().unwrap_or_default().to_owned()
}

/// ```text
///       0 1 2 3 4 5 6 7
/// a       ─ ─ ─ ─ ─ ─
/// b     ─ ─   ─ ─   ─ ─
/// c           ─ ─ ─
/// ```
const ABC: &str = "
    create perfetto table a as with data(id, ts, dur) as (values (0, 1, 6)) select * from data;
    create perfetto table B as with data(id, ts, dur) as (values (0, 0, 2), (1, 3, 2), (2, 6, 2)) select * from data;
    create perfetto table c as with data(id, ts, dur) as (values (10, 3, 3)) select * from data;";

#[test]
fn intervals_of_two_and_three_tables_are_intersected() {
    assert_eq!(
        rows(&format!("{ABC} select ts, dur, id_0, id_1 from _interval_intersect!((A, B), ()) order by ts")),
        ["1,1,0,0", "3,2,0,1", "6,1,0,2"]
    );
    assert_eq!(
        rows(&format!("{ABC} select ts, dur, id_0, id_1 from _interval_intersect!((B, a), ()) order by ts")),
        ["1,1,0,0", "3,2,1,0", "6,1,2,0"]
    );
    assert_eq!(rows(&format!("{ABC} select * from _interval_intersect!((a, B, c), ())")), ["3,2,0,1,10"]);
    assert_eq!(
        header(&format!("{ABC} select * from _interval_intersect!((a, b, c), ())")),
        "\"ts\",\"dur\",\"id_0\",\"id_1\",\"id_2\""
    );
    // A sub-query, a common table expression, an alias and a join are tables too.
    assert_eq!(
        rows(&format!(
            "{ABC} with late as (select * from b where ts > 2) \
             select ii.ts, c.ts from _interval_intersect!(((select * from a), late), ()) ii join c on c.ts = ii.ts"
        )),
        ["3,3"]
    );
    assert_eq!(
        rows(&format!("{ABC} with x as _interval_intersect!((a, (select * from c)), ()) select count(*) from x")),
        ["1"]
    );
    assert_eq!(rows(&format!("{ABC} select * from _interval_intersect!((a), ())")), ["1,6,0"]);
    assert_eq!(
        rows(&format!("{ABC} select * from _interval_intersect!((a, (select * from b where 0)), ())")),
        Vec::<String>::new()
    );
}

#[test]
fn intersections_are_made_within_partitions() {
    let tables = "
        create perfetto table a as with x(id, ts, dur, k, n) as
          (values (1, 0, 10, 'x', 1), (2, 0, 10, 'y', 1), (3, 0, 10, NULL, 2)) select * from x;
        create perfetto table b as with x(id, ts, dur, k, n) as
          (values (7, 5, 10, 'y', 1), (8, 5, 10, 'z', 1), (9, 9, 3, NULL, 2)) select * from x;";
    assert_eq!(
        rows(&format!("{tables} select * from _interval_intersect!((a, b), (k)) order by id_0")),
        ["5,5,2,7,\"y\"", "9,1,3,9,\"[NULL]\""]
    );
    assert_eq!(
        rows(&format!("{tables} select * from _interval_intersect!((a, b), (k, n)) where k is not null")),
        ["5,5,2,7,\"y\",1"]
    );
    assert_eq!(
        rows(&format!("{tables} select id_0, id_1, n from _interval_intersect!((a, b), (n)) order by id_0, id_1")),
        ["1,7,1", "1,8,1", "2,7,1", "2,8,1", "3,9,2"]
    );
    // A dictionary of texts on one side and plain texts on the other.
    assert_eq!(
        rows(
            "select id_0, name from _interval_intersect!((slice, \
             (select 0 as id, ts, dur, 'sgemm' as name from slice where name = 'sgemm')), (name))"
        ),
        ["2,\"sgemm\""]
    );
    assert_eq!(
        error(&format!("{MODULES} {tables} select 1 from _interval_intersect!((a, (select 1 as id, 1 as ts, 1 as dur, 5 as k)), (k))"))
            .to_string(),
        "`k` is a text in one table and a number in another"
    );
}

#[test]
fn points_are_kept_where_something_is_under_way() {
    let tables = "
        create perfetto table spans as with x(id, ts, dur) as (values (0, 2, 3), (1, 5, 2)) select * from x;
        create perfetto table points as with x(id, ts, dur) as
          (values (0, 1, 0), (1, 2, 0), (2, 4, 0), (3, 5, 0), (4, 7, 0)) select * from x;";
    assert_eq!(
        rows(&format!("{tables} select * from _interval_intersect!((points, spans), ())")),
        ["2,0,1,0", "4,0,2,0", "5,0,3,1"]
    );
    assert_eq!(
        rows(&format!("{tables} select id_0, id_1 from _interval_intersect!((points, points), ()) where id_0 < 2")),
        ["0,0", "1,1"]
    );
}

#[test]
fn one_interval_is_intersected_with_a_table() {
    assert_eq!(
        rows(&format!("{ABC} select * from _interval_intersect_single!(1, 3 + 1, b) order by ts")),
        ["0,1,1", "1,3,2"]
    );
    assert_eq!(header(&format!("{ABC} select * from _interval_intersect_single!(1, 3, b)")), "\"id\",\"ts\",\"dur\"");
    assert_eq!(
        rows(
            "select count(*) from _interval_intersect_single!(trace_start(), trace_dur(), (select id, ts, dur from slice))"
        ),
        csv(&session(), "select count(*) from slice").lines().skip(1).collect::<Vec<_>>()
    );
}

#[test]
fn columns_of_intervals_may_have_other_names() {
    let tables = "
        create perfetto table a as select 1 as slice, 0 as t, 10 as length, 'x' as k;
        create perfetto table b as select 5 as slice, 4 as t, 10 as length, 'x' as k;";
    let call = "_interval_intersect_with_col_names!((a, b), slice, t, length, (k))";
    assert_eq!(rows(&format!("{tables} select * from {call}")), ["4,6,1,5,\"x\""]);
    assert_eq!(header(&format!("{tables} select * from {call}")), "\"ts\",\"dur\",\"id_0\",\"id_1\",\"k\"");
}

#[test]
fn what_a_kernel_holds_counts_as_memory() {
    let options = SessionOptions { memory_limit_bytes: Some(4 << 20), ..Default::default() };
    let session = Session::new(many::trace(200_000), options).expect("a session starts");
    let script = format!("{MODULES} select count(*) from _interval_intersect!((slice, slice), (track_id))");
    let result = session.run(&script, &mut |_| Ok(()));
    assert!(matches!(result, Err(SqlError::MemoryLimit { .. })), "{result:?}");
    // Small tables whose combinations are many: three thousand times three thousand.
    let script = format!(
        "{MODULES} create table t as with recursive c(n) as (select 0 union all select n + 1 from c where n < 2999) \
         select n as id, n as ts, 10000 as dur from c; select count(*) from _interval_intersect!((t, t), ())"
    );
    let result = session.run(&script, &mut |_| Ok(()));
    assert!(matches!(result, Err(SqlError::MemoryLimit { .. })), "{result:?}");
    let script = "select count(*) from interval_self_intersect!(t)";
    let result = session.run(script, &mut |_| Ok(()));
    assert!(matches!(result, Err(SqlError::MemoryLimit { .. })), "{result:?}");
    let script = "select count(*) from slice a join slice b on a.ts < b.ts + b.dur and b.ts < a.ts + a.dur";
    let result = session.run(script, &mut |_| Ok(()));
    assert!(matches!(result, Err(SqlError::MemoryLimit { .. })), "{result:?}");
}

#[test]
fn a_table_is_intersected_with_itself() {
    let table = "with t(id, ts, dur) as (values (1, 0, 10), (2, 4, 2)) ";
    assert_eq!(
        rows(&format!("{table} select * from interval_self_intersect!(t)")),
        ["0,4,1,1,0", "4,2,2,1,0", "4,2,2,2,0", "6,4,3,1,0", "6,4,3,2,1", "10,0,4,1,1"]
    );
    assert_eq!(
        header(&format!("{table} select * from interval_self_intersect!(t)")),
        "\"ts\",\"dur\",\"group_id\",\"id\",\"interval_ends_at_ts\""
    );
}

#[test]
fn what_is_wrong_with_the_tables_is_said_at_the_call() {
    let message = error(&format!("{MODULES}\nselect *\nfrom _interval_intersect!((slice, thread), ())")).report();
    assert_eq!(
        message,
        "no such column: `table 2.ts`\nline 3: from _interval_intersect!((slice, thread), ())\n             ^^^^^^^^^^^^^^^^^^^"
    );
    let message = error(&format!("{MODULES}\nselect * from _interval_intersect!((slice, slcie), ())")).report();
    assert!(message.starts_with("no such table: `slcie`\nline 2:"), "{message}");
    let message = error(&format!(
        "{MODULES}\nselect * from _interval_intersect!((slice, (select 1 as id, 2 as ts, -5 as dur)), ())"
    ));
    assert_eq!(message.to_string(), "an interval of table 2 has the negative duration -5, at 2");
    let message = error(&format!("{MODULES}\nselect * from _interval_intersect!(slice, ())")).report();
    assert_eq!(
        message,
        "`__intrinsic_token_apply!` takes the name of a macro and lists in parentheses\nline 2: select * from _interval_intersect!(slice, ())\n                      ^^^^^^^^^^^^^^^^^^^"
    );
    let message = error("select * from __interval_intersect('()')").report();
    assert!(
        message.contains("(table with id, ts, dur)") && message.contains("\n                      ^^^"),
        "{message}"
    );
}

#[test]
fn overlapping_intervals_are_counted() {
    let table = "with a(ts, dur, g) as (values (1, 6, 'x'), (3, 1, 'y'), (4, 1, 'x')) ";
    assert_eq!(
        rows(&format!("{table} select * from intervals_overlap_count!(a, ts, dur)")),
        ["1,1", "3,2", "4,2", "5,1", "7,0"]
    );
    assert_eq!(header(&format!("{table} select * from intervals_overlap_count!(a, ts, dur)")), "\"ts\",\"value\"");
    assert_eq!(
        rows(&format!("{table} select * from intervals_overlap_count_by_group!(a, ts, dur, g)")),
        ["1,1,\"x\"", "3,1,\"y\"", "4,2,\"x\"", "4,0,\"y\"", "5,1,\"x\"", "7,0,\"x\""]
    );
    assert_eq!(
        header(&format!("{table} select * from intervals_overlap_count_by_group!(a, ts, dur, g)")),
        "\"ts\",\"value\",\"group_name\""
    );
    // Columns of any name, and an interval that has not ended.
    assert_eq!(
        rows(
            "select ts = trace_end(), value from intervals_overlap_count!((select 5 as start, -1 as length), start, length)"
        ),
        ["0,1", "1,0"]
    );
    assert_eq!(
        rows("select * from _intervals_overlap_in_table!((select 1 as ts, 2 as dur union all select 2, 1))"),
        ["1"]
    );
    assert_eq!(
        rows("select * from _intervals_overlap_in_table!((select 1 as ts, 1 as dur union all select 2, 1))"),
        ["0"]
    );
}

#[test]
fn overlapping_intervals_are_merged() {
    let table = "with a(ts, dur, g, h) as (values (0, 5, 'x', 1), (3, 1, 'x', 1), (5, 2, 'x', 1), (9, 1, 'x', 1), (1, 9, 'y', 2)) ";
    assert_eq!(
        rows(&format!("{table} select * from interval_merge_overlapping!((select * from a where g = 'x'), 0)")),
        ["0,7", "9,1"]
    );
    assert_eq!(
        rows(&format!("{table} select * from interval_merge_overlapping!((select * from a where g = 'x'), 1 + 1)")),
        ["0,10"]
    );
    assert_eq!(
        rows(&format!("{table} select * from interval_merge_overlapping_partitioned!(a, (g, h))")),
        ["0,7,\"x\",1", "9,1,\"x\",1", "1,9,\"y\",2"]
    );
}

/// ```text
/// root 100, track 1   ────────        root 101, track 2   ────
/// child 1              ───
/// child 2               ─
/// child 3                  ──
/// ```
const ROOTS: &str = "
    create perfetto table roots as with x(id, ts, dur, utid) as
      (values (100, 0, 8, 1), (101, 20, 4, 2)) select * from x;
    create perfetto table children as with x(root_id, id, parent_id, ts, dur, utid) as
      (values (100, 1, 100, 1, 3, 1), (100, 2, 1, 2, 1, 1), (100, 3, 100, 5, 2, 1)) select * from x;";

#[test]
fn nested_intervals_are_flattened() {
    let flat = [
        "0,1,100,100",
        "1,1,1,100",
        "2,1,2,100",
        "3,1,1,100",
        "4,1,100,100",
        "5,2,3,100",
        "7,1,100,100",
        "20,4,101,101",
    ];
    assert_eq!(
        rows(&format!(
            "{ROOTS} select ts, dur, id, root_id from _intervals_flatten!(_intervals_merge_root_and_children!(roots, children)) order by ts"
        )),
        flat
    );
    let by_intersection =
        "_intervals_flatten!(_intervals_merge_root_and_children_by_intersection!(roots, children, utid))";
    assert_eq!(rows(&format!("{ROOTS} select ts, dur, id, root_id from {by_intersection} order by ts")), flat);
    // Roots of one id in two partitions.
    assert_eq!(
        rows(
            "with r(id, ts, dur, utid) as (values (0, 0, 4, 1), (0, 0, 4, 2)), \
             c(id, parent_id, ts, dur, utid) as (values (1, null, 1, 9, 1), (2, 0, 3, 1, 2)) \
             select ts, dur, id, root_id from \
             _intervals_flatten!(_intervals_merge_root_and_children_by_intersection!(r, c, utid)) order by ts, dur, id"
        ),
        ["0,1,0,0", "0,3,0,0", "1,3,1,0", "3,1,2,0"]
    );
    // The deeper one of two with the same times.
    assert_eq!(
        rows(
            "with c(root_id, id, parent_id, ts, dur) as (values (0, 5, 6, 1, 2), (0, 6, 0, 1, 2)) \
             select id, ts, dur from _intervals_flatten!(_intervals_merge_root_and_children!((select 0 as id, 0 as ts, 4 as dur), c))"
        ),
        ["0,0,1", "5,1,2", "0,3,1"]
    );
}

#[test]
fn gaps_are_filled_over_the_whole_trace() {
    assert_eq!(
        rows(
            "select ts - trace_start(), iif(ts + dur = trace_end(), 'end', dur), g, d from _intervals_fill_gaps!((g), (d), \
             (select trace_start() + 10 as ts, 5 as dur, 'x' as g, 1 as d union all select trace_start() + 20, 5, 'x', 2 \
              union all select trace_start(), trace_dur(), 'y', 3))"
        ),
        [
            "0,10,\"x\",\"[NULL]\"",
            "10,5,\"x\",1",
            "15,5,\"x\",\"[NULL]\"",
            "20,5,\"x\",2",
            "25,\"end\",\"x\",\"[NULL]\"",
            "0,\"end\",\"y\",3"
        ]
    );
}

#[test]
fn starts_are_matched_with_the_ends_after_them() {
    assert_eq!(
        rows(
            "select * from _interval_create!((select column1 as ts from (values (10), (1), (5), (30))), \
             (select column1 as ts from (values (5), (12), (7))))"
        ),
        ["1,4", "5,2", "10,2"]
    );
    assert_eq!(
        rows("select * from _interval_create!((select 1 as ts where 0), (select 2 as ts))"),
        Vec::<String>::new()
    );
}

#[test]
fn counters_last_until_their_next_value() {
    let table = "
        with foo as (
          select 0 as id, 0 as ts, 10 as value, 1 as track_id union all select 1, 0, 10, 2 union all
          select 2, 10, 10, 1 union all select 3, 10, 20, 2 union all select 4, 20, 30, 1)
        select id, ts, iif(ts + dur = trace_end(), 'end', dur) as dur, track_id, value, next_value, delta_value
        from counter_leading_intervals!(foo)";
    assert_eq!(
        rows(table),
        [
            "0,0,20,1,10.000000,30.000000,\"[NULL]\"",
            "4,20,\"end\",1,30.000000,\"[NULL]\",20.000000",
            "1,0,10,2,10.000000,20.000000,\"[NULL]\"",
            "3,10,\"end\",2,20.000000,\"[NULL]\",10.000000"
        ]
    );
    assert_eq!(
        header("select * from counter_leading_intervals!(counter)"),
        "\"id\",\"ts\",\"dur\",\"track_id\",\"value\",\"next_value\",\"delta_value\""
    );
}

#[test]
fn kernels_are_operators_of_a_plan() {
    let plan = csv(
        &session(),
        &format!("{MODULES} explain select * from _interval_intersect!((slice, slice), (track_id)) where dur > 5"),
    );
    assert!(plan.contains("KernelExec: __interval_intersect"), "{plan}");
    // Only what the kernel needs is read.
    assert!(plan.contains("ScanExec: table=slice, columns=[id, ts, dur, track_id]"), "{plan}");
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A statement that makes a table of intervals, some of them points, in three partitions.
fn random_table(dice: &mut Dice, name: &str, num_rows: u64) -> String {
    let mut statement = format!("create table {name} as with x(id, ts, dur, k) as (values ");
    for id in 0..num_rows {
        let (ts, dur, k) = (dice.throw(60), dice.throw(4) * dice.throw(7), dice.throw(3));
        let comma = if id == 0 { "" } else { ", " };
        write!(statement, "{comma}({id}, {ts}, {dur}, {k})").expect("a String takes everything");
    }
    statement + ") select * from x;"
}

fn sqlite_rows(connection: &Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).expect("SQLite takes the query");
    let num_columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values: Result<Vec<String>, _> =
            (0..num_columns).map(|at| row.get::<_, i64>(at).map(|v| v.to_string())).collect();
        values.map(|values| values.join(","))
    });
    rows.expect("SQLite runs it").collect::<Result<_, _>>().expect("all rows are numbers")
}

#[test]
fn intersections_are_those_of_a_plain_join() {
    for seed in 0..20 {
        let mut dice = Dice(seed);
        let sizes = [dice.throw(30) + 1, dice.throw(30) + 1, dice.throw(10) + 1];
        let tables: String =
            ["a", "b", "c"].iter().zip(sizes).map(|(name, size)| random_table(&mut dice, name, size)).collect();
        let connection = Connection::open_in_memory().expect("SQLite opens");
        connection.execute_batch(&tables).expect("SQLite makes the tables");
        // Sets of times: from the start to the end without it, or one time. The start of the part in common is in all.
        let query = "
            select t as ts, min(a.ts + a.dur, b.ts + b.dur, c.ts + c.dur) - t as dur, a.id, b.id, c.id, a.k from (
              select a.id as a_id, b.id as b_id, c.id as c_id, max(a.ts, b.ts, c.ts) as t
              from a join b on a.k = b.k join c on b.k = c.k
            ) join a on a.id = a_id join b on b.id = b_id join c on c.id = c_id
            where (a.ts + a.dur > t or a.ts = t) and (b.ts + b.dur > t or b.ts = t) and (c.ts + c.dur > t or c.ts = t)
            order by a.k, t, a.id, b.id, c.id";
        assert_eq!(
            rows(&format!("{tables} select * from _interval_intersect!((a, b, c), (k))")),
            sqlite_rows(&connection, query),
            "seed {seed}"
        );
    }
}

#[test]
fn overlaps_are_those_counted_one_by_one() {
    for seed in 0..10 {
        let mut dice = Dice(seed);
        let table = random_table(&mut dice, "a", 40);
        let connection = Connection::open_in_memory().expect("SQLite opens");
        connection.execute_batch(&table).expect("SQLite makes the table");
        assert_eq!(
            rows(&format!("{table} select * from intervals_overlap_count!(a, ts, dur)")),
            sqlite_rows(
                &connection,
                "select t, (select count(*) from a where ts <= t and ts + dur > t) from \
                 (select ts as t from a union select ts + dur from a) order by t"
            ),
            "seed {seed}"
        );
        // The time that merged intervals cover is the same, and they do not touch.
        assert_eq!(
            rows(&format!(
                "{table} select ts + n from interval_merge_overlapping!(a, 0) join (with recursive c(n) as \
                 (select 0 union all select n + 1 from c where n < 100) select n from c) on n < dur order by 1"
            )),
            sqlite_rows(
                &connection,
                "with recursive c(n) as (select 0 union all select n + 1 from c where n < 200) \
                 select n from c where exists (select 1 from a where ts <= n and n < ts + dur)"
            ),
            "seed {seed}"
        );
    }
}
