//! Paths that the documents name: each must exist, since a guide that points nowhere is worse than none.

use std::path::Path;

use super::Finding;
use crate::repository::RepoFile;

/// Findings about Markdown files.
pub(super) fn check(files: &[RepoFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("md")) {
        let mut is_in_fence = false;
        for (index, line) in file.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                is_in_fence = !is_in_fence;
                continue;
            }
            if is_in_fence {
                continue;
            }
            for path in code_spans(line).filter(|span| is_repo_path(span, files)) {
                if !exists(files, path) && !exists(files, &beside(file, path)) {
                    findings.push(Finding::at_line(&file.path, index, format!("`{path}` does not exist")));
                }
            }
            for path in link_targets(line) {
                if !exists(files, &beside(file, path)) {
                    findings.push(Finding::at_line(&file.path, index, format!("the link to `{path}` leads nowhere")));
                }
            }
        }
    }
    findings
}

/// The texts between backticks.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// True for a span that means a file or folder of this repository: its first part is one at the root, or it names a
/// document or manifest. Patterns, commands and placeholders are none.
fn is_repo_path(span: &str, files: &[RepoFile]) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    if span.is_empty() || span.starts_with('/') || !span.chars().all(is_plain) {
        return false;
    }
    match span.split_once('/') {
        Some((first, _)) => files.iter().any(|file| file.path.split_once('/').is_some_and(|(root, _)| root == first)),
        None => span.ends_with(".md") || span.ends_with(".toml"),
    }
}

/// The targets of `[text](target)` that lie in this repository, without their anchors.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', ' ']).next()?.split('#').next()?;
        (!target.is_empty() && !target.contains(':')).then_some(target)
    })
}

/// `path` as seen from the folder of `file`, with `..` resolved.
fn beside(file: &RepoFile, path: &str) -> String {
    let mut parts: Vec<&str> = file.path.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." if !parts.is_empty() => {
                parts.pop();
            }
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// True when a file or a folder is there.
fn exists(files: &[RepoFile], path: &str) -> bool {
    files.iter().any(|file| Path::new(&file.path).starts_with(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        let files = [
            RepoFile::made_up("docs/guide/a.md", text),
            RepoFile::made_up("docs/b.md", ""),
            RepoFile::made_up("crates/model/src/lib.rs", ""),
            RepoFile::made_up("Cargo.toml", ""),
        ];
        check(&files).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_dead_path_is_found() {
        assert_eq!(findings("See `crates/modell`."), ["docs/guide/a.md:1: `crates/modell` does not exist"]);
        assert_eq!(findings("\nSee `crates/mod`."), ["docs/guide/a.md:2: `crates/mod` does not exist"]);
        assert_eq!(findings("`a.md` `gone.md`"), ["docs/guide/a.md:1: `gone.md` does not exist"]);
    }

    #[test]
    fn a_dead_link_is_found() {
        assert_eq!(findings("[b](../b.md#top) [c](c.md)"), ["docs/guide/a.md:1: the link to `c.md` leads nowhere"]);
    }

    #[test]
    fn live_paths_and_other_spans_pass() {
        let text = "`crates/model/src/lib.rs` `crates/model/` `Cargo.toml` `docs/b.md` `cargo xtask test` `crates/<name>` \
                    `a/b` `x.json` [p](https://example.invalid/x.md) [q](#r)\n```\n`crates/gone`\n```\n";
        assert_eq!(findings(text), [""; 0]);
    }
}
