//! A table of Markdown, to paste into an issue.
//!
//! Nothing is padded: the reader of Markdown lays it out. A bar in a name would end its cell, so it is escaped.

use std::io::{self, Write};

use super::column::printable;
use super::{Layout, TimeUnit, heading_text};
use crate::stats::report_table::{Table, Unit};

pub(super) fn write(table: &dyn Table, layout: Layout, time_unit: TimeUnit, out: &mut dyn Write) -> io::Result<()> {
    let headings = table.headings();
    let mut line = String::from("|");
    // A Markdown table has a heading; without one its cells are empty.
    for heading in &headings {
        let text = if layout.has_header { heading_text(*heading, time_unit) } else { String::new() };
        line.push_str(&format!(" {text} |"));
    }
    line.push_str("\n|");
    for heading in &headings {
        line.push_str(if heading.unit == Unit::Text { " --- |" } else { " --: |" });
    }
    line.push('\n');
    out.write_all(line.as_bytes())?;
    for row in 0..table.num_rows() {
        line.clear();
        line.push('|');
        for (cell, heading) in table.cells(row).iter().zip(&headings) {
            let text = printable(cell, heading.unit, time_unit);
            line.push(' ');
            line.push_str(&text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;"));
            line.push_str(" |");
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
    fn bars_and_tags_in_names_are_escaped() {
        let text = written("markdown", TimeUnit::Nanos, &table(&[(Some(7), "a|b<int>")]));
        assert_eq!(text, "| Time (ns) | Name |\n| --: | --- |\n| 7 | a\\|b&lt;int> |\n");
    }
}
