//! SQLite beside us: the same script there and here, compared as CSV, so that the kind of every value counts.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::drawn::{csv, session};

/// What SQLite gives for `query` after `setup`, printed as our CSV.
pub(crate) fn sqlites(setup: &str, query: &str) -> String {
    let connection = Connection::open_in_memory().expect("a database in memory");
    connection.execute_batch(setup).expect("SQLite takes the setup");
    let mut statement = connection.prepare(query).unwrap_or_else(|error| panic!("`{query}`: {error}"));
    let names: Vec<String> = statement.column_names().map(|name| format!("\"{name}\"")).collect();
    let mut out = names.join(",") + "\n";
    let num_columns = names.len();
    let mut rows = statement.query([]).expect("SQLite runs the query");
    while let Some(row) = rows.next().unwrap_or_else(|error| panic!("`{query}`: {error}")) {
        let cell = |column: usize| match row.get_ref(column).expect("a column") {
            ValueRef::Null => "\"[NULL]\"".to_owned(),
            ValueRef::Integer(value) => value.to_string(),
            ValueRef::Real(value) => format!("{value:.6}"),
            ValueRef::Text(text) => format!("\"{}\"", String::from_utf8_lossy(text)),
            ValueRef::Blob(_) => "\"<raw bytes>\"".to_owned(),
        };
        out += &((0..num_columns).map(cell).collect::<Vec<_>>().join(",") + "\n");
    }
    out
}

/// Checks that both give the same for each query.
pub(crate) fn assert_same(setup: &str, queries: &[&str]) {
    for query in queries {
        let ours = csv(&session(), &format!("{setup};{query}"));
        assert_eq!(ours, sqlites(setup, query), "{query}");
    }
}
