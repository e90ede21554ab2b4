//! Scripts: several statements, what gives a result and what does not.

use kinetoscope_sql::SqlError;

use super::drawn::{csv, print_as, session};
use kinetoscope_sql::format::Format;

#[test]
fn every_statement_with_a_result_gives_one() {
    assert_eq!(
        csv(
            &session(),
            "-- first\nselect 1 as a; ;\n select id from slice where id > 99;\n/* last */ select 'x;y' as b; -- end"
        ),
        "\"a\"\n1\n\n\"id\"\n\n\"b\"\n\"x;y\"\n"
    );
    assert_eq!(csv(&session(), "  -- nothing but a comment\n"), "");
}

#[test]
fn views_and_tables_of_a_script_last_as_long_as_the_session() {
    let session = session();
    assert_eq!(csv(&session, "create view Long_Ones as select id, dur as DurNs from slice where dur > 60"), "");
    assert_eq!(csv(&session, "select * from long_ones where durns < 400"), "\"id\",\"durns\"\n2,300\n3,64\n");
    assert_eq!(
        csv(&session, "create table kept as select id from long_ones; select count(*) as n from kept"),
        "\"n\"\n3\n"
    );
    assert_eq!(
        csv(&session, "create table if not exists kept as select 1 as id; select count(*) as n from kept"),
        "\"n\"\n3\n"
    );
    assert_eq!(
        csv(&session, "create or replace view long_ones as select 1 as x; select * from long_ones"),
        "\"x\"\n1\n"
    );
    assert_eq!(csv(&session, "drop view long_ones; drop table kept; drop table if exists kept"), "");
    assert!(matches!(print_as(&session, Format::Csv, "select * from kept"), Err(SqlError::UnknownTable { .. })));
    assert_eq!(csv(&session, "create temp table t as select 1 as x; select x from t"), "\"x\"\n1\n");
}

#[test]
fn the_first_statements_run_although_the_last_is_wrong() {
    let session = session();
    let mut columns = Vec::new();
    let error = session
        .run("select 1 as a; select nope from slice; select 2 as b", &mut |event| {
            if let kinetoscope_sql::ResultEvent::Begin(schema) = event {
                columns.push(schema.field(0).name().clone());
            }
            Ok(())
        })
        .expect_err("the second statement is wrong");
    assert_eq!(columns, ["a"]);
    assert!(matches!(error, SqlError::UnknownColumn { name, .. } if name == "nope"));
    // The same for a text without an end, which is no token.
    let mut num_results = 0;
    let result = session.run("select 1; select 'abc", &mut |event| {
        num_results += usize::from(matches!(event, kinetoscope_sql::ResultEvent::End));
        Ok(())
    });
    assert!(matches!(result, Err(SqlError::Syntax { .. })));
    assert_eq!(num_results, 1);
}

#[test]
fn names_of_the_trace_cannot_be_taken() {
    let session = session();
    for script in [
        "create view slice as select 1 as x",
        "create or replace table thread as select 1 as x",
        "drop view slice",
        "drop table gpu_op",
        "create view other.v as select 1 as x",
        "create view v as select 1 as x; create view v as select 2 as x",
        "drop view never_made",
    ] {
        assert!(matches!(print_as(&session, Format::Csv, script), Err(SqlError::Invalid { .. })), "{script}");
    }
    assert_eq!(csv(&session, "select count(*) as n from slice"), "\"n\"\n6\n");
}

#[test]
fn explain_gives_a_row_per_line_and_analyze_runs() {
    let session = session();
    let plan = csv(&session, "explain select name from slice where name like '%m%'");
    assert!(plan.starts_with("\"plan_type\",\"plan\"\n"), "{plan}");
    assert!(
        plan.contains("\n\"physical_plan\",\"ScanExec: table=slice, columns=[name], partitions=1, per_text="),
        "{plan}"
    );
    let analyzed = csv(&session, "explain analyze select count(*) from slice where dur > 60");
    assert!(analyzed.contains("output_rows=3"), "{analyzed}");
}
