//! Ctrl-C: the program ends at once with code 130 and leaves nothing behind, whatever it was waiting for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::sandbox::{BINARY, Ran, SAMPLE, SMALL_TRACE, Sandbox, signal};

/// Much less than anything here would take without the signal, which is for ever, and much more than it should.
const PROMPTLY: Duration = Duration::from_secs(30);

/// Starts the binary with the signal at its default, which a shell takes from what it runs in the background.
fn start(sandbox: &Sandbox, args: &[&str], stdin: Stdio) -> Child {
    let mut command = Command::new("env");
    sandbox.prepare(&mut command);
    command.args(["--default-signal=INT", BINARY]).args(args).stdin(stdin);
    command.spawn().expect("there is an `env`")
}

/// Waits until `child` says a line that begins with `beginning`, interrupts it, and waits for its end.
fn interrupt_after(mut child: Child, beginning: &str) -> Ran {
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut said = String::new();
    while !said.lines().last().is_some_and(|line| line.starts_with(beginning)) {
        let len = stderr.read_line(&mut said).expect("it is text");
        assert_ne!(len, 0, "it ended without saying `{beginning}`: {said}");
    }
    signal(child.id(), "INT");
    let (sender, rest) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        let _ = sender.send(text);
    });
    let pid = child.id();
    let Ok(rest) = rest.recv_timeout(PROMPTLY) else {
        signal(pid, "KILL");
        panic!("it does not stop after: {said}");
    };
    let ran = Ran::by(child, "interrupted");
    Ran { stderr: said + &rest, ..ran }
}

#[test]
fn reading_from_a_pipe_that_never_ends() {
    let sandbox = Sandbox::new();
    let mut child = start(&sandbox, &["summary", "-", "-v"], Stdio::piped());
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(&SMALL_TRACE.as_bytes()[..300]).expect("it reads");
    let ran = interrupt_after(child, "no cache file: standard input ");
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.lines().count()), (Some(130), "", 1), "{ran}");
    drop(stdin);
}

#[test]
fn opening_a_named_pipe_that_nobody_writes_to() {
    let sandbox = Sandbox::new();
    let made = Command::new("mkfifo").arg(sandbox.path("pipe")).status();
    assert!(made.expect("there is a `mkfifo`").success());
    let child = start(&sandbox, &["query", "pipe", "select 1", "-v"], Stdio::null());
    let ran = interrupt_after(child, "no cache file: `pipe` is not a regular file");
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.lines().count()), (Some(130), "", 1), "{ran}");
    assert_eq!(sandbox.names(), ["pipe"]);
}

#[test]
fn a_query_that_never_ends() {
    let sandbox = Sandbox::new();
    sandbox.copy_fixture(SAMPLE, "sample.json.gz");
    let endless = "select count(*) from slice a, slice b, slice c where a.dur + b.dur < c.dur + a.ts % 7";
    let child = start(&sandbox, &["query", "sample.json.gz", endless, "-v"], Stdio::null());
    let ran = interrupt_after(child, "read ");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(130), ""), "{ran}");
    assert_eq!(sandbox.names(), ["sample.json.gz"], "neither a cache file nor a part of one");
}

#[test]
fn the_cache_file_is_whole_or_not_there() {
    let sandbox = Sandbox::new();
    sandbox.copy_fixture(SAMPLE, "sample.json.gz");
    let child = start(&sandbox, &["query", "sample.json.gz", "select 1 as a", "--format", "csv", "-v"], Stdio::null());
    // It writes now, unless it is quicker than the signal.
    let ran = interrupt_after(child, "answered in ");
    assert_eq!(ran.stdout, "\"a\"\n1\n", "{ran}");
    assert!(matches!(ran.code, Some(0 | 130)), "{ran}");
    let others: Vec<String> = sandbox.names().into_iter().filter(|name| !name.starts_with("sample.json.gz")).collect();
    assert_eq!(others, [""; 0], "no part of a file");
    sandbox.run(&["summary", "sample.json.gz"]).succeeded();
}

#[test]
fn a_reader_that_does_not_read() {
    let sandbox = Sandbox::new();
    sandbox.copy_fixture(SAMPLE, "sample.json.gz");
    // More rows than a pipe holds: the writer is blocked until someone reads, and nobody does.
    let sql = "select a.name, b.name from slice a, slice b";
    let args = ["query", "sample.json.gz", sql, "--format", "csv", "-v"];
    let mut child = start(&sandbox, &args, Stdio::null());
    let mut stdout = child.stdout.take().expect("it is piped");
    let mut first = [0; 8];
    stdout.read_exact(&mut first).expect("it writes");
    let ran = interrupt_after(child, "read ");
    assert_eq!(ran.code, Some(130), "{ran}");
    assert_eq!(&first, b"\"name\",\"");
    assert_eq!(sandbox.names(), ["sample.json.gz"]);
}

#[test]
fn in_the_background_of_a_shell_the_signal_is_ignored() {
    let sandbox = Sandbox::new();
    let mut command = Command::new("env");
    sandbox.prepare(&mut command);
    command.args(["--ignore-signal=INT", BINARY, "summary", "-", "-v"]).stdin(Stdio::piped());
    let mut child = command.spawn().expect("there is an `env`");
    let mut stdin = child.stdin.take().expect("it is piped");
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    stderr.read_line(&mut String::new()).expect("it is text");
    signal(child.id(), "INT");
    stdin.write_all(SMALL_TRACE.as_bytes()).expect("it still reads");
    drop(stdin);
    let ran = Ran::by(child, "in the background");
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("gemm"), "{ran}");
}
