//! `json_each` and `json_tree`, with SQLite as the oracle.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::drawn::{csv, error, session};

fn rows(script: &str) -> Vec<String> {
    csv(&session(), script).lines().skip(1).map(str::to_owned).collect()
}

/// The rows that SQLite gives, as CSV.
fn sqlites(query: &str) -> Vec<String> {
    let connection = Connection::open_in_memory().expect("a database in memory");
    let mut statement = connection.prepare(query).expect("SQLite knows the query");
    let num_columns = statement.column_count();
    let mut found = statement.query([]).expect("SQLite runs the query");
    let mut rows = Vec::new();
    while let Some(row) = found.next().expect("SQLite answers") {
        let cell = |column: usize| match row.get_ref(column).expect("a column") {
            ValueRef::Null => "\"[NULL]\"".to_owned(),
            ValueRef::Integer(value) => value.to_string(),
            ValueRef::Real(value) => format!("{value:.6}"),
            ValueRef::Text(text) => format!("\"{}\"", String::from_utf8_lossy(text)),
            other => format!("{other:?}"),
        };
        rows.push((0..num_columns).map(cell).collect::<Vec<_>>().join(","));
    }
    rows
}

#[test]
fn sqlite_finds_the_same_elements() {
    let texts = [
        "[10,\"a\",null,true,[1,[2]],{\"k\":{\"l\":3}}]",
        "{\"a\":1,\"b c\":[false],\"\":{\"x1\":\"y\"},\"1a\":2}",
        "[]",
        "{}",
        "5",
        "\"text\"",
        "null",
        "{\"a\":[{\"b\":1},{\"b\":[2,3]}]}",
        "[1,2.5,\"7\",9223372036854775807]",
    ];
    let paths = ["$", "$.a", "$[4]", "$[0]", "$.a[1].b", "$.\"b c\"", "$.none"];
    let mut num_rows = 0;
    for function in ["json_each", "json_tree"] {
        for text in texts {
            for path in paths {
                // Numbers of elements are SQLite's own business, so which one holds which is asked by name.
                let query = format!(
                    "select key, value, type, atom, fullkey, path, value + 1, value = '5', value > 4, typeof(key) \
                     from {function}('{text}', '{path}')"
                );
                let expected = sqlites(&query);
                num_rows += expected.len();
                assert_eq!(rows(&query), expected, "{query}");
                // The text as a column, whose elements nobody knows before.
                let query = query.replace(&format!("{function}('{text}', "), &format!("t, {function}(t.j, "));
                let query = format!("with t(j) as (values ('{text}'), ('[8]')) {query}");
                assert_eq!(rows(&query), sqlites(&query), "{query}");
            }
        }
    }
    assert!(num_rows > 60, "{num_rows} rows");
    let query = "select c.fullkey, p.fullkey from json_tree('{\"a\":[1,{\"b\":2}]}') c \
                 join json_tree('{\"a\":[1,{\"b\":2}]}') p on c.parent = p.id order by 1";
    assert_eq!(rows(query), sqlites(query));
}

#[test]
fn elements_of_a_constant_have_its_types() {
    assert_eq!(rows("select key, value, atom from json_each('[1,2]')"), ["0,1,1", "1,2,2"]);
    assert_eq!(rows("select value from json_each('[1,2.5]')"), ["1", "2.500000"]);
    assert_eq!(rows("select key, value from json_each('{\"a\":1,\"b\":\"x\"}')"), ["\"a\",1", "\"b\",\"x\""]);
    assert_eq!(rows("select sum(value) from json_each('[1,2,3]') where value > 1"), ["5"]);
}

#[test]
fn texts_may_be_columns_of_a_table_before() {
    let texts = "with t(id, j) as (values (1, '[10,20]'), (2, '[]'), (3, '{\"k\":5}'), (4, null))";
    assert_eq!(
        rows(&format!("{texts} select t.id, e.key, e.value from t, json_each(t.j) e")),
        ["1,0,10", "1,1,20", "3,\"k\",5"]
    );
    assert_eq!(
        rows(&format!("{texts} select t.id, value from t join json_each(j) where value >= 9")),
        ["1,10", "1,20"]
    );
    assert_eq!(
        rows(&format!("{texts} select t.id, sum(e.value) from t join json_each(j) e group by t.id")),
        ["1,30", "3,5"]
    );
    assert_eq!(
        rows(&format!("{texts} select t.id, e.value from t left join json_each(t.j) e on true")),
        ["1,10", "1,20", "2,\"[NULL]\"", "3,5", "4,\"[NULL]\""]
    );
    assert_eq!(rows(&format!("{texts} select t.id, value from t join json_each(t.j) e on e.key = 'k'")), ["3,5"]);
    assert_eq!(
        rows(
            "select s.id, e.fullkey, e.value from slice s join json_tree(__intrinsic_arg_set_to_json(s.arg_set_id)) e \
              where e.atom notnull and s.id = 0"
        ),
        [
            "0,\"$.args.\"External id\"\",5",
            "0,\"$.args.\"Input Dims\"[0][0]\",2",
            "0,\"$.args.\"Input Dims\"[0][1]\",3"
        ]
    );
    // Two levels, each beside the one before.
    assert_eq!(
        rows("select b.value from (select '[[1,2],[3]]' as j) t, json_each(t.j) a, json_each(a.value) b"),
        ["1", "2", "3"]
    );
    assert_eq!(rows("select value from json_each((select '[7]'))"), ["7"]);
    // In a sub-query, where the text belongs to the row outside.
    assert_eq!(
        rows(&format!("{texts} select t.id, (select sum(value) from json_each(t.j)) from t")),
        ["1,30", "2,\"[NULL]\"", "3,5", "4,\"[NULL]\""]
    );
    assert_eq!(
        rows(&format!("{texts} select t.id from t where exists (select 1 from json_each(t.j) where value = 20)")),
        ["1"]
    );
}

#[test]
fn what_is_no_json_is_said() {
    assert_eq!(error("select * from json_each('[1')").to_string(), "malformed JSON");
    assert_eq!(error("select * from json_each('[1]', 'x')").to_string(), "bad JSON path: `x`");
    assert_eq!(
        error("select * from json_each()").to_string(),
        "`json_each` takes a text and perhaps a path, not 0 arguments"
    );
}
