//! Aligned text for people: numbers on the right, as wide as the widest value, nothing cut.
//!
//! Widths come from the first rows. A later row with a longer value is written in full and stands out of line, which is
//! better than holding a large result in memory, and much better than a value with its end missing.

use std::borrow::Cow;
use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use unicode_width::UnicodeWidthStr;

use super::SetWriter;
use super::cell::{Cell, Cells, hex, is_number};

/// Rows that are held back to choose the widths.
const NUM_MEASURED_ROWS: usize = 10_000;

/// Between two columns.
const GAP: &str = "  ";

/// Writes aligned text.
#[derive(Debug, Default)]
pub(super) struct TextTable {
    has_written: bool,
    names: Vec<String>,
    is_number: Vec<bool>,
    /// Known once the first rows have been written.
    widths: Option<Vec<usize>>,
    held_back: Vec<Vec<String>>,
}

impl SetWriter for TextTable {
    fn begin(&mut self, out: &mut dyn Write, schema: &SchemaRef) -> io::Result<()> {
        if std::mem::replace(&mut self.has_written, true) {
            out.write_all(b"\n")?;
        }
        self.names = schema.fields().iter().map(|field| visible(field.name()).into_owned()).collect();
        self.is_number = schema.fields().iter().map(|field| is_number(field.data_type())).collect();
        self.widths = None;
        Ok(())
    }

    fn batch(&mut self, out: &mut dyn Write, batch: &RecordBatch) -> io::Result<()> {
        let cells = Cells::new(batch)?;
        for row in 0..cells.num_rows() {
            let texts: Vec<String> = cells.row(row).map(text_of).collect();
            if let Some(widths) = &self.widths {
                self.write_row(out, widths, &texts)?;
                continue;
            }
            self.held_back.push(texts);
            if self.held_back.len() >= NUM_MEASURED_ROWS {
                self.write_held_back(out)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.widths.is_none() { self.write_held_back(out) } else { Ok(()) }
    }
}

impl TextTable {
    fn write_held_back(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let rows = std::mem::take(&mut self.held_back);
        let mut widths: Vec<usize> = self.names.iter().map(|name| name.width()).collect();
        for row in &rows {
            for (width, text) in widths.iter_mut().zip(row) {
                *width = (*width).max(text.width());
            }
        }
        let lines: Vec<String> = widths.iter().map(|&width| "─".repeat(width)).collect();
        self.write_row(out, &widths, &self.names)?;
        self.write_row(out, &widths, &lines)?;
        for row in &rows {
            self.write_row(out, &widths, row)?;
        }
        self.widths = Some(widths);
        Ok(())
    }

    fn write_row(&self, out: &mut dyn Write, widths: &[usize], texts: &[String]) -> io::Result<()> {
        let mut line = String::new();
        for (index, ((text, &width), &is_number)) in texts.iter().zip(widths).zip(&self.is_number).enumerate() {
            if index > 0 {
                line.push_str(GAP);
            }
            let padding = " ".repeat(width.saturating_sub(text.width()));
            if is_number {
                line.push_str(&padding);
            }
            line.push_str(text);
            if !is_number {
                line.push_str(&padding);
            }
        }
        writeln!(out, "{}", line.trim_end())
    }
}

/// A value as people read it.
pub(super) fn text_of(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Int(value) => value.to_string(),
        Cell::UInt(value) => value.to_string(),
        Cell::Real(value) => value.to_string(),
        Cell::Bool(value) => value.to_string(),
        Cell::Text(text) => visible(text).into_owned(),
        Cell::Bytes(bytes) => format!("x'{}'", hex(bytes)),
    }
}

/// The text with line ends and other control characters written out, so that a row stays a line.
fn visible(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        let write_out = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
        return Cow::Owned(text.chars().map(write_out).collect());
    }
    Cow::Borrowed(text)
}
