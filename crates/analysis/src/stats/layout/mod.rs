//! Layouts: how a report's table becomes text.
//!
//! `column` and `csv` are nsys's to the byte, since people parse both; the others are for people and programs that want
//! something else of the same table. Every layout writes rows as they come and looks ahead no further than nsys does.

use std::io::{self, Write};
use std::str::FromStr;

use super::number::{push_tenths, push_thousandths};
use super::report_table::{Cell, Heading, Table, Unit};

mod boxed;
mod column;
mod json;
mod markdown;
mod separated;

/// A layout with its arguments, e.g. `column:nohdr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Which.
    pub kind: LayoutKind,
    /// Headings above the columns.
    pub has_header: bool,
    /// Columns as wide as their longest cell, and not 100 characters at most.
    pub is_unlimited: bool,
}

/// The layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayoutKind {
    /// Columns that line up, as nsys prints on a console.
    Column,
    /// Columns in boxes.
    Table,
    /// Values parted by commas.
    Csv,
    /// Values parted by tabs.
    Tsv,
    /// An array of objects, in nanoseconds and bytes.
    Json,
    /// A table of Markdown.
    Markdown,
}

impl LayoutKind {
    /// All of them with their names.
    pub const ALL: [(&'static str, Self); 6] = [
        ("column", Self::Column),
        ("table", Self::Table),
        ("csv", Self::Csv),
        ("tsv", Self::Tsv),
        ("json", Self::Json),
        ("markdown", Self::Markdown),
    ];

    /// True when advice and headings of reports stand between the tables; the other layouts are for programs.
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Column | Self::Table | Self::Markdown)
    }
}

impl From<LayoutKind> for Layout {
    fn from(kind: LayoutKind) -> Self {
        Self { kind, has_header: true, is_unlimited: false }
    }
}

/// Why a layout's name cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutError {
    /// There is no such layout.
    UnknownName(String),
    /// The layout has no such argument.
    UnknownArgument(String),
}

impl std::fmt::Display for LayoutError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownName(name) => {
                let names: Vec<&str> = LayoutKind::ALL.iter().map(|(name, _)| *name).collect();
                write!(f, "there is no format `{name}`; there are {}", names.join(", "))
            }
            Self::UnknownArgument(argument) => {
                write!(f, "a format has no argument `{argument}`; there are `nohdr` and `nolimit`")
            }
        }
    }
}

impl std::error::Error for LayoutError {}

impl FromStr for Layout {
    type Err = LayoutError;

    fn from_str(text: &str) -> Result<Self, LayoutError> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let found = LayoutKind::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let mut layout = Self::from(found.ok_or_else(|| LayoutError::UnknownName(name.to_owned()))?.1);
        for argument in parts {
            match argument {
                "nohdr" => layout.has_header = false,
                "nolimit" => layout.is_unlimited = true,
                _ => return Err(LayoutError::UnknownArgument(argument.to_owned())),
            }
        }
        Ok(layout)
    }
}

/// The unit that times are printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeUnit {
    /// Nanoseconds.
    #[default]
    Nanos,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Seconds.
    Secs,
}

impl TimeUnit {
    /// The unit whose name begins with `text`, e.g. `msec` or `milli`, or whose sign it is.
    pub fn find(text: &str) -> Option<Self> {
        const NAMES: [(&str, &[&str], TimeUnit); 4] = [
            ("nanoseconds", &["ns", "nsec"], TimeUnit::Nanos),
            ("microseconds", &["us", "µs", "usec"], TimeUnit::Micros),
            ("milliseconds", &["ms", "msec"], TimeUnit::Millis),
            ("seconds", &["s", "sec"], TimeUnit::Secs),
        ];
        let text = text.to_ascii_lowercase();
        let by_sign = NAMES.iter().find(|(_, signs, _)| signs.contains(&text.as_str()));
        // A prefix that several names have says nothing.
        let mut by_prefix = NAMES.iter().filter(|(name, ..)| !text.is_empty() && name.starts_with(&text));
        by_sign.or_else(|| by_prefix.next().filter(|_| by_prefix.next().is_none())).map(|(.., unit)| *unit)
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Nanos => "ns",
            Self::Micros => "us",
            Self::Millis => "ms",
            Self::Secs => "s",
        }
    }

    fn nanos(self) -> f64 {
        match self {
            Self::Nanos => 1.0,
            Self::Micros => 1e3,
            Self::Millis => 1e6,
            Self::Secs => 1e9,
        }
    }
}

/// nsys's megabyte.
const BYTES_PER_MEGABYTE: f64 = 1e6;

/// Appends the heading of a column with its unit.
fn push_heading(out: &mut String, heading: Heading, time_unit: TimeUnit) {
    out.push_str(heading.name);
    match heading.unit {
        Unit::None | Unit::Text => {}
        Unit::Percent => out.push_str(" (%)"),
        Unit::Nanos => {
            out.push_str(" (");
            out.push_str(time_unit.sign());
            out.push(')');
        }
        Unit::Bytes => out.push_str(" (MB)"),
        Unit::BytesPerSecond => out.push_str(" (MB/s)"),
    }
}

/// Appends a cell.
fn push_cell(out: &mut String, cell: &Cell<'_>, unit: Unit, time_unit: TimeUnit) {
    let divisor = match unit {
        Unit::Nanos => time_unit.nanos(),
        Unit::Bytes | Unit::BytesPerSecond => BYTES_PER_MEGABYTE,
        Unit::None | Unit::Text | Unit::Percent => 1.0,
    };
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => out.push_str(text),
        Cell::Int(value) if divisor > 1.0 => push_thousandths(out, *value as f64, divisor),
        Cell::Real(value) if divisor > 1.0 => push_thousandths(out, *value, divisor),
        Cell::Int(value) => out.push_str(&value.to_string()),
        Cell::Real(value) => push_tenths(out, *value),
    }
}

/// The text of a cell.
fn cell_text(cell: &Cell<'_>, unit: Unit, time_unit: TimeUnit) -> String {
    let mut text = String::new();
    push_cell(&mut text, cell, unit, time_unit);
    text
}

/// The heading of a column with its unit.
fn heading_text(heading: Heading, time_unit: TimeUnit) -> String {
    let mut text = String::new();
    push_heading(&mut text, heading, time_unit);
    text
}

/// Names come out of files: control characters are written as escapes, so that a name of two lines stays in its row and a
/// trace cannot steer the terminal that shows it.
fn push_printable(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
}

impl Layout {
    /// Writes a table. Headings and advice of its report are not part of it.
    pub fn write(self, table: &dyn Table, time_unit: TimeUnit, out: &mut dyn Write) -> io::Result<()> {
        match self.kind {
            LayoutKind::Column => column::write(table, self, time_unit, out),
            LayoutKind::Table => boxed::write(table, self, time_unit, out),
            LayoutKind::Csv => separated::write_csv(table, self, time_unit, out),
            LayoutKind::Tsv => separated::write_tsv(table, self, time_unit, out),
            LayoutKind::Json => json::write(table, out),
            LayoutKind::Markdown => markdown::write(table, self, time_unit, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::report_table::Rows;

    /// A number that may be missing and a text.
    pub(super) fn table(rows: &[(Option<i64>, &'static str)]) -> Rows<'static, (Option<i64>, &'static str)> {
        Rows::new(rows.to_vec())
            .column("Time", Unit::Nanos, |row: &(Option<i64>, &'static str)| Cell::int(row.0))
            .column("Name", Unit::Text, |row: &(Option<i64>, &'static str)| Cell::text(row.1))
    }

    pub(super) fn written(layout: &str, time_unit: TimeUnit, table: &dyn Table) -> String {
        let mut out = Vec::new();
        layout.parse::<Layout>().unwrap().write(table, time_unit, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn units_go_by_prefix_and_sign() {
        for (text, unit) in [
            ("nsec", TimeUnit::Nanos),
            ("nano", TimeUnit::Nanos),
            ("us", TimeUnit::Micros),
            ("micro", TimeUnit::Micros),
            ("MS", TimeUnit::Millis),
            ("milliseconds", TimeUnit::Millis),
            ("s", TimeUnit::Secs),
            ("seconds", TimeUnit::Secs),
        ] {
            assert_eq!(TimeUnit::find(text), Some(unit), "{text}");
        }
        for text in ["", "m", "minutes", "nsecs"] {
            assert_eq!(TimeUnit::find(text), None, "{text}");
        }
    }

    #[test]
    fn layouts_have_arguments() {
        let layout: Layout = "column:nohdr:nolimit".parse().unwrap();
        assert_eq!(layout, Layout { kind: LayoutKind::Column, has_header: false, is_unlimited: true });
        assert_eq!("CSV".parse(), Ok(Layout::from(LayoutKind::Csv)));
        assert_eq!("excel".parse::<Layout>(), Err(LayoutError::UnknownName("excel".to_owned())));
        assert_eq!("csv:bold".parse::<Layout>(), Err(LayoutError::UnknownArgument("bold".to_owned())));
    }

    #[test]
    fn other_units_have_three_decimals() {
        let table = table(&[(Some(1_234_567), "a"), (None, "b")]);
        assert_eq!(written("csv", TimeUnit::Millis, &table), "Time (ms),Name\n1.235,a\n,b\n");
        assert_eq!(written("csv:nohdr", TimeUnit::Nanos, &table), "1234567,a\n,b\n");
    }
}
