//! A report's rows as typed cells, before any layout.
//!
//! A trace report has a row for each of millions of operations and some twenty columns, so a table holds the rows that a
//! report works with, in their printing order, and each column knows how to get its cell from one: cells come and go
//! while a layout writes them, and nothing is held twice.

use std::borrow::Cow;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Nothing is known or nothing applies.
    Empty,
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number, in the column's unit.
    Int(i64),
    /// A number that came of a division, in the column's unit.
    Real(f64),
}

impl<'a> Cell<'a> {
    /// Text that outlives the table.
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A number that may be unknown.
    pub fn int<T: Into<i64>>(value: Option<T>) -> Self {
        value.map_or(Self::Empty, |value| Self::Int(value.into()))
    }

    /// A division that may have had nothing to divide.
    pub fn real(value: Option<f64>) -> Self {
        value.map_or(Self::Empty, Self::Real)
    }
}

/// What the numbers of a column measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: counts, ids.
    None,
    /// Text.
    Text,
    /// Percent.
    Percent,
    /// Nanoseconds.
    Nanos,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
}

/// A column: its heading, its unit, and how a row becomes its cell.
pub(super) struct Column<'a, R> {
    /// Heading without the unit.
    pub name: &'static str,
    /// Unit.
    pub unit: Unit,
    cell: Box<dyn for<'r> Fn(&'r R) -> Cell<'r> + 'a>,
}

/// The heading of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    /// Name without the unit.
    pub name: &'static str,
    /// Unit.
    pub unit: Unit,
}

/// Rows and columns, whatever the rows are.
pub trait Table {
    /// The columns from left to right.
    fn headings(&self) -> Vec<Heading>;
    /// Number of rows.
    fn num_rows(&self) -> usize;
    /// The cells of a row from left to right.
    fn cells(&self, row: usize) -> Vec<Cell<'_>>;
    /// Leaves only the first `num_rows` rows.
    fn truncate(&mut self, num_rows: usize);
}

/// A table of rows of one type.
pub(super) struct Rows<'a, R> {
    rows: Vec<R>,
    columns: Vec<Column<'a, R>>,
}

impl<'a, R> Rows<'a, R> {
    /// A table without columns.
    pub(super) fn new(rows: Vec<R>) -> Self {
        Self { rows, columns: Vec::new() }
    }

    /// Adds a column at the right.
    #[must_use]
    pub(super) fn column(
        mut self,
        name: &'static str,
        unit: Unit,
        cell: impl for<'r> Fn(&'r R) -> Cell<'r> + 'a,
    ) -> Self {
        self.columns.push(Column { name, unit, cell: Box::new(cell) });
        self
    }

    /// Adds a column at the right where `is_wanted`.
    #[must_use]
    pub(super) fn column_if(
        self,
        is_wanted: bool,
        name: &'static str,
        unit: Unit,
        cell: impl for<'r> Fn(&'r R) -> Cell<'r> + 'a,
    ) -> Self {
        if is_wanted { self.column(name, unit, cell) } else { self }
    }
}

impl<R> Table for Rows<'_, R> {
    fn headings(&self) -> Vec<Heading> {
        self.columns.iter().map(|column| Heading { name: column.name, unit: column.unit }).collect()
    }

    fn num_rows(&self) -> usize {
        self.rows.len()
    }

    fn cells(&self, row: usize) -> Vec<Cell<'_>> {
        self.columns.iter().map(|column| (column.cell)(&self.rows[row])).collect()
    }

    fn truncate(&mut self, num_rows: usize) {
        self.rows.truncate(num_rows);
    }
}
