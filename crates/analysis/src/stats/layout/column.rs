//! Columns that line up, to the byte as nsys prints them.
//!
//! A blank, cells parted by two blanks, and dashes under the headings; headings are centred, text is at the left, numbers
//! are at the right, and the last column is padded too. Widths come from the heading and the first 100 rows, so that a
//! trace of millions of rows is written as it comes; what is wider than that is cut with an ellipsis, numbers too.

use std::io::{self, Write};

use super::{Layout, TimeUnit, cell_text, heading_text, push_printable};
use crate::stats::report_table::{Cell, Table, Unit};

/// Rows that widths are taken from.
pub(super) const NUM_MEASURED_ROWS: usize = 100;

/// The widest that a column becomes by itself.
pub(super) const MAX_WIDTH: usize = 100;

pub(super) fn write(table: &dyn Table, layout: Layout, time_unit: TimeUnit, out: &mut dyn Write) -> io::Result<()> {
    let headings = table.headings();
    let widths = widths(table, layout, time_unit);
    let mut line = String::new();
    if layout.has_header {
        for (heading, &width) in headings.iter().zip(&widths) {
            push_gap(&mut line);
            push_centred(&mut line, &cut(heading_text(*heading, time_unit), width), width);
        }
        line.push('\n');
        for &width in &widths {
            push_gap(&mut line);
            line.extend(std::iter::repeat_n('-', width));
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    for row in 0..table.num_rows() {
        line.clear();
        for ((cell, heading), &width) in table.cells(row).iter().zip(&headings).zip(&widths) {
            push_gap(&mut line);
            let text = cut(printable(cell, heading.unit, time_unit), width);
            let padding = width - text.chars().count();
            let is_text = heading.unit == Unit::Text;
            line.extend(std::iter::repeat_n(' ', if is_text { 0 } else { padding }));
            line.push_str(&text);
            line.extend(std::iter::repeat_n(' ', if is_text { padding } else { 0 }));
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// How wide each column is.
pub(super) fn widths(table: &dyn Table, layout: Layout, time_unit: TimeUnit) -> Vec<usize> {
    let headings = table.headings();
    let mut widths: Vec<usize> =
        headings.iter().map(|heading| heading_text(*heading, time_unit).chars().count()).collect();
    let num_measured = if layout.is_unlimited { table.num_rows() } else { table.num_rows().min(NUM_MEASURED_ROWS) };
    for row in 0..num_measured {
        for ((cell, heading), width) in table.cells(row).iter().zip(&headings).zip(&mut widths) {
            *width = (*width).max(printable(cell, heading.unit, time_unit).chars().count());
        }
    }
    if !layout.is_unlimited {
        widths.iter_mut().for_each(|width| *width = (*width).min(MAX_WIDTH));
    }
    widths
}

pub(super) fn printable(cell: &Cell<'_>, unit: Unit, time_unit: TimeUnit) -> String {
    let text = cell_text(cell, unit, time_unit);
    if !text.contains(char::is_control) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    push_printable(&mut escaped, &text);
    escaped
}

/// One blank before the first column, two before the others.
fn push_gap(line: &mut String) {
    line.push_str(if line.is_empty() || line.ends_with('\n') { " " } else { "  " });
}

/// The odd blank goes to the right.
pub(super) fn push_centred(line: &mut String, text: &str, width: usize) {
    let padding = width - text.chars().count();
    line.extend(std::iter::repeat_n(' ', padding / 2));
    line.push_str(text);
    line.extend(std::iter::repeat_n(' ', padding - padding / 2));
}

/// `text`, with an ellipsis for what goes beyond `width`.
pub(super) fn cut(text: String, width: usize) -> String {
    if text.len() <= width || text.chars().count() <= width {
        return text;
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::super::tests::{table, written};
    use super::*;

    #[test]
    fn text_is_left_numbers_are_right_and_headings_centred() {
        let text = written("column", TimeUnit::Nanos, &table(&[(Some(1), "abcdefg"), (None, "b")]));
        let expected = concat!(
            " Time (ns)   Name  \n",
            " ---------  -------\n",
            "         1  abcdefg\n",
            "            b      \n",
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn a_long_cell_is_cut_at_a_hundred_characters() {
        let name: &'static str = "é".repeat(101).leak();
        let text = written("column:nohdr", TimeUnit::Nanos, &table(&[(Some(1), name)]));
        assert_eq!(text, format!("         1  {}…\n", "é".repeat(99)));
        let text = written("column:nohdr:nolimit", TimeUnit::Nanos, &table(&[(Some(1), name)]));
        assert!(text.ends_with(&format!("  {name}\n")));
    }

    #[test]
    fn rows_after_the_hundredth_do_not_widen_a_column() {
        let mut rows = vec![(Some(1), "a"); 100];
        rows.push((Some(12_345_678_901), "abcdef"));
        let text = written("column", TimeUnit::Nanos, &table(&rows));
        assert_eq!(text.lines().last(), Some(" 12345678…  abc…"));
    }

    #[test]
    fn a_name_of_two_lines_stays_in_its_row() {
        let text = written("column:nohdr", TimeUnit::Nanos, &table(&[(Some(1), "a\nb\u{1b}[2J")]));
        assert_eq!(text, "         1  a\\nb\\u{1b}[2J\n");
    }
}
