//! Modules: each opens by saying what it is, and none is named for having no name.

use super::Finding;
use super::rust_source::{RustSource, is_word};
use crate::repository::RepoFile;

/// Names that say nothing: a thing without a better name has no place yet.
const NAMES_THAT_SAY_NOTHING: [&str; 7] = ["common", "helper", "helpers", "manager", "misc", "util", "utils"];

/// Findings about the Rust modules.
pub(super) fn check(files: &[RepoFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("rs")) {
        let is_module = file.path.contains("/src/") || file.path.starts_with("fuzz/fuzz_targets/");
        if is_module && !opens_with_module_doc(&file.text) {
            findings.push(Finding::in_file(&file.path, "does not open with a `//!` that says what the module is"));
        }
        for part in file.path.trim_end_matches(".rs").split('/') {
            if NAMES_THAT_SAY_NOTHING.contains(&part) {
                findings.push(Finding::in_file(&file.path, format!("`{part}` names nothing")));
            }
        }
        for (index, line) in RustSource::parse(&file.text).code.lines().enumerate() {
            if let Some(name) = inline_module_name(line)
                && NAMES_THAT_SAY_NOTHING.contains(&name)
            {
                findings.push(Finding::at_line(&file.path, index, format!("`{name}` names nothing")));
            }
        }
    }
    findings
}

fn opens_with_module_doc(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.next().is_some_and(|line| line.strip_prefix("//!").is_some_and(|doc| !doc.trim().is_empty()))
}

/// The name in `mod name {`; a module in a file of its own is named by that file.
fn inline_module_name(line: &str) -> Option<&str> {
    let (before, name) = line.trim_end().strip_suffix('{')?.trim_end().rsplit_once(' ')?;
    (before.trim_end().split(|c| !is_word(c)).next_back() == Some("mod")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(&[RepoFile::made_up(path, text)]).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_module_without_a_header_is_found() {
        let expected = ["crates/a/src/b.rs: does not open with a `//!` that says what the module is"];
        assert_eq!(findings("crates/a/src/b.rs", "use std::fmt;\n//! Late.\n"), expected);
        assert_eq!(findings("crates/a/src/b.rs", "//!\n//! Second line only.\n"), expected);
        assert_eq!(findings("crates/a/src/b.rs", ""), expected);
        assert_eq!(findings("crates/a/src/b.rs", "\n//! What it is.\n"), [""; 0]);
        assert_eq!(findings("crates/a/tests/b.rs", "use std::fmt;"), [""; 0]);
    }

    #[test]
    fn a_name_that_says_nothing_is_found() {
        assert_eq!(findings("crates/a/src/utils.rs", "//! U."), ["crates/a/src/utils.rs: `utils` names nothing"]);
        assert_eq!(
            findings("crates/a/tests/common/mod.rs", ""),
            ["crates/a/tests/common/mod.rs: `common` names nothing"]
        );
        assert_eq!(
            findings("crates/a/src/b.rs", "//! B.\npub(crate) mod misc {\n}\n"),
            ["crates/a/src/b.rs:2: `misc` names nothing"]
        );
        assert_eq!(findings("crates/a/src/b.rs", "//! B.\nmod commons {}\n// mod misc {\n"), [""; 0]);
    }
}
