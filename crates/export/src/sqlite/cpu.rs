//! What happens on CPU threads: CUDA calls, NVTX, the OS runtime, overhead, scheduling.

use kinetoscope_model::StringId;
use kinetoscope_model::table::{NvtxRow, NvtxType, ThreadStateRow};
use kinetoscope_model::{SliceId, ThreadId};

use super::stacks::Chains;
use super::tables::{
    CUBLAS_EVENTS, CUDA_CALLCHAINS, CUDNN_EVENTS, NVTX_EVENTS, OSRT_API, OSRT_CALLCHAINS, OVERHEAD, PROFILER_OVERHEAD,
    RUNTIME, SCHED_EVENTS,
};
use super::writer::Cell;
use super::{Export, is_capture};
use crate::ExportError;

/// Event classes of Nsight.
const CLASS_CUDA_RUNTIME: i64 = 0;
const CLASS_CUDA_DRIVER: i64 = 1;
const CLASS_CUDNN: i64 = 28;
const CLASS_CUBLAS: i64 = 29;
const CLASS_CUPTI_OVERHEAD: i64 = 103;

/// What stands for no stack in `OSRT_API`.
const NO_CHAIN: i64 = 0;

/// Category of the ranges of a PyTorch trace.
const ANNOTATION_CATEGORY: &str = "user_annotation";

/// nsys's number of an NVTX event.
fn event_type(kind: NvtxType) -> i64 {
    match kind {
        NvtxType::CategoryName => 33,
        NvtxType::Mark => 34,
        NvtxType::ThreadName => 39,
        NvtxType::PushPop => 59,
        NvtxType::StartEnd => 60,
        NvtxType::ImportedMark => 65,
        NvtxType::ImportedPushPop => 70,
        NvtxType::ImportedStartEnd => 71,
        NvtxType::DomainCreate => 75,
        NvtxType::DomainDestroy => 76,
    }
}

/// nsys's number of the state in which a thread left the CPU; nothing for one that it has no number for.
fn state_number(state: &str) -> Option<i64> {
    Some(match state {
        "R" | "R+" => 1,
        "S" => 2,
        "D" => 3,
        "T" => 4,
        "X" => 5,
        _ => return None,
    })
}

/// The state of a thread that runs.
const RUNNING: &str = "Running";

impl Export<'_> {
    pub(super) fn write_api_calls(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let numbered = self.numbered_slices(trace.api_calls.slice_id.iter().enumerate());
        if numbered.is_empty() {
            return Ok(());
        }
        let chains = Chains::of(trace.api_calls.callsite_id.iter());
        let mut rows = self.writer.table(&RUNTIME)?;
        for (number, index) in numbered {
            self.progress.add_row()?;
            let call = trace.api_calls.row(index);
            let slice = trace.slices.row(call.slice_id.index());
            let (start, end) = self.whole_times(call.slice_id);
            let is_driver = trace.text_or_empty(slice.category).ends_with("_driver");
            let class = if is_driver { CLASS_CUDA_DRIVER } else { CLASS_CUDA_RUNTIME };
            let name = self.texts.id_of(call.recorded_name.unwrap_or(slice.name), &self.privacy);
            rows.push(
                number,
                [
                    start.into(),
                    end.into(),
                    class.into(),
                    self.thread_of(call.slice_id),
                    call.correlation.into(),
                    name.into(),
                    call.return_value.into(),
                    chains.id(call.callsite_id).into(),
                ],
            )?;
        }
        self.write_chains(&CUDA_CALLCHAINS, &chains)
    }

    /// Calls of cuBLAS and cuDNN, of which the trace has slices only.
    pub(super) fn write_library_calls(&mut self) -> Result<(), ExportError> {
        for (table, category, class) in
            [(&CUBLAS_EVENTS, "cublas", CLASS_CUBLAS), (&CUDNN_EVENTS, "cudnn", CLASS_CUDNN)]
        {
            let numbered = self.numbered_slices(self.slices_of(category).enumerate());
            if numbered.is_empty() {
                continue;
            }
            let slices: Vec<SliceId> = self.slices_of(category).collect();
            let mut rows = self.writer.table(table)?;
            for (number, index) in numbered {
                let slice = slices[index];
                let (start, end) = self.whole_times(slice);
                let name = self.name_of(slice);
                rows.push(number, [start.into(), end.into(), class.into(), self.thread_of(slice), name.into()])?;
            }
        }
        Ok(())
    }

    /// The slices of a category.
    fn slices_of(&self, category: &str) -> impl Iterator<Item = SliceId> + use<'_> {
        let category: Option<StringId> = self.trace.strings.find(category);
        let categories = self.trace.slices.category.iter().enumerate();
        categories
            .filter(move |&(_, found)| category.is_some() && found == category)
            .map(|(index, _)| SliceId::from_index(index))
    }

    pub(super) fn write_overheads(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let of = |is_cupti: bool| {
            let rows = trace.overheads.rows().enumerate().filter(move |(_, row)| row.is_cupti == is_cupti);
            rows.map(|(index, row)| (index, row.slice_id))
        };
        let numbered = self.numbered_slices(of(true));
        if !numbered.is_empty() {
            let mut rows = self.writer.table(&OVERHEAD)?;
            for (number, index) in numbered {
                let row = trace.overheads.row(index);
                let (start, end) = self.whole_times(row.slice_id);
                let name = self.name_of(row.slice_id);
                rows.push(
                    number,
                    [
                        start.into(),
                        end.into(),
                        CLASS_CUPTI_OVERHEAD.into(),
                        self.thread_of(row.slice_id),
                        row.correlation.into(),
                        name.into(),
                        row.overhead_type.into(),
                    ],
                )?;
            }
        }
        let numbered = self.numbered_slices(of(false));
        if !numbered.is_empty() {
            let mut rows = self.writer.table(&PROFILER_OVERHEAD)?;
            for (number, index) in numbered {
                let row = trace.overheads.row(index);
                let (start, end) = self.whole_times(row.slice_id);
                let name = self.name_of(row.slice_id);
                rows.push(
                    number,
                    [
                        start.into(),
                        end.into(),
                        self.thread_of(row.slice_id),
                        name.into(),
                        row.return_value.into(),
                        row.overhead_type.into(),
                    ],
                )?;
            }
        }
        Ok(())
    }

    pub(super) fn write_nvtx(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let numbered = self.numbered(trace.nvtx.source_row.iter().zip(0..).collect());
        let mut next_number = numbered.last().map(|&(number, _)| number + 1);
        if !numbered.is_empty() {
            let mut rows = self.writer.table(&NVTX_EVENTS)?;
            for (number, index) in numbered {
                self.progress.add_row()?;
                rows.push(number, self.nvtx_cells(&trace.nvtx.row(index)))?;
            }
        }
        let annotations: Vec<SliceId> = self.slices_of(ANNOTATION_CATEGORY).collect();
        if annotations.is_empty() {
            return Ok(());
        }
        let mut rows = self.writer.table(&NVTX_EVENTS)?;
        for slice in annotations {
            self.progress.add_row()?;
            let (start, end) = self.times(slice);
            let name = self.name_of(slice);
            // By the number of the slice a range of the one file is found in the other.
            let number = next_number.unwrap_or(i64::from(slice.0));
            next_number = next_number.map(|number| number + 1);
            let mut cells = [const { Cell::Null }; 20];
            cells[0] = start.into();
            cells[1] = end.into();
            cells[2] = event_type(NvtxType::PushPop).into();
            cells[7] = self.thread_of(slice);
            cells[9] = name.into();
            cells[10] = 0i64.into();
            rows.push(number, cells)?;
        }
        Ok(())
    }

    fn nvtx_cells(&mut self, row: &NvtxRow) -> [Cell<'static>; 20] {
        let trace = self.trace;
        let start = self.time(row.ts);
        let end = match row.slice_id {
            Some(slice) if row.r#type.is_range() => self.times(slice).1,
            _ => None,
        };
        let thread = match (row.utid, row.upid) {
            (Some(utid), _) => self.ids.thread(utid).into(),
            (None, upid) => self.process_cell(upid),
        };
        // Scripts look for names of domains, categories and threads among the texts that came with the events.
        let is_given = matches!(row.r#type, NvtxType::CategoryName | NvtxType::ThreadName | NvtxType::DomainCreate);
        let text = row.text.filter(|_| is_given).map(|text| self.privacy.clean(trace.text(text)).into_owned());
        let text_id = row.text.filter(|_| !is_given).map(|text| self.texts.id_of(text, &self.privacy));
        let payload_type = trace.text_or_empty(row.payload_type);
        let int = |name: &str| Cell::from(row.payload_int.filter(|_| payload_type == name));
        let real = |name: &str| Cell::from(row.payload_real.filter(|_| payload_type == name));
        let json = row.json.map(|json| self.privacy.clean(trace.text(json)).into_owned());
        let binary = row.binary_data.map(|data| self.privacy.clean(trace.text(data)).into_owned());
        [
            start.into(),
            end.into(),
            event_type(row.r#type).into(),
            row.range_id.into(),
            row.category_id.into(),
            row.color.into(),
            text.into(),
            thread,
            row.end_utid.map(|utid: ThreadId| self.ids.thread(utid)).into(),
            text_id.into(),
            row.domain_id.into(),
            int("uint64"),
            int("int64"),
            real("double"),
            int("uint32"),
            int("int32"),
            real("float"),
            Cell::Null,
            json.into(),
            binary.into(),
        ]
    }

    pub(super) fn write_osrt(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        let numbered = self.numbered_slices(trace.osrt.slice_id.iter().enumerate());
        if numbered.is_empty() {
            return Ok(());
        }
        let chains = Chains::of(trace.osrt.callsite_id.iter());
        let mut rows = self.writer.table(&OSRT_API)?;
        for (number, index) in numbered {
            self.progress.add_row()?;
            let call = trace.osrt.row(index);
            let (start, end) = self.whole_times(call.slice_id);
            let name = self.name_of(call.slice_id);
            rows.push(
                number,
                [
                    start.into(),
                    end.into(),
                    call.event_class.into(),
                    self.thread_of(call.slice_id),
                    name.into(),
                    call.return_value.into(),
                    call.nesting_level.into(),
                    chains.id(call.callsite_id).unwrap_or(NO_CHAIN).into(),
                ],
            )?;
        }
        self.write_chains(&OSRT_CALLCHAINS, &chains)
    }

    /// Switches in and out, from the states between them.
    pub(super) fn write_scheduling(&mut self) -> Result<(), ExportError> {
        let trace = self.trace;
        if trace.thread_states.is_empty() {
            return Ok(());
        }
        // By thread and time, so that what a thread does next stands beside what it does.
        let mut order: Vec<u32> = (0..trace.thread_states.len() as u32).collect();
        order.sort_by_key(|&row| trace.thread_states.utid.get(row as usize));
        let mut events: Vec<(i64, Switch)> = Vec::with_capacity(order.len());
        for (place, &row) in order.iter().enumerate() {
            let state = trace.thread_states.row(row as usize);
            let next = order.get(place + 1).map(|&row| trace.thread_states.row(row as usize));
            switches(trace.text(state.state), &state, next.as_ref(), &mut events);
        }
        events.sort_by_key(|&(ts, _)| ts);
        let mut rows = self.writer.table(&SCHED_EVENTS)?;
        for (number, (ts, switch)) in (1..).zip(events) {
            self.progress.add_row()?;
            rows.push(
                number,
                [
                    self.time(ts).into(),
                    switch.cpu.into(),
                    switch.is_in.into(),
                    self.ids.thread(switch.utid).into(),
                    switch.state.into(),
                ],
            )?;
        }
        if !is_capture(trace) {
            let unknown = trace.thread_states.state.iter().map(|state| trace.text(state));
            let unknown = unknown.filter(|&state| state != RUNNING && state_number(state).is_none()).count();
            self.omissions.add("names of thread states that nsys has no number for", unknown as u64);
        }
        Ok(())
    }
}

/// A thread that goes on a CPU or leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Switch {
    utid: ThreadId,
    cpu: Option<i64>,
    is_in: bool,
    state: Option<i64>,
}

/// Adds the switches that `state` begins and ends with, unless its end is the begin of the next one of its thread.
fn switches(word: &str, state: &ThreadStateRow, next: Option<&ThreadStateRow>, events: &mut Vec<(i64, Switch)>) {
    let utid = state.utid;
    if word != RUNNING {
        events.push((state.ts, Switch { utid, cpu: state.cpu, is_in: false, state: state_number(word) }));
        return;
    }
    events.push((state.ts, Switch { utid, cpu: state.cpu, is_in: true, state: None }));
    if state.dur < 0 {
        return;
    }
    let end = state.ts + state.dur;
    if next.is_none_or(|next| next.utid != utid || next.ts != end) {
        events.push((end, Switch { utid, cpu: state.cpu, is_in: false, state: None }));
    }
}
