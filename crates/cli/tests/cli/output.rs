//! What leaves by which way: data on standard output, the rest on standard error, colours and progress for terminals.

use std::fs::File;
use std::process::Stdio;

use crate::sandbox::{Ran, SAMPLE, Sandbox};

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.copy_fixture(SAMPLE, "sample.json.gz");
    for args in [
        &["query", "sample.json.gz", "select * from slice", "--format", "csv"][..],
        &["query", "sample.json.gz", "select * from slice"],
        &["query", "--schema"],
        &["summary", "sample.json.gz"],
        &["summary", "sample.json.gz", "--json"],
        &["cache", "list", "."],
        &["--help"],
    ] {
        let mut child = sandbox.command(args).spawn().expect("the binary starts");
        drop(child.stdout.take());
        let ran = Ran::by(child, &args.join(" "));
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_full_is_a_failure() {
    let sandbox = Sandbox::with_small_trace();
    for args in [&["summary", "small.json"][..], &["query", "small.json", "select 1"]] {
        let full = File::options().write(true).open("/dev/full").expect("Linux has it");
        let mut command = sandbox.command(args);
        command.stdout(Stdio::from(full));
        let error = Ran::of(command).failed_with(2);
        assert!(error.starts_with("error: cannot write the result: No space left on device"), "{error}");
    }
}

#[test]
fn a_standard_error_that_is_gone_changes_nothing() {
    let sandbox = Sandbox::with_small_trace();
    let mut child = sandbox
        .command(["query", "small.json", "select 1 as a", "--format", "csv", "-v"])
        .spawn()
        .expect("the binary starts");
    drop(child.stderr.take());
    let ran = Ran::by(child, "query -v");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "\"a\"\n1\n"), "{ran}");
}

#[test]
fn there_is_no_progress_where_there_is_no_terminal() {
    let sandbox = Sandbox::new();
    sandbox.copy_fixture(SAMPLE, "sample.json.gz");
    sandbox.run(&["summary", "sample.json.gz"]).succeeded();
}

#[test]
fn colours_come_when_asked_for_and_never_by_surprise() {
    let sandbox = Sandbox::new();
    let plain = "error: no file matches `gone.json`\n";
    let colored = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m no file matches `gone.json`\n";
    assert_eq!(sandbox.run(&["summary", "gone.json"]).failed_with(2), plain);
    assert_eq!(sandbox.run(&["summary", "gone.json", "--color", "always"]).failed_with(2), colored);
    let with_variables = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = sandbox.command(args);
        command.envs(variables.iter().copied());
        Ran::of(command).failed_with(2)
    };
    let force = [("CLICOLOR_FORCE", "1")];
    assert_eq!(with_variables(&["summary", "gone.json"], &force), colored);
    assert_eq!(with_variables(&["summary", "gone.json", "--color=never"], &force), plain);
    assert_eq!(with_variables(&["summary", "gone.json"], &[("NO_COLOR", "1")]), plain);
    // What the parser of the command line says is no different.
    assert!(sandbox.run(&["summary", "--bogus", "--color", "always"]).failed_with(2).contains('\u{1b}'));
    assert!(!with_variables(&["summary", "--bogus", "--color", "never"], &force).contains('\u{1b}'));
}
