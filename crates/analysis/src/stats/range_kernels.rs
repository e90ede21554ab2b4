//! NVTX ranges with the GPU work that was launched inside of them.
//!
//! Work is inside of a range when the call that launched it is: on the range's thread, from its start to its end. All
//! ranges around a call count, from the innermost to the outermost, so the answer may be longer than the trace, but no
//! work is done beyond writing it down: one sweep over calls and ranges ([`super::containment`]).

use std::cmp::Reverse;
use std::rc::Rc;

use hashbrown::HashMap;

use super::Context;
use super::activity::{Place, RangeStyle};
use super::containment::all_around;
use super::duration_statistics::Statistics;
use super::exec::CallsById;
use super::kernel_name::KernelNames;
use super::label::{LabelId, Labels};
use super::report_table::{Cell, Rows, Table, Unit};
use super::request::ReportRequest;
use super::trace_rows::RangeTree;

type Outcome<'a> = Option<Box<dyn Table + 'a>>;

/// A row of `nvtx_kern_sum`.
struct KernelSumRow {
    /// Range and how it was made; `None` for kernels in no range.
    range: Option<(Rc<str>, RangeStyle)>,
    /// Process and thread of the launch, when the launch is known.
    thread: Option<(i64, i64)>,
    num_ranges: i64,
    num_kernels: i64,
    statistics: Statistics,
    kernel: Rc<str>,
}

/// What a group of kernels has in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct KernelKey {
    range: Option<(LabelId, RangeStyle)>,
    thread: Option<u32>,
    kernel: LabelId,
}

#[derive(Default)]
struct KernelGroup {
    durs: Vec<i64>,
    ranges: Vec<u32>,
    num_kernels: i64,
    last_kernel: Option<usize>,
}

/// `nvtx_kern_sum`.
pub(super) fn kernel_sum<'a>(context: &Context<'a>, request: &ReportRequest) -> Outcome<'a> {
    let activities = context.activities;
    let (ranges, kernels, calls) = (activities.nvtx_ranges()?, activities.kernels()?, activities.api_calls()?);
    let by_id = CallsById::new(activities, calls);
    let (starts, around) = all_around(ranges, calls);
    let mut names = KernelNames::new(context, request);
    let mut index_of: HashMap<KernelKey, usize> = HashMap::new();
    let mut groups: Vec<(KernelKey, KernelGroup)> = Vec::new();
    for (index, kernel) in kernels.iter().enumerate() {
        let label = names.label(index, kernel);
        let mut add = |key: KernelKey, range: Option<u32>| {
            let at = *index_of.entry(key).or_insert_with(|| {
                groups.push((key, KernelGroup::default()));
                groups.len() - 1
            });
            let group = &mut groups[at].1;
            group.durs.push(kernel.place.dur());
            group.ranges.extend(range);
            group.num_kernels += i64::from(group.last_kernel != Some(index));
            group.last_kernel = Some(index);
        };
        let mut has_call = false;
        for call in by_id.of(&kernel.place) {
            has_call = true;
            let thread = Some(calls[call].thread);
            let around = &around[starts[call]..starts[call + 1]];
            for &range in around {
                let found = &ranges[range as usize];
                let key = KernelKey { range: Some((names.labels.of_range(found), found.style)), thread, kernel: label };
                add(key, Some(range));
            }
            if around.is_empty() {
                add(KernelKey { range: None, thread, kernel: label }, None);
            }
        }
        if !has_call {
            add(KernelKey { range: None, thread: None, kernel: label }, None);
        }
    }
    let mut rows: Vec<KernelSumRow> = groups
        .into_iter()
        .filter_map(|(key, mut group)| {
            group.ranges.sort_unstable();
            group.ranges.dedup();
            let thread = key.thread.map(|thread| activities.threads[thread as usize]);
            Some(KernelSumRow {
                range: key.range.map(|(label, style)| (names.labels.text(label), style)),
                thread: thread.map(|thread| (activities.processes[thread.process as usize], thread.tid)),
                num_ranges: group.ranges.len() as i64,
                num_kernels: group.num_kernels,
                statistics: Statistics::of(&mut group.durs)?,
                kernel: names.labels.text(key.kernel),
            })
        })
        .collect();
    rows.sort_by(|a, b| {
        let key = |row: &KernelSumRow| (row.thread, Reverse(row.statistics.total));
        let name = |row: &KernelSumRow| row.range.as_ref().map(|(name, _)| Rc::clone(name));
        let style = |row: &KernelSumRow| row.range.as_ref().map(|(_, style)| *style);
        name(a)
            .cmp(&name(b))
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| style(a).cmp(&style(b)))
            .then_with(|| a.kernel.cmp(&b.kernel))
    });
    let table = Rows::new(rows)
        .column("NVTX Range", Unit::Text, |row: &KernelSumRow| {
            row.range.as_ref().map_or(Cell::Empty, |(name, _)| Cell::text(name))
        })
        .column("Style", Unit::Text, |row| {
            row.range.as_ref().map_or(Cell::Empty, |(_, style)| Cell::text(style.word()))
        })
        .column("PID", Unit::None, |row| Cell::int(row.thread.map(|(pid, _)| pid)))
        .column("TID", Unit::None, |row| Cell::int(row.thread.map(|(_, tid)| tid)))
        .column("NVTX Inst", Unit::None, |row| Cell::Int(row.num_ranges))
        .column("Kern Inst", Unit::None, |row| Cell::Int(row.num_kernels))
        .column("Total Time", Unit::Nanos, |row| Cell::Int(row.statistics.total))
        .column("Avg", Unit::Nanos, |row| Cell::Real(row.statistics.average))
        .column("Med", Unit::Nanos, |row| Cell::Real(row.statistics.median))
        .column("Min", Unit::Nanos, |row| Cell::Int(row.statistics.min))
        .column("Max", Unit::Nanos, |row| Cell::Int(row.statistics.max))
        .column("StdDev", Unit::Nanos, |row| Cell::Real(row.statistics.deviation))
        .column("Kernel Name", Unit::Text, |row| Cell::text(&row.kernel));
    Some(Box::new(table))
}

/// The time of the GPU work that was launched inside of something.
#[derive(Debug, Clone, Copy)]
struct Projection {
    start: i64,
    end: i64,
    /// Launches with work, by their correlation ids.
    num_ops: i64,
    last_correlation: Option<i64>,
}

impl Projection {
    fn add(projection: &mut Option<Self>, place: &Place) {
        let empty = Self { start: i64::MAX, end: i64::MIN, num_ops: 0, last_correlation: None };
        let this = projection.get_or_insert(empty);
        this.start = this.start.min(place.start);
        this.end = this.end.max(place.end);
        // Work comes in the order of its launches, so that one launch's work is together.
        this.num_ops += i64::from(this.last_correlation != place.correlation || this.num_ops == 0);
        this.last_correlation = place.correlation;
    }
}

/// A row of the projection: a range with work, or the work of a thread that no range is around.
struct ProjectedRow {
    /// Index of the range.
    range: Option<usize>,
    thread: Option<u32>,
    projection: Projection,
}

/// All ranges with work, and what is outside of them.
fn projected_rows(context: &Context<'_>) -> Option<Vec<ProjectedRow>> {
    let activities = context.activities;
    let (ranges, calls) = (activities.nvtx_ranges()?, activities.api_calls()?);
    let (kernels, memory_ops) = (activities.kernels(), activities.memory_ops());
    if kernels.is_none() && memory_ops.is_none() {
        return None;
    }
    let by_id = CallsById::new(activities, calls);
    let (starts, around) = all_around(ranges, calls);
    let mut launches: Vec<(usize, Place)> = Vec::new();
    let kernels = kernels.unwrap_or_default().iter().map(|kernel| kernel.place);
    for place in kernels.chain(memory_ops.into_iter().flatten().map(|op| op.place)) {
        launches.extend(by_id.of(&place).map(|call| (call, place)));
    }
    launches.sort_by_key(|(call, place)| (calls[*call].thread, place.correlation, *call));
    let mut of_range: Vec<Option<Projection>> = vec![None; ranges.len()];
    let mut outside: Vec<Option<Projection>> = vec![None; activities.threads.len()];
    for (call, place) in launches {
        let around = &around[starts[call]..starts[call + 1]];
        for &range in around {
            Projection::add(&mut of_range[range as usize], &place);
        }
        if around.is_empty() {
            Projection::add(&mut outside[calls[call].thread as usize], &place);
        }
    }
    let inside = of_range.into_iter().enumerate().filter_map(|(index, projection)| {
        Some(ProjectedRow { range: Some(index), thread: ranges[index].thread, projection: projection? })
    });
    let outside = outside.into_iter().enumerate().filter_map(|(thread, projection)| {
        Some(ProjectedRow { range: None, thread: Some(thread as u32), projection: projection? })
    });
    let mut rows: Vec<ProjectedRow> = outside.chain(inside).collect();
    // By the ranges' own starts, which is their order; what is outside of them comes first.
    rows.sort_by_key(|row| (row.range, row.projection.start));
    Some(rows)
}

/// For each range, how many of its children have work.
fn num_children_with_work(rows: &[ProjectedRow], tree: &RangeTree) -> Vec<i64> {
    let mut num_children = vec![0; tree.parents.len()];
    for parent in rows.iter().filter_map(|row| tree.parents[row.range?]) {
        num_children[parent as usize] += 1;
    }
    num_children
}

/// `nvtx_gpu_proj_trace`.
pub(super) fn projection_trace<'a>(context: &Context<'a>) -> Outcome<'a> {
    let activities = context.activities;
    let rows = projected_rows(context)?;
    let ranges = activities.nvtx_ranges()?;
    let tree = Rc::new(RangeTree::new(ranges));
    let num_children = num_children_with_work(&rows, &tree);
    let mut labels = Labels::new(activities.trace, context.options);
    for range in rows.iter().filter_map(|row| row.range) {
        labels.of_range(&ranges[range]);
    }
    let names: Vec<Option<Rc<str>>> = {
        let mut names = vec![None; ranges.len()];
        for range in rows.iter().filter_map(|row| row.range) {
            let label = labels.of_range(&ranges[range]);
            names[range] = Some(labels.text(label));
        }
        names
    };
    let range = move |row: &ProjectedRow| row.range.map(|index| &ranges[index]);
    let thread = move |row: &ProjectedRow| row.thread.map(|thread| activities.threads[thread as usize]);
    let pid = move |row: &ProjectedRow| thread(row).map(|thread| activities.processes[thread.process as usize]);
    let is_nested = move |row: &ProjectedRow| row.range.filter(|&index| ranges[index].style == RangeStyle::PushPop);
    let (levels, parents, stacks) = (Rc::clone(&tree), Rc::clone(&tree), tree);
    let table = Rows::new(rows)
        .column("Name", Unit::Text, move |row: &ProjectedRow| {
            let name = row.range.and_then(|index| names[index].as_deref());
            name.map_or(Cell::Empty, |name| Cell::Text(name.to_owned().into()))
        })
        .column("Projected Start", Unit::Nanos, |row| Cell::Int(row.projection.start))
        .column("Projected Duration", Unit::Nanos, |row| Cell::Int(row.projection.end - row.projection.start))
        .column("Orig Start", Unit::Nanos, move |row| Cell::int(range(row).map(|range| range.start)))
        .column("Orig Duration", Unit::Nanos, move |row| Cell::int(range(row).map(|range| range.end - range.start)))
        .column("Style", Unit::Text, move |row| range(row).map_or(Cell::Empty, |range| Cell::text(range.style.word())))
        .column("PID", Unit::None, move |row| Cell::int(pid(row)))
        .column("TID", Unit::None, move |row| Cell::int(thread(row).map(|thread| thread.tid)))
        .column("NumGPUOps", Unit::None, |row| Cell::Int(row.projection.num_ops))
        .column("Lvl", Unit::None, move |row| Cell::int(is_nested(row).map(|index| levels.levels[index])))
        .column("NumChild", Unit::None, move |row| Cell::Int(row.range.map_or(0, |index| num_children[index])))
        .column("RangeId", Unit::None, move |row| Cell::int(range(row).map(|range| range.id)))
        .column("ParentId", Unit::None, move |row| {
            let parent = row.range.and_then(|index| parents.parents[index]);
            Cell::int(parent.map(|parent| ranges[parent as usize].id))
        })
        .column("RangeStack", Unit::Text, move |row| {
            row.range.map_or(Cell::Empty, |index| Cell::Text(stacks.stack(ranges, index).into()))
        });
    Some(Box::new(table))
}

/// A row of `nvtx_gpu_proj_sum`.
struct ProjectedSumRow {
    label: Rc<str>,
    style: RangeStyle,
    projected: Statistics,
    range_nanos: i64,
    num_ops: i64,
    level_total: i64,
    num_leveled: i64,
    num_children: i64,
}

/// `nvtx_gpu_proj_sum`.
pub(super) fn projection_sum<'a>(context: &Context<'a>) -> Outcome<'a> {
    let activities = context.activities;
    let rows = projected_rows(context)?;
    let ranges = activities.nvtx_ranges()?;
    let tree = RangeTree::new(ranges);
    let num_children = num_children_with_work(&rows, &tree);
    let mut labels = Labels::new(activities.trace, context.options);
    let mut index_of = HashMap::new();
    let mut groups: Vec<(LabelId, RangeStyle, Vec<&ProjectedRow>)> = Vec::new();
    for row in &rows {
        let Some(index) = row.range else { continue };
        let (label, style) = (labels.of_range(&ranges[index]), ranges[index].style);
        let at = *index_of.entry((label, style)).or_insert_with(|| {
            groups.push((label, style, Vec::new()));
            groups.len() - 1
        });
        groups[at].2.push(row);
    }
    let mut rows: Vec<ProjectedSumRow> = groups
        .into_iter()
        .filter_map(|(label, style, members)| {
            let mut durs: Vec<i64> = members.iter().map(|row| row.projection.end - row.projection.start).collect();
            let of_ranges = || members.iter().filter_map(|row| row.range);
            let nested = || of_ranges().filter(|&index| ranges[index].style == RangeStyle::PushPop);
            Some(ProjectedSumRow {
                label: labels.text(label),
                style,
                projected: Statistics::of(&mut durs)?,
                range_nanos: of_ranges().map(|index| ranges[index].end - ranges[index].start).sum(),
                num_ops: members.iter().map(|row| row.projection.num_ops).sum(),
                level_total: nested().map(|index| i64::from(tree.levels[index])).sum(),
                num_leveled: nested().count() as i64,
                num_children: of_ranges().map(|index| num_children[index]).sum(),
            })
        })
        .collect();
    rows.sort_by(|a, b| {
        let key = |row: &ProjectedSumRow| (Reverse(row.projected.total), row.style);
        b.projected.total.cmp(&a.projected.total).then_with(|| a.label.cmp(&b.label)).then_with(|| key(a).cmp(&key(b)))
    });
    let mean = |sum: i64, count: i64| Cell::real((count > 0).then(|| sum as f64 / count as f64));
    let count = |row: &ProjectedSumRow| row.projected.count as i64;
    let table = Rows::new(rows)
        .column("Range", Unit::Text, |row: &ProjectedSumRow| Cell::text(&row.label))
        .column("Style", Unit::Text, |row| Cell::text(row.style.word()))
        .column("Total Proj Time", Unit::Nanos, |row| Cell::Int(row.projected.total))
        .column("Total Range Time", Unit::Nanos, |row| Cell::Int(row.range_nanos))
        .column("Range Instances", Unit::None, move |row| Cell::Int(count(row)))
        .column("Proj Avg", Unit::Nanos, |row| Cell::Real(row.projected.average))
        .column("Proj Med", Unit::Nanos, |row| Cell::Real(row.projected.median))
        .column("Proj Min", Unit::Nanos, |row| Cell::Int(row.projected.min))
        .column("Proj Max", Unit::Nanos, |row| Cell::Int(row.projected.max))
        .column("Proj StdDev", Unit::Nanos, |row| Cell::Real(row.projected.deviation))
        .column("Total GPU Ops", Unit::None, |row| Cell::Int(row.num_ops))
        .column("Avg GPU Ops", Unit::None, move |row| mean(row.num_ops, count(row)))
        .column("Avg Range Lvl", Unit::None, move |row| mean(row.level_total, row.num_leveled))
        .column("Avg Num Child", Unit::None, move |row| mean(row.num_children, count(row)));
    Some(Box::new(table))
}
