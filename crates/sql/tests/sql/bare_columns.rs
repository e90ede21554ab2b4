//! Columns beside aggregates that are not grouped by: the row they are from.

use rusqlite::Connection;

use super::drawn::{csv, error, session};

fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn the_only_min_or_max_says_the_row() {
    assert_eq!(rows("select max(dur), name from slice"), ["500,\"aten::mm\""]);
    assert_eq!(rows("select name, max(dur) from slice where dur < 500"), ["\"sgemm\",300"]);
    // Of two of duration 0 the first.
    assert_eq!(rows("select min(dur), id, name || '!' from slice"), ["0,4,\"Memset (Device)!\""]);
    assert_eq!(
        rows("select track_id, max(dur) as longest, name, count(*) from slice group by track_id order by longest"),
        ["1,300,\"sgemm\",3", "0,500,\"aten::mm\",3"]
    );
    // The row that the filter leaves.
    assert_eq!(
        rows("select max(dur) filter (where id > 2), name from slice"),
        ["64,\"Memcpy HtoD (Pageable -> Device)\""]
    );
    assert_eq!(rows("select max(dur), max(dur) + 1, name from slice"), ["500,501,\"aten::mm\""]);
    // Nulls are no largest value, and without any other the first row counts.
    assert_eq!(rows("select max(x), y from (values (null, 'a'), (1, 'b')) t(x, y)"), ["1,\"b\""]);
    assert_eq!(rows("select max(x), y from (values (null, 'a'), (null, 'b')) t(x, y)"), ["\"[NULL]\",\"a\""]);
    assert_eq!(rows("select max(id), name from slice where 0"), ["\"[NULL]\",\"[NULL]\""]);
}

#[test]
fn without_one_the_first_row_of_the_group_counts() {
    assert_eq!(
        rows("select track_id, name, count(*) from slice group by track_id"),
        ["0,\"aten::mm\",3", "1,\"sgemm\",3"]
    );
    assert_eq!(rows("select min(dur), max(dur), name from slice"), ["0,500,\"aten::mm\""]);
    assert_eq!(rows("select id, sum(dur) from slice where id > 1"), ["2,364"]);
    assert_eq!(
        rows("select s.track_id, s.name, t.type from slice s join track t on t.id = s.track_id group by s.track_id"),
        ["0,\"aten::mm\",\"thread_execution\"", "1,\"sgemm\",\"thread_execution\""]
    );
}

#[test]
fn bare_columns_stand_in_every_clause_of_a_select() {
    assert_eq!(
        rows("select category, max(dur) as m from slice group by 1 having m > 50 and id < 3"),
        ["\"cpu_op\",500", "\"kernel\",300"]
    );
    assert_eq!(rows("select count(*) from slice group by track_id order by dur"), ["3", "3"]);
    assert_eq!(rows("select track_id from slice group by track_id order by max(ts), name desc"), ["1", "0"]);
    assert_eq!(
        rows("select t.*, max(s.dur), s.name from slice s join (select 1 as a, 0 as b) t on s.track_id = t.b"),
        ["1,0,500,\"aten::mm\""]
    );
    assert_eq!(rows("select *, count(*) from (select id, dur from slice where id > 2)"), ["3,64,3"]);
    assert_eq!(rows("select x from (select max(dur), name as x from slice)"), ["\"aten::mm\""]);
    assert_eq!(rows("select 1, 'one' union all select max(dur), name from slice"), ["1,\"one\"", "500,\"aten::mm\""]);
    assert_eq!(rows("select (select name from slice order by id desc), max(dur), name from slice").len(), 1);
    // A name that nothing has is still one.
    assert_eq!(error("select max(dur), nmae from slice").hint().as_deref(), Some("did you mean `name`?"));
}

/// The rows where SQLite promises which one it takes, from SQLite itself.
#[test]
fn sqlite_takes_the_same_rows() {
    let data = "(values (1, 5, 'a'), (1, 9, 'b'), (2, 9, 'c'), (2, null, 'd'), (3, null, 'e'), (1, 9, 'f'))";
    let connection = Connection::open_in_memory().expect("a database in memory");
    for query in [
        "select max(x), y from t",
        "select min(x), y, k from t",
        "select k, y, max(x) from t where k < 3 group by k order by k",
        "select k, y || k, min(x) from t where x notnull group by k order by k",
        "select k, y from t group by k having max(x) > 5 order by k",
        "select max(x) as m, k + 1, y from t where k < 3",
        "select y, count(*), max(x) from t where x notnull group by x order by x",
    ] {
        let query = format!("with t(k, x, y) as {data} {query}");
        let mut statement = connection.prepare(&query).expect("SQLite knows the query");
        let num_columns = statement.column_count();
        let expected: Vec<String> = statement
            .query_map([], |row| {
                let cell = |column: usize| -> rusqlite::Result<String> {
                    Ok(match row.get::<_, rusqlite::types::Value>(column)? {
                        rusqlite::types::Value::Null => "\"[NULL]\"".to_owned(),
                        rusqlite::types::Value::Integer(value) => value.to_string(),
                        rusqlite::types::Value::Text(text) => format!("\"{text}\""),
                        other => format!("{other:?}"),
                    })
                };
                Ok((0..num_columns).map(cell).collect::<rusqlite::Result<Vec<_>>>()?.join(","))
            })
            .and_then(Iterator::collect)
            .expect("SQLite answers");
        assert_eq!(rows(&query), expected, "{query}");
    }
}
