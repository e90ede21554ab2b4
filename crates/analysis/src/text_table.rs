//! Text tables: columns of text that line up in a terminal of a given width.
//!
//! Names of kernels run to thousands of characters, and both of their ends matter, so the column that holds them is cut
//! in the middle, and only as far as the width asks. Names come out of files: control characters in them are written as
//! escapes, so that a trace cannot steer the terminal that shows it.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// How a column lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Text, at the left.
    Text(&'static str),
    /// Numbers, at the right.
    Number(&'static str),
    /// Text that gives way when the table is too wide.
    Name(&'static str),
}

impl Column {
    fn header(self) -> &'static str {
        match self {
            Self::Text(header) | Self::Number(header) | Self::Name(header) => header,
        }
    }
}

/// Space between two columns.
const GUTTER: usize = 2;

/// Below this width a name says nothing, so the table rather gets too wide.
const MIN_NAME_WIDTH: usize = 16;

/// A table being filled.
#[derive(Debug, Clone)]
pub struct TextTable {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

impl TextTable {
    /// An empty table.
    pub fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Appends a row: one cell for each column from the left, the rest stays empty.
    pub fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<String> = cells.into_iter().map(|cell| printable(&cell).into_owned()).collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.rows.len()
    }

    /// Writes header and rows, each line behind `indent` spaces and none wider than `width` if names can give way.
    /// Returns true when a name was cut.
    pub fn write(&self, out: &mut String, indent: usize, width: usize) -> bool {
        let widths = self.widths(width.saturating_sub(indent));
        let headers = self.columns.iter().map(|column| column.header());
        if self.columns.iter().any(|column| !column.header().is_empty()) {
            self.write_line(out, indent, &widths, headers);
        }
        let mut is_cut = false;
        for row in &self.rows {
            let cells: Vec<Cow<'_, str>> =
                row.iter().zip(&widths).map(|(cell, &width)| cut_middle(cell, width)).collect();
            is_cut |= cells.iter().any(|cell| matches!(cell, Cow::Owned(_)));
            self.write_line(out, indent, &widths, cells.iter().map(|cell| &**cell));
        }
        is_cut
    }

    fn widths(&self, available: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|column| display_width(column.header())).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = display_width(cell).max(*width);
            }
        }
        let total = widths.iter().sum::<usize>() + GUTTER * widths.len().saturating_sub(1);
        let mut excess = total.saturating_sub(available);
        // The widest name gives way first, down to the next widest, so that short names stay whole.
        while excess > 0 {
            let is_name = |index: usize| matches!(self.columns[index], Column::Name(_));
            let names = || (0..widths.len()).filter(|&index| is_name(index) && widths[index] > MIN_NAME_WIDTH);
            let Some(widest) = names().max_by_key(|&index| widths[index]) else { break };
            let next = names().filter(|&index| index != widest).map(|index| widths[index]).max();
            let floor = next.filter(|&next| next < widths[widest]).unwrap_or(MIN_NAME_WIDTH);
            let cut = if next == Some(widths[widest]) { 1 } else { excess.min(widths[widest] - floor) };
            widths[widest] -= cut;
            excess -= cut;
        }
        widths
    }

    fn write_line<'a>(&self, out: &mut String, indent: usize, widths: &[usize], cells: impl Iterator<Item = &'a str>) {
        let start = out.len();
        out.extend(std::iter::repeat_n(' ', indent));
        for ((cell, &width), column) in cells.zip(widths).zip(&self.columns) {
            let padding = std::iter::repeat_n(' ', width.saturating_sub(display_width(cell)));
            if matches!(column, Column::Number(_)) {
                out.extend(padding);
                out.push_str(cell);
            } else {
                out.push_str(cell);
                out.extend(padding);
            }
            out.extend(std::iter::repeat_n(' ', GUTTER));
        }
        out.truncate(start + out[start..].trim_end_matches(' ').len());
        out.push('\n');
    }
}

/// Columns that `text` takes in a terminal, character by character, so that a part never takes more than the whole.
fn display_width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// `text` in at most `width` columns; what does not fit is taken out of the middle and replaced by `…`.
pub fn cut_middle(text: &str, width: usize) -> Cow<'_, str> {
    if display_width(text) <= width {
        return Cow::Borrowed(text);
    }
    let room = width.saturating_sub(1);
    let head_end = end_within(text.char_indices().map(|(index, c)| (index + c.len_utf8(), c)), room.div_ceil(2));
    let head_end = head_end.unwrap_or(0);
    let tail_room = room - display_width(&text[..head_end]).min(room);
    let tail_start = end_within(text.char_indices().rev(), tail_room).unwrap_or(text.len());
    Cow::Owned(format!("{}…{}", &text[..head_end], &text[tail_start.max(head_end)..]))
}

/// The last position of `chars` that is reached within `width` columns.
fn end_within(chars: impl Iterator<Item = (usize, char)>, width: usize) -> Option<usize> {
    let mut used = 0;
    chars
        .take_while(|&(_, c)| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .last()
        .map(|(position, _)| position)
}

/// `text` with escapes in place of control characters and of the marks that turn the direction of writing.
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_unsafe = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Writes `text` word by word in lines no wider than `width`: the first behind `first`, the others behind as many
/// spaces. A word that is too long gets a line of its own and stays whole.
pub fn write_paragraph(out: &mut String, first: &str, text: &str, width: usize) {
    let indent = display_width(first);
    out.push_str(first);
    let mut used = indent;
    let mut is_line_empty = true;
    for word in printable(text).split(' ') {
        if !is_line_empty && used + 1 + display_width(word) > width {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            used = indent;
            is_line_empty = true;
        }
        if !is_line_empty {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += display_width(word);
        is_line_empty = false;
    }
    out.push('\n');
}

/// Words in as many columns as `width` has room for, in order down the columns.
pub fn columns_of_words(words: &[String], width: usize) -> String {
    let words: Vec<_> = words.iter().map(|word| printable(word)).collect();
    let column_width = words.iter().map(|word| display_width(word)).max().unwrap_or(0) + GUTTER;
    let num_columns = ((width + GUTTER) / column_width).max(1);
    let num_rows = words.len().div_ceil(num_columns);
    let mut out = String::new();
    for row in 0..num_rows {
        let mut gap = 0;
        for word in words.iter().skip(row).step_by(num_rows) {
            out.extend(std::iter::repeat_n(' ', gap));
            out.push_str(word);
            gap = column_width - display_width(word);
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_down_the_columns() {
        let words = ["a", "bbb", "cc", "d", "e"].map(str::to_owned);
        assert_eq!(columns_of_words(&words, 8), "a    d\nbbb  e\ncc\n");
        assert_eq!(columns_of_words(&words, 1), "a\nbbb\ncc\nd\ne\n");
        assert_eq!(columns_of_words(&words, 100), "a    bbb  cc   d    e\n");
        assert_eq!(columns_of_words(&[], 80), "");
    }
    use proptest::prelude::*;

    #[test]
    fn numbers_line_up_at_the_right_and_names_give_way() {
        let mut table = TextTable::new(&[Column::Number("count"), Column::Text("unit"), Column::Name("name")]);
        table.push(["1".to_owned(), "µs".to_owned(), "abcdefghijklmnopqrstuvwxyz".to_owned()]);
        table.push(["1,234,567".to_owned(), "ms".to_owned(), "short".to_owned()]);
        let mut out = String::new();
        assert!(table.write(&mut out, 2, 40));
        insta::assert_snapshot!(out, @"
            count  unit  name
                1  µs    abcdefghij…qrstuvwxyz
        1,234,567  ms    short
        ");
        assert!(out.lines().all(|line| display_width(line) <= 40));
        let mut out = String::new();
        assert!(!table.write(&mut out, 0, 100), "nothing is cut where there is room");
    }

    #[test]
    fn the_wider_of_two_names_gives_way_first() {
        let mut table = TextTable::new(&[Column::Name(""), Column::Name("")]);
        table.push(["a".repeat(50), "b".repeat(18)]);
        let mut out = String::new();
        table.write(&mut out, 0, 60);
        assert!(out.contains(&"b".repeat(18)), "{out}");
        assert_eq!(display_width(out.trim_end()), 60);
    }

    #[test]
    fn escapes_cannot_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\u{202e}d"), "a\\u{1b}[2Jb\\nc\\u{202e}d");
        assert!(matches!(printable("void f<µ>(…)"), Cow::Borrowed(_)));
    }

    #[test]
    fn wide_characters_count_double() {
        assert_eq!(cut_middle("日本語のカーネル", 9), "日本…ネル");
        assert_eq!(cut_middle("abc", 0), "…");
        assert_eq!(cut_middle("abc", 3), "abc");
    }

    #[test]
    fn paragraphs_wrap_at_words() {
        let mut out = String::new();
        write_paragraph(&mut out, "- ", "one two three four-five-six seven", 12);
        assert_eq!(out, "- one two\n  three\n  four-five-six\n  seven\n");
    }

    proptest! {
        #[test]
        fn a_cut_text_fits_and_keeps_both_ends(text in ".{0,40}", width in 1usize..50) {
            let text = printable(&text).into_owned();
            let cut = cut_middle(&text, width);
            prop_assert!(display_width(&cut) <= width.max(1));
            if let Some((head, tail)) = cut.split_once('…').filter(|_| matches!(cut, Cow::Owned(_)) && !text.contains('…')) {
                prop_assert!(text.starts_with(head) && text.ends_with(tail));
            }
        }
    }
}
