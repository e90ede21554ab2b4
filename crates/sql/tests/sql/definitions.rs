//! What scripts define: functions of every kind, also the older ones, and tables with declared columns.

use kinetoscope_sql::SqlError;

use super::drawn::{csv, error, session};

fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn functions_delegate_to_others() {
    assert_eq!(
        rows(
            "create perfetto function h(x ANY...) returns LONG delegates to __intrinsic_hash; \
              select h('a') = hash('a'), h(1, 'b', 2) = hash(1, 'b', 2)"
        ),
        ["1,1"]
    );
    assert_eq!(
        rows(
            "create perfetto function part(s STRING, p STRING) returns STRING delegates to regexp_extract; \
              select part(name, '::(.*)') from slice where id = 0"
        ),
        ["\"mm\""]
    );
    assert_eq!(
        rows(
            "create perfetto function items(j STRING) returns table(value LONG) delegates to json_each; \
              select value from items('[4,5]')"
        ),
        ["4", "5"]
    );
    let two = "create perfetto function part(s STRING, p STRING) returns STRING delegates to regexp_extract;";
    assert_eq!(error(&format!("{two} select part('a')")).to_string(), "`part` takes 2 arguments, not 1");
    assert_eq!(
        error("create perfetto function f(x LONG) returns LONG delegates to nothing_known; select f(1)").to_string(),
        "no such function: `nothing_known`"
    );
    assert!(matches!(error("create perfetto function f(x LONG...) returns LONG as select 1"), SqlError::Syntax { .. }));
    assert!(matches!(
        error("create perfetto function f(x LONG..., y LONG) returns LONG delegates to hash"),
        SqlError::Syntax { .. }
    ));
}

#[test]
fn functions_are_defined_in_the_older_way() {
    assert_eq!(
        csv(
            &session(),
            "SELECT CREATE_FUNCTION('plus(x INT, y INT)', 'INT', 'SELECT $x + $y'); SELECT plus(2, 3) AS s; \
             SELECT create_view_function('upto(n INT)', 'id INT, name STRING', 'SELECT id, name FROM slice WHERE id < $n') \
             AS suppress_query_output; SELECT name FROM upto(1)"
        ),
        "\"s\"\n5\n\n\"name\"\n\"aten::mm\"\n"
    );
    // The same function in several files.
    assert_eq!(
        rows(
            "SELECT CREATE_FUNCTION('f()', 'INT', 'SELECT 1'); SELECT CREATE_FUNCTION('f()', 'INT', 'SELECT 2'); SELECT f()"
        ),
        ["2"]
    );
    assert_eq!(
        error("SELECT CREATE_FUNCTION('f(x INT', 'INT', 'SELECT 1')").report(),
        "in the signature: expected `,`, found the end of the text\n\
         line 1: SELECT CREATE_FUNCTION('f(x INT', 'INT', 'SELECT 1')\n               ^^^^^^^^^^^^^^^"
    );
    assert_eq!(error("SELECT CREATE_FUNCTION('f()', 'INT')").to_string(), "create_function takes 3 texts, not 2");
    assert_eq!(error("SELECT CREATE_FUNCTION(1)").to_string(), "expected a text, found `1`");
    assert!(matches!(error("SELECT CREATE_FUNCTION('f()', 'INT', 'SELEC 1')"), SqlError::Syntax { .. }));
    assert_eq!(error("select experimental_memoize('nope')").to_string(), "no such function: `nope`");
}

#[test]
fn recursion_is_as_deep_as_it_needs_to_be() {
    let fibonacci = "create perfetto function fib(n LONG) returns LONG as \
        select case when $n < 2 then $n else fib($n - 1) + fib($n - 2) end;";
    // 2^27 calls without keeping values.
    assert_eq!(rows(&format!("{fibonacci} select experimental_memoize('fib'); select fib(40)")), ["102334155"]);
    // Deeper than threads could be nested; the sum of 1 to 200.
    let sum =
        "create perfetto function s(n LONG) returns LONG as select case when $n = 0 then 0 else s($n - 1) + $n end;";
    assert_eq!(rows(&format!("{sum} select s(200)")), ["20100"]);
    assert_eq!(
        rows(
            "create perfetto function x(n LONG) returns STRING as \
              select case when $n = 0 then '' else x($n - 1) || 'x' end; select x(4)"
        ),
        ["\"xxxx\""]
    );
    // Two that call each other, for several rows.
    let both = "create perfetto function even(n LONG) returns LONG as select 1; \
        create perfetto function odd(n LONG) returns LONG as select case when $n = 0 then 0 else even($n - 1) end; \
        create or replace perfetto function even(n LONG) returns LONG as select case when $n = 0 then 1 else odd($n - 1) end;";
    assert_eq!(
        rows(&format!("{both} select even(id), odd(id) from slice where id in (0, 3, 4)")),
        ["1,0", "0,1", "1,0"]
    );
    // What a slice and all around it take, by the tree.
    assert_eq!(
        rows(
            "create perfetto function around(id LONG) returns LONG as \
              select dur + ifnull(iif(parent_id is null, 0, around(parent_id)), 0) from slice where id = $id; \
              select around(1), around(0)"
        ),
        ["550,500"]
    );
    assert_eq!(
        error("create perfetto function f(n LONG) returns LONG as select f($n % 3 + 1); select f(1)").to_string(),
        "`f(1)` needs its own value"
    );
}

#[test]
fn declared_types_are_kept() {
    assert_eq!(
        rows(
            "create perfetto table t(a LONG, b DOUBLE, c STRING, d BOOL, e TIMESTAMP) as \
              select '12' as a, 3 as b, name as c, id = 0 as d, null as e from slice where id = 0; \
              select *, typeof(a), typeof(b), typeof(d) from t"
        ),
        ["12,3.000000,\"aten::mm\",1,\"[NULL]\",\"integer\",\"real\",\"integer\""]
    );
    for (column, value, message) in [
        ("STRING", "1", "the column `a` is declared as STRING, but the query gives whole numbers"),
        ("LONG", "1.5", "the column `a` is declared as LONG, but the query gives real numbers"),
        ("JOINID(slice.id)", "'x'", "the column `a` is declared as JOINID, but the query gives the text `x`"),
        ("DOUBLE", "'1,5'", "the column `a` is declared as DOUBLE, but the query gives the text `1,5`"),
        ("BYTES", "'x'", "the column `a` is declared as BYTES, but the query gives texts"),
    ] {
        let script = format!("create perfetto table t(a {column}) as select {value} as a");
        assert_eq!(error(&script).to_string(), message, "{script}");
    }
}

#[test]
fn columns_of_tables_and_views_have_different_names() {
    for script in [
        "create perfetto table t as select 1 as a, 2 as a",
        "create perfetto table t as select 1 as a, 2 as A",
        "create perfetto view v as select *, id from slice",
    ] {
        let message = error(script).to_string();
        assert!(message.starts_with("the query gives two columns `"), "{script}: {message}");
    }
    // SQLite's own statement numbers them.
    assert_eq!(csv(&session(), "create table t as select 1 as a, 2 as a; select * from t"), "\"a\",\"a:1\"\n1,2\n");
}

#[test]
fn tables_say_what_they_hold() {
    let info = |table: &str, query: &str| {
        csv(&session(), &format!("create perfetto table t as {query}; select * from perfetto_table_info('{table}')"))
    };
    assert_eq!(
        info("t", "select id, ts, dur, name, nullif(dur, 50) as n, dur * 0.5 as r from slice"),
        "\"id\",\"name\",\"col_type\",\"nullable\",\"sorted\"\n\
         0,\"id\",\"id\",0,1\n1,\"ts\",\"uint32\",0,1\n2,\"dur\",\"uint32\",0,0\n3,\"name\",\"string\",0,0\n\
         4,\"n\",\"uint32\",1,0\n5,\"r\",\"double\",0,0\n"
    );
    let numbers = "select -1 as a, 4294967295 as b, 4294967296 as c, 5 as d";
    assert_eq!(
        csv(
            &session(),
            &format!("create perfetto table t as {numbers}; select name, col_type from perfetto_table_info('t')")
        ),
        "\"name\",\"col_type\"\n\"a\",\"int32\"\n\"b\",\"uint32\"\n\"c\",\"int64\"\n\"d\",\"uint32\"\n"
    );
    let one = info("slice", "select 1 as a");
    assert!(one.contains("\n0,\"id\",\"id\",0,1\n") && one.contains("\"name\",\"string\""), "{one}");
    assert_eq!(error("select * from perfetto_table_info('nope')").to_string(), "no such table: `nope`");
    assert_eq!(
        error("select * from perfetto_table_info(1)").to_string(),
        "`perfetto_table_info` takes the name of a table as a text"
    );
}

#[test]
fn arguments_have_to_be_of_the_declared_kinds() {
    let value = "create perfetto function f(x INT, y DOUBLE, z STRING) returns INT as select $x;";
    let query = "create perfetto function f(x INT, y DOUBLE, z STRING) returns INT as select $x from slice limit 1;";
    let table = "create perfetto function f(x INT, y DOUBLE, z STRING) returns table(v INT) as select $x as v;";
    for function in [value, query, table] {
        let call = |args: &str| match function == table {
            true => format!("{function} select v from f({args})"),
            false => format!("{function} select f({args}) as v"),
        };
        for args in ["1, 2, 'a'", "1, 2.5, 'a'", "1, null, null", "2 - 1, 1 + 1, 'a' || 'b'", "true, 1, upper('a')"] {
            assert_eq!(rows(&call(args)), ["1"], "{args}");
        }
        for (args, message) in [
            ("'abc', 1, 'a'", "the argument `x` is declared as INT, which is a whole number, but is the text `abc`"),
            ("'5', 1, 'a'", "the argument `x` is declared as INT, which is a whole number, but is the text `5`"),
            ("1.5, 1, 'a'", "the argument `x` is declared as INT, which is a whole number, but is the real number 1.5"),
            ("1, 'b', 'a'", "the argument `y` is declared as DOUBLE, which is a number, but is the text `b`"),
            ("1, 1, 7", "the argument `z` is declared as STRING, which is a text, but is the number 7"),
            ("1, 1, x'00'", "the argument `z` is declared as STRING, which is a text, but is a blob"),
        ] {
            assert_eq!(error(&call(args)).to_string(), format!("`f`: {message}"), "{function}");
        }
    }
    // Of a column, where the first wrong value counts.
    assert_eq!(rows(&format!("{value} select count(f(id, dur, name)) from slice")), ["6"]);
    assert_eq!(
        error(&format!("{value} select f(name, 1, 'a') from slice")).to_string(),
        "`f`: the argument `x` is declared as INT, which is a whole number, but is the text `aten::mm`"
    );
    // An argument offers no type to what it is compared with.
    assert_eq!(
        rows(
            "create perfetto function g(x INT) returns BOOL as select $x = '0'; select g(id), id = '0' from slice limit 1"
        ),
        ["0,1"]
    );
    assert_eq!(
        rows("create perfetto function h(x ANY) returns ANY as select $x; select h(1), h('a'), h(2.5)"),
        ["1,\"a\",2.500000"]
    );
}

#[test]
fn declared_columns_of_views_and_functions_are_checked() {
    for (script, message) in [
        (
            "create perfetto view v(a LONG, b LONG, c LONG) as select 1 as a",
            "the columns `b`, `c` are declared, but the query does not give them",
        ),
        (
            "create perfetto view v(a LONG) as select 'x' as a, 1 as b",
            "the query gives a column `b` that is not declared",
        ),
        (
            "create perfetto view v(a STRING) as select dur as a from slice",
            "the column `a` is declared as STRING, but the query gives whole numbers",
        ),
        (
            "create perfetto function f(x LONG) returns table(a LONG, b STRING) as select $x as a, 1.5 as b",
            "in the function `f`: the column `b` is declared as STRING, but the query gives real numbers",
        ),
        (
            "create perfetto function f() returns table(a LONG, b LONG) as select 1 as a",
            "in the function `f`: 2 columns are declared, and the query gives 1",
        ),
        (
            "create perfetto function f() returns table(a LONG, b LONG) as select 1 as a, 2 as c",
            "in the function `f`: the column `b` is declared, and the query gives `c` in its place",
        ),
    ] {
        assert_eq!(error(script).to_string(), message, "{script}");
    }
    assert_eq!(
        rows(
            "create perfetto view v(a LONG, b DOUBLE, c STRING) as select id as a, dur as b, name as c from slice; \
              select a, c from v limit 1"
        ),
        ["0,\"aten::mm\""]
    );
    assert_eq!(
        rows(
            "create perfetto function f(x LONG) returns table(a LONG, b STRING) as select $x + 1, name as b from slice; \
              select a, b from f(1) limit 1"
        ),
        ["2,\"aten::mm\""]
    );
}
