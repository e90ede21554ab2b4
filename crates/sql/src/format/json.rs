//! JSON: one object per row, either in an array per result or one to a line.
//!
//! Numbers keep every digit; what JSON has no number for (NaN, the infinities) is `null`. A blob is its bytes in
//! hexadecimal.

use std::collections::HashSet;
use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::SetWriter;
use super::cell::{Cell, Cells, hex};

/// Writes JSON.
#[derive(Debug)]
pub(super) struct Json {
    is_array: bool,
    /// `"name":` of each column, ready to be written.
    keys: Vec<String>,
    num_rows: u64,
    /// Reused from batch to batch.
    buffer: Vec<u8>,
}

impl Json {
    /// An array per result.
    pub(super) fn array() -> Self {
        Self { is_array: true, keys: Vec::new(), num_rows: 0, buffer: Vec::new() }
    }

    /// A line per row.
    pub(super) fn lines() -> Self {
        Self { is_array: false, ..Self::array() }
    }
}

impl SetWriter for Json {
    fn begin(&mut self, out: &mut dyn Write, schema: &SchemaRef) -> io::Result<()> {
        self.num_rows = 0;
        self.keys = unique_names(schema)
            .iter()
            .map(|name| Ok(serde_json::to_string(name)? + ":"))
            .collect::<io::Result<_>>()?;
        if self.is_array { out.write_all(b"[") } else { Ok(()) }
    }

    fn batch(&mut self, out: &mut dyn Write, batch: &RecordBatch) -> io::Result<()> {
        let cells = Cells::new(batch)?;
        self.buffer.clear();
        for row in 0..cells.num_rows() {
            match (self.is_array, self.num_rows) {
                (false, _) => {}
                (true, 0) => self.buffer.push(b'\n'),
                (true, _) => self.buffer.extend_from_slice(b",\n"),
            }
            self.num_rows += 1;
            self.buffer.push(b'{');
            for (index, (key, cell)) in self.keys.iter().zip(cells.row(row)).enumerate() {
                if index > 0 {
                    self.buffer.push(b',');
                }
                self.buffer.extend_from_slice(key.as_bytes());
                write_cell(&mut self.buffer, cell)?;
            }
            self.buffer.push(b'}');
            if !self.is_array {
                self.buffer.push(b'\n');
            }
        }
        out.write_all(&self.buffer)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match (self.is_array, self.num_rows) {
            (false, _) => Ok(()),
            (true, 0) => out.write_all(b"]\n"),
            (true, _) => out.write_all(b"\n]\n"),
        }
    }
}

/// The names of the columns, with a number behind one that an earlier column has too: a key counts once in JSON.
fn unique_names(schema: &SchemaRef) -> Vec<String> {
    let mut taken = HashSet::new();
    let unique = |name: &String| {
        let numbered = (1..).map(|number| format!("{name}:{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
        free.unwrap_or_default()
    };
    schema.fields().iter().map(|field| field.name()).map(unique).collect()
}

fn write_cell(buffer: &mut Vec<u8>, cell: Cell<'_>) -> io::Result<()> {
    match cell {
        Cell::Null => buffer.write_all(b"null"),
        Cell::Int(value) => write!(buffer, "{value}"),
        Cell::UInt(value) => write!(buffer, "{value}"),
        Cell::Real(value) => Ok(serde_json::to_writer(buffer, &value)?),
        Cell::Bool(value) => write!(buffer, "{}", u8::from(value)),
        Cell::Text(text) => Ok(serde_json::to_writer(buffer, text)?),
        Cell::Bytes(bytes) => write!(buffer, "\"{}\"", hex(bytes)),
    }
}
