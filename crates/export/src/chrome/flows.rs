//! Flows: which ends belong to one arrow id, and which ids have to be made.
//!
//! A file has no arrows but their ends, and readers put those together by category, name, id and time. Here the arrows of
//! one start share its end and their id, as those of a graph launch do in PyTorch's files. Where the times of two starts
//! of one id interleave, an end could go to either, so the later one gets an id of its own.

use kinetoscope_model::{SliceId, StringId, Trace};

use super::numbers::{Numbers, process_of};

/// Flow categories that lead from a launch to its work, whose ids are correlation ids.
pub(crate) const LAUNCH_CATEGORIES: [&str; 3] = ["ac2g", "async_cpu_to_gpu", "async_gpu"];

/// The arrows that start on one slice and have one id.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: i64,
    pub(super) category: Option<StringId>,
    pub(super) name: Option<StringId>,
    pub(super) from: SliceId,
    /// Rows of `flow`.
    pub(super) arrows: std::ops::Range<usize>,
}

/// All arrows, by their starts.
#[derive(Debug)]
pub(super) struct Groups {
    /// Rows of `flow` in the order of the groups.
    pub(super) order: Vec<u32>,
    pub(super) groups: Vec<Group>,
}

type Key = (Option<StringId>, Option<StringId>, Option<i64>);

impl Groups {
    pub(super) fn new(trace: &Trace, numbers: &Numbers) -> Self {
        let flows = &trace.flows;
        let is_launch = |category: Option<StringId>| LAUNCH_CATEGORIES.contains(&trace.text_or_empty(category));
        let id = |row: usize| {
            let id = flows.trace_id.get(row)?;
            let range = match is_launch(flows.category.get(row)) {
                true => numbers.range(trace, process_of(trace, flows.slice_out.get(row))),
                false => 0,
            };
            Some(id.saturating_add(range))
        };
        let key = |row: usize| -> Key { (flows.category.get(row), flows.name.get(row), id(row)) };
        let start = |slice: SliceId| trace.slices.ts.get(slice.index());
        let mut order: Vec<u32> = (0..flows.len() as u32).collect();
        order.sort_by_key(|&row| {
            let (category, name, id) = key(row as usize);
            let from = flows.slice_out.get(row as usize);
            (category, name, id, start(from), from, row)
        });
        let mut next_id = (0..flows.len()).filter_map(id).max().unwrap_or_default().max(0).saturating_add(1);
        let mut groups: Vec<Group> = Vec::new();
        // The end of what the id was used for before.
        let mut used: Option<(Key, i64)> = None;
        let mut at = 0;
        while at < order.len() {
            let row = order[at] as usize;
            let (of, from) = (key(row), flows.slice_out.get(row));
            let is_of_group = |&&row: &&u32| key(row as usize) == of && flows.slice_out.get(row as usize) == from;
            let len = order[at..].iter().take_while(is_of_group).count();
            let ends = || order[at..at + len].iter().map(|&row| start(flows.slice_in.get(row as usize)));
            let first = ends().min().unwrap_or_default().min(start(from));
            let last = ends().max().unwrap_or_default().max(start(from));
            // At one instant the ends of what came before are written first.
            let is_after = |end: i64| end < first || (end == first && first == start(from));
            let is_free = used.is_none_or(|(key, end)| key != of || is_after(end));
            let id = match of.2.filter(|_| is_free) {
                Some(id) => {
                    used = Some((of, last));
                    id
                }
                None => {
                    next_id += 1;
                    next_id - 1
                }
            };
            groups.push(Group { id, category: of.0, name: of.1, from, arrows: at..at + len });
            at += len;
        }
        Self { order, groups }
    }
}
