//! CSV as Perfetto's shell prints it, which its tests and people's scripts compare with.
//!
//! Texts stand between double quotes and are not escaped, null is `"[NULL]"`, a real number has six decimals, a blob is
//! `"<raw bytes>"`, and a blank line parts two results.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::SetWriter;
use super::cell::{Cell, Cells};

const NULL: &[u8] = b"\"[NULL]\"";

/// Writes CSV.
#[derive(Debug, Default)]
pub(super) struct Csv {
    has_written: bool,
    /// Reused from batch to batch.
    buffer: Vec<u8>,
}

impl SetWriter for Csv {
    fn begin(&mut self, out: &mut dyn Write, schema: &SchemaRef) -> io::Result<()> {
        if std::mem::replace(&mut self.has_written, true) {
            out.write_all(b"\n")?;
        }
        let names: Vec<String> = schema.fields().iter().map(|field| format!("\"{}\"", field.name())).collect();
        writeln!(out, "{}", names.join(","))
    }

    fn batch(&mut self, out: &mut dyn Write, batch: &RecordBatch) -> io::Result<()> {
        let cells = Cells::new(batch)?;
        self.buffer.clear();
        for row in 0..cells.num_rows() {
            for (index, cell) in cells.row(row).enumerate() {
                if index > 0 {
                    self.buffer.push(b',');
                }
                write_cell(&mut self.buffer, cell)?;
            }
            self.buffer.push(b'\n');
        }
        out.write_all(&self.buffer)
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

fn write_cell(buffer: &mut Vec<u8>, cell: Cell<'_>) -> io::Result<()> {
    match cell {
        Cell::Null => buffer.write_all(NULL),
        Cell::Int(value) => write!(buffer, "{value}"),
        Cell::UInt(value) => write!(buffer, "{value}"),
        // SQLite has no NaN: it is null there.
        Cell::Real(value) if value.is_nan() => buffer.write_all(NULL),
        Cell::Real(value) => write!(buffer, "{value:.6}"),
        // Nor has it truth values.
        Cell::Bool(value) => write!(buffer, "{}", u8::from(value)),
        Cell::Text(text) => write!(buffer, "\"{text}\""),
        Cell::Bytes(_) => buffer.write_all(b"\"<raw bytes>\""),
    }
}
