//! Columns in boxes of characters, with the widths and cuts of the `column` layout.

use std::io::{self, Write};

use super::column::{cut, printable, push_centred, widths};
use super::{Layout, TimeUnit, heading_text};
use crate::stats::report_table::{Table, Unit};

pub(super) fn write(table: &dyn Table, layout: Layout, time_unit: TimeUnit, out: &mut dyn Write) -> io::Result<()> {
    let headings = table.headings();
    let widths = widths(table, layout, time_unit);
    let mut rule = String::from("+");
    for &width in &widths {
        rule.extend(std::iter::repeat_n('-', width + 2));
        rule.push('+');
    }
    rule.push('\n');
    let mut line = rule.clone();
    if layout.has_header {
        line.push('|');
        for (heading, &width) in headings.iter().zip(&widths) {
            line.push(' ');
            push_centred(&mut line, &cut(heading_text(*heading, time_unit), width), width);
            line.push_str(" |");
        }
        line.push('\n');
        line.push_str(&rule);
    }
    out.write_all(line.as_bytes())?;
    for row in 0..table.num_rows() {
        line.clear();
        line.push('|');
        for ((cell, heading), &width) in table.cells(row).iter().zip(&headings).zip(&widths) {
            let text = cut(printable(cell, heading.unit, time_unit), width);
            let padding = width - text.chars().count();
            let (before, after) = if heading.unit == Unit::Text { (0, padding) } else { (padding, 0) };
            line.push(' ');
            line.extend(std::iter::repeat_n(' ', before));
            line.push_str(&text);
            line.extend(std::iter::repeat_n(' ', after));
            line.push_str(" |");
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    out.write_all(rule.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::TimeUnit;
    use super::super::tests::{table, written};

    #[test]
    fn cells_are_in_boxes() {
        let expected = concat!(
            "+-----------+--------+\n",
            "| Time (ns) |  Name  |\n",
            "+-----------+--------+\n",
            "|         7 | abcdef |\n",
            "+-----------+--------+\n",
        );
        assert_eq!(written("table", TimeUnit::Nanos, &table(&[(Some(7), "abcdef")])), expected);
    }
}
