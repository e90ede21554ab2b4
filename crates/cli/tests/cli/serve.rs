//! `open` and `serve`: the page's server as a process.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandbox::{Sandbox, repository};

/// Far beyond anything that a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(120);

/// "step 1: loss 0.5" as `gzip -n` packs it.
const NOTE_IN_GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x2b\x2e\x49\x2d\x50\x30\xb4\x52\xc8\xc9\x2f\x2e\x56\x30\xd0\x33\x05\x00\xee\x5a\xd9\x38\x10\x00\x00\x00";

/// A server that runs, and its address.
struct Served {
    child: Child,
    /// `127.0.0.1:PORT`.
    host: String,
    /// `/TOKEN/`.
    base: String,
}

impl Served {
    fn start(sandbox: &Sandbox, args: &[&str]) -> Self {
        Self::by(sandbox.command(args))
    }

    fn by(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::null()).spawn().expect("the binary starts");
        let mut url = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut url).expect("it prints an address");
        let (host, path) = url.trim().strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a URL");
        Self { child, host: host.to_owned(), base: format!("/{path}") }
    }

    /// Status and body of what `GET`ting `path` gives.
    fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.host).expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.host);
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, answer.split_once("\r\n\r\n").expect("a head").1.to_owned())
    }

    fn traces(&self) -> Vec<Value> {
        let (status, body) = self.get(&format!("{}api/v1/info", self.base));
        assert_eq!(status, 200, "{body}");
        let info: Value = serde_json::from_str(&body).expect("JSON");
        info["traces"].as_array().expect("a list").clone()
    }

    fn wait_until(&self, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let start = Instant::now();
        loop {
            let traces = self.traces();
            if is_so(&traces) {
                return traces;
            }
            assert!(start.elapsed() < PATIENCE, "{traces:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The exit code after Ctrl-C.
    fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("there is a `kill`").success());
        self.child.wait().expect("it can be waited for").code()
    }
}

fn names(traces: &[Value]) -> Vec<&str> {
    traces.iter().filter_map(|trace| trace["name"].as_str()).collect()
}

#[test]
fn a_trace_is_opened_at_once_and_ctrl_c_is_the_usual_end() {
    let sandbox = Sandbox::with_small_trace();
    let served = Served::start(&sandbox, &["open", "small.json", "--no-browser", "--port", "0"]);
    let (status, page) = served.get(&served.base);
    assert!(status == 200 && page.contains("<title>Kinetoscope</title>"), "{status} {page}");
    assert_eq!(served.get("/").0, 403, "without the token there is nothing");
    let traces = served.wait_until(|traces| traces[0]["state"] == "open");
    let id = traces[0]["id"].as_str().expect("an id");
    let (status, overview) = served.get(&format!("{}api/v1/traces/{id}/overview", served.base));
    assert_eq!(status, 200, "{overview}");
    let overview: Value = serde_json::from_str(&overview).expect("JSON");
    assert_eq!(overview["name"], "small.json");
    assert_eq!(served.interrupt(), Some(0));
}

#[test]
fn the_page_is_in_the_binary() {
    let sandbox = Sandbox::with_small_trace();
    // No program can be found, Node among them. That the server reads no files is a rule that `xtask` checks.
    let mut command = sandbox.command(["open", "small.json", "--no-browser", "--port", "0"]);
    command.env("PATH", "");
    let served = Served::by(command);
    for name in ["index.html", "app.js", "vendor.js", "app.css"] {
        let built = fs::read_to_string(repository().join("crates/server/page").join(name)).expect("it is committed");
        let (status, page) = served.get(&format!("{}{name}", served.base));
        assert!(status == 200 && page == built, "{name}: {status}, {} bytes", page.len());
    }
    assert_eq!(served.interrupt(), Some(0));
}

#[test]
fn a_chosen_token_and_a_taken_port_are_what_they_say() {
    let sandbox = Sandbox::with_small_trace();
    let args = ["open", "small.json", "--no-browser", "--port", "0", "--token", "open-sesame"];
    let served = Served::start(&sandbox, &args);
    assert_eq!(served.base, "/open-sesame/");
    let port = served.host.rsplit_once(':').expect("a port").1.to_owned();
    let refused = sandbox.run(&["open", "small.json", "--no-browser", "--port", &port]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{}", refused.stderr);
    assert!(refused.stderr.contains("--port"), "{}", refused.stderr);
    assert_eq!(served.interrupt(), Some(0));
}

#[test]
fn a_folder_shows_traces_as_they_come_and_says_what_is_none() {
    let sandbox = Sandbox::with_small_trace();
    let served = Served::start(&sandbox, &["serve", ".", "--no-browser", "--port", "0"]);
    assert_eq!(names(&served.traces()), ["small.json"]);
    assert_eq!(served.traces()[0]["state"], "closed", "nobody asked for it");
    fs::write(sandbox.folder().join("notes.txt"), "step 1: loss 0.5").expect("the folder is ours");
    fs::copy(sandbox.folder().join("small.json"), sandbox.folder().join("rank1.json")).expect("it is there");
    // The same note, packed with gzip.
    sandbox.write("notes.txt.gz", NOTE_IN_GZIP);
    let traces = served.wait_until(|traces| traces.len() > 1);
    assert_eq!(names(&traces), ["all 2 files as one trace", "rank1.json", "small.json"]);
    assert_eq!(served.interrupt(), Some(0));
}

#[test]
fn what_cannot_be_served_is_said_before_anything_listens() {
    let sandbox = Sandbox::with_small_trace();
    for (args, reason) in [
        (["open", "missing.json", "--no-browser"], "missing.json"),
        (["open", "-", "--no-browser"], "standard input cannot be opened in the browser"),
        (["serve", "small.json", "--no-browser"], "`small.json` is no folder"),
        (["serve", "missing", "--no-browser"], "`missing` is no folder"),
    ] {
        let ran = sandbox.run(&args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(reason) && ran.stdout.is_empty(), "{args:?}: {}", ran.stderr);
    }
    let ran = sandbox.run(&["open", "small.json", "--token", "short"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("at least 8"), "{}", ran.stderr);
}
