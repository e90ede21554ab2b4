//! Commands made of steps: each has a heading, shows what it runs, and ends the command when it fails.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::page;
use crate::repository;
use crate::test_report::TestReport;

/// One call of cargo.
struct Step {
    heading: &'static str,
    args: &'static [&'static str],
    env: &'static [(&'static str, &'static str)],
}

const FORMAT: Step = Step { heading: "Format", args: &["fmt", "--all", "--check"], env: &[] };

const FORMAT_FUZZ: Step = Step {
    heading: "Format of the fuzz targets",
    args: &["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"],
    env: &[],
};

const LINT: Step = Step {
    heading: "Lints",
    args: &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
    env: &[],
};

/// The fuzz targets are a workspace of their own, and would rot unseen. Without its default feature nothing of the
/// fuzzing engine is compiled, which takes a C++ compiler.
const LINT_FUZZ: Step = Step {
    heading: "Lints of the fuzz targets",
    args: &[
        "clippy",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--no-default-features",
        "--target-dir",
        "target",
        "--locked",
        "--",
        "-D",
        "warnings",
    ],
    env: &[],
};

const TEST: Step = Step {
    heading: "Tests",
    args: &["test", "--workspace", "--locked", "--no-fail-fast", "--", "--show-output"],
    env: &[],
};

const DOCUMENT: Step = Step {
    heading: "Documentation",
    args: &["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"],
    env: &[("RUSTDOCFLAGS", "-D warnings")],
};

impl Step {
    fn command(&self) -> std::process::Command {
        let mut command = repository::cargo();
        command.args(self.args).envs(self.env.iter().copied());
        command
    }

    /// What the step runs, as one would type it.
    fn command_line(&self) -> String {
        let env: String = self.env.iter().map(|(name, value)| format!("{name}=\"{value}\" ")).collect();
        format!("{env}cargo {}", self.args.join(" "))
    }

    fn run(&self) -> Result<()> {
        let start = self.begin();
        let status = self.command().status().context("cannot run `cargo`")?;
        self.end(start, status.success())
    }

    fn begin(&self) -> Instant {
        println!("\n=== {} ===\n$ {}", self.heading, self.command_line());
        Instant::now()
    }

    fn end(&self, start: Instant, is_success: bool) -> Result<()> {
        if !is_success {
            bail!("`{}` failed", self.command_line());
        }
        println!("ok after {:.0} s", start.elapsed().as_secs_f64());
        Ok(())
    }
}

/// Everything that has to pass before a change lands.
pub(crate) fn test() -> Result<()> {
    let start = Instant::now();
    for step in [FORMAT, FORMAT_FUZZ, LINT, LINT_FUZZ] {
        step.run()?;
    }
    let mut report = run_tests()?;
    page::test(&mut report)?;
    DOCUMENT.run()?;

    println!("\n=== Summary after {:.0} s ===", start.elapsed().as_secs_f64());
    print!("{}", report.skipped_listing());
    println!("{}", report.closing_line());
    Ok(())
}

/// What needs no test to run.
pub(crate) fn check() -> Result<()> {
    for step in [FORMAT, FORMAT_FUZZ, LINT, LINT_FUZZ] {
        step.run()?;
    }
    println!("\n=== Tidy ===");
    crate::tidy::run()?;
    page::check()?;
    DOCUMENT.run()
}

/// Runs the tests, shows their output as far as it is news, and counts.
fn run_tests() -> Result<TestReport> {
    let start = TEST.begin();
    let mut child = TEST.command().stdout(Stdio::piped()).spawn().context("cannot run `cargo`")?;
    let stdout = child.stdout.take().context("the tests have no output")?;
    let mut report = TestReport::default();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.context("cannot read the tests' output")?;
        if let Some(shown) = report.read_line(&String::from_utf8_lossy(&line)) {
            println!("{shown}");
        }
    }
    let status = child.wait().context("cannot wait for the tests")?;
    std::io::stdout().flush()?;
    if !status.success() {
        // The closing line comes last in failure too: it is what a reader of the log looks for.
        println!("\n{}", report.closing_line());
    }
    TEST.end(start, status.success())?;
    Ok(report)
}
