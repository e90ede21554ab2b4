//! CPU operators and functions: inclusive and self times added up by name.
//!
//! Self time is an event's duration less that of its direct children of any category, so that the self times of a row
//! of the timeline add up to the time in which anything ran on it. The total counts a recursive operator at every
//! level. Self time is found without storing anything per event: a parent gets its children's durations taken off.

use kinetoscope_model::Trace;
use kinetoscope_model::time::Nanos;
use serde::Serialize;

use crate::name_group::NameGroups;

/// The categories of framework operators: today's name, and the one that files before 2022 use.
pub const CPU_OP_CATEGORIES: [&str; 2] = ["cpu_op", "Operator"];

/// The categories of Python frames.
pub const PYTHON_CATEGORIES: [&str; 1] = ["python_function"];

/// All events of one name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CpuOpRow {
    /// Name.
    pub name: String,
    /// Number of events.
    pub num_slices: u64,
    /// Durations added up.
    pub total_ns: Nanos,
    /// Durations less those of direct children, added up. May be negative where children outlive their parent by the
    /// clock's rounding.
    pub self_ns: Nanos,
    /// Mean duration.
    pub mean_ns: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    num_slices: u64,
    total_ns: Nanos,
    children_ns: Nanos,
}

/// Adds up the events of the given categories by name, the largest self time first.
pub fn cpu_ops(trace: &Trace, categories: &[&str]) -> Vec<CpuOpRow> {
    let category_ids: Vec<_> = categories.iter().filter_map(|category| trace.strings.find(category)).collect();
    if category_ids.is_empty() {
        return Vec::new();
    }
    let slices = &trace.slices;
    let is_wanted = |row: usize| slices.category.get(row).is_some_and(|id| category_ids.contains(&id));
    let mut groups = NameGroups::new(trace.strings.len());
    let mut sums: Vec<Sums> = Vec::new();
    for (row, &dur_ns) in slices.dur.values().iter().enumerate() {
        let dur_ns = dur_ns.max(0);
        if is_wanted(row) {
            let sums = groups.row(slices.name.get(row), &mut sums);
            sums.num_slices += 1;
            sums.total_ns = sums.total_ns.saturating_add(dur_ns);
        }
        if let Some(parent) = slices.parent_id.get(row).map(|id| id.index())
            && is_wanted(parent)
        {
            let sums = groups.row(slices.name.get(parent), &mut sums);
            sums.children_ns = sums.children_ns.saturating_add(dur_ns);
        }
    }
    let mut rows: Vec<CpuOpRow> = groups
        .names()
        .iter()
        .zip(&sums)
        .map(|(&name, sums)| CpuOpRow {
            name: trace.text(name).to_owned(),
            num_slices: sums.num_slices,
            total_ns: sums.total_ns,
            self_ns: sums.total_ns.saturating_sub(sums.children_ns),
            mean_ns: sums.total_ns as f64 / sums.num_slices as f64,
        })
        .collect();
    rows.sort_by(|a, b| b.self_ns.cmp(&a.self_ns).then_with(|| a.name.cmp(&b.name)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn self_time_is_what_no_child_covers() {
        let trace = Drawing::default()
            // linear: 100, less mm 40 and a runtime call 10. mm: 40, less its own inner mm 15.
            .slice("main", "cpu_op", "aten::linear", 0..100)
            .slice("main", "cpu_op", "aten::mm", 10..50)
            .slice("main", "cpu_op", "aten::mm", 20..35)
            .slice("main", "cuda_runtime", "cudaLaunchKernel", 60..70)
            // Another thread, and a Python frame around an operator.
            .slice("other", "python_function", "forward", 0..90)
            .slice("other", "Operator", "aten::linear", 30..60)
            .build();
        let rows = cpu_ops(&trace, &CPU_OP_CATEGORIES);
        let rows: Vec<_> =
            rows.iter().map(|row| (row.name.as_str(), row.num_slices, row.total_ns, row.self_ns)).collect();
        assert_eq!(rows, [("aten::linear", 2, 130, 80), ("aten::mm", 2, 55, 40)]);
        let rows = cpu_ops(&trace, &PYTHON_CATEGORIES);
        assert_eq!((rows.len(), rows[0].total_ns, rows[0].self_ns, rows[0].mean_ns), (1, 90, 60, 90.0));
        assert_eq!(cpu_ops(&trace, &["no such category"]), []);
    }
}
