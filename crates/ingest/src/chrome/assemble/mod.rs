//! Assembly: from event blocks to the tables of a trace.
//!
//! One pass over all events in order of time, because nesting, B/E pairs, async events and flows all depend on what is
//! open at the moment. Everything that does not (metadata, typed GPU columns, launch links, arrows) is done before or
//! after. All documents go through the pass together, so the ranks of a folder come out on one clock and in one order.

mod async_events;
mod finish;
mod flow_events;
mod order;
mod place;
mod rows;
mod sources;

use hashbrown::{HashMap, HashSet};
use kinetoscope_model::id::NONE;
use kinetoscope_model::nest::RowNester;
use kinetoscope_model::table::{Role, TrackKind, TrackRow};
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{
    ArgPageBuilder, ProcessId, SliceId, StringId, ThreadId, TraceBuilder, TrackId, WarningKind, Warnings,
};

use crate::chrome::Document;
use crate::chrome::block::EventBlock;
use crate::chrome::category::CategoryRole;
use crate::chrome::flow::{FlowFamily, FlowPoint};
use crate::chrome::gpu::{ApiSlice, GpuRow, GpuSlice};
use crate::chrome::metadata::TopLevel;
use crate::error::IngestError;
use crate::lane_tracks::LaneTracks;
use crate::progress::Progress;

/// Most events of one trace: ids are 32 bits, and the last value means "none".
const MAX_EVENTS: u64 = NONE as u64 - 1;

/// How many events are placed between two looks at whether to stop.
const CANCEL_EVERY: usize = 1 << 16;

/// Builds the trace of `documents`. `warnings` are what is wrong beyond them.
pub(crate) fn assemble(
    documents: Vec<Document>,
    warnings: Warnings,
    progress: &Progress,
) -> Result<TraceBuilder, IngestError> {
    progress.start_building();
    let num_events: u64 = documents.iter().map(|document| document.num_events).sum();
    if num_events > MAX_EVENTS {
        let path = documents.first().map(|document| document.path.clone()).unwrap_or_default();
        return Err(IngestError::TooManyEvents { path, limit: MAX_EVENTS });
    }
    let mut assembly = Assembly::new(documents);
    assembly.trace.warnings.merge(warnings);
    assembly.add_sources();
    assembly.read_metadata_events();
    let order = assembly.order_events();
    progress.check_cancelled()?;
    for (count, &event) in order.iter().enumerate() {
        if count % CANCEL_EVERY == 0 {
            progress.check_cancelled()?;
        }
        assembly.place(event);
    }
    drop(order);
    Ok(assembly.finish())
}

/// An event's place in time and in the blocks.
#[derive(Debug, Clone, Copy)]
struct OrderedEvent {
    ts: Nanos,
    block: u32,
    index: u32,
}

/// A block, with what its numbers mean in the trace.
#[derive(Debug)]
struct PlacedBlock {
    events: EventBlock,
    source: u32,
    /// Trace string of each block string; [`NONE`] until it is first used.
    strings: Vec<u32>,
    /// Assembly row of each block row; [`NONE`] until it is first used.
    rows: Vec<u32>,
    first_arg_set: u32,
}

/// A process and thread of the file, as the assembly knows it.
#[derive(Debug)]
struct Row {
    utid: ThreadId,
    upid: ProcessId,
    nester: RowNester,
    tracks: LaneTracks,
    /// Flow ends that wait for the row's next slice.
    waiting_flows: Vec<usize>,
    last_placed: Option<(Nanos, SliceId)>,
    /// Place in the list of rows that hold GPU work.
    gpu_row: Option<u32>,
}

/// An async or counter or instant track, and what is open on it.
#[derive(Debug)]
struct SideTrack {
    track: TrackId,
    nester: RowNester,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum AsyncScope {
    Global { source: u32 },
    Process(ProcessId),
}

/// What tells async events apart: category, scope and id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Cookie {
    scope: AsyncScope,
    category: Option<StringId>,
    id: IdentText,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum IdentText {
    Int(i64),
    Text(String),
}

/// Tracks of async events of one name: concurrent ones need one each.
#[derive(Debug, Default)]
struct AsyncGroup {
    tracks: Vec<usize>,
    free: std::collections::BTreeSet<usize>,
}

#[derive(Debug)]
struct RunningAsync {
    side_track: usize,
    num_open: usize,
    group: (AsyncScope, StringId),
    place_in_group: usize,
}

#[derive(Debug)]
struct Assembly {
    trace: TraceBuilder,
    documents: Vec<Document>,
    tops: Vec<TopLevel>,
    /// What is added to each document's times.
    shifts: Vec<i64>,
    blocks: Vec<PlacedBlock>,
    /// Texts with replacement characters that are counted, by whether bytes were replaced.
    defective_strings: HashSet<(StringId, bool)>,
    rows: Vec<Row>,
    row_ids: HashMap<(u32, PidText, PidText), u32>,
    process_ids: HashMap<(u32, PidText), ProcessId>,
    thread_name_roles: HashMap<ThreadId, Role>,
    category_roles: Vec<Option<CategoryRole>>,
    launch_flow_categories: HashMap<StringId, bool>,
    side_tracks: Vec<SideTrack>,
    process_instants: HashMap<ProcessId, usize>,
    global_instants: Option<usize>,
    running_async: HashMap<Cookie, RunningAsync>,
    async_groups: HashMap<(AsyncScope, StringId), AsyncGroup>,
    counter_tracks: HashMap<(ProcessId, StringId), TrackId>,
    flow_points: Vec<FlowPoint>,
    flow_families: Vec<FlowFamily>,
    flow_family_ids: HashMap<FlowFamily, u32>,
    gpu_slices: Vec<GpuSlice>,
    gpu_rows: Vec<GpuRow>,
    api_slices: Vec<ApiSlice>,
    /// Argument sets made here, from those of a begin and an end event.
    merged_args: ArgPageBuilder,
    first_merged_arg_set: u32,
    no_name: StringId,
}

/// A pid or tid: a number, or a string of the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum PidText {
    Absent,
    Int(i64),
    Text(StringId),
}

impl PidText {
    /// The number shown for it. Perfetto shows a text's number in its string pool, and so do we.
    fn number(self) -> i64 {
        match self {
            Self::Absent => 0,
            Self::Int(value) => value,
            Self::Text(id) => i64::from(id.0),
        }
    }
}

impl Assembly {
    fn new(mut documents: Vec<Document>) -> Self {
        let mut trace = TraceBuilder::default();
        let no_name = trace.strings.intern("[No name]");
        let mut blocks = Vec::new();
        let mut next_arg_set = 0u32;
        for (source, document) in documents.iter_mut().enumerate() {
            for mut events in std::mem::take(&mut document.blocks) {
                let arg_page = std::mem::take(&mut events.arg_page);
                let first_arg_set = next_arg_set;
                next_arg_set += arg_page.num_sets() as u32;
                trace.arg_pages.push(arg_page);
                trace.warnings.count(WarningKind::InvalidUtf8, events.num_lossy_texts);
                blocks.push(PlacedBlock {
                    source: source as u32,
                    strings: vec![NONE; events.num_strings()],
                    rows: vec![NONE; events.rows.len()],
                    first_arg_set,
                    events,
                });
            }
        }
        Self {
            trace,
            tops: documents.iter().map(|document| TopLevel::read(&document.top_level)).collect(),
            shifts: Vec::new(),
            documents,
            blocks,
            defective_strings: HashSet::new(),
            rows: Vec::new(),
            row_ids: HashMap::new(),
            process_ids: HashMap::new(),
            thread_name_roles: HashMap::new(),
            category_roles: Vec::new(),
            launch_flow_categories: HashMap::new(),
            side_tracks: Vec::new(),
            process_instants: HashMap::new(),
            global_instants: None,
            running_async: HashMap::new(),
            async_groups: HashMap::new(),
            counter_tracks: HashMap::new(),
            flow_points: Vec::new(),
            flow_families: Vec::new(),
            flow_family_ids: HashMap::new(),
            gpu_slices: Vec::new(),
            gpu_rows: Vec::new(),
            api_slices: Vec::new(),
            merged_args: ArgPageBuilder::default(),
            first_merged_arg_set: next_arg_set,
            no_name,
        }
    }
}

fn side_track_row(kind: TrackKind, name: Option<StringId>, upid: Option<ProcessId>) -> TrackRow {
    TrackRow {
        name,
        r#type: kind,
        utid: None,
        upid,
        parent_id: None,
        track_group_id: None,
        unit: None,
        arg_set_id: None,
    }
}
