//! CPU threads: what each thread is for, how long anything was recorded on it, and of which categories.
//!
//! Busy is the union of the outermost events of the thread, lanes of crossing events included: time in which the
//! profiler saw the thread do something. It is no CPU time; a thread that waits inside a recorded function is busy.

use std::cmp::Reverse;

use hashbrown::HashMap;
use kinetoscope_model::table::Role;
use kinetoscope_model::time::{Interval, Nanos};
use kinetoscope_model::{StringId, ThreadId, Trace};
use serde::Serialize;

use crate::interval::UnionSweep;

/// One thread that has events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CpuThreadRow {
    /// Row of the `thread` table.
    pub utid: u32,
    /// Thread id in the file.
    pub tid: i64,
    /// Name.
    pub name: Option<String>,
    /// What it is for.
    pub role: &'static str,
    /// Process id in the file.
    pub pid: i64,
    /// Name of the process.
    pub process_name: Option<String>,
    /// Rank whose trace it was read from.
    pub rank: Option<i64>,
    /// Number of events.
    pub num_slices: u64,
    /// Length of the union of its outermost events.
    pub busy_ns: Nanos,
    /// Number of events by category, the most frequent first.
    pub categories: Vec<ThreadCategory>,
}

/// The events of one category on one thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreadCategory {
    /// Category; `None` for events without one.
    pub category: Option<String>,
    /// Number of events.
    pub num_slices: u64,
}

/// The threads of the trace that are no GPU streams, the busiest first, the profiler's own rows last.
pub fn cpu_threads(trace: &Trace) -> Vec<CpuThreadRow> {
    let threads_of_tracks: Vec<Option<ThreadId>> = trace.tracks.utid.iter().collect();
    let mut unions = vec![UnionSweep::default(); trace.threads.len()];
    let mut counts: HashMap<(ThreadId, Option<StringId>), u64> = HashMap::new();
    // Neighbours in time are mostly of one thread and category: they are counted together before the table is asked.
    let mut run: Option<((ThreadId, Option<StringId>), u64)> = None;
    let slices = &trace.slices;
    for (row, track_id) in slices.track_id.iter().enumerate() {
        let Some(utid) = threads_of_tracks[track_id.index()] else { continue };
        if slices.depth.get(row) == 0 {
            unions[utid.index()].add(Interval::from_start_and_dur(slices.ts.get(row), slices.dur.get(row)));
        }
        let key = (utid, slices.category.get(row));
        match &mut run {
            Some((run_key, length)) if *run_key == key => *length += 1,
            _ => {
                if let Some((run_key, length)) = run.replace((key, 1)) {
                    *counts.entry(run_key).or_default() += length;
                }
            }
        }
    }
    if let Some((run_key, length)) = run {
        *counts.entry(run_key).or_default() += length;
    }
    let mut categories: Vec<Vec<ThreadCategory>> = vec![Vec::new(); trace.threads.len()];
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_unstable_by(|((_, a), a_count), ((_, b), b_count)| {
        b_count.cmp(a_count).then_with(|| trace.text_or_empty(*a).cmp(trace.text_or_empty(*b)))
    });
    for ((utid, category), num_slices) in counts {
        let category = category.map(|id| trace.text(id).to_owned());
        categories[utid.index()].push(ThreadCategory { category, num_slices });
    }
    let mut rows: Vec<CpuThreadRow> = categories
        .into_iter()
        .enumerate()
        .filter(|(_, categories)| !categories.is_empty())
        .filter_map(|(index, categories)| row_of(trace, index, unions[index].covered_ns(), categories))
        .collect();
    let is_profiler = |row: &CpuThreadRow| row.role == Role::Profiler.word();
    rows.sort_by_key(|row| (is_profiler(row), Reverse(row.busy_ns), row.utid));
    rows
}

fn row_of(trace: &Trace, index: usize, busy_ns: Nanos, categories: Vec<ThreadCategory>) -> Option<CpuThreadRow> {
    let thread = trace.threads.row(index);
    let process = trace.processes.row(thread.upid.index());
    if thread.role == Role::GpuStream || process.device_id.is_some() {
        return None;
    }
    let rank_id = trace.sources.rank_id.get(process.source_id.index());
    Some(CpuThreadRow {
        utid: ThreadId::from_index(index).0,
        tid: thread.tid,
        name: thread.name.map(|id| trace.text(id).to_owned()),
        role: thread.role.word(),
        pid: process.pid,
        process_name: process.name.map(|id| trace.text(id).to_owned()),
        rank: rank_id.and_then(|id| trace.ranks.rank.get(id.index())),
        num_slices: categories.iter().map(|category| category.num_slices).sum(),
        busy_ns,
        categories,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::Drawing;

    #[test]
    fn threads_tell_their_outermost_time_and_categories() {
        let trace = Drawing::lanes("s7  AAAA")
            .slice("main", "cpu_op", "aten::linear", 0..10)
            .slice("main", "cpu_op", "aten::mm", 2..8)
            .slice("main", "python_function", "wait", 15..20)
            .slice("pool", "cpu_op", "aten::mm", 0..30)
            .build();
        let rows = cpu_threads(&trace);
        let names: Vec<_> =
            rows.iter().map(|row| (row.name.as_deref(), row.busy_ns, row.num_slices, row.pid)).collect();
        assert_eq!(names, [(Some("pool"), 30, 1, 100), (Some("main"), 15, 3, 100)], "a stream is no CPU thread");
        let categories: Vec<_> =
            rows[1].categories.iter().map(|row| (row.category.as_deref(), row.num_slices)).collect();
        assert_eq!(categories, [(Some("cpu_op"), 2), (Some("python_function"), 1)]);
        assert_eq!(rows[1].role, "main");
    }
}
