//! Writes Chrome's JSON as PyTorch's profiler does, for Perfetto and whatever else reads such files.
//!
//! Our own reader makes the same slices of it, to the nanosecond: times are decimals made from integers. What decides how
//! slices nest is their order, so each is written as the kind of event that gives its place again:
//!
//! ```text
//! X      nearly all: a start and a length
//! B, E   what never ended, what outlives its parent, and what comes after a shorter slice of the same instant
//! i      moments: NVTX marks, the profiler's instant events, and those of processes and of the trace
//! b, e   slices of async tracks, told apart by the number of their track
//! s, f   flows, at the starts of their slices
//! C, T   counters, and states of threads
//! ```
//!
//! Everything but flows and async tracks is written in the order of the tables; of those two a list of row numbers is made.

mod args;
mod flows;
mod json;
mod numbers;
mod top_level;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use hashbrown::{HashMap, HashSet};
use kinetoscope_model::table::{NvtxType, SliceRow, TrackKind, TrackRow};
use kinetoscope_model::{ProcessId, SliceId, StringId, ThreadId, Trace, TrackId};

use crate::omission::Omissions;
use crate::privacy::Privacy;
use crate::{ExportError, Omission, Options, Progress};
use args::Typed;
use flows::Groups;
pub(crate) use flows::LAUNCH_CATEGORIES;
use json::Json;
use numbers::Numbers;

/// Category of the moments that PyTorch's profiler writes as instant events.
const INSTANT_CATEGORY: &str = "cpu_instant_event";

/// How far slices of a category may cross what is around them and still nest there, as in the reader: these categories'
/// times were rounded, or widened, by their profiler.
fn rounding_tolerance(category: &str) -> i64 {
    match category {
        "cpu_op" | "Operator" | "user_annotation" | "python_function" => 1_000,
        "gpu_user_annotation" => 4,
        _ if is_call(category) => 1_000,
        _ => 0,
    }
}

/// True for categories of calls into a runtime or driver.
fn is_call(category: &str) -> bool {
    category == "Runtime" || category.ends_with("_runtime") || category.ends_with("_driver")
}

/// True for categories whose events have to be complete ones: typed tables are made of these.
fn is_typed(category: &str) -> bool {
    is_call(category)
        || matches!(
            category,
            "kernel" | "Kernel" | "gpu_memcpy" | "Memcpy" | "gpu_memset" | "Memset" | "mtia_ccp_events"
        )
}

/// Writes `trace` to `out`.
///
/// # Errors
/// When `out` takes no more, or the export is cancelled.
pub fn write(
    trace: &Trace,
    out: &mut dyn Write,
    options: &Options,
    progress: &Progress,
) -> Result<Vec<Omission>, ExportError> {
    let mut export = Export::new(trace, out, options, progress);
    export.run()?;
    Ok(export.omissions.finish())
}

/// Writes `trace` to `out`, packed with gzip.
///
/// # Errors
/// As [`write()`].
pub fn write_gzip(
    trace: &Trace,
    out: &mut dyn Write,
    options: &Options,
    progress: &Progress,
) -> Result<Vec<Omission>, ExportError> {
    let mut encoder = GzEncoder::new(out, Compression::fast());
    let omissions = write(trace, &mut encoder, options, progress)?;
    encoder.finish()?;
    Ok(omissions)
}

/// Slices that have to be begun and ended because one ends after the one around it, by more than rounding explains.
///
/// A complete event that crosses another one's end is moved to a lane. So one of the two was only begun when the other one
/// came: the one around, whose end ends all inside, or the one inside, which then takes in what comes after.
fn begun(trace: &Trace) -> HashSet<SliceId> {
    let slices = &trace.slices;
    let category = |slice: SliceId| trace.text_or_empty(slices.category.get(slice.index()));
    let end = |slice: SliceId| (slices.dur.get(slice.index()) >= 0).then(|| trace.slice_interval(slice).end);
    let mut outliving: HashMap<SliceId, (SliceId, i64)> = HashMap::new();
    let mut holds_later = HashSet::new();
    for (index, parent) in slices.parent_id.iter().enumerate() {
        let Some(parent) = parent else { continue };
        let id = SliceId::from_index(index);
        if outliving.get(&parent).is_some_and(|&(_, end_around)| slices.ts.get(index) >= end_around) {
            holds_later.insert(parent);
        }
        if let (Some(own), Some(around)) = (end(id), end(parent))
            && own > around + rounding_tolerance(category(id))
        {
            outliving.insert(id, (parent, around));
        }
    }
    let mut pairs: Vec<(SliceId, SliceId)> = outliving.into_iter().map(|(id, (parent, _))| (id, parent)).collect();
    // The innermost first. Where one of two is begun already the other one must not be: it would be ended with it.
    pairs.sort_unstable_by_key(|&(id, _)| std::cmp::Reverse(id));
    let mut begun = HashSet::new();
    for (id, parent) in pairs {
        if !begun.contains(&id) && !begun.contains(&parent) {
            // Of complete events of one instant the longer one comes first.
            let starts_together = slices.ts.get(id.index()) == slices.ts.get(parent.index());
            let is_inner = starts_together || holds_later.contains(&id) || is_typed(category(parent));
            begun.insert(if is_inner { id } else { parent });
        }
    }
    begun
}

/// What leads from trace time to the times that are written: those of the (first) file, unless some come before its zero.
/// Perfetto leaves out what does.
fn offset(trace: &Trace) -> i64 {
    let offset = trace.clock.file_offset_ns;
    let first = trace.bounds().map_or(0, |bounds| bounds.start);
    if first.saturating_add(offset) < 0 { first.saturating_neg() } else { offset }
}

/// What was written last of a thread at one instant.
#[derive(Debug, Clone, Copy)]
struct Instant {
    ts: i64,
    least_dur: i64,
    has_begun: bool,
}

struct Export<'a, 'w> {
    trace: &'a Trace,
    json: Json<'w>,
    numbers: Numbers,
    privacy: Privacy,
    progress: &'a Progress,
    omissions: Omissions,
    typed: Typed,
    /// NVTX marks.
    marks: HashSet<SliceId>,
    instants: Vec<Instant>,
    /// Slices that are written as begun and ended, lest they or what is inside them go to a lane.
    begun: HashSet<SliceId>,
    /// Slices that were written so, for this reason or another.
    written_begun: HashSet<SliceId>,
    /// What leads from trace time to the times that are written.
    offset: i64,
    has_event: bool,
}

impl<'a, 'w> Export<'a, 'w> {
    fn new(trace: &'a Trace, out: &'w mut dyn Write, options: &Options, progress: &'a Progress) -> Self {
        let total = trace.slices.len() + trace.flows.len() + trace.counters.len() + trace.thread_states.len();
        progress.set_total(total);
        let is_mark = |kind| matches!(kind, NvtxType::Mark | NvtxType::ImportedMark);
        let marks = trace.nvtx.rows().filter(|row| is_mark(row.r#type)).filter_map(|row| row.slice_id).collect();
        let never = Instant { ts: i64::MIN, least_dur: 0, has_begun: false };
        Self {
            trace,
            json: Json::new(out),
            numbers: Numbers::new(trace),
            privacy: Privacy::new(trace, options.private_names),
            progress,
            omissions: Omissions::default(),
            typed: Typed::default(),
            marks,
            instants: vec![never; trace.threads.len()],
            begun: begun(trace),
            written_begun: HashSet::new(),
            offset: offset(trace),
            has_event: false,
        }
    }

    fn run(&mut self) -> Result<(), ExportError> {
        self.json.raw("{\n");
        self.write_top_level();
        self.json.raw("\"traceEvents\": [");
        self.write_names();
        self.write_slices()?;
        self.write_async_tracks()?;
        self.write_counters()?;
        self.write_thread_states()?;
        self.write_flows()?;
        self.json.raw("\n]\n}\n");
        self.json.flush()?;
        self.count_omissions();
        Ok(())
    }

    fn time(&self, ts: i64) -> i64 {
        ts.saturating_add(self.offset)
    }

    /// A name as it may be told.
    fn name(&self, name: StringId) -> std::borrow::Cow<'a, str> {
        self.privacy.clean(self.trace.text(name))
    }

    /// Begins an event of a phase; the caller ends it.
    fn begin(&mut self, phase: &str, category: Option<StringId>, name: &str) {
        self.json.raw(if self.has_event { ",\n{\"ph\":\"" } else { "\n{\"ph\":\"" }).raw(phase).raw("\"");
        self.has_event = true;
        if let Some(category) = category {
            let category = self.trace.text(category);
            self.json.raw(",\"cat\":").string(category);
        }
        self.json.raw(",\"name\":").string(name);
    }

    /// Whose the event is, and when.
    fn at(&mut self, pid: i64, tid: Option<i64>, ts: i64) {
        self.json.raw(",\"pid\":").int(pid);
        if let Some(tid) = tid {
            self.json.raw(",\"tid\":").int(tid);
        }
        let ts = self.time(ts);
        self.json.raw(",\"ts\":").micros(ts);
    }

    fn end(&mut self) -> Result<(), ExportError> {
        self.json.raw("}");
        self.json.flush_if_full()?;
        Ok(())
    }

    /// Names, labels and places of processes and threads.
    fn write_names(&mut self) {
        for (index, row) in self.trace.processes.rows().enumerate() {
            let upid = ProcessId::from_index(index);
            if self.numbers.is_skipped(upid) {
                continue;
            }
            let pid = self.numbers.pid(upid);
            if let Some(name) = row.name {
                self.metadata("process_name", pid, None, "name", Some(name), 0);
            }
            if let Some(labels) = row.labels {
                self.metadata("process_labels", pid, None, "labels", Some(labels), 0);
            }
            if let Some(place) = row.sort_index {
                self.metadata("process_sort_index", pid, None, "sort_index", None, place);
            }
        }
        for (index, row) in self.trace.threads.rows().enumerate() {
            if self.numbers.is_skipped(row.upid) {
                continue;
            }
            let (pid, tid) = (self.numbers.pid(row.upid), self.numbers.tid(ThreadId::from_index(index)));
            if let Some(name) = row.name {
                self.metadata("thread_name", pid, Some(tid), "name", Some(name), 0);
            }
            if let Some(place) = row.sort_index {
                self.metadata("thread_sort_index", pid, Some(tid), "sort_index", None, place);
            }
        }
    }

    fn metadata(&mut self, kind: &str, pid: i64, tid: Option<i64>, key: &str, text: Option<StringId>, number: i64) {
        self.begin("M", None, kind);
        self.json.raw(",\"pid\":").int(pid);
        if let Some(tid) = tid {
            self.json.raw(",\"tid\":").int(tid);
        }
        self.json.raw(",\"args\":{").string(key).raw(":");
        match text {
            Some(text) => {
                let text = self.privacy.clean(self.trace.text(text));
                self.json.string(&text);
            }
            None => {
                self.json.int(number);
            }
        }
        self.json.raw("}}");
    }

    /// Slices of threads and streams, and moments of processes and of the trace.
    fn write_slices(&mut self) -> Result<(), ExportError> {
        for index in 0..self.trace.slices.len() {
            let id = SliceId::from_index(index);
            let slice = self.trace.slices.row(index);
            let track = self.trace.tracks.row(slice.track_id.index());
            match track.r#type {
                TrackKind::Thread | TrackKind::Lane => self.write_thread_slice(id, &slice, &track)?,
                TrackKind::ProcessInstant => self.write_moment(id, &slice, track.upid, "p")?,
                TrackKind::GlobalInstant => self.write_moment(id, &slice, track.upid, "g")?,
                TrackKind::ProcessAsync | TrackKind::GlobalAsync | TrackKind::ProcessCounter => continue,
            }
            self.progress.add_row()?;
        }
        Ok(())
    }

    fn write_thread_slice(&mut self, id: SliceId, slice: &SliceRow, track: &TrackRow) -> Result<(), ExportError> {
        let category = self.trace.text_or_empty(slice.category);
        let name = self.name(slice.name);
        let (pid, tid) = self.thread(track);
        let phase = self.phase(id, slice, track, category);
        self.begin(phase, slice.category, &name);
        self.at(pid, Some(tid), slice.ts);
        match phase {
            "X" => {
                self.json.raw(",\"dur\":").micros(slice.dur);
                if let Some(thread_dur) = slice.thread_dur {
                    self.json.raw(",\"tdur\":").micros(thread_dur);
                }
            }
            "i" => {
                self.json.raw(",\"s\":\"t\"");
            }
            _ => {}
        }
        if let Some(thread_ts) = slice.thread_ts {
            self.json.raw(",\"tts\":").micros(thread_ts);
        }
        self.write_args(id, slice);
        self.end()?;
        if phase == "B" && slice.dur >= 0 {
            self.begin("E", slice.category, &name);
            self.at(pid, Some(tid), slice.ts + slice.dur);
            if let (Some(start), Some(dur)) = (slice.thread_ts, slice.thread_dur) {
                self.json.raw(",\"tts\":").micros(start.saturating_add(dur));
            }
            self.end()?;
        }
        Ok(())
    }

    fn thread(&self, track: &TrackRow) -> (i64, i64) {
        let utid = track.utid.map_or(0, |utid| self.numbers.tid(utid));
        (track.upid.map_or(0, |upid| self.numbers.pid(upid)), utid)
    }

    /// The kind of event that a slice of a thread is written as.
    fn phase(&mut self, id: SliceId, slice: &SliceRow, track: &TrackRow, category: &str) -> &'static str {
        let seen = track.utid.map(|utid| self.instants[utid.index()]);
        let seen = seen.filter(|seen| seen.ts == slice.ts);
        let is_after_shorter = seen.is_some_and(|seen| seen.has_begun || slice.dur > seen.least_dur);
        let is_in_begun = slice.parent_id.is_some_and(|parent| self.written_begun.contains(&parent));
        let phase = if slice.dur < 0 {
            "B"
        } else if slice.dur == 0 && (category == INSTANT_CATEGORY || self.marks.contains(&id)) {
            "i"
        } else if is_typed(category) {
            "X"
        } else if is_after_shorter || (self.begun.contains(&id) && !is_in_begun) {
            "B"
        } else {
            "X"
        };
        if phase == "B" {
            self.written_begun.insert(id);
        }
        if let Some(utid) = track.utid {
            // Nothing is longer than what was never closed, and what was begun comes after all that is complete.
            let dur = if slice.dur < 0 { i64::MAX } else { slice.dur };
            self.instants[utid.index()] = Instant {
                ts: slice.ts,
                least_dur: seen.map_or(dur, |seen| seen.least_dur.min(dur)),
                has_begun: phase != "X" || seen.is_some_and(|seen| seen.has_begun),
            };
        }
        phase
    }

    fn write_moment(
        &mut self,
        id: SliceId,
        slice: &SliceRow,
        upid: Option<ProcessId>,
        scope: &str,
    ) -> Result<(), ExportError> {
        let name = self.name(slice.name);
        self.begin("i", slice.category, &name);
        self.at(upid.map_or(0, |upid| self.numbers.pid(upid)), None, slice.ts);
        self.json.raw(",\"s\":\"").raw(scope).raw("\"");
        self.write_args(id, slice);
        self.end()
    }

    /// Slices of async tracks. Those of one track nest, so each track is a stack of its own.
    fn write_async_tracks(&mut self) -> Result<(), ExportError> {
        let is_async = |kind| matches!(kind, TrackKind::ProcessAsync | TrackKind::GlobalAsync);
        let tracks: Vec<bool> = self.trace.tracks.r#type.iter().map(is_async).collect();
        if !tracks.contains(&true) {
            return Ok(());
        }
        let slices = self.trace.slices.track_id.iter().enumerate();
        let slices = slices.filter(|(_, track)| tracks[track.index()]);
        let mut slices: Vec<(TrackId, u32)> = slices.map(|(index, track)| (track, index as u32)).collect();
        slices.sort_unstable();
        let mut open: Vec<SliceRow> = Vec::new();
        let mut last = None;
        for (track, index) in slices {
            self.progress.add_row()?;
            let id = SliceId(index);
            let slice = self.trace.slices.row(id.index());
            let depth = if last == Some(track) { slice.depth as usize } else { 0 };
            while open.len() > depth {
                if let Some(ended) = open.pop() {
                    self.write_async_end(&ended)?;
                }
            }
            last = Some(track);
            let phase = if slice.dur == 0 { "n" } else { "b" };
            self.begin_async(phase, &slice, slice.ts);
            self.write_args(id, &slice);
            self.end()?;
            if slice.dur != 0 {
                open.push(slice);
            }
        }
        while let Some(ended) = open.pop() {
            self.write_async_end(&ended)?;
        }
        Ok(())
    }

    fn write_async_end(&mut self, slice: &SliceRow) -> Result<(), ExportError> {
        if slice.dur < 0 {
            return Ok(());
        }
        self.begin_async("e", slice, slice.ts + slice.dur);
        self.end()
    }

    fn begin_async(&mut self, phase: &str, slice: &SliceRow, ts: i64) {
        let name = self.name(slice.name);
        let track = self.trace.tracks.row(slice.track_id.index());
        self.begin(phase, slice.category, &name);
        self.at(track.upid.map_or(0, |upid| self.numbers.pid(upid)), None, ts);
        let scope = if track.r#type == TrackKind::GlobalAsync { "global" } else { "local" };
        self.json.raw(",\"id2\":{").string(scope).raw(":\"").uint(slice.track_id.0.into()).raw("\"}");
    }

    fn write_counters(&mut self) -> Result<(), ExportError> {
        for index in 0..self.trace.counters.len() {
            self.progress.add_row()?;
            let row = self.trace.counters.row(index);
            if !row.value.is_finite() {
                self.omissions.add("values of counters that are no number", 1);
                continue;
            }
            let track = self.trace.tracks.row(row.track_id.index());
            let name = self.privacy.clean(self.trace.text_or_empty(track.name));
            // Readers name the track by the event and its argument.
            let (name, key) = name.rsplit_once(' ').unwrap_or((&name, ""));
            self.begin("C", None, name);
            self.at(track.upid.map_or(0, |upid| self.numbers.pid(upid)), None, row.ts);
            self.json.raw(",\"args\":{").string(key).raw(":").real(row.value).raw("}");
            self.end()?;
        }
        Ok(())
    }

    fn write_thread_states(&mut self) -> Result<(), ExportError> {
        if self.trace.thread_states.is_empty() {
            return Ok(());
        }
        let end = self.trace.bounds().map_or(0, |bounds| bounds.end);
        for index in 0..self.trace.thread_states.len() {
            self.progress.add_row()?;
            let row = self.trace.thread_states.row(index);
            let state = self.name(row.state);
            self.begin("T", None, &state);
            let upid = self.trace.threads.upid.get(row.utid.index());
            self.at(self.numbers.pid(upid), Some(self.numbers.tid(row.utid)), row.ts);
            // A state that was never left lasts until the end.
            let dur = if row.dur < 0 { end - row.ts } else { row.dur };
            self.json.raw(",\"dur\":").micros(dur).raw(",\"args\":{");
            let mut separator = "";
            if let Some(cpu) = row.cpu {
                self.json.raw("\"cpu\":").int(cpu);
                separator = ",";
            }
            if let Some(waits) = row.io_wait {
                self.json.raw(separator).raw(if waits { "\"io_wait\":true" } else { "\"io_wait\":false" });
                separator = ",";
            }
            if let Some(function) = row.blocked_function {
                let function = self.name(function);
                self.json.raw(separator).raw("\"blocked_function\":").string(&function);
            }
            self.json.raw("}");
            self.end()?;
        }
        Ok(())
    }

    /// The ends of arrows, each at the start of its slice, where readers look for the slice placed last.
    fn write_flows(&mut self) -> Result<(), ExportError> {
        if self.trace.flows.is_empty() {
            return Ok(());
        }
        let are_last = self.last_of_their_instants();
        let Groups { order, groups } = Groups::new(self.trace, &self.numbers);
        for group in &groups {
            let Some((pid, tid)) = self.thread_of(group.from) else {
                self.omissions.add("flows from slices of async tracks", group.arrows.len() as u64);
                continue;
            };
            let name = group.name.map_or_else(Default::default, |name| self.name(name));
            self.begin("s", group.category, &name);
            self.at(pid, Some(tid), self.trace.slices.ts.get(group.from.index()));
            self.json.raw(",\"id\":").int(group.id);
            self.end()?;
            for &row in &order[group.arrows.clone()] {
                self.progress.add_row()?;
                let into = self.trace.flows.slice_in.get(row as usize);
                let Some((pid, tid)) = self.thread_of(into) else {
                    self.omissions.add("flows to slices of async tracks", 1);
                    continue;
                };
                let ts = self.trace.slices.ts.get(into.index());
                self.begin("f", group.category, &name);
                match are_last[into.index()] {
                    true => {
                        self.at(pid, Some(tid), ts);
                        self.json.raw(",\"bp\":\"e\"");
                    }
                    // Without a binding point the arrow waits for the next slice of the thread.
                    false => self.at(pid, Some(tid), ts - 1),
                }
                self.json.raw(",\"id\":").int(group.id);
                self.end()?;
            }
        }
        Ok(())
    }

    /// Process and thread of a slice of a thread.
    fn thread_of(&self, slice: SliceId) -> Option<(i64, i64)> {
        let track = self.trace.tracks.row(self.trace.slices.track_id.get(slice.index()).index());
        track.utid.map(|_| self.thread(&track))
    }

    /// For each slice whether no slice of its thread that starts at the same time comes after it.
    fn last_of_their_instants(&self) -> Vec<bool> {
        let slices = &self.trace.slices;
        let mut next: Vec<Option<i64>> = vec![None; self.trace.threads.len()];
        let mut are_last = vec![true; slices.len()];
        for (index, is_last) in are_last.iter_mut().enumerate().rev() {
            let Some(utid) = self.trace.tracks.utid.get(slices.track_id.get(index).index()) else { continue };
            let ts = Some(slices.ts.get(index));
            *is_last = next[utid.index()] != ts;
            next[utid.index()] = ts;
        }
        are_last
    }

    /// Counts what the format has no place for.
    fn count_omissions(&mut self) {
        let trace = self.trace;
        self.omissions.add("CPU samples", trace.perf_samples.len() as u64);
        let stacks = trace.api_calls.callsite_id.iter().chain(trace.osrt.callsite_id.iter());
        self.omissions.add("call stacks", stacks.flatten().count() as u64);
        self.omissions.add("records of CUDA graphs being made", trace.cuda_graph_events.len() as u64);
        self.omissions.add("records of CUDA events", trace.cuda_events.len() as u64);
        self.omissions.add("records of GPU memory", trace.gpu_memory_events.len() as u64);
        self.omissions.add("page faults of unified memory", trace.um_page_faults.len() as u64);
        self.omissions.add("diagnostic messages", trace.diagnostics.len() as u64);
        self.omissions.add("outputs of processes", trace.process_outputs.len() as u64);
        let what = "numbers of processes and threads that several have, which are replaced";
        self.omissions.add(what, self.numbers.num_renumbered);
    }
}
