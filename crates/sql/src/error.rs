//! What can go wrong with a query, said so that the person who typed it sees where and what to do.
//!
//! Every variant that is about the text of a query carries the [`Place`] in it, when the parser or the planner tells
//! one. A message is one line; [`SqlError::report`] adds the query's line with a caret and a hint.

use std::fmt;
use std::io;
use std::time::Duration;

use arrow_schema::Schema;
use unicode_width::UnicodeWidthStr;

use crate::module;

/// Where in a script something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Length in characters, at least 1.
    pub len: usize,
    /// Text of the line.
    pub text: String,
}

impl Place {
    /// The place at `line` and `column` of `script`; `None` when the script has no such line.
    pub(crate) fn in_script(script: &str, line: u64, column: u64, len: usize) -> Option<Self> {
        let line = usize::try_from(line).ok().filter(|&line| line > 0)?;
        let text = script.lines().nth(line - 1)?.to_owned();
        let num_chars = text.chars().count();
        // The end of the text is a place too: "expected …, found end of input".
        let column = usize::try_from(column).ok()?.clamp(1, num_chars + 1);
        let len = len.clamp(1, (num_chars + 1 - column).max(1));
        Some(Self { line, column, len, text })
    }

    /// The end of what is written in `script`.
    pub(crate) fn end_of(script: &str) -> Option<Self> {
        let (index, line) = script.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).last()?;
        let column = line.trim_end().chars().count() + 1;
        Self::in_script(script, index as u64 + 1, column as u64, 1)
    }
}

impl fmt::Display for Place {
    /// The line with a caret below.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A very long line (generated SQL) is shown around the place only, with the cut marked.
        const CONTEXT: usize = 100;
        let chars: Vec<char> = self.text.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
        let at = self.column - 1;
        let start = at.saturating_sub(CONTEXT);
        let end = chars.len().min(at + CONTEXT);
        let before: String = chars[start.min(end)..at.min(end)].iter().collect();
        let after: String = chars[at.min(end)..end].iter().collect();
        let (cut_before, cut_after) = (if start > 0 { "…" } else { "" }, if end < chars.len() { "…" } else { "" });
        let gutter = format!("line {}: ", self.line);
        let indent = gutter.width() + cut_before.width() + before.width();
        let marked: String = after.chars().take(self.len).collect();
        writeln!(f, "{gutter}{cut_before}{before}{after}{cut_after}")?;
        write!(f, "{:indent$}{}", "", "^".repeat(marked.width().max(1)))
    }
}

/// Why a script stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// The text is no SQL.
    #[error("{message}")]
    Syntax {
        /// What the parser says.
        message: String,
        /// Where.
        place: Option<Place>,
    },
    /// A table that does not exist.
    #[error("no such table: `{name}`")]
    UnknownTable {
        /// Name as typed.
        name: String,
        /// Names that look like it, closest first.
        nearest: Vec<String>,
        /// Where.
        place: Option<Place>,
    },
    /// A column that does not exist.
    #[error("no such column: `{name}`")]
    UnknownColumn {
        /// Name as typed.
        name: String,
        /// Names that look like it, closest first.
        nearest: Vec<String>,
        /// Where.
        place: Option<Place>,
    },
    /// A function that does not exist.
    #[error("no such function: `{name}`")]
    UnknownFunction {
        /// Name as typed.
        name: String,
        /// Names that look like it, closest first.
        nearest: Vec<String>,
        /// Where.
        place: Option<Place>,
    },
    /// A macro that nobody defined.
    #[error("no such macro: `{name}!`")]
    UnknownMacro {
        /// Name as typed.
        name: String,
        /// Names that look like it, closest first.
        nearest: Vec<String>,
        /// Where.
        place: Option<Place>,
    },
    /// A module that does not exist.
    #[error("no such module: `{name}`")]
    UnknownModule {
        /// Name as typed.
        name: String,
        /// Names that look like it, closest first.
        nearest: Vec<String>,
    },
    /// A statement that is SQL and makes no sense: types, ambiguous names, wrong number of arguments.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// Where.
        place: Option<Place>,
    },
    /// A statement that would write.
    #[error("`{statement}` is not possible: a trace is read-only")]
    ReadOnly {
        /// First words of the statement.
        statement: String,
        /// Where.
        place: Option<Place>,
    },
    /// A statement that this engine does not know.
    #[error("`{statement}` is not supported")]
    Unsupported {
        /// First words of the statement.
        statement: String,
        /// Where.
        place: Option<Place>,
    },
    /// A statement that went wrong while running: division by zero, a cast that fails.
    #[error("{message}")]
    Execution {
        /// What happened.
        message: String,
    },
    /// A whole number that does not fit into 64 bits, found after rows with whole numbers were given.
    #[error("integer overflow in `{operation}`")]
    IntegerOverflow {
        /// The operation, as it was planned.
        operation: String,
    },
    /// The query needed more memory than it may have.
    #[error("the query needs more than its memory limit of {limit_bytes} bytes")]
    MemoryLimit {
        /// The limit.
        limit_bytes: usize,
        /// What ran into it.
        detail: String,
    },
    /// The script ran longer than it may.
    #[error("the query was stopped after {} s", limit.as_secs_f64())]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// Somebody stopped the script.
    #[error("the query was cancelled")]
    Cancelled,
    /// The receiver of the results failed.
    #[error("the result could not be written")]
    Output(#[from] io::Error),
    /// The engine failed in a way that no query should make it fail.
    #[error("internal error: {message}")]
    Internal {
        /// What happened.
        message: String,
    },
}

impl SqlError {
    /// The column that `table` does not have.
    pub(crate) fn no_column(table: &str, column: &str, schema: &Schema) -> Self {
        let nearest = nearest_names(column, schema.fields().iter().map(|field| field.name().as_str()));
        Self::UnknownColumn { name: format!("{table}.{column}"), nearest, place: None }
    }

    /// Where in the script, for errors about its text.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Syntax { place, .. }
            | Self::UnknownTable { place, .. }
            | Self::UnknownColumn { place, .. }
            | Self::UnknownFunction { place, .. }
            | Self::UnknownMacro { place, .. }
            | Self::Invalid { place, .. }
            | Self::ReadOnly { place, .. }
            | Self::Unsupported { place, .. } => place.as_ref(),
            _ => None,
        }
    }

    /// What to do about it, when there is something to say.
    pub fn hint(&self) -> Option<String> {
        let module = match self {
            Self::UnknownTable { name, .. } | Self::UnknownFunction { name, .. } | Self::UnknownMacro { name, .. } => {
                module::defining(name)
            }
            _ => None,
        };
        if let Some(module) = module {
            return Some(format!("it is in a module: `INCLUDE PERFETTO MODULE {module};`"));
        }
        match self {
            Self::UnknownTable { nearest, .. } if nearest.is_empty() => {
                Some("`kinetoscope query --schema` lists all tables".to_owned())
            }
            Self::UnknownTable { nearest, .. }
            | Self::UnknownColumn { nearest, .. }
            | Self::UnknownFunction { nearest, .. }
            | Self::UnknownMacro { nearest, .. }
            | Self::UnknownModule { nearest, .. } => did_you_mean(nearest),
            Self::MemoryLimit { detail, .. } => {
                Some(format!("raise the limit, or ask for fewer rows or columns ({detail})"))
            }
            Self::ReadOnly { .. } => {
                Some("`CREATE VIEW` and `CREATE TABLE … AS` last as long as the session".to_owned())
            }
            _ => None,
        }
    }

    /// The message, the query's line with a caret, and the hint.
    pub fn report(&self) -> String {
        let mut report = self.to_string();
        if let Some(place) = self.place() {
            report += &format!("\n{place}");
        }
        if let Some(hint) = self.hint() {
            report += &format!("\n\nhint: {hint}");
        }
        report
    }
}

fn did_you_mean(nearest: &[String]) -> Option<String> {
    let (last, others) = nearest.split_last()?;
    let others: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
    Some(match others.is_empty() {
        true => format!("did you mean `{last}`?"),
        false => format!("did you mean {} or `{last}`?", others.join(", ")),
    })
}

/// How many similar names are worth showing.
const MAX_NEAREST: usize = 3;

/// The candidates that look most like `name`, closest first.
pub(crate) fn nearest_names<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let name = name.to_lowercase();
    let mut ranked: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = edit_distance(&name, &lower);
            // A third of the letters may differ. A name that holds the other one is close too (`slices` for `slice`),
            // but less so than a typo.
            let limit = name.chars().count().div_ceil(3);
            let contains = name.len() > 2 && (lower.contains(&name) || (lower.len() > 2 && name.contains(&lower)));
            match (distance <= limit, contains) {
                (true, _) => Some((distance, candidate)),
                (false, true) => Some((distance + limit, candidate)),
                (false, false) => None,
            }
        })
        .collect();
    ranked.sort();
    ranked.dedup();
    ranked.into_iter().take(MAX_NEAREST).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// How many letters have to be changed, added or left out, a swap of neighbours counting once.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(from != to)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                cost = cost.min(before_last[j - 1] + 1);
            }
            row.push(cost);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distance_counts_changes_and_swaps() {
        for (a, b, expected) in
            [("", "", 0), ("slice", "slice", 0), ("slcie", "slice", 1), ("slic", "slice", 1), ("", "ab", 2)]
        {
            assert_eq!(edit_distance(a, b), expected, "{a} to {b}");
        }
    }

    #[test]
    fn nearest_names_puts_typos_before_names_that_contain_it() {
        let names = ["slice", "slices", "thread", "track", "thread_track"];
        assert_eq!(nearest_names("slcie", names), ["slice", "slices"]);
        assert_eq!(nearest_names("treads", names), ["thread"]);
        assert_eq!(nearest_names("zzz", names), Vec::<String>::new());
    }

    #[test]
    fn the_caret_stands_below_wide_characters_and_tabs() {
        let place = Place::in_script("select\n\t'日本' || nme", 2, 10, 3).expect("the line exists");
        assert_eq!(place.to_string(), "line 2:  '日本' || nme\n                   ^^^");
    }

    #[test]
    fn a_place_past_the_end_of_its_line_is_the_end() {
        let place = Place::in_script("abc", 1, 99, 5).expect("the line exists");
        assert_eq!((place.column, place.len), (4, 1));
        assert_eq!(Place::in_script("abc", 2, 1, 1), None);
        assert_eq!(Place::end_of("select 1 +  \n\n").map(|place| (place.line, place.column)), Some((1, 11)));
    }
}
