//! A folder and a home of one's own for each test, and the binary run in it.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_kinetoscope");

/// What ends a test that would hang: far beyond anything that a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Variables that would make a test depend on who runs it.
const VARIABLES: [&str; 9] = [
    "KINETOSCOPE_CACHE_DIR",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "CI",
];

/// Two kernels and the call that launched the first: 20.25 µs and 10 µs of work in 49.5 µs.
pub(crate) const SMALL_TRACE: &str = r#"{
  "schemaVersion": 1,
  "deviceProperties": [{"id": 0, "name": "NVIDIA H100 80GB HBM3", "totalGlobalMem": 85029158912, "numSms": 132,
                        "computeMajor": 9, "computeMinor": 0}],
  "traceEvents": [
    {"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 100, "tid": 100, "ts": 100.5, "dur": 5,
     "args": {"correlation": 7}},
    {"ph": "X", "cat": "kernel", "name": "gemm", "pid": 0, "tid": 7, "ts": 110, "dur": 20.25,
     "args": {"device": 0, "stream": 7, "correlation": 7}},
    {"ph": "X", "cat": "kernel", "name": "add", "pid": 0, "tid": 7, "ts": 140, "dur": 10,
     "args": {"device": 0, "stream": 7, "correlation": 8}}
  ]
}
"#;

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies two folders below the root");
    root.to_owned()
}

/// A trace of this repository.
pub(crate) fn fixture(path: &str) -> PathBuf {
    repository().join("fixtures").join(path)
}

/// A trace of an engine on a GPU, with enough slices that a cross join of them does not end.
pub(crate) const SAMPLE: &str = "vllm-h100-sample.pt.trace.json.gz";

/// A folder for traces and one for the user's caches.
pub(crate) struct Sandbox {
    root: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(root.path().join("traces")).expect("the folder is ours");
        fs::create_dir(root.path().join("home")).expect("the folder is ours");
        Self { root }
    }

    /// A sandbox with `small.json` in it.
    pub(crate) fn with_small_trace() -> Self {
        let sandbox = Self::new();
        sandbox.write("small.json", SMALL_TRACE);
        sandbox
    }

    /// The folder that commands run in.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("traces")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// The user's cache folder for our files.
    pub(crate) fn user_cache_folder(&self) -> PathBuf {
        self.root.path().join("home/.cache/kinetoscope")
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it lies in the sandbox")).expect("the folder is ours");
        fs::write(path, content).expect("the folder is ours");
    }

    pub(crate) fn copy_fixture(&self, fixture_path: &str, name: &str) {
        fs::copy(fixture(fixture_path), self.path(name)).expect("the fixture is part of the repository");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the file exists and is text")
    }

    /// All names below the folder, hidden ones too, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        names_in(&self.folder())
    }

    /// The command that runs the binary here, with nothing to read.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(BINARY);
        self.prepare(&mut command);
        command.args(args);
        command
    }

    /// Makes any command one that runs here.
    pub(crate) fn prepare(&self, command: &mut Command) {
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command.env("HOME", self.root.path().join("home")).current_dir(self.folder());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args))
    }

    /// Runs with `stdin` on standard input.
    pub(crate) fn run_with_stdin(&self, args: &[&str], stdin: &[u8]) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().expect("the binary starts");
        let mut pipe = child.stdin.take().expect("it is piped");
        let stdin = stdin.to_owned();
        let writer = thread::spawn(move || {
            // It may end before it has read everything.
            let _ = pipe.write_all(&stdin);
        });
        let ran = Ran::by(child, &args.join(" "));
        writer.join().expect("writing does not panic");
        ran
    }
}

/// All names in a folder, hidden ones too, sorted; none when there is no folder.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) command: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) stdout_bytes: Vec<u8>,
}

impl Ran {
    pub(crate) fn of(mut command: Command) -> Self {
        let description = format!("{command:?}");
        Self::by(command.spawn().expect("the binary starts"), &description)
    }

    /// Waits for the end of `child`, and ends it when it takes too long.
    pub(crate) fn by(child: Child, command: &str) -> Self {
        let pid = child.id();
        let (sender, ended) = mpsc::channel();
        let waiter = thread::spawn(move || {
            let _ = sender.send(child.wait_with_output());
        });
        let Ok(output) = ended.recv_timeout(PATIENCE) else {
            signal(pid, "KILL");
            panic!("`{command}` hangs");
        };
        waiter.join().expect("waiting does not panic");
        Self::from_output(output.expect("a child can be waited for"), command)
    }

    fn from_output(output: Output, command: &str) -> Self {
        Self {
            command: command.to_owned(),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            stdout_bytes: output.stdout,
        }
    }

    /// Checks that it did what it was asked and had nothing to say about it; returns its standard output.
    #[track_caller]
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "{self}");
        assert_eq!(self.stderr, "", "{self}");
        self.stdout
    }

    /// Checks that it failed with `code` and printed no result; returns its standard error.
    #[track_caller]
    pub(crate) fn failed_with(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self}");
        assert_eq!(self.stdout, "", "{self}");
        assert_ne!(self.stderr, "", "a failure says why: {self}");
        self.stderr
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, code, stdout, stderr, .. } = self;
        write!(f, "{command}\nended with {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// Sends a signal to a process that we started.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(sent.expect("there is a `kill`").success(), "the process {pid} is there");
}
