//! The prompt of `query`, in a terminal of its own.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::sandbox::{BINARY, SAMPLE, Sandbox};

/// Far beyond anything that a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(120);

const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const PROMPT: &str = "kinetoscope> ";

/// A terminal in which the binary runs.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
    /// What was shown and not yet looked at.
    shown: String,
}

impl Terminal {
    fn running(sandbox: &Sandbox, args: &str) -> Self {
        let mut command = Command::new("script");
        sandbox.prepare(&mut command);
        // A shell that stays between the two may die of the Ctrl-C that was meant for the binary, and end with its own code.
        let line = format!("exec {BINARY} {args}");
        command.env("SHELL", "/bin/sh").env("TERM", "xterm").args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped());
        let mut child = command.spawn().expect("there is a `script`");
        let keys = child.stdin.take().expect("it is piped");
        let mut output = child.stdout.take().expect("it is piped");
        let (sender, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(len @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..len].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keys, screen, shown: String::new() }
    }

    fn type_keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("the terminal is there");
    }

    /// Waits until `text` is shown, and returns all that was shown before it.
    #[track_caller]
    fn wait_for(&mut self, text: &str) -> String {
        let start = Instant::now();
        loop {
            if let Some(at) = self.shown.find(text) {
                let before = self.shown[..at].to_owned();
                self.shown.drain(..at + text.len());
                return before;
            }
            let left = PATIENCE.saturating_sub(start.elapsed());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("`{text}` is not shown ({error}), but: {}", self.shown),
            }
        }
    }

    /// Types a line once the prompt is there, and returns what is shown until the next prompt.
    #[track_caller]
    fn ask(&mut self, line: &str) -> String {
        self.type_keys(&format!("{line}\r"));
        // The line is shown as it is typed; what comes behind its end is the answer.
        self.wait_for("\r\n");
        self.wait_for(PROMPT)
    }

    fn exit_code(mut self) -> Option<i32> {
        self.child.wait().expect("it can be waited for").code()
    }
}

#[test]
fn a_trace_is_asked_many_times() {
    let sandbox = Sandbox::with_small_trace();
    let mut terminal = Terminal::running(&sandbox, "query small.json");
    terminal.wait_for(PROMPT);
    let sum = terminal.ask("select sum(dur) as total from kernel;");
    assert!(sum.contains("total") && sum.contains("30250"), "{sum}");
    let made = terminal.ask("create perfetto table long as select * from slice where dur > 15000;");
    assert!(!made.contains("error"), "{made}");
    let count = terminal.ask("select 'n=' || count(*) as answer from long;");
    assert!(count.contains("n=1"), "{count}");
    let wrong = terminal.ask("select nme from slice;");
    assert!(wrong.contains("no such column: `nme`"), "{wrong}");
    assert!(terminal.ask(".schema long").contains("long: id, ts, dur"), "columns of what was made");
    assert!(terminal.ask(".tables dev").contains("device"));
    terminal.ask(".timer on");
    assert!(terminal.ask("select 1;").contains("took "));
    terminal.type_keys(CTRL_D);
    assert_eq!(terminal.exit_code(), Some(0));
    let history = sandbox.folder().with_file_name("home/.local/state/kinetoscope/query-history");
    let kept = std::fs::read_to_string(&history).expect("the history is kept");
    assert!(kept.contains("select nme from slice;\n"), "{kept}");
    let mode = std::fs::metadata(&history).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "what was typed is nobody else's business");
}

#[test]
fn a_statement_may_go_over_lines_and_results_to_a_file() {
    let sandbox = Sandbox::with_small_trace();
    let mut terminal = Terminal::running(&sandbox, "query small.json");
    terminal.wait_for(PROMPT);
    terminal.ask(".format csv");
    terminal.ask(".output out.csv");
    terminal.type_keys("select name, dur\r");
    terminal.ask("from kernel order by dur;");
    assert!(terminal.ask(".output small.json").contains("cannot be the output too"));
    terminal.ask(".output");
    let shown = terminal.ask("select 7 as seven;");
    assert!(shown.contains("\"seven\"\r\n7"), "{shown}");
    terminal.type_keys(".quit\r");
    assert_eq!(terminal.exit_code(), Some(0));
    assert_eq!(sandbox.read("out.csv"), "\"name\",\"dur\"\n\"add\",10000\n\"gemm\",20250\n");
}

#[test]
fn tab_completes_and_ctrl_c_stops_the_answer_only() {
    let sandbox = Sandbox::new();
    sandbox.copy_fixture(SAMPLE, "sample.json.gz");
    let mut terminal = Terminal::running(&sandbox, "query --no-cache --color never sample.json.gz");
    terminal.wait_for(PROMPT);
    terminal.type_keys("select count(*) > 0 as any_of_them from kern\t");
    terminal.wait_for("kernel");
    let answer = terminal.ask(";");
    assert!(answer.contains("any_of_them"), "{answer}");
    let endless = "select count(*) from slice a, slice b, slice c where a.dur + b.dur < c.dur + a.ts % 7;";
    terminal.type_keys(&format!("{endless}\r"));
    terminal.wait_for("% 7;");
    terminal.wait_for("\r\n");
    terminal.type_keys(CTRL_C);
    terminal.wait_for("note: stopped");
    terminal.wait_for(PROMPT);
    assert!(terminal.ask("select 'still ' || 'here' as answer;").contains("still here"));
    terminal.type_keys(CTRL_D);
    assert_eq!(terminal.exit_code(), Some(0));
}
