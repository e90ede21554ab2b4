//! Vocabulary: the words that a person who types SQL may want next, and whether what they typed is at its end.

use crate::dialect::token_macro::Origins;
use crate::error::SqlError;
use crate::module;
use crate::session::Session;

/// Every name that a query of a session can use, created ones included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vocabulary {
    /// Tables and views, by name.
    pub tables: Vec<TableWords>,
    /// Functions, by name.
    pub functions: Vec<String>,
    /// Macros, by name and without the `!`.
    pub macros: Vec<String>,
    /// Modules, by name.
    pub modules: Vec<&'static str>,
}

/// The names of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableWords {
    /// Name.
    pub name: String,
    /// Columns, in order.
    pub columns: Vec<String>,
}

impl Session {
    /// What a query can name now. Plans the views of which nobody has asked for one yet, which takes milliseconds.
    pub fn vocabulary(&self) -> Result<Vocabulary, SqlError> {
        let planner = self.engine().planner();
        let mut tables = Vec::new();
        for name in self.engine().catalog().names() {
            // A table that was dropped meanwhile is none.
            let Some(provider) = planner.provider(&name) else { continue };
            let provider = provider.map_err(|error| planner.explain(error, "", &Origins::default()))?;
            let columns = provider.schema().fields().iter().map(|field| field.name().clone()).collect();
            tables.push(TableWords { name, columns });
        }
        let known = planner.definitions.read();
        let mut functions = planner.functions.scalar_names();
        functions.extend(planner.functions.aggregate_names());
        functions.extend(planner.functions.window_names());
        functions.extend(known.functions.keys().filter(|name| !name.starts_with('_')).cloned());
        let mut macros: Vec<String> = known.macros.keys().filter(|name| !name.starts_with('_')).cloned().collect();
        macros.sort_unstable();
        functions.sort_unstable();
        functions.dedup();
        Ok(Vocabulary { tables, functions, macros, modules: module::names().collect() })
    }
}

/// Whether `text` ends where a statement does: behind a semicolon that is part of no text, name or comment. A text
/// without any SQL is at its end too.
///
/// ```
/// use kinetoscope_sql::is_complete;
/// assert!(is_complete("select ';' from slice; -- all of them"));
/// assert!(!is_complete("select ';' from slice"));
/// assert!(!is_complete("select 'a;"));
/// ```
pub fn is_complete(text: &str) -> bool {
    let mut rest = text;
    let mut is_open = false;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '\'' | '"' | '`' => match quoted_len(rest, first) {
                Some(len) => len,
                None => return false,
            },
            '-' if rest.starts_with("--") => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]);
                continue;
            }
            '/' if rest.starts_with("/*") => match rest[2..].find("*/") {
                Some(end) => {
                    rest = &rest[end + 4..];
                    continue;
                }
                None => return false,
            },
            _ => first.len_utf8(),
        };
        match first {
            ';' => is_open = false,
            first if first.is_whitespace() => {}
            _ => is_open = true,
        }
        rest = &rest[len..];
    }
    !is_open
}

/// Length of what begins with `quote` and ends with the next one that is not doubled; `None` when it does not end.
fn quoted_len(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text[at..].find(quote)? + 1;
        if !text[at..].starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_with_a_semicolon_of_its_own() {
        for complete in
            ["", " \n", ";", "select 1;", "select 'it''s';", "select 1; -- not; done", "/* ; */", "select 1 /* a */;"]
        {
            assert!(is_complete(complete), "{complete}");
        }
        for open in [
            "select 1",
            "select ';'",
            "select 'it''s;",
            "select \"a;",
            "select 1 -- ;",
            "select 1 /* ;",
            "select 1; select 2",
        ] {
            assert!(!is_complete(open), "{open}");
        }
    }
}
