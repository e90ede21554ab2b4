//! Traces drawn as text, for tests whose answers are worked out by hand.
//!
//! ```text
//! cpu  aa..b........      one character is one nanosecond; a run of one letter is a call
//! s7   ..AAAA..BB.A.      a run of the capital is work which that call launched
//! ```
//!
//! A call that launched several runs is a graph launch; work whose letter no call has was launched before the
//! recording. The letter also says what the work is: `M` a copy of 1,000 bytes, `P` a copy from pageable memory without
//! a size, `S` a fill, `N` a kernel of the collective library, everything else a computing kernel. A row is a stream,
//! `s7`, or a stream of another device, `1/s7`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use kinetoscope_model::nest::{OpenSlice, RowNester};
use kinetoscope_model::table::*;
use kinetoscope_model::{
    ArgSetId, DeviceId, ProcessId, RankId, SliceId, SourceId, StreamId, ThreadId, Trace, TraceBuilder, TrackId,
    WarningKind,
};

/// Something drawn, before it has a slice.
#[derive(Debug, Clone)]
struct Event {
    start_ns: i64,
    end_ns: i64,
    row: Row,
    category: &'static str,
    name: String,
    correlation: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Thread(String),
    Stream { device: i64, stream: i64 },
}

/// A trace being drawn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drawing {
    events: Vec<Event>,
    /// Multiplied into the numbers by which rows of `gpu_op` and `launch` are ordered: other numbers, other orders.
    order_seed: u64,
    metadata: Vec<(&'static str, Result<i64, &'static str>)>,
    warnings: Vec<(WarningKind, &'static str)>,
    ranks: Vec<i64>,
    has_unranked_input: bool,
    start_unix_ns: Option<i64>,
}

impl Drawing {
    /// Draws the rows of `text`, one a line.
    pub(crate) fn lanes(text: &str) -> Self {
        let mut drawing = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, lane) = line.split_once(char::is_whitespace).expect("a row has a name and a lane");
            let chars: Vec<char> = lane.trim().chars().collect();
            let mut start = 0;
            for run in chars.chunk_by(|a, b| a == b) {
                let range = start as i64..(start + run.len()) as i64;
                start += run.len();
                if run[0] != '.' {
                    drawing.draw(name, run[0], range);
                }
            }
        }
        drawing
    }

    fn draw(&mut self, row: &str, letter: char, range: Range<i64>) {
        let correlation = i64::from(u32::from(letter.to_ascii_uppercase()));
        let (category, name) = match letter {
            'a'..='z' => ("cuda_runtime", "cudaLaunchKernel".to_owned()),
            'M' => ("gpu_memcpy", "Memcpy HtoD (Pinned -> Device)".to_owned()),
            'P' => ("gpu_memcpy", "Memcpy HtoD (Pageable -> Device)".to_owned()),
            'S' => ("gpu_memset", "Memset (Device)".to_owned()),
            'N' => ("kernel", "ncclDevKernel_AllReduce".to_owned()),
            other => ("kernel", format!("kernel_{other}")),
        };
        let row = match row.rsplit_once('s').map(|(device, stream)| (device.trim_end_matches('/'), stream.parse())) {
            Some((device, Ok(stream))) => Row::Stream { device: device.parse().unwrap_or(0), stream },
            _ => Row::Thread(row.to_owned()),
        };
        let correlation = Some(correlation);
        self.events.push(Event { start_ns: range.start, end_ns: range.end, row, category, name, correlation });
    }

    /// Adds an event to the row of a thread.
    pub(crate) fn slice(mut self, thread: &str, category: &'static str, name: &str, range: Range<i64>) -> Self {
        self.events.push(Event {
            start_ns: range.start,
            end_ns: range.end,
            row: Row::Thread(thread.to_owned()),
            category,
            name: name.to_owned(),
            correlation: None,
        });
        self
    }

    /// Adds a piece of GPU work; `launched_by` names a call as its letter would.
    pub(crate) fn gpu(mut self, device: i64, stream: i64, launched_by: char, range: Range<i64>) -> Self {
        self.draw(&format!("{device}/s{stream}"), launched_by, range);
        self
    }

    /// Adds a call that launches what has its letter.
    pub(crate) fn call(mut self, letter: char, range: Range<i64>) -> Self {
        self.draw("cpu", letter, range);
        self
    }

    /// Puts the rows of `gpu_op` and `launch` into another order.
    pub(crate) fn in_order(mut self, seed: u64) -> Self {
        self.order_seed = seed;
        self
    }

    /// Adds a metadata value.
    pub(crate) fn metadata(mut self, key: &'static str, value: Result<i64, &'static str>) -> Self {
        self.metadata.push((key, value));
        self
    }

    /// Adds a warning.
    pub(crate) fn warning(mut self, kind: WarningKind, detail: &'static str) -> Self {
        self.warnings.push((kind, detail));
        self
    }

    /// Makes each device the one of a rank: device 0 of the first.
    pub(crate) fn ranks(mut self, ranks: &[i64]) -> Self {
        self.ranks = ranks.to_vec();
        self
    }

    /// Adds an input of no rank, which the device after those of the ranks comes from.
    pub(crate) fn unranked_input(mut self) -> Self {
        self.has_unranked_input = true;
        self
    }

    /// Sets the wall clock.
    pub(crate) fn start_unix_ns(mut self, start_unix_ns: i64) -> Self {
        self.start_unix_ns = Some(start_unix_ns);
        self
    }

    /// The trace.
    pub(crate) fn build(mut self) -> Trace {
        let mut trace = TraceBuilder::default();
        trace.clock.start_unix_ns = self.start_unix_ns;
        let sources = build_sources(&mut trace, &self.ranks, self.has_unranked_input);
        let tracks = build_rows(&mut trace, &self.events, &sources);
        self.events.sort_by_key(|event| (event.start_ns, Reverse(event.end_ns)));
        let mut num_runs: BTreeMap<i64, usize> = BTreeMap::new();
        for event in self.events.iter().filter(|event| matches!(event.row, Row::Stream { .. })) {
            *num_runs.entry(event.correlation.unwrap_or(-1)).or_default() += 1;
        }
        let mut nesters: BTreeMap<&Row, RowNester> = BTreeMap::new();
        let mut gpu_ops: Vec<GpuOpRow> = Vec::new();
        let mut calls: BTreeMap<i64, Vec<(u32, SliceId)>> = BTreeMap::new();
        for (index, event) in self.events.iter().enumerate() {
            let id = SliceId::from_index(index);
            let is_call = event.category == "cuda_runtime";
            let is_graph_launch = is_call && event.correlation.is_some_and(|id| num_runs.get(&id) > Some(&1));
            let name = if is_graph_launch { "cudaGraphLaunch" } else { event.name.as_str() };
            let name = trace.strings.intern(name);
            let category = (!event.category.is_empty()).then(|| trace.strings.intern(event.category));
            let open = OpenSlice { id, ts: event.start_ns, end: event.end_ns, name, category };
            let placed = nesters.entry(&event.row).or_default().place(open, 0);
            trace.slices.push(SliceRow {
                ts: event.start_ns,
                dur: event.end_ns - event.start_ns,
                track_id: tracks[&event.row].0,
                category,
                name,
                depth: placed.depth,
                parent_id: placed.parent,
                arg_set_id: None::<ArgSetId>,
                thread_ts: None,
                thread_dur: None,
                source_offset: 0,
            });
            if is_call {
                let (external_id, cbid, correlation) = (None, None, event.correlation);
                let call = ApiCallRow { correlation, external_id, cbid, is_graph_launch, ..ApiCallRow::new(id) };
                let call_id = trace.api_calls.push(call) as u32;
                calls.entry(event.correlation.unwrap_or(-1)).or_default().push((call_id, id));
            }
            if let (_, Some((device_id, stream_id))) = tracks[&event.row] {
                let copy_kind = event.name.strip_prefix("Memcpy ").and_then(|rest| rest.split(' ').next());
                let copy_kind = copy_kind.map(|kind| trace.strings.intern(kind));
                gpu_ops.push(gpu_op(id, event, device_id, stream_id, copy_kind));
            }
        }
        let order_key = |row: usize| (row as u64 ^ self.order_seed).wrapping_mul(self.order_seed | 1);
        let mut order: Vec<usize> = (0..gpu_ops.len()).collect();
        order.sort_by_key(|&row| order_key(row));
        let mut launches = Vec::new();
        for row in order.iter().map(|&row| gpu_ops[row]) {
            let gpu_op_id = trace.gpu_ops.push(row) as u32;
            for &(api_call_id, api_slice_id) in row.correlation.and_then(|id| calls.get(&id)).into_iter().flatten() {
                launches.push(LaunchRow { api_call_id, gpu_op_id, api_slice_id, gpu_slice_id: row.slice_id });
            }
        }
        launches.sort_by_key(|launch| order_key(launch.gpu_op_id as usize + launch.api_call_id as usize));
        for launch in launches {
            trace.launches.push(launch);
        }
        for (key, value) in self.metadata {
            let name = trace.strings.intern(key);
            let str_value = value.err().map(|text| trace.strings.intern(text));
            trace.metadata.push(MetadataRow { name, int_value: value.ok(), str_value, source_id: SourceId(0) });
        }
        for (kind, detail) in self.warnings {
            trace.warnings.add(kind, SourceId(0), Some(42), || detail.to_owned());
        }
        trace.seal()
    }
}

fn build_sources(trace: &mut TraceBuilder, ranks: &[i64], has_unranked_input: bool) -> Vec<SourceId> {
    let mut sources = Vec::new();
    for index in 0..(ranks.len() + usize::from(has_unranked_input)).max(1) {
        let source_id = SourceId::from_index(index);
        let rank_id = ranks.get(index).map(|&rank| {
            let backend = Some(trace.strings.intern("nccl"));
            let world_size = Some(ranks.len() as i64);
            let rank = RankRow { rank: Some(rank), world_size, backend, host: None, name: None, source_id };
            RankId::from_index(trace.ranks.push(rank))
        });
        let path = trace.strings.intern(&format!("drawn{index}.json"));
        let format = trace.strings.intern("gzip, kineto json");
        trace.sources.push(SourceRow {
            path,
            format,
            file_bytes: 1_234,
            unpacked_bytes: 56_789,
            num_events: 10,
            clock_offset: 0,
            base_unix_ns: None,
            rank_id,
        });
        sources.push(source_id);
    }
    sources
}

type Tracks = BTreeMap<Row, (TrackId, Option<(DeviceId, StreamId)>)>;

fn build_rows(trace: &mut TraceBuilder, events: &[Event], sources: &[SourceId]) -> Tracks {
    let cpu = process(trace, 100, "python3", None, sources[0]);
    let mut rows: Vec<&Row> = events.iter().map(|event| &event.row).collect();
    rows.sort();
    rows.dedup();
    let mut devices: BTreeMap<i64, (ProcessId, DeviceId)> = BTreeMap::new();
    let mut tracks = Tracks::new();
    for (index, row) in rows.into_iter().enumerate() {
        let track = match row {
            Row::Thread(name) => (thread(trace, 100 + index as i64, name, Role::Main, cpu), None),
            Row::Stream { device, stream } => {
                let &mut (upid, device_id) = devices.entry(*device).or_insert_with(|| {
                    build_device(trace, *device, sources.get(*device as usize).copied().unwrap_or(sources[0]))
                });
                let utid = ThreadId::from_index(trace.threads.len());
                let track_id = thread(trace, *stream, &format!("stream {stream}"), Role::GpuStream, upid);
                let stream = StreamRow { device_id, context: None, stream: *stream, utid, track_id };
                (track_id, Some((device_id, StreamId::from_index(trace.streams.push(stream)))))
            }
        };
        tracks.insert(row.clone(), track);
    }
    tracks
}

fn build_device(trace: &mut TraceBuilder, ordinal: i64, source_id: SourceId) -> (ProcessId, DeviceId) {
    let device_id = DeviceId::from_index(trace.devices.len());
    let upid = process(trace, ordinal, "python3", Some(device_id), source_id);
    let name = Some(trace.strings.intern("Drawn GPU"));
    trace.devices.push(DeviceRow {
        name,
        total_memory: Some(80 << 30),
        compute_major: Some(9),
        compute_minor: Some(0),
        num_sms: Some(132),
        upid: Some(upid),
        ..DeviceRow::new(ordinal, source_id)
    });
    (upid, device_id)
}

fn process(
    trace: &mut TraceBuilder,
    pid: i64,
    name: &str,
    device_id: Option<DeviceId>,
    source_id: SourceId,
) -> ProcessId {
    let name = Some(trace.strings.intern(name));
    ProcessId::from_index(trace.processes.push(ProcessRow {
        pid,
        name,
        start_ts: None,
        end_ts: None,
        sort_index: None,
        labels: None,
        role: Role::Unknown,
        device_id,
        source_id,
        arg_set_id: None,
    }))
}

fn thread(trace: &mut TraceBuilder, tid: i64, name: &str, role: Role, upid: ProcessId) -> TrackId {
    let name = Some(trace.strings.intern(name));
    let utid = ThreadId::from_index(trace.threads.push(ThreadRow {
        tid,
        name,
        start_ts: None,
        end_ts: None,
        upid,
        is_main_thread: false,
        sort_index: None,
        role,
        arg_set_id: None,
        priority: None,
    }));
    TrackId::from_index(trace.tracks.push(TrackRow {
        name: None,
        r#type: TrackKind::Thread,
        utid: Some(utid),
        upid: Some(upid),
        parent_id: None,
        track_group_id: None,
        unit: None,
        arg_set_id: None,
    }))
}

fn gpu_op(
    slice_id: SliceId,
    event: &Event,
    device_id: DeviceId,
    stream_id: StreamId,
    copy_kind: Option<kinetoscope_model::StringId>,
) -> GpuOpRow {
    let kind = match event.category {
        "gpu_memcpy" => GpuOpKind::Memcpy,
        "gpu_memset" => GpuOpKind::Memset,
        _ => GpuOpKind::Kernel,
    };
    GpuOpRow {
        correlation: event.correlation,
        bytes: (kind != GpuOpKind::Kernel && !event.name.contains("Pageable")).then_some(1_000),
        copy_kind,
        ..GpuOpRow::new(slice_id, kind, device_id, stream_id)
    }
}
