//! The track tree: the rows of a timeline as people look for them, rank, then CPU and GPU, then process and thread.
//!
//! A profiler writes its rows as processes and threads because its format has nothing else: a GPU is a process, a stream
//! one of its threads, its counters are another process, and so are the profiler's own spans. Here each is what it is.
//! Every track that holds anything stands in exactly one node, and a node without tracks below it is left out.
//!
//! ```text
//! rank 0                      only when there are several
//!   CPU                       region
//!     VLLM::Worker_TP0 20772  process, first those with slices, by the file's sort index, then the busiest first
//!       thread 20772 (…)      thread, the main one first, then by the file's sort index and number
//!       request               async
//!       queue depth           counter
//!     instants                what belongs to no process
//!   GPU
//!     GPU 0 NVIDIA H100       device
//!       stream 7              stream
//!       SM active             counter
//!   Profiler
//! CPU                         with several ranks, what belongs to none of them
//! ```

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::device_name::device_name;
use crate::kernel_class::GPU_ANNOTATION_CATEGORY;
use hashbrown::HashSet;
use kinetoscope_model::table::{ProcessRow, Role, ThreadRow, TrackKind};
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{DeviceId, ProcessId, RankId, SourceId, StringId, ThreadId, Trace, TrackId};
use kinetoscope_store::Store;
use serde::Serialize;

/// Category of the waits for work of a GPU, which the profiler writes into rows of the GPU.
const SYNC_CATEGORY: &str = "cuda_sync";

/// All rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrackTree {
    /// The outermost nodes, in order.
    pub nodes: Vec<Node>,
}

/// A row of the timeline, or a group of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// The same for the same row of the same file at every opening.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// Rows below it, in order.
    pub children: Vec<Node>,
    /// What the row itself draws, stacked: a thread's main track, then its lanes; annotations above a stream's work.
    pub tracks: Vec<Track>,
    /// True for rows that few look for.
    pub collapsed: bool,
    /// What a process or thread is for, when that is known.
    pub role: Option<&'static str>,
    /// Process id in the file.
    pub pid: Option<i64>,
    /// Thread id in the file.
    pub tid: Option<i64>,
    /// Rank number.
    pub rank: Option<i64>,
    /// Number of the device on its host.
    pub device: Option<i64>,
    /// Stream number as the runtime gives it.
    pub stream: Option<i64>,
}

/// What a node of the tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants name what they are")]
pub enum NodeKind {
    Region,
    Rank,
    Process,
    Thread,
    Device,
    Stream,
    Counter,
    /// Async slices of one name.
    Async,
    /// Moments of a process, or of the whole trace.
    Instants,
}

/// What a row draws.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Track {
    /// Row of the `track` table.
    pub id: u32,
    /// Slices or values of a counter.
    pub kind: TrackContent,
    /// Number of slices or values.
    pub num_events: u64,
    /// Number of depths; 1 for a counter.
    pub num_rows: u32,
    /// The earliest start.
    pub start: Nanos,
    /// The latest end; that of the trace where a slice never ended.
    pub end: Nanos,
    /// Unit of a counter.
    pub unit: Option<String>,
}

/// What a track holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants name what they are")]
pub enum TrackContent {
    Slice,
    Counter,
}

/// What is known of a track's events.
#[derive(Debug, Clone, Copy)]
struct Extent {
    num_events: u64,
    num_rows: u32,
    start: Nanos,
    end: Nanos,
    has_only_annotations: bool,
    has_only_syncs: bool,
    /// False when every event is a moment or a value.
    has_durations: bool,
}

impl Extent {
    const NOTHING: Self = Self {
        num_events: 0,
        num_rows: 0,
        start: Nanos::MAX,
        end: Nanos::MIN,
        has_only_annotations: true,
        has_only_syncs: true,
        has_durations: false,
    };

    fn add(&mut self, start: Nanos, end: Nanos, depth: u32) {
        self.num_events += 1;
        self.num_rows = self.num_rows.max(depth.saturating_add(1));
        self.start = self.start.min(start);
        self.end = self.end.max(end);
    }
}

/// The rows of a store's timeline, in O(slices + counter values).
pub fn track_tree(store: &Store) -> TrackTree {
    let trace = store.trace();
    let tracks = Tracks::new(store);
    let mut by_rank: BTreeMap<Option<RankId>, Regions> = BTreeMap::new();
    for (group, members) in &tracks.groups {
        let owner = tracks.owner_of(*group);
        by_rank.entry(tracks.rank_of(owner)).or_default().add(&tracks, owner, *group, members);
    }
    if by_rank.keys().flatten().count() <= 1 {
        // Without ranks to tell apart, what belongs to none stands beside what belongs to the only one.
        let regions = by_rank.into_values().fold(Regions::default(), Regions::merge);
        by_rank = BTreeMap::from([(None, regions)]);
    }
    let mut nodes = Vec::new();
    let mut unranked = Vec::new();
    for (rank_id, regions) in by_rank {
        match rank_id.map(|id| trace.ranks.row(id.index())) {
            None => unranked = regions.finish(&tracks, ""),
            Some(rank) => {
                let number = rank.rank.map_or("?".to_owned(), |rank| rank.to_string());
                let key = format!("rank{number}");
                // A name that says no more than the number is none.
                let said = |name: &&str| !name.is_empty() && *name != key;
                let name = match rank.name.map(|name| trace.text(name)).filter(said) {
                    Some(name) => format!("rank {number} {name}"),
                    None => format!("rank {number}"),
                };
                let children = regions.finish(&tracks, &format!("{key}/"));
                nodes.push(Node { children, rank: rank.rank, ..Node::new(key, name, NodeKind::Rank) });
            }
        }
    }
    nodes.sort_by_key(|node| (node.rank.is_none(), node.rank));
    // One rank stands for all until somebody asks for another.
    nodes.iter_mut().skip(1).for_each(|node| node.collapsed = true);
    nodes.extend(unranked);
    make_keys_unique(&mut nodes);
    TrackTree { nodes }
}

/// Two processes of one number may come from two files: later ones say that they are the second, the third.
fn make_keys_unique(nodes: &mut [Node]) {
    fn visit(nodes: &mut [Node], seen: &mut HashSet<String>) {
        for node in nodes {
            let mut unique = node.key.clone();
            let mut number = 1;
            while !seen.insert(unique.clone()) {
                number += 1;
                unique = format!("{}#{number}", node.key);
            }
            node.key = unique;
            visit(&mut node.children, seen);
        }
    }
    visit(nodes, &mut HashSet::new());
}

fn extents(store: &Store) -> Vec<Extent> {
    let trace = store.trace();
    let slices = &trace.slices;
    let trace_end = store.bounds().map_or(0, |bounds| bounds.end);
    let annotation = trace.strings.find(GPU_ANNOTATION_CATEGORY);
    let sync = trace.strings.find(SYNC_CATEGORY);
    let mut extents = vec![Extent::NOTHING; trace.tracks.len()];
    for (row, track) in slices.track_id.values().iter().enumerate() {
        let Some(extent) = extents.get_mut(*track as usize) else { continue };
        let (ts, dur) = (slices.ts.get(row), slices.dur.get(row));
        let end = if dur < 0 { trace_end } else { ts.saturating_add(dur) };
        extent.add(ts, end, slices.depth.get(row));
        extent.has_durations |= dur != 0;
        let category = slices.category.get(row);
        extent.has_only_annotations &= annotation.is_some() && category == annotation;
        extent.has_only_syncs &= sync.is_some() && category == sync;
    }
    for (row, track) in trace.counters.track_id.values().iter().enumerate() {
        if let Some(extent) = extents.get_mut(*track as usize) {
            let ts = trace.counters.ts.get(row);
            extent.add(ts, ts, 0);
        }
    }
    extents
}

fn is_stream(trace: &Trace) -> Vec<Option<(DeviceId, i64)>> {
    let mut streams = vec![None; trace.threads.len()];
    for stream in trace.streams.rows() {
        if let Some(place) = streams.get_mut(stream.utid.index()) {
            *place = Some((stream.device_id, stream.stream));
        }
    }
    streams
}

/// What makes one row of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Thread(ThreadId),
    /// Async slices of a name; tracks of concurrent ones share a number.
    Async(Option<ProcessId>, Option<u32>, Option<TrackId>),
    Instants(Option<ProcessId>),
    Counter(Option<ProcessId>, TrackId),
}

impl Group {
    fn upid(self, trace: &Trace) -> Option<ProcessId> {
        match self {
            Self::Thread(utid) => Some(trace.threads.upid.get(utid.index())),
            Self::Async(upid, ..) | Self::Instants(upid) | Self::Counter(upid, _) => upid,
        }
    }
}

struct Tracks<'a> {
    trace: &'a Trace,
    extents: Vec<Extent>,
    /// Tracks with events by the row they are drawn in.
    groups: BTreeMap<Group, Vec<TrackId>>,
    /// Processes with a thread that has events.
    has_threads: HashSet<ProcessId>,
    /// Device and number of the stream that a thread's row stands for.
    is_stream: Vec<Option<(DeviceId, i64)>>,
}

/// Tracks with events by the row they are drawn in.
fn groups(trace: &Trace, extents: &[Extent]) -> BTreeMap<Group, Vec<TrackId>> {
    let mut groups: BTreeMap<Group, Vec<TrackId>> = BTreeMap::new();
    for (index, row) in trace.tracks.rows().enumerate() {
        if extents[index].num_events == 0 {
            continue;
        }
        let id = TrackId::from_index(index);
        let alone = row.track_group_id.is_none().then_some(id);
        let group = match (row.utid, row.r#type) {
            (_, TrackKind::ProcessCounter) => Group::Counter(row.upid, id),
            (Some(utid), _) => Group::Thread(utid),
            (None, TrackKind::ProcessAsync | TrackKind::GlobalAsync) => {
                Group::Async(row.upid, row.track_group_id, alone)
            }
            (None, TrackKind::ProcessInstant | TrackKind::GlobalInstant) => Group::Instants(row.upid),
            // A thread's track without a thread can only be damage; it is shown all the same.
            (None, TrackKind::Thread | TrackKind::Lane) => Group::Async(row.upid, None, Some(id)),
        };
        groups.entry(group).or_default().push(id);
    }
    groups
}

/// The number in a name such as `GPU 0` or `GPU 0 Counters`.
fn gpu_number(name: &str) -> Option<i64> {
    let rest = name.strip_prefix("GPU ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let is_a_word = !rest[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    rest[..end].parse().ok().filter(|_| is_a_word)
}

impl<'a> Tracks<'a> {
    fn new(store: &'a Store) -> Self {
        let trace = store.trace();
        let extents = extents(store);
        let groups = groups(trace, &extents);
        let has_threads = groups
            .keys()
            .filter_map(|group| match group {
                Group::Thread(utid) => Some(trace.threads.upid.get(utid.index())),
                _ => None,
            })
            .collect();
        Self { trace, extents, groups, has_threads, is_stream: is_stream(trace) }
    }

    /// What a row stands below: its device, its process, or nothing that the file names.
    fn owner_of(&self, group: Group) -> Owner {
        let trace = self.trace;
        let upid = group.upid(trace);
        let process = upid.map(|upid| trace.processes.row(upid.index()));
        let of_stream = match group {
            Group::Thread(utid) => self.is_stream[utid.index()].map(|(device, _)| device),
            _ => None,
        };
        let known = of_stream.or_else(|| process.and_then(|process| process.device_id));
        if let Some(device) = known.filter(|id| id.index() < trace.devices.len()) {
            return Owner::Device(device);
        }
        // A profiler writes the counters of a GPU as a process that only its name ties to it. A process with threads
        // may be called after the GPU that it drives, and is none.
        let of_process = process.filter(|_| upid.is_some_and(|upid| !self.has_threads.contains(&upid)));
        let process_number = of_process.and_then(|process| {
            [process.name, process.labels].into_iter().find_map(|text| gpu_number(self.text(text)?))
        });
        let number = process_number.or_else(|| match group {
            Group::Counter(_, track) => gpu_number(self.text(trace.tracks.name.get(track.index()))?),
            _ => None,
        });
        let device = number.and_then(|number| self.device_of_number(number, process.map(|process| process.source_id)));
        match (device, number.is_some(), upid) {
            (Some(device), ..) => Owner::Device(device),
            (None, true, Some(upid)) => Owner::GpuProcess(upid),
            (None, true, None) => Owner::Gpus,
            (None, false, Some(upid)) => Owner::Process(upid),
            (None, false, None) => Owner::Trace,
        }
    }

    /// The only device of that number, in one input or, where the input is not known, in all.
    fn device_of_number(&self, number: i64, source: Option<SourceId>) -> Option<DeviceId> {
        let devices = &self.trace.devices;
        let mut found = (0..devices.len())
            .filter(|&row| devices.ordinal.get(row) == number)
            .filter(|&row| source.is_none_or(|source| devices.source_id.get(row) == source));
        let first = found.next()?;
        found.next().is_none().then(|| DeviceId::from_index(first))
    }

    fn rank_of(&self, owner: Owner) -> Option<RankId> {
        let source = match owner {
            Owner::Device(id) => self.trace.devices.source_id.get(id.index()),
            Owner::GpuProcess(upid) | Owner::Process(upid) => self.trace.processes.source_id.get(upid.index()),
            Owner::Gpus | Owner::Trace => return None,
        };
        self.trace.sources.rank_id.get(source.index())
    }

    fn rank_number_of(&self, owner: Owner) -> Option<i64> {
        self.rank_of(owner).and_then(|id| self.trace.ranks.rank.get(id.index()))
    }

    /// False when all rows of a node and below hold moments and values only.
    fn has_durations(&self, node: &Node) -> bool {
        node.tracks.iter().any(|track| self.extents[track.id as usize].has_durations)
            || node.children.iter().any(|child| self.has_durations(child))
    }

    fn text(&self, id: Option<StringId>) -> Option<&str> {
        id.map(|id| self.trace.text(id).trim()).filter(|text| !text.is_empty())
    }

    fn track(&self, id: TrackId) -> Track {
        let row = self.trace.tracks.row(id.index());
        let extent = self.extents[id.index()];
        let kind = match row.r#type {
            TrackKind::ProcessCounter => TrackContent::Counter,
            _ => TrackContent::Slice,
        };
        Track {
            id: id.0,
            kind,
            num_events: extent.num_events,
            num_rows: extent.num_rows,
            start: extent.start,
            end: extent.end,
            unit: self.text(row.unit).map(str::to_owned),
        }
    }

    /// A node of some tracks: lanes after what they are lanes of, annotations before the work they are above.
    fn node_of(&self, key: String, name: String, kind: NodeKind, members: &[TrackId]) -> Node {
        let mut members = members.to_vec();
        members.sort_by_key(|&id| {
            let is_lane = self.trace.tracks.r#type.get(id.index()) == TrackKind::Lane;
            (!self.extents[id.index()].has_only_annotations, is_lane, id)
        });
        Node { tracks: members.iter().map(|&id| self.track(id)).collect(), ..Node::new(key, name, kind) }
    }
}

/// A counter's name is that of its event and that of its value; where both are the same, one of them.
fn once(name: &str) -> &str {
    let half = name.len() / 2;
    let halves = name.is_char_boundary(half).then(|| (&name[..half], name[half..].strip_prefix(' ')));
    match halves {
        Some((first, Some(second))) if first == second => first,
        _ => name,
    }
}

/// Name and number, unless the name has the number already.
fn name_and_number(name: &str, number: i64) -> String {
    let number = number.to_string();
    let has_number = name.split(|c: char| !c.is_ascii_digit() && c != '-').any(|part| part == number);
    if has_number { name.to_owned() } else { format!("{name} {number}") }
}

impl Node {
    fn new(key: String, name: String, kind: NodeKind) -> Self {
        Self {
            key,
            name,
            kind,
            children: Vec::new(),
            tracks: Vec::new(),
            collapsed: false,
            role: None,
            pid: None,
            tid: None,
            rank: None,
            device: None,
            stream: None,
        }
    }

    /// Puts the key of the node around it before its own and all below.
    fn within(mut self, prefix: &str) -> Self {
        self.key = format!("{prefix}{}", self.key);
        self.children = self.children.into_iter().map(|child| child.within(prefix)).collect();
        self
    }

    /// Rows of a process or device have none below them.
    fn of_rank(self, rank: Option<i64>) -> Self {
        Self { rank, ..self }
    }

    fn num_events(&self) -> u64 {
        let own: u64 = self.tracks.iter().map(|track| track.num_events).sum();
        own + self.children.iter().map(Self::num_events).sum::<u64>()
    }
}

/// What holds rows: a device, a process, or nothing that the file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Device(DeviceId),
    /// A process named after a GPU that the file describes nowhere.
    GpuProcess(ProcessId),
    /// No process, and a GPU that the file describes nowhere.
    Gpus,
    Process(ProcessId),
    Trace,
}

/// Where a row stands among those of its owner: kind first, then what the kind goes by.
type RowOrder = (u8, bool, i64, i64, String, u32);

/// Where a process stands: those with slices that last, the file's sort index, the busiest first, then name and row.
type ProcessOrder = (bool, i64, Reverse<u64>, String, u32);

/// The rows of one rank.
#[derive(Debug, Default)]
struct Regions {
    owners: BTreeMap<Owner, Vec<(RowOrder, Node)>>,
}

impl Regions {
    fn add(&mut self, tracks: &Tracks<'_>, owner: Owner, group: Group, members: &[TrackId]) {
        let trace = tracks.trace;
        let (order, mut node) = match group {
            Group::Thread(utid) => {
                let stream = tracks.is_stream[utid.index()];
                let thread = trace.threads.row(utid.index());
                let (order, node) = thread_node(tracks, &thread, stream, members);
                let is_of_gpu = matches!(owner, Owner::Device(_) | Owner::GpuProcess(_));
                if is_of_gpu && node.kind == NodeKind::Thread && thread.tid < 0 && tracks.text(thread.name).is_none() {
                    // The profiler's number for work that is on no stream; it comes after the streams.
                    let are_syncs = members.iter().all(|id| tracks.extents[id.index()].has_only_syncs);
                    let name = if are_syncs { "sync (no stream)" } else { "no stream" }.to_owned();
                    (
                        (0, true, i64::MAX, i64::MAX, name.clone(), members[0].0),
                        Node { name, kind: NodeKind::Stream, ..node },
                    )
                } else {
                    (order, node)
                }
            }
            Group::Async(..) => {
                let name = members.iter().find_map(|id| tracks.text(trace.tracks.name.get(id.index())));
                let name = name.unwrap_or("async").to_owned();
                let node = tracks.node_of(format!("/async/{name}"), name.clone(), NodeKind::Async, members);
                ((1, false, 0, 0, name, members[0].0), node)
            }
            Group::Instants(_) => {
                let node = tracks.node_of("/instants".to_owned(), "instants".to_owned(), NodeKind::Instants, members);
                ((2, false, 0, 0, String::new(), members[0].0), node)
            }
            Group::Counter(_, track) => {
                let name = tracks.text(trace.tracks.name.get(track.index())).unwrap_or("counter").to_owned();
                let shown = once(&name).to_owned();
                let node = tracks.node_of(format!("/counter/{name}"), shown, NodeKind::Counter, members);
                ((3, false, 0, 0, name, track.0), node)
            }
        };
        if let Owner::Device(device) = owner {
            node.device = ordinal_of(trace, device);
        }
        self.owners.entry(owner).or_default().push((order, node));
    }

    fn merge(mut self, other: Self) -> Self {
        for (owner, rows) in other.owners {
            self.owners.entry(owner).or_default().extend(rows);
        }
        self
    }

    /// The regions, each with its processes or devices.
    fn finish(self, tracks: &Tracks<'_>, prefix: &str) -> Vec<Node> {
        let trace = tracks.trace;
        let mut cpu: Vec<(ProcessOrder, Node)> = Vec::new();
        let mut gpu: Vec<((i64, i64, u32), Node)> = Vec::new();
        let mut gpu_processes: Vec<(ProcessOrder, Node)> = Vec::new();
        let mut profiler = Vec::new();
        let mut of_all_gpus = Vec::new();
        let mut of_the_trace = Vec::new();
        for (owner, mut rows) in self.owners {
            rows.sort_by(|(a, _), (b, _)| a.cmp(b));
            let rank = tracks.rank_number_of(owner);
            let children: Vec<Node> = rows.into_iter().map(|(_, node)| node.of_rank(rank)).collect();
            match owner {
                Owner::Device(id) => {
                    let process = trace.devices.upid.get(id.index()).map(|upid| trace.processes.row(upid.index()));
                    let node = Node { rank, ..device_node(tracks, id, process, children) };
                    let order = process.and_then(|process| process.sort_index).unwrap_or_default();
                    gpu.push(((order, node.device.unwrap_or_default(), id.0), node));
                }
                Owner::Process(upid) | Owner::GpuProcess(upid) => {
                    let process = trace.processes.row(upid.index());
                    let node = Node { rank, ..process_node(tracks, &process, children) };
                    let sort_index = process.sort_index.unwrap_or_default();
                    let has_no_slices = !tracks.has_durations(&node);
                    let order = (has_no_slices, sort_index, Reverse(node.num_events()), node.name.clone(), upid.0);
                    let region = match owner {
                        Owner::GpuProcess(_) => &mut gpu_processes,
                        _ if process.role == Role::Profiler => &mut profiler,
                        _ => &mut cpu,
                    };
                    region.push((order, node));
                }
                Owner::Gpus => of_all_gpus = children,
                Owner::Trace => of_the_trace = children,
            }
        }
        gpu.sort_by_key(|(order, _)| *order);
        let gpu = gpu.into_iter().map(|(_, node)| node).chain(in_order(gpu_processes)).chain(of_all_gpus).collect();
        let cpu = in_order(cpu).chain(of_the_trace).collect();
        let profiler = in_order(profiler).collect();
        [("cpu", "CPU", cpu), ("gpu", "GPU", gpu), ("profiler", "Profiler", profiler)]
            .into_iter()
            .filter(|(_, _, children): &(_, _, Vec<Node>)| !children.is_empty())
            .map(|(key, name, children)| {
                let prefix = format!("{prefix}{key}");
                let rank = children[0].rank.filter(|_| children.iter().all(|child| child.rank == children[0].rank));
                let children = children.into_iter().map(|child| child.within(&prefix)).collect();
                let collapsed = key == "profiler";
                Node { children, rank, collapsed, ..Node::new(prefix, name.to_owned(), NodeKind::Region) }
            })
            .collect()
    }
}

fn in_order(mut processes: Vec<(ProcessOrder, Node)>) -> impl Iterator<Item = Node> {
    processes.sort_by(|(a, _), (b, _)| a.cmp(b));
    processes.into_iter().map(|(_, node)| node)
}

/// What is known of a role, for people.
fn role_word(role: Role) -> Option<&'static str> {
    (role != Role::Unknown).then(|| role.word())
}

fn thread_node(
    tracks: &Tracks<'_>,
    thread: &ThreadRow,
    stream: Option<(DeviceId, i64)>,
    members: &[TrackId],
) -> (RowOrder, Node) {
    let name = tracks.text(thread.name);
    let sort_index = thread.sort_index.unwrap_or_default();
    let is_stream = stream.is_some() || thread.role == Role::GpuStream;
    let mut node = if is_stream {
        let number = stream.map_or(thread.tid, |(_, number)| number);
        let name = name.map_or_else(|| format!("stream {number}"), str::to_owned);
        let node = tracks.node_of(format!("/stream{}", thread.tid), name, NodeKind::Stream, members);
        Node { stream: Some(number), ..node }
    } else {
        let name = name.map_or_else(|| format!("thread {}", thread.tid), |name| name_and_number(name, thread.tid));
        let node = tracks.node_of(format!("/thread{}", thread.tid), name, NodeKind::Thread, members);
        let is_seldom_looked_for = matches!(thread.role, Role::ZmqIo | Role::Collective | Role::Pool);
        Node { collapsed: is_seldom_looked_for, ..node }
    };
    let process = tracks.trace.processes.row(thread.upid.index());
    let device = stream.map(|(device, _)| device).or(process.device_id);
    node.tid = Some(thread.tid);
    node.pid = Some(process.pid);
    node.role = role_word(thread.role);
    node.device = device.and_then(|device| ordinal_of(tracks.trace, device));
    ((0, !thread.is_main_thread, sort_index, thread.tid, node.name.clone(), members[0].0), node)
}

fn ordinal_of(trace: &Trace, device: DeviceId) -> Option<i64> {
    (device.index() < trace.devices.len()).then(|| trace.devices.ordinal.get(device.index()))
}

/// Puts the keys of rows below that of their owner.
fn below(key: &str, children: Vec<Node>) -> Vec<Node> {
    children.into_iter().map(|child| Node { key: format!("{key}{}", child.key), ..child }).collect()
}

fn process_node(tracks: &Tracks<'_>, process: &ProcessRow, children: Vec<Node>) -> Node {
    let name = match tracks.text(process.name) {
        Some(name) => name_and_number(name, process.pid),
        None => format!("process {}", process.pid),
    };
    let key = format!("/process{}", process.pid);
    let children = below(&key, children);
    let role = role_word(process.role);
    Node { children, role, pid: Some(process.pid), ..Node::new(key, name, NodeKind::Process) }
}

fn device_node(tracks: &Tracks<'_>, id: DeviceId, process: Option<ProcessRow>, children: Vec<Node>) -> Node {
    let device = tracks.trace.devices.row(id.index());
    let name = device_name(tracks.trace, id);
    let key = format!("/device{}", device.ordinal);
    let children = below(&key, children);
    let pid = process.map(|process| process.pid);
    Node { children, pid, device: Some(device.ordinal), ..Node::new(key, name, NodeKind::Device) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;
    use kinetoscope_testkit::draw::{Drawing as DrawnFile, Glyph};

    fn lines(nodes: &[Node], indent: usize, out: &mut Vec<String>) {
        for node in nodes {
            out.push(format!("{}{} | {} | {} tracks", " ".repeat(indent), node.key, node.name, node.tracks.len()));
            lines(&node.children, indent + 1, out);
        }
    }

    fn text(tree: &TrackTree) -> String {
        let mut out = Vec::new();
        lines(&tree.nodes, 0, &mut out);
        out.join("\n")
    }

    fn read(name: &str, json: String) -> Store {
        Store::from(kinetoscope_ingest::read_bytes(name, json.into_bytes()).expect("a drawing is a trace"))
    }

    #[test]
    fn rows_stand_where_people_look_for_them() {
        let drawing = DrawnFile::new(&[
            "cpu main    ssss..",
            "cpu main/1  .l....",
            "cpu pool    .aa...",
            "gpu 0/27    ..NN..",
            "gpu 0/7     gg.AA.",
            "counter q   ..3..0",
            "instant main  ...x..",
        ])
        .letter('g', Glyph::gpu_annotation("step"))
        .launches('l', "A")
        .session();
        let tree = track_tree(&read("a.json", drawing.to_json()));
        assert_eq!(tree.nodes.iter().map(|node| node.key.as_str()).collect::<Vec<_>>(), ["cpu", "gpu", "profiler"]);
        assert_eq!(tree.nodes.iter().map(|node| node.collapsed).collect::<Vec<_>>(), [false, false, true]);
        let process = &tree.nodes[0].children[0];
        let kinds: Vec<NodeKind> = process.children.iter().map(|node| node.kind).collect();
        assert_eq!(kinds, [NodeKind::Thread, NodeKind::Thread, NodeKind::Counter], "{}", text(&tree));
        assert!(process.children[0].name.contains("main"), "{}", text(&tree));
        assert_eq!(process.children[2].tracks[0].kind, TrackContent::Counter);
        assert_eq!((process.children[2].tracks[0].start, process.children[2].tracks[0].end), (2_000, 5_000));
        let device = &tree.nodes[1].children[0];
        assert_eq!((device.kind, device.device), (NodeKind::Device, Some(0)));
        let streams: Vec<_> = device.children.iter().map(|node| (node.kind, node.stream)).collect();
        assert_eq!(streams, [(NodeKind::Stream, Some(7)), (NodeKind::Stream, Some(27))]);
    }

    #[test]
    fn several_ranks_have_a_tree_each() {
        let store = Store::from(
            Drawing::lanes(
                "cpu    a
                 0/s7   ..AA
                 1/s7   ..BB",
            )
            .ranks(&[4, 2])
            .build(),
        );
        assert_eq!(
            text(&track_tree(&store)),
            "rank2 | rank 2 | 0 tracks\
             \n rank2/gpu | GPU | 0 tracks\
             \n  rank2/gpu/device1 | GPU 1 Drawn GPU | 0 tracks\
             \n   rank2/gpu/device1/stream7 | stream 7 | 1 tracks\
             \nrank4 | rank 4 | 0 tracks\
             \n rank4/cpu | CPU | 0 tracks\
             \n  rank4/cpu/process100 | python3 100 | 0 tracks\
             \n   rank4/cpu/process100/thread100 | cpu 100 | 1 tracks\
             \n rank4/gpu | GPU | 0 tracks\
             \n  rank4/gpu/device0 | GPU 0 Drawn GPU | 0 tracks\
             \n   rank4/gpu/device0/stream7 | stream 7 | 1 tracks"
        );
    }

    #[test]
    fn file_orders_come_before_names_and_main_threads_before_all() {
        let json = r#"{"traceEvents": [
            {"ph":"M","pid":1,"name":"process_sort_index","args":{"sort_index":9}},
            {"ph":"M","pid":2,"name":"process_sort_index","args":{"sort_index":3}},
            {"ph":"M","pid":2,"tid":8,"name":"thread_sort_index","args":{"sort_index":1}},
            {"ph":"M","pid":2,"tid":5,"name":"thread_sort_index","args":{"sort_index":4}},
            {"ph":"M","pid":2,"tid":5,"name":"thread_name","args":{"name":"loop"}},
            {"ph":"X","pid":1,"tid":1,"ts":0,"dur":5,"name":"a"},
            {"ph":"X","pid":2,"tid":2,"ts":0,"dur":5,"name":"b"},
            {"ph":"X","pid":2,"tid":5,"ts":0,"dur":5,"name":"c"},
            {"ph":"X","pid":2,"tid":5,"ts":3,"dur":9,"name":"crossing"},
            {"ph":"B","pid":2,"tid":8,"ts":1,"name":"open"},
            {"ph":"i","pid":2,"tid":8,"ts":2,"s":"p","name":"moment"},
            {"ph":"i","pid":2,"tid":8,"ts":2,"s":"g","name":"moment of all"},
            {"ph":"b","pid":2,"tid":8,"ts":1,"id":1,"cat":"r","name":"request"},
            {"ph":"b","pid":2,"tid":8,"ts":2,"id":2,"cat":"r","name":"request"},
            {"ph":"e","pid":2,"tid":8,"ts":3,"id":1,"cat":"r","name":"request"},
            {"ph":"e","pid":2,"tid":8,"ts":4,"id":2,"cat":"r","name":"request"}
        ]}"#;
        let tree = track_tree(&read("b.json", json.to_owned()));
        assert_eq!(
            text(&tree),
            "cpu | CPU | 0 tracks\
             \n cpu/process2 | process 2 | 0 tracks\
             \n  cpu/process2/thread2 | thread 2 | 1 tracks\
             \n  cpu/process2/thread8 | thread 8 | 1 tracks\
             \n  cpu/process2/thread5 | loop 5 | 2 tracks\
             \n  cpu/process2/instants | instants | 1 tracks\
             \n cpu/process1 | process 1 | 0 tracks\
             \n  cpu/process1/thread1 | thread 1 | 1 tracks\
             \n cpu/async/request | request | 2 tracks\
             \n cpu/instants | instants | 1 tracks"
        );
        // The open slice reaches to the end of the trace, which the crossing one sets.
        let open = &tree.nodes[0].children[0].children[1].tracks[0];
        assert_eq!((open.num_events, open.num_rows, open.start, open.end), (1, 1, 1_000, 12_000));
    }

    /// One rank, a process of two slices, one of counters only with a lower sort index, moments of all, and counters
    /// of three GPUs: one with a stream, one with properties only, one that is described nowhere.
    const ONE_RANK: &str = r#"{"distributedInfo": {"backend": "nccl", "rank": 3, "world_size": 8},
        "deviceProperties": [{"id": 0, "name": "H100"}, {"id": 1, "name": "H100"}],
        "traceEvents": [
            {"ph":"M","pid":9,"name":"process_sort_index","args":{"sort_index":1}},
            {"ph":"M","pid":8,"name":"process_sort_index","args":{"sort_index":2}},
            {"ph":"M","pid":7,"name":"process_sort_index","args":{"sort_index":3}},
            {"ph":"M","pid":8,"name":"process_name","args":{"name":"GPU 0 driver"}},
            {"ph":"C","pid":9,"ts":0,"name":"rss","args":{"bytes":1}},
            {"ph":"i","pid":6,"tid":6,"ts":1,"s":"t","name":"a moment"},
            {"ph":"X","pid":7,"tid":7,"ts":0,"dur":5,"name":"a"},
            {"ph":"X","pid":8,"tid":8,"ts":0,"dur":5,"name":"b"},
            {"ph":"C","pid":8,"ts":0,"name":"queue","args":{"requests":1}},
            {"ph":"C","pid":8,"ts":0,"name":"GPU 1 memory","args":{"bytes":1}},
            {"ph":"i","pid":"Traces","tid":"t","ts":0,"s":"g","name":"PyTorch Profiler (0)"},
            {"ph":"X","cat":"kernel","pid":0,"tid":7,"ts":1,"dur":2,"name":"k","args":{"device":0,"stream":7}},
            {"ph":"C","pid":"GPU 0 Counters","ts":1,"name":"sm","args":{"percent":5}},
            {"ph":"C","pid":"GPU 1 Counters","ts":1,"name":"sm","args":{"percent":5}},
            {"ph":"C","pid":"GPU 5 Counters","ts":1,"name":"sm","args":{"percent":5}},
            {"ph":"C","pid":"GPU 0x","ts":1,"name":"sm","args":{"percent":5}}
        ]}"#;

    fn children(node: &Node) -> Vec<&str> {
        node.children.iter().map(|child| child.name.as_str()).collect()
    }

    #[test]
    fn one_rank_has_one_region_of_each_kind() {
        let tree = track_tree(&read("one.json", ONE_RANK.to_owned()));
        let regions: Vec<_> = tree.nodes.iter().map(|node| (node.key.as_str(), node.name.as_str())).collect();
        assert_eq!(regions, [("cpu", "CPU"), ("gpu", "GPU")], "{}", text(&tree));
        // The moments of the whole trace belong to no rank, all else does.
        assert_eq!(tree.nodes.iter().map(|node| node.rank).collect::<Vec<_>>(), [None, Some(3)]);
        let [.., process, instants] = tree.nodes[0].children.as_slice() else { panic!("{}", text(&tree)) };
        assert_eq!((process.rank, process.children[0].rank), (Some(3), Some(3)));
        assert_eq!((instants.kind, instants.rank), (NodeKind::Instants, None));
    }

    #[test]
    fn processes_with_slices_come_first_and_what_has_no_process_last() {
        let tree = track_tree(&read("one.json", ONE_RANK.to_owned()));
        // By sort index within both halves: 2 and 3, then two that have none, which counts as 0, and 1.
        let names = children(&tree.nodes[0]);
        assert_eq!(names[..2], ["GPU 0 driver 8", "process 7"], "{}", text(&tree));
        let of_values = &names[2..names.len() - 1];
        assert_eq!(of_values.len(), 3, "{}", text(&tree));
        assert_eq!(of_values[2], "process 9", "{}", text(&tree));
        assert!(of_values.contains(&"process 6") && of_values.iter().any(|name| name.starts_with("GPU 0x")));
        assert_eq!(*names.last().expect("there are rows"), "instants");
    }

    #[test]
    fn counters_of_a_gpu_stand_below_its_device() {
        let tree = track_tree(&read("one.json", ONE_RANK.to_owned()));
        let gpu = &tree.nodes[1];
        let [first, second, undescribed] = gpu.children.as_slice() else { panic!("{}", text(&tree)) };
        assert_eq!(
            (first.kind, first.device, children(first)),
            (NodeKind::Device, Some(0), vec!["stream 7", "sm percent"])
        );
        assert_eq!(first.children[1].device, Some(0));
        // One is a counter of that name in a process of the CPU, whose other counter stays where it is.
        assert_eq!((second.device, children(second)), (Some(1), vec!["GPU 1 memory bytes", "sm percent"]));
        assert_eq!((undescribed.kind, children(undescribed)), (NodeKind::Process, vec!["sm percent"]));
        assert!(undescribed.name.starts_with("GPU 5 Counters"), "{}", undescribed.name);
        assert_eq!(children(&tree.nodes[0].children[0]), ["thread 8", "queue requests"], "{}", text(&tree));
    }

    #[test]
    fn only_a_whole_number_after_the_word_names_a_gpu() {
        assert_eq!(gpu_number("GPU 0"), Some(0));
        assert_eq!(gpu_number("GPU 12 Counters"), Some(12));
        assert_eq!(gpu_number("GPU 1: memory"), Some(1));
        for other in ["GPU", "GPU ", "GPU x", "GPU 0x", "GPU 99999999999999999999", "my GPU 0", "GPU -1"] {
            assert_eq!(gpu_number(other), None, "{other}");
        }
    }

    #[test]
    fn what_belongs_to_none_of_several_ranks_comes_last() {
        let drawing = Drawing::lanes(
            "0/s7   AA
             1/s7   BB
             2/s7   CC",
        );
        let tree = track_tree(&Store::from(drawing.ranks(&[4, 2]).unranked_input().build()));
        let nodes: Vec<_> = tree.nodes.iter().map(|node| (node.key.as_str(), node.kind, node.collapsed)).collect();
        assert_eq!(
            nodes,
            [("rank2", NodeKind::Rank, false), ("rank4", NodeKind::Rank, true), ("gpu", NodeKind::Region, false)]
        );
        assert_eq!(tree.nodes[2].children[0].device, Some(2));
        let drawing = Drawing::lanes(
            "0/s7   AA
             1/s7   BB",
        );
        let tree = track_tree(&Store::from(drawing.ranks(&[4]).unranked_input().build()));
        let ranks: Vec<_> = tree.nodes.iter().map(|node| (node.key.as_str(), node.rank)).collect();
        assert_eq!(ranks, [("gpu", None)], "one rank is no reason to split");
        let devices: Vec<_> = tree.nodes[0].children.iter().map(|node| (node.device, node.rank)).collect();
        assert_eq!(devices, [(Some(0), Some(4)), (Some(1), None)]);
    }

    #[test]
    fn waits_that_are_on_no_stream_are_called_that_and_come_after_the_streams() {
        let json = r#"{"deviceProperties": [{"id": 0, "name": "H100"}], "traceEvents": [
            {"ph":"X","cat":"kernel","pid":0,"tid":7,"ts":1,"dur":2,"name":"k","args":{"device":0,"stream":7}},
            {"ph":"X","cat":"cuda_sync","pid":0,"tid":-1,"ts":1,"dur":2,"name":"Event Sync"},
            {"ph":"X","cat":"other","pid":0,"tid":-2,"ts":1,"dur":2,"name":"other"},
            {"ph":"X","cat":"cpu_op","pid":5,"tid":-1,"ts":1,"dur":2,"name":"op"}
        ]}"#;
        let tree = track_tree(&read("sync.json", json.to_owned()));
        let device = &tree.nodes[1].children[0];
        let rows: Vec<_> = device.children.iter().map(|node| (node.name.as_str(), node.kind, node.tid)).collect();
        let expected = [("stream 7", Some(7)), ("no stream", Some(-2)), ("sync (no stream)", Some(-1))];
        assert_eq!(rows, expected.map(|(name, tid)| (name, NodeKind::Stream, tid)), "{}", text(&tree));
        assert_eq!(children(&tree.nodes[0].children[0]), ["thread -1"], "a thread of the CPU keeps its number");
    }

    #[test]
    fn names_that_repeat_themselves_are_said_once() {
        assert_eq!(
            ["sm active sm active", "q q", "a a a", "aa", "", "é é"].map(once),
            ["sm active", "q", "a a a", "aa", "", "é"]
        );
        let json = r#"{"traceEvents": [
            {"ph":"X","pid":1,"tid":1,"ts":0,"dur":5,"name":"a"},
            {"ph":"C","pid":1,"ts":0,"name":"rss","args":{"rss":1}}
        ]}"#;
        let tree = track_tree(&read("a.json", json.to_owned()));
        let process = &tree.nodes[0].children[0];
        assert_eq!(children(process), ["thread 1", "rss"]);
        assert!(process.children[1].key.ends_with("/counter/rss rss"), "keys of links are as they were");
    }

    #[test]
    fn an_empty_trace_has_no_rows() {
        assert_eq!(track_tree(&Store::from(Drawing::default().build())).nodes, []);
    }
}
