//! Values parted by commas or tabs.
//!
//! Comma-separated values are quoted only where they hold a comma, a quote or a line's end, as nsys does. Tab-separated
//! ones are never quoted: a tab or a line's end in a value is written as an escape, so that `cut` and `awk` can split.

use std::io::{self, Write};

use super::{Layout, TimeUnit, heading_text, push_cell};
use crate::stats::report_table::{Cell, Table};

pub(super) fn write_csv(table: &dyn Table, layout: Layout, time_unit: TimeUnit, out: &mut dyn Write) -> io::Result<()> {
    write(table, layout, time_unit, out, ',', |line, text| {
        if !text.contains([',', '"', '\n', '\r']) {
            return line.push_str(text);
        }
        line.push('"');
        for c in text.chars() {
            if c == '"' {
                line.push('"');
            }
            line.push(c);
        }
        line.push('"');
    })
}

pub(super) fn write_tsv(table: &dyn Table, layout: Layout, time_unit: TimeUnit, out: &mut dyn Write) -> io::Result<()> {
    write(table, layout, time_unit, out, '\t', |line, text| {
        for c in text.chars() {
            match c {
                '\t' => line.push_str("\\t"),
                '\n' => line.push_str("\\n"),
                '\r' => line.push_str("\\r"),
                '\\' => line.push_str("\\\\"),
                c => line.push(c),
            }
        }
    })
}

fn write(
    table: &dyn Table,
    layout: Layout,
    time_unit: TimeUnit,
    out: &mut dyn Write,
    separator: char,
    push_text: impl Fn(&mut String, &str),
) -> io::Result<()> {
    let headings = table.headings();
    let mut line = String::new();
    if layout.has_header {
        for (index, heading) in headings.iter().enumerate() {
            if index > 0 {
                line.push(separator);
            }
            push_text(&mut line, &heading_text(*heading, time_unit));
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    for row in 0..table.num_rows() {
        line.clear();
        for (index, (cell, heading)) in table.cells(row).iter().zip(&headings).enumerate() {
            if index > 0 {
                line.push(separator);
            }
            match cell {
                Cell::Text(text) => push_text(&mut line, text),
                _ => push_cell(&mut line, cell, heading.unit, time_unit),
            }
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::TimeUnit;
    use super::super::tests::{table, written};

    #[test]
    fn quotes_only_where_they_are_needed() {
        let table = table(&[(Some(1), "f(int, int)"), (Some(2), "plain text"), (Some(3), "say \"a\"")]);
        let expected = "Time (ns),Name\n1,\"f(int, int)\"\n2,plain text\n3,\"say \"\"a\"\"\"\n";
        assert_eq!(written("csv", TimeUnit::Nanos, &table), expected);
    }

    #[test]
    fn tabs_in_names_are_escapes() {
        let table = table(&[(None, "a\tb\nc\\d, e")]);
        assert_eq!(written("tsv", TimeUnit::Nanos, &table), "Time (ns)\tName\n\ta\\tb\\nc\\\\d, e\n");
    }
}
