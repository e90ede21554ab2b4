//! Developer commands of this repository; `cargo xtask help` lists them.
//!
//! A fresh machine has the Rust toolchain and nothing else, so every command is Rust over `cargo`, and a tool that
//! one of them needs beyond that is asked for by name.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "these commands talk to a developer on a terminal")]

mod api_reference;
mod bench;
mod fixtures;
mod fuzz;
mod page;
mod repository;
mod steps;
mod test_report;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

/// The allocator of the command, so that a bench measures what users run.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "\
Developer commands. Usage: cargo xtask COMMAND

  test                      Everything that must pass: format, lints, tests, the page, documentation.
  check                     The same without running tests, with tidy by itself.
  tidy                      House rules: layers, documents, modules, who touches files.
  gen                       Writes docs/reference/api.md anew; the tests fail when it is not as the code says.
  bench [OPTIONS]           Ratios of time and memory, side by side.
      --bytes SIZE          Size of the made trace as JSON, such as 100MB; 1GB when nothing is said.
      --quick               The same as --bytes 100MB.
      --repeat N            Runs of each subject; 3 when nothing is said.
      --with-sql            Build the command too, and time a query.
      --ours-only           Leave out Python and serde_json.
      --peer COMMAND        Run `COMMAND FILE` in the same turns; may be said several times.
      --json                Every run and every ratio as JSON.
  bench-sql [SIZE]          Queries here and in SQLite over the same rows, on a trace of SIZE bytes of JSON;
                            10 million slices when nothing is said.
  bench-page [SIZE]         Viewports and panels of the page on such a trace.
  fixtures COMMAND          Makes traces; `cargo xtask fixtures --help` says which.
  fuzz [SECONDS] [TARGET]   Every fuzz target for a minute, or as said. Needs cargo-fuzz.
  help                      This text.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<()> {
    let Some((command, rest)) = args.split_first() else {
        print!("{HELP}");
        bail!("no command given");
    };
    match (command.as_str(), rest) {
        ("test", []) => steps::test(),
        ("check", []) => steps::check(),
        ("tidy", []) => tidy::run(),
        ("gen", []) => api_reference::write(),
        ("bench", args) => bench::run(args),
        ("bench-sql", args) => bench::run_sql(args),
        ("bench-page", args) => bench::run_page(args),
        (bench::worker::COMMAND, args) => bench::worker::run(args),
        ("fixtures", args) => fixtures::run(args),
        ("fuzz", args) => fuzz::run(args),
        ("help" | "--help" | "-h", _) => {
            print!("{HELP}");
            Ok(())
        }
        ("test" | "check" | "tidy" | "gen", [surplus, ..]) => {
            bail!("`{command}` takes no arguments, and was given `{surplus}`")
        }
        _ => bail!("unknown command `{command}`; `cargo xtask help` lists the commands"),
    }
}
