//! Summaries: calls, kernels, copies and ranges grouped by what they are called, the longest total first.
//!
//! All of them are one shape, which differs in what is grouped and in the columns behind the statistics: a pass that
//! gathers durations by a number, and a sort of the groups. Shares are of the listed rows' total, so that parallel threads
//! and nested ranges count each for itself; the share of the clock is an addition that is asked for.

use std::cmp::Reverse;
use std::rc::Rc;

use super::Context;
use super::activity::{MemoryOp, NvtxRange, OsCall, RangeStyle};
use super::duration_statistics::Statistics;
use super::group::Groups;
use super::kernel_name::KernelNames;
use super::label::{LabelId, Labels};
use super::report_table::{Cell, Rows, Table, Unit};
use super::request::ReportRequest;

/// A row of a summary.
#[derive(Debug, Clone)]
pub(super) struct SumRow {
    statistics: Statistics,
    label: Rc<str>,
    /// `CUDA_API`, `CUDA_KERNEL`, `MEMORY_OPER`, or how a range was made.
    category: &'static str,
    grid: [Option<u32>; 3],
    block: [Option<u32>; 3],
}

impl SumRow {
    fn new(statistics: Statistics, label: Rc<str>) -> Self {
        Self { statistics, label, category: "", grid: [None; 3], block: [None; 3] }
    }
}

type Outcome<'a> = Option<Box<dyn Table + 'a>>;

/// Columns with the statistics of durations; the caller adds what names the row.
fn time_columns<'a>(rows: Vec<SumRow>, count_name: &'static str, context: &Context<'_>) -> Rows<'a, SumRow> {
    let total = rows.iter().fold(0_i128, |total, row| total + i128::from(row.statistics.total)) as f64;
    let share =
        move |row: &SumRow, whole: f64| Cell::real((whole > 0.0).then(|| row.statistics.total as f64 * 100.0 / whole));
    let wall = context.wall_nanos as f64;
    let options = context.options;
    Rows::new(rows)
        .column("Time", Unit::Percent, move |row| share(row, total))
        .column_if(options.wall, "Wall", Unit::Percent, move |row| share(row, wall))
        .column("Total Time", Unit::Nanos, |row| Cell::Int(row.statistics.total))
        .column(count_name, Unit::None, |row| Cell::Int(row.statistics.count as i64))
        .column("Avg", Unit::Nanos, |row| Cell::Real(row.statistics.average))
        .column("Med", Unit::Nanos, |row| Cell::Real(row.statistics.median))
        .column_if(options.percentiles, "P90", Unit::Nanos, |row| Cell::Int(row.statistics.p90))
        .column_if(options.percentiles, "P99", Unit::Nanos, |row| Cell::Int(row.statistics.p99))
        .column("Min", Unit::Nanos, |row| Cell::Int(row.statistics.min))
        .column("Max", Unit::Nanos, |row| Cell::Int(row.statistics.max))
        .column("StdDev", Unit::Nanos, |row| Cell::Real(row.statistics.deviation))
}

/// The longest total first. Rows of one total stay as they were.
fn by_total(rows: &mut [SumRow]) {
    rows.sort_by_key(|row| Reverse(row.statistics.total));
}

/// The longest total first, then the one with more of them, then by name.
fn by_total_count_and_name(rows: &mut [SumRow]) {
    rows.sort_by(|a, b| {
        let key = |row: &SumRow| (Reverse(row.statistics.total), Reverse(row.statistics.count));
        key(a).cmp(&key(b)).then_with(|| a.label.cmp(&b.label)).then_with(|| (a.grid, a.block).cmp(&(b.grid, b.block)))
    });
}

/// The longest total first, then by name.
fn by_total_and_name(rows: &mut [SumRow]) {
    rows.sort_by(|a, b| {
        let key = |row: &SumRow| Reverse(row.statistics.total);
        key(a).cmp(&key(b)).then_with(|| a.label.cmp(&b.label)).then_with(|| a.category.cmp(b.category))
    });
}

/// `cuda_api_sum`.
pub(super) fn cuda_api<'a>(context: &Context<'a>) -> Outcome<'a> {
    let calls = context.activities.api_calls()?;
    let mut labels = Labels::new(context.activities.trace, context.options);
    // Calls of two versions are two rows, though they are called the same, unless all versions are to go.
    let mut groups = Groups::new();
    for call in calls {
        let label = labels.of_api(call.name);
        let version = if context.options.strip_suffixes { None } else { Some(call.name) };
        groups.add((label, version), call.end - call.start);
    }
    let mut rows: Vec<SumRow> =
        groups.into_statistics().map(|((label, _), statistics)| SumRow::new(statistics, labels.text(label))).collect();
    by_total(&mut rows);
    let table = time_columns(rows, "Num Calls", context).column("Name", Unit::Text, |row| Cell::text(&row.label));
    Some(Box::new(table))
}

/// `osrt_sum`.
pub(super) fn os_runtime<'a>(context: &Context<'a>) -> Outcome<'a> {
    calls_by_name(context, context.activities.os_calls()?, "Num Calls")
}

/// `openmp_sum`, `openacc_sum`: calls of an interface by their names.
pub(super) fn calls_of<'a>(context: &Context<'a>, category: &str) -> Outcome<'a> {
    calls_by_name(context, &context.activities.calls_of(category)?, "Count")
}

fn calls_by_name<'a>(context: &Context<'a>, calls: &[OsCall], count: &'static str) -> Outcome<'a> {
    let mut labels = Labels::new(context.activities.trace, context.options);
    let mut groups = Groups::new();
    for call in calls {
        groups.add(labels.of_name(call.name), call.end - call.start);
    }
    let mut rows = rows_of(groups, &labels);
    by_total(&mut rows);
    let table = time_columns(rows, count, context).column("Name", Unit::Text, |row| Cell::text(&row.label));
    Some(Box::new(table))
}

fn rows_of(groups: Groups<LabelId>, labels: &Labels<'_>) -> Vec<SumRow> {
    groups.into_statistics().map(|(label, statistics)| SumRow::new(statistics, labels.text(label))).collect()
}

/// `cuda_gpu_kern_sum`.
pub(super) fn kernels<'a>(context: &Context<'a>, request: &ReportRequest) -> Outcome<'a> {
    let kernels = context.activities.kernels()?;
    let mut names = KernelNames::new(context, request);
    let mut groups = Groups::new();
    for (index, kernel) in kernels.iter().enumerate() {
        groups.add(names.label(index, kernel), kernel.place.dur());
    }
    let mut rows = rows_of(groups, &names.labels);
    by_total_count_and_name(&mut rows);
    let table = time_columns(rows, "Instances", context).column("Name", Unit::Text, |row| Cell::text(&row.label));
    Some(Box::new(table))
}

/// `cuda_gpu_kern_gb_sum`.
pub(super) fn kernels_by_grid<'a>(context: &Context<'a>, request: &ReportRequest) -> Outcome<'a> {
    let kernels = context.activities.kernels()?;
    let mut names = KernelNames::new(context, request);
    let mut groups = Groups::new();
    for (index, kernel) in kernels.iter().enumerate() {
        groups.add((names.label(index, kernel), kernel.grid, kernel.block), kernel.place.dur());
    }
    let rows = groups.into_statistics().map(|((label, grid, block), statistics)| SumRow {
        grid,
        block,
        ..SumRow::new(statistics, names.labels.text(label))
    });
    let mut rows: Vec<SumRow> = rows.collect();
    by_total_count_and_name(&mut rows);
    let table = time_columns(rows, "Instances", context)
        .column("GridXYZ", Unit::Text, |row| dimensions(row.grid))
        .column("BlockXYZ", Unit::Text, |row| dimensions(row.block))
        .column("Name", Unit::Text, |row| Cell::text(&row.label));
    Some(Box::new(table))
}

/// Three numbers as one text, each at least four wide.
pub(super) fn dimensions<'a>(dimensions: [Option<u32>; 3]) -> Cell<'a> {
    match dimensions {
        [Some(x), Some(y), Some(z)] => Cell::Text(format!("{x:>4} {y:>4} {z:>4}").into()),
        _ => Cell::Empty,
    }
}

/// `cuda_gpu_mem_time_sum`.
pub(super) fn memory_times<'a>(context: &Context<'a>) -> Outcome<'a> {
    let mut rows = memory_rows(context, |op| Some(op.place.dur()))?;
    by_total_and_name(&mut rows);
    let table = time_columns(rows, "Count", context).column("Operation", Unit::Text, |row| Cell::text(&row.label));
    Some(Box::new(table))
}

/// `cuda_gpu_mem_size_sum`.
pub(super) fn memory_sizes<'a>(context: &Context<'a>) -> Outcome<'a> {
    let mut rows = memory_rows(context, |op| op.bytes)?;
    by_total_and_name(&mut rows);
    let options = context.options;
    let table = Rows::new(rows)
        .column("Total", Unit::Bytes, |row: &SumRow| Cell::Int(row.statistics.total))
        .column("Count", Unit::None, |row| Cell::Int(row.statistics.count as i64))
        .column("Avg", Unit::Bytes, |row| Cell::Real(row.statistics.average))
        .column("Med", Unit::Bytes, |row| Cell::Real(row.statistics.median))
        .column_if(options.percentiles, "P90", Unit::Bytes, |row| Cell::Int(row.statistics.p90))
        .column_if(options.percentiles, "P99", Unit::Bytes, |row| Cell::Int(row.statistics.p99))
        .column("Min", Unit::Bytes, |row| Cell::Int(row.statistics.min))
        .column("Max", Unit::Bytes, |row| Cell::Int(row.statistics.max))
        .column("StdDev", Unit::Bytes, |row| Cell::Real(row.statistics.deviation))
        .column("Operation", Unit::Text, |row| Cell::text(&row.label));
    Some(Box::new(table))
}

fn memory_rows(context: &Context<'_>, value: impl Fn(&MemoryOp) -> Option<i64>) -> Option<Vec<SumRow>> {
    let mut groups = Groups::new();
    for op in context.activities.memory_ops()? {
        if let Some(value) = value(op) {
            groups.add(op.label(), value);
        }
    }
    Some(groups.into_statistics().map(|(label, statistics)| SumRow::new(statistics, label.into())).collect())
}

const CUDA_API: &str = "CUDA_API";
const CUDA_KERNEL: &str = "CUDA_KERNEL";
const MEMORY_OPER: &str = "MEMORY_OPER";

/// `cuda_gpu_sum`, and with calls `cuda_api_gpu_sum`.
pub(super) fn gpu<'a>(context: &Context<'a>, request: &ReportRequest, has_calls: bool) -> Outcome<'a> {
    let activities = context.activities;
    let kernels = activities.kernels();
    let calls = if has_calls { activities.api_calls() } else { None };
    let mut names = KernelNames::new(context, request);
    let mut groups = Groups::new();
    for call in calls.unwrap_or_default() {
        groups.add((CUDA_API, names.labels.of_api(call.name)), call.end - call.start);
    }
    for (index, kernel) in kernels.unwrap_or_default().iter().enumerate() {
        groups.add((CUDA_KERNEL, names.label(index, kernel)), kernel.place.dur());
    }
    let memory_ops = activities.memory_ops();
    if calls.is_none() && kernels.is_none() && memory_ops.is_none() {
        return None;
    }
    for op in memory_ops.into_iter().flatten() {
        groups.add((MEMORY_OPER, names.labels.of_static(op.label())), op.place.dur());
    }
    let rows = groups.into_statistics().map(|((category, label), statistics)| SumRow {
        category,
        ..SumRow::new(statistics, names.labels.text(label))
    });
    let mut rows: Vec<SumRow> = rows.collect();
    by_total_and_name(&mut rows);
    let table = time_columns(rows, "Instances", context)
        .column("Category", Unit::Text, |row| Cell::text(row.category))
        .column("Operation", Unit::Text, |row| Cell::text(&row.label));
    Some(Box::new(table))
}

/// `nvtx_sum` and its parts.
pub(super) fn ranges<'a>(context: &Context<'a>, style: Option<RangeStyle>) -> Outcome<'a> {
    let ranges = context.activities.nvtx_ranges()?;
    let mut labels = Labels::new(context.activities.trace, context.options);
    let mut groups = Groups::new();
    let is_wanted = |range: &&NvtxRange| style.is_none_or(|style| style == range.style);
    for range in ranges.iter().filter(is_wanted) {
        groups.add((labels.of_range(range), range.style), range.end - range.start);
    }
    let rows = groups.into_statistics().map(|((label, style), statistics)| SumRow {
        category: style.word(),
        ..SumRow::new(statistics, labels.text(label))
    });
    let mut rows: Vec<SumRow> = rows.collect();
    by_total_and_name(&mut rows);
    let table = time_columns(rows, "Instances", context)
        .column_if(style.is_none(), "Style", Unit::Text, |row| Cell::text(row.category))
        .column("Range", Unit::Text, |row| Cell::text(&row.label));
    Some(Box::new(table))
}
