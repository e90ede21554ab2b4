//! Blocks of a document that show a terminal: what was typed after `$ `, and what was printed.
//!
//! What changes from run to run is left out of a document: a line `...` stands for any number of lines, and `[..]` for
//! any text within one.

/// A command and what it prints.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConsoleCommand {
    /// Where it stands, for messages.
    pub(crate) line: usize,
    pub(crate) command: String,
    pub(crate) output: String,
}

const FENCE: &str = "```";
const PROMPT: &str = "$ ";
const CONTINUED: &str = "> ";

/// The commands of all blocks that begin with a call of `program`.
pub(crate) fn commands_of(document: &str, program: &str) -> Vec<ConsoleCommand> {
    let mut commands = Vec::new();
    let mut lines = document.lines().enumerate();
    while let Some((_, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix(FENCE) else { continue };
        let block: Vec<(usize, &str)> = lines.by_ref().take_while(|(_, line)| line.trim_end() != FENCE).collect();
        let begins = |&(_, first): &(usize, &str)| {
            first.strip_prefix(PROMPT).and_then(|command| command.split(' ').next()) == Some(program)
        };
        if language == "console" && block.first().is_some_and(begins) {
            commands.extend(commands_in(&block));
        }
    }
    commands
}

fn commands_in(block: &[(usize, &str)]) -> Vec<ConsoleCommand> {
    let mut commands: Vec<ConsoleCommand> = Vec::new();
    for &(index, line) in block {
        if let Some(command) = line.strip_prefix(PROMPT) {
            commands.push(ConsoleCommand { line: index + 1, command: command.to_owned(), output: String::new() });
            continue;
        }
        let Some(last) = commands.last_mut() else { continue };
        match line.strip_prefix(CONTINUED) {
            Some(more) if last.output.is_empty() => last.command += &format!("\n{more}"),
            _ => last.output += &format!("{line}\n"),
        }
    }
    commands
}

/// True when `actual` is `expected` but for what that leaves out.
pub(crate) fn matches(expected: &str, actual: &str) -> bool {
    let expected: Vec<&str> = expected.lines().collect();
    let actual: Vec<&str> = actual.lines().collect();
    lines_match(&expected, &actual)
}

fn lines_match(expected: &[&str], actual: &[&str]) -> bool {
    match expected {
        [] => actual.is_empty(),
        ["...", rest @ ..] => (0..=actual.len()).any(|skipped| lines_match(rest, &actual[skipped..])),
        [first, rest @ ..] => {
            actual.split_first().is_some_and(|(line, more)| line_matches(first, line) && lines_match(rest, more))
        }
    }
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let actual = actual.trim_end();
    match expected.trim_end().split_once("[..]") {
        None => expected.trim_end() == actual,
        Some((before, rest)) => actual.strip_prefix(before).is_some_and(|actual| {
            let ends = actual.char_indices().map(|(index, _)| index).chain([actual.len()]);
            ends.into_iter().any(|skipped| line_matches(rest, &actual[skipped..]))
        }),
    }
}

#[test]
fn only_blocks_that_call_the_program_are_run() {
    let document = "\
text
```console
$ tool summary a.json
one
  two
$ tool query a.json 'select
> 1'
```
```console
$ other
```
```
$ tool not shown as a terminal
```
```console
$ tool empty
```
";
    let command = |line, command: &str, output: &str| ConsoleCommand {
        line,
        command: command.to_owned(),
        output: output.to_owned(),
    };
    let expected = [
        command(3, "tool summary a.json", "one\n  two\n"),
        command(6, "tool query a.json 'select\n1'", ""),
        command(16, "tool empty", ""),
    ];
    assert_eq!(commands_of(document, "tool"), expected);
}

#[test]
fn what_is_left_out_matches_anything_and_the_rest_itself() {
    assert!(matches("a\nb\n", "a\nb\n"));
    assert!(matches("a\n...\nd\n", "a\nb\nc\nd\n"));
    assert!(matches("a\n...\n", "a\n"));
    assert!(matches("took [..] ms, [..]", "took 12.5 ms, done  "));
    assert!(matches("…[..]", "…ä"));
    assert!(!matches("a\n", "a\nb\n"));
    assert!(!matches("a\nb\n", "a\n"));
    assert!(!matches("a\n...\nd\n", "a\nb\n"));
    assert!(!matches("took [..] ms", "took 12.5 s"));
    assert!(!matches(" a", "a"));
}
