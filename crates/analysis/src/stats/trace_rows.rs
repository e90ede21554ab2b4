//! Traces: a row for each call, each piece of GPU work, or each range, in the order of their starts.

use std::fmt::Write as _;
use std::rc::Rc;

use super::Context;
use super::activity::{Device, Kernel, MemoryKind, MemoryOp, NvtxRange, Place, RangeStyle};
use super::containment::parents;
use super::kernel_name::KernelNames;
use super::label::Labels;
use super::report_table::{Cell, Rows, Table, Unit};
use super::request::ReportRequest;

type Outcome<'a> = Option<Box<dyn Table + 'a>>;

/// `cuda_api_trace`.
pub(super) fn cuda_api<'a>(context: &Context<'a>) -> Outcome<'a> {
    struct Row<'a> {
        call: &'a super::activity::ApiCall,
        label: Rc<str>,
    }
    let activities = context.activities;
    let mut labels = Labels::new(activities.trace, context.options);
    let rows = activities.api_calls()?.iter().map(|call| {
        let label = labels.of_api(call.name);
        Row { call, label: labels.text(label) }
    });
    let thread = |row: &Row<'_>| activities.threads[row.call.thread as usize];
    let table = Rows::new(rows.collect())
        .column("Start", Unit::Nanos, |row: &Row<'_>| Cell::Int(row.call.start))
        .column("Duration", Unit::Nanos, |row| Cell::Int(row.call.end - row.call.start))
        .column("Name", Unit::Text, |row| Cell::text(&row.label))
        .column("Result", Unit::None, |row| Cell::int(row.call.result))
        .column("CorrID", Unit::None, |row| Cell::int(row.call.correlation))
        .column("Pid", Unit::None, move |row| Cell::Int(activities.processes[thread(row).process as usize]))
        .column("Tid", Unit::None, move |row| Cell::Int(thread(row).tid))
        .column("T-Pri", Unit::None, move |row| Cell::int(thread(row).priority))
        .column("Thread Name", Unit::Text, move |row| {
            thread(row).name.map_or(Cell::Empty, |name| Cell::Text(activities.trace.text(name).to_owned().into()))
        });
    Some(Box::new(table))
}

/// A row of `cuda_gpu_trace`.
struct GpuRow<'a> {
    place: &'a Place,
    kernel: Option<&'a Kernel>,
    memory: Option<&'a MemoryOp>,
    label: Rc<str>,
}

/// `cuda_gpu_trace`.
pub(super) fn gpu<'a>(context: &Context<'a>, request: &ReportRequest) -> Outcome<'a> {
    let activities = context.activities;
    let (kernels, memory_ops) = (activities.kernels(), activities.memory_ops());
    if kernels.is_none() && memory_ops.is_none() {
        return None;
    }
    let mut names = KernelNames::new(context, request);
    let mut rows = Vec::new();
    for (index, kernel) in kernels.unwrap_or_default().iter().enumerate() {
        let label = names.label(index, kernel);
        let label = names.labels.text(label);
        rows.push(GpuRow { place: &kernel.place, kernel: Some(kernel), memory: None, label });
    }
    for op in memory_ops.into_iter().flatten() {
        let label = names.labels.of_static(op.label());
        rows.push(GpuRow { place: &op.place, kernel: None, memory: Some(op), label: names.labels.text(label) });
    }
    rows.sort_by_key(|row| row.place.start);
    let mut table = Rows::new(rows)
        .column("Start", Unit::Nanos, |row: &GpuRow<'_>| Cell::Int(row.place.start))
        .column("Duration", Unit::Nanos, |row| Cell::Int(row.place.dur()))
        .column("CorrId", Unit::None, |row| Cell::int(row.place.correlation));
    for (axis, (grid_name, _)) in AXES.into_iter().enumerate() {
        table =
            table.column(grid_name, Unit::None, move |row| Cell::int(row.kernel.and_then(|kernel| kernel.grid[axis])));
    }
    for (axis, (_, block_name)) in AXES.into_iter().enumerate() {
        table = table
            .column(block_name, Unit::None, move |row| Cell::int(row.kernel.and_then(|kernel| kernel.block[axis])));
    }
    let trace = activities.trace;
    let kind = |kind: MemoryKind| Cell::text(kind.word());
    let table = table
        .column("Reg/Trd", Unit::None, |row| Cell::int(row.kernel.and_then(|kernel| kernel.registers)))
        .column("StcSMem", Unit::Bytes, |row| Cell::int(row.kernel.and_then(|kernel| kernel.static_shared_memory)))
        .column("DymSMem", Unit::Bytes, |row| Cell::int(row.kernel.and_then(|kernel| kernel.dynamic_shared_memory)))
        .column("Bytes", Unit::Bytes, |row| Cell::int(row.memory.and_then(|op| op.bytes)))
        .column("Throughput", Unit::BytesPerSecond, |row| Cell::int(row.memory.and_then(throughput)))
        .column("SrcMemKd", Unit::Text, move |row| row.memory.and_then(|op| op.src_kind).map_or(Cell::Empty, kind))
        .column("DstMemKd", Unit::Text, move |row| row.memory.and_then(|op| op.dst_kind).map_or(Cell::Empty, kind))
        .column("Device", Unit::Text, move |row| {
            let Device { ordinal, name } = activities.devices[row.place.device as usize];
            let name = name.map_or("GPU", |name| trace.text(name));
            Cell::Text(format!("{name} ({ordinal})").into())
        })
        .column("Ctx", Unit::None, |row| Cell::int(row.place.context))
        .column("GreenCtx", Unit::None, |row| Cell::int(row.place.green_context))
        .column("Strm", Unit::None, |row| Cell::int(row.place.stream))
        .column("Name", Unit::Text, |row| Cell::text(&row.label));
    Some(Box::new(table))
}

/// Headings of a grid's and of a block's sizes.
const AXES: [(&str, &str); 3] = [("GrdX", "BlkX"), ("GrdY", "BlkY"), ("GrdZ", "BlkZ")];

/// Bytes per second: nsys divides a second by the duration first, in whole numbers.
fn throughput(op: &MemoryOp) -> Option<i64> {
    const NANOS_PER_SEC: i64 = 1_000_000_000;
    op.bytes?.checked_mul(NANOS_PER_SEC.checked_div(op.place.dur())?)
}

/// The push/pop ranges as a tree: for each range what is around it, how deep it is, and what its children take.
pub(super) struct RangeTree {
    pub(super) parents: Vec<Option<u32>>,
    pub(super) levels: Vec<u32>,
    pub(super) num_children: Vec<u32>,
    pub(super) children_nanos: Vec<i64>,
}

impl RangeTree {
    pub(super) fn new(ranges: &[NvtxRange]) -> Self {
        let parents = parents(ranges, RangeStyle::PushPop);
        let mut tree = Self {
            levels: vec![0; ranges.len()],
            num_children: vec![0; ranges.len()],
            children_nanos: vec![0; ranges.len()],
            parents,
        };
        // A parent starts no later than its children, and before them in its list where they start together.
        let mut order: Vec<usize> = (0..ranges.len()).collect();
        order.sort_by_key(|&index| (ranges[index].start, std::cmp::Reverse(ranges[index].end), index));
        for index in order {
            if let Some(parent) = tree.parents[index].map(|parent| parent as usize) {
                tree.levels[index] = tree.levels[parent] + 1;
                tree.num_children[parent] += 1;
                tree.children_nanos[parent] += ranges[index].end - ranges[index].start;
            }
        }
        tree
    }

    /// The ids from the outermost range to `index`, each behind a colon.
    pub(super) fn stack(&self, ranges: &[NvtxRange], index: usize) -> String {
        let mut path = vec![index];
        while let Some(parent) = path.last().and_then(|&index| self.parents[index]) {
            path.push(parent as usize);
        }
        let mut stack = String::new();
        for index in path.into_iter().rev() {
            let _ = write!(stack, ":{}", ranges[index].id);
        }
        stack
    }
}

/// `nvtx_pushpop_trace`.
pub(super) fn push_pop_ranges<'a>(context: &Context<'a>) -> Outcome<'a> {
    struct Row {
        index: usize,
        label: Rc<str>,
        level: u32,
        num_children: u32,
        children_nanos: i64,
        parent: Option<u32>,
    }
    let activities = context.activities;
    let ranges = activities.nvtx_ranges()?;
    let tree = RangeTree::new(ranges);
    let mut labels = Labels::new(activities.trace, context.options);
    let mut rows = Vec::new();
    for (index, range) in ranges.iter().enumerate().filter(|(_, range)| range.style == RangeStyle::PushPop) {
        let label = labels.of_range(range);
        rows.push(Row {
            index,
            label: labels.text(label),
            level: tree.levels[index],
            num_children: tree.num_children[index],
            children_nanos: tree.children_nanos[index],
            parent: tree.parents[index],
        });
    }
    let of = move |row: &Row| &ranges[row.index];
    let dur = move |row: &Row| of(row).end - of(row).start;
    let thread = move |row: &Row| of(row).thread.map(|thread| activities.threads[thread as usize]);
    let pid = move |row: &Row| thread(row).map(|thread| activities.processes[thread.process as usize]);
    let table = Rows::new(rows)
        .column("Start", Unit::Nanos, move |row: &Row| Cell::Int(of(row).start))
        .column("End", Unit::Nanos, move |row| Cell::Int(of(row).end))
        .column("Duration", Unit::Nanos, move |row| Cell::Int(dur(row)))
        .column("DurChild", Unit::Nanos, |row| Cell::Int(row.children_nanos))
        .column("DurNonChild", Unit::Nanos, move |row| Cell::Int(dur(row) - row.children_nanos))
        .column("Name", Unit::Text, |row| Cell::text(&row.label))
        .column("PID", Unit::None, move |row| Cell::int(pid(row)))
        .column("TID", Unit::None, move |row| Cell::int(thread(row).map(|thread| thread.tid)))
        .column("Lvl", Unit::None, |row| Cell::Int(row.level.into()))
        .column("NumChild", Unit::None, |row| Cell::Int(row.num_children.into()))
        .column("RangeId", Unit::None, move |row| Cell::Int(of(row).id))
        .column("ParentId", Unit::None, move |row| Cell::int(row.parent.map(|parent| ranges[parent as usize].id)))
        .column("RangeStack", Unit::Text, move |row| Cell::Text(tree.stack(ranges, row.index).into()))
        .column("NameTree", Unit::Text, |row| {
            Cell::Text(format!("{}{}", "--".repeat(row.level as usize), row.label).into())
        });
    Some(Box::new(table))
}
