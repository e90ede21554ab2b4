//! Functions with rows, called with columns of the tables beside them.

use super::drawn::{csv, error, session};

/// The rows of a script's only result, without the header.
fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

/// 1 is above 2 and 3, and 3 above 4.
const TREE: &str = "create perfetto table t as with d(id, up, w) as (values (1, null, 5), (2, 1, 6), (3, 1, 7), (4, 3, 8)) \
                    select * from d;";

#[test]
fn an_argument_is_not_taken_for_a_column_of_the_function() {
    // The function's table and its alias have the names that the caller uses too.
    let below = "create perfetto function below(x LONG) returns table(child LONG) as \
                 select t.id as child from t where up = $x;";
    for call in [
        "select id, child from t, below(id)",
        "select t.id, child from t, below(t.id)",
        "select s.id, b.child from t s join below(s.id) b",
        "select id, child from t join below(id) b on b.child > 0",
    ] {
        assert_eq!(rows(&format!("{TREE} {below} {call} order by child")), ["1,2", "1,3", "3,4"], "{call}");
    }
    assert_eq!(
        rows(&format!("{TREE} {below} select id, child from t left join below(id) order by id, child")),
        ["1,2", "1,3", "2,\"[NULL]\"", "3,4", "4,\"[NULL]\""]
    );
    assert_eq!(
        rows(&format!("{TREE} {below} select id, (select count(*) from below(id)) from t order by id")),
        ["1,2", "2,0", "3,1", "4,0"]
    );
    assert_eq!(
        rows(&format!("{TREE} {below} select id from t where exists (select 1 from below(id)) order by id")),
        ["1", "3"]
    );
}

#[test]
fn a_function_over_many_tables_takes_columns() {
    let script = "create perfetto table k as select 2 as id, 20 as q union all select 3, 30; \
                  create perfetto function both(x LONG) returns table(w LONG, q LONG) as \
                  select t.w, k.q from t join k using (id) where t.id = $x;";
    assert_eq!(
        rows(&format!("{TREE} {script} select t.id, b.w, q from t, both(t.id) b order by 1")),
        ["2,6,20", "3,7,30"]
    );
    assert_eq!(
        rows(&format!("{TREE} {script} select t.id, q from t left join both(t.id) b on b.q > 20 order by 1")),
        ["1,\"[NULL]\"", "2,\"[NULL]\"", "3,30", "4,\"[NULL]\""]
    );
}

#[test]
fn a_recursive_function_takes_columns() {
    let count = "create perfetto function up_to(x LONG) returns table(y LONG) as \
                 with recursive d(v) as (select 1 union all select v + 1 from d where v < $x) select v as y from d;";
    assert_eq!(
        rows(&format!("{count} with d(v) as (values (2), (1)) select d.v, y from d, up_to(v) order by 1, 2")),
        ["1,1", "2,1", "2,2"]
    );
    assert_eq!(
        rows(&format!("{count} with d(v) as (values (2), (3)) select v, (select sum(y) from up_to(v)) from d")),
        ["2,3", "3,6"]
    );
    // Flow 0 goes from slice 1 to slice 2, and slice 0 contains slice 1.
    assert_eq!(
        rows("select s.id, f.slice_out, f.slice_in from slice s join following_flow(s.id) f order by 1"),
        ["0,1,2", "1,1,2"]
    );
    assert_eq!(rows("select s.id, f.slice_out from slice s join preceding_flow(s.id) f order by 1"), ["2,1"]);
}

#[test]
fn an_inner_name_of_with_hides_an_outer_one() {
    assert_eq!(
        rows("with d as (select 1 as x) select * from (with d as (select 2 as x) select d.x from d) i, d"),
        ["2,1"]
    );
    assert_eq!(
        rows(
            "with d as (select 1 as x), e as (with d as (select x + 1 as x from (select 5 as x)) select x from d) \
              select d.x, e.x from d, e"
        ),
        ["1,6"]
    );
}

#[test]
fn types_that_there_are_not_are_refused() {
    for statement in [
        "create perfetto function f(x FOO) returns INT as select $x",
        "create perfetto function f(x INT) returns FOO as select $x",
        "create perfetto function f(x INT) returns table(y FOO) as select $x as y",
    ] {
        assert_eq!(error(statement).to_string(), "the function `f` names a type `foo` that there is not");
    }
    assert_eq!(
        rows(
            "create perfetto function f(x JOINID(slice.id), y timestamp) returns DURATION as select $x + $y; select f(1, 2)"
        ),
        ["3"]
    );
}

#[test]
fn tables_below_views_have_their_own_names() {
    assert_eq!(rows("select count(*) from __intrinsic_slice"), rows("select count(*) from slice"));
    assert_eq!(
        rows("select name, col_type from perfetto_table_info('__intrinsic_counter')"),
        rows("select name, col_type from perfetto_table_info('counter')")
    );
    for table in ["process_state_track", "thread_state_track"] {
        assert_eq!(rows(&format!("select count(*) from {table}")), ["0"]);
    }
}

#[test]
fn a_text_is_not_given_for_a_number_that_is_declared() {
    let message = "`f` is declared to give a number, but gives the text `abc`";
    // One that becomes a part of the statement, and one that is run.
    for body in ["select 'abc'", "select 'abc' from slice where id = $x"] {
        let statement = format!("create perfetto function f(x INT) returns INT as {body}; select f(1)");
        assert_eq!(error(&statement).to_string(), message, "{body}");
        let statement = statement.replace("returns INT", "returns DOUBLE");
        assert_eq!(error(&statement).to_string(), message, "{body}");
        assert_eq!(rows(&statement.replace("returns DOUBLE", "returns STRING")), ["\"abc\""]);
        assert_eq!(rows(&statement.replace("returns DOUBLE", "returns INT").replace("abc", "12")), ["12"]);
    }
    assert_eq!(
        rows("create perfetto function f(x INT) returns DOUBLE as select $x; select f(2), f(null)"),
        ["2.000000,\"[NULL]\""]
    );
}
