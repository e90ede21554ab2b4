//! Errors: what went wrong, where, and what was probably meant.

use kinetoscope_sql::SqlError;

use super::drawn::{error, session};

#[test]
fn an_unknown_column_is_pointed_at_and_the_nearest_is_named() {
    assert_eq!(
        error("select ts,\n       nme\nfrom slice").report(),
        "no such column: `nme`\nline 2:        nme\n               ^^^\n\nhint: did you mean `name`?"
    );
    assert_eq!(
        error("select s.nam from slice s join thread t on s.id = t.id").report(),
        "no such column: `s.nam`\nline 1: select s.nam from slice s join thread t on s.id = t.id\n               ^^^^^\n\nhint: did you mean `name`?"
    );
}

#[test]
fn an_unknown_table_is_pointed_at_and_the_nearest_is_named() {
    assert_eq!(
        error("select * from slcie").report(),
        "no such table: `slcie`\nline 1: select * from slcie\n                      ^^^^^\n\nhint: did you mean `slice` or `slices`?"
    );
    assert_eq!(
        error("select * from zzzzzz").report(),
        "no such table: `zzzzzz`\nline 1: select * from zzzzzz\n                      ^^^^^^\n\nhint: `kinetoscope query --schema` lists all tables"
    );
    assert!(matches!(error("select * from other.slice"), SqlError::UnknownTable { .. }));
    // Names of our own are nobody's to know.
    assert_eq!(error("select * from __slices").hint().as_deref(), Some("did you mean `slices` or `slice`?"));
}

#[test]
fn an_unknown_function_is_pointed_at_and_the_nearest_is_named() {
    assert_eq!(
        error("select lenght(name) from slice").report(),
        "no such function: `lenght`\nline 1: select lenght(name) from slice\n               ^^^^^^\n\nhint: did you mean `length`?"
    );
}

#[test]
fn a_mistake_in_the_language_is_pointed_at() {
    let report = error("select name\nfrom slice\nwhere dur > > 5").report();
    assert_eq!(report, "expected an expression, found >\nline 3: where dur > > 5\n                    ^");
    assert_eq!(
        error("select 1 +").report(),
        "expected an expression, found the end of the text\nline 1: select 1 +\n                  ^"
    );
    assert_eq!(
        error("selct 1").report(),
        "expected a statement such as `SELECT`, found `selct`\nline 1: selct 1\n        ^^^^^"
    );
    assert_eq!(
        error("select 1 2").report(),
        "expected the end of the statement, found `2`\nline 1: select 1 2\n                 ^"
    );
    let report = error("select 'abc").report();
    assert!(report.contains("line 1: select 'abc\n               ^"), "{report}");
}

#[test]
fn what_would_write_is_refused_by_name() {
    for (script, statement) in [
        ("insert into slice values (1)", "INSERT"),
        ("update slice set dur = 0", "UPDATE"),
        ("delete from slice", "DELETE"),
        ("copy slice to '/tmp/x.csv'", "COPY"),
        ("create external table t stored as csv location '/etc/passwd'", "CREATE EXTERNAL"),
        ("attach 'x.db' as x", "ATTACH"),
        ("truncate table slice", "TRUNCATE"),
        ("alter table slice add column x int", "ALTER"),
    ] {
        match error(script) {
            SqlError::ReadOnly { statement: found, place: Some(place) } => {
                assert_eq!((found.as_str(), place.line, place.column), (statement, 1, 1), "{script}");
            }
            other => panic!("{script} gives {other:?}"),
        }
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    for (script, statement) in [
        ("set datafusion.execution.batch_size = 1", "SET"),
        ("analyze slice", "ANALYZE"),
        ("begin transaction", "BEGIN"),
        ("prepare p as select 1", "PREPARE"),
        ("show tables", "SHOW"),
        ("create function f() returns int return 1", "CREATE FUNCTION"),
    ] {
        match error(script) {
            SqlError::Unsupported { statement: found, .. } => assert_eq!(found, statement, "{script}"),
            other => panic!("{script} gives {other:?}"),
        }
    }
    // What hides a write behind a word that reads.
    for script in [
        "explain insert into slice values (1)",
        "explain analyze delete from slice",
        "select * into t from slice",
        "explain create view v as select 1",
    ] {
        let error = error(script);
        let is_refused = matches!(
            error,
            SqlError::Unsupported { .. }
                | SqlError::ReadOnly { .. }
                | SqlError::Syntax { .. }
                | SqlError::Invalid { .. }
        );
        assert!(is_refused, "{script} gives {error:?}");
    }
}

#[test]
fn no_file_is_a_table() {
    for script in [
        "select * from '/etc/passwd'",
        "select * from \"/etc/passwd\"",
        "select * from read_csv('/etc/passwd')",
        "select * from 'x.csv'",
    ] {
        let error = error(script);
        assert!(
            matches!(error, SqlError::UnknownTable { .. } | SqlError::Invalid { .. } | SqlError::Syntax { .. }),
            "{script} gives {error:?}"
        );
    }
}

#[test]
fn a_name_of_two_tables_is_ambiguous() {
    assert_eq!(
        error("select name from slice join thread on slice.id = thread.id").to_string(),
        "`name` could be a column of more than one table"
    );
}

#[test]
fn what_fails_on_a_row_is_an_error_of_the_run() {
    match error("select json_extract(name, '$.a') from slice") {
        SqlError::Execution { message } => assert_eq!(message, "malformed JSON"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn messages_are_one_line() {
    for script in [
        "select sum(name, 1) from slice",
        "select printf() from slice",
        "select abs('a', 'b')",
        "select max(dur), sum(max(dur)) from slice",
    ] {
        let error = error(script);
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
        assert!(matches!(error, SqlError::Invalid { .. }), "{script} gives {error:?}");
    }
}

#[test]
fn an_output_that_fails_stops_the_script() {
    let mut num_events = 0;
    let result = session().run("select 1; select 2", &mut |_| {
        num_events += 1;
        Err(std::io::ErrorKind::BrokenPipe.into())
    });
    assert!(matches!(result, Err(SqlError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe));
    assert_eq!(num_events, 1);
}
