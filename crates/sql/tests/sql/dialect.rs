//! The dialect: what SQLite's and Perfetto's users type, read as they mean it.

use kinetoscope_sql::{ResultEvent, Session, SessionOptions};

use super::drawn::{csv, session, trace};

/// The only value of a query's only row.
fn value(query: &str) -> String {
    let printed = csv(&session(), query);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 2, "{query} gives {printed}");
    lines[1].to_owned()
}

/// The values of a query's only column.
fn column(query: &str) -> Vec<String> {
    csv(&session(), query).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn like_ignores_case_and_takes_a_backslash_for_what_it_is() {
    for (expression, expected) in [
        ("'Memcpy' like 'MEMCPY'", "1"),
        ("'Memcpy' like 'mem%'", "1"),
        ("'Memcpy' like 'm_mcpy'", "1"),
        ("'Memcpy' not like '%X%'", "1"),
        ("'a\\b' like 'a\\b'", "1"),
        ("'ab' like 'a\\b'", "0"),
        ("'50%' like '50\\%'", "0"),
        ("'50%' like '50\\%' escape '\\'", "1"),
        ("'50x' like '50!%' escape '!'", "0"),
        ("'50%' like '50!%' escape '!'", "1"),
        ("'a\\b' like 'a' || '\\' || '%'", "1"),
        ("'50%' like '50' || '!' || '%' escape '!'", "1"),
        ("null like 'a'", "\"[NULL]\""),
    ] {
        assert_eq!(value(&format!("select {expression}")), expected, "{expression}");
    }
}

#[test]
fn glob_and_regexp_are_operators() {
    assert_eq!(
        column("select name from slice where name glob 'Mem*'"),
        ["\"Memcpy HtoD (Pageable -> Device)\"", "\"Memset (Device)\""]
    );
    assert_eq!(column("select name from slice where name glob 'mem*'"), Vec::<String>::new());
    assert_eq!(column("select name from slice where name not glob '*[ae]*'"), Vec::<String>::new());
    assert_eq!(column("select name from slice where name glob '*::*' and dur > 0"), ["\"aten::mm\""]);
    assert_eq!(
        column("select name from slice where name regexp '^a.*m$' or name regexp 'gemm'"),
        ["\"aten::mm\"", "\"sgemm\""]
    );
    assert_eq!(column("select id from slice where name not regexp '[A-Z]'"), ["0", "2"]);
    assert_eq!(value("select glob('a*', 'abc') and not 'abc' glob 'b*'"), "1");
}

#[test]
fn double_quotes_are_a_text_when_nothing_has_the_name() {
    assert_eq!(column("select id from slice where category = \"kernel\""), ["2"]);
    assert_eq!(column("select id from slice where name like \"%MEMCPY%\""), ["3"]);
    assert_eq!(column("select \"name\" from slice where id = 2"), ["\"sgemm\""]);
    assert_eq!(column("select \"NAME\" from slice where id = 2"), ["\"sgemm\""]);
    assert_eq!(column("select id from slice where category in (\"kernel\", \"gpu_memcpy\") order by id"), ["2", "3"]);
    assert_eq!(column("select \"a B\" || name from slice where id = 2"), ["\"a Bsgemm\""]);
    assert_eq!(
        column("select case when category = \"kernel\" then \"K\" else \"-\" end from slice where id < 3"),
        ["\"-\"", "\"-\"", "\"K\""]
    );
    // A backtick and a bracket always mean a name.
    assert_eq!(column("select `name` from slice where [id] = 2"), ["\"sgemm\""]);
}

#[test]
fn names_are_compared_without_case_and_shown_as_typed() {
    let session = session();
    assert_eq!(
        csv(&session, "SELECT Name, DUR as DurNs FROM Slice WHERE ID = 2"),
        "\"name\",\"DurNs\"\n\"sgemm\",300\n"
    );
    assert_eq!(
        csv(&session, "select DurNs from (select dur as \"DurNs\" from slice) order by DURNS desc limit 1"),
        "\"DurNs\"\n500\n"
    );
    assert_eq!(
        csv(
            &session,
            "select Cat as \"The category\", count(*) from slice group by \"the CATEGORY\" having Cat = 'kernel'"
        ),
        "\"The category\",\"count(*)\"\n\"kernel\",1\n"
    );
    assert_eq!(csv(&session, "select * from (select 1 as oneTwo)"), "\"oneTwo\"\n1\n");
}

#[test]
fn a_column_without_a_name_is_named_by_its_text() {
    let session = session();
    assert_eq!(
        csv(&session, "select  COUNT( * ), max(dur)/2,1, 'x' from slice"),
        "\"COUNT( * )\",\"max(dur)/2\",\"1\",\"'x'\"\n6,250,1,\"x\"\n"
    );
    assert_eq!(
        csv(&session, "select count(*), count(*), 1, 1 from slice"),
        "\"count(*)\",\"count(*)\",\"1\",\"1\"\n6,6,1,1\n"
    );
    assert_eq!(
        csv(&session, "select id, id, name, name from slice where id = 2"),
        "\"id\",\"id\",\"name\",\"name\"\n2,2,\"sgemm\",\"sgemm\"\n"
    );
    assert_eq!(
        csv(&session, "select *, name from trace_bounds, (select 5 as name)"),
        "\"start_ts\",\"end_ts\",\"name\",\"name\"\n1000000,1001000,5,5\n"
    );
    assert_eq!(csv(&session, "select \"max(dur)\" from (select max(dur) from slice)"), "\"max(dur)\"\n500\n");
    assert_eq!(
        csv(&session, "select id is distinct from 2, 3 from slice where id = 2"),
        "\"id is distinct from 2\",\"3\"\n0,3\n"
    );
    assert_eq!(csv(&session, "select 1 as a union all select 2"), "\"a\"\n1\n2\n");
}

#[test]
fn words_of_the_language_are_columns_too() {
    assert_eq!(
        csv(
            &session(),
            "select end, type, cat, key, value, start from (select 1 as end, 2 as type, 3 cat, 4 as key, 5 value, 6 as start)"
        ),
        "\"end\",\"type\",\"cat\",\"key\",\"value\",\"start\"\n1,2,3,4,5,6\n"
    );
    assert_eq!(column("select type from track where id = 2"), ["\"process_counter\""]);
}

#[test]
fn casts_go_by_what_the_name_of_the_type_contains() {
    assert_eq!(value("select cast(5000000000 as int)"), "5000000000");
    assert_eq!(value("select cast(dur as real) / 8 from slice where id = 2"), "37.500000");
    assert_eq!(value("select cast(dur as text) || 'ns' from slice where id = 2"), "\"300ns\"");
}

#[test]
fn sqlites_smaller_habits_are_understood() {
    assert_eq!(column("select id from slice limit 1, 2"), ["1", "2"]);
    assert_eq!(column("select id from slice limit -1 offset 4"), ["4", "5"]);
    assert_eq!(column("select id from main.slice where id == 2"), ["2"]);
    assert_eq!(column("select id from slice where parent_id notnull"), ["1"]);
    assert_eq!(value("select ifnull(null, 3), coalesce(null, 4)"), "3,4");
    assert_eq!(value("select 7 / 2"), "3");
    assert_eq!(value("select 1 << 4 | 1"), "17");
    assert_eq!(
        value("with recursive n(x) as (select 1 union all select x + 1 from n where x < 10) select sum(x) from n"),
        "55"
    );
    assert_eq!(value("select count(*) filter (where dur > 60) from slice"), "3");
    assert_eq!(value("select sum(x) over w from (select 1 as x) window w as (order by x)"), "1");
    assert_eq!(value("select name from slice group by name having count(*) > 1 union all select 'none'"), "\"none\"");
    assert_eq!(value("select (select max(dur) from slice) - 1"), "499");
    assert_eq!(
        value("with a as materialized (select 1 as x), b as not materialized (select 2 as y) select x + y from a, b"),
        "3"
    );
    assert_eq!(value("select group_concat(distinct substr(name, 1, 1)) from slice"), "\"a,c,s,M,I\"");
    assert_eq!(column("select id from slice where id in ()"), Vec::<String>::new());
    assert_eq!(column("values (1), (2)"), ["1", "2"]);
}

#[test]
fn null_sorts_before_everything() {
    assert_eq!(column("select category from slice order by category limit 2"), ["\"[NULL]\"", "\"cpu_op\""]);
    assert_eq!(column("select category from slice order by category desc limit 1"), ["\"kernel\""]);
    assert_eq!(
        column("select category from slice order by category desc").last().map(String::as_str),
        Some("\"[NULL]\"")
    );
}

#[test]
fn windows_see_rows_in_order_of_time() {
    let query = "select name, dur - lag(dur) over (partition by track_id order by ts) as d from slice order by ts";
    let expected = "\"name\",\"d\"\n\"aten::mm\",\"[NULL]\"\n\"cudaLaunchKernel\",-450\n\"sgemm\",\"[NULL]\"\n\
        \"Memcpy HtoD (Pageable -> Device)\",-236\n\"Memset (Device)\",-64\n\"Iteration Start\",-50\n";
    assert_eq!(csv(&session(), query), expected);
}

#[test]
fn names_may_be_used_as_texts_in_functions_and_aggregates() {
    assert_eq!(
        value("select min(name) || ' ' || max(category) || ' ' || count(distinct category) from slice"),
        "\"Iteration Start kernel 5\""
    );
    assert_eq!(column("select upper(substr(name, 1, 4)) from slice where length(name) < 6"), ["\"SGEM\""]);
    assert_eq!(column("select coalesce(category, 'none') from slice where id > 3"), ["\"gpu_memset\"", "\"none\""]);
    assert_eq!(
        column("select category from slice where id = 2 union all select name from slice where id = 2"),
        ["\"kernel\"", "\"sgemm\""]
    );
    assert_eq!(
        column("select a.id from slice a join slice b on a.category = b.category and a.id = b.id order by 1"),
        ["0", "1", "2", "3", "4"]
    );
    assert_eq!(
        column("select case when dur > 100 then name else category end from slice where id in (2, 3)"),
        ["\"sgemm\"", "\"gpu_memcpy\""]
    );
    assert_eq!(column("select lag(name) over (order by ts) from slice where id < 2"), ["\"[NULL]\"", "\"aten::mm\""]);
    assert_eq!(
        value("select string_agg(name, ',') from (select name from slice where id in (0, 2) order by id)"),
        "\"aten::mm,sgemm\""
    );
}

fn notes(session: &Session, script: &str) -> Vec<String> {
    let mut notes = Vec::new();
    session
        .run(script, &mut |event| {
            if let ResultEvent::Note(note) = event {
                notes.push(note);
            }
            Ok(())
        })
        .expect("the script runs");
    notes
}

#[test]
fn category_cuda_means_the_kernels_where_nothing_else_has_the_word() {
    let session = session();
    let kernels = csv(&session, "select name from slice where category = 'kernel'");
    assert_eq!(kernels, "\"name\"\n\"sgemm\"\n");
    for condition in [
        "category = \"cuda\"",
        "category = 'cuda'",
        "'cuda' == cat",
        "(slice.category = 'cuda' and dur >= 0) or id < 0",
    ] {
        let query = format!("select name from slice where {condition}");
        assert_eq!(csv(&session, &query), kernels, "{query}");
        assert_eq!(notes(&session, &query).len(), 1, "{query}");
    }
    let joined = "select s.name from slice s join track t on s.track_id = t.id where s.category = \"cuda\"";
    assert_eq!(csv(&session, joined), kernels);
}

#[test]
fn category_cuda_means_what_it_says_everywhere_else() {
    let session = session();
    for (query, expected) in [
        (
            "with c as (select 'cuda' as category) select category from c where category = 'cuda'",
            "\"category\"\n\"cuda\"\n",
        ),
        ("select name from slice where category != 'kernel' and name = 'cuda'", "\"name\"\n"),
        ("select category = 'cuda' as a from slice where category = 'kernel'", "\"a\"\n0\n"),
    ] {
        assert_eq!(csv(&session, query), expected, "{query}");
        assert_eq!(notes(&session, query), Vec::<String>::new(), "{query}");
    }
    let options = SessionOptions { is_strict: true, ..SessionOptions::default() };
    let strict = Session::new(trace(), options).expect("a session starts");
    let query = "select name from slice where category = \"cuda\"";
    assert_eq!((csv(&strict, query), notes(&strict, query).len()), ("\"name\"\n".to_owned(), 0));
}

#[test]
fn a_union_has_the_columns_of_its_first_query() {
    let rest = "select null as a, 2 as b where false union all values (10, 11)";
    assert_eq!(csv(&session(), rest), "\"a\",\"b\"\n10,11\n");
    assert_eq!(csv(&session(), &format!("{rest} union all select 5, 6")), "\"a\",\"b\"\n10,11\n5,6\n");
    assert_eq!(csv(&session(), &format!("select b from ({rest})")), "\"b\"\n11\n");
    assert_eq!(
        csv(&session(), &format!("create table t as {rest} union all values (0, 1); select a from t")),
        "\"a\"\n10\n0\n"
    );
    assert_eq!(csv(&session(), "select 1 as a where false union all select id from slice where id = 2"), "\"a\"\n2\n");
    assert_eq!(
        csv(&session(), "select id as a from slice where false union select dur from slice where id = 2"),
        "\"a\"\n300\n"
    );
}
