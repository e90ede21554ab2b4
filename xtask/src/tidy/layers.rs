//! The layers: which crate may use which, as ARCHITECTURE.md tables it and as `cargo metadata` finds it.
//!
//! The table is the contract, so a new arrow is a decision that shows in review and not a line that slips into a
//! manifest. Tests have a column of their own: what tests pull in is built by every developer, though no user sees it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Finding;
use crate::repository::{self, RepoFile};

/// Where the table stands.
const DOCUMENT: &str = "ARCHITECTURE.md";
const BEGIN: &str = "<!-- layers:begin -->";
const END: &str = "<!-- layers:end -->";
const COLUMNS: [&str; 5] =
    ["crate", "purpose in one sentence", "depends on (ours)", "its tests also use", "heavy dependency, nowhere else"];

/// What comes before the folder's name in the name of a package.
const PREFIX: &str = "kinetoscope-";

/// What a package needs another for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// Itself, or its build script.
    Product,
    /// Tests, benches and examples.
    Tests,
}

/// A package of the workspace, as cargo sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    /// Folder below the root.
    folder: String,
    name: String,
    description: String,
    dependencies: BTreeSet<(String, Use)>,
}

impl Package {
    /// The name of the folder, which is what documents call the crate.
    fn short_name(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or_default()
    }
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    purpose: String,
    depends_on: BTreeSet<String>,
    tests_use: BTreeSet<String>,
    heavy: BTreeSet<(String, Use)>,
}

/// The packages of this workspace; asks no registry.
pub(super) fn workspace_packages() -> Result<Vec<Package>> {
    let output = repository::cargo()
        .args(["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"])
        .output()
        .context("cannot run `cargo metadata`")?;
    ensure!(output.status.success(), "`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    let metadata: Value = serde_json::from_slice(&output.stdout).context("`cargo metadata` printed no JSON")?;
    packages_of(&metadata)
}

fn packages_of(metadata: &Value) -> Result<Vec<Package>> {
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let root = text(metadata, "workspace_root").replace('\\', "/");
    let packages = metadata["packages"].as_array().context("`cargo metadata` lists no packages")?;
    let package = |value: &Value| {
        let manifest = text(value, "manifest_path").replace('\\', "/");
        let folder = manifest.strip_prefix(&root).and_then(|path| path.strip_suffix("Cargo.toml"));
        let dependencies = value["dependencies"].as_array().context("a package without list of dependencies")?;
        Ok(Package {
            folder: folder
                .with_context(|| format!("`{manifest}` is outside of the workspace"))?
                .trim_matches('/')
                .to_owned(),
            name: text(value, "name"),
            description: text(value, "description"),
            dependencies: dependencies
                .iter()
                .map(|dependency| {
                    let kind = if dependency["kind"] == "dev" { Use::Tests } else { Use::Product };
                    (text(dependency, "name"), kind)
                })
                .collect(),
        })
    };
    packages.iter().map(package).collect()
}

/// Findings about the table, the packages it lists, and their manifests.
pub(super) fn check(files: &[RepoFile], packages: &[Package]) -> Vec<Finding> {
    let mut findings = check_manifests(files, packages);
    let table = files.iter().find(|file| file.path == DOCUMENT).context("is missing");
    match table.and_then(|file| parse_table(&file.text)) {
        Ok(rows) => findings.extend(check_rows(&rows, packages)),
        Err(error) => findings.push(Finding::in_file(DOCUMENT, format!("{error:#}"))),
    }
    findings
}

fn check_manifests(files: &[RepoFile], packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let path = format!("{}/Cargo.toml", package.folder);
        let Some(manifest) = files.iter().find(|file| file.path == path) else {
            findings.push(Finding::in_file(&path, "is missing"));
            continue;
        };
        if !takes_workspace_lints(&manifest.text) {
            findings.push(Finding::in_file(&path, "does not take the workspace's lints: `lints.workspace = true`"));
        }
        let expected = match package.short_name() {
            "cli" => "kinetoscope".to_owned(),
            "xtask" => "xtask".to_owned(),
            name => format!("{PREFIX}{name}"),
        };
        if package.name != expected {
            findings
                .push(Finding::in_file(&path, format!("the package is named `{}`, not `{expected}`", package.name)));
        }
    }
    findings
}

fn takes_workspace_lints(manifest: &str) -> bool {
    let mut section = "";
    manifest.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            section = line;
        }
        let setting = line.replace(' ', "");
        (section == "[lints]" && setting == "workspace=true")
            || (section.is_empty() && setting == "lints.workspace=true")
    })
}

fn parse_table(document: &str) -> Result<BTreeMap<String, Row>> {
    let table = document
        .split_once(BEGIN)
        .and_then(|(_, rest)| rest.split_once(END))
        .map(|(table, _)| table)
        .with_context(|| format!("has no table between `{BEGIN}` and `{END}`"))?;
    let mut lines = table.lines().map(str::trim).filter(|line| !line.is_empty());
    let header = cells(lines.next().unwrap_or_default());
    ensure!(header == COLUMNS, "the table's columns are {header:?}, not {COLUMNS:?}");
    let mut rows = BTreeMap::new();
    for line in lines.skip(1) {
        let cells = cells(line);
        ensure!(cells.len() == COLUMNS.len(), "a row of the table has {} cells: `{line}`", cells.len());
        let row = Row {
            purpose: cells[1].to_owned(),
            depends_on: names(cells[2]),
            tests_use: names(cells[3]),
            heavy: heavy_dependencies(cells[4]),
        };
        let name = cells[0].trim_matches('`').to_owned();
        ensure!(rows.insert(name.clone(), row).is_none(), "the table has `{name}` twice");
    }
    Ok(rows)
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

/// `model, ingest` as a set; a dash is the empty one.
fn names(cell: &str) -> BTreeSet<String> {
    let names = cell.split(',').map(|name| name.trim().trim_matches('`').to_owned());
    names.filter(|name| !name.is_empty() && name != "–").collect()
}

/// `flate2, zip (tests)` as a set.
fn heavy_dependencies(cell: &str) -> BTreeSet<(String, Use)> {
    let item = |name: String| match name.strip_suffix(" (tests)") {
        Some(name) => (name.trim_matches('`').to_owned(), Use::Tests),
        None => (name, Use::Product),
    };
    names(cell).into_iter().map(item).collect()
}

fn check_rows(rows: &BTreeMap<String, Row>, packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut finding = |message: String| findings.push(Finding::in_file(DOCUMENT, message));
    for name in rows.keys().filter(|name| !packages.iter().any(|package| package.short_name() == *name)) {
        finding(format!("the table has `{name}`, which is no crate of the workspace"));
    }
    let ours: BTreeMap<&str, &str> =
        packages.iter().map(|package| (package.name.as_str(), package.short_name())).collect();
    let heavy: BTreeSet<&str> = rows.values().flat_map(|row| &row.heavy).map(|(name, _)| name.as_str()).collect();
    for package in packages {
        let name = package.short_name();
        let Some(row) = rows.get(name) else {
            finding(format!("the table lacks the crate `{name}`"));
            continue;
        };
        if row.purpose != package.description {
            finding(format!(
                "the purpose of `{name}` is not the description in its manifest: `{}`",
                package.description
            ));
        }
        let uses = |kind: Use| -> BTreeSet<String> {
            let used = package.dependencies.iter().filter(|(_, found)| *found == kind);
            used.filter_map(|(dependency, _)| ours.get(dependency.as_str())).map(|&name| name.to_owned()).collect()
        };
        let product = uses(Use::Product);
        let tests: BTreeSet<String> = uses(Use::Tests).difference(&product).cloned().collect();
        if product != row.depends_on {
            finding(difference(name, "depends on", &product, &row.depends_on));
        }
        if tests != row.tests_use {
            finding(difference(name, "uses in tests", &tests, &row.tests_use));
        }
        for (dependency, kind) in &package.dependencies {
            let is_allowed = row.heavy.contains(&(dependency.clone(), *kind))
                || (*kind == Use::Tests && row.heavy.contains(&(dependency.clone(), Use::Product)));
            if heavy.contains(dependency.as_str()) && !is_allowed {
                let suffix = if *kind == Use::Tests { " in tests" } else { "" };
                finding(format!("`{name}` uses `{dependency}`{suffix}, which the table grants to others alone"));
            }
        }
        for (dependency, kind) in &row.heavy {
            if !package.dependencies.contains(&(dependency.clone(), *kind)) {
                finding(format!("the table grants `{dependency}` to `{name}`, which does not use it"));
            }
        }
    }
    findings
}

fn difference(name: &str, verb: &str, found: &BTreeSet<String>, tabled: &BTreeSet<String>) -> String {
    let list = |names: &BTreeSet<String>| match names.len() {
        0 => "nothing".to_owned(),
        _ => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    format!("`{name}` {verb} {}, and the table says {}", list(found), list(tabled))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
<!-- layers:begin -->
| crate | purpose in one sentence | depends on (ours) | its tests also use | heavy dependency, nowhere else |
| --- | --- | --- | --- | --- |
| `model` | Says what a trace is. | – | – | – |
| `ingest` | Reads. | model | testkit | `flate2` |
| `testkit` | Makes traces. | – | ingest | `flate2` (tests) |
<!-- layers:end -->
";

    fn package(folder: &str, description: &str, dependencies: &[(&str, Use)]) -> Package {
        let name = folder.rsplit('/').next().unwrap_or_default();
        Package {
            folder: folder.to_owned(),
            name: format!("{PREFIX}{name}"),
            description: description.to_owned(),
            dependencies: dependencies.iter().map(|&(name, kind)| (name.to_owned(), kind)).collect(),
        }
    }

    /// The packages that [`TABLE`] describes.
    fn packages() -> Vec<Package> {
        vec![
            package("crates/model", "Says what a trace is.", &[("serde", Use::Product)]),
            package(
                "crates/ingest",
                "Reads.",
                &[("kinetoscope-model", Use::Product), ("flate2", Use::Product), ("kinetoscope-testkit", Use::Tests)],
            ),
            package("crates/testkit", "Makes traces.", &[("kinetoscope-ingest", Use::Tests), ("flate2", Use::Tests)]),
        ]
    }

    fn findings(table: &str, packages: &[Package]) -> Vec<String> {
        let manifests = packages.iter().map(|package| {
            RepoFile::made_up(&format!("{}/Cargo.toml", package.folder), "[package]\n[lints]\nworkspace = true\n")
        });
        let files: Vec<RepoFile> = manifests.chain([RepoFile::made_up(DOCUMENT, table)]).collect();
        check(&files, packages).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_true_table_passes() {
        assert_eq!(findings(TABLE, &packages()), [""; 0]);
    }

    #[test]
    fn a_new_arrow_is_found() {
        let mut packages = packages();
        packages[0].dependencies.insert(("kinetoscope-testkit".to_owned(), Use::Product));
        assert_eq!(
            findings(TABLE, &packages),
            ["ARCHITECTURE.md: `model` depends on `testkit`, and the table says nothing"]
        );
    }

    #[test]
    fn an_arrow_that_is_gone_is_found() {
        let mut packages = packages();
        packages[1].dependencies.retain(|(name, _)| !name.starts_with(PREFIX));
        assert_eq!(
            findings(TABLE, &packages),
            [
                "ARCHITECTURE.md: `ingest` depends on nothing, and the table says `model`",
                "ARCHITECTURE.md: `ingest` uses in tests nothing, and the table says `testkit`",
            ]
        );
    }

    #[test]
    fn a_heavy_dependency_elsewhere_is_found() {
        let mut packages = packages();
        packages[0].dependencies.insert(("flate2".to_owned(), Use::Tests));
        packages[2].dependencies.insert(("flate2".to_owned(), Use::Product));
        assert_eq!(
            findings(TABLE, &packages),
            [
                "ARCHITECTURE.md: `model` uses `flate2` in tests, which the table grants to others alone",
                "ARCHITECTURE.md: `testkit` uses `flate2`, which the table grants to others alone",
            ]
        );
    }

    #[test]
    fn a_heavy_dependency_that_is_gone_is_found() {
        let mut packages = packages();
        packages[1].dependencies.remove(&("flate2".to_owned(), Use::Product));
        assert_eq!(
            findings(TABLE, &packages),
            ["ARCHITECTURE.md: the table grants `flate2` to `ingest`, which does not use it"]
        );
    }

    #[test]
    fn rows_and_crates_must_match() {
        let mut packages = packages();
        packages[0] = package("crates/store", "Keeps.", &[]);
        assert_eq!(
            findings(TABLE, &packages),
            [
                "ARCHITECTURE.md: the table has `model`, which is no crate of the workspace",
                "ARCHITECTURE.md: the table lacks the crate `store`",
                "ARCHITECTURE.md: `ingest` depends on nothing, and the table says `model`",
            ]
        );
    }

    #[test]
    fn a_purpose_that_differs_is_found() {
        let mut packages = packages();
        packages[0].description = "Something else.".to_owned();
        assert_eq!(
            findings(TABLE, &packages),
            ["ARCHITECTURE.md: the purpose of `model` is not the description in its manifest: `Something else.`"]
        );
    }

    #[test]
    fn a_broken_table_is_found() {
        assert_eq!(findings("# No table", &[]).len(), 1);
        assert_eq!(findings(&TABLE.replace("crate |", "box |"), &[]).len(), 1);
        assert_eq!(findings(&TABLE.replace("| Reads.", ""), &[]).len(), 1);
        assert_eq!(findings(&TABLE.replace("`testkit`", "`model`"), &[]).len(), 1);
    }

    #[test]
    fn a_manifest_must_take_the_lints_and_the_name() {
        let packages = [Package { name: "other".to_owned(), ..package("crates/a", "A.", &[]) }];
        let lints = |manifest: &str| {
            let files = [RepoFile::made_up("crates/a/Cargo.toml", manifest)];
            check_manifests(&files, &packages).iter().map(|finding| finding.message.clone()).collect::<Vec<_>>()
        };
        let name = "the package is named `other`, not `kinetoscope-a`";
        let missing = "does not take the workspace's lints: `lints.workspace = true`";
        assert_eq!(lints("[package]\nversion.workspace = true\n[dependencies]\nworkspace = true\n"), [missing, name]);
        assert_eq!(lints("[package]\nlints.workspace = true\n"), [missing, name]);
        assert_eq!(lints("[package]\n[lints]\nworkspace=true\n"), [name]);
        assert_eq!(lints("lints.workspace = true\n[package]\n"), [name]);
        assert_eq!(check_manifests(&[], &packages).len(), 1);
    }

    #[test]
    fn metadata_is_read() {
        let metadata: Value = serde_json::from_str(
            r#"{"workspace_root": "/a", "packages": [{"name": "n", "description": null, "manifest_path": "/a/crates/n/Cargo.toml",
                "dependencies": [{"name": "b", "kind": null}, {"name": "c", "kind": "build"}, {"name": "d", "kind": "dev"}]}]}"#,
        )
        .expect("is JSON");
        let expected = Package {
            name: "n".to_owned(),
            ..package("crates/n", "", &[("b", Use::Product), ("c", Use::Product), ("d", Use::Tests)])
        };
        assert_eq!(packages_of(&metadata).expect("is well formed"), [expected]);
    }
}
