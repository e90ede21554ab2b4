//! Kernels: GPU work added up by name.
//!
//! Copies and fills are among the rows, marked by their kind: shares are of all GPU time, and a table whose shares
//! leave something out misleads.

use kinetoscope_model::time::Nanos;
use serde::Serialize;

use crate::gpu_timeline::{GpuTimeline, OpClass};
use crate::name_group::NameGroups;
use crate::percentile::percentile;

/// All work of one name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KernelRow {
    /// Name as the source gives it.
    pub name: String,
    /// What the work is for.
    pub class: OpClass,
    /// Number of pieces of work.
    pub num_ops: u64,
    /// Durations added up.
    pub sum_ns: Nanos,
    /// Mean duration.
    pub mean_ns: f64,
    /// The shortest duration.
    pub min_ns: Nanos,
    /// Half of the durations are no longer.
    pub p50_ns: Nanos,
    /// 99 out of 100 durations are no longer.
    pub p99_ns: Nanos,
    /// The longest duration.
    pub max_ns: Nanos,
    /// The sum as a share (0 to 1) of the durations of all GPU work.
    pub share: f64,
}

/// Adds up GPU work by name, the largest sum first.
pub fn kernels(timeline: &GpuTimeline<'_>) -> Vec<KernelRow> {
    let trace = timeline.trace();
    let mut groups = NameGroups::new(trace.strings.len());
    let mut counts: Vec<usize> = Vec::new();
    let mut classes: Vec<OpClass> = Vec::new();
    for op in timeline.ops() {
        *groups.row(op.name, &mut counts) += 1;
        if classes.len() < counts.len() {
            classes.push(timeline.class_of(&op));
        }
    }
    // All durations of a name side by side, which percentiles ask for: one buffer, filled name by name.
    let mut ends: Vec<usize> = counts
        .iter()
        .scan(0, |start, &count| {
            let group_start = *start;
            *start += count;
            Some(group_start)
        })
        .collect();
    let mut durs_ns: Vec<Nanos> = vec![0; timeline.len()];
    for op in timeline.ops() {
        let end = &mut ends[groups.group_of(op.name)];
        durs_ns[*end] = op.interval.dur();
        *end += 1;
    }
    let total_ns = sum(&durs_ns);
    let mut rows: Vec<KernelRow> = Vec::with_capacity(counts.len());
    for (group, &name) in groups.names().iter().enumerate() {
        let durs_ns = &mut durs_ns[ends[group] - counts[group]..ends[group]];
        let sum_ns = sum(durs_ns);
        let at = |durs_ns: &mut [Nanos], p| percentile(durs_ns, p).unwrap_or_default();
        rows.push(KernelRow {
            name: trace.text(name).to_owned(),
            class: classes[group],
            num_ops: counts[group] as u64,
            sum_ns,
            mean_ns: sum_ns as f64 / counts[group] as f64,
            min_ns: at(durs_ns, 0.0),
            p50_ns: at(durs_ns, 0.5),
            p99_ns: at(durs_ns, 0.99),
            max_ns: at(durs_ns, 1.0),
            share: if total_ns > 0 { sum_ns as f64 / total_ns as f64 } else { 0.0 },
        });
    }
    rows.sort_by(|a, b| b.sum_ns.cmp(&a.sum_ns).then_with(|| a.name.cmp(&b.name)));
    rows
}

fn sum(durs_ns: &[Nanos]) -> Nanos {
    durs_ns.iter().fold(0, |sum_ns: Nanos, &dur_ns| sum_ns.saturating_add(dur_ns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn work_is_added_up_by_name() {
        // A: 1, 4, 4, 3 in 12; B: 4; M: 2; N: 2. All: 20.
        let trace = Drawing::lanes(
            "s7  A.AAAA.BBBB.MM
             s8  NN.AAAA.AAA...",
        )
        .build();
        let rows = kernels(&GpuTimeline::new(&trace));
        let numbers: Vec<_> = rows
            .iter()
            .map(|row| (row.name.as_str(), row.num_ops, row.sum_ns, row.min_ns, row.p50_ns, row.p99_ns, row.max_ns))
            .collect();
        assert_eq!(
            numbers,
            [
                // Of four durations the median is at index 0.5 · 3 + 0.5 = 2 of 1, 3, 4, 4.
                ("kernel_A", 4, 12, 1, 4, 4, 4),
                ("kernel_B", 1, 4, 4, 4, 4, 4),
                ("Memcpy HtoD (Pinned -> Device)", 1, 2, 2, 2, 2, 2),
                ("ncclDevKernel_AllReduce", 1, 2, 2, 2, 2, 2),
            ],
            "equal sums are ordered by name"
        );
        assert_eq!((rows[0].mean_ns, rows[0].share), (3.0, 0.6));
        let classes: Vec<_> = rows.iter().map(|row| row.class).collect();
        use OpClass::{Communication, Computation, Memory};
        assert_eq!(classes, [Computation, Computation, Memory, Communication]);
    }

    #[test]
    fn work_without_any_length_has_no_share() {
        let trace = Drawing::default().gpu(0, 7, 'A', 5..5).build();
        let rows = kernels(&GpuTimeline::new(&trace));
        assert_eq!((rows[0].num_ops, rows[0].sum_ns, rows[0].share), (1, 0, 0.0));
    }
}
