//! Markdown tables, for issues and notes.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use super::SetWriter;
use super::cell::{Cell, Cells, is_number};
use super::text_table::text_of;

/// Writes Markdown.
#[derive(Debug, Default)]
pub(super) struct Markdown {
    has_written: bool,
}

impl SetWriter for Markdown {
    fn begin(&mut self, out: &mut dyn Write, schema: &SchemaRef) -> io::Result<()> {
        if std::mem::replace(&mut self.has_written, true) {
            out.write_all(b"\n")?;
        }
        let names: Vec<String> = schema.fields().iter().map(|field| escaped(field.name())).collect();
        let alignments: Vec<&str> =
            schema.fields().iter().map(|field| if is_number(field.data_type()) { "--:" } else { "---" }).collect();
        writeln!(out, "| {} |", names.join(" | "))?;
        writeln!(out, "| {} |", alignments.join(" | "))
    }

    fn batch(&mut self, out: &mut dyn Write, batch: &RecordBatch) -> io::Result<()> {
        let cells = Cells::new(batch)?;
        for row in 0..cells.num_rows() {
            let texts: Vec<String> = cells
                .row(row)
                .map(|cell| match cell {
                    Cell::Text(text) => escaped(text),
                    cell => text_of(cell),
                })
                .collect();
            writeln!(out, "| {} |", texts.join(" | "))?;
        }
        Ok(())
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// The text with what would end a cell or start markup (`vector<float>` is no HTML) written out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("<br>"),
            '\r' => {}
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
