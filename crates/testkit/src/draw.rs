//! Traces drawn as text: one line a row, one column a microsecond.
//!
//! An analysis is understood, and tested, best on a picture of a dozen slices. A drawing becomes Kineto JSON, so a test
//! that starts from one still goes through the real reader.
//!
//! ```text
//! cpu main    aaaaaaaaa.bbbb     a lane is a kind, a row and a drawing
//! cpu main/1  .l.m.........      a second lane of the same thread: its slices nest by time
//! gpu 0/7     ...AAAABBBB..      stream 7 of device 0
//! gpu 0/27    ......NN.....      stream 27 of device 0
//! counter q   ..3....0.....      a counter that takes a value at each digit
//! instant main  ....x......      a moment of a thread
//! ```
//!
//! - A run of one letter is one slice; `.` is nothing; `-` lengthens the slice on its left. A letter after `-` begins a
//!   new slice, so `aaaa` is one slice and `a-a-` are two neighbours.
//! - A letter stands for what [`Drawing::letter`] says. Without that it is an operator (`cpu`), a kernel (`gpu`) or an
//!   instant of that name.
//! - What a call launched is said by [`Drawing::launches`]; it becomes the correlation of call and work.
//! - Lanes may be indented and padded; the drawing is the third word, so it holds no blanks.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;

use crate::layout::{ARGS_CLOSE, ARGS_OPEN, FlowEnd, GPU_SORT_INDEX, H100_PROPERTIES, NO_ARGS, SPANS_SORT_INDEX, Text};

/// The Kineto JSON of a drawing whose letters all have their default meaning.
///
/// # Panics
/// When a lane is not drawn as the [module](self) says.
pub fn draw(lanes: &[&str]) -> String {
    Drawing::new(lanes).to_json()
}

/// A drawing and what its letters mean.
///
/// ```
/// use kinetoscope_testkit::draw::{Drawing, Glyph};
///
/// let json = Drawing::new(&[
///     "cpu main    ssssssssss........",
///     "cpu main/1  mmmm..............",
///     "cpu main/2  .l...g............",
///     "gpu 0/7     ....AAAA..B-BB.CC.",
/// ])
/// .letter('s', Glyph::annotation("execute_context_0(0)_generation_4(4)"))
/// .letter('m', Glyph::op("aten::mm"))
/// .letter('A', Glyph::kernel("gemm").arg("registers per thread", 168))
/// .launches('l', "A") // a launch
/// .launches('g', "BBC") // a graph launch: two of `B` and one of `C`
/// .to_json();
///
/// let trace: serde_json::Value = serde_json::from_str(&json)?;
/// let events = trace["traceEvents"].as_array().expect("an array");
/// let gemm = events.iter().find(|event| event["name"] == "gemm").expect("it is drawn");
/// let call = events.iter().find(|event| event["name"] == "cudaLaunchKernel").expect("it is drawn");
/// assert_eq!((gemm["ts"].as_f64(), gemm["dur"].as_f64()), (Some(4.0), Some(4.0)));
/// assert_eq!(gemm["args"]["correlation"], call["args"]["correlation"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a drawing is nothing until `to_json`"]
pub struct Drawing {
    lanes: Vec<String>,
    column_nanos: u64,
    first_column_nanos: u64,
    letters: BTreeMap<char, Glyph>,
    launches: BTreeMap<char, String>,
    rank: Option<(u64, u64)>,
    with_session: bool,
    metadata: Vec<(String, Value)>,
}

/// The meaning of a letter: a slice's category, name and arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Glyph {
    cat: String,
    name: String,
    bytes: Option<u64>,
    args: Vec<(String, Value)>,
}

impl Glyph {
    /// A slice of any category.
    pub fn slice(cat: &str, name: &str) -> Self {
        Self { cat: cat.to_owned(), name: name.to_owned(), bytes: None, args: Vec::new() }
    }

    /// An operator (`cpu_op`).
    pub fn op(name: &str) -> Self {
        Self::slice("cpu_op", name)
    }

    /// A scope of the program (`user_annotation`), for example an engine step.
    pub fn annotation(name: &str) -> Self {
        Self::slice("user_annotation", name)
    }

    /// The GPU side of such a scope (`gpu_user_annotation`).
    pub fn gpu_annotation(name: &str) -> Self {
        Self::slice("gpu_user_annotation", name)
    }

    /// A Python frame (`python_function`).
    pub fn python(name: &str) -> Self {
        Self::slice("python_function", name)
    }

    /// A call into the CUDA runtime (`cuda_runtime`).
    pub fn call(name: &str) -> Self {
        Self::slice("cuda_runtime", name)
    }

    /// A call into the CUDA driver (`cuda_driver`).
    pub fn driver_call(name: &str) -> Self {
        Self::slice("cuda_driver", name)
    }

    /// A kernel (`kernel`).
    pub fn kernel(name: &str) -> Self {
        Self::slice("kernel", name)
    }

    /// A copy (`gpu_memcpy`) of so many bytes, for example of kind `HtoD (Pinned -> Device)`.
    pub fn copy(kind: &str, bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..Self::slice("gpu_memcpy", &format!("Memcpy {kind}")) }
    }

    /// A fill (`gpu_memset`) of so many bytes.
    pub fn fill(bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..Self::slice("gpu_memset", "Memset (Device)") }
    }

    /// A synchronisation row (`cuda_sync`), for example `Stream Sync`.
    pub fn sync(kind: &str) -> Self {
        Self::slice("cuda_sync", kind).arg("cuda_sync_kind", kind)
    }

    /// Adds an argument, or replaces the one of that name.
    pub fn arg(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.args.retain(|(other, _)| other != key);
        self.args.push((key.to_owned(), value.into()));
        self
    }

    fn is_call(&self) -> bool {
        matches!(self.cat.as_str(), "cuda_runtime" | "cuda_driver")
    }

    fn has_external_id(&self) -> bool {
        matches!(self.cat.as_str(), "cpu_op" | "user_annotation")
    }

    fn is_gpu_work(&self) -> bool {
        matches!(self.cat.as_str(), "kernel" | "gpu_memcpy" | "gpu_memset")
    }
}

/// What a lane draws.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    Cpu { thread: String },
    Gpu { device: u64, stream: u64 },
    Counter { name: String },
    Instant { thread: String },
}

#[derive(Debug)]
struct Drawn {
    letter: char,
    glyph: Glyph,
    start: u64,
    dur: u64,
    /// Of calls and GPU work.
    correlation: Option<u64>,
    external_id: Option<u64>,
    launches: bool,
}

#[derive(Debug, Default)]
struct Sheet {
    /// In order of appearance.
    threads: Vec<(String, Vec<Drawn>)>,
    streams: BTreeMap<(u64, u64), Vec<Drawn>>,
    counters: Vec<(String, u64, u64)>,
    instants: Vec<(usize, String, u64)>,
    num_columns: u64,
}

/// Where a piece of GPU work stands; places compare by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    start: u64,
    stream: (u64, u64),
    index: usize,
}

impl Drawing {
    /// A drawing of these lanes, one microsecond a column, the first column at time zero.
    pub fn new(lanes: &[&str]) -> Self {
        Self {
            lanes: lanes.iter().map(|&lane| lane.to_owned()).collect(),
            column_nanos: 1_000,
            first_column_nanos: 0,
            letters: BTreeMap::new(),
            launches: BTreeMap::new(),
            rank: None,
            with_session: false,
            metadata: Vec::new(),
        }
    }

    /// Sets the width of a column.
    pub fn column_nanos(mut self, nanos: u64) -> Self {
        self.column_nanos = nanos;
        self
    }

    /// Sets the time of the first column, to move ranks against each other.
    pub fn first_column_nanos(mut self, nanos: u64) -> Self {
        self.first_column_nanos = nanos;
        self
    }

    /// Says what a letter stands for, on every lane.
    pub fn letter(mut self, letter: char, glyph: Glyph) -> Self {
        self.letters.insert(letter, glyph);
        self
    }

    /// Says what each call drawn as `call` launches: the next pieces of work, in order of time, drawn as these letters.
    ///
    /// A letter given twice takes two. A call without another meaning becomes a `cudaLaunchKernel`, or a
    /// `cudaGraphLaunch` when it launches several. Work that no call launches counts as launched before the recording.
    pub fn launches(mut self, call: char, work: &str) -> Self {
        self.launches.insert(call, work.to_owned());
        self
    }

    /// Makes the drawing one rank of a job.
    pub fn rank(mut self, rank: u64, world_size: u64) -> Self {
        self.rank = Some((rank, world_size));
        self
    }

    /// Adds what the profiler writes about the recording itself: its span, as wide as the drawing, and two instants.
    pub fn session(mut self) -> Self {
        self.with_session = true;
        self
    }

    /// Adds a top-level key to the file.
    pub fn metadata(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.metadata.push((key.to_owned(), value.into()));
        self
    }

    /// The drawing as Kineto JSON.
    ///
    /// # Panics
    /// When a lane is not drawn as the [module](self) says, or when a call launches more than is drawn.
    pub fn to_json(&self) -> String {
        let mut sheet = self.read_lanes();
        number_operators(&mut sheet);
        self.tie_launches(&mut sheet);
        let text = self.write(&sheet);
        String::from_utf8(text.bytes).expect("it was made of strings")
    }

    fn read_lanes(&self) -> Sheet {
        let mut sheet = Sheet::default();
        for lane in &self.lanes {
            let words: Vec<&str> = lane.split_whitespace().collect();
            let [kind, row, drawing] = words[..] else {
                panic!("a lane has a kind, a row and a drawing: `{lane}`");
            };
            let row = read_row(lane, kind, row);
            sheet.num_columns = sheet.num_columns.max(drawing.chars().count() as u64);
            let runs = read_runs(lane, drawing);
            match row {
                Row::Cpu { thread } => {
                    let index = thread_index(&mut sheet, thread);
                    let drawn = runs.into_iter().map(|run| self.drawn(run, "cpu_op"));
                    sheet.threads[index].1.extend(drawn);
                }
                Row::Gpu { device, stream } => {
                    let drawn = runs.into_iter().map(|run| self.drawn(run, "kernel"));
                    sheet.streams.entry((device, stream)).or_default().extend(drawn);
                }
                Row::Counter { name } => {
                    for (letter, column, _) in runs {
                        let Some(value) = letter.to_digit(10) else {
                            panic!("a counter's values are digits: `{letter}` in `{lane}`");
                        };
                        sheet.counters.push((name.clone(), self.time(column), u64::from(value)));
                    }
                }
                Row::Instant { thread } => {
                    let index = thread_index(&mut sheet, thread);
                    for (letter, column, _) in runs {
                        let name = self.letters.get(&letter).map_or(letter.to_string(), |glyph| glyph.name.clone());
                        sheet.instants.push((index, name, self.time(column)));
                    }
                }
            }
        }
        let rows = sheet.threads.iter_mut().map(|(_, drawn)| drawn).chain(sheet.streams.values_mut());
        for drawn in rows {
            drawn.sort_by_key(|slice| (slice.start, std::cmp::Reverse(slice.dur)));
        }
        sheet
    }

    fn time(&self, column: u64) -> u64 {
        self.first_column_nanos + column * self.column_nanos
    }

    fn drawn(&self, (letter, column, width): (char, u64, u64), default_cat: &str) -> Drawn {
        let launches = self.launches.get(&letter);
        let glyph = match (self.letters.get(&letter), launches) {
            (Some(glyph), _) => glyph.clone(),
            (None, Some(work)) if work.chars().count() > 1 => Glyph::call("cudaGraphLaunch"),
            (None, Some(_)) => Glyph::call("cudaLaunchKernel"),
            (None, None) => Glyph::slice(default_cat, &letter.to_string()),
        };
        Drawn {
            letter,
            glyph,
            start: self.time(column),
            dur: width * self.column_nanos,
            correlation: None,
            external_id: None,
            launches: launches.is_some(),
        }
    }

    /// Gives calls their correlations, and work those of the calls that launched it.
    fn tie_launches(&self, sheet: &mut Sheet) {
        let mut waiting: BTreeMap<char, Vec<Place>> = BTreeMap::new();
        for (&stream, work) in &sheet.streams {
            for (index, drawn) in work.iter().enumerate() {
                waiting.entry(drawn.letter).or_default().push(Place { start: drawn.start, stream, index });
            }
        }
        for places in waiting.values_mut() {
            // The next one is taken from the end.
            places.sort_unstable_by(|left, right| right.cmp(left));
        }
        let mut calls: Vec<(u64, usize, usize)> = Vec::new();
        for (thread, (_, slices)) in sheet.threads.iter().enumerate() {
            let places = slices.iter().enumerate().filter(|(_, drawn)| drawn.glyph.is_call() || drawn.launches);
            calls.extend(places.map(|(place, drawn)| (drawn.start, thread, place)));
        }
        calls.sort_unstable();
        const FIRST_CALL: u64 = 1_001;
        for (index, (_, thread, place)) in calls.into_iter().enumerate() {
            let correlation = FIRST_CALL + index as u64;
            let call = &mut sheet.threads[thread].1[place];
            call.correlation = Some(correlation);
            let (letter, external_id) = (call.letter, call.external_id);
            let Some(work) = self.launches.get(&letter) else { continue };
            for wanted in work.chars() {
                let Some(place) = waiting.get_mut(&wanted).and_then(Vec::pop) else {
                    panic!("a call `{letter}` launches another `{wanted}` than are drawn");
                };
                let stream = sheet.streams.get_mut(&place.stream).expect("the place was made from it");
                let work = &mut stream[place.index];
                work.correlation = Some(correlation);
                work.external_id = external_id;
            }
        }
        let unlaunched = sheet.streams.values_mut().flatten().filter(|work| work.correlation.is_none());
        for (index, work) in unlaunched.filter(|work| work.glyph.is_gpu_work()).enumerate() {
            work.correlation = Some(1 + index as u64);
        }
    }

    fn pid(&self) -> u64 {
        100 * (1 + self.rank.map_or(0, |(rank, _)| rank))
    }

    fn write(&self, sheet: &Sheet) -> Text {
        let mut text = Text::default();
        self.write_header(sheet, &mut text);
        let num_metadata_bytes = text.bytes.len();
        self.write_names(sheet, &mut text);
        let pid = self.pid().to_string();
        for (index, (_, slices)) in sheet.threads.iter().enumerate() {
            let tid = (self.pid() + index as u64).to_string();
            for drawn in slices {
                write_slice(&mut text, drawn, &pid, &tid, cpu_args(drawn));
                if drawn.launches {
                    let correlation = drawn.correlation.unwrap_or_default();
                    text.launch_flow(FlowEnd::Call, correlation, &pid, &tid, drawn.start);
                }
            }
        }
        for (&(device, stream), work) in &sheet.streams {
            let (device_text, stream_text) = (device.to_string(), stream.to_string());
            for drawn in work {
                write_slice(&mut text, drawn, &device_text, &stream_text, gpu_args(drawn, device, stream));
                if let Some(correlation) = drawn.correlation {
                    text.launch_flow(FlowEnd::GpuWork, correlation, &device_text, &stream_text, drawn.start);
                }
            }
        }
        for (name, ts, value) in &sheet.counters {
            text.counter("counter", name, &pid, "0", *ts, |text| {
                text.raw("\"value\": ").uint(*value);
            });
        }
        for (thread, name, ts) in &sheet.instants {
            let tid = (self.pid() + *thread as u64).to_string();
            text.instant_head("", "t", name, &pid, &tid, *ts).raw(NO_ARGS);
        }
        if self.with_session {
            self.write_session(sheet, &mut text);
        }
        if text.bytes.len() > num_metadata_bytes {
            // No comma after the last event.
            text.bytes.pop();
        }
        text.raw("\n  ],\"traceName\": \"drawing.json\" }");
        text
    }

    fn write_header(&self, sheet: &Sheet, text: &mut Text) {
        text.raw(" {\n    \"schemaVersion\": 1,\n    \"deviceProperties\": [");
        let num_devices = sheet.streams.keys().map(|(device, _)| device + 1).max().unwrap_or(0);
        for device in 0..num_devices {
            text.raw(if device == 0 { "\n    {\n      \"id\": " } else { ",\n    {\n      \"id\": " });
            text.uint(device).raw(H100_PROPERTIES);
        }
        text.raw("],\n    ");
        if let Some((rank, world_size)) = self.rank {
            text.raw("\n      \"distributedInfo\": {\"backend\": \"nccl\", \"rank\": ").uint(rank);
            text.raw(", \"world_size\": ").uint(world_size).raw("},");
        }
        for (key, value) in &self.metadata {
            text.raw("\n      ").quoted(key).raw(": ").raw(&value.to_string()).raw(",");
        }
        text.raw("\n    \"displayTimeUnit\": \"ms\",\n    \"baseTimeNanoseconds\": ");
        text.uint(crate::generate::BASE_TIME_NANOS).raw(",\n    \"traceEvents\": [\n    ");
    }

    fn write_names(&self, sheet: &Sheet, text: &mut Text) {
        let ts = self.first_column_nanos;
        let pid = self.pid();
        let mut name_process = |pid: u64, label: &str, sort_index: u64| {
            let pid = pid.to_string();
            text.metadata("process_name", ts, &pid, "0", "name", "\"python\"");
            text.metadata("process_labels", ts, &pid, "0", "labels", &format!("\"{label}\""));
            text.metadata("process_sort_index", ts, &pid, "0", "sort_index", &sort_index.to_string());
        };
        if !sheet.threads.is_empty() {
            name_process(pid, "CPU", pid);
        }
        let mut last_device = None;
        for &(device, _) in sheet.streams.keys() {
            if last_device.replace(device) != Some(device) {
                name_process(device, &format!("GPU {device}"), GPU_SORT_INDEX + device);
            }
        }
        let mut name_thread = |pid: u64, tid: u64, name: &str| {
            let name = Value::from(name).to_string();
            let (pid, tid) = (pid.to_string(), tid.to_string());
            text.metadata("thread_name", ts, &pid, &tid, "name", &name);
            text.metadata("thread_sort_index", ts, &pid, &tid, "sort_index", &tid);
        };
        for (index, (name, _)) in sheet.threads.iter().enumerate() {
            let tid = pid + index as u64;
            name_thread(pid, tid, &format!("thread {tid} ({name})"));
        }
        for &(device, stream) in sheet.streams.keys() {
            name_thread(device, stream, &format!("stream {stream} "));
        }
    }

    fn write_session(&self, sheet: &Sheet, text: &mut Text) {
        let (start, end) = (self.time(0), self.time(sheet.num_columns));
        text.slice_head("Trace", "PyTorch Profiler (0)", "\"Spans\"", "\"PyTorch Profiler\"");
        text.slice_times(start, end - start).raw(ARGS_OPEN).raw("\"Op count\": 0").raw(ARGS_CLOSE);
        text.metadata("process_sort_index", start, "\"Spans\"", "0", "sort_index", &SPANS_SORT_INDEX.to_string());
        let tid = "\"Trace PyTorch Profiler\"";
        text.instant_head("", "g", "Iteration Start: PyTorch Profiler", "\"Traces\"", tid, start).raw(NO_ARGS);
        text.instant_head("", "g", "Record Window End", "\"\"", "\"\"", end).raw(NO_ARGS);
    }
}

fn read_row(lane: &str, kind: &str, row: &str) -> Row {
    match kind {
        // What stands after the slash only tells the lanes of a thread apart.
        "cpu" => Row::Cpu { thread: row.split('/').next().unwrap_or(row).to_owned() },
        "instant" => Row::Instant { thread: row.to_owned() },
        "counter" => Row::Counter { name: row.to_owned() },
        "gpu" => {
            let numbers = row.split_once('/').and_then(|(device, stream)| {
                Some(Row::Gpu { device: device.parse().ok()?, stream: stream.parse().ok()? })
            });
            numbers.unwrap_or_else(|| panic!("a GPU row is `device/stream`, not `{row}`: `{lane}`"))
        }
        _ => panic!("a lane is one of `cpu`, `gpu`, `counter` and `instant`, not `{kind}`: `{lane}`"),
    }
}

/// The runs of a drawing as (letter, column, number of columns).
fn read_runs(lane: &str, drawing: &str) -> Vec<(char, u64, u64)> {
    let mut runs: Vec<(char, u64, u64)> = Vec::new();
    let mut last = '.';
    for (column, mark) in drawing.chars().enumerate() {
        match mark {
            '.' => {}
            '-' if last == '.' => panic!("`-` in column {column} has no slice on its left to lengthen: `{lane}`"),
            _ if mark == '-' || mark == last => {
                if let Some((_, _, width)) = runs.last_mut() {
                    *width += 1;
                }
            }
            _ if mark.is_alphanumeric() => runs.push((mark, column as u64, 1)),
            _ => panic!("`{mark}` in column {column} is no letter, `.` or `-`: `{lane}`"),
        }
        last = mark;
    }
    runs
}

fn thread_index(sheet: &mut Sheet, thread: String) -> usize {
    let known = sheet.threads.iter().position(|(name, _)| *name == thread);
    known.unwrap_or_else(|| {
        sheet.threads.push((thread, Vec::new()));
        sheet.threads.len() - 1
    })
}

/// Numbers operators and annotations in order of time, and gives calls the number of the innermost one around them.
fn number_operators(sheet: &mut Sheet) {
    let mut places: Vec<(u64, usize, usize)> = Vec::new();
    for (thread, (_, slices)) in sheet.threads.iter().enumerate() {
        let operators = slices.iter().enumerate().filter(|(_, drawn)| drawn.glyph.has_external_id());
        places.extend(operators.map(|(place, drawn)| (drawn.start, thread, place)));
    }
    places.sort_unstable();
    for (index, (_, thread, place)) in places.into_iter().enumerate() {
        sheet.threads[thread].1[place].external_id = Some(1 + index as u64);
    }
    for (_, slices) in &mut sheet.threads {
        // Slices come by start, the longer first, so the last one that covers a call is the innermost.
        let operators: Vec<(u64, u64, u64)> = slices
            .iter()
            .filter_map(|drawn| drawn.external_id.map(|id| (drawn.start, drawn.start + drawn.dur, id)))
            .collect();
        for call in slices.iter_mut().filter(|drawn| drawn.external_id.is_none()) {
            let around = operators.iter().rev().find(|&&(start, end, _)| start <= call.start && call.start < end);
            call.external_id = around.map(|&(_, _, id)| id);
        }
    }
}

fn cpu_args(drawn: &Drawn) -> Vec<(&'static str, Value)> {
    let mut args = Vec::new();
    if drawn.glyph.has_external_id() || drawn.correlation.is_some() {
        args.extend(drawn.external_id.map(|id| ("External id", id.into())));
    }
    args.extend(drawn.correlation.map(|correlation| ("correlation", correlation.into())));
    args
}

fn gpu_args(drawn: &Drawn, device: u64, stream: u64) -> Vec<(&'static str, Value)> {
    let mut args: Vec<(&'static str, Value)> = Vec::new();
    args.extend(drawn.external_id.map(|id| ("External id", id.into())));
    if drawn.glyph.cat == "gpu_user_annotation" {
        return args;
    }
    args.push(("device", device.into()));
    args.push(("context", 1.into()));
    args.push(("stream", stream.into()));
    args.extend(drawn.correlation.map(|correlation| ("correlation", correlation.into())));
    match drawn.glyph.bytes {
        Some(bytes) => {
            args.push(("bytes", bytes.into()));
            args.push(("memory bandwidth (GB/s)", (bytes as f64 / drawn.dur as f64).into()));
        }
        None if drawn.glyph.cat == "kernel" => {
            // A kernel that fills an H100 once: 132 blocks of 128 threads.
            args.push(("queued", 0.into()));
            args.push(("registers per thread", 32.into()));
            args.push(("shared memory", 0.into()));
            args.push(("blocks per SM", 1.0.into()));
            args.push(("warps per SM", 4.0.into()));
            args.push(("grid", vec![132, 1, 1].into()));
            args.push(("block", vec![128, 1, 1].into()));
            args.push(("est. achieved occupancy %", 6.into()));
        }
        None => {}
    }
    args
}

fn write_slice(text: &mut Text, drawn: &Drawn, pid: &str, tid: &str, args: Vec<(&'static str, Value)>) {
    text.slice_head(&drawn.glyph.cat, &drawn.glyph.name, pid, tid).slice_times(drawn.start, drawn.dur);
    let mut by_key: BTreeMap<&str, Value> = BTreeMap::new();
    let mut keys: Vec<&str> = Vec::new();
    let given = drawn.glyph.args.iter().map(|(key, value)| (key.as_str(), value.clone()));
    for (key, value) in args.into_iter().chain(given) {
        match by_key.entry(key) {
            Entry::Occupied(mut entry) => {
                entry.insert(value);
            }
            Entry::Vacant(entry) => {
                entry.insert(value);
                keys.push(key);
            }
        }
    }
    if keys.is_empty() {
        text.raw(NO_ARGS);
        return;
    }
    text.raw(ARGS_OPEN);
    for (index, key) in keys.into_iter().enumerate() {
        text.raw(if index == 0 { "" } else { ", " }).quoted(key).raw(": ").raw(&by_key[key].to_string());
    }
    text.raw(ARGS_CLOSE);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(json: &str) -> Vec<Value> {
        let trace: Value = serde_json::from_str(json).expect("a drawing is valid JSON");
        trace["traceEvents"].as_array().expect("an array").clone()
    }

    fn slices(json: &str) -> Vec<(String, String, f64, f64)> {
        let is_slice = |event: &&Value| event["ph"] == "X";
        let slice = |event: &Value| {
            let text = |key: &str| event[key].as_str().expect("a string").to_owned();
            let number = |key: &str| event[key].as_f64().expect("a number");
            (text("cat"), text("name"), number("ts"), number("dur"))
        };
        events(json).iter().filter(is_slice).map(slice).collect()
    }

    fn slice(cat: &str, name: &str, ts: f64, dur: f64) -> (String, String, f64, f64) {
        (cat.to_owned(), name.to_owned(), ts, dur)
    }

    #[test]
    fn runs_become_slices_and_dashes_part_neighbours() {
        let json = draw(&["cpu main aaa.b-b-", "gpu 0/7  ..AB...."]);
        assert_eq!(
            slices(&json),
            [
                slice("cpu_op", "a", 0.0, 3.0),
                slice("cpu_op", "b", 4.0, 2.0),
                slice("cpu_op", "b", 6.0, 2.0),
                slice("kernel", "A", 2.0, 1.0),
                slice("kernel", "B", 3.0, 1.0),
            ]
        );
    }

    #[test]
    fn columns_have_the_width_and_origin_asked_for() {
        let json = Drawing::new(&["cpu main ..aa"]).column_nanos(500).first_column_nanos(10_000).to_json();
        assert_eq!(slices(&json), [slice("cpu_op", "a", 11.0, 1.0)]);
    }

    #[test]
    fn lanes_of_a_thread_share_its_row() {
        let json = draw(&["cpu main   aaaa", "cpu main/1 .b..", "cpu other  c..."]);
        let tids: Vec<Value> =
            events(&json).iter().filter(|event| event["ph"] == "X").map(|event| event["tid"].clone()).collect();
        assert_eq!(tids, [100, 100, 101]);
    }

    #[test]
    fn work_has_the_correlation_and_operator_of_its_call() {
        let json = Drawing::new(&[
            "cpu main   mmmmmmmmmm...",
            "cpu main/1 .l..l..g.....",
            "gpu 0/7    ..A...A.BC...",
            "gpu 0/9    ........B.A..",
        ])
        .letter('m', Glyph::op("aten::mm"))
        .launches('l', "A")
        .launches('g', "BBC")
        .to_json();
        let events = events(&json);
        let correlation = |event: &Value| event["args"]["correlation"].as_u64().expect("it has one");
        let named = |name: &str| -> Vec<u64> {
            events.iter().filter(|event| event["ph"] == "X" && event["name"] == name).map(correlation).collect()
        };
        let (launches, graphs) = (named("cudaLaunchKernel"), named("cudaGraphLaunch"));
        assert_eq!((launches.len(), graphs.len()), (2, 1));
        // By stream, then by time: the last `A`, on stream 9, was launched by no call that is drawn.
        assert_eq!(named("A")[..2], launches[..]);
        assert!(named("A")[2] < launches[0]);
        assert_eq!(named("B"), [graphs[0], graphs[0]]);
        assert_eq!(named("C"), graphs);
        let work = events.iter().find(|event| event["name"] == "A").expect("it is drawn");
        let op = events.iter().find(|event| event["name"] == "aten::mm").expect("it is drawn");
        assert_eq!(work["args"]["External id"], op["args"]["External id"]);
        let ends = |phase: &str| events.iter().filter(|event| event["ph"] == phase).count();
        assert_eq!((ends("s"), ends("f")), (3, 6));
    }

    #[test]
    fn glyphs_set_category_name_and_arguments() {
        let json = Drawing::new(&["cpu main sp", "gpu 1/7  hkyg"])
            .letter('s', Glyph::annotation("step \"1\""))
            .letter('p', Glyph::python("model.py(1): forward"))
            .letter('h', Glyph::copy("HtoD (Pinned -> Device)", 5_000))
            .letter('k', Glyph::kernel("gemm").arg("grid", vec![1, 2, 3]).arg("Seq", 7))
            .letter('y', Glyph::sync("Stream Sync"))
            .letter('g', Glyph::gpu_annotation("step"))
            .to_json();
        let events = events(&json);
        let named = |name: &str| events.iter().find(|event| event["name"] == name).expect("it is drawn");
        assert_eq!(named("step \"1\"")["cat"], "user_annotation");
        assert_eq!(named("model.py(1): forward")["cat"], "python_function");
        assert_eq!(named("Memcpy HtoD (Pinned -> Device)")["args"]["memory bandwidth (GB/s)"], 5.0);
        assert_eq!(named("gemm")["args"]["grid"], serde_json::json!([1, 2, 3]));
        assert_eq!(named("gemm")["args"]["Seq"], 7);
        assert_eq!(named("Stream Sync")["args"]["cuda_sync_kind"], "Stream Sync");
        assert_eq!(named("step")["cat"], "gpu_user_annotation");
    }

    #[test]
    fn counters_instants_ranks_and_the_session_are_written() {
        let json = Drawing::new(&["counter queue ..3.0", "instant main .x"])
            .rank(3, 8)
            .session()
            .metadata("vllm_version", "0.32.0")
            .to_json();
        let trace: Value = serde_json::from_str(&json).expect("valid JSON");
        assert_eq!(trace["distributedInfo"]["rank"], 3);
        assert_eq!(trace["vllm_version"], "0.32.0");
        let events = events(&json);
        let values: Vec<(f64, u64)> = events
            .iter()
            .filter(|event| event["ph"] == "C")
            .map(|event| (event["ts"].as_f64().expect("a time"), event["args"]["value"].as_u64().expect("a value")))
            .collect();
        assert_eq!(values, [(2.0, 3), (4.0, 0)]);
        let instant = events.iter().find(|event| event["name"] == "x").expect("it is drawn");
        assert_eq!((&instant["ph"], &instant["tid"]), (&Value::from("i"), &Value::from(400)));
        let session = events.iter().find(|event| event["cat"] == "Trace").expect("it is written");
        assert_eq!(session["dur"], 5.0);
    }

    #[test]
    fn an_empty_drawing_is_a_valid_trace_without_events() {
        assert!(events(&draw(&[])).is_empty());
        assert!(slices(&draw(&["cpu main ...", "gpu 0/7 ."])).is_empty());
    }

    #[test]
    #[should_panic(expected = "launches another `A` than are drawn")]
    fn launching_more_than_is_drawn_is_refused() {
        Drawing::new(&["cpu main l.l", "gpu 0/7  .A."]).launches('l', "A").to_json();
    }

    #[test]
    #[should_panic(expected = "has no slice on its left")]
    fn a_dash_without_a_slice_is_refused() {
        draw(&["cpu main .-a"]);
    }

    #[test]
    #[should_panic(expected = "`device/stream`")]
    fn a_gpu_row_without_a_stream_is_refused() {
        draw(&["gpu 0 A"]);
    }
}
