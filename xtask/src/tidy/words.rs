//! Words that must not get into the repository: paths of somebody's machine, hosts, leftovers of tools.

use super::Finding;
use crate::repository::RepoFile;

/// Forbidden words with the reason. They are put together from parts, since this file is checked too.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("/", "work/"), "an absolute path of one machine"),
    (concat!("/", "root/"), "an absolute path of one machine"),
    (concat!("crates", ".io"), "a registry host: say what to install and let the client find it"),
    (concat!("pypi", ".org"), "a registry host: say what to install and let the client find it"),
    (concat!("npmjs", ".org"), "a registry host: say what to install and let the client find it"),
    (concat!("sub", "agent"), "about how a change came to be: write about the product"),
    (concat!("session", "'s helper"), "about how a change came to be: write about the product"),
];

/// Cargo writes the registry it asked into its lock files, whatever its name.
const LOCK_FILE: &str = "Cargo.lock";

/// Real traces are kept as they were recorded, with the paths of the machine they come from.
const RECORDED: &str = "fixtures/";

/// Findings about words and leftover files.
pub(super) fn check(files: &[RepoFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        if file.path.ends_with(".snap.new") {
            findings.push(Finding::in_file(&file.path, "a snapshot that nobody has reviewed"));
        }
        if file.path.ends_with(LOCK_FILE) || file.path.starts_with(RECORDED) {
            continue;
        }
        for (index, line) in file.text.lines().enumerate() {
            for &(word, reason) in FORBIDDEN {
                if holds_word(line, word) {
                    findings.push(Finding::at_line(&file.path, index, format!("`{word}` is {reason}")));
                }
            }
        }
    }
    findings
}

/// True when `line` holds `word`, an absolute path only when it does not go on from a relative one.
fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        !word.starts_with('/')
            || !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-~/}*".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_forbidden_word_is_found() {
        for (word, reason) in FORBIDDEN {
            let files = [RepoFile::made_up("docs/a.md", &format!("first\nsee {word} there"))];
            assert_eq!(
                check(&files).iter().map(Finding::to_string).collect::<Vec<_>>(),
                [format!("docs/a.md:2: `{word}` is {reason}")]
            );
        }
    }

    #[test]
    fn relative_paths_locks_and_recorded_traces_pass() {
        let path = FORBIDDEN[0].0;
        let files = [
            RepoFile::made_up("a.md", &format!("the folder home{path} and ..{path}")),
            RepoFile::made_up("fuzz/Cargo.lock", FORBIDDEN[2].0),
            RepoFile::made_up("fixtures/vllm/trace.json", path),
        ];
        assert_eq!(check(&files), []);
    }

    #[test]
    fn an_unreviewed_snapshot_is_found() {
        let files = [RepoFile::made_up("crates/a/tests/snapshots/b.snap.new", "")];
        assert_eq!(check(&files).len(), 1);
    }
}
