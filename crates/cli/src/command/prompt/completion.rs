//! Completion: the words that may stand at the cursor.
//!
//! What comes before the cursor decides: a table behind `FROM`, the columns of a table behind its name or alias and a
//! point, a module behind `INCLUDE PERFETTO MODULE`. Elsewhere come columns of the tables that the statement names, then
//! functions, and then the words of the language.

use std::ops::Range;

use kinetoscope_sql::Vocabulary;

use super::dot_command;

/// Words of SQL and PerfettoSQL that are long enough to be worth completing.
const KEYWORDS: [&str; 52] = [
    "ALL",
    "AND",
    "ASC",
    "BETWEEN",
    "CASE",
    "CAST",
    "CREATE",
    "CROSS",
    "DESC",
    "DISTINCT",
    "DROP",
    "ELSE",
    "END",
    "EXISTS",
    "EXPLAIN",
    "FROM",
    "FUNCTION",
    "GLOB",
    "GROUP",
    "HAVING",
    "INCLUDE",
    "INDEX",
    "INNER",
    "INTERSECT",
    "JOIN",
    "LEFT",
    "LIKE",
    "LIMIT",
    "MACRO",
    "MODULE",
    "NULL",
    "OFFSET",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "PARTITIONED",
    "PERFETTO",
    "RECURSIVE",
    "REPLACE",
    "RETURNS",
    "SELECT",
    "SPAN_JOIN",
    "TABLE",
    "THEN",
    "UNION",
    "USING",
    "VALUES",
    "VIEW",
    "WHEN",
    "WHERE",
    "WITH",
];

/// A word that may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What is shown in a list.
    pub(super) word: String,
    /// What is put in place of the word under the cursor.
    pub(super) replacement: String,
}

impl Candidate {
    fn word(word: &str) -> Self {
        Self { word: word.to_owned(), replacement: word.to_owned() }
    }
}

/// A piece of SQL that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    /// A name or keyword.
    Word(&'a str),
    /// Any other character.
    Mark(char),
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(found) if found.eq_ignore_ascii_case(word))
    }
}

/// Where the word under the cursor starts, and what may stand in its place.
pub(super) fn complete(line: &str, cursor: usize, vocabulary: &Vocabulary) -> (usize, Vec<Candidate>) {
    let before = &line[..cursor];
    if let Some(command) = before.strip_prefix('.') {
        return complete_command(command, cursor, vocabulary);
    }
    let start = before.rfind(|c: char| !is_word_char(c)).map_or(0, |at| at + first_len(&before[at..]));
    let typed = &before[start..];
    let Some(context) = tokens(&before[..start]) else {
        // Inside of a text or comment.
        return (cursor, Vec::new());
    };
    let statement = statement_around(line, cursor);
    let tables = tables_of(&line[statement], vocabulary);
    let mut words = match context.as_slice() {
        context if is_module_place(context) => return complete_module(before, vocabulary),
        [.., Token::Word(alias), Token::Mark('.')] => columns_behind(alias, &tables, vocabulary),
        [.., last] if ["from", "join"].iter().any(|word| last.is(word)) => table_words(vocabulary),
        [.., Token::Mark(',')] if is_in_table_list(&context) => table_words(vocabulary),
        _ => anything(typed, &tables, vocabulary),
    };
    words.retain(|candidate| starts_with(&candidate.word, typed));
    (start, words)
}

fn complete_command(command: &str, cursor: usize, vocabulary: &Vocabulary) -> (usize, Vec<Candidate>) {
    let Some((name, argument)) = command.split_once(' ') else {
        let names = dot_command::NAMES.iter().filter(|name| name.starts_with(command));
        return (1, names.map(|name| Candidate::word(name)).collect());
    };
    let argument = argument.trim_start();
    let words = dot_command::arguments(name, vocabulary).into_iter().filter(|word| starts_with(word, argument));
    (cursor - argument.len(), words.map(|word| Candidate::word(&word)).collect())
}

/// Modules have points in their names, which end a word elsewhere.
fn complete_module(before: &str, vocabulary: &Vocabulary) -> (usize, Vec<Candidate>) {
    let start = before.rfind(char::is_whitespace).map_or(0, |at| at + first_len(&before[at..]));
    let words = vocabulary.modules.iter().filter(|name| starts_with(name, &before[start..]));
    (start, words.map(|name| Candidate::word(name)).collect())
}

fn is_module_place(context: &[Token<'_>]) -> bool {
    // A module's name is words and points, as far as it is typed.
    let is_part = |token: &Token<'_>| !token.is("module") && matches!(token, Token::Word(_) | Token::Mark('.'));
    let rest = context.len() - context.iter().rev().take_while(|token| is_part(token)).count();
    matches!(&context[..rest], [.., include, perfetto, module]
        if include.is("include") && perfetto.is("perfetto") && module.is("module"))
}

/// Whether a comma stands in the list of tables: nothing but names and commas lies between it and `FROM`.
fn is_in_table_list(context: &[Token<'_>]) -> bool {
    let ends_list = |token: &&Token<'_>| match token {
        Token::Word(word) => {
            ["where", "group", "order", "on", "select", "limit"].iter().any(|end| word.eq_ignore_ascii_case(end))
        }
        Token::Mark(mark) => *mark != ',',
    };
    let list = context.iter().rev().take_while(|token| !ends_list(token));
    list.into_iter().any(|token| token.is("from"))
}

fn table_words(vocabulary: &Vocabulary) -> Vec<Candidate> {
    vocabulary.tables.iter().map(|table| Candidate::word(&table.name)).collect()
}

/// Columns of what is called `alias`; of nothing when that is not known.
fn columns_behind(alias: &str, tables: &[(String, String)], vocabulary: &Vocabulary) -> Vec<Candidate> {
    let of_alias = tables.iter().find(|(name, _)| name.eq_ignore_ascii_case(alias));
    let table = of_alias.map_or(alias, |(_, table)| table);
    columns_of(table, vocabulary).map(Candidate::word).collect()
}

fn columns_of<'a>(table: &str, vocabulary: &'a Vocabulary) -> impl Iterator<Item = &'a str> {
    let found = vocabulary.tables.iter().find(|known| known.name.eq_ignore_ascii_case(table));
    found.into_iter().flat_map(|table| table.columns.iter().map(String::as_str))
}

fn anything(typed: &str, tables: &[(String, String)], vocabulary: &Vocabulary) -> Vec<Candidate> {
    let mut words: Vec<Candidate> = Vec::new();
    let mut add = |candidate: Candidate| {
        if !words.iter().any(|known| known.word == candidate.word) {
            words.push(candidate);
        }
    };
    for (alias, table) in tables {
        columns_of(table, vocabulary).for_each(|column| add(Candidate::word(column)));
        if alias != table {
            add(Candidate::word(alias));
        }
    }
    // Behind nothing there is too much to choose from.
    if typed.is_empty() {
        return words;
    }
    if tables.is_empty() {
        vocabulary.tables.iter().for_each(|table| add(Candidate::word(&table.name)));
    }
    for function in &vocabulary.functions {
        add(Candidate { word: function.clone(), replacement: format!("{function}(") });
    }
    for name in &vocabulary.macros {
        add(Candidate { word: format!("{name}!"), replacement: format!("{name}!(") });
    }
    let is_lower_case = typed.chars().all(|c| !c.is_uppercase());
    for keyword in KEYWORDS {
        add(Candidate::word(&if is_lower_case { keyword.to_lowercase() } else { keyword.to_owned() }));
    }
    words
}

/// The statement that the cursor stands in.
fn statement_around(line: &str, cursor: usize) -> Range<usize> {
    let start = line[..cursor].rfind(';').map_or(0, |at| at + 1);
    let end = line[cursor..].find(';').map_or(line.len(), |at| cursor + at);
    start..end
}

/// Known tables that a statement reads, each with the name that it has there.
fn tables_of(statement: &str, vocabulary: &Vocabulary) -> Vec<(String, String)> {
    let tokens = tokens(statement).unwrap_or_default();
    let is_known = |name: &str| vocabulary.tables.iter().any(|table| table.name.eq_ignore_ascii_case(name));
    let mut tables = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(name) = token else { continue };
        let is_table = match at.checked_sub(1).map(|before| &tokens[before]) {
            Some(before) if before.is("from") || before.is("join") => true,
            Some(Token::Mark(',')) => is_in_table_list(&tokens[..at]),
            _ => false,
        };
        if !(is_table && is_known(name)) {
            continue;
        }
        let after = match &tokens[at + 1..] {
            [word, alias, ..] if word.is("as") => Some(alias),
            [alias, ..] => Some(alias),
            [] => None,
        };
        let alias = match after {
            Some(Token::Word(alias))
                if !KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(alias))
                    && !alias.eq_ignore_ascii_case("on") =>
            {
                alias
            }
            _ => name,
        };
        tables.push(((*alias).to_owned(), (*name).to_owned()));
    }
    tables
}

/// Names, keywords and marks of `text`, without texts and comments; `None` when it ends inside of one.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if is_word_char(first) {
            let len = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(&rest[..len]));
            rest = &rest[len..];
            continue;
        }
        rest = &rest[first.len_utf8()..];
        match first {
            // A doubled quote is the end of one piece and the start of the next, which comes to the same here.
            '\'' | '"' => rest = &rest[rest.find(first)? + 1..],
            '-' if rest.starts_with('-') => rest = &rest[rest.find('\n')?..],
            '/' if rest.starts_with('*') => rest = &rest[rest.find("*/")? + 2..],
            first if first.is_whitespace() => {}
            mark => tokens.push(Token::Mark(mark)),
        }
    }
    Some(tokens)
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn first_len(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

fn starts_with(word: &str, typed: &str) -> bool {
    word.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed))
}

#[cfg(test)]
mod tests {
    use kinetoscope_sql::TableWords;

    use super::*;

    fn vocabulary() -> Vocabulary {
        let table = |name: &str, columns: &[&str]| TableWords {
            name: name.to_owned(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
        };
        Vocabulary {
            tables: vec![
                table("kernel", &["id", "ts", "grid_x"]),
                table("slice", &["id", "ts", "dur", "track_id"]),
                table("track", &["id", "name"]),
            ],
            functions: vec!["sum".to_owned(), "trace_start".to_owned()],
            macros: vec!["cast_int".to_owned()],
            modules: vec!["slices.self_dur", "slices.with_context", "time.conversion"],
        }
    }

    /// What may stand at the `|` in `line`.
    fn words_at(line: &str) -> Vec<String> {
        let cursor = line.find('|').expect("the cursor is marked");
        let (start, candidates) = complete(&line.replace('|', ""), cursor, &vocabulary());
        assert!(start <= cursor);
        candidates.into_iter().map(|candidate| candidate.replacement).collect()
    }

    #[test]
    fn tables_stand_behind_from_and_join() {
        assert_eq!(words_at("select * from s|"), ["slice"]);
        assert_eq!(words_at("select * from slice join tr|"), ["track"]);
        assert_eq!(words_at("select * from slice, |"), ["kernel", "slice", "track"]);
        assert_eq!(words_at("SELECT * FROM SL|"), ["slice"]);
    }

    #[test]
    fn columns_are_those_of_the_tables_at_hand() {
        assert_eq!(words_at("select gr| from kernel"), ["grid_x", "group"]);
        assert_eq!(words_at("select t| from slice"), ["ts", "track_id", "trace_start(", "table", "then"]);
        assert_eq!(words_at("select s.d| from slice s"), ["dur"]);
        assert_eq!(words_at("select * from slice as s join track t on t.|"), ["id", "name"]);
        assert_eq!(words_at("select * from slice join track on track.|"), ["id", "name"]);
        assert_eq!(words_at("select * from slice where | "), ["id", "ts", "dur", "track_id"]);
        assert_eq!(
            words_at("select 1 from track; select t| from slice"),
            ["ts", "track_id", "trace_start(", "table", "then"]
        );
    }

    #[test]
    fn words_take_the_case_of_what_is_typed() {
        assert_eq!(words_at("sel|"), ["select"]);
        assert_eq!(words_at("SEL|"), ["SELECT"]);
        assert_eq!(words_at("select cast_|"), ["cast_int!("]);
        assert_eq!(words_at("select su|"), ["sum("]);
    }

    #[test]
    fn texts_and_comments_are_left_alone() {
        assert!(words_at("select 'fro|").is_empty());
        assert!(words_at("select 1 -- fro|").is_empty());
        assert!(words_at("select /* fro|").is_empty());
        assert_eq!(words_at("select 'it''s', \"x\" from sl|"), ["slice"]);
    }

    #[test]
    fn modules_have_points() {
        assert_eq!(words_at("include perfetto module sl|"), ["slices.self_dur", "slices.with_context"]);
        assert_eq!(words_at("INCLUDE PERFETTO MODULE slices.w|"), ["slices.with_context"]);
    }

    #[test]
    fn commands_and_their_arguments() {
        assert_eq!(words_at(".ti|"), ["timer"]);
        assert_eq!(words_at(".timer o|"), ["on", "off"]);
        assert_eq!(words_at(".schema k|"), ["kernel"]);
        assert_eq!(words_at(".format c|"), ["csv"]);
        assert!(words_at(".nonsense a|").is_empty());
    }
}
