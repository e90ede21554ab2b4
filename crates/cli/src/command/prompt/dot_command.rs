//! Dot commands: what can be said at the prompt that is no SQL. Those that SQLite's and Perfetto's shells have, too, are
//! called as there.

use std::path::PathBuf;

use kinetoscope_sql::Vocabulary;
use kinetoscope_sql::format::Format;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DotCommand {
    /// The list of commands.
    Help,
    /// Ends the prompt.
    Quit,
    /// Lists tables and views, or those whose name has this in it.
    Tables(Option<String>),
    /// Lists the columns of a table, or all tables with what they are.
    Schema(Option<String>),
    /// Lists functions, or those whose name has this in it.
    Functions(Option<String>),
    /// Lists modules that can be included.
    Modules,
    /// Sets how results are printed.
    Format(Format),
    /// Sends results to a file, or back to the terminal.
    Output(Option<PathBuf>),
    /// Runs the SQL in a file.
    Read(PathBuf),
    /// Says after each input how long it took, or does not.
    Timer(bool),
}

/// Every command, as `.help` lists it.
const HELP: [(&str, &str); 10] = [
    (".format FORMAT", "print results as table, csv, json, ndjson or markdown; .mode is the same"),
    (".functions [TEXT]", "functions, or those with TEXT in their name"),
    (".help", "this list"),
    (".modules", "what INCLUDE PERFETTO MODULE can bring in"),
    (".output [FILE]", "write results to FILE, or without one to the terminal again"),
    (".quit", "leave, like Ctrl-D; .exit is the same"),
    (".read FILE", "run the SQL in FILE"),
    (".schema [NAME]", "columns of a table or view, or all of these with what they hold"),
    (".tables [TEXT]", "tables and views, or those with TEXT in their name"),
    (".timer on|off", "say how long an answer took"),
];

/// Names, without the point.
pub(super) const NAMES: [&str; 12] =
    ["exit", "format", "functions", "help", "mode", "modules", "output", "quit", "read", "schema", "tables", "timer"];

/// The list of commands as text.
pub(super) fn help() -> String {
    let width = HELP.iter().map(|(usage, _)| usage.len()).max().unwrap_or(0);
    let mut text =
        String::from("SQL ends with a semicolon and may go over several lines. Tab completes, Ctrl-C stops.\n\n");
    for (usage, meaning) in HELP {
        text.push_str(&format!("{usage:width$}  {meaning}\n"));
    }
    text
}

/// Words that may follow the command `name`.
pub(super) fn arguments(name: &str, vocabulary: &Vocabulary) -> Vec<String> {
    let tables = || vocabulary.tables.iter().map(|table| table.name.clone()).collect();
    match name {
        "format" | "mode" => formats().map(|format| format.word().to_owned()).collect(),
        "timer" => vec!["on".to_owned(), "off".to_owned()],
        "schema" | "tables" => tables(),
        "functions" => vocabulary.functions.clone(),
        _ => Vec::new(),
    }
}

/// Formats that a terminal can show.
fn formats() -> impl Iterator<Item = Format> {
    Format::ALL.iter().copied().filter(|format| !format.is_binary())
}

impl DotCommand {
    /// Reads a line that begins with a point; the error says what is wrong with it.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        // People end lines with a semicolon out of habit.
        let line = line.trim().trim_end_matches(';').trim_end();
        let (name, argument) = match line.split_once(char::is_whitespace) {
            Some((name, argument)) => (name, Some(unquoted(argument.trim()))),
            None => (line, None),
        };
        let no_more = |command: Self| match argument {
            Some(argument) => Err(format!("`{name}` takes nothing, and was given `{argument}`")),
            None => Ok(command),
        };
        let text = argument.map(str::to_owned);
        match name {
            ".help" => no_more(Self::Help),
            ".quit" | ".exit" => no_more(Self::Quit),
            ".modules" => no_more(Self::Modules),
            ".tables" => Ok(Self::Tables(text)),
            ".schema" => Ok(Self::Schema(text)),
            ".functions" => Ok(Self::Functions(text)),
            ".output" => Ok(Self::Output(argument.map(PathBuf::from))),
            ".read" => match argument {
                Some(path) => Ok(Self::Read(PathBuf::from(path))),
                None => Err("`.read` takes a file with SQL".to_owned()),
            },
            ".timer" => match argument {
                Some("on") => Ok(Self::Timer(true)),
                Some("off") => Ok(Self::Timer(false)),
                _ => Err("`.timer` takes `on` or `off`".to_owned()),
            },
            ".format" | ".mode" => {
                let asked = argument.unwrap_or_default();
                formats().find(|format| format.word() == asked).map(Self::Format).ok_or_else(|| {
                    let words: Vec<_> = formats().map(Format::word).collect();
                    format!("`{name}` takes one of {}", words.join(", "))
                })
            }
            _ => Err(format!("no such command: `{name}`; `.help` lists all")),
        }
    }
}

fn unquoted(argument: &str) -> &str {
    let inner = |quote| argument.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        let read = |line: &str| DotCommand::parse(line);
        assert_eq!(read(".help"), Ok(DotCommand::Help));
        assert_eq!(read(".exit;"), Ok(DotCommand::Quit));
        assert_eq!(read(".tables"), Ok(DotCommand::Tables(None)));
        assert_eq!(read(".schema  slice "), Ok(DotCommand::Schema(Some("slice".to_owned()))));
        assert_eq!(read(".mode csv"), Ok(DotCommand::Format(Format::Csv)));
        assert_eq!(read(".output 'my file.csv'"), Ok(DotCommand::Output(Some(PathBuf::from("my file.csv")))));
        assert_eq!(read(".timer off"), Ok(DotCommand::Timer(false)));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |line: &str| DotCommand::parse(line).expect_err("it is wrong");
        assert_eq!(wrong(".tabels"), "no such command: `.tabels`; `.help` lists all");
        assert_eq!(wrong(".quit now"), "`.quit` takes nothing, and was given `now`");
        assert_eq!(wrong(".timer"), "`.timer` takes `on` or `off`");
        assert_eq!(wrong(".format arrow"), "`.format` takes one of table, csv, json, ndjson, markdown");
        assert_eq!(wrong(".read"), "`.read` takes a file with SQL");
    }

    #[test]
    fn every_command_is_in_the_help_and_can_be_completed() {
        let help = help();
        for name in NAMES {
            assert!(help.contains(&format!(".{name}")), "{name}");
            assert!(!matches!(DotCommand::parse(&format!(".{name}")), Err(message) if message.starts_with("no such")));
        }
    }
}
