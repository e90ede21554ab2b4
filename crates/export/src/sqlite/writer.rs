//! Puts rows into tables: a table's columns are given once, and each row has a cell for each of them.

use std::borrow::Cow;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};

use crate::ExportError;

/// A table with `N` columns, each with its type as sqlite wants it declared.
#[derive(Debug)]
pub(super) struct Table<const N: usize> {
    pub(super) name: &'static str,
    pub(super) columns: [&'static str; N],
    /// What stands behind the columns, such as a primary key.
    pub(super) constraint: &'static str,
}

impl<const N: usize> Table<N> {
    pub(super) const fn new(name: &'static str, columns: [&'static str; N]) -> Self {
        Self { name, columns, constraint: "" }
    }

    /// The names of the columns. One that is the number of the row is not among them: sqlite fills it.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let columns = self.columns.iter().filter(|column| !is_row_number(column));
        columns.map(|column| column.split(' ').next().unwrap_or_default())
    }

    fn create(&self) -> String {
        format!("CREATE TABLE {} ({}{})", self.name, self.columns.join(", "), self.constraint)
    }

    fn insert(&self) -> String {
        let names: Vec<String> = self.names().map(|name| format!("\"{name}\"")).collect();
        let marks = ", ?".repeat(names.len());
        format!("INSERT INTO {} (rowid, {}) VALUES (?{marks})", self.name, names.join(", "))
    }
}

fn is_row_number(column: &str) -> bool {
    column.ends_with("PRIMARY KEY")
}

/// A table of which only the kind of rows matters, not how many columns they have.
pub(super) trait AnyTable: Sync {
    fn name(&self) -> &'static str;
    fn make(&self, writer: &Writer<'_>) -> Result<(), ExportError>;
}

impl<const N: usize> AnyTable for Table<N> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn make(&self, writer: &Writer<'_>) -> Result<(), ExportError> {
        writer.create(self)
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'t> {
    Null,
    Int(i64),
    Real(f64),
    Text(Cow<'t, str>),
}

impl From<i64> for Cell<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Cell<'_> {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Cell<'_> {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<f64> for Cell<'_> {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl<'t> From<&'t str> for Cell<'t> {
    fn from(value: &'t str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl<'t> From<Cow<'t, str>> for Cell<'t> {
    fn from(value: Cow<'t, str>) -> Self {
        Self::Text(value)
    }
}

impl From<String> for Cell<'_> {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

impl<'t, T: Into<Cell<'t>>> From<Option<T>> for Cell<'t> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// Makes tables in a database.
#[derive(Debug)]
pub(super) struct Writer<'c> {
    connection: &'c Connection,
    made: std::cell::RefCell<Vec<&'static str>>,
}

impl<'c> Writer<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection, made: std::cell::RefCell::default() }
    }

    /// True when the table was made.
    pub(super) fn has(&self, table: &str) -> bool {
        self.made.borrow().iter().any(|made| made.eq_ignore_ascii_case(table))
    }

    fn create<const N: usize>(&self, table: &Table<N>) -> Result<(), ExportError> {
        if !self.has(table.name) {
            self.connection.execute_batch(&table.create())?;
            self.made.borrow_mut().push(table.name);
        }
        Ok(())
    }

    /// Makes a table, unless it is there, and takes its rows.
    pub(super) fn table<const N: usize>(&self, table: &Table<N>) -> Result<Rows<'c, N>, ExportError> {
        self.create(table)?;
        let statement = self.connection.prepare(&table.insert())?;
        Ok(Rows { statement, has_row_number: table.columns.iter().any(|column| is_row_number(column)) })
    }
}

/// Takes the rows of a table.
pub(super) struct Rows<'c, const N: usize> {
    statement: Statement<'c>,
    has_row_number: bool,
}

impl<const N: usize> Rows<'_, N> {
    /// Adds a row under its number. The cell of a column that is this number is not looked at.
    pub(super) fn push(&mut self, number: i64, cells: [Cell<'_>; N]) -> Result<(), ExportError> {
        self.statement.raw_bind_parameter(1, number)?;
        let skipped = usize::from(self.has_row_number);
        for (index, cell) in cells.iter().skip(skipped).enumerate() {
            self.statement.raw_bind_parameter(index + 2, cell)?;
        }
        self.statement.raw_execute()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_a_row_may_be_a_column() {
        const TABLE: Table<2> = Table::new("T", ["id INTEGER NOT NULL PRIMARY KEY", "value TEXT"]);
        let connection = Connection::open_in_memory().expect("memory is there");
        let writer = Writer::new(&connection);
        let mut rows = writer.table(&TABLE).expect("a new table");
        rows.push(0, [Cell::Null, Cell::from("first")]).expect("a new number");
        rows.push(7, [Cell::Null, Cell::Null]).expect("a new number");
        assert!(rows.push(7, [Cell::Null, Cell::Null]).is_err(), "the number is taken");
        drop(rows);
        let ids: Vec<i64> = connection
            .prepare("SELECT id FROM T ORDER BY id")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .expect("rows");
        assert_eq!(ids, [0, 7]);
        assert!(writer.has("t") && !writer.has("U"));
    }
}
