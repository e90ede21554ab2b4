//! Assembly: from event blocks to the tables of a trace.
//!
//! One pass over all events in order of time, because nesting, B/E pairs, async events and flows all depend on what is
//! open at the moment. Everything that does not (metadata, typed GPU columns, launch links, arrows) is done before or
//! after. All documents go through the pass together, so the ranks of a folder come out on one clock and in one order.

use hashbrown::HashMap;
use kinetoscope_model::id::NONE;
use kinetoscope_model::nest::{OpenSlice, RowNester};
use kinetoscope_model::table::*;
use kinetoscope_model::time::{DUR_OPEN, Nanos};
use kinetoscope_model::{
    ArgPageBuilder, ArgSetId, ArgValue, ProcessId, SliceId, SourceId, StringId, ThreadId, Trace, TraceBuilder, TrackId,
    WarningKind, Warnings,
};
use rayon::prelude::*;

use crate::chrome::block::{EventBlock, IdScope, Ident, InstantScope, NO_TS, RowKey};
use crate::chrome::category::{CategoryRole, is_launch_flow};
use crate::chrome::cursor::TextDefects;
use crate::chrome::flow::{self, FlowFamily, FlowPoint, FlowStep};
use crate::chrome::gpu::{self, ApiSlice, GpuInputs, GpuRow, GpuSlice};
use crate::chrome::metadata::{self, TopLevel};
use crate::chrome::{Document, role};
use crate::error::IngestError;
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
) -> Result<Trace, IngestError> {
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
    /// Track of the row and of its lanes, made when first needed.
    tracks: Vec<TrackId>,
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
            shifts: vec![0; documents.len()],
            documents,
            blocks,
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

    // ---- Before the pass: sources, clocks, metadata events.

    /// Puts all documents on one clock and into the source, rank and metadata tables.
    fn add_sources(&mut self) {
        let first_times = self.first_times();
        // Before PyTorch 2.3 times count from 1970; no other clock gets past September 2001 in nanoseconds.
        const OLDEST_UNIX_NS: i64 = 1_000_000_000_000_000_000;
        let bases: Vec<Option<i64>> = self
            .tops
            .iter()
            .zip(&first_times)
            .map(|(top, first)| top.base_unix_ns.or((*first >= Some(OLDEST_UNIX_NS)).then_some(0)))
            .collect();
        let starts = bases.iter().zip(&first_times).filter_map(|(base, first)| (*base)?.checked_add((*first)?));
        let start_unix_ns = starts.min();
        self.trace.clock.start_unix_ns = start_unix_ns;
        let num_timed = first_times.iter().flatten().count();
        for (index, document) in self.documents.iter_mut().enumerate() {
            let source_id = SourceId::from_index(index);
            let first = first_times[index];
            let on_clock = bases[index].zip(start_unix_ns).and_then(|(base, start)| base.checked_sub(start));
            let shift = match (on_clock, first) {
                (Some(shift), _) => shift,
                (None, Some(first)) => {
                    if num_timed > 1 {
                        let path = &document.path;
                        let detail = || format!("`{path}`");
                        self.trace.warnings.add(WarningKind::UnrelatedClocks, source_id, None, detail);
                    }
                    first.checked_neg().unwrap_or(i64::MAX)
                }
                (None, None) => 0,
            };
            self.shifts[index] = shift;
            if index == 0 {
                self.trace.clock.file_offset_ns = shift.checked_neg().unwrap_or(i64::MAX);
            }
            self.trace.warnings.merge(std::mem::take(&mut document.warnings).of_source(source_id));
            if self.tops[index].has_display_time_unit {
                self.trace.warnings.count(WarningKind::DisplayTimeUnit, 1);
            }
            let rank_id = metadata::add_rank(&mut self.trace, source_id, &self.tops[index], &document.path);
            metadata::add_rows(&mut self.trace, source_id, &document.top_level);
            document.top_level = Vec::new();
            let path = self.trace.strings.intern(&document.path);
            let format = self.trace.strings.intern(&document.format);
            self.trace.sources.push(SourceRow {
                path,
                format,
                file_bytes: document.file_bytes as i64,
                unpacked_bytes: document.unpacked_bytes as i64,
                num_events: document.num_events as i64,
                clock_offset: shift,
                base_unix_ns: bases[index],
                rank_id,
            });
        }
    }

    /// The earliest time of each document, metadata events aside.
    fn first_times(&self) -> Vec<Option<Nanos>> {
        let firsts: Vec<(u32, Option<Nanos>)> = self
            .blocks
            .par_iter()
            .map(|block| {
                let times = block.events.ts.iter().zip(&block.events.phase);
                (block.source, times.filter(|&(_, &phase)| phase != b'M').map(|(&ts, _)| ts).min())
            })
            .collect();
        let mut earliest = vec![None; self.documents.len()];
        for (source, first) in firsts {
            let slot: &mut Option<Nanos> = &mut earliest[source as usize];
            *slot = slot.map_or(first, |seen| Some(first.map_or(seen, |first| first.min(seen))));
        }
        earliest
    }

    /// Reads the metadata events, which hold for the whole trace wherever they stand.
    fn read_metadata_events(&mut self) {
        for block in 0..self.blocks.len() {
            for index in 0..self.blocks[block].events.len() {
                if self.blocks[block].events.phase[index] == b'M' {
                    self.read_metadata_event(block, index);
                }
            }
        }
    }

    fn read_metadata_event(&mut self, block: usize, index: usize) {
        let Some(kind) = self.string_of(block, self.blocks[block].events.name[index]) else {
            return;
        };
        let kind = self.trace.strings.get(kind).to_owned();
        if !matches!(
            kind.as_str(),
            "process_name" | "process_labels" | "process_sort_index" | "thread_name" | "thread_sort_index"
        ) {
            return;
        }
        let key = self.blocks[block].events.rows[self.blocks[block].events.row[index] as usize];
        let source = self.blocks[block].source;
        let pid = self.pid_text(block, key.pid);
        let Some(set) = self.arg_set_of(block, index) else { return };
        let arg = |trace: &TraceBuilder, name: &str| {
            let page = &trace.arg_pages[block];
            let index = (set.0 - self.blocks[block].first_arg_set) as usize;
            page.set(index).find(|&(key, _)| key == name).map(|(_, value)| match value {
                ArgValue::Text(text) => text.to_owned(),
                ArgValue::Int(value) => value.to_string(),
                _ => String::new(),
            })
        };
        let (text, number) = match kind.as_str() {
            "process_name" | "thread_name" => (arg(&self.trace, "name"), None),
            "process_labels" => (arg(&self.trace, "labels"), None),
            _ => (None, arg(&self.trace, "sort_index").and_then(|text| text.parse::<i64>().ok())),
        };
        let text = text.filter(|text| !text.is_empty());
        match kind.as_str() {
            "thread_name" | "thread_sort_index" => {
                let row = self.row_of(block, self.blocks[block].events.row[index]);
                let utid = self.rows[row as usize].utid;
                if let Some(name) = text {
                    let role = role::of_thread(&name);
                    let known = self.thread_name_roles.entry(utid).or_insert(role);
                    // One thread may have had several names; the one that tells most decides what it is for.
                    if matches!(known, Role::Unknown | Role::Worker | Role::EngineCore) {
                        *known = role;
                    }
                    let id = self.trace.strings.intern(&name);
                    self.trace.threads.name.set(utid.index(), Some(id));
                }
                if number.is_some() {
                    self.trace.threads.sort_index.set(utid.index(), number);
                    let hint = self.hint_args("thread_sort_index_hint", number);
                    self.trace.threads.arg_set_id.set(utid.index(), hint);
                }
            }
            _ => {
                let upid = self.process_of(source, pid);
                let id = text.as_deref().map(|text| self.trace.strings.intern(text));
                match kind.as_str() {
                    "process_name" if id.is_some() => self.trace.processes.name.set(upid.index(), id),
                    "process_labels" if id.is_some() => self.trace.processes.labels.set(upid.index(), id),
                    "process_sort_index" if number.is_some() => {
                        self.trace.processes.sort_index.set(upid.index(), number);
                        let hint = self.hint_args("process_sort_index_hint", number);
                        self.trace.processes.arg_set_id.set(upid.index(), hint);
                    }
                    _ => {}
                }
            }
        }
    }

    fn hint_args(&mut self, key: &str, number: Option<i64>) -> Option<ArgSetId> {
        self.merged_args.begin_set();
        self.merged_args.push(key, ArgValue::Int(number?));
        Some(ArgSetId(self.first_merged_arg_set + self.merged_args.end_set()))
    }

    // ---- Names, rows, tracks.

    /// The trace string of a block string.
    #[inline]
    fn string_of(&mut self, block: usize, id: u32) -> Option<StringId> {
        if id == NONE {
            return None;
        }
        match self.blocks[block].strings[id as usize] {
            NONE => Some(self.intern_of(block, id)),
            known => Some(StringId(known)),
        }
    }

    fn intern_of(&mut self, block: usize, id: u32) -> StringId {
        let mut defects = TextDefects::default();
        let text = self.blocks[block].events.text(id, &mut defects);
        self.trace.warnings.count(WarningKind::LoneSurrogate, defects.num_lone_surrogates);
        self.trace.warnings.count(WarningKind::InvalidUtf8, u64::from(defects.is_invalid_utf8));
        let string = self.trace.strings.intern(&text);
        self.blocks[block].strings[id as usize] = string.0;
        string
    }

    #[inline]
    fn category_role(&mut self, category: Option<StringId>) -> CategoryRole {
        let Some(category) = category else { return CategoryRole::Other };
        match self.category_roles.get(category.index()) {
            Some(&Some(role)) => role,
            _ => {
                let role = CategoryRole::of(self.trace.strings.get(category));
                let len = self.category_roles.len().max(category.index() + 1);
                self.category_roles.resize(len, None);
                self.category_roles[category.index()] = Some(role);
                role
            }
        }
    }

    fn pid_text(&mut self, block: usize, ident: Ident) -> PidText {
        match ident {
            Ident::Absent => PidText::Absent,
            Ident::Int(value) => PidText::Int(value),
            Ident::Text(id) => self.string_of(block, id).map_or(PidText::Absent, PidText::Text),
        }
    }

    #[inline]
    fn row_of(&mut self, block: usize, local: u32) -> u32 {
        match self.blocks[block].rows[local as usize] {
            NONE => self.new_row_of(block, local),
            row => row,
        }
    }

    fn new_row_of(&mut self, block: usize, local: u32) -> u32 {
        let RowKey { pid, tid } = self.blocks[block].events.rows[local as usize];
        let source = self.blocks[block].source;
        let pid = self.pid_text(block, pid);
        let tid = match (self.pid_text(block, tid), pid) {
            // An event without a thread belongs to its process's first one.
            (PidText::Absent, pid) => pid,
            // Chrome's writers leave thread 0 for the first one too. In a PyTorch trace it is a stream or a thread.
            (PidText::Int(0), pid) if !self.tops[source as usize].is_kineto => pid,
            (tid, _) => tid,
        };
        let next = self.rows.len() as u32;
        let row = *self.row_ids.entry((source, pid, tid)).or_insert(next);
        self.blocks[block].rows[local as usize] = row;
        if row == next {
            let upid = self.process_of(source, pid);
            let name = match tid {
                PidText::Text(id) => Some(id),
                _ => None,
            };
            let utid = ThreadId::from_index(self.trace.threads.push(ThreadRow {
                tid: tid.number(),
                name,
                start_ts: None,
                end_ts: None,
                upid,
                is_main_thread: tid == pid,
                sort_index: None,
                role: Role::Unknown,
                arg_set_id: None,
            }));
            if let Some(name) = name {
                let role = role::of_thread(self.trace.strings.get(name));
                self.thread_name_roles.insert(utid, role);
            }
            self.rows.push(Row {
                utid,
                upid,
                nester: RowNester::default(),
                tracks: Vec::new(),
                waiting_flows: Vec::new(),
                last_placed: None,
                gpu_row: None,
            });
        }
        row
    }

    fn process_of(&mut self, source: u32, pid: PidText) -> ProcessId {
        if let Some(&upid) = self.process_ids.get(&(source, pid)) {
            return upid;
        }
        let name = match pid {
            PidText::Text(id) => Some(id),
            _ => None,
        };
        let upid = ProcessId::from_index(self.trace.processes.push(ProcessRow {
            pid: pid.number(),
            name,
            start_ts: None,
            end_ts: None,
            sort_index: None,
            labels: None,
            role: Role::Unknown,
            device_id: None,
            source_id: SourceId(source),
            arg_set_id: None,
        }));
        self.process_ids.insert((source, pid), upid);
        upid
    }

    /// The track of a row's lane; lane 0 is the row itself.
    fn row_track(&mut self, row: u32, lane: usize) -> TrackId {
        let row = &mut self.rows[row as usize];
        while row.tracks.len() <= lane {
            let is_lane = !row.tracks.is_empty();
            row.tracks.push(TrackId::from_index(self.trace.tracks.push(TrackRow {
                name: None,
                r#type: if is_lane { TrackKind::Lane } else { TrackKind::Thread },
                utid: Some(row.utid),
                upid: Some(row.upid),
                parent_id: row.tracks.first().copied(),
                track_group_id: None,
                unit: None,
                arg_set_id: None,
            })));
        }
        row.tracks[lane]
    }

    fn new_side_track(&mut self, row: TrackRow) -> usize {
        let track = TrackId::from_index(self.trace.tracks.push(row));
        self.side_tracks.push(SideTrack { track, nester: RowNester::default() });
        self.side_tracks.len() - 1
    }

    // ---- The order of events.

    /// All events that have a time, in the order in which they are placed.
    fn order_events(&mut self) -> Vec<OrderedEvent> {
        let shifts = &self.shifts;
        let mut out_of_range = 0;
        let total = self.blocks.iter().map(|block| block.events.len()).sum();
        let mut order = Vec::with_capacity(total);
        for (number, block) in self.blocks.iter().enumerate() {
            let shift = shifts[block.source as usize];
            let events = &block.events;
            for (index, (&ts, &phase)) in events.ts.iter().zip(&events.phase).enumerate() {
                if phase == b'M' || ts == NO_TS {
                    continue;
                }
                match ts.checked_add(shift) {
                    Some(ts) => order.push(OrderedEvent { ts, block: number as u32, index: index as u32 }),
                    None => out_of_range += 1,
                }
            }
        }
        self.trace.warnings.count(WarningKind::TimeOutOfRange, out_of_range);
        let is_slice = |phase: &&u8| matches!(**phase, b'X' | b'B' | b'i' | b'I' | b'R' | b'b' | b'n');
        let num_slices = self.blocks.iter().map(|block| block.events.phase.iter().filter(is_slice).count()).sum();
        self.trace.slices.reserve(num_slices);
        let is_flow = |phase: &&u8| matches!(**phase, b's' | b't' | b'f');
        let num_flows = self.blocks.iter().map(|block| block.events.phase.iter().filter(is_flow).count()).sum();
        self.flow_points.reserve_exact(num_flows);
        for block in &mut self.blocks {
            // The order has them from here on.
            block.events.ts = Vec::new();
        }
        // In place: a stable sort would need as much memory again.
        order.par_sort_unstable_by_key(|event| (event.ts, event.block, event.index));
        self.order_ties(&mut order);
        order
    }

    /// Events of one instant: ends first, then complete events, the longer before the shorter, then the others as the
    /// file has them.
    fn order_ties(&self, order: &mut [OrderedEvent]) {
        let rank = |event: &OrderedEvent| {
            let events = &self.blocks[event.block as usize].events;
            match events.phase[event.index as usize] {
                b'E' => (0, 0),
                b'X' => (1, -events.dur[event.index as usize].max(0)),
                _ => (2, 0),
            }
        };
        let mut start = 0;
        while start < order.len() {
            let ts = order[start].ts;
            let len = order[start..].iter().take_while(|event| event.ts == ts).count();
            if len > 1 {
                order[start..start + len].sort_by_key(rank);
            }
            start += len;
        }
    }

    // ---- The pass.

    #[inline]
    fn place(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        match self.blocks[block].events.phase[index] {
            b'X' => self.place_complete(event),
            b's' | b't' | b'f' => self.place_flow(event),
            b'i' | b'I' | b'R' => self.place_instant(event),
            b'B' => self.place_begin(event),
            b'E' => self.place_end(event),
            b'b' | b'n' | b'e' => self.place_async(event),
            b'C' => self.place_counter(event),
            b'T' => self.place_thread_state(event),
            _ => {}
        }
    }

    #[inline]
    fn name_and_category(&mut self, block: usize, index: usize) -> (StringId, Option<StringId>) {
        let name = self.blocks[block].events.name[index];
        let category = self.blocks[block].events.category[index];
        (self.string_of(block, name).unwrap_or(self.no_name), self.string_of(block, category))
    }

    fn arg_set_of(&self, block: usize, index: usize) -> Option<ArgSetId> {
        let block = &self.blocks[block];
        let local = block.events.args[index];
        (local != NONE).then(|| ArgSetId(block.first_arg_set + local))
    }

    fn warn(&mut self, kind: WarningKind, event: OrderedEvent, detail: &str) {
        let block = &self.blocks[event.block as usize];
        let offset = block.events.offset_of(event.index as usize);
        self.trace.warnings.add(kind, SourceId(block.source), Some(offset), || detail.to_owned());
    }

    fn place_complete(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (name, category) = self.name_and_category(block, index);
        let mut dur = self.blocks[block].events.dur[index];
        if dur < 0 {
            let detail = format!("`{}` of {dur} ns", self.trace.strings.get(name));
            self.warn(WarningKind::NegativeDuration, event, &detail);
            dur = 0;
        }
        // The last nanosecond is kept apart: an end there means "not ended yet" while nesting.
        let end = event.ts.saturating_add(dur).min(i64::MAX - 1);
        let dur = end - event.ts;
        let role = self.category_role(category);
        let slice = self.place_on_row(event, end, dur, name, category, role);
        let row = self.blocks[block].rows[self.blocks[block].events.row[index] as usize];
        match role {
            CategoryRole::GpuOp(kind) => {
                let row = self.gpu_row(row);
                self.gpu_slices.push(GpuSlice { slice, kind, row });
            }
            CategoryRole::ApiCall => {
                let source = self.blocks[block].source;
                self.api_slices.push(ApiSlice { slice, source });
            }
            _ => {}
        }
        self.place_bound_flow(event, slice, name, category);
    }

    /// Place of a row in the list of those that hold GPU work.
    fn gpu_row(&mut self, row: u32) -> u32 {
        if let Some(place) = self.rows[row as usize].gpu_row {
            return place;
        }
        let track = self.row_track(row, 0);
        let Row { utid, upid, .. } = self.rows[row as usize];
        let place = self.gpu_rows.len() as u32;
        self.gpu_rows.push(GpuRow {
            source: self.trace.processes.source_id.get(upid.index()).0,
            utid,
            upid,
            track,
            tid: self.trace.threads.tid.get(utid.index()),
            pid: self.trace.processes.pid.get(upid.index()),
        });
        self.rows[row as usize].gpu_row = Some(place);
        place
    }

    /// Puts a slice on its thread's row, or on a lane of it.
    #[inline]
    fn place_on_row(
        &mut self,
        event: OrderedEvent,
        end: Nanos,
        dur: Nanos,
        name: StringId,
        category: Option<StringId>,
        role: CategoryRole,
    ) -> SliceId {
        let (block, index) = (event.block as usize, event.index as usize);
        let row_id = self.row_of(block, self.blocks[block].events.row[index]);
        let id = SliceId::from_index(self.trace.slices.len());
        let row = &mut self.rows[row_id as usize];
        let open = OpenSlice { id, ts: event.ts, end, name, category };
        let placement = row.nester.place(open, role.rounding_tolerance());
        row.last_placed = Some((event.ts, id));
        for point in row.waiting_flows.drain(..) {
            self.flow_points[point].slice = id.0;
        }
        let track_id = self.row_track(row_id, placement.lane);
        if placement.is_healed {
            self.warn(WarningKind::HealedOverlap, event, self.trace.strings.get(name).to_owned().as_str());
        }
        if let Some(crossed) = placement.crossed {
            self.warn_overlap(event, dur, name, crossed);
        }
        let rare = self.blocks[block].events.rare_of(index);
        self.trace.slices.push(SliceRow {
            ts: event.ts,
            dur,
            track_id,
            category,
            name,
            depth: placement.depth,
            parent_id: placement.parent,
            arg_set_id: self.arg_set_of(block, index),
            thread_ts: rare.thread_ts,
            thread_dur: rare.thread_dur,
            source_offset: self.blocks[block].events.offset_of(index) as i64,
        });
        id
    }

    #[cold]
    fn warn_overlap(&mut self, event: OrderedEvent, dur: Nanos, name: StringId, crossed: SliceId) {
        let block = &self.blocks[event.block as usize];
        let offset = block.events.offset_of(event.index as usize);
        let (source, slices, strings) = (SourceId(block.source), &self.trace.slices, &self.trace.strings);
        self.trace.warnings.add(WarningKind::OverlappingSlice, source, Some(offset), || {
            format!(
                "`{}` at {} ns, {dur} ns long, crosses `{}` at {} ns, {} ns long",
                strings.get(name),
                event.ts,
                strings.get(slices.name.get(crossed.index())),
                slices.ts.get(crossed.index()),
                slices.dur.get(crossed.index()),
            )
        });
    }

    fn place_begin(&mut self, event: OrderedEvent) {
        let (name, category) = self.name_and_category(event.block as usize, event.index as usize);
        let slice = self.place_on_row(event, Nanos::MAX, DUR_OPEN, name, category, CategoryRole::Other);
        self.place_bound_flow(event, slice, name, category);
    }

    fn place_end(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let name = self.string_of(block, self.blocks[block].events.name[index]);
        let category = self.string_of(block, self.blocks[block].events.category[index]);
        let row = self.row_of(block, self.blocks[block].events.row[index]);
        let no_name = self.no_name;
        let ended = self.rows[row as usize].nester.end(event.ts, |open| {
            name.is_none_or(|name| name == open.name || open.name == no_name)
                && (category.is_none() || open.category.is_none() || category == open.category)
        });
        let Some((open, younger)) = ended else {
            let detail = name.map_or(String::new(), |name| self.trace.strings.get(name).to_owned());
            self.warn(WarningKind::EndWithoutBegin, event, &detail);
            return;
        };
        self.close(open, event);
        if !younger.is_empty() {
            self.warn(WarningKind::MisplacedEnd, event, self.trace.strings.get(open.name).to_owned().as_str());
        }
        for open in younger {
            self.trace.slices.dur.set(open.id.index(), event.ts - open.ts);
        }
    }

    /// Writes what an end event says into the slice it ends.
    fn close(&mut self, open: OpenSlice, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let slice = open.id.index();
        self.trace.slices.dur.set(slice, event.ts - open.ts);
        let end_thread_ts = self.blocks[block].events.rare_of(index).thread_ts;
        if let Some((start, end)) = self.trace.slices.thread_ts.get(slice).zip(end_thread_ts) {
            self.trace.slices.thread_dur.set(slice, Some(end - start));
        }
        if let Some(more) = self.arg_set_of(block, index) {
            let first = self.trace.slices.arg_set_id.get(slice);
            let merged = match first {
                None => more,
                Some(first) => self.merge_args(first, more),
            };
            self.trace.slices.arg_set_id.set(slice, Some(merged));
        }
    }

    /// One set with the arguments of two.
    fn merge_args(&mut self, first: ArgSetId, second: ArgSetId) -> ArgSetId {
        self.merged_args.begin_set();
        for set in [first, second] {
            // Sets made here are merged once only, so both are sets of the file.
            let block = self.blocks.partition_point(|block| block.first_arg_set <= set.0) - 1;
            let index = (set.0 - self.blocks[block].first_arg_set) as usize;
            for (key, value) in self.trace.arg_pages[block].set(index) {
                self.merged_args.push(key, value);
            }
        }
        ArgSetId(self.first_merged_arg_set + self.merged_args.end_set())
    }

    fn place_instant(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (name, category) = self.name_and_category(block, index);
        let side_track = match self.blocks[block].events.marks_of(index).scope {
            InstantScope::Thread => {
                self.place_on_row(event, event.ts, 0, name, category, CategoryRole::Other);
                return;
            }
            InstantScope::Process => {
                let row = self.row_of(block, self.blocks[block].events.row[index]);
                let upid = self.rows[row as usize].upid;
                match self.process_instants.get(&upid) {
                    Some(&track) => track,
                    None => {
                        let track = self.new_side_track(side_track_row(TrackKind::ProcessInstant, None, Some(upid)));
                        self.process_instants.insert(upid, track);
                        track
                    }
                }
            }
            InstantScope::Global => match self.global_instants {
                Some(track) => track,
                None => {
                    let track = self.new_side_track(side_track_row(TrackKind::GlobalInstant, None, None));
                    self.global_instants = Some(track);
                    track
                }
            },
        };
        self.place_on_side_track(event, side_track, event.ts, 0, name, category);
    }

    fn place_on_side_track(
        &mut self,
        event: OrderedEvent,
        side_track: usize,
        end: Nanos,
        dur: Nanos,
        name: StringId,
        category: Option<StringId>,
    ) -> SliceId {
        let (block, index) = (event.block as usize, event.index as usize);
        let id = SliceId::from_index(self.trace.slices.len());
        let side = &mut self.side_tracks[side_track];
        // Slices here are open or instants, so none crosses another and no lane is needed.
        let placement = side.nester.place(OpenSlice { id, ts: event.ts, end, name, category }, 0);
        let rare = self.blocks[block].events.rare_of(index);
        self.trace.slices.push(SliceRow {
            ts: event.ts,
            dur,
            track_id: side.track,
            category,
            name,
            depth: placement.depth,
            parent_id: placement.parent,
            arg_set_id: self.arg_set_of(block, index),
            thread_ts: rare.thread_ts,
            thread_dur: rare.thread_dur,
            source_offset: self.blocks[block].events.offset_of(index) as i64,
        });
        id
    }

    fn place_async(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (name, category) = self.name_and_category(block, index);
        let row = self.row_of(block, self.blocks[block].events.row[index]);
        let upid = self.rows[row as usize].upid;
        let global = AsyncScope::Global { source: self.blocks[block].source };
        let (scope, ident) = match self.blocks[block].events.rare_of(index).id2 {
            Some((IdScope::Local, ident)) => (AsyncScope::Process(upid), ident),
            Some((IdScope::Global, ident)) => (global, ident),
            None => (global, self.blocks[block].events.marks_of(index).id),
        };
        let Some(id) = self.ident_text(block, ident) else {
            self.warn(WarningKind::IncompleteEvent, event, "an async event without id");
            return;
        };
        let cookie = Cookie { scope, category, id };
        match self.blocks[block].events.phase[index] {
            b'e' => self.end_async(event, &cookie, name),
            b'b' => {
                let running = self.async_track(&cookie, name);
                let slice = self.place_on_side_track(event, running, Nanos::MAX, DUR_OPEN, name, category);
                self.place_bound_flow(event, slice, name, category);
            }
            _ => {
                let running = self.async_track(&cookie, name);
                let slice = self.place_on_side_track(event, running, event.ts, 0, name, category);
                self.place_bound_flow(event, slice, name, category);
                self.release_async_track(&cookie);
            }
        }
    }

    fn ident_text(&self, block: usize, ident: Ident) -> Option<IdentText> {
        match ident {
            Ident::Absent => None,
            Ident::Int(value) => Some(IdentText::Int(value)),
            Ident::Text(id) => Some(IdentText::Text(self.blocks[block].events.text(id, &mut TextDefects::default()))),
        }
    }

    /// The track on which `cookie` runs, which is taken for it when it does not run yet. Counts as one more open.
    fn async_track(&mut self, cookie: &Cookie, name: StringId) -> usize {
        if let Some(running) = self.running_async.get_mut(cookie) {
            running.num_open += 1;
            return running.side_track;
        }
        let key = (cookie.scope.clone(), name);
        let group_id = self.async_groups.len() as u32;
        let group = self.async_groups.entry(key.clone()).or_default();
        let (side_track, place_in_group) = match group.free.pop_first() {
            Some(place) => (group.tracks[place], place),
            None => {
                let place = group.tracks.len();
                let (kind, upid) = match cookie.scope {
                    AsyncScope::Process(upid) => (TrackKind::ProcessAsync, Some(upid)),
                    AsyncScope::Global { .. } => (TrackKind::GlobalAsync, None),
                };
                // The group's number is that of its first track, which makes the group known by its tracks alone.
                let first = group.tracks.first().copied();
                let mut row = side_track_row(kind, Some(name), upid);
                row.track_group_id = Some(match first {
                    Some(first) => {
                        let track = self.side_tracks[first].track;
                        self.trace.tracks.track_group_id.get(track.index()).unwrap_or(group_id)
                    }
                    None => group_id,
                });
                let side_track = self.new_side_track(row);
                if let Some(group) = self.async_groups.get_mut(&key) {
                    group.tracks.push(side_track);
                }
                (side_track, place)
            }
        };
        let running = RunningAsync { side_track, num_open: 1, group: key, place_in_group };
        self.running_async.insert(cookie.clone(), running);
        side_track
    }

    fn release_async_track(&mut self, cookie: &Cookie) {
        let Some(running) = self.running_async.get_mut(cookie) else { return };
        running.num_open = running.num_open.saturating_sub(1);
        if running.num_open == 0
            && let Some(ended) = self.running_async.remove(cookie)
            && let Some(group) = self.async_groups.get_mut(&ended.group)
        {
            group.free.insert(ended.place_in_group);
        }
    }

    fn end_async(&mut self, event: OrderedEvent, cookie: &Cookie, name: StringId) {
        let no_name = self.no_name;
        let ended = self.running_async.get(cookie).and_then(|running| {
            let nester = &mut self.side_tracks[running.side_track].nester;
            nester.end(event.ts, |open| name == no_name || open.name == name)
        });
        let Some((open, younger)) = ended else {
            self.warn(WarningKind::EndWithoutBegin, event, self.trace.strings.get(name).to_owned().as_str());
            return;
        };
        self.close(open, event);
        self.release_async_track(cookie);
        for open in younger {
            self.trace.slices.dur.set(open.id.index(), event.ts - open.ts);
            self.release_async_track(cookie);
        }
    }

    fn place_counter(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (name, _) = self.name_and_category(block, index);
        let row = self.row_of(block, self.blocks[block].events.row[index]);
        let upid = self.rows[row as usize].upid;
        let id = match self.blocks[block].events.marks_of(index).id {
            Ident::Text(id) => Some(self.blocks[block].events.text(id, &mut TextDefects::default())),
            _ => None,
        };
        let Some(set) = self.arg_set_of(block, index) else {
            self.warn(WarningKind::IncompleteEvent, event, "a counter without args");
            return;
        };
        let set_index = (set.0 - self.blocks[block].first_arg_set) as usize;
        let values: Vec<(String, Option<f64>)> =
            self.trace.arg_pages[block].set(set_index).map(|(key, value)| (key.to_owned(), value.as_f64())).collect();
        for (key, value) in values {
            let Some(value) = value else {
                let detail = format!("counter value `{key}` is no number");
                self.warn(WarningKind::IncompleteEvent, event, &detail);
                continue;
            };
            let mut track_name = self.trace.strings.get(name).to_owned();
            if let Some(id) = &id {
                track_name.push_str(&format!(" id: {id}"));
            }
            if !key.is_empty() {
                track_name.push(' ');
                track_name.push_str(&key);
            }
            let track_name = self.trace.strings.intern(&track_name);
            let tracks = &mut self.trace.tracks;
            let track_id = *self.counter_tracks.entry((upid, track_name)).or_insert_with(|| {
                let row = side_track_row(TrackKind::ProcessCounter, Some(track_name), Some(upid));
                TrackId::from_index(tracks.push(row))
            });
            self.trace.counters.push(CounterRow { ts: event.ts, track_id, value, arg_set_id: None });
        }
    }

    fn place_thread_state(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (state, _) = self.name_and_category(block, index);
        let row = self.row_of(block, self.blocks[block].events.row[index]);
        let utid = self.rows[row as usize].utid;
        let mut state_row = ThreadStateRow {
            ts: event.ts,
            dur: self.blocks[block].events.dur[index],
            cpu: None,
            utid,
            state,
            io_wait: None,
            blocked_function: None,
        };
        if let Some(set) = self.arg_set_of(block, index) {
            let set_index = (set.0 - self.blocks[block].first_arg_set) as usize;
            for (key, value) in self.trace.arg_pages[block].set(set_index) {
                match (key, value) {
                    ("cpu", value) => state_row.cpu = value.as_i64(),
                    ("io_wait", ArgValue::Bool(value)) => state_row.io_wait = Some(value),
                    ("io_wait", value) => state_row.io_wait = value.as_i64().map(|value| value != 0),
                    ("blocked_function", ArgValue::Text(text)) => {
                        state_row.blocked_function = Some(self.trace.strings.intern(text));
                    }
                    _ => {}
                }
            }
        }
        self.trace.thread_states.push(state_row);
    }

    // ---- Flows.

    fn place_flow(&mut self, event: OrderedEvent) {
        let (block, index) = (event.block as usize, event.index as usize);
        let (name, category) = self.name_and_category(block, index);
        let marks = self.blocks[block].events.marks_of(index);
        let Some(id) = self.flow_id(block, marks.id) else {
            self.warn(WarningKind::FlowInvalidId, event, self.trace.strings.get(name).to_owned().as_str());
            return;
        };
        let row_id = self.row_of(block, self.blocks[block].events.row[index]);
        let row = &mut self.rows[row_id as usize];
        let phase = self.blocks[block].events.phase[index];
        let waits = phase == b'f' && !marks.binds_enclosing;
        let slice = match row.last_placed {
            _ if waits => None,
            // A slice that starts with the arrow is its slice, also when it had to go to a lane.
            Some((ts, slice)) if ts == event.ts => Some(slice),
            _ => row.nester.top().map(|open| open.id),
        };
        if waits {
            row.waiting_flows.push(self.flow_points.len());
        }
        let is_launch = match category {
            Some(category) => {
                let strings = &self.trace.strings;
                *self.launch_flow_categories.entry(category).or_insert_with(|| is_launch_flow(strings.get(category)))
            }
            None => false,
        };
        let source = self.blocks[block].source;
        let step = match phase {
            b's' => FlowStep::Start,
            b't' => FlowStep::Step,
            _ => FlowStep::End,
        };
        let family = FlowFamily { source, is_v2: false, category, name, is_launch };
        self.add_flow_point(event, family, step, id, slice);
    }

    fn add_flow_point(
        &mut self,
        event: OrderedEvent,
        family: FlowFamily,
        step: FlowStep,
        id: i64,
        slice: Option<SliceId>,
    ) {
        let next = self.flow_families.len() as u32;
        let family = *self.flow_family_ids.entry(family).or_insert_with(|| {
            self.flow_families.push(family);
            next
        });
        let offset = self.blocks[event.block as usize].events.offset_of(event.index as usize);
        let slice = slice.map_or(NONE, |slice| slice.0);
        self.flow_points.push(FlowPoint { id, offset, family, slice, step });
    }

    /// A v2 flow: arrows that an event with `bind_id` starts, passes on or ends.
    #[inline]
    fn place_bound_flow(&mut self, event: OrderedEvent, slice: SliceId, name: StringId, category: Option<StringId>) {
        let (block, index) = (event.block as usize, event.index as usize);
        if self.blocks[block].events.rare.is_empty() {
            return;
        }
        let rare = self.blocks[block].events.rare_of(index);
        if rare.bind_id == Ident::Absent {
            return;
        }
        let Some(id) = self.flow_id(block, rare.bind_id) else {
            self.warn(WarningKind::FlowInvalidId, event, self.trace.strings.get(name).to_owned().as_str());
            return;
        };
        let step = match (rare.flow_in, rare.flow_out) {
            (true, true) => FlowStep::Step,
            (false, true) => FlowStep::Start,
            (true, false) => FlowStep::End,
            (false, false) => {
                self.warn(WarningKind::FlowWithoutDirection, event, self.trace.strings.get(name).to_owned().as_str());
                return;
            }
        };
        let source = self.blocks[block].source;
        let family = FlowFamily { source, is_v2: true, category, name, is_launch: false };
        self.add_flow_point(event, family, step, id, Some(slice));
    }

    /// A flow's id: a number, or a text that holds a hexadecimal one.
    fn flow_id(&self, block: usize, ident: Ident) -> Option<i64> {
        match ident {
            Ident::Absent => None,
            Ident::Int(value) => Some(value),
            Ident::Text(id) => {
                let text = self.blocks[block].events.text(id, &mut TextDefects::default());
                let digits = text.trim().trim_start_matches("0x").trim_start_matches("0X");
                u64::from_str_radix(digits, 16).ok().map(|value| value as i64)
            }
        }
    }

    // ---- After the pass.

    fn finish(mut self) -> Trace {
        self.warn_unclosed();
        let properties: Vec<_> = self.tops.iter_mut().map(|top| std::mem::take(&mut top.devices)).collect();
        self.add_roles();
        // Arguments of the file first, in file order, then those made here.
        let merged = self.merged_args.seal();
        self.trace.arg_pages.push(merged);
        // The blocks are the larger half of the memory in use, and everything is out of them.
        self.blocks = Vec::new();
        let Self { mut trace, gpu_slices, gpu_rows, api_slices, flow_points, flow_families, .. } = self;
        let inputs = GpuInputs {
            arg_pages: &trace.arg_pages,
            slices: &trace.slices,
            gpu_slices: &gpu_slices,
            gpu_rows: &gpu_rows,
            api_slices: &api_slices,
            properties: &properties,
        };
        let (gpu, flows) = rayon::join(
            || gpu::build(inputs, &mut trace.strings),
            || flow::pair(&flow_families, &flow_points, &trace.slices.ts),
        );
        for (upid, device) in gpu.device_of_process {
            trace.processes.device_id.set(upid.index(), Some(device));
        }
        trace.warnings.merge(gpu.warnings);
        trace.warnings.merge(flows.warnings(&flow_families, &trace.strings));
        trace.devices = gpu.devices;
        trace.streams = gpu.streams;
        trace.gpu_ops = gpu.gpu_ops;
        trace.api_calls = gpu.api_calls;
        trace.launches = gpu.launches;
        trace.flows = flows.flows;
        trace.seal()
    }

    fn warn_unclosed(&mut self) {
        let nesters = self.rows.iter().map(|row| &row.nester).chain(self.side_tracks.iter().map(|side| &side.nester));
        let mut unclosed: Vec<OpenSlice> = nesters.flat_map(RowNester::unended).copied().collect();
        unclosed.sort_unstable_by_key(|open| open.id);
        for open in unclosed {
            let track = self.trace.slices.track_id.get(open.id.index());
            let upid = self.trace.tracks.upid.get(track.index());
            let source = upid.map_or(SourceId(0), |upid| self.trace.processes.source_id.get(upid.index()));
            let offset = self.trace.slices.source_offset.get(open.id.index()) as u64;
            let strings = &self.trace.strings;
            let detail = || format!("`{}`", strings.get(open.name));
            self.trace.warnings.add(WarningKind::UnclosedSlice, source, Some(offset), detail);
        }
    }

    fn add_roles(&mut self) {
        let mut upid_has_gpu = vec![false; self.trace.processes.len()];
        for row in &self.rows {
            upid_has_gpu[row.upid.index()] |= row.gpu_row.is_some();
        }
        for (index, &has_gpu) in upid_has_gpu.iter().enumerate() {
            let row = self.trace.processes.row(index);
            let is_gpu = has_gpu || row.labels.is_some_and(|labels| self.trace.strings.get(labels).starts_with("GPU "));
            let role = match row.name {
                _ if is_gpu => Role::Unknown,
                _ if row.pid == -1 => Role::Profiler,
                Some(name) => role::of_process(self.trace.strings.get(name)),
                None => Role::Unknown,
            };
            self.trace.processes.role.set(index, role);
        }
        for row in &self.rows {
            let utid = row.utid;
            let process_role = self.trace.processes.role.get(row.upid.index());
            let named = self.thread_name_roles.get(&utid).copied().unwrap_or(Role::Unknown);
            let is_main = self.trace.threads.is_main_thread.get(utid.index());
            let role = match named {
                _ if row.gpu_row.is_some() => Role::GpuStream,
                _ if process_role == Role::Profiler => Role::Profiler,
                // The first thread of an engine core or worker is its busy loop; other threads only carry its name.
                Role::EngineCore | Role::Worker | Role::ApiServer if is_main => named,
                Role::Unknown | Role::EngineCore | Role::Worker | Role::ApiServer if is_main => {
                    if process_role == Role::Unknown { Role::Main } else { process_role }
                }
                Role::EngineCore | Role::Worker | Role::ApiServer => Role::Unknown,
                named => named,
            };
            self.trace.threads.role.set(utid.index(), role);
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
