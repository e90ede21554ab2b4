//! Categories: how many events a trace holds of each category, and their durations added up.
//!
//! Nested events count at every level, so the sums of one category may exceed the length of the trace; they are
//! amounts of recorded time, not of elapsed time.

use kinetoscope_model::Trace;
use kinetoscope_model::time::Nanos;
use serde::Serialize;

use crate::name_group::NameGroups;

/// All events of one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CategoryRow {
    /// Category; `None` for events without one.
    pub category: Option<String>,
    /// Number of events.
    pub num_slices: u64,
    /// Durations added up.
    pub sum_ns: Nanos,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    num_slices: u64,
    sum_ns: Nanos,
}

/// Counts the events of each category, the most frequent category first.
pub fn categories(trace: &Trace) -> Vec<CategoryRow> {
    let mut groups = NameGroups::new(trace.strings.len());
    let mut sums: Vec<Sums> = Vec::new();
    let mut without = Sums::default();
    for (row, &dur_ns) in trace.slices.dur.values().iter().enumerate() {
        let sums = match trace.slices.category.get(row) {
            Some(category) => groups.row(category, &mut sums),
            None => &mut without,
        };
        sums.num_slices += 1;
        sums.sum_ns = sums.sum_ns.saturating_add(dur_ns.max(0));
    }
    let named = groups.names().iter().zip(&sums).map(|(&name, sums)| (Some(trace.text(name).to_owned()), sums));
    let mut rows: Vec<CategoryRow> = named
        .chain((without.num_slices > 0).then_some((None, &without)))
        .map(|(category, sums)| CategoryRow { category, num_slices: sums.num_slices, sum_ns: sums.sum_ns })
        .collect();
    rows.sort_by(|a, b| b.num_slices.cmp(&a.num_slices).then_with(|| a.category.cmp(&b.category)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn nested_events_count_at_every_level_and_uncategorised_ones_too() {
        let trace = Drawing::lanes("s7  AAA")
            .slice("main", "cpu_op", "aten::linear", 0..10)
            .slice("main", "cpu_op", "aten::mm", 2..8)
            .slice("main", "", "Iteration Start", 4..4)
            .build();
        let rows = categories(&trace);
        let rows: Vec<_> = rows.iter().map(|row| (row.category.as_deref(), row.num_slices, row.sum_ns)).collect();
        assert_eq!(rows, [(Some("cpu_op"), 2, 16), (None, 1, 0), (Some("kernel"), 1, 3)]);
    }
}
