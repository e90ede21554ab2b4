//! Slice details: everything the trace knows of one slice, and what it is directly linked to.
//!
//! A click is answered from indexes of the store and costs what it shows; only finding the arrows looks through
//! a whole table of links, at a nanosecond a row.

use kinetoscope_model::table::{GpuOpRow, Role};
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{SliceId, StringId, ThreadId, Trace, TrackId};
use kinetoscope_store::Store;
use serde::{Deserialize, Serialize};

use crate::arg_node::{ArgNode, arg_nodes};
use crate::device_name::device_name;
use crate::kernel_class::{SliceClass, SliceClasses};

/// How many pieces of GPU work are listed of one call; how many there are is said beside the list. A graph launch may have
/// thousands.
pub const MAX_LISTED_LAUNCHES: usize = 1_000;

/// The category of Python frames.
const PYTHON_CATEGORY: &str = "python_function";

/// Everything about one slice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SliceDetails {
    /// Row of the `slice` table.
    pub id: u32,
    /// Name.
    pub name: String,
    /// Category.
    pub category: Option<String>,
    /// Start.
    pub ts: Nanos,
    /// Length; `None` when it never ended.
    pub dur: Option<Nanos>,
    /// Track.
    pub track_id: u32,
    /// Slices of the track around it.
    pub depth: u32,
    /// The innermost of these.
    pub parent_id: Option<u32>,
    /// Length less that of the slices directly inside. May be negative where these outlive it by the clock's rounding.
    pub self_dur: Option<Nanos>,
    /// Length in percent of the parent's.
    pub percent_of_parent: Option<f64>,
    /// Thread, for slices of CPU threads and of streams' rows.
    pub thread: Option<ThreadRef>,
    /// Process.
    pub process: Option<ProcessRef>,
    /// Device, for GPU work and other slices of a GPU's rows.
    pub device: Option<NamedRow>,
    /// Stream.
    pub stream: Option<NamedRow>,
    /// Rank number.
    pub rank: Option<i64>,
    /// Arguments, in the order of the file.
    pub args: Vec<ArgNode>,
    /// Slices around it on its track, the outermost first.
    pub stack: Vec<NamedRow>,
    /// Python frames around it on its thread, the outermost first; of GPU work those around the launching call.
    pub python_stack: Vec<NamedRow>,
    /// What the runtime says of it, for GPU work.
    pub gpu: Option<GpuDetails>,
    /// The call that launched it, for GPU work.
    pub launch: Option<Launch>,
    /// What it launched, for calls: the first [`MAX_LISTED_LAUNCHES`] in order of time.
    pub launched: Vec<Launched>,
    /// How many pieces of work it launched.
    pub num_launched: u64,
    /// Of an async slice: the outermost slice around it and all inside that one, by time.
    pub async_chain: Vec<ChainLink>,
    /// Where it was read from.
    pub origin: Option<Origin>,
    /// What it is for.
    pub class: SliceClass,
}

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreadRef {
    /// Row of the `thread` table.
    pub utid: u32,
    /// Thread id in the file.
    pub tid: i64,
    /// Name.
    pub name: Option<String>,
    /// What it is for, when that is known.
    pub role: Option<&'static str>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessRef {
    /// Row of the `process` table.
    pub upid: u32,
    /// Process id in the file.
    pub pid: i64,
    /// Name.
    pub name: Option<String>,
}

/// A row of a table, and its name for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the struct says it")]
pub struct NamedRow {
    pub id: u32,
    pub name: String,
}

/// A slice, its name and start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the struct says it")]
pub struct ChainLink {
    pub id: u32,
    pub name: String,
    pub ts: Nanos,
}

/// What the runtime says of a piece of GPU work.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GpuDetails {
    /// `kernel`, `memcpy` or `memset`.
    pub kind: &'static str,
    /// Blocks in x, y and z.
    pub grid: Option<[u32; 3]>,
    /// Threads of a block in x, y and z.
    pub block: Option<[u32; 3]>,
    /// Registers per thread.
    pub registers_per_thread: Option<u32>,
    /// Shared memory of a block, static and dynamic together.
    pub shared_bytes: Option<u32>,
    /// Statically declared part of it, when the source tells them apart.
    pub static_shared_bytes: Option<u32>,
    /// Dynamically asked-for part of it, when the source tells them apart.
    pub dynamic_shared_bytes: Option<u32>,
    /// Estimated occupancy in percent.
    pub occupancy_percent: Option<f64>,
    /// Warps over multiprocessors.
    pub warps_per_sm: Option<f64>,
    /// Blocks over multiprocessors.
    pub blocks_per_sm: Option<f64>,
    /// Correlation id of the launching call.
    pub correlation: Option<i64>,
    /// Executable graph it belongs to.
    pub graph_id: Option<i64>,
    /// Node of that graph.
    pub graph_node_id: Option<i64>,
    /// Bytes copied or filled.
    pub bytes: Option<i64>,
    /// These bytes over the length.
    pub bandwidth_bytes_per_second: Option<f64>,
    /// Direction of a copy.
    pub copy_kind: Option<String>,
}

/// The call that launched a piece of GPU work. Of a runtime call and the driver call inside it, the runtime call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Launch {
    /// The call.
    pub api_slice: u32,
    /// Its name.
    pub api_name: String,
    /// Its start.
    pub api_ts: Nanos,
    /// Its length; `None` when it never ended.
    pub api_dur: Option<Nanos>,
    /// Its track.
    pub api_track: u32,
    /// From the start of the call to the start of the work. Negative when the two clocks disagree.
    pub launch_delay: Nanos,
    /// From the end of the call, or of the stream's work before when that is later, to the start of the work. Negative
    /// when the work began before.
    pub queue_delay: Nanos,
}

/// A piece of work that a call launched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Launched {
    /// The work.
    pub slice: u32,
    /// Its name.
    pub name: String,
    /// Its start.
    pub ts: Nanos,
    /// Its length; `None` when it never ended.
    pub dur: Option<Nanos>,
    /// Its track.
    pub track: u32,
}

/// A place in an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Path of the input as given, with the archive member after `!`.
    pub source: String,
    /// Byte offset in the unpacked input, or row number in a database.
    pub offset: i64,
}

/// The length of a slice; `None` when it never ended.
pub(crate) fn dur_of(trace: &Trace, slice: SliceId) -> Option<Nanos> {
    Some(trace.slices.dur.get(slice.index())).filter(|&dur| dur >= 0)
}

/// Everything about a slice; `None` for an unknown id. `classes` are those of the same store.
pub fn slice_details(store: &Store, classes: &SliceClasses, slice: SliceId) -> Option<SliceDetails> {
    let trace = store.trace();
    if slice.index() >= trace.slices.len() {
        return None;
    }
    let row = trace.slices.row(slice.index());
    let track = trace.tracks.row(row.track_id.index());
    let dur = dur_of(trace, slice);
    let gpu_op = store.gpu_op_of_slice(slice);
    let call = gpu_op.and_then(|op| launching_call(store, op));
    let upid = track.upid.or_else(|| track.utid.map(|utid| trace.threads.upid.get(utid.index())));
    let process = upid.map(|upid| (upid, trace.processes.row(upid.index())));
    let source_id = process.map(|(_, process)| process.source_id);
    let rank_id = source_id.and_then(|source| trace.sources.rank_id.get(source.index()));
    let (launched, num_launched) = launched_by(store, slice);
    let only_source = (trace.sources.len() == 1).then_some(kinetoscope_model::SourceId(0));
    let (device, stream) = device_and_stream(trace, gpu_op, track.utid, process.and_then(|(_, row)| row.device_id));
    Some(SliceDetails {
        id: slice.0,
        name: trace.text(row.name).to_owned(),
        category: text(trace, row.category),
        ts: row.ts,
        dur,
        track_id: row.track_id.0,
        depth: row.depth,
        parent_id: row.parent_id.map(|id| id.0),
        self_dur: dur.map(|dur| dur.saturating_sub(children_dur(store, slice))),
        percent_of_parent: row.parent_id.and_then(|parent| percent(dur?, dur_of(trace, parent)?)),
        thread: track.utid.map(|utid| thread_ref(trace, utid)),
        process: process.map(|(upid, row)| ProcessRef { upid: upid.0, pid: row.pid, name: text(trace, row.name) }),
        device,
        stream,
        rank: rank_id.and_then(|id| trace.ranks.rank.get(id.index())),
        args: row.arg_set_id.map(|id| arg_nodes(trace.args.set(id))).unwrap_or_default(),
        stack: ancestors(trace, slice).into_iter().rev().map(|id| named(trace, id)).collect(),
        python_stack: python_stack(store, call.unwrap_or(slice)),
        gpu: gpu_op.map(|op| gpu_details(trace, &trace.gpu_ops.row(op as usize), dur)),
        launch: gpu_op.zip(call).map(|(op, call)| launch_of(store, op, call)),
        launched,
        num_launched,
        async_chain: async_chain(store, slice),
        origin: source_id.or(only_source).map(|source| Origin {
            source: trace.text(trace.sources.path.get(source.index())).to_owned(),
            offset: row.source_offset,
        }),
        class: classes.of(store, slice),
    })
}

fn text(trace: &Trace, id: Option<StringId>) -> Option<String> {
    id.map(|id| trace.text(id).to_owned())
}

fn name_of(trace: &Trace, slice: SliceId) -> &str {
    trace.text(trace.slices.name.get(slice.index()))
}

fn named(trace: &Trace, slice: SliceId) -> NamedRow {
    NamedRow { id: slice.0, name: name_of(trace, slice).to_owned() }
}

fn percent(part: Nanos, whole: Nanos) -> Option<f64> {
    (whole > 0).then(|| part as f64 * 100.0 / whole as f64)
}

fn children_dur(store: &Store, slice: SliceId) -> Nanos {
    let children = store.children_of_slice(slice).iter();
    let durs = children.map(|child| store.trace().slices.dur.get(child.index()).max(0));
    durs.fold(0, Nanos::saturating_add)
}

/// The slices around a slice, the innermost first.
fn ancestors(trace: &Trace, slice: SliceId) -> Vec<SliceId> {
    let mut found = Vec::new();
    let mut id = slice;
    // A parent comes before its children in the table; anything else is damage, which must not go round in circles.
    while let Some(parent) = trace.slices.parent_id.get(id.index()).filter(|parent| *parent < id) {
        found.push(parent);
        id = parent;
    }
    found
}

fn thread_ref(trace: &Trace, utid: ThreadId) -> ThreadRef {
    let row = trace.threads.row(utid.index());
    let role = (row.role != Role::Unknown).then(|| row.role.word());
    ThreadRef { utid: utid.0, tid: row.tid, name: text(trace, row.name), role }
}

fn device_and_stream(
    trace: &Trace,
    gpu_op: Option<u32>,
    utid: Option<ThreadId>,
    device_of_process: Option<kinetoscope_model::DeviceId>,
) -> (Option<NamedRow>, Option<NamedRow>) {
    let stream_id = match gpu_op {
        Some(op) => Some(trace.gpu_ops.stream_id.get(op as usize).index()),
        None => trace.streams.rows().position(|row| Some(row.utid) == utid),
    };
    let stream_id = stream_id.filter(|&id| id < trace.streams.len());
    let device_id = match (gpu_op, stream_id) {
        (Some(op), _) => Some(trace.gpu_ops.device_id.get(op as usize)),
        (None, Some(stream)) => Some(trace.streams.device_id.get(stream)),
        (None, None) => device_of_process,
    };
    let device = device_id
        .filter(|id| id.index() < trace.devices.len())
        .map(|id| NamedRow { id: id.0, name: device_name(trace, id) });
    let stream =
        stream_id.map(|id| NamedRow { id: id as u32, name: format!("stream {}", trace.streams.stream.get(id)) });
    (device, stream)
}

fn gpu_details(trace: &Trace, op: &GpuOpRow, dur: Option<Nanos>) -> GpuDetails {
    let three = |x: Option<u32>, y: Option<u32>, z: Option<u32>| Some([x?, y?, z?]);
    let secs = dur.filter(|&dur| dur > 0).map(|dur| dur as f64 / 1e9);
    GpuDetails {
        kind: op.kind.word(),
        grid: three(op.grid_x, op.grid_y, op.grid_z),
        block: three(op.block_x, op.block_y, op.block_z),
        registers_per_thread: op.registers_per_thread,
        shared_bytes: op.shared_memory,
        static_shared_bytes: op.static_shared_memory,
        dynamic_shared_bytes: op.dynamic_shared_memory,
        occupancy_percent: op.occupancy,
        warps_per_sm: op.warps_per_sm,
        blocks_per_sm: op.blocks_per_sm,
        correlation: op.correlation,
        graph_id: op.graph_id,
        graph_node_id: op.graph_node_id,
        bytes: op.bytes,
        bandwidth_bytes_per_second: op.bytes.zip(secs).map(|(bytes, secs)| bytes as f64 / secs),
        copy_kind: text(trace, op.copy_kind),
    }
}

/// The slice of the call that launched a piece of work; of several with its correlation id the one that starts first.
fn launching_call(store: &Store, gpu_op: u32) -> Option<SliceId> {
    let trace = store.trace();
    Some(trace.api_calls.slice_id.get(store.api_call_of_gpu_op(gpu_op)? as usize))
}

fn launch_of(store: &Store, gpu_op: u32, call: SliceId) -> Launch {
    let trace = store.trace();
    let op = trace.gpu_ops.row(gpu_op as usize);
    let start = trace.slices.ts.get(op.slice_id.index());
    let call_interval = trace.slice_interval(call);
    let stream = store.gpu_ops_of_stream(op.stream_id);
    let slice_of = |row: u32| trace.gpu_ops.slice_id.get(row as usize);
    let num_before = stream.partition_point(|&row| slice_of(row) < op.slice_id);
    // Work of a stream runs one by one, but for rounding: the end of the work before is the latest so far.
    let previous = num_before.checked_sub(1).map(|before| slice_of(stream[before]));
    let busy_until = previous.map(|slice| trace.slice_interval(slice).end);
    Launch {
        api_slice: call.0,
        api_name: name_of(trace, call).to_owned(),
        api_ts: call_interval.start,
        api_dur: dur_of(trace, call),
        api_track: trace.slices.track_id.get(call.index()).0,
        launch_delay: start.saturating_sub(call_interval.start),
        queue_delay: start.saturating_sub(busy_until.map_or(call_interval.end, |end| end.max(call_interval.end))),
    }
}

fn launched_by(store: &Store, slice: SliceId) -> (Vec<Launched>, u64) {
    let trace = store.trace();
    let Some(call) = store.api_call_of_slice(slice) else { return (Vec::new(), 0) };
    let ops = store.gpu_ops_of_api_call(call);
    let listed = ops.iter().take(MAX_LISTED_LAUNCHES).map(|&op| {
        let work = trace.gpu_ops.slice_id.get(op as usize);
        Launched {
            slice: work.0,
            name: name_of(trace, work).to_owned(),
            ts: trace.slices.ts.get(work.index()),
            dur: dur_of(trace, work),
            track: trace.slices.track_id.get(work.index()).0,
        }
    });
    (listed.collect(), ops.len() as u64)
}

/// The Python frames of a slice's thread that hold it, the outermost first.
fn python_stack(store: &Store, slice: SliceId) -> Vec<NamedRow> {
    let trace = store.trace();
    let track = trace.slices.track_id.get(slice.index());
    let Some(category) = trace.strings.find(PYTHON_CATEGORY) else { return Vec::new() };
    let Some(utid) = trace.tracks.utid.get(track.index()) else { return Vec::new() };
    let interval = trace.slice_interval(slice);
    let mut frames: Vec<SliceId> = Vec::new();
    for lane in trace.tracks.utid.iter().enumerate().filter(|(_, of)| *of == Some(utid)).map(|(lane, _)| lane) {
        let lane = TrackId::from_index(lane);
        if lane == track {
            frames.extend(ancestors(trace, slice));
            continue;
        }
        // What holds the slice is, in this lane, the last that began before it or around that one.
        let slices = store.slices_of_track(lane);
        let num_before = slices.partition_point(|id| trace.slices.ts.get(id.index()) <= interval.start);
        let Some(&last) = num_before.checked_sub(1).and_then(|last| slices.get(last)) else { continue };
        let chain = std::iter::once(last).chain(ancestors(trace, last));
        frames.extend(chain.filter(|&id| {
            let is_open = dur_of(trace, id).is_none();
            is_open || trace.slice_interval(id).end >= interval.end
        }));
    }
    frames.retain(|id| trace.slices.category.get(id.index()) == Some(category));
    frames.sort_by_key(|&id| (trace.slices.ts.get(id.index()), std::cmp::Reverse(trace.slice_interval(id).end), id));
    frames.into_iter().map(|id| named(trace, id)).collect()
}

fn async_chain(store: &Store, slice: SliceId) -> Vec<ChainLink> {
    use kinetoscope_model::table::TrackKind::{GlobalAsync, ProcessAsync};
    let trace = store.trace();
    let track = trace.slices.track_id.get(slice.index());
    if !matches!(trace.tracks.r#type.get(track.index()), ProcessAsync | GlobalAsync) {
        return Vec::new();
    }
    let outermost = ancestors(trace, slice).last().copied().unwrap_or(slice);
    let mut found = vec![outermost];
    let mut next = 0;
    while let Some(&id) = found.get(next) {
        found.extend(store.children_of_slice(id).iter().filter(|child| **child > id));
        next += 1;
    }
    found.sort_unstable();
    found
        .into_iter()
        .map(|id| ChainLink { id: id.0, name: name_of(trace, id).to_owned(), ts: trace.slices.ts.get(id.index()) })
        .collect()
}

/// Which way to go from a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Direction {
    Next,
    Previous,
}

/// The next or previous slice of the same track, by time; `None` at the end.
pub fn neighbour(store: &Store, slice: SliceId, direction: Direction) -> Option<SliceId> {
    if slice.index() >= store.trace().slices.len() {
        return None;
    }
    let slices = store.slices_of_track(store.trace().slices.track_id.get(slice.index()));
    let place = slices.binary_search(&slice).ok()?;
    match direction {
        Direction::Next => slices.get(place + 1).copied(),
        Direction::Previous => place.checked_sub(1).map(|place| slices[place]),
    }
}

/// What a slice is directly linked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arrows {
    /// Launches, then flows, each in the order of its table.
    pub arrows: Vec<Arrow>,
}

/// A link between two slices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arrow {
    /// What links them.
    pub kind: ArrowKind,
    /// Name of the flow, or else its category; `launch` for launches.
    pub name: String,
    /// Where it leaves: the call of a launch.
    pub from: ArrowEnd,
    /// Where it enters: the work of a launch.
    pub to: ArrowEnd,
}

/// What links two slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrowKind {
    /// A call and the GPU work that has its correlation id.
    Launch,
    /// An arrow of the file.
    Flow,
}

/// One end of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArrowEnd {
    /// The slice.
    pub slice: u32,
    /// Its start.
    pub ts: Nanos,
    /// Its length; `None` when it never ended.
    pub dur: Option<Nanos>,
    /// Its track.
    pub track_id: u32,
    /// Its depth.
    pub depth: u32,
    /// Its name.
    pub name: String,
}

/// All launches and flows that leave or enter a slice, in O(launches + flows). A flow of the file that says what a launch
/// says is left out.
pub fn arrows(store: &Store, slice: SliceId) -> Arrows {
    let trace = store.trace();
    if slice.index() >= trace.slices.len() {
        return Arrows { arrows: Vec::new() };
    }
    let launches = trace.launches.api_slice_id.iter().zip(trace.launches.gpu_slice_id.iter());
    let launches: Vec<(SliceId, SliceId)> = launches.filter(|(from, to)| [*from, *to].contains(&slice)).collect();
    let is_launch: hashbrown::HashSet<(SliceId, SliceId)> = launches.iter().copied().collect();
    let flows = trace.flows.rows().enumerate();
    let flows = flows.filter(|(_, flow)| [flow.slice_out, flow.slice_in].contains(&slice));
    let flows = flows.filter(|(_, flow)| !is_launch.contains(&(flow.slice_out, flow.slice_in)));
    let flows =
        flows.map(|(row, flow)| arrow_between(trace, ArrowKind::Flow, Some(row), flow.slice_out, flow.slice_in));
    let launches = launches.iter().map(|&(from, to)| arrow_between(trace, ArrowKind::Launch, None, from, to));
    Arrows { arrows: launches.chain(flows).collect() }
}

/// Name of a row of the `flow` table, or else its category; `launch` for launches, which have no row there.
pub(crate) fn flow_name(trace: &Trace, flow: Option<usize>) -> String {
    let Some(row) = flow else { return "launch".to_owned() };
    let flow = trace.flows.row(row);
    let names = [flow.name, flow.category].into_iter().map(|id| trace.text_or_empty(id));
    names.into_iter().find(|name| !name.is_empty()).unwrap_or("flow").to_owned()
}

/// The link between two slices, which `flow` of the table `flow` draws.
pub(crate) fn arrow_between(trace: &Trace, kind: ArrowKind, flow: Option<usize>, from: SliceId, to: SliceId) -> Arrow {
    let end = |id: SliceId| ArrowEnd {
        slice: id.0,
        ts: trace.slices.ts.get(id.index()),
        dur: dur_of(trace, id),
        track_id: trace.slices.track_id.get(id.index()).0,
        depth: trace.slices.depth.get(id.index()),
        name: name_of(trace, id).to_owned(),
    };
    Arrow { kind, name: flow_name(trace, flow), from: end(from), to: end(to) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinetoscope_testkit::draw::{Drawing, Glyph};

    fn store_of(json: &str) -> Store {
        Store::from(kinetoscope_ingest::read_bytes("drawn.json", json.as_bytes().to_vec()).expect("a trace"))
    }

    fn find(store: &Store, name: &str) -> SliceId {
        let trace = store.trace();
        let row = trace.slices.name.iter().position(|id| trace.text(id) == name);
        SliceId::from_index(row.unwrap_or_else(|| panic!("no slice is called `{name}`")))
    }

    fn details(store: &Store, name: &str) -> SliceDetails {
        slice_details(store, &SliceClasses::new(store), find(store, name)).expect("it is a slice")
    }

    fn names(slices: &[NamedRow]) -> Vec<&str> {
        slices.iter().map(|slice| slice.name.as_str()).collect()
    }

    /// A call `l` launches A; a graph launch `g` launches B behind A, and C on another stream.
    fn launches() -> Store {
        let drawing = Drawing::new(&[
            "cpu main    ppppppppppp.",
            "cpu main/1  .ooooooooo..",
            "cpu main/2  ..l..g......",
            "gpu 0/7     ....AAAA..BB",
            "gpu 0/9     .......CC...",
        ])
        .letter('p', Glyph::python("model.py(7): forward"))
        .letter('o', Glyph::op("aten::mm").arg("Input Dims", serde_json::json!([[2, 3], []])))
        .letter('A', Glyph::kernel("gemm").arg("registers per thread", 168).arg("grid", serde_json::json!([2, 3, 4])))
        .letter('C', Glyph::copy("HtoD (Pinned -> Device)", 4_000))
        .launches('l', "A")
        .launches('g', "BC");
        store_of(&drawing.to_json())
    }

    #[test]
    fn an_operator_tells_its_time_and_what_is_around_it() {
        let found = details(&launches(), "aten::mm");
        assert_eq!((found.ts, found.dur, found.self_dur), (1_000, Some(9_000), Some(7_000)));
        assert_eq!(found.percent_of_parent, Some(900.0 / 11.0));
        assert_eq!((found.depth, names(&found.stack)), (1, vec!["model.py(7): forward"]));
        assert_eq!(names(&found.python_stack), ["model.py(7): forward"]);
        assert!(found.thread.is_some_and(|thread| thread.name.is_some_and(|name| name.contains("main"))));
        assert_eq!((found.device, found.stream, found.gpu, found.launch), (None, None, None, None));
        assert_eq!((found.num_launched, found.class), (0, SliceClass::None));
        let dims = found.args.iter().find(|arg| arg.key == "Input Dims").expect("it has dimensions");
        assert_eq!(
            (dims.r#type, dims.children.len(), dims.children[0].children[1].value.as_i64()),
            ("array", 2, Some(3))
        );
        let origin = found.origin.expect("it was read from somewhere");
        assert_eq!(origin.source, "drawn.json");
        assert!(origin.offset > 0);
    }

    #[test]
    fn gpu_work_tells_its_launch_and_its_delays() {
        let store = launches();
        let gemm = details(&store, "gemm");
        let launch = gemm.launch.expect("it was launched");
        // The call begins at 2 and ends at 3, the work begins at 4.
        assert_eq!((launch.api_name.as_str(), launch.api_ts, launch.api_dur), ("cudaLaunchKernel", 2_000, Some(1_000)));
        assert_eq!((launch.launch_delay, launch.queue_delay), (2_000, 1_000));
        assert_eq!(names(&gemm.python_stack), ["model.py(7): forward"], "around its call");
        assert_eq!(gemm.stack, []);
        let gpu = gemm.gpu.expect("it is GPU work");
        assert_eq!((gpu.kind, gpu.grid, gpu.registers_per_thread), ("kernel", Some([2, 3, 4]), Some(168)));
        assert_eq!(
            (gemm.class, gemm.stream.map(|stream| stream.name)),
            (SliceClass::Gemm, Some("stream 7".to_owned()))
        );
        assert!(gemm.device.is_some_and(|device| device.name.starts_with("GPU 0")));
        // B begins at 10; its graph was launched from 5 to 6, and A kept the stream until 8.
        let launch = details(&store, "B").launch.expect("it was launched");
        assert_eq!(
            (launch.api_name.as_str(), launch.launch_delay, launch.queue_delay),
            ("cudaGraphLaunch", 5_000, 2_000)
        );
        // 4,000 bytes in 2 microseconds.
        let copy = details(&store, "Memcpy HtoD (Pinned -> Device)");
        let gpu = copy.gpu.expect("it is GPU work");
        assert_eq!((gpu.bytes, gpu.copy_kind.as_deref()), (Some(4_000), Some("HtoD")));
        assert!(gpu.bandwidth_bytes_per_second.is_some_and(|bandwidth| (bandwidth / 2e9 - 1.0).abs() < 1e-9));
    }

    #[test]
    fn a_graph_launch_lists_its_work_in_order_of_time() {
        let found = details(&launches(), "cudaGraphLaunch");
        let launched: Vec<_> = found.launched.iter().map(|work| (work.ts, work.dur)).collect();
        assert_eq!((found.num_launched, launched), (2, vec![(7_000, Some(2_000)), (10_000, Some(2_000))]));
    }

    #[test]
    fn arrows_are_launches_once_and_flows() {
        let store = launches();
        let found = arrows(&store, find(&store, "gemm")).arrows;
        let ends: Vec<_> =
            found.iter().map(|arrow| (arrow.kind, arrow.from.name.as_str(), arrow.to.name.as_str())).collect();
        assert_eq!(ends, [(ArrowKind::Launch, "cudaLaunchKernel", "gemm")]);
        assert_eq!(arrows(&store, find(&store, "cudaGraphLaunch")).arrows.len(), 2);
        assert_eq!(arrows(&store, SliceId(9_999)).arrows, []);
        let json = r#"{"traceEvents": [
            {"ph":"X","pid":1,"tid":1,"ts":0,"dur":5,"name":"forward"},
            {"ph":"X","pid":1,"tid":2,"ts":10,"dur":5,"name":"backward"},
            {"ph":"s","pid":1,"tid":1,"ts":1,"id":3,"cat":"fwdbwd","name":"fwdbwd"},
            {"ph":"f","pid":1,"tid":2,"ts":10,"id":3,"cat":"fwdbwd","name":"fwdbwd","bp":"e"}
        ]}"#;
        let store = store_of(json);
        let found = arrows(&store, find(&store, "backward")).arrows;
        let json = serde_json::to_value(&found).expect("arrows are JSON");
        let end = |slice: u32, ts: i64, name: &str, track_id: u32| serde_json::json!({"slice": slice, "ts": ts, "dur": 5_000, "track_id": track_id, "depth": 0, "name": name});
        let (from, to) = (end(0, 0, "forward", 0), end(1, 10_000, "backward", 1));
        assert_eq!(json, serde_json::json!([{"kind": "flow", "name": "fwdbwd", "from": from, "to": to}]));
    }

    #[test]
    fn frames_of_another_lane_of_the_thread_count_when_they_hold_the_slice() {
        // `late` crosses the end of `frame`, so it has a lane of its own, and `in it` is within both.
        let json = r#"{"traceEvents": [
            {"ph":"X","pid":1,"tid":1,"ts":0,"dur":90,"cat":"python_function","name":"outer"},
            {"ph":"X","pid":1,"tid":1,"ts":10,"dur":50,"cat":"python_function","name":"frame"},
            {"ph":"X","pid":1,"tid":1,"ts":20,"dur":60,"cat":"cpu_op","name":"late"}
        ]}"#;
        let found = details(&store_of(json), "late");
        assert_eq!((found.depth, found.stack.len()), (0, 0));
        assert_eq!(names(&found.python_stack), ["outer"], "`frame` ends before it does");
    }

    #[test]
    fn open_slices_have_no_length_and_async_ones_a_chain() {
        let json = r#"{"traceEvents": [
            {"ph":"B","pid":1,"tid":1,"ts":0,"name":"open"},
            {"ph":"X","pid":1,"tid":1,"ts":2,"dur":3,"name":"inside"},
            {"ph":"b","pid":1,"tid":1,"ts":1,"id":1,"cat":"r","name":"request"},
            {"ph":"n","pid":1,"tid":1,"ts":2,"id":1,"cat":"r","name":"request"},
            {"ph":"e","pid":1,"tid":1,"ts":9,"id":1,"cat":"r","name":"request"}
        ]}"#;
        let store = store_of(json);
        let open = details(&store, "open");
        assert_eq!((open.dur, open.self_dur), (None, None));
        assert_eq!(details(&store, "inside").percent_of_parent, None);
        let request = details(&store, "request");
        assert_eq!(request.async_chain.iter().map(|link| link.ts).collect::<Vec<_>>(), [1_000, 2_000]);
        assert_eq!(open.async_chain, []);
        assert_eq!(slice_details(&store, &SliceClasses::new(&store), SliceId(77)), None);
    }

    #[test]
    fn neighbours_are_of_the_same_track_by_time() {
        let store = launches();
        let (gemm, last) = (find(&store, "gemm"), find(&store, "B"));
        assert_eq!(neighbour(&store, gemm, Direction::Next), Some(last));
        assert_eq!(neighbour(&store, last, Direction::Previous), Some(gemm));
        assert_eq!(neighbour(&store, last, Direction::Next), None);
        assert_eq!(neighbour(&store, gemm, Direction::Previous), None);
        assert_eq!(neighbour(&store, SliceId(9_999), Direction::Next), None);
    }
}
