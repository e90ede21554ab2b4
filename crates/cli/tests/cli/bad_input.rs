//! Inputs that are no traces, or no longer whole ones: a clear line and code 2, or what can be had of them.

use std::fs;

use crate::sandbox::{SMALL_TRACE, Sandbox, fixture};

/// Runs `summary` on a file that cannot be read; returns its first line and all of it.
#[track_caller]
fn refused(content: &[u8]) -> (String, String) {
    let sandbox = Sandbox::new();
    sandbox.write("input", content);
    let error = sandbox.run(&["summary", "input"]).failed_with(2);
    assert_eq!(sandbox.names(), ["input"], "nothing is kept of it");
    (error.lines().next().unwrap_or_default().to_owned(), error)
}

#[test]
fn what_is_no_trace_is_named() {
    for (content, looks_like) in [
        (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "a PNG image"),
        (b"SQLite format 3\0\x10\0", "an SQLite database that cannot be opened (file is not a database)"),
        (b"\x7fELF\x02\x01\x01\0", "a program or library (ELF)"),
    ] {
        let (line, error) = refused(content);
        assert_eq!(line, format!("error: `input` is not a trace: it looks like {looks_like}"), "{error}");
    }
    assert!(refused(b"SQLite format 3\0\x10\0").1.contains("\nhint: "));
}

#[test]
fn nothing_to_read_is_said_plainly() {
    assert_eq!(refused(b"").1, "error: `input` is empty\n");
    assert!(refused(b"hello, world\n").0.starts_with("error: `input` "));
    assert!(refused(b"{\"results\": [1, 2, 3]}").0.starts_with("error: `input` is not a trace: "));
    assert!(refused(b"{\"traceEvents\": [{\"ph\": \"X\", \"na").0.starts_with("error: `input` "));
    // The beginning of a gzip file and no more.
    assert!(refused(b"\x1f\x8b\x08\0\0\0\0\0\0\x03").0.starts_with("error: `input` "));
}

#[test]
fn paths_that_lead_nowhere_are_said_so() {
    let sandbox = Sandbox::new();
    for (path, message) in [
        ("gone.json", "error: no file matches `gone.json`\n"),
        ("*.json", "error: no file matches `*.json`\n"),
        ("no/such/folder/", "error: no file matches `no/such/folder/`\n"),
    ] {
        assert_eq!(sandbox.run(&["summary", path]).failed_with(2), message);
        assert_eq!(sandbox.run(&["query", path, "select 1"]).failed_with(2), message);
    }
}

#[test]
fn a_folder_without_traces_is_told_with_what_traces_are() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("empty")).expect("the folder is ours");
    let error = sandbox.run(&["summary", "empty"]).failed_with(2);
    assert!(error.starts_with("error: no trace in folder `empty` (0 files looked at)\n"), "{error}");
    assert!(error.contains("\nhint: traces are recognised by content"), "{error}");
    sandbox.write("notes/a.txt", "hello");
    sandbox.write("notes/b.txt", "");
    let error = sandbox.run(&["summary", "notes"]).failed_with(2);
    assert!(error.starts_with("error: no trace in folder `notes` (2 files looked at)\n"), "{error}");
}

#[test]
fn one_bad_input_among_those_named_is_not_passed_over() {
    let sandbox = Sandbox::with_small_trace();
    sandbox.write("empty.json", "");
    assert_eq!(sandbox.run(&["summary", "small.json", "empty.json"]).failed_with(2), "error: `empty.json` is empty\n");
}

#[test]
fn half_a_gzip_file_gives_half_a_trace() {
    let sandbox = Sandbox::new();
    let whole = fs::read(fixture("torch/train.pt.trace.json.gz")).expect("the fixture is part of the repository");
    sandbox.write("half.json.gz", &whole[..whole.len() / 2]);
    let ran = sandbox.run(&["query", "half.json.gz", "select count(*) > 10 as some from slice", "--format", "csv"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "\"some\"\n1\n"), "{ran}");
    assert!(ran.stderr.starts_with("warning: reading lost data: "), "{ran}");
    assert!(ran.stderr.contains("input_truncated"), "{ran}");
}

#[test]
fn unpacking_stops_at_its_limit_and_says_how_to_raise_it() {
    let sandbox = Sandbox::new();
    sandbox.copy_fixture("torch/train.pt.trace.json.gz", "train.json.gz");
    let args = ["summary", "train.json.gz", "--max-unpacked-bytes", "50kB"];
    let ran = sandbox.run(&args);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stderr.contains("1 × input_too_large"), "{ran}");
    let told = sandbox.run(&[&args[..], &["--warnings"]].concat()).succeeded();
    assert!(told.contains("--max-unpacked-bytes"), "{told}");
    let error = sandbox.run(&["summary", "train.json.gz", "--max-unpacked-bytes", "10"]).failed_with(2);
    assert!(error.starts_with("error: `train.json.gz` "), "{error}");
}

#[cfg(unix)]
#[test]
fn names_that_would_steer_the_terminal_are_escaped() {
    let sandbox = Sandbox::new();
    let error = sandbox.run(&["summary", "a\u{1b}[2Jb"]).failed_with(2);
    assert_eq!(error, "error: no file matches `a\\u{1b}[2Jb`\n");
    let named = SMALL_TRACE.replace("gemm", "ge\\u001b[2Jmm");
    sandbox.write("named.json", named);
    let page = sandbox.run(&["summary", "named.json"]).succeeded();
    assert!(!page.contains('\u{1b}') && page.contains("ge\\u{1b}[2Jmm"), "{page}");
}
