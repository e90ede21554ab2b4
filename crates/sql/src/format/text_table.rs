//! Aligned text for people: numbers on the right, as wide as the widest value, nothing cut unless a width is asked for.
//!
//! Widths come from the first rows. A later row with a longer value is written in full and stands out of line, which is
//! better than holding a large result in memory, and much better than a value with its end missing.
//!
//! On a terminal the same would be unreadable: names of kernels run to thousands of characters. There the table is given
//! a width, and texts give way in the middle, as both of their ends matter; numbers never do.

use std::borrow::Cow;
use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::SetWriter;
use super::cell::{Cell, Cells, hex, is_number};

/// Rows that are held back to choose the widths.
const NUM_MEASURED_ROWS: usize = 10_000;

/// Between two columns.
const GAP: &str = "  ";

/// Below this width a text says nothing, so a table rather gets too wide.
const MIN_TEXT_WIDTH: usize = 16;

/// Stands for what is cut out.
const CUT_MARK: &str = "…";

/// Writes aligned text.
#[derive(Debug, Default)]
pub(super) struct TextTable {
    has_written: bool,
    names: Vec<String>,
    is_number: Vec<bool>,
    /// Known once the first rows have been written.
    widths: Option<Vec<usize>>,
    held_back: Vec<Vec<String>>,
    /// Columns of the terminal to fit into.
    max_width: Option<usize>,
    has_cut: bool,
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
            if let Some(widths) = self.widths.take() {
                let written = self.write_row(out, &widths, &texts);
                self.widths = Some(widths);
                written?;
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

    fn fit_to(&mut self, width: usize) {
        self.max_width = Some(width);
    }

    fn has_cut(&self) -> bool {
        self.has_cut
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
        self.narrow(&mut widths);
        let lines: Vec<String> = widths.iter().map(|&width| "─".repeat(width)).collect();
        let names = self.names.clone();
        self.write_row(out, &widths, &names)?;
        self.write_row(out, &widths, &lines)?;
        for row in &rows {
            self.write_row(out, &widths, row)?;
        }
        self.widths = Some(widths);
        Ok(())
    }

    /// Takes from the widest text as long as the table is too wide, so that short texts stay whole.
    fn narrow(&self, widths: &mut [usize]) {
        let Some(max_width) = self.max_width else { return };
        let total = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
        for _ in max_width..total {
            let texts = widths.iter_mut().zip(&self.is_number).filter(|(_, is_number)| !**is_number);
            let Some(widest) = texts.map(|(width, _)| width).max().filter(|width| **width > MIN_TEXT_WIDTH) else {
                break;
            };
            *widest -= 1;
        }
    }

    fn write_row(&mut self, out: &mut dyn Write, widths: &[usize], texts: &[String]) -> io::Result<()> {
        let mut line = String::new();
        for (index, ((text, &width), &is_number)) in texts.iter().zip(widths).zip(&self.is_number).enumerate() {
            if index > 0 {
                line.push_str(GAP);
            }
            let text = match self.max_width {
                Some(_) if !is_number => cut_middle(text, width),
                _ => Cow::Borrowed(text.as_str()),
            };
            self.has_cut |= matches!(text, Cow::Owned(_));
            let padding = " ".repeat(width.saturating_sub(text.width()));
            if is_number {
                line.push_str(&padding);
            }
            line.push_str(&text);
            if !is_number {
                line.push_str(&padding);
            }
        }
        writeln!(out, "{}", line.trim_end())
    }
}

/// `text` in at most `width` columns; what does not fit is taken out of its middle.
fn cut_middle(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let room = width.saturating_sub(CUT_MARK.width());
    let within = |used: &mut usize, c: char, room: usize| {
        *used += c.width().unwrap_or(0);
        (*used <= room).then_some(c)
    };
    let head: String = text.chars().scan(0, |used, c| within(used, c, room.div_ceil(2))).collect();
    let tail: String = text.chars().rev().scan(0, |used, c| within(used, c, room - head.width().min(room))).collect();
    Cow::Owned(head + CUT_MARK + &tail.chars().rev().collect::<String>())
}

/// A value as people read it.
pub(super) fn text_of(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Int(value) => value.to_string(),
        Cell::UInt(value) => value.to_string(),
        Cell::Real(value) => value.to_string(),
        Cell::Bool(value) => u8::from(value).to_string(),
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    fn table(max_width: Option<usize>, texts: &[&str]) -> (String, bool) {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1_234_567_890_123; texts.len()]));
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let short: ArrayRef = Arc::new(StringArray::from(vec!["kernel"; texts.len()]));
        let batch = RecordBatch::try_from_iter([("dur", numbers), ("category", short), ("name", texts)]);
        let batch = batch.expect("the columns are of one length");
        let (mut table, mut out) = (TextTable::default(), Vec::new());
        if let Some(width) = max_width {
            table.fit_to(width);
        }
        table.begin(&mut out, &batch.schema()).expect("memory can be written");
        table.batch(&mut out, &batch).expect("memory can be written");
        table.end(&mut out).expect("memory can be written");
        (String::from_utf8(out).expect("a table is text"), table.has_cut())
    }

    #[test]
    fn the_longest_texts_give_way_in_the_middle() {
        let (text, has_cut) = table(Some(50), &["void gemm<128, 256, 64>(Params)", "short"]);
        let expected = "          dur  category  name
─────────────  ────────  ─────────────────────────
1234567890123  kernel    void gemm<12… 64>(Params)
1234567890123  kernel    short
";
        assert_eq!((text.as_str(), has_cut), (expected, true));
        assert!(text.lines().all(|line| line.width() <= 50));
    }

    #[test]
    fn nothing_is_cut_where_there_is_room_or_no_width() {
        let long = "x".repeat(300);
        let (text, has_cut) = table(None, &[&long]);
        assert!(text.contains(&long) && !has_cut);
        let (text, has_cut) = table(Some(400), &[&long]);
        assert!(text.contains(&long) && !has_cut);
    }

    #[test]
    fn numbers_and_the_last_letters_of_a_text_stay() {
        let (text, _) = table(Some(5), &["日本語のとても長い名前のカーネル"]);
        assert!(text.contains("1234567890123") && text.contains("kernel"), "{text}");
        assert!(text.contains("日本語の…ーネル") && !text.contains("名前"), "{text}");
    }

    #[test]
    fn rows_after_the_measured_ones_are_cut_to_the_same_width() {
        let long = "y".repeat(300);
        let mut texts = vec!["short"; NUM_MEASURED_ROWS];
        texts.push(&long);
        let (text, has_cut) = table(Some(60), &texts);
        assert!(has_cut);
        assert!(text.lines().all(|line| line.width() <= 60));
    }
}
