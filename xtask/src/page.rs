//! Tests of the page: its own checks, its committed build, and journeys in a browser.
//!
//! Nobody who builds Kinetoscope needs Node or a browser, so what lacks them is skipped and says so, and everything
//! else that goes wrong fails the command.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};

use crate::repository;
use crate::test_report::TestReport;

/// The oldest Node that the page's tools run on, as `engines` in `ui/package.json` has it.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// The trace that the journeys against the real server open.
const FIXTURE: &str = "fixtures/vllm-h100-sample.pt.trace.json.gz";

/// The build of the page that the binary includes.
const BUILD: &str = "crates/server/page";

/// How tests of the page ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

/// The totals that vitest or node:test printed, if any.
#[derive(Debug, Default)]
struct TotalsReader {
    totals: Option<Totals>,
}

impl TotalsReader {
    /// Takes the next line of output without colours.
    fn read_line(&mut self, line: &str) {
        // vitest: `      Tests  1 failed | 55 passed | 2 skipped (58)`.
        if let Some(counts) = line.trim_start().strip_prefix("Tests  ") {
            let counts = counts.split('(').next().unwrap_or_default();
            for (number, word) in counts.split('|').filter_map(|part| part.trim().split_once(' ')) {
                self.add(word, number);
            }
        }
        // node:test: `# pass 31`, or an information sign for the hash, one line each.
        if let Some((word, number)) =
            line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")).and_then(|rest| rest.split_once(' '))
        {
            self.add(word, number);
        }
    }

    fn add(&mut self, word: &str, number: &str) {
        let Ok(number) = number.trim().parse::<usize>() else { return };
        let (passed, failed, skipped) = match word {
            "pass" | "passed" => (number, 0, 0),
            "fail" | "failed" | "cancelled" => (0, number, 0),
            "skipped" | "todo" => (0, 0, number),
            _ => return,
        };
        let totals = self.totals.get_or_insert_default();
        totals.passed += passed;
        totals.failed += failed;
        totals.skipped += skipped;
    }
}

fn npm() -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    // Totals are read from the output, and colours would be in between.
    command.current_dir(repository::root().join("ui")).env("NO_COLOR", "1").env_remove("FORCE_COLOR");
    command
}

/// Runs a command of the page, shows its output, and gives the totals that it prints.
fn run(heading: &str, args: &[&str], env: &[(&str, OsString)]) -> Result<Option<Totals>> {
    let command_line = format!("npm {}", args.join(" "));
    println!("\n=== {heading} ===\n$ cd ui && {command_line}");
    let start = Instant::now();
    let mut command = npm();
    command.args(args).envs(env.iter().map(|(name, value)| (*name, value)));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot run `npm`")?;
    let stdout = child.stdout.take().context("`npm` has no output")?;
    let mut reader = TotalsReader::default();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.with_context(|| format!("cannot read the output of `{command_line}`"))?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        reader.read_line(&line);
    }
    let status = child.wait().with_context(|| format!("cannot wait for `{command_line}`"))?;
    if !status.success() {
        bail!("`{command_line}` in `ui` failed");
    }
    println!("ok after {:.0} s", start.elapsed().as_secs_f64());
    Ok(reader.totals)
}

fn run_tests(heading: &str, args: &[&str], env: &[(&str, OsString)]) -> Result<Totals> {
    let totals = run(heading, args, env)?;
    let totals = totals.filter(|totals| totals.passed > 0);
    totals.with_context(|| format!("`npm {}` in `ui` printed no number of passed tests", args.join(" ")))
}

/// Journeys are timed by a browser, which on a crowded machine may come late once; what is wrong fails a second time.
fn run_journeys(heading: &str, env: &[(&str, OsString)]) -> Result<Totals> {
    let args = ["run", "e2e"];
    run_tests(heading, &args, env).or_else(|error| {
        println!("\n{error}; once more, to tell a slow machine from a mistake");
        run_tests(heading, &args, env)
    })
}

/// Everything that can be tested of the page here; what cannot is skipped in the report.
pub(crate) fn test(report: &mut TestReport) -> Result<()> {
    if let Some(reason) = reason_against_node() {
        report.skip("page", &reason);
        return Ok(());
    }
    if let Err(error) = run("Page: packages", &["ci", "--no-audit", "--no-fund"], &[]) {
        // Without a network there are no packages, and the rest of the tests says what it says all the same.
        report.skip("page", &format!("its packages cannot be installed here: {error}"));
        return Ok(());
    }
    report.add(run_tests("Page: checks", &["run", "check"], &[])?);
    check_build()?;
    let browser = match browser() {
        Ok(browser) => browser,
        Err(reason) => {
            report.skip("journeys of the page", &reason);
            return Ok(());
        }
    };
    let browser = ("CHROMIUM", browser.into_os_string());
    let of_made = run_journeys("Page: journeys, made traces", std::slice::from_ref(&browser))?;
    let server = Server::start()?;
    println!("\nThe server is at {}", server.url);
    let url = ("KINETOSCOPE_URL", OsString::from(&server.url));
    // Some journeys make traces of their own and start the command over them.
    let program = ("KINETOSCOPE_BIN", Server::program().into_os_string());
    let of_real = run_journeys("Page: journeys, real server", &[browser, url, program])?;
    // A journey that one server cannot take skips itself there and runs with the other.
    report.add(Totals { skipped: 0, ..of_made });
    report.add(Totals { skipped: 0, ..of_real });
    Ok(())
}

/// What needs nothing installed; without the page's packages there is nothing to run.
pub(crate) fn check() -> Result<()> {
    if repository::root().join("ui/node_modules").is_dir() {
        run("Page: checks", &["run", "check"], &[])?;
    } else {
        println!("\nskipped page: `ui/node_modules` is not there; `npm ci` in `ui` makes it");
    }
    Ok(())
}

fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn reason_against_node() -> Option<String> {
    let Some(version) = output_of(Command::new("node").arg("--version")) else {
        return Some("Node is not installed".to_owned());
    };
    if output_of(npm().arg("--version")).is_none() {
        return Some("npm is not installed".to_owned());
    }
    is_too_old(&version).then(|| {
        let (major, minor) = OLDEST_NODE;
        format!("Node {major}.{minor} or newer is needed, and {version} is installed")
    })
}

/// True for a version such as `v18.20.1`; one that cannot be read is tried.
fn is_too_old(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < OLDEST_NODE,
        _ => false,
    }
}

/// Path to a Chromium that starts here, or why there is none.
fn browser() -> Result<PathBuf, String> {
    let path = installed_browser()?;
    let args = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--dump-dom", "about:blank"];
    match output_of(Command::new(&path).args(args)) {
        Some(_) => Ok(path),
        None => Err(format!("`{}` does not start", path.display())),
    }
}

/// Path to Chromium, which is installed where that is possible.
fn installed_browser() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Ok(path.into());
    }
    let path = PathBuf::from("/usr/bin/chromium");
    if path.exists() {
        return Ok(path);
    }
    let is_root = output_of(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    let has_apt = Path::new("/etc/debian_version").exists()
        && output_of(Command::new("apt-get").arg("--version")).is_some_and(|text| !text.is_empty());
    if !(is_root && has_apt) {
        return Err("Chromium is neither in CHROMIUM nor at /usr/bin/chromium".to_owned());
    }
    println!("\n=== Page: Chromium ===");
    for args in [&["update"][..], &["install", "-y", "--no-install-recommends", "chromium"]] {
        println!("$ apt-get {}", args.join(" "));
        let status = Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive").status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("there is no Chromium, and `apt-get {}` failed", args.join(" ")));
        }
    }
    if path.exists() { Ok(path) } else { Err("the package `chromium` brings no /usr/bin/chromium".to_owned()) }
}

/// Builds the page where its build is committed, which has to change nothing.
fn check_build() -> Result<()> {
    let folder = repository::root().join(BUILD);
    let before = bytes_of(&folder)?;
    run("Page: build", &["run", "build"], &[])?;
    let changed = changed(&before, &bytes_of(&folder)?);
    ensure!(
        changed.is_empty(),
        "`{BUILD}` was not what `ui` builds to: {} changed; the build of now is there, commit it",
        changed.join(", ")
    );
    Ok(())
}

type Files = BTreeMap<String, Vec<u8>>;

fn bytes_of(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).with_context(|| format!("cannot list `{}`", at.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
                let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
                files.insert(name, bytes);
            }
        }
    }
    Ok(files)
}

/// Files that are in one only, or differ.
fn changed(before: &Files, after: &Files) -> Vec<String> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names.into_iter().filter(|&name| before.get(name) != after.get(name)).cloned().collect()
}

/// The built command with a trace open, for as long as this lives.
struct Server {
    child: Child,
    url: String,
    folder: PathBuf,
}

impl Server {
    /// The command as the tests have built it.
    fn program() -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
        let name = format!("kinetoscope{}", std::env::consts::EXE_SUFFIX);
        repository::root().join(target).join("debug").join(name)
    }

    fn start() -> Result<Self> {
        let program = Self::program();
        let folder = std::env::temp_dir().join(format!("kinetoscope-page-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        let fixture = repository::root().join(FIXTURE);
        let trace = folder.join(fixture.file_name().unwrap_or_default());
        fs::copy(&fixture, &trace).with_context(|| format!("cannot copy `{FIXTURE}`"))?;
        let child = Command::new(&program)
            .arg("open")
            .arg(&trace)
            .args(["--no-browser", "--no-cache", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run `{}`", program.display()))?;
        let mut server = Self { child, url: String::new(), folder };
        let stdout = server.child.stdout.as_mut().context("the server has no output")?;
        // One byte at a time is enough for one line, and takes nothing away from what follows.
        BufReader::with_capacity(1, stdout).read_line(&mut server.url).context("cannot read the server's address")?;
        server.url = server.url.trim().to_owned();
        ensure!(server.url.starts_with("http://"), "the server's first line is `{}`, no address", server.url);
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What is left behind harms nobody, and a test that failed has more to say.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(output: &str) -> Option<Totals> {
        let mut reader = TotalsReader::default();
        output.lines().for_each(|line| reader.read_line(line));
        reader.totals
    }

    #[test]
    fn totals_of_unit_tests_are_read() {
        let output =
            " ✓ src/base/geom.test.ts (6 tests) 9ms\n\n Test Files  14 passed (14)\n      Tests  56 passed (56)\n";
        assert_eq!(totals(output), Some(Totals { passed: 56, failed: 0, skipped: 0 }));
        let output = "      Tests  1 failed | 52 passed | 3 skipped (56)";
        assert_eq!(totals(output), Some(Totals { passed: 52, failed: 1, skipped: 3 }));
    }

    #[test]
    fn totals_of_journeys_are_read() {
        let lines =
            ["Subtest: pass 9", "tests 40", "suites 0", "pass 31", "fail 2", "cancelled 1", "skipped 4", "todo 2"];
        let expected = Some(Totals { passed: 31, failed: 3, skipped: 6 });
        for sign in ["#", "ℹ"] {
            assert_eq!(totals(&lines.map(|line| format!("{sign} {line}")).join("\n")), expected);
        }
    }

    #[test]
    fn output_without_totals_has_none() {
        assert_eq!(totals("added 71 packages in 5s\n# duration_ms 12\nok 1 - pass 3\n"), None);
    }

    #[test]
    fn an_old_node_is_told() {
        assert!(is_too_old("v18.20.8"));
        assert!(is_too_old("v20.18.3"));
        assert!(!is_too_old("v20.19.0"));
        assert!(!is_too_old("v24.1.0"));
        assert!(!is_too_old("nightly"));
    }

    #[test]
    fn files_that_are_new_gone_or_different_are_changed() {
        let files = |list: &[(&str, &str)]| -> Files {
            list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
        };
        let before = files(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert_eq!(changed(&before, &before), [""; 0]);
        assert_eq!(changed(&before, &files(&[("a", "1"), ("b", "0"), ("d", "3")])), ["b", "c", "d"]);
    }
}
