//! SQLite as the oracle: the same generated queries over the same generated tables, there and here.
//!
//! Values are small and sometimes missing, texts sometimes look like numbers, so that the rules between kinds of values
//! decide many rows. Whether a number is shown as whole or as real is not compared: a choice or a set of both kinds of
//! numbers gives real ones here.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use kinetoscope_model::TraceBuilder;
use kinetoscope_sql::format::{Format, ResultWriter};
use kinetoscope_sql::{ResultEvent, Session, SessionOptions};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// Tables, each with queries of its own.
const NUM_TABLES: u64 = 12;
/// Queries over each table.
const NUM_QUERIES: u64 = 45;
/// Deepest nesting of expressions.
const MAX_DEPTH: u32 = 3;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.throw(items.len() as u64) as usize]
    }
}

const INTS: [&str; 8] = ["NULL", "0", "1", "2", "3", "-1", "-7", "100"];
const REALS: [&str; 8] = ["NULL", "0.0", "0.5", "1.0", "2.5", "-1.5", "3.0", "1e10"];
const TEXTS: [&str; 12] =
    ["NULL", "''", "'a'", "'ab'", "'ABC'", "'b%'", "'1'", "'2.5'", "'2x'", "' 3 '", "'a_b'", "'zz'"];
const COLUMNS: [(&str, &str); 5] = [("i", "INTEGER"), ("j", "INTEGER"), ("r", "REAL"), ("t", "TEXT"), ("u", "TEXT")];

/// Writes expressions whose columns are those of `table`.
struct Writer<'a> {
    dice: &'a mut Dice,
    table: &'static str,
}

impl Writer<'_> {
    fn column(&mut self, names: &[&str]) -> String {
        let name = self.dice.pick(names);
        format!("{}.{name}", self.table)
    }

    fn int(&mut self, depth: u32) -> String {
        match self.dice.throw(if depth == 0 { 3 } else { 22 }) {
            0 => self.dice.pick(&INTS[1..]).to_owned(),
            1 | 2 => self.column(&["i", "j"]),
            3 | 4 => {
                let op = self.dice.pick(&["+", "-", "*", "/", "%"]);
                format!("({} {op} {})", self.int(depth - 1), self.int(depth - 1))
            }
            5 => {
                let op = self.dice.pick(&["&", "|"]);
                format!("({} {op} {})", self.int(depth - 1), self.int(depth - 1))
            }
            6 => format!("({} << {})", self.int(depth - 1), self.dice.throw(5)),
            7 => format!("({} >> {})", self.int(depth - 1), self.dice.throw(5)),
            8 => format!("(~{})", self.int(depth - 1)),
            9 => format!("length({})", self.text(depth - 1)),
            10 => format!("instr({}, {})", self.text(depth - 1), self.text(0)),
            11 => format!("unicode({})", self.text(depth - 1)),
            12 => format!("CAST({} AS INTEGER)", self.any(depth - 1)),
            13 => format!("coalesce({}, {})", self.int(depth - 1), self.int(depth - 1)),
            14 => format!("iif({}, {}, {})", self.truth(depth - 1), self.int(depth - 1), self.int(depth - 1)),
            15 => {
                let name = self.dice.pick(&["min", "max"]);
                format!("{name}({}, {})", self.int(depth - 1), self.int(depth - 1))
            }
            16 => format!("nullif({}, {})", self.int(depth - 1), self.int(0)),
            17 => format!("abs({})", self.int(depth - 1)),
            18 => format!("sign({})", self.number(depth - 1)),
            19 => format!("(({}) + 1)", self.truth(depth - 1)),
            20 => format!(
                "CASE {} WHEN {} THEN 1 WHEN {} THEN 2 ELSE 3 END",
                self.column(&["i", "t"]),
                self.any(0),
                self.any(0)
            ),
            _ => format!("ifnull({}, {})", self.int(depth - 1), self.dice.throw(9)),
        }
    }

    fn real(&mut self, depth: u32) -> String {
        match self.dice.throw(if depth == 0 { 3 } else { 9 }) {
            0 => self.dice.pick(&REALS[1..]).to_owned(),
            1 | 2 => self.column(&["r"]),
            3 | 4 => {
                let op = self.dice.pick(&["+", "-", "*", "/"]);
                format!("({} {op} {})", self.real(depth - 1), self.number(depth - 1))
            }
            5 => format!("CAST({} AS REAL)", self.any(depth - 1)),
            6 => format!("round({})", self.number(depth - 1)),
            7 => format!("({} + {})", self.text(depth - 1), self.number(depth - 1)),
            _ => format!("CASE WHEN {} THEN {} ELSE {} END", self.any(depth - 1), self.real(depth - 1), self.real(0)),
        }
    }

    fn number(&mut self, depth: u32) -> String {
        if self.dice.throw(3) == 0 { self.real(depth) } else { self.int(depth) }
    }

    fn text(&mut self, depth: u32) -> String {
        match self.dice.throw(if depth == 0 { 3 } else { 15 }) {
            0 => self.dice.pick(&TEXTS[1..]).to_owned(),
            1 | 2 => self.column(&["t", "u"]),
            3 => format!("({} || {})", self.text(depth - 1), self.any(depth - 1)),
            4 => format!("upper({})", self.text(depth - 1)),
            5 => format!("lower({})", self.text(depth - 1)),
            6 | 7 => {
                let start = self.dice.throw(9) as i64 - 4;
                let length = self.dice.throw(7) as i64 - 2;
                format!("substr({}, {start}, {length})", self.text(depth - 1))
            }
            8 => format!("trim({})", self.text(depth - 1)),
            9 => format!("replace({}, 'a', 'xy')", self.text(depth - 1)),
            10 => format!("CAST({} AS TEXT)", self.int(depth - 1)),
            11 => format!("hex({})", self.text(depth - 1)),
            12 => format!("quote({})", self.text(depth - 1)),
            13 => format!("typeof({})", self.column(&["i", "r", "t"])),
            _ => {
                let format = self.dice.pick(&["'%d|%s'", "'%5d|%-4s|'", "'%+d|%.2s'", "'%x|%Q'"]);
                format!("printf({format}, {}, {})", self.int(depth - 1), self.text(depth - 1))
            }
        }
    }

    /// A value of any kind.
    fn any(&mut self, depth: u32) -> String {
        match self.dice.throw(3) {
            0 => self.int(depth),
            // Not every real number that both compute is written with the same 15 digits.
            1 => self.dice.pick(&["1.5", "2.0", "-0.25"]).to_owned(),
            _ => self.text(depth),
        }
    }

    /// What has no type to offer, or a column: the two cases of a comparison.
    fn side(&mut self, depth: u32) -> String {
        match self.dice.throw(4) {
            0 => self.column(&["i", "r", "t", "u"]),
            1 => self.number(depth),
            2 => self.text(depth),
            _ => self.any(depth),
        }
    }

    fn truth(&mut self, depth: u32) -> String {
        if depth == 0 {
            let op = self.dice.pick(&["=", "<", ">", "<>"]);
            return format!("({} {op} {})", self.side(0), self.side(0));
        }
        match self.dice.throw(12) {
            0..=3 => {
                let op = self.dice.pick(&["=", "==", "<>", "!=", "<", "<=", ">", ">=", "IS", "IS NOT"]);
                format!("({} {op} {})", self.side(depth - 1), self.side(depth - 1))
            }
            4 => format!("({} AND {})", self.truth(depth - 1), self.truth(depth - 1)),
            5 => format!("({} OR {})", self.truth(depth - 1), self.any(depth - 1)),
            6 => format!("(NOT {})", self.side(depth - 1)),
            7 => {
                let what = self.dice.pick(&["ISNULL", "NOTNULL", "IS NULL", "IS NOT NULL"]);
                format!("({} {what})", self.side(depth - 1))
            }
            8 => format!("({} BETWEEN {} AND {})", self.side(depth - 1), self.side(0), self.side(0)),
            9 => {
                let not = self.dice.pick(&["", "NOT "]);
                let pattern = self.dice.pick(&["'a%'", "'%B%'", "'_b'", "'2%'", "'%\\%'"]);
                format!("({} {not}LIKE {pattern})", self.text(depth - 1))
            }
            10 => {
                let pattern = self.dice.pick(&["'a*'", "'[A-Z]*'", "'?'", "'*b%'"]);
                format!("({} GLOB {pattern})", self.text(depth - 1))
            }
            _ => {
                let not = self.dice.pick(&["", "NOT "]);
                format!(
                    "({} {not}IN ({}, {}, {}))",
                    self.column(&["i", "r", "t"]),
                    self.any(0),
                    self.any(0),
                    self.any(0)
                )
            }
        }
    }
}

/// One query; its rows are compared in any order unless it sorts them by all columns.
fn query(dice: &mut Dice) -> String {
    let kind = dice.throw(9);
    let mut a = Writer { dice, table: "a" };
    match kind {
        0 | 1 => {
            let (x, y, z) = (a.int(MAX_DEPTH), a.text(MAX_DEPTH), a.truth(MAX_DEPTH));
            format!("SELECT {x} AS x, {y} AS y, {z} AS z FROM data a WHERE {}", a.truth(MAX_DEPTH))
        }
        2 => {
            let (x, y) = (a.real(MAX_DEPTH), a.int(MAX_DEPTH));
            let (link, not) = (a.dice.pick(&["AND", "OR"]), a.dice.pick(&["", "NOT "]));
            let inner = a.truth(1).replace("a.", "b.");
            let condition = a.any(MAX_DEPTH);
            format!(
                "SELECT {x} AS x, {y} AS y FROM data a \
                 WHERE {condition} {link} a.i {not}IN (SELECT b.j FROM data b WHERE {inner})"
            )
        }
        3 => {
            let (key, x, y) = (a.column(&["i", "t", "j"]), a.int(1), a.text(1));
            let having = a.dice.pick(&["count(*) > 1", "n > 1", "max(a.i) > 0", "total(a.j)"]);
            format!(
                "SELECT {key} AS k, count(*) AS n, count({x}), sum({x}), total({x}), min({y}), max({y}), avg(a.r) \
                 FROM data a GROUP BY 1 HAVING {having}"
            )
        }
        4 => {
            let key = a.int(1);
            format!(
                "SELECT (a.j + {key}) AS k, sum(a.i > 0), count(DISTINCT a.t) FROM data a WHERE k IS NOT 0 GROUP BY k"
            )
        }
        5 => {
            let join = a.dice.pick(&["JOIN", "LEFT JOIN"]);
            let (x, condition) = (a.int(2), a.truth(1));
            format!("SELECT {x} AS x, b.t AS y FROM data a {join} data b ON a.i = b.j AND {condition}")
        }
        6 => {
            let (x, y) = (a.int(2), a.text(2));
            let (limit, skip) = (a.dice.throw(6), a.dice.throw(4));
            let direction = a.dice.pick(&["", "DESC"]);
            format!("SELECT {x} AS x, {y} AS y FROM data a ORDER BY 1 {direction}, y LIMIT {skip}, {limit}")
        }
        7 => {
            let op = a.dice.pick(&["UNION", "UNION ALL", "EXCEPT", "INTERSECT"]);
            let (x, condition) = (a.int(1), a.truth(1));
            format!("SELECT {x} AS x, a.t AS y FROM data a WHERE {condition} {op} SELECT a.j, a.u FROM data a")
        }
        _ => {
            let x = a.int(1);
            format!(
                "SELECT DISTINCT x, sum(x) OVER (PARTITION BY k) AS s, rank() OVER (ORDER BY x) AS p \
                 FROM (SELECT {x} AS x, a.i AS k FROM data a)"
            )
        }
    }
}

/// A number in a form in which whole and real ones are the same, and in which the last digits do not count.
fn number_text(value: f64) -> String {
    if value == 0.0 { "0".to_owned() } else { format!("{value:.10e}") }
}

fn ours(session: &Session, query: &str) -> Result<Vec<String>, String> {
    let results = session.collect(query).map_err(|error| error.report())?;
    let mut rows = Vec::new();
    for batch in results.iter().flat_map(|(_, batches)| batches) {
        let columns: Vec<Vec<String>> = batch.columns().iter().map(cells).collect();
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().fold(String::new(), |line, column| line + &column[row] + "|"));
        }
    }
    Ok(rows)
}

fn cells(column: &ArrayRef) -> Vec<String> {
    match column.data_type() {
        DataType::LargeBinary => mixed_cells(column),
        _ => (0..column.len()).map(|row| cell(column, row)).collect(),
    }
}

/// Values of several kinds in one column, which JSON tells apart.
fn mixed_cells(column: &ArrayRef) -> Vec<String> {
    let batch = RecordBatch::try_from_iter([("c", Arc::clone(column))]).expect("a batch of one column");
    let mut printed = Vec::new();
    let mut writer = ResultWriter::new(Format::Ndjson, &mut printed);
    for event in [ResultEvent::Begin(batch.schema()), ResultEvent::Batch(batch), ResultEvent::End] {
        writer.write(event).expect("JSON is written");
    }
    let lines = String::from_utf8(printed).expect("JSON is a text");
    let cell = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        match &row["c"] {
            serde_json::Value::Null => "NULL".to_owned(),
            serde_json::Value::String(text) => format!("'{text}'"),
            number => number_text(number.as_f64().expect("a number")),
        }
    };
    lines.lines().map(cell).collect()
}

fn cell(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return "NULL".to_owned();
    }
    match column.data_type() {
        DataType::Int64 => number_text(column.as_primitive::<Int64Type>().value(row) as f64),
        DataType::Float64 => number_text(column.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => number_text(f64::from(u8::from(column.as_boolean().value(row)))),
        DataType::Utf8 => format!("'{}'", column.as_string::<i32>().value(row)),
        data_type if data_type.is_integer() => {
            let whole = arrow_cast::cast(column, &DataType::Int64).expect("a whole number");
            number_text(whole.as_primitive::<Int64Type>().value(row) as f64)
        }
        _ => {
            let text = arrow_cast::cast(column, &DataType::Utf8).expect("a column that has a text");
            format!("'{}'", text.as_string::<i32>().value(row))
        }
    }
}

fn sqlites(connection: &Connection, query: &str) -> Result<Vec<String>, String> {
    let mut statement = connection.prepare(query).map_err(|error| error.to_string())?;
    let num_columns = statement.column_count();
    let mut found = statement.query([]).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(|error| error.to_string())? {
        let mut line = String::new();
        for column in 0..num_columns {
            match row.get_ref(column).map_err(|error| error.to_string())? {
                ValueRef::Null => line.push_str("NULL"),
                ValueRef::Integer(value) => line.push_str(&number_text(value as f64)),
                ValueRef::Real(value) => line.push_str(&number_text(value)),
                ValueRef::Text(text) => write!(line, "'{}'", String::from_utf8_lossy(text)).expect("a text grows"),
                ValueRef::Blob(bytes) => write!(line, "{bytes:?}").expect("a text grows"),
            }
            line.push('|');
        }
        rows.push(line);
    }
    Ok(rows)
}

#[test]
fn sqlite_gives_the_same_rows() {
    let mut differences = Vec::new();
    let mut num_rows = 0;
    let mut num_queries = 0;
    for table in 0..NUM_TABLES {
        let mut dice = Dice(table * 1000);
        let values: Vec<String> = (0..6 + dice.throw(20))
            .map(|_| {
                let int = |dice: &mut Dice| dice.pick(&INTS);
                let (i, j) = (int(&mut dice), int(&mut dice));
                format!("({i}, {j}, {}, {}, {})", dice.pick(&REALS), dice.pick(&TEXTS), dice.pick(&TEXTS))
            })
            .collect();
        let values = values.join(", ");
        let connection = Connection::open_in_memory().expect("a database in memory");
        let declared: Vec<String> = COLUMNS.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        connection
            .execute_batch(&format!("CREATE TABLE data({}); INSERT INTO data VALUES {values}", declared.join(", ")))
            .expect("SQLite makes the table");
        let session =
            Session::new(Arc::new(TraceBuilder::default().seal()), SessionOptions::default()).expect("a session");
        let cast =
            |(index, (name, kind)): (usize, &(&str, &str))| format!("CAST(column{} AS {kind}) AS {name}", index + 1);
        let columns: Vec<String> = COLUMNS.iter().enumerate().map(cast).collect();
        session
            .collect(&format!("CREATE TABLE data AS SELECT {} FROM (VALUES {values})", columns.join(", ")))
            .expect("the table is made here");
        for _ in 0..NUM_QUERIES {
            let query = query(&mut dice);
            let (mut expected, mut found) = match (sqlites(&connection, &query), ours(&session, &query)) {
                (Ok(expected), Ok(found)) => (expected, found),
                // Only what SQLite answers has to be answered.
                (Err(_), _) => continue,
                (Ok(_), Err(error)) => {
                    differences.push(format!("{query}\n  fails here: {error}"));
                    continue;
                }
            };
            num_queries += 1;
            num_rows += expected.len();
            if !query.contains("ORDER BY 1") {
                expected.sort();
                found.sort();
            }
            if expected != found {
                let at =
                    expected.iter().zip(&found).position(|(a, b)| a != b).unwrap_or(expected.len().min(found.len()));
                differences.push(format!(
                    "{query}\n  {} rows there, {} here; first difference: {:?} there, {:?} here",
                    expected.len(),
                    found.len(),
                    expected.get(at),
                    found.get(at)
                ));
            }
        }
    }
    let shown: Vec<&str> = differences.iter().take(12).map(String::as_str).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), shown.join("\n"));
    assert!(
        num_queries * 10 > NUM_TABLES * NUM_QUERIES * 9 && num_rows > 1000,
        "{num_queries} queries, {num_rows} rows"
    );
}
