//! Macros: lists, text, nesting, and errors that point to the call.

use super::drawn::{csv, error, session};

/// The whole result of a script.
fn result(script: &str) -> String {
    csv(&session(), script)
}

#[test]
fn macros_are_applied_to_the_items_of_lists() {
    let macros = "
        create perfetto macro pair(a Expr, b Expr) returns _Fragment as $a * 10 + $b;
        create perfetto macro is_equal(a Expr, b Expr) returns Expr as $a = $b;
        create perfetto macro same(a Expr) returns Expr as $a;";
    assert_eq!(
        result(&format!("{macros} select __intrinsic_token_apply!(pair, (1, 2), (3, 4)), 5 as x")).lines().last(),
        Some("13,24,5")
    );
    // The shortest list ends it, and an empty one gives nothing.
    assert_eq!(
        result(&format!("{macros} select 7 __intrinsic_token_apply_prefix!(pair, (1, 2, 3), (4, (select 5)))"))
            .lines()
            .last(),
        Some("7,14,25")
    );
    assert_eq!(result(&format!("{macros} select 7 as x __intrinsic_token_apply_prefix!(same, ())")), "\"x\"\n7\n");
    assert_eq!(
        result(&format!(
            "{macros} select id from slice where __intrinsic_token_apply_and!(is_equal, (depth, track_id), (0, 0)) \
             __intrinsic_token_apply_and_prefix!(is_equal, (id, dur), (id, 500))"
        )),
        "\"id\"\n0\n"
    );
    // A list may be what another macro stands for.
    assert_eq!(
        result(&format!(
            "{macros} create perfetto macro both() returns _List as (3, 4); select __intrinsic_token_apply!(pair, both!(), (1, 2))"
        ))
        .lines()
        .last(),
        Some("31,42")
    );
    for call in
        ["__intrinsic_token_apply!(same)", "__intrinsic_token_apply!(same, 1)", "__intrinsic_token_apply!(1 + 1, (1))"]
    {
        assert_eq!(
            error(&format!("{macros} select {call}")).to_string(),
            "`__intrinsic_token_apply!` takes the name of a macro and lists in parentheses"
        );
    }
}

#[test]
fn tokens_become_a_text() {
    for (tokens, text) in [
        ("ts", "ts"),
        ("(a, b)", "(a, b)"),
        ("select count(*) from $table t where t.x = 'it''s'", "select count(*) from $table t where t.x = 'it''s'"),
        ("", ""),
    ] {
        let script = format!("select __intrinsic_stringify!({tokens}) as x");
        assert_eq!(result(&script), format!("\"x\"\n\"{text}\"\n"));
    }
    // What stands in a macro's body is put together so that it can be read again.
    assert_eq!(
        result(
            "create perfetto macro m(c ColumnName) returns Expr as __intrinsic_stringify!(select - -1 + a.$c from t); select m!(b) as x"
        ),
        "\"x\"\n\"select - - 1 + a.b from t\"\n"
    );
}

#[test]
fn macros_name_macros() {
    assert_eq!(
        result(
            "create perfetto macro twice(x Expr) returns Expr as ($x) * 2; \
             create perfetto macro apply_to(m _Macro, x Expr) returns Expr as $m!($x) + 1; \
             select apply_to!(twice, apply_to!(twice, 1)) as x"
        ),
        "\"x\"\n7\n"
    );
    // Names of the caller are the macro's too: it works on text alone.
    assert_eq!(
        result(
            "create perfetto macro named(x Expr) returns TableOrSubquery as (select $x as y from slice where id = 2); \
             select y from named!(name)"
        ),
        "\"y\"\n\"sgemm\"\n"
    );
    assert_eq!(
        result(
            "create perfetto macro sum_of(cs ColumnNameList, t TableOrSubquery) returns TableOrSubquery as \
                (select __intrinsic_token_apply!(total_of, $cs) from $t); \
                create perfetto macro total_of(c ColumnName) returns _Fragment as sum($c) as $c; \
                select * from sum_of!((dur, depth), (select * from slice where id < 2))"
        ),
        "\"dur\",\"depth\"\n550,1\n"
    );
}

#[test]
fn mistakes_in_what_a_macro_stands_for_are_shown_at_the_call() {
    assert_eq!(
        error("create perfetto macro m(c ColumnName) returns TableOrSubquery as (select $c, nme from slice);\nselect *\nfrom m!(id)")
            .report(),
        "no such column: `nme`\nline 3: from m!(id)\n             ^\n\nhint: did you mean `name`?"
    );
    assert_eq!(
        error("create perfetto macro m(x Expr) returns Expr as $x + + > 1; select\n  m!(2)").report(),
        "in what `m!` stands for: expected an expression, found >\nline 2:   m!(2)\n          ^"
    );
    // What is the caller's own is shown where it stands.
    assert_eq!(
        error("create perfetto macro m(x Expr) returns Expr as $x; select m!(nme) from slice").report(),
        "no such column: `nme`\nline 1: create perfetto macro m(x Expr) returns Expr as $x; select m!(nme) from slice\n                                                                      ^^^\n\nhint: did you mean `name`?"
    );
    assert_eq!(
        error("create perfetto macro m(x Expr) returns Expr as other!($x); select m!(1)").report(),
        "no such macro: `other!`\nline 1: create perfetto macro m(x Expr) returns Expr as other!($x); select m!(1)\n                                                                           ^"
    );
    assert_eq!(
        error("create perfetto macro m(x Expr, y Expr) returns Expr as $x; select m!(1)").report(),
        "`m!` takes 2 arguments, not 1: `m!(x, y)`\nline 1: create perfetto macro m(x Expr, y Expr) returns Expr as $x; select m!(1)\n                                                                           ^"
    );
    assert_eq!(
        error("create perfetto macro m(x Expr) returns Expr as $y; select m!(1)").to_string(),
        "in what `m!` stands for: `$y` is no parameter of a macro or function here"
    );
    assert_eq!(
        error("select $x").report(),
        "`$x` is no parameter of a macro or function here\nline 1: select $x\n               ^^"
    );
}

#[test]
fn lists_of_columns_and_tables_are_mapped() {
    let modules = "include perfetto module std.metasql.*;";
    assert_eq!(
        result(&format!("{modules} select _metasql_unparenthesize_column_list!((id, dur)) from slice limit 1")),
        "\"id\",\"dur\"\n0,500\n"
    );
    assert_eq!(
        result(&format!(
            "{modules} create perfetto macro longest(c ColumnName) returns _Fragment as max($c) as $c; \
             select _metasql_map_join_column_list!((id, dur), longest) from slice"
        )),
        "\"id\",\"dur\"\n5,500\n"
    );
    assert_eq!(
        result(&format!(
            "{modules} create perfetto macro rows_of(t TableOrSubquery) returns Expr as (select count(*) from $t); \
             select max(_metasql_map_join_table_list!((slice, (select 1)), rows_of)) as most"
        )),
        "\"most\"\n6\n"
    );
    assert_eq!(
        result(&format!(
            "{modules} \
             create perfetto macro least(t TableOrSubquery, c ColumnName, d Expr) returns Expr as (select min($c) + $d from $t); \
             select max(_metasql_map_join_table_list_with_capture!((slice, thread), least, (id, 7))) as most"
        )),
        "\"most\"\n7\n"
    );
}

#[test]
fn what_a_module_has_is_said_to_be_there() {
    assert_eq!(
        error("select * from _interval_intersect!((slice), ())").report(),
        "no such macro: `_interval_intersect!`\nline 1: select * from _interval_intersect!((slice), ())\n                      ^^^^^^^^^^^^^^^^^^^\n\nhint: it is in a module: `INCLUDE PERFETTO MODULE intervals.intersect;`"
    );
    for (query, module) in [
        ("select * from thread_slice", "slices.with_context"),
        ("select * from THREAD_SLICE", "slices.with_context"),
        ("select * from ancestor_slice_by_stack(1)", "slices.stack"),
        ("select * from graph_dominator_tree!(slice, 1)", "graphs.dominator_tree"),
    ] {
        let hint = format!("it is in a module: `INCLUDE PERFETTO MODULE {module};`");
        assert_eq!(error(query).hint(), Some(hint), "{query}");
    }
}

#[test]
fn columns_that_macros_make_are_named_for_what_they_stand_for() {
    let session = session();
    let header = |script: &str| csv(&session, script).lines().next().map(str::to_owned).unwrap_or_default();
    assert_eq!(header("select cast_int!(1.5)"), "\"CAST(1.5 AS INTEGER)\"");
    assert_eq!(
        header("select 1  +  2, 3 + cast_int!(1.5) + 2, 4  *  5"),
        "\"1  +  2\",\"3 + CAST(1.5 AS INTEGER) + 2\",\"4  *  5\""
    );
    assert_eq!(
        header(
            "include perfetto module std.metasql.column_list; create perfetto macro plus1(x ColumnName) returns Expr as $x + 1; \
              select _metasql_map_join_column_list!((a, b), plus1) from (select 1 as a, 2 as b)"
        ),
        "\"a + 1\",\"b + 1\""
    );
}

#[test]
fn tables_and_views_are_made_from_macros() {
    const MACRO: &str =
        "create perfetto macro doubled(t TableOrSubquery) returns TableOrSubquery as (select 2 * v as v from $t); ";
    for statement in [
        "create perfetto table t as select * from doubled!((select 3 as v))",
        "create perfetto table t(v LONG) as select v from doubled!((select 3 as v)) order by v",
        "create perfetto view t as select * from doubled !((select 3 as v))",
        "create or replace perfetto view t(v LONG) as with x as (select 3 as v) select v from doubled!(x)",
    ] {
        assert_eq!(result(&format!("{MACRO}{statement}; select v from t")), "\"v\"\n6\n", "{statement}");
    }
}

#[test]
fn columns_are_called_by_what_a_macro_stands_for() {
    let m = "create perfetto macro m(a Expr, b Expr) returns Expr as $a - $b;";
    assert_eq!(csv(&session(), &format!("{m} select m!(123,100)")), "\"123 - 100\"\n23\n");
    assert_eq!(csv(&session(), &format!("{m} select m!(5,2) + 1, 7 % 4")), "\"5 - 2 + 1\",\"7 % 4\"\n4,3\n");
    let q = "create perfetto macro q(a Expr) returns Expr as select $a as x, $a  *  2;";
    assert_eq!(csv(&session(), &format!("{q} q!(4)")), "\"x\",\"4  *  2\"\n4,8\n");
    let zip = "create perfetto macro same(a Expr, b Expr) returns Expr as $a = $b;";
    assert_eq!(
        csv(&session(), &format!("{zip} select 1 as x where __intrinsic_token_zip_join!((1, 2), (1, 2), same, AND)")),
        "\"x\"\n1\n"
    );
    assert_eq!(
        csv(
            &session(),
            &format!(
                "{zip} select 0 as x __intrinsic_token_zip_join_prefix!((1, 2), (1, 3), same, __intrinsic_token_comma!())"
            )
        ),
        "\"x\",\"1 = 1\",\"2 = 3\"\n0,1,0\n"
    );
    assert_eq!(csv(&session(), "SELECT IMPORT('intervals.overlap'); select 1 as x"), "\"x\"\n1\n");
    assert_eq!(
        csv(&session(), "select create_function(\"f(x INT)\", 'INT', 'select $x'); select f(2) as x"),
        "\"x\"\n2\n"
    );
}
