//! From the tables of a trace to lists of activities.
//!
//! A trace of Nsight Systems says itself what a range, a call and a process is. A PyTorch trace says it in other words:
//! its user annotations are its ranges, the process of GPU work is that of the call which launched it, and the kinds of
//! memory of a copy are in its name. Times are as the file writes them, so that reports and the file can be compared.

use hashbrown::HashMap;
use kinetoscope_model::table::{GpuOpKind, GpuOpRow, NvtxType};
use kinetoscope_model::{ProcessId, SliceId, StringId, Trace};

use super::activity::{
    ApiCall, CopyKind, Dense, Device, Kernel, MemoryKind, MemoryOp, NvtxRange, OsCall, Overhead, PageFault, Place,
    RangeStyle, Thread,
};

/// Class of an event of the OS runtime that is a call.
const OS_CALL_CLASS: u32 = 27;

/// Category of the ranges of a PyTorch trace that are pushed and popped on a thread.
const ANNOTATION_CATEGORY: &str = "user_annotation";

/// Metadata key of each table of a capture that is there and holds no events.
const EMPTY_TABLE_KEY: &str = "nsys.empty_table";

/// Metadata key of each table of a capture that holds events which are not read.
const UNREAD_TABLE_KEY: &str = "nsys.unread_table";

/// Metadata key of each table of a capture whose events are slices and nothing else.
const OTHER_TABLE_KEY: &str = "nsys.other_table";

/// What leads from trace time to the file's times.
pub(super) fn shift(trace: &Trace) -> i64 {
    trace.clock.file_offset_ns
}

pub(super) fn processes(trace: &Trace) -> Vec<i64> {
    trace.processes.rows().map(|row| row.pid).collect()
}

pub(super) fn threads(trace: &Trace) -> Vec<Thread> {
    let thread = |row: kinetoscope_model::table::ThreadRow| Thread {
        process: row.upid.0,
        tid: row.tid,
        name: row.name,
        priority: row.priority,
    };
    trace.threads.rows().map(thread).collect()
}

pub(super) fn devices(trace: &Trace) -> Vec<Device> {
    trace.devices.rows().map(|row| Device { ordinal: row.ordinal, name: row.name }).collect()
}

/// Where one slice is.
struct Spot {
    start: i64,
    end: i64,
    name: StringId,
    thread: Option<Dense>,
    /// Where in the input it came from, by which slices of one start are told apart.
    order: i64,
}

fn spot(trace: &Trace, id: SliceId) -> Spot {
    let row = trace.slices.row(id.index());
    let start = row.ts + shift(trace);
    Spot {
        start,
        end: start + row.dur.max(0),
        name: row.name,
        thread: trace.tracks.utid.get(row.track_id.index()).map(|utid| utid.0),
        order: row.source_offset,
    }
}

/// Puts rows in the order of their starts, those of one start in the order of the input.
fn in_start_order<T>(mut rows: Vec<(i64, i64, T)>) -> Vec<T> {
    rows.sort_by_key(|(start, order, _)| (*start, *order));
    rows.into_iter().map(|(.., row)| row).collect()
}

/// `list`, or `None` when it is empty and the capture does not have `table` either.
fn unless_missing<T>(trace: &Trace, list: Vec<T>, table: &str) -> Option<Vec<T>> {
    (!list.is_empty() || has_table(trace, EMPTY_TABLE_KEY, table)).then_some(list)
}

/// True when the metadata lists a table whose name begins with `start` under `key`.
fn has_table(trace: &Trace, key: &str, start: &str) -> bool {
    let is_listed = |row: &kinetoscope_model::table::MetadataRow| {
        trace.text(row.name) == key && trace.text_or_empty(row.str_value).starts_with(start)
    };
    trace.metadata.rows().any(|row| is_listed(&row))
}

/// What is known of tables that are not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// There are none.
    Missing,
    /// They hold nothing.
    Empty,
    /// They hold events.
    Filled,
}

/// What is known of the tables whose names begin with `start`.
pub(super) fn unread(trace: &Trace, start: &str) -> Unread {
    if has_table(trace, UNREAD_TABLE_KEY, start) || has_table(trace, OTHER_TABLE_KEY, start) {
        Unread::Filled
    } else if has_table(trace, EMPTY_TABLE_KEY, start) {
        Unread::Empty
    } else {
        Unread::Missing
    }
}

pub(super) fn api_calls(trace: &Trace) -> Option<Vec<ApiCall>> {
    let mut rows = Vec::with_capacity(trace.api_calls.len());
    for row in trace.api_calls.rows() {
        let Spot { start, end, name, thread, order } = spot(trace, row.slice_id);
        let Some(thread) = thread else { continue };
        let name = row.recorded_name.unwrap_or(name);
        let call = ApiCall { start, end, name, thread, correlation: row.correlation, result: row.return_value };
        rows.push((start, order, call));
    }
    unless_missing(trace, in_start_order(rows), "CUPTI_ACTIVITY_KIND_RUNTIME")
}

/// The GPU work of a kind, with its place and its name.
fn work(trace: &Trace, kind: GpuOpKind) -> Vec<(i64, i64, (GpuOpRow, Place, StringId))> {
    let launchers = launchers(trace);
    let of_kind = trace.gpu_ops.rows().enumerate().filter(|(_, row)| row.kind == kind);
    of_kind
        .map(|(index, row)| {
            let Spot { start, end, name, order, .. } = spot(trace, row.slice_id);
            let place = Place {
                start,
                end,
                process: row.upid.or_else(|| launchers.get(index).copied().flatten()).map(|upid| upid.0),
                device: row.device_id.0,
                context: row.context,
                // 0 stands for none.
                green_context: row.green_context.filter(|&context| context != 0),
                stream: Some(trace.streams.stream.get(row.stream_id.index())),
                correlation: row.correlation,
            };
            (start, order, (row, place, name))
        })
        .collect()
}

/// The process that launched each row of `gpu_op`; nothing where every row says its process itself.
pub fn launchers(trace: &Trace) -> Vec<Option<ProcessId>> {
    if trace.gpu_ops.upid.iter().all(|upid| upid.is_some()) {
        return Vec::new();
    }
    let mut launchers = vec![None; trace.gpu_ops.len()];
    for launch in trace.launches.rows() {
        let track = trace.slices.track_id.get(launch.api_slice_id.index());
        if let Some(launcher) = launchers.get_mut(launch.gpu_op_id as usize) {
            *launcher = trace.tracks.upid.get(track.index());
        }
    }
    launchers
}

pub(super) fn kernels(trace: &Trace) -> Option<Vec<Kernel>> {
    let kernel = |(row, place, name): (GpuOpRow, Place, StringId)| Kernel {
        place,
        name,
        short_name: row.short_name,
        mangled_name: row.mangled_name,
        grid: [row.grid_x, row.grid_y, row.grid_z],
        block: [row.block_x, row.block_y, row.block_z],
        registers: row.registers_per_thread,
        static_shared_memory: row.static_shared_memory,
        dynamic_shared_memory: row.dynamic_shared_memory,
    };
    let rows = in_start_order(work(trace, GpuOpKind::Kernel)).into_iter().map(kernel).collect();
    unless_missing(trace, rows, "CUPTI_ACTIVITY_KIND_KERNEL")
}

pub(super) fn memcpys(trace: &Trace) -> Option<Vec<MemoryOp>> {
    let memcpy = |(row, place, name): (GpuOpRow, Place, StringId)| {
        let (named_src, named_dst) = named_kinds(trace.text(name));
        let copy = match row.copy_kind_id {
            Some(number) => CopyKind::from_number(number),
            None => CopyKind::from_word(trace.text_or_empty(row.copy_kind)),
        };
        MemoryOp {
            place,
            copy: Some(copy),
            bytes: row.bytes,
            src_kind: row.src_memory_kind.and_then(MemoryKind::from_number).or(named_src),
            dst_kind: row.dst_memory_kind.and_then(MemoryKind::from_number).or(named_dst),
            address: row.virtual_address,
            devices: row.src_device.zip(row.dst_device),
        }
    };
    let rows = in_start_order(work(trace, GpuOpKind::Memcpy)).into_iter().map(memcpy).collect();
    unless_missing(trace, rows, "CUPTI_ACTIVITY_KIND_MEMCPY")
}

pub(super) fn memsets(trace: &Trace) -> Option<Vec<MemoryOp>> {
    let memset = |(row, place, name): (GpuOpRow, Place, StringId)| MemoryOp {
        place,
        copy: None,
        bytes: row.bytes,
        src_kind: row.dst_memory_kind.and_then(MemoryKind::from_number).or(named_kinds(trace.text(name)).0),
        dst_kind: None,
        address: None,
        devices: None,
    };
    let rows = in_start_order(work(trace, GpuOpKind::Memset)).into_iter().map(memset).collect();
    unless_missing(trace, rows, "CUPTI_ACTIVITY_KIND_MEMSET")
}

/// The kinds of memory in a name such as `Memcpy HtoD (Pinned -> Device)` or `Memset (Device)`.
fn named_kinds(name: &str) -> (Option<MemoryKind>, Option<MemoryKind>) {
    let Some((_, kinds)) = name.strip_suffix(')').and_then(|name| name.rsplit_once('(')) else { return (None, None) };
    let (src, dst) = kinds.split_once(" -> ").map_or((kinds, None), |(src, dst)| (src, Some(dst)));
    (MemoryKind::from_word(src), dst.and_then(MemoryKind::from_word))
}

pub(super) fn nvtx_ranges(trace: &Trace) -> Option<Vec<NvtxRange>> {
    let mut rows = Vec::new();
    let shift = shift(trace);
    let mut last_time = i64::MIN;
    let mut unended = Vec::new();
    for row in trace.nvtx.rows() {
        last_time = last_time.max(row.ts + shift);
        let dur = row.slice_id.map_or(0, |slice| trace.slices.dur.get(slice.index()));
        let (start, end) = (row.ts + shift, row.ts + shift + dur.max(0));
        last_time = last_time.max(end);
        if !row.r#type.is_range() {
            continue;
        }
        if dur < 0 {
            unended.push(rows.len());
        }
        let style = match row.r#type {
            NvtxType::StartEnd | NvtxType::ImportedStartEnd => RangeStyle::StartEnd,
            _ => RangeStyle::PushPop,
        };
        let range = NvtxRange {
            start,
            end,
            style,
            domain: row.domain,
            name: row.text,
            thread: row.utid.map(|utid| utid.0),
            ends_elsewhere: row.end_utid.is_some_and(|end| row.utid != Some(end)),
            id: row.source_row,
        };
        rows.push((start, row.source_row, range));
    }
    for index in unended {
        rows[index].2.end = last_time;
    }
    annotations(trace, &mut rows);
    unless_missing(trace, in_start_order(rows), "NVTX_EVENTS")
}

/// Adds what a PyTorch trace has instead of ranges.
fn annotations(trace: &Trace, rows: &mut Vec<(i64, i64, NvtxRange)>) {
    // Categories are few, so their texts are looked at once each.
    let mut known: HashMap<StringId, bool> = HashMap::new();
    for (index, category) in trace.slices.category.iter().enumerate() {
        let Some(category) = category else { continue };
        if !*known.entry(category).or_insert_with(|| trace.text(category) == ANNOTATION_CATEGORY) {
            continue;
        }
        let id = SliceId::from_index(index);
        let Spot { start, end, name, thread, order } = spot(trace, id);
        let range = NvtxRange {
            start,
            end,
            style: RangeStyle::PushPop,
            domain: None,
            name: Some(name),
            thread,
            ends_elsewhere: false,
            id: i64::from(id.0),
        };
        rows.push((start, order, range));
    }
}

pub(super) fn os_calls(trace: &Trace) -> Option<Vec<OsCall>> {
    let mut rows = Vec::with_capacity(trace.osrt.len());
    for row in trace.osrt.rows().filter(|row| row.event_class.is_none_or(|class| class == OS_CALL_CLASS)) {
        let Spot { start, end, name, thread, order } = spot(trace, row.slice_id);
        let Some(thread) = thread else { continue };
        rows.push((start, order, OsCall { start, end, name, thread }));
    }
    unless_missing(trace, in_start_order(rows), "OSRT_API")
}

/// The slices of threads of a category, as calls; nothing when there are none.
pub(super) fn calls_of(trace: &Trace, category: &str) -> Option<Vec<OsCall>> {
    let category = trace.strings.find(category)?;
    let mut rows = Vec::new();
    for slice in (0..trace.slices.len()).filter(|&row| trace.slices.category.get(row) == Some(category)) {
        let Spot { start, end, name, thread, order } = spot(trace, SliceId::from_index(slice));
        let Some(thread) = thread else { continue };
        rows.push((start, order, OsCall { start, end, name, thread }));
    }
    (!rows.is_empty()).then(|| in_start_order(rows))
}

pub(super) fn overheads(trace: &Trace) -> Vec<Overhead> {
    let mut rows = Vec::new();
    for row in trace.overheads.rows().filter(|row| !row.is_cupti) {
        let Spot { start, end, name, thread, .. } = spot(trace, row.slice_id);
        let Some(thread) = thread else { continue };
        rows.push(Overhead { start, end, process: trace.threads.upid.get(thread as usize).0, name });
    }
    rows
}

pub(super) fn page_faults(trace: &Trace, is_cpu: bool) -> Option<Vec<PageFault>> {
    let fault = |row: kinetoscope_model::table::UmPageFaultRow| PageFault {
        start: row.ts + shift(trace),
        process: row.upid.map(|upid| upid.0),
        address: row.address,
        instruction: row.pc,
        count: row.num_faults.unwrap_or(1),
    };
    let rows = trace.um_page_faults.rows().filter(|row| row.is_cpu == is_cpu).map(fault).collect();
    let table = if is_cpu { "CUDA_UM_CPU_PAGE_FAULT_EVENTS" } else { "CUDA_UM_GPU_PAGE_FAULT_EVENTS" };
    unless_missing(trace, rows, table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_memory_are_read_from_names() {
        assert_eq!(
            named_kinds("Memcpy HtoD (Pageable -> Device)"),
            (Some(MemoryKind::Pageable), Some(MemoryKind::Device))
        );
        assert_eq!(named_kinds("Memset (Device)"), (Some(MemoryKind::Device), None));
        assert_eq!(named_kinds("Memcpy DtoD (Device -> Device)").1, Some(MemoryKind::Device));
        assert_eq!(named_kinds("CUDA memcpy"), (None, None));
    }
}
