//! Who may print, exit, read the environment and touch files, build scripts, and unnumbered to-dos.
//!
//! Parsing is a function of bytes and analysis one of columns: they can be tested, fuzzed and embedded because nothing
//! in the middle reaches for the world. Tests, test tools and developer commands may.
//!
//! A crate of the product has no build script: whoever installs the command has a Rust toolchain and need have nothing
//! else, and the page's built files are committed.

use super::Finding;
use super::rust_source::{RustSource, is_word};
use crate::repository::RepoFile;

/// Crates that are no part of the product.
const TOOLS: [&str; 3] = ["crates/testkit/", "xtask/", "fuzz/"];

/// The crate that is the command.
const COMMAND: &str = "crates/cli/";

/// Modules, as files or folders, and crates that may touch files.
const FILE_MODULES: [&str; 5] = [
    "crates/ingest/src/bytes",
    "crates/ingest/src/nsys",
    "crates/store/src/cache",
    "crates/record/src",
    "crates/probe/src",
];

/// What touches files. Methods start with a dot.
const FILE_WORDS: [&str; 11] = [
    "std::fs",
    "tokio::fs",
    "File::open",
    "File::create",
    "File::create_new",
    "File::options",
    "OpenOptions",
    ".canonicalize",
    ".read_dir",
    ".read_link",
    ".symlink_metadata",
];

/// What prints, exits or reads the environment.
const WORLD_WORDS: [&str; 16] = [
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "dbg!",
    "io::stdout",
    "io::stderr",
    "env::args",
    "env::args_os",
    "env::var",
    "env::var_os",
    "env::vars",
    "env::vars_os",
    "env::current_dir",
    "process::exit",
    "process::abort",
];

/// The mark of a to-do, in two parts since this file is checked too.
const TO_DO: &str = concat!("TO", "DO");

/// Extensions of sources in which a to-do needs a number, besides Rust's, where only comments count.
const OTHER_SOURCES: [&str; 11] = ["css", "html", "js", "mjs", "proto", "py", "pyi", "sh", "sql", "ts", "tsx"];

/// Findings about what sources reach for.
pub(super) fn check(files: &[RepoFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        check_build_script(file, &mut findings);
        if file.has_extension("rs") {
            let source = RustSource::parse(&file.text);
            check_to_dos(file, &source.comments, &mut findings);
            if is_product_source(&file.path) {
                check_reach(file, &source.code, &mut findings);
            }
        } else if OTHER_SOURCES.iter().any(|extension| file.has_extension(extension)) {
            check_to_dos(file, &file.text, &mut findings);
        }
    }
    findings
}

/// True for sources that get into the product: neither tools nor tests nor benches.
fn is_product_source(path: &str) -> bool {
    let is_tool = TOOLS.iter().any(|folder| path.starts_with(folder));
    let is_test = path.split('/').any(|part| ["tests", "benches", "examples", "tests.rs"].contains(&part));
    path.starts_with("crates/") && !is_tool && !is_test
}

fn check_build_script(file: &RepoFile, findings: &mut Vec<Finding>) {
    let message = "a build script: what builds the product is `cargo` alone";
    match file.path.strip_prefix("crates/").and_then(|path| path.split_once('/')) {
        Some((_, "build.rs")) => findings.push(Finding::at_line(&file.path, 0, message)),
        Some((_, "Cargo.toml")) => {
            let has_key = |line: &str| line.split_once('=').is_some_and(|(key, _)| key.trim() == "build");
            let lines = file.text.lines().enumerate().filter(|(_, line)| has_key(line));
            findings.extend(lines.map(|(index, _)| Finding::at_line(&file.path, index, message)));
        }
        _ => {}
    }
}

fn check_reach(file: &RepoFile, code: &str, findings: &mut Vec<Finding>) {
    if file.path.starts_with(COMMAND) {
        return;
    }
    let is_file_module = FILE_MODULES
        .iter()
        .any(|module| file.path.strip_prefix(module).is_some_and(|rest| rest.starts_with('/') || rest == ".rs"));
    for (index, line) in code.lines().enumerate() {
        if let Some(word) = WORLD_WORDS.iter().find(|word| holds_word(line, word)) {
            let message = format!("`{word}`: only `{COMMAND}` prints, exits and reads the environment");
            findings.push(Finding::at_line(&file.path, index, message));
        }
        if is_file_module {
            continue;
        }
        if let Some(word) = FILE_WORDS.iter().find(|word| holds_word(line, word)) {
            let message = format!(
                "`{word}`: only {} and `{COMMAND}` touch files",
                FILE_MODULES.map(|m| format!("`{m}`")).join(", ")
            );
            findings.push(Finding::at_line(&file.path, index, message));
        }
    }
}

fn check_to_dos(file: &RepoFile, text: &str, findings: &mut Vec<Finding>) {
    for (index, line) in text.lines().enumerate() {
        for (at, _) in line.match_indices(TO_DO) {
            if is_whole_word(line, at, TO_DO.len()) && !starts_with_number(&line[at + TO_DO.len()..]) {
                findings.push(Finding::at_line(
                    &file.path,
                    index,
                    format!("a {TO_DO} without `(#n)`: file an issue and name it"),
                ));
            }
        }
    }
}

/// True for `(#12)` at the start.
fn starts_with_number(text: &str) -> bool {
    text.strip_prefix("(#")
        .and_then(|rest| rest.split_once(')'))
        .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| is_whole_word(line, at, word.len()))
}

/// True when no character of an identifier comes right before or after.
fn is_whole_word(line: &str, at: usize, len: usize) -> bool {
    let is_method = line[at..].starts_with('.');
    let starts = is_method || !line[..at].ends_with(is_word);
    let ends = line[..at + len].ends_with('!') || !line[at + len..].starts_with(is_word);
    starts && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_with_findings(path: &str, text: &str) -> Vec<usize> {
        check(&[RepoFile::made_up(path, text)]).iter().map(|finding| finding.line.expect("has a line")).collect()
    }

    const REACHING: &str = "//! A module.\nuse std::fs;\nlet a = File::open(path);\nlet b = path.read_dir();\n\
                            println!(\"{a}\");\nlet c = std::env::var(\"X\");\nstd::process::exit(1);\n";

    #[test]
    fn reaching_for_the_world_is_found() {
        assert_eq!(lines_with_findings("crates/analysis/src/a.rs", REACHING), [2, 3, 4, 5, 6, 7]);
        assert_eq!(lines_with_findings("crates/ingest/src/bytesize.rs", REACHING), [2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn every_word_of_both_lists_is_found() {
        for word in FILE_WORDS.iter().chain(&WORLD_WORDS) {
            let text = format!("let a = x{}{word}(b);", if word.starts_with('.') { "" } else { " " });
            assert_eq!(lines_with_findings("crates/model/src/a.rs", &text), [1], "{word}");
        }
    }

    #[test]
    fn modules_for_files_may_touch_files_and_do_nothing_else() {
        for path in ["crates/ingest/src/bytes.rs", "crates/ingest/src/bytes/zip.rs", "crates/store/src/cache/write.rs"]
        {
            assert_eq!(lines_with_findings(path, REACHING), [5, 6, 7], "{path}");
        }
    }

    #[test]
    fn command_tools_and_tests_may_do_all() {
        let inline = format!("#[cfg(test)]\nmod tests {{\n{REACHING}}}\n");
        assert_eq!(lines_with_findings("crates/model/src/a.rs", &inline), [0; 0]);
        for path in
            ["crates/cli/src/main.rs", "crates/testkit/src/lib.rs", "xtask/src/main.rs", "crates/model/tests/a.rs"]
        {
            assert_eq!(lines_with_findings(path, REACHING), [0; 0], "{path}");
        }
    }

    #[test]
    fn the_product_has_no_build_script() {
        assert_eq!(lines_with_findings("crates/server/build.rs", "fn main() {}"), [1]);
        assert_eq!(lines_with_findings("crates/server/Cargo.toml", "[package]\nbuild = \"page.rs\"\n"), [2]);
        assert_eq!(lines_with_findings("crates/server/Cargo.toml", "[build-dependencies]\nrebuild = \"1\"\n"), [0; 0]);
        assert_eq!(lines_with_findings("crates/server/src/build.rs", "//! A module."), [0; 0]);
    }

    #[test]
    fn prose_and_longer_names_pass() {
        let text = "//! Writes with println!.\n// std::fs is not used.\nlet a = \"std::fs\";\nmy_println!(a);\nFile::opened(b);\n";
        assert_eq!(lines_with_findings("crates/model/src/a.rs", text), [0; 0]);
    }

    #[test]
    fn a_to_do_needs_a_number() {
        let text =
            format!("// {TO_DO}: later\n// {TO_DO}(#12): later\n// {TO_DO}(me): later\nlet {TO_DO}S = \"{TO_DO}\";\n");
        assert_eq!(lines_with_findings("crates/cli/src/a.rs", &text), [1, 3]);
        assert_eq!(lines_with_findings("ui/src/a.ts", &format!("// {TO_DO} later\n")), [1]);
    }
}
