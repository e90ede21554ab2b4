//! Annotations: the ranges that people and engines put into their code, added up by name.
//!
//! On the CPU a range covers the code inside it, on the GPU the work launched from that code. The two are told apart,
//! because GPU work runs behind: a range may have ended on the CPU before its work begins on the GPU.

use kinetoscope_model::Trace;
use kinetoscope_model::time::Nanos;
use serde::Serialize;

use crate::name_group::NameGroups;

/// The categories that hold annotations.
pub const ANNOTATION_CATEGORIES: [&str; 3] = ["user_annotation", "gpu_user_annotation", "nvtx"];

/// All ranges of one category and name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnnotationRow {
    /// One of [`ANNOTATION_CATEGORIES`].
    pub category: &'static str,
    /// Name.
    pub name: String,
    /// Number of ranges.
    pub num_slices: u64,
    /// Durations added up.
    pub sum_ns: Nanos,
    /// Mean duration.
    pub mean_ns: f64,
    /// The shortest.
    pub min_ns: Nanos,
    /// The longest.
    pub max_ns: Nanos,
}

#[derive(Debug, Clone, Copy)]
struct Sums {
    num_slices: u64,
    sum_ns: Nanos,
    min_ns: Nanos,
    max_ns: Nanos,
}

impl Default for Sums {
    fn default() -> Self {
        Self { num_slices: 0, sum_ns: 0, min_ns: Nanos::MAX, max_ns: 0 }
    }
}

/// Adds up annotations: category by category, in each the largest sum first.
pub fn annotations(trace: &Trace) -> Vec<AnnotationRow> {
    let mut rows = Vec::new();
    for category in ANNOTATION_CATEGORIES {
        let Some(category_id) = trace.strings.find(category) else { continue };
        let mut groups = NameGroups::new(trace.strings.len());
        let mut sums: Vec<Sums> = Vec::new();
        let slices = trace.slices.category.iter().enumerate().filter(|(_, id)| *id == Some(category_id));
        for (row, _) in slices {
            let dur_ns = trace.slices.dur.get(row).max(0);
            let sums = groups.row(trace.slices.name.get(row), &mut sums);
            sums.num_slices += 1;
            sums.sum_ns = sums.sum_ns.saturating_add(dur_ns);
            sums.min_ns = sums.min_ns.min(dur_ns);
            sums.max_ns = sums.max_ns.max(dur_ns);
        }
        let first = rows.len();
        rows.extend(groups.names().iter().zip(&sums).map(|(&name, sums)| AnnotationRow {
            category,
            name: trace.text(name).to_owned(),
            num_slices: sums.num_slices,
            sum_ns: sums.sum_ns,
            mean_ns: sums.sum_ns as f64 / sums.num_slices as f64,
            min_ns: sums.min_ns,
            max_ns: sums.max_ns,
        }));
        rows[first..].sort_by(|a, b| b.sum_ns.cmp(&a.sum_ns).then_with(|| a.name.cmp(&b.name)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn cpu_and_gpu_ranges_of_one_name_are_told_apart() {
        let trace = Drawing::default()
            .slice("main", "user_annotation", "step", 0..10)
            .slice("main", "user_annotation", "step", 20..24)
            .slice("main", "user_annotation", "load", 30..60)
            .slice("gpu", "gpu_user_annotation", "step", 8..15)
            .slice("main", "cpu_op", "step", 0..5)
            .build();
        let rows = annotations(&trace);
        let numbers: Vec<_> = rows
            .iter()
            .map(|row| (row.category, row.name.as_str(), row.num_slices, row.sum_ns, row.min_ns, row.max_ns))
            .collect();
        assert_eq!(
            numbers,
            [
                ("user_annotation", "load", 1, 30, 30, 30),
                ("user_annotation", "step", 2, 14, 4, 10),
                ("gpu_user_annotation", "step", 1, 7, 7, 7),
            ]
        );
        assert_eq!(rows[1].mean_ns, 7.0);
    }
}
