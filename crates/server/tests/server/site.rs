//! A server of drawn traces, from its start to its end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kinetoscope_ingest::Progress;
use kinetoscope_model::Trace;
use kinetoscope_server::{Library, Limits, Listing, Mode, OpenFailure, Server, ServerError, ServerOptions, StopHandle};
use kinetoscope_testkit::draw::{Drawing, Glyph};
use serde_json::Value;

use super::client::{self, Answer, PATIENCE};

pub(crate) const TOKEN: &str = "tell-no-one";

/// Size in bytes that every trace of the library says it has.
pub(crate) const TRACE_BYTES: u64 = 100;

/// Slices of the trace `many`.
pub(crate) const NUM_MANY: usize = 1_000;

/// A step with an operator that launches a kernel, a kernel of nobody, and a counter. A column is a microsecond.
pub(crate) fn step() -> Trace {
    let drawing = Drawing::new(&[
        "cpu main    ssssssssss....",
        "cpu main/1  .mmmmm........",
        "cpu main/2  ..l...........",
        "gpu 0/7     ....AAAA..BB..",
        "counter q   ..3....5......",
    ])
    .letter('s', Glyph::annotation("step"))
    .letter('m', Glyph::op("aten::mm").arg("Sequence number", 17))
    .letter('A', Glyph::kernel("gemm_kernel").arg("registers per thread", 168))
    .letter('B', Glyph::kernel("vector_add"))
    .launches('l', "A");
    read("step.json", &drawing.to_json())
}

/// One row of so many slices of a microsecond, each beside the next.
pub(crate) fn many() -> Trace {
    read("many.json", &Drawing::new(&[&format!("cpu main {}", "ab".repeat(NUM_MANY / 2))]).to_json())
}

fn read(name: &str, json: &str) -> Trace {
    kinetoscope_ingest::read_bytes(name, json.as_bytes()).expect("a drawing is a trace")
}

/// What the library does when it opens a trace.
#[derive(Clone)]
pub(crate) enum Opening {
    Trace(Arc<Trace>),
    /// Waits until it is cancelled.
    Endless,
    Fails,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) started: usize,
    pub(crate) cancelled: usize,
}

/// Traces by name.
pub(crate) struct DrawnLibrary {
    openings: BTreeMap<&'static str, Opening>,
    counts: Mutex<Counts>,
    changed: Condvar,
}

impl DrawnLibrary {
    fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts.lock().expect("no test panics within"));
        self.changed.notify_all();
    }

    /// Waits until the openings are as expected.
    pub(crate) fn wait_until(&self, is_expected: impl Fn(Counts) -> bool) {
        let counts = self.counts.lock().expect("no test panics within");
        let (counts, waited) =
            self.changed.wait_timeout_while(counts, PATIENCE, |counts| !is_expected(*counts)).expect("nor here");
        assert!(!waited.timed_out(), "{counts:?}");
    }
}

impl Library for DrawnLibrary {
    fn list(&self) -> Vec<Listing> {
        let listing = |&name: &&str| Listing {
            name: name.to_owned(),
            paths: vec![format!("/traces/{name}.json")],
            bytes: TRACE_BYTES,
        };
        self.openings.keys().map(listing).collect()
    }

    fn open(
        &self,
        listing: &Listing,
        progress: &Arc<Progress>,
        ready: &mut dyn FnMut(Arc<Trace>),
    ) -> Result<(), OpenFailure> {
        self.count(|counts| counts.started += 1);
        match &self.openings[listing.name.as_str()] {
            Opening::Trace(trace) => {
                ready(Arc::clone(trace));
                Ok(())
            }
            Opening::Endless => {
                while !progress.is_cancelled() {
                    std::thread::park_timeout(Duration::from_millis(1));
                }
                self.count(|counts| counts.cancelled += 1);
                Err(OpenFailure { message: "cancelled".to_owned(), hint: None, is_cancelled: true })
            }
            Opening::Fails => Err(OpenFailure {
                message: "the file is cut".to_owned(),
                hint: Some("record it again".to_owned()),
                is_cancelled: false,
            }),
        }
    }
}

/// A server that runs until the test ends.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) library: Arc<DrawnLibrary>,
    stop: StopHandle,
    running: Option<JoinHandle<Result<(), ServerError>>>,
}

impl Site {
    /// A server of the trace `step`, which is open.
    pub(crate) fn of_step() -> Self {
        let site = Self::of(&[("step", Opening::Trace(Arc::new(step())))]);
        site.open("step");
        site
    }

    pub(crate) fn of(openings: &[(&'static str, Opening)]) -> Self {
        Self::with(Mode::Serve, Limits::default(), openings)
    }

    pub(crate) fn with(mode: Mode, limits: Limits, openings: &[(&'static str, Opening)]) -> Self {
        let library = Arc::new(DrawnLibrary {
            openings: openings.iter().cloned().collect(),
            counts: Mutex::default(),
            changed: Condvar::new(),
        });
        let token = TOKEN.parse().expect("it is plain");
        let options = ServerOptions { mode, host: "127.0.0.1".to_owned(), port: 0, token, limits };
        let server = Server::bind(Arc::clone(&library) as Arc<dyn Library>, options).expect("a free port");
        let url = server.url();
        let address = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix(&format!("/{TOKEN}/")));
        let address = address.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("an address: {url}"));
        let stop = StopHandle::default();
        let running = std::thread::spawn({
            let stop = stop.clone();
            move || server.run(&stop)
        });
        let site = Self { address, library, stop, running: Some(running) };
        // The first answer says that the traces are known.
        assert_eq!(site.get("info").status, 200);
        site
    }

    /// Ends the server and gives what it ended with.
    pub(crate) fn stop(&mut self) -> Result<(), ServerError> {
        self.stop.stop();
        self.running.take().map_or(Ok(()), |running| running.join().expect("the server does not panic"))
    }

    /// A request with the headers that every client sends.
    pub(crate) fn request(&self, method: &str, path: &str, more: &str, body: &str) -> String {
        let host = self.address;
        let length = match (method, body) {
            ("GET" | "DELETE", "") => String::new(),
            _ => format!("Content-Length: {}\r\n", body.len()),
        };
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{length}{more}\r\n{body}")
    }

    pub(crate) fn send(&self, method: &str, path: &str, more: &str, body: &str) -> Answer {
        client::exchange(self.address, self.request(method, path, more, body).as_bytes())
    }

    /// The path of something in the API.
    pub(crate) fn api(&self, path: &str) -> String {
        format!("/{TOKEN}/api/v1/{path}")
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", &self.api(path), "", "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", &self.api(path), "Content-Type: application/json\r\n", &body.to_string())
    }

    /// What is told of the trace of this name.
    pub(crate) fn entry(&self, name: &str) -> Value {
        let info = self.get("info").json();
        let traces = info["traces"].as_array().expect("traces");
        traces.iter().find(|trace| trace["name"] == name).expect("the trace is listed").clone()
    }

    /// The path of the trace of this name, with what is asked about it.
    pub(crate) fn about(&self, name: &str, what: &str) -> String {
        let id = self.entry(name)["id"].as_str().expect("an id").to_owned();
        format!("traces/{id}{what}")
    }

    /// Opens a trace and waits for it.
    pub(crate) fn open(&self, name: &str) {
        assert_eq!(self.post(&self.about(name, "/open"), &Value::Null).status, 202);
        self.wait_for(name, "open");
    }

    pub(crate) fn wait_for(&self, name: &str, state: &str) {
        let start = Instant::now();
        loop {
            let entry = self.entry(name);
            if entry["state"] == state {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "not {state}: {entry}");
        }
    }

    /// Answer of a request about the trace `step`, which is one.
    pub(crate) fn step_get(&self, what: &str) -> Value {
        let answer = self.get(&self.about("step", what));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    pub(crate) fn step_post(&self, what: &str, body: &Value) -> Value {
        let answer = self.post(&self.about("step", what), body);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// The slice of this name, as it stands in the trace `step`.
    pub(crate) fn slice(&self, name: &str) -> Value {
        let found = self.step_post("/search", &serde_json::json!({ "text": name, "in": ["name"], "limit": 1 }));
        self.step_get(&format!("/slices/{}", found["ids"][0]))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

/// Limits under which a query that is not stopped outlives every test.
pub(crate) fn patient_limits() -> Limits {
    Limits { query_timeout: Duration::from_secs(3_600), ..Limits::default() }
}
