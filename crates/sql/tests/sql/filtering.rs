//! Conditions on tables that scripts make, with SQLite as the oracle: coercion in `IN` and comparisons, `LIKE` with
//! `LIMIT`, null against the empty text, `OFFSET` and `DISTINCT`.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::drawn::{csv, session};

/// A table for each type of column, with nulls, duplicates and texts that are almost numbers.
const TABLES: [(&str, &str, &str); 4] = [
    // The last is the first whole number that no real one is.
    ("i", "INTEGER", "(1), (2), (null), (3), (-5), (2), (9007199254740993)"),
    ("r", "REAL", "(1.0), (2.5), (null), (-0.5), (2.5), (1e18)"),
    ("t", "TEXT", "('1'), ('2.0'), (null), (''), ('abc'), ('ABC'), ('a%c'), ('10'), ('abc')"),
    ("s", "TEXT", "('b'), ('a'), (null), ('a'), ('c')"),
];

const CONDITIONS: [&str; 46] = [
    "v = 1",
    "v = '1'",
    "v = 1.0",
    "v = '1.0'",
    "v <> 2",
    "v > '2'",
    "v < 2.5",
    "v >= '2.0'",
    "v <= ''",
    "v > ''",
    "v = ''",
    "v <> ''",
    "v is ''",
    "v is not ''",
    "v is null",
    "v is not null",
    "v = null",
    "v is 2",
    "v in (1, 2)",
    "v in ('1', '2')",
    "v in (1, '2', null)",
    "v not in (1, 2)",
    "v not in (1, null)",
    "v in (null)",
    "v in (2.5, 3)",
    "v in ('abc', '')",
    "v in ('2.0')",
    "v in (2.0)",
    "v in ()",
    "v not in ()",
    "v in (9007199254740993)",
    "v = 9007199254740992.0",
    "v > 1e17",
    "v between 1 and 2",
    "v between '1' and '2'",
    "v not between 0 and 2",
    "v like '%b%'",
    "v like 'ABC'",
    "v like 'a\\%c' escape '\\'",
    "v not like 'a%'",
    "v like '1%'",
    "v like null",
    "v glob 'a*'",
    "v glob '[0-9]*'",
    "v",
    "not v",
];

#[test]
fn sqlite_finds_the_same_rows() {
    let connection = Connection::open_in_memory().expect("a database in memory");
    let session = session();
    for (table, kind, values) in TABLES {
        connection
            .execute_batch(&format!("CREATE TABLE {table}(v {kind}); INSERT INTO {table} VALUES {values}"))
            .expect("SQLite makes the table");
        let cast = format!("CAST(column1 AS {kind}) AS v");
        csv(&session, &format!("CREATE PERFETTO TABLE {table} AS SELECT {cast} FROM (VALUES {values})"));
    }
    let mut differences = Vec::new();
    let mut num_rows = 0;
    for (table, kind, _) in TABLES {
        for condition in CONDITIONS {
            for shape in [
                "select v from {t} where {c}",
                "select v from {t} where {c} limit 2",
                "select v from {t} where {c} limit 2 offset 1",
                "select distinct v from {t} where {c} order by v",
                "select distinct v from {t} where {c} order by v desc limit 1 offset 1",
                "select count(*) from {t} where {c} or v is null",
                "select v from {t} where not ({c}) order by v limit -1 offset 1",
            ] {
                let query = shape.replace("{t}", table).replace("{c}", condition);
                let mut statement = connection.prepare(&query).expect("SQLite knows the query");
                let mut found = statement.query([]).expect("SQLite runs the query");
                let mut expected = Vec::new();
                while let Some(row) = found.next().expect("SQLite answers") {
                    expected.push(match row.get_ref(0).expect("a column") {
                        ValueRef::Null => "\"[NULL]\"".to_owned(),
                        ValueRef::Integer(value) => value.to_string(),
                        ValueRef::Real(value) => format!("{value:.6}"),
                        ValueRef::Text(text) => format!("\"{}\"", String::from_utf8_lossy(text)),
                        ValueRef::Blob(_) => "a blob".to_owned(),
                    });
                }
                num_rows += expected.len();
                let printed = csv(&session, &query);
                let ours: Vec<&str> = printed.lines().skip(1).collect();
                if ours != expected {
                    differences.push(format!("{query} on {kind}: {ours:?} here, {expected:?} there"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(num_rows > 1000, "{num_rows} rows");
}
