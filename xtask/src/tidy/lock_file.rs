//! One Arrow: arrays of two Arrow versions are unrelated types, and the second one doubles a large part of the build.

use std::collections::BTreeMap;

use super::Finding;
use crate::repository::RepoFile;

/// Families of packages that must each be there in a single version.
const SINGLE_VERSION_FAMILIES: [&str; 2] = ["arrow", "datafusion"];

/// Findings about the lock files: the workspace's, and that of the fuzz targets, which link the same crates.
pub(super) fn check(files: &[RepoFile]) -> Vec<Finding> {
    let locks: Vec<&RepoFile> =
        files.iter().filter(|file| file.path.rsplit('/').next() == Some("Cargo.lock")).collect();
    if locks.is_empty() {
        return vec![Finding::in_file("Cargo.lock", "is missing")];
    }
    locks.into_iter().flat_map(check_lock).collect()
}

fn check_lock(lock: &RepoFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for family in SINGLE_VERSION_FAMILIES {
        let mut packages_by_version: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, version) in packages(&lock.text) {
            if name == family || name.strip_prefix(family).is_some_and(|rest| rest.starts_with('-')) {
                packages_by_version.entry(version).or_default().push(name);
            }
        }
        if packages_by_version.len() > 1 {
            let versions: Vec<String> = packages_by_version
                .iter()
                .map(|(version, names)| format!("{version} ({})", names.join(", ")))
                .collect();
            findings.push(Finding::in_file(
                &lock.path,
                format!("the `{family}` crates must share one version, and there are {}", versions.join(" and ")),
            ));
        }
    }
    findings
}

/// Name and version of every package.
fn packages(lock: &str) -> impl Iterator<Item = (&str, &str)> {
    lock.split("[[package]]").skip(1).filter_map(|package| {
        let value = |key| package.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim_matches('"'));
        Some((value("name = ")?, value("version = ")?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(packages: &[(&str, &str)]) -> Vec<RepoFile> {
        let text: String = packages
            .iter()
            .map(|(name, version)| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n"))
            .collect();
        vec![RepoFile::made_up("Cargo.lock", &format!("version = 4\n\n{text}"))]
    }

    #[test]
    fn two_versions_of_one_family_are_found() {
        let findings = check(&lock(&[("arrow-array", "59.3.2"), ("arrow-ipc", "60.0.0"), ("serde", "1.0.0")]));
        assert_eq!(
            findings.iter().map(Finding::to_string).collect::<Vec<_>>(),
            [
                "Cargo.lock: the `arrow` crates must share one version, and there are 59.3.2 (arrow-array) and 60.0.0 (arrow-ipc)"
            ]
        );
    }

    #[test]
    fn every_lock_file_is_looked_at_and_one_is_needed() {
        let mut files = lock(&[("arrow-array", "59.3.2"), ("arrow-ipc", "60.0.0")]);
        files[0].path = "fuzz/Cargo.lock".to_owned();
        assert_eq!(check(&files).len(), 1);
        assert_eq!(check(&[]).len(), 1);
    }

    #[test]
    fn other_packages_may_have_two_versions() {
        let packages =
            [("arrow", "59.3.2"), ("arrow-ipc", "59.3.2"), ("arrowhead", "1.0.0"), ("syn", "1.0.0"), ("syn", "2.0.0")];
        assert_eq!(check(&lock(&packages)), []);
    }
}
