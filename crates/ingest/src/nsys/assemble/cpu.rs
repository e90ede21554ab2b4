//! What happens on CPU threads: CUDA calls, NVTX, the OS runtime, overhead.
//!
//! A thread's calls and push/pop ranges share its row, where they nest as they were called. Start/end ranges may begin
//! and end anywhere, so they are on tracks beside the threads, and the table `nvtx` says which threads they are of.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use kinetoscope_model::id::NONE;
use kinetoscope_model::table::{ApiCallRow, NvtxRow, NvtxType, OsrtRow, OverheadRow, TrackKind};
use kinetoscope_model::time::Nanos;
use kinetoscope_model::{ArgValue, SliceId, StringId, TrackId, WarningKind};

use super::gpu::unsigned;
use super::{Assembly, CaptureDocument, Event, Label};
use crate::error::IngestError;
use crate::nsys::capture::*;
use crate::nsys::report::Payloads;
use crate::progress::Progress;

/// Event classes of Nsight: a call of the CUDA driver, of cuBLAS, and of the OS runtime.
const CLASS_CUDA_DRIVER: i32 = 1;
const CLASS_CUBLAS: i32 = 29;
const CLASS_OSRT: i32 = 27;

/// Digits of an interface's version after `_v`, e.g. `cudaLaunchKernel_v7000`. Names like `cuMemAlloc_v2` are whole.
const MIN_VERSION_DIGITS: usize = 4;

/// What an NVTX event of a number is; nothing when this version does not know.
pub(super) fn nvtx_type(event_type: i32) -> Option<NvtxType> {
    Some(match event_type {
        33 => NvtxType::CategoryName,
        34 => NvtxType::Mark,
        39 => NvtxType::ThreadName,
        59 => NvtxType::PushPop,
        60 => NvtxType::StartEnd,
        65 => NvtxType::ImportedMark,
        70 => NvtxType::ImportedPushPop,
        71 => NvtxType::ImportedStartEnd,
        75 => NvtxType::DomainCreate,
        76 => NvtxType::DomainDestroy,
        _ => return None,
    })
}

/// True for a moment of a thread.
pub(super) fn is_mark(kind: NvtxType) -> bool {
    matches!(kind, NvtxType::Mark | NvtxType::ImportedMark)
}

/// Tracks of the start/end ranges of one process and domain: those that run at the same time need one each.
#[derive(Debug, Default)]
pub(super) struct RangeTracks {
    tracks: Vec<TrackId>,
    free: BTreeSet<usize>,
    busy: BinaryHeap<Reverse<(Nanos, usize)>>,
}

/// The name without the version of the interface, if it has one.
fn without_version(name: &str) -> &str {
    let Some(at) = name.rfind("_v") else { return name };
    let digits = &name[at + 2..];
    let is_version = digits.len() >= MIN_VERSION_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_version { &name[..at] } else { name }
}

/// True for a call of cuBLAS, whose table comes before those of other libraries.
pub(super) fn is_cublas(record: &ApiRecord) -> bool {
    record.event_class == Some(CLASS_CUBLAS)
}

fn payload_of(payload: NvtxPayload) -> (&'static str, ArgValue<'static>) {
    match payload {
        NvtxPayload::U64(value) => ("uint64", i64::try_from(value).map_or(ArgValue::UInt(value), ArgValue::Int)),
        NvtxPayload::I64(value) => ("int64", ArgValue::Int(value)),
        NvtxPayload::F64(value) => ("double", ArgValue::Real(value)),
        NvtxPayload::U32(value) => ("uint32", ArgValue::Int(i64::from(value))),
        NvtxPayload::I32(value) => ("int32", ArgValue::Int(i64::from(value))),
        NvtxPayload::F32(value) => ("float", ArgValue::Real(f64::from(value))),
    }
}

impl Assembly {
    pub(super) fn learn_nvtx_names<'a>(
        &mut self,
        source: u32,
        records: impl Iterator<Item = &'a NvtxRecord>,
        strings: &StringTable,
    ) {
        for record in records.filter(|record| record.gives_name()) {
            let Some(kind) = nvtx_type(record.event_type) else { continue };
            let Some(name) = self.nvtx_text(source, strings, record) else { continue };
            let thread = record.thread.unwrap_or_default();
            let domain = record.domain.unwrap_or_default();
            match kind {
                NvtxType::CategoryName => {
                    let key = (source, thread.process(), (domain, record.category.unwrap_or_default()));
                    self.categories.insert(key, name);
                }
                NvtxType::ThreadName => {
                    self.nvtx_thread_names.insert((source, thread), name);
                }
                _ => {
                    self.domains.entry((source, thread.process(), domain)).or_insert(name);
                }
            }
        }
    }

    /// A registered text counts before one that came with the event.
    fn nvtx_text(&mut self, source: u32, strings: &StringTable, record: &NvtxRecord) -> Option<StringId> {
        let registered = self.text(source, strings, record.text_id);
        registered.or_else(|| record.text.as_deref().map(|text| self.trace.strings.intern(text)))
    }

    fn domain_of(&self, source: u32, record: &NvtxRecord) -> Option<StringId> {
        let process = record.thread.unwrap_or_default().process();
        self.domains.get(&(source, process, record.domain?)).copied()
    }

    fn category_of(&self, source: u32, record: &NvtxRecord) -> Option<StringId> {
        let process = record.thread.unwrap_or_default().process();
        let key = (source, process, (record.domain.unwrap_or_default(), record.category?));
        self.categories.get(&key).copied()
    }

    pub(super) fn place_nvtx(&mut self, event: &Event, record: &NvtxRecord, strings: &StringTable) {
        let source = event.source;
        let name = self.nvtx_text(source, strings, record).unwrap_or(self.words.no_name);
        let arg_set_id = self.nvtx_args(source, record, strings);
        let label = Label { name, category: self.words.nvtx, arg_set_id, source_row: record.row };
        let kind = nvtx_type(record.event_type);
        let slice = if matches!(kind, Some(NvtxType::StartEnd | NvtxType::ImportedStartEnd)) {
            let track = self.range_track(event, record);
            self.place_on_track(track, event, label)
        } else {
            let row = self.thread_row(source, record.thread);
            self.place_on_row(row, event, label)
        };
        let index = self.nvtx_before[source as usize][event.part as usize] + event.index as usize;
        self.nvtx_slices[source as usize][index] = slice.0;
        if event.end == Nanos::MAX {
            let strings = &self.trace.strings;
            let detail = || format!("`{}`", strings.get(name));
            let offset = Some(record.row.max(0) as u64);
            let source = kinetoscope_model::SourceId(source);
            self.trace.warnings.add(WarningKind::UnclosedSlice, source, offset, detail);
        }
    }

    fn nvtx_args(
        &mut self,
        source: u32,
        record: &NvtxRecord,
        strings: &StringTable,
    ) -> Option<kinetoscope_model::ArgSetId> {
        let domain = self.domain_of(source, record);
        let category = self.category_of(source, record);
        let json = record.json_text_id.and_then(|id| strings.get(id)).or(record.json_text.as_deref());
        if domain.is_none() && record.category.is_none() && record.payload.is_none() && json.is_none() {
            return None;
        }
        self.args.begin_set();
        if let Some(domain) = domain {
            self.args.push("domain", ArgValue::Text(self.trace.strings.get(domain)));
        }
        match (category, record.category) {
            (Some(category), _) => self.args.push("category", ArgValue::Text(self.trace.strings.get(category))),
            (None, Some(number)) => self.args.push("category", ArgValue::Int(number)),
            (None, None) => {}
        }
        if let Some(payload) = record.payload {
            self.args.push("payload", payload_of(payload).1);
        }
        if let Some(json) = json {
            self.args.push("json", ArgValue::Text(json));
        }
        Some(self.end_arg_set())
    }

    /// A track on which nothing runs at the start of a start/end range.
    fn range_track(&mut self, event: &Event, record: &NvtxRecord) -> TrackId {
        let thread = record.thread.unwrap_or_default();
        let upid = self.process(event.source, thread.process());
        let name = match self.domain_of(event.source, record) {
            Some(domain) => format!("NVTX ranges of {}", self.trace.strings.get(domain)),
            None => "NVTX ranges".to_owned(),
        };
        let name = self.trace.strings.intern(&name);
        let next_group = self.range_tracks.len() as u32;
        let group = self.range_tracks.entry((upid, name)).or_default();
        while let Some(&Reverse((end, place))) = group.busy.peek()
            && end <= event.ts
        {
            group.busy.pop();
            group.free.insert(place);
        }
        let place = group.free.pop_first().unwrap_or(group.tracks.len());
        group.busy.push(Reverse((event.end, place)));
        if let Some(&track) = group.tracks.get(place) {
            return track;
        }
        // The group's number is that of its first track, which makes the group known by its tracks alone.
        let group_id = match group.tracks.first() {
            Some(first) => self.trace.tracks.track_group_id.get(first.index()),
            None => Some(next_group),
        };
        let track = self.push_side_track(TrackKind::ProcessAsync, Some(name), upid, group_id, None);
        if let Some(group) = self.range_tracks.get_mut(&(upid, name)) {
            group.tracks.push(track);
        }
        track
    }

    /// The table of all NVTX events, in the order of the captures.
    pub(super) fn add_nvtx(&mut self, documents: &[CaptureDocument], progress: &Progress) -> Result<(), IngestError> {
        for (source, document) in (0u32..).zip(documents) {
            let strings = &document.capture.strings;
            let mut index = 0;
            document.for_each_part(Payloads::NVTX, progress, &mut |rows| {
                for record in &rows.nvtx {
                    self.add_nvtx_record(source, record, index, strings);
                    index += 1;
                }
            })?;
        }
        Ok(())
    }

    fn add_nvtx_record(&mut self, source: u32, record: &NvtxRecord, index: usize, strings: &StringTable) {
        let Some(kind) = nvtx_type(record.event_type) else {
            let detail = || format!("NVTX event of type {}", record.event_type);
            let place = Some(record.row.max(0) as u64);
            let source = kinetoscope_model::SourceId(source);
            self.trace.warnings.add(WarningKind::NsysUnknownEvent, source, place, detail);
            return;
        };
        let slice_id = self.nvtx_slices[source as usize].get(index).filter(|&&slice| slice != NONE);
        let slice_id = slice_id.map(|&slice| SliceId(slice));
        if slice_id.is_none() && (kind.is_range() || is_mark(kind)) {
            // Its time did not fit.
            return;
        }
        let Some(ts) = self.time(source, record.start, record.row) else { return };
        let text = self.nvtx_text(source, strings, record);
        let payload = record.payload.map(payload_of);
        let payload_type = payload.map(|(name, _)| self.trace.strings.intern(name));
        let json = self.text(source, strings, record.json_text_id);
        let json = json.or_else(|| record.json_text.as_deref().map(|text| self.trace.strings.intern(text)));
        let process = record.thread.unwrap_or_default().process();
        let row = NvtxRow {
            slice_id,
            ts,
            r#type: kind,
            utid: self.thread(source, record.thread),
            upid: record.thread.map(|_| self.process(source, process)),
            end_utid: self.thread(source, record.end_thread),
            text,
            domain_id: record.domain,
            domain: self.domain_of(source, record),
            category_id: record.category,
            category: self.category_of(source, record),
            color: record.color.map(i64::from),
            range_id: record.range_id,
            payload_type,
            payload_int: payload.and_then(|(_, value)| match value {
                ArgValue::Int(value) => Some(value),
                ArgValue::UInt(value) => Some(value as i64),
                _ => None,
            }),
            payload_real: payload.and_then(|(_, value)| match value {
                ArgValue::Real(value) => Some(value),
                _ => None,
            }),
            json,
            binary_data: record.binary_data.as_deref().map(|text| self.trace.strings.intern(text)),
            source_row: record.row,
        };
        self.trace.nvtx.push(row);
    }

    pub(super) fn place_api_call(&mut self, event: &Event, record: &ApiRecord, strings: &StringTable) {
        let source = event.source;
        let (name, recorded_name) = self.api_name(source, record.name, strings);
        let category = match record.event_class {
            Some(CLASS_CUDA_DRIVER) => self.words.cuda_driver,
            _ => self.words.cuda_runtime,
        };
        let row = self.thread_row(source, record.thread);
        let label = Label { name, category, arg_set_id: None, source_row: record.row };
        let slice_id = self.place_on_row(row, event, label);
        let is_graph_launch = self.trace.strings.get(name).contains("GraphLaunch");
        let call = self.trace.api_calls.push(ApiCallRow {
            correlation: record.correlation,
            is_graph_launch,
            recorded_name,
            return_value: record.return_value,
            ..ApiCallRow::new(slice_id)
        });
        if let Some(stack) = record.callchain.filter(|&stack| stack != 0) {
            self.api_stacks.push((source, stack, call));
        }
    }

    /// Name of a call for people, and as recorded.
    fn api_name(&mut self, source: u32, id: Option<TextId>, strings: &StringTable) -> (StringId, Option<StringId>) {
        let recorded = self.text(source, strings, id);
        let (Some(recorded), Some(id)) = (recorded, id) else { return (self.words.no_name, None) };
        if let Some(&known) = self.api_names.get(&(source, id)) {
            return known;
        }
        let name = without_version(self.trace.strings.get(recorded)).to_owned();
        let names = (self.trace.strings.intern(&name), Some(recorded));
        self.api_names.insert((source, id), names);
        names
    }

    pub(super) fn place_library_call(&mut self, event: &Event, record: &ApiRecord, strings: &StringTable) {
        let category = if is_cublas(record) { self.words.cublas } else { self.words.cudnn };
        let name = self.text(event.source, strings, record.name).unwrap_or(self.words.no_name);
        let row = self.thread_row(event.source, record.thread);
        self.place_on_row(row, event, Label { name, category, arg_set_id: None, source_row: record.row });
    }

    pub(super) fn place_osrt_call(&mut self, event: &Event, record: &OsrtRecord, strings: &StringTable) {
        let source = event.source;
        let name = self.text(source, strings, record.name).unwrap_or(self.words.no_name);
        let arg_set_id = self.osrt_args(source, record);
        let label = Label { name, category: self.words.osrt, arg_set_id, source_row: record.row };
        // That tracing begins and ends is said of a process as a whole.
        let thread = record.thread.unwrap_or_default();
        let slice_id = if record.event_class != Some(CLASS_OSRT) && thread.tid() == 0 {
            let upid = self.process(source, thread.process());
            let track = self.instant_track(upid);
            self.place_on_track(track, event, label)
        } else {
            let row = self.thread_row(source, record.thread);
            self.place_on_row(row, event, label)
        };
        let row = self.trace.osrt.push(OsrtRow {
            slice_id,
            event_class: unsigned(record.event_class),
            return_value: record.return_value,
            nesting_level: unsigned(record.nesting_level),
            callsite_id: None,
        });
        if let Some(stack) = record.callchain.filter(|&stack| stack != 0) {
            self.osrt_stacks.push((source, stack, row));
        }
    }

    pub(super) fn place_cupti_overhead(&mut self, event: &Event, record: &CuptiOverheadRecord, strings: &StringTable) {
        let slice_id = self.place_overhead(event, record.name, record.thread, record.row, strings);
        self.trace.overheads.push(OverheadRow {
            slice_id,
            is_cupti: true,
            overhead_type: unsigned(record.overhead_type),
            correlation: record.correlation,
            return_value: None,
        });
    }

    pub(super) fn place_profiler_overhead(
        &mut self,
        event: &Event,
        record: &ProfilerOverheadRecord,
        strings: &StringTable,
    ) {
        let slice_id = self.place_overhead(event, record.name, record.thread, record.row, strings);
        self.trace.overheads.push(OverheadRow {
            slice_id,
            is_cupti: false,
            overhead_type: unsigned(record.overhead_type),
            correlation: None,
            return_value: record.return_value,
        });
    }

    fn place_overhead(
        &mut self,
        event: &Event,
        name: Option<TextId>,
        thread: Option<GlobalId>,
        source_row: i64,
        strings: &StringTable,
    ) -> SliceId {
        let name = self.text(event.source, strings, name).unwrap_or(self.words.no_name);
        let row = self.thread_row(event.source, thread);
        let label = Label { name, category: self.words.overhead, arg_set_id: None, source_row };
        self.place_on_row(row, event, label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_the_interface_are_no_part_of_a_name() {
        let cases = [
            ("cudaLaunchKernel_v7000", "cudaLaunchKernel"),
            ("cudaLaunchKernelExC_v11060", "cudaLaunchKernelExC"),
            ("cuMemAlloc_v2", "cuMemAlloc_v2"),
            ("cuStreamBeginCapture_v2_ptsz", "cuStreamBeginCapture_v2_ptsz"),
            ("cuLaunchKernel", "cuLaunchKernel"),
            ("x_v", "x_v"),
            ("x_v70a0", "x_v70a0"),
        ];
        for (recorded, name) in cases {
            assert_eq!(without_version(recorded), name);
        }
    }
}
